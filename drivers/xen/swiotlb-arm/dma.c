// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include <xen/page.h>
#include <xen/swiotlb-arm-hv.h>

#include "cache.h"
#include "dma.h"
#include "frames.h"
#include "ops.h"
#include "p2m.h"
#include "plain.h"
#include "reach.h"
#include "route.h"
#include "tend.h"
#include "translate.h"

/* ---- the instance ---- */

static const struct swarm_window below_4g = { .last = DMA_BIT_MASK(32) };
static const struct swarm_window anywhere = { .last = (phys_addr_t)-1 };

/**
 * swarm_start - make an instance that has no pool yet
 * @swarm: the instance
 * @setup: what it is to be like
 *
 * From now on frames that go back to Xen are forgotten.
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM with nothing done when there is no memory for what it has to
 *	know.
 */
int swarm_start(struct swarm *swarm, const struct swarm_setup *setup)
{
	swarm->hv = setup->hv;
	swarm->translator = setup->translator;
	swarm->frames = NULL;
	if (setup->translator) {
		swarm->frames = swarm_frames_create(setup->translator);
		if (!swarm->frames)
			return -ENOMEM;
	}
	swarm->mmio_is_ours = !setup->translator || setup->hv->hardware();
	swarm->size = setup->size;
	swarm->most = setup->most;
	swarm->force = setup->force;
	swarm->can_flush = swarm_cache_can_flush(setup->hv);
	swarm->last_byte = max(setup->hv->last_byte(),
			       memblock_end_of_DRAM() - 1);

	swarm->source = (struct swarm_source) {
		.hv = setup->hv,
		.translator = setup->translator,
		.frames = swarm->frames,
		.rungs = setup->rungs,
	};
	if (swarm_pool_init(&swarm->pool, setup->size ? &swarm->source : NULL)) {
		swarm_frames_destroy(swarm->frames);
		return -ENOMEM;
	}
	return 0;
}

/**
 * swarm_provide - get what devices need
 * @swarm: the instance
 *
 * The pool is best placed below 4 GiB, where nearly every device reaches it;
 * a machine without memory there has it anywhere. With less memory than asked
 * for, or none at all, the instance works as far as it goes.
 *
 * In a domain that is not mapped 1:1 all memory is learnt from now on, in the
 * background.
 *
 * Context: may sleep; once.
 */
void swarm_provide(struct swarm *swarm)
{
	struct swarm_window within = below_4g;

	if (!swarm_pool_grow(&swarm->pool, swarm->size, within)) {
		within = anywhere;
		swarm_pool_grow(&swarm->pool, swarm->size, within);
	}
	swarm_tend_allow(&swarm->pool, swarm->most, within);
	if (swarm->frames)
		swarm_frames_learn_all(swarm->frames);
}

/**
 * swarm_stop - end an instance
 * @swarm: the instance; no device uses it any more
 *
 * Context: may sleep.
 */
void swarm_stop(struct swarm *swarm)
{
	swarm_pool_destroy(&swarm->pool);
	swarm_frames_destroy(swarm->frames);
	swarm_translator_destroy(swarm->translator);
}

/**
 * swarm_backing_name - which rung of the ladder the pool stands on
 * @swarm: the instance
 *
 * Context: any.
 * Return: its name, or "none".
 */
const char *swarm_backing_name(const struct swarm *swarm)
{
	return swarm->source.kept_to ? (*swarm->source.kept_to)->name : "none";
}

/**
 * swarm_dev_settle - a device has been configured
 * @dev: the device, which has a record of its own
 *
 * What can be known of it for all its buffers is found out here.
 *
 * Context: may sleep; before its driver maps anything.
 */
void swarm_dev_settle(struct device *dev)
{
	const struct swarm *swarm = swarm_of(dev);
	struct swarm_dev *record = swarm_dev(dev);

	record->reach = swarm->frames || swarm->force ? 0 :
			swarm_reach_unshifted(dev);
	record->plain_end = dev_is_dma_coherent(dev) && record->reach ?
			    record->reach + 1 : 0;
}

/* ---- saying no ---- */

static dma_addr_t refuse(struct device *dev, phys_addr_t phys, size_t size,
			 enum swarm_route route, unsigned long attrs)
{
	struct swarm_pool_usage usage;

	swarm_dev_count(dev, SWARM_N_ROUTE + route, 1);
	if (attrs & DMA_ATTR_NO_WARN)
		return DMA_MAPPING_ERROR;

	usage = swarm_pool_usage(&swarm_of(dev)->pool);
	dev_err_ratelimited(dev,
			    "swiotlb-arm: cannot map %zu bytes at %pa: %s (mask %#llx, %u of %u slots used)\n",
			    size, &phys, swarm_route_why(route),
			    dev->dma_mask ? *dev->dma_mask : 0,
			    usage.used, usage.slots);
	return DMA_MAPPING_ERROR;
}

static void misuse(struct device *dev, const char *verb, dma_addr_t dma,
		   size_t size, int err)
{
	swarm_dev_count(dev, SWARM_N_MISUSE, 1);
	dev_err_ratelimited(dev,
			    "swiotlb-arm: %s of %zu bytes at %pad: %s; CONFIG_DMA_API_DEBUG tells more\n",
			    verb, size, &dma,
			    err == -ENOENT ? "nothing is mapped there" :
			    err == -ERANGE ? "not what was mapped" :
			    err == -EDOM   ? "no direction" :
					     "Xen refused to flush a foreign frame");
}

/* ---- caches ---- */

/* Which counter maintenance goes to. */
static unsigned int counter_of(const struct swarm_range *range)
{
	return range->granted ? SWARM_N_CACHE_FOREIGN : SWARM_N_CACHE_LOCAL;
}

/* What the cache room answers: the hypercalls that it took, or a refusal. */
static int note_calls(struct device *dev, int calls)
{
	if (unlikely(calls > 0))
		swarm_dev_count(dev, SWARM_N_CACHE_CALLS, calls);
	return min(calls, 0);
}

/* A range that the kernel sees is never refused. */
static int to_device(struct device *dev, const struct swarm_range *range,
		     enum dma_data_direction dir)
{
	swarm_dev_count(dev, counter_of(range), 1);
	return note_calls(dev, swarm_cache_to_device(swarm_of(dev)->hv, range,
						     dir));
}

static int to_cpu(struct device *dev, const struct swarm_range *range,
		  enum dma_data_direction dir)
{
	swarm_dev_count(dev, counter_of(range), 1);
	return note_calls(dev, swarm_cache_to_cpu(swarm_of(dev)->hv, range,
						  dir));
}

static struct swarm_range stand_in_range(const struct swarm_stand_in *in,
					 size_t size)
{
	return (struct swarm_range){ .vaddr = in->vaddr, .size = size };
}

/* Is what went direct our own, and where it seems to be? */
static bool has_only_ours(struct device *dev)
{
	return !swarm_of(dev)->frames && !READ_ONCE(swarm_dev(dev)->met_others);
}

static struct swarm_range direct_range(struct device *dev, phys_addr_t maddr,
				       phys_addr_t phys, size_t size)
{
	if (phys != SWARM_UNSEEN)
		return (struct swarm_range){
			.vaddr = phys_to_virt(phys),
			.size = size,
			.granted = swarm_p2m_near_foreign(PFN_DOWN(phys),
							  PFN_DOWN(phys + size - 1)),
		};
	if (has_only_ours(dev) ||
	    (!swarm_of(dev)->frames && swarm_p2m_is_ours(maddr)))
		return (struct swarm_range){
			.vaddr = phys_to_virt(maddr),
			.size = size,
		};
	return (struct swarm_range){
		.maddr = maddr,
		.size = size,
		.granted = true,
	};
}

/* ---- map ---- */

/* May maintenance be needed, when it comes back, that only Xen can do? */
static bool needs_xen(struct device *dev, const struct swarm_extent *extent)
{
	return !dev_is_dma_coherent(dev) &&
	       (extent->foreign || swarm_of(dev)->frames);
}

static void gather(struct device *dev, phys_addr_t phys, size_t size,
		   enum dma_data_direction dir, struct swarm_facts *facts,
		   struct swarm_extent *extent)
{
	facts->empty = !size;
	facts->aimless = !valid_dma_direction(dir);
	facts->wraps = phys + size < phys;
	if (facts->empty || facts->aimless || facts->wraps)
		return;

	*extent = swarm_p2m_walk(swarm_of(dev)->frames, phys, size);
	facts->unknown = extent->unknown;
	facts->scattered = extent->scattered;
	facts->reachable = !extent->unknown && !extent->scattered &&
		swarm_reaches(dev, swarm_limit(dev, *dev->dma_mask),
			      extent->maddr, size);
	facts->unflushable = !swarm_of(dev)->can_flush &&
		needs_xen(dev, extent);
	facts->shares_line = swarm_ops_shares_line(dev, size, dir);
	facts->forced = swarm_of(dev)->force;
}

/* What only a bounce needs to know is found out only for a bounce. */
static enum swarm_route decide(struct device *dev, phys_addr_t phys,
			       struct swarm_facts *facts)
{
	enum swarm_route route;

	facts->memory = true;
	facts->pool = true;
	route = swarm_route(facts);
	if (likely(!swarm_route_bounces(route)))
		return route;

	facts->memory = pfn_valid(PHYS_PFN(phys));
	facts->pool = !swarm_pool_empty(&swarm_of(dev)->pool);
	return swarm_route(facts);
}

static dma_addr_t map_direct(struct device *dev, phys_addr_t phys,
			     const struct swarm_extent *extent, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	const struct swarm_range range = {
		.vaddr = phys_to_virt(phys),
		.size = size,
		.granted = extent->foreign,
	};

	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		to_device(dev, &range, dir);

	swarm_dev_count(dev, SWARM_N_ROUTE + SWARM_DIRECT, 1);
	if (extent->foreign) {
		swarm_dev_count(dev, SWARM_N_FOREIGN, 1);
		swarm_dev_meet(dev);
	}
	return phys_to_dma(dev, extent->maddr);
}

static size_t align_of(size_t size)
{
	return size < PAGE_SIZE ? 1 : PAGE_SIZE;
}

static enum swarm_route why_not(struct device *dev, int err)
{
	if (swarm_pool_empty(&swarm_of(dev)->pool))
		return SWARM_REFUSE_NOPOOL;
	switch (err) {
	case -E2BIG:
		return SWARM_REFUSE_TOO_BIG;
	case -ENOSPC:
		return SWARM_REFUSE_FULL;
	case -EBUSY:
		return SWARM_REFUSE_SHARE;
	default:
		return SWARM_REFUSE_MASK;
	}
}

/*
 * Even with DMA_ATTR_SKIP_CPU_SYNC: it was we who dirtied these lines, and one
 * written back late would destroy what the device wrote. And all of them, for what is
 * clear in the cache may have been cleared for a device that snoops.
 */
static void clean_stand_in(struct device *dev, const struct swarm_stand_in *in,
			   enum dma_data_direction dir)
{
	const struct swarm_range run = {
		.vaddr = in->vaddr - in->lead,
		.size = in->span,
	};

	to_device(dev, &run, dir);
}

/* What is not at hand. */
static noinline dma_addr_t bounce_slowly(struct device *dev, phys_addr_t phys,
					 size_t size,
					 enum dma_data_direction dir,
					 enum swarm_route route,
					 unsigned long attrs)
{
	const struct swarm_reacher who = swarm_reacher(dev, *dev->dma_mask);
	const struct swarm_request rq = {
		.original = phys,
		.size = size,
		.keep = dma_get_min_align_mask(dev),
		.align = align_of(size),
		.reaches = swarm_reacher_asks,
		.who = &who,
		.up_to = swarm_reach(dev),
		.account = &swarm_dev(dev)->stats->account,
	};
	struct swarm_stand_in in;
	int err;

	err = swarm_pool_bounce(&swarm_of(dev)->pool, &rq, &in);
	if (err)
		return refuse(dev, phys, size, why_not(dev, err), attrs);
	swarm_dev_count(dev, SWARM_N_ROUTE + route, 1);
	if (!dev_is_dma_coherent(dev))
		clean_stand_in(dev, &in, dir);
	swarm_dev_touch(dev);
	return phys_to_dma(dev, in.maddr);
}

static __always_inline dma_addr_t
map_bounce(struct device *dev, phys_addr_t phys, size_t size,
	   enum dma_data_direction dir, enum swarm_route route,
	   unsigned long attrs)
{
	struct swarm_stats __percpu *stats = swarm_dev(dev)->stats;
	struct swarm_pool *pool = &swarm_of(dev)->pool;
	unsigned int keep = dma_get_min_align_mask(dev);
	phys_addr_t up_to = swarm_reach(dev);
	struct swarm_held held __uninitialized;
	struct swarm_stand_in in __uninitialized;
	struct swarm_stats *mine;
	unsigned long flags;
	unsigned int order;

	order = swarm_pool_order(size, phys & keep, keep, align_of(size));
	local_irq_save(flags);
	if (unlikely(!swarm_pool_take_at_hand(pool, order, up_to, &held))) {
		local_irq_restore(flags);
		return bounce_slowly(dev, phys, size, dir, route, attrs);
	}
	mine = this_cpu_ptr(stats);
	mine->route[route]++;
	swarm_account_charge(&mine->account, size, 1U << order);
	local_irq_restore(flags);

	swarm_pool_begin(held, phys, size, phys & keep, &in);
	if (!dev_is_dma_coherent(dev))
		clean_stand_in(dev, &in, dir);
	swarm_dev_touch(dev);
	return phys_to_dma(dev, in.maddr);
}

/* The long way to a route. */
static noinline enum swarm_route look(struct device *dev, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir,
				      struct swarm_extent *extent)
{
	struct swarm_facts facts = {};
	enum swarm_route route;

	gather(dev, phys, size, dir, &facts, extent);
	route = decide(dev, phys, &facts);
	if (route == SWARM_BOUNCE_UNKNOWN)
		swarm_frames_want(swarm_of(dev)->frames, XEN_PFN_DOWN(phys),
				  XEN_PFN_UP(xen_offset_in_page(phys) + size));
	return route;
}

static dma_addr_t map_deaf(struct device *dev, phys_addr_t phys, size_t size,
			   enum dma_data_direction dir, unsigned long attrs)
{
	if (attrs & DMA_ATTR_SKIP_CPU_SYNC) {
		swarm_dev_count(dev, SWARM_N_ROUTE + SWARM_DIRECT, 1);
		return phys;
	}
	swarm_of(dev)->hv->clean(phys_to_virt(phys), size, dir);
	swarm_dev_count_both(dev, SWARM_N_ROUTE + SWARM_DIRECT,
			     SWARM_N_CACHE_LOCAL);
	return phys;
}

/* What is not plain, and not foreign. */
static __always_inline dma_addr_t
map_other(struct device *dev, phys_addr_t phys, size_t size,
	  enum dma_data_direction dir, unsigned long attrs, bool near_foreign)
{
	enum swarm_route route = SWARM_BOUNCE_MASK;
	struct swarm_extent extent __uninitialized;

	if (unlikely(near_foreign) || !swarm_is_too_far(dev, phys, size)) {
		if (!near_foreign && swarm_is_plain_but_deaf(dev, phys, size))
			return map_deaf(dev, phys, size, dir, attrs);
		route = look(dev, phys, size, dir, &extent);
	}
	if (likely(swarm_route_bounces(route)))
		return map_bounce(dev, phys, size, dir, route, attrs);
	if (route == SWARM_DIRECT)
		return map_direct(dev, phys, &extent, size, dir, attrs);
	return refuse(dev, phys, size, route, attrs);
}

static noinline dma_addr_t map_aimless(struct device *dev, phys_addr_t phys,
				       size_t size, unsigned long attrs)
{
	return refuse(dev, phys, size,
		      size ? SWARM_REFUSE_DIR : SWARM_REFUSE_EMPTY, attrs);
}

/* For swarm_map(), when the buffer is not plain. */
dma_addr_t swarm_map_rest(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	bool near_foreign = swarm_is_near_foreign(phys, size);
	dma_addr_t dma;

	if (unlikely(!valid_dma_direction(dir)))
		return map_aimless(dev, phys, size, attrs);
	if (unlikely(near_foreign)) {
		dma = swarm_plain_foreign(dev, phys, size);
		if (likely(dma != DMA_MAPPING_ERROR)) {
			swarm_dev_count_both(dev, SWARM_N_ROUTE + SWARM_DIRECT,
					     SWARM_N_FOREIGN);
			swarm_dev_meet(dev);
			return dma;
		}
	}
	return map_other(dev, phys, size, dir, attrs, near_foreign);
}

/* ---- what is in the pool ---- */

static __always_inline void
sync_bounce_to_cpu(struct device *dev, const struct swarm_stand_in *in,
		   size_t size, enum dma_data_direction dir)
{
	if (dir == DMA_TO_DEVICE)
		return;
	if (!dev_is_dma_coherent(dev)) {
		struct swarm_range range = stand_in_range(in, size);

		to_cpu(dev, &range, dir);
	}
	swarm_pool_copy_out(in, size);
}

static __always_inline void
sync_bounce_to_device(struct device *dev, const struct swarm_stand_in *in,
		      size_t size, enum dma_data_direction dir)
{
	if (dir != DMA_FROM_DEVICE)
		swarm_pool_copy_in(in, size);
	if (!dev_is_dma_coherent(dev)) {
		struct swarm_range range = stand_in_range(in, size);

		to_device(dev, &range, dir);
	}
}

/* ---- unmap ---- */

/* In the pool, but not what was mapped there. With interrupts off. */
static noinline void unmap_odd(struct device *dev, dma_addr_t dma, size_t size)
{
	struct swarm_pool *pool = &swarm_of(dev)->pool;
	struct swarm_stand_in in;
	int err = -ENOENT;

	if (swarm_pool_find(pool, dma_to_phys(dev, dma), &in) &&
	    !swarm_pool_is_lent(&in))
		err = swarm_pool_release(pool, &in, size,
					 &swarm_dev(dev)->stats->account);
	misuse(dev, "unmap", dma, size, err ?: -ERANGE);
}

static __always_inline void
unmap_bounce(struct device *dev, const struct swarm_stand_in *in, size_t size,
	     enum dma_data_direction dir, unsigned long attrs,
	     unsigned long flags)
{
	struct swarm_dev *record = swarm_dev(dev);

	/* It is somebody's, and so it stays while interrupts are let in. */
	if (dir != DMA_TO_DEVICE && !(attrs & DMA_ATTR_SKIP_CPU_SYNC)) {
		local_irq_restore(flags);
		sync_bounce_to_cpu(dev, in, size, dir);
		local_irq_disable();
	}
	swarm_account_return(&this_cpu_ptr(record->stats)->account,
			     in->run->slots);
	swarm_pool_end(&record->swarm->pool, in);
}

static void unmap_direct(struct device *dev, dma_addr_t dma, phys_addr_t phys,
			 size_t size, enum dma_data_direction dir,
			 unsigned long attrs)
{
	struct swarm_range range;
	int err;

	if (dev_is_dma_coherent(dev))
		return;
	if (dir == DMA_TO_DEVICE || (attrs & DMA_ATTR_SKIP_CPU_SYNC)) {
		swarm_dev_count(dev, SWARM_N_UNMAPS, 1);
		return;
	}
	if (likely(has_only_ours(dev))) {
		swarm_of(dev)->hv->inval(phys_to_virt(dma_to_phys(dev, dma)),
					 size, dir);
		swarm_dev_count_both(dev, SWARM_N_UNMAPS, SWARM_N_CACHE_LOCAL);
		return;
	}
	range = direct_range(dev, dma_to_phys(dev, dma), phys, size);
	swarm_dev_count_both(dev, SWARM_N_UNMAPS, counter_of(&range));
	err = note_calls(dev, swarm_cache_to_cpu(swarm_of(dev)->hv, &range,
						 dir));
	if (unlikely(err))
		misuse(dev, "unmap", dma, size, err);
}

/* For swarm_unmap(), when there is something to do; lists know @phys. */
void swarm_unmap_rest(struct device *dev, dma_addr_t dma, phys_addr_t phys,
		      size_t size, enum dma_data_direction dir,
		      unsigned long attrs)
{
	struct swarm_pool *pool = &swarm_of(dev)->pool;
	phys_addr_t maddr = dma_to_phys(dev, dma);
	struct swarm_stand_in in __uninitialized;
	unsigned long flags;
	bool found, whole;

	if (unlikely(!valid_dma_direction(dir))) {
		misuse(dev, "unmap", dma, size, -EDOM);
		attrs |= DMA_ATTR_SKIP_CPU_SYNC;
	}
	/*
	 * Somebody may unmap twice: what is found has to stay while it is looked
	 * at, and nothing of the pool goes away while interrupts are off.
	 */
	if (swarm_pool_spans(pool, maddr)) {
		local_irq_save(flags);
		found = __swarm_pool_find(pool, maddr, &in);
		whole = found && swarm_pool_is_whole(&in, size);
		if (likely(whole))
			unmap_bounce(dev, &in, size, dir, attrs, flags);
		else if (found)
			unmap_odd(dev, dma, size);
		local_irq_restore(flags);
		if (likely(found))
			return;
	}
	unmap_direct(dev, dma, phys, size, dir, attrs);
}

/**
 * swarm_unmap_sg - take a scatterlist back
 * @dev:    the device
 * @sgl:   the list, which still tells where its pages are
 * @nents: how many entries swarm_map_sg() was given
 * @dir:   which way the data went
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 */
void swarm_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
		    enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	if (swarm_is_untouched(dev))
		return;
	for_each_sg(sgl, sg, nents, i)
		swarm_unmap_rest(dev, sg_dma_address(sg), sg_phys(sg),
				 sg_dma_len(sg), dir, attrs);
}

/**
 * swarm_map_sg - give a scatterlist to a device
 * @dev:    the device
 * @sgl:   the list
 * @nents: how many entries
 * @dir:   which way the data goes
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 * Return: @nents, all of them mapped; or -EIO with none mapped.
 */
int swarm_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		 enum dma_data_direction dir, unsigned long attrs)
{
	unsigned int plain = 0, foreign = 0;
	struct scatterlist *sg;
	int i;

	if (unlikely(!valid_dma_direction(dir))) {
		map_aimless(dev, sg_phys(sgl), sgl->length, attrs);
		return -EIO;
	}
	for_each_sg(sgl, sg, nents, i) {
		phys_addr_t phys = sg_phys(sg);
		dma_addr_t dma = phys;

		if (likely(swarm_is_plain(dev, phys, sg->length))) {
			plain++;
		} else {
			bool near = swarm_is_near_foreign(phys, sg->length);

			dma = near ? swarm_plain_foreign(dev, phys, sg->length) :
				     DMA_MAPPING_ERROR;
			if (dma != DMA_MAPPING_ERROR)
				foreign++;
			else
				dma = map_other(dev, phys, sg->length, dir,
						attrs, near);
		}
		if (dma == DMA_MAPPING_ERROR)
			break;
		sg_dma_address(sg) = dma;
		sg_dma_len(sg) = sg->length;
	}
	swarm_dev_count(dev, SWARM_N_ROUTE + SWARM_DIRECT, plain + foreign);
	if (foreign) {
		swarm_dev_count(dev, SWARM_N_FOREIGN, foreign);
		swarm_dev_meet(dev);
	}
	if (i == nents)
		return nents;

	/* No device has seen these: nothing is to be copied back. */
	swarm_unmap_sg(dev, sgl, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
	return -EIO;
}

/* ---- device memory ---- */

/**
 * swarm_map_mmio - let a device reach another device's registers
 * @dev:   the device
 * @phys: guest physical address of the registers, bytes
 * @size: bytes
 *
 * Xen maps MMIO 1:1 into the hardware domain, and into no other: there nobody
 * tells where it is. dma-ranges speak of RAM, so the address is handed on as it
 * is; it is never bounced, and has no cache lines.
 *
 * Context: any.
 * Return: the address for the device, or DMA_MAPPING_ERROR.
 */
dma_addr_t swarm_map_mmio(struct device *dev, phys_addr_t phys, size_t size)
{
	u64 limit = swarm_limit(dev, *dev->dma_mask);

	if (!size)
		return refuse(dev, phys, size, SWARM_REFUSE_EMPTY, 0);
	if (phys + size < phys)
		return refuse(dev, phys, size, SWARM_REFUSE_WRAP, 0);
	if (phys + size - 1 > limit || !swarm_of(dev)->mmio_is_ours)
		return refuse(dev, phys, size, SWARM_REFUSE_MMIO, 0);
	swarm_dev_count(dev, SWARM_N_MMIO, 1);
	return phys;
}

/* ---- sync ---- */

static int sync_direct_to_cpu(struct device *dev,
			      const struct swarm_range *range,
			      enum dma_data_direction dir)
{
	return note_calls(dev, swarm_cache_to_cpu(swarm_of(dev)->hv, range,
						  dir));
}

static int sync_direct_to_device(struct device *dev,
				 const struct swarm_range *range,
				 enum dma_data_direction dir)
{
	return note_calls(dev, swarm_cache_to_device(swarm_of(dev)->hv, range,
						     dir));
}

/* The two syncs are mirror images: what differs is a constant to inline. */
static __always_inline void
sync_either(struct device *dev, const char *verb, dma_addr_t dma,
	    phys_addr_t phys, size_t size, enum dma_data_direction dir,
	    typeof(sync_bounce_to_cpu) *bounced,
	    typeof(sync_direct_to_cpu) *direct)
{
	/* What the CPU wrote it may read again at once. */
	bool pointless = direct == sync_direct_to_cpu && dir == DMA_TO_DEVICE;
	bool found, deaf = !dev_is_dma_coherent(dev) && !pointless;
	phys_addr_t maddr = dma_to_phys(dev, dma);
	struct swarm_stand_in in __uninitialized;
	struct swarm_range range __uninitialized;
	struct swarm_stats *mine;
	unsigned long flags;
	int err = 0;

	if (!size)
		return;
	if (unlikely(!valid_dma_direction(dir))) {
		misuse(dev, verb, dma, size, -EDOM);
		return;
	}
	/* What is mapped stays when interrupts are on again. */
	local_irq_save(flags);
	mine = this_cpu_ptr(swarm_dev(dev)->stats);
	found = swarm_pool_find(&swarm_of(dev)->pool, maddr, &in);
	if (found) {
		mine->n[SWARM_N_SYNCS]++;
		err = swarm_pool_check(&in, size);
	} else if (deaf) {
		range = direct_range(dev, maddr, phys, size);
		mine->n[counter_of(&range)]++;
	}
	local_irq_restore(flags);

	if (found && likely(!err))
		bounced(dev, &in, size, dir);
	else if (!found && deaf)
		err = direct(dev, &range, dir);
	if (unlikely(err))
		misuse(dev, verb, dma, size, err);
}

static __always_inline void
sync_one_to_cpu(struct device *dev, dma_addr_t dma, phys_addr_t phys,
		size_t size, enum dma_data_direction dir)
{
	sync_either(dev, "sync to the CPU", dma, phys, size, dir,
		    sync_bounce_to_cpu, sync_direct_to_cpu);
}

static __always_inline void
sync_one_to_device(struct device *dev, dma_addr_t dma, phys_addr_t phys,
		   size_t size, enum dma_data_direction dir)
{
	sync_either(dev, "sync to the device", dma, phys, size, dir,
		    sync_bounce_to_device, sync_direct_to_device);
}

/**
 * swarm_sync_to_cpu - let the CPU see what the device did so far
 * @dev:  the device
 * @dma:  any address within a mapping
 * @size: bytes from there on
 * @dir:  the mapping's direction
 *
 * Context: any.
 */
void swarm_sync_to_cpu(struct device *dev, dma_addr_t dma, size_t size,
		       enum dma_data_direction dir)
{
	if (!swarm_is_untouched(dev))
		sync_one_to_cpu(dev, dma, SWARM_UNSEEN, size, dir);
}

/**
 * swarm_sync_to_device - let the device see what the CPU did since
 * @dev:  the device
 * @dma:  any address within a mapping
 * @size: bytes from there on
 * @dir:  the mapping's direction
 *
 * Context: any.
 */
void swarm_sync_to_device(struct device *dev, dma_addr_t dma, size_t size,
			  enum dma_data_direction dir)
{
	if (!swarm_is_untouched(dev))
		sync_one_to_device(dev, dma, SWARM_UNSEEN, size, dir);
}

/**
 * swarm_sync_sg_to_cpu - let the CPU see what the device did to a list so far
 * @dev:   the device
 * @sgl:   the list, mapped
 * @nents: how many entries
 * @dir:   the mapping's direction
 *
 * Context: any.
 */
void swarm_sync_sg_to_cpu(struct device *dev, struct scatterlist *sgl,
			  int nents, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	if (swarm_is_untouched(dev))
		return;
	for_each_sg(sgl, sg, nents, i)
		sync_one_to_cpu(dev, sg_dma_address(sg), sg_phys(sg),
				sg_dma_len(sg), dir);
}

/**
 * swarm_sync_sg_to_device - let the device see what the CPU did to a list since
 * @dev:   the device
 * @sgl:   the list, mapped
 * @nents: how many entries
 * @dir:   the mapping's direction
 *
 * Context: any.
 */
void swarm_sync_sg_to_device(struct device *dev, struct scatterlist *sgl,
			     int nents, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	if (swarm_is_untouched(dev))
		return;
	for_each_sg(sgl, sg, nents, i)
		sync_one_to_device(dev, sg_dma_address(sg), sg_phys(sg),
				   sg_dma_len(sg), dir);
}

/* ---- what a device can expect ---- */

/* Our own RAM, piece by piece, and the end of everybody's. */
static bool reaches_all(struct device *dev, u64 limit)
{
	phys_addr_t start, end;
	u64 i;

	if (!swarm_reaches(dev, limit, swarm_of(dev)->last_byte, 1))
		return false;
	for_each_mem_range(i, &start, &end)
		if (!swarm_reaches(dev, limit, start, end - start))
			return false;
	return true;
}

/* What is one piece for us need not be one for the machine. */
static bool may_bounce(struct device *dev, u64 limit)
{
	return swarm_of(dev)->frames || swarm_of(dev)->force ||
	       !reaches_all(dev, limit);
}

static size_t largest_bounce(struct device *dev, u64 limit)
{
	const struct swarm_reacher who = { .dev = dev, .limit = limit };
	const struct swarm_request rq = {
		.keep = dma_get_min_align_mask(dev),
		.reaches = swarm_reacher_asks,
		.who = &who,
	};

	return swarm_pool_largest(&swarm_of(dev)->pool, &rq);
}

/**
 * swarm_supported - can a device work with this mask?
 * @dev:   the device
 * @mask: the mask that its driver would like to set
 *
 * It can when it reaches all RAM of the machine, or some of the pool. A pool
 * that has nothing so low yet is given a piece there, if there is memory.
 *
 * Context: may sleep.
 * Return: 1 or 0.
 */
int swarm_supported(struct device *dev, u64 mask)
{
	u64 limit = swarm_limit(dev, mask);

	if (!may_bounce(dev, limit))
		return 1;
	if (largest_bounce(dev, limit))
		return 1;
	swarm_pool_grow(&swarm_of(dev)->pool, swarm_of(dev)->size / 4,
			swarm_best_window(dev, limit));
	if (largest_bounce(dev, limit))
		return 1;

	dev_warn(dev,
		 "swiotlb-arm: mask %#llx refused: %s\n", mask,
		 swarm_of(dev)->size ?
		 "no free memory lies within its reach" :
		 "it does not reach all memory, and swiotlb_arm.size=0 leaves nothing to bounce through");
	return 0;
}

/**
 * swarm_required_mask - the mask with which nothing has to be bounced
 * @dev: the device
 *
 * Other domains' pages may be anywhere in the machine, so it is the machine's
 * RAM that counts and not ours.
 *
 * Context: any.
 * Return: the mask.
 */
u64 swarm_required_mask(struct device *dev)
{
	return DMA_BIT_MASK(fls64(phys_to_dma(dev, swarm_of(dev)->last_byte)));
}

/**
 * swarm_max_mapping_size - the longest buffer that a device can count on
 * @dev: the device
 *
 * Context: any.
 * Return: bytes; SIZE_MAX for a device whose large buffers never bounce. Never
 *	0, which callers divide by: where nothing can be bounced a page is
 *	claimed, and its refusal tells why.
 */
size_t swarm_max_mapping_size(struct device *dev)
{
	u64 limit = swarm_limit(dev, *dev->dma_mask);

	if (!may_bounce(dev, limit))
		return SIZE_MAX;
	return max(largest_bounce(dev, limit), PAGE_SIZE);
}

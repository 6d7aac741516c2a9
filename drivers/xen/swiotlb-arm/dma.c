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
#include "mfn-map.h"
#include "ops.h"
#include "p2m.h"
#include "plain.h"
#include "window.h"
#include "route.h"
#include "pool-resize.h"
#include "resolve.h"

/* ---- the instance ---- */

static const struct xadma_window below_4g = { .last = DMA_BIT_MASK(32) };
static const struct xadma_window anywhere = { .last = (phys_addr_t)-1 };

/**
 * xadma_start - make an instance that has no pool yet
 * @xadma: the instance
 * @setup: what it is to be like
 *
 * From now on frames that go back to Xen are forgotten.
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM with nothing done when there is no memory for what it has to
 *	know.
 */
int xadma_start(struct xadma *xadma, const struct xadma_setup *setup)
{
	xadma->hv = setup->hv;
	xadma->resolver = setup->resolver;
	xadma->frames = NULL;
	if (setup->resolver) {
		xadma->frames = xadma_mfn_map_create(setup->resolver);
		if (!xadma->frames)
			return -ENOMEM;
	}
	xadma->mmio_is_ours = !setup->resolver || setup->hv->hardware();
	xadma->size = setup->size;
	xadma->most = setup->most;
	xadma->force = setup->force;
	xadma->can_flush = xadma_cache_can_flush(setup->hv);
	xadma->last_byte = max(setup->hv->last_byte(),
			       memblock_end_of_DRAM() - 1);

	xadma->source = (struct xadma_source) {
		.hv = setup->hv,
		.resolver = setup->resolver,
		.frames = xadma->frames,
		.providers = setup->providers,
	};
	if (xadma_pool_init(&xadma->pool, setup->size ? &xadma->source : NULL)) {
		xadma_mfn_map_destroy(xadma->frames);
		return -ENOMEM;
	}
	return 0;
}

/**
 * xadma_provide - get what devices need
 * @xadma: the instance
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
void xadma_provide(struct xadma *xadma)
{
	struct xadma_window within = below_4g;

	if (!xadma_pool_grow(&xadma->pool, xadma->size, within)) {
		within = anywhere;
		xadma_pool_grow(&xadma->pool, xadma->size, within);
	}
	xadma_resize_allow(&xadma->pool, xadma->most, within);
	if (xadma->frames)
		xadma_mfn_map_learn_all(xadma->frames);
}

/**
 * xadma_stop - end an instance
 * @xadma: the instance; no device uses it any more
 *
 * Context: may sleep.
 */
void xadma_stop(struct xadma *xadma)
{
	xadma_pool_destroy(&xadma->pool);
	xadma_mfn_map_destroy(xadma->frames);
	xadma_resolver_destroy(xadma->resolver);
}

/**
 * xadma_provider_name - which provider of the ladder the pool stands on
 * @xadma: the instance
 *
 * Context: any.
 * Return: its name, or "none".
 */
const char *xadma_provider_name(const struct xadma *xadma)
{
	return xadma->source.chosen ? (*xadma->source.chosen)->name : "none";
}

/**
 * xadma_dev_configure - a device has been configured
 * @dev: the device, which has a record of its own
 *
 * What can be known of it for all its buffers is found out here.
 *
 * Context: may sleep; before its driver maps anything.
 */
void xadma_dev_configure(struct device *dev)
{
	const struct xadma *xadma = xadma_of(dev);
	struct xadma_dev *record = xadma_dev(dev);

	record->reach = xadma->frames || xadma->force ? 0 :
			xadma_reach_unshifted(dev);
	record->plain_end = dev_is_dma_coherent(dev) && record->reach ?
			    record->reach + 1 : 0;
}

/* ---- saying no ---- */

static dma_addr_t refuse(struct device *dev, phys_addr_t phys, size_t size,
			 enum xadma_route route, unsigned long attrs)
{
	struct xadma_pool_usage usage;

	xadma_dev_count(dev, XADMA_N_ROUTE + route, 1);
	if (attrs & DMA_ATTR_NO_WARN)
		return DMA_MAPPING_ERROR;

	usage = xadma_pool_usage(&xadma_of(dev)->pool);
	dev_err_ratelimited(dev,
			    "swiotlb-arm: cannot map %zu bytes at %pa: %s (mask %#llx, %u of %u slots used)\n",
			    size, &phys, xadma_route_why(route),
			    dev->dma_mask ? *dev->dma_mask : 0,
			    usage.used, usage.slots);
	return DMA_MAPPING_ERROR;
}

static void misuse(struct device *dev, const char *verb, dma_addr_t dma,
		   size_t size, int err)
{
	xadma_dev_count(dev, XADMA_N_MISUSE, 1);
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
static unsigned int counter_of(const struct xadma_range *range)
{
	return range->granted ? XADMA_N_CACHE_FOREIGN : XADMA_N_CACHE_LOCAL;
}

/* What the cache room answers: the hypercalls that it took, or a refusal. */
static int note_calls(struct device *dev, int calls)
{
	if (unlikely(calls > 0))
		xadma_dev_count(dev, XADMA_N_CACHE_CALLS, calls);
	return min(calls, 0);
}

/* A range that the kernel sees is never refused. */
static int to_device(struct device *dev, const struct xadma_range *range,
		     enum dma_data_direction dir)
{
	xadma_dev_count(dev, counter_of(range), 1);
	return note_calls(dev, xadma_cache_to_device(xadma_of(dev)->hv, range,
						     dir));
}

static int to_cpu(struct device *dev, const struct xadma_range *range,
		  enum dma_data_direction dir)
{
	xadma_dev_count(dev, counter_of(range), 1);
	return note_calls(dev, xadma_cache_to_cpu(xadma_of(dev)->hv, range,
						  dir));
}

static struct xadma_range bounce_range(const struct xadma_bounce *in,
				       size_t size)
{
	return (struct xadma_range){ .vaddr = in->vaddr, .size = size };
}

/* Is what went direct our own, and where it seems to be? */
static bool has_only_ours(struct device *dev)
{
	return !xadma_of(dev)->frames && !READ_ONCE(xadma_dev(dev)->uses_foreign);
}

static struct xadma_range direct_range(struct device *dev, phys_addr_t maddr,
				       phys_addr_t phys, size_t size)
{
	if (phys != XADMA_PHYS_UNKNOWN)
		return (struct xadma_range){
			.vaddr = phys_to_virt(phys),
			.size = size,
			.granted = xadma_p2m_near_foreign(PFN_DOWN(phys),
							  PFN_DOWN(phys + size - 1)),
		};
	if (has_only_ours(dev) ||
	    (!xadma_of(dev)->frames && xadma_p2m_is_ours(maddr)))
		return (struct xadma_range){
			.vaddr = phys_to_virt(maddr),
			.size = size,
		};
	return (struct xadma_range){
		.maddr = maddr,
		.size = size,
		.granted = true,
	};
}

/* ---- map ---- */

/* May maintenance be needed, when it comes back, that only Xen can do? */
static bool needs_xen(struct device *dev, const struct xadma_extent *extent)
{
	return !dev_is_dma_coherent(dev) &&
	       (extent->foreign || xadma_of(dev)->frames);
}

static void gather(struct device *dev, phys_addr_t phys, size_t size,
		   enum dma_data_direction dir, struct xadma_facts *facts,
		   struct xadma_extent *extent)
{
	facts->empty = !size;
	facts->bad_dir = !valid_dma_direction(dir);
	facts->wraps = phys + size < phys;
	if (facts->empty || facts->bad_dir || facts->wraps)
		return;

	*extent = xadma_p2m_walk(xadma_of(dev)->frames, phys, size);
	facts->unknown = extent->unknown;
	facts->scattered = extent->scattered;
	facts->reachable = !extent->unknown && !extent->scattered &&
		xadma_reaches(dev, xadma_limit(dev, *dev->dma_mask),
			      extent->maddr, size);
	facts->unflushable = !xadma_of(dev)->can_flush &&
		needs_xen(dev, extent);
	facts->shares_line = xadma_ops_shares_line(dev, size, dir);
	facts->forced = xadma_of(dev)->force;
}

/* What only a bounce needs to know is found out only for a bounce. */
static enum xadma_route decide(struct device *dev, phys_addr_t phys,
			       struct xadma_facts *facts)
{
	enum xadma_route route;

	facts->memory = true;
	facts->pool = true;
	route = xadma_route(facts);
	if (likely(!xadma_route_bounces(route)))
		return route;

	facts->memory = pfn_valid(PHYS_PFN(phys));
	facts->pool = !xadma_pool_empty(&xadma_of(dev)->pool);
	return xadma_route(facts);
}

static dma_addr_t map_direct(struct device *dev, phys_addr_t phys,
			     const struct xadma_extent *extent, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	const struct xadma_range range = {
		.vaddr = phys_to_virt(phys),
		.size = size,
		.granted = extent->foreign,
	};

	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		to_device(dev, &range, dir);

	xadma_dev_count(dev, XADMA_N_ROUTE + XADMA_DIRECT, 1);
	if (extent->foreign) {
		xadma_dev_count(dev, XADMA_N_FOREIGN, 1);
		xadma_dev_uses_foreign(dev);
	}
	return phys_to_dma(dev, extent->maddr);
}

static size_t align_of(size_t size)
{
	return size < PAGE_SIZE ? 1 : PAGE_SIZE;
}

static enum xadma_route why_not(struct device *dev, int err)
{
	if (xadma_pool_empty(&xadma_of(dev)->pool))
		return XADMA_REFUSE_NOPOOL;
	switch (err) {
	case -E2BIG:
		return XADMA_REFUSE_TOO_BIG;
	case -ENOSPC:
		return XADMA_REFUSE_FULL;
	case -EBUSY:
		return XADMA_REFUSE_SHARE;
	default:
		return XADMA_REFUSE_MASK;
	}
}

/*
 * Even with DMA_ATTR_SKIP_CPU_SYNC: it was we who dirtied these lines, and one
 * written back late would destroy what the device wrote. And all of them, for what is
 * clear in the cache may have been cleared for a device that snoops.
 */
static void clean_stand_in(struct device *dev, const struct xadma_bounce *in,
			   enum dma_data_direction dir)
{
	const struct xadma_range run = {
		.vaddr = in->vaddr - in->lead,
		.size = in->span,
	};

	to_device(dev, &run, dir);
}

/* What is not at hand. */
static noinline dma_addr_t bounce_slowly(struct device *dev, phys_addr_t phys,
					 size_t size,
					 enum dma_data_direction dir,
					 enum xadma_route route,
					 unsigned long attrs)
{
	const struct xadma_reacher who = xadma_reacher(dev, *dev->dma_mask);
	const struct xadma_request rq = {
		.orig_addr = phys,
		.size = size,
		.keep = dma_get_min_align_mask(dev),
		.align = align_of(size),
		.reaches = xadma_reacher_asks,
		.who = &who,
		.up_to = xadma_reach(dev),
		.account = &xadma_dev(dev)->stats->account,
	};
	struct xadma_bounce in;
	int err;

	err = xadma_pool_bounce(&xadma_of(dev)->pool, &rq, &in);
	if (err)
		return refuse(dev, phys, size, why_not(dev, err), attrs);
	xadma_dev_count(dev, XADMA_N_ROUTE + route, 1);
	if (!dev_is_dma_coherent(dev))
		clean_stand_in(dev, &in, dir);
	xadma_dev_uses_pool(dev);
	return phys_to_dma(dev, in.maddr);
}

static __always_inline dma_addr_t
map_bounce(struct device *dev, phys_addr_t phys, size_t size,
	   enum dma_data_direction dir, enum xadma_route route,
	   unsigned long attrs)
{
	struct xadma_stats __percpu *stats = xadma_dev(dev)->stats;
	struct xadma_pool *pool = &xadma_of(dev)->pool;
	unsigned int keep = dma_get_min_align_mask(dev);
	phys_addr_t up_to = xadma_reach(dev);
	struct xadma_run_ref held __uninitialized;
	struct xadma_bounce in __uninitialized;
	struct xadma_stats *mine;
	unsigned long flags;
	unsigned int order;

	order = xadma_pool_order(size, phys & keep, keep, align_of(size));
	local_irq_save(flags);
	if (unlikely(!xadma_pool_take_at_hand(pool, order, up_to, &held))) {
		local_irq_restore(flags);
		return bounce_slowly(dev, phys, size, dir, route, attrs);
	}
	mine = this_cpu_ptr(stats);
	mine->route[route]++;
	xadma_account_charge(&mine->account, size, 1U << order);
	local_irq_restore(flags);

	xadma_pool_begin(held, phys, size, phys & keep, &in);
	if (!dev_is_dma_coherent(dev))
		clean_stand_in(dev, &in, dir);
	xadma_dev_uses_pool(dev);
	return phys_to_dma(dev, in.maddr);
}

/* The long way to a route. */
static noinline enum xadma_route look(struct device *dev, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir,
				      struct xadma_extent *extent)
{
	struct xadma_facts facts = {};
	enum xadma_route route;

	gather(dev, phys, size, dir, &facts, extent);
	route = decide(dev, phys, &facts);
	if (route == XADMA_BOUNCE_UNKNOWN)
		xadma_mfn_map_want(xadma_of(dev)->frames, XEN_PFN_DOWN(phys),
				   XEN_PFN_UP(xen_offset_in_page(phys) + size));
	return route;
}

static dma_addr_t map_deaf(struct device *dev, phys_addr_t phys, size_t size,
			   enum dma_data_direction dir, unsigned long attrs)
{
	if (attrs & DMA_ATTR_SKIP_CPU_SYNC) {
		xadma_dev_count(dev, XADMA_N_ROUTE + XADMA_DIRECT, 1);
		return phys;
	}
	xadma_of(dev)->hv->clean(phys_to_virt(phys), size, dir);
	xadma_dev_count_both(dev, XADMA_N_ROUTE + XADMA_DIRECT,
			     XADMA_N_CACHE_LOCAL);
	return phys;
}

/* What is not plain, and not foreign. */
static __always_inline dma_addr_t
map_other(struct device *dev, phys_addr_t phys, size_t size,
	  enum dma_data_direction dir, unsigned long attrs, bool near_foreign)
{
	enum xadma_route route = XADMA_BOUNCE_MASK;
	struct xadma_extent extent __uninitialized;

	if (unlikely(near_foreign) || !xadma_is_too_far(dev, phys, size)) {
		if (!near_foreign && xadma_is_plain_but_deaf(dev, phys, size))
			return map_deaf(dev, phys, size, dir, attrs);
		route = look(dev, phys, size, dir, &extent);
	}
	if (likely(xadma_route_bounces(route)))
		return map_bounce(dev, phys, size, dir, route, attrs);
	if (route == XADMA_DIRECT)
		return map_direct(dev, phys, &extent, size, dir, attrs);
	return refuse(dev, phys, size, route, attrs);
}

static noinline dma_addr_t map_bad_dir(struct device *dev, phys_addr_t phys,
				       size_t size, unsigned long attrs)
{
	return refuse(dev, phys, size,
		      size ? XADMA_REFUSE_DIR : XADMA_REFUSE_EMPTY, attrs);
}

/* For xadma_map(), when the buffer is not plain. */
dma_addr_t xadma_map_rest(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	bool near_foreign = xadma_is_near_foreign(phys, size);
	dma_addr_t dma;

	if (unlikely(!valid_dma_direction(dir)))
		return map_bad_dir(dev, phys, size, attrs);
	if (unlikely(near_foreign)) {
		dma = xadma_plain_foreign(dev, phys, size);
		if (likely(dma != DMA_MAPPING_ERROR)) {
			xadma_dev_count_both(dev, XADMA_N_ROUTE + XADMA_DIRECT,
					     XADMA_N_FOREIGN);
			xadma_dev_uses_foreign(dev);
			return dma;
		}
	}
	return map_other(dev, phys, size, dir, attrs, near_foreign);
}

/* ---- what is in the pool ---- */

static __always_inline void
sync_bounce_to_cpu(struct device *dev, const struct xadma_bounce *in,
		   size_t size, enum dma_data_direction dir)
{
	if (dir == DMA_TO_DEVICE)
		return;
	if (!dev_is_dma_coherent(dev)) {
		struct xadma_range range = bounce_range(in, size);

		to_cpu(dev, &range, dir);
	}
	xadma_pool_copy_out(in, size);
}

static __always_inline void
sync_bounce_to_device(struct device *dev, const struct xadma_bounce *in,
		      size_t size, enum dma_data_direction dir)
{
	if (dir != DMA_FROM_DEVICE)
		xadma_pool_copy_in(in, size);
	if (!dev_is_dma_coherent(dev)) {
		struct xadma_range range = bounce_range(in, size);

		to_device(dev, &range, dir);
	}
}

/* ---- unmap ---- */

/* In the pool, but not what was mapped there. With interrupts off. */
static noinline void unmap_odd(struct device *dev, dma_addr_t dma, size_t size)
{
	struct xadma_pool *pool = &xadma_of(dev)->pool;
	struct xadma_bounce in;
	int err = -ENOENT;

	if (xadma_pool_find(pool, dma_to_phys(dev, dma), &in) &&
	    !xadma_pool_is_alloc(&in))
		err = xadma_pool_release(pool, &in, size,
					 &xadma_dev(dev)->stats->account);
	misuse(dev, "unmap", dma, size, err ?: -ERANGE);
}

static __always_inline void
unmap_bounce(struct device *dev, const struct xadma_bounce *in, size_t size,
	     enum dma_data_direction dir, unsigned long attrs,
	     unsigned long flags)
{
	struct xadma_dev *record = xadma_dev(dev);

	/* It is somebody's, and so it stays while interrupts are let in. */
	if (dir != DMA_TO_DEVICE && !(attrs & DMA_ATTR_SKIP_CPU_SYNC)) {
		local_irq_restore(flags);
		sync_bounce_to_cpu(dev, in, size, dir);
		local_irq_disable();
	}
	xadma_account_return(&this_cpu_ptr(record->stats)->account,
			     in->run->slots);
	xadma_pool_end(&record->xadma->pool, in);
}

static void unmap_direct(struct device *dev, dma_addr_t dma, phys_addr_t phys,
			 size_t size, enum dma_data_direction dir,
			 unsigned long attrs)
{
	struct xadma_range range;
	int err;

	if (dev_is_dma_coherent(dev))
		return;
	if (dir == DMA_TO_DEVICE || (attrs & DMA_ATTR_SKIP_CPU_SYNC)) {
		xadma_dev_count(dev, XADMA_N_UNMAPS, 1);
		return;
	}
	if (likely(has_only_ours(dev))) {
		xadma_of(dev)->hv->inval(phys_to_virt(dma_to_phys(dev, dma)),
					 size, dir);
		xadma_dev_count_both(dev, XADMA_N_UNMAPS, XADMA_N_CACHE_LOCAL);
		return;
	}
	range = direct_range(dev, dma_to_phys(dev, dma), phys, size);
	xadma_dev_count_both(dev, XADMA_N_UNMAPS, counter_of(&range));
	err = note_calls(dev, xadma_cache_to_cpu(xadma_of(dev)->hv, &range,
						 dir));
	if (unlikely(err))
		misuse(dev, "unmap", dma, size, err);
}

/* For xadma_unmap(), when there is something to do; lists know @phys. */
void xadma_unmap_rest(struct device *dev, dma_addr_t dma, phys_addr_t phys,
		      size_t size, enum dma_data_direction dir,
		      unsigned long attrs)
{
	struct xadma_pool *pool = &xadma_of(dev)->pool;
	phys_addr_t maddr = dma_to_phys(dev, dma);
	struct xadma_bounce in __uninitialized;
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
	if (xadma_pool_spans(pool, maddr)) {
		local_irq_save(flags);
		found = __xadma_pool_find(pool, maddr, &in);
		whole = found && xadma_pool_is_whole(&in, size);
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
 * xadma_unmap_sg - take a scatterlist back
 * @dev:    the device
 * @sgl:   the list, which still tells where its pages are
 * @nents: how many entries xadma_map_sg() was given
 * @dir:   which way the data went
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 */
void xadma_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
		    enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	if (xadma_is_untouched(dev))
		return;
	for_each_sg(sgl, sg, nents, i)
		xadma_unmap_rest(dev, sg_dma_address(sg), sg_phys(sg),
				 sg_dma_len(sg), dir, attrs);
}

/**
 * xadma_map_sg - give a scatterlist to a device
 * @dev:    the device
 * @sgl:   the list
 * @nents: how many entries
 * @dir:   which way the data goes
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 * Return: @nents, all of them mapped; or -EIO with none mapped.
 */
int xadma_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		 enum dma_data_direction dir, unsigned long attrs)
{
	unsigned int plain = 0, foreign = 0;
	struct scatterlist *sg;
	int i;

	if (unlikely(!valid_dma_direction(dir))) {
		map_bad_dir(dev, sg_phys(sgl), sgl->length, attrs);
		return -EIO;
	}
	for_each_sg(sgl, sg, nents, i) {
		phys_addr_t phys = sg_phys(sg);
		dma_addr_t dma = phys;

		if (likely(xadma_is_plain(dev, phys, sg->length))) {
			plain++;
		} else {
			bool near = xadma_is_near_foreign(phys, sg->length);

			dma = near ? xadma_plain_foreign(dev, phys, sg->length) :
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
	xadma_dev_count(dev, XADMA_N_ROUTE + XADMA_DIRECT, plain + foreign);
	if (foreign) {
		xadma_dev_count(dev, XADMA_N_FOREIGN, foreign);
		xadma_dev_uses_foreign(dev);
	}
	if (i == nents)
		return nents;

	/* No device has seen these: nothing is to be copied back. */
	xadma_unmap_sg(dev, sgl, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
	return -EIO;
}

/* ---- device memory ---- */

/**
 * xadma_map_mmio - let a device reach another device's registers
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
dma_addr_t xadma_map_mmio(struct device *dev, phys_addr_t phys, size_t size)
{
	u64 limit = xadma_limit(dev, *dev->dma_mask);

	if (!size)
		return refuse(dev, phys, size, XADMA_REFUSE_EMPTY, 0);
	if (phys + size < phys)
		return refuse(dev, phys, size, XADMA_REFUSE_WRAP, 0);
	if (phys + size - 1 > limit || !xadma_of(dev)->mmio_is_ours)
		return refuse(dev, phys, size, XADMA_REFUSE_MMIO, 0);
	xadma_dev_count(dev, XADMA_N_MMIO, 1);
	return phys;
}

/* ---- sync ---- */

static int sync_direct_to_cpu(struct device *dev,
			      const struct xadma_range *range,
			      enum dma_data_direction dir)
{
	return note_calls(dev, xadma_cache_to_cpu(xadma_of(dev)->hv, range,
						  dir));
}

static int sync_direct_to_device(struct device *dev,
				 const struct xadma_range *range,
				 enum dma_data_direction dir)
{
	return note_calls(dev, xadma_cache_to_device(xadma_of(dev)->hv, range,
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
	struct xadma_bounce in __uninitialized;
	struct xadma_range range __uninitialized;
	struct xadma_stats *mine;
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
	mine = this_cpu_ptr(xadma_dev(dev)->stats);
	found = xadma_pool_find(&xadma_of(dev)->pool, maddr, &in);
	if (found) {
		mine->n[XADMA_N_SYNCS]++;
		err = xadma_pool_check(&in, size);
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
 * xadma_sync_to_cpu - let the CPU see what the device did so far
 * @dev:  the device
 * @dma:  any address within a mapping
 * @size: bytes from there on
 * @dir:  the mapping's direction
 *
 * Context: any.
 */
void xadma_sync_to_cpu(struct device *dev, dma_addr_t dma, size_t size,
		       enum dma_data_direction dir)
{
	if (!xadma_is_untouched(dev))
		sync_one_to_cpu(dev, dma, XADMA_PHYS_UNKNOWN, size, dir);
}

/**
 * xadma_sync_to_device - let the device see what the CPU did since
 * @dev:  the device
 * @dma:  any address within a mapping
 * @size: bytes from there on
 * @dir:  the mapping's direction
 *
 * Context: any.
 */
void xadma_sync_to_device(struct device *dev, dma_addr_t dma, size_t size,
			  enum dma_data_direction dir)
{
	if (!xadma_is_untouched(dev))
		sync_one_to_device(dev, dma, XADMA_PHYS_UNKNOWN, size, dir);
}

/**
 * xadma_sync_sg_to_cpu - let the CPU see what the device did to a list so far
 * @dev:   the device
 * @sgl:   the list, mapped
 * @nents: how many entries
 * @dir:   the mapping's direction
 *
 * Context: any.
 */
void xadma_sync_sg_to_cpu(struct device *dev, struct scatterlist *sgl,
			  int nents, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	if (xadma_is_untouched(dev))
		return;
	for_each_sg(sgl, sg, nents, i)
		sync_one_to_cpu(dev, sg_dma_address(sg), sg_phys(sg),
				sg_dma_len(sg), dir);
}

/**
 * xadma_sync_sg_to_device - let the device see what the CPU did to a list since
 * @dev:   the device
 * @sgl:   the list, mapped
 * @nents: how many entries
 * @dir:   the mapping's direction
 *
 * Context: any.
 */
void xadma_sync_sg_to_device(struct device *dev, struct scatterlist *sgl,
			     int nents, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	if (xadma_is_untouched(dev))
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

	if (!xadma_reaches(dev, limit, xadma_of(dev)->last_byte, 1))
		return false;
	for_each_mem_range(i, &start, &end)
		if (!xadma_reaches(dev, limit, start, end - start))
			return false;
	return true;
}

/* What is one piece for us need not be one for the machine. */
static bool may_bounce(struct device *dev, u64 limit)
{
	return xadma_of(dev)->frames || xadma_of(dev)->force ||
	       !reaches_all(dev, limit);
}

static size_t largest_bounce(struct device *dev, u64 limit)
{
	const struct xadma_reacher who = { .dev = dev, .limit = limit };
	const struct xadma_request rq = {
		.keep = dma_get_min_align_mask(dev),
		.reaches = xadma_reacher_asks,
		.who = &who,
	};

	return xadma_pool_largest(&xadma_of(dev)->pool, &rq);
}

/**
 * xadma_supported - can a device work with this mask?
 * @dev:   the device
 * @mask: the mask that its driver would like to set
 *
 * It can when it reaches all RAM of the machine, or some of the pool. A pool
 * that has nothing so low yet is given a piece there, if there is memory.
 *
 * Context: may sleep.
 * Return: 1 or 0.
 */
int xadma_supported(struct device *dev, u64 mask)
{
	u64 limit = xadma_limit(dev, mask);

	if (!may_bounce(dev, limit))
		return 1;
	if (largest_bounce(dev, limit))
		return 1;
	xadma_pool_grow(&xadma_of(dev)->pool, xadma_of(dev)->size / 4,
			xadma_best_window(dev, limit));
	if (largest_bounce(dev, limit))
		return 1;

	dev_warn(dev,
		 "swiotlb-arm: mask %#llx refused: %s\n", mask,
		 xadma_of(dev)->size ?
		 "no free memory lies within its reach" :
		 "it does not reach all memory, and swiotlb_arm.size=0 leaves nothing to bounce through");
	return 0;
}

/**
 * xadma_required_mask - the mask with which nothing has to be bounced
 * @dev: the device
 *
 * Other domains' pages may be anywhere in the machine, so it is the machine's
 * RAM that counts and not ours.
 *
 * Context: any.
 * Return: the mask.
 */
u64 xadma_required_mask(struct device *dev)
{
	return DMA_BIT_MASK(fls64(phys_to_dma(dev, xadma_of(dev)->last_byte)));
}

/**
 * xadma_max_mapping_size - the longest buffer that a device can count on
 * @dev: the device
 *
 * Context: any.
 * Return: bytes; SIZE_MAX for a device whose large buffers never bounce. Never
 *	0, which callers divide by: where nothing can be bounced a page is
 *	claimed, and its refusal tells why.
 */
size_t xadma_max_mapping_size(struct device *dev)
{
	u64 limit = xadma_limit(dev, *dev->dma_mask);

	if (!may_bounce(dev, limit))
		return SIZE_MAX;
	return max(largest_bounce(dev, limit), PAGE_SIZE);
}

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
#include "reach.h"
#include "route.h"
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
 * Return: 0; -ENOMEM with nothing done when there is no memory for the table of
 *	frames.
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
	swarm_pool_init(&swarm->pool, setup->size ? &swarm->source : NULL);
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
	if (!swarm_pool_grow(&swarm->pool, swarm->size, below_4g))
		swarm_pool_grow(&swarm->pool, swarm->size, anywhere);
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

/* What the cache room answers: the hypercalls that it took, or a refusal. */
static int note_calls(struct device *dev, int calls)
{
	if (calls > 0)
		swarm_dev_count(dev, SWARM_N_CACHE_CALLS, calls);
	return min(calls, 0);
}

static int end_batch(struct device *dev, struct swarm_batch *batch)
{
	return note_calls(dev, swarm_batch_end(batch));
}

/*
 * What is Xen's to do is noted down in the batch, if there is one, and done by
 * whoever gave it; batches are given for one way only.
 */
static int to_device(struct device *dev, const struct swarm_range *range,
		     enum dma_data_direction dir, struct swarm_batch *batch)
{
	swarm_dev_count(dev, range->foreign ? SWARM_N_CACHE_FOREIGN :
						SWARM_N_CACHE_LOCAL, 1);
	if (batch && range->foreign)
		return note_calls(dev, swarm_batch_add(batch, range));
	return note_calls(dev, swarm_cache_to_device(swarm_of(dev)->hv, range,
						     dir));
}

static int to_cpu(struct device *dev, const struct swarm_range *range,
		  enum dma_data_direction dir, struct swarm_batch *batch)
{
	if (dir == DMA_TO_DEVICE)
		return 0;
	swarm_dev_count(dev, range->foreign ? SWARM_N_CACHE_FOREIGN :
						SWARM_N_CACHE_LOCAL, 1);
	if (batch && range->foreign)
		return note_calls(dev, swarm_batch_add(batch, range));
	return note_calls(dev, swarm_cache_to_cpu(swarm_of(dev)->hv, range,
						  dir));
}

static struct swarm_range stand_in_range(const struct swarm_stand_in *in,
					 size_t size)
{
	return (struct swarm_range){ .vaddr = in->vaddr, .size = size };
}

/* Of a buffer that went direct only its machine address is left. */
static struct swarm_range direct_range(struct device *dev, phys_addr_t maddr,
				       size_t size)
{
	if (!swarm_of(dev)->frames && swarm_p2m_is_ours(maddr))
		return (struct swarm_range){
			.vaddr = phys_to_virt(maddr),
			.size = size,
		};
	return (struct swarm_range){
		.maddr = maddr,
		.size = size,
		.foreign = true,
	};
}

/* ---- map ---- */

/* May maintenance be needed that only Xen can do? */
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
			     enum dma_data_direction dir, unsigned long attrs,
			     struct swarm_batch *batch)
{
	struct swarm_range range = {
		.vaddr = phys_to_virt(phys),
		.maddr = extent->maddr,
		.size = size,
		.foreign = extent->foreign,
	};

	if (!dev_is_dma_coherent(dev) &&
	    !(attrs & DMA_ATTR_SKIP_CPU_SYNC) &&
	    to_device(dev, &range, dir, batch))
		return refuse(dev, phys, size, SWARM_REFUSE_FLUSH, attrs);

	swarm_dev_count(dev, SWARM_N_ROUTE + SWARM_DIRECT, 1);
	if (extent->foreign)
		swarm_dev_count(dev, SWARM_N_FOREIGN, 1);
	swarm_dev_count(dev, SWARM_N_BYTES, size);
	return phys_to_dma(dev, extent->maddr);
}

static enum swarm_route why_not(int err)
{
	switch (err) {
	case -E2BIG:
		return SWARM_REFUSE_TOO_BIG;
	case -ENOSPC:
		return SWARM_REFUSE_FULL;
	default:
		return SWARM_REFUSE_MASK;
	}
}

static dma_addr_t map_bounce(struct device *dev, phys_addr_t phys,
			     size_t size, enum dma_data_direction dir,
			     enum swarm_route route, unsigned long attrs)
{
	const struct swarm_reacher who =
		swarm_reacher(dev, *dev->dma_mask);
	const struct swarm_request rq = {
		.original = phys,
		.size = size,
		.keep = dma_get_min_align_mask(dev),
		.align = size < PAGE_SIZE ? 1 : PAGE_SIZE,
		.reaches = swarm_reacher_asks,
		.who = &who,
	};
	struct swarm_stand_in in;
	int err;

	err = swarm_pool_bounce(&swarm_of(dev)->pool, &rq, &in);
	if (err)
		return refuse(dev, phys, size, why_not(err), attrs);

	/*
	 * Even with DMA_ATTR_SKIP_CPU_SYNC: it was we who dirtied these lines,
	 * and one written back late would destroy what the device wrote.
	 */
	if (!dev_is_dma_coherent(dev)) {
		struct swarm_range run = {
			.vaddr = in.vaddr - in.lead,
			.size = in.span,
		};

		to_device(dev, &run, dir, NULL);
	}

	swarm_dev_count(dev, SWARM_N_ROUTE + route, 1);
	swarm_dev_count(dev, SWARM_N_BYTES, size);
	swarm_dev_count(dev, SWARM_N_BOUNCED_BYTES, size);
	return phys_to_dma(dev, in.maddr);
}

static dma_addr_t map_one(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs,
			  struct swarm_batch *batch)
{
	struct swarm_extent extent = {};
	struct swarm_facts facts = {};
	enum swarm_route route;

	gather(dev, phys, size, dir, &facts, &extent);
	route = decide(dev, phys, &facts);
	if (likely(route == SWARM_DIRECT))
		return map_direct(dev, phys, &extent, size, dir, attrs, batch);
	if (route == SWARM_BOUNCE_UNKNOWN)
		swarm_frames_want(swarm_of(dev)->frames, XEN_PFN_DOWN(phys),
				  XEN_PFN_UP(xen_offset_in_page(phys) + size));
	if (swarm_route_bounces(route))
		return map_bounce(dev, phys, size, dir, route, attrs);
	return refuse(dev, phys, size, route, attrs);
}

/**
 * swarm_map - give a buffer to a device
 * @dev:    the device
 * @phys:  guest physical address of the buffer, bytes
 * @size:  bytes
 * @dir:   which way the data goes
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 * Return: the address for the device; DMA_MAPPING_ERROR after one
 *	rate-limited line that says why, unless DMA_ATTR_NO_WARN.
 */
dma_addr_t swarm_map(struct device *dev, phys_addr_t phys, size_t size,
		     enum dma_data_direction dir, unsigned long attrs)
{
	return map_one(dev, phys, size, dir, attrs, NULL);
}

/* ---- unmap ---- */

static void unmap_bounce(struct device *dev, dma_addr_t dma,
			 const struct swarm_stand_in *in, size_t size,
			 enum dma_data_direction dir, unsigned long attrs)
{
	struct swarm_range range = stand_in_range(in, size);
	int err = swarm_pool_check(in, size);

	if (swarm_pool_is_lent(in)) {
		misuse(dev, "unmap", dma, size, -ENOENT);
		return;
	}
	if (!err && !(attrs & DMA_ATTR_SKIP_CPU_SYNC) && dir != DMA_TO_DEVICE) {
		if (!dev_is_dma_coherent(dev))
			to_cpu(dev, &range, dir, NULL);
		swarm_pool_copy_out(in, size);
	}
	err = swarm_pool_release(in, size) ?: err;
	if (err)
		misuse(dev, "unmap", dma, size, err);
}

static void unmap_direct(struct device *dev, dma_addr_t dma,
			 phys_addr_t maddr, size_t size,
			 enum dma_data_direction dir, unsigned long attrs,
			 struct swarm_batch *batch)
{
	struct swarm_range range;
	int err;

	if (dev_is_dma_coherent(dev) || (attrs & DMA_ATTR_SKIP_CPU_SYNC))
		return;
	range = direct_range(dev, maddr, size);
	err = to_cpu(dev, &range, dir, batch);
	if (err)
		misuse(dev, "unmap", dma, size, err);
}

static void unmap_one(struct device *dev, dma_addr_t dma, size_t size,
		      enum dma_data_direction dir, unsigned long attrs,
		      struct swarm_batch *batch)
{
	phys_addr_t maddr = dma_to_phys(dev, dma);
	struct swarm_stand_in in;

	swarm_dev_count(dev, SWARM_N_UNMAPS, 1);
	if (unlikely(!valid_dma_direction(dir))) {
		misuse(dev, "unmap", dma, size, -EDOM);
		attrs |= DMA_ATTR_SKIP_CPU_SYNC;
	}
	if (swarm_pool_find(&swarm_of(dev)->pool, maddr, &in))
		unmap_bounce(dev, dma, &in, size, dir, attrs);
	else
		unmap_direct(dev, dma, maddr, size, dir, attrs, batch);
}

/**
 * swarm_unmap - take a buffer back from a device
 * @dev:    the device
 * @dma:   what swarm_map() returned
 * @size:  what it was called with
 * @dir:   the same
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 */
void swarm_unmap(struct device *dev, dma_addr_t dma, size_t size,
		 enum dma_data_direction dir, unsigned long attrs)
{
	unmap_one(dev, dma, size, dir, attrs, NULL);
}

/* ---- scatterlists ---- */

static void unmap_list(struct device *dev, struct scatterlist *sgl, int nents,
		       enum dma_data_direction dir, unsigned long attrs,
		       struct swarm_batch *batch)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		unmap_one(dev, sg_dma_address(sg), sg_dma_len(sg), dir, attrs,
			  batch);
}

/* A batch is large: devices that snoop shall not have it on their stack. */
static noinline void unmap_list_in_batches(struct device *dev,
					   struct scatterlist *sgl, int nents,
					   enum dma_data_direction dir,
					   unsigned long attrs)
{
	struct swarm_batch batch;
	int err;

	swarm_batch_to_cpu(&batch, swarm_of(dev)->hv);
	unmap_list(dev, sgl, nents, dir, attrs, &batch);
	err = end_batch(dev, &batch);
	if (err)
		misuse(dev, "unmap", sg_dma_address(sgl), sg_dma_len(sgl), err);
}

/**
 * swarm_unmap_sg - take a scatterlist back
 * @dev:    the device
 * @sgl:   the list
 * @nents: how many entries swarm_map_sg() was given
 * @dir:   which way the data went
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 */
void swarm_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
		    enum dma_data_direction dir, unsigned long attrs)
{
	if (dev_is_dma_coherent(dev))
		unmap_list(dev, sgl, nents, dir, attrs, NULL);
	else
		unmap_list_in_batches(dev, sgl, nents, dir, attrs);
}

static int map_list(struct device *dev, struct scatterlist *sgl, int nents,
		    enum dma_data_direction dir, unsigned long attrs,
		    struct swarm_batch *batch)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		sg_dma_address(sg) = map_one(dev, sg_phys(sg), sg->length, dir,
					     attrs, batch);
		if (sg_dma_address(sg) == DMA_MAPPING_ERROR)
			goto undo;
		sg_dma_len(sg) = sg->length;
	}
	return nents;
undo:
	/* No device has seen these: nothing is to be copied back. */
	unmap_list(dev, sgl, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC, NULL);
	return -EIO;
}

static noinline int map_list_in_batches(struct device *dev,
					struct scatterlist *sgl, int nents,
					enum dma_data_direction dir,
					unsigned long attrs)
{
	struct swarm_batch batch;
	int ret;

	swarm_batch_to_device(&batch, swarm_of(dev)->hv);
	ret = map_list(dev, sgl, nents, dir, attrs, &batch);
	if (ret < 0 || !end_batch(dev, &batch))
		return ret;
	refuse(dev, sg_phys(sgl), sgl->length, SWARM_REFUSE_FLUSH, attrs);
	unmap_list(dev, sgl, nents, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC, NULL);
	return -EIO;
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
	if (dev_is_dma_coherent(dev))
		return map_list(dev, sgl, nents, dir, attrs, NULL);
	return map_list_in_batches(dev, sgl, nents, dir, attrs);
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

static int sync_bounce_to_cpu(struct device *dev,
			      const struct swarm_stand_in *in, size_t size,
			      enum dma_data_direction dir)
{
	struct swarm_range range = stand_in_range(in, size);
	int err = swarm_pool_check(in, size);

	if (err || dir == DMA_TO_DEVICE)
		return err;
	if (!dev_is_dma_coherent(dev))
		to_cpu(dev, &range, dir, NULL);
	swarm_pool_copy_out(in, size);
	return 0;
}

static int sync_bounce_to_device(struct device *dev,
				 const struct swarm_stand_in *in, size_t size,
				 enum dma_data_direction dir)
{
	struct swarm_range range = stand_in_range(in, size);
	int err = swarm_pool_check(in, size);

	if (err)
		return err;
	if (dir != DMA_FROM_DEVICE)
		swarm_pool_copy_in(in, size);
	if (!dev_is_dma_coherent(dev))
		to_device(dev, &range, dir, NULL);
	return 0;
}

/* The two syncs are mirror images: what differs is a constant to inline. */
static __always_inline void
sync_either(struct device *dev, const char *verb, dma_addr_t dma, size_t size,
	    enum dma_data_direction dir, typeof(sync_bounce_to_cpu) *bounced,
	    typeof(to_cpu) *direct, struct swarm_batch *batch)
{
	phys_addr_t maddr = dma_to_phys(dev, dma);
	struct swarm_stand_in in;
	struct swarm_range range;
	int err = 0;

	swarm_dev_count(dev, SWARM_N_SYNCS, 1);
	if (!size)
		return;
	if (unlikely(!valid_dma_direction(dir))) {
		err = -EDOM;
	} else if (swarm_pool_find(&swarm_of(dev)->pool, maddr, &in)) {
		err = bounced(dev, &in, size, dir);
	} else if (!dev_is_dma_coherent(dev)) {
		range = direct_range(dev, maddr, size);
		err = direct(dev, &range, dir, batch);
	}
	if (err)
		misuse(dev, verb, dma, size, err);
}

typedef void sync_one(struct device *dev, dma_addr_t dma, size_t size,
		      enum dma_data_direction dir, struct swarm_batch *batch);

static void sync_one_to_cpu(struct device *dev, dma_addr_t dma, size_t size,
			    enum dma_data_direction dir,
			    struct swarm_batch *batch)
{
	sync_either(dev, "sync to the CPU", dma, size, dir, sync_bounce_to_cpu,
		    to_cpu, batch);
}

static void sync_one_to_device(struct device *dev, dma_addr_t dma, size_t size,
			       enum dma_data_direction dir,
			       struct swarm_batch *batch)
{
	sync_either(dev, "sync to the device", dma, size, dir,
		    sync_bounce_to_device, to_device, batch);
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
	sync_one_to_cpu(dev, dma, size, dir, NULL);
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
	sync_one_to_device(dev, dma, size, dir, NULL);
}

static void sync_list(struct device *dev, struct scatterlist *sgl, int nents,
		      enum dma_data_direction dir,
		      sync_one *sync, struct swarm_batch *batch)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		sync(dev, sg_dma_address(sg), sg_dma_len(sg), dir, batch);
}

static noinline void sync_list_in_batches(struct device *dev,
					  struct scatterlist *sgl, int nents,
					  enum dma_data_direction dir,
					  sync_one *sync)
{
	struct swarm_batch batch;
	int err;

	if (sync == sync_one_to_cpu)
		swarm_batch_to_cpu(&batch, swarm_of(dev)->hv);
	else
		swarm_batch_to_device(&batch, swarm_of(dev)->hv);
	sync_list(dev, sgl, nents, dir, sync, &batch);
	err = end_batch(dev, &batch);
	if (err)
		misuse(dev, "sync", sg_dma_address(sgl), sg_dma_len(sgl), err);
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
	if (dev_is_dma_coherent(dev))
		sync_list(dev, sgl, nents, dir, sync_one_to_cpu, NULL);
	else
		sync_list_in_batches(dev, sgl, nents, dir, sync_one_to_cpu);
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
	if (dev_is_dma_coherent(dev))
		sync_list(dev, sgl, nents, dir, sync_one_to_device, NULL);
	else
		sync_list_in_batches(dev, sgl, nents, dir, sync_one_to_device);
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

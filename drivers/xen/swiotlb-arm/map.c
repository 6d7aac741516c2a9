// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-map-ops.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/scatterlist.h>

#include <xen/page.h>
#include <xen/swiotlb-arm-hv.h>

#include "bounce.h"
#include "compat.h"
#include "map.h"
#include "mapping.h"
#include "mfn-map.h"
#include "report.h"

/* ---- map: acting on a verdict ---- */

static __always_inline dma_addr_t
map_direct(struct xadma_dev *xd, phys_addr_t phys, size_t size,
	   enum dma_data_direction dir, unsigned long attrs, struct xadma_verdict v)
{
	if (v.maintain && !(attrs & DMA_ATTR_SKIP_CPU_SYNC)) {
		/* The kernel sees other domains' pages, too: the caller has mapped them. */
		xd->xadma->hv->clean(phys_to_virt(phys), size, dir);
		xadma_dev_count_both(xd, XADMA_N_ROUTE + XADMA_DIRECT,
				     v.foreign ? XADMA_N_CACHE_FOREIGN :
						 XADMA_N_CACHE_LOCAL);
		if (v.foreign)
			xadma_dev_count(xd, XADMA_N_FOREIGN, 1);
	} else {
		xadma_dev_count_direct(xd, v.foreign);
	}
	return v.dma;
}

static enum xadma_route why_not(struct xadma_dev *xd, enum xadma_route route, int err)
{
	if (xadma_pool_empty(&xd->xadma->pool))
		return XADMA_REFUSE_NOPOOL;
	switch (err) {
	case -E2BIG:
		/* A driver that never bounces was told that any length will do. */
		return route == XADMA_BOUNCE_SCATTER ? XADMA_REFUSE_SCATTER :
						       XADMA_REFUSE_TOO_BIG;
	case -ENOSPC:
		return XADMA_REFUSE_FULL;
	case -EBUSY:
		return XADMA_REFUSE_SHARE;
	default:
		return XADMA_REFUSE_MASK;
	}
}

/*
 * Even with DMA_ATTR_SKIP_CPU_SYNC: it was the copy that dirtied these lines, and one
 * written back late would destroy what the device wrote. And all lines of the run, for
 * what is clear in the cache may have been cleared for a device that snoops.
 */
static noinline void clean_run(struct xadma_dev *xd, const void *start, size_t size,
			       enum dma_data_direction dir)
{
	xadma_dev_count(xd, XADMA_N_CACHE_LOCAL, 1);
	xd->xadma->hv->clean(start, size, dir);
}

static size_t alloc_align(size_t size)
{
	return size < PAGE_SIZE ? 1 : PAGE_SIZE;
}

/* Slow path: the run comes from a chunk, or the device's windows have to be asked. */
static noinline dma_addr_t map_bounce_slow(struct device *dev, struct xadma_dev *xd,
					   phys_addr_t phys, size_t size,
					   enum dma_data_direction dir,
					   unsigned long attrs,
					   enum xadma_route route)
{
	const struct xadma_request rq = {
		.orig_addr = phys,
		.size = size,
		.min_align_mask = dma_get_min_align_mask(dev),
		.alloc_align = alloc_align(size),
		.boundary = dma_get_seg_boundary(dev),
		.windows = xd->reach.windows,
		.limit = xadma_dev_limit(dev, *dev->dma_mask),
		.account = &xd->stats->account,
	};
	struct xadma_bounce b;
	int err;

	err = xadma_bounce_request(&xd->xadma->pool, &rq, &b);
	if (err)
		return xadma_refuse(dev, phys, size, why_not(xd, route, err), attrs);
	xadma_dev_count(xd, XADMA_N_ROUTE + route, 1);
	if (!xd->reach.coherent)
		clean_run(xd, b.vaddr - b.pad, b.run_size, dir);
	xadma_dev_uses_pool(xd);
	return b.maddr + b.shift;
}

static __always_inline dma_addr_t
map_bounce(struct device *dev, struct xadma_dev *xd, phys_addr_t phys, size_t size,
	   enum dma_data_direction dir, unsigned long attrs, enum xadma_route route)
{
	unsigned int min_align_mask = dma_get_min_align_mask(dev), order;
	size_t pad = phys & min_align_mask, run_size;
	struct xadma_stats *stats;
	struct xadma_run *run;
	unsigned long flags;
	void *start;

	order = xadma_bounce_order(size, pad, min_align_mask, alloc_align(size),
				   dma_get_seg_boundary(dev));
	local_irq_save(flags);
	run = xadma_bounce_take(&xd->xadma->pool, order, &xd->reach, *dev->dma_mask);
	if (unlikely(!run)) {
		local_irq_restore(flags);
		return map_bounce_slow(dev, xd, phys, size, dir, attrs, route);
	}
	run_size = XADMA_SLOT_SIZE << order;
	stats = this_cpu_ptr(xd->stats);
	stats->route[route]++;
	xadma_account_charge(&stats->account, size, run_size);
	local_irq_restore(flags);

	start = xadma_bounce_begin(run, phys, size, pad);
	if (!xd->reach.coherent)
		clean_run(xd, start, run_size, dir);
	xadma_dev_uses_pool(xd);
	return run->maddr + pad;
}

static __always_inline dma_addr_t
act_on_verdict(struct device *dev, struct xadma_dev *xd, phys_addr_t phys, size_t size,
	       enum dma_data_direction dir, unsigned long attrs,
	       struct xadma_verdict v)
{
	if (v.route == XADMA_DIRECT)
		return map_direct(xd, phys, size, dir, attrs, v);
	if (unlikely(!xadma_route_bounces(v.route)))
		return xadma_refuse(dev, phys, size, v.route, attrs);
	if (unlikely(attrs & XADMA_ATTR_REQUIRE_COHERENT))
		return xadma_refuse(dev, phys, size, XADMA_REFUSE_COHERENT, attrs);
	if (unlikely(v.route == XADMA_BOUNCE_UNKNOWN))
		xadma_mfn_map_want(xd->xadma->mfn_map, xadma_frames_of(phys, size));
	return map_bounce(dev, xd, phys, size, dir, attrs, v.route);
}

/* For xadma_map(), when the first lines of route do not settle it. */
dma_addr_t xadma_map_rest(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	struct xadma_dev *xd = xadma_dev(dev);

	return act_on_verdict(dev, xd, phys, size, dir, attrs,
			      xadma_route_rest(&xd->reach, *dev->dma_mask,
					       dev->bus_dma_limit, phys, size, dir));
}

/* For a list, whose loop is short of registers where this is inlined. */
static noinline dma_addr_t
act_on_entry(struct device *dev, struct xadma_dev *xd, phys_addr_t phys, size_t size,
	     enum dma_data_direction dir, unsigned long attrs, struct xadma_verdict v)
{
	return act_on_verdict(dev, xd, phys, size, dir, attrs, v);
}

/* ---- unmap ---- */

static __always_inline void
unmap_bounce(struct device *dev, struct xadma_dev *xd, struct xadma_bounce *b,
	     dma_addr_t dma, size_t size, enum dma_data_direction dir,
	     unsigned long attrs, unsigned long flags)
{
	size_t at = b->offset - b->run->start, mapped = 0, bytes;

	/*
	 * An address in the first slot ends the mapping, as with swiotlb: the run
	 * would be lost otherwise. Of two CPUs that unmap the same, one gets the run,
	 * and the other is told.
	 */
	if (likely(!at) || xadma_bounce_in_first_slot(b))
		mapped = xadma_bounce_claim(b->run);
	if (unlikely(at || size != mapped || !mapped))
		xadma_misuse(dev, "unmap", dma, size, mapped ? -ERANGE : -ENOENT);
	if (unlikely(!mapped))
		return;
	bytes = likely(at < mapped) ? min(size, mapped - at) : 0;
	if (dir != DMA_TO_DEVICE && !(attrs & DMA_ATTR_SKIP_CPU_SYNC) && likely(bytes)) {
		/* The run has been claimed, so the chunk cannot be retired. */
		local_irq_restore(flags);
		if (!xd->reach.coherent) {
			xd->xadma->hv->inval(b->vaddr, bytes, dir);
			xadma_dev_count(xd, XADMA_N_CACHE_LOCAL, 1);
		}
		xadma_bounce_copy_out(b, bytes);
		local_irq_disable();
	}
	xadma_account_return(&this_cpu_ptr(xd->stats)->account, b->run->slots);
	xadma_bounce_end(&xd->xadma->pool, b->run);
}

static void unmap_direct(struct device *dev, struct xadma_dev *xd, dma_addr_t dma,
			 phys_addr_t maddr, phys_addr_t phys, size_t size,
			 enum dma_data_direction dir, unsigned long attrs)
{
	struct xadma_lines lines __uninitialized;
	int calls;

	if (xd->reach.coherent)
		return;
	if (dir == DMA_TO_DEVICE || (attrs & DMA_ATTR_SKIP_CPU_SYNC)) {
		xadma_dev_count(xd, XADMA_N_UNMAPS, 1);
		return;
	}
	if (unlikely(!size))
		return;
	lines = xadma_lines_of(xd->xadma, maddr, phys, size);
	xadma_dev_count_both(xd, XADMA_N_UNMAPS, xadma_lines_counter(&lines));
	calls = xadma_cache_to_cpu(xd->xadma->hv, &lines, dir);
	if (unlikely(calls))
		xadma_note_calls(dev, xd, "unmap", dma, size, calls);
}

/* For xadma_unmap(), when there is something to do; an entry of a list knows @phys. */
void xadma_unmap_rest(struct device *dev, dma_addr_t dma, phys_addr_t phys,
		      size_t size, enum dma_data_direction dir,
		      unsigned long attrs)
{
	struct xadma_dev *xd = xadma_dev(dev);
	phys_addr_t maddr = xadma_dev_maddr(xd, dma);
	struct xadma_bounce b __uninitialized;
	unsigned long flags;

	if (unlikely(!valid_dma_direction(dir))) {
		xadma_misuse(dev, "unmap", dma, size, -EDOM);
		attrs |= DMA_ATTR_SKIP_CPU_SYNC;
	}
	/* A driver may unmap twice: what is found has to stay while it is looked at. */
	if (xadma_mapping_bounced(xd->xadma, maddr, &b, &flags)) {
		unmap_bounce(dev, xd, &b, dma, size, dir, attrs, flags);
		local_irq_restore(flags);
		return;
	}
	unmap_direct(dev, xd, dma, maddr, phys, size, dir, attrs);
}

/* ---- scatterlists ---- */

/**
 * xadma_unmap_sg - take a scatterlist back
 * @dev:   the device
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
	struct xadma_dev *xd = xadma_dev(dev);
	struct scatterlist *sg;
	int i;

	if (!xadma_dev_returns(xd))
		return;
	for_each_sg(sgl, sg, nents, i)
		xadma_unmap_rest(dev, sg_dma_address(sg), sg_phys(sg),
				 sg_dma_len(sg), dir, attrs);
}

/**
 * xadma_map_sg - give a scatterlist to a device
 * @dev:   the device
 * @sgl:   the list
 * @nents: how many entries
 * @dir:   which way the data goes
 * @attrs: DMA_ATTR_*
 *
 * Entries are mapped one by one, as buffers of their own.
 *
 * Context: any.
 * Return: @nents, all of them mapped; or -EIO with none mapped.
 */
int xadma_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		 enum dma_data_direction dir, unsigned long attrs)
{
	struct xadma_dev *xd = xadma_dev(dev);
	u64 mask = *dev->dma_mask, bus = dev->bus_dma_limit;
	struct xadma_range plain = xadma_route_plain(&xd->reach, mask);
	unsigned int foreign = 0, others = 0;
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		phys_addr_t phys = sg_phys(sg);
		struct xadma_verdict v = xadma_route(&xd->reach, plain, mask, bus,
						     phys, sg->length, dir);
		dma_addr_t dma = v.dma;

		/* Nothing to do but to count, and that once for the list. */
		if (likely(v.route == XADMA_DIRECT && !v.maintain)) {
			foreign += v.foreign;
		} else {
			dma = act_on_entry(dev, xd, phys, sg->length, dir, attrs, v);
			if (unlikely(dma == DMA_MAPPING_ERROR))
				break;
			others++;
		}
		sg_dma_address(sg) = dma;
		sg_dma_len(sg) = sg->length;
	}
	xadma_dev_count(xd, XADMA_N_ROUTE + XADMA_DIRECT, i - others);
	if (foreign)
		xadma_dev_count(xd, XADMA_N_FOREIGN, foreign);
	if (i == nents)
		return nents;

	/* No device has seen these: nothing is to be copied back. */
	xadma_unmap_sg(dev, sgl, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
	return -EIO;
}

/* ---- device memory ---- */

/**
 * xadma_map_mmio - let a device reach another device's registers
 * @dev:  the device
 * @phys: guest physical address of the registers, bytes
 * @size: bytes
 *
 * Xen maps MMIO 1:1 into the hardware domain, and tells no other domain where it
 * is. dma-ranges speak of RAM, so the address is handed on as it
 * is; it is never bounced, and has no cache lines.
 *
 * Context: any.
 * Return: the address for the device, or DMA_MAPPING_ERROR.
 */
dma_addr_t xadma_map_mmio(struct device *dev, phys_addr_t phys, size_t size)
{
	u64 limit = xadma_dev_limit(dev, xadma_dev_mask(dev));
	struct xadma_dev *xd = xadma_dev(dev);

	if (!size)
		return xadma_refuse(dev, phys, size, XADMA_REFUSE_EMPTY, 0);
	if (phys + size < phys)
		return xadma_refuse(dev, phys, size, XADMA_REFUSE_WRAP, 0);
	if (phys + size - 1 > limit || !xd->xadma->mmio_is_ours)
		return xadma_refuse(dev, phys, size, XADMA_REFUSE_MMIO, 0);
	xadma_dev_count(xd, XADMA_N_MMIO, 1);
	return phys;
}

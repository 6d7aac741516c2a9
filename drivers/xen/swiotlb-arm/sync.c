// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each pair of functions is to be read side by side. A sync of more than was mapped
 * moves what was mapped and not a byte more; the driver is told.
 *
 * Interrupts are off while a run is looked at, which may be anybody's if the driver is
 * wrong; what is mapped there is the caller's, so it stays while it is copied.
 */
#include <linux/dma-map-ops.h>
#include <linux/irqflags.h>
#include <linux/scatterlist.h>

#include <xen/swiotlb-arm-hv.h>

#include "bounce.h"
#include "mapping.h"
#include "report.h"
#include "sync.h"

/* Is a bounce buffer there, and how many of @size bytes from there on are its? */
static __always_inline bool
find_bounced(struct xadma_dev *xd, phys_addr_t maddr, size_t size,
	     struct xadma_bounce *b, size_t *bytes)
{
	unsigned long flags;

	if (!xadma_mapping_bounced(xd->xadma, maddr, b, &flags))
		return false;
	this_cpu_ptr(xd->stats)->n[XADMA_N_SYNCS]++;
	*bytes = xadma_bounce_bytes(b, size);
	local_irq_restore(flags);
	return true;
}

static void tell(struct device *dev, const char *call, dma_addr_t dma, size_t size,
		 size_t bytes)
{
	xadma_misuse(dev, call, dma, size, bytes ? -ERANGE : -ENOENT);
}

static __always_inline void
sync_for_cpu(struct device *dev, struct xadma_dev *xd, dma_addr_t dma,
	     phys_addr_t phys, size_t size, enum dma_data_direction dir)
{
	phys_addr_t maddr = xadma_dev_maddr(xd, dma);
	struct xadma_bounce b __uninitialized;
	size_t bytes __uninitialized;
	struct xadma_lines lines __uninitialized;
	int calls;

	if (!size)
		return;
	if (find_bounced(xd, maddr, size, &b, &bytes)) {
		if (unlikely(bytes < size))
			tell(dev, "sync to the CPU", dma, size, bytes);
		if (dir == DMA_TO_DEVICE || unlikely(!bytes))
			return;
		if (!xd->reach.coherent) {
			xadma_dev_count(xd, XADMA_N_CACHE_LOCAL, 1);
			xd->xadma->hv->inval(b.vaddr, bytes, dir);
		}
		xadma_bounce_copy_out(&b, bytes);
		return;
	}
	/* What the CPU wrote it may read again at once. */
	if (xd->reach.coherent || dir == DMA_TO_DEVICE)
		return;
	lines = xadma_lines_of(xd->xadma, maddr, phys, size);
	xadma_dev_count(xd, xadma_lines_counter(&lines), 1);
	calls = xadma_cache_to_cpu(xd->xadma->hv, &lines, dir);
	if (unlikely(calls))
		xadma_note_calls(dev, xd, "sync to the CPU", dma, size, calls);
}

static __always_inline void
sync_for_device(struct device *dev, struct xadma_dev *xd, dma_addr_t dma,
		phys_addr_t phys, size_t size, enum dma_data_direction dir)
{
	phys_addr_t maddr = xadma_dev_maddr(xd, dma);
	struct xadma_bounce b __uninitialized;
	size_t bytes __uninitialized;
	struct xadma_lines lines __uninitialized;
	int calls;

	if (!size)
		return;
	if (find_bounced(xd, maddr, size, &b, &bytes)) {
		if (unlikely(bytes < size))
			tell(dev, "sync to the device", dma, size, bytes);
		if (unlikely(!bytes))
			return;
		if (dir != DMA_FROM_DEVICE)
			xadma_bounce_copy_in(&b, bytes);
		if (!xd->reach.coherent) {
			xadma_dev_count(xd, XADMA_N_CACHE_LOCAL, 1);
			xd->xadma->hv->clean(b.vaddr, bytes, dir);
		}
		return;
	}
	if (xd->reach.coherent)
		return;
	lines = xadma_lines_of(xd->xadma, maddr, phys, size);
	xadma_dev_count(xd, xadma_lines_counter(&lines), 1);
	calls = xadma_cache_to_device(xd->xadma->hv, &lines, dir);
	if (unlikely(calls))
		xadma_note_calls(dev, xd, "sync to the device", dma, size, calls);
}

/* A direction that moves no data is the driver's error. */
static bool goes_nowhere(struct device *dev, const char *call, dma_addr_t dma,
			 size_t size, enum dma_data_direction dir)
{
	if (likely(valid_dma_direction(dir)))
		return false;
	xadma_misuse(dev, call, dma, size, -EDOM);
	return true;
}

/**
 * xadma_sync_for_cpu - let the CPU see what the device did so far
 * @dev:  the device
 * @dma:  any address within a mapping
 * @size: bytes from there on
 * @dir:  the mapping's direction
 *
 * Context: any.
 */
void xadma_sync_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
			enum dma_data_direction dir)
{
	struct xadma_dev *xd = xadma_dev(dev);

	if (xadma_dev_returns(xd) &&
	    !goes_nowhere(dev, "sync to the CPU", dma, size, dir))
		sync_for_cpu(dev, xd, dma, XADMA_PHYS_UNKNOWN, size, dir);
}

/**
 * xadma_sync_for_device - let the device see what the CPU did since
 * @dev:  the device
 * @dma:  any address within a mapping
 * @size: bytes from there on
 * @dir:  the mapping's direction
 *
 * Context: any.
 */
void xadma_sync_for_device(struct device *dev, dma_addr_t dma, size_t size,
			   enum dma_data_direction dir)
{
	struct xadma_dev *xd = xadma_dev(dev);

	if (xadma_dev_returns(xd) &&
	    !goes_nowhere(dev, "sync to the device", dma, size, dir))
		sync_for_device(dev, xd, dma, XADMA_PHYS_UNKNOWN, size, dir);
}

/*
 * Of an entry the length that the driver asked for counts: some drivers fill in a
 * list by hand, and know nothing of sg_dma_len().
 */

/**
 * xadma_sync_sg_for_cpu - let the CPU see what the device did to a list so far
 * @dev:   the device
 * @sgl:   the list, mapped
 * @nents: how many entries
 * @dir:   the mapping's direction
 *
 * Context: any.
 */
void xadma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl, int nents,
			   enum dma_data_direction dir)
{
	struct xadma_dev *xd = xadma_dev(dev);
	struct scatterlist *sg;
	int i;

	if (!xadma_dev_returns(xd))
		return;
	for_each_sg(sgl, sg, nents, i)
		sync_for_cpu(dev, xd, sg_dma_address(sg), sg_phys(sg), sg->length,
			     dir);
}

/**
 * xadma_sync_sg_for_device - let the device see what the CPU did to a list since
 * @dev:   the device
 * @sgl:   the list, mapped
 * @nents: how many entries
 * @dir:   the mapping's direction
 *
 * Context: any.
 */
void xadma_sync_sg_for_device(struct device *dev, struct scatterlist *sgl, int nents,
			      enum dma_data_direction dir)
{
	struct xadma_dev *xd = xadma_dev(dev);
	struct scatterlist *sg;
	int i;

	if (!xadma_dev_returns(xd))
		return;
	for_each_sg(sgl, sg, nents, i)
		sync_for_device(dev, xd, sg_dma_address(sg), sg_phys(sg), sg->length,
				dir);
}

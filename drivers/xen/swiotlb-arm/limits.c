// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-mapping.h>
#include <linux/memblock.h>

#include "instance.h"
#include "limits.h"

static bool drives_own_ram(const struct xadma_dev *xd, u64 limit)
{
	phys_addr_t start, end;
	dma_addr_t dma;
	u64 i;

	for_each_mem_range(i, &start, &end)
		if (!xadma_windows_drive(xd->reach.windows, limit, start, end - start,
					 &dma))
			return false;
	return true;
}

/* Our own RAM, and the end of everybody's. */
static bool drives_all(const struct xadma_dev *xd, u64 limit)
{
	dma_addr_t dma;

	return xadma_windows_drive(xd->reach.windows, limit, xd->xadma->last_byte, 1,
				   &dma) && drives_own_ram(xd, limit);
}

/* What is one piece for us need not be one for the machine. */
static bool may_bounce(const struct xadma_dev *xd, u64 limit)
{
	return xd->reach.mfn_map || xd->reach.force || !drives_all(xd, limit);
}

static size_t largest_bounce(struct device *dev, const struct xadma_dev *xd, u64 limit)
{
	const struct xadma_request rq = {
		.min_align_mask = dma_get_min_align_mask(dev),
		.alloc_align = PAGE_SIZE,
		.boundary = dma_get_seg_boundary(dev),
		.windows = xd->reach.windows,
		.limit = limit,
	};

	return xadma_pool_largest(&xd->xadma->pool, &rq);
}

/* Is all in order for a device with this limit, and if not, can it be made so? */
static bool serve(struct device *dev, u64 limit)
{
	struct xadma_dev *xd = xadma_dev(dev);
	struct xadma *xadma = xd->xadma;

	if (!may_bounce(xd, limit) || largest_bounce(dev, xd, limit))
		return true;
	xadma_pool_fill(&xadma->pool, min(xadma->size / 4, xadma->start),
			xd->reach.windows, limit);
	return largest_bounce(dev, xd, limit);
}

/*
 * How much of the pool a device should drive. What is out of its reach of our own RAM
 * bounces all the time; other domains' pages do if there ever are any: the first burst
 * of them has to find room, and then the pool grows.
 */
static size_t share_of(const struct xadma_dev *xd, u64 limit)
{
	size_t size = xd->xadma->size;

	if (drives_all(xd, limit))
		return 0;
	return drives_own_ram(xd, limit) ? size / 8 : size;
}

/* What the pool has not begun with comes for the first device that needs it. */
static void fill(const struct xadma_dev *xd, u64 limit)
{
	struct xadma *xadma = xd->xadma;

	if (xadma->start < xadma->size)
		xadma_pool_fill(&xadma->pool, share_of(xd, limit), xd->reach.windows, limit);
}

/**
 * xadma_serve - get what a device needs that has just been configured
 * @dev: the device
 *
 * Its driver need not set a mask, if the one that the device was made with will do. So
 * a device that drives none of the pool is given a chunk now, if there is memory.
 *
 * Context: may sleep.
 */
void xadma_serve(struct device *dev)
{
	if (dev->dma_mask)
		serve(dev, xadma_dev_limit(dev, *dev->dma_mask));
}

/**
 * xadma_supported - can a device work with this mask?
 * @dev:  the device
 * @mask: the mask that its driver would like to set
 *
 * It can when it drives all RAM of the machine, or some of the pool. A pool
 * that has nothing so low yet is given memory there, if there is any.
 *
 * Context: may sleep.
 * Return: 1 or 0.
 */
int xadma_supported(struct device *dev, u64 mask)
{
	u64 limit;

	/* Some drivers give their device an offset before this. */
	xadma_dev_configure(dev);
	limit = xadma_dev_limit(dev, mask);
	fill(xadma_dev(dev), limit);
	if (serve(dev, limit))
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
	const struct xadma_dev *xd = xadma_dev(dev);
	const struct xadma_window *w = xadma_window_at(xd->reach.windows,
						       xd->xadma->last_byte);

	return DMA_BIT_MASK(fls64(xd->xadma->last_byte + (w ? w->shift : 0)));
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
	u64 limit = xadma_dev_limit(dev, xadma_dev_mask(dev));
	const struct xadma_dev *xd = xadma_dev(dev);

	if (!may_bounce(xd, limit))
		return SIZE_MAX;
	return largest_bounce(dev, xd, limit) ?: PAGE_SIZE;
}

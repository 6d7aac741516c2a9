/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * map: giving buffers to a device, and taking them back.
 *
 * Map asks route and acts; the first lines of route are inline here, so that what they
 * settle costs nothing else. Unmap asks mapping. This is written to the newest form of
 * the DMA API (physical addresses); ops.c adapts it to other kernels.
 *
 * Three kinds of address meet here. "phys" is what Linux calls physical: a guest
 * address. "maddr" is the machine's, which Xen alone decides. "dma" is what the device
 * is told: the machine address after the device's dma-ranges.
 */
#ifndef _XADMA_MAP_H
#define _XADMA_MAP_H

#include <linux/dma-direction.h>
#include <linux/dma-mapping.h>
#include <linux/types.h>

#include "device.h"
#include "route.h"

struct scatterlist;

dma_addr_t xadma_map_rest(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
void xadma_unmap_rest(struct device *dev, dma_addr_t dma, phys_addr_t phys,
		      size_t size, enum dma_data_direction dir,
		      unsigned long attrs);

int xadma_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		 enum dma_data_direction dir, unsigned long attrs);
void xadma_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
		    enum dma_data_direction dir, unsigned long attrs);
dma_addr_t xadma_map_mmio(struct device *dev, phys_addr_t phys, size_t size);

/**
 * xadma_map - give a buffer to a device
 * @dev:   the device
 * @phys:  guest physical address of the buffer, bytes
 * @size:  bytes
 * @dir:   which way the data goes
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 * Return: the address for the device; DMA_MAPPING_ERROR after one
 *	rate-limited line that says why, unless DMA_ATTR_NO_WARN.
 */
static __always_inline dma_addr_t xadma_map(struct device *dev, phys_addr_t phys,
					    size_t size,
					    enum dma_data_direction dir,
					    unsigned long attrs)
{
	const struct xadma_dev *xd = READ_ONCE(dev->archdata.xadma);
	struct xadma_verdict v;

	/* The core maps nothing for a device without a mask. */
	if (unlikely(!xd || !xadma_route_first(xadma_route_plain(&xd->reach, *dev->dma_mask),
					       phys, size, &v)))
		return xadma_map_rest(dev, phys, size, dir, attrs);
	xadma_dev_count_direct(xd, v.foreign);
	return v.dma;
}

/**
 * xadma_unmap - take a buffer back from a device
 * @dev:   the device
 * @dma:   what xadma_map() returned
 * @size:  what it was called with
 * @dir:   the same
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 */
static __always_inline void xadma_unmap(struct device *dev, dma_addr_t dma,
					size_t size, enum dma_data_direction dir,
					unsigned long attrs)
{
	const struct xadma_dev *xd = READ_ONCE(dev->archdata.xadma);

	if (unlikely(!xd) || xadma_dev_returns(xd))
		xadma_unmap_rest(dev, dma, XADMA_PHYS_UNKNOWN, size, dir, attrs);
}

#endif /* _XADMA_MAP_H */

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-mapping.h>

#include "instance.h"
#include "report.h"

/**
 * xadma_refuse - refuse to map a buffer
 * @dev:   the device
 * @phys:  guest physical address of the buffer, bytes
 * @size:  bytes
 * @route: why
 * @attrs: DMA_ATTR_*; with DMA_ATTR_NO_WARN it is counted only
 *
 * Context: any.
 * Return: DMA_MAPPING_ERROR.
 */
dma_addr_t xadma_refuse(struct device *dev, phys_addr_t phys, size_t size,
			enum xadma_route route, unsigned long attrs)
{
	struct xadma_pool_usage usage;

	xadma_dev_count(xadma_dev(dev), XADMA_N_ROUTE + route, 1);
	if (attrs & DMA_ATTR_NO_WARN)
		return DMA_MAPPING_ERROR;

	usage = xadma_pool_usage(&xadma_of(dev)->pool);
	dev_err_ratelimited(dev,
			    "swiotlb-arm: cannot map %zu bytes at %pa: %s (mask %#llx, %u of %u slots used)\n",
			    size, &phys, xadma_route_why(route),
			    xadma_dev_mask(dev), usage.used, usage.slots);
	return DMA_MAPPING_ERROR;
}

/**
 * xadma_refuse_attrs - refuse a call whose attributes are not understood
 * @dev:   the device
 * @call:  what was called
 * @size:  bytes
 * @attrs: those that are not understood
 *
 * To ignore one that is more than a hint would give the device, or the driver,
 * something else than was asked for.
 *
 * Context: any.
 * Return: DMA_MAPPING_ERROR.
 */
dma_addr_t xadma_refuse_attrs(struct device *dev, const char *call, size_t size,
			      unsigned long attrs)
{
	xadma_dev_count(xadma_dev(dev), XADMA_N_ROUTE + XADMA_REFUSE_ATTRS, 1);
	dev_err_ratelimited(dev,
			    "swiotlb-arm: %s of %zu bytes: attributes %#lx are not understood\n",
			    call, size, attrs);
	return DMA_MAPPING_ERROR;
}

/**
 * xadma_misuse - a driver named a mapping that is none, or not of that length
 * @dev:  the device
 * @call: what was called
 * @dma:  the address that it was called with
 * @size: the length, bytes
 * @err:  -ENOENT: nothing is mapped there; -ERANGE: what is mapped there has another
 *	length; -EDOM: no direction; any other: Xen refused to maintain caches
 *
 * Context: any.
 */
void xadma_misuse(struct device *dev, const char *call, dma_addr_t dma,
		  size_t size, int err)
{
	xadma_dev_count(xadma_dev(dev), XADMA_N_MISUSE, 1);
	dev_err_ratelimited(dev,
			    "swiotlb-arm: %s of %zu bytes at %pad: %s; CONFIG_DMA_API_DEBUG tells more\n",
			    call, size, &dma,
			    err == -ENOENT ? "nothing is mapped there" :
			    err == -ERANGE ? "not what was mapped" :
			    err == -EDOM   ? "no direction" :
					     "neither our RAM nor a frame that Xen flushes for us");
}

/**
 * xadma_note_calls - Xen was asked to maintain cache lines
 * @dev:   the device
 * @xd:    its record
 * @call:  what was called
 * @dma:   the address that it was called with
 * @size:  the length, bytes
 * @calls: how many hypercalls it took, or Xen's refusal
 *
 * Context: any.
 */
void xadma_note_calls(struct device *dev, struct xadma_dev *xd, const char *call,
		      dma_addr_t dma, size_t size, int calls)
{
	if (calls > 0)
		xadma_dev_count(xd, XADMA_N_CACHE_CALLS, calls);
	else
		xadma_misuse(dev, call, dma, size, calls);
}

/**
 * xadma_no_coherent - there is no coherent memory for a device
 * @dev:  the device
 * @size: bytes
 *
 * Context: any.
 */
void xadma_no_coherent(struct device *dev, size_t size)
{
	dev_err_ratelimited(dev,
			    "swiotlb-arm: no %zu bytes of coherent memory below %#llx; coherent_pool=, cma= or swiotlb_arm.size= may help\n",
			    size, xadma_dev_limit(dev, dev->coherent_dma_mask));
}

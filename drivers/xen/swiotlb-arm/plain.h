/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plain: what needs no second look.
 *
 * Most buffers are RAM of our own, in a domain that is mapped 1:1, for a device
 * that snoops and reaches them: those are *plain*. That is found out here in a
 * handful of comparisons, none of which looks at more than the two ends of the
 * buffer. Two more kinds are common enough to be told here as well: what would be
 * plain if the device reached it, and a page of another domain's.
 *
 * What is none of these goes the long way, in dma.c, which comes to the same result
 * where both have one.
 */
#ifndef _XADMA_PLAIN_H
#define _XADMA_PLAIN_H

#include <linux/cache.h>
#include <linux/dma-map-ops.h>
#include <linux/memblock.h>
#include <linux/minmax.h>
#include <linux/pfn.h>

#include <xen/page.h>
#include <xen/swiotlb-arm-p2m.h>

#include "dma.h"

/**
 * xadma_is_plain - is the buffer's own address what the device is to be told?
 * @dev:  the device
 * @phys: guest physical address of the buffer, bytes
 * @size: bytes
 *
 * Context: any, no lock.
 * Return: true when it is, and nothing else is to be done; false tells nothing.
 */
static __always_inline bool xadma_is_plain(const struct device *dev,
					   phys_addr_t phys, size_t size)
{
	phys_addr_t last = phys + size - 1;

	return last >= phys && last < xadma_dev(dev)->plain_end &&
	       last <= *dev->dma_mask &&
	       !xadma_p2m_near_foreign(PFN_DOWN(phys), PFN_DOWN(last));
}

/* The highest address that the device drives as it is. */
static __always_inline phys_addr_t xadma_reach(const struct device *dev)
{
	return min(xadma_dev(dev)->reach, *dev->dma_mask);
}

/**
 * xadma_is_too_far - must it bounce for no other reason than that it is far up?
 * @dev:  the device
 * @phys: guest physical address of the buffer, bytes
 * @size: bytes
 *
 * What lies below the end of RAM is believed to be RAM here, for callers that have
 * a page for it.
 *
 * Context: any, no lock; it is known not to be near anything foreign.
 * Return: true when it must; false tells nothing.
 */
static __always_inline bool xadma_is_too_far(const struct device *dev,
					     phys_addr_t phys, size_t size)
{
	phys_addr_t last = phys + size - 1;

	return last >= phys && last > xadma_reach(dev) && xadma_dev(dev)->reach &&
	       PFN_DOWN(last) < max_pfn;
}

/* Such a buffer owns its cache lines, as far as the kernel's allocators go. */
#define XADMA_OWNS_ITS_LINES	(2 * ARCH_DMA_MINALIGN)

/**
 * xadma_is_plain_but_deaf - is cache maintenance all that is to be done?
 * @dev:  the device, which does not snoop
 * @phys: guest physical address of the buffer, bytes
 * @size: bytes
 *
 * Context: any, no lock; it is known not to be near anything foreign.
 * Return: true when the device is to be told the buffer's own address; false tells
 *	nothing.
 */
static __always_inline bool
xadma_is_plain_but_deaf(const struct device *dev, phys_addr_t phys, size_t size)
{
	phys_addr_t last = phys + size - 1;

	return last >= phys && last <= xadma_reach(dev) &&
	       size >= XADMA_OWNS_ITS_LINES;
}

/* May any of it be another domain's? */
static __always_inline bool xadma_is_near_foreign(phys_addr_t phys, size_t size)
{
	return xadma_p2m_near_foreign(PFN_DOWN(phys), PFN_DOWN(phys + size - 1));
}

/**
 * xadma_plain_foreign - what the device is to be told of a page of another domain's
 * @dev:  the device
 * @phys: guest physical address of the buffer, bytes
 * @size: bytes
 *
 * Context: any, no lock; it is known to be near something foreign.
 * Return: the device's address, and nothing else is to be done; DMA_MAPPING_ERROR
 *	tells nothing.
 */
static __always_inline dma_addr_t
xadma_plain_foreign(const struct device *dev, phys_addr_t phys, size_t size)
{
	phys_addr_t end = xen_offset_in_page(phys) + size, maddr;
	unsigned long pfn = XEN_PFN_DOWN(phys), mfn;

	if (!xadma_dev(dev)->plain_end || size - 1 >= XEN_PAGE_SIZE ||
	    end > XEN_PAGE_SIZE)
		return DMA_MAPPING_ERROR;
	mfn = __pfn_to_mfn(pfn);
	if (mfn == INVALID_P2M_ENTRY)
		return DMA_MAPPING_ERROR;
	maddr = (phys_addr_t)mfn << XEN_PAGE_SHIFT;
	if (maddr + end - 1 > xadma_reach(dev))
		return DMA_MAPPING_ERROR;
	return maddr + xen_offset_in_page(phys);
}

/**
 * xadma_is_untouched - is there nothing to do when a buffer comes back?
 * @dev: the device
 *
 * Context: any, no lock.
 * Return: true for a device that snoops and was never given anything of the pool.
 */
static __always_inline bool xadma_is_untouched(struct device *dev)
{
	return dev_is_dma_coherent(dev) &&
	       !READ_ONCE(xadma_dev(dev)->uses_pool);
}

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
static __always_inline dma_addr_t xadma_map(struct device *dev,
					    phys_addr_t phys, size_t size,
					    enum dma_data_direction dir,
					    unsigned long attrs)
{
	if (likely(xadma_is_plain(dev, phys, size) && valid_dma_direction(dir))) {
		xadma_dev_count(dev, XADMA_N_ROUTE + XADMA_DIRECT, 1);
		return phys;
	}
	return xadma_map_rest(dev, phys, size, dir, attrs);
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
	if (!xadma_is_untouched(dev))
		xadma_unmap_rest(dev, dma, XADMA_PHYS_UNKNOWN, size, dir, attrs);
}

#endif /* _XADMA_PLAIN_H */

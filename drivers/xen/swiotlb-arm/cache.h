/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cache: one range, one direction: which maintenance, and by whom.
 *
 * Whatever the kernel can see it maintains itself, by virtual address: our own RAM,
 * and other domains' pages, which Xen maps into this domain as cacheable, shareable
 * memory like any other. Cache maintenance by virtual address to the point of
 * coherency works on the machine address behind it and is seen by all CPUs, so it
 * makes no difference who asks.
 *
 * When a buffer that is none of our RAM is unmapped by the device's address alone, only
 * its machine address is known. Its lines are Xen's to maintain, many ranges in a
 * call.
 */
#ifndef _XADMA_CACHE_H
#define _XADMA_CACHE_H

#include <linux/dma-direction.h>
#include <linux/types.h>

#include <xen/interface/grant_table.h>
#include <xen/swiotlb-arm-hv.h>

/* Ranges per hypercall: 128 KiB of foreign frames, 768 bytes of stack. */
#define XADMA_FLUSH_BATCH	32

/**
 * struct xadma_lines - memory that the caches may hold lines of
 * @vaddr:   where the kernel sees it; NULL when only @maddr is known
 * @maddr:   machine address, bytes; looked at only when @vaddr is NULL
 * @size:    bytes, at least 1
 * @granted: it may be another domain's, and so be mapped for reading only
 */
struct xadma_lines {
	const void *vaddr;
	phys_addr_t maddr;
	size_t size;
	bool granted;
};

bool xadma_cache_can_flush(const struct xadma_hv *hv);

int xadma_cache_flush_by_xen(const struct xadma_hv *hv, phys_addr_t maddr, size_t size,
			     u32 op);

/**
 * xadma_cache_to_device - before a device that does not snoop gets a range
 * @hv:    the machine
 * @lines: the range
 * @dir:   which way the data will go
 *
 * Lines are cleaned, never merely dropped, whatever the direction: a partial line at
 * either end may hold a neighbour's fresh data.
 *
 * Context: any.
 * Return: how many hypercalls it took; or Xen's refusal, in which case the range
 *	may not be used.
 */
static __always_inline int xadma_cache_to_device(const struct xadma_hv *hv,
						 const struct xadma_lines *lines,
						 enum dma_data_direction dir)
{
	if (unlikely(!lines->vaddr))
		return xadma_cache_flush_by_xen(hv, lines->maddr, lines->size,
						GNTTAB_CACHE_CLEAN);
	hv->clean(lines->vaddr, lines->size, dir);
	return 0;
}

/**
 * xadma_cache_to_cpu - before the CPU reads what such a device wrote
 * @hv:    the machine
 * @lines: the range
 * @dir:   which way the data went; nothing is done for DMA_TO_DEVICE
 *
 * A CPU may drop lines only of what it may write; where that is not sure they are
 * cleaned as well, which changes nothing, for none of them is dirty.
 *
 * Context: any.
 * Return: how many hypercalls it took, or Xen's refusal.
 */
static __always_inline int xadma_cache_to_cpu(const struct xadma_hv *hv,
					      const struct xadma_lines *lines,
					      enum dma_data_direction dir)
{
	if (dir == DMA_TO_DEVICE)
		return 0;
	if (unlikely(!lines->vaddr))
		return xadma_cache_flush_by_xen(hv, lines->maddr, lines->size,
						GNTTAB_CACHE_INVAL);
	if (lines->granted)
		hv->clean_inval(lines->vaddr, lines->size, dir);
	else
		hv->inval(lines->vaddr, lines->size, dir);
	return 0;
}

#endif /* _XADMA_CACHE_H */

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
 * Of what is only known by its machine address, as it is when a buffer that is none
 * of our RAM is unmapped by the device's address alone, the lines are Xen's to
 * maintain, many ranges in a call.
 */
#ifndef _XADMA_CACHE_H
#define _XADMA_CACHE_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct xadma_hv;

/* Ranges per hypercall: 128 KiB of foreign frames, 768 bytes of stack. */
#define XADMA_FLUSH_BATCH	32

/**
 * struct xadma_range - memory that the caches may hold lines of
 * @vaddr:   where the kernel sees it; NULL when only @maddr is known
 * @maddr:   machine address, bytes; looked at only when @vaddr is NULL
 * @size:    bytes, at least 1
 * @granted: it may be another domain's, and so be mapped for reading only
 */
struct xadma_range {
	const void *vaddr;
	phys_addr_t maddr;
	size_t size;
	bool granted;
};

int xadma_cache_to_device(const struct xadma_hv *hv,
			  const struct xadma_range *range,
			  enum dma_data_direction dir);
int xadma_cache_to_cpu(const struct xadma_hv *hv,
		       const struct xadma_range *range,
		       enum dma_data_direction dir);
bool xadma_cache_can_flush(const struct xadma_hv *hv);

#endif /* _XADMA_CACHE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alloc: memory that a driver and its device share for long.
 *
 * In a domain that is mapped 1:1 the kernel's own allocator for directly
 * mapped devices gives out the right addresses, with all the attributes, CMA
 * and the pools for atomic context that it knows of. Where its zones have
 * nothing that a narrow device reaches, the memory is allocated from our pool.
 *
 * That allocator translates addresses by dev->dma_range_map, which the core drops when
 * the driver is unbound; memory may be freed after that. So what it is given to free is
 * what it would have given out now for the same machine address.
 *
 * It may sleep, and the record of a device need not last longer than that (device.h):
 * after it the record is loaded again.
 */
#ifndef _XADMA_ALLOC_H
#define _XADMA_ALLOC_H

#include <linux/dma-direction.h>
#include <linux/mm.h>
#include <linux/types.h>

struct device;
struct page;
struct sg_table;
struct vm_area_struct;

/**
 * xadma_alloc_can_be - is this a size that memory can have?
 * @size: bytes
 *
 * Context: any; a pure function.
 * Return: false for 0, and for what wraps when it is rounded up to pages.
 */
static inline bool xadma_alloc_can_be(size_t size)
{
	return size && PAGE_ALIGN(size) >= size;
}

void *xadma_alloc(struct device *dev, size_t size, dma_addr_t *dma,
		  gfp_t gfp, unsigned long attrs);
void xadma_free(struct device *dev, size_t size, void *cookie,
		dma_addr_t dma, unsigned long attrs);
struct page *xadma_alloc_pages(struct device *dev, size_t size,
			       dma_addr_t *dma, enum dma_data_direction dir,
			       gfp_t gfp);
void xadma_free_pages(struct device *dev, size_t size, struct page *page,
		      dma_addr_t dma, enum dma_data_direction dir);
int xadma_mmap(struct device *dev, struct vm_area_struct *vma,
	       void *cookie, dma_addr_t dma, size_t size, unsigned long attrs);
int xadma_get_sgtable(struct device *dev, struct sg_table *sgt,
		      dma_addr_t dma, size_t size);

#endif /* _XADMA_ALLOC_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * coherent: memory that a driver and its device share for long.
 *
 * In a domain that is mapped 1:1 the kernel's own allocator for directly
 * mapped devices gives out the right addresses, with all the attributes, CMA
 * and the pools for atomic context that it knows of. Where its zones have
 * nothing that a narrow device reaches, the memory is lent from our pool.
 */
#ifndef _XADMA_COHERENT_H
#define _XADMA_COHERENT_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct page;
struct sg_table;
struct xadma_dev;
struct vm_area_struct;

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

#endif /* _XADMA_COHERENT_H */

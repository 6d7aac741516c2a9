// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/vmalloc.h>

#include <xen/swiotlb-arm-hv.h>

#include "coherent.h"
#include "dma.h"
#include "reach.h"

/* ---- lending from the pool ---- */

static int lend(struct device *dev, size_t size, struct swarm_stand_in *in)
{
	const struct swarm_reacher who =
		swarm_reacher(dev, dev->coherent_dma_mask);
	const struct swarm_request rq = {
		.original = SWARM_NO_ORIGINAL,
		.size = size,
		.align = roundup_pow_of_two(size),
		.reaches = swarm_reacher_asks,
		.who = &who,
	};

	return swarm_pool_bounce(&swarm_of(dev)->pool, &rq, in);
}

static bool find_lent(struct device *dev, dma_addr_t dma,
		      struct swarm_stand_in *in)
{
	return swarm_pool_find(&swarm_of(dev)->pool, dma_to_phys(dev, dma), in);
}

static void take_back(struct device *dev, const struct swarm_stand_in *in,
		      size_t size)
{
	int err = swarm_pool_is_lent(in) ? swarm_pool_release(in, size) :
					   -ENOENT;

	if (!err)
		return;
	swarm_dev_count(dev, SWARM_N_MISUSE, 1);
	dev_err_ratelimited(dev,
			    "swiotlb-arm: free of %zu bytes at machine address %pa: %s; the driver is wrong\n",
			    size, &in->maddr, err == -ENOENT ?
			    "nothing was allocated there" :
			    "not the size that was allocated");
}

static bool keeps_cookie(unsigned long attrs)
{
	return attrs & DMA_ATTR_NO_KERNEL_MAPPING;
}

/*
 * A device that does not snoop shares the memory through a mapping that does
 * not cache. Making one may sleep; what was asked for in atomic context is
 * only what the kernel's atomic pools hold.
 */
static void *uncached(struct device *dev, const struct swarm_stand_in *in,
		      size_t size, unsigned long attrs)
{
	struct page *page = virt_to_page(in->vaddr);

	arch_dma_prep_coherent(page, size);
	return dma_common_contiguous_remap(page, size,
					   dma_pgprot(dev, PAGE_KERNEL,
						      attrs),
					   __builtin_return_address(0));
}

static void *lend_mapped(struct device *dev, size_t size, dma_addr_t *dma,
			 gfp_t gfp, unsigned long attrs)
{
	bool remap = !dev_is_dma_coherent(dev) && !keeps_cookie(attrs);
	struct swarm_stand_in in;
	void *cookie;

	if (remap && !gfpflags_allow_blocking(gfp))
		return NULL;
	if (lend(dev, size, &in))
		return NULL;

	if (keeps_cookie(attrs)) {
		cookie = virt_to_page(in.vaddr);
		arch_dma_prep_coherent(cookie, size);
	} else {
		cookie = remap ? uncached(dev, &in, size, attrs) : in.vaddr;
	}
	if (!cookie) {
		take_back(dev, &in, size);
		return NULL;
	}
	*dma = phys_to_dma(dev, in.maddr);
	return cookie;
}

/* ---- coherent memory ---- */

static bool nothing_asked(struct device *dev, size_t size,
			  unsigned long attrs)
{
	if (size && size <= PAGE_ALIGN_DOWN(SIZE_MAX))
		return false;
	if (!(attrs & DMA_ATTR_NO_WARN))
		dev_err_ratelimited(dev,
				    "swiotlb-arm: cannot allocate %zu bytes; the driver's size is wrong\n",
				    size);
	return true;
}

/**
 * swarm_alloc - allocate coherent memory
 * @dev:    the device
 * @size:  bytes
 * @dma:   where to put the device's address
 * @gfp:   how hard to try; without __GFP_DIRECT_RECLAIM nothing sleeps
 * @attrs: DMA_ATTR_*
 *
 * Context: as @gfp says.
 * Return: the memory, zeroed; with DMA_ATTR_NO_KERNEL_MAPPING a cookie; NULL
 *	when there is none.
 */
void *swarm_alloc(struct device *dev, size_t size, dma_addr_t *dma,
		  gfp_t gfp, unsigned long attrs)
{
	void *cookie;

	if (nothing_asked(dev, size, attrs))
		return NULL;

	size = PAGE_ALIGN(size);
	cookie = dma_direct_alloc(dev, size, dma, gfp | __GFP_NOWARN,
				  attrs | DMA_ATTR_NO_WARN) ?:
		 lend_mapped(dev, size, dma, gfp, attrs);
	if (cookie)
		swarm_dev_count(dev, SWARM_N_COHERENT, 1);
	else if (!((attrs & DMA_ATTR_NO_WARN) || (gfp & __GFP_NOWARN)))
		dev_err_ratelimited(dev,
				    "swiotlb-arm: no %zu bytes of coherent memory below %#llx; coherent_pool=, cma= or swiotlb_arm.size= may help\n",
				    size, swarm_limit(dev,
						      dev->coherent_dma_mask));
	return cookie;
}

/**
 * swarm_free - free coherent memory
 * @dev:     the device
 * @size:   what swarm_alloc() was called with
 * @cookie: what it returned
 * @dma:    what it stored
 * @attrs:  what it was called with
 *
 * Context: may sleep.
 */
void swarm_free(struct device *dev, size_t size, void *cookie,
		dma_addr_t dma, unsigned long attrs)
{
	struct swarm_stand_in in;

	if (!find_lent(dev, dma, &in)) {
		dma_direct_free(dev, size, cookie, dma, attrs);
		return;
	}
	if (!keeps_cookie(attrs) && is_vmalloc_addr(cookie))
		dma_common_free_remap(cookie, PAGE_ALIGN(size));
	take_back(dev, &in, PAGE_ALIGN(size));
}

/* ---- pages ---- */

/**
 * swarm_alloc_pages - allocate pages that are mapped for streaming
 * @dev:   the device
 * @size: bytes
 * @dma:  where to put the device's address
 * @dir:  which way the data will go
 * @gfp:  how hard to try
 *
 * The pages stay cacheable; the driver syncs them as any streaming buffer.
 *
 * Context: as @gfp says.
 * Return: the first page, zeroed, or NULL.
 */
struct page *swarm_alloc_pages(struct device *dev, size_t size,
			       dma_addr_t *dma, enum dma_data_direction dir,
			       gfp_t gfp)
{
	struct swarm_stand_in in;
	struct page *page;

	if (nothing_asked(dev, size, 0))
		return NULL;

	size = PAGE_ALIGN(size);
	page = dma_direct_alloc_pages(dev, size, dma, dir,
				      gfp | __GFP_NOWARN);
	if (!page && !lend(dev, size, &in)) {
		page = virt_to_page(in.vaddr);
		*dma = phys_to_dma(dev, in.maddr);
	}
	if (page)
		swarm_dev_count(dev, SWARM_N_COHERENT, 1);
	return page;
}

/**
 * swarm_free_pages - free what swarm_alloc_pages() gave
 * @dev:   the device
 * @size: the size it was called with
 * @page: what it returned
 * @dma:  what it stored
 * @dir:  what it was called with
 *
 * Context: may sleep.
 */
void swarm_free_pages(struct device *dev, size_t size, struct page *page,
		      dma_addr_t dma, enum dma_data_direction dir)
{
	struct swarm_stand_in in;

	size = PAGE_ALIGN(size);
	if (find_lent(dev, dma, &in))
		take_back(dev, &in, size);
	else
		dma_direct_free_pages(dev, size, page, dma, dir);
}

/* ---- showing it to others ---- */

/*
 * Coherent memory is found by the device's address, since the cookie may be
 * one that names no memory. In a 1:1 domain that address names our own frame.
 */
static unsigned long pfn_behind(struct device *dev, dma_addr_t dma)
{
	struct swarm_stand_in in;

	if (find_lent(dev, dma, &in))
		return PHYS_PFN(in.phys);
	return PHYS_PFN(dma_to_phys(dev, dma));
}

/**
 * swarm_mmap - map coherent memory into user space
 * @dev:     the device
 * @vma:    where
 * @cookie: what swarm_alloc() returned
 * @dma:    what swarm_alloc() stored
 * @size:   bytes that were allocated
 * @attrs:  DMA_ATTR_*
 *
 * Context: may sleep; the caller holds mmap_lock for writing.
 * Return: 0, or a negative errno.
 */
int swarm_mmap(struct device *dev, struct vm_area_struct *vma,
	       void *cookie, dma_addr_t dma, size_t size, unsigned long attrs)
{
	unsigned long have = PAGE_ALIGN(size) >> PAGE_SHIFT;
	unsigned long want = vma_pages(vma);
	int ret = -ENXIO;

	vma->vm_page_prot = dma_pgprot(dev, vma->vm_page_prot, attrs);
	if (dma_mmap_from_dev_coherent(dev, vma, cookie, size, &ret))
		return ret;
	if (vma->vm_pgoff >= have || want > have - vma->vm_pgoff)
		return -ENXIO;
	return remap_pfn_range(vma, vma->vm_start,
			       pfn_behind(dev, dma) + vma->vm_pgoff,
			       want << PAGE_SHIFT, vma->vm_page_prot);
}

/**
 * swarm_get_sgtable - describe coherent memory as a scatterlist
 * @dev:   the device
 * @sgt:  the table to make; the caller frees it
 * @dma:  what swarm_alloc() stored
 * @size: bytes that were allocated
 *
 * Context: may sleep.
 * Return: 0, or a negative errno.
 */
int swarm_get_sgtable(struct device *dev, struct sg_table *sgt,
		      dma_addr_t dma, size_t size)
{
	int ret = sg_alloc_table(sgt, 1, GFP_KERNEL);

	if (ret)
		return ret;
	sg_set_page(sgt->sgl, pfn_to_page(pfn_behind(dev, dma)),
		    PAGE_ALIGN(size), 0);
	return 0;
}

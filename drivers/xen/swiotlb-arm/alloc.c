// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <xen/swiotlb-arm-hv.h>

#include "cache.h"
#include "alloc.h"
#include "dma.h"
#include "window.h"

/* ---- lending from the pool ---- */

static int lend(struct device *dev, size_t size, struct xadma_bounce *in)
{
	const struct xadma_reacher who =
		xadma_reacher(dev, dev->coherent_dma_mask);
	const struct xadma_request rq = {
		.orig_addr = XADMA_NO_ORIG,
		.size = size,
		.align = roundup_pow_of_two(size),
		.reaches = xadma_reacher_asks,
		.who = &who,
	};

	xadma_dev_uses_pool(dev);
	return xadma_pool_bounce(&xadma_of(dev)->pool, &rq, in);
}

static bool find_lent(struct device *dev, dma_addr_t dma,
		      struct xadma_bounce *in)
{
	bool found = false;

	if (!READ_ONCE(xadma_dev(dev)->uses_pool))
		return false;
	rcu_read_lock();
	found = xadma_pool_find(&xadma_of(dev)->pool, dma_to_phys(dev, dma), in);
	rcu_read_unlock();
	return found;
}

static void misuse(struct device *dev, phys_addr_t maddr, size_t size, int err)
{
	xadma_dev_count(dev, XADMA_N_MISUSE, 1);
	dev_err_ratelimited(dev,
			    "swiotlb-arm: free of %zu bytes at machine address %pa: %s; the driver is wrong\n",
			    size, &maddr, err == -ENOENT ?
			    "nothing was allocated there" :
			    "not the size that was allocated");
}

static void take_back(struct device *dev, struct xadma_bounce *in, size_t size)
{
	struct xadma_pool *pool = &xadma_of(dev)->pool;
	int err = -ENOENT;

	rcu_read_lock();
	if (xadma_pool_is_alloc(in))
		err = xadma_pool_release(pool, in, size, NULL);
	rcu_read_unlock();

	if (err)
		misuse(dev, in->maddr, size, err);
}

static bool keeps_cookie(unsigned long attrs)
{
	return attrs & DMA_ATTR_NO_KERNEL_MAPPING;
}

/*
 * A device that does not snoop shares the memory through a mapping that does
 * not cache. That is there once somebody who may sleep has asked for it.
 */
static void *uncached(struct device *dev, const struct xadma_bounce *in,
		      gfp_t gfp)
{
	void *cookie = xadma_pool_uncached(in);

	if (cookie || !gfpflags_allow_blocking(gfp))
		return cookie;
	xadma_pool_see_uncached(&xadma_of(dev)->pool);
	return xadma_pool_uncached(in);
}

static void write_back(struct device *dev, const struct xadma_bounce *in)
{
	const struct xadma_range range = {
		.vaddr = in->vaddr,
		.size = in->span,
	};

	if (!dev_is_dma_coherent(dev))
		xadma_cache_to_device(xadma_of(dev)->hv, &range,
				      DMA_BIDIRECTIONAL);
}

static void *lend_mapped(struct device *dev, size_t size, dma_addr_t *dma,
			 gfp_t gfp, unsigned long attrs)
{
	struct xadma_bounce in;
	void *cookie;

	if (lend(dev, size, &in))
		return NULL;
	write_back(dev, &in);

	if (keeps_cookie(attrs))
		cookie = xadma_page_of(in.vaddr);
	else if (dev_is_dma_coherent(dev))
		cookie = in.vaddr;
	else
		cookie = uncached(dev, &in, gfp);
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

/* The kernel's own allocator is right as long as its addresses are. */
static void *alloc_own(struct device *dev, size_t size, dma_addr_t *dma,
		       gfp_t gfp, unsigned long attrs)
{
	if (xadma_of(dev)->frames)
		return NULL;
	return dma_direct_alloc(dev, size, dma, gfp | __GFP_NOWARN,
				attrs | DMA_ATTR_NO_WARN);
}

/* Where that has nothing to give. */
static noinline void *alloc_lent(struct device *dev, size_t size,
				 dma_addr_t *dma, gfp_t gfp, unsigned long attrs)
{
	void *cookie = lend_mapped(dev, size, dma, gfp, attrs);

	if (cookie)
		xadma_dev_count(dev, XADMA_N_COHERENT, 1);
	else if (!((attrs & DMA_ATTR_NO_WARN) || (gfp & __GFP_NOWARN)))
		dev_err_ratelimited(dev,
				    "swiotlb-arm: no %zu bytes of coherent memory below %#llx; coherent_pool=, cma= or swiotlb_arm.size= may help\n",
				    size, xadma_limit(dev,
						      dev->coherent_dma_mask));
	return cookie;
}

/**
 * xadma_alloc - allocate coherent memory
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
void *xadma_alloc(struct device *dev, size_t size, dma_addr_t *dma,
		  gfp_t gfp, unsigned long attrs)
{
	void *cookie;

	if (nothing_asked(dev, size, attrs))
		return NULL;

	cookie = alloc_own(dev, size, dma, gfp, attrs);
	if (unlikely(!cookie))
		return alloc_lent(dev, PAGE_ALIGN(size), dma, gfp, attrs);
	xadma_dev_count(dev, XADMA_N_COHERENT, 1);
	return cookie;
}

static noinline void free_lent(struct device *dev, size_t size, void *cookie,
			       dma_addr_t dma, unsigned long attrs)
{
	struct xadma_bounce in;

	if (find_lent(dev, dma, &in))
		take_back(dev, &in, PAGE_ALIGN(size));
	else if (xadma_of(dev)->frames)
		misuse(dev, dma_to_phys(dev, dma), size, -ENOENT);
	else
		dma_direct_free(dev, size, cookie, dma, attrs);
}

/**
 * xadma_free - free coherent memory
 * @dev:     the device
 * @size:   what xadma_alloc() was called with
 * @cookie: what it returned
 * @dma:    what it stored
 * @attrs:  what it was called with
 *
 * Context: may sleep.
 */
void xadma_free(struct device *dev, size_t size, void *cookie,
		dma_addr_t dma, unsigned long attrs)
{
	if (READ_ONCE(xadma_dev(dev)->uses_pool) || xadma_of(dev)->frames)
		free_lent(dev, size, cookie, dma, attrs);
	else
		dma_direct_free(dev, size, cookie, dma, attrs);
}

/* ---- pages ---- */

/* Pages have to be neighbours for the CPU, too, wherever it sees them. */
static struct page *lend_pages(struct device *dev, size_t size,
			       dma_addr_t *dma)
{
	struct xadma_bounce in;

	if (lend(dev, size, &in))
		return NULL;
	if (size > PAGE_SIZE && is_vmalloc_addr(in.vaddr)) {
		take_back(dev, &in, size);
		return NULL;
	}
	*dma = phys_to_dma(dev, in.maddr);
	return xadma_page_of(in.vaddr);
}

/**
 * xadma_alloc_pages - allocate pages that are mapped for streaming
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
struct page *xadma_alloc_pages(struct device *dev, size_t size,
			       dma_addr_t *dma, enum dma_data_direction dir,
			       gfp_t gfp)
{
	struct page *page;

	if (nothing_asked(dev, size, 0))
		return NULL;

	size = PAGE_ALIGN(size);
	page = xadma_of(dev)->frames ? NULL :
	       dma_direct_alloc_pages(dev, size, dma, dir, gfp | __GFP_NOWARN);
	if (!page)
		page = lend_pages(dev, size, dma);
	if (page)
		xadma_dev_count(dev, XADMA_N_COHERENT, 1);
	return page;
}

/**
 * xadma_free_pages - free what xadma_alloc_pages() gave
 * @dev:   the device
 * @size: the size it was called with
 * @page: what it returned
 * @dma:  what it stored
 * @dir:  what it was called with
 *
 * Context: may sleep.
 */
void xadma_free_pages(struct device *dev, size_t size, struct page *page,
		      dma_addr_t dma, enum dma_data_direction dir)
{
	struct xadma_bounce in;

	size = PAGE_ALIGN(size);
	if (find_lent(dev, dma, &in))
		take_back(dev, &in, size);
	else
		dma_direct_free_pages(dev, size, page, dma, dir);
}

/* ---- showing it to others ---- */

/*
 * Coherent memory is found by the device's address, since the cookie may be
 * one that names no memory. What is not of the pool is of a 1:1 domain, where
 * that address names our own frame.
 */
static struct page *page_behind(struct device *dev, dma_addr_t dma)
{
	struct xadma_bounce in;

	if (find_lent(dev, dma, &in))
		return xadma_page_of(in.vaddr);
	return pfn_to_page(PHYS_PFN(dma_to_phys(dev, dma)));
}

static bool exists(struct device *dev, dma_addr_t dma)
{
	struct xadma_bounce in;

	return !xadma_of(dev)->frames || find_lent(dev, dma, &in);
}

/**
 * xadma_mmap - map coherent memory into user space
 * @dev:     the device
 * @vma:    where
 * @cookie: what xadma_alloc() returned
 * @dma:    what xadma_alloc() stored
 * @size:   bytes that were allocated
 * @attrs:  DMA_ATTR_*
 *
 * Context: may sleep; the caller holds mmap_lock for writing.
 * Return: 0, or a negative errno.
 */
int xadma_mmap(struct device *dev, struct vm_area_struct *vma,
	       void *cookie, dma_addr_t dma, size_t size, unsigned long attrs)
{
	unsigned long have = PAGE_ALIGN(size) >> PAGE_SHIFT;
	unsigned long want = vma_pages(vma), at;
	int ret = -ENXIO;

	vma->vm_page_prot = dma_pgprot(dev, vma->vm_page_prot, attrs);
	if (dma_mmap_from_dev_coherent(dev, vma, cookie, size, &ret))
		return ret;
	if (vma->vm_pgoff >= have || want > have - vma->vm_pgoff)
		return -ENXIO;
	if (!exists(dev, dma))
		return -ENXIO;

	dma += vma->vm_pgoff << PAGE_SHIFT;
	for (at = vma->vm_start, ret = 0; at < vma->vm_end && !ret;
	     at += PAGE_SIZE, dma += PAGE_SIZE)
		ret = remap_pfn_range(vma, at, page_to_pfn(page_behind(dev, dma)),
				      PAGE_SIZE, vma->vm_page_prot);
	return ret;
}

/**
 * xadma_get_sgtable - describe coherent memory as a scatterlist
 * @dev:   the device
 * @sgt:  the table to make; the caller frees it
 * @dma:  what xadma_alloc() stored
 * @size: bytes that were allocated
 *
 * Context: may sleep.
 * Return: 0, or a negative errno.
 */
int xadma_get_sgtable(struct device *dev, struct sg_table *sgt,
		      dma_addr_t dma, size_t size)
{
	unsigned int nr = PAGE_ALIGN(size) >> PAGE_SHIFT, i;
	struct page **pages;
	int ret = -ENOMEM;

	if (!exists(dev, dma))
		return -ENXIO;
	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL);
	for (i = 0; pages && i < nr; i++)
		pages[i] = page_behind(dev, dma + ((dma_addr_t)i << PAGE_SHIFT));
	if (pages)
		ret = sg_alloc_table_from_pages(sgt, pages, nr, 0,
						(size_t)nr << PAGE_SHIFT,
						GFP_KERNEL);
	kvfree(pages);
	return ret;
}

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

#include "alloc.h"
#include "bounce.h"
#include "instance.h"
#include "report.h"

/* ---- from the pool ---- */

static int pool_alloc(struct device *dev, size_t size, struct xadma_bounce *b)
{
	struct xadma_dev *xd = xadma_dev(dev);
	const struct xadma_request rq = {
		.orig_addr = XADMA_NO_ORIG,
		.size = size,
		.alloc_align = roundup_pow_of_two(size),
		/* Aligned to its size, as drivers are promised, it crosses none. */
		.boundary = ULONG_MAX,
		.windows = xd->reach.windows,
		.limit = xadma_dev_limit(dev, dev->coherent_dma_mask),
	};
	int ret = xadma_bounce_request(&xd->xadma->pool, &rq, b);

	if (!ret)
		xadma_dev_uses_pool(xd);
	return ret;
}

/* Is the memory behind a device's address the pool's? */
static bool find_in_pool(struct device *dev, dma_addr_t dma, struct xadma_bounce *b)
{
	struct xadma_dev *xd = xadma_dev(dev);
	bool found;

	if (!xadma_dev_returns(xd))
		return false;
	rcu_read_lock();
	found = xadma_pool_find(&xd->xadma->pool, xadma_dev_maddr(xd, dma), b);
	rcu_read_unlock();
	return found;
}

/* Of two CPUs that free the same, one is told. */
static void pool_free(struct device *dev, dma_addr_t dma, size_t size)
{
	struct xadma_dev *xd = xadma_dev(dev);
	struct xadma_pool *pool = &xd->xadma->pool;
	struct xadma_bounce b;
	int err = -ENOENT;

	rcu_read_lock();
	if (xadma_pool_find(pool, xadma_dev_maddr(xd, dma), &b))
		err = xadma_bounce_free(pool, &b, size);
	rcu_read_unlock();
	if (err)
		xadma_misuse(dev, "free", dma, size, err);
}

/*
 * A device that does not snoop shares the memory through a mapping that does
 * not cache. That is there once a caller that may sleep has asked for it.
 */
static void *uncached(struct device *dev, const struct xadma_bounce *b, gfp_t gfp)
{
	void *cookie = xadma_pool_uncached(b);

	if (cookie || !gfpflags_allow_blocking(gfp))
		return cookie;
	xadma_pool_see_uncached(&xadma_of(dev)->pool);
	return xadma_pool_uncached(b);
}

/* The lines that clearing the memory dirtied must not overwrite what the device writes. */
static void write_back(struct device *dev, const struct xadma_bounce *b)
{
	if (!dev_is_dma_coherent(dev))
		xadma_of(dev)->hv->clean(b->vaddr, b->run_size, DMA_BIDIRECTIONAL);
}

static noinline void *alloc_from_pool(struct device *dev, size_t size, dma_addr_t *dma,
				      gfp_t gfp, unsigned long attrs)
{
	struct xadma_bounce b;
	void *cookie = NULL;

	if (!pool_alloc(dev, size, &b)) {
		write_back(dev, &b);
		*dma = b.maddr + b.shift;
		if (attrs & DMA_ATTR_NO_KERNEL_MAPPING)
			cookie = xadma_page_of(b.vaddr);
		else if (dev_is_dma_coherent(dev))
			cookie = b.vaddr;
		else
			cookie = uncached(dev, &b, gfp);
		if (!cookie)
			pool_free(dev, *dma, size);
	}
	if (cookie)
		xadma_dev_count(xadma_dev(dev), XADMA_N_COHERENT, 1);
	else if (!((attrs & DMA_ATTR_NO_WARN) || (gfp & __GFP_NOWARN)))
		xadma_no_coherent(dev, size);
	return cookie;
}

/* ---- coherent memory ---- */

static bool bad_size(struct device *dev, size_t size, unsigned long attrs)
{
	if (xadma_alloc_can_be(size))
		return false;
	if (!(attrs & DMA_ATTR_NO_WARN))
		dev_err_ratelimited(dev,
				    "swiotlb-arm: cannot allocate %zu bytes; the driver's size is wrong\n",
				    size);
	return true;
}

/* The kernel's own allocator is right as long as its addresses are. */
static void *alloc_direct(struct device *dev, size_t size, dma_addr_t *dma,
			  gfp_t gfp, unsigned long attrs)
{
	if (xadma_dev(dev)->reach.mfn_map)
		return NULL;
	return dma_direct_alloc(dev, size, dma, gfp | __GFP_NOWARN,
				attrs | DMA_ATTR_NO_WARN);
}

static noinline bool not_direct(struct device *dev, size_t size, dma_addr_t dma)
{
	xadma_misuse(dev, "free", dma, size, -ENOENT);
	return false;
}

/* What the kernel's own allocator calls the memory behind @dma now; false for none. */
static __always_inline bool direct_dma(struct device *dev, size_t size, dma_addr_t *dma)
{
	const struct xadma_dev *xd = xadma_dev(dev);
	phys_addr_t maddr = xadma_dev_maddr(xd, *dma);

	if (unlikely(xd->reach.mfn_map ||
		     !xadma_ram_has(&xd->xadma->ram, maddr, size)))
		return not_direct(dev, size, *dma);
	if (unlikely(maddr != *dma || dev->dma_range_map))
		*dma = phys_to_dma(dev, maddr);
	return true;
}

/**
 * xadma_alloc - allocate coherent memory
 * @dev:   the device
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

	if (bad_size(dev, size, attrs))
		return NULL;

	cookie = alloc_direct(dev, size, dma, gfp, attrs);
	if (unlikely(!cookie))
		return alloc_from_pool(dev, PAGE_ALIGN(size), dma, gfp, attrs);
	xadma_dev_count(xadma_dev(dev), XADMA_N_COHERENT, 1);
	return cookie;
}

static noinline void free_slow(struct device *dev, size_t size, void *cookie,
			       dma_addr_t dma, unsigned long attrs)
{
	struct xadma_bounce b;

	if (find_in_pool(dev, dma, &b))
		pool_free(dev, dma, PAGE_ALIGN(size));
	else if (direct_dma(dev, size, &dma))
		dma_direct_free(dev, size, cookie, dma, attrs);
}

/**
 * xadma_free - free coherent memory
 * @dev:    the device
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
	if (unlikely(xadma_dev_returns(xadma_dev(dev))))
		free_slow(dev, size, cookie, dma, attrs);
	else if (direct_dma(dev, size, &dma))
		dma_direct_free(dev, size, cookie, dma, attrs);
}

/* ---- pages ---- */

/* Pages have to be neighbours for the CPU, too, wherever it sees them. */
static struct page *pool_alloc_pages(struct device *dev, size_t size, dma_addr_t *dma)
{
	struct xadma_bounce b;

	if (pool_alloc(dev, size, &b))
		return NULL;
	*dma = b.maddr + b.shift;
	if (size > PAGE_SIZE && is_vmalloc_addr(b.vaddr)) {
		pool_free(dev, *dma, size);
		return NULL;
	}
	return xadma_page_of(b.vaddr);
}

/**
 * xadma_alloc_pages - allocate pages that are mapped for streaming
 * @dev:  the device
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
	struct page *page = NULL;

	if (bad_size(dev, size, 0))
		return NULL;

	size = PAGE_ALIGN(size);
	if (!xadma_dev(dev)->reach.mfn_map)
		page = dma_direct_alloc_pages(dev, size, dma, dir, gfp | __GFP_NOWARN);
	if (!page)
		page = pool_alloc_pages(dev, size, dma);
	if (page)
		xadma_dev_count(xadma_dev(dev), XADMA_N_COHERENT, 1);
	return page;
}

/**
 * xadma_free_pages - free what xadma_alloc_pages() gave
 * @dev:  the device
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
	struct xadma_bounce b;

	size = PAGE_ALIGN(size);
	if (find_in_pool(dev, dma, &b))
		pool_free(dev, dma, size);
	else if (direct_dma(dev, size, &dma))
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
	struct xadma_bounce b;

	if (find_in_pool(dev, dma, &b))
		return xadma_page_of(b.vaddr);
	return pfn_to_page(PHYS_PFN(xadma_dev_maddr(xadma_dev(dev), dma)));
}

static bool exists(struct device *dev, dma_addr_t dma, size_t size)
{
	struct xadma_dev *xd = xadma_dev(dev);
	struct xadma_bounce b;

	if (find_in_pool(dev, dma, &b))
		return true;
	return !xd->reach.mfn_map && size &&
	       xadma_ram_has(&xd->xadma->ram, xadma_dev_maddr(xd, dma), size);
}

/* How many pages, from the first one on, are neighbours for the CPU. */
static unsigned long neighbours(struct device *dev, dma_addr_t dma, unsigned long nr,
				unsigned long *pfn)
{
	unsigned long n = 1;

	*pfn = page_to_pfn(page_behind(dev, dma));
	while (n < nr &&
	       page_to_pfn(page_behind(dev, dma + (n << PAGE_SHIFT))) == *pfn + n)
		n++;
	return n;
}

/* A private area that may be written to. The core's own word for it changes its name. */
static bool copies_on_write(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_MAYWRITE) && !(vma->vm_flags & VM_SHARED);
}

/* The core maps a private, writable area by one call only, or page by page. */
static int insert_pages(struct device *dev, struct vm_area_struct *vma, dma_addr_t dma)
{
	unsigned long at;
	int ret = 0;

	for (at = vma->vm_start; at < vma->vm_end && !ret;
	     at += PAGE_SIZE, dma += PAGE_SIZE)
		ret = vm_insert_page(vma, at, page_behind(dev, dma));
	return ret;
}

static int remap_runs(struct device *dev, struct vm_area_struct *vma, dma_addr_t dma)
{
	unsigned long at = vma->vm_start, left = vma_pages(vma), pfn, n;
	int ret = 0;

	n = neighbours(dev, dma, left, &pfn);
	if (n < left && copies_on_write(vma))
		return insert_pages(dev, vma, dma);
	while (!ret) {
		ret = remap_pfn_range(vma, at, pfn, n << PAGE_SHIFT,
				      vma->vm_page_prot);
		at += n << PAGE_SHIFT;
		dma += n << PAGE_SHIFT;
		left -= n;
		if (!left)
			break;
		n = neighbours(dev, dma, left, &pfn);
	}
	return ret;
}

/**
 * xadma_mmap - map coherent memory into user space
 * @dev:    the device
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
	unsigned long want = vma_pages(vma);
	int ret = -ENXIO;

	vma->vm_page_prot = dma_pgprot(dev, vma->vm_page_prot, attrs);
	if (dma_mmap_from_dev_coherent(dev, vma, cookie, size, &ret))
		return ret;
	if (vma->vm_pgoff >= have || want > have - vma->vm_pgoff)
		return -ENXIO;
	if (!exists(dev, dma, size))
		return -ENXIO;
	return remap_runs(dev, vma, dma + (vma->vm_pgoff << PAGE_SHIFT));
}

/**
 * xadma_get_sgtable - describe coherent memory as a scatterlist
 * @dev:  the device
 * @sgt:  the table to make; the caller frees it
 * @dma:  what xadma_alloc() stored
 * @size: bytes that were allocated
 *
 * Another device that is given the list gets the same memory: its pages' machine
 * addresses are known, in every kind of domain.
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

	if (!exists(dev, dma, size))
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

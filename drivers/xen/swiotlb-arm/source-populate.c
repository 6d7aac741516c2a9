// SPDX-License-Identifier: GPL-2.0-only
/*
 * The providers for a domain that is not mapped 1:1 and gets contiguous memory when
 * it asks for it. A block of pages is given to Xen, and other memory for the
 * same frames comes back: contiguous in the machine, and low enough.
 *
 * "exchange" does both in one hypercall, which Xen on Arm refuses. "populate"
 * does one after the other. In between the frames are holes which nobody may
 * touch; the pages are the page allocator's and have been given to us, so
 * nobody does.
 *
 * What came back is believed only once it has been translated.
 */
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <xen/page.h>
#include <xen/swiotlb-arm-hv.h>

#include "source.h"
#include "mfn-map.h"
#include "contig.h"
#include "resolve.h"

/*
 * struct block - pages on their way through Xen
 * @page:  the first one
 * @order: how many, as a power of two
 * @holes: how many frames, from the first on, have been given to Xen
 * @full:  how many of those have memory again
 * @spoilt: some of it is not what was asked for
 * @pfns:  the frames; what is handed to Xen, which may write to it
 * @mfns:  their machine frames, once they are known
 */
struct block {
	struct page *page;
	unsigned int order;
	unsigned int holes;
	unsigned int full;
	bool spoilt;
	unsigned long *pfns;
	unsigned long *mfns;
};

static unsigned int frames_of(const struct block *b)
{
	return 1U << b->order;
}

static void list_frames(struct block *b)
{
	unsigned int i;

	for (i = 0; i < frames_of(b); i++)
		b->pfns[i] = page_to_pfn(b->page) + i;
}

static int block_init(struct block *b, size_t size)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY;

	b->order = get_order(size);
	b->pfns = kvmalloc_array(frames_of(b), sizeof(*b->pfns), GFP_KERNEL);
	b->mfns = kvmalloc_array(frames_of(b), sizeof(*b->mfns), GFP_KERNEL);
	if (!b->pfns || !b->mfns)
		return -ENOMEM;
	while (!(b->page = alloc_pages(gfp, b->order)))
		if (PAGE_SIZE << b->order-- <= XADMA_CHUNK_MIN)
			return -ENOMEM;
	return 0;
}

/* A frame that is a hole, or may be one, is kept from everybody for ever. */
static void block_destroy(struct xadma_source *source, struct block *b)
{
	unsigned int i;

	if (b->page && b->full < b->holes) {
		split_page(b->page, b->order);
		for (i = 0; i < frames_of(b); i++)
			if (i < b->full || i >= b->holes)
				__free_page(b->page + i);
		source->lost += b->holes - b->full;
	} else if (b->page) {
		__free_pages(b->page, b->order);
	}
	kvfree(b->pfns);
	kvfree(b->mfns);
}

static void forget(struct xadma_source *source, const struct block *b)
{
	unsigned int i;

	for (i = 0; source->mfn_map && i < frames_of(b); i++)
		xadma_mfn_map_forget(source->mfn_map, page_to_pfn(b->page) + i);
}

/* From the largest extents that Xen grants down to the smallest of use. */
static void fill(struct xadma_source *source, struct block *b,
		 unsigned int bits, unsigned int least)
{
	unsigned int order = ilog2(b->holes ?: 1), i;

	while (b->full < b->holes) {
		unsigned int nr = (b->holes - b->full) >> order;
		int got = 0;

		for (i = 0; i < nr; i++)
			b->pfns[i] = page_to_pfn(b->page) + b->full +
				     ((unsigned long)i << order);
		if (nr)
			got = source->hv->populate(b->pfns, nr, order, bits);
		if (got > 0)
			b->full += got << order;
		else if (order > least)
			order--;
		else
			return;
	}
}

static unsigned int bits_of(struct xadma_range within)
{
	return within.last == (phys_addr_t)-1 ? 0 : fls64(within.last + 1) - 1;
}

/*
 * Where only single frames are to be had, this provider is no use: a coloured
 * domain gets nothing else, and its Xen may not even give back what it took.
 * Then the holes are put right with memory from anywhere.
 */
static void refill(struct xadma_source *source, struct block *b,
		   struct xadma_range within)
{
	fill(source, b, bits_of(within), 1);
	if (b->full == b->holes)
		return;
	b->spoilt = true;
	fill(source, b, 0, 0);
}

static void populate(struct xadma_source *source, struct block *b,
		     struct xadma_range within)
{
	int got;

	list_frames(b);
	got = source->hv->decrease(b->pfns, frames_of(b));
	b->holes = clamp(got, 0, (int)frames_of(b));
	refill(source, b, within);
}

static void exchange(struct xadma_source *source, struct block *b,
		     struct xadma_range within)
{
	unsigned int nr;

	list_frames(b);
	nr = source->hv->exchange(b->pfns, b->order, bits_of(within));
	b->holes = min(nr, frames_of(b));
	b->full = b->holes;
}

static bool lies_in(const struct block *b, struct xadma_range within)
{
	unsigned int i;

	for (i = 0; i < frames_of(b); i++) {
		phys_addr_t first = (phys_addr_t)b->mfns[i] << XEN_PAGE_SHIFT;

		if (first < within.first ||
		    first + XEN_PAGE_SIZE - 1 > within.last)
			return false;
	}
	return true;
}

/* Is it what was asked for, in pieces of more than a frame? */
static unsigned int judge(struct xadma_source *source, struct block *b,
			  struct xadma_range within)
{
	if (b->spoilt || b->holes < frames_of(b) || b->full < b->holes)
		return 0;
	list_frames(b);
	if (xadma_resolve(source->resolver, b->pfns, b->mfns,
			  frames_of(b)) < frames_of(b) ||
	    !lies_in(b, within))
		return 0;
	return xadma_contig_order(b->mfns, frames_of(b));
}

static int hand_over(struct xadma_source *source, struct block *b,
		     unsigned int order, struct xadma_memory *memory)
{
	unsigned int i, nr = frames_of(b) >> order;
	phys_addr_t *maddr = kvmalloc_array(nr, sizeof(*maddr), GFP_KERNEL);

	if (!maddr)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		maddr[i] = (phys_addr_t)b->mfns[i << order] << XEN_PAGE_SHIFT;
	*memory = (struct xadma_memory) {
		.vaddr = page_address(b->page),
		.size = PAGE_SIZE << b->order,
		.piece_shift = XEN_PAGE_SHIFT + order,
		.maddr = maddr,
	};
	memset(memory->vaddr, 0, memory->size);
	/* Coherent memory may be shared with another device, as pages. */
	for (i = 0; source->mfn_map && i < frames_of(b); i++)
		xadma_mfn_map_set(source->mfn_map, page_to_pfn(b->page) + i,
				  b->mfns[i]);
	b->page = NULL;
	return 0;
}

typedef void renew(struct xadma_source *source, struct block *b,
		   struct xadma_range within);

/* Until this provider has given memory once, it is tried with little. */
static size_t probe_size(const struct xadma_source *source, size_t want)
{
	return source->chosen ? want : XADMA_CHUNK_MIN;
}

static int get_block(struct xadma_source *source, struct xadma_memory *memory,
		     size_t want, struct xadma_range within, renew *renew)
{
	struct block b = {};
	unsigned int order;
	int ret;

	/* A Xen that kept what it was given is given no more. */
	if (source->lost)
		return -ENOMEM;

	ret = block_init(&b, probe_size(source, want));
	if (!ret) {
		forget(source, &b);
		renew(source, &b, within);
		order = judge(source, &b, within);
		ret = order ? hand_over(source, &b, order, memory) : -ENOMEM;
	}
	block_destroy(source, &b);
	return ret;
}

static int exchange_get(struct xadma_source *source,
			struct xadma_memory *memory, size_t want,
			struct xadma_range within)
{
	return get_block(source, memory, want, within, exchange);
}

static int populate_get(struct xadma_source *source,
			struct xadma_memory *memory, size_t want,
			struct xadma_range within)
{
	return get_block(source, memory, want, within, populate);
}

static void block_put(struct xadma_source *source,
		      const struct xadma_memory *memory)
{
	free_pages((unsigned long)memory->vaddr, get_order(memory->size));
}

const struct xadma_provider xadma_provider_exchange = {
	.name	= "exchange",
	.get	= exchange_get,
	.put	= block_put,
};

const struct xadma_provider xadma_provider_populate = {
	.name	= "populate",
	.get	= populate_get,
	.put	= block_put,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The provider for a domain that gets single frames only, such as a coloured one.
 * Some of its frames are neighbours all the same, though not in the order in
 * which it sees them. Take pages, find out where they are, keep those that
 * form blocks, and let the CPU see them as one.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <xen/page.h>

#include "source.h"
#include "mfn-map.h"
#include "contig.h"
#include "resolve.h"

/*
 * struct sample - pages that were taken to be looked at
 * @frames: the pages; those that are kept come first
 * @nr:     how many there are
 * @pfns:   their frames
 * @mfns:   what Xen says of them
 */
struct sample {
	struct xadma_frame *frames;
	unsigned int nr;
	unsigned long *pfns;
	unsigned long *mfns;
};

static void take_pages(struct sample *s, unsigned int want)
{
	unsigned int order = ilog2(want), i;
	struct page *page;

	while (s->nr < want) {
		while (1U << order > want - s->nr)
			order--;
		page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY,
				   order);
		if (page) {
			split_page(page, order);
			for (i = 0; i < 1U << order; i++)
				s->frames[s->nr++].page = page + i;
		} else if (order) {
			order--;
		} else {
			return;
		}
	}
}

static void free_from(struct sample *s, unsigned int first)
{
	while (s->nr > first)
		__free_page(s->frames[--s->nr].page);
}

static void sample_destroy(struct sample *s)
{
	free_from(s, 0);
	kvfree(s->frames);
	kvfree(s->pfns);
	kvfree(s->mfns);
}

static int sample_init(struct sample *s, unsigned int want)
{
	s->frames = kvmalloc_array(want, sizeof(*s->frames), GFP_KERNEL);
	s->pfns = kvmalloc_array(want, sizeof(*s->pfns), GFP_KERNEL);
	s->mfns = kvmalloc_array(want, sizeof(*s->mfns), GFP_KERNEL);
	return s->frames && s->pfns && s->mfns ? 0 : -ENOMEM;
}

static bool lies_in(unsigned long mfn, struct xadma_range within)
{
	phys_addr_t first = (phys_addr_t)mfn << XEN_PAGE_SHIFT;

	return mfn != XADMA_NO_MFN && first >= within.first &&
	       first + XEN_PAGE_SIZE - 1 <= within.last;
}

/* Xen is asked only for frames that are not known anyway. */
static void find_out(struct sample *s, unsigned int first,
		     const struct xadma_source *source)
{
	unsigned int i, n = 0;

	for (i = first; i < s->nr; i++) {
		unsigned long pfn = page_to_pfn(s->frames[i].page);

		s->frames[i].mfn = source->mfn_map ?
			xadma_mfn_map_mfn(source->mfn_map, pfn) : XADMA_NO_MFN;
		if (s->frames[i].mfn == XADMA_NO_MFN)
			s->pfns[n++] = pfn;
	}
	xadma_resolve(source->resolver, s->pfns, s->mfns, n);
	for (i = first, n = 0; i < s->nr; i++)
		if (s->frames[i].mfn == XADMA_NO_MFN)
			s->frames[i].mfn = s->mfns[n++];
}

/* Of the pages from @first on, leaves those that are of use. */
static void look(struct sample *s, unsigned int first,
		 const struct xadma_source *source,
		 struct xadma_range within, struct list_head *unfit)
{
	unsigned int i, fit = first;

	find_out(s, first, source);
	for (i = first; i < s->nr; i++) {
		if (lies_in(s->frames[i].mfn, within))
			s->frames[fit++] = s->frames[i];
		else
			list_add(&s->frames[i].page->lru, unfit);
	}
	s->nr = fit;
}

/* What does not fit is kept aside, so that it is not given to us again. */
static void gather(struct sample *s, unsigned int want,
		   const struct xadma_source *source,
		   struct xadma_range within)
{
	unsigned long spare = xadma_pages_to_spare(), had, taken;
	struct page *page, *next;
	LIST_HEAD(unfit);

	do {
		had = s->nr;
		take_pages(s, want);
		taken = s->nr - had;
		look(s, had, source, within, &unfit);
		spare -= min(spare, taken);
	} while (s->nr < want && taken && spare);

	list_for_each_entry_safe(page, next, &unfit, lru)
		__free_page(page);
}

/* Leaves whole blocks, and as many of them as make a chunk. */
static unsigned int sift(struct sample *s)
{
	unsigned int least = XADMA_CHUNK_MIN >> PAGE_SHIFT;
	unsigned int order, fit;

	xadma_contig_sort(s->frames, s->nr);
	order = xadma_contig_best(s->frames, s->nr, ilog2(s->nr ?: 1));
	fit = xadma_contig_pick(s->frames, s->nr, order);
	free_from(s, round_down(fit, max(least, 1U << order)));
	return order;
}

/* The mapping takes over the pages, and the array that names them. */
static void *see_as_one(const struct sample *s)
{
	struct page **pages = kvmalloc_array(s->nr, sizeof(*pages), GFP_KERNEL);
	void *vaddr = NULL;
	unsigned int i;

	for (i = 0; pages && i < s->nr; i++)
		pages[i] = s->frames[i].page;
	if (pages)
		vaddr = vmap(pages, s->nr, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	if (!vaddr)
		kvfree(pages);
	return vaddr;
}

static int hand_over(struct xadma_source *source, struct sample *s,
		     unsigned int order, struct xadma_memory *memory)
{
	unsigned int i, nr = s->nr >> order;
	phys_addr_t *maddr = kvmalloc_array(nr, sizeof(*maddr), GFP_KERNEL);
	void *vaddr = maddr ? see_as_one(s) : NULL;

	if (!vaddr) {
		kvfree(maddr);
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++)
		maddr[i] = (phys_addr_t)s->frames[i << order].mfn <<
			   XEN_PAGE_SHIFT;
	*memory = (struct xadma_memory) {
		.vaddr = vaddr,
		.size = (size_t)s->nr << PAGE_SHIFT,
		.piece_shift = PAGE_SHIFT + order,
		.maddr = maddr,
	};
	memset(vaddr, 0, memory->size);
	/* Coherent memory may be shared with another device, as pages. */
	for (i = 0; source->mfn_map && i < s->nr; i++)
		xadma_mfn_map_set(source->mfn_map, page_to_pfn(s->frames[i].page),
				  s->frames[i].mfn);
	s->nr = 0;
	return 0;
}

static int discover_get(struct xadma_source *source,
			struct xadma_memory *memory, size_t want,
			struct xadma_range within)
{
	unsigned int nr = want >> PAGE_SHIFT, order;
	struct sample s = {};
	int ret;

	if (source->mfn_map &&
	    xadma_mfn_map_none_below(source->mfn_map,
				     within.last >> XEN_PAGE_SHIFT))
		return -ENOMEM;

	ret = sample_init(&s, nr);
	if (!ret) {
		gather(&s, nr, source, within);
		order = sift(&s);
		ret = s.nr ? hand_over(source, &s, order, memory) : -ENOMEM;
	}
	sample_destroy(&s);
	return ret;
}

/* The pages are freed with the mapping, and not before it is gone. */
static void discover_put(struct xadma_source *source,
			 const struct xadma_memory *memory)
{
	vfree(memory->vaddr);
}

const struct xadma_provider xadma_provider_discover = {
	.name	= "discover",
	.get	= discover_get,
	.put	= discover_put,
};

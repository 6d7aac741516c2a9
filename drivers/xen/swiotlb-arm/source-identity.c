// SPDX-License-Identifier: GPL-2.0-only
/*
 * The provider of a domain that is mapped 1:1: what is contiguous for the page
 * allocator is contiguous in the machine, and the address is the same.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/slab.h>

#include "source.h"

/* From the highest zone to the lowest; a kernel without one of them has the next. */
static const gfp_t zones[] = { 0, GFP_DMA32, GFP_DMA };

static bool is_of(const struct zone *zone, gfp_t gfp)
{
	return zone_idx(zone) == gfp_zone(GFP_KERNEL | gfp);
}

/* Where a zone's memory is, on all nodes together. */
static struct xadma_range zone_range(gfp_t gfp)
{
	struct xadma_range range = { .first = (phys_addr_t)-1 };
	struct zone *zone;

	for_each_populated_zone(zone) {
		if (!is_of(zone, gfp))
			continue;
		range.first = min(range.first, PFN_PHYS(zone->zone_start_pfn));
		range.last = max(range.last, PFN_PHYS(zone_end_pfn(zone)) - 1);
	}
	return range;
}

/* No search leaves others less than a quarter of what a zone has free. */
static unsigned long pages_to_spare(gfp_t gfp)
{
	unsigned long nr = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		if (is_of(zone, gfp))
			nr += zone_page_state(zone, NR_FREE_PAGES);
	return nr / 4 * 3;
}

static bool lies_in(struct page *page, unsigned int order,
		    struct xadma_range within)
{
	phys_addr_t first = page_to_phys(page);

	return first >= within.first &&
	       first + (PAGE_SIZE << order) - 1 <= within.last;
}

static void free_all(struct list_head *pages, unsigned int order)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru)
		__free_pages(page, order);
}

/*
 * The page allocator cannot be asked for "below 2 GiB". Where no zone ends
 * there, take blocks and keep the unfit ones aside until a fit one turns up.
 * This happens once for each address width that no chunk serves yet.
 */
static struct page *search(gfp_t zone, unsigned int order, struct xadma_range within)
{
	gfp_t gfp = GFP_KERNEL | zone | __GFP_NOWARN | __GFP_NORETRY;
	unsigned long spare = pages_to_spare(zone) >> order;
	struct page *page = NULL;
	LIST_HEAD(unfit);

	while (spare-- && (page = alloc_pages(gfp, order)) &&
	       !lies_in(page, order, within)) {
		list_add(&page->lru, &unfit);
		page = NULL;
	}

	free_all(&unfit, order);
	return page;
}

/* A zone that lies in the range as a whole needs no search, and so comes first. */
static struct page *find(unsigned int order, struct xadma_range within)
{
	struct page *page = NULL;
	unsigned int i;
	bool whole = true;

	do {
		for (i = 0; i < ARRAY_SIZE(zones) && !page; i++) {
			struct xadma_range zone = zone_range(zones[i]);

			if (zone.first > within.last || zone.last < within.first)
				continue;
			if (whole == (zone.first >= within.first &&
				      zone.last <= within.last))
				page = search(zones[i], order, within);
		}
		whole = !whole;
	} while (!page && !whole);
	return page;
}

static int identity_get(struct xadma_source *source,
			struct xadma_memory *memory, size_t want,
			struct xadma_range within)
{
	phys_addr_t *maddr;
	int least = get_order(XADMA_CHUNK_MIN);
	int order = get_order(want);
	struct page *page = NULL;

	maddr = kmalloc(sizeof(*maddr), GFP_KERNEL);
	if (!maddr)
		return -ENOMEM;

	while (!page && order >= least)
		page = find(order--, within);
	if (!page) {
		kfree(maddr);
		return -ENOMEM;
	}

	order++;
	*maddr = page_to_phys(page);
	*memory = (struct xadma_memory) {
		.vaddr = page_address(page),
		.size = PAGE_SIZE << order,
		.piece_shift = PAGE_SHIFT + order,
		.maddr = maddr,
	};
	return 0;
}

static void identity_put(struct xadma_source *source,
			 const struct xadma_memory *memory)
{
	free_pages((unsigned long)memory->vaddr, get_order(memory->size));
}

const struct xadma_provider xadma_provider_identity = {
	.name	= "identity",
	.get	= identity_get,
	.put	= identity_put,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backing of a domain that is mapped 1:1: what is contiguous for the page
 * allocator is contiguous in the machine, and the address is the same.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "source.h"

/* A zone that is sure to lie within reach needs no sifting. */
static gfp_t zone_for(phys_addr_t last)
{
	if (last >= memblock_end_of_DRAM() - 1)
		return 0;
	return last >= DMA_BIT_MASK(32) ? GFP_DMA32 : GFP_DMA;
}

static bool lies_in(struct page *page, unsigned int order,
		    struct xadma_window within)
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
 * This happens once for each address width that no piece serves yet.
 */
static struct page *sift(unsigned int order, struct xadma_window within)
{
	gfp_t gfp = GFP_KERNEL | zone_for(within.last) | __GFP_NOWARN |
		    __GFP_NORETRY;
	unsigned long spare = xadma_pages_to_spare() >> order;
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

static bool holds_memory(struct xadma_window within)
{
	return within.last > memblock_start_of_DRAM() &&
	       within.first < memblock_end_of_DRAM();
}

static int identity_get(struct xadma_source *source,
			struct xadma_memory *memory, size_t want,
			struct xadma_window within)
{
	phys_addr_t *maddr;
	int least = get_order(XADMA_CHUNK_MIN);
	int order = get_order(want);
	struct page *page = NULL;

	if (!holds_memory(within))
		return -ENOMEM;
	maddr = kmalloc(sizeof(*maddr), GFP_KERNEL);
	if (!maddr)
		return -ENOMEM;

	while (!page && order >= least)
		page = sift(order--, within);
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

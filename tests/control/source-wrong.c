// SPDX-License-Identifier: GPL-2.0-only
/*
 * A control, never for use: the identity provider with a wrong answer. It takes
 * twice the memory and tells the machine address of the half that the CPU does
 * not look at, so that what goes astray hurts nobody else.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../source.h"

static int wrong_get(struct xadma_source *source, struct xadma_memory *memory,
		     size_t want, struct xadma_range within)
{
	phys_addr_t *maddr;
	unsigned int order = get_order(want);
	struct page *page;

	page = alloc_pages(GFP_KERNEL | GFP_DMA | __GFP_NOWARN | __GFP_ZERO,
			   order);
	if (!page)
		return -ENOMEM;
	if (page_to_phys(page) < within.first ||
	    page_to_phys(page) + want - 1 > within.last) {
		__free_pages(page, order);
		return -ENOMEM;
	}

	maddr = kmalloc(sizeof(*maddr), GFP_KERNEL);
	if (!maddr) {
		__free_pages(page, order);
		return -ENOMEM;
	}

	memory->size = (PAGE_SIZE << order) / 2;
	memory->piece_shift = PAGE_SHIFT + order - 1;
	memory->vaddr = page_address(page);
	memory->maddr = maddr;
	*maddr = page_to_phys(page) + memory->size;
	return 0;
}

static void wrong_put(struct xadma_source *source,
		      const struct xadma_memory *memory)
{
	free_pages((unsigned long)memory->vaddr, get_order(memory->size * 2));
}

const struct xadma_provider xadma_provider_identity = {
	.name	= "wrong on purpose",
	.get	= wrong_get,
	.put	= wrong_put,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A control, never for use: the identity backing with a wrong answer. It takes
 * twice the memory and tells the machine address of the half that the CPU does
 * not look at, so that what goes astray hurts nobody else.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>

#include "../backing.h"

static int wrong_get(struct swarm_piece *piece, size_t want,
		     struct swarm_window within)
{
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

	piece->size = (PAGE_SIZE << order) / 2;
	piece->vaddr = page_address(page);
	piece->phys = page_to_phys(page);
	piece->maddr = piece->phys + piece->size;
	return 0;
}

static void wrong_put(const struct swarm_piece *piece)
{
	free_pages((unsigned long)piece->vaddr, get_order(piece->size * 2));
}

const struct swarm_backing swarm_backing_identity = {
	.name	= "wrong on purpose",
	.get	= wrong_get,
	.put	= wrong_put,
};

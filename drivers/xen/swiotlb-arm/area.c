// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "area.h"

/**
 * swarm_area_destroy - free an area; accepts a half-made one
 * @source: where its memory came from
 * @area:   the area; nobody uses it any more
 *
 * Context: may sleep; the caller serialises the use of @source.
 */
void swarm_area_destroy(struct swarm_source *source, struct swarm_area *area)
{
	vunmap(area->uncached);
	swarm_backing_put(source, &area->memory);
	swarm_slots_destroy(&area->slots);
	kvfree(area->runs);
	kvfree(area->pieces);
	kfree(area);
}

static int pieces_init(struct swarm_area *area)
{
	const struct swarm_memory *memory = &area->memory;
	unsigned int i, nr = swarm_pieces(memory);

	area->pieces = kvcalloc(nr, sizeof(*area->pieces), GFP_KERNEL);
	if (!area->pieces)
		return -ENOMEM;
	area->first = (phys_addr_t)-1;
	for (i = 0; i < nr; i++) {
		area->pieces[i] = (struct swarm_piece) {
			.area = area,
			.maddr = memory->maddr[i],
			.offset = (size_t)i << memory->piece_shift,
		};
		area->first = min(area->first, memory->maddr[i]);
		area->last = max(area->last, memory->maddr[i] +
				 swarm_piece_size(memory) - 1);
	}
	return 0;
}

/**
 * swarm_area_see_uncached - let an area be seen without caches, too
 * @area: the area
 *
 * What a device that does not snoop shares with the CPU for long.
 *
 * Context: may sleep; the caller serialises.
 * Return: 0, or -ENOMEM.
 */
int swarm_area_see_uncached(struct swarm_area *area)
{
	unsigned int nr = area->memory.size >> PAGE_SHIFT, i;
	struct page **pages;

	if (area->uncached)
		return 0;
	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL);
	for (i = 0; pages && i < nr; i++)
		pages[i] = swarm_page_of(area->memory.vaddr +
					 ((size_t)i << PAGE_SHIFT));
	if (pages)
		WRITE_ONCE(area->uncached,
			   vmap(pages, nr, VM_MAP,
				pgprot_dmacoherent(PAGE_KERNEL)));
	kvfree(pages);
	return area->uncached ? 0 : -ENOMEM;
}

/**
 * swarm_area_create - get memory and make an area of it
 * @source: where memory comes from
 * @want:   bytes, a power of two of at least SWARM_GRAIN; it may become less
 * @within: where it has to be
 *
 * Context: may sleep; the caller serialises the use of @source.
 * Return: the area, all slots free; NULL with nothing held when there is none.
 */
struct swarm_area *swarm_area_create(struct swarm_source *source, size_t want,
				     struct swarm_window within)
{
	struct swarm_area *area = kzalloc(sizeof(*area), GFP_KERNEL);
	unsigned int nr;

	if (!area)
		return NULL;
	if (swarm_backing_get(source, &area->memory, want, within) ||
	    pieces_init(area))
		goto err;

	nr = area->memory.size >> SWARM_SLOT_SHIFT;
	area->runs = kvcalloc(nr, sizeof(*area->runs), GFP_KERNEL);
	if (!area->runs ||
	    swarm_slots_init(&area->slots, nr,
			     swarm_piece_size(&area->memory) >> SWARM_SLOT_SHIFT))
		goto err;
	return area;
err:
	swarm_area_destroy(source, area);
	return NULL;
}

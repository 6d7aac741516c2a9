// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "chunk.h"

/**
 * xadma_chunk_destroy - free a chunk; accepts a half-made one
 * @source: where its memory came from
 * @chunk:   the chunk; nobody uses it any more
 *
 * Context: may sleep; the caller serialises the use of @source.
 */
void xadma_chunk_destroy(struct xadma_source *source, struct xadma_chunk *chunk)
{
	vunmap(chunk->uncached);
	xadma_source_put(source, &chunk->memory);
	xadma_slots_destroy(&chunk->slots);
	kvfree(chunk->runs);
	kvfree(chunk->pieces);
	kfree(chunk);
}

static int pieces_init(struct xadma_chunk *chunk)
{
	const struct xadma_memory *memory = &chunk->memory;
	unsigned int i, nr = xadma_pieces(memory);

	chunk->pieces = kvcalloc(nr, sizeof(*chunk->pieces), GFP_KERNEL);
	if (!chunk->pieces)
		return -ENOMEM;
	chunk->first = (phys_addr_t)-1;
	for (i = 0; i < nr; i++) {
		chunk->pieces[i] = (struct xadma_piece) {
			.chunk = chunk,
			.maddr = memory->maddr[i],
			.offset = (size_t)i << memory->piece_shift,
		};
		chunk->first = min(chunk->first, memory->maddr[i]);
		chunk->last = max(chunk->last, memory->maddr[i] +
				  xadma_piece_size(memory) - 1);
	}
	return 0;
}

/**
 * xadma_chunk_see_uncached - let a chunk be seen without caches, too
 * @chunk: the chunk
 *
 * What a device that does not snoop shares with the CPU for long.
 *
 * Context: may sleep; the caller serialises.
 * Return: 0, or -ENOMEM.
 */
int xadma_chunk_see_uncached(struct xadma_chunk *chunk)
{
	unsigned int nr = chunk->memory.size >> PAGE_SHIFT, i;
	struct page **pages;

	if (chunk->uncached)
		return 0;
	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL);
	for (i = 0; pages && i < nr; i++)
		pages[i] = xadma_page_of(chunk->memory.vaddr +
					 ((size_t)i << PAGE_SHIFT));
	if (pages)
		WRITE_ONCE(chunk->uncached,
			   vmap(pages, nr, VM_MAP,
				pgprot_dmacoherent(PAGE_KERNEL)));
	kvfree(pages);
	return chunk->uncached ? 0 : -ENOMEM;
}

/**
 * xadma_chunk_create - get memory and make a chunk of it
 * @source: where memory comes from
 * @want:   bytes, a power of two of at least XADMA_CHUNK_MIN; it may become less
 * @within: where it has to be
 *
 * Context: may sleep; the caller serialises the use of @source.
 * Return: the chunk, all slots free; NULL with nothing held when there is none.
 */
struct xadma_chunk *xadma_chunk_create(struct xadma_source *source, size_t want,
				       struct xadma_range within)
{
	struct xadma_chunk *chunk = kzalloc(sizeof(*chunk), GFP_KERNEL);
	unsigned int nr, i;

	if (!chunk)
		return NULL;
	if (xadma_source_get(source, &chunk->memory, want, within) ||
	    pieces_init(chunk))
		goto err;

	nr = chunk->memory.size >> XADMA_SLOT_SHIFT;
	chunk->runs = kvcalloc(nr, sizeof(*chunk->runs), GFP_KERNEL);
	for (i = 0; chunk->runs && i < nr; i++) {
		chunk->runs[i].chunk = chunk;
		chunk->runs[i].maddr = xadma_chunk_maddr(chunk, (size_t)i << XADMA_SLOT_SHIFT);
	}
	if (!chunk->runs ||
	    xadma_slots_init(&chunk->slots, nr,
			     xadma_piece_size(&chunk->memory) >> XADMA_SLOT_SHIFT))
		goto err;
	return chunk;
err:
	xadma_chunk_destroy(source, chunk);
	return NULL;
}

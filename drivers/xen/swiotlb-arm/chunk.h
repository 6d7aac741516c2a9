/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chunk: memory from a source, cut into slots.
 *
 * A chunk is made of machine-contiguous pieces of one size. A run is some
 * neighbouring slots of one piece that are used as one; what is known of it is
 * kept beside its first slot.
 */
#ifndef _XADMA_CHUNK_H
#define _XADMA_CHUNK_H

#include <linux/types.h>

#include "source.h"
#include "slots.h"

#define XADMA_SLOT_SHIFT	11
#define XADMA_SLOT_SIZE		BIT(XADMA_SLOT_SHIFT)

/* What a source is asked for at a time; also the longest bounce. */
#define XADMA_CHUNK_SIZE		SZ_4M

/* What a run has that stands in for no buffer. */
#define XADMA_NO_ORIG	((phys_addr_t)-1)

struct xadma_chunk;

/**
 * struct xadma_run - what is known of a run, at its first slot
 * @orig_addr: guest physical address of the driver's buffer; XADMA_NO_ORIG when there is
 *	none, for the memory was allocated as such
 * @maddr:    machine address of the slot, and so of the run; fixed
 * @chunk:    the chunk that the slot is part of; fixed
 * @size:     bytes of the buffer; 0 when nothing is mapped there. Exchanged with 0 by the
 *	one CPU that ends the mapping
 * @start:    where in the chunk the bounce buffer starts, bytes
 * @dirty:    so many bytes from the start of the run may hold a former user's data,
 *	those after them are zero
 * @slots:    how many slots it has
 * @order:    a CPU may keep it (slot-cache.h): it has 1 << this many slots; or
 *	XADMA_NO_ORDER
 */
struct xadma_run {
	phys_addr_t orig_addr;
	phys_addr_t maddr;
	struct xadma_chunk *chunk;
	u32 size;
	u32 start;
	u32 dirty;
	u16 slots;
	u8 order;
};

#define XADMA_NO_ORDER	0xff

/**
 * struct xadma_piece - contiguous memory of the machine; what an address finds
 * @chunk:   the chunk that it is part of
 * @maddr:  its machine address, bytes
 * @offset: where it is in the chunk, bytes
 */
struct xadma_piece {
	struct xadma_chunk *chunk;
	phys_addr_t maddr;
	size_t offset;
};

/**
 * struct xadma_chunk - memory and its slots
 * @memory: the memory
 * @uncached: the same memory seen without caches, or NULL; set once, under the
 *	pool's lock
 * @pieces: the pieces of it; fixed
 * @first:  the lowest machine address of any of them, bytes; fixed
 * @last:   the highest; fixed
 * @spare:  the pool grew by it on its own account and may do without; fixed
 * @retiring: nothing more is given out; a word, for it is cheapest to load. Under the
 *	pool's lock, read without it
 * @slots:  which slots of it are free
 * @runs:   what the taken ones are for, by first slot; an entry belongs to its
 *	slot's owner
 */
struct xadma_chunk {
	struct xadma_memory memory;
	void *uncached;
	struct xadma_piece *pieces;
	phys_addr_t first;
	phys_addr_t last;
	bool spare;
	unsigned int retiring;
	struct xadma_slots slots;
	struct xadma_run *runs;
};

struct xadma_chunk *xadma_chunk_create(struct xadma_source *source, size_t want,
				       struct xadma_range within);
void xadma_chunk_destroy(struct xadma_source *source, struct xadma_chunk *chunk);
int xadma_chunk_see_uncached(struct xadma_chunk *chunk);

/* The machine address of a place in a chunk. */
static inline phys_addr_t xadma_chunk_maddr(const struct xadma_chunk *chunk,
					    size_t offset)
{
	const struct xadma_memory *memory = &chunk->memory;

	return memory->maddr[offset >> memory->piece_shift] +
	       (offset & (xadma_piece_size(memory) - 1));
}

#endif /* _XADMA_CHUNK_H */

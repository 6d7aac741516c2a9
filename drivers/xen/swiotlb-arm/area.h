/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * area: memory from the backing, cut into slots.
 *
 * An area is made of machine-contiguous pieces of one size. A run is some
 * neighbouring slots of one piece that are used as one; what is known of it is
 * kept beside its first slot.
 */
#ifndef _SWARM_AREA_H
#define _SWARM_AREA_H

#include <linux/types.h>

#include "backing.h"
#include "slots.h"

#define SWARM_SLOT_SHIFT	11
#define SWARM_SLOT_SIZE		BIT(SWARM_SLOT_SHIFT)

/* What a backing is asked for at a time; also the longest bounce. */
#define SWARM_AREA_SIZE		SZ_4M

/* The original of a run that has none: it was lent, not bounced. */
#define SWARM_NO_ORIGINAL	((phys_addr_t)-1)

/**
 * struct swarm_run - what is known of a run, at its first slot
 * @original: guest physical address of the driver's buffer
 * @maddr:    machine address of the run
 * @size:     bytes of the buffer; 0 when nobody has the run
 * @start:    where in the area the buffer's stand-in starts, bytes
 * @dirty:    so many bytes from the start of the run may hold somebody's data,
 *	those after them are zero
 * @slots:    how many slots it has
 * @order:    it is one of the front's, of 1 << this many slots; or
 *	SWARM_NO_ORDER
 */
struct swarm_run {
	phys_addr_t original;
	phys_addr_t maddr;
	u32 size;
	u32 start;
	u32 dirty;
	u16 slots;
	u8 order;
};

#define SWARM_NO_ORDER	0xff

struct swarm_area;

/**
 * struct swarm_piece - contiguous memory of the machine; what an address finds
 * @area:   the area that it is part of
 * @maddr:  its machine address, bytes
 * @offset: where it is in the area, bytes
 */
struct swarm_piece {
	struct swarm_area *area;
	phys_addr_t maddr;
	size_t offset;
};

/**
 * struct swarm_area - memory and its slots
 * @memory: the memory
 * @uncached: the same memory seen without caches, or NULL; set once, under the
 *	pool's lock
 * @pieces: the pieces of it; fixed
 * @first:  the lowest machine address of any of them, bytes; fixed
 * @last:   the highest; fixed
 * @spare:  the pool grew by it on its own account and may do without; fixed
 * @leaving: nothing more is given out; under the pool's lock, read without it
 * @slots:  which slots of it are free
 * @runs:   what the taken ones are for, by first slot; an entry belongs to its
 *	slot's owner
 */
struct swarm_area {
	struct swarm_memory memory;
	void *uncached;
	struct swarm_piece *pieces;
	phys_addr_t first;
	phys_addr_t last;
	bool spare;
	bool leaving;
	struct swarm_slots slots;
	struct swarm_run *runs;
};

struct swarm_area *swarm_area_create(struct swarm_source *source, size_t want,
				     struct swarm_window within);
void swarm_area_destroy(struct swarm_source *source, struct swarm_area *area);
int swarm_area_see_uncached(struct swarm_area *area);

/* The machine address of a place in an area. */
static inline phys_addr_t swarm_area_maddr(const struct swarm_area *area,
					   size_t offset)
{
	const struct swarm_memory *memory = &area->memory;

	return memory->maddr[offset >> memory->piece_shift] +
	       (offset & (swarm_piece_size(memory) - 1));
}

#endif /* _SWARM_AREA_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool: the memory behind the slots, its machine address, and the copy.
 *
 * A pool is a list of areas. An area is memory from the backing, made of
 * machine-contiguous pieces of one size and cut into slots. A bounce is a run of
 * slots in one piece that stands in for a driver's buffer: the device works on
 * the slots, and the CPU copies between them and the buffer ("original").
 *
 * The pool takes addresses, not devices: which areas a device can reach is
 * asked through the predicate that comes with each request.
 *
 * A slot is in one of three states. Free: its bit in the area's slots is
 * clear. Bouncing: it belongs to a run whose first slot has an original. Lent:
 * it belongs to a run without an original, memory that was handed out as such
 * (coherent memory). Only the run's owner touches its slots and its record; the
 * owner is whoever holds the address, as ever in the DMA API.
 */
#ifndef _SWARM_POOL_H
#define _SWARM_POOL_H

#include <linux/dma-direction.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "backing.h"
#include "slots.h"

#define SWARM_SLOT_SHIFT	11
#define SWARM_SLOT_SIZE		BIT(SWARM_SLOT_SHIFT)

/* What a pool asks its backing for at a time; also the longest bounce. */
#define SWARM_AREA_SIZE		SZ_4M

/* The original of a run that has none: it was lent, not bounced. */
#define SWARM_NO_ORIGINAL	((phys_addr_t)-1)

/**
 * struct swarm_run - what is known of a run; one for each slot
 * @original: guest physical address of the driver's buffer (first slot)
 * @size:     bytes of the buffer; 0 when no run starts here (first slot)
 * @pad:      bytes between the start of the run and the buffer's stand-in
 *	(first slot)
 * @first:    the run's first slot (all slots)
 */
struct swarm_run {
	phys_addr_t original;
	size_t size;
	unsigned int pad;
	unsigned int first;
};

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
 *	pool's @grow
 * @pieces: the pieces of it; fixed
 * @first:  the lowest machine address of any of them, bytes; fixed
 * @last:   the highest; fixed
 * @slots:  which slots of it are free
 * @runs:   what the taken ones are for; an entry belongs to its slot's owner
 */
struct swarm_area {
	struct swarm_memory memory;
	void *uncached;
	struct swarm_piece *pieces;
	phys_addr_t first;
	phys_addr_t last;
	struct swarm_slots slots;
	struct swarm_run *runs;
};

struct swarm_areas;

/**
 * struct swarm_pool - a pool
 * @source:  where memory comes from, used under @grow; NULL for a pool that
 *	stays empty
 * @grow:    serialises adding areas; a sleeping lock
 * @see_uncached: every area is to be seen without caches, too; under @grow
 * @areas:   the areas, for walking; written under @grow, read under RCU
 * @owner:   the piece that a frame of the machine is in, by maddr >>
 *	SWARM_PIECE_MIN_SHIFT; written under @grow, read under RCU
 * @lowest:  the lowest machine address in the pool, under @grow
 * @highest: the highest; with @lowest it lets most addresses be told to be
 *	none of ours without looking them up. Under @grow, read without it:
 *	the range only widens, and does so before an address in it is given out
 */
struct swarm_pool {
	struct swarm_source *source;
	struct mutex grow;	/* outermost */
	bool see_uncached;
	struct swarm_areas __rcu *areas;
	struct xarray owner;
	phys_addr_t lowest;
	phys_addr_t highest;
};

/**
 * struct swarm_request - what to look for in a pool
 * @original:   guest physical address of the driver's buffer, or
 *	SWARM_NO_ORIGINAL to be lent the memory
 * @size:       bytes, at least 1
 * @keep:       these low bits of @original are kept in the machine address
 * @align:      the run starts at a multiple of this power of two, bytes
 * @reaches:    can the device drive @size bytes at machine address @maddr?
 * @who:        handed to @reaches
 */
struct swarm_request {
	phys_addr_t original;
	size_t size;
	unsigned int keep;
	size_t align;
	bool (*reaches)(const void *who, phys_addr_t maddr, size_t size);
	const void *who;
};

/**
 * struct swarm_stand_in - a place in the pool
 * @area:   the area
 * @offset: where in the area, bytes
 * @maddr:  machine address, for the device
 * @vaddr:  where the kernel sees it
 * @lead:   bytes of the run before it; for a new run only
 * @span:   bytes of the run, padding included; for a new run only
 */
struct swarm_stand_in {
	struct swarm_area *area;
	size_t offset;
	phys_addr_t maddr;
	void *vaddr;
	size_t lead;
	size_t span;
};

/**
 * struct swarm_pool_usage - figures for people
 * @areas:   how many areas
 * @pieces:  how many pieces in all
 * @largest: bytes of the largest piece
 * @bytes:   their size in all
 * @slots:   slots in all
 * @used:    slots that are taken
 */
struct swarm_pool_usage {
	unsigned int areas;
	unsigned int pieces;
	size_t largest;
	size_t bytes;
	unsigned int slots;
	unsigned int used;
};

void swarm_pool_init(struct swarm_pool *pool, struct swarm_source *source);
void swarm_pool_destroy(struct swarm_pool *pool);
size_t swarm_pool_grow(struct swarm_pool *pool, size_t size,
		       struct swarm_window within);
int swarm_pool_see_uncached(struct swarm_pool *pool);
bool swarm_pool_empty(const struct swarm_pool *pool);

int swarm_pool_bounce(struct swarm_pool *pool, const struct swarm_request *rq,
		      struct swarm_stand_in *in);
bool swarm_pool_find(struct swarm_pool *pool, phys_addr_t maddr,
		     struct swarm_stand_in *in);
void *swarm_pool_uncached(const struct swarm_stand_in *in);
bool swarm_pool_is_lent(const struct swarm_stand_in *in);
int swarm_pool_check(const struct swarm_stand_in *in, size_t size);
void swarm_pool_copy_in(const struct swarm_stand_in *in, size_t size);
void swarm_pool_copy_out(const struct swarm_stand_in *in, size_t size);
int swarm_pool_release(const struct swarm_stand_in *in, size_t size);
size_t swarm_pool_largest(struct swarm_pool *pool,
			  const struct swarm_request *rq);
struct swarm_pool_usage swarm_pool_usage(struct swarm_pool *pool);

#endif /* _SWARM_POOL_H */

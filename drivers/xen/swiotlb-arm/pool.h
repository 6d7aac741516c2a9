/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool: which chunk, which run.
 *
 * A pool is a list of chunks; a chunk is memory, cut into slots; a bounce is a run of
 * neighbouring slots (bounce.h). The pool takes numbers, not devices: which chunks a
 * device drives, and how much it holds already, comes with each request.
 *
 * A slot is in one of four states. Free: its bit in the chunk's slots is clear. Cached:
 * it belongs to a run that some CPU keeps (slot-cache.h). Bouncing: it belongs to a run
 * that stands in for a buffer. Allocated: it belongs to a run without a buffer, memory
 * that was handed out as such (coherent memory).
 *
 * A chunk that the pool grew by on its own account goes through three more: it is
 * retiring when it is taken off the list, so that nothing more of it is given out;
 * dead when its last run has been returned and no address finds it any more; and
 * freed when everybody who could have found it before has gone (RCU). pool-resize.h
 * says when.
 */
#ifndef _XADMA_POOL_H
#define _XADMA_POOL_H

#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/percpu_counter.h>
#include <linux/rcupdate.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <xen/swiotlb-arm-frame-table.h>

#include "chunk.h"
#include "quota.h"
#include "slot-cache.h"
#include "source.h"
#include "window.h"

/* A new list replaces the old one when a chunk comes or goes. */
struct xadma_chunks {
	struct rcu_head rcu;
	unsigned int nr;
	struct xadma_chunk *chunk[];
};

/**
 * struct xadma_wanted - what a request that failed could have used
 * @windows: its device's; NULL when no request has failed since the last look
 * @limit:   the highest address that its device puts on its bus
 */
struct xadma_wanted {
	const struct xadma_windows *windows;
	u64 limit;
};

/**
 * struct xadma_resize - how a pool grows and shrinks
 * @work:    does it
 * @max:     bytes up to which it grows by itself; 0 if it does not
 * @within:  where it grows if it can: where all devices reach
 * @idle_timeout: how long it has to be idle before it gives memory back, jiffies
 * @not_before: it could not grow; another try makes no sense before that
 * @idle_since: since when it has had more than it needs, or 0
 * @retiring: a chunk that is on its way out, or NULL
 * @grown:   chunks that it has grown by, ever
 * @retired: chunks that it has given back, ever
 * @queued:  the work has been queued and has not begun yet; no lock
 * @alloc_failed: a request found no room since the last look; @wanted_lock
 * @wanted_lock: raw, irq-safe, innermost
 *
 * The others are under the pool's @grow; @not_before is read without it.
 */
struct xadma_resize {
	struct delayed_work work;
	size_t max;
	struct xadma_range within;
	unsigned long idle_timeout;
	unsigned long not_before;
	unsigned long idle_since;
	struct xadma_chunk *retiring;
	unsigned int grown;
	unsigned int retired;
	bool queued;
	struct xadma_wanted alloc_failed;
	raw_spinlock_t wanted_lock;
};

/**
 * struct xadma_pool - a pool
 * @source:  where memory comes from, used under @grow; NULL for a pool that
 *	stays empty
 * @grow:    serialises what happens to chunks; a sleeping lock
 * @see_uncached: every chunk is to be seen without caches, too; under @grow
 * @chunks:  the chunks, for walking; written under @grow, read under RCU
 * @owner:   the piece that a frame of the machine is in, by maddr >>
 *	XADMA_PIECE_MIN_SHIFT; written under @grow, read under RCU
 * @lowest:  the lowest machine address in the pool, under @grow
 * @highest: the highest; with @lowest it lets most addresses be told to be
 *	none of ours without looking them up. Under @grow, read without it:
 *	the range only widens, and does so before an address in it is given out
 * @slot_cache: the runs that CPUs keep
 * @total:   slots of all chunks on the list; under @grow, read without it
 * @taken:   those that are taken, the cached ones included; a little behind
 * @batch:   how much each CPU may add to @taken before it tells
 * @refill:  runs that a CPU without one takes at a time, at least 1
 * @pressed: the high-water mark has been passed, so next to nothing is cached, and
 *	quotas count. A word, for it is cheapest to load. A hint, read without a lock:
 *	nothing depends on its order
 * @resize:  how it grows and shrinks
 */
struct xadma_pool {
	struct xadma_source *source;
	struct mutex grow;	/* outermost */
	bool see_uncached;
	struct xadma_chunks __rcu *chunks;
	struct xadma_frame_table owner;
	phys_addr_t lowest;
	phys_addr_t highest;
	struct xadma_slot_cache __percpu *slot_cache;
	unsigned int total;
	struct percpu_counter taken;
	int batch;
	unsigned int refill;
	unsigned int pressed;
	struct xadma_resize resize;
};

/**
 * struct xadma_request - what to look for in a pool
 * @orig_addr: guest physical address of the driver's buffer, or
 *	XADMA_NO_ORIG to allocate the memory as such
 * @size:      bytes, at least 1
 * @min_align_mask: these low bits of @orig_addr are kept in the device's address
 * @alloc_align: the run starts at a multiple of this power of two, bytes
 * @boundary:  the run crosses no multiple of this plus one, in the device's addresses
 * @windows:   the device's
 * @limit:     the highest address that the device puts on its bus
 * @account:   what the device has had of the pool; NULL for an allocation, which has
 *	no quota
 */
struct xadma_request {
	phys_addr_t orig_addr;
	size_t size;
	unsigned int min_align_mask;
	size_t alloc_align;
	unsigned long boundary;
	const struct xadma_windows *windows;
	u64 limit;
	struct xadma_account __percpu *account;
};

/**
 * struct xadma_bounce - a place in the pool
 * @run:      the run that the place is part of
 * @offset:   where in the chunk, bytes
 * @maddr:    machine address
 * @shift:    what its device adds to that; for a new run only
 * @vaddr:    where the kernel sees it
 * @pad:      bytes of the run before it; for a new run only
 * @run_size: bytes of the run, padding included; for a new run only
 */
struct xadma_bounce {
	struct xadma_run *run;
	size_t offset;
	phys_addr_t maddr;
	u64 shift;
	void *vaddr;
	size_t pad;
	size_t run_size;
};

/**
 * struct xadma_pool_usage - figures for people
 * @chunks:  how many chunks
 * @pieces:  how many pieces in all
 * @largest: bytes of the largest piece
 * @bytes:   their size in all
 * @slots:   slots in all
 * @used:    slots that stand in for something or are allocated
 * @at_hand: slots that CPUs keep
 */
struct xadma_pool_usage {
	unsigned int chunks;
	unsigned int pieces;
	size_t largest;
	size_t bytes;
	unsigned int slots;
	unsigned int used;
	unsigned int at_hand;
};

int xadma_pool_init(struct xadma_pool *pool, struct xadma_source *source,
		    work_func_t resize);
void xadma_pool_destroy(struct xadma_pool *pool);
size_t xadma_pool_grow(struct xadma_pool *pool, size_t size,
		       struct xadma_range within);
void xadma_pool_fill(struct xadma_pool *pool, size_t size,
		     const struct xadma_windows *windows, u64 limit);
size_t xadma_pool_driven(struct xadma_pool *pool,
			 const struct xadma_windows *windows, u64 limit);
int xadma_pool_see_uncached(struct xadma_pool *pool);
bool xadma_pool_empty(const struct xadma_pool *pool);

bool xadma_pool_admits(struct xadma_pool *pool, const struct xadma_request *rq);
int xadma_pool_take(struct xadma_pool *pool, const struct xadma_request *rq,
		    unsigned int order, struct xadma_bounce *b);
bool xadma_pool_fits(struct xadma_run *run, const struct xadma_request *rq,
		     struct xadma_bounce *b);
void *xadma_pool_uncached(const struct xadma_bounce *b);
void xadma_pool_give_back(struct xadma_pool *pool, struct xadma_run *run);
void xadma_pool_give_back_some(struct xadma_pool *pool, unsigned int order);
size_t xadma_pool_largest(struct xadma_pool *pool, const struct xadma_request *rq);
struct xadma_pool_usage xadma_pool_usage(struct xadma_pool *pool);

/* For pool-resize.c, under @grow unless it says otherwise. */
size_t xadma_pool_add(struct xadma_pool *pool, size_t size,
		      struct xadma_range within, bool spare);
size_t xadma_pool_add_driven(struct xadma_pool *pool, size_t size,
			     const struct xadma_windows *windows, u64 limit, bool spare);
int xadma_pool_relist(struct xadma_pool *pool, struct xadma_chunk *with,
		      const struct xadma_chunk *without);
void xadma_pool_disown(struct xadma_pool *pool, struct xadma_chunk *chunk);
bool xadma_pool_drain_slot_caches(struct xadma_pool *pool);

/* The list of chunks, for whoever holds @grow. */
static inline struct xadma_chunks *xadma_pool_chunks(struct xadma_pool *pool)
{
	return rcu_dereference_protected(pool->chunks,
					 lockdep_is_held(&pool->grow));
}

/**
 * xadma_pool_spans - may this machine address be in the pool?
 * @pool:  the pool
 * @maddr: machine address, bytes
 *
 * Context: any, no lock.
 * Return: false when it is not; true tells nothing.
 */
static inline bool xadma_pool_spans(const struct xadma_pool *pool,
				    phys_addr_t maddr)
{
	return maddr >= READ_ONCE(pool->lowest) &&
	       maddr <= READ_ONCE(pool->highest);
}

/* For xadma_pool_find(), of an address that xadma_pool_spans(). */
static __always_inline bool
__xadma_pool_find(struct xadma_pool *pool, phys_addr_t maddr, struct xadma_bounce *b)
{
	const struct xadma_piece *piece;
	struct xadma_chunk *chunk;

	/* Between two that were entered, it is a frame that there can be. */
	piece = (void *)__xadma_frame_table_get(&pool->owner,
						maddr >> XADMA_PIECE_MIN_SHIFT);
	if (!piece)
		return false;
	chunk = piece->chunk;
	b->offset = piece->offset + (maddr - piece->maddr);
	b->maddr = maddr;
	b->vaddr = chunk->memory.vaddr + b->offset;
	b->run = &chunk->runs[xadma_slots_head(&chunk->slots,
					       b->offset >> XADMA_SLOT_SHIFT)];
	return true;
}

/**
 * xadma_pool_find - is this machine address in the pool, and where?
 * @pool:  the pool
 * @maddr: machine address, bytes
 * @b:     where it is; filled in only when it is there
 *
 * Context: any, within rcu_read_lock() or with interrupts off, for as long as @b is
 *	used by who does not own what is mapped there.
 * Return: true when the address is in one of the pool's chunks.
 */
static __always_inline bool
xadma_pool_find(struct xadma_pool *pool, phys_addr_t maddr, struct xadma_bounce *b)
{
	return xadma_pool_spans(pool, maddr) && __xadma_pool_find(pool, maddr, b);
}

/**
 * xadma_pool_is_alloc - is this memory that was allocated, not bounced through?
 * @b: any place in the pool
 *
 * Context: any; the caller owns the mapping.
 * Return: true when it is part of a run without an orig_addr.
 */
static __always_inline bool xadma_pool_is_alloc(const struct xadma_bounce *b)
{
	const struct xadma_run *run = b->run;

	return run->orig_addr == XADMA_NO_ORIG && READ_ONCE(run->size) &&
	       b->offset - run->start < (size_t)run->slots << XADMA_SLOT_SHIFT;
}

#endif /* _XADMA_POOL_H */

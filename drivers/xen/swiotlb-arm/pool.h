/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool: which chunk, which run, and the copy.
 *
 * A pool is a list of chunks. A bounce is a run of slots that stands in for a
 * driver's buffer: the device works on the slots, and the CPU copies between them
 * and the buffer ("original").
 *
 * The pool takes addresses, not devices: which chunks a device can reach, and how
 * much it holds already, is asked through what comes with each request.
 *
 * A slot is in one of four states. Free: its bit in the chunk's slots is clear. At
 * hand: it belongs to a run in some CPU's front. Bouncing: it belongs to a run
 * whose first slot has an original. Lent: it belongs to a run without an
 * original, memory that was handed out as such (coherent memory). Only the run's
 * owner touches its slots and its record; the owner is whoever holds the address,
 * as ever in the DMA API.
 *
 * A chunk that the pool grew by on its own account goes through three more: it is
 * leaving when it is taken off the list, so that nobody is given any more of it;
 * dead when its last run has been returned and no address finds it any more; and
 * freed when everybody who could have found it before has gone (RCU). pool-resize.h
 * says when.
 */
#ifndef _XADMA_POOL_H
#define _XADMA_POOL_H

#include <linux/bitops.h>
#include <linux/dma-direction.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/percpu_counter.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <xen/swiotlb-arm-frame-table.h>

#include "chunk.h"
#include "source.h"
#include "slot-cache.h"
#include "quota.h"

/* A new list replaces the old one when a chunk comes or goes. */
struct xadma_chunks {
	struct rcu_head rcu;
	unsigned int nr;
	struct xadma_chunk *chunk[];
};

/**
 * struct xadma_resize - how a pool looks after itself
 * @work:    grows and shrinks it
 * @most:    bytes up to which it grows by itself; 0 if it does not
 * @within:  where it grows
 * @idle_timeout: how long it has to be idle before it gives memory back, jiffies
 * @not_before: it could not grow; another try makes no sense before that
 * @queued:  the worker has been woken and has not begun yet; no lock
 * @alloc_failed:  somebody was refused for want of room since the last look; no lock
 * @idle_since: since when it has had more than it needs, or 0
 * @retiring: a chunk that is on its way out, or NULL
 * @grown:   chunks that it has grown by, ever
 * @retired: chunks that it has given back, ever
 *
 * The others are under the pool's @grow; @not_before is read without it.
 */
struct xadma_resize {
	struct delayed_work work;
	size_t most;
	struct xadma_window within;
	unsigned long idle_timeout;
	unsigned long not_before;
	bool queued;
	bool alloc_failed;
	unsigned long idle_since;
	struct xadma_chunk *retiring;
	unsigned int grown;
	unsigned int retired;
};

/**
 * struct xadma_pool - a pool
 * @source:  where memory comes from, used under @grow; NULL for a pool that
 *	stays empty
 * @grow:    serialises what happens to chunks; a sleeping lock
 * @see_uncached: every chunk is to be seen without caches, too; under @grow
 * @chunks:   the chunks, for walking; written under @grow, read under RCU
 * @owner:   the piece that a frame of the machine is in, by maddr >>
 *	XADMA_PIECE_MIN_SHIFT; written under @grow, read under RCU
 * @lowest:  the lowest machine address in the pool, under @grow
 * @highest: the highest; with @lowest it lets most addresses be told to be
 *	none of ours without looking them up. Under @grow, read without it:
 *	the range only widens, and does so before an address in it is given out
 * @slot_cache:   what each CPU has at hand
 * @total:   slots of all chunks on the list; under @grow, read without it
 * @taken:   those that are taken, the ones at hand included; a little behind
 * @batch:   how much each CPU may add to @taken before it tells
 * @pressed: the high-water mark has been passed, so next to nothing is kept at
 *	hand, and who wants more is asked what it holds
 * @resize:    how it grows and shrinks
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
	bool pressed;
	struct xadma_resize resize;
};

/**
 * struct xadma_request - what to look for in a pool
 * @orig_addr:   guest physical address of the driver's buffer, or
 *	XADMA_NO_ORIG to be lent the memory
 * @size:       bytes, at least 1
 * @keep:       these low bits of @orig_addr are kept in the machine address
 * @align:      the run starts at a multiple of this power of two, bytes
 * @reaches:    can the device drive @size bytes at machine address @maddr?
 * @who:        handed to @reaches
 * @up_to:      all machine addresses up to here it can drive, whatever @reaches says
 *	of others; 0 if that is not known
 * @account:    what the device has had of the pool; NULL for memory to be lent,
 *	which nobody is asked to share
 */
struct xadma_request {
	phys_addr_t orig_addr;
	size_t size;
	unsigned int keep;
	size_t align;
	bool (*reaches)(const void *who, phys_addr_t maddr, size_t size);
	const void *who;
	phys_addr_t up_to;
	struct xadma_account __percpu *account;
};

/**
 * struct xadma_bounce - a place in the pool
 * @chunk:   the chunk
 * @run:    the run that the place is part of
 * @offset: where in the chunk, bytes
 * @maddr:  machine address, for the device
 * @vaddr:  where the kernel sees it
 * @lead:   bytes of the run before it; for a new run only
 * @span:   bytes of the run, padding included; for a new run only
 */
struct xadma_bounce {
	struct xadma_chunk *chunk;
	struct xadma_run *run;
	size_t offset;
	phys_addr_t maddr;
	void *vaddr;
	size_t lead;
	size_t span;
};

/**
 * struct xadma_pool_usage - figures for people
 * @chunks:   how many chunks
 * @pieces:  how many pieces in all
 * @largest: bytes of the largest piece
 * @bytes:   their size in all
 * @slots:   slots in all
 * @used:    slots that stand in for something or are lent
 * @at_hand: slots that wait in a front
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

int xadma_pool_init(struct xadma_pool *pool, struct xadma_source *source);
void xadma_pool_destroy(struct xadma_pool *pool);
size_t xadma_pool_grow(struct xadma_pool *pool, size_t size,
		       struct xadma_window within);
int xadma_pool_see_uncached(struct xadma_pool *pool);
bool xadma_pool_empty(const struct xadma_pool *pool);

int xadma_pool_bounce(struct xadma_pool *pool, const struct xadma_request *rq,
		      struct xadma_bounce *in);
void *xadma_pool_uncached(const struct xadma_bounce *in);
void xadma_pool_give_back(struct xadma_pool *pool, struct xadma_run_ref held,
			  unsigned int slots);
size_t xadma_pool_largest(struct xadma_pool *pool,
			  const struct xadma_request *rq);
struct xadma_pool_usage xadma_pool_usage(struct xadma_pool *pool);

/* For tend.c. */
size_t xadma_pool_add(struct xadma_pool *pool, size_t size,
		      struct xadma_window within, bool spare);
int xadma_pool_detach(struct xadma_pool *pool, struct xadma_chunk *chunk);
int xadma_pool_reattach(struct xadma_pool *pool, struct xadma_chunk *chunk);
void xadma_pool_quiesce(struct xadma_pool *pool);
void xadma_pool_destroy_chunk(struct xadma_pool *pool, struct xadma_chunk *chunk);
void xadma_pool_empty_slot_caches(struct xadma_pool *pool);

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

/* xadma_pool_find(), of an address that the pool spans. */
static __always_inline bool
__xadma_pool_find(struct xadma_pool *pool, phys_addr_t maddr,
		  struct xadma_bounce *in)
{
	const struct xadma_piece *piece;
	struct xadma_chunk *chunk;

	/* Between two that were entered, it is a frame that there can be. */
	piece = (void *)__xadma_frame_table_get(&pool->owner,
						maddr >> XADMA_PIECE_MIN_SHIFT);
	if (!piece)
		return false;
	chunk = piece->chunk;
	in->chunk = chunk;
	in->offset = piece->offset + (maddr - piece->maddr);
	in->maddr = maddr;
	in->vaddr = chunk->memory.vaddr + in->offset;
	in->run = &chunk->runs[xadma_slots_head(&chunk->slots,
						in->offset >> XADMA_SLOT_SHIFT)];
	return true;
}

/**
 * xadma_pool_find - is this machine address in the pool, and where?
 * @pool:  the pool
 * @maddr: machine address, bytes
 * @in:    where it is; filled in only when it is there
 *
 * Context: any, within rcu_read_lock() or with interrupts off, for as long as @in is
 *	used by anybody who does not own what is mapped there.
 * Return: true when the address is in one of the pool's chunks.
 */
static __always_inline bool
xadma_pool_find(struct xadma_pool *pool, phys_addr_t maddr,
		struct xadma_bounce *in)
{
	return xadma_pool_spans(pool, maddr) &&
	       __xadma_pool_find(pool, maddr, in);
}

/**
 * xadma_pool_is_alloc - is this memory that was lent, not bounced through?
 * @in: any place in the pool
 *
 * Context: any; the caller owns the mapping.
 * Return: true when it is part of a run without an original.
 */
static __always_inline bool
xadma_pool_is_alloc(const struct xadma_bounce *in)
{
	return in->run->orig_addr == XADMA_NO_ORIG && in->run->size;
}

/**
 * xadma_pool_check - are these bytes part of one run?
 * @in:   any place in the pool
 * @size: bytes from there on
 *
 * Context: any; the caller owns the mapping.
 * Return: 0; -ENOENT when nothing is mapped there, -ERANGE when the bytes
 *	leave the mapping or lie in its padding.
 */
static __always_inline int
xadma_pool_check(const struct xadma_bounce *in, size_t size)
{
	size_t has = in->run->size, at = in->offset - in->run->start;

	if (unlikely(!has || in->offset >> XADMA_SLOT_SHIFT >=
		     in->run - in->chunk->runs + in->run->slots))
		return -ENOENT;
	return at < has && size <= has - at ? 0 : -ERANGE;
}

/* What @in stands in for; NULL for lent memory. */
static __always_inline void *
xadma_pool_original(const struct xadma_bounce *in)
{
	if (in->run->orig_addr == XADMA_NO_ORIG)
		return NULL;
	return phys_to_virt(in->run->orig_addr + in->offset -
			    in->run->start);
}

/**
 * xadma_pool_copy_in - bring a bounce buffer up to date with its original
 * @in:   any place within a run
 * @size: bytes from there on, which xadma_pool_check() found good
 *
 * Does nothing for lent memory, which has no original.
 *
 * Context: any; the caller owns the mapping.
 */
static __always_inline void
xadma_pool_copy_in(const struct xadma_bounce *in, size_t size)
{
	const void *original = xadma_pool_original(in);

	if (original)
		memcpy(in->vaddr, original, size);
}

/**
 * xadma_pool_copy_out - bring an original up to date with its bounce buffer
 * @in:   any place within a run
 * @size: bytes from there on, which xadma_pool_check() found good
 *
 * Does nothing for lent memory, which has no original.
 *
 * Context: any; the caller owns the mapping.
 */
static __always_inline void
xadma_pool_copy_out(const struct xadma_bounce *in, size_t size)
{
	void *original = xadma_pool_original(in);

	if (original)
		memcpy(original, in->vaddr, size);
}

/* ---- the common case of bouncing, which is at hand ---- */

/**
 * xadma_pool_order - what kind of the front's runs a buffer takes
 * @size:  bytes of the buffer, at least 1
 * @pad:   bytes that have to be free before it
 * @keep:  low bits of its address that are kept
 * @align: of the run, a power of two, bytes
 *
 * Context: any; a pure function.
 * Return: the order, or XADMA_NO_ORDER for a buffer that is too large for that.
 */
static __always_inline unsigned int
xadma_pool_order(size_t size, size_t pad, size_t keep, size_t align)
{
	size_t last = (pad + size - 1) | (align - 1) | keep;

	if (size > XADMA_SLOT_SIZE << (XADMA_SLOT_CACHE_ORDERS - 1) ||
	    last >= XADMA_SLOT_SIZE << (XADMA_SLOT_CACHE_ORDERS - 1))
		return XADMA_NO_ORDER;
	return fls(last >> XADMA_SLOT_SHIFT);
}

/* With interrupts off; @mine is this CPU's. */
static __always_inline void
xadma_account_charge(struct xadma_account *mine, size_t size, unsigned int slots)
{
	mine->bounced += size;
	mine->held += (size_t)slots << XADMA_SLOT_SHIFT;
}

/**
 * xadma_pool_take_at_hand - take a run that this CPU has at hand
 * @pool:  the pool
 * @order: what kind
 * @up_to: the device drives all machine addresses up to here
 * @held:  where to put the run
 *
 * Context: any, with interrupts off.
 * Return: true when that was enough, and the account and xadma_pool_begin() are
 *	next; false for all that xadma_pool_bounce() has to look into.
 */
static __always_inline bool
xadma_pool_take_at_hand(struct xadma_pool *pool, unsigned int order,
			phys_addr_t up_to, struct xadma_run_ref *held)
{
	if (order == XADMA_NO_ORDER || READ_ONCE(pool->pressed) ||
	    !xadma_slot_cache_get(pool->slot_cache, order, held))
		return false;
	if (unlikely(held->chunk->last > up_to)) {
		xadma_slot_cache_put(pool->slot_cache, order, *held, XADMA_SLOT_CACHE_DEPTH);
		return false;
	}
	return true;
}

/*
 * Another device's data may still be in the slots: what the buffer does not
 * fill is cleared, and the buffer itself is copied in even for a device that
 * is to write, since it may write less than it was given. What is known to be
 * clear is left alone; a device may write to the end of a line that it began.
 */
static __always_inline void
xadma_pool_fill(struct xadma_run *run, void *start, phys_addr_t orig_addr,
		size_t pad, size_t end)
{
	size_t dirty = run->dirty;

	if (pad)
		memset(start, 0, pad);
	memcpy(start + pad, phys_to_virt(orig_addr), end - pad);
	if (unlikely(dirty > end))
		memset(start + end, 0, dirty - end);
	run->dirty = ALIGN(end, SMP_CACHE_BYTES);
}

/**
 * xadma_pool_begin - a run stands in for a buffer from now on
 * @held:     the run
 * @orig_addr: guest physical address of the buffer, or XADMA_NO_ORIG
 * @size:     bytes of it
 * @pad:      bytes of the run before it
 * @in:       where it is
 *
 * Context: any; the caller owns the run.
 */
static __always_inline void
xadma_pool_begin(struct xadma_run_ref held, phys_addr_t orig_addr, size_t size,
		 size_t pad, struct xadma_bounce *in)
{
	struct xadma_chunk *chunk = held.chunk;
	struct xadma_run *run = &chunk->runs[held.first];
	size_t offset = (size_t)held.first << XADMA_SLOT_SHIFT;
	void *start = chunk->memory.vaddr + offset;

	run->orig_addr = orig_addr;
	run->size = size;
	run->start = offset + pad;
	in->chunk = chunk;
	in->run = run;
	in->offset = offset + pad;
	in->maddr = run->maddr + pad;
	in->vaddr = start + pad;
	in->lead = pad;
	in->span = (size_t)run->slots << XADMA_SLOT_SHIFT;
	if (unlikely(orig_addr == XADMA_NO_ORIG))
		memset(start, 0, in->span);
	else
		xadma_pool_fill(run, start, orig_addr, pad, pad + size);
}

/*
 * With interrupts off. A run of a chunk that is leaving goes home; of a pool that is
 * filling up one of each size is kept, for whoever maps next.
 */
static __always_inline bool
xadma_pool_keep(struct xadma_pool *pool, struct xadma_run_ref held,
		unsigned int order)
{
	return order != XADMA_NO_ORDER && !READ_ONCE(held.chunk->retiring) &&
	       xadma_slot_cache_put(pool->slot_cache, order, held,
				    READ_ONCE(pool->pressed) ? 1 : XADMA_SLOT_CACHE_DEPTH);
}

/**
 * xadma_pool_is_whole - is this a bounce from its start to its end?
 * @in:   any place in the pool
 * @size: bytes from there on
 *
 * Context: any; the caller owns the mapping.
 * Return: true when it is; then it may be ended without another look.
 */
static __always_inline bool
xadma_pool_is_whole(const struct xadma_bounce *in, size_t size)
{
	return size && in->run->size == size &&
	       in->offset == in->run->start &&
	       in->run->orig_addr != XADMA_NO_ORIG;
}

/**
 * xadma_pool_end - a run is nobody's from now on
 * @pool: the pool
 * @in:   any place in it
 *
 * Context: any, with interrupts off; the caller owns the mapping. May take the
 *	chunk's lock.
 */
static __always_inline void xadma_pool_end(struct xadma_pool *pool,
					   const struct xadma_bounce *in)
{
	struct xadma_run *run = in->run;
	struct xadma_run_ref held = { .chunk = in->chunk, .first = run - in->chunk->runs };

	run->size = 0;
	if (unlikely(!xadma_pool_keep(pool, held, run->order)))
		xadma_pool_give_back(pool, held, run->slots);
}

int xadma_pool_release(struct xadma_pool *pool, const struct xadma_bounce *in,
		       size_t size, struct xadma_account __percpu *account);

/* With interrupts off; @mine is this CPU's. */
static __always_inline void
xadma_account_return(struct xadma_account *mine, unsigned int slots)
{
	mine->held -= (size_t)slots << XADMA_SLOT_SHIFT;
	mine->returned++;
}

#endif /* _XADMA_POOL_H */

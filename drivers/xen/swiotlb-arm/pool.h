/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool: which area, which run, and the copy.
 *
 * A pool is a list of areas. A bounce is a run of slots that stands in for a
 * driver's buffer: the device works on the slots, and the CPU copies between them
 * and the buffer ("original").
 *
 * The pool takes addresses, not devices: which areas a device can reach, and how
 * much it holds already, is asked through what comes with each request.
 *
 * A slot is in one of four states. Free: its bit in the area's slots is clear. At
 * hand: it belongs to a run in some CPU's front. Bouncing: it belongs to a run
 * whose first slot has an original. Lent: it belongs to a run without an
 * original, memory that was handed out as such (coherent memory). Only the run's
 * owner touches its slots and its record; the owner is whoever holds the address,
 * as ever in the DMA API.
 *
 * An area that the pool grew by on its own account goes through three more: it is
 * leaving when it is taken off the list, so that nobody is given any more of it;
 * dead when its last run has been returned and no address finds it any more; and
 * freed when everybody who could have found it before has gone (RCU). tend.h
 * says when.
 */
#ifndef _SWARM_POOL_H
#define _SWARM_POOL_H

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

#include <xen/swiotlb-arm-table.h>

#include "area.h"
#include "backing.h"
#include "front.h"
#include "share.h"

/* A new list replaces the old one when an area comes or goes. */
struct swarm_areas {
	struct rcu_head rcu;
	unsigned int nr;
	struct swarm_area *area[];
};

/**
 * struct swarm_tending - how a pool looks after itself
 * @work:    grows and shrinks it
 * @most:    bytes up to which it grows by itself; 0 if it does not
 * @within:  where it grows
 * @patience: how long it has to be idle before it gives memory back, jiffies
 * @not_before: it could not grow; another try makes no sense before that
 * @called:  the worker has been woken and has not begun yet; no lock
 * @wanting:  somebody was refused for want of room since the last look; no lock
 * @idle_since: since when it has had more than it needs, or 0
 * @leaving: an area that is on its way out, or NULL
 * @grown:   areas that it has grown by, ever
 * @retired: areas that it has given back, ever
 *
 * The others are under the pool's @grow; @not_before is read without it.
 */
struct swarm_tending {
	struct delayed_work work;
	size_t most;
	struct swarm_window within;
	unsigned long patience;
	unsigned long not_before;
	bool called;
	bool wanting;
	unsigned long idle_since;
	struct swarm_area *leaving;
	unsigned int grown;
	unsigned int retired;
};

/**
 * struct swarm_pool - a pool
 * @source:  where memory comes from, used under @grow; NULL for a pool that
 *	stays empty
 * @grow:    serialises what happens to areas; a sleeping lock
 * @see_uncached: every area is to be seen without caches, too; under @grow
 * @areas:   the areas, for walking; written under @grow, read under RCU
 * @owner:   the piece that a frame of the machine is in, by maddr >>
 *	SWARM_PIECE_MIN_SHIFT; written under @grow, read under RCU
 * @lowest:  the lowest machine address in the pool, under @grow
 * @highest: the highest; with @lowest it lets most addresses be told to be
 *	none of ours without looking them up. Under @grow, read without it:
 *	the range only widens, and does so before an address in it is given out
 * @front:   what each CPU has at hand
 * @total:   slots of all areas on the list; under @grow, read without it
 * @taken:   those that are taken, the ones at hand included; a little behind
 * @batch:   how much each CPU may add to @taken before it tells
 * @pressed: the high-water mark has been passed, so next to nothing is kept at
 *	hand, and who wants more is asked what it holds
 * @tend:    how it grows and shrinks
 */
struct swarm_pool {
	struct swarm_source *source;
	struct mutex grow;	/* outermost */
	bool see_uncached;
	struct swarm_areas __rcu *areas;
	struct swarm_table owner;
	phys_addr_t lowest;
	phys_addr_t highest;
	struct swarm_front __percpu *front;
	unsigned int total;
	struct percpu_counter taken;
	int batch;
	bool pressed;
	struct swarm_tending tend;
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
 * @up_to:      all machine addresses up to here it can drive, whatever @reaches says
 *	of others; 0 if that is not known
 * @account:    what the device has had of the pool; NULL for memory to be lent,
 *	which nobody is asked to share
 */
struct swarm_request {
	phys_addr_t original;
	size_t size;
	unsigned int keep;
	size_t align;
	bool (*reaches)(const void *who, phys_addr_t maddr, size_t size);
	const void *who;
	phys_addr_t up_to;
	struct swarm_account __percpu *account;
};

/**
 * struct swarm_stand_in - a place in the pool
 * @area:   the area
 * @run:    the run that the place is part of
 * @offset: where in the area, bytes
 * @maddr:  machine address, for the device
 * @vaddr:  where the kernel sees it
 * @lead:   bytes of the run before it; for a new run only
 * @span:   bytes of the run, padding included; for a new run only
 */
struct swarm_stand_in {
	struct swarm_area *area;
	struct swarm_run *run;
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
 * @used:    slots that stand in for something or are lent
 * @at_hand: slots that wait in a front
 */
struct swarm_pool_usage {
	unsigned int areas;
	unsigned int pieces;
	size_t largest;
	size_t bytes;
	unsigned int slots;
	unsigned int used;
	unsigned int at_hand;
};

int swarm_pool_init(struct swarm_pool *pool, struct swarm_source *source);
void swarm_pool_destroy(struct swarm_pool *pool);
size_t swarm_pool_grow(struct swarm_pool *pool, size_t size,
		       struct swarm_window within);
int swarm_pool_see_uncached(struct swarm_pool *pool);
bool swarm_pool_empty(const struct swarm_pool *pool);

int swarm_pool_bounce(struct swarm_pool *pool, const struct swarm_request *rq,
		      struct swarm_stand_in *in);
void *swarm_pool_uncached(const struct swarm_stand_in *in);
void swarm_pool_give_back(struct swarm_pool *pool, struct swarm_held held,
			  unsigned int slots);
size_t swarm_pool_largest(struct swarm_pool *pool,
			  const struct swarm_request *rq);
struct swarm_pool_usage swarm_pool_usage(struct swarm_pool *pool);

/* For tend.c. */
size_t swarm_pool_add(struct swarm_pool *pool, size_t size,
		      struct swarm_window within, bool spare);
int swarm_pool_take_off(struct swarm_pool *pool, struct swarm_area *area);
int swarm_pool_put_back(struct swarm_pool *pool, struct swarm_area *area);
void swarm_pool_part(struct swarm_pool *pool);
void swarm_pool_bury(struct swarm_pool *pool, struct swarm_area *area);
void swarm_pool_empty_fronts(struct swarm_pool *pool);

/* The list of areas, for whoever holds @grow. */
static inline struct swarm_areas *swarm_pool_areas(struct swarm_pool *pool)
{
	return rcu_dereference_protected(pool->areas,
					 lockdep_is_held(&pool->grow));
}

/**
 * swarm_pool_spans - may this machine address be in the pool?
 * @pool:  the pool
 * @maddr: machine address, bytes
 *
 * Context: any, no lock.
 * Return: false when it is not; true tells nothing.
 */
static inline bool swarm_pool_spans(const struct swarm_pool *pool,
				    phys_addr_t maddr)
{
	return maddr >= READ_ONCE(pool->lowest) &&
	       maddr <= READ_ONCE(pool->highest);
}

/* swarm_pool_find(), of an address that the pool spans. */
static __always_inline bool
__swarm_pool_find(struct swarm_pool *pool, phys_addr_t maddr,
		  struct swarm_stand_in *in)
{
	const struct swarm_piece *piece;
	struct swarm_area *area;

	/* Between two that were entered, it is a frame that there can be. */
	piece = (void *)__swarm_table_get(&pool->owner,
					  maddr >> SWARM_PIECE_MIN_SHIFT);
	if (!piece)
		return false;
	area = piece->area;
	in->area = area;
	in->offset = piece->offset + (maddr - piece->maddr);
	in->maddr = maddr;
	in->vaddr = area->memory.vaddr + in->offset;
	in->run = &area->runs[swarm_slots_head(&area->slots,
					       in->offset >> SWARM_SLOT_SHIFT)];
	return true;
}

/**
 * swarm_pool_find - is this machine address in the pool, and where?
 * @pool:  the pool
 * @maddr: machine address, bytes
 * @in:    where it is; filled in only when it is there
 *
 * Context: any, within rcu_read_lock() or with interrupts off, for as long as @in is
 *	used by anybody who does not own what is mapped there.
 * Return: true when the address is in one of the pool's areas.
 */
static __always_inline bool
swarm_pool_find(struct swarm_pool *pool, phys_addr_t maddr,
		struct swarm_stand_in *in)
{
	return swarm_pool_spans(pool, maddr) &&
	       __swarm_pool_find(pool, maddr, in);
}

/**
 * swarm_pool_is_lent - is this memory that was lent, not bounced through?
 * @in: any place in the pool
 *
 * Context: any; the caller owns the mapping.
 * Return: true when it is part of a run without an original.
 */
static __always_inline bool
swarm_pool_is_lent(const struct swarm_stand_in *in)
{
	return in->run->original == SWARM_NO_ORIGINAL && in->run->size;
}

/**
 * swarm_pool_check - are these bytes part of one run?
 * @in:   any place in the pool
 * @size: bytes from there on
 *
 * Context: any; the caller owns the mapping.
 * Return: 0; -ENOENT when nothing is mapped there, -ERANGE when the bytes
 *	leave the mapping or lie in its padding.
 */
static __always_inline int
swarm_pool_check(const struct swarm_stand_in *in, size_t size)
{
	size_t has = in->run->size, at = in->offset - in->run->start;

	if (unlikely(!has || in->offset >> SWARM_SLOT_SHIFT >=
		     in->run - in->area->runs + in->run->slots))
		return -ENOENT;
	return at < has && size <= has - at ? 0 : -ERANGE;
}

/* What @in stands in for; NULL for lent memory. */
static __always_inline void *
swarm_pool_original(const struct swarm_stand_in *in)
{
	if (in->run->original == SWARM_NO_ORIGINAL)
		return NULL;
	return phys_to_virt(in->run->original + in->offset -
			    in->run->start);
}

/**
 * swarm_pool_copy_in - bring a stand-in up to date with its original
 * @in:   any place within a run
 * @size: bytes from there on, which swarm_pool_check() found good
 *
 * Does nothing for lent memory, which has no original.
 *
 * Context: any; the caller owns the mapping.
 */
static __always_inline void
swarm_pool_copy_in(const struct swarm_stand_in *in, size_t size)
{
	const void *original = swarm_pool_original(in);

	if (original)
		memcpy(in->vaddr, original, size);
}

/**
 * swarm_pool_copy_out - bring an original up to date with its stand-in
 * @in:   any place within a run
 * @size: bytes from there on, which swarm_pool_check() found good
 *
 * Does nothing for lent memory, which has no original.
 *
 * Context: any; the caller owns the mapping.
 */
static __always_inline void
swarm_pool_copy_out(const struct swarm_stand_in *in, size_t size)
{
	void *original = swarm_pool_original(in);

	if (original)
		memcpy(original, in->vaddr, size);
}

/* ---- the common case of bouncing, which is at hand ---- */

/**
 * swarm_pool_order - what kind of the front's runs a buffer takes
 * @size:  bytes of the buffer, at least 1
 * @pad:   bytes that have to be free before it
 * @keep:  low bits of its address that are kept
 * @align: of the run, a power of two, bytes
 *
 * Context: any; a pure function.
 * Return: the order, or SWARM_NO_ORDER for a buffer that is too large for that.
 */
static __always_inline unsigned int
swarm_pool_order(size_t size, size_t pad, size_t keep, size_t align)
{
	size_t last = (pad + size - 1) | (align - 1) | keep;

	if (size > SWARM_SLOT_SIZE << (SWARM_FRONT_ORDERS - 1) ||
	    last >= SWARM_SLOT_SIZE << (SWARM_FRONT_ORDERS - 1))
		return SWARM_NO_ORDER;
	return fls(last >> SWARM_SLOT_SHIFT);
}

/* With interrupts off; @mine is this CPU's. */
static __always_inline void
swarm_account_charge(struct swarm_account *mine, size_t size, unsigned int slots)
{
	mine->bounced += size;
	mine->held += (size_t)slots << SWARM_SLOT_SHIFT;
}

/**
 * swarm_pool_take_at_hand - take a run that this CPU has at hand
 * @pool:  the pool
 * @order: what kind
 * @up_to: the device drives all machine addresses up to here
 * @held:  where to put the run
 *
 * Context: any, with interrupts off.
 * Return: true when that was enough, and the account and swarm_pool_begin() are
 *	next; false for all that swarm_pool_bounce() has to look into.
 */
static __always_inline bool
swarm_pool_take_at_hand(struct swarm_pool *pool, unsigned int order,
			phys_addr_t up_to, struct swarm_held *held)
{
	if (order == SWARM_NO_ORDER || READ_ONCE(pool->pressed) ||
	    !swarm_front_pop(pool->front, order, held))
		return false;
	if (unlikely(held->area->last > up_to)) {
		swarm_front_push(pool->front, order, *held, SWARM_FRONT_DEPTH);
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
swarm_pool_fill(struct swarm_run *run, void *start, phys_addr_t original,
		size_t pad, size_t end)
{
	size_t dirty = run->dirty;

	if (pad)
		memset(start, 0, pad);
	memcpy(start + pad, phys_to_virt(original), end - pad);
	if (unlikely(dirty > end))
		memset(start + end, 0, dirty - end);
	run->dirty = ALIGN(end, SMP_CACHE_BYTES);
}

/**
 * swarm_pool_begin - a run stands in for a buffer from now on
 * @held:     the run
 * @original: guest physical address of the buffer, or SWARM_NO_ORIGINAL
 * @size:     bytes of it
 * @pad:      bytes of the run before it
 * @in:       where it is
 *
 * Context: any; the caller owns the run.
 */
static __always_inline void
swarm_pool_begin(struct swarm_held held, phys_addr_t original, size_t size,
		 size_t pad, struct swarm_stand_in *in)
{
	struct swarm_area *area = held.area;
	struct swarm_run *run = &area->runs[held.first];
	size_t offset = (size_t)held.first << SWARM_SLOT_SHIFT;
	void *start = area->memory.vaddr + offset;

	run->original = original;
	run->size = size;
	run->start = offset + pad;
	in->area = area;
	in->run = run;
	in->offset = offset + pad;
	in->maddr = run->maddr + pad;
	in->vaddr = start + pad;
	in->lead = pad;
	in->span = (size_t)run->slots << SWARM_SLOT_SHIFT;
	if (unlikely(original == SWARM_NO_ORIGINAL))
		memset(start, 0, in->span);
	else
		swarm_pool_fill(run, start, original, pad, pad + size);
}

/*
 * With interrupts off. A run of an area that is leaving goes home; of a pool that is
 * filling up one of each size is kept, for whoever maps next.
 */
static __always_inline bool
swarm_pool_keep(struct swarm_pool *pool, struct swarm_held held,
		unsigned int order)
{
	return order != SWARM_NO_ORDER && !READ_ONCE(held.area->leaving) &&
	       swarm_front_push(pool->front, order, held,
				READ_ONCE(pool->pressed) ? 1 : SWARM_FRONT_DEPTH);
}

/**
 * swarm_pool_is_whole - is this a bounce from its start to its end?
 * @in:   any place in the pool
 * @size: bytes from there on
 *
 * Context: any; the caller owns the mapping.
 * Return: true when it is; then it may be ended without another look.
 */
static __always_inline bool
swarm_pool_is_whole(const struct swarm_stand_in *in, size_t size)
{
	return size && in->run->size == size &&
	       in->offset == in->run->start &&
	       in->run->original != SWARM_NO_ORIGINAL;
}

/**
 * swarm_pool_end - a run is nobody's from now on
 * @pool: the pool
 * @in:   any place in it
 *
 * Context: any, with interrupts off; the caller owns the mapping. May take the
 *	area's lock.
 */
static __always_inline void swarm_pool_end(struct swarm_pool *pool,
					   const struct swarm_stand_in *in)
{
	struct swarm_run *run = in->run;
	struct swarm_held held = { .area = in->area, .first = run - in->area->runs };

	run->size = 0;
	if (unlikely(!swarm_pool_keep(pool, held, run->order)))
		swarm_pool_give_back(pool, held, run->slots);
}

int swarm_pool_release(struct swarm_pool *pool, const struct swarm_stand_in *in,
		       size_t size, struct swarm_account __percpu *account);

/* With interrupts off; @mine is this CPU's. */
static __always_inline void
swarm_account_return(struct swarm_account *mine, unsigned int slots)
{
	mine->held -= (size_t)slots << SWARM_SLOT_SHIFT;
	mine->returned++;
}

#endif /* _SWARM_POOL_H */

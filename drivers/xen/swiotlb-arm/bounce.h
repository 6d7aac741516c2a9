/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bounce: a run of the pool stands in for a driver's buffer.
 *
 * Take a run, begin, copy, end. The device works on the run's slots, and the CPU copies
 * between them and the buffer at orig_addr. A slot has more bytes than a buffer may
 * need, and its last user's data must not be seen by the next one's device: what the
 * buffer does not fill is cleared. The buffer itself is copied in even for a device
 * that is to write, since it may write less than it was given.
 *
 * Invariant: a run belongs to one owner at a time: the CPU that has taken it until it
 * has begun, then whoever holds the address, and in the end the one CPU whose
 * xadma_bounce_claim() returned a length. Nobody else touches its slots and record.
 */
#ifndef _XADMA_BOUNCE_H
#define _XADMA_BOUNCE_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "pool.h"
#include "route.h"

int xadma_bounce_request(struct xadma_pool *pool, const struct xadma_request *rq,
			 struct xadma_bounce *b);
int xadma_bounce_free(struct xadma_pool *pool, const struct xadma_bounce *b,
		      size_t size);
void xadma_bounce_give_back(struct xadma_pool *pool, struct xadma_run *run);

/**
 * xadma_bounce_order - the size of kept runs that a buffer takes
 * @size:     bytes of the buffer, at least 1
 * @pad:      bytes that have to be free before it
 * @min_align_mask: low bits of its address that are kept
 * @align:    of the run, a power of two, bytes
 * @boundary: the device's segment boundary mask
 *
 * Such a run begins at a multiple of its size, so it crosses no boundary that is as
 * large as the largest of them.
 *
 * Context: any; a pure function.
 * Return: the order, or XADMA_NO_ORDER for what takes a closer look.
 */
static __always_inline unsigned int
xadma_bounce_order(size_t size, size_t pad, size_t min_align_mask, size_t align,
		   unsigned long boundary)
{
	const size_t largest = XADMA_SLOT_SIZE << (XADMA_SLOT_CACHE_ORDERS - 1);
	size_t last = (pad + size - 1) | (align - 1) | min_align_mask;

	if (size > largest || last >= largest || boundary < largest - 1)
		return XADMA_NO_ORDER;
	return fls(last >> XADMA_SLOT_SHIFT);
}

/**
 * xadma_bounce_take - take a run that this CPU keeps
 * @pool:  the pool
 * @order: its size
 * @reach: what the device drives unshifted
 * @mask:  its mask
 *
 * Context: any, with interrupts off.
 * Return: the run; NULL for all that xadma_bounce_request() has to look into.
 */
static __always_inline struct xadma_run *
xadma_bounce_take(struct xadma_pool *pool, unsigned int order,
		  const struct xadma_reach *reach, u64 mask)
{
	const struct xadma_chunk *chunk;
	struct xadma_run *run;

	if (order == XADMA_NO_ORDER || READ_ONCE(pool->pressed))
		return NULL;
	run = xadma_slot_cache_get(pool->slot_cache, order);
	if (unlikely(!run))
		return NULL;
	chunk = run->chunk;
	if (likely(chunk->last <= mask && chunk->last <= reach->driven.last &&
		   chunk->first >= reach->driven.first))
		return run;
	/* Some other device may reach it. */
	if (!xadma_slot_cache_put(pool->slot_cache, order, run, XADMA_SLOT_CACHE_DEPTH))
		xadma_pool_give_back(pool, run);
	return NULL;
}

/* With interrupts off; @mine is this CPU's. */
static __always_inline void
xadma_account_charge(struct xadma_account *mine, size_t size, size_t run_size)
{
	mine->bounced += size;
	mine->held += run_size;
}

/* With interrupts off; @mine is this CPU's. */
static __always_inline void
xadma_account_return(struct xadma_account *mine, unsigned int slots)
{
	mine->held -= (size_t)slots << XADMA_SLOT_SHIFT;
	mine->returned++;
}

/*
 * What is known to be clear is left alone; a device may write to the end of a line
 * that it began.
 */
static __always_inline void
xadma_bounce_fill(struct xadma_run *run, void *start, phys_addr_t orig_addr,
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

/* From now on the run's record finds what is mapped there. */
static __always_inline void *xadma_bounce_start(struct xadma_run *run,
						phys_addr_t orig_addr, size_t size,
						size_t pad)
{
	const struct xadma_chunk *chunk = run->chunk;
	size_t offset = (size_t)(run - chunk->runs) << XADMA_SLOT_SHIFT;

	run->orig_addr = orig_addr;
	run->size = size;
	run->start = offset + pad;
	return chunk->memory.vaddr + offset;
}

/**
 * xadma_bounce_begin - a run stands in for a buffer from now on
 * @run:       the run
 * @orig_addr: guest physical address of the buffer
 * @size:      bytes of it
 * @pad:       bytes of the run before it
 *
 * Context: any; the caller owns the run.
 * Return: where the kernel sees the run.
 */
static __always_inline void *xadma_bounce_begin(struct xadma_run *run,
						phys_addr_t orig_addr, size_t size,
						size_t pad)
{
	void *start = xadma_bounce_start(run, orig_addr, size, pad);

	xadma_bounce_fill(run, start, orig_addr, pad, pad + size);
	return start;
}

/**
 * xadma_bounce_bytes - how many bytes from a place on are mapped
 * @b:    any place in the pool
 * @size: so many are asked for
 *
 * Context: any; the caller owns the mapping.
 * Return: @size; less when the mapping ends before; 0 when nothing is mapped there, or
 *	the place is in the padding before the buffer.
 */
static __always_inline size_t xadma_bounce_bytes(const struct xadma_bounce *b,
						 size_t size)
{
	size_t mapped = READ_ONCE(b->run->size), at = b->offset - b->run->start;

	return likely(at < mapped) ? min(size, mapped - at) : 0;
}

/**
 * xadma_bounce_in_first_slot - is this the slot that the buffer starts in?
 * @b: any place in the pool
 *
 * Context: any; the caller owns the mapping.
 * Return: true when it is, and the place is not before the buffer.
 */
static inline bool xadma_bounce_in_first_slot(const struct xadma_bounce *b)
{
	return b->offset >= b->run->start &&
	       b->offset >> XADMA_SLOT_SHIFT == b->run->start >> XADMA_SLOT_SHIFT;
}

/**
 * xadma_bounce_claim - become the owner of a run that is mapped
 * @run: the run
 *
 * Context: any, with interrupts off or within an RCU read section.
 * Return: bytes that were mapped; 0 when nothing was, or another CPU came first.
 */
static __always_inline size_t xadma_bounce_claim(struct xadma_run *run)
{
	return xchg_relaxed(&run->size, 0);
}

/**
 * xadma_bounce_copy_in - bring a bounce buffer up to date with the driver's buffer
 * @b:     any place within a run that has an orig_addr
 * @bytes: bytes from there on, all of them mapped
 *
 * Context: any; the caller owns the mapping.
 */
static __always_inline void xadma_bounce_copy_in(const struct xadma_bounce *b,
						 size_t bytes)
{
	memcpy(b->vaddr, phys_to_virt(b->run->orig_addr + b->offset - b->run->start),
	       bytes);
}

/**
 * xadma_bounce_copy_out - bring a driver's buffer up to date with its bounce buffer
 * @b:     any place within a run that has an orig_addr
 * @bytes: bytes from there on, all of them mapped
 *
 * Context: any; the caller owns the mapping.
 */
static __always_inline void xadma_bounce_copy_out(const struct xadma_bounce *b,
						  size_t bytes)
{
	memcpy(phys_to_virt(b->run->orig_addr + b->offset - b->run->start), b->vaddr,
	       bytes);
}

/**
 * xadma_bounce_end - a run is nobody's from now on
 * @pool: the pool
 * @run:  the run, claimed
 *
 * A run of a chunk that is retiring goes back to it; of a pool that is filling up one
 * of each size is kept, for whoever maps next.
 *
 * Context: any, with interrupts off; the caller owns the run. May take the chunk's
 *	lock.
 */
static __always_inline void xadma_bounce_end(struct xadma_pool *pool,
					     struct xadma_run *run)
{
	if (unlikely(READ_ONCE(pool->pressed) || run->order == XADMA_NO_ORDER ||
		     READ_ONCE(run->chunk->retiring) ||
		     !xadma_slot_cache_put(pool->slot_cache, run->order, run,
					   XADMA_SLOT_CACHE_DEPTH)))
		xadma_bounce_give_back(pool, run);
}

#endif /* _XADMA_BOUNCE_H */

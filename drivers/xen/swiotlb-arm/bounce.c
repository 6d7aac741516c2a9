// SPDX-License-Identifier: GPL-2.0-only
#include <linux/irqflags.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "bounce.h"

/*
 * What is allocated stays for long, and is looked for where it fits best; anything
 * small comes in runs that suit the next one, too.
 */
static unsigned int order_of(const struct xadma_request *rq)
{
	if (!rq->account)
		return XADMA_NO_ORDER;
	return xadma_bounce_order(rq->size, rq->orig_addr & rq->min_align_mask,
				  rq->min_align_mask, rq->alloc_align, rq->boundary);
}

/* With interrupts off. A run that this CPU keeps, if it will do. */
static bool take_cached(struct xadma_pool *pool, const struct xadma_request *rq,
			unsigned int order, struct xadma_bounce *b)
{
	struct xadma_run *run;

	if (order == XADMA_NO_ORDER)
		return false;
	run = xadma_slot_cache_get(pool->slot_cache, order);
	if (!run)
		return false;
	if (likely(xadma_pool_fits(run, rq, b)))
		return true;
	xadma_bounce_end(pool, run);
	return false;
}

static void begin(const struct xadma_request *rq, struct xadma_bounce *b)
{
	struct xadma_run *run = b->run;
	void *start;

	b->run_size = (size_t)run->slots << XADMA_SLOT_SHIFT;
	if (rq->orig_addr == XADMA_NO_ORIG) {
		start = xadma_bounce_start(run, XADMA_NO_ORIG, rq->size, b->pad);
		memset(start, 0, b->run_size);
	} else {
		start = xadma_bounce_begin(run, rq->orig_addr, rq->size, b->pad);
	}
	b->offset = run->start;
	b->maddr = run->maddr + b->pad;
	b->vaddr = start + b->pad;
}

/**
 * xadma_bounce_request - find a run for a buffer, and fill it
 * @pool: the pool
 * @rq:   the buffer, what its device drives, and what it has had so far
 * @b:    where the bounce buffer is
 *
 * Context: any. Takes the lock of one chunk at a time, and none for what this CPU
 *	keeps.
 * Return: 0; -ERANGE when the device drives no chunk, -E2BIG when it drives
 *	some but none has pieces that large, -ENOSPC when they are too full just now,
 *	-EBUSY when the pool is filling up and the device has its share of it.
 */
int xadma_bounce_request(struct xadma_pool *pool, const struct xadma_request *rq,
			 struct xadma_bounce *b)
{
	unsigned int order = order_of(rq);
	unsigned long flags;
	int ret = 0;

	if (!xadma_pool_admits(pool, rq))
		return -EBUSY;

	/* Until a run of it is taken, a chunk may be retired. */
	rcu_read_lock();
	local_irq_save(flags);
	if (!take_cached(pool, rq, order, b)) {
		local_irq_restore(flags);
		ret = xadma_pool_take(pool, rq, order, b);
		local_irq_save(flags);
	}
	if (!ret && rq->account)
		xadma_account_charge(this_cpu_ptr(rq->account), rq->size,
				     (size_t)b->run->slots << XADMA_SLOT_SHIFT);
	local_irq_restore(flags);
	rcu_read_unlock();

	if (!ret)
		begin(rq, b);
	return ret;
}

/*
 * For xadma_bounce_end(), when the run is not kept at once: of a pool that is filling up
 * one of each size is kept, for whoever maps next; where as many are kept as may be, some
 * go back first, so that the next ones find room.
 */
void xadma_bounce_give_back(struct xadma_pool *pool, struct xadma_run *run)
{
	unsigned int most = XADMA_SLOT_CACHE_DEPTH;
	bool kept = false;

	if (run->order != XADMA_NO_ORDER && !READ_ONCE(run->chunk->retiring)) {
		if (READ_ONCE(pool->pressed))
			most = 1;
		else
			xadma_pool_give_back_some(pool, run->order);
		kept = xadma_slot_cache_put(pool->slot_cache, run->order, run, most);
	}
	if (!kept)
		xadma_pool_give_back(pool, run);
}

/**
 * xadma_bounce_free - end an allocation
 * @pool: the pool
 * @b:    where it starts: the very address that was given out
 * @size: the size that was asked for
 *
 * A wrong size is reported, but the run ends all the same: its slots would be
 * lost for ever otherwise.
 *
 * Context: any, within an RCU read section. Takes the chunk's lock.
 * Return: 0; -ENOENT when no allocation starts there, or another CPU came first, with
 *	nothing changed; -ERANGE when the size was another.
 */
int xadma_bounce_free(struct xadma_pool *pool, const struct xadma_bounce *b, size_t size)
{
	unsigned long flags;
	size_t was;

	if (!xadma_pool_is_alloc(b) || b->offset != b->run->start)
		return -ENOENT;
	was = xadma_bounce_claim(b->run);
	if (!was)
		return -ENOENT;
	local_irq_save(flags);
	xadma_bounce_end(pool, b->run);
	local_irq_restore(flags);
	return size == was ? 0 : -ERANGE;
}

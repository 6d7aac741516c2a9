// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/workqueue.h>

#include "pool.h"
#include "pool-resize.h"
#include "quota.h"

/* How long a pool that could not grow is let be. */
#define RETRY	HZ

static bool is_pressed(struct xadma_pool *pool)
{
	return percpu_counter_sum_positive(&pool->taken) >
	       xadma_quota_high(pool->total);
}

/* ---- retiring a chunk ---- */

/**
 * xadma_resize_detach - begin to retire a chunk
 * @pool:  the pool, none of whose chunks is retiring
 * @chunk: the chunk
 *
 * Context: may sleep; under @pool->grow.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int xadma_resize_detach(struct xadma_pool *pool, struct xadma_chunk *chunk)
{
	int ret = xadma_pool_relist(pool, NULL, chunk);

	if (!ret) {
		WRITE_ONCE(chunk->retiring, true);
		pool->resize.retiring = chunk;
	}
	return ret;
}

/**
 * xadma_resize_reattach - let the chunk that is retiring stay
 * @pool: the pool
 *
 * Context: may sleep; under @pool->grow.
 * Return: 0; -ENOENT when none is, or -ENOMEM with nothing changed.
 */
int xadma_resize_reattach(struct xadma_pool *pool)
{
	struct xadma_chunk *chunk = pool->resize.retiring;
	int ret;

	if (!chunk)
		return -ENOENT;
	WRITE_ONCE(chunk->retiring, false);
	ret = xadma_pool_relist(pool, chunk, NULL);
	if (ret)
		WRITE_ONCE(chunk->retiring, true);
	else
		pool->resize.retiring = NULL;
	return ret;
}

/**
 * xadma_resize_quiesce - wait until nothing is taken of the chunk that is retiring
 * @pool: the pool
 *
 * Context: may sleep; without @pool->grow, for a driver that sets its mask need not
 *	wait for a grace period.
 */
void xadma_resize_quiesce(struct xadma_pool *pool)
{
	synchronize_rcu();
	xadma_pool_drain_slot_caches(pool);
}

static void destroy_if_unused(struct xadma_pool *pool)
{
	struct xadma_chunk *chunk = pool->resize.retiring;

	if (!chunk || xadma_slots_used(&chunk->slots))
		return;
	xadma_pool_disown(pool, chunk);
	synchronize_rcu();
	xadma_chunk_destroy(pool->source, chunk);
	pool->resize.retiring = NULL;
	pool->resize.retired++;
}

/* ---- growing ---- */

static struct xadma_wanted take_failure(struct xadma_resize *resize)
{
	struct xadma_wanted wanted;

	raw_spin_lock_irq(&resize->wanted_lock);
	wanted = resize->alloc_failed;
	resize->alloc_failed.windows = NULL;
	raw_spin_unlock_irq(&resize->wanted_lock);
	return wanted;
}

static bool grow_by_one(struct xadma_pool *pool, const struct xadma_wanted *wanted)
{
	struct xadma_resize *resize = &pool->resize;
	size_t has = (size_t)pool->total << XADMA_SLOT_SHIFT;
	size_t want;

	if (!xadma_resize_reattach(pool))
		return true;
	if (has >= resize->max)
		return false;
	want = min_t(size_t, rounddown_pow_of_two(resize->max - has),
		     XADMA_CHUNK_SIZE);
	if (want < XADMA_CHUNK_MIN)
		return false;
	if (wanted->windows ?
	    !xadma_pool_add_driven(pool, want, wanted->windows, wanted->limit, true) :
	    !xadma_pool_add(pool, want, resize->within, true))
		return false;
	resize->grown++;
	return true;
}

/* A pool may have no room for something long, or narrow, before it is full. */
static void grow(struct xadma_pool *pool)
{
	struct xadma_resize *resize = &pool->resize;
	struct xadma_wanted wanted;

	mutex_lock(&pool->grow);
	for (;;) {
		wanted = take_failure(resize);
		if (!wanted.windows && !is_pressed(pool))
			break;
		if (!grow_by_one(pool, &wanted)) {
			WRITE_ONCE(resize->not_before, jiffies + RETRY);
			break;
		}
	}
	WRITE_ONCE(pool->pressed, is_pressed(pool));
	mutex_unlock(&pool->grow);
}

/* ---- shrinking ---- */

static struct xadma_chunk *last_spare(struct xadma_pool *pool)
{
	struct xadma_chunks *chunks = xadma_pool_chunks(pool);
	unsigned int i = chunks ? chunks->nr : 0;

	while (i--)
		if (chunks->chunk[i]->spare)
			return chunks->chunk[i];
	return NULL;
}

/* Would half of what is left without it do? */
static bool can_do_without(struct xadma_pool *pool,
			   const struct xadma_chunk *chunk)
{
	return percpu_counter_sum_positive(&pool->taken) <=
	       (pool->total - chunk->slots.nr) / 2;
}

static bool has_been_idle(struct xadma_resize *resize, bool idle)
{
	if (!idle)
		resize->idle_since = 0;
	else if (!resize->idle_since)
		resize->idle_since = jiffies | 1;
	return idle && time_after_eq(jiffies, resize->idle_since + resize->idle_timeout);
}

/* One at a time. */
static void shrink(struct xadma_pool *pool)
{
	struct xadma_resize *resize = &pool->resize;
	struct xadma_chunk *chunk;
	bool retiring;

	mutex_lock(&pool->grow);
	chunk = last_spare(pool);
	if (!resize->retiring &&
	    has_been_idle(resize, chunk && can_do_without(pool, chunk)))
		xadma_resize_detach(pool, chunk);
	retiring = resize->retiring;
	mutex_unlock(&pool->grow);
	if (!retiring)
		return;

	xadma_resize_quiesce(pool);
	mutex_lock(&pool->grow);
	destroy_if_unused(pool);
	mutex_unlock(&pool->grow);
}

/* ---- the worker ---- */

static void note_pressure(struct xadma_pool *pool)
{
	mutex_lock(&pool->grow);
	WRITE_ONCE(pool->pressed, is_pressed(pool));
	mutex_unlock(&pool->grow);
}

static bool has_failed(struct xadma_resize *resize)
{
	bool failed;

	raw_spin_lock_irq(&resize->wanted_lock);
	failed = resize->alloc_failed.windows;
	raw_spin_unlock_irq(&resize->wanted_lock);
	return failed;
}

/**
 * xadma_resize_work - look after a pool; nobody else retires chunks
 * @work: the pool's
 *
 * Context: may sleep; takes @pool->grow.
 */
void xadma_resize_work(struct work_struct *work)
{
	struct xadma_pool *pool = container_of(to_delayed_work(work),
					       struct xadma_pool, resize.work);
	struct xadma_resize *resize = &pool->resize;
	unsigned long next = 0;

	WRITE_ONCE(resize->queued, false);
	/* Enough may have been returned since for the pool not to be pressed. */
	if (!READ_ONCE(pool->pressed) && !has_failed(resize)) {
		shrink(pool);
	} else {
		/* Before a map has to. */
		xadma_pool_drain_slot_caches(pool);
		if (time_after_eq(jiffies, resize->not_before))
			grow(pool);
		else
			note_pressure(pool);
	}

	mutex_lock(&pool->grow);
	/* What could not grow is looked at again, for it may not be pressed for long. */
	if (READ_ONCE(pool->pressed))
		next = RETRY;
	else if (resize->retiring || last_spare(pool))
		next = max(resize->idle_timeout / 4, 1UL);
	if (next)
		queue_delayed_work(system_unbound_wq, &resize->work, next);
	mutex_unlock(&pool->grow);
}

/**
 * xadma_resize_allow - let a pool grow by itself
 * @pool:   the pool
 * @max:    bytes up to which
 * @within: where
 *
 * Context: may sleep; takes @pool->grow.
 */
void xadma_resize_allow(struct xadma_pool *pool, size_t max,
			struct xadma_range within)
{
	mutex_lock(&pool->grow);
	pool->resize.max = max;
	pool->resize.within = within;
	mutex_unlock(&pool->grow);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include "pool.h"
#include "quota.h"
#include "pool-resize.h"

/* How long a pool has to be idle, and how long one that cannot grow is let be. */
#define PATIENCE	(30 * HZ)
#define RETRY		HZ

/* ---- growing ---- */

static bool is_pressed(struct xadma_pool *pool)
{
	return percpu_counter_sum_positive(&pool->taken) >
	       xadma_quota_high(pool->total);
}

static bool reattach(struct xadma_pool *pool)
{
	struct xadma_resize *t = &pool->resize;

	if (!t->retiring || xadma_pool_reattach(pool, t->retiring))
		return false;
	t->retiring = NULL;
	return true;
}

static bool grow_by_one(struct xadma_pool *pool)
{
	struct xadma_resize *t = &pool->resize;
	size_t has = (size_t)pool->total << XADMA_SLOT_SHIFT;
	size_t want;

	if (reattach(pool))
		return true;
	if (has >= t->most)
		return false;
	want = min_t(size_t, rounddown_pow_of_two(t->most - has),
		     XADMA_CHUNK_SIZE);
	if (want < XADMA_CHUNK_MIN || !xadma_pool_add(pool, want, t->within, true))
		return false;
	t->grown++;
	return true;
}

/* A pool may have no room for something long before it is full. */
static void grow_enough(struct xadma_pool *pool)
{
	struct xadma_resize *t = &pool->resize;

	while (xchg(&t->alloc_failed, false) || is_pressed(pool)) {
		if (!grow_by_one(pool)) {
			WRITE_ONCE(t->not_before, jiffies + RETRY);
			return;
		}
	}
	WRITE_ONCE(pool->pressed, false);
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

static bool has_been_idle(struct xadma_resize *t, bool idle)
{
	if (!idle)
		t->idle_since = 0;
	else if (!t->idle_since)
		t->idle_since = jiffies | 1;
	return idle && time_after_eq(jiffies, t->idle_since + t->idle_timeout);
}

/* One at a time. */
static void choose(struct xadma_pool *pool)
{
	struct xadma_resize *t = &pool->resize;
	struct xadma_chunk *chunk = last_spare(pool);

	if (t->retiring)
		return;
	if (has_been_idle(t, chunk && can_do_without(pool, chunk)) &&
	    !xadma_pool_detach(pool, chunk))
		t->retiring = chunk;
}

static void destroy_if_unused(struct xadma_pool *pool)
{
	struct xadma_resize *t = &pool->resize;

	if (!t->retiring || xadma_slots_used(&t->retiring->slots))
		return;
	xadma_pool_destroy_chunk(pool, t->retiring);
	t->retiring = NULL;
	t->retired++;
}

/* ---- the worker ---- */

static void grow(struct xadma_pool *pool)
{
	xadma_pool_empty_slot_caches(pool);
	mutex_lock(&pool->grow);
	grow_enough(pool);
	mutex_unlock(&pool->grow);
}

static void shrink(struct xadma_pool *pool)
{
	bool retiring;

	mutex_lock(&pool->grow);
	choose(pool);
	retiring = pool->resize.retiring;
	mutex_unlock(&pool->grow);
	if (!retiring)
		return;

	xadma_pool_quiesce(pool);
	mutex_lock(&pool->grow);
	destroy_if_unused(pool);
	mutex_unlock(&pool->grow);
}

/* Nobody else makes a chunk leave, or lets it come back. */
static void tend(struct work_struct *work)
{
	struct xadma_pool *pool = container_of(to_delayed_work(work),
					       struct xadma_pool, resize.work);
	struct xadma_resize *t = &pool->resize;

	WRITE_ONCE(t->queued, false);
	/* Somebody may have returned enough since for the pool not to be pressed. */
	if (READ_ONCE(pool->pressed) || READ_ONCE(t->alloc_failed))
		grow(pool);
	else
		shrink(pool);

	mutex_lock(&pool->grow);
	if (t->retiring || last_spare(pool))
		queue_delayed_work(system_unbound_wq, &t->work,
				   max(t->idle_timeout / 4, 1UL));
	mutex_unlock(&pool->grow);
}

/**
 * xadma_resize_queue - a pool has passed its high-water mark, or was too full
 * @pool: the pool
 *
 * Context: any.
 */
void xadma_resize_queue(struct xadma_pool *pool)
{
	struct xadma_resize *t = &pool->resize;

	WRITE_ONCE(pool->pressed, true);
	/* Once is enough: to wake it again would put it at the end of the queue. */
	if (time_after_eq(jiffies, READ_ONCE(t->not_before)) &&
	    !xchg(&t->queued, true))
		mod_delayed_work(system_unbound_wq, &t->work, 0);
}

/**
 * xadma_resize_allow - let a pool grow by itself
 * @pool:   the pool
 * @most:   bytes up to which
 * @within: where
 *
 * Context: may sleep; takes @pool->grow.
 */
void xadma_resize_allow(struct xadma_pool *pool, size_t most,
			struct xadma_window within)
{
	mutex_lock(&pool->grow);
	pool->resize.most = most;
	pool->resize.within = within;
	mutex_unlock(&pool->grow);
}

/**
 * xadma_resize_init - a pool that does not grow by itself yet
 * @pool: the pool
 *
 * Context: any.
 */
void xadma_resize_init(struct xadma_pool *pool)
{
	struct xadma_resize *t = &pool->resize;

	INIT_DELAYED_WORK(&t->work, tend);
	t->idle_timeout = PATIENCE;
	t->not_before = jiffies;
}

/**
 * xadma_resize_end - leave a pool alone, for good
 * @pool: the pool; nobody maps any more
 *
 * What was on its way out is freed.
 *
 * Context: may sleep; takes @pool->grow.
 */
void xadma_resize_end(struct xadma_pool *pool)
{
	struct xadma_resize *t = &pool->resize;

	cancel_delayed_work_sync(&t->work);
	mutex_lock(&pool->grow);
	if (t->retiring)
		xadma_pool_destroy_chunk(pool, t->retiring);
	t->retiring = NULL;
	mutex_unlock(&pool->grow);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include "pool.h"
#include "share.h"
#include "tend.h"

/* How long a pool has to be idle, and how long one that cannot grow is let be. */
#define PATIENCE	(30 * HZ)
#define RETRY		HZ

/* ---- growing ---- */

static bool is_pressed(struct swarm_pool *pool)
{
	return percpu_counter_sum_positive(&pool->taken) >
	       swarm_share_high(pool->total);
}

static bool come_back(struct swarm_pool *pool)
{
	struct swarm_tending *t = &pool->tend;

	if (!t->leaving || swarm_pool_put_back(pool, t->leaving))
		return false;
	t->leaving = NULL;
	return true;
}

static bool grow_by_one(struct swarm_pool *pool)
{
	struct swarm_tending *t = &pool->tend;
	size_t has = (size_t)pool->total << SWARM_SLOT_SHIFT;
	size_t want;

	if (come_back(pool))
		return true;
	if (has >= t->most)
		return false;
	want = min_t(size_t, rounddown_pow_of_two(t->most - has),
		     SWARM_AREA_SIZE);
	if (want < SWARM_GRAIN || !swarm_pool_add(pool, want, t->within, true))
		return false;
	t->grown++;
	return true;
}

/* A pool may have no room for something long before it is full. */
static void relieve(struct swarm_pool *pool)
{
	struct swarm_tending *t = &pool->tend;

	while (xchg(&t->wanting, false) || is_pressed(pool)) {
		if (!grow_by_one(pool)) {
			WRITE_ONCE(t->not_before, jiffies + RETRY);
			return;
		}
	}
	WRITE_ONCE(pool->pressed, false);
}

/* ---- shrinking ---- */

static struct swarm_area *last_spare(struct swarm_pool *pool)
{
	struct swarm_areas *areas = swarm_pool_areas(pool);
	unsigned int i = areas ? areas->nr : 0;

	while (i--)
		if (areas->area[i]->spare)
			return areas->area[i];
	return NULL;
}

/* Would half of what is left without it do? */
static bool can_do_without(struct swarm_pool *pool,
			   const struct swarm_area *area)
{
	return percpu_counter_sum_positive(&pool->taken) <=
	       (pool->total - area->slots.nr) / 2;
}

static bool has_been_idle(struct swarm_tending *t, bool idle)
{
	if (!idle)
		t->idle_since = 0;
	else if (!t->idle_since)
		t->idle_since = jiffies | 1;
	return idle && time_after_eq(jiffies, t->idle_since + t->patience);
}

/* One at a time. */
static void choose(struct swarm_pool *pool)
{
	struct swarm_tending *t = &pool->tend;
	struct swarm_area *area = last_spare(pool);

	if (t->leaving)
		return;
	if (has_been_idle(t, area && can_do_without(pool, area)) &&
	    !swarm_pool_take_off(pool, area))
		t->leaving = area;
}

static void bury_if_dead(struct swarm_pool *pool)
{
	struct swarm_tending *t = &pool->tend;

	if (!t->leaving || swarm_slots_used(&t->leaving->slots))
		return;
	swarm_pool_bury(pool, t->leaving);
	t->leaving = NULL;
	t->retired++;
}

/* ---- the worker ---- */

static void grow(struct swarm_pool *pool)
{
	swarm_pool_empty_fronts(pool);
	mutex_lock(&pool->grow);
	relieve(pool);
	mutex_unlock(&pool->grow);
}

static void shrink(struct swarm_pool *pool)
{
	bool leaving;

	mutex_lock(&pool->grow);
	choose(pool);
	leaving = pool->tend.leaving;
	mutex_unlock(&pool->grow);
	if (!leaving)
		return;

	swarm_pool_part(pool);
	mutex_lock(&pool->grow);
	bury_if_dead(pool);
	mutex_unlock(&pool->grow);
}

/* Nobody else makes an area leave, or lets it come back. */
static void tend(struct work_struct *work)
{
	struct swarm_pool *pool = container_of(to_delayed_work(work),
					       struct swarm_pool, tend.work);
	struct swarm_tending *t = &pool->tend;

	WRITE_ONCE(t->called, false);
	/* Somebody may have returned enough since for the pool not to be pressed. */
	if (READ_ONCE(pool->pressed) || READ_ONCE(t->wanting))
		grow(pool);
	else
		shrink(pool);

	mutex_lock(&pool->grow);
	if (t->leaving || last_spare(pool))
		queue_delayed_work(system_unbound_wq, &t->work,
				   max(t->patience / 4, 1UL));
	mutex_unlock(&pool->grow);
}

/**
 * swarm_tend_soon - a pool has passed its high-water mark, or was too full
 * @pool: the pool
 *
 * Context: any.
 */
void swarm_tend_soon(struct swarm_pool *pool)
{
	struct swarm_tending *t = &pool->tend;

	WRITE_ONCE(pool->pressed, true);
	/* Once is enough: to wake it again would put it at the end of the queue. */
	if (time_after_eq(jiffies, READ_ONCE(t->not_before)) &&
	    !xchg(&t->called, true))
		mod_delayed_work(system_unbound_wq, &t->work, 0);
}

/**
 * swarm_tend_allow - let a pool grow by itself
 * @pool:   the pool
 * @most:   bytes up to which
 * @within: where
 *
 * Context: may sleep; takes @pool->grow.
 */
void swarm_tend_allow(struct swarm_pool *pool, size_t most,
		      struct swarm_window within)
{
	mutex_lock(&pool->grow);
	pool->tend.most = most;
	pool->tend.within = within;
	mutex_unlock(&pool->grow);
}

/**
 * swarm_tend_init - a pool that does not grow by itself yet
 * @pool: the pool
 *
 * Context: any.
 */
void swarm_tend_init(struct swarm_pool *pool)
{
	struct swarm_tending *t = &pool->tend;

	INIT_DELAYED_WORK(&t->work, tend);
	t->patience = PATIENCE;
	t->not_before = jiffies;
}

/**
 * swarm_tend_end - leave a pool alone, for good
 * @pool: the pool; nobody maps any more
 *
 * What was on its way out is freed.
 *
 * Context: may sleep; takes @pool->grow.
 */
void swarm_tend_end(struct swarm_pool *pool)
{
	struct swarm_tending *t = &pool->tend;

	cancel_delayed_work_sync(&t->work);
	mutex_lock(&pool->grow);
	if (t->leaving)
		swarm_pool_bury(pool, t->leaving);
	t->leaving = NULL;
	mutex_unlock(&pool->grow);
}

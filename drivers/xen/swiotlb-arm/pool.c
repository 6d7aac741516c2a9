// SPDX-License-Identifier: GPL-2.0-only
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "pool.h"
#include "share.h"
#include "tend.h"

/* ---- building and taking down ---- */

/**
 * swarm_pool_init - make an empty pool
 * @pool:   the pool
 * @source: where its memory will come from; NULL to keep it empty
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM with nothing to undo.
 */
int swarm_pool_init(struct swarm_pool *pool, struct swarm_source *source)
{
	*pool = (struct swarm_pool) {
		.source = source,
		.lowest = (phys_addr_t)-1,
	};
	pool->front = alloc_percpu(struct swarm_front);
	if (!pool->front)
		return -ENOMEM;
	if (percpu_counter_init(&pool->taken, 0, GFP_KERNEL)) {
		free_percpu(pool->front);
		return -ENOMEM;
	}
	mutex_init(&pool->grow);
	swarm_tend_init(pool);
	return 0;
}

/* One entry for each frame of a piece; NULL to take them out again. */
static int enter(struct swarm_pool *pool, const struct swarm_piece *piece,
		 struct swarm_piece *entry)
{
	unsigned long first = piece->maddr >> SWARM_PIECE_MIN_SHIFT, n;
	unsigned long nr = swarm_piece_size(&piece->area->memory) >>
			   SWARM_PIECE_MIN_SHIFT;
	int ret = 0;

	for (n = 0; n < nr && !ret; n++)
		ret = swarm_table_set(&pool->owner, first + n,
				      (unsigned long)entry, GFP_KERNEL);
	return ret;
}

/* What was never entered is not there, either. */
static void disown(struct swarm_pool *pool, struct swarm_area *area)
{
	unsigned int i;

	for (i = 0; i < swarm_pieces(&area->memory); i++)
		enter(pool, &area->pieces[i], NULL);
}

static int own(struct swarm_pool *pool, struct swarm_area *area)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < swarm_pieces(&area->memory) && !ret; i++)
		ret = enter(pool, &area->pieces[i], &area->pieces[i]);
	return ret;
}

/* ---- the list ---- */

/* @with and @without may be NULL. */
static int relist(struct swarm_pool *pool, struct swarm_area *with,
		  const struct swarm_area *without)
{
	struct swarm_areas *old = swarm_pool_areas(pool), *new;
	unsigned int i, slots = 0, nr = old ? old->nr : 0;

	new = kmalloc(struct_size(new, area, nr + 1), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->nr = 0;
	for (i = 0; i < nr; i++)
		if (old->area[i] != without)
			new->area[new->nr++] = old->area[i];
	if (with)
		new->area[new->nr++] = with;
	for (i = 0; i < new->nr; i++)
		slots += new->area[i]->slots.nr;

	rcu_assign_pointer(pool->areas, new);
	if (old)
		kfree_rcu(old, rcu);
	WRITE_ONCE(pool->total, slots);
	WRITE_ONCE(pool->batch, slots / (256 * num_possible_cpus()) + 1);
	return 0;
}

static int area_add(struct swarm_pool *pool, struct swarm_area *area)
{
	int ret;

	ret = pool->see_uncached ? swarm_area_see_uncached(area) : 0;
	if (ret)
		return ret;
	ret = own(pool, area);
	if (ret)
		goto undo;
	WRITE_ONCE(pool->lowest, min(pool->lowest, area->first));
	WRITE_ONCE(pool->highest, max(pool->highest, area->last));
	/* Whoever finds the area in the list finds it by address, too. */
	ret = relist(pool, area, NULL);
	if (ret)
		goto undo;
	return 0;
undo:
	disown(pool, area);
	return ret;
}

/**
 * swarm_pool_add - add an area to a pool
 * @pool:   the pool
 * @size:   how many bytes it should have
 * @within: where it has to be
 * @spare:  the pool may do without it again
 *
 * Context: may sleep; under @pool->grow.
 * Return: how many bytes it has, which may be less or some more than @size; 0 if
 *	there is none.
 */
size_t swarm_pool_add(struct swarm_pool *pool, size_t size,
		      struct swarm_window within, bool spare)
{
	size_t want = clamp_t(size_t, roundup_pow_of_two(size), SWARM_GRAIN,
			      SWARM_AREA_SIZE);
	struct swarm_area *area;

	lockdep_assert_held(&pool->grow);

	if (!pool->source)
		return 0;
	area = swarm_area_create(pool->source, want, within);
	if (!area)
		return 0;
	area->spare = spare;
	if (area_add(pool, area)) {
		swarm_area_destroy(pool->source, area);
		return 0;
	}
	return area->memory.size;
}

/**
 * swarm_pool_grow - add memory to a pool, for good
 * @pool:   the pool
 * @size:   how many bytes to add
 * @within: where they have to be
 *
 * Context: may sleep; takes @pool->grow.
 * Return: the number of bytes that were added, which may be less than @size,
 *	or 0.
 */
size_t swarm_pool_grow(struct swarm_pool *pool, size_t size,
		       struct swarm_window within)
{
	size_t got = 0, more = 1;

	mutex_lock(&pool->grow);
	while (got < size && more) {
		more = swarm_pool_add(pool, size - got, within, false);
		got += more;
	}
	mutex_unlock(&pool->grow);
	return got;
}

/**
 * swarm_pool_see_uncached - make the pool's memory seen without caches, too
 * @pool: the pool
 *
 * From now on swarm_pool_uncached() works for all of it. Done once, for the
 * first device that does not snoop.
 *
 * Context: may sleep; takes @pool->grow.
 * Return: 0, or -ENOMEM when some of it is not.
 */
int swarm_pool_see_uncached(struct swarm_pool *pool)
{
	struct swarm_areas *areas;
	unsigned int i;
	int ret = 0;

	mutex_lock(&pool->grow);
	pool->see_uncached = true;
	areas = swarm_pool_areas(pool);
	for (i = 0; areas && i < areas->nr && !ret; i++)
		ret = swarm_area_see_uncached(areas->area[i]);
	mutex_unlock(&pool->grow);
	return ret;
}

/**
 * swarm_pool_empty - is there nothing to bounce through?
 * @pool: the pool
 *
 * Context: any.
 * Return: true until the first area is there.
 */
bool swarm_pool_empty(const struct swarm_pool *pool)
{
	return !rcu_access_pointer(pool->areas);
}

/**
 * swarm_pool_destroy - give everything back
 * @pool: the pool; nobody uses it any more, and all runs have been released
 *
 * Context: may sleep.
 */
void swarm_pool_destroy(struct swarm_pool *pool)
{
	struct swarm_areas *areas;
	unsigned int i;

	swarm_tend_end(pool);
	mutex_lock(&pool->grow);
	areas = swarm_pool_areas(pool);
	RCU_INIT_POINTER(pool->areas, NULL);
	mutex_unlock(&pool->grow);

	for (i = 0; areas && i < areas->nr; i++)
		swarm_area_destroy(pool->source, areas->area[i]);
	kfree(areas);
	swarm_table_destroy(&pool->owner);
	percpu_counter_destroy(&pool->taken);
	free_percpu(pool->front);
	mutex_destroy(&pool->grow);
}

/* ---- taking slots from an area, and giving them back ---- */

static void note_taken(struct swarm_pool *pool, unsigned int slots)
{
	percpu_counter_add_batch(&pool->taken, slots, READ_ONCE(pool->batch));
	if (READ_ONCE(pool->pressed) ||
	    percpu_counter_read_positive(&pool->taken) <=
	    swarm_share_high(READ_ONCE(pool->total)))
		return;
	swarm_tend_soon(pool);
}

static void note_free(struct swarm_pool *pool, unsigned int slots)
{
	percpu_counter_add_batch(&pool->taken, -(s64)slots,
				 READ_ONCE(pool->batch));
	if (READ_ONCE(pool->pressed) &&
	    percpu_counter_read_positive(&pool->taken) <
	    swarm_share_low(READ_ONCE(pool->total)))
		WRITE_ONCE(pool->pressed, false);
}

/**
 * swarm_pool_give_back - return a run to its area
 * @pool:  the pool
 * @held:  the run, which nobody has any more
 * @slots: how many slots it has
 *
 * Context: any; takes the area's lock.
 */
void swarm_pool_give_back(struct swarm_pool *pool, struct swarm_held held,
			  unsigned int slots)
{
	/* All of them were taken, or this is not our run any more. */
	if (WARN_ON_ONCE(swarm_slots_free(&held.area->slots, held.first, slots)))
		return;
	note_free(pool, slots);
}

static void return_held(void *data, struct swarm_held held, unsigned int order)
{
	swarm_pool_give_back(data, held, 1U << order);
}

/**
 * swarm_pool_empty_fronts - let all CPUs return what they have at hand
 * @pool: the pool
 *
 * Context: may sleep; without @pool->grow, see swarm_pool_part().
 */
void swarm_pool_empty_fronts(struct swarm_pool *pool)
{
	swarm_front_empty(pool->front, return_held, pool);
}

/* ---- giving out runs ---- */

static unsigned int pad_of(const struct swarm_request *rq)
{
	return rq->original & rq->keep;
}

static unsigned int slots_of(size_t bytes)
{
	return DIV_ROUND_UP(bytes, SWARM_SLOT_SIZE);
}

static size_t alignment_of(const struct swarm_request *rq)
{
	return max3(rq->align, roundup_pow_of_two((size_t)rq->keep + 1),
		    SWARM_SLOT_SIZE);
}

/*
 * What is lent stays for long, and is looked for where it fits best; anything
 * small comes from the front, in runs that suit the next one, too.
 */
static unsigned int order_of(const struct swarm_request *rq)
{
	if (!rq->account)
		return SWARM_NO_ORDER;
	return swarm_pool_order(rq->size, pad_of(rq), rq->keep, rq->align);
}

/* A run that has just been taken from its area: nothing is known of it. */
static void found(struct swarm_area *area, unsigned int first,
		  unsigned int count, unsigned int order)
{
	struct swarm_run *run = &area->runs[first];

	run->maddr = swarm_area_maddr(area, (size_t)first << SWARM_SLOT_SHIFT);
	run->slots = count;
	run->order = order;
	run->dirty = count << SWARM_SLOT_SHIFT;
}

static bool within_reach(const struct swarm_area *area,
			 const struct swarm_request *rq)
{
	return area->last <= rq->up_to ||
	       rq->reaches(rq->who, area->first, area->last - area->first + 1);
}

static int take_from(struct swarm_pool *pool, struct swarm_area *area,
		     const struct swarm_request *rq, unsigned int order,
		     struct swarm_held *held)
{
	size_t most = swarm_piece_size(&area->memory);
	size_t align = alignment_of(rq);
	unsigned int count;
	int first;

	if (!within_reach(area, rq))
		return -ERANGE;
	if (align > most || rq->size > most - pad_of(rq))
		return -E2BIG;

	count = slots_of(pad_of(rq) + rq->size);
	if (order != SWARM_NO_ORDER && SWARM_SLOT_SIZE << order <= most) {
		count = 1U << order;
		align = SWARM_SLOT_SIZE << order;
	} else {
		order = SWARM_NO_ORDER;
	}
	first = swarm_slots_alloc(&area->slots, count,
				  align >> SWARM_SLOT_SHIFT);
	if (first < 0)
		return first;

	found(area, first, count, order);
	note_taken(pool, count);
	*held = (struct swarm_held){ .area = area, .first = first };
	return 0;
}

/* Of two reasons for failing, the one that says more of what would help. */
static int better_reason(int a, int b)
{
	if (a == -ENOSPC || b == -ENOSPC)
		return -ENOSPC;
	if (a == -E2BIG || b == -E2BIG)
		return -E2BIG;
	return -ERANGE;
}

/*
 * CPUs begin their search at different areas, so that they rarely meet. What is
 * small begins at one end of the list and what is long, or lent, at the other: a few
 * small ones that stay are enough to leave no room for a long one.
 */
static int take_from_any(struct swarm_pool *pool,
			 const struct swarm_request *rq, unsigned int order,
			 struct swarm_held *held)
{
	const struct swarm_areas *areas = rcu_dereference(pool->areas);
	bool small = order_of(rq) != SWARM_NO_ORDER;
	unsigned int i, n;
	int ret = -ERANGE;

	if (!areas || !areas->nr)
		return ret;
	n = raw_smp_processor_id() % areas->nr;
	for (i = 0; i < areas->nr; i++) {
		unsigned int at = small ? n : areas->nr - 1 - n;
		int err = take_from(pool, areas->area[at], rq, order, held);

		if (!err)
			return 0;
		ret = better_reason(ret, err);
		if (++n == areas->nr)
			n = 0;
	}
	return ret;
}

/* With interrupts off. What is out of reach may be of use to somebody else. */
static bool take_at_hand(struct swarm_pool *pool,
			 const struct swarm_request *rq, unsigned int order,
			 struct swarm_held *held)
{
	if (!swarm_front_pop(pool->front, order, held))
		return false;
	if (likely(within_reach(held->area, rq)))
		return true;
	swarm_front_push(pool->front, order, *held, SWARM_FRONT_DEPTH);
	return false;
}

/* What this CPU has at hand may be just what is missing elsewhere. */
static int take(struct swarm_pool *pool, const struct swarm_request *rq,
		unsigned int order, struct swarm_held *held)
{
	int ret;

	ret = take_from_any(pool, rq, order, held);
	if (ret != -ENOSPC)
		return ret;
	swarm_front_empty_here(pool->front, return_held, pool);
	ret = take_from_any(pool, rq, SWARM_NO_ORDER, held);
	if (ret == -ENOSPC) {
		WRITE_ONCE(pool->tend.wanting, true);
		swarm_tend_soon(pool);
	}
	return ret;
}

static bool has_its_share(struct swarm_pool *pool,
			  const struct swarm_request *rq)
{
	unsigned int total = READ_ONCE(pool->total);
	s64 taken = percpu_counter_read_positive(&pool->taken);

	return rq->account &&
	       !swarm_share_allows(slots_of(rq->size),
				   swarm_share_held(rq->account),
				   total - min_t(s64, taken, total), total);
}

/**
 * swarm_pool_bounce - find a stand-in for a buffer, and fill it
 * @pool: the pool
 * @rq:   the buffer, what its device can reach, and what it has had so far
 * @in:   where the stand-in is
 *
 * Context: any. Takes the lock of one area at a time, and none for what this CPU
 *	has at hand.
 * Return: 0; -ERANGE when the device reaches no area, -E2BIG when it reaches
 *	some but none is that large, -ENOSPC when they are too full just now,
 *	-EBUSY when the pool is filling up and the device has its share of it.
 */
int swarm_pool_bounce(struct swarm_pool *pool, const struct swarm_request *rq,
		      struct swarm_stand_in *in)
{
	unsigned int order = order_of(rq);
	struct swarm_held held;
	unsigned long flags;
	int ret = 0;

	if (READ_ONCE(pool->pressed) && has_its_share(pool, rq)) {
		swarm_tend_soon(pool);
		return -EBUSY;
	}

	/* Until somebody has a run of it, an area may leave. */
	rcu_read_lock();
	local_irq_save(flags);
	if (order == SWARM_NO_ORDER || !take_at_hand(pool, rq, order, &held)) {
		local_irq_restore(flags);
		ret = take(pool, rq, order, &held);
		local_irq_save(flags);
	}
	if (!ret && rq->account)
		swarm_account_charge(this_cpu_ptr(rq->account), rq->size,
				     held.area->runs[held.first].slots);
	local_irq_restore(flags);
	rcu_read_unlock();

	if (!ret)
		swarm_pool_begin(held, rq->original, rq->size, pad_of(rq), in);
	return ret;
}

/* ---- using and returning them ---- */

/**
 * swarm_pool_uncached - where the kernel sees a place without caches
 * @in: any place in the pool
 *
 * Context: any, no lock.
 * Return: the place, or NULL before swarm_pool_see_uncached().
 */
void *swarm_pool_uncached(const struct swarm_stand_in *in)
{
	void *start = READ_ONCE(in->area->uncached);

	return start ? start + in->offset : NULL;
}

/**
 * swarm_pool_release - end a run
 * @pool: the pool
 * @in:   where it starts: the very address that was given out
 * @size: the size that was asked for
 * @account: what it was taken for; NULL for what was lent
 *
 * A wrong size is reported, but the run ends all the same: its slots would be
 * lost for ever otherwise.
 *
 * Context: any; the caller owns the mapping. May take the area's lock.
 * Return: 0; -ENOENT when no run starts there, with nothing changed; -ERANGE
 *	when the size was another.
 */
int swarm_pool_release(struct swarm_pool *pool, const struct swarm_stand_in *in,
		       size_t size, struct swarm_account __percpu *account)
{
	size_t was = in->run->size;
	unsigned long flags;

	if (!was || in->offset != in->run->start)
		return -ENOENT;

	local_irq_save(flags);
	if (account)
		swarm_account_return(this_cpu_ptr(account), in->run->slots);
	swarm_pool_end(pool, in);
	local_irq_restore(flags);
	return size == was ? 0 : -ERANGE;
}

/* ---- areas that go ---- */

/**
 * swarm_pool_take_off - take an area off the list
 * @pool: the pool
 * @area: the area
 *
 * Context: may sleep; under @pool->grow.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int swarm_pool_take_off(struct swarm_pool *pool, struct swarm_area *area)
{
	int ret = relist(pool, NULL, area);

	if (!ret)
		WRITE_ONCE(area->leaving, true);
	return ret;
}

/**
 * swarm_pool_part - wait until nobody takes anything of an area that is leaving
 * @pool: the pool
 *
 * First those who look through the old list, or have not seen the mark yet; then
 * what the CPUs have at hand of it, which is not kept at hand again.
 *
 * Context: may sleep; without @pool->grow, for it waits for other CPUs, and those
 *	may want a CPU's hotplug lock.
 */
void swarm_pool_part(struct swarm_pool *pool)
{
	synchronize_rcu();
	swarm_pool_empty_fronts(pool);
}

/**
 * swarm_pool_put_back - an area that was leaving stays
 * @pool: the pool
 * @area: the area
 *
 * Context: may sleep; under @pool->grow.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int swarm_pool_put_back(struct swarm_pool *pool, struct swarm_area *area)
{
	int ret;

	WRITE_ONCE(area->leaving, false);
	ret = relist(pool, area, NULL);
	if (ret)
		WRITE_ONCE(area->leaving, true);
	return ret;
}

/**
 * swarm_pool_bury - free an area
 * @pool: the pool
 * @area: the area, parted with, and all of its slots have been returned
 *
 * Nobody has an address in it any more. Somebody may look one up all the same,
 * who unmaps twice; so it cannot be found first, and is freed when all who were
 * looking have gone.
 *
 * Context: may sleep; under @pool->grow.
 */
void swarm_pool_bury(struct swarm_pool *pool, struct swarm_area *area)
{
	disown(pool, area);
	synchronize_rcu();
	swarm_area_destroy(pool->source, area);
}

/* ---- figures ---- */

/**
 * swarm_pool_largest - the longest buffer that could be bounced
 * @pool: the pool
 * @rq:   what the device reaches, and what has to be kept of an address
 *
 * Drivers ask once and believe it for ever, so what may go again does not count.
 *
 * Context: any.
 * Return: bytes, whatever the original's address; 0 when the device reaches
 *	no area.
 */
size_t swarm_pool_largest(struct swarm_pool *pool,
			  const struct swarm_request *rq)
{
	size_t keep = round_up((size_t)rq->keep, SWARM_SLOT_SIZE);
	const struct swarm_areas *areas;
	size_t largest = 0;
	unsigned int i;

	rcu_read_lock();
	areas = rcu_dereference(pool->areas);
	for (i = 0; areas && i < areas->nr; i++) {
		const struct swarm_area *area = areas->area[i];
		size_t most = swarm_piece_size(&area->memory);

		if (!area->spare && most > keep && within_reach(area, rq))
			largest = max(largest, most - keep);
	}
	rcu_read_unlock();
	return largest;
}

/**
 * swarm_pool_usage - how full the pool is
 * @pool: the pool
 *
 * Context: any; a snapshot.
 * Return: the figures; of an area that is leaving, none.
 */
struct swarm_pool_usage swarm_pool_usage(struct swarm_pool *pool)
{
	struct swarm_pool_usage usage = {};
	const struct swarm_areas *areas;
	unsigned int i;

	rcu_read_lock();
	areas = rcu_dereference(pool->areas);
	for (i = 0; areas && i < areas->nr; i++) {
		const struct swarm_area *area = areas->area[i];

		usage.areas++;
		usage.pieces += swarm_pieces(&area->memory);
		usage.largest = max(usage.largest,
				    swarm_piece_size(&area->memory));
		usage.bytes += area->memory.size;
		usage.slots += area->slots.nr;
		usage.used += swarm_slots_used(&area->slots);
	}
	rcu_read_unlock();
	usage.at_hand = min(swarm_front_slots(pool->front), usage.used);
	usage.used -= usage.at_hand;
	return usage;
}

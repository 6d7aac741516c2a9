// SPDX-License-Identifier: GPL-2.0-only
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "pool.h"
#include "quota.h"
#include "pool-resize.h"

/* ---- building and taking down ---- */

/**
 * xadma_pool_init - make an empty pool
 * @pool:   the pool
 * @source: where its memory will come from; NULL to keep it empty
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM with nothing to undo.
 */
int xadma_pool_init(struct xadma_pool *pool, struct xadma_source *source)
{
	*pool = (struct xadma_pool) {
		.source = source,
		.lowest = (phys_addr_t)-1,
	};
	pool->slot_cache = alloc_percpu(struct xadma_slot_cache);
	if (!pool->slot_cache)
		return -ENOMEM;
	if (percpu_counter_init(&pool->taken, 0, GFP_KERNEL)) {
		free_percpu(pool->slot_cache);
		return -ENOMEM;
	}
	mutex_init(&pool->grow);
	xadma_resize_init(pool);
	return 0;
}

/* One entry for each frame of a piece; NULL to take them out again. */
static int enter(struct xadma_pool *pool, const struct xadma_piece *piece,
		 struct xadma_piece *entry)
{
	unsigned long first = piece->maddr >> XADMA_PIECE_MIN_SHIFT, n;
	unsigned long nr = xadma_piece_size(&piece->chunk->memory) >>
			   XADMA_PIECE_MIN_SHIFT;
	int ret = 0;

	for (n = 0; n < nr && !ret; n++)
		ret = xadma_frame_table_set(&pool->owner, first + n,
					    (unsigned long)entry, GFP_KERNEL);
	return ret;
}

/* What was never entered is not there, either. */
static void disown(struct xadma_pool *pool, struct xadma_chunk *chunk)
{
	unsigned int i;

	for (i = 0; i < xadma_pieces(&chunk->memory); i++)
		enter(pool, &chunk->pieces[i], NULL);
}

static int own(struct xadma_pool *pool, struct xadma_chunk *chunk)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < xadma_pieces(&chunk->memory) && !ret; i++)
		ret = enter(pool, &chunk->pieces[i], &chunk->pieces[i]);
	return ret;
}

/* ---- the list ---- */

/* @with and @without may be NULL. */
static int relist(struct xadma_pool *pool, struct xadma_chunk *with,
		  const struct xadma_chunk *without)
{
	struct xadma_chunks *old = xadma_pool_chunks(pool), *new;
	unsigned int i, slots = 0, nr = old ? old->nr : 0;

	new = kmalloc(struct_size(new, chunk, nr + 1), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->nr = 0;
	for (i = 0; i < nr; i++)
		if (old->chunk[i] != without)
			new->chunk[new->nr++] = old->chunk[i];
	if (with)
		new->chunk[new->nr++] = with;
	for (i = 0; i < new->nr; i++)
		slots += new->chunk[i]->slots.nr;

	rcu_assign_pointer(pool->chunks, new);
	if (old)
		kfree_rcu(old, rcu);
	WRITE_ONCE(pool->total, slots);
	WRITE_ONCE(pool->batch, slots / (256 * num_possible_cpus()) + 1);
	return 0;
}

static int chunk_add(struct xadma_pool *pool, struct xadma_chunk *chunk)
{
	int ret;

	ret = pool->see_uncached ? xadma_chunk_see_uncached(chunk) : 0;
	if (ret)
		return ret;
	ret = own(pool, chunk);
	if (ret)
		goto undo;
	WRITE_ONCE(pool->lowest, min(pool->lowest, chunk->first));
	WRITE_ONCE(pool->highest, max(pool->highest, chunk->last));
	/* Whoever finds the chunk in the list finds it by address, too. */
	ret = relist(pool, chunk, NULL);
	if (ret)
		goto undo;
	return 0;
undo:
	disown(pool, chunk);
	return ret;
}

/**
 * xadma_pool_add - add a chunk to a pool
 * @pool:   the pool
 * @size:   how many bytes it should have
 * @within: where it has to be
 * @spare:  the pool may do without it again
 *
 * Context: may sleep; under @pool->grow.
 * Return: how many bytes it has, which may be less or some more than @size; 0 if
 *	there is none.
 */
size_t xadma_pool_add(struct xadma_pool *pool, size_t size,
		      struct xadma_window within, bool spare)
{
	size_t want = clamp_t(size_t, roundup_pow_of_two(size), XADMA_CHUNK_MIN,
			      XADMA_CHUNK_SIZE);
	struct xadma_chunk *chunk;

	lockdep_assert_held(&pool->grow);

	if (!pool->source)
		return 0;
	chunk = xadma_chunk_create(pool->source, want, within);
	if (!chunk)
		return 0;
	chunk->spare = spare;
	if (chunk_add(pool, chunk)) {
		xadma_chunk_destroy(pool->source, chunk);
		return 0;
	}
	return chunk->memory.size;
}

/**
 * xadma_pool_grow - add memory to a pool, for good
 * @pool:   the pool
 * @size:   how many bytes to add
 * @within: where they have to be
 *
 * Context: may sleep; takes @pool->grow.
 * Return: the number of bytes that were added, which may be less than @size,
 *	or 0.
 */
size_t xadma_pool_grow(struct xadma_pool *pool, size_t size,
		       struct xadma_window within)
{
	size_t got = 0, more = 1;

	mutex_lock(&pool->grow);
	while (got < size && more) {
		more = xadma_pool_add(pool, size - got, within, false);
		got += more;
	}
	mutex_unlock(&pool->grow);
	return got;
}

/**
 * xadma_pool_see_uncached - make the pool's memory seen without caches, too
 * @pool: the pool
 *
 * From now on xadma_pool_uncached() works for all of it. Done once, for the
 * first device that does not snoop.
 *
 * Context: may sleep; takes @pool->grow.
 * Return: 0, or -ENOMEM when some of it is not.
 */
int xadma_pool_see_uncached(struct xadma_pool *pool)
{
	struct xadma_chunks *chunks;
	unsigned int i;
	int ret = 0;

	mutex_lock(&pool->grow);
	pool->see_uncached = true;
	chunks = xadma_pool_chunks(pool);
	for (i = 0; chunks && i < chunks->nr && !ret; i++)
		ret = xadma_chunk_see_uncached(chunks->chunk[i]);
	mutex_unlock(&pool->grow);
	return ret;
}

/**
 * xadma_pool_empty - is there nothing to bounce through?
 * @pool: the pool
 *
 * Context: any.
 * Return: true until the first chunk is there.
 */
bool xadma_pool_empty(const struct xadma_pool *pool)
{
	return !rcu_access_pointer(pool->chunks);
}

/**
 * xadma_pool_destroy - give everything back
 * @pool: the pool; nobody uses it any more, and all runs have been released
 *
 * Context: may sleep.
 */
void xadma_pool_destroy(struct xadma_pool *pool)
{
	struct xadma_chunks *chunks;
	unsigned int i;

	xadma_resize_end(pool);
	mutex_lock(&pool->grow);
	chunks = xadma_pool_chunks(pool);
	RCU_INIT_POINTER(pool->chunks, NULL);
	mutex_unlock(&pool->grow);

	for (i = 0; chunks && i < chunks->nr; i++)
		xadma_chunk_destroy(pool->source, chunks->chunk[i]);
	kfree(chunks);
	xadma_frame_table_destroy(&pool->owner);
	percpu_counter_destroy(&pool->taken);
	free_percpu(pool->slot_cache);
	mutex_destroy(&pool->grow);
}

/* ---- taking slots from a chunk, and giving them back ---- */

static void note_taken(struct xadma_pool *pool, unsigned int slots)
{
	percpu_counter_add_batch(&pool->taken, slots, READ_ONCE(pool->batch));
	if (READ_ONCE(pool->pressed) ||
	    percpu_counter_read_positive(&pool->taken) <=
	    xadma_quota_high(READ_ONCE(pool->total)))
		return;
	xadma_resize_queue(pool);
}

static void note_free(struct xadma_pool *pool, unsigned int slots)
{
	percpu_counter_add_batch(&pool->taken, -(s64)slots,
				 READ_ONCE(pool->batch));
	if (READ_ONCE(pool->pressed) &&
	    percpu_counter_read_positive(&pool->taken) <
	    xadma_quota_low(READ_ONCE(pool->total)))
		WRITE_ONCE(pool->pressed, false);
}

/**
 * xadma_pool_give_back - return a run to its chunk
 * @pool:  the pool
 * @held:  the run, which nobody has any more
 * @slots: how many slots it has
 *
 * Context: any; takes the chunk's lock.
 */
void xadma_pool_give_back(struct xadma_pool *pool, struct xadma_run_ref held,
			  unsigned int slots)
{
	/* All of them were taken, or this is not our run any more. */
	if (WARN_ON_ONCE(xadma_slots_free(&held.chunk->slots, held.first, slots)))
		return;
	note_free(pool, slots);
}

static void return_held(void *data, struct xadma_run_ref held, unsigned int order)
{
	xadma_pool_give_back(data, held, 1U << order);
}

/**
 * xadma_pool_empty_slot_caches - let all CPUs return what they have at hand
 * @pool: the pool
 *
 * Context: may sleep; without @pool->grow, see xadma_pool_quiesce().
 */
void xadma_pool_empty_slot_caches(struct xadma_pool *pool)
{
	xadma_slot_cache_empty(pool->slot_cache, return_held, pool);
}

/* ---- giving out runs ---- */

static unsigned int pad_of(const struct xadma_request *rq)
{
	return rq->orig_addr & rq->keep;
}

static unsigned int slots_of(size_t bytes)
{
	return DIV_ROUND_UP(bytes, XADMA_SLOT_SIZE);
}

static size_t alignment_of(const struct xadma_request *rq)
{
	return max3(rq->align, roundup_pow_of_two((size_t)rq->keep + 1),
		    XADMA_SLOT_SIZE);
}

/*
 * What is lent stays for long, and is looked for where it fits best; anything
 * small comes from the front, in runs that suit the next one, too.
 */
static unsigned int order_of(const struct xadma_request *rq)
{
	if (!rq->account)
		return XADMA_NO_ORDER;
	return xadma_pool_order(rq->size, pad_of(rq), rq->keep, rq->align);
}

/* A run that has just been taken from its chunk: nothing is known of it. */
static void found(struct xadma_chunk *chunk, unsigned int first,
		  unsigned int count, unsigned int order)
{
	struct xadma_run *run = &chunk->runs[first];

	run->maddr = xadma_chunk_maddr(chunk, (size_t)first << XADMA_SLOT_SHIFT);
	run->slots = count;
	run->order = order;
	run->dirty = count << XADMA_SLOT_SHIFT;
}

static bool within_reach(const struct xadma_chunk *chunk,
			 const struct xadma_request *rq)
{
	return chunk->last <= rq->up_to ||
	       rq->reaches(rq->who, chunk->first, chunk->last - chunk->first + 1);
}

static int take_from(struct xadma_pool *pool, struct xadma_chunk *chunk,
		     const struct xadma_request *rq, unsigned int order,
		     struct xadma_run_ref *held)
{
	size_t most = xadma_piece_size(&chunk->memory);
	size_t align = alignment_of(rq);
	unsigned int count;
	int first;

	if (!within_reach(chunk, rq))
		return -ERANGE;
	if (align > most || rq->size > most - pad_of(rq))
		return -E2BIG;

	count = slots_of(pad_of(rq) + rq->size);
	if (order != XADMA_NO_ORDER && XADMA_SLOT_SIZE << order <= most) {
		count = 1U << order;
		align = XADMA_SLOT_SIZE << order;
	} else {
		order = XADMA_NO_ORDER;
	}
	first = xadma_slots_alloc(&chunk->slots, &(struct xadma_slots_request){
		.count = count,
		.align = align >> XADMA_SLOT_SHIFT,
		.end = chunk->slots.nr,
	});
	if (first < 0)
		return first;

	found(chunk, first, count, order);
	note_taken(pool, count);
	*held = (struct xadma_run_ref){ .chunk = chunk, .first = first };
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
 * CPUs begin their search at different chunks, so that they rarely meet. What is
 * small begins at one end of the list and what is long, or lent, at the other: a few
 * small ones that stay are enough to leave no room for a long one.
 */
static int take_from_any(struct xadma_pool *pool,
			 const struct xadma_request *rq, unsigned int order,
			 struct xadma_run_ref *held)
{
	const struct xadma_chunks *chunks = rcu_dereference(pool->chunks);
	bool small = order_of(rq) != XADMA_NO_ORDER;
	unsigned int i, n;
	int ret = -ERANGE;

	if (!chunks || !chunks->nr)
		return ret;
	n = raw_smp_processor_id() % chunks->nr;
	for (i = 0; i < chunks->nr; i++) {
		unsigned int at = small ? n : chunks->nr - 1 - n;
		int err = take_from(pool, chunks->chunk[at], rq, order, held);

		if (!err)
			return 0;
		ret = better_reason(ret, err);
		if (++n == chunks->nr)
			n = 0;
	}
	return ret;
}

/* With interrupts off. What is out of reach may be of use to somebody else. */
static bool take_at_hand(struct xadma_pool *pool,
			 const struct xadma_request *rq, unsigned int order,
			 struct xadma_run_ref *held)
{
	if (!xadma_slot_cache_get(pool->slot_cache, order, held))
		return false;
	if (likely(within_reach(held->chunk, rq)))
		return true;
	xadma_slot_cache_put(pool->slot_cache, order, *held, XADMA_SLOT_CACHE_DEPTH);
	return false;
}

/* What this CPU has at hand may be just what is missing elsewhere. */
static int take(struct xadma_pool *pool, const struct xadma_request *rq,
		unsigned int order, struct xadma_run_ref *held)
{
	int ret;

	ret = take_from_any(pool, rq, order, held);
	if (ret != -ENOSPC)
		return ret;
	xadma_slot_cache_empty_here(pool->slot_cache, return_held, pool);
	ret = take_from_any(pool, rq, XADMA_NO_ORDER, held);
	if (ret == -ENOSPC) {
		WRITE_ONCE(pool->resize.alloc_failed, true);
		xadma_resize_queue(pool);
	}
	return ret;
}

static bool has_its_share(struct xadma_pool *pool,
			  const struct xadma_request *rq)
{
	unsigned int total = READ_ONCE(pool->total);
	s64 taken = percpu_counter_read_positive(&pool->taken);

	return rq->account &&
	       !xadma_quota_allows(slots_of(rq->size),
				   xadma_quota_held(rq->account),
				   total - min_t(s64, taken, total), total);
}

/**
 * xadma_pool_bounce - find a bounce buffer for a buffer, and fill it
 * @pool: the pool
 * @rq:   the buffer, what its device can reach, and what it has had so far
 * @in:   where the bounce buffer is
 *
 * Context: any. Takes the lock of one chunk at a time, and none for what this CPU
 *	has at hand.
 * Return: 0; -ERANGE when the device reaches no chunk, -E2BIG when it reaches
 *	some but none is that large, -ENOSPC when they are too full just now,
 *	-EBUSY when the pool is filling up and the device has its share of it.
 */
int xadma_pool_bounce(struct xadma_pool *pool, const struct xadma_request *rq,
		      struct xadma_bounce *in)
{
	unsigned int order = order_of(rq);
	struct xadma_run_ref held;
	unsigned long flags;
	int ret = 0;

	if (READ_ONCE(pool->pressed) && has_its_share(pool, rq)) {
		xadma_resize_queue(pool);
		return -EBUSY;
	}

	/* Until somebody has a run of it, a chunk may leave. */
	rcu_read_lock();
	local_irq_save(flags);
	if (order == XADMA_NO_ORDER || !take_at_hand(pool, rq, order, &held)) {
		local_irq_restore(flags);
		ret = take(pool, rq, order, &held);
		local_irq_save(flags);
	}
	if (!ret && rq->account)
		xadma_account_charge(this_cpu_ptr(rq->account), rq->size,
				     held.chunk->runs[held.first].slots);
	local_irq_restore(flags);
	rcu_read_unlock();

	if (!ret)
		xadma_pool_begin(held, rq->orig_addr, rq->size, pad_of(rq), in);
	return ret;
}

/* ---- using and returning them ---- */

/**
 * xadma_pool_uncached - where the kernel sees a place without caches
 * @in: any place in the pool
 *
 * Context: any, no lock.
 * Return: the place, or NULL before xadma_pool_see_uncached().
 */
void *xadma_pool_uncached(const struct xadma_bounce *in)
{
	void *start = READ_ONCE(in->chunk->uncached);

	return start ? start + in->offset : NULL;
}

/**
 * xadma_pool_release - end a run
 * @pool: the pool
 * @in:   where it starts: the very address that was given out
 * @size: the size that was asked for
 * @account: what it was taken for; NULL for what was lent
 *
 * A wrong size is reported, but the run ends all the same: its slots would be
 * lost for ever otherwise.
 *
 * Context: any; the caller owns the mapping. May take the chunk's lock.
 * Return: 0; -ENOENT when no run starts there, with nothing changed; -ERANGE
 *	when the size was another.
 */
int xadma_pool_release(struct xadma_pool *pool, const struct xadma_bounce *in,
		       size_t size, struct xadma_account __percpu *account)
{
	size_t was = in->run->size;
	unsigned long flags;

	if (!was || in->offset != in->run->start)
		return -ENOENT;

	local_irq_save(flags);
	if (account)
		xadma_account_return(this_cpu_ptr(account), in->run->slots);
	xadma_pool_end(pool, in);
	local_irq_restore(flags);
	return size == was ? 0 : -ERANGE;
}

/* ---- chunks that go ---- */

/**
 * xadma_pool_detach - take a chunk off the list
 * @pool: the pool
 * @chunk: the chunk
 *
 * Context: may sleep; under @pool->grow.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int xadma_pool_detach(struct xadma_pool *pool, struct xadma_chunk *chunk)
{
	int ret = relist(pool, NULL, chunk);

	if (!ret)
		WRITE_ONCE(chunk->retiring, true);
	return ret;
}

/**
 * xadma_pool_quiesce - wait until nobody takes anything of a chunk that is leaving
 * @pool: the pool
 *
 * First those who look through the old list, or have not seen the mark yet; then
 * what the CPUs have at hand of it, which is not kept at hand again.
 *
 * Context: may sleep; without @pool->grow, for it waits for other CPUs, and those
 *	may want a CPU's hotplug lock.
 */
void xadma_pool_quiesce(struct xadma_pool *pool)
{
	synchronize_rcu();
	xadma_pool_empty_slot_caches(pool);
}

/**
 * xadma_pool_reattach - a chunk that was leaving stays
 * @pool: the pool
 * @chunk: the chunk
 *
 * Context: may sleep; under @pool->grow.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int xadma_pool_reattach(struct xadma_pool *pool, struct xadma_chunk *chunk)
{
	int ret;

	WRITE_ONCE(chunk->retiring, false);
	ret = relist(pool, chunk, NULL);
	if (ret)
		WRITE_ONCE(chunk->retiring, true);
	return ret;
}

/**
 * xadma_pool_destroy_chunk - free a chunk
 * @pool: the pool
 * @chunk: the chunk, parted with, and all of its slots have been returned
 *
 * Nobody has an address in it any more. Somebody may look one up all the same,
 * who unmaps twice; so it cannot be found first, and is freed when all who were
 * looking have gone.
 *
 * Context: may sleep; under @pool->grow.
 */
void xadma_pool_destroy_chunk(struct xadma_pool *pool, struct xadma_chunk *chunk)
{
	disown(pool, chunk);
	synchronize_rcu();
	xadma_chunk_destroy(pool->source, chunk);
}

/* ---- figures ---- */

/**
 * xadma_pool_largest - the longest buffer that could be bounced
 * @pool: the pool
 * @rq:   what the device reaches, and what has to be kept of an address
 *
 * Drivers ask once and believe it for ever, so what may go again does not count.
 *
 * Context: any.
 * Return: bytes, whatever the original's address; 0 when the device reaches
 *	no chunk.
 */
size_t xadma_pool_largest(struct xadma_pool *pool,
			  const struct xadma_request *rq)
{
	size_t keep = round_up((size_t)rq->keep, XADMA_SLOT_SIZE);
	const struct xadma_chunks *chunks;
	size_t largest = 0;
	unsigned int i;

	rcu_read_lock();
	chunks = rcu_dereference(pool->chunks);
	for (i = 0; chunks && i < chunks->nr; i++) {
		const struct xadma_chunk *chunk = chunks->chunk[i];
		size_t most = xadma_piece_size(&chunk->memory);

		if (!chunk->spare && most > keep && within_reach(chunk, rq))
			largest = max(largest, most - keep);
	}
	rcu_read_unlock();
	return largest;
}

/**
 * xadma_pool_usage - how full the pool is
 * @pool: the pool
 *
 * Context: any; a snapshot.
 * Return: the figures; of a chunk that is leaving, none.
 */
struct xadma_pool_usage xadma_pool_usage(struct xadma_pool *pool)
{
	struct xadma_pool_usage usage = {};
	const struct xadma_chunks *chunks;
	unsigned int i;

	rcu_read_lock();
	chunks = rcu_dereference(pool->chunks);
	for (i = 0; chunks && i < chunks->nr; i++) {
		const struct xadma_chunk *chunk = chunks->chunk[i];

		usage.chunks++;
		usage.pieces += xadma_pieces(&chunk->memory);
		usage.largest = max(usage.largest,
				    xadma_piece_size(&chunk->memory));
		usage.bytes += chunk->memory.size;
		usage.slots += chunk->slots.nr;
		usage.used += xadma_slots_used(&chunk->slots);
	}
	rcu_read_unlock();
	usage.at_hand = min(xadma_slot_cache_slots(pool->slot_cache), usage.used);
	usage.used -= usage.at_hand;
	return usage;
}

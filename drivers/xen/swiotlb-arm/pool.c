// SPDX-License-Identifier: GPL-2.0-only
#include <linux/build_bug.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "pool.h"

static_assert(XADMA_SLOT_CACHE_ORDERS <= XADMA_SLOTS_ORDERS);

/* ---- building and taking down ---- */

/**
 * xadma_pool_init - make an empty pool
 * @pool:   the pool
 * @source: where its memory will come from; NULL to keep it empty
 * @resize: what grows and shrinks it, see pool-resize.h
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM with a pool that xadma_pool_destroy() accepts.
 */
int xadma_pool_init(struct xadma_pool *pool, struct xadma_source *source,
		    work_func_t resize)
{
	*pool = (struct xadma_pool) {
		.source = source,
		.lowest = (phys_addr_t)-1,
	};
	mutex_init(&pool->grow);
	raw_spin_lock_init(&pool->resize.wanted_lock);
	INIT_DELAYED_WORK(&pool->resize.work, resize);
	pool->resize.idle_timeout = 30 * HZ;
	pool->resize.not_before = jiffies;
	pool->resize.within.last = (phys_addr_t)-1;
	pool->slot_cache = alloc_percpu(struct xadma_slot_cache);
	if (!pool->slot_cache)
		return -ENOMEM;
	return percpu_counter_init(&pool->taken, 0, GFP_KERNEL);
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

/**
 * xadma_pool_disown - let no address find a chunk any more
 * @pool:  the pool
 * @chunk: the chunk, of which all or only some has been entered
 *
 * Context: may sleep; under @pool->grow.
 */
void xadma_pool_disown(struct xadma_pool *pool, struct xadma_chunk *chunk)
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

/**
 * xadma_pool_relist - replace the list of chunks by another one
 * @pool:    the pool
 * @with:    a chunk that the new list has as its last, or NULL
 * @without: a chunk that it has not, or NULL
 *
 * Context: may sleep; under @pool->grow.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int xadma_pool_relist(struct xadma_pool *pool, struct xadma_chunk *with,
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
	WRITE_ONCE(pool->refill, clamp(slots / (128 * num_possible_cpus()), 1U,
				       (unsigned int)XADMA_SLOT_CACHE_REFILL));
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
	ret = xadma_pool_relist(pool, chunk, NULL);
	if (ret)
		goto undo;
	return 0;
undo:
	xadma_pool_disown(pool, chunk);
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
		      struct xadma_range within, bool spare)
{
	size_t want = clamp_t(size_t, roundup_pow_of_two(size), XADMA_CHUNK_MIN,
			      XADMA_CHUNK_SIZE);
	struct xadma_chunk *chunk;

	lockdep_assert_held(&pool->grow);

	if (!pool->source || xadma_range_empty(within))
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
 * xadma_pool_add_driven - add a chunk that a device drives to a pool
 * @pool:    the pool
 * @size:    how many bytes it should have
 * @windows: the device's
 * @limit:   the highest address that the device puts on its bus
 * @spare:   the pool may do without it again
 *
 * Where all devices reach it is of use to all; elsewhere it is this one's.
 *
 * Context: may sleep; under @pool->grow.
 * Return: as of xadma_pool_add().
 */
size_t xadma_pool_add_driven(struct xadma_pool *pool, size_t size,
			     const struct xadma_windows *windows, u64 limit, bool spare)
{
	size_t got = 0;
	unsigned int i;

	for (i = 0; i < windows->nr && !got; i++) {
		struct xadma_range range = xadma_windows_range(windows, i, limit);
		struct xadma_range all = xadma_range_both(range, pool->resize.within);

		got = xadma_pool_add(pool, size, all, spare);
		if (!got && !xadma_range_same(all, range))
			got = xadma_pool_add(pool, size, range, spare);
	}
	return got;
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
		       struct xadma_range within)
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
	/* A chunk that is retiring may come back. */
	if (pool->resize.retiring && !ret)
		ret = xadma_chunk_see_uncached(pool->resize.retiring);
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
 * xadma_pool_destroy - give everything back; accepts a half-made pool
 * @pool: the pool; nobody uses it any more, and all runs have been released
 *
 * Context: may sleep.
 */
void xadma_pool_destroy(struct xadma_pool *pool)
{
	struct xadma_chunks *chunks;
	unsigned int i;

	/* Never initialised. */
	if (!pool->resize.work.work.func)
		return;
	cancel_delayed_work_sync(&pool->resize.work);
	mutex_lock(&pool->grow);
	chunks = xadma_pool_chunks(pool);
	RCU_INIT_POINTER(pool->chunks, NULL);
	mutex_unlock(&pool->grow);

	for (i = 0; chunks && i < chunks->nr; i++)
		xadma_chunk_destroy(pool->source, chunks->chunk[i]);
	if (pool->resize.retiring)
		xadma_chunk_destroy(pool->source, pool->resize.retiring);
	kfree(chunks);
	xadma_frame_table_destroy(&pool->owner);
	percpu_counter_destroy(&pool->taken);
	free_percpu(pool->slot_cache);
	mutex_destroy(&pool->grow);
	*pool = (struct xadma_pool){};
}

/* ---- how full it is ---- */

/* All that the map path does for a pool that is filling up. */
static void queue_resize(struct xadma_pool *pool)
{
	struct xadma_resize *resize = &pool->resize;
	bool was = READ_ONCE(pool->pressed);

	WRITE_ONCE(pool->pressed, true);
	/* Where it cannot grow, what CPUs keep is of use. */
	if (was && !time_after_eq(jiffies, READ_ONCE(resize->not_before)))
		return;
	/* Once is enough: to queue it again would put it at the end of the queue. */
	if (xchg(&resize->queued, true))
		return;
	/* Each of the two with interrupts off; as one it would be for longer. */
	cancel_delayed_work(&resize->work);
	if (!queue_delayed_work(system_unbound_wq, &resize->work, 0))
		mod_delayed_work(system_unbound_wq, &resize->work, 0);
}

static void note_taken(struct xadma_pool *pool, unsigned int slots)
{
	percpu_counter_add_batch(&pool->taken, slots, READ_ONCE(pool->batch));
	if (READ_ONCE(pool->pressed) ||
	    percpu_counter_read_positive(&pool->taken) <=
	    xadma_quota_high(READ_ONCE(pool->total)))
		return;
	queue_resize(pool);
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

/* The pool may have no room for this device long before it is full. */
static void note_failure(struct xadma_pool *pool, const struct xadma_request *rq)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&pool->resize.wanted_lock, flags);
	pool->resize.alloc_failed = (struct xadma_wanted){ rq->windows, rq->limit };
	raw_spin_unlock_irqrestore(&pool->resize.wanted_lock, flags);
	queue_resize(pool);
}

/**
 * xadma_pool_give_back - return a run to its chunk
 * @pool: the pool
 * @run:  the run, which the caller owns
 *
 * Context: any; takes the chunk's lock.
 */
void xadma_pool_give_back(struct xadma_pool *pool, struct xadma_run *run)
{
	struct xadma_chunk *chunk = run->chunk;
	unsigned int slots = run->slots;

	/* All of them were taken, or this is not our run any more. */
	if (WARN_ON_ONCE(xadma_slots_free(&chunk->slots, run - chunk->runs, slots)))
		return;
	note_free(pool, slots);
}

static __always_inline void
give_back_blocks(struct xadma_pool *pool, struct xadma_chunk *chunk, unsigned int order,
		 unsigned int nr, const unsigned int *first)
{
	WARN_ON_ONCE(xadma_slots_free_blocks(&chunk->slots, order, nr, first));
	note_free(pool, nr << order);
}

/**
 * xadma_pool_give_back_some - return a few of the runs that this CPU keeps
 * @pool:  the pool
 * @order: their size
 *
 * To one chunk only, lest it take long; but at least one, if there is any.
 *
 * Context: any, with interrupts off; takes the chunk's lock.
 */
void xadma_pool_give_back_some(struct xadma_pool *pool, unsigned int order)
{
	unsigned int first[XADMA_SLOT_CACHE_RETURN], nr = 0;
	struct xadma_chunk *chunk = NULL;
	struct xadma_run *run;

	while (nr < XADMA_SLOT_CACHE_RETURN) {
		run = xadma_slot_cache_get(pool->slot_cache, order);
		if (!run)
			break;
		if (chunk && run->chunk != chunk) {
			xadma_slot_cache_put(pool->slot_cache, order, run,
					     XADMA_SLOT_CACHE_DEPTH);
			break;
		}
		chunk = run->chunk;
		first[nr++] = run - chunk->runs;
	}
	if (nr)
		give_back_blocks(pool, chunk, order, nr, first);
}

/* Runs of one chunk and one size on their way back to it */
struct returns {
	struct xadma_pool *pool;
	struct xadma_chunk *chunk;
	unsigned int order;
	unsigned int nr;
	unsigned int first[XADMA_SLOT_CACHE_REFILL];
};

static void give_back_all(struct returns *r)
{
	if (r->nr)
		give_back_blocks(r->pool, r->chunk, r->order, r->nr, r->first);
	r->nr = 0;
}

static void return_cached(void *data, struct xadma_run *run, unsigned int order)
{
	struct returns *r = data;

	if (r->nr == ARRAY_SIZE(r->first) || r->chunk != run->chunk || r->order != order)
		give_back_all(r);
	r->chunk = run->chunk;
	r->order = order;
	r->first[r->nr++] = run - run->chunk->runs;
}

/**
 * xadma_pool_drain_slot_caches - return the runs that CPUs keep to their chunks
 * @pool: the pool
 *
 * Context: any, no lock needed.
 * Return: true when there were any.
 */
bool xadma_pool_drain_slot_caches(struct xadma_pool *pool)
{
	struct returns r = { .pool = pool };
	bool any = xadma_slot_cache_drain(pool->slot_cache, return_cached, &r);

	give_back_all(&r);
	return any;
}

/* ---- what a device drives of it ---- */

/* Does the device drive all of a chunk, and by which shift? */
static bool drives(const struct xadma_chunk *chunk, const struct xadma_windows *windows,
		   u64 limit, u64 *shift)
{
	dma_addr_t dma;

	if (!xadma_windows_drive(windows, limit, chunk->first,
				 chunk->last - chunk->first + 1, &dma))
		return false;
	*shift = dma - chunk->first;
	return true;
}

static size_t driven(const struct xadma_chunks *chunks,
		     const struct xadma_windows *windows, u64 limit, bool spare)
{
	size_t bytes = 0;
	unsigned int i;
	u64 shift;

	for (i = 0; chunks && i < chunks->nr; i++) {
		const struct xadma_chunk *chunk = chunks->chunk[i];

		if ((spare || !chunk->spare) && drives(chunk, windows, limit, &shift))
			bytes += chunk->memory.size;
	}
	return bytes;
}

/**
 * xadma_pool_driven - how much of a pool does a device drive?
 * @pool:    the pool
 * @windows: the device's
 * @limit:   the highest address that the device puts on its bus
 *
 * Context: any; a snapshot.
 * Return: bytes.
 */
size_t xadma_pool_driven(struct xadma_pool *pool,
			 const struct xadma_windows *windows, u64 limit)
{
	size_t bytes;

	rcu_read_lock();
	bytes = driven(rcu_dereference(pool->chunks), windows, limit, true);
	rcu_read_unlock();
	return bytes;
}

/**
 * xadma_pool_fill - add memory until a device drives so much of a pool, for good
 * @pool:    the pool
 * @size:    how much, bytes
 * @windows: the device's
 * @limit:   the highest address that the device puts on its bus
 *
 * What the pool may give back again does not count. Where there is too little memory,
 * what there is has to do.
 *
 * Context: may sleep; takes @pool->grow.
 */
void xadma_pool_fill(struct xadma_pool *pool, size_t size,
		     const struct xadma_windows *windows, u64 limit)
{
	size_t has, more = 1;

	mutex_lock(&pool->grow);
	for (has = driven(xadma_pool_chunks(pool), windows, limit, false);
	     has < size && more; has += more)
		more = xadma_pool_add_driven(pool, size - has, windows, limit, false);
	mutex_unlock(&pool->grow);
}

/* ---- giving out runs ---- */

static unsigned int slots_of(size_t bytes)
{
	return DIV_ROUND_UP(bytes, XADMA_SLOT_SIZE);
}

static size_t align_of(const struct xadma_request *rq)
{
	return max3(rq->alloc_align, roundup_pow_of_two((size_t)rq->min_align_mask + 1),
		    XADMA_SLOT_SIZE);
}

/*
 * Bytes before the buffer that keep the low bits of the device's address. Runs are
 * aligned in the device's addresses, but for what a shift has below a slot.
 */
static size_t pad_of(const struct xadma_request *rq, u64 shift)
{
	return (rq->orig_addr - shift % XADMA_SLOT_SIZE) & rq->min_align_mask;
}

/* Does a line that the device's mappings must not cross lie in a chunk? */
static bool has_line(const struct xadma_chunk *chunk, const struct xadma_request *rq,
		     u64 shift)
{
	return ((chunk->first + shift) ^ (chunk->last + shift)) & ~(u64)rq->boundary;
}

/*
 * How far apart those lines are, as a piece sees them. A piece lies at a multiple of its
 * size in the machine, so lines no further apart than that are at the same places in
 * all pieces.
 */
static size_t grid_of(const struct xadma_chunk *chunk, const struct xadma_request *rq)
{
	return min_t(u64, (u64)rq->boundary + 1, xadma_piece_size(&chunk->memory));
}

/* The longest run of a piece that no line divides, bytes. */
static size_t room_in(const struct xadma_chunk *chunk, const struct xadma_request *rq,
		      u64 shift)
{
	size_t piece = xadma_piece_size(&chunk->memory), grid, first, room;

	if (!has_line(chunk, rq, shift))
		return piece;
	grid = grid_of(chunk, rq);
	first = grid - (shift & (grid - 1));
	room = first == grid || piece - first >= grid ? grid :
	       max(first, piece - first);
	/* Slots that lie across the lines are kept away from them by one. */
	if (!IS_ALIGNED(shift, XADMA_SLOT_SIZE) && room > XADMA_SLOT_SIZE)
		room -= XADMA_SLOT_SIZE;
	return room;
}

static void set_boundary(struct xadma_slots_request *want,
			 const struct xadma_chunk *chunk,
			 const struct xadma_request *rq, u64 shift)
{
	unsigned int grid = grid_of(chunk, rq) >> XADMA_SLOT_SHIFT;

	want->slack = !IS_ALIGNED(shift, XADMA_SLOT_SIZE);
	if (has_line(chunk, rq, shift) && want->count + want->slack <= grid)
		want->boundary = grid;
}

/* Of a pool that is filling up nothing is taken that nobody asked for. */
static unsigned int batch_of(const struct xadma_pool *pool)
{
	return READ_ONCE(pool->pressed) ? 1 : READ_ONCE(pool->refill);
}

/* It has just been taken from its chunk: nothing is known of what is in it. */
static struct xadma_run *new_run(struct xadma_chunk *chunk, unsigned int first,
				 unsigned int slots, unsigned int order)
{
	struct xadma_run *run = &chunk->runs[first];

	run->slots = slots;
	run->order = order;
	run->dirty = slots << XADMA_SLOT_SHIFT;
	return run;
}

/* Returns how many blocks, the last ones, are kept for this CPU's next bounces. */
static unsigned int keep(struct xadma_pool *pool, struct xadma_chunk *chunk,
			 const unsigned int *first, unsigned int nr, unsigned int order)
{
	unsigned int kept = 0;
	unsigned long flags;

	local_irq_save(flags);
	if (READ_ONCE(pool->pressed) || READ_ONCE(chunk->retiring))
		nr = 0;
	while (kept < nr &&
	       xadma_slot_cache_put(pool->slot_cache, order,
				    new_run(chunk, first[nr - 1 - kept], 1U << order, order),
				    XADMA_SLOT_CACHE_DEPTH))
		kept++;
	local_irq_restore(flags);
	return kept;
}

/*
 * A batch, of which the first block is the one that was asked for. Within an RCU read
 * section, for the chunk may be retired meanwhile.
 */
static struct xadma_run *take_batch(struct xadma_pool *pool, struct xadma_chunk *chunk,
				    unsigned int order, unsigned int end)
{
	unsigned int first[XADMA_SLOT_CACHE_REFILL], nr;

	nr = xadma_slots_alloc_blocks(&chunk->slots, order, end, batch_of(pool), first);
	if (!nr)
		return NULL;
	note_taken(pool, nr << order);
	nr -= keep(pool, chunk, first + 1, nr - 1, order);
	while (--nr)
		xadma_pool_give_back(pool, new_run(chunk, first[nr], 1U << order, order));
	return new_run(chunk, first[0], 1U << order, order);
}

static struct xadma_run *take_one(struct xadma_pool *pool, struct xadma_chunk *chunk,
				  const struct xadma_slots_request *want)
{
	int first = xadma_slots_alloc(&chunk->slots, want);

	if (first < 0)
		return NULL;
	note_taken(pool, want->count);
	return new_run(chunk, first, want->count, XADMA_NO_ORDER);
}

/*
 * Is a chunk of use for a request, however full it is? Fills in what the device adds to
 * its addresses, and the bytes before the buffer.
 */
static int suits(const struct xadma_chunk *chunk, const struct xadma_request *rq,
		 struct xadma_bounce *b)
{
	size_t room;

	if (!drives(chunk, rq->windows, rq->limit, &b->shift))
		return -ERANGE;
	b->pad = pad_of(rq, b->shift);
	room = room_in(chunk, rq, b->shift);
	if (align_of(rq) > xadma_piece_size(&chunk->memory) || b->pad >= room ||
	    rq->size > room - b->pad)
		return -E2BIG;
	return 0;
}

/* Does it take a block of its own size, which the device sees aligned, too? */
static bool takes_block(const struct xadma_chunk *chunk, unsigned int order)
{
	return order != XADMA_NO_ORDER &&
	       XADMA_SLOT_SIZE << order <= xadma_piece_size(&chunk->memory);
}

/* Without a search, and without a look at what the device drives. */
static bool may_have_room(const struct xadma_chunk *chunk, const struct xadma_request *rq,
			  unsigned int order, unsigned int end)
{
	if (takes_block(chunk, order))
		return xadma_slots_has_block(&chunk->slots, order, end);
	return xadma_slots_has_run(&chunk->slots, slots_of(rq->size), end);
}

static struct xadma_run *take_aligned(struct xadma_pool *pool, struct xadma_chunk *chunk,
				      const struct xadma_request *rq,
				      const struct xadma_bounce *b, unsigned int end)
{
	size_t piece = xadma_piece_size(&chunk->memory);
	struct xadma_slots_request want = {
		.count = slots_of(b->pad + rq->size),
		.align = align_of(rq) >> XADMA_SLOT_SHIFT,
		.end = end,
	};

	/* An allocation is aligned for the CPU, which sees whole pages of it. */
	if (rq->orig_addr != XADMA_NO_ORIG)
		want.phase = (b->shift & (piece - 1)) >> XADMA_SLOT_SHIFT;
	set_boundary(&want, chunk, rq, b->shift);
	return take_one(pool, chunk, &want);
}

static bool take_from(struct xadma_pool *pool, struct xadma_chunk *chunk,
		      const struct xadma_request *rq, unsigned int order,
		      bool reserve, struct xadma_bounce *b)
{
	unsigned int nr = chunk->slots.nr;
	unsigned int end = reserve ? nr : nr - xadma_quota_reserve(nr);

	if (!may_have_room(chunk, rq, order, end) || suits(chunk, rq, b))
		return false;
	/* No line divides a block, wherever it is: its size divides all of them. */
	b->run = takes_block(chunk, order) ? take_batch(pool, chunk, order, end) :
					     take_aligned(pool, chunk, rq, b, end);
	return b->run;
}

/*
 * CPUs begin their search at different chunks, so that they rarely meet. What is
 * small begins at one end of the list and what is long, or allocated, at the other: a
 * few small ones that stay are enough to leave no room for a long one.
 */
static bool take_from_any(struct xadma_pool *pool, const struct xadma_request *rq,
			  bool small, unsigned int order, bool reserve,
			  struct xadma_bounce *b)
{
	const struct xadma_chunks *chunks = rcu_dereference(pool->chunks);
	unsigned int i, n;

	if (!chunks || !chunks->nr)
		return false;
	n = raw_smp_processor_id() % chunks->nr;
	for (i = 0; i < chunks->nr; i++) {
		unsigned int at = small ? n : chunks->nr - 1 - n;

		if (take_from(pool, chunks->chunk[at], rq, order, reserve, b))
			return true;
		if (++n == chunks->nr)
			n = 0;
	}
	return false;
}

/* Of several reasons for failing, the one that says most of what would help */
static int why_none(struct xadma_pool *pool, const struct xadma_request *rq)
{
	const struct xadma_chunks *chunks = rcu_dereference(pool->chunks);
	struct xadma_bounce b;
	unsigned int i;
	int ret = -ERANGE, err;

	for (i = 0; chunks && i < chunks->nr; i++) {
		err = suits(chunks->chunk[i], rq, &b);
		if (!err)
			return -ENOSPC;
		if (err == -E2BIG)
			ret = err;
	}
	return ret;
}

/* Is a block, wherever it is, aligned in the device's addresses? */
static bool sees_blocks(const struct xadma_windows *windows, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < windows->nr; i++)
		if (!IS_ALIGNED(windows->window[i].shift, XADMA_SLOT_SIZE << order))
			return false;
	return true;
}

/* May a request have slots of the reserve, when there are no others? */
static bool may_use_reserve(struct xadma_pool *pool, const struct xadma_request *rq)
{
	if (!READ_ONCE(pool->pressed))
		return true;
	return rq->account &&
	       xadma_quota_waits(slots_of(rq->min_align_mask + rq->size),
				 xadma_quota_held(rq->account));
}

/**
 * xadma_pool_fits - may a run that a CPU keeps serve a request?
 * @run: the run, long enough
 * @rq:  the request
 * @b:   filled in as by xadma_pool_take() when it may
 *
 * Context: any; the caller owns the run.
 * Return: true when the device drives its chunk, and sees the alignment that the run has
 *	in the machine.
 */
bool xadma_pool_fits(struct xadma_run *run, const struct xadma_request *rq,
		     struct xadma_bounce *b)
{
	if (!drives(run->chunk, rq->windows, rq->limit, &b->shift) ||
	    !IS_ALIGNED(b->shift, align_of(rq)))
		return false;
	b->run = run;
	b->pad = pad_of(rq, b->shift);
	return true;
}

/* A run of the very size, if some CPU keeps one that the device drives. */
static bool take_kept(struct xadma_pool *pool, const struct xadma_request *rq,
		      unsigned int order, struct xadma_bounce *b)
{
	struct xadma_run *run = xadma_slot_cache_steal(pool->slot_cache, order);

	if (!run)
		return false;
	if (xadma_pool_fits(run, rq, b))
		return true;
	xadma_pool_give_back(pool, run);
	return false;
}

/**
 * xadma_pool_take - take a run from a chunk
 * @pool:  the pool
 * @rq:    what is asked for
 * @order: the size of kept runs that will do, or XADMA_NO_ORDER
 * @b:     the run, the bytes before the buffer, and the shift, are filled in
 *
 * What other CPUs keep may be just what is missing: a pool with that is not full.
 *
 * Context: any, within an RCU read section. Takes the lock of one chunk at a time.
 * Return: 0; -ERANGE when the device drives no chunk, -E2BIG when it drives
 *	some but none has pieces that large, -ENOSPC when they are too full just now.
 */
int xadma_pool_take(struct xadma_pool *pool, const struct xadma_request *rq,
		    unsigned int order, struct xadma_bounce *b)
{
	bool small = order != XADMA_NO_ORDER, blocks = small && sees_blocks(rq->windows, order);
	bool any;
	int ret;

	if (take_from_any(pool, rq, small, blocks ? order : XADMA_NO_ORDER, false, b))
		return 0;
	ret = why_none(pool, rq);
	if (ret != -ENOSPC)
		return ret;
	if (small && take_kept(pool, rq, order, b))
		return 0;
	/* There may be room for the buffer where there is no block, unless that is a slot. */
	any = blocks && order;
	if ((xadma_pool_drain_slot_caches(pool) || any) &&
	    take_from_any(pool, rq, small, XADMA_NO_ORDER, false, b))
		return 0;
	if (may_use_reserve(pool, rq) &&
	    take_from_any(pool, rq, small, XADMA_NO_ORDER, true, b))
		return 0;
	note_failure(pool, rq);
	return -ENOSPC;
}

static bool has_its_share(struct xadma_pool *pool, const struct xadma_request *rq)
{
	unsigned int total = READ_ONCE(pool->total);
	s64 taken = percpu_counter_read_positive(&pool->taken);

	return rq->account &&
	       !xadma_quota_allows(slots_of(rq->size), xadma_quota_held(rq->account),
				   total - min_t(s64, taken, total), total);
}

/**
 * xadma_pool_admits - may a device have more of the pool just now?
 * @pool: the pool
 * @rq:   what it asks for
 *
 * Context: any, no lock.
 * Return: false when the pool is filling up and the device has its share of it.
 */
bool xadma_pool_admits(struct xadma_pool *pool, const struct xadma_request *rq)
{
	if (likely(!READ_ONCE(pool->pressed)) || !has_its_share(pool, rq))
		return true;
	queue_resize(pool);
	return false;
}

/**
 * xadma_pool_uncached - where the kernel sees a place without caches
 * @b: any place in the pool
 *
 * Context: any, no lock.
 * Return: the place, or NULL before xadma_pool_see_uncached().
 */
void *xadma_pool_uncached(const struct xadma_bounce *b)
{
	void *start = READ_ONCE(b->run->chunk->uncached);

	return start ? start + b->offset : NULL;
}

/* ---- figures ---- */

/*
 * The longest buffer of a run, of which @keep bytes may go to its low bits. One that is
 * long enough to be aligned loses what a shift leaves of the run before that.
 */
static size_t buffer_in(const struct xadma_request *rq, size_t run, size_t keep,
			u64 shift)
{
	size_t size = run > keep ? run - keep : 0, align = rq->alloc_align;

	if (size < align || IS_ALIGNED(shift, align ?: 1))
		return size;
	return max(size - align, align - 1);
}

/**
 * xadma_pool_largest - the longest buffer that could be bounced
 * @pool: the pool
 * @rq:   what the device drives, what has to be kept of an address, and how a
 *	  buffer has to lie that is no shorter than that
 *
 * Drivers ask once and believe it for ever, so what may go again does not count.
 *
 * Context: any.
 * Return: bytes, whatever the buffer's address; 0 when the device drives no chunk.
 */
size_t xadma_pool_largest(struct xadma_pool *pool, const struct xadma_request *rq)
{
	size_t keep = round_up((size_t)rq->min_align_mask, XADMA_SLOT_SIZE);
	const struct xadma_chunks *chunks;
	size_t largest = 0;
	unsigned int i;
	u64 shift;

	rcu_read_lock();
	chunks = rcu_dereference(pool->chunks);
	for (i = 0; chunks && i < chunks->nr; i++) {
		const struct xadma_chunk *chunk = chunks->chunk[i];

		if (chunk->spare || !drives(chunk, rq->windows, rq->limit, &shift))
			continue;
		largest = max(largest, buffer_in(rq, room_in(chunk, rq, shift), keep,
						 shift));
	}
	rcu_read_unlock();
	return largest;
}

/**
 * xadma_pool_usage - how full the pool is
 * @pool: the pool
 *
 * Context: any; a snapshot.
 * Return: the figures; of a chunk that is retiring, none.
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

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "pool.h"

/* A new list replaces the old one when an area is added. */
struct swarm_areas {
	struct rcu_head rcu;
	unsigned int nr;
	struct swarm_area *area[];
};

/* ---- building and taking down ---- */

/**
 * swarm_pool_init - make an empty pool
 * @pool:   the pool
 * @source: where its memory will come from; NULL to keep it empty
 */
void swarm_pool_init(struct swarm_pool *pool, struct swarm_source *source)
{
	pool->source = source;
	pool->see_uncached = false;
	mutex_init(&pool->grow);
	RCU_INIT_POINTER(pool->areas, NULL);
	xa_init(&pool->owner);
	pool->lowest = (phys_addr_t)-1;
	pool->highest = 0;
}

static void area_destroy(struct swarm_pool *pool, struct swarm_area *area)
{
	vunmap(area->uncached);
	swarm_backing_put(pool->source, &area->memory);
	swarm_slots_destroy(&area->slots);
	kvfree(area->runs);
	kvfree(area->pieces);
	kfree(area);
}

static int pieces_init(struct swarm_area *area)
{
	const struct swarm_memory *memory = &area->memory;
	unsigned int i, nr = swarm_pieces(memory);

	area->pieces = kvcalloc(nr, sizeof(*area->pieces), GFP_KERNEL);
	if (!area->pieces)
		return -ENOMEM;
	area->first = (phys_addr_t)-1;
	for (i = 0; i < nr; i++) {
		area->pieces[i] = (struct swarm_piece) {
			.area = area,
			.maddr = memory->maddr[i],
			.offset = (size_t)i << memory->piece_shift,
		};
		area->first = min(area->first, memory->maddr[i]);
		area->last = max(area->last, memory->maddr[i] +
				 swarm_piece_size(memory) - 1);
	}
	return 0;
}

/* What a device that does not snoop shares with the CPU for long. */
static int see_uncached(struct swarm_area *area)
{
	unsigned int nr = area->memory.size >> PAGE_SHIFT, i;
	struct page **pages;

	if (area->uncached)
		return 0;
	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL);
	for (i = 0; pages && i < nr; i++)
		pages[i] = swarm_page_of(area->memory.vaddr +
					 ((size_t)i << PAGE_SHIFT));
	if (pages)
		WRITE_ONCE(area->uncached,
			   vmap(pages, nr, VM_MAP,
				pgprot_dmacoherent(PAGE_KERNEL)));
	kvfree(pages);
	return area->uncached ? 0 : -ENOMEM;
}

static struct swarm_area *area_create(struct swarm_pool *pool, size_t want,
				      struct swarm_window within)
{
	struct swarm_area *area = kzalloc(sizeof(*area), GFP_KERNEL);
	unsigned int nr;

	if (!area)
		return NULL;
	if (swarm_backing_get(pool->source, &area->memory, want, within) ||
	    pieces_init(area) ||
	    (pool->see_uncached && see_uncached(area)))
		goto err;

	nr = area->memory.size >> SWARM_SLOT_SHIFT;
	area->runs = kvcalloc(nr, sizeof(*area->runs), GFP_KERNEL);
	if (!area->runs ||
	    swarm_slots_init(&area->slots, nr,
			     swarm_piece_size(&area->memory) >> SWARM_SLOT_SHIFT))
		goto err;
	return area;
err:
	area_destroy(pool, area);
	return NULL;
}

/* One entry for all of a piece; NULL to take it out again. */
static int enter(struct swarm_pool *pool, const struct swarm_piece *piece,
		 struct swarm_piece *entry)
{
	unsigned long first = piece->maddr >> SWARM_PIECE_MIN_SHIFT;
	unsigned long nr = swarm_piece_size(&piece->area->memory) >>
			   SWARM_PIECE_MIN_SHIFT;

	return xa_err(xa_store_range(&pool->owner, first, first + nr - 1,
				     entry, GFP_KERNEL));
}

static int own(struct swarm_pool *pool, struct swarm_area *area)
{
	unsigned int i, nr = swarm_pieces(&area->memory);
	int ret = 0;

	for (i = 0; i < nr && !ret; i++)
		ret = enter(pool, &area->pieces[i], &area->pieces[i]);
	while (ret && i--)
		enter(pool, &area->pieces[i], NULL);
	return ret;
}

static struct swarm_areas *areas_with(const struct swarm_areas *old,
				      struct swarm_area *area)
{
	unsigned int nr = old ? old->nr : 0;
	struct swarm_areas *new;

	new = kmalloc(struct_size(new, area, nr + 1), GFP_KERNEL);
	if (!new)
		return NULL;
	new->nr = nr + 1;
	if (nr)
		memcpy(new->area, old->area, nr * sizeof(*new->area));
	new->area[nr] = area;
	return new;
}

static struct swarm_areas *areas_locked(struct swarm_pool *pool)
{
	return rcu_dereference_protected(pool->areas,
					 lockdep_is_held(&pool->grow));
}

static int area_add(struct swarm_pool *pool, struct swarm_area *area)
{
	struct swarm_areas *old = areas_locked(pool);
	struct swarm_areas *new = areas_with(old, area);
	int ret;

	if (!new)
		return -ENOMEM;
	ret = own(pool, area);
	if (ret) {
		kfree(new);
		return ret;
	}
	WRITE_ONCE(pool->lowest, min(pool->lowest, area->first));
	WRITE_ONCE(pool->highest, max(pool->highest, area->last));
	/* Whoever finds the area in the list finds it by address, too. */
	rcu_assign_pointer(pool->areas, new);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

/**
 * swarm_pool_grow - add memory to a pool
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
	struct swarm_area *area;
	size_t got = 0, want;

	mutex_lock(&pool->grow);
	while (pool->source && got < size) {
		want = clamp_t(size_t, roundup_pow_of_two(size - got),
			       SWARM_GRAIN, SWARM_AREA_SIZE);
		area = area_create(pool, want, within);
		if (!area)
			break;
		if (area_add(pool, area)) {
			area_destroy(pool, area);
			break;
		}
		got += area->memory.size;
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
	areas = areas_locked(pool);
	for (i = 0; areas && i < areas->nr && !ret; i++)
		ret = see_uncached(areas->area[i]);
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

	mutex_lock(&pool->grow);
	areas = areas_locked(pool);
	RCU_INIT_POINTER(pool->areas, NULL);
	mutex_unlock(&pool->grow);

	for (i = 0; areas && i < areas->nr; i++)
		area_destroy(pool, areas->area[i]);
	kfree(areas);
	xa_destroy(&pool->owner);
	mutex_destroy(&pool->grow);
}

/* ---- giving out runs ---- */

static unsigned int pad_of(const struct swarm_request *rq)
{
	return rq->original == SWARM_NO_ORIGINAL ? 0 : rq->original & rq->keep;
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

static void place(struct swarm_area *area, size_t offset,
		  struct swarm_stand_in *in)
{
	const struct swarm_memory *memory = &area->memory;

	in->area = area;
	in->offset = offset;
	in->maddr = memory->maddr[offset >> memory->piece_shift] +
		    (offset & (swarm_piece_size(memory) - 1));
	in->vaddr = memory->vaddr + offset;
}

/*
 * Another device's data may still be in the slots: what the buffer does not
 * fill is cleared, and the buffer itself is copied in even for a device that
 * is to write, since it may write less than it was given.
 */
static void fill(const struct swarm_stand_in *in, const struct swarm_request *rq)
{
	void *start = in->vaddr - in->lead;
	size_t tail = in->span - in->lead - rq->size;

	if (rq->original == SWARM_NO_ORIGINAL) {
		memset(start, 0, in->span);
		return;
	}
	memset(start, 0, in->lead);
	memcpy(in->vaddr, phys_to_virt(rq->original), rq->size);
	memset(in->vaddr + rq->size, 0, tail);
}

static void record(struct swarm_area *area, unsigned int first,
		   unsigned int count, const struct swarm_request *rq)
{
	struct swarm_run *run = &area->runs[first];
	unsigned int i;

	for (i = 0; i < count; i++)
		run[i].first = first;
	run->original = rq->original;
	run->size = rq->size;
	run->pad = pad_of(rq);
}

static bool within_reach(const struct swarm_area *area,
			 const struct swarm_request *rq)
{
	return rq->reaches(rq->who, area->first, area->last - area->first + 1);
}

static int take_from(struct swarm_area *area, const struct swarm_request *rq,
		     struct swarm_stand_in *in)
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
	first = swarm_slots_alloc(&area->slots, count,
				  align >> SWARM_SLOT_SHIFT);
	if (first < 0)
		return first;

	record(area, first, count, rq);
	place(area, ((size_t)first << SWARM_SLOT_SHIFT) + pad_of(rq), in);
	in->lead = pad_of(rq);
	in->span = (size_t)count << SWARM_SLOT_SHIFT;
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

/**
 * swarm_pool_bounce - find a stand-in for a buffer, and fill it
 * @pool: the pool
 * @rq:   the buffer and what its device can reach
 * @in:   where the stand-in is
 *
 * CPUs begin their search at different areas, so that they rarely meet.
 *
 * Context: any. Takes the lock of one area at a time.
 * Return: 0; -ERANGE when the device reaches no area, -E2BIG when it reaches
 *	some but none is that large, -ENOSPC when they are too full just now.
 */
int swarm_pool_bounce(struct swarm_pool *pool, const struct swarm_request *rq,
		      struct swarm_stand_in *in)
{
	const struct swarm_areas *areas;
	unsigned int i, n;
	int ret = -ERANGE;

	rcu_read_lock();
	areas = rcu_dereference(pool->areas);
	if (areas) {
		n = raw_smp_processor_id() % areas->nr;
		for (i = 0; i < areas->nr; i++) {
			int err = take_from(areas->area[n], rq, in);

			if (!err) {
				ret = 0;
				break;
			}
			ret = better_reason(ret, err);
			if (++n == areas->nr)
				n = 0;
		}
	}
	rcu_read_unlock();

	if (!ret)
		fill(in, rq);
	return ret;
}

/* ---- using and returning them ---- */

/**
 * swarm_pool_find - is this machine address in the pool, and where?
 * @pool:  the pool
 * @maddr: machine address, bytes
 * @in:    where it is; filled in only when it is there
 *
 * Context: any; no lock.
 * Return: true when the address is in one of the pool's areas.
 */
bool swarm_pool_find(struct swarm_pool *pool, phys_addr_t maddr,
		     struct swarm_stand_in *in)
{
	const struct swarm_piece *piece;

	if (maddr < READ_ONCE(pool->lowest) || maddr > READ_ONCE(pool->highest))
		return false;
	piece = xa_load(&pool->owner, maddr >> SWARM_PIECE_MIN_SHIFT);
	if (!piece)
		return false;
	place(piece->area, piece->offset + (maddr - piece->maddr), in);
	return true;
}

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

static struct swarm_run *run_of(const struct swarm_stand_in *in)
{
	struct swarm_area *area = in->area;
	size_t slot = in->offset >> SWARM_SLOT_SHIFT;

	return &area->runs[area->runs[slot].first];
}

/* The run's own idea of where the buffer starts, in bytes of the area. */
static size_t start_of(const struct swarm_area *area,
		       const struct swarm_run *run)
{
	return ((size_t)(run - area->runs) << SWARM_SLOT_SHIFT) + run->pad;
}

/**
 * swarm_pool_is_lent - is this memory that was lent, not bounced through?
 * @in: any place in the pool
 *
 * Context: any; the caller owns the mapping.
 * Return: true when it is part of a run without an original.
 */
bool swarm_pool_is_lent(const struct swarm_stand_in *in)
{
	const struct swarm_run *run = run_of(in);

	return run->size && run->original == SWARM_NO_ORIGINAL;
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
int swarm_pool_check(const struct swarm_stand_in *in, size_t size)
{
	const struct swarm_run *run = run_of(in);
	size_t offset = in->offset;

	if (!run->size)
		return -ENOENT;
	offset -= start_of(in->area, run);
	if (offset >= run->size || size > run->size - offset)
		return -ERANGE;
	return 0;
}

/* What @in stands in for; NULL for lent memory. */
static void *original_of(const struct swarm_stand_in *in)
{
	const struct swarm_run *run = run_of(in);
	size_t offset = in->offset;

	if (run->original == SWARM_NO_ORIGINAL)
		return NULL;
	return phys_to_virt(run->original + offset - start_of(in->area, run));
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
void swarm_pool_copy_in(const struct swarm_stand_in *in, size_t size)
{
	const void *original = original_of(in);

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
void swarm_pool_copy_out(const struct swarm_stand_in *in, size_t size)
{
	void *original = original_of(in);

	if (original)
		memcpy(original, in->vaddr, size);
}

/**
 * swarm_pool_release - end a run
 * @in:   where it starts: the very address that was given out
 * @size: the size that was asked for
 *
 * A wrong size is reported, but the run ends all the same: its slots would be
 * lost for ever otherwise.
 *
 * Context: any; the caller owns the mapping. Takes the area's lock.
 * Return: 0; -ENOENT when no run starts there, with nothing changed; -ERANGE
 *	when the size was another.
 */
int swarm_pool_release(const struct swarm_stand_in *in, size_t size)
{
	struct swarm_run *run = run_of(in);
	size_t offset = in->offset;
	size_t was = run->size;

	if (!was || offset != start_of(in->area, run))
		return -ENOENT;

	run->size = 0;
	if (swarm_slots_free(&in->area->slots, run - in->area->runs,
			     slots_of(run->pad + was)))
		return -ENOENT;
	return size == was ? 0 : -ERANGE;
}

/* ---- figures ---- */

/**
 * swarm_pool_largest - the longest buffer that could be bounced
 * @pool: the pool
 * @rq:   what the device reaches, and what has to be kept of an address
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

		if (most > keep && within_reach(area, rq))
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
 * Return: the figures.
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
	return usage;
}

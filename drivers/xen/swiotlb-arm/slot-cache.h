/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slot-cache: small runs that a CPU keeps for its next bounce.
 *
 * A run that was given back is kept by the CPU that did so, and given out again by the
 * same, without a lock and without a search. As far as its chunk is concerned such a run
 * is taken.
 *
 * Invariant: a run is in at most one place. A place of a cache is filled only by the
 * CPU that it belongs to, with interrupts off, and only when it is empty; it is emptied
 * by an exchange with NULL, and whoever gets the run by that owns it: the CPU itself on
 * its next bounce, or any CPU that finds no room and takes one of them or drains the
 * caches of all, since a pool without a single free run somewhere else is not full. So that
 * interrupts nobody. How many places may be in use is a number that only its own CPU
 * changes; a place below it may have been emptied, and none above is in use once what its
 * CPU does with interrupts off has ended.
 */
#ifndef _XADMA_SLOT_CACHE_H
#define _XADMA_SLOT_CACHE_H

#include <linux/atomic.h>
#include <linux/percpu.h>
#include <linux/types.h>

struct xadma_run;

/* Runs of 1, 2 and 4 slots, which begin at a multiple of their size. */
#define XADMA_SLOT_CACHE_ORDERS	3
#define XADMA_SLOT_CACHE_DEPTH	16

/* At most so many come from a chunk at a time, and so many go back to one. */
#define XADMA_SLOT_CACHE_REFILL	8
#define XADMA_SLOT_CACHE_RETURN	2

/**
 * struct xadma_slot_cache - the runs that one CPU keeps
 * @nr:  how many places are in use, by order
 * @run: the places; the last one in use is the next to be emptied
 */
struct xadma_slot_cache {
	unsigned int nr[XADMA_SLOT_CACHE_ORDERS];
	struct xadma_run *run[XADMA_SLOT_CACHE_ORDERS][XADMA_SLOT_CACHE_DEPTH];
};

typedef void xadma_slot_cache_taker(void *data, struct xadma_run *run,
				    unsigned int order);

struct xadma_run *xadma_slot_cache_steal(struct xadma_slot_cache __percpu *cache,
					 unsigned int order);
bool xadma_slot_cache_drain(struct xadma_slot_cache __percpu *cache,
			    xadma_slot_cache_taker *take, void *data);
unsigned int xadma_slot_cache_slots(const struct xadma_slot_cache __percpu *cache);

/**
 * xadma_slot_cache_put - keep a run
 * @cache: the caches
 * @order: its size
 * @run:   the run
 * @max:   how many of this size may be kept, at most XADMA_SLOT_CACHE_DEPTH
 *
 * Context: any, with interrupts off.
 * Return: false when there are enough.
 */
static inline bool xadma_slot_cache_put(struct xadma_slot_cache __percpu *cache,
					unsigned int order, struct xadma_run *run,
					unsigned int max)
{
	struct xadma_slot_cache *mine = this_cpu_ptr(cache);
	unsigned int nr = mine->nr[order];

	if (nr >= max)
		return false;
	/* Who drains the place finds the run's record as it was left. */
	smp_store_release(&mine->run[order][nr], run);
	WRITE_ONCE(mine->nr[order], nr + 1);
	return true;
}

/**
 * xadma_slot_cache_get - take a run that is kept
 * @cache: the caches
 * @order: the size that is wanted
 *
 * Context: any, with interrupts off.
 * Return: the run; NULL when there is none.
 */
static inline struct xadma_run *
xadma_slot_cache_get(struct xadma_slot_cache __percpu *cache, unsigned int order)
{
	struct xadma_slot_cache *mine = this_cpu_ptr(cache);
	unsigned int nr = mine->nr[order];
	struct xadma_run *run;

	while (nr) {
		run = xchg_relaxed(&mine->run[order][--nr], NULL);
		WRITE_ONCE(mine->nr[order], nr);
		if (likely(run))
			return run;
	}
	return NULL;
}

#endif /* _XADMA_SLOT_CACHE_H */

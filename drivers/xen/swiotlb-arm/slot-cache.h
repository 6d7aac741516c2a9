/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * front: what each CPU has at hand.
 *
 * Small runs that were given back are kept by the CPU that did so, and given out
 * again by the same, without a lock and without a search. What is kept here is
 * taken as far as its chunk is concerned.
 *
 * Only a CPU itself touches its own stacks, with interrupts off; so whoever wants
 * them emptied has to ask that CPU.
 */
#ifndef _XADMA_SLOT_CACHE_H
#define _XADMA_SLOT_CACHE_H

#include <linux/percpu.h>
#include <linux/types.h>

struct xadma_chunk;

/* Runs of 1, 2 and 4 slots, which begin at a multiple of their size. */
#define XADMA_SLOT_CACHE_ORDERS	3
#define XADMA_SLOT_CACHE_DEPTH	16

/**
 * struct xadma_run_ref - a run that is at hand
 * @chunk:  its chunk
 * @first: its first slot
 */
struct xadma_run_ref {
	struct xadma_chunk *chunk;
	unsigned int first;
};

/**
 * struct xadma_slot_cache - what one CPU has at hand
 * @nr:   how many runs, by order
 * @held: the runs; the last one is the next to go
 */
struct xadma_slot_cache {
	unsigned int nr[XADMA_SLOT_CACHE_ORDERS];
	struct xadma_run_ref held[XADMA_SLOT_CACHE_ORDERS][XADMA_SLOT_CACHE_DEPTH];
};

typedef void xadma_slot_cache_taker(void *data, struct xadma_run_ref held,
				    unsigned int order);

void xadma_slot_cache_empty_here(struct xadma_slot_cache __percpu *slot_cache,
				 xadma_slot_cache_taker *take, void *data);
void xadma_slot_cache_empty(struct xadma_slot_cache __percpu *slot_cache,
			    xadma_slot_cache_taker *take, void *data);
unsigned int xadma_slot_cache_slots(const struct xadma_slot_cache __percpu *slot_cache);

/**
 * xadma_slot_cache_put - keep a run at hand
 * @slot_cache: the front
 * @order: its size
 * @held:  the run
 * @most:  how many of this size may be at hand, at most XADMA_SLOT_CACHE_DEPTH
 *
 * Context: any, with interrupts off.
 * Return: false when there are enough.
 */
static inline bool xadma_slot_cache_put(struct xadma_slot_cache __percpu *slot_cache,
					unsigned int order, struct xadma_run_ref held,
					unsigned int most)
{
	struct xadma_slot_cache *mine = this_cpu_ptr(slot_cache);
	unsigned int nr = mine->nr[order];

	if (nr >= most)
		return false;
	mine->held[order][nr] = held;
	WRITE_ONCE(mine->nr[order], nr + 1);
	return true;
}

/**
 * xadma_slot_cache_get - take a run that is at hand
 * @slot_cache: the front
 * @order: the size that is wanted
 * @held:  where to put it
 *
 * Context: any, with interrupts off.
 * Return: false when there is none.
 */
static inline bool xadma_slot_cache_get(struct xadma_slot_cache __percpu *slot_cache,
					unsigned int order, struct xadma_run_ref *held)
{
	struct xadma_slot_cache *mine = this_cpu_ptr(slot_cache);
	unsigned int nr = mine->nr[order];

	if (!nr)
		return false;
	WRITE_ONCE(mine->nr[order], nr - 1);
	*held = mine->held[order][nr - 1];
	return true;
}

#endif /* _XADMA_SLOT_CACHE_H */

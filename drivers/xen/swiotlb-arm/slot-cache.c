// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpumask.h>

#include "slot-cache.h"

/* Of any CPU; pairs with the release in xadma_slot_cache_put(). */
static struct xadma_run *take_place(struct xadma_run **place)
{
	return READ_ONCE(*place) ? xchg_acquire(place, NULL) : NULL;
}

/**
 * xadma_slot_cache_steal - take a run that any CPU keeps
 * @cache: the caches
 * @order: its size
 *
 * Context: any.
 * Return: the run; NULL when there is none.
 */
struct xadma_run *xadma_slot_cache_steal(struct xadma_slot_cache __percpu *cache,
					 unsigned int order)
{
	struct xadma_slot_cache *theirs;
	struct xadma_run *run;
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu) {
		theirs = per_cpu_ptr(cache, cpu);
		for (i = READ_ONCE(theirs->nr[order]); i--;) {
			run = take_place(&theirs->run[order][i]);
			if (run)
				return run;
		}
	}
	return NULL;
}

/**
 * xadma_slot_cache_drain - take what all CPUs keep
 * @cache: the caches
 * @take:  called for each run
 * @data:  handed on to @take
 *
 * Context: any.
 * Return: true when they kept any.
 */
bool xadma_slot_cache_drain(struct xadma_slot_cache __percpu *cache,
			    xadma_slot_cache_taker *take, void *data)
{
	unsigned int order, i;
	bool any = false;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct xadma_slot_cache *theirs = per_cpu_ptr(cache, cpu);

		for (order = 0; order < XADMA_SLOT_CACHE_ORDERS; order++) {
			for (i = READ_ONCE(theirs->nr[order]); i--;) {
				struct xadma_run *run = take_place(&theirs->run[order][i]);

				if (!run)
					continue;
				take(data, run, order);
				any = true;
			}
		}
	}
	return any;
}

/**
 * xadma_slot_cache_slots - how many slots are kept
 * @cache: the caches
 *
 * Context: any; a snapshot.
 * Return: the slots of all CPUs.
 */
unsigned int xadma_slot_cache_slots(const struct xadma_slot_cache __percpu *cache)
{
	unsigned int order, i, slots = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		for (order = 0; order < XADMA_SLOT_CACHE_ORDERS; order++)
			for (i = 0; i < XADMA_SLOT_CACHE_DEPTH; i++)
				if (READ_ONCE(per_cpu_ptr(cache, cpu)->run[order][i]))
					slots += 1U << order;
	return slots;
}

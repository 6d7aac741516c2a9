// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpumask.h>

#include "slot-cache.h"

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
			for (i = 0; i < XADMA_SLOT_CACHE_DEPTH; i++) {
				struct xadma_run *run = NULL;

				/* Pairs with the release in xadma_slot_cache_put(). */
				if (READ_ONCE(theirs->run[order][i]))
					run = xchg_acquire(&theirs->run[order][i],
							   NULL);
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

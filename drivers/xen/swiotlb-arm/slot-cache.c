// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/smp.h>

#include "slot-cache.h"

struct emptying {
	struct xadma_slot_cache __percpu *slot_cache;
	xadma_slot_cache_taker *take;
	void *data;
};

static void empty_one(struct xadma_slot_cache *slot_cache, xadma_slot_cache_taker *take,
		      void *data)
{
	unsigned int order;

	for (order = 0; order < XADMA_SLOT_CACHE_ORDERS; order++) {
		while (slot_cache->nr[order]) {
			WRITE_ONCE(slot_cache->nr[order], slot_cache->nr[order] - 1);
			take(data, slot_cache->held[order][slot_cache->nr[order]], order);
		}
	}
}

/**
 * xadma_slot_cache_empty_here - let go of what this CPU has at hand
 * @slot_cache: the front
 * @take:  called for each run, with interrupts off
 * @data:  handed on to @take
 *
 * Context: any.
 */
void xadma_slot_cache_empty_here(struct xadma_slot_cache __percpu *slot_cache,
				 xadma_slot_cache_taker *take, void *data)
{
	unsigned long flags;

	local_irq_save(flags);
	empty_one(this_cpu_ptr(slot_cache), take, data);
	local_irq_restore(flags);
}

static void empty_here(void *data)
{
	const struct emptying *e = data;

	xadma_slot_cache_empty_here(e->slot_cache, e->take, e->data);
}

/**
 * xadma_slot_cache_empty - let go of what all CPUs have at hand
 * @slot_cache: the front
 * @take:  called for each run, with interrupts off, by the CPU that had it
 * @data:  handed on to @take
 *
 * Of a CPU that is off it is us who look, and none goes on or off meanwhile.
 *
 * Context: may sleep.
 */
void xadma_slot_cache_empty(struct xadma_slot_cache __percpu *slot_cache,
			    xadma_slot_cache_taker *take, void *data)
{
	struct emptying e = { .slot_cache = slot_cache, .take = take, .data = data };
	int cpu;

	cpus_read_lock();
	on_each_cpu(empty_here, &e, true);
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			empty_one(per_cpu_ptr(slot_cache, cpu), take, data);
	cpus_read_unlock();
}

/**
 * xadma_slot_cache_slots - how many slots are at hand
 * @slot_cache: the front
 *
 * Context: any; a snapshot.
 * Return: the slots of all CPUs.
 */
unsigned int xadma_slot_cache_slots(const struct xadma_slot_cache __percpu *slot_cache)
{
	unsigned int order, slots = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		for (order = 0; order < XADMA_SLOT_CACHE_ORDERS; order++)
			slots += READ_ONCE(per_cpu_ptr(slot_cache, cpu)->nr[order])
				 << order;
	return slots;
}

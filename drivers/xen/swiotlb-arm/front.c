// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/smp.h>

#include "front.h"

struct emptying {
	struct swarm_front __percpu *front;
	swarm_front_taker *take;
	void *data;
};

static void empty_one(struct swarm_front *front, swarm_front_taker *take,
		      void *data)
{
	unsigned int order;

	for (order = 0; order < SWARM_FRONT_ORDERS; order++) {
		while (front->nr[order]) {
			WRITE_ONCE(front->nr[order], front->nr[order] - 1);
			take(data, front->held[order][front->nr[order]], order);
		}
	}
}

/**
 * swarm_front_empty_here - let go of what this CPU has at hand
 * @front: the front
 * @take:  called for each run, with interrupts off
 * @data:  handed on to @take
 *
 * Context: any.
 */
void swarm_front_empty_here(struct swarm_front __percpu *front,
			    swarm_front_taker *take, void *data)
{
	unsigned long flags;

	local_irq_save(flags);
	empty_one(this_cpu_ptr(front), take, data);
	local_irq_restore(flags);
}

static void empty_here(void *data)
{
	const struct emptying *e = data;

	swarm_front_empty_here(e->front, e->take, e->data);
}

/**
 * swarm_front_empty - let go of what all CPUs have at hand
 * @front: the front
 * @take:  called for each run, with interrupts off, by the CPU that had it
 * @data:  handed on to @take
 *
 * Of a CPU that is off it is us who look, and none goes on or off meanwhile.
 *
 * Context: may sleep.
 */
void swarm_front_empty(struct swarm_front __percpu *front,
		       swarm_front_taker *take, void *data)
{
	struct emptying e = { .front = front, .take = take, .data = data };
	int cpu;

	cpus_read_lock();
	on_each_cpu(empty_here, &e, true);
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			empty_one(per_cpu_ptr(front, cpu), take, data);
	cpus_read_unlock();
}

/**
 * swarm_front_slots - how many slots are at hand
 * @front: the front
 *
 * Context: any; a snapshot.
 * Return: the slots of all CPUs.
 */
unsigned int swarm_front_slots(const struct swarm_front __percpu *front)
{
	unsigned int order, slots = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		for (order = 0; order < SWARM_FRONT_ORDERS; order++)
			slots += READ_ONCE(per_cpu_ptr(front, cpu)->nr[order])
				 << order;
	return slots;
}

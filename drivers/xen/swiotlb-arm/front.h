/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * front: what each CPU has at hand.
 *
 * Small runs that were given back are kept by the CPU that did so, and given out
 * again by the same, without a lock and without a search. What is kept here is
 * taken as far as its area is concerned.
 *
 * Only a CPU itself touches its own stacks, with interrupts off; so whoever wants
 * them emptied has to ask that CPU.
 */
#ifndef _SWARM_FRONT_H
#define _SWARM_FRONT_H

#include <linux/percpu.h>
#include <linux/types.h>

struct swarm_area;

/* Runs of 1, 2 and 4 slots, which begin at a multiple of their size. */
#define SWARM_FRONT_ORDERS	3
#define SWARM_FRONT_DEPTH	16

/**
 * struct swarm_held - a run that is at hand
 * @area:  its area
 * @first: its first slot
 */
struct swarm_held {
	struct swarm_area *area;
	unsigned int first;
};

/**
 * struct swarm_front - what one CPU has at hand
 * @nr:   how many runs, by order
 * @held: the runs; the last one is the next to go
 */
struct swarm_front {
	unsigned int nr[SWARM_FRONT_ORDERS];
	struct swarm_held held[SWARM_FRONT_ORDERS][SWARM_FRONT_DEPTH];
};

typedef void swarm_front_taker(void *data, struct swarm_held held,
			       unsigned int order);

void swarm_front_empty_here(struct swarm_front __percpu *front,
			    swarm_front_taker *take, void *data);
void swarm_front_empty(struct swarm_front __percpu *front,
		       swarm_front_taker *take, void *data);
unsigned int swarm_front_slots(const struct swarm_front __percpu *front);

/**
 * swarm_front_push - keep a run at hand
 * @front: the front
 * @order: its size
 * @held:  the run
 * @most:  how many of this size may be at hand, at most SWARM_FRONT_DEPTH
 *
 * Context: any, with interrupts off.
 * Return: false when there are enough.
 */
static inline bool swarm_front_push(struct swarm_front __percpu *front,
				    unsigned int order, struct swarm_held held,
				    unsigned int most)
{
	struct swarm_front *mine = this_cpu_ptr(front);
	unsigned int nr = mine->nr[order];

	if (nr >= most)
		return false;
	mine->held[order][nr] = held;
	WRITE_ONCE(mine->nr[order], nr + 1);
	return true;
}

/**
 * swarm_front_pop - take a run that is at hand
 * @front: the front
 * @order: the size that is wanted
 * @held:  where to put it
 *
 * Context: any, with interrupts off.
 * Return: false when there is none.
 */
static inline bool swarm_front_pop(struct swarm_front __percpu *front,
				   unsigned int order, struct swarm_held *held)
{
	struct swarm_front *mine = this_cpu_ptr(front);
	unsigned int nr = mine->nr[order];

	if (!nr)
		return false;
	WRITE_ONCE(mine->nr[order], nr - 1);
	*held = mine->held[order][nr - 1];
	return true;
}

#endif /* _SWARM_FRONT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slots: which slots are free.
 *
 * A set of slots 0 .. nr-1, given out in runs. It knows indices only: no
 * address, no device, no Xen. What a slot is good for is the pool's business.
 */
#ifndef _SWARM_SLOTS_H
#define _SWARM_SLOTS_H

#include <linux/bitops.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct swarm_slots - a set of slots
 * @nr:    how many there are; fixed
 * @group: a run lies within one group of so many neighbours; fixed
 * @lock:  guards the fields below
 * @free:  how many are free
 * @busy:  a bit for each slot that is taken
 * @heads: a bit for each slot that a run begins with. Written under @lock; the bits
 *	of a run do not change while somebody has it, and are read without it
 */
struct swarm_slots {
	unsigned int nr;
	unsigned int group;
	spinlock_t lock;	/* irq-safe, innermost */
	unsigned int free;	/* @lock */
	unsigned long *busy;	/* @lock */
	unsigned long *heads;	/* @lock */
};

int swarm_slots_init(struct swarm_slots *slots, unsigned int nr,
		     unsigned int group);
void swarm_slots_destroy(struct swarm_slots *slots);
int swarm_slots_alloc(struct swarm_slots *slots, unsigned int count,
		      unsigned int align);
int swarm_slots_free(struct swarm_slots *slots, unsigned int first,
		     unsigned int count);
unsigned int __swarm_slots_head(const struct swarm_slots *slots,
				unsigned int slot);
unsigned int swarm_slots_used(const struct swarm_slots *slots);

/**
 * swarm_slots_head - where does the run begin that a slot is part of?
 * @slots: the set
 * @slot:  a slot of it
 *
 * Context: any, no lock; somebody has the run, and keeps it.
 * Return: the run's first slot; of a slot that nobody has, anything in the set.
 */
static inline unsigned int swarm_slots_head(const struct swarm_slots *slots,
					    unsigned int slot)
{
	if (likely(test_bit(slot, slots->heads)))
		return slot;
	return __swarm_slots_head(slots, slot);
}

#endif /* _SWARM_SLOTS_H */

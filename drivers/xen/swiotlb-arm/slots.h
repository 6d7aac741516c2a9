/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slots: which slots are free.
 *
 * A set of slots 0 .. nr-1, given out in runs. It knows indices only: no
 * address, no device, no Xen. What a slot is good for is the pool's business.
 */
#ifndef _XADMA_SLOTS_H
#define _XADMA_SLOTS_H

#include <linux/bitops.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct xadma_slots - a set of slots
 * @nr:    how many there are; fixed
 * @set_size: a run lies within one set_size of so many neighbours; fixed
 * @lock:  guards the fields below
 * @free:  how many are free
 * @busy:  a bit for each slot that is taken
 * @heads: a bit for each slot that a run begins with. Written under @lock; the bits
 *	of a run do not change while somebody has it, and are read without it
 */
struct xadma_slots {
	unsigned int nr;
	unsigned int set_size;
	spinlock_t lock;	/* irq-safe, innermost */
	unsigned int free;	/* @lock */
	unsigned long *busy;	/* @lock */
	unsigned long *heads;	/* @lock */
};

int xadma_slots_init(struct xadma_slots *slots, unsigned int nr,
		     unsigned int set_size);
void xadma_slots_destroy(struct xadma_slots *slots);
int xadma_slots_alloc(struct xadma_slots *slots, unsigned int count,
		      unsigned int align);
int xadma_slots_free(struct xadma_slots *slots, unsigned int first,
		     unsigned int count);
unsigned int __xadma_slots_head(const struct xadma_slots *slots,
				unsigned int slot);
unsigned int xadma_slots_used(const struct xadma_slots *slots);

/**
 * xadma_slots_head - where does the run begin that a slot is part of?
 * @slots: the set
 * @slot:  a slot of it
 *
 * Context: any, no lock; somebody has the run, and keeps it.
 * Return: the run's first slot; of a slot that nobody has, anything in the set.
 */
static inline unsigned int xadma_slots_head(const struct xadma_slots *slots,
					    unsigned int slot)
{
	if (likely(test_bit(slot, slots->heads)))
		return slot;
	return __xadma_slots_head(slots, slot);
}

#endif /* _XADMA_SLOTS_H */

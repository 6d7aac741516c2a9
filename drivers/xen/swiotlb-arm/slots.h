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
 *	of a run do not change while it is taken, and are read without it
 */
struct xadma_slots {
	unsigned int nr;
	unsigned int set_size;
	raw_spinlock_t lock;	/* irq-safe, innermost */
	unsigned int free;	/* @lock */
	unsigned long *busy;	/* @lock */
	unsigned long *heads;	/* @lock */
};

/**
 * struct xadma_slots_request - a run that is wanted
 * @count:    how many slots, at least 1
 * @align:    the first slot is a multiple of this power of two, counted from @phase
 * @end:      the run ends before this slot
 * @boundary: no multiple of this power of two lies within the run, counted from
 *	@phase; 0 for none
 * @phase:    slots before the first one of the set, from which is counted
 * @slack:    slots that the run is taken to be longer for the sake of @boundary
 */
struct xadma_slots_request {
	unsigned int count;
	unsigned int align;
	unsigned int end;
	unsigned int boundary;
	unsigned int phase;
	unsigned int slack;
};

int xadma_slots_init(struct xadma_slots *slots, unsigned int nr,
		     unsigned int set_size);
void xadma_slots_destroy(struct xadma_slots *slots);
int xadma_slots_alloc(struct xadma_slots *slots,
		      const struct xadma_slots_request *want);
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
 * Context: any, no lock; the run is taken, and stays so.
 * Return: the run's first slot; of a slot that is free, any slot of the set.
 */
static inline unsigned int xadma_slots_head(const struct xadma_slots *slots,
					    unsigned int slot)
{
	if (likely(test_bit(slot, slots->heads)))
		return slot;
	return __xadma_slots_head(slots, slot);
}

#endif /* _XADMA_SLOTS_H */

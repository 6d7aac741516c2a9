/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slots: which slots are free.
 *
 * A set of slots 0 .. nr-1, given out in runs. It knows indices only: no
 * address, no device, no Xen. What a slot is good for is the pool's business.
 *
 * What a search costs depends on the length of the set, never on how many runs there
 * are. A *block* is a run whose length is a power of two and that begins at a
 * multiple of it; which words of 64 slots have a free one of each length is kept up to
 * date, so a block is found at once. For other runs it is kept up to date how long the
 * free runs are that a word begins with, has within and ends with. Eight words are
 * compared at a time, and only those that a run of the length begins in are searched; a set
 * that has none is told by that alone.
 *
 * The lock is held while a run that was found is marked, for a few dozen instructions
 * and some more for each word; a search for anything but a block comes before that,
 * without the lock, and is repeated when somebody else was quicker.
 *
 * Invariant: bit w of has[o] is set if and only if word w has a free block of 1 << o
 * slots; next_begin[w - 1], within[w] and end[w] are the lengths of the free runs that
 * word w begins with, has, and ends with; slots behind the last one of the set are busy
 * for ever.
 */
#ifndef _XADMA_SLOTS_H
#define _XADMA_SLOTS_H

#include <linux/bitops.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/* Blocks of 1, 2, 4 .. 64 slots: the last one is a word. */
#define XADMA_SLOTS_ORDERS	7

/* The largest set: a word has a bit for each of its words. */
#define XADMA_SLOTS_MAX		(BITS_PER_LONG * BITS_PER_LONG)

/**
 * struct xadma_slots - a set of slots
 * @nr:    how many there are; fixed
 * @set_size: a run lies within one set_size of so many neighbours; fixed
 * @lock:  guards the fields below
 * @free:  how many are free
 * @busy:  a bit for each slot that is taken. Written under @lock; a search reads it
 *	without, and what it finds is looked at again
 * @has:   by order: a bit for each word of @busy with a free block of it. As @busy
 * @orders: by word: of how many orders, from the lowest on, it has a free block
 * @within: by word: the length of its longest free run. As @busy
 * @end: by word: the length of the free run that it ends with, or 0. As @busy
 * @next_begin: by word: the length of that which the next word begins with. As @busy
 * @heads: a bit for each slot that a run begins with. Written under @lock; the bits
 *	of a run do not change while it is taken, and are read without it
 */
struct xadma_slots {
	unsigned int nr;
	unsigned int set_size;
	raw_spinlock_t lock;	/* irq-safe, innermost */
	unsigned int free;	/* @lock */
	unsigned long *busy;	/* @lock */
	unsigned long has[XADMA_SLOTS_ORDERS];	/* @lock */
	u8 orders[BITS_PER_LONG];	/* @lock */
	u8 within[BITS_PER_LONG] __aligned(8);	/* @lock */
	u8 end[BITS_PER_LONG] __aligned(8);	/* @lock */
	u8 next_begin[BITS_PER_LONG] __aligned(8);	/* @lock */
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
unsigned int xadma_slots_alloc_blocks(struct xadma_slots *slots, unsigned int order,
				      unsigned int end, unsigned int nr,
				      unsigned int *first);
int xadma_slots_free_blocks(struct xadma_slots *slots, unsigned int order,
			    unsigned int nr, const unsigned int *first);
bool xadma_slots_has_block(const struct xadma_slots *slots, unsigned int order,
			   unsigned int end);
bool xadma_slots_has_run(const struct xadma_slots *slots, unsigned int count,
			 unsigned int end);
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

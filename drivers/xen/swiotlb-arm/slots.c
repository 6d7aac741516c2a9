// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include "slots.h"

/**
 * xadma_slots_init - make a set of @nr free slots
 * @slots: the set
 * @nr:    how many slots, at least 1
 * @set_size: a run lies within one set_size of so many neighbours, a power of two
 *	that divides @nr; or @nr itself, whatever it is
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM with nothing to undo.
 */
int xadma_slots_init(struct xadma_slots *slots, unsigned int nr,
		     unsigned int set_size)
{
	slots->busy = bitmap_zalloc(nr, GFP_KERNEL);
	slots->heads = bitmap_zalloc(nr, GFP_KERNEL);
	if (!slots->busy || !slots->heads) {
		xadma_slots_destroy(slots);
		return -ENOMEM;
	}
	slots->nr = nr;
	slots->set_size = set_size;
	slots->free = nr;
	spin_lock_init(&slots->lock);
	return 0;
}

/**
 * xadma_slots_destroy - free the set itself; accepts a half-made one
 * @slots: the set, no longer in use by anybody
 */
void xadma_slots_destroy(struct xadma_slots *slots)
{
	bitmap_free(slots->busy);
	bitmap_free(slots->heads);
	slots->busy = NULL;
	slots->heads = NULL;
}

/* The lowest that fits: what is long finds its place above what is short. */
static unsigned int find_run(const struct xadma_slots *slots,
			     unsigned int count, unsigned int align)
{
	unsigned int first, set_size, from = 0;

	lockdep_assert_held(&slots->lock);

	for (;;) {
		first = bitmap_find_next_zero_area(slots->busy, slots->nr, from,
						   count, align - 1);
		if (first >= slots->nr)
			return first;
		set_size = first / slots->set_size;
		if ((first + count - 1) / slots->set_size == set_size)
			return first;
		from = (set_size + 1) * slots->set_size;
	}
}

static void take_run(struct xadma_slots *slots, unsigned int first,
		     unsigned int count)
{
	bitmap_set(slots->busy, first, count);
	__set_bit(first, slots->heads);
	WRITE_ONCE(slots->free, slots->free - count);
}

/**
 * xadma_slots_alloc - take a run of neighbouring slots
 * @slots: the set
 * @count: how many slots, at least 1
 * @align: the first slot is a multiple of this power of two
 *
 * Context: any; takes @slots->lock with interrupts off.
 * Return: the first slot; -EINVAL for arguments that no set can serve,
 *	-E2BIG for a run longer than a group, -ENOSPC when it is too full.
 */
int xadma_slots_alloc(struct xadma_slots *slots, unsigned int count,
		      unsigned int align)
{
	unsigned long flags;
	unsigned int first;

	if (!count || !is_power_of_2(align))
		return -EINVAL;
	if (count > slots->set_size)
		return -E2BIG;
	if (count > READ_ONCE(slots->free))
		return -ENOSPC;

	spin_lock_irqsave(&slots->lock, flags);
	first = find_run(slots, count, align);
	if (first < slots->nr)
		take_run(slots, first, count);
	spin_unlock_irqrestore(&slots->lock, flags);

	return first < slots->nr ? (int)first : -ENOSPC;
}

static bool all_busy(const struct xadma_slots *slots, unsigned int first,
		     unsigned int count)
{
	lockdep_assert_held(&slots->lock);

	return find_next_zero_bit(slots->busy, first + count, first) >=
		first + count;
}

/**
 * xadma_slots_free - give a run, or a part of one, back
 * @slots: the set
 * @first: its first slot
 * @count: how many slots
 *
 * Context: any; takes @slots->lock with interrupts off.
 * Return: 0, or -EINVAL with nothing changed when one of the slots does not
 *	exist or is already free.
 */
int xadma_slots_free(struct xadma_slots *slots, unsigned int first,
		     unsigned int count)
{
	unsigned long flags;
	int ret = -EINVAL;

	if (!count || first >= slots->nr || count > slots->nr - first)
		return -EINVAL;

	spin_lock_irqsave(&slots->lock, flags);
	if (all_busy(slots, first, count)) {
		bitmap_clear(slots->busy, first, count);
		__clear_bit(first, slots->heads);
		WRITE_ONCE(slots->free, slots->free + count);
		ret = 0;
	}
	spin_unlock_irqrestore(&slots->lock, flags);
	return ret;
}

/* For xadma_slots_head(): a word of 64 slots at a time. */
unsigned int __xadma_slots_head(const struct xadma_slots *slots,
				unsigned int slot)
{
	unsigned long head = find_last_bit(slots->heads, slot + 1);

	return head <= slot ? head : slot;
}

/**
 * xadma_slots_used - how many slots are taken just now
 * @slots: the set
 *
 * Context: any, no lock; a snapshot.
 * Return: the number of slots.
 */
unsigned int xadma_slots_used(const struct xadma_slots *slots)
{
	return slots->nr - READ_ONCE(slots->free);
}

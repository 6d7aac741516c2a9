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
	raw_spin_lock_init(&slots->lock);
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

/* Where to look on when a run that begins at @first would cross a line; or 0. */
static unsigned int behind_line(const struct xadma_slots *slots,
				const struct xadma_slots_request *want,
				unsigned int first)
{
	unsigned int last = first + want->count - 1, at;

	if (last / slots->set_size != first / slots->set_size)
		return (first / slots->set_size + 1) * slots->set_size;
	if (!want->boundary)
		return 0;
	at = (first + want->phase) & (want->boundary - 1);
	if (at + want->count + want->slack > want->boundary)
		return first + want->boundary - at;
	return 0;
}

/* The lowest that fits: what is long finds its place above what is short. */
static unsigned int find_run(const struct xadma_slots *slots,
			     const struct xadma_slots_request *want)
{
	unsigned int first, from = 0;

	lockdep_assert_held(&slots->lock);

	do {
		first = bitmap_find_next_zero_area_off(slots->busy, want->end, from,
						       want->count, want->align - 1,
						       want->phase & (want->align - 1));
		if (first >= want->end)
			return slots->nr;
		from = behind_line(slots, want, first);
	} while (from);
	return first;
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
 * @want:  what it is to be like
 *
 * Context: any; takes @slots->lock with interrupts off.
 * Return: the first slot; -EINVAL for a request that no set can serve,
 *	-E2BIG for a run longer than @slots->set_size, -ENOSPC when it is too full.
 */
int xadma_slots_alloc(struct xadma_slots *slots, const struct xadma_slots_request *want)
{
	unsigned long flags;
	unsigned int first;

	if (!want->count || !is_power_of_2(want->align) || want->end > slots->nr)
		return -EINVAL;
	if (want->boundary && (!is_power_of_2(want->boundary) ||
			       want->count + want->slack > want->boundary))
		return -EINVAL;
	if (want->count > slots->set_size)
		return -E2BIG;
	if (want->count > READ_ONCE(slots->free))
		return -ENOSPC;

	raw_spin_lock_irqsave(&slots->lock, flags);
	first = find_run(slots, want);
	if (first < slots->nr)
		take_run(slots, first, want->count);
	raw_spin_unlock_irqrestore(&slots->lock, flags);

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

	raw_spin_lock_irqsave(&slots->lock, flags);
	if (all_busy(slots, first, count)) {
		bitmap_clear(slots->busy, first, count);
		__clear_bit(first, slots->heads);
		WRITE_ONCE(slots->free, slots->free + count);
		ret = 0;
	}
	raw_spin_unlock_irqrestore(&slots->lock, flags);
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

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-direct.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "window.h"

/* ---- sets, one for each distinct dma_range_map ---- */

/* What a device without dma-ranges has. */
const struct xadma_windows xadma_windows_none = {
	.nr = 1,
	.uniform = true,
	.window = { { .range = { .first = 0, .last = (phys_addr_t)-1 } } },
};

/* No window at all: an empty dma_range_map, or no memory to note down one. */
const struct xadma_windows xadma_windows_nowhere = { .uniform = true };

static DEFINE_RAW_SPINLOCK(sets_lock);
static struct xadma_windows *sets;	/* written under @sets_lock; only grows */

static unsigned int nr_regions(const struct bus_dma_region *map)
{
	unsigned int nr = 0;

	while (map[nr].size)
		nr++;
	return nr;
}

static bool same_map(const struct bus_dma_region *a,
		     const struct bus_dma_region *b, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (a[i].cpu_start != b[i].cpu_start ||
		    a[i].dma_start != b[i].dma_start || a[i].size != b[i].size)
			return false;
	return !a[nr].size && !b[nr].size;
}

static struct xadma_windows *find_set(const struct bus_dma_region *map,
				      unsigned int nr)
{
	struct xadma_windows *w;

	/* Pairs with the release in keep_set(). */
	w = smp_load_acquire(&sets);
	for (; w; w = w->next)
		if (same_map(w->map, map, nr))
			return w;
	return NULL;
}

static struct xadma_windows *make_set(const struct bus_dma_region *map,
				      unsigned int nr, gfp_t gfp)
{
	struct xadma_windows *w = kzalloc(struct_size(w, window, nr), gfp);
	unsigned int i;

	if (!w)
		return NULL;
	w->map = kmemdup(map, (nr + 1) * sizeof(*map), gfp);
	if (!w->map) {
		kfree(w);
		return NULL;
	}
	w->nr = nr;
	w->uniform = true;
	for (i = 0; i < nr; i++) {
		w->window[i] = (struct xadma_window) {
			.range.first = map[i].cpu_start,
			.range.last = map[i].cpu_start + map[i].size - 1,
			.shift = map[i].dma_start - map[i].cpu_start,
		};
		w->uniform &= w->window[i].shift == w->window[0].shift;
	}
	return w;
}

/* Of two CPUs that made the same set, one finds the other's. */
static struct xadma_windows *keep_set(struct xadma_windows *new)
{
	struct xadma_windows *w;
	unsigned long flags;

	raw_spin_lock_irqsave(&sets_lock, flags);
	w = find_set(new->map, new->nr);
	if (!w) {
		new->next = sets;
		/* Who finds the set finds it filled in; pairs with find_set(). */
		smp_store_release(&sets, new);
	}
	raw_spin_unlock_irqrestore(&sets_lock, flags);
	return w;
}

/**
 * xadma_windows_of - the windows that a dma_range_map describes
 * @map: the map, ending in a region of size 0; NULL for no dma-ranges
 * @gfp: for a set that there has not been yet
 *
 * Context: as @gfp says.
 * Return: the set, which stays for ever; NULL without memory for it.
 */
const struct xadma_windows *xadma_windows_of(const struct bus_dma_region *map,
					     gfp_t gfp)
{
	struct xadma_windows *w, *other;
	unsigned int nr;

	if (!map)
		return &xadma_windows_none;
	if (!map->size)
		return &xadma_windows_nowhere;
	nr = nr_regions(map);
	w = find_set(map, nr);
	if (w)
		return w;
	w = make_set(map, nr, gfp);
	if (!w)
		return NULL;
	other = keep_set(w);
	if (other) {
		kfree(w->map);
		kfree(w);
		return other;
	}
	return w;
}

/* ---- numbers ---- */

static bool holds(struct xadma_range range, phys_addr_t maddr)
{
	return maddr >= range.first && maddr <= range.last;
}

/**
 * xadma_window_at - the window that a machine address is in
 * @w:     the windows
 * @maddr: the address
 *
 * Context: any; a pure function.
 * Return: the first window that has it, or NULL.
 */
const struct xadma_window *xadma_window_at(const struct xadma_windows *w,
					   phys_addr_t maddr)
{
	unsigned int i;

	for (i = 0; i < w->nr; i++)
		if (holds(w->window[i].range, maddr))
			return &w->window[i];
	return NULL;
}

/* A window that has a machine address and shifts so; another may count before it. */
static const struct xadma_window *window_by_shift(const struct xadma_windows *w,
						  phys_addr_t maddr, u64 shift)
{
	unsigned int i;

	for (i = 0; i < w->nr; i++)
		if (w->window[i].shift == shift && holds(w->window[i].range, maddr))
			return &w->window[i];
	return NULL;
}

/**
 * xadma_windows_maddr - the machine address behind an address of the device
 * @w:   the windows
 * @dma: the device's address
 *
 * Context: any; a pure function.
 * Return: the machine address; (phys_addr_t)-1 when @dma is in no window.
 */
phys_addr_t xadma_windows_maddr(const struct xadma_windows *w, dma_addr_t dma)
{
	unsigned int i;

	for (i = 0; i < w->nr; i++)
		if (holds(w->window[i].range, dma - w->window[i].shift))
			return dma - w->window[i].shift;
	return (phys_addr_t)-1;
}

/**
 * xadma_windows_drive - does a device drive all of a buffer, and how?
 * @w:     its windows
 * @limit: the highest address that it puts on its bus
 * @maddr: machine address of the buffer, bytes
 * @size:  bytes, at least 1; the buffer must not wrap
 * @dma:   where to put the device's address of the first byte
 *
 * Context: any; a pure function.
 * Return: true when it does; otherwise @dma is left alone.
 */
bool xadma_windows_drive(const struct xadma_windows *w, u64 limit,
			 phys_addr_t maddr, size_t size, dma_addr_t *dma)
{
	const struct xadma_window *at = xadma_window_at(w, maddr);
	phys_addr_t last = maddr + size - 1;
	u64 shift;

	if (!at)
		return false;
	shift = at->shift;
	if (last + shift > limit || last + shift < maddr + shift)
		return false;
	/* Windows that meet are as good as one, as long as they shift alike. */
	while (at && last > at->range.last)
		at = window_by_shift(w, at->range.last + 1, shift);
	if (!at)
		return false;
	*dma = maddr + shift;
	return true;
}

/**
 * xadma_windows_range - the part of a window that the device's limit leaves of it
 * @w:     the windows
 * @i:     which one
 * @limit: the highest address that the device puts on its bus
 *
 * Context: any; a pure function.
 * Return: the machine addresses; an empty range when none is left, or another
 *	window that counts first has some of them.
 */
struct xadma_range xadma_windows_range(const struct xadma_windows *w,
				       unsigned int i, u64 limit)
{
	struct xadma_range range = w->window[i].range;
	u64 first = range.first + w->window[i].shift;
	unsigned int j;

	for (j = 0; j < i; j++) {
		const struct xadma_window *other = &w->window[j];
		u64 apart = other->range.first + other->shift - first;

		if (other->shift == w->window[i].shift)
			continue;
		/* The same machine address, or the same address of the device. */
		if ((other->range.first <= range.last &&
		     other->range.last >= range.first) ||
		    apart <= range.last - range.first ||
		    -apart <= other->range.last - other->range.first)
			return XADMA_RANGE_NONE;
	}
	if (first > limit)
		return XADMA_RANGE_NONE;
	range.last = range.first + min(range.last - range.first, limit - first);
	return range;
}

/**
 * xadma_windows_unshifted - where the device's addresses are the machine's
 * @w:     its windows
 * @limit: the highest address that it puts on its bus
 *
 * Windows that meet are as good as one. No machine has memory in the upper half of all
 * addresses, so that is left out: what begins in the range and is not longer has not
 * wrapped.
 *
 * Context: any; a pure function.
 * Return: the widest such range; empty when there is none.
 */
struct xadma_range xadma_windows_unshifted(const struct xadma_windows *w,
					   u64 limit)
{
	struct xadma_range best = XADMA_RANGE_NONE;
	unsigned int i, j;

	limit = min_t(u64, limit, (phys_addr_t)-1 >> 1);
	for (i = 0; i < w->nr; i++) {
		struct xadma_range range = xadma_windows_range(w, i, limit);

		if (w->window[i].shift || xadma_range_empty(range))
			continue;
		/* Each window is tried as the lowest one; the others may follow on it. */
		for (j = 0; j < w->nr; j++) {
			struct xadma_range next = xadma_windows_range(w, j, limit);

			if (w->window[j].shift || xadma_range_empty(next) ||
			    next.first != range.last + 1)
				continue;
			range.last = next.last;
			j = UINT_MAX;	/* from the first one again */
		}
		if (xadma_range_empty(best) ||
		    range.last - range.first > best.last - best.first)
			best = range;
	}
	return best;
}

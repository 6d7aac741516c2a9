/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * window: which machine addresses a device drives, and by which addresses of its own.
 *
 * A device's dma-ranges are windows: ranges of the machine's addresses, each of which
 * the device sees shifted by a constant of that window. A device without dma-ranges has
 * one window over everything, shifted by 0. Where windows overlap the first one
 * counts, as in the kernel's own translation. A buffer is driven when all of it lies in
 * windows that meet and shift alike, and no address of it is above the device's limit:
 * the lower of its mask and of what its bus passes on.
 *
 * Invariant: a set of windows is immutable, kept once for each distinct dma_range_map,
 * and never freed. So whoever has a pointer to one may use it for ever: the core
 * drops dev->dma_range_map when a driver is unbound, and mappings outlive that. How
 * many sets there are is bounded by what the firmware describes.
 *
 * Apart from xadma_windows_of(), which makes and finds sets, these are pure functions
 * of numbers.
 */
#ifndef _XADMA_WINDOW_H
#define _XADMA_WINDOW_H

#include <linux/minmax.h>
#include <linux/types.h>

struct bus_dma_region;

/**
 * struct xadma_range - a range of machine addresses
 * @first: the lowest byte
 * @last:  the highest byte; below @first in an empty range
 */
struct xadma_range {
	phys_addr_t first;
	phys_addr_t last;
};

/**
 * struct xadma_window - machine addresses that a device sees shifted alike
 * @range: the machine addresses
 * @shift: what the device adds to them, modulo 2^64
 */
struct xadma_window {
	struct xadma_range range;
	u64 shift;
};

/**
 * struct xadma_windows - all windows of a device; immutable, never freed
 * @next:    another set, in the list of all of them
 * @map:     a copy of the dma_range_map that the set was made from, or NULL
 * @nr:      how many windows
 * @uniform: every window shifts by @window[0].shift
 * @window:  the windows, in the order in which they count
 */
struct xadma_windows {
	struct xadma_windows *next;
	const struct bus_dma_region *map;
	unsigned int nr;
	bool uniform;
	struct xadma_window window[];
};

extern const struct xadma_windows xadma_windows_none;
extern const struct xadma_windows xadma_windows_nowhere;

const struct xadma_windows *xadma_windows_of(const struct bus_dma_region *map,
					     gfp_t gfp);
const struct xadma_window *xadma_window_at(const struct xadma_windows *w,
					   phys_addr_t maddr);
phys_addr_t xadma_windows_maddr(const struct xadma_windows *w, dma_addr_t dma);
bool xadma_windows_drive(const struct xadma_windows *w, u64 limit,
			 phys_addr_t maddr, size_t size, dma_addr_t *dma);
struct xadma_range xadma_windows_unshifted(const struct xadma_windows *w,
					   u64 limit);
struct xadma_range xadma_windows_range(const struct xadma_windows *w,
				       unsigned int i, u64 limit);

/* Above all that a range ends at. */
#define XADMA_NOWHERE	((phys_addr_t)-1)

/* No address is in it. */
#define XADMA_RANGE_NONE	((struct xadma_range){ .first = XADMA_NOWHERE })

static inline bool xadma_range_same(struct xadma_range a, struct xadma_range b)
{
	return a.first == b.first && a.last == b.last;
}

static inline bool xadma_range_empty(struct xadma_range range)
{
	return range.last < range.first;
}

/* What two ranges have in common, which may be empty */
static inline struct xadma_range xadma_range_both(struct xadma_range a,
						  struct xadma_range b)
{
	return (struct xadma_range){
		.first = max(a.first, b.first),
		.last = min(a.last, b.last),
	};
}

#endif /* _XADMA_WINDOW_H */

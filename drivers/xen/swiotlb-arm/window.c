// SPDX-License-Identifier: GPL-2.0-only
#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/minmax.h>

#include "window.h"

static const struct bus_dma_region *window_of(const struct device *dev,
					      phys_addr_t maddr)
{
	const struct bus_dma_region *m;

	for (m = dev->dma_range_map; m->size; m++)
		if (maddr >= m->cpu_start && maddr - m->cpu_start < m->size)
			return m;
	return NULL;
}

static u64 shift_of(const struct bus_dma_region *m)
{
	return m->dma_start - m->cpu_start;
}

/* Windows that meet are as good as one, as long as they shift alike. */
static bool within_windows(const struct device *dev, u64 limit,
			   phys_addr_t first, phys_addr_t last)
{
	const struct bus_dma_region *m = window_of(dev, first);
	u64 shift;

	if (!m)
		return false;
	shift = shift_of(m);
	if (last + shift > limit)
		return false;
	while (m && shift_of(m) == shift) {
		phys_addr_t end = m->cpu_start + m->size - 1;

		if (last <= end)
			return true;
		m = window_of(dev, end + 1);
	}
	return false;
}

/* For xadma_reaches(), where there are dma-ranges. */
bool __xadma_reaches(const struct device *dev, u64 limit, phys_addr_t maddr,
		     size_t size)
{
	return within_windows(dev, limit, maddr, maddr + size - 1);
}

/**
 * xadma_reacher_asks - xadma_reaches() in the form that the pool asks in
 * @who:   a struct xadma_reacher
 * @maddr: machine address, bytes
 * @size:  bytes, at least 1
 *
 * Context: any.
 * Return: true when the device can drive all of the range.
 */
bool xadma_reacher_asks(const void *who, phys_addr_t maddr, size_t size)
{
	const struct xadma_reacher *reacher = who;

	return xadma_reaches(reacher->dev, reacher->limit, maddr, size);
}

/* No machine has memory so far up; an address that wraps is beyond it. */
#define HIGHEST	((phys_addr_t)-1 >> 1)

/**
 * xadma_reach_unshifted - up to where are the device's addresses the machine's?
 * @dev: the device
 *
 * Context: any.
 * Return: the highest such address, its mask aside: all from 0 on are. 0 when its
 *	dma-ranges shift them, or begin further up.
 */
phys_addr_t xadma_reach_unshifted(const struct device *dev)
{
	u64 limit = xadma_limit(dev, HIGHEST);
	const struct bus_dma_region *m = dev->dma_range_map;

	if (!m)
		return limit;
	for (; m->size; m++)
		if (!m->cpu_start && !m->dma_start)
			return min(limit, m->size - 1);
	return 0;
}

/**
 * xadma_best_window - the largest run of machine addresses within reach
 * @dev:   the device
 * @limit: its limit
 *
 * Context: any.
 * Return: the window; empty (last below first) when there is none.
 */
struct xadma_window xadma_best_window(const struct device *dev, u64 limit)
{
	struct xadma_window best = { .first = 1, .last = 0 };
	const struct bus_dma_region *m;
	u64 size, best_size = 0;

	if (!dev->dma_range_map)
		return (struct xadma_window){ .first = 0, .last = limit };

	for (m = dev->dma_range_map; m->size; m++) {
		if (m->dma_start > limit)
			continue;
		size = min(m->size - 1, limit - m->dma_start) + 1;
		if (size <= best_size)
			continue;
		best_size = size;
		best.first = m->cpu_start;
		best.last = m->cpu_start + size - 1;
	}
	return best;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/minmax.h>

#include "reach.h"

/**
 * swarm_limit - the highest address that a device can put on its bus
 * @dev:  the device
 * @mask: its mask, for streaming or for coherent memory
 *
 * Context: any.
 * Return: the limit, in the device's own addresses.
 */
u64 swarm_limit(const struct device *dev, u64 mask)
{
	return min_not_zero(mask, dev->bus_dma_limit);
}

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

/**
 * swarm_reaches - can a device drive all of a range?
 * @dev:   the device
 * @limit: its limit
 * @maddr: machine address, bytes
 * @size:  bytes, at least 1; the range must not wrap
 *
 * Context: any.
 * Return: true when it can.
 */
bool swarm_reaches(const struct device *dev, u64 limit, phys_addr_t maddr,
		   size_t size)
{
	phys_addr_t last = maddr + size - 1;

	if (!dev->dma_range_map)
		return last <= limit;
	return within_windows(dev, limit, maddr, last);
}

/**
 * swarm_reacher - a device with its mask, for swarm_reacher_asks()
 * @dev:  the device
 * @mask: the mask that counts
 *
 * Context: any.
 * Return: both in one.
 */
struct swarm_reacher swarm_reacher(struct device *dev, u64 mask)
{
	return (struct swarm_reacher){
		.dev = dev,
		.limit = swarm_limit(dev, mask),
	};
}

/**
 * swarm_reacher_asks - swarm_reaches() in the form that the pool asks in
 * @who:   a struct swarm_reacher
 * @maddr: machine address, bytes
 * @size:  bytes, at least 1
 *
 * Context: any.
 * Return: true when the device can drive all of the range.
 */
bool swarm_reacher_asks(const void *who, phys_addr_t maddr, size_t size)
{
	const struct swarm_reacher *reacher = who;

	return swarm_reaches(reacher->dev, reacher->limit, maddr, size);
}

/**
 * swarm_best_window - the largest run of machine addresses within reach
 * @dev:   the device
 * @limit: its limit
 *
 * Context: any.
 * Return: the window; empty (last below first) when there is none.
 */
struct swarm_window swarm_best_window(const struct device *dev, u64 limit)
{
	struct swarm_window best = { .first = 1, .last = 0 };
	const struct bus_dma_region *m;
	u64 size, best_size = 0;

	if (!dev->dma_range_map)
		return (struct swarm_window){ .first = 0, .last = limit };

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

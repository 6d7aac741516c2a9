/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reach: which machine addresses a device can drive.
 *
 * A device counts in its own addresses: the machine address after its
 * dma-ranges. The highest one it can put on the bus is its limit, the lower of
 * its mask and its bus's. A buffer must not lie in a gap between the ranges, nor
 * in two that shift addresses differently.
 */
#ifndef _SWARM_REACH_H
#define _SWARM_REACH_H

#include <linux/device.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "backing.h"

/**
 * struct swarm_reacher - a device and the limit in question
 * @dev:   the device
 * @limit: the highest address it can put on its bus
 */
struct swarm_reacher {
	struct device *dev;
	u64 limit;
};

bool __swarm_reaches(const struct device *dev, u64 limit, phys_addr_t maddr,
		     size_t size);
bool swarm_reacher_asks(const void *who, phys_addr_t maddr, size_t size);
phys_addr_t swarm_reach_unshifted(const struct device *dev);
struct swarm_window swarm_best_window(const struct device *dev, u64 limit);

/**
 * swarm_limit - the highest address that a device can put on its bus
 * @dev:  the device
 * @mask: its mask, for streaming or for coherent memory
 *
 * Context: any.
 * Return: the limit, in the device's own addresses.
 */
static inline u64 swarm_limit(const struct device *dev, u64 mask)
{
	return min_not_zero(mask, dev->bus_dma_limit);
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
static inline bool swarm_reaches(const struct device *dev, u64 limit,
				 phys_addr_t maddr, size_t size)
{
	if (!dev->dma_range_map)
		return maddr + size - 1 <= limit;
	return __swarm_reaches(dev, limit, maddr, size);
}

/**
 * swarm_reacher - a device with its mask, for swarm_reacher_asks()
 * @dev:  the device
 * @mask: the mask that counts
 *
 * Context: any.
 * Return: both in one.
 */
static inline struct swarm_reacher swarm_reacher(struct device *dev, u64 mask)
{
	return (struct swarm_reacher){
		.dev = dev,
		.limit = swarm_limit(dev, mask),
	};
}

#endif /* _SWARM_REACH_H */

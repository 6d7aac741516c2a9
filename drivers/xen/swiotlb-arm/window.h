/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reach: which machine addresses a device can drive.
 *
 * A device counts in its own addresses: the machine address after its
 * dma-ranges. The highest one it can put on the bus is its limit, the lower of
 * its mask and its bus's. A buffer must not lie in a gap between the ranges, nor
 * in two that shift addresses differently.
 */
#ifndef _XADMA_REACH_H
#define _XADMA_REACH_H

#include <linux/device.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "source.h"

/**
 * struct xadma_reacher - a device and the limit in question
 * @dev:   the device
 * @limit: the highest address it can put on its bus
 */
struct xadma_reacher {
	struct device *dev;
	u64 limit;
};

bool __xadma_reaches(const struct device *dev, u64 limit, phys_addr_t maddr,
		     size_t size);
bool xadma_reacher_asks(const void *who, phys_addr_t maddr, size_t size);
phys_addr_t xadma_reach_unshifted(const struct device *dev);
struct xadma_window xadma_best_window(const struct device *dev, u64 limit);

/**
 * xadma_limit - the highest address that a device can put on its bus
 * @dev:  the device
 * @mask: its mask, for streaming or for coherent memory
 *
 * Context: any.
 * Return: the limit, in the device's own addresses.
 */
static inline u64 xadma_limit(const struct device *dev, u64 mask)
{
	return min_not_zero(mask, dev->bus_dma_limit);
}

/**
 * xadma_reaches - can a device drive all of a range?
 * @dev:   the device
 * @limit: its limit
 * @maddr: machine address, bytes
 * @size:  bytes, at least 1; the range must not wrap
 *
 * Context: any.
 * Return: true when it can.
 */
static inline bool xadma_reaches(const struct device *dev, u64 limit,
				 phys_addr_t maddr, size_t size)
{
	if (!dev->dma_range_map)
		return maddr + size - 1 <= limit;
	return __xadma_reaches(dev, limit, maddr, size);
}

/**
 * xadma_reacher - a device with its mask, for xadma_reacher_asks()
 * @dev:  the device
 * @mask: the mask that counts
 *
 * Context: any.
 * Return: both in one.
 */
static inline struct xadma_reacher xadma_reacher(struct device *dev, u64 mask)
{
	return (struct xadma_reacher){
		.dev = dev,
		.limit = xadma_limit(dev, mask),
	};
}

#endif /* _XADMA_REACH_H */

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

#include <linux/types.h>

#include "backing.h"

struct device;

/**
 * struct swarm_reacher - a device and the limit in question
 * @dev:   the device
 * @limit: the highest address it can put on its bus
 */
struct swarm_reacher {
	struct device *dev;
	u64 limit;
};

u64 swarm_limit(const struct device *dev, u64 mask);
bool swarm_reaches(const struct device *dev, u64 limit, phys_addr_t maddr,
		   size_t size);
struct swarm_reacher swarm_reacher(struct device *dev, u64 mask);
bool swarm_reacher_asks(const void *who, phys_addr_t maddr, size_t size);
struct swarm_window swarm_best_window(const struct device *dev, u64 limit);

#endif /* _SWARM_REACH_H */

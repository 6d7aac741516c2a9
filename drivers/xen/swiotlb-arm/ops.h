/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ops: the struct dma_map_ops, and the only file that knows kernel versions.
 */
#ifndef _SWARM_OPS_H
#define _SWARM_OPS_H

struct device;
struct swarm_dev;

bool swarm_ops_mine(const struct device *dev);
bool swarm_ops_free_to_take(struct device *dev);
void swarm_ops_install(struct device *dev, struct swarm_dev *record);

#endif /* _SWARM_OPS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ops: which struct dma_map_ops a device has, and who gave it them.
 */
#ifndef _XADMA_OPS_H
#define _XADMA_OPS_H

#include <linux/types.h>

struct device;

/* Is the time of calls taken? Set at boot, and by xadma_ops_time() alone. */
extern bool xadma_ops_timed;

bool xadma_ops_mine(const struct device *dev);
bool xadma_ops_others(const struct device *dev);
bool xadma_ops_iommu(struct device *dev);
bool xadma_ops_confined(struct device *dev);
void xadma_ops_install(struct device *dev);
bool xadma_ops_yield(struct device *dev);
void xadma_ops_time(bool on);

#endif /* _XADMA_OPS_H */

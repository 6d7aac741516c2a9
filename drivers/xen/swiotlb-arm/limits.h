/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * limits: what a driver is told of its device, and what is got ready for it.
 */
#ifndef _XADMA_LIMITS_H
#define _XADMA_LIMITS_H

#include <linux/types.h>

struct device;

int xadma_supported(struct device *dev, u64 mask);
void xadma_serve(struct device *dev);
u64 xadma_required_mask(struct device *dev);
size_t xadma_max_mapping_size(struct device *dev);

#endif /* _XADMA_LIMITS_H */

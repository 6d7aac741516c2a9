/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ops: the struct dma_map_ops, and the only room that knows kernel versions.
 */
#ifndef _XADMA_OPS_H
#define _XADMA_OPS_H

#include <linux/dma-map-ops.h>

struct xadma_dev;

/**
 * xadma_ops_shares_line - may a buffer share a cache line with other data?
 * @dev:  the device
 * @size: bytes of the buffer
 * @dir:  which way the data goes
 *
 * Context: any.
 * Return: true when it may, and the device does not snoop and may write.
 */
static inline bool xadma_ops_shares_line(struct device *dev, size_t size,
					 enum dma_data_direction dir)
{
	return dma_kmalloc_needs_bounce(dev, size, dir);
}

bool xadma_ops_mine(const struct device *dev);
bool xadma_ops_free_to_take(struct device *dev);
void xadma_ops_install(struct device *dev, struct xadma_dev *record);

#endif /* _XADMA_OPS_H */

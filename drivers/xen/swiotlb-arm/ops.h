/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ops: whose ops a device has.
 */
#ifndef _XADMA_OPS_H
#define _XADMA_OPS_H

#include <linux/types.h>

struct device;

bool xadma_ops_mine(const struct device *dev);
bool xadma_ops_free_to_take(struct device *dev);
void xadma_ops_install(struct device *dev);

#endif /* _XADMA_OPS_H */

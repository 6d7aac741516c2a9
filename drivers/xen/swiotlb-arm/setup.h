/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * setup: boot, and what happens to each device.
 */
#ifndef _XADMA_SETUP_H
#define _XADMA_SETUP_H

struct xadma;
struct xadma_dev;

typedef void xadma_visitor(const struct xadma_dev *record, void *data);

struct xadma *xadma_instance(void);
void xadma_visit_devices(xadma_visitor *fn, void *data);

#endif /* _XADMA_SETUP_H */

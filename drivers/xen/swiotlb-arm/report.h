/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report: what is said of refusals and of drivers' errors. One rate-limited line
 * and one counter each; never a WARN, for a guest's packet must not be able to take
 * Dom0 down.
 */
#ifndef _XADMA_REPORT_H
#define _XADMA_REPORT_H

#include <linux/types.h>

#include "route.h"

struct device;
struct xadma_dev;

dma_addr_t xadma_refuse(struct device *dev, phys_addr_t phys, size_t size,
			enum xadma_route route, unsigned long attrs);
dma_addr_t xadma_refuse_attrs(struct device *dev, const char *call, size_t size,
			      unsigned long attrs);
void xadma_misuse(struct device *dev, const char *call, dma_addr_t dma,
		  size_t size, int err);
void xadma_note_calls(struct device *dev, struct xadma_dev *xd, const char *call,
		      dma_addr_t dma, size_t size, int calls);
void xadma_no_coherent(struct device *dev, size_t size);

#endif /* _XADMA_REPORT_H */

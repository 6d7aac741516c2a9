/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sync: handing a mapped buffer over from the device to the CPU, and back.
 */
#ifndef _XADMA_SYNC_H
#define _XADMA_SYNC_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct device;
struct scatterlist;

void xadma_sync_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
			enum dma_data_direction dir);
void xadma_sync_for_device(struct device *dev, dma_addr_t dma, size_t size,
			   enum dma_data_direction dir);
void xadma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl, int nents,
			   enum dma_data_direction dir);
void xadma_sync_sg_for_device(struct device *dev, struct scatterlist *sgl, int nents,
			      enum dma_data_direction dir);

#endif /* _XADMA_SYNC_H */

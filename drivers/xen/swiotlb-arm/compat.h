/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat: what differs between kernel versions, but for struct dma_map_ops (ops.c).
 *
 * Probed by feature, not by version: stable kernels carry backports.
 */
#ifndef _XADMA_COMPAT_H
#define _XADMA_COMPAT_H

#include <linux/dma-direction.h>
#include <linux/dma-map-ops.h>

/**
 * xadma_kmalloc_shares_line - may a buffer share a cache line with other data?
 * @size: bytes of the buffer
 * @dir:  which way the data goes
 *
 * The kernel's allocators give small buffers less than a cache line where
 * CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC permits it. It matters for devices that do not
 * snoop and write.
 *
 * Context: any; a pure function.
 * Return: true when it may, and the device may write.
 */
static inline bool xadma_kmalloc_shares_line(size_t size,
					     enum dma_data_direction dir)
{
	return IS_ENABLED(CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC) &&
	       dir != DMA_TO_DEVICE && !dma_kmalloc_size_aligned(size);
}

#endif /* _XADMA_COMPAT_H */

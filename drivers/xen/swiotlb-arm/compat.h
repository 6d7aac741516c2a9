/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat: what differs between kernel versions, but for struct dma_map_ops (ops.c).
 *
 * Probed by feature, not by version: stable kernels carry backports. The Makefile reads
 * the kernel's headers and defines XADMA_HAVE_... for what it finds there.
 *
 * Nothing has to be done for kernels whose arch_sync_dma_for_*() leave the barrier to
 * arch_sync_dma_flush() (7.x): the driver does not call them. Its cache maintenance is
 * behind the seam, by the dcache_*_poc() that end in a barrier of their own in every
 * kernel.
 */
#ifndef _XADMA_COMPAT_H
#define _XADMA_COMPAT_H

#include <linux/device/bus.h>
#include <linux/dma-direction.h>
#include <linux/dma-map-ops.h>

/* ---- attributes of a mapping ---- */

/* It maps no memory: dma_map_resource() of other kernels. */
#ifdef DMA_ATTR_MMIO
#define XADMA_ATTR_MMIO			DMA_ATTR_MMIO
#else
#define XADMA_ATTR_MMIO			0UL
#endif

/* It may neither be bounced nor need its cache lines maintained. */
#ifdef DMA_ATTR_REQUIRE_COHERENT
#define XADMA_ATTR_REQUIRE_COHERENT	DMA_ATTR_REQUIRE_COHERENT
#else
#define XADMA_ATTR_REQUIRE_COHERENT	0UL
#endif

/* Meant for CONFIG_DMA_API_DEBUG alone. It has had two names. */
#if defined(DMA_ATTR_DEBUGGING_IGNORE_CACHELINES)
#define XADMA_ATTR_DEBUGGING		DMA_ATTR_DEBUGGING_IGNORE_CACHELINES
#elif defined(DMA_ATTR_CPU_CACHE_CLEAN)
#define XADMA_ATTR_DEBUGGING		DMA_ATTR_CPU_CACHE_CLEAN
#else
#define XADMA_ATTR_DEBUGGING		0UL
#endif

/*
 * All that is honoured, or is a hint that may be ignored. What is not here is refused,
 * known or not: DMA_ATTR_CC_SHARED, too, for no domain of Xen's on Arm has memory that
 * is encrypted. Only kernels with map_phys have attributes that are more than a hint, so
 * older ones need not look.
 */
#define XADMA_ATTRS_PLAIN	(DMA_ATTR_WEAK_ORDERING | DMA_ATTR_WRITE_COMBINE | \
				 DMA_ATTR_NO_KERNEL_MAPPING | DMA_ATTR_SKIP_CPU_SYNC | \
				 DMA_ATTR_FORCE_CONTIGUOUS | DMA_ATTR_ALLOC_SINGLE_PAGES | \
				 DMA_ATTR_NO_WARN | DMA_ATTR_PRIVILEGED | \
				 XADMA_ATTR_DEBUGGING)

/* ---- small buffers ---- */

/**
 * xadma_kmalloc_shares_line - may a buffer share a cache line with other data?
 * @size: bytes of the buffer
 * @dir:  which way the data goes
 *
 * The kernel's allocators give small buffers less than a cache line where
 * CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC permits it. It matters for devices that do not
 * snoop and write. A kernel without that option has no such buffers.
 *
 * Context: any; a pure function.
 * Return: true when it may, and the device may write.
 */
static inline bool xadma_kmalloc_shares_line(size_t size,
					     enum dma_data_direction dir)
{
#ifdef XADMA_HAVE_KMALLOC_BOUNCE
	return IS_ENABLED(CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC) &&
	       dir != DMA_TO_DEVICE && !dma_kmalloc_size_aligned(size);
#else
	return false;
#endif
}

/* ---- buses ---- */

/**
 * xadma_bus_notify - be told of a bus's devices
 * @bus: the bus; older kernels ask for one that could be written to
 * @nb:  whom to tell
 *
 * Context: may sleep.
 * Return: 0, or a negative errno.
 */
static inline int xadma_bus_notify(const struct bus_type *bus, struct notifier_block *nb)
{
	return bus_register_notifier((void *)bus, nb);
}

/**
 * xadma_bus_forget - be told no more
 * @bus: the bus
 * @nb:  who was told
 *
 * Context: may sleep.
 */
static inline void xadma_bus_forget(const struct bus_type *bus, struct notifier_block *nb)
{
	bus_unregister_notifier((void *)bus, nb);
}

/**
 * xadma_bus_visit - visit the devices of a bus
 * @bus:  the bus
 * @fn:   what to call for each; stops when it returns something else than 0
 * @data: handed on to @fn
 *
 * Context: may sleep.
 */
static inline void xadma_bus_visit(const struct bus_type *bus,
				   int (*fn)(struct device *dev, void *data), void *data)
{
	bus_for_each_dev((void *)bus, NULL, data, fn);
}

#endif /* _XADMA_COMPAT_H */

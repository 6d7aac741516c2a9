/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma: the generic DMA API in physical terms.
 *
 * Map finds out the facts, asks route, and acts. Unmap and sync ask the pool
 * whether the address is one of its own; what is not was mapped direct. This
 * is written to the newest form of the API (physical addresses); ops.c adapts
 * it to the kernel at hand.
 *
 * Three kinds of address meet here. "phys" is what Linux calls physical: a
 * guest address. "maddr" is the machine's, which Xen alone decides. "dma" is
 * what the device is told: the machine address after the device's dma-ranges.
 */
#ifndef _XADMA_DMA_H
#define _XADMA_DMA_H

#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/types.h>

#include "pool.h"
#include "stats.h"

struct scatterlist;
struct xadma_mfn_map;
struct xadma_hv;
struct xadma_resolver;

/**
 * struct xadma - an instance: one machine, one pool
 * @hv:        the machine; fixed
 * @resolver: tells machine addresses; NULL in a domain that is mapped 1:1
 * @frames:    what is known of our own frames; NULL in such a domain
 * @source:    where the pool's memory comes from, under the pool's lock
 * @pool:      the pool, empty when there is none
 * @size:      bytes of the pool, and four times what is added for a device that
 *	reaches none of it; fixed
 * @most:      up to which the pool grows by itself, bytes; fixed
 * @force:     bounce everything; fixed
 * @mmio_is_ours: Xen maps MMIO 1:1 into this domain; fixed
 * @can_flush: Xen maintains the caches of foreign frames; fixed
 * @last_byte: highest machine address of RAM in this machine; fixed
 */
struct xadma {
	const struct xadma_hv *hv;
	struct xadma_resolver *resolver;
	struct xadma_mfn_map *frames;
	struct xadma_source source;
	struct xadma_pool pool;
	size_t size;
	size_t most;
	bool force;
	bool mmio_is_ours;
	bool can_flush;
	phys_addr_t last_byte;
};

/**
 * struct xadma_dev - our record of a device whose DMA we do
 * @xadma: the instance
 * @stats: its counters
 * @reach: up to here the device drives the machine's addresses as they are, if the
 *	mask permits, and there is no other reason to bounce a buffer of ours; 0
 *	where each has to be looked at. Set when it is configured
 * @plain_end: one more than that, if nothing else has to be done either, since it
 *	snoops; else 0
 * @uses_pool: it was given something of the pool once; set before that is told
 * @uses_foreign: it was given another domain's page once; set before that is told
 * @dev:   the device, for setup only: a record may be shared, and then has none
 * @node:  in the list of all records, under setup's lock
 */
struct xadma_dev {
	struct xadma *xadma;
	struct xadma_stats __percpu *stats;
	phys_addr_t reach;
	phys_addr_t plain_end;
	bool uses_pool;
	bool uses_foreign;
	struct device *dev;
	struct list_head node;
};

/* The record hangs on the device itself, so finding it costs one load. */
static inline struct xadma_dev *xadma_dev(const struct device *dev)
{
	return dev->archdata.xadma;
}

static inline struct xadma *xadma_of(const struct device *dev)
{
	return xadma_dev(dev)->xadma;
}

static inline void xadma_dev_count(const struct device *dev, unsigned int what,
				   u64 by)
{
	this_cpu_add(xadma_dev(dev)->stats->n[what], by);
}

/* Two at once: cheaper than one after the other. */
static inline void xadma_dev_count_both(const struct device *dev,
					unsigned int what, unsigned int also)
{
	struct xadma_stats *stats;
	unsigned long flags;

	local_irq_save(flags);
	stats = this_cpu_ptr(xadma_dev(dev)->stats);
	stats->n[what]++;
	stats->n[also]++;
	local_irq_restore(flags);
}

/* Before the device is told another domain's address. */
static inline void xadma_dev_uses_foreign(const struct device *dev)
{
	if (!READ_ONCE(xadma_dev(dev)->uses_foreign))
		WRITE_ONCE(xadma_dev(dev)->uses_foreign, true);
}

/* Before the device is told an address in the pool. */
static inline void xadma_dev_uses_pool(const struct device *dev)
{
	if (!READ_ONCE(xadma_dev(dev)->uses_pool))
		WRITE_ONCE(xadma_dev(dev)->uses_pool, true);
}

void xadma_dev_configure(struct device *dev);

/**
 * struct xadma_setup - the user's wishes for an instance
 * @hv:         the machine
 * @providers:      where the pool's memory comes from, best first, ending in NULL
 * @resolver: tells machine addresses, and is the instance's from now on;
 *	NULL in a domain that is mapped 1:1
 * @size:       of the pool, bytes; 0 for none
 * @most:       up to which it grows by itself, bytes
 * @force:      bounce everything
 */
struct xadma_setup {
	const struct xadma_hv *hv;
	const struct xadma_provider * const *providers;
	struct xadma_resolver *resolver;
	size_t size;
	size_t most;
	bool force;
};

int xadma_start(struct xadma *xadma, const struct xadma_setup *setup);
void xadma_provide(struct xadma *xadma);
void xadma_stop(struct xadma *xadma);
const char *xadma_provider_name(const struct xadma *xadma);

/* For xadma_map() and xadma_unmap(), which are in plain.h. */
dma_addr_t xadma_map_rest(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
void xadma_unmap_rest(struct device *dev, dma_addr_t dma, phys_addr_t phys,
		      size_t size, enum dma_data_direction dir,
		      unsigned long attrs);

/* Of a buffer that is no entry of a list only the device's address is left. */
#define XADMA_PHYS_UNKNOWN	((phys_addr_t)-1)

int xadma_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		 enum dma_data_direction dir, unsigned long attrs);
void xadma_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
		    enum dma_data_direction dir, unsigned long attrs);
dma_addr_t xadma_map_mmio(struct device *dev, phys_addr_t phys, size_t size);
void xadma_sync_to_cpu(struct device *dev, dma_addr_t dma, size_t size,
		       enum dma_data_direction dir);
void xadma_sync_to_device(struct device *dev, dma_addr_t dma, size_t size,
			  enum dma_data_direction dir);
void xadma_sync_sg_to_cpu(struct device *dev, struct scatterlist *sgl,
			  int nents, enum dma_data_direction dir);
void xadma_sync_sg_to_device(struct device *dev, struct scatterlist *sgl,
			     int nents, enum dma_data_direction dir);
int xadma_supported(struct device *dev, u64 mask);
u64 xadma_required_mask(struct device *dev);
size_t xadma_max_mapping_size(struct device *dev);

#endif /* _XADMA_DMA_H */

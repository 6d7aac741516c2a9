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
#ifndef _SWARM_DMA_H
#define _SWARM_DMA_H

#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/types.h>

#include "pool.h"
#include "stats.h"

struct scatterlist;
struct swarm_frames;
struct swarm_hv;
struct swarm_translator;

/**
 * struct swarm - an instance: one machine, one pool
 * @hv:        the machine; fixed
 * @translator: tells machine addresses; NULL in a domain that is mapped 1:1
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
struct swarm {
	const struct swarm_hv *hv;
	struct swarm_translator *translator;
	struct swarm_frames *frames;
	struct swarm_source source;
	struct swarm_pool pool;
	size_t size;
	size_t most;
	bool force;
	bool mmio_is_ours;
	bool can_flush;
	phys_addr_t last_byte;
};

/**
 * struct swarm_dev - our record of a device whose DMA we do
 * @swarm: the instance
 * @stats: its counters
 * @reach: up to here the device drives the machine's addresses as they are, if the
 *	mask permits, and there is no other reason to bounce a buffer of ours; 0
 *	where each has to be looked at. Set when it is configured
 * @plain_end: one more than that, if nothing else has to be done either, since it
 *	snoops; else 0
 * @touched: it was given something of the pool once; set before that is told
 * @met_others: it was given another domain's page once; set before that is told
 * @dev:   the device, for setup only: a record may be shared, and then has none
 * @node:  in the list of all records, under setup's lock
 */
struct swarm_dev {
	struct swarm *swarm;
	struct swarm_stats __percpu *stats;
	phys_addr_t reach;
	phys_addr_t plain_end;
	bool touched;
	bool met_others;
	struct device *dev;
	struct list_head node;
};

/* The record hangs on the device itself, so finding it costs one load. */
static inline struct swarm_dev *swarm_dev(const struct device *dev)
{
	return dev->archdata.swarm;
}

static inline struct swarm *swarm_of(const struct device *dev)
{
	return swarm_dev(dev)->swarm;
}

static inline void swarm_dev_count(const struct device *dev, unsigned int what,
				   u64 by)
{
	this_cpu_add(swarm_dev(dev)->stats->n[what], by);
}

/* Two at once: cheaper than one after the other. */
static inline void swarm_dev_count_both(const struct device *dev,
					unsigned int what, unsigned int also)
{
	struct swarm_stats *stats;
	unsigned long flags;

	local_irq_save(flags);
	stats = this_cpu_ptr(swarm_dev(dev)->stats);
	stats->n[what]++;
	stats->n[also]++;
	local_irq_restore(flags);
}

/* Before the device is told another domain's address. */
static inline void swarm_dev_meet(const struct device *dev)
{
	if (!READ_ONCE(swarm_dev(dev)->met_others))
		WRITE_ONCE(swarm_dev(dev)->met_others, true);
}

/* Before the device is told an address in the pool. */
static inline void swarm_dev_touch(const struct device *dev)
{
	if (!READ_ONCE(swarm_dev(dev)->touched))
		WRITE_ONCE(swarm_dev(dev)->touched, true);
}

void swarm_dev_settle(struct device *dev);

/**
 * struct swarm_setup - the user's wishes for an instance
 * @hv:         the machine
 * @rungs:      where the pool's memory comes from, best first, ending in NULL
 * @translator: tells machine addresses, and is the instance's from now on;
 *	NULL in a domain that is mapped 1:1
 * @size:       of the pool, bytes; 0 for none
 * @most:       up to which it grows by itself, bytes
 * @force:      bounce everything
 */
struct swarm_setup {
	const struct swarm_hv *hv;
	const struct swarm_backing * const *rungs;
	struct swarm_translator *translator;
	size_t size;
	size_t most;
	bool force;
};

int swarm_start(struct swarm *swarm, const struct swarm_setup *setup);
void swarm_provide(struct swarm *swarm);
void swarm_stop(struct swarm *swarm);
const char *swarm_backing_name(const struct swarm *swarm);

/* For swarm_map() and swarm_unmap(), which are in plain.h. */
dma_addr_t swarm_map_rest(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
void swarm_unmap_rest(struct device *dev, dma_addr_t dma, phys_addr_t phys,
		      size_t size, enum dma_data_direction dir,
		      unsigned long attrs);

/* Of a buffer that is no entry of a list only the device's address is left. */
#define SWARM_UNSEEN	((phys_addr_t)-1)

int swarm_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		 enum dma_data_direction dir, unsigned long attrs);
void swarm_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
		    enum dma_data_direction dir, unsigned long attrs);
dma_addr_t swarm_map_mmio(struct device *dev, phys_addr_t phys, size_t size);
void swarm_sync_to_cpu(struct device *dev, dma_addr_t dma, size_t size,
		       enum dma_data_direction dir);
void swarm_sync_to_device(struct device *dev, dma_addr_t dma, size_t size,
			  enum dma_data_direction dir);
void swarm_sync_sg_to_cpu(struct device *dev, struct scatterlist *sgl,
			  int nents, enum dma_data_direction dir);
void swarm_sync_sg_to_device(struct device *dev, struct scatterlist *sgl,
			     int nents, enum dma_data_direction dir);
int swarm_supported(struct device *dev, u64 mask);
u64 swarm_required_mask(struct device *dev);
size_t swarm_max_mapping_size(struct device *dev);

#endif /* _SWARM_DMA_H */

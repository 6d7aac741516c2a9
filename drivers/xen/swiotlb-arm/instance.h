/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * instance: one machine, one pool. The kernel has one; each KUnit case has its own.
 */
#ifndef _XADMA_INSTANCE_H
#define _XADMA_INSTANCE_H

#include <linux/spinlock_types.h>
#include <linux/types.h>

#include "device.h"
#include "pool.h"
#include "ram.h"
#include "source.h"

struct xadma_hv;
struct xadma_mfn_map;
struct xadma_resolver;

/**
 * struct xadma - an instance
 * @hv:        the machine; fixed
 * @resolver:  tells machine addresses; NULL in a domain that is mapped 1:1
 * @mfn_map:   where our own frames are; NULL in such a domain
 * @source:    where the pool's memory comes from, under the pool's lock
 * @pool:      the pool, empty when there is none
 * @ram:       our own RAM; fixed
 * @size:      bytes of the pool when a device needs it, and four times the most that is
 *	added for a device that reaches none of it; fixed
 * @start:     bytes that it begins with; fixed
 * @bus_last:  the highest machine address that all buses reach; fixed
 * @max:       up to which the pool grows by itself, bytes; fixed
 * @force:     bounce everything; fixed
 * @mmio_is_ours: Xen maps MMIO 1:1 into this domain; fixed
 * @can_flush: Xen maintains the caches of foreign frames; fixed
 * @last_byte: highest machine address of RAM in this machine; fixed
 * @configured: called when the core has configured a device with a record of its own
 *	and is about to tell its driver of it; may be NULL; fixed
 * @others:    the counters of all leftover records
 * @no_windows: leftover records of devices without dma-ranges
 * @no_memory: records for when there is no memory for one; their devices reach nothing
 * @leftovers: leftover records of devices with dma-ranges; only grows
 * @leftovers_lock: serialises that
 */
struct xadma {
	const struct xadma_hv *hv;
	struct xadma_resolver *resolver;
	struct xadma_mfn_map *mfn_map;
	struct xadma_source source;
	struct xadma_pool pool;
	struct xadma_ram ram;
	size_t size;
	size_t start;
	phys_addr_t bus_last;
	size_t max;
	bool force;
	bool mmio_is_ours;
	bool can_flush;
	phys_addr_t last_byte;
	bool (*configured)(struct device *dev);
	struct xadma_stats __percpu *others;
	struct xadma_leftover no_windows;
	struct xadma_leftover no_memory;
	struct xadma_leftover *leftovers;
	raw_spinlock_t leftovers_lock;
};

/**
 * struct xadma_setup - the user's wishes for an instance
 * @hv:        the machine
 * @providers: where the pool's memory comes from, best first, ending in NULL
 * @resolver:  tells machine addresses, and is the instance's from now on;
 *	NULL in a domain that is mapped 1:1
 * @size:      of the pool, bytes; 0 for none
 * @start:     what it begins with, until a driver comes whose device does not drive all
 *	RAM, bytes; 0 for @size
 * @bus_last:  the highest machine address that all buses reach, as the firmware
 *	describes them; 0 if it says nothing of them
 * @max:       up to which it grows by itself, bytes
 * @force:     bounce everything
 * @configured: as of struct xadma
 */
struct xadma_setup {
	const struct xadma_hv *hv;
	const struct xadma_provider * const *providers;
	struct xadma_resolver *resolver;
	size_t size;
	size_t start;
	phys_addr_t bus_last;
	size_t max;
	bool force;
	bool (*configured)(struct device *dev);
};

int xadma_start(struct xadma *xadma, const struct xadma_setup *setup);
void xadma_provide(struct xadma *xadma);
void xadma_stop(struct xadma *xadma);
const char *xadma_provider_name(const struct xadma *xadma);

/* The instance of a device whose ops are ours. */
static inline struct xadma *xadma_of(struct device *dev)
{
	return xadma_dev(dev)->xadma;
}

#endif /* _XADMA_INSTANCE_H */

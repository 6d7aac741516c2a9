/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device: what is kept of a device, and how long.
 *
 * A record hangs on dev->archdata, so finding it costs one load. Invariant: a mapping
 * may outlive the driver that made it, and the device's place on its bus, for as
 * long as somebody holds a reference to the device; and whatever is called for it, on
 * any CPU, finds a record whose memory stays while it is looked at.
 *
 * - When a driver is unbound, nothing changes. The record has the device's windows
 *   (window.h), which the core forgets.
 * - When the device is removed from its bus, its archdata is pointed at a *leftover*
 *   record: one for each set of windows, for devices that snoop and those that do
 *   not, which lives as long as the instance. It knows of no range that may go the
 *   short way, and of all its devices that they use the pool; so calls for it take
 *   the long way and come to the same.
 * - Whoever loaded the old pointer before that may still use it. Such a caller does
 *   not sleep before it is done with the record (alloc.c loads it again after it may
 *   have slept). So the record is freed after a grace period of RCU Tasks, which
 *   ends when each task has gone to sleep, or to user space, of its own accord; the
 *   grace periods of RCU that are part of it wait for interrupt handlers.
 *
 * A device that was never configured by us but has our ops, since a driver gave it its
 * parent's, is *adopted* by its first call: it gets a leftover record. So does a
 * device without a bus, which nobody would tell us the end of, and one for which there
 * is no memory.
 */
#ifndef _XADMA_DEVICE_H
#define _XADMA_DEVICE_H

#include <linux/device.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "route.h"
#include "stats.h"

struct xadma;

#define XADMA_DRIVER_NAME	24

/* Of a buffer that is no entry of a list only the device's address is left. */
#define XADMA_PHYS_UNKNOWN	((phys_addr_t)-1)

/**
 * struct xadma_dev - our record of a device whose DMA we do
 * @reach:    what the map path knows of it; set when the device is configured
 * @xadma:    the instance
 * @stats:    its counters; those of all leftovers are one set
 * @returns:  an unmap or a sync may have something to do: the device does not snoop,
 *	or was given something of the pool. A word, since less costs an instruction
 *	more where it is loaded. Set before the device is told an address,
 *	see xadma_dev_uses_pool()
 * @leftover: a record that several devices may have
 * @dev:      the device; NULL in a leftover record
 * @driver:   the driver that the device was last configured for
 * @node:     in the list of all records, under the list's lock
 * @rcu:      how it goes
 */
struct xadma_dev {
	struct xadma_reach reach;
	struct xadma *xadma;
	struct xadma_stats __percpu *stats;
	unsigned int returns;
	bool leftover;
	struct device *dev;
	char driver[XADMA_DRIVER_NAME];
	struct list_head node;
	struct rcu_head rcu;
};

/**
 * struct xadma_leftover - records for one set of windows
 * @next:   the next set's
 * @record: for a device that does not snoop, and for one that does
 */
struct xadma_leftover {
	struct xadma_leftover *next;
	struct xadma_dev record[2];
};

typedef void xadma_dev_visitor(const struct xadma_dev *record, void *data);

int xadma_devices_init(struct xadma *xadma);
void xadma_devices_exit(struct xadma *xadma);
void xadma_dev_attach(struct xadma *xadma, struct device *dev);
void xadma_dev_configure(struct device *dev);
void xadma_dev_detach(struct device *dev);
struct xadma_dev *xadma_dev_adopt(struct device *dev);
bool xadma_dev_watch(const struct device *dev);
void xadma_visit_buses(int (*fn)(struct device *dev, void *data), void *data);
void xadma_visit_devices(struct xadma *xadma, xadma_dev_visitor *fn, void *data);

/**
 * xadma_dev - the record of a device
 * @dev: the device, whose ops are ours
 *
 * Context: any. The record stays until the caller sleeps.
 * Return: the record, never NULL.
 */
static __always_inline struct xadma_dev *xadma_dev(struct device *dev)
{
	struct xadma_dev *xd = READ_ONCE(dev->archdata.xadma);

	return likely(xd) ? xd : xadma_dev_adopt(dev);
}

/**
 * xadma_dev_mask - up to which address a device may be told
 * @dev: the device
 *
 * Context: any.
 * Return: its streaming mask; that of 32 bits for a device without any.
 */
static inline u64 xadma_dev_mask(const struct device *dev)
{
	return likely(dev->dma_mask) ? *dev->dma_mask : DMA_BIT_MASK(32);
}

/**
 * xadma_dev_limit - the highest address that a device can put on its bus
 * @dev:  the device
 * @mask: its mask, for streaming or for coherent memory
 *
 * Context: any.
 * Return: the limit, in the device's own addresses.
 */
static inline u64 xadma_dev_limit(const struct device *dev, u64 mask)
{
	return min_not_zero(mask, dev->bus_dma_limit);
}

/**
 * xadma_dev_maddr - the machine address behind an address of a device
 * @xd:  the device's record
 * @dma: the device's address
 *
 * Context: any.
 * Return: the machine address; (phys_addr_t)-1 when @dma is in no window.
 */
static __always_inline phys_addr_t xadma_dev_maddr(const struct xadma_dev *xd,
						   dma_addr_t dma)
{
	if (likely(dma >= xd->reach.driven.first && dma <= xd->reach.driven.last))
		return dma;
	return xadma_windows_maddr(xd->reach.windows, dma);
}

static inline void xadma_dev_count(const struct xadma_dev *xd, unsigned int what,
				   u64 by)
{
	unsigned long flags;

	local_irq_save(flags);
	this_cpu_ptr(xd->stats)->n[what] += by;
	local_irq_restore(flags);
}

/* Two at once: cheaper than one after the other. */
static inline void xadma_dev_count_both(const struct xadma_dev *xd,
					unsigned int what, unsigned int also)
{
	struct xadma_stats *stats;
	unsigned long flags;

	local_irq_save(flags);
	stats = this_cpu_ptr(xd->stats);
	stats->n[what]++;
	stats->n[also]++;
	local_irq_restore(flags);
}

/* A buffer goes direct, and nothing else is done. */
static __always_inline void xadma_dev_count_direct(const struct xadma_dev *xd, bool foreign)
{
	if (unlikely(foreign))
		xadma_dev_count_both(xd, XADMA_N_ROUTE + XADMA_DIRECT, XADMA_N_FOREIGN);
	else
		xadma_dev_count(xd, XADMA_N_ROUTE + XADMA_DIRECT, 1);
}

/**
 * xadma_dev_took - a call for a device has returned
 * @xd:   the device's record
 * @call: which kind of call
 * @ns:   how long it took; less than nothing where a clock went backwards
 *
 * An interrupt between the two halves could note a longer one, which would be lost.
 *
 * Context: any.
 */
static inline void xadma_dev_took(const struct xadma_dev *xd, enum xadma_call call,
				  s64 ns)
{
	unsigned long flags;
	u64 *longest;

	local_irq_save(flags);
	longest = &this_cpu_ptr(xd->stats)->longest[call];
	if (ns > (s64)READ_ONCE(*longest))
		WRITE_ONCE(*longest, ns);
	local_irq_restore(flags);
}

/**
 * xadma_dev_uses_pool - a device is about to be told an address in the pool
 * @xd: its record
 *
 * The driver keeps the address where other CPUs find it, and one of those may unmap
 * it. So what was stored before, the flag and the run's record, has to be seen before
 * the address is. This barrier pairs with the one in xadma_dev_returns().
 *
 * Context: any, before the address is returned.
 */
static __always_inline void xadma_dev_uses_pool(struct xadma_dev *xd)
{
	if (unlikely(!READ_ONCE(xd->returns)))
		WRITE_ONCE(xd->returns, 1);
	/* Pairs with the read barrier in xadma_dev_returns(). */
	smp_wmb();
}

/**
 * xadma_dev_returns - may there be something to do when a buffer comes back?
 * @xd: the device's record
 *
 * The caller has loaded the address from where a driver keeps it, perhaps on another
 * CPU than the one that mapped it. This barrier pairs with the one in
 * xadma_dev_uses_pool(): who has seen the address sees the flag.
 *
 * Context: any.
 * Return: false for a device that snoops and was never given anything of the pool.
 */
static __always_inline bool xadma_dev_returns(const struct xadma_dev *xd)
{
	/* Pairs with the write barrier in xadma_dev_uses_pool(). */
	smp_rmb();
	return READ_ONCE(xd->returns);
}

#endif /* _XADMA_DEVICE_H */

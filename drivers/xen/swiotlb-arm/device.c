// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-map-ops.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "compat.h"
#include "device.h"
#include "instance.h"

/* Guards both lists, and which record a device has. A sleeping lock. */
static DEFINE_MUTEX(devices_lock);
static LIST_HEAD(devices);
static LIST_HEAD(buses);

/* Whose a device is that nobody configured, nor any device above it. */
static struct xadma *default_instance;

/* ---- what is known of a device, in numbers ---- */

static void set_windows(struct xadma_reach *reach, struct device *dev,
			const struct xadma_windows *windows)
{
	u64 limit = xadma_dev_limit(dev, (phys_addr_t)-1);
	struct xadma_range range = xadma_windows_unshifted(windows, limit);
	bool plain = reach->coherent && !reach->mfn_map && !reach->force;
	struct xadma_range direct = plain ? range : XADMA_RANGE_NONE;

	if (reach->windows == windows && xadma_range_same(reach->driven, range) &&
	    xadma_range_same(reach->plain, direct))
		return;
	WRITE_ONCE(reach->plain.first, XADMA_NOWHERE);
	WRITE_ONCE(reach->driven.first, XADMA_NOWHERE);
	/* A late caller may look at it meanwhile: no end goes with another's start. */
	smp_wmb();
	WRITE_ONCE(reach->windows, windows);
	WRITE_ONCE(reach->driven.last, range.last);
	WRITE_ONCE(reach->plain.last, direct.last);
	/* As above. The windows of one device differ only if the firmware's did. */
	smp_wmb();
	WRITE_ONCE(reach->driven.first, range.first);
	WRITE_ONCE(reach->plain.first, direct.first);
}

static void set_reach(struct xadma_dev *xd, struct xadma *xadma, bool coherent)
{
	struct xadma_reach *reach = &xd->reach;

	reach->mfn_map = xadma->mfn_map;
	reach->ram = &xadma->ram;
	reach->force = xadma->force;
	reach->coherent = coherent;
	reach->no_flush = !coherent && !xadma->can_flush;
	if (!coherent)
		WRITE_ONCE(xd->returns, 1);
}

/* ---- leftover records ---- */

static void fill_leftover(struct xadma *xadma, struct xadma_leftover *left,
			  const struct xadma_windows *windows)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(left->record); i++) {
		struct xadma_dev *xd = &left->record[i];

		xd->xadma = xadma;
		xd->stats = xadma->others;
		xd->leftover = true;
		xd->returns = 1;
		set_reach(xd, xadma, i);
		xd->reach.windows = windows;
		xd->reach.driven = XADMA_RANGE_NONE;
		xd->reach.plain = XADMA_RANGE_NONE;
	}
}

static struct xadma_leftover *find_leftover(const struct xadma *xadma,
					    const struct xadma_windows *windows)
{
	struct xadma_leftover *left;

	/* Pairs with the release in keep_leftover(). */
	for (left = smp_load_acquire(&xadma->leftovers); left; left = left->next)
		if (left->record[0].reach.windows == windows)
			return left;
	return NULL;
}

/* Of two CPUs that made the same, one finds the other's. */
static struct xadma_leftover *keep_leftover(struct xadma *xadma,
					    struct xadma_leftover *new)
{
	struct xadma_leftover *left;
	unsigned long flags;

	raw_spin_lock_irqsave(&xadma->leftovers_lock, flags);
	left = find_leftover(xadma, new->record[0].reach.windows);
	if (!left) {
		new->next = xadma->leftovers;
		/* Who finds it finds it filled in; pairs with find_leftover(). */
		smp_store_release(&xadma->leftovers, new);
	}
	raw_spin_unlock_irqrestore(&xadma->leftovers_lock, flags);
	if (!left)
		return new;
	kfree(new);
	return left;
}

/* Without memory for it, one that reaches nothing: all that it maps is refused. */
static struct xadma_dev *leftover_of(struct xadma *xadma, struct device *dev,
				     const struct xadma_windows *windows, gfp_t gfp)
{
	struct xadma_leftover *left = &xadma->no_windows;
	bool coherent = dev_is_dma_coherent(dev);

	if (windows == &xadma_windows_none)
		return &left->record[coherent];
	left = windows ? find_leftover(xadma, windows) : NULL;
	if (!left && windows) {
		left = kzalloc(sizeof(*left), gfp);
		if (left) {
			fill_leftover(xadma, left, windows);
			left = keep_leftover(xadma, left);
		}
	}
	return left ? &left->record[coherent] :
		      &xadma->no_memory.record[coherent];
}

/* ---- the instance's part ---- */

/**
 * xadma_devices_init - get ready for devices
 * @xadma: the instance; all else of it that records refer to is made
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM with nothing to undo.
 */
int xadma_devices_init(struct xadma *xadma)
{
	xadma->others = alloc_percpu(struct xadma_stats);
	if (!xadma->others)
		return -ENOMEM;
	raw_spin_lock_init(&xadma->leftovers_lock);
	xadma->leftovers = NULL;
	fill_leftover(xadma, &xadma->no_windows, &xadma_windows_none);
	fill_leftover(xadma, &xadma->no_memory, &xadma_windows_nowhere);
	if (!default_instance)
		default_instance = xadma;
	return 0;
}

/**
 * xadma_devices_exit - undo xadma_devices_init(); accepts an instance without it
 * @xadma: the instance; no device has a record of it any more
 *
 * Context: may sleep.
 */
void xadma_devices_exit(struct xadma *xadma)
{
	struct xadma_leftover *left;

	while ((left = xadma->leftovers)) {
		xadma->leftovers = left->next;
		kfree(left);
	}
	free_percpu(xadma->others);
	xadma->others = NULL;
	if (default_instance == xadma)
		default_instance = NULL;
}

/**
 * xadma_visit_devices - visit every record of an instance
 * @xadma: the instance
 * @fn:    what to call for it; last for a leftover, which stands for all of them
 * @data:  handed on to @fn
 *
 * Context: may sleep; holds the lock of the list.
 */
void xadma_visit_devices(struct xadma *xadma, xadma_dev_visitor *fn, void *data)
{
	struct xadma_dev *xd;

	mutex_lock(&devices_lock);
	list_for_each_entry(xd, &devices, node)
		if (xd->xadma == xadma)
			fn(xd, data);
	fn(&xadma->no_windows.record[0], data);
	mutex_unlock(&devices_lock);
}

/* ---- buses, which tell when a driver is about to be bound, and when a device goes ---- */

struct known_bus {
	const struct bus_type *bus;
	struct notifier_block nb;
	struct list_head node;
};

static int bus_event(struct notifier_block *nb, unsigned long event, void *dev)
{
	struct xadma_dev *xd = READ_ONCE(((struct device *)dev)->archdata.xadma);

	if (event == BUS_NOTIFY_REMOVED_DEVICE)
		xadma_dev_detach(dev);
	else if (event == BUS_NOTIFY_BIND_DRIVER && xd && xd->xadma->configured)
		xd->xadma->configured(dev);
	return NOTIFY_DONE;
}

static bool bus_is_known(const struct bus_type *bus)
{
	const struct known_bus *known;

	lockdep_assert_held(&devices_lock);

	list_for_each_entry(known, &buses, node)
		if (known->bus == bus)
			return true;
	return false;
}

static bool bus_enlist(struct known_bus *known)
{
	bool first;

	mutex_lock(&devices_lock);
	first = !bus_is_known(known->bus);
	if (first)
		list_add(&known->node, &buses);
	mutex_unlock(&devices_lock);
	return first;
}

/*
 * Notifiers run under the bus's own lock and take ours, so ours is not held
 * while one is registered. Of two that come at once, one is taken back.
 */
static bool bus_watch(const struct bus_type *bus)
{
	struct known_bus *known;
	bool watched;

	mutex_lock(&devices_lock);
	watched = bus_is_known(bus);
	mutex_unlock(&devices_lock);
	if (watched)
		return true;

	known = kzalloc(sizeof(*known), GFP_KERNEL);
	if (!known)
		return false;
	known->bus = bus;
	known->nb.notifier_call = bus_event;
	watched = !xadma_bus_notify(bus, &known->nb);
	if (watched && bus_enlist(known))
		return true;
	if (watched)
		xadma_bus_forget(bus, &known->nb);
	kfree(known);
	return watched;
}

/**
 * xadma_visit_buses - visit the devices of all buses on which one was configured
 * @fn:   what to call for each device; stops when it returns something else than 0
 * @data: handed on to @fn
 *
 * Context: may sleep; holds the lock of the list.
 */
void xadma_visit_buses(int (*fn)(struct device *dev, void *data), void *data)
{
	struct known_bus *known;

	mutex_lock(&devices_lock);
	list_for_each_entry(known, &buses, node)
		xadma_bus_visit(known->bus, fn, data);
	mutex_unlock(&devices_lock);
}

/**
 * xadma_dev_watch - be told what becomes of a device
 * @dev: the device
 *
 * Context: may sleep.
 * Return: false when nobody would tell: it has no bus, or there is no memory.
 */
bool xadma_dev_watch(const struct device *dev)
{
	return dev->bus && bus_watch(dev->bus);
}

/* ---- a device's record ---- */

static struct xadma_dev *record_create(struct xadma *xadma, struct device *dev)
{
	struct xadma_dev *xd = kzalloc(sizeof(*xd), GFP_KERNEL);

	lockdep_assert_held(&devices_lock);

	if (!xd)
		return NULL;
	xd->stats = alloc_percpu(struct xadma_stats);
	if (!xd->stats) {
		kfree(xd);
		return NULL;
	}
	xd->dev = dev;
	xd->xadma = xadma;
	list_add_tail(&xd->node, &devices);
	return xd;
}

static void record_free(struct rcu_head *rcu)
{
	struct xadma_dev *xd = container_of(rcu, struct xadma_dev, rcu);

	free_percpu(xd->stats);
	kfree(xd);
}

static bool has_own_record(const struct device *dev)
{
	return dev->archdata.xadma && !dev->archdata.xadma->leftover;
}

/**
 * xadma_dev_configure - find out what can be known of a device for all its buffers
 * @dev: the device
 *
 * Done when the device is configured, and again when its driver sets a mask: some
 * drivers give their device an offset themselves (dma_direct_set_offset()).
 *
 * Context: may sleep; before its driver maps anything.
 */
void xadma_dev_configure(struct device *dev)
{
	struct xadma_dev *xd = xadma_dev(dev);
	const struct xadma_windows *windows;

	windows = xadma_windows_of(dev->dma_range_map, GFP_KERNEL);
	if (xd->leftover) {
		if (dev->dma_range_map && windows != xd->reach.windows)
			/* Records are filled in; the reader depends on the address. */
			smp_store_release(&dev->archdata.xadma,
					  leftover_of(xd->xadma, dev, windows,
						      GFP_KERNEL));
		return;
	}
	set_reach(xd, xd->xadma, dev_is_dma_coherent(dev));
	set_windows(&xd->reach, dev, windows ?: &xadma_windows_nowhere);
}

/**
 * xadma_dev_attach - a device is configured, and its DMA is ours from now on
 * @xadma: the instance
 * @dev:   the device; its dma-ranges, bus limit and coherence are known
 *
 * Context: may sleep.
 */
void xadma_dev_attach(struct xadma *xadma, struct device *dev)
{
	bool watched = xadma_dev_watch(dev);
	struct device_driver *driver = READ_ONCE(dev->driver);
	struct xadma_dev *xd;

	mutex_lock(&devices_lock);
	xd = watched && !has_own_record(dev) ? record_create(xadma, dev) : NULL;
	if (xd) {
		set_reach(xd, xadma, dev_is_dma_coherent(dev));
		set_windows(&xd->reach, dev, &xadma_windows_none);
		/* Who finds the record finds it filled in. */
		smp_store_release(&dev->archdata.xadma, xd);
	} else if (!has_own_record(dev)) {
		xd = leftover_of(xadma, dev,
				 xadma_windows_of(dev->dma_range_map, GFP_KERNEL),
				 GFP_KERNEL);
		/* As above. */
		smp_store_release(&dev->archdata.xadma, xd);
	}
	xd = dev->archdata.xadma;
	if (!xd->leftover)
		strscpy(xd->driver, driver ? driver->name : "", sizeof(xd->driver));
	mutex_unlock(&devices_lock);
	xadma_dev_configure(dev);
}

/**
 * xadma_dev_detach - a device has been removed
 * @dev: the device, which may have mappings still
 *
 * Context: may sleep.
 */
void xadma_dev_detach(struct device *dev)
{
	struct xadma_dev *xd;

	mutex_lock(&devices_lock);
	if (has_own_record(dev)) {
		xd = dev->archdata.xadma;
		/* Records are filled in; the reader depends on the address. */
		smp_store_release(&dev->archdata.xadma,
				  leftover_of(xd->xadma, dev, xd->reach.windows,
					      GFP_KERNEL));
		list_del(&xd->node);
		call_rcu_tasks(&xd->rcu, record_free);
	}
	mutex_unlock(&devices_lock);
}

static struct xadma *instance_above(const struct device *dev)
{
	for (dev = dev->parent; dev; dev = dev->parent)
		if (dev->archdata.xadma)
			return dev->archdata.xadma->xadma;
	return default_instance;
}

/**
 * xadma_dev_adopt - give a record to a device that has our ops and no record
 * @dev: the device
 *
 * Context: any.
 * Return: a leftover record.
 */
struct xadma_dev *xadma_dev_adopt(struct device *dev)
{
	const gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	struct xadma_dev *xd;

	xd = leftover_of(instance_above(dev), dev,
			 xadma_windows_of(dev->dma_range_map, gfp), gfp);
	if (xd->reach.windows != &xadma_windows_nowhere)
		/* Of two CPUs that adopt it at once either's record will do. */
		smp_store_release(&dev->archdata.xadma, xd);
	return xd;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boot: ask Xen which kind of domain this is, build the pool, say so. From
 * then on every device that the kernel configures for DMA comes by here once
 * for each driver that binds to it.
 *
 * A domain that is not mapped 1:1 is nearly always a guest without any such
 * device: there the pool waits for the first one.
 *
 * A device's counters live as long as the device: its bus tells when it goes.
 * A device without a bus, or one for which there is no memory, shares the
 * record called "others".
 */
#define pr_fmt(fmt) "swiotlb-arm: " fmt

#include <linux/device.h>
#include <linux/device/bus.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <xen/page.h>
#include <xen/swiotlb-arm-hv.h>
#include <xen/swiotlb-arm.h>

#include "dma.h"
#include "frames.h"
#include "ops.h"
#include "setup.h"
#include "translate.h"

/* ---- boot parameters ---- */

#define DEFAULT_SIZE SZ_64M

static bool off;
module_param(off, bool, 0444);
MODULE_PARM_DESC(off, "leave DMA to the kernel's own swiotlb-xen");

static bool force;
module_param(force, bool, 0444);
MODULE_PARM_DESC(force, "bounce every buffer, for testing");

static size_t size = DEFAULT_SIZE;
static size_t most;

static int bytes_set(const char *val, const struct kernel_param *kp)
{
	char *end;

	*(size_t *)kp->arg = memparse(val, &end);
	return *end && *end != '\n' ? -EINVAL : 0;
}

static int bytes_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%zu\n", *(size_t *)kp->arg);
}

static const struct kernel_param_ops bytes_ops = {
	.set = bytes_set,
	.get = bytes_get,
};

module_param_cb(size, &bytes_ops, &size, 0444);
MODULE_PARM_DESC(size, "bytes of the bounce pool (K, M, G), 0 for none");

module_param_cb(max, &bytes_ops, &most, 0444);
MODULE_PARM_DESC(max, "bytes up to which the pool grows by itself (K, M, G), 0 for four times its size");

static char *backing;
module_param(backing, charp, 0444);
MODULE_PARM_DESC(backing, "the one way of getting pool memory, for testing");

/* ---- the instance ---- */

static struct swarm swarm;
static bool started;
static bool provided;			/* @provide_lock */
static DEFINE_MUTEX(provide_lock);	/* sleeps; outside all others */

/**
 * swarm_instance - the instance that serves this kernel's devices
 *
 * Context: any.
 * Return: the instance, or NULL when none was started.
 */
struct swarm *swarm_instance(void)
{
	return started ? &swarm : NULL;
}

/**
 * swiotlb_arm_enabled - will this kernel's DMA be ours?
 *
 * Context: any, from the first initcall on.
 * Return: true in a 1:1 domain unless swiotlb_arm.off was given.
 */
bool swiotlb_arm_enabled(void)
{
	return !off && swarm_hv_xen.domain() == SWARM_DOMAIN_IDENTITY;
}

static void say_what_is(void)
{
	struct swarm_pool_usage usage = swarm_pool_usage(&swarm.pool);

	pr_info("domain is %smapped 1:1; pool of %zu KiB in %u pieces of up to %zu KiB (%s), machine %pa to %pa%s\n",
		swarm.frames ? "not " : "", usage.bytes >> 10, usage.pieces,
		usage.largest >> 10, swarm_backing_name(&swarm),
		&swarm.pool.lowest, &swarm.pool.highest,
		force ? "; every buffer is bounced" : "");
	if (swarm.source.lost)
		pr_warn("%lu frames are lost: Xen took them and gave nothing back\n",
			swarm.source.lost);
	/* What does not fill a grain is no news. */
	if (usage.bytes < size - size / 16)
		pr_warn("only %zu of %zu KiB could be had for the pool; give the domain more memory or lower swiotlb_arm.size\n",
			usage.bytes >> 10, size >> 10);
	if (!swarm.can_flush)
		pr_warn("this Xen has no GNTTABOP_cache_flush: other domains' pages are bounced for devices that do not snoop\n");
}

static void provide(void)
{
	mutex_lock(&provide_lock);
	if (!provided) {
		swarm_provide(&swarm);
		say_what_is();
		provided = true;
	}
	mutex_unlock(&provide_lock);
}

/* ---- devices ---- */

struct known_bus {
	const struct bus_type *bus;
	struct notifier_block nb;
	struct list_head node;
};

/* Guards both lists, and which record a device has. A sleeping lock. */
static DEFINE_MUTEX(devices_lock);
static LIST_HEAD(devices);
static LIST_HEAD(buses);

static DEFINE_PER_CPU(struct swarm_stats, others_stats);
static struct swarm_dev others = {
	.swarm = &swarm,
	.stats = &others_stats,
	.touched = true,
};

/**
 * swarm_visit_devices - visit every record
 * @fn:   what to call for it
 * @data: handed on to @fn
 *
 * Context: may sleep; holds the lock of the list.
 */
void swarm_visit_devices(swarm_visitor *fn, void *data)
{
	struct swarm_dev *record;

	mutex_lock(&devices_lock);
	list_for_each_entry(record, &devices, node)
		fn(record, data);
	fn(&others, data);
	mutex_unlock(&devices_lock);
}

static struct swarm_dev *record_create(struct device *dev)
{
	struct swarm_dev *record = kzalloc(sizeof(*record), GFP_KERNEL);

	if (!record)
		return NULL;
	record->stats = alloc_percpu(struct swarm_stats);
	if (!record->stats) {
		kfree(record);
		return NULL;
	}
	record->dev = dev;
	record->swarm = &swarm;
	list_add_tail(&record->node, &devices);
	return record;
}

static struct swarm_dev *record_find(const struct device *dev)
{
	struct swarm_dev *record = swarm_dev(dev);

	lockdep_assert_held(&devices_lock);

	return record == &others ? NULL : record;
}

/* Whatever the driver left mapped can still be unmapped. */
static void forget(struct device *dev)
{
	struct swarm_dev *record;

	mutex_lock(&devices_lock);
	record = record_find(dev);
	if (record) {
		dev->archdata.swarm = &others;
		list_del(&record->node);
		free_percpu(record->stats);
		kfree(record);
	}
	mutex_unlock(&devices_lock);
}

static int bus_event(struct notifier_block *nb, unsigned long event, void *dev)
{
	if (event == BUS_NOTIFY_REMOVED_DEVICE)
		forget(dev);
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
	watched = !bus_register_notifier(bus, &known->nb);
	if (watched && bus_enlist(known))
		return true;
	if (watched)
		bus_unregister_notifier(bus, &known->nb);
	kfree(known);
	return watched;
}

static struct swarm_dev *record_of(struct device *dev)
{
	struct swarm_dev *record;

	if (!dev->bus || !bus_watch(dev->bus))
		return &others;

	mutex_lock(&devices_lock);
	record = record_find(dev) ?: record_create(dev);
	mutex_unlock(&devices_lock);
	return record ?: &others;
}

/*
 * A restricted pool confines a device to memory of its own. Bouncing is all
 * that the kernel does for it then, and in a 1:1 domain it does it right.
 */
static bool confined(const struct device *dev)
{
	struct device_node *node;
	bool restricted = false;
	int i;

	for (i = 0; !restricted; i++) {
		node = of_parse_phandle(dev->of_node, "memory-region", i);
		if (!node)
			break;
		restricted = of_device_is_compatible(node,
						     "restricted-dma-pool") &&
			     of_device_is_available(node);
		of_node_put(node);
	}
	return restricted;
}

/**
 * swiotlb_arm_setup_dma_ops - a device is being configured for DMA
 * @dev: the device; its dma-ranges, bus limit, coherence and IOMMU are known
 *
 * Context: may sleep; called for each driver that is about to bind.
 * Return: true when its DMA is ours, false when somebody else's.
 */
bool swiotlb_arm_setup_dma_ops(struct device *dev)
{
	if (!started)
		return false;
	if (!swarm_ops_free_to_take(dev))
		return true;
	if (confined(dev))
		return true;

	provide();
	swarm_ops_install(dev, record_of(dev));
	if (swarm_dev(dev) != &others)
		swarm_dev_settle(dev);
	if (!dev_is_dma_coherent(dev) && swarm.frames)
		swarm_pool_see_uncached(&swarm.pool);
	return true;
}

/**
 * swiotlb_arm_forget - frames of ours are about to go back to Xen
 * @gfns: the frames
 * @nr:   how many
 *
 * Called before XENMEM_decrease_reservation: whatever comes in their place
 * later is somewhere else.
 *
 * Context: may sleep; nobody uses the pages.
 */
void swiotlb_arm_forget(const u64 *gfns, int nr)
{
	int i;

	for (i = 0; swarm.frames && i < nr; i++)
		swarm_frames_forget(swarm.frames, gfns[i]);
}

/* ---- boot ---- */

/* Either kind of domain has its ladder; a rung that refuses is passed over. */
static const struct swarm_backing * const rungs_identity[] __initconst = {
	&swarm_backing_identity,
};

static const struct swarm_backing * const rungs_translated[] __initconst = {
	&swarm_backing_exchange,
	&swarm_backing_populate,
	&swarm_backing_discover,
};

static const struct swarm_backing *rungs[ARRAY_SIZE(rungs_translated) + 1];

static void __init build_ladder(const struct swarm_backing * const *from,
				unsigned int nr)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++)
		if (!backing || !strcmp(backing, from[i]->name))
			rungs[n++] = from[i];
	if (!n)
		pr_warn("swiotlb_arm.backing=%s is none that this kind of domain has; there will be no pool\n",
			backing);
}

static struct swarm_translator * __init find_translator(const char **why)
{
	struct swarm_translator *t;

	if (PAGE_SIZE != XEN_PAGE_SIZE) {
		*why = "its pages are not of 4 KiB";
		return NULL;
	}
	t = swarm_translator_create(&swarm_hv_xen);
	if (IS_ERR(t)) {
		*why = PTR_ERR(t) == -ENOMEM ?
		       "there are no scratch frames (CONFIG_XEN_UNPOPULATED_ALLOC?)" :
		       "Xen does not tell its own id";
		return NULL;
	}
	if (swarm_translator_check(t, why)) {
		swarm_translator_destroy(t);
		return NULL;
	}
	return t;
}

static bool __init get_ready(struct swarm_setup *setup)
{
	const char *why;

	if (swarm_hv_xen.domain() == SWARM_DOMAIN_IDENTITY) {
		build_ladder(rungs_identity, ARRAY_SIZE(rungs_identity));
		return true;
	}

	build_ladder(rungs_translated, ARRAY_SIZE(rungs_translated));
	setup->translator = find_translator(&why);
	if (!setup->translator)
		pr_err("this domain's memory is not mapped 1:1, and where it is cannot be told: %s; devices without an IOMMU would be given wrong addresses, do not use them here\n",
		       why);
	return setup->translator;
}

/* What is left has to be a system that can do something. */
static size_t __init affordable(size_t bytes)
{
	return min_t(size_t, bytes, totalram_pages() / 4 << PAGE_SHIFT);
}

static int __init swarm_boot(void)
{
	struct swarm_setup setup = {
		.hv = &swarm_hv_xen,
		.rungs = rungs,
		.size = affordable(size),
		.most = affordable(most ?: 4 * size),
		.force = force,
	};

	if (swarm_hv_xen.domain() == SWARM_DOMAIN_NATIVE)
		return 0;
	if (off) {
		pr_info("switched off by swiotlb_arm.off\n");
		return 0;
	}
	if (!get_ready(&setup))
		return 0;
	if (swarm_start(&swarm, &setup)) {
		pr_err("there is no memory for the table of frames; devices without an IOMMU cannot be used here\n");
		swarm_translator_destroy(setup.translator);
		return 0;
	}
	started = true;
	if (swarm.frames)
		pr_info("domain is not mapped 1:1; no pool before the first device\n");
	else
		provide();
	return 0;
}
arch_initcall(swarm_boot);

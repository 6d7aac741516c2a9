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
#include "mfn-map.h"
#include "ops.h"
#include "setup.h"
#include "resolve.h"

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
	size_t bytes;
	char *end;

	bytes = memparse(val, &end);
	if (end == val || (*end && *end != '\n'))
		return -EINVAL;
	*(size_t *)kp->arg = bytes;
	return 0;
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

static struct xadma xadma;
static bool started;
static bool provided;			/* @provide_lock */
static DEFINE_MUTEX(provide_lock);	/* sleeps; outside all others */

/**
 * xadma_instance - the instance that serves this kernel's devices
 *
 * Context: any.
 * Return: the instance, or NULL when none was started.
 */
struct xadma *xadma_instance(void)
{
	return started ? &xadma : NULL;
}

/**
 * swiotlb_arm_enabled - will this kernel's DMA be ours?
 *
 * Context: any, from the first initcall on.
 * Return: true in a 1:1 domain unless swiotlb_arm.off was given.
 */
bool swiotlb_arm_enabled(void)
{
	return !off && xadma_hv_xen.domain() == XADMA_DOMAIN_IDENTITY;
}

static void say_what_is(void)
{
	struct xadma_pool_usage usage = xadma_pool_usage(&xadma.pool);

	pr_info("domain is %smapped 1:1; pool of %zu KiB in %u pieces of up to %zu KiB (%s), machine %pa to %pa%s\n",
		xadma.frames ? "not " : "", usage.bytes >> 10, usage.pieces,
		usage.largest >> 10, xadma_provider_name(&xadma),
		&xadma.pool.lowest, &xadma.pool.highest,
		force ? "; every buffer is bounced" : "");
	if (xadma.source.lost)
		pr_warn("%lu frames are lost: Xen took them and gave nothing back\n",
			xadma.source.lost);
	/* What does not fill a grain is no news. */
	if (usage.bytes < size - size / 16)
		pr_warn("only %zu of %zu KiB could be had for the pool; give the domain more memory or lower swiotlb_arm.size\n",
			usage.bytes >> 10, size >> 10);
	if (!xadma.can_flush)
		pr_warn("this Xen has no GNTTABOP_cache_flush: other domains' pages are bounced for devices that do not snoop\n");
}

static void provide(void)
{
	mutex_lock(&provide_lock);
	if (!provided) {
		xadma_provide(&xadma);
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

static DEFINE_PER_CPU(struct xadma_stats, others_stats);
static struct xadma_dev others = {
	.xadma = &xadma,
	.stats = &others_stats,
	.uses_pool = true,
};

/**
 * xadma_visit_devices - visit every record
 * @fn:   what to call for it
 * @data: handed on to @fn
 *
 * Context: may sleep; holds the lock of the list.
 */
void xadma_visit_devices(xadma_visitor *fn, void *data)
{
	struct xadma_dev *record;

	mutex_lock(&devices_lock);
	list_for_each_entry(record, &devices, node)
		fn(record, data);
	fn(&others, data);
	mutex_unlock(&devices_lock);
}

static struct xadma_dev *record_create(struct device *dev)
{
	struct xadma_dev *record = kzalloc(sizeof(*record), GFP_KERNEL);

	if (!record)
		return NULL;
	record->stats = alloc_percpu(struct xadma_stats);
	if (!record->stats) {
		kfree(record);
		return NULL;
	}
	record->dev = dev;
	record->xadma = &xadma;
	list_add_tail(&record->node, &devices);
	return record;
}

static struct xadma_dev *record_find(const struct device *dev)
{
	struct xadma_dev *record = xadma_dev(dev);

	lockdep_assert_held(&devices_lock);

	return record == &others ? NULL : record;
}

/* Whatever the driver left mapped can still be unmapped. */
static void forget(struct device *dev)
{
	struct xadma_dev *record;

	mutex_lock(&devices_lock);
	record = record_find(dev);
	if (record) {
		dev->archdata.xadma = &others;
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

static struct xadma_dev *record_of(struct device *dev)
{
	struct xadma_dev *record;

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
	if (!xadma_ops_free_to_take(dev))
		return true;
	if (confined(dev))
		return true;

	provide();
	xadma_ops_install(dev, record_of(dev));
	if (xadma_dev(dev) != &others)
		xadma_dev_configure(dev);
	if (!dev_is_dma_coherent(dev) && xadma.frames)
		xadma_pool_see_uncached(&xadma.pool);
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
void swiotlb_arm_forget(const xen_pfn_t *gfns, int nr)
{
	int i;

	for (i = 0; xadma.frames && i < nr; i++)
		xadma_mfn_map_forget(xadma.frames, gfns[i]);
}

/* ---- boot ---- */

/* Either kind of domain has its ladder; a provider that refuses is passed over. */
static const struct xadma_provider * const providers_identity[] __initconst = {
	&xadma_provider_identity,
};

static const struct xadma_provider * const providers_translated[] __initconst = {
	&xadma_provider_exchange,
	&xadma_provider_populate,
	&xadma_provider_discover,
};

static const struct xadma_provider *providers[ARRAY_SIZE(providers_translated) + 1];

static void __init list_providers(const struct xadma_provider * const *from,
				  unsigned int nr)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++)
		if (!backing || !strcmp(backing, from[i]->name))
			providers[n++] = from[i];
	if (!n)
		pr_warn("swiotlb_arm.backing=%s is none that this kind of domain has; there will be no pool\n",
			backing);
}

static struct xadma_resolver * __init find_resolver(const char **why)
{
	struct xadma_resolver *t;

	if (PAGE_SIZE != XEN_PAGE_SIZE) {
		*why = "its pages are not of 4 KiB";
		return NULL;
	}
	t = xadma_resolver_create(&xadma_hv_xen);
	if (IS_ERR(t)) {
		*why = PTR_ERR(t) == -ENOMEM ?
		       "there are no scratch frames (CONFIG_XEN_UNPOPULATED_ALLOC?)" :
		       "Xen does not tell its own id";
		return NULL;
	}
	if (xadma_resolver_check(t, why)) {
		xadma_resolver_destroy(t);
		return NULL;
	}
	return t;
}

static bool __init get_ready(struct xadma_setup *setup)
{
	const char *why;

	if (xadma_hv_xen.domain() == XADMA_DOMAIN_IDENTITY) {
		list_providers(providers_identity, ARRAY_SIZE(providers_identity));
		return true;
	}

	list_providers(providers_translated, ARRAY_SIZE(providers_translated));
	setup->resolver = find_resolver(&why);
	if (!setup->resolver)
		pr_err("this domain's memory is not mapped 1:1, and where it is cannot be told: %s; devices without an IOMMU would be given wrong addresses, do not use them here\n",
		       why);
	return setup->resolver;
}

/* What is left has to be a system that can do something. */
static size_t __init affordable(size_t bytes)
{
	return min_t(size_t, bytes, totalram_pages() / 4 << PAGE_SHIFT);
}

static int __init xadma_boot(void)
{
	struct xadma_setup setup = {
		.hv = &xadma_hv_xen,
		.providers = providers,
		.size = affordable(size),
		.most = affordable(most ?: 4 * size),
		.force = force,
	};

	if (xadma_hv_xen.domain() == XADMA_DOMAIN_NATIVE)
		return 0;
	if (off) {
		pr_info("switched off by swiotlb_arm.off\n");
		return 0;
	}
	if (!get_ready(&setup))
		return 0;
	if (xadma_start(&xadma, &setup)) {
		pr_err("there is no memory for the table of frames; devices without an IOMMU cannot be used here\n");
		xadma_resolver_destroy(setup.resolver);
		return 0;
	}
	started = true;
	if (xadma.frames)
		pr_info("domain is not mapped 1:1; no pool before the first device\n");
	else
		provide();
	return 0;
}
arch_initcall(xadma_boot);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parameters, boot, and the hooks that the rest of the kernel calls.
 *
 * Boot: ask Xen which kind of domain this is, and in one that is mapped 1:1 make the
 * instance with its pool. From then on every device that the kernel configures for DMA
 * comes by here once for each driver that binds to it. A domain that is not mapped 1:1
 * is nearly always a guest without a device of ours: nothing is made, and Xen is asked
 * nothing, before the first one comes.
 */
#define pr_fmt(fmt) "swiotlb-arm: " fmt

#include <linux/acpi_iort.h>
#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/string.h>
#include <linux/swiotlb.h>

#include <xen/page.h>
#include <xen/swiotlb-arm-hv.h>
#include <xen/swiotlb-arm.h>

#include "claim.h"
#include "device.h"
#include "instance.h"
#include "limits.h"
#include "mfn-map.h"
#include "ops.h"
#include "resolve.h"
#include "setup.h"

/* ---- boot parameters ---- */

#define DEFAULT_SIZE SZ_64M

/* What a pool begins with whose size nobody has said, until a device has to bounce. */
#define START SZ_2M

/*
 * What the kernel's own pool has in a domain that is mapped 1:1, whose devices are ours:
 * all but those of which no firmware knows, which no bus configures.
 */
#define KERNELS_OWN SZ_1M

static bool off;
module_param(off, bool, 0444);
MODULE_PARM_DESC(off, "leave DMA to the kernel's own swiotlb-xen");

/* The same, for swiotlb_arm_early(): parameters like the above are read after it. */
static int __init off_early(char *val)
{
	return kstrtobool(val ?: "1", &off);
}
early_param("swiotlb_arm.off", off_early);

static bool force;
module_param(force, bool, 0444);
MODULE_PARM_DESC(force, "bounce every buffer, for testing");

static size_t size = DEFAULT_SIZE;
static bool size_is_given;
static size_t max_size;

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

static int size_set(const char *val, const struct kernel_param *kp)
{
	int ret = bytes_set(val, kp);

	if (!ret)
		size_is_given = true;
	return ret;
}

static const struct kernel_param_ops size_ops = {
	.set = size_set,
	.get = bytes_get,
};

module_param_cb(size, &size_ops, &size, 0444);
MODULE_PARM_DESC(size, "bytes of the bounce pool (K, M, G), 0 for none");

module_param_cb(max, &bytes_ops, &max_size, 0444);
MODULE_PARM_DESC(max, "bytes up to which the pool grows by itself (K, M, G), 0 for four times its size");

static char *backing;
module_param(backing, charp, 0444);
MODULE_PARM_DESC(backing, "the one way of getting pool memory, for testing");

static char *devices;
module_param(devices, charp, 0444);
MODULE_PARM_DESC(devices, "in a domain that is not mapped 1:1: devices that take machine addresses (all, none, or patterns; ! takes out)");

module_param_named(latency, xadma_ops_timed, bool, 0444);
MODULE_PARM_DESC(latency, "keep the longest map, unmap and sync of each device, from boot on");

/* ---- the instance ---- */

/* Where we stand. */
enum state {
	NOT_HERE,	/* no Xen, switched off, or left to swiotlb-xen */
	WAITING,	/* for the first device that is ours */
	FAILED,		/* it came, and the instance could not be made */
	STARTED,
};

static struct xadma xadma;
static enum state state;
static DEFINE_MUTEX(start_lock);	/* sleeps; outside all others */

/* What is known of this domain, for the decision about a device; set at boot */
static struct xadma_claim_facts domain_facts;

/* The highest machine address that all buses reach; set at boot */
static phys_addr_t bus_last;

static bool started(void)
{
	/* Who finds it started finds the instance; pairs with start(). */
	return smp_load_acquire(&state) == STARTED;
}

/**
 * xadma_instance - the instance that serves this kernel's devices
 *
 * Context: any.
 * Return: the instance, or NULL when none was started.
 */
struct xadma *xadma_instance(void)
{
	return started() ? &xadma : NULL;
}

/**
 * xadma_is_here - may a device of this kernel be ours?
 *
 * Context: any, after the initcalls of the architecture.
 * Return: false without Xen, and where everything is left to the kernel's own code.
 */
bool xadma_is_here(void)
{
	return READ_ONCE(state) != NOT_HERE;
}

/*
 * A domain that is not mapped 1:1 gets its pool for the first device of ours, which
 * bounces whatever is not contiguous in the machine.
 */
static bool begins_small(void)
{
	return domain_facts.identity && !size_is_given && !force;
}

static void say_what_is(void)
{
	struct xadma_pool_usage usage = xadma_pool_usage(&xadma.pool);
	size_t wanted = begins_small() ? START : size;

	pr_info("domain is %smapped 1:1; pool of %zu KiB in %u pieces of up to %zu KiB (%s), machine %pa to %pa%s\n",
		xadma.mfn_map ? "not " : "", usage.bytes >> 10, usage.pieces,
		usage.largest >> 10, xadma_provider_name(&xadma),
		&xadma.pool.lowest, &xadma.pool.highest,
		force ? "; every buffer is bounced" : "");
	if (xadma.start < xadma.size)
		pr_info("it becomes one of %zu KiB for the first device that does not reach all of this domain's memory\n",
			xadma.size >> 10);
	if (usage.bytes && xadma.pool.highest > xadma.bus_last)
		pr_warn("some bus reaches no further than %pa, where there was no memory for the pool\n",
			&xadma.bus_last);
	if (xadma.source.lost)
		pr_warn("%lu frames are lost: Xen took them and gave nothing back\n",
			xadma.source.lost);
	/* A rest that is smaller than the smallest chunk is no news. */
	if (usage.bytes < wanted - wanted / 16)
		pr_warn("only %zu of %zu KiB could be had for the pool; give the domain more memory or lower swiotlb_arm.size\n",
			usage.bytes >> 10, wanted >> 10);
	if (!xadma.can_flush)
		pr_warn("this Xen has no GNTTABOP_cache_flush: other domains' pages are bounced for devices that do not snoop\n");
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

	for (i = 0; started() && xadma.mfn_map && i < nr; i++)
		xadma_mfn_map_forget(xadma.mfn_map, gfns[i]);
}

/* ---- making it ---- */

/* Each kind of domain has its providers; one that refuses is passed over. */
static const struct xadma_provider * const providers_identity[] = {
	&xadma_provider_identity,
};

static const struct xadma_provider * const providers_translated[] = {
	&xadma_provider_exchange,
	&xadma_provider_populate,
	&xadma_provider_discover,
};

static const struct xadma_provider *providers[ARRAY_SIZE(providers_translated) + 1];

static void list_providers(const struct xadma_provider * const *from, unsigned int nr)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++)
		if (!backing || !strcmp(backing, from[i]->name))
			providers[n++] = from[i];
	if (!n)
		pr_warn("swiotlb_arm.backing=%s is none that this kind of domain has; there will be no pool\n",
			backing);
}

static struct xadma_resolver *find_resolver(const char **why)
{
	struct xadma_resolver *t;

	if (PAGE_SIZE != XEN_PAGE_SIZE) {
		*why = "its pages are not of 4 KiB";
		return NULL;
	}
	t = xadma_resolver_create(&xadma_hv_xen);
	if (IS_ERR(t)) {
		*why = PTR_ERR(t) == -ENOMEM ?
		       "there are no unpopulated pages (CONFIG_XEN_UNPOPULATED_ALLOC?)" :
		       "Xen does not tell its own id";
		return NULL;
	}
	if (xadma_resolver_check(t, why)) {
		xadma_resolver_destroy(t);
		return NULL;
	}
	return t;
}

static bool get_ready(struct xadma_setup *setup)
{
	const char *why;

	if (domain_facts.identity) {
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

/* Three quarters of the memory are left to everything else. */
static size_t affordable(size_t bytes)
{
	return min_t(size_t, bytes, totalram_pages() / 4 << PAGE_SHIFT);
}

static bool make_instance(void)
{
	struct xadma_setup setup = {
		.hv = &xadma_hv_xen,
		.providers = providers,
		.size = affordable(size),
		.start = begins_small() ? START : 0,
		.bus_last = bus_last,
		.max = affordable(max_size ?: 4 * size),
		.force = force,
		.configured = xadma_ops_yield,
	};

	if (!get_ready(&setup))
		return false;
	if (xadma_start(&xadma, &setup)) {
		pr_err("there is no memory for the tables; devices without an IOMMU %s\n",
		       setup.resolver ? "cannot be used here" : "are left to swiotlb-xen");
		xadma_resolver_destroy(setup.resolver);
		return false;
	}
	return true;
}

/* Makes the instance, once. Who comes meanwhile waits until it has its pool. */
static bool start(void)
{
	mutex_lock(&start_lock);
	if (state == NOT_HERE || state == WAITING) {
		if (make_instance()) {
			/* From now on frames that go back to Xen are forgotten. */
			smp_store_release(&state, STARTED);
			xadma_provide(&xadma);
			say_what_is();
		} else if (state == WAITING) {
			WRITE_ONCE(state, FAILED);
		}
	}
	mutex_unlock(&start_lock);
	return state == STARTED;
}

/* ---- devices ---- */

/**
 * xadma_claim_of - who does a device's DMA?
 * @dev: the device; its IOMMU is known
 *
 * Context: may sleep, after the initcalls of the architecture.
 * Return: who, and why.
 */
enum xadma_claim xadma_claim_of(struct device *dev)
{
	struct xadma_claim_facts facts = domain_facts;

	facts.iommu = xadma_ops_iommu(dev);
	facts.ops = xadma_ops_others(dev);
	facts.confined = xadma_ops_confined(dev);
	if (!facts.identity) {
		facts.listed = xadma_claim_listed(devices, dev_name(dev));
		facts.property = xadma_claim_property(dev);
	}
	return xadma_claim_decide(&facts);
}

/**
 * swiotlb_arm_setup_dma_ops - a device is being configured for DMA
 * @dev: the device; its dma-ranges, bus limit, coherence and IOMMU are known
 *
 * Context: may sleep; called for each driver that is about to bind.
 * Return: true when it is decided whose its DMA is; false when swiotlb-xen is to be
 *	asked.
 */
bool swiotlb_arm_setup_dma_ops(struct device *dev)
{
	enum xadma_claim claim;

	if (!xadma_is_here())
		return false;
	xadma_dev_watch(dev);
	claim = xadma_claim_of(dev);
	if (xadma_is_claimed(claim) && !start())
		return false;
	/* In a domain that is mapped 1:1 it goes without saying. */
	if (!domain_facts.identity && !xadma_ops_mine(dev))
		xadma_claim_say(dev, claim);
	if (!xadma_is_claimed(claim))
		return true;

	xadma_dev_attach(&xadma, dev);
	xadma_ops_install(dev);
	xadma_serve(dev);
	if (!dev_is_dma_coherent(dev) && xadma.mfn_map)
		xadma_pool_see_uncached(&xadma.pool);
	return true;
}

/* ---- boot ---- */

/* Xen is asked only where its answer decides something. */
static void __init say_who_decides(void)
{
	int iommu = domain_facts.xen_iommu;

	if (!domain_facts.hardware)
		pr_info("domain is not mapped 1:1; a device is ours if xen,dma-addresses in the device tree or swiotlb_arm.devices says so\n");
	else if (iommu < 0)
		pr_warn("domain is not mapped 1:1; Xen does not tell whether it uses an IOMMU (%d): all devices are ours; if it uses one, say swiotlb_arm.devices=none\n",
			iommu);
	else if (iommu)
		pr_info("domain is not mapped 1:1; Xen uses an IOMMU: a device is ours if xen,dma-addresses in the device tree or swiotlb_arm.devices says so\n");
	else
		pr_info("domain is not mapped 1:1; Xen uses no IOMMU: all devices are ours\n");
}

/* As the architecture finds out where its lowest zone ends; only a boot can ask. */
static phys_addr_t __init narrowest_bus(void)
{
	return min(of_dma_get_max_cpu_address(NULL), acpi_iort_dma_get_max_cpu_address());
}

/* Once; at the latest when the kernel's own code asks whether to make its pool. */
static void __init boot(enum xadma_domain domain)
{
	if (off) {
		pr_info("switched off by swiotlb_arm.off\n");
		return;
	}
	bus_last = narrowest_bus();
	domain_facts.identity = domain == XADMA_DOMAIN_IDENTITY;
	if (domain_facts.identity) {
		start();
		return;
	}
	domain_facts.hardware = xadma_hv_xen.hardware();
	if (domain_facts.hardware)
		domain_facts.xen_iommu = xadma_hv_xen.iommu();
	say_who_decides();
	WRITE_ONCE(state, WAITING);
}

static int __init xadma_boot(void)
{
	static bool tried __initdata;
	enum xadma_domain domain = xadma_hv_xen.domain();

	if (!tried && domain != XADMA_DOMAIN_NATIVE)
		boot(domain);
	tried = true;
	return 0;
}
arch_initcall(xadma_boot);

/**
 * swiotlb_arm_early - the kernel is about to make a pool of its own
 *
 * It would take 64 MiB, where there is memory beyond the lowest zone, of which next to
 * nothing would be used. What swiotlb= says on the command line comes first.
 *
 * Context: boot, before there is a page allocator; Xen's features are known.
 */
void __init swiotlb_arm_early(void)
{
	if (!off && xadma_hv_xen.domain() == XADMA_DOMAIN_IDENTITY)
		swiotlb_adjust_size(KERNELS_OWN);
}

/**
 * swiotlb_arm_enabled - is this kernel's DMA ours?
 *
 * Asked by the kernel's own code for Xen before it makes a pool of its own, which
 * would not be used.
 *
 * Context: may sleep; at boot, from the initcalls of the architecture on.
 * Return: true in a 1:1 domain that has been started.
 */
bool __init swiotlb_arm_enabled(void)
{
	xadma_boot();
	return started() && domain_facts.identity;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>

#include "compat.h"
#include "twin.h"

/* ---- the device ---- */

struct twin {
	struct io_tlb_mem mem;
	struct io_tlb_mem *kernels;
	struct device_dma_parameters parms;
	u64 mask;
};

static void twin_end(void *data)
{
	struct device *dev = data;
	struct twin *twin = container_of(dev->dma_io_tlb_mem, struct twin, mem);

	dev->dma_io_tlb_mem = twin->kernels;
	test_set_dma_ranges(NULL, dev, NULL);
	dev->dma_parms = NULL;
	dev->dma_mask = &dev->coherent_dma_mask;
}

/**
 * twin_device - a device whose DMA the stock kernel does
 * @test: the case
 * @kind: what the device is like
 *
 * Return: the device, with a mask of 64 bits.
 */
struct device *twin_device(struct kunit *test, const struct twin_kind *kind)
{
	static unsigned int nth;	/* a bus wants every name but once */
	struct twin *twin;
	struct device *dev;
	char name[32];

	if (IS_ENABLED(CONFIG_SWIOTLB_DYNAMIC))
		kunit_skip(test, "a swiotlb that grows cannot be copied");

	twin = kunit_kzalloc(test, sizeof(*twin), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, twin);
	snprintf(name, sizeof(name), "twin.%u", nth++);
	dev = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	if (!dev->dma_io_tlb_mem || !dev->dma_io_tlb_mem->nslabs)
		kunit_skip(test, "this kernel has no swiotlb");

	twin->kernels = dev->dma_io_tlb_mem;
	twin->mem = *twin->kernels;
	twin->mem.force_bounce = kind->bounces;
	test_swiotlb_forget_used(&twin->mem);
	twin->parms.min_align_mask = kind->align;
	twin->parms.segment_boundary_mask = kind->boundary;
	dev->dma_io_tlb_mem = &twin->mem;
	test_set_dma_ranges(test, dev, kind->map);
	dev->dma_parms = &twin->parms;
	dev->dma_mask = &twin->mask;
	test_set_coherent(dev, kind->coherent);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, twin_end, dev));
	KUNIT_ASSERT_EQ(test, 0,
			dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)));
	return dev;
}

/**
 * twin_bounced - does an address lie in swiotlb?
 * @dev: the twin
 * @dma: an address that the twin was given
 *
 * Return: true when it does.
 */
bool twin_bounced(struct device *dev, dma_addr_t dma)
{
	return test_swiotlb_has(dev, dma_to_phys(dev, dma));
}

/**
 * twin_slots_used - slots of swiotlb that a twin holds
 * @dev: the twin
 *
 * Return: how many; 0 where the kernel does not count them.
 */
unsigned long twin_slots_used(struct device *dev)
{
	return test_swiotlb_used(dev->dma_io_tlb_mem);
}

/* ---- its cache maintenance ---- */

static struct twin_log *watching;
static struct task_struct *watched;

static void note(struct pt_regs *regs, bool to_device)
{
	const struct twin_call call = {
		.phys = regs_get_kernel_argument(regs, 0),
		.size = regs_get_kernel_argument(regs, 1),
		.to_device = to_device,
	};

	if (current != watched || !in_task() || !call.size)
		return;
	if (!to_device && regs_get_kernel_argument(regs, 2) == DMA_TO_DEVICE)
		return;
	if (watching->nr == TWIN_CALLS_MAX)
		watching->lost++;
	else
		watching->call[watching->nr++] = call;
}

static int note_for_device(struct kprobe *probe, struct pt_regs *regs)
{
	note(regs, true);
	return 0;
}

static int note_for_cpu(struct kprobe *probe, struct pt_regs *regs)
{
	note(regs, false);
	return 0;
}

static struct kprobe for_device, for_cpu;

static void observe_end(void *unused)
{
	unregister_kprobe(&for_device);
	unregister_kprobe(&for_cpu);
}

/**
 * twin_observe - observe what the stock kernel does to the caches
 * @test: the case, at whose end that ends
 *
 * Return: a log for twin_watch(); NULL if this kernel cannot be observed.
 */
struct twin_log *twin_observe(struct kunit *test)
{
	struct twin_log *log = kunit_kzalloc(test, sizeof(*log), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, log);
	for_device = (struct kprobe) {
		.symbol_name = "arch_sync_dma_for_device",
		.pre_handler = note_for_device,
	};
	for_cpu = (struct kprobe) {
		.symbol_name = "arch_sync_dma_for_cpu",
		.pre_handler = note_for_cpu,
	};
	if (register_kprobe(&for_device))
		return NULL;
	if (register_kprobe(&for_cpu)) {
		unregister_kprobe(&for_device);
		return NULL;
	}
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, observe_end, NULL));
	return log;
}

/**
 * twin_watch - log the cache maintenance that this task causes from now on
 * @log: where, emptied first; NULL for nowhere
 */
void twin_watch(struct twin_log *log)
{
	if (!log)
		return;
	log->nr = 0;
	log->lost = 0;
	watching = log;
	WRITE_ONCE(watched, current);
}

/**
 * twin_unwatch - log no more
 */
void twin_unwatch(void)
{
	WRITE_ONCE(watched, NULL);
}

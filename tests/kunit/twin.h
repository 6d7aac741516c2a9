/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * twin: a device whose DMA the stock kernel does, by dma-direct and swiotlb.
 *
 * A twin has no dma_ops. One that bounces does so through the kernel's own
 * swiotlb: the device gets a copy of the kernel's struct io_tlb_mem with
 * force_bounce set, which leaves all other devices alone. The slots and their
 * locks are the kernel's.
 *
 * The cache maintenance that the stock kernel does for a twin is observed by
 * kprobes at arch_sync_dma_for_device() and arch_sync_dma_for_cpu().
 */
#ifndef _XADMA_TEST_TWIN_H
#define _XADMA_TEST_TWIN_H

#include <kunit/test.h>

#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/types.h>

/**
 * struct twin_kind - what a twin is like
 * @bounces:  all its streaming buffers go through swiotlb
 * @coherent: it snoops
 * @align:    its min_align_mask
 * @boundary: its segment boundary mask; 0 for none
 * @map:      its dma-ranges, or NULL
 */
struct twin_kind {
	bool bounces;
	bool coherent;
	unsigned int align;
	unsigned long boundary;
	const struct bus_dma_region *map;
};

/**
 * struct twin_call - cache maintenance that the stock kernel did
 * @phys:      physical address
 * @size:      bytes
 * @to_device: before the device, by arch_sync_dma_for_device(); otherwise
 *	before the CPU, by arch_sync_dma_for_cpu()
 */
struct twin_call {
	phys_addr_t phys;
	size_t size;
	bool to_device;
};

#define TWIN_CALLS_MAX	64

/**
 * struct twin_log - the cache maintenance since twin_watch()
 * @nr:   how many calls
 * @lost: calls that had no room
 * @call: the calls, in order, without those that do nothing: before the CPU
 *	in direction DMA_TO_DEVICE, and of no bytes
 */
struct twin_log {
	unsigned int nr;
	unsigned int lost;
	struct twin_call call[TWIN_CALLS_MAX];
};

/* A device on dma-direct; the case is skipped where swiotlb cannot be copied. */
struct device *twin_device(struct kunit *test, const struct twin_kind *kind);

/* Is that address in swiotlb? */
bool twin_bounced(struct device *dev, dma_addr_t dma);

/* Slots of swiotlb that the twin holds. */
unsigned long twin_slots_used(struct device *dev);

/* Observe until the end of the case; NULL where this kernel has no kprobes. */
struct twin_log *twin_observe(struct kunit *test);

/* From here on what this task has maintained is logged, or no more. */
void twin_watch(struct twin_log *log);
void twin_unwatch(void);

#endif /* _XADMA_TEST_TWIN_H */

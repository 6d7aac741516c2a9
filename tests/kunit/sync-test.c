// SPDX-License-Identifier: GPL-2.0-only
/*
 * sync: a part of a mapping changes hands, and nothing else moves.
 */
#include <kunit/test.h>

#include <linux/dma-map-ops.h>
#include <linux/string.h>

#include "kinds.h"

static const struct sync {
	enum dma_data_direction dir;
	bool reaches_cpu;	/* after a sync for the CPU */
	bool reaches_device;	/* after a sync for the device */
} syncs[] = {
	{ DMA_TO_DEVICE, false, true },
	{ DMA_FROM_DEVICE, true, false },
	{ DMA_BIDIRECTIONAL, true, true },
};

/* A sync of a part of the buffer moves that part and nothing else. */
static void sync_moves_its_part_and_nothing_else(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	u8 *buf = page_address(test_pages(test, 1));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(syncs); i++) {
		const struct sync *s = &syncs[i];
		dma_addr_t dma;
		u8 *view;

		dma = xadma_map(dev, virt_to_phys(buf), 6000, s->dir, 0);
		view = fake_device_view(dev, dma);
		KUNIT_ASSERT_NOT_NULL(test, view);

		memset(buf, 'c', 6000);
		memset(view, 'd', 6000);
		xadma_sync_for_cpu(dev, dma + 2000, 500, s->dir);
		KUNIT_EXPECT_NULL(test, memchr_inv(buf, 'c', 2000));
		KUNIT_EXPECT_NULL(test, memchr_inv(buf + 2000,
						   s->reaches_cpu ? 'd' : 'c',
						   500));
		KUNIT_EXPECT_NULL(test, memchr_inv(buf + 2500, 'c', 3500));

		memset(buf, 'c', 6000);
		xadma_sync_for_device(dev, dma + 2000, 500, s->dir);
		KUNIT_EXPECT_NULL(test, memchr_inv(view, 'd', 2000));
		KUNIT_EXPECT_NULL(test, memchr_inv(view + 2000,
						   s->reaches_device ? 'c' : 'd',
						   500));
		KUNIT_EXPECT_NULL(test, memchr_inv(view + 2500, 'd', 3500));
		xadma_unmap(dev, dma, 6000, s->dir, 0);
	}
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_SYNCS), 6);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
}

static void sync_beyond_the_mapping_moves_what_was_mapped(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	u8 *buf = page_address(test_pages(test, 0));
	dma_addr_t dma;
	u8 *view;

	memset(buf, 0x2a, PAGE_SIZE);
	dma = xadma_map(dev, virt_to_phys(buf), 100, DMA_BIDIRECTIONAL, 0);
	view = fake_device_view(dev, dma);
	KUNIT_ASSERT_NOT_NULL(test, view);
	memset(view, 0x99, XADMA_SLOT_SIZE);
	xadma_sync_for_cpu(dev, dma, 101, DMA_BIDIRECTIONAL);
	xadma_sync_for_cpu(dev, dma + 100, 1, DMA_BIDIRECTIONAL);
	xadma_sync_for_cpu(dev, dma + XADMA_SLOT_SIZE, 1, DMA_BIDIRECTIONAL);
	xadma_sync_for_cpu(dev, dma, 100, DMA_NONE);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 4);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0x99, 100));
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + 100, 0x2a, PAGE_SIZE - 100));
	memset(buf, 0x2b, PAGE_SIZE);
	xadma_sync_for_device(dev, dma, 101, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 5);
	KUNIT_EXPECT_NULL(test, memchr_inv(view, 0x2b, 100));
	KUNIT_EXPECT_NULL(test, memchr_inv(view + 100, 0x99, XADMA_SLOT_SIZE - 100));
	xadma_sync_for_cpu(dev, dma, 0, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 5);
	xadma_unmap(dev, dma, 100, DMA_BIDIRECTIONAL, 0);
}

static struct kunit_case sync_cases[] = {
	KUNIT_CASE(sync_moves_its_part_and_nothing_else),
	KUNIT_CASE(sync_beyond_the_mapping_moves_what_was_mapped),
	{}
};

static struct kunit_suite sync_suite = {
	.name = "swiotlb-arm-sync",
	.test_cases = sync_cases,
};

kunit_test_suite(sync_suite);

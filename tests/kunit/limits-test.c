// SPDX-License-Identifier: GPL-2.0-only
/*
 * limits: what drivers are told of their devices, and what is got ready for them.
 */
#include <kunit/test.h>

#include <linux/dma-map-ops.h>

#include "kinds.h"

/* ---- what a device is told ---- */

static void mask_is_supported_if_some_of_the_pool_is_driven(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &snooper);
	unsigned int gets = world->provider->gets;

	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, DMA_BIT_MASK(64)));
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, DMA_BIT_MASK(32)));
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, FAKE_MACHINE + SZ_1M - 1));
	KUNIT_EXPECT_EQ(test, world->provider->gets, gets);

	/* Below the pool there is nothing; the provider is asked, and says so. */
	KUNIT_EXPECT_FALSE(test, xadma_supported(dev, NOTHING));
	KUNIT_EXPECT_FALSE(test, xadma_supported(dev, 1));
	KUNIT_EXPECT_GT(test, world->provider->gets, gets);
}

/* The pool lies too high for the device: it is given a piece that it reaches. */
static void narrow_mask_gets_a_chunk(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &snooper);
	u64 mask = SZ_128M - 1;

	world->provider->next = SZ_64M;
	*dev->dma_mask = mask;
	KUNIT_EXPECT_EQ(test, xadma_max_mapping_size(dev), PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, mask));
	KUNIT_EXPECT_EQ(test, xadma_max_mapping_size(dev), SZ_256K);
	KUNIT_EXPECT_EQ(test, xadma_pool_usage(&world->xadma.pool).bytes,
			SZ_1M + SZ_256K);
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, mask));
	KUNIT_EXPECT_EQ(test, xadma_pool_usage(&world->xadma.pool).chunks, 2);
}

static const struct told {
	const struct fake_kind *kind;
	bool force;
	size_t longest;
	u64 required;
} told[] = {
	{ &snooper, false, SIZE_MAX, DMA_BIT_MASK(41) },
	{ &noncoherent, false, SIZE_MAX, DMA_BIT_MASK(41) },
	{ &offset, false, SIZE_MAX, DMA_BIT_MASK(44) },
	{ &snooper, true, SZ_1M, DMA_BIT_MASK(41) },
	{ &own_ram, false, SZ_1M, DMA_BIT_MASK(41) },
	{ &narrow, false, SZ_1M, DMA_BIT_MASK(41) },
	{ &narrow_bus, false, SZ_1M, DMA_BIT_MASK(41) },
	{ &picky, false, SZ_1M - SZ_4K, DMA_BIT_MASK(41) },
	{ &blind, false, PAGE_SIZE, DMA_BIT_MASK(41) },
};

static void max_mapping_size_and_required_mask_are_true(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(told); i++) {
		const struct told *t = &told[i];
		struct device *dev = fake_device(test, &world->xadma, t->kind);

		world->xadma.force = t->force;
		xadma_dev_configure(dev);
		KUNIT_EXPECT_EQ_MSG(test, xadma_max_mapping_size(dev), t->longest,
				    "%s", t->kind->name);
		KUNIT_EXPECT_EQ_MSG(test, xadma_required_mask(dev), t->required,
				    "%s", t->kind->name);
	}
}

static struct kunit_case limits_cases[] = {
	KUNIT_CASE(mask_is_supported_if_some_of_the_pool_is_driven),
	KUNIT_CASE(narrow_mask_gets_a_chunk),
	KUNIT_CASE(max_mapping_size_and_required_mask_are_true),
	{}
};

static struct kunit_suite limits_suite = {
	.name = "swiotlb-arm-limits",
	.test_cases = limits_cases,
};

kunit_test_suite(limits_suite);

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

/* ---- how large the pool is, and where ---- */

static size_t bytes(struct fake_world *world)
{
	return xadma_pool_usage(&world->xadma.pool).bytes;
}

/* A megabyte when somebody needs it, in pieces of what it begins with. */
static struct fake_world *small_world(struct kunit *test, phys_addr_t bus_last)
{
	struct fake_world *world = fake_world_of(test, (struct xadma_setup){
		.size = SZ_1M, .start = SZ_64K, .bus_last = bus_last,
	}, FAKE_MACHINE);

	world->provider->largest = SZ_64K;
	return world;
}

static void pool_stays_small_until_a_driver_needs_it(struct kunit *test)
{
	struct fake_world *world = small_world(test, 0);
	struct device *wide = fake_device(test, &world->xadma, &snooper);
	struct device *few = fake_device(test, &world->xadma, &narrow);

	KUNIT_EXPECT_EQ(test, bytes(world), SZ_64K);
	KUNIT_EXPECT_TRUE(test, xadma_supported(wide, DMA_BIT_MASK(64)));
	/* Nearly every device is made with a mask of 32 bits, which means nothing. */
	xadma_serve(few);
	KUNIT_EXPECT_EQ(test, bytes(world), SZ_64K);

	/* It bounces other domains' pages, if there ever are any. */
	KUNIT_EXPECT_TRUE(test, xadma_supported(wide, OWN_RAM));
	KUNIT_EXPECT_EQ(test, bytes(world), SZ_128K);

	KUNIT_EXPECT_TRUE(test, xadma_supported(few, POOL_ONLY));
	KUNIT_EXPECT_EQ(test, bytes(world), SZ_1M);
	KUNIT_EXPECT_TRUE(test, xadma_supported(few, POOL_ONLY));
	KUNIT_EXPECT_EQ(test, bytes(world), SZ_1M);
}

static void small_buffer_of_a_noncoherent_device_needs_no_more(struct kunit *test)
{
	struct fake_world *world = small_world(test, 0);
	struct device *dev = fake_device(test, &world->xadma, &noncoherent);

	xadma_serve(dev);
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, DMA_BIT_MASK(64)));
	KUNIT_EXPECT_EQ(test, bytes(world), SZ_64K);
}

static void pool_that_cannot_be_filled_serves_as_it_is(struct kunit *test)
{
	struct fake_world *world = small_world(test, 0);
	struct device *dev = fake_device(test, &world->xadma, &narrow);

	world->provider->refuse_at = 3;
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, POOL_ONLY));
	KUNIT_EXPECT_EQ(test, bytes(world), 3 * SZ_64K);
	/* The next driver's mask is another chance. */
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, POOL_ONLY));
	KUNIT_EXPECT_EQ(test, bytes(world), SZ_1M);
}

/* Where the narrowest bus ends, and where the pool may begin and grow for it. */
static const struct placed {
	const char *what;
	phys_addr_t bus_last;
	phys_addr_t within;
} placed[] = {
	{ "no bus is narrow", 0, DMA_BIT_MASK(32) },
	{ "all reach more than 4 GiB", SZ_16G - 1, DMA_BIT_MASK(32) },
	{ "one reaches a bit of the memory", FAKE_MACHINE + SZ_64K - 1,
	  FAKE_MACHINE + SZ_64K - 1 },
	{ "one reaches less than the pool begins with", FAKE_MACHINE + SZ_32K - 1,
	  DMA_BIT_MASK(32) },
	{ "one reaches no memory", NOTHING, DMA_BIT_MASK(32) },
};

KUNIT_ARRAY_PARAM_DESC(placed, placed, what);

static void pool_lies_where_the_narrowest_bus_reaches(struct kunit *test)
{
	const struct placed *p = test->param_value;
	struct fake_world *world = small_world(test, p->bus_last);
	struct xadma_pool *pool = &world->xadma.pool;

	KUNIT_EXPECT_EQ(test, bytes(world), SZ_64K);
	KUNIT_EXPECT_LE(test, pool->highest, p->within);
	KUNIT_EXPECT_EQ(test, pool->resize.within.last, p->within);
}

/* The narrowest bus has its share of memory; a wider one does not take it all. */
static void device_on_a_wider_bus_gets_what_it_reaches_beyond(struct kunit *test)
{
	struct fake_world *world = small_world(test, FAKE_MACHINE + SZ_64K - 1);
	struct device *wider = fake_device(test, &world->xadma, &narrow);
	struct device *least = fake_device(test, &world->xadma, &snooper);
	u64 mask = FAKE_MACHINE + SZ_64K - 1;

	KUNIT_EXPECT_TRUE(test, xadma_supported(least, mask));
	KUNIT_EXPECT_EQ(test, bytes(world), SZ_64K);
	KUNIT_EXPECT_TRUE(test, xadma_supported(wider, POOL_ONLY));
	KUNIT_EXPECT_EQ(test, bytes(world), SZ_1M);
	KUNIT_EXPECT_EQ(test, xadma_pool_driven(&world->xadma.pool, &xadma_windows_none,
						POOL_ONLY), SZ_1M);
	KUNIT_EXPECT_EQ(test, xadma_pool_driven(&world->xadma.pool, &xadma_windows_none,
						mask), SZ_64K);
}

static struct kunit_case limits_cases[] = {
	KUNIT_CASE(pool_stays_small_until_a_driver_needs_it),
	KUNIT_CASE(small_buffer_of_a_noncoherent_device_needs_no_more),
	KUNIT_CASE(pool_that_cannot_be_filled_serves_as_it_is),
	KUNIT_CASE_PARAM(pool_lies_where_the_narrowest_bus_reaches, placed_gen_params),
	KUNIT_CASE(device_on_a_wider_bus_gets_what_it_reaches_beyond),
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * reach: masks, bus limits and dma-ranges, to the byte.
 */
#include <kunit/test.h>

#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../window.h"

/* Two windows that are neighbours for the bus but not for the machine... */
static const struct bus_dma_region apart[] = {
	{ .cpu_start = SZ_1G, .dma_start = 0, .size = SZ_256M },
	{ .cpu_start = SZ_4G, .dma_start = SZ_256M, .size = SZ_512M },
	{}
};

/* ... and for the machine but not for the bus. */
static const struct bus_dma_region split[] = {
	{ .cpu_start = SZ_1G, .dma_start = SZ_1G, .size = SZ_256M },
	{ .cpu_start = SZ_1G + SZ_256M, .dma_start = SZ_4G, .size = SZ_256M },
	{}
};

/* Both shift alike: with a gap between them, and without. */
static const struct bus_dma_region gap[] = {
	{ .cpu_start = SZ_1G, .dma_start = 0, .size = SZ_256M },
	{ .cpu_start = SZ_1G + SZ_512M, .dma_start = SZ_512M, .size = SZ_256M },
	{}
};

static const struct bus_dma_region meeting[] = {
	{ .cpu_start = SZ_1G + SZ_256M, .dma_start = SZ_256M, .size = SZ_256M },
	{ .cpu_start = SZ_1G, .dma_start = 0, .size = SZ_256M },
	{}
};

static const struct bus_dma_region nothing[] = { {} };

#define ALL	DMA_BIT_MASK(64)

static const struct question {
	const char *what;
	const struct bus_dma_region *map;
	u64 limit;
	phys_addr_t maddr;
	size_t size;
	bool yes;
} questions[] = {
	{ "first byte", NULL, DMA_BIT_MASK(32), 0, 1, true },
	{ "last byte", NULL, DMA_BIT_MASK(32), SZ_4G - 1, 1, true },
	{ "beyond", NULL, DMA_BIT_MASK(32), SZ_4G, 1, false },
	{ "up to the end", NULL, DMA_BIT_MASK(32), SZ_4G - SZ_4K, SZ_4K, true },
	{ "over the end", NULL, DMA_BIT_MASK(32), SZ_4G - SZ_4K, SZ_4K + 1, false },
	{ "odd limit", NULL, 12345, 12340, 6, true },
	{ "over an odd limit", NULL, 12345, 12340, 7, false },
	{ "end of the world", NULL, ALL, -1ULL, 1, true },
	{ "no window", nothing, ALL, 0, 1, false },
	{ "window's first", apart, ALL, SZ_1G, 1, true },
	{ "before the window", apart, ALL, SZ_1G - 1, 1, false },
	{ "into the window", apart, ALL, SZ_1G - 1, 2, false },
	{ "window's last", apart, ALL, SZ_1G + SZ_256M - 1, 1, true },
	{ "out of the window", apart, ALL, SZ_1G + SZ_256M - 1, 2, false },
	{ "whole window", apart, ALL, SZ_1G, SZ_256M, true },
	{ "over the hole", apart, ALL, SZ_1G, SZ_4G, false },
	{ "second window", apart, ALL, SZ_4G, SZ_512M, true },
	{ "second window's limit", apart, SZ_256M + SZ_4K - 1, SZ_4G, SZ_4K, true },
	{ "over its limit", apart, SZ_256M + SZ_4K - 1, SZ_4G, SZ_4K + 1, false },
	{ "limit below it", apart, SZ_256M - 1, SZ_4G, 1, false },
	{ "neighbours, split on the bus", split, ALL, SZ_1G + SZ_256M - 1, 2,
	  false },
	{ "over the gap", gap, ALL, SZ_1G, SZ_512M + 1, false },
	{ "over the gap into the window", gap, ALL, SZ_1G, SZ_512M + SZ_256M, false },
	{ "into the gap", gap, ALL, SZ_1G, SZ_256M + 1, false },
	{ "in the gap", gap, ALL, SZ_1G + SZ_256M, 1, false },
	{ "both that meet", meeting, ALL, SZ_1G, SZ_512M, true },
	{ "more than both", meeting, ALL, SZ_1G, SZ_512M + 1, false },
	{ "both, up to the limit", meeting, SZ_256M, SZ_1G, SZ_256M + 1, true },
	{ "both, over the limit", meeting, SZ_256M, SZ_1G, SZ_256M + 2, false },
	{ "each of them", split, ALL, SZ_1G + SZ_256M, SZ_256M, true },
};

static void question_case(struct kunit *test)
{
	const struct question *q = test->param_value;
	struct device *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	struct xadma_reacher who;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->dma_range_map = q->map;
	who = xadma_reacher(dev, q->limit);
	KUNIT_EXPECT_EQ(test, xadma_reaches(dev, q->limit, q->maddr, q->size),
			q->yes);
	KUNIT_EXPECT_EQ(test, xadma_reacher_asks(&who, q->maddr, q->size), q->yes);
}

static void question_name(const struct question *q, char *desc)
{
	strscpy(desc, q->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(question, questions, question_name);

static void limits(struct kunit *test)
{
	struct device *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_EXPECT_EQ(test, xadma_limit(dev, ALL), ALL);
	KUNIT_EXPECT_EQ(test, xadma_limit(dev, 77), 77);
	dev->bus_dma_limit = SZ_1G;
	KUNIT_EXPECT_EQ(test, xadma_limit(dev, ALL), SZ_1G);
	KUNIT_EXPECT_EQ(test, xadma_limit(dev, 77), 77);
	KUNIT_EXPECT_EQ(test, xadma_reacher(dev, ALL).limit, SZ_1G);
	KUNIT_EXPECT_PTR_EQ(test, xadma_reacher(dev, ALL).dev, dev);
}

static const struct best {
	const struct bus_dma_region *map;
	u64 limit;
	phys_addr_t first;
	size_t size;
} bests[] = {
	{ NULL, DMA_BIT_MASK(32), 0, SZ_4G },
	{ NULL, 12345, 0, 12346 },
	{ nothing, ALL, 0, 0 },
	{ apart, ALL, SZ_4G, SZ_512M },
	{ apart, SZ_256M + SZ_512M - 1, SZ_4G, SZ_512M },
	{ apart, SZ_512M - 1, SZ_1G, SZ_256M },
	{ apart, SZ_512M, SZ_4G, SZ_256M + 1 },
	{ apart, SZ_4K - 1, SZ_1G, SZ_4K },
	{ split, SZ_1G - 1, 0, 0 },
	{ split, SZ_1G, SZ_1G, 1 },
};

/* The window is as long as it should be, and the device reaches all of it. */
static void best_windows(struct kunit *test)
{
	struct device *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	for (i = 0; i < ARRAY_SIZE(bests); i++) {
		const struct best *b = &bests[i];
		struct xadma_window w;

		dev->dma_range_map = b->map;
		w = xadma_best_window(dev, b->limit);
		if (!b->size) {
			KUNIT_EXPECT_LT(test, w.last, w.first);
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, w.first, b->first, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, w.last - w.first + 1, b->size,
				    "row %u", i);
		KUNIT_EXPECT_TRUE(test, xadma_reaches(dev, b->limit, w.first,
						      b->size));
		KUNIT_EXPECT_FALSE(test, xadma_reaches(dev, b->limit, w.first,
						       b->size + 1));
	}
}

/* ---- every range of a small world, against asking for each of its units ---- */

#define UNIT	SZ_64M

/* Where a unit is on the bus; -1 when it is nowhere. */
static s64 on_bus(const struct bus_dma_region *map, phys_addr_t maddr)
{
	for (; map->size; map++)
		if (maddr >= map->cpu_start &&
		    maddr - map->cpu_start < map->size)
			return maddr - map->cpu_start + map->dma_start;
	return -1;
}

static bool each_unit(const struct bus_dma_region *map, u64 limit,
		      phys_addr_t maddr, unsigned int units)
{
	s64 first = on_bus(map, maddr);
	unsigned int i;

	for (i = 0; i < units; i++) {
		s64 at = on_bus(map, maddr + i * UNIT);

		if (at < 0 || at != first + i * UNIT || at + UNIT - 1 > limit)
			return false;
	}
	return true;
}

static void small_world(struct kunit *test)
{
	struct device *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	const struct bus_dma_region *maps[] = { apart, split, gap, meeting };
	unsigned int m, limit, at, units;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	for (m = 0; m < ARRAY_SIZE(maps); m++) {
		dev->dma_range_map = maps[m];
		for (limit = 1; limit <= 80; limit++)
			for (at = 12; at < 84; at++)
				for (units = 1; units <= 10; units++)
					KUNIT_ASSERT_EQ(test,
							each_unit(maps[m], (u64)limit * UNIT - 1,
								  (phys_addr_t)at * UNIT, units),
							xadma_reaches(dev, (u64)limit * UNIT - 1,
								      (phys_addr_t)at * UNIT,
								      (size_t)units * UNIT));
	}
}

static struct kunit_case reach_cases[] = {
	KUNIT_CASE_PARAM(question_case, question_gen_params),
	KUNIT_CASE(limits),
	KUNIT_CASE(best_windows),
	KUNIT_CASE(small_world),
	{}
};

static struct kunit_suite reach_suite = {
	.name = "swiotlb-arm-window",
	.test_cases = reach_cases,
};

kunit_test_suite(reach_suite);

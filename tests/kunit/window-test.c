// SPDX-License-Identifier: GPL-2.0-only
/*
 * window: limits and dma-ranges, to the byte.
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

static bool drive(const struct bus_dma_region *map, u64 limit, phys_addr_t maddr,
		  size_t size)
{
	dma_addr_t dma;

	return xadma_windows_drive(xadma_windows_of(map, GFP_KERNEL), limit, maddr, size,
				   &dma);
}

static void question_case(struct kunit *test)
{
	const struct question *q = test->param_value;

	KUNIT_EXPECT_EQ(test, drive(q->map, q->limit, q->maddr, q->size), q->yes);
}

static void question_name(const struct question *q, char *desc)
{
	strscpy(desc, q->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(question, questions, question_name);

/* One set for each distinct map, whoever made the map and however often. */
static void sets_are_kept_once(struct kunit *test)
{
	struct bus_dma_region copy[ARRAY_SIZE(apart)];

	memcpy(copy, apart, sizeof(apart));
	KUNIT_EXPECT_PTR_EQ(test, xadma_windows_of(NULL, GFP_KERNEL),
			    &xadma_windows_none);
	KUNIT_EXPECT_PTR_EQ(test, xadma_windows_of(copy, GFP_KERNEL),
			    xadma_windows_of(apart, GFP_KERNEL));
	copy[1].dma_start++;
	KUNIT_EXPECT_PTR_NE(test, xadma_windows_of(copy, GFP_KERNEL),
			    xadma_windows_of(apart, GFP_KERNEL));
	copy[1] = (struct bus_dma_region){};
	KUNIT_EXPECT_PTR_NE(test, xadma_windows_of(copy, GFP_KERNEL),
			    xadma_windows_of(apart, GFP_KERNEL));
}

/* i.MX8M and R-Car: not from 0 on, and nothing is shifted; in two parts, too. */
static const struct bus_dma_region from_1g[] = {
	{ .cpu_start = SZ_1G, .dma_start = SZ_1G, .size = SZ_2G },
	{}
};

static const struct bus_dma_region two_parts[] = {
	{ .cpu_start = SZ_2G, .dma_start = SZ_2G, .size = SZ_1G },
	{ .cpu_start = SZ_1G, .dma_start = SZ_1G, .size = SZ_1G },
	{}
};

static const struct bus_dma_region mixed[] = {
	{ .cpu_start = 0, .dma_start = 0, .size = SZ_1G },
	{ .cpu_start = SZ_4G, .dma_start = SZ_1G, .size = SZ_2G },
	{ .cpu_start = SZ_2G, .dma_start = SZ_4G, .size = SZ_1G },
	{}
};

/* The second window has a part that the first one counts for. */
static const struct bus_dma_region overlap[] = {
	{ .cpu_start = SZ_1G, .dma_start = SZ_4G, .size = SZ_1G },
	{ .cpu_start = 0, .dma_start = 0, .size = SZ_2G },
	{}
};

/* Two machine addresses, one address of the device. */
static const struct bus_dma_region alias[] = {
	{ .cpu_start = SZ_4G, .dma_start = 0, .size = SZ_1G },
	{ .cpu_start = 0, .dma_start = 0, .size = SZ_1G },
	{}
};

static const struct unshifted {
	const struct bus_dma_region *map;
	u64 limit;
	phys_addr_t first;
	size_t size;
} unshifted_rows[] = {
	{ NULL, ALL, 0, BIT(63) },
	{ NULL, DMA_BIT_MASK(32), 0, SZ_4G },
	{ from_1g, ALL, SZ_1G, SZ_2G },
	{ from_1g, SZ_2G - 1, SZ_1G, SZ_1G },
	{ from_1g, SZ_1G - 1, 0, 0 },
	{ two_parts, ALL, SZ_1G, SZ_2G },
	{ two_parts, SZ_2G, SZ_1G, SZ_1G + 1 },
	{ mixed, ALL, 0, SZ_1G },
	{ overlap, ALL, 0, 0 },
	{ alias, ALL, 0, 0 },
	{ apart, ALL, 0, 0 },
	{ split, ALL, SZ_1G, SZ_256M },
	{ nothing, ALL, 0, 0 },
};

static void unshifted_range_is_the_widest(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unshifted_rows); i++) {
		const struct unshifted *u = &unshifted_rows[i];
		struct xadma_range range;

		range = xadma_windows_unshifted(xadma_windows_of(u->map, GFP_KERNEL),
						u->limit);
		if (!u->size) {
			KUNIT_EXPECT_TRUE_MSG(test, xadma_range_empty(range),
					      "row %u", i);
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, range.first, u->first, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, range.last - range.first + 1, u->size,
				    "row %u", i);
	}
}

static const struct part {
	const struct bus_dma_region *map;
	unsigned int nth;
	u64 limit;
	phys_addr_t first;
	size_t size;
} parts[] = {
	{ apart, 0, ALL, SZ_1G, SZ_256M },
	{ apart, 1, ALL, SZ_4G, SZ_512M },
	{ apart, 1, SZ_512M, SZ_4G, SZ_256M + 1 },
	{ apart, 1, SZ_256M - 1, 0, 0 },
	{ apart, 0, SZ_4K - 1, SZ_1G, SZ_4K },
	{ split, 0, SZ_1G - 1, 0, 0 },
	{ split, 0, SZ_1G, SZ_1G, 1 },
	{ overlap, 0, ALL, SZ_1G, SZ_1G },
	{ overlap, 1, ALL, 0, 0 },
	{ alias, 1, ALL, 0, 0 },
};

/* What is left of a window is driven, to the byte. */
static void limit_leaves_a_part_of_a_window(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct part *p = &parts[i];
		struct xadma_range range;

		range = xadma_windows_range(xadma_windows_of(p->map, GFP_KERNEL), p->nth,
					    p->limit);
		if (!p->size) {
			KUNIT_EXPECT_TRUE_MSG(test, xadma_range_empty(range),
					      "row %u", i);
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, range.first, p->first, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, range.last - range.first + 1, p->size,
				    "row %u", i);
		KUNIT_EXPECT_TRUE(test, drive(p->map, p->limit, range.first, p->size));
	}
}

/* Every address that a device is told leads back to where it came from. */
static void addresses_lead_back(struct kunit *test)
{
	const struct bus_dma_region *maps[] = {
		NULL, apart, split, gap, meeting, from_1g, two_parts, mixed,
	};
	phys_addr_t maddr;
	dma_addr_t dma;
	unsigned int m;

	for (m = 0; m < ARRAY_SIZE(maps); m++) {
		const struct xadma_windows *w = xadma_windows_of(maps[m], GFP_KERNEL);

		for (maddr = 0; maddr < SZ_8G; maddr += SZ_128M - 1)
			if (xadma_windows_drive(w, ALL, maddr, 1, &dma))
				KUNIT_EXPECT_EQ(test, xadma_windows_maddr(w, dma),
						maddr);
	}
	KUNIT_EXPECT_EQ(test, xadma_windows_maddr(xadma_windows_of(apart, GFP_KERNEL),
						  SZ_1G), (phys_addr_t)-1);
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
	const struct bus_dma_region *maps[] = { apart, split, gap, meeting };
	unsigned int m, limit, at, units;

	for (m = 0; m < ARRAY_SIZE(maps); m++) {
		for (limit = 1; limit <= 80; limit++)
			for (at = 12; at < 84; at++)
				for (units = 1; units <= 10; units++)
					KUNIT_ASSERT_EQ(test,
							each_unit(maps[m], (u64)limit * UNIT - 1,
								  (phys_addr_t)at * UNIT, units),
							drive(maps[m], (u64)limit * UNIT - 1,
							      (phys_addr_t)at * UNIT,
							      (size_t)units * UNIT));
	}
}

static struct kunit_case window_cases[] = {
	KUNIT_CASE_PARAM(question_case, question_gen_params),
	KUNIT_CASE(sets_are_kept_once),
	KUNIT_CASE(unshifted_range_is_the_widest),
	KUNIT_CASE(limit_leaves_a_part_of_a_window),
	KUNIT_CASE(addresses_lead_back),
	KUNIT_CASE(small_world),
	{}
};

static struct kunit_suite window_suite = {
	.name = "swiotlb-arm-window",
	.test_cases = window_cases,
};

kunit_test_suite(window_suite);

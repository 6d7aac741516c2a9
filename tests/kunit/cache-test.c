// SPDX-License-Identifier: GPL-2.0-only
/*
 * cache: which ranges, which way, in how many hypercalls.
 */
#include <kunit/test.h>

#include <linux/io.h>
#include <linux/mm.h>
#include <linux/string.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>

#include "../cache.h"
#include "helpers.h"

#define FRAMES	128
#define MACHINE	((phys_addr_t)FAKE_FOREIGN_MFN << XEN_PAGE_SHIFT)

static struct fake_hv *hv_with_grants(struct kunit *test)
{
	struct fake_hv *fake = fake_hv_start(test);

	fake->last_byte = 2 * MACHINE;
	fake_hv_grant(fake, FAKE_FOREIGN_MFN, FRAMES + 1);
	return fake;
}

static struct swarm_range foreign(phys_addr_t at, size_t size)
{
	return (struct swarm_range) {
		.maddr = MACHINE + at, .size = size, .foreign = true,
	};
}

/* ---- who does what ---- */

static const struct row {
	const char *what;
	bool foreign, to_cpu;
	enum dma_data_direction dir;
	bool done;
	enum fake_verb verb;
	u32 op;
} rows[] = {
	{ "ours, to device", false, false, DMA_TO_DEVICE, true, FAKE_CLEAN },
	{ "ours, from device", false, false, DMA_FROM_DEVICE, true, FAKE_CLEAN },
	{ "ours, both ways", false, false, DMA_BIDIRECTIONAL, true, FAKE_CLEAN },
	{ "ours, to device, back", false, true, DMA_TO_DEVICE, false },
	{ "ours, from device, back", false, true, DMA_FROM_DEVICE, true,
	  FAKE_INVAL },
	{ "ours, both ways, back", false, true, DMA_BIDIRECTIONAL, true,
	  FAKE_INVAL },
	{ "foreign, to device", true, false, DMA_TO_DEVICE, true, FAKE_FLUSH,
	  GNTTAB_CACHE_CLEAN },
	{ "foreign, from device", true, false, DMA_FROM_DEVICE, true, FAKE_FLUSH,
	  GNTTAB_CACHE_CLEAN },
	{ "foreign, both ways", true, false, DMA_BIDIRECTIONAL, true, FAKE_FLUSH,
	  GNTTAB_CACHE_CLEAN },
	{ "foreign, to device, back", true, true, DMA_TO_DEVICE, false },
	{ "foreign, from device, back", true, true, DMA_FROM_DEVICE, true,
	  FAKE_FLUSH, GNTTAB_CACHE_INVAL },
	{ "foreign, both ways, back", true, true, DMA_BIDIRECTIONAL, true,
	  FAKE_FLUSH, GNTTAB_CACHE_INVAL },
};

static void row_case(struct kunit *test)
{
	const struct row *row = test->param_value;
	struct fake_hv *fake = hv_with_grants(test);
	struct swarm_range range = foreign(0x123, 0x456);
	phys_addr_t at = range.maddr;

	if (!row->foreign) {
		at = page_to_phys(test_pages(test, 0)) + 0x123;
		range.foreign = false;
		range.phys = at;
		range.maddr = -1ULL;
	}
	KUNIT_EXPECT_EQ(test, 0, row->to_cpu ?
			swarm_cache_to_cpu(&swarm_hv_fake, &range, row->dir) :
			swarm_cache_to_device(&swarm_hv_fake, &range, row->dir));
	KUNIT_ASSERT_EQ(test, fake->calls, row->done);
	KUNIT_EXPECT_EQ(test, fake->hypercalls, row->done && row->foreign);
	if (!row->done)
		return;
	KUNIT_EXPECT_EQ(test, fake->log[0].verb, row->verb);
	KUNIT_EXPECT_EQ(test, fake->log[0].addr, at);
	KUNIT_EXPECT_EQ(test, fake->log[0].size, 0x456);
	KUNIT_EXPECT_EQ(test, fake->log[0].op, row->op);
	if (!row->foreign)
		KUNIT_EXPECT_EQ(test, fake->log[0].dir, row->dir);
}

static void row_name(const struct row *row, char *desc)
{
	strscpy(desc, row->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(row, rows, row_name);

/* ---- ranges and batches ---- */

static const struct split {
	phys_addr_t at;
	size_t size;
	unsigned int ranges, hypercalls;
} splits[] = {
	{ 0, 1, 1, 1 },
	{ 4095, 1, 1, 1 },
	{ 4095, 2, 2, 1 },
	{ 0, 4095, 1, 1 },
	{ 0, 4096, 1, 1 },
	{ 0, 4097, 2, 1 },
	{ 1, 4096, 2, 1 },
	{ 100, 32 * 4096 - 100, 32, 1 },
	{ 100, 32 * 4096 - 99, 33, 2 },
	{ 0, 33 * 4096, 33, 2 },
	{ 0, FRAMES * 4096, FRAMES, 4 },
	{ 4095, (FRAMES - 1) * 4096 + 2, FRAMES + 1, 5 },
};

/* The ranges are the bytes, one after the other, none twice and none left. */
static void split_exactly(struct kunit *test)
{
	struct fake_hv *fake = hv_with_grants(test);
	unsigned int s, i;

	for (s = 0; s < ARRAY_SIZE(splits); s++) {
		const struct split *split = &splits[s];
		struct swarm_range range = foreign(split->at, split->size);
		phys_addr_t next = range.maddr;

		fake_hv_clear_log(fake);
		KUNIT_EXPECT_EQ(test, 0,
				swarm_cache_to_device(&swarm_hv_fake, &range,
						      DMA_TO_DEVICE));
		KUNIT_EXPECT_EQ(test, fake->calls, split->ranges);
		KUNIT_EXPECT_EQ(test, fake->hypercalls, split->hypercalls);
		for (i = 0; i < fake->calls; i++) {
			KUNIT_EXPECT_EQ(test, fake->log[i].addr, next);
			next += fake->log[i].size;
		}
		KUNIT_EXPECT_EQ(test, next, range.maddr + range.size);
	}
}

/* ---- refusals ---- */

static void refused_at(struct kunit *test)
{
	struct fake_hv *fake = hv_with_grants(test);
	struct swarm_range range = foreign(0, FRAMES * XEN_PAGE_SIZE);
	unsigned int n;

	for (n = 1; n <= FRAMES; n++) {
		fake_hv_clear_log(fake);
		fake->refuse_at = n;
		KUNIT_EXPECT_EQ(test, -EPERM,
				swarm_cache_to_cpu(&swarm_hv_fake, &range,
						   DMA_FROM_DEVICE));
		KUNIT_EXPECT_EQ(test, fake->calls, n - 1);
		KUNIT_EXPECT_EQ(test, fake->hypercalls,
				DIV_ROUND_UP(n, SWARM_FLUSH_BATCH));
	}
}

static void can_flush(struct kunit *test)
{
	struct fake_hv *fake = hv_with_grants(test);
	struct swarm_range range = foreign(0, 1);

	KUNIT_EXPECT_TRUE(test, swarm_cache_can_flush(&swarm_hv_fake));
	KUNIT_EXPECT_EQ(test, fake->calls, 0);
	fake->no_flush = true;
	KUNIT_EXPECT_FALSE(test, swarm_cache_can_flush(&swarm_hv_fake));
	KUNIT_EXPECT_GT(test, 0,
			swarm_cache_to_device(&swarm_hv_fake, &range,
					      DMA_TO_DEVICE));
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE_PARAM(row_case, row_gen_params),
	KUNIT_CASE(split_exactly),
	KUNIT_CASE(refused_at),
	KUNIT_CASE(can_flush),
	{}
};

static struct kunit_suite cache_suite = {
	.name = "swiotlb-arm-cache",
	.test_cases = cache_cases,
};

kunit_test_suite(cache_suite);

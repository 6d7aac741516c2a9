// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames: what is known is never old.
 */
#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sizes.h>

#include "../mfn-map.h"
#include "../resolve.h"
#include "fake-hv.h"
#include "fake-memory.h"
#include "helpers.h"

struct bench {
	struct kunit *test;
	struct fake_memory *memory;
	struct xadma_resolver *resolver;
	struct xadma_mfn_map *frames;
	struct page *pages;
	atomic_t spoilt;
};

static void bench_end(void *data)
{
	struct bench *b = data;

	xadma_mfn_map_destroy(b->frames);
	xadma_resolver_destroy(b->resolver);
}

static struct bench *bench(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->test = test;
	b->pages = test_pages(test, 4);
	fake_hv_start(test)->domain = XADMA_DOMAIN_TRANSLATED;
	b->memory = fake_memory_start(test);
	b->resolver = xadma_resolver_create(&xadma_hv_fake);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b->resolver);
	b->frames = xadma_mfn_map_create(b->resolver);
	KUNIT_ASSERT_NOT_NULL(test, b->frames);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bench_end, b));
	return b;
}

static bool known(const struct bench *b, unsigned long pfn)
{
	return xadma_mfn_map_mfn(b->frames, pfn) != XADMA_NO_MFN;
}

/* Learning goes on in the background. */
static bool becomes_known(const struct bench *b, unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < 10000 && !known(b, pfn); i++)
		usleep_range(1000, 2000);
	return known(b, pfn);
}

static void goes_and_comes(struct bench *b, unsigned long pfn)
{
	unsigned long frame = pfn;

	xadma_mfn_map_forget(b->frames, pfn);
	fake_decrease(&frame, 1);
	frame = pfn;
	fake_populate(&frame, 1, 0, 0);
}

static void nothing_at_first(struct kunit *test)
{
	struct bench *b = bench(test);

	KUNIT_EXPECT_FALSE(test, known(b, page_to_pfn(b->pages)));
	KUNIT_EXPECT_FALSE(test, known(b, 0));
	KUNIT_EXPECT_FALSE(test, known(b, ~0UL >> 12));
	KUNIT_EXPECT_EQ(test, xadma_mfn_map_usage(b->frames).known, 0);
	KUNIT_EXPECT_GT(test, xadma_mfn_map_usage(b->frames).all, 0);
}

static void want(struct xadma_mfn_map *map, unsigned long pfn, unsigned long nr)
{
	xadma_mfn_map_want(map, (struct xadma_frames){ pfn, pfn + nr - 1 });
}

static void what_is_wanted_is_learnt(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned long pfn = page_to_pfn(b->pages), i;

	want(b->frames, pfn, 16);
	for (i = 0; i < 16; i++) {
		KUNIT_ASSERT_TRUE(test, becomes_known(b, pfn + i));
		KUNIT_EXPECT_EQ(test, xadma_mfn_map_mfn(b->frames, pfn + i),
				fake_mfn(pfn + i));
	}
}

static void what_is_no_memory_is_not_learnt(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned long pfn = page_to_pfn(b->pages);

	want(b->frames, 0, 1);
	want(b->frames, ~0UL >> 12, 1);
	xadma_mfn_map_forget(b->frames, ~0UL >> 12);
	want(b->frames, pfn, 1);
	KUNIT_EXPECT_TRUE(test, becomes_known(b, pfn));
	KUNIT_EXPECT_FALSE(test, known(b, 0));
}

/* More is wanted at once than fits: the rest is wanted again, and learnt. */
static void wants_too_much(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned long pfn = page_to_pfn(test_pages(test, 10));
	unsigned int i;

	want(b->frames, pfn, 1024);
	want(b->frames, page_to_pfn(b->pages), 16);
	KUNIT_EXPECT_TRUE(test, becomes_known(b, pfn));
	for (i = 0; i < 1000 && !known(b, page_to_pfn(b->pages) + 15); i++) {
		want(b->frames, page_to_pfn(b->pages), 16);
		usleep_range(1000, 2000);
	}
	KUNIT_EXPECT_TRUE(test, known(b, page_to_pfn(b->pages) + 15));
}

static void learns_all(struct kunit *test)
{
	struct bench *b = bench(test);
	struct xadma_mfn_map_usage usage;
	unsigned int i;

	xadma_mfn_map_learn_all(b->frames);
	for (i = 0; i < 3000; i++) {
		usage = xadma_mfn_map_usage(b->frames);
		if (usage.known >= usage.all)
			break;
		msleep(20);
	}
	KUNIT_EXPECT_GE(test, usage.known, usage.all);
	KUNIT_EXPECT_EQ(test, xadma_mfn_map_mfn(b->frames, page_to_pfn(b->pages)),
			fake_mfn(page_to_pfn(b->pages)));
}

static void what_went_is_forgotten(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned long pfn = page_to_pfn(b->pages), was = fake_mfn(pfn);

	want(b->frames, pfn, 2);
	KUNIT_ASSERT_TRUE(test, becomes_known(b, pfn + 1));
	goes_and_comes(b, pfn);
	KUNIT_EXPECT_FALSE(test, known(b, pfn));
	KUNIT_EXPECT_TRUE(test, known(b, pfn + 1));

	/* Nobody learns it unasked ... */
	want(b->frames, pfn + 2, 1);
	KUNIT_ASSERT_TRUE(test, becomes_known(b, pfn + 2));
	KUNIT_EXPECT_FALSE(test, known(b, pfn));
	/* ... and who asks gets the new one. */
	want(b->frames, pfn, 1);
	KUNIT_ASSERT_TRUE(test, becomes_known(b, pfn));
	KUNIT_EXPECT_EQ(test, xadma_mfn_map_mfn(b->frames, pfn), fake_mfn(pfn));
	KUNIT_EXPECT_NE(test, xadma_mfn_map_mfn(b->frames, pfn), was);
}

/*
 * Each CPU owns a page; it maps it, lets it go and come, over and over, while
 * the others do the same and all memory is being learnt.
 */
static void balloonist(void *data, unsigned int cpu)
{
	struct bench *b = data;
	unsigned long pfn = page_to_pfn(b->pages) + cpu % 16;
	unsigned int i;

	for (i = 0; i < 300; i++) {
		unsigned long mfn;

		want(b->frames, pfn, 1);
		if (i % 3 == 0)
			usleep_range(50, 500);
		mfn = xadma_mfn_map_mfn(b->frames, pfn);
		if (mfn != XADMA_NO_MFN && mfn != fake_mfn(pfn))
			atomic_inc(&b->spoilt);
		goes_and_comes(b, pfn);
		mfn = xadma_mfn_map_mfn(b->frames, pfn);
		if (mfn != XADMA_NO_MFN)
			atomic_inc(&b->spoilt);
	}
}

static void never_old(struct kunit *test)
{
	struct bench *b = bench(test);

	xadma_mfn_map_learn_all(b->frames);
	on_all_cpus(test, balloonist, b);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->spoilt), 0);
}

static struct kunit_case frames_cases[] = {
	KUNIT_CASE(nothing_at_first),
	KUNIT_CASE(what_is_wanted_is_learnt),
	KUNIT_CASE(what_is_no_memory_is_not_learnt),
	KUNIT_CASE(wants_too_much),
	KUNIT_CASE_SLOW(learns_all),
	KUNIT_CASE(what_went_is_forgotten),
	KUNIT_CASE_SLOW(never_old),
	{}
};

static struct kunit_suite frames_suite = {
	.name = "swiotlb-arm-mfn-map",
	.test_cases = frames_cases,
};

kunit_test_suite(frames_suite);

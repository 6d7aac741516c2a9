// SPDX-License-Identifier: GPL-2.0-only
/*
 * table: what was set is found, and nothing else; nodes that cannot be had.
 * The suite of the P2M has the model and the readers on other CPUs.
 */
#include <kunit/test.h>

#include <linux/errno.h>
#include <linux/prandom.h>

#include <xen/swiotlb-arm-frame-table.h>

#include "helpers.h"

static void table_end(void *table)
{
	xadma_frame_table_destroy(table);
}

static struct xadma_frame_table *empty_table(struct kunit *test)
{
	struct xadma_frame_table *table = kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, table);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, table_end, table));
	return table;
}

/* Neighbours at each level, and both ends. */
static const unsigned long frames[] = {
	0, 1, 511, 512, 513, BIT(18) - 1, BIT(18), BIT(27) - 1, BIT(27),
	BIT(35) + 5, XADMA_FRAME_TABLE_END - 1,
};

static void found_where_set(struct kunit *test)
{
	struct xadma_frame_table *table = empty_table(test);
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(frames); i++)
		KUNIT_EXPECT_EQ(test, xadma_frame_table_get(table, frames[i]), 0);
	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		KUNIT_EXPECT_EQ(test, 0, xadma_frame_table_set(table, frames[i], i + 1,
							       GFP_KERNEL));
		for (k = 0; k < ARRAY_SIZE(frames); k++)
			KUNIT_EXPECT_EQ_MSG(test, xadma_frame_table_get(table, frames[k]),
					    k <= i ? k + 1 : 0, "%#lx", frames[k]);
	}
	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		KUNIT_EXPECT_EQ(test, 0, xadma_frame_table_set(table, frames[i], 0,
							       GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, xadma_frame_table_get(table, frames[i]), 0);
	}
	KUNIT_EXPECT_FALSE(test, xadma_frame_table_any(table, 0, BIT(28)));
}

static void any_in_range(struct kunit *test)
{
	struct xadma_frame_table *table = empty_table(test);

	KUNIT_EXPECT_FALSE(test, xadma_frame_table_any(table, 0, ~0UL >> 40));
	KUNIT_ASSERT_EQ(test, 0, xadma_frame_table_set(table, 1024, 7, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, xadma_frame_table_any(table, 0, 1023));
	KUNIT_EXPECT_TRUE(test, xadma_frame_table_any(table, 0, 1024));
	KUNIT_EXPECT_TRUE(test, xadma_frame_table_any(table, 1024, 1024));
	KUNIT_EXPECT_FALSE(test, xadma_frame_table_any(table, 1025, 5000));
	KUNIT_EXPECT_FALSE(test, xadma_frame_table_any(table, XADMA_FRAME_TABLE_END, ~0UL));
}

static void beyond_the_end(struct kunit *test)
{
	struct xadma_frame_table *table = empty_table(test);

	KUNIT_EXPECT_EQ(test, -ERANGE, xadma_frame_table_set(table, XADMA_FRAME_TABLE_END, 1,
							     GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -ERANGE, xadma_frame_table_set(table, ~0UL, 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, table->root, 0);
	KUNIT_ASSERT_EQ(test, 0, xadma_frame_table_set(table, 0, 9, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, xadma_frame_table_get(table, XADMA_FRAME_TABLE_END), 0);
	KUNIT_EXPECT_EQ(test, xadma_frame_table_get(table, ~0UL), 0);
}

/* Each node in turn; taking away needs none. */
static void without_memory(struct kunit *test)
{
	unsigned int nth, refused = 0;
	bool failed = true;

	for (nth = 1; failed; nth++) {
		struct xadma_frame_table *table = empty_table(test);
		int ret;

		if (!fail_alloc(nth))
			kunit_skip(test, "this kernel cannot fail an allocation");
		ret = xadma_frame_table_set(table, 77, 1, GFP_KERNEL);
		failed = fail_alloc_end();
		/* On a debug kernel it may have been one that nobody misses. */
		KUNIT_EXPECT_TRUE(test, !ret || (failed && ret == -ENOMEM));
		KUNIT_EXPECT_EQ(test, xadma_frame_table_get(table, 77), !ret);
		refused += !!ret;

		fail_alloc(1);
		KUNIT_EXPECT_EQ(test, 0, xadma_frame_table_set(table, 77, 0, GFP_KERNEL));
		KUNIT_EXPECT_FALSE(test, fail_alloc_end());
		KUNIT_EXPECT_EQ(test, 0, xadma_frame_table_set(table, 77, 1, GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, xadma_frame_table_get(table, 77), 1);
	}
	KUNIT_EXPECT_EQ(test, refused, XADMA_FRAME_TABLE_LEVELS);
}

static struct kunit_case table_cases[] = {
	KUNIT_CASE(found_where_set),
	KUNIT_CASE(any_in_range),
	KUNIT_CASE(beyond_the_end),
	KUNIT_CASE(without_memory),
	{}
};

static struct kunit_suite table_suite = {
	.name = "swiotlb-arm-frame-table",
	.test_cases = table_cases,
};

kunit_test_suite(table_suite);

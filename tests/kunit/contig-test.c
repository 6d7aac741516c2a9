// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>

#include <linux/prandom.h>
#include <linux/sizes.h>

#include "../contig.h"

static const struct orders {
	const char *what;
	unsigned int nr;
	unsigned long mfns[8];
	unsigned int order;
} orders[] = {
	{ "one frame", 1, { 5 }, 0 },
	{ "a pair", 2, { 4, 5 }, 1 },
	{ "a pair that is not aligned", 2, { 5, 6 }, 0 },
	{ "a pair in the other order", 2, { 5, 4 }, 0 },
	{ "eight in a row", 8, { 8, 9, 10, 11, 12, 13, 14, 15 }, 3 },
	{ "eight in a row, aligned to four", 8, { 4, 5, 6, 7, 8, 9, 10, 11 }, 2 },
	{ "eight in a row, aligned to one", 8, { 1, 2, 3, 4, 5, 6, 7, 8 }, 0 },
	{ "two fours", 8, { 8, 9, 10, 11, 4, 5, 6, 7 }, 2 },
	{ "four pairs", 8, { 8, 9, 2, 3, 4, 5, 0, 1 }, 1 },
	{ "the last one astray", 8, { 8, 9, 10, 11, 12, 13, 14, 16 }, 0 },
	{ "the same one twice", 2, { 4, 4 }, 0 },
};

static void order_table(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(orders); i++)
		KUNIT_EXPECT_EQ_MSG(test, orders[i].order,
				    xadma_contig_order(orders[i].mfns, orders[i].nr),
				    "%s", orders[i].what);
}

/* ---- against a model ---- */

#define SPACE	512

/* One bit for each frame of a little machine: is it ours? */
struct model {
	bool ours[SPACE];
	struct xadma_frame frames[SPACE];
	unsigned int nr;
};

static void scatter(struct model *m, struct rnd_state *rnd, unsigned int density)
{
	unsigned int i, j;

	m->nr = 0;
	for (i = 0; i < SPACE; i++) {
		m->ours[i] = prandom_u32_state(rnd) % 100 < density;
		if (m->ours[i])
			m->frames[m->nr++].mfn = i;
	}
	for (i = 1; i < m->nr; i++) {
		j = prandom_u32_state(rnd) % (i + 1);
		swap(m->frames[i], m->frames[j]);
	}
}

/* Every aligned block of the machine is looked at, one by one. */
static unsigned int blocks_of(const struct model *m, unsigned int order)
{
	unsigned int at, i, blocks = 0;

	for (at = 0; at < SPACE; at += 1U << order) {
		for (i = 0; i < 1U << order && m->ours[at + i]; i++)
			;
		blocks += i == 1U << order;
	}
	return blocks;
}

static void picked_are_blocks(struct kunit *test, struct model *m,
			      unsigned int picked, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < picked; i++) {
		unsigned long mfn = m->frames[i].mfn;

		KUNIT_ASSERT_EQ(test, mfn % (1U << order), i % (1U << order));
		if (i % (1U << order))
			KUNIT_ASSERT_EQ(test, mfn, m->frames[i - 1].mfn + 1);
	}
	for (i = 0; i < m->nr; i++) {
		KUNIT_ASSERT_TRUE(test, m->ours[m->frames[i].mfn]);
		m->ours[m->frames[i].mfn] = false;
	}
}

static void like_the_model(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int round, order, picked;

	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&rnd, 20261123);
	for (round = 0; round < 2000; round++) {
		order = prandom_u32_state(&rnd) % 6;
		scatter(m, &rnd, 50 + prandom_u32_state(&rnd) % 51);
		xadma_contig_sort(m->frames, m->nr);
		KUNIT_ASSERT_EQ(test, blocks_of(m, order),
				xadma_contig_count(m->frames, m->nr, order));
		picked = xadma_contig_pick(m->frames, m->nr, order);
		KUNIT_ASSERT_EQ(test, picked, blocks_of(m, order) << order);
		picked_are_blocks(test, m, picked, order);
	}
}

/* The best order is the highest that keeps half of the frames. */
static void best_keeps_half(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int round, best, order;

	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&rnd, 7);
	for (round = 0; round < 500; round++) {
		scatter(m, &rnd, 60 + prandom_u32_state(&rnd) % 41);
		xadma_contig_sort(m->frames, m->nr);
		best = xadma_contig_best(m->frames, m->nr, 9);
		KUNIT_ASSERT_GE(test, 2 * (blocks_of(m, best) << best), m->nr);
		for (order = best + 1; order <= 9; order++)
			KUNIT_ASSERT_LT(test, 2 * (blocks_of(m, order) << order),
					m->nr);
	}
}

static struct kunit_case runs_cases[] = {
	KUNIT_CASE(order_table),
	KUNIT_CASE(like_the_model),
	KUNIT_CASE(best_keeps_half),
	{}
};

static struct kunit_suite runs_suite = {
	.name = "swiotlb-arm-contig",
	.test_cases = runs_cases,
};

kunit_test_suite(runs_suite);

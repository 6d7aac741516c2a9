// SPDX-License-Identifier: GPL-2.0-only
/*
 * quota: who is let in, by a table; and what comes of it, whoever asks for what.
 */
#include <kunit/test.h>

#include <linux/minmax.h>
#include <linux/prandom.h>

#include "../quota.h"

static const struct row {
	const char *what;
	unsigned int want, holds, free, total;
	bool allowed;
} rows[] = {
	{ "plenty", 1, 0, 1280, 1280, true },
	{ "nothing yet, nothing left", 1, 0, 0, 1280, true },
	{ "nothing yet, 8 KiB of which 12 bits are kept", 6, 0, 0, 1280, true },
	{ "nothing yet, and wants more than that", 9, 0, 5, 1280, false },
	{ "nothing yet, a long one", 1000, 0, 5, 1280, false },
	{ "nothing yet, a long one, and plenty", 1000, 0, 1280, 1280, true },
	{ "a little, nothing left", 1, 1, 0, 1280, false },
	{ "would break into the reserve", 1, 20, 10, 1280, false },
	{ "just leaves the reserve", 1, 20, 11, 1280, true },
	{ "eight times what is left", 1, 799, 101, 1280, true },
	{ "more than that", 9, 799, 109, 1280, false },
	{ "wants more than there is", 200, 20, 100, 1280, false },
	{ "a pool too small for a reserve", 1, 1, 1, 32, true },
};

static void table(struct kunit *test)
{
	const struct row *r = test->param_value;

	KUNIT_EXPECT_EQ(test, r->allowed,
			xadma_quota_allows(r->want, r->holds, r->free, r->total));
}

static void row_name(const struct row *row, char *desc)
{
	strscpy(desc, row->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(row, rows, row_name);

/* Each of @nr devices takes one slot after the other until all are refused. */
static unsigned int greed(unsigned int *holds, unsigned int nr,
			  unsigned int total)
{
	unsigned int free = total, last, i;

	do {
		last = free;
		for (i = 0; i < nr; i++) {
			if (!free || !xadma_quota_allows(1, holds[i], free, total))
				continue;
			holds[i]++;
			free--;
		}
	} while (free < last);
	return free;
}

static void nobody_takes_all(struct kunit *test)
{
	static const unsigned int totals[] = { 1280, 4096, 32768, 131072 };
	unsigned int t, nr, i, holds[32];

	for (t = 0; t < ARRAY_SIZE(totals); t++) {
		for (nr = 1; nr <= ARRAY_SIZE(holds); nr++) {
			unsigned int total = totals[t], free;

			memset(holds, 0, sizeof(holds));
			free = greed(holds, nr, total);
			/* There is a little for whoever has nothing yet. */
			KUNIT_EXPECT_GE(test, free, xadma_quota_reserve(total));
			for (i = 0; i < nr; i++) {
				KUNIT_EXPECT_LE(test, holds[i], total / 9 * 8 + 9);
				/* Those who come at the same time get the same. */
				KUNIT_EXPECT_LE(test, abs((int)(holds[i] - holds[0])), 1);
			}
			/* And nearly all of it is of use. */
			if (nr == 1)
				KUNIT_EXPECT_GE(test, holds[0], total / 10 * 8);
		}
	}
}

/* One had it all to itself; the next one still gets as much as is left. */
static void late_comer(struct kunit *test)
{
	unsigned int early = 0, late = 0, total = 32768, free;

	free = greed(&early, 1, total);
	while (free && xadma_quota_allows(1, late, free, total)) {
		late++;
		free--;
	}
	KUNIT_EXPECT_GT(test, late, total / 16);
	KUNIT_EXPECT_GE(test, free, xadma_quota_reserve(total));
}

/* It never takes more to get less. */
static void monotonous(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 5);
	for (i = 0; i < 20000; i++) {
		unsigned int total = 1 + prandom_u32_state(&rnd) % 100000;
		unsigned int free = prandom_u32_state(&rnd) % (total + 1);
		unsigned int holds = prandom_u32_state(&rnd) % (total - free + 1);
		unsigned int want = 2 + prandom_u32_state(&rnd) % 2048;

		if (!xadma_quota_allows(want, holds, free, total))
			continue;
		KUNIT_ASSERT_TRUE(test, xadma_quota_allows(want - 1, holds, free,
							   total));
		KUNIT_ASSERT_TRUE(test, xadma_quota_allows(want, holds / 2, free,
							   total));
		KUNIT_ASSERT_TRUE(test, xadma_quota_allows(want, holds, free + 1,
							   total));
	}
}

static void marks(struct kunit *test)
{
	unsigned int total;

	for (total = 8; total < 100000; total = total * 3 / 2) {
		KUNIT_EXPECT_LT(test, xadma_quota_low(total), xadma_quota_high(total));
		KUNIT_EXPECT_LT(test, xadma_quota_high(total), total);
	}
	KUNIT_EXPECT_EQ(test, xadma_quota_high(0), 0);
}

static struct kunit_case quota_cases[] = {
	KUNIT_CASE_PARAM(table, row_gen_params),
	KUNIT_CASE(nobody_takes_all),
	KUNIT_CASE(late_comer),
	KUNIT_CASE(monotonous),
	KUNIT_CASE(marks),
	{}
};

static struct kunit_suite quota_suite = {
	.name = "swiotlb-arm-quota",
	.test_cases = quota_cases,
};

kunit_test_suite(quota_suite);

// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "../resolve.h"
#include "fake-hv.h"
#include "fake-memory.h"
#include "helpers.h"

#define FRAMES	(2 * XADMA_RESOLVE_BATCH + 37)

struct bench {
	struct fake_memory *memory;
	struct xadma_resolver *resolver;
	unsigned long pfns[FRAMES];
	unsigned long mfns[FRAMES];
};

static void bench_end(void *data)
{
	struct bench *b = data;

	xadma_resolver_destroy(b->resolver);
}

static struct bench *bench(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct fake_hv *fake = fake_hv_start(test);
	unsigned long first = page_to_pfn(test_pages(test, 10));
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	fake->domain = XADMA_DOMAIN_TRANSLATED;
	fake->last_byte = SZ_4T - 1;
	b->memory = fake_memory_start(test);
	b->resolver = xadma_resolver_create(&xadma_hv_fake);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b->resolver);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bench_end, b));
	for (i = 0; i < FRAMES; i++)
		b->pfns[i] = first + i % 1024;
	return b;
}

static void all_right(struct kunit *test, const struct bench *b)
{
	unsigned int i;

	for (i = 0; i < FRAMES; i++)
		KUNIT_ASSERT_EQ(test, b->mfns[i], fake_mfn(b->pfns[i]));
}

/* What is told is true, and what is not told is not made up. */
static unsigned int some_right(struct kunit *test, const struct bench *b)
{
	unsigned int i, told = 0;

	for (i = 0; i < FRAMES; i++) {
		if (b->mfns[i] == XADMA_NO_MFN)
			continue;
		told++;
		KUNIT_ASSERT_EQ(test, b->mfns[i], fake_mfn(b->pfns[i]));
	}
	return told;
}

static void tells_all(struct kunit *test)
{
	struct bench *b = bench(test);

	KUNIT_EXPECT_EQ(test, FRAMES, xadma_resolve(b->resolver, b->pfns,
						    b->mfns, FRAMES));
	all_right(test, b);
	/* Three batches, each mapped and unmapped by one hypercall. */
	KUNIT_EXPECT_EQ(test, b->memory->calls, 6);
	KUNIT_EXPECT_EQ(test, xadma_resolver_stuck(b->resolver), 0);
}

static void nothing_to_tell(struct kunit *test)
{
	struct bench *b = bench(test);

	KUNIT_EXPECT_EQ(test, 0, xadma_resolve(b->resolver, b->pfns,
					       b->mfns, 0));
	KUNIT_EXPECT_EQ(test, b->memory->calls, 0);
}

static void holes_are_not_told(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned long hole = b->pfns[3];

	KUNIT_ASSERT_EQ(test, 1, fake_decrease(&hole, 1));
	KUNIT_EXPECT_EQ(test, 9, xadma_resolve(b->resolver, b->pfns,
					       b->mfns, 10));
	KUNIT_EXPECT_EQ(test, b->mfns[3], XADMA_NO_MFN);
	KUNIT_EXPECT_EQ(test, b->mfns[4], fake_mfn(b->pfns[4]));
	hole = b->pfns[3];
	KUNIT_EXPECT_EQ(test, 1, fake_populate(&hole, 1, 0, 0));
}

/* A small grant table makes small batches; a full one makes none. */
static void few_grants(struct kunit *test)
{
	struct bench *b = bench(test);

	b->memory->refs_max = 100;
	KUNIT_EXPECT_EQ(test, FRAMES, xadma_resolve(b->resolver, b->pfns,
						    b->mfns, FRAMES));
	all_right(test, b);
	b->memory->refs_max = 0;
	KUNIT_EXPECT_EQ(test, 0, xadma_resolve(b->resolver, b->pfns,
					       b->mfns, FRAMES));
	KUNIT_EXPECT_EQ(test, 0, some_right(test, b));
}

static const struct failure {
	const char *what;
	unsigned int nth;
	enum fake_failure how;
	bool unmaps;
} failures[] = {
	{ "first map", 1, FAIL_ALL, false },
	{ "first map, half done", 1, FAIL_HALF, false },
	{ "first unmap", 2, FAIL_ALL, true },
	{ "first unmap, half done", 2, FAIL_HALF, true },
	{ "second map", 3, FAIL_ALL, false },
	{ "second unmap, half done", 4, FAIL_HALF, true },
	{ "last map, half done", 5, FAIL_HALF, false },
	{ "last unmap", 6, FAIL_ALL, true },
};

KUNIT_ARRAY_PARAM_DESC(failure, failures, what);

/* No answer is made up; an unmap that failed leaves its frames in use. */
static void call_fails(struct kunit *test)
{
	const struct failure *failure = test->param_value;
	struct bench *b = bench(test);
	unsigned int told;

	b->memory->failure = failure->how;
	b->memory->fail_at = failure->nth;
	told = xadma_resolve(b->resolver, b->pfns, b->mfns, FRAMES);
	KUNIT_EXPECT_EQ(test, told, some_right(test, b));
	KUNIT_EXPECT_EQ(test, b->memory->fail_at, 0);
	b->memory->stays = xadma_resolver_stuck(b->resolver);
	KUNIT_EXPECT_EQ(test, failure->unmaps, b->memory->stays > 0);
}

/* What is stuck is never used again; without frames nothing is told. */
static void all_stuck(struct kunit *test)
{
	struct bench *b = bench(test);

	b->memory->holds_on = true;
	xadma_resolve(b->resolver, b->pfns, b->mfns, FRAMES);
	KUNIT_EXPECT_EQ(test, xadma_resolver_stuck(b->resolver),
			XADMA_RESOLVE_BATCH);
	b->memory->holds_on = false;
	KUNIT_EXPECT_EQ(test, 0, xadma_resolve(b->resolver, b->pfns,
					       b->mfns, FRAMES));
	b->memory->stays = XADMA_RESOLVE_BATCH;
}

/* ---- what cannot be trusted ---- */

static void check_passes(struct kunit *test)
{
	struct bench *b = bench(test);
	const char *why;

	KUNIT_EXPECT_EQ(test, 0, xadma_resolver_check(b->resolver, &why));
	KUNIT_EXPECT_NULL(test, why);
}

static void hides(struct fake_memory *m) { m->hides = true; }
static void shows_nothing(struct fake_memory *m) { m->shows_nothing = true; }
static void no_grants(struct fake_memory *m) { m->refs_max = 2; }
static void no_map(struct fake_memory *m) { m->fail_at = 1; }

static void holds_on(struct fake_memory *m)
{
	m->holds_on = true;
	m->stays = 4;
}

static const struct doubt {
	const char *what;
	void (*sow)(struct fake_memory *m);
	const char *why;
} doubts[] = {
	{ "address hidden", hides, "does not tell" },
	{ "page not shown", shows_nothing, "does not let us map" },
	{ "grant table full", no_grants, "grant table" },
	{ "map refused", no_map, "does not let us map" },
	{ "unmap refused", holds_on, "does not unmap" },
};

KUNIT_ARRAY_PARAM_DESC(doubt, doubts, what);

static void check_fails(struct kunit *test)
{
	const struct doubt *doubt = test->param_value;
	struct bench *b = bench(test);
	const char *why;

	doubt->sow(b->memory);
	KUNIT_EXPECT_EQ(test, -EPROTO, xadma_resolver_check(b->resolver,
							    &why));
	KUNIT_ASSERT_NOT_NULL(test, why);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(why, doubt->why), "%s", why);
}

static void flush_refused(struct kunit *test)
{
	struct fake_hv *fake;
	struct bench *b = bench(test);
	const char *why;

	fake = fake_hv_start(test);
	fake->domain = XADMA_DOMAIN_TRANSLATED;
	fake->last_byte = SZ_4T - 1;
	fake->refuse_at = 3;
	KUNIT_EXPECT_EQ(test, -EPROTO, xadma_resolver_check(b->resolver,
							    &why));
}

static void not_to_be_had(struct kunit *test)
{
	struct fake_memory *memory;

	fake_hv_start(test);
	memory = fake_memory_start(test);
	memory->no_id = true;
	KUNIT_EXPECT_EQ(test, PTR_ERR(xadma_resolver_create(&xadma_hv_fake)),
			-ENOSYS);
	memory->no_id = false;
	memory->no_scratch = true;
	KUNIT_EXPECT_EQ(test, PTR_ERR(xadma_resolver_create(&xadma_hv_fake)),
			-ENOMEM);
}

static struct kunit_case translate_cases[] = {
	KUNIT_CASE(tells_all),
	KUNIT_CASE(nothing_to_tell),
	KUNIT_CASE(holes_are_not_told),
	KUNIT_CASE(few_grants),
	KUNIT_CASE_PARAM(call_fails, failure_gen_params),
	KUNIT_CASE(all_stuck),
	KUNIT_CASE(check_passes),
	KUNIT_CASE_PARAM(check_fails, doubt_gen_params),
	KUNIT_CASE(flush_refused),
	KUNIT_CASE(not_to_be_had),
	{}
};

static struct kunit_suite translate_suite = {
	.name = "swiotlb-arm-resolve",
	.test_cases = translate_cases,
};

kunit_test_suite(translate_suite);

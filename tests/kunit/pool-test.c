// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool: what is found where, what is copied, what is cleared, what is left.
 */
#include <kunit/test.h>

#include <linux/hrtimer.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../bounce.h"
#include "../pool.h"
#include "../pool-resize.h"
#include "helpers.h"

static const struct xadma_range anywhere = { .last = (phys_addr_t)-1 };

struct bench {
	struct fake_provider *provider;
	struct xadma_pool pool;
};

static void bench_end(void *data)
{
	struct bench *b = data;

	KUNIT_EXPECT_EQ_MSG(b->provider->test, xadma_pool_usage(&b->pool).used,
			    0, "slots were lost");
	xadma_pool_destroy(&b->pool);
}

static struct bench *empty_pool(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->provider = fake_provider_start(test);
	xadma_pool_init(&b->pool, &b->provider->source, xadma_resize_work);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bench_end, b));
	return b;
}

static struct bench *pool_of(struct kunit *test, size_t size)
{
	struct bench *b = empty_pool(test);

	KUNIT_ASSERT_EQ(test, xadma_pool_grow(&b->pool, size, anywhere), size);
	return b;
}

static struct xadma_request request(phys_addr_t orig_addr, size_t size)
{
	return (struct xadma_request) {
		.orig_addr = orig_addr,
		.size = size,
		.alloc_align = 1,
		.boundary = ULONG_MAX,
		.windows = &xadma_windows_none,
		.limit = (u64)-1,
	};
}

static struct xadma_bounce bounce(struct kunit *test, struct bench *b,
				  phys_addr_t orig_addr, size_t size)
{
	struct xadma_request rq = request(orig_addr, size);
	struct xadma_bounce in = {};

	KUNIT_ASSERT_EQ(test, 0, xadma_bounce_request(&b->pool, &rq, &in));
	return in;
}

static struct xadma_bounce lend(struct kunit *test, struct bench *b,
				size_t size)
{
	return bounce(test, b, XADMA_NO_ORIG, size);
}

/* ---- growing ---- */

static const struct growth {
	const char *what;
	size_t want, largest;
	struct xadma_range within;
	size_t got;
	unsigned int chunks;
} growths[] = {
	{ "nothing", 0, SZ_4M, { 0, SZ_1G }, 0, 0 },
	{ "one byte", 1, SZ_4M, { 0, SZ_1G }, SZ_64K, 1 },
	{ "one grain", SZ_64K, SZ_4M, { 0, SZ_1G }, SZ_64K, 1 },
	{ "odd size", SZ_64K + 1, SZ_4M, { 0, SZ_1G }, SZ_128K, 1 },
	{ "one piece", SZ_4M, SZ_4M, { 0, SZ_1G }, SZ_4M, 1 },
	{ "a piece and a bit", SZ_4M + 1, SZ_4M, { 0, SZ_1G }, SZ_4M + SZ_64K, 2 },
	{ "small pieces", SZ_1M, SZ_64K, { 0, SZ_1G }, SZ_1M, 16 },
	{ "window ends", SZ_1M, SZ_64K, { 0, FAKE_MACHINE + SZ_128K - 1 },
	  SZ_128K, 2 },
	{ "window before memory", SZ_1M, SZ_4M, { 0, FAKE_MACHINE - 1 }, 0, 0 },
	{ "window far up", SZ_1M, SZ_4M, { SZ_1T, SZ_2T }, SZ_1M, 1 },
};

static void grow_table(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(growths); i++) {
		const struct growth *g = &growths[i];
		struct fake_provider *provider = fake_provider_start(test);
		struct xadma_pool pool;
		struct xadma_pool_usage usage;

		provider->largest = g->largest;
		xadma_pool_init(&pool, &provider->source, xadma_resize_work);
		KUNIT_EXPECT_EQ_MSG(test, g->got,
				    xadma_pool_grow(&pool, g->want, g->within),
				    "%s", g->what);
		usage = xadma_pool_usage(&pool);
		KUNIT_EXPECT_EQ_MSG(test, usage.bytes, g->got, "%s", g->what);
		KUNIT_EXPECT_EQ_MSG(test, usage.chunks, g->chunks, "%s", g->what);
		KUNIT_EXPECT_EQ(test, usage.slots, g->got / XADMA_SLOT_SIZE);
		KUNIT_EXPECT_EQ(test, xadma_pool_empty(&pool), !g->chunks);
		xadma_pool_destroy(&pool);
		KUNIT_EXPECT_EQ(test, provider->held, 0);
	}
}

static void pool_without_a_source_serves_nothing(struct kunit *test)
{
	struct xadma_request rq = request(0, 1);
	struct xadma_bounce in;
	struct xadma_pool pool;

	xadma_pool_init(&pool, NULL, xadma_resize_work);
	KUNIT_EXPECT_EQ(test, xadma_pool_grow(&pool, SZ_1M, anywhere), 0);
	KUNIT_EXPECT_TRUE(test, xadma_pool_empty(&pool));
	KUNIT_EXPECT_EQ(test, xadma_bounce_request(&pool, &rq, &in), -ERANGE);
	KUNIT_EXPECT_FALSE(test, find_in_pool(&pool, 0, &in));
	KUNIT_EXPECT_EQ(test, xadma_pool_largest(&pool, &rq), 0);
	xadma_pool_destroy(&pool);
}

/* The provider refuses its n-th chunk, for each n: what came before serves. */
static void pool_serves_what_came_before_a_refusal(struct kunit *test)
{
	unsigned int n;

	for (n = 1; n <= 9; n++) {
		struct bench *b = empty_pool(test);
		size_t got;

		b->provider->largest = SZ_128K;
		b->provider->refuse_at = n;
		got = xadma_pool_grow(&b->pool, SZ_1M, anywhere);
		KUNIT_EXPECT_EQ(test, got, min(n - 1, 8) * SZ_128K);
		KUNIT_EXPECT_EQ(test, b->provider->held, min(n - 1, 8));
		KUNIT_EXPECT_EQ(test, xadma_pool_usage(&b->pool).bytes, got);
		/* Another try goes on from there. */
		KUNIT_EXPECT_EQ(test, SZ_1M - got,
				xadma_pool_grow(&b->pool, SZ_1M - got, anywhere));
		xadma_pool_destroy(&b->pool);
		xadma_pool_init(&b->pool, &b->provider->source, xadma_resize_work);
	}
}

/* Neither what is out of a device's reach counts, nor what may go again. */
static void pool_is_filled_with_what_the_device_drives(struct kunit *test)
{
	struct bench *b = empty_pool(test);
	u64 limit = FAKE_MACHINE + SZ_1M - 1;

	xadma_pool_grow(&b->pool, SZ_256K, (struct xadma_range){ SZ_1T, SZ_2T });
	b->provider->next = FAKE_MACHINE;
	mutex_lock(&b->pool.grow);
	KUNIT_ASSERT_EQ(test, SZ_256K,
			xadma_pool_add(&b->pool, SZ_256K, anywhere, true));
	mutex_unlock(&b->pool.grow);
	KUNIT_EXPECT_EQ(test, SZ_256K,
			xadma_pool_driven(&b->pool, &xadma_windows_none, limit));

	xadma_pool_fill(&b->pool, SZ_256K, &xadma_windows_none, limit);
	KUNIT_EXPECT_EQ(test, SZ_512K,
			xadma_pool_driven(&b->pool, &xadma_windows_none, limit));
	xadma_pool_fill(&b->pool, SZ_256K, &xadma_windows_none, limit);
	KUNIT_EXPECT_EQ(test, xadma_pool_usage(&b->pool).bytes, 3 * SZ_256K);
	/* As far as there is memory in its reach. */
	b->provider->largest = SZ_256K;
	xadma_pool_fill(&b->pool, SZ_4M, &xadma_windows_none, limit);
	KUNIT_EXPECT_EQ(test, SZ_1M,
			xadma_pool_driven(&b->pool, &xadma_windows_none, limit));
}

static bool grows_without(struct kunit *test, unsigned int nth)
{
	struct bench *b = empty_pool(test);
	size_t got;
	bool failed;

	b->provider->largest = SZ_128K;
	if (!fail_alloc(nth))
		kunit_skip(test, "this kernel cannot fail an allocation");
	got = xadma_pool_grow(&b->pool, SZ_512K, anywhere);
	failed = fail_alloc_end();

	KUNIT_EXPECT_EQ(test, xadma_pool_usage(&b->pool).bytes, got);
	KUNIT_EXPECT_EQ(test, b->provider->held * SZ_128K, got);
	if (!failed)
		KUNIT_EXPECT_EQ(test, got, SZ_512K);
	xadma_pool_destroy(&b->pool);
	KUNIT_EXPECT_EQ(test, b->provider->held, 0);
	xadma_pool_init(&b->pool, &b->provider->source, xadma_resize_work);
	return failed;
}

/* Every allocation that growing makes fails once: nothing may be lost. */
static void memory_refused(struct kunit *test)
{
	unsigned int nth = 1;

	while (grows_without(test, nth))
		nth++;
	/* Per chunk: itself, its memory, pieces, runs, bitmap, list, xarray nodes. */
	KUNIT_EXPECT_GT(test, nth, 4 * 6);
}

/* ---- finding ---- */

static void find_edges(struct kunit *test)
{
	struct bench *b = empty_pool(test);
	struct xadma_bounce in;
	phys_addr_t second = FAKE_MACHINE + SZ_1M;

	b->provider->largest = SZ_128K;
	xadma_pool_grow(&b->pool, SZ_128K, anywhere);
	b->provider->next = second;
	xadma_pool_grow(&b->pool, SZ_128K, anywhere);

	KUNIT_EXPECT_FALSE(test, find_in_pool(&b->pool, 0, &in));
	KUNIT_EXPECT_FALSE(test, find_in_pool(&b->pool, FAKE_MACHINE - 1, &in));
	KUNIT_EXPECT_TRUE(test, find_in_pool(&b->pool, FAKE_MACHINE, &in));
	KUNIT_EXPECT_EQ(test, in.maddr, FAKE_MACHINE);
	KUNIT_EXPECT_PTR_EQ(test, in.vaddr, in.run->chunk->memory.vaddr);
	KUNIT_EXPECT_TRUE(test, find_in_pool(&b->pool, FAKE_MACHINE + SZ_128K - 1,
					     &in));
	KUNIT_EXPECT_EQ(test, in.offset, SZ_128K - 1);
	/* Between the two chunks, where the hull of both does not help. */
	KUNIT_EXPECT_FALSE(test, find_in_pool(&b->pool, FAKE_MACHINE + SZ_128K,
					      &in));
	KUNIT_EXPECT_FALSE(test, find_in_pool(&b->pool, second - 1, &in));
	KUNIT_EXPECT_TRUE(test, find_in_pool(&b->pool, second, &in));
	KUNIT_EXPECT_FALSE(test, find_in_pool(&b->pool, second + SZ_128K, &in));
	KUNIT_EXPECT_FALSE(test, find_in_pool(&b->pool, (phys_addr_t)-1, &in));
}

/* ---- what a run holds ---- */

static void bounce_copies_in(struct kunit *test)
{
	struct bench *b = pool_of(test, SZ_64K);
	struct page *page = test_pages(test, 1);
	static const size_t sizes[] = { 1, 7, 2047, 2048, 2049, 4096, 6000 };
	unsigned int i;

	pattern_fill(page_address(page), 2 * PAGE_SIZE, 3);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct xadma_bounce in = bounce(test, b, page_to_phys(page),
						sizes[i]);

		KUNIT_EXPECT_TRUE(test, pattern_is(in.vaddr, sizes[i], 3));
		KUNIT_EXPECT_EQ(test, in.maddr - FAKE_MACHINE,
				in.offset);
		KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, &in, sizes[i],
						      NULL));
	}
}

/* What another device left in the slots may be shown to nobody. */
static void padding_is_cleared(struct kunit *test)
{
	struct bench *b = pool_of(test, SZ_64K);
	struct page *page = test_pages(test, 0);
	struct xadma_bounce in = lend(test, b, SZ_64K);
	struct xadma_request rq = request(page_to_phys(page) + 0x123, 700);

	memset(in.vaddr, 0x5e, SZ_64K);
	KUNIT_ASSERT_EQ(test, 0, pool_release(&b->pool, &in, SZ_64K, NULL));

	rq.min_align_mask = 0xfff;
	memset(page_address(page), 0xaa, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0, xadma_bounce_request(&b->pool, &rq, &in));
	KUNIT_EXPECT_EQ(test, in.pad, 0x123);
	KUNIT_EXPECT_EQ(test, in.run_size, XADMA_SLOT_SIZE);
	KUNIT_EXPECT_NULL(test, memchr_inv(in.vaddr - in.pad, 0, in.pad));
	KUNIT_EXPECT_NULL(test, memchr_inv(in.vaddr, 0xaa, 700));
	KUNIT_EXPECT_NULL(test, memchr_inv(in.vaddr + 700, 0,
					   in.run_size - in.pad - 700));
	KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, &in, 700, NULL));
}

static void lent_is_cleared(struct kunit *test)
{
	struct bench *b = pool_of(test, SZ_64K);
	struct xadma_bounce in = lend(test, b, SZ_64K);

	memset(in.vaddr, 0x5e, SZ_64K);
	KUNIT_ASSERT_EQ(test, 0, pool_release(&b->pool, &in, SZ_64K, NULL));
	in = lend(test, b, 5000);
	KUNIT_EXPECT_TRUE(test, xadma_pool_is_alloc(&in));
	KUNIT_EXPECT_EQ(test, in.run_size, 3 * XADMA_SLOT_SIZE);
	KUNIT_EXPECT_NULL(test, memchr_inv(in.vaddr, 0, in.run_size));
	KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, &in, 5000, NULL));
}

static void keeps_low_bits(struct kunit *test)
{
	struct bench *b = pool_of(test, SZ_512K);
	struct page *page = test_pages(test, 1);
	static const unsigned int keeps[] = { 0, 0x1ff, 0x7ff, 0xfff, 0xffff };
	static const unsigned int offsets[] = { 0, 1, 0x200, 0x7ff, 0x800, 0xfff };
	unsigned int k, o;

	for (k = 0; k < ARRAY_SIZE(keeps); k++) {
		for (o = 0; o < ARRAY_SIZE(offsets); o++) {
			phys_addr_t orig_addr = page_to_phys(page) + offsets[o];
			struct xadma_request rq = request(orig_addr, 3000);
			struct xadma_bounce in;

			rq.min_align_mask = keeps[k];
			rq.alloc_align = PAGE_SIZE;
			KUNIT_ASSERT_EQ(test, 0,
					xadma_bounce_request(&b->pool, &rq, &in));
			KUNIT_EXPECT_EQ(test, in.maddr & keeps[k],
					orig_addr & keeps[k]);
			KUNIT_EXPECT_EQ(test, (in.maddr - in.pad) % PAGE_SIZE, 0);
			KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, &in, 3000, NULL));
		}
	}
}

/* ---- why not ---- */

static void reasons(struct kunit *test)
{
	struct bench *b = empty_pool(test);
	struct xadma_request rq = request(XADMA_NO_ORIG, SZ_64K);
	phys_addr_t first_only = FAKE_MACHINE + SZ_64K - 1;
	struct xadma_bounce in, other;

	KUNIT_EXPECT_EQ(test, xadma_bounce_request(&b->pool, &rq, &in), -ERANGE);

	b->provider->largest = SZ_64K;
	xadma_pool_grow(&b->pool, SZ_64K, anywhere);
	b->provider->largest = SZ_128K;
	xadma_pool_grow(&b->pool, SZ_128K, anywhere);

	rq.windows = &xadma_windows_nowhere;
	KUNIT_EXPECT_EQ(test, xadma_bounce_request(&b->pool, &rq, &in), -ERANGE);
	KUNIT_EXPECT_EQ(test, xadma_pool_largest(&b->pool, &rq), 0);

	/* The device reaches the small chunk alone. */
	rq.windows = &xadma_windows_none;
	rq.limit = first_only;
	KUNIT_EXPECT_EQ(test, xadma_pool_largest(&b->pool, &rq), SZ_64K);
	rq.size = SZ_64K + 1;
	KUNIT_EXPECT_EQ(test, xadma_bounce_request(&b->pool, &rq, &in), -E2BIG);
	rq.size = SZ_64K;
	KUNIT_ASSERT_EQ(test, xadma_bounce_request(&b->pool, &rq, &in), 0);
	rq.size = 1;
	KUNIT_EXPECT_EQ(test, xadma_bounce_request(&b->pool, &rq, &other), -ENOSPC);

	/* Full here, too small there: that it is full says more. */
	rq.limit = (u64)-1;
	rq.size = SZ_128K;
	KUNIT_ASSERT_EQ(test, xadma_bounce_request(&b->pool, &rq, &other), 0);
	KUNIT_EXPECT_EQ(test, xadma_bounce_request(&b->pool, &rq, &in), -ENOSPC);
	rq.size = SZ_128K + 1;
	KUNIT_EXPECT_EQ(test, xadma_bounce_request(&b->pool, &rq, &in), -E2BIG);
	KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, &other, SZ_128K, NULL));

	KUNIT_ASSERT_TRUE(test, find_in_pool(&b->pool, FAKE_MACHINE, &in));
	KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, &in, SZ_64K, NULL));
}

/* What xadma_pool_largest() promises is kept wherever the buffer starts. */
static void largest_is_true(struct kunit *test)
{
	struct bench *b = pool_of(test, SZ_256K);
	struct page *page = test_pages(test, get_order(SZ_512K));
	static const unsigned int keeps[] = { 0, 0x1ff, 0xfff, 0x3fff, 0xffff };
	unsigned int k, offset;

	for (k = 0; k < ARRAY_SIZE(keeps); k++) {
		struct xadma_request rq = request(0, 0);
		struct xadma_bounce in;

		rq.min_align_mask = keeps[k];
		rq.size = xadma_pool_largest(&b->pool, &rq);
		KUNIT_EXPECT_GT(test, rq.size, SZ_128K - 1);
		for (offset = 0; offset <= keeps[k]; offset += 0x1ff) {
			rq.orig_addr = page_to_phys(page) + offset;
			KUNIT_ASSERT_EQ(test, 0,
					xadma_bounce_request(&b->pool, &rq, &in));
			KUNIT_ASSERT_EQ(test, 0,
					pool_release(&b->pool, &in, rq.size, NULL));
		}
	}
}

static void beyond_largest(struct kunit *test)
{
	struct bench *b = pool_of(test, SZ_256K);
	static const size_t sizes[] = { SZ_256K + 1, SZ_1G, SIZE_MAX - 1, SIZE_MAX };
	struct xadma_bounce in;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct xadma_request rq = request(0x1fff, sizes[i]);

		rq.min_align_mask = 0xfff;
		KUNIT_EXPECT_EQ(test, xadma_bounce_request(&b->pool, &rq, &in),
				-E2BIG);
	}
}

/* ---- using and misusing a run ---- */

static struct xadma_bounce at(struct bench *b, struct xadma_bounce in, long by)
{
	struct xadma_bounce other = {};

	if (!find_in_pool(&b->pool, in.maddr + by, &other))
		KUNIT_FAIL(b->provider->test, "%ld leaves the pool", by);
	return other;
}

static const struct span {
	long at;
	size_t size;
	int check;
} spans[] = {
	{ 0, 1, 0 }, { 0, 5000, 0 }, { 4999, 1, 0 }, { 2048, 2952, 0 },
	{ 100, 0, 0 },
	{ 0, 5001, -ERANGE }, { 4999, 2, -ERANGE }, { 1, SIZE_MAX, -ERANGE },
	{ 5000, 1, -ENOENT }, { 5300, 1, -ENOENT }, { -1, 1, -ENOENT },
	{ -1, 2, -ENOENT }, { 6144, 1, -ENOENT }, { -0x300, 1, -ENOENT },
};

static void check_table(struct kunit *test)
{
	struct bench *b = pool_of(test, SZ_64K);
	struct page *page = test_pages(test, 1);
	struct xadma_bounce first, in;
	struct xadma_request rq = request(page_to_phys(page) + 0x200, 5000);
	unsigned int i;

	/* A free page before it, a lead of 0x200 bytes, and free slots behind. */
	first = lend(test, b, SZ_4K);
	rq.min_align_mask = 0xfff;
	KUNIT_ASSERT_EQ(test, 0, xadma_bounce_request(&b->pool, &rq, &in));
	KUNIT_ASSERT_EQ(test, 0, pool_release(&b->pool, &first, SZ_4K, NULL));

	for (i = 0; i < ARRAY_SIZE(spans); i++) {
		struct xadma_bounce place = at(b, in, spans[i].at);

		KUNIT_EXPECT_EQ_MSG(test, spans[i].check,
				    pool_check(&place, spans[i].size),
				    "%zu bytes at %ld", spans[i].size,
				    spans[i].at);
	}
	KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, &in, 5000, NULL));
}

static void copies_are_exact(struct kunit *test)
{
	struct bench *b = pool_of(test, SZ_64K);
	struct page *page = test_pages(test, 1);
	u8 *orig_addr = page_address(page) + 10;
	struct xadma_bounce in = bounce(test, b, page_to_phys(page) + 10, 5000);
	struct xadma_bounce part = at(b, in, 2000);
	u8 *seen = in.vaddr;

	memset(orig_addr - 10, 0x77, 2 * PAGE_SIZE);
	memset(seen, 0x33, 5000);
	xadma_bounce_copy_out(&part, 300);
	KUNIT_EXPECT_NULL(test, memchr_inv(orig_addr - 10, 0x77, 2010));
	KUNIT_EXPECT_NULL(test, memchr_inv(orig_addr + 2000, 0x33, 300));
	KUNIT_EXPECT_NULL(test, memchr_inv(orig_addr + 2300, 0x77, 5000));

	memset(orig_addr, 0x44, 5000);
	xadma_bounce_copy_in(&part, 300);
	KUNIT_EXPECT_NULL(test, memchr_inv(seen, 0x33, 2000));
	KUNIT_EXPECT_NULL(test, memchr_inv(seen + 2000, 0x44, 300));
	KUNIT_EXPECT_NULL(test, memchr_inv(seen + 2300, 0x33, 2700));
	KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, &in, 5000, NULL));
}

static void wrong_releases(struct kunit *test)
{
	struct bench *b = pool_of(test, SZ_64K);
	struct xadma_bounce in = lend(test, b, 5000);
	struct xadma_bounce inside = at(b, in, XADMA_SLOT_SIZE);
	struct xadma_bounce byte = at(b, in, 1);
	struct xadma_bounce behind = at(b, in, 3 * XADMA_SLOT_SIZE);

	KUNIT_EXPECT_EQ(test, -ENOENT, pool_release(&b->pool, &inside, 5000, NULL));
	KUNIT_EXPECT_EQ(test, -ENOENT, pool_release(&b->pool, &byte, 5000, NULL));
	KUNIT_EXPECT_EQ(test, -ENOENT, pool_release(&b->pool, &behind, 5000, NULL));
	KUNIT_EXPECT_EQ(test, 3, xadma_pool_usage(&b->pool).used);

	KUNIT_EXPECT_EQ(test, -ERANGE, pool_release(&b->pool, &in, 4999, NULL));
	KUNIT_EXPECT_EQ(test, 0, xadma_pool_usage(&b->pool).used);
	KUNIT_EXPECT_EQ(test, -ENOENT, pool_release(&b->pool, &in, 5000, NULL));
	KUNIT_EXPECT_FALSE(test, xadma_pool_is_alloc(&in));
}

/* ---- at random, against a model ---- */

#define LIVE 96

struct live {
	struct xadma_bounce in;
	struct xadma_request rq;
	unsigned int seed;
};

static bool disjoint(const struct live *a, const struct live *b)
{
	phys_addr_t first_a = a->in.maddr - a->in.pad;
	phys_addr_t first_b = b->in.maddr - b->in.pad;

	return first_a + a->in.run_size <= first_b ||
	       first_b + b->in.run_size <= first_a;
}

static void overlaps_none(struct kunit *test, const struct live *live,
			  const struct live *one)
{
	unsigned int i;

	for (i = 0; i < LIVE; i++)
		if (live[i].seed && &live[i] != one)
			KUNIT_ASSERT_TRUE(test, disjoint(&live[i], one));
}

static void try_begin(struct kunit *test, struct bench *b, struct live *live,
		      struct live *one, struct rnd_state *rnd,
		      phys_addr_t orig_addr)
{
	one->rq = request(orig_addr + prandom_u32_state(rnd) % PAGE_SIZE,
			  1 + prandom_u32_state(rnd) % (3 * PAGE_SIZE));
	one->rq.min_align_mask = prandom_u32_state(rnd) % 2 ? 0xfff : 0;
	one->rq.alloc_align = prandom_u32_state(rnd) % 2 ? PAGE_SIZE : 1;
	if (xadma_bounce_request(&b->pool, &one->rq, &one->in))
		return;
	one->seed = 1 + prandom_u32_state(rnd) % 1000;
	overlaps_none(test, live, one);
	pattern_fill(one->in.vaddr, one->rq.size, one->seed);
}

static void end(struct kunit *test, struct bench *b, struct live *one)
{
	KUNIT_ASSERT_TRUE(test, pattern_is(one->in.vaddr, one->rq.size,
					   one->seed));
	KUNIT_ASSERT_EQ(test, 0, pool_check(&one->in, one->rq.size));
	KUNIT_ASSERT_EQ(test, 0, pool_release(&b->pool, &one->in, one->rq.size, NULL));
	one->seed = 0;
}

static unsigned int slots_of_all(const struct live *live)
{
	unsigned int i, sum = 0;

	for (i = 0; i < LIVE; i++)
		if (live[i].seed)
			sum += live[i].in.run_size / XADMA_SLOT_SIZE;
	return sum;
}

static void random_runs(struct kunit *test)
{
	struct bench *b = empty_pool(test);
	struct page *page = test_pages(test, 2);
	struct live *live = kunit_kcalloc(test, LIVE, sizeof(*live), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i, step;

	skip_if_racing(test);
	KUNIT_ASSERT_NOT_NULL(test, live);
	b->provider->largest = SZ_128K;
	xadma_pool_grow(&b->pool, SZ_512K, anywhere);
	prandom_seed_state(&rnd, 20261123);
	for (step = 0; step < 30000; step++) {
		struct live *one = &live[prandom_u32_state(&rnd) % LIVE];

		if (one->seed)
			end(test, b, one);
		else
			try_begin(test, b, live, one, &rnd, page_to_phys(page));
		KUNIT_ASSERT_EQ(test, slots_of_all(live),
				xadma_pool_usage(&b->pool).used);
	}
	for (i = 0; i < LIVE; i++)
		if (live[i].seed)
			end(test, b, &live[i]);
}

/* ---- on all CPUs, in interrupts, and while the pool grows ---- */

struct crowd {
	struct kunit *test;
	struct xadma_pool *pool;
	phys_addr_t orig_addr;
	atomic_t bounced;
	atomic_t spoilt;
	struct hrtimer timer;
};

static void one_bounce(struct crowd *c, size_t size, unsigned int seed)
{
	struct xadma_request rq = request(c->orig_addr, size);
	struct xadma_bounce in, found;

	if (xadma_bounce_request(c->pool, &rq, &in))
		return;
	pattern_fill(in.vaddr, size, seed);
	if (!find_in_pool(c->pool, in.maddr, &found) ||
	    found.vaddr != in.vaddr || pool_check(&found, size) ||
	    !pattern_is(found.vaddr, size, seed) ||
	    pool_release(c->pool, &found, size, NULL))
		atomic_inc(&c->spoilt);
	atomic_inc(&c->bounced);
}

static void crowd_member(void *data, unsigned int cpu)
{
	struct crowd *c = data;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, cpu + 1);
	for (i = 0; i < 4000; i++) {
		one_bounce(c, 1 + prandom_u32_state(&rnd) % SZ_16K, cpu * 7 + i);
		cond_resched();
	}
}

static void growing_member(void *data, unsigned int cpu)
{
	struct crowd *c = data;
	unsigned int i;

	if (cpu != cpumask_first(cpu_online_mask)) {
		crowd_member(data, cpu);
		return;
	}
	for (i = 0; i < 64; i++) {
		xadma_pool_grow(c->pool, XADMA_CHUNK_MIN, anywhere);
		cond_resched();
	}
}

static enum hrtimer_restart interrupt(struct hrtimer *timer)
{
	struct crowd *c = container_of(timer, struct crowd, timer);

	one_bounce(c, 700, 99);
	return test_timer_again(timer);
}

static struct crowd *crowd(struct kunit *test, struct bench *b)
{
	struct crowd *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->test = test;
	c->pool = &b->pool;
	c->orig_addr = page_to_phys(test_pages(test, 2));
	return c;
}

static void crowd_is_happy(struct crowd *c)
{
	KUNIT_EXPECT_EQ(c->test, atomic_read(&c->spoilt), 0);
	KUNIT_EXPECT_GT(c->test, atomic_read(&c->bounced), 100);
	KUNIT_EXPECT_EQ(c->test, xadma_pool_usage(c->pool).used, 0);
}

static void many_cpus(struct kunit *test)
{
	struct bench *b = empty_pool(test);
	struct crowd *c = crowd(test, b);

	b->provider->largest = SZ_64K;
	xadma_pool_grow(&b->pool, SZ_128K, anywhere);
	on_all_cpus(test, crowd_member, c);
	crowd_is_happy(c);
}

static void in_interrupts(struct kunit *test)
{
	struct bench *b = pool_of(test, SZ_64K);
	struct crowd *c = crowd(test, b);

	test_timer_setup(&c->timer, interrupt);
	test_timer_start(&c->timer);
	on_all_cpus(test, crowd_member, c);
	hrtimer_cancel(&c->timer);
	crowd_is_happy(c);
}

static void while_growing(struct kunit *test)
{
	struct bench *b = empty_pool(test);
	struct crowd *c = crowd(test, b);

	xadma_pool_grow(&b->pool, XADMA_CHUNK_MIN, anywhere);
	on_all_cpus(test, growing_member, c);
	crowd_is_happy(c);
	KUNIT_EXPECT_EQ(test, xadma_pool_usage(&b->pool).chunks, 65);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(grow_table),
	KUNIT_CASE(pool_without_a_source_serves_nothing),
	KUNIT_CASE(pool_serves_what_came_before_a_refusal),
	KUNIT_CASE(pool_is_filled_with_what_the_device_drives),
	KUNIT_CASE(memory_refused),
	KUNIT_CASE(find_edges),
	KUNIT_CASE(bounce_copies_in),
	KUNIT_CASE(padding_is_cleared),
	KUNIT_CASE(lent_is_cleared),
	KUNIT_CASE(keeps_low_bits),
	KUNIT_CASE(reasons),
	KUNIT_CASE(largest_is_true),
	KUNIT_CASE(beyond_largest),
	KUNIT_CASE(check_table),
	KUNIT_CASE(copies_are_exact),
	KUNIT_CASE(wrong_releases),
	KUNIT_CASE_SLOW(random_runs),
	KUNIT_CASE_SLOW(many_cpus),
	KUNIT_CASE_SLOW(in_interrupts),
	KUNIT_CASE_SLOW(while_growing),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "swiotlb-arm-pool",
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);

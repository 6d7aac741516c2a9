// SPDX-License-Identifier: GPL-2.0-only
/*
 * source: the providers on every kind of machine, and what becomes of
 * frames when Xen stops half way.
 */
#include <kunit/test.h>

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../source.h"
#include "../mfn-map.h"
#include "../resolve.h"
#include "fake-hv.h"
#include "fake-memory.h"
#include "helpers.h"

static const struct xadma_range anywhere = { .last = (phys_addr_t)-1 };
static const struct xadma_range below_4g = { .last = DMA_BIT_MASK(32) };
static const struct xadma_range below_2g = { .last = DMA_BIT_MASK(31) };
static const struct xadma_range below_256m = { .last = DMA_BIT_MASK(28) };

static const struct xadma_provider * const ladder[] = {
	&xadma_provider_exchange,
	&xadma_provider_populate,
	&xadma_provider_discover,
	NULL,
};

struct bench {
	struct fake_memory *memory;
	struct xadma_source source;
};

static void bench_end(void *data)
{
	struct bench *b = data;

	xadma_resolver_destroy(b->source.resolver);
}

static struct bench *bench(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct fake_hv *fake = fake_hv_start(test);

	KUNIT_ASSERT_NOT_NULL(test, b);
	fake->domain = XADMA_DOMAIN_TRANSLATED;
	b->memory = fake_memory_start(test);
	b->source = (struct xadma_source) {
		.hv = &xadma_hv_fake,
		.resolver = xadma_resolver_create(&xadma_hv_fake),
		.providers = ladder,
	};
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b->source.resolver);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bench_end, b));
	return b;
}

/* Every byte that the CPU sees is where the pieces say. */
static void is_true(struct kunit *test, const struct xadma_memory *memory,
		    struct xadma_range within)
{
	size_t piece = xadma_piece_size(memory), at;

	KUNIT_EXPECT_NULL(test, memchr_inv(memory->vaddr, 0, memory->size));
	KUNIT_EXPECT_EQ(test, memory->size % piece, 0);
	KUNIT_EXPECT_GE(test, memory->size, XADMA_CHUNK_MIN);
	for (at = 0; at < memory->size; at += PAGE_SIZE) {
		struct page *page = xadma_page_of(memory->vaddr + at);
		phys_addr_t maddr = memory->maddr[at >> memory->piece_shift];

		KUNIT_ASSERT_EQ(test, maddr % piece, 0);
		maddr += at & (piece - 1);
		KUNIT_ASSERT_EQ(test, PHYS_PFN(maddr), fake_mfn(page_to_pfn(page)));
		KUNIT_ASSERT_GE(test, maddr, within.first);
		KUNIT_ASSERT_LE(test, maddr + PAGE_SIZE - 1, within.last);
	}
}

/* ---- which provider on which machine ---- */

static const struct machine {
	const char *what;
	bool exchanges;
	unsigned int max_order, low, colours, of;
	const struct xadma_range *within;
	const struct xadma_provider *provider;	/* NULL: there is nothing */
	size_t piece;
	bool swept;				/* each failure, too */
} machines[] = {
	{ "populating", false, 9, SZ_256K, 1, 1, &below_4g,
	  &xadma_provider_populate, SZ_2M, true },
	{ "exchanging", true, 9, SZ_256K, 1, 1, &below_4g,
	  &xadma_provider_exchange, SZ_4M, true },
	{ "populating, anywhere", false, 9, 0, 1, 1, &anywhere,
	  &xadma_provider_populate, SZ_2M },
	{ "populating, large extents", false, 10, SZ_256K, 1, 1, &below_4g,
	  &xadma_provider_populate, SZ_4M },
	{ "populating, small extents", false, 4, SZ_256K, 1, 1, &below_4g,
	  &xadma_provider_populate, SZ_64K },
	{ "populating, pairs", false, 1, SZ_256K, 1, 1, &below_4g,
	  &xadma_provider_populate, SZ_8K, true },
	{ "populating, 31 bits", false, 9, SZ_256K, 1, 1, &below_2g,
	  &xadma_provider_populate, SZ_2M },
	/* These two look at all memory. */
	{ "no such memory", false, 9, SZ_256K, 1, 1, &below_256m, NULL },
	{ "coloured, nothing low", false, 0, 0, 8, 16, &below_4g, NULL },
	{ "half of 64 colours", false, 0, 0, 32, 64, &anywhere,
	  &xadma_provider_discover, SZ_128K },
	{ "half of 16 colours", false, 0, 0, 8, 16, &anywhere,
	  &xadma_provider_discover, SZ_32K, true },
	{ "two of 16 colours", false, 0, 0, 2, 16, &anywhere,
	  &xadma_provider_discover, SZ_8K },
	{ "one of 16 colours", false, 0, 0, 1, 16, &anywhere,
	  &xadma_provider_discover, SZ_4K },
};

/* The first row. */
static const struct machine * const populating = machines;

KUNIT_ARRAY_PARAM_DESC(machine, machines, what);

static struct bench *bench_on(struct kunit *test, const struct machine *m)
{
	struct bench *b = bench(test);

	b->memory->exchanges = m->exchanges;
	b->memory->max_order = m->max_order;
	b->memory->low = m->low;
	b->memory->colours = m->colours;
	b->memory->of = m->of;
	return b;
}

static void takes_the_rung(struct kunit *test)
{
	const struct machine *m = test->param_value;
	struct bench *b = bench_on(test, m);
	struct xadma_memory memory = {};
	int err = xadma_source_get(&b->source, &memory, SZ_4M, *m->within);

	KUNIT_ASSERT_EQ(test, err, m->provider ? 0 : -ENOMEM);
	if (m->provider) {
		/* The first time little was put at stake. */
		xadma_source_put(&b->source, &memory);
		memory = (struct xadma_memory){};
		KUNIT_ASSERT_EQ(test, 0, xadma_source_get(&b->source, &memory,
							  SZ_4M, *m->within));
		KUNIT_EXPECT_PTR_EQ(test, memory.from, m->provider);
		KUNIT_EXPECT_EQ(test, xadma_piece_size(&memory), m->piece);
		KUNIT_EXPECT_GE(test, memory.size, SZ_2M);
		is_true(test, &memory, *m->within);
	}
	KUNIT_EXPECT_EQ(test, b->source.lost, 0);
	xadma_source_put(&b->source, &memory);
}

/* A provider that gave is kept to, even when one before it would give now. */
static void rung_is_kept_to(struct kunit *test)
{
	struct bench *b = bench_on(test, populating);
	struct xadma_memory first = {}, second = {};

	KUNIT_ASSERT_EQ(test, 0, xadma_source_get(&b->source, &first, SZ_64K,
						  anywhere));
	b->memory->exchanges = true;
	KUNIT_ASSERT_EQ(test, 0, xadma_source_get(&b->source, &second, SZ_64K,
						  anywhere));
	KUNIT_EXPECT_PTR_EQ(test, second.from, &xadma_provider_populate);
	xadma_source_put(&b->source, &first);
	xadma_source_put(&b->source, &second);
}

/* A pool of 64 MiB, chunk by chunk: Xen is not asked page by page. */
static void few_hypercalls(struct kunit *test)
{
	struct bench *b = bench_on(test, populating);
	struct xadma_memory first = {}, memory[16] = {};
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, xadma_source_get(&b->source, &first, SZ_4M,
						  below_4g));
	KUNIT_EXPECT_EQ(test, first.size, XADMA_CHUNK_MIN);
	xadma_source_put(&b->source, &first);
	b->memory->calls = 0;
	for (i = 0; i < 16; i++)
		KUNIT_ASSERT_EQ(test, 0, xadma_source_get(&b->source, &memory[i],
							  SZ_4M, below_4g));
	/* Each: decrease, populate, and two for translating 1024 frames. */
	KUNIT_EXPECT_EQ(test, b->memory->calls, 16 * 4);
	for (i = 0; i < 16; i++)
		xadma_source_put(&b->source, &memory[i]);
}

/* ---- half done ---- */

#define SWEEP	40

/*
 * The n-th hypercall fails, for every n: either there is true memory or there
 * is none; and a frame that Xen has not given back is nobody's.
 */
static void sweep(struct kunit *test, const struct machine *m,
		  enum fake_failure how)
{
	struct bench *b = bench_on(test, m);
	unsigned long lost = 0;
	unsigned int nth;

	b->memory->failure = how;
	for (nth = 1; nth <= SWEEP; nth++) {
		struct xadma_memory memory = {};

		b->memory->fail_at = nth;
		b->source.chosen = ladder;	/* all is at stake */
		if (!xadma_source_get(&b->source, &memory, SZ_1M, *m->within))
			is_true(test, &memory, *m->within);
		xadma_source_put(&b->source, &memory);
		lost += b->source.lost;
		b->source.lost = 0;	/* or else no more would be at stake */
		KUNIT_EXPECT_EQ(test, lost, b->memory->holes);
		if (b->memory->fail_at)
			break;
	}
	KUNIT_EXPECT_GT(test, nth, 2);
	KUNIT_EXPECT_LT(test, nth, SWEEP);
	b->memory->fail_at = 0;
	b->memory->holes_stay = b->memory->holes;
	b->memory->stays = xadma_resolver_stuck(b->source.resolver);
}

static void sweep_some(struct kunit *test, enum fake_failure how)
{
	const struct machine *m = test->param_value;

	if (!m->swept)
		kunit_skip(test, "like another");
	sweep(test, m, how);
}

static void each_call_fails(struct kunit *test)
{
	sweep_some(test, FAIL_ALL);
}

static void each_call_stops_half_way(struct kunit *test)
{
	sweep_some(test, FAIL_HALF);
}

/* Nothing can be had any more, not even what was there before. */
static void xen_keeps_it(struct kunit *test)
{
	struct bench *b = bench_on(test, populating);
	struct xadma_memory memory = {};

	b->memory->keeps = true;
	b->memory->refs_max = 0;	/* and nothing can be discovered */
	KUNIT_EXPECT_EQ(test, -ENOMEM, xadma_source_get(&b->source, &memory,
							SZ_64K, below_4g));
	KUNIT_EXPECT_EQ(test, b->source.lost, b->memory->holes);
	KUNIT_EXPECT_EQ(test, b->source.lost, XADMA_CHUNK_MIN >> PAGE_SHIFT);

	/* It is not given the next. */
	KUNIT_EXPECT_EQ(test, -ENOMEM, xadma_source_get(&b->source, &memory,
							SZ_64K, below_4g));
	KUNIT_EXPECT_EQ(test, b->source.lost, XADMA_CHUNK_MIN >> PAGE_SHIFT);
	b->memory->holes_stay = b->memory->holes;
}

/* ---- frames that changed are forgotten ---- */

static void tells_the_mfn_map(struct kunit *test)
{
	struct bench *b = bench_on(test, populating);
	struct xadma_mfn_map *f = xadma_mfn_map_create(b->source.resolver);
	struct xadma_memory memory = {};
	unsigned long pfn;

	KUNIT_ASSERT_NOT_NULL(test, f);
	b->source.mfn_map = f;
	KUNIT_ASSERT_EQ(test, 0, xadma_source_get(&b->source, &memory, SZ_64K,
						  anywhere));
	pfn = page_to_pfn(xadma_page_of(memory.vaddr));
	KUNIT_EXPECT_EQ(test, xadma_mfn_map_mfn(f, pfn),
			memory.maddr[0] >> XEN_PAGE_SHIFT);
	xadma_source_put(&b->source, &memory);
	xadma_mfn_map_destroy(f);
}

/* However many of them there are. */
static void discover_leaves_frames_that_lie_below_the_range(struct kunit *test)
{
	static const struct xadma_provider * const only[] = {
		&xadma_provider_discover, NULL,
	};
	const struct xadma_range above = {
		.first = 1ULL << 44, .last = (phys_addr_t)-1,
	};
	struct bench *b = bench(test);
	struct xadma_memory memory = {};

	b->memory->colours = 8;
	b->memory->of = 16;
	b->source.providers = only;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xadma_source_get(&b->source, &memory, SZ_64K, above));
	KUNIT_ASSERT_EQ(test, 0,
			xadma_source_get(&b->source, &memory, SZ_64K, anywhere));
	is_true(test, &memory, anywhere);
	xadma_source_put(&b->source, &memory);
}

static struct kunit_case source_cases[] = {
	KUNIT_CASE(discover_leaves_frames_that_lie_below_the_range),
	KUNIT_CASE_PARAM(takes_the_rung, machine_gen_params),
	KUNIT_CASE(rung_is_kept_to),
	KUNIT_CASE(few_hypercalls),
	KUNIT_CASE_PARAM(each_call_fails, machine_gen_params),
	KUNIT_CASE_PARAM(each_call_stops_half_way, machine_gen_params),
	KUNIT_CASE(xen_keeps_it),
	KUNIT_CASE(tells_the_mfn_map),
	{}
};

static struct kunit_suite source_suite = {
	.name = "swiotlb-arm-source",
	.test_cases = source_cases,
};

kunit_test_suite(source_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * route: every combination of what it depends on, made of numbers; and its first lines
 * against the rest, over devices and buffers at random.
 */
#include <kunit/test.h>

#include <linux/dma-direct.h>
#include <linux/memblock.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include <xen/page.h>

#include "../mfn-map.h"
#include "../route.h"
#include "helpers.h"

#define ALL	DMA_BIT_MASK(64)

/* ---- all combinations ---- */

enum facts {
	EMPTY = BIT(0),
	BAD_DIR = BIT(1),
	WRAPS = BIT(2),
	NO_RAM = BIT(3),
	UNKNOWN = BIT(4),
	FOREIGN = BIT(5),
	SCATTERED = BIT(6),
	OUT_OF_REACH = BIT(7),
	NO_FLUSH = BIT(8),
	SHARES_LINE = BIT(9),
	FORCED = BIT(10),
	COHERENT = BIT(11),
	ALL_FACTS = BIT(12),
};

struct numbers {
	struct kunit *test;
	struct xadma_ram ram;
	struct xadma_mfn_map *nothing_known;
	struct page *ours, *foreign, *mixed;
};

static void numbers_end(void *data)
{
	struct numbers *n = data;

	xadma_mfn_map_destroy(n->nothing_known);
}

static struct numbers *numbers(struct kunit *test)
{
	struct numbers *n = kunit_kzalloc(test, sizeof(*n), GFP_KERNEL);
	unsigned int per_page = PAGE_SIZE / XEN_PAGE_SIZE, i;

	KUNIT_ASSERT_NOT_NULL(test, n);
	n->test = test;
	xadma_ram_init(&n->ram);
	n->nothing_known = xadma_mfn_map_create(NULL);
	KUNIT_ASSERT_NOT_NULL(test, n->nothing_known);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, numbers_end, n));
	n->ours = test_pages(test, 1);
	n->foreign = test_pages(test, 1);
	n->mixed = test_pages(test, 1);
	for (i = 0; i < 2 * per_page; i++)
		make_foreign_frame(test, XEN_PFN_DOWN(page_to_phys(n->foreign)) + i,
				   FAKE_FOREIGN_MFN + i);
	make_foreign_frame(test, XEN_PFN_DOWN(page_to_phys(n->mixed)) + 1,
			   FAKE_FOREIGN_MFN + 100);
	return n;
}

/* Two owners at once, or none that a domain of that kind has: there is no such buffer. */
static bool can_be(unsigned int f)
{
	return hweight32(f & (NO_RAM | UNKNOWN | FOREIGN | SCATTERED)) <= 1 ||
	       (f & (NO_RAM | UNKNOWN | FOREIGN | SCATTERED)) == (NO_RAM | UNKNOWN);
}

static phys_addr_t buffer_for(const struct numbers *n, unsigned int f)
{
	if (f & WRAPS)
		return -(phys_addr_t)16;
	if (f & NO_RAM)
		return 1ULL << 45;
	if (f & FOREIGN)
		return page_to_phys(n->foreign);
	if (f & SCATTERED)
		return page_to_phys(n->mixed) + XEN_PAGE_SIZE - 1;
	return page_to_phys(n->ours) + XEN_PAGE_SIZE - 1;
}

static size_t size_for(unsigned int f)
{
	if (f & EMPTY)
		return 0;
	return f & SHARES_LINE && !(f & WRAPS) ? 2 : XEN_PAGE_SIZE;
}

static struct xadma_reach reach_for(const struct numbers *n, unsigned int f)
{
	const struct xadma_range all = { .last = (phys_addr_t)-1 >> 1 };
	bool plain = f & COHERENT && !(f & (FORCED | UNKNOWN));

	return (struct xadma_reach) {
		.driven = all,
		.plain = plain ? all : XADMA_RANGE_NONE,
		.windows = &xadma_windows_none,
		.mfn_map = f & UNKNOWN ? n->nothing_known : NULL,
		.ram = &n->ram,
		.coherent = f & COHERENT,
		.force = f & FORCED,
		.no_flush = f & NO_FLUSH && !(f & COHERENT),
	};
}

/* Is @route a true statement about @f? Says nothing of which truth comes first. */
static bool holds(enum xadma_route route, unsigned int f)
{
	bool sane = !(f & (EMPTY | BAD_DIR | WRAPS)), nc = !(f & COHERENT);
	bool line = f & SHARES_LINE && nc &&
		    IS_ENABLED(CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC);
	bool cache = f & NO_FLUSH && nc && f & (FOREIGN | UNKNOWN);
	bool placed = !(f & (UNKNOWN | SCATTERED));
	bool far = f & OUT_OF_REACH && placed;
	bool obstacle = far || !placed || cache || line || f & FORCED;
	bool bounces = sane && !(f & NO_RAM);

	switch (route) {
	case XADMA_DIRECT:
		return sane && !obstacle;
	case XADMA_BOUNCE_MASK:
		return bounces && far;
	case XADMA_BOUNCE_UNKNOWN:
		return bounces && f & UNKNOWN;
	case XADMA_BOUNCE_SCATTER:
		return bounces && f & SCATTERED;
	case XADMA_BOUNCE_KMALLOC:
		return bounces && line && !far;
	case XADMA_BOUNCE_FORCE:
		return bounces && f & FORCED && !far && !cache && !line;
	case XADMA_BOUNCE_CACHE:
		return bounces && cache && !far;
	case XADMA_REFUSE_EMPTY:
		return f & EMPTY;
	case XADMA_REFUSE_DIR:
		return f & BAD_DIR && !(f & EMPTY);
	case XADMA_REFUSE_WRAP:
		return f & WRAPS && !(f & (EMPTY | BAD_DIR));
	case XADMA_REFUSE_MMIO:
		return sane && obstacle && f & NO_RAM;
	default:
		return false;	/* those are found out later */
	}
}

static struct xadma_verdict ask(const struct numbers *n, unsigned int f)
{
	struct xadma_reach reach = reach_for(n, f);
	u64 mask = f & OUT_OF_REACH ? 0 : ALL;

	/* What a driver does with no direction the core has refused before. */
	if (f & BAD_DIR)
		return xadma_route_rest(&reach, mask, 0, buffer_for(n, f), size_for(f),
					7);
	return xadma_route(&reach, xadma_route_plain(&reach, mask), mask, 0,
			   buffer_for(n, f), size_for(f), DMA_FROM_DEVICE);
}

static void each_combination_gets_a_true_answer(struct kunit *test)
{
	struct numbers *n = numbers(test);
	unsigned int f, seen = 0;

	if (pfn_valid(PHYS_PFN(1ULL << 45)))
		kunit_skip(test, "this machine has memory everywhere");
	for (f = 0; f < ALL_FACTS; f++) {
		struct xadma_verdict v;

		if (!can_be(f))
			continue;
		v = ask(n, f);
		KUNIT_EXPECT_TRUE_MSG(test, holds(v.route, f), "facts %#x: %s", f,
				      xadma_route_why(v.route));
		seen |= BIT(v.route);
	}
	/* Every decision that can be made here is made somewhere. */
	if (!IS_ENABLED(CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC))
		seen |= BIT(XADMA_BOUNCE_KMALLOC);
	KUNIT_EXPECT_EQ(test, seen, (BIT(XADMA_REFUSE_MMIO + 1) - 1));
}

static void each_route_is_of_one_kind(struct kunit *test)
{
	unsigned int route;

	for (route = 0; route < XADMA_NR_ROUTES; route++)
		KUNIT_EXPECT_EQ_MSG(test, 1, (route == XADMA_DIRECT) +
				    xadma_route_bounces(route) +
				    xadma_route_refuses(route), "%u", route);
}

static void each_route_has_words_of_its_own(struct kunit *test)
{
	unsigned int a, b;

	for (a = 0; a < XADMA_NR_ROUTES; a++) {
		KUNIT_ASSERT_NOT_NULL(test, xadma_route_why(a));
		KUNIT_EXPECT_STRNEQ(test, xadma_route_why(a), "unknown");
		for (b = 0; b < a; b++)
			KUNIT_EXPECT_STRNEQ(test, xadma_route_why(a),
					    xadma_route_why(b));
	}
	KUNIT_EXPECT_STREQ(test, xadma_route_why(XADMA_NR_ROUTES), "unknown");
	KUNIT_EXPECT_STREQ(test, xadma_route_why(-1), "unknown");
}

static struct kunit_case route_cases[] = {
	KUNIT_CASE(each_combination_gets_a_true_answer),
	KUNIT_CASE(each_route_is_of_one_kind),
	KUNIT_CASE(each_route_has_words_of_its_own),
	{}
};

static struct kunit_suite route_suite = {
	.name = "swiotlb-arm-route",
	.test_cases = route_cases,
};

kunit_test_suite(route_suite);

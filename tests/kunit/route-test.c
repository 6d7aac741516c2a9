// SPDX-License-Identifier: GPL-2.0-only
/*
 * route: a row for each reason, and all of the 2048 combinations of facts.
 */
#include <kunit/test.h>

#include <linux/string.h>

#include "../route.h"

/* A buffer with which nothing is wrong. */
#define FINE	.memory = true, .reachable = true, .pool = true

static const struct row {
	const char *what;
	struct xadma_facts facts;
	enum xadma_route route;
} rows[] = {
	{ "nothing is wrong", { FINE }, XADMA_DIRECT },
	{ "nothing is wrong, and no pool", { .memory = true, .reachable = true },
	  XADMA_DIRECT },
	{ "registers in reach", { .reachable = true }, XADMA_DIRECT },
	{ "out of reach", { .memory = true, .pool = true }, XADMA_BOUNCE_MASK },
	{ "nobody knows where", { FINE, .unknown = true }, XADMA_BOUNCE_UNKNOWN },
	{ "nobody knows where, and so not whether it is in reach",
	  { .memory = true, .pool = true, .unknown = true },
	  XADMA_BOUNCE_UNKNOWN },
	{ "scattered", { FINE, .scattered = true }, XADMA_BOUNCE_SCATTER },
	{ "unflushable", { FINE, .unflushable = true }, XADMA_BOUNCE_CACHE },
	{ "shares a line", { FINE, .shares_line = true }, XADMA_BOUNCE_KMALLOC },
	{ "forced", { FINE, .forced = true }, XADMA_BOUNCE_FORCE },
	{ "empty", { FINE, .empty = true }, XADMA_REFUSE_EMPTY },
	{ "no direction", { FINE, .bad_dir = true }, XADMA_REFUSE_DIR },
	{ "wraps", { FINE, .wraps = true }, XADMA_REFUSE_WRAP },
	{ "registers out of reach", { .pool = true }, XADMA_REFUSE_MMIO },
	{ "registers, forced", { .reachable = true, .pool = true, .forced = true },
	  XADMA_REFUSE_MMIO },
	{ "out of reach, no pool", { .memory = true }, XADMA_REFUSE_NOPOOL },
	{ "forced, no pool",
	  { .memory = true, .reachable = true, .forced = true },
	  XADMA_REFUSE_NOPOOL },
	/* Of two reasons, the one that the machine is to blame for. */
	{ "scattered and out of reach",
	  { .memory = true, .pool = true, .scattered = true },
	  XADMA_BOUNCE_SCATTER },
	{ "out of reach and forced",
	  { .memory = true, .pool = true, .forced = true }, XADMA_BOUNCE_MASK },
	{ "unflushable and shares a line",
	  { FINE, .unflushable = true, .shares_line = true },
	  XADMA_BOUNCE_CACHE },
	{ "shares a line and forced", { FINE, .shares_line = true, .forced = true },
	  XADMA_BOUNCE_KMALLOC },
	{ "empty and out of reach", { .empty = true }, XADMA_REFUSE_EMPTY },
	{ "empty and no direction", { FINE, .empty = true, .bad_dir = true },
	  XADMA_REFUSE_EMPTY },
	{ "no direction and wraps", { FINE, .bad_dir = true, .wraps = true },
	  XADMA_REFUSE_DIR },
	{ "registers out of reach, no pool", {}, XADMA_REFUSE_MMIO },
};

static void row_case(struct kunit *test)
{
	const struct row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, xadma_route(&row->facts), row->route);
}

static void row_name(const struct row *row, char *desc)
{
	strscpy(desc, row->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(row, rows, row_name);

static struct xadma_facts facts_of(unsigned int bits)
{
	return (struct xadma_facts) {
		.empty = bits & BIT(0),
		.bad_dir = bits & BIT(1),
		.wraps = bits & BIT(2),
		.memory = bits & BIT(3),
		.scattered = bits & BIT(4),
		.reachable = bits & BIT(5),
		.unflushable = bits & BIT(6),
		.shares_line = bits & BIT(7),
		.forced = bits & BIT(8),
		.pool = bits & BIT(9),
		.unknown = bits & BIT(10),
	};
}

/* Is @route a true statement about @f? Says nothing of which truth comes first. */
static bool holds(enum xadma_route route, const struct xadma_facts *f)
{
	bool sane = !f->empty && !f->bad_dir && !f->wraps;
	bool obstacle = f->unknown || f->scattered || !f->reachable || f->unflushable ||
			f->shares_line || f->forced;
	bool bounces = sane && f->memory && f->pool;

	switch (route) {
	case XADMA_DIRECT:
		return sane && !obstacle;
	case XADMA_BOUNCE_MASK:
		return bounces && !f->reachable;
	case XADMA_BOUNCE_UNKNOWN:
		return bounces && f->unknown;
	case XADMA_BOUNCE_SCATTER:
		return bounces && f->scattered;
	case XADMA_BOUNCE_KMALLOC:
		return bounces && f->shares_line;
	case XADMA_BOUNCE_FORCE:
		return bounces && f->forced;
	case XADMA_BOUNCE_CACHE:
		return bounces && f->unflushable;
	case XADMA_REFUSE_EMPTY:
		return f->empty;
	case XADMA_REFUSE_DIR:
		return f->bad_dir;
	case XADMA_REFUSE_WRAP:
		return f->wraps;
	case XADMA_REFUSE_MMIO:
		return sane && obstacle && !f->memory;
	case XADMA_REFUSE_NOPOOL:
		return sane && obstacle && !f->pool;
	default:
		return false;	/* those are found out later */
	}
}

static void all_facts(struct kunit *test)
{
	unsigned int bits, seen = 0;

	for (bits = 0; bits < BIT(11); bits++) {
		struct xadma_facts facts = facts_of(bits);
		enum xadma_route route = xadma_route(&facts);

		KUNIT_EXPECT_TRUE_MSG(test, holds(route, &facts),
				      "facts %#x: %s", bits,
				      xadma_route_why(route));
		seen |= BIT(route);
	}
	/* Every decision that can be made here is made somewhere. */
	KUNIT_EXPECT_EQ(test, seen, BIT(XADMA_REFUSE_NOPOOL + 1) - 1);
}

static void kinds(struct kunit *test)
{
	unsigned int route;

	for (route = 0; route < XADMA_NR_ROUTES; route++)
		KUNIT_EXPECT_EQ_MSG(test, 1, (route == XADMA_DIRECT) +
				    xadma_route_bounces(route) +
				    xadma_route_refuses(route), "%u", route);
}

static void words(struct kunit *test)
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
	KUNIT_CASE_PARAM(row_case, row_gen_params),
	KUNIT_CASE(all_facts),
	KUNIT_CASE(kinds),
	KUNIT_CASE(words),
	{}
};

static struct kunit_suite route_suite = {
	.name = "swiotlb-arm-route",
	.test_cases = route_cases,
};

kunit_test_suite(route_suite);

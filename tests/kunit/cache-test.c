// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>

#include <linux/errno.h>
#include <linux/io.h>
#include <linux/math.h>
#include <linux/memblock.h>
#include <linux/sizes.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>

#include "../cache.h"
#include "compat.h"
#include "fake-hv.h"

#define FRAMES	128

static const struct xadma_hv *hv = &xadma_hv_fake;

/* Frames of others begin well behind our own RAM. */
static phys_addr_t foreign_start(void)
{
	return ALIGN(memblock_end_of_DRAM(), SZ_2M) + SZ_2M;
}

static struct fake_hv *start_with_grants(struct kunit *test)
{
	struct fake_hv *fake = fake_hv_start(test);

	fake->last_byte = foreign_start() + 2 * FRAMES * XEN_PAGE_SIZE - 1;
	fake_hv_grant(fake, XEN_PFN_DOWN(foreign_start()), FRAMES);
	return fake;
}

/* Of a foreign page that the kernel does not see any more. */
static struct xadma_lines foreign_range(size_t offset, size_t size)
{
	return (struct xadma_lines){
		.maddr = foreign_start() + offset,
		.size = size,
		.granted = true,
	};
}

/* A wrong choice of address shows: the other one belongs to nobody. */
static struct xadma_lines local_range(struct kunit *test, size_t offset,
				      size_t size)
{
	void *buf = kunit_kzalloc(test, offset + size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	return (struct xadma_lines){
		.vaddr = buf + offset,
		.maddr = foreign_start() - SZ_1M,
		.size = size,
	};
}

/* Who is asked for what. */

enum way {
	TO_DEVICE,
	TO_CPU,
};

static int maintain(enum way way, const struct xadma_lines *range,
		    enum dma_data_direction dir)
{
	if (way == TO_DEVICE)
		return xadma_cache_to_device(hv, range, dir);
	return xadma_cache_to_cpu(hv, range, dir);
}

enum what {
	OWN,
	SEEN,		/* foreign, but mapped here */
	UNSEEN,
};

struct choice {
	const char *name;
	enum what what;
	enum way way;
	enum dma_data_direction dir;
	unsigned int calls;	/* 0 or 1 */
	enum fake_verb verb;
	u32 op;			/* for FAKE_FLUSH */
};

static const struct choice choices[] = {
	{ "own, to the device, out", OWN, TO_DEVICE, DMA_TO_DEVICE,
	  1, FAKE_CLEAN },
	{ "own, to the device, in", OWN, TO_DEVICE, DMA_FROM_DEVICE,
	  1, FAKE_CLEAN },
	{ "own, to the device, both", OWN, TO_DEVICE, DMA_BIDIRECTIONAL,
	  1, FAKE_CLEAN },
	{ "own, to the CPU, out", OWN, TO_CPU, DMA_TO_DEVICE, 0 },
	{ "own, to the CPU, in", OWN, TO_CPU, DMA_FROM_DEVICE,
	  1, FAKE_INVAL },
	{ "own, to the CPU, both", OWN, TO_CPU, DMA_BIDIRECTIONAL,
	  1, FAKE_INVAL },
	{ "seen, to the device, out", SEEN, TO_DEVICE, DMA_TO_DEVICE,
	  1, FAKE_CLEAN },
	{ "seen, to the device, in", SEEN, TO_DEVICE, DMA_FROM_DEVICE,
	  1, FAKE_CLEAN },
	{ "seen, to the CPU, out", SEEN, TO_CPU, DMA_TO_DEVICE, 0 },
	{ "seen, to the CPU, in", SEEN, TO_CPU, DMA_FROM_DEVICE,
	  1, FAKE_CLEAN_INVAL },
	{ "seen, to the CPU, both", SEEN, TO_CPU, DMA_BIDIRECTIONAL,
	  1, FAKE_CLEAN_INVAL },
	{ "unseen, to the device, out", UNSEEN, TO_DEVICE, DMA_TO_DEVICE,
	  1, FAKE_FLUSH, GNTTAB_CACHE_CLEAN },
	{ "unseen, to the device, in", UNSEEN, TO_DEVICE, DMA_FROM_DEVICE,
	  1, FAKE_FLUSH, GNTTAB_CACHE_CLEAN },
	{ "unseen, to the device, both", UNSEEN, TO_DEVICE, DMA_BIDIRECTIONAL,
	  1, FAKE_FLUSH, GNTTAB_CACHE_CLEAN },
	{ "unseen, to the CPU, out", UNSEEN, TO_CPU, DMA_TO_DEVICE, 0 },
	{ "unseen, to the CPU, in", UNSEEN, TO_CPU, DMA_FROM_DEVICE,
	  1, FAKE_FLUSH, GNTTAB_CACHE_INVAL },
	{ "unseen, to the CPU, both", UNSEEN, TO_CPU, DMA_BIDIRECTIONAL,
	  1, FAKE_FLUSH, GNTTAB_CACHE_INVAL },
};

KUNIT_ARRAY_PARAM_DESC(choice, choices, name);

static void check_choice(struct kunit *test, const struct choice *c,
			 const struct xadma_lines *range,
			 const struct fake_call *call)
{
	KUNIT_EXPECT_EQ(test, call->verb, c->verb);
	KUNIT_EXPECT_EQ(test, call->addr,
			c->what == UNSEEN ? range->maddr :
			virt_to_phys(range->vaddr));
	KUNIT_EXPECT_EQ(test, call->size, range->size);
	if (c->what == UNSEEN)
		KUNIT_EXPECT_EQ(test, call->op, c->op);
	else
		KUNIT_EXPECT_EQ(test, call->dir, c->dir);
}

static void asks_who_can(struct kunit *test)
{
	const struct choice *c = test->param_value;
	struct fake_hv *fake = start_with_grants(test);
	struct xadma_lines range = c->what == UNSEEN ?
		foreign_range(100, 300) : local_range(test, 100, 300);

	range.granted = c->what != OWN;
	KUNIT_EXPECT_EQ(test, maintain(c->way, &range, c->dir),
			c->what == UNSEEN ? c->calls : 0);
	KUNIT_EXPECT_EQ(test, fake->hypercalls,
			c->what == UNSEEN ? c->calls : 0);
	KUNIT_ASSERT_EQ(test, fake->calls, c->calls);
	if (c->calls)
		check_choice(test, c, &range, &fake->log[0]);
}

/* Where a range begins and ends. */

struct shape {
	const char *name;
	size_t offset;
	size_t size;
	unsigned int ranges;
	unsigned int hypercalls;
};

static const struct shape shapes[] = {
	{ "1 byte", 0, 1, 1, 1 },
	{ "1 byte in the middle", 2000, 1, 1, 1 },
	{ "the last byte of a frame", 4095, 1, 1, 1 },
	{ "4095 bytes", 0, 4095, 1, 1 },
	{ "4095 bytes to the end of a frame", 1, 4095, 1, 1 },
	{ "4095 bytes across", 2, 4095, 2, 1 },
	{ "4096 bytes", 0, 4096, 1, 1 },
	{ "4096 bytes across", 1, 4096, 2, 1 },
	{ "4097 bytes", 0, 4097, 2, 1 },
	{ "4097 bytes to the end of a frame", 4095, 4097, 2, 1 },
	{ "4098 bytes from the last byte of a frame", 4095, 4098, 3, 1 },
	{ "2 bytes across", 4095, 2, 2, 1 },
	{ "32 frames", 0, 32 * SZ_4K, 32, 1 },
	{ "32 frames and a byte", 0, 32 * SZ_4K + 1, 33, 2 },
	{ "32 frames' bytes in 33 frames", 1, 32 * SZ_4K, 33, 2 },
	{ "64 frames", 0, 64 * SZ_4K, 64, 2 },
	{ "128 frames", 0, 128 * SZ_4K, 128, 4 },
	{ "127 frames' bytes in 128 frames", 64, 127 * SZ_4K, 128, 4 },
};

KUNIT_ARRAY_PARAM_DESC(shape, shapes, name);

/* Each range follows the one before, stays in its frame and fills its batch. */
static void check_cover(struct kunit *test, const struct fake_hv *fake,
			const struct xadma_lines *range, u32 op)
{
	phys_addr_t at = range->maddr;
	unsigned int i;

	for (i = 0; i < fake->calls; i++) {
		const struct fake_call *call = &fake->log[i];

		KUNIT_ASSERT_EQ(test, call->verb, FAKE_FLUSH);
		KUNIT_ASSERT_EQ(test, call->op, op);
		KUNIT_ASSERT_EQ(test, call->addr, at);
		KUNIT_ASSERT_GT(test, call->size, 0);
		KUNIT_ASSERT_EQ(test, XEN_PFN_DOWN(at),
				XEN_PFN_DOWN(at + call->size - 1));
		KUNIT_ASSERT_EQ(test, call->hypercall,
				1 + i / XADMA_FLUSH_BATCH);
		at += call->size;
	}
	KUNIT_ASSERT_EQ(test, at, range->maddr + range->size);
}

static void covers_foreign_exactly(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct fake_hv *fake = start_with_grants(test);
	struct xadma_lines range = foreign_range(shape->offset, shape->size);

	KUNIT_EXPECT_EQ(test, maintain(TO_DEVICE, &range, DMA_TO_DEVICE),
			shape->hypercalls);
	KUNIT_EXPECT_EQ(test, fake->calls, shape->ranges);
	KUNIT_EXPECT_EQ(test, fake->hypercalls, shape->hypercalls);
	check_cover(test, fake, &range, GNTTAB_CACHE_CLEAN);

	fake_hv_clear_log(fake);
	KUNIT_EXPECT_EQ(test, maintain(TO_CPU, &range, DMA_FROM_DEVICE),
			shape->hypercalls);
	KUNIT_EXPECT_EQ(test, fake->calls, shape->ranges);
	KUNIT_EXPECT_EQ(test, fake->hypercalls, shape->hypercalls);
	check_cover(test, fake, &range, GNTTAB_CACHE_INVAL);
}

static void covers_own_in_one_call(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct fake_hv *fake = fake_hv_start(test);
	struct xadma_lines range = local_range(test, shape->offset,
					       shape->size);

	KUNIT_EXPECT_EQ(test, maintain(TO_DEVICE, &range, DMA_TO_DEVICE), 0);
	KUNIT_EXPECT_EQ(test, maintain(TO_CPU, &range, DMA_FROM_DEVICE), 0);
	KUNIT_EXPECT_EQ(test, fake->hypercalls, 0);
	KUNIT_ASSERT_EQ(test, fake->calls, 2);
	KUNIT_EXPECT_EQ(test, fake->log[0].addr, virt_to_phys(range.vaddr));
	KUNIT_EXPECT_EQ(test, fake->log[0].size, range.size);
	KUNIT_EXPECT_EQ(test, fake->log[1].addr, virt_to_phys(range.vaddr));
	KUNIT_EXPECT_EQ(test, fake->log[1].size, range.size);
}

/* Refusals. */

static void refuse_nth(struct kunit *test, struct fake_hv *fake, enum way way,
		       unsigned int n)
{
	struct xadma_lines range = foreign_range(0, FRAMES * SZ_4K);

	fake_hv_clear_log(fake);
	fake->refuse_at = n;
	KUNIT_ASSERT_EQ_MSG(test, maintain(way, &range, DMA_BIDIRECTIONAL),
			    -EPERM, "range %u", n);
	KUNIT_ASSERT_EQ(test, fake->refuse_at, 0);
	KUNIT_ASSERT_EQ_MSG(test, fake->calls, n - 1, "range %u", n);
	KUNIT_ASSERT_EQ_MSG(test, fake->hypercalls,
			    DIV_ROUND_UP(n, XADMA_FLUSH_BATCH),
			    "range %u", n);
}

static void stops_where_refused(struct kunit *test)
{
	struct fake_hv *fake = start_with_grants(test);
	unsigned int n;

	for (n = 1; n <= FRAMES; n++) {
		refuse_nth(test, fake, TO_DEVICE, n);
		refuse_nth(test, fake, TO_CPU, n);
	}
}

/* A refusal behind the range is none of its business. */
static void is_not_refused_early(struct kunit *test)
{
	struct xadma_lines range = foreign_range(0, FRAMES * SZ_4K);
	struct fake_hv *fake = start_with_grants(test);

	fake->refuse_at = FRAMES + 1;
	KUNIT_EXPECT_EQ(test, maintain(TO_DEVICE, &range, DMA_TO_DEVICE),
			DIV_ROUND_UP(FRAMES, XADMA_FLUSH_BATCH));
	KUNIT_EXPECT_EQ(test, fake->refuse_at, 1);
}

static void reports_missing_grant(struct kunit *test)
{
	struct xadma_lines range = foreign_range((FRAMES - 1) * SZ_4K, SZ_8K);
	struct fake_hv *fake = start_with_grants(test);

	KUNIT_EXPECT_EQ(test, maintain(TO_DEVICE, &range, DMA_TO_DEVICE),
			-EPERM);
	KUNIT_EXPECT_EQ(test, fake->calls, 1);
}

static void reports_missing_ram(struct kunit *test)
{
	struct xadma_lines range = foreign_range(0, SZ_4K);
	struct fake_hv *fake = start_with_grants(test);

	fake->last_byte = foreign_start() - 1;
	KUNIT_EXPECT_EQ(test, maintain(TO_CPU, &range, DMA_FROM_DEVICE),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, fake->calls, 0);
}

static void reports_missing_call(struct kunit *test)
{
	struct xadma_lines range = foreign_range(0, FRAMES * SZ_4K);
	struct fake_hv *fake = start_with_grants(test);

	fake->no_flush = true;
	KUNIT_EXPECT_EQ(test, maintain(TO_DEVICE, &range, DMA_TO_DEVICE),
			-ENOSYS);
	KUNIT_EXPECT_EQ(test, fake->hypercalls, 1);
	KUNIT_EXPECT_EQ(test, maintain(TO_CPU, &range, DMA_TO_DEVICE), 0);
	KUNIT_EXPECT_EQ(test, fake->hypercalls, 1);
}

/* The question costs one hypercall and maintains nothing. */
static void knows_whether_xen_can(struct kunit *test)
{
	struct fake_hv *fake = fake_hv_start(test);

	KUNIT_EXPECT_TRUE(test, xadma_cache_can_flush(hv));
	KUNIT_EXPECT_EQ(test, fake->hypercalls, 1);
	KUNIT_EXPECT_EQ(test, fake->calls, 0);

	fake->no_flush = true;
	KUNIT_EXPECT_FALSE(test, xadma_cache_can_flush(hv));
	KUNIT_EXPECT_EQ(test, fake->hypercalls, 2);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE_PARAM(asks_who_can, choice_gen_params),
	KUNIT_CASE_PARAM(covers_foreign_exactly, shape_gen_params),
	KUNIT_CASE_PARAM(covers_own_in_one_call, shape_gen_params),
	KUNIT_CASE(stops_where_refused),
	KUNIT_CASE(is_not_refused_early),
	KUNIT_CASE(reports_missing_grant),
	KUNIT_CASE(reports_missing_ram),
	KUNIT_CASE(reports_missing_call),
	KUNIT_CASE(knows_whether_xen_can),
	{}
};

static struct kunit_suite cache_suite = {
	.name = "swiotlb-arm-cache",
	.test_cases = cache_cases,
};

kunit_test_suite(cache_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers' errors: where the kernel's own swiotlb moves the data, so do we, and one
 * line tells. Nothing is touched that was not mapped, and no run is lost.
 *
 * Errors are made through the device's ops, as the core would: its own functions
 * stop a kernel with CONFIG_DMA_API_DEBUG and panic_on_warn before we are asked.
 */
#include <kunit/test.h>

#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "helpers.h"

static const struct fake_kind wide = { .name = "errors", .coherent = true };
static const struct fake_kind noncoherent = { .name = "errors-noncoherent" };
static const struct fake_kind narrow = {
	.name = "errors-narrow", .mask = POOL_ONLY, .coherent = true,
};

static const struct fake_kind narrow_noncoherent = {
	.name = "errors-narrow-noncoherent", .mask = POOL_ONLY,
};

/* ---- another length ---- */

#define OLD	0xcc

static const struct length {
	const char *what;
	const struct fake_kind *kind;
	size_t mapped, named, arrive;
} lengths[] = {
	{ "shorter", &narrow, 1536, 98, 98 },
	{ "longer", &narrow, 1500, 1536, 1500 },
	{ "longer than its slots", &narrow, 1500, 5000, 1500 },
	{ "shorter by slots", &narrow, 20000, 4000, 4000 },
	{ "longer, of many slots", &narrow, 20000, 40000, 20000 },
	{ "shorter, non-coherent", &narrow_noncoherent, 1536, 98, 98 },
	{ "longer, non-coherent", &narrow_noncoherent, 1500, 1536, 1500 },
};

KUNIT_ARRAY_PARAM_DESC(length, lengths, what);

/* A bounced buffer that the device has filled. */
static u8 *filled_by_device(struct kunit *test, struct device *dev,
			    const struct length *l, dma_addr_t *dma)
{
	u8 *buf = page_address(test_pages(test, get_order(SZ_64K)));
	u8 *view;

	memset(buf, OLD, SZ_64K);
	*dma = ops_map(dev, buf, l->mapped, DMA_FROM_DEVICE);
	view = fake_device_view(dev, *dma);
	KUNIT_ASSERT_NOT_NULL(test, view);
	pattern_fill(view, l->mapped, 5);
	return buf;
}

static void just_these_arrived(struct kunit *test, const u8 *buf, size_t arrive)
{
	KUNIT_EXPECT_TRUE(test, pattern_is(buf, arrive, 5));
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + arrive, OLD, SZ_64K - arrive));
}

static void unmap_of_another_length_copies_and_frees(struct kunit *test)
{
	const struct length *l = test->param_value;
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, l->kind);
	dma_addr_t dma;
	u8 *buf = filled_by_device(test, dev, l, &dma);

	ops_unmap(dev, dma, l->named, DMA_FROM_DEVICE);
	just_these_arrived(test, buf, l->arrive);
	KUNIT_EXPECT_EQ(test, misuses(dev), 1);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_HELD), 0);
}

/* A sync may be of a part. Only what leaves the buffer is an error. */
static void sync_of_another_length_copies_what_was_mapped(struct kunit *test)
{
	const struct length *l = test->param_value;
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, l->kind);
	dma_addr_t dma;
	u8 *buf = filled_by_device(test, dev, l, &dma);

	get_dma_ops(dev)->sync_single_for_cpu(dev, dma, l->named, DMA_FROM_DEVICE);
	just_these_arrived(test, buf, l->arrive);
	KUNIT_EXPECT_EQ(test, misuses(dev), l->named > l->mapped);
	ops_unmap(dev, dma, l->mapped, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, misuses(dev), l->named > l->mapped);
}

static void sync_to_the_device_copies_what_was_mapped(struct kunit *test)
{
	const struct length *l = test->param_value;
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, l->kind);
	size_t run = ALIGN(l->mapped, XADMA_SLOT_SIZE);
	u8 *buf = page_address(test_pages(test, get_order(SZ_64K)));
	dma_addr_t dma = ops_map(dev, buf, l->mapped, DMA_TO_DEVICE);
	u8 *view = fake_device_view(dev, dma);

	KUNIT_ASSERT_NOT_NULL(test, view);
	pattern_fill(buf, SZ_64K, 5);
	get_dma_ops(dev)->sync_single_for_device(dev, dma, l->named, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, pattern_is(view, l->arrive, 5));
	KUNIT_EXPECT_NULL(test, memchr_inv(view + l->arrive, 0, run - l->arrive));
	KUNIT_EXPECT_EQ(test, misuses(dev), l->named > l->mapped);
	ops_unmap(dev, dma, l->mapped, DMA_TO_DEVICE);
}

/* ---- twice ---- */

static void second_unmap_changes_nothing(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_api_device(test, &world->xadma, &narrow);
	u8 *buf = page_address(test_pages(test, get_order(SZ_32K)));
	static const size_t sizes[] = { 100, 5000, 8192, 20000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		dma_addr_t dma = ops_map(dev, buf, sizes[i], DMA_FROM_DEVICE), two[2];
		u8 *view = fake_device_view(dev, dma);

		KUNIT_ASSERT_NOT_NULL(test, view);
		ops_unmap(dev, dma, sizes[i], DMA_FROM_DEVICE);
		memset(buf, OLD, sizes[i]);
		memset(view, 0x77, sizes[i]);
		ops_unmap(dev, dma, sizes[i], DMA_FROM_DEVICE);
		KUNIT_EXPECT_NULL(test, memchr_inv(buf, OLD, sizes[i]));
		KUNIT_EXPECT_EQ(test, misuses(dev), i + 1);

		/* The run was not freed twice. */
		two[0] = ops_map(dev, buf, sizes[i], DMA_TO_DEVICE);
		two[1] = ops_map(dev, buf, sizes[i], DMA_TO_DEVICE);
		KUNIT_EXPECT_NE(test, two[0], two[1]);
		ops_unmap(dev, two[0], sizes[i], DMA_TO_DEVICE);
		ops_unmap(dev, two[1], sizes[i], DMA_TO_DEVICE);
		KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
	}
}

struct race {
	struct kunit *test;
	struct device *dev;
	u8 *buf;
	size_t size;
	dma_addr_t dma;
	atomic_t arrived;
};

#define RACES	50

/* Wait until all CPUs have got here. */
static void meet(struct race *r, unsigned int *times)
{
	int all = ++*times * num_online_cpus();

	atomic_inc(&r->arrived);
	while (atomic_read(&r->arrived) < all)
		cond_resched();
}

static void map_for_all(struct race *r)
{
	u8 *view;

	memset(r->buf, OLD, r->size);
	r->dma = ops_map(r->dev, r->buf, r->size, DMA_FROM_DEVICE);
	view = fake_device_view(r->dev, r->dma);
	KUNIT_EXPECT_NOT_NULL(r->test, view);
	if (view)
		pattern_fill(view, r->size, 5);
}

static void unmap_with_others(void *data, unsigned int cpu)
{
	unsigned int i, times = 0;
	struct race *r = data;

	for (i = 0; i < RACES; i++) {
		if (!cpu)
			map_for_all(r);
		meet(r, &times);
		ops_unmap(r->dev, r->dma, r->size, DMA_FROM_DEVICE);
		meet(r, &times);
		if (!cpu)
			KUNIT_EXPECT_TRUE(r->test, pattern_is(r->buf, r->size, 5));
	}
}

static void of_cpus_that_unmap_at_once_one_wins(struct kunit *test)
{
	static const size_t sizes[] = { 100, 8000, 30000 };
	struct fake_world *world = fake_world(test, SZ_1M);
	unsigned int i, losers = (num_online_cpus() - 1) * RACES;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct race r = {
			.test = test,
			.dev = fake_api_device(test, &world->xadma, &narrow),
			.buf = page_address(test_pages(test, get_order(SZ_32K))),
			.size = sizes[i],
		};

		on_all_cpus(test, unmap_with_others, &r);
		KUNIT_EXPECT_EQ(test, misuses(r.dev), losers);
		KUNIT_EXPECT_EQ(test, fake_count(r.dev, XADMA_N_HELD), 0);
		KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
	}
}

/* ---- what was never mapped ---- */

static const struct stray {
	const char *what;
	dma_addr_t dma;
	bool from_end;		/* of our RAM */
} strays[] = {
	{ "no RAM", 0x1000 },
	{ "nothing", 0 },
	{ "what a failed map returned", DMA_MAPPING_ERROR },
	{ "around the end of all addresses", -1024ULL },
	{ "beyond the machine", SZ_16T },
	{ "over the end of our RAM", -1024, .from_end = true },
	{ "behind our RAM", SZ_64K, .from_end = true },
};

KUNIT_ARRAY_PARAM_DESC(stray, strays, what);

static void never_mapped_is_counted_and_not_touched(struct kunit *test)
{
	const struct stray *s = test->param_value;
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, &noncoherent);
	const struct dma_map_ops *ops = get_dma_ops(dev);
	dma_addr_t dma = s->dma;

	if (s->from_end)
		dma += memblock_end_of_DRAM();
	ops_unmap(dev, dma, 2048, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, misuses(dev), 1);
	ops->sync_single_for_cpu(dev, dma, 2048, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, misuses(dev), 2);
	ops->sync_single_for_device(dev, dma, 2048, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, misuses(dev), 3);
}

static void never_mapped_is_ignored_for_a_coherent_device(struct kunit *test)
{
	const struct stray *s = test->param_value;
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, &wide);
	const struct dma_map_ops *ops = get_dma_ops(dev);
	dma_addr_t dma = s->dma;

	if (s->from_end)
		dma += memblock_end_of_DRAM();
	ops_unmap(dev, dma, 2048, DMA_FROM_DEVICE);
	ops->sync_single_for_cpu(dev, dma, 2048, DMA_FROM_DEVICE);
	ops->sync_single_for_device(dev, dma, 2048, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, world->fake->calls, 0);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
}

static void never_mapped_in_the_pool_changes_nothing(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, &narrow);
	const struct dma_map_ops *ops = get_dma_ops(dev);
	u8 *buf = page_address(test_pages(test, 0));
	dma_addr_t dma = ops_map(dev, buf, 100, DMA_FROM_DEVICE);
	dma_addr_t far = FAKE_MACHINE + SZ_512K;

	ops_unmap(dev, far, 100, DMA_FROM_DEVICE);
	ops->sync_single_for_cpu(dev, far, 100, DMA_FROM_DEVICE);
	ops->sync_single_for_device(dev, far, 100, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, misuses(dev), 3);
	KUNIT_EXPECT_NE(test, fake_slots_used(&world->xadma), 0);
	ops_unmap(dev, dma, 100, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, misuses(dev), 3);
}

static struct kunit_case errors_cases[] = {
	KUNIT_CASE_PARAM(unmap_of_another_length_copies_and_frees, length_gen_params),
	KUNIT_CASE_PARAM(sync_of_another_length_copies_what_was_mapped,
			 length_gen_params),
	KUNIT_CASE_PARAM(sync_to_the_device_copies_what_was_mapped, length_gen_params),
	KUNIT_CASE(second_unmap_changes_nothing),
	KUNIT_CASE(of_cpus_that_unmap_at_once_one_wins),
	KUNIT_CASE_PARAM(never_mapped_is_counted_and_not_touched, stray_gen_params),
	KUNIT_CASE_PARAM(never_mapped_is_ignored_for_a_coherent_device,
			 stray_gen_params),
	KUNIT_CASE(never_mapped_in_the_pool_changes_nothing),
	{}
};

static struct kunit_suite errors_suite = {
	.name = "swiotlb-arm-errors",
	.test_cases = errors_cases,
};

kunit_test_suite(errors_suite);

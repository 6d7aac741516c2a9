// SPDX-License-Identifier: GPL-2.0-only
/*
 * latency: the longest map, unmap and sync of a device, while somebody wants to know.
 *
 * No case depends on how fast this machine is. A call takes as long at least as the
 * maintenance of cache lines, which the case says; and one that is not noted leaves zero.
 */
#include <kunit/test.h>

#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/sched/clock.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "helpers.h"

static const struct fake_kind deaf = { .name = "latency-noncoherent" };

static const struct fake_kind narrow = {
	.name = "latency-narrow", .mask = POOL_ONLY, .coherent = true,
};

/* Of the calls of the DMA API, those that are maps, unmaps and syncs */
#ifdef XADMA_HAVE_MAP_PHYS
#define TIMED_CALLS	8
#else
#define TIMED_CALLS	9	/* registers are mapped by one of their own */
#endif

/* ---- caches that are slow ---- */

#define SLOW	(100 * NSEC_PER_USEC)

static struct xadma_hv slow_hv;
static u64 slow_ns;

static void dawdle(void)
{
	u64 since = sched_clock();

	while (sched_clock() - since < slow_ns)
		cpu_relax();
}

static void slow_clean(const void *vaddr, size_t size, enum dma_data_direction dir)
{
	dawdle();
	xadma_hv_fake.clean(vaddr, size, dir);
}

static void slow_clean_inval(const void *vaddr, size_t size, enum dma_data_direction dir)
{
	dawdle();
	xadma_hv_fake.clean_inval(vaddr, size, dir);
}

static void slow_inval(const void *vaddr, size_t size, enum dma_data_direction dir)
{
	dawdle();
	xadma_hv_fake.inval(vaddr, size, dir);
}

static struct device *slow_device(struct kunit *test, struct fake_world *world)
{
	slow_hv = xadma_hv_fake;
	slow_hv.clean = slow_clean;
	slow_hv.clean_inval = slow_clean_inval;
	slow_hv.inval = slow_inval;
	slow_ns = SLOW;
	world->xadma.hv = &slow_hv;
	return fake_api_device(test, &world->xadma, &deaf);
}

/* ---- the switch, which all devices have in common ---- */

static bool was_on;

static int switch_off(struct kunit *test)
{
	was_on = xadma_ops_timed;
	xadma_ops_time(false);
	return 0;
}

static void switch_back(struct kunit *test)
{
	xadma_ops_time(was_on);
}

/* ---- what has been noted ---- */

static u64 longest(struct device *dev, enum xadma_call call)
{
	return xadma_stats_longest(xadma_dev(dev)->stats, call);
}

static void forget(struct device *dev)
{
	xadma_stats_forget_longest(xadma_dev(dev)->stats);
}

/* One call of that kind since it was forgotten, and none of another */
static void expect_noted(struct kunit *test, struct device *dev, enum xadma_call call)
{
	unsigned int i;

	for (i = 0; i < XADMA_NR_CALLS; i++) {
		if (i == call)
			KUNIT_EXPECT_GE_MSG(test, longest(dev, i), SLOW, "kind %u", i);
		else
			KUNIT_EXPECT_EQ_MSG(test, longest(dev, i), 0, "kind %u", i);
	}
	forget(dev);
}

static void expect_nothing_noted(struct kunit *test, struct device *dev)
{
	unsigned int i;

	for (i = 0; i < XADMA_NR_CALLS; i++)
		KUNIT_EXPECT_EQ_MSG(test, longest(dev, i), 0, "kind %u", i);
}

/* ---- cases ---- */

static void longest_of_a_kind_wins(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &deaf);
	const struct xadma_dev *xd = xadma_dev(dev);

	expect_nothing_noted(test, dev);
	xadma_dev_took(xd, XADMA_CALL_UNMAP, 500);
	xadma_dev_took(xd, XADMA_CALL_UNMAP, 300);
	KUNIT_EXPECT_EQ(test, longest(dev, XADMA_CALL_UNMAP), 500);
	xadma_dev_took(xd, XADMA_CALL_UNMAP, 10 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, longest(dev, XADMA_CALL_UNMAP), 10 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, longest(dev, XADMA_CALL_MAP), 0);
	KUNIT_EXPECT_EQ(test, longest(dev, XADMA_CALL_SYNC), 0);
	forget(dev);
	expect_nothing_noted(test, dev);
	/* A clock that goes backwards. */
	xadma_dev_took(xd, XADMA_CALL_UNMAP, -1);
	expect_nothing_noted(test, dev);
	xadma_dev_took(xd, XADMA_CALL_UNMAP, 1);
	KUNIT_EXPECT_EQ(test, longest(dev, XADMA_CALL_UNMAP), 1);
}

static void take_by_cpu(void *dev, unsigned int cpu)
{
	xadma_dev_took(xadma_dev(dev), XADMA_CALL_SYNC, 1000 - cpu);
}

static void longest_of_all_cpus_wins(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &deaf);

	on_all_cpus(test, take_by_cpu, dev);
	KUNIT_EXPECT_EQ(test, longest(dev, XADMA_CALL_SYNC),
			1000 - cpumask_first(cpu_online_mask));
	forget(dev);
	expect_nothing_noted(test, dev);
}

static void every_call_is_noted_as_what_it_is(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = slow_device(test, world);
	void *buf = page_address(test_pages(test, 0));
	struct scatterlist sgl[1];
	dma_addr_t dma;

	xadma_ops_time(true);
	dma = dma_map_single(dev, buf, PAGE_SIZE, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, dma));
	expect_noted(test, dev, XADMA_CALL_MAP);
	dma_sync_single_for_cpu(dev, dma, PAGE_SIZE, DMA_BIDIRECTIONAL);
	expect_noted(test, dev, XADMA_CALL_SYNC);
	dma_sync_single_for_device(dev, dma, PAGE_SIZE, DMA_BIDIRECTIONAL);
	expect_noted(test, dev, XADMA_CALL_SYNC);
	dma_unmap_single(dev, dma, PAGE_SIZE, DMA_BIDIRECTIONAL);
	expect_noted(test, dev, XADMA_CALL_UNMAP);

	sg_init_one(sgl, buf, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 1, dma_map_sg(dev, sgl, 1, DMA_BIDIRECTIONAL));
	expect_noted(test, dev, XADMA_CALL_MAP);
	dma_sync_sg_for_cpu(dev, sgl, 1, DMA_BIDIRECTIONAL);
	expect_noted(test, dev, XADMA_CALL_SYNC);
	dma_sync_sg_for_device(dev, sgl, 1, DMA_BIDIRECTIONAL);
	expect_noted(test, dev, XADMA_CALL_SYNC);
	dma_unmap_sg(dev, sgl, 1, DMA_BIDIRECTIONAL);
	expect_noted(test, dev, XADMA_CALL_UNMAP);
}

/* The control of the above: the same calls, as slow as there. */
static void nothing_is_noted_when_it_is_off(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = slow_device(test, world);
	void *buf = page_address(test_pages(test, 0));
	struct scatterlist sgl[1];
	dma_addr_t dma;

	dma = dma_map_single(dev, buf, PAGE_SIZE, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, dma));
	dma_sync_single_for_cpu(dev, dma, PAGE_SIZE, DMA_BIDIRECTIONAL);
	dma_sync_single_for_device(dev, dma, PAGE_SIZE, DMA_BIDIRECTIONAL);
	dma_unmap_single(dev, dma, PAGE_SIZE, DMA_BIDIRECTIONAL);
	sg_init_one(sgl, buf, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 1, dma_map_sg(dev, sgl, 1, DMA_BIDIRECTIONAL));
	dma_sync_sg_for_cpu(dev, sgl, 1, DMA_BIDIRECTIONAL);
	dma_sync_sg_for_device(dev, sgl, 1, DMA_BIDIRECTIONAL);
	dma_unmap_sg(dev, sgl, 1, DMA_BIDIRECTIONAL);
	expect_nothing_noted(test, dev);
	/* Was there anything to be slow with? */
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_CACHE_LOCAL), 8);
}

/* What was noted stays when it is over; a shorter call does not take its place. */
static void longer_call_takes_the_place_of_a_shorter_one(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = slow_device(test, world);
	void *buf = page_address(test_pages(test, 0));
	dma_addr_t dma = virt_to_phys(buf);
	u64 first;

	xadma_ops_time(true);
	ops_unmap(dev, dma, PAGE_SIZE, DMA_FROM_DEVICE);
	first = longest(dev, XADMA_CALL_UNMAP);
	slow_ns = 0;
	ops_unmap(dev, dma, PAGE_SIZE, DMA_FROM_DEVICE);
	KUNIT_EXPECT_GE(test, longest(dev, XADMA_CALL_UNMAP), first);
	slow_ns = 2 * longest(dev, XADMA_CALL_UNMAP);
	ops_unmap(dev, dma, PAGE_SIZE, DMA_FROM_DEVICE);
	KUNIT_EXPECT_GE(test, longest(dev, XADMA_CALL_UNMAP), slow_ns);
	xadma_ops_time(false);
	KUNIT_EXPECT_GE(test, longest(dev, XADMA_CALL_UNMAP), slow_ns);
}

static void both_tables_have_the_same_functions(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_api_device(test, &world->xadma, &deaf);
	const void * const *off = (const void *)get_dma_ops(dev);
	const void * const *on;
	unsigned int i, differ = 0;

	xadma_ops_time(true);
	on = (const void *)get_dma_ops(dev);
	KUNIT_EXPECT_PTR_NE(test, on, off);
	for (i = 0; i < sizeof(*get_dma_ops(dev)) / sizeof(*on); i++) {
		KUNIT_EXPECT_EQ_MSG(test, !on[i], !off[i], "word %u", i);
		differ += on[i] != off[i];
	}
	KUNIT_EXPECT_EQ(test, differ, TIMED_CALLS);
	xadma_ops_time(false);
	KUNIT_EXPECT_PTR_EQ(test, (const void *)get_dma_ops(dev), (const void *)off);
}

static void device_that_comes_while_it_is_on_is_noted(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	void *buf = page_address(test_pages(test, 0));
	struct device *dev;

	xadma_ops_time(true);
	dev = slow_device(test, world);
	KUNIT_EXPECT_TRUE(test, xadma_ops_mine(dev));
	KUNIT_EXPECT_FALSE(test, xadma_ops_others(dev));
	KUNIT_EXPECT_EQ(test, ops_map(dev, buf, PAGE_SIZE, DMA_TO_DEVICE),
			virt_to_phys(buf));
	expect_noted(test, dev, XADMA_CALL_MAP);
}

static void what_one_table_maps_the_other_unmaps(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_api_device(test, &world->xadma, &narrow);
	u8 *buf = page_address(test_pages(test, 0)), *view;
	unsigned int on;
	dma_addr_t dma;

	for (on = 0; on < 2; on++) {
		xadma_ops_time(on);
		dma = dma_map_single(dev, buf, 1000, DMA_FROM_DEVICE);
		KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, dma));
		view = fake_device_view(dev, dma);
		KUNIT_ASSERT_NOT_NULL(test, view);
		pattern_fill(view, 1000, on);
		xadma_ops_time(!on);
		KUNIT_EXPECT_TRUE(test, xadma_ops_mine(dev));
		dma_unmap_single(dev, dma, 1000, DMA_FROM_DEVICE);
		KUNIT_EXPECT_TRUE(test, pattern_is(buf, 1000, on));
	}
	KUNIT_EXPECT_EQ(test, misuses(dev), 0);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
}

static void drop_ops(void *dev)
{
	set_dma_ops(dev, NULL);
}

/* What its parent has, be it one table or the other */
static struct device *heir(struct kunit *test, struct fake_world *world,
			   const struct dma_map_ops *ops)
{
	struct device *dev = fake_device(test, &world->xadma, &deaf);

	set_dma_ops(dev, ops);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, drop_ops, dev));
	return dev;
}

static void device_that_inherits_our_ops_is_switched(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *parent = fake_api_device(test, &world->xadma, &deaf);
	struct device *dev = heir(test, world, get_dma_ops(parent));

	xadma_ops_time(true);
	KUNIT_EXPECT_TRUE(test, xadma_ops_mine(dev));
	KUNIT_EXPECT_PTR_EQ(test, get_dma_ops(dev), get_dma_ops(parent));
	xadma_ops_time(false);
	KUNIT_EXPECT_TRUE(test, xadma_ops_mine(dev));
	KUNIT_EXPECT_PTR_EQ(test, get_dma_ops(dev), get_dma_ops(parent));
}

/* It was not found when it was over: on no bus that is looked at, say. */
static void device_that_is_left_behind_catches_up(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *parent = slow_device(test, world), *dev;
	void *buf = page_address(test_pages(test, 0));
	const struct dma_map_ops *timed;

	xadma_ops_time(true);
	timed = get_dma_ops(parent);
	xadma_ops_time(false);
	dev = heir(test, world, timed);
	KUNIT_EXPECT_EQ(test, ops_map(dev, buf, PAGE_SIZE, DMA_TO_DEVICE),
			virt_to_phys(buf));
	expect_nothing_noted(test, dev);
	KUNIT_EXPECT_PTR_EQ(test, get_dma_ops(dev), get_dma_ops(parent));
}

static void device_that_is_removed_is_one_of_the_others(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = slow_device(test, world);
	void *buf = page_address(test_pages(test, 0));

	xadma_ops_time(true);
	xadma_dev_detach(dev);
	ops_unmap(dev, virt_to_phys(buf), PAGE_SIZE, DMA_FROM_DEVICE);
	KUNIT_EXPECT_GE(test, xadma_stats_longest(world->xadma.others, XADMA_CALL_UNMAP),
			SLOW);
}

static void ops_of_others_are_left_alone(struct kunit *test)
{
	static const struct dma_map_ops other;
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *theirs = fake_device(test, &world->xadma, &deaf);
	struct device *none = fake_device(test, &world->xadma, &deaf);
	unsigned int on = 2;

	set_dma_ops(theirs, &other);
	while (on--) {
		xadma_ops_time(on);
		KUNIT_EXPECT_PTR_EQ(test, get_dma_ops(theirs), &other);
		KUNIT_EXPECT_FALSE(test, xadma_ops_mine(theirs));
		KUNIT_EXPECT_FALSE(test, xadma_ops_mine(none));
		KUNIT_EXPECT_FALSE(test, xadma_ops_others(none));
	}
	set_dma_ops(theirs, NULL);
}

/* ---- thrown while all CPUs are at work ---- */

#define THROWS	300

struct throw {
	struct kunit *test;
	struct device *dev;
	unsigned int cpu;
};

static void throw_or_map(void *data, unsigned int cpu)
{
	struct throw *t = data;
	void *buf = (void *)__get_free_page(GFP_KERNEL);
	unsigned int i;

	KUNIT_EXPECT_NOT_NULL(t->test, buf);
	for (i = 0; buf && i < THROWS; i++) {
		dma_addr_t dma;

		if (cpu == t->cpu) {
			xadma_ops_time(i & 1);
			forget(t->dev);
			cond_resched();
			continue;
		}
		dma = dma_map_single(t->dev, buf, 512, DMA_BIDIRECTIONAL);
		KUNIT_EXPECT_EQ(t->test, 0, dma_mapping_error(t->dev, dma));
		dma_sync_single_for_cpu(t->dev, dma, 512, DMA_BIDIRECTIONAL);
		dma_unmap_single(t->dev, dma, 512, DMA_BIDIRECTIONAL);
	}
	free_page((unsigned long)buf);
}

static void switch_may_be_thrown_at_any_time(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, &narrow);
	const struct dma_map_ops *off = get_dma_ops(dev);
	struct throw t = {
		.test = test, .dev = dev, .cpu = cpumask_first(cpu_online_mask),
	};

	if (IS_ENABLED(CONFIG_KCSAN))
		kunit_skip(test, "the core reads a device's ops by plain loads");
	on_all_cpus(test, throw_or_map, &t);
	xadma_ops_time(false);
	KUNIT_EXPECT_PTR_EQ(test, get_dma_ops(dev), off);
	KUNIT_EXPECT_EQ(test, misuses(dev), 0);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
}

static struct kunit_case latency_cases[] = {
	KUNIT_CASE(longest_of_a_kind_wins),
	KUNIT_CASE(longest_of_all_cpus_wins),
	KUNIT_CASE(every_call_is_noted_as_what_it_is),
	KUNIT_CASE(nothing_is_noted_when_it_is_off),
	KUNIT_CASE(longer_call_takes_the_place_of_a_shorter_one),
	KUNIT_CASE(both_tables_have_the_same_functions),
	KUNIT_CASE(device_that_comes_while_it_is_on_is_noted),
	KUNIT_CASE(what_one_table_maps_the_other_unmaps),
	KUNIT_CASE(device_that_inherits_our_ops_is_switched),
	KUNIT_CASE(device_that_is_left_behind_catches_up),
	KUNIT_CASE(device_that_is_removed_is_one_of_the_others),
	KUNIT_CASE(ops_of_others_are_left_alone),
	KUNIT_CASE(switch_may_be_thrown_at_any_time),
	{}
};

static struct kunit_suite latency_suite = {
	.name = "swiotlb-arm-latency",
	.init = switch_off,
	.exit = switch_back,
	.test_cases = latency_cases,
};

kunit_test_suite(latency_suite);

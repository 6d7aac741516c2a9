// SPDX-License-Identifier: GPL-2.0-only
/*
 * slot-cache: a run that a CPU keeps comes back, once, to that CPU or to who drains.
 */
#include <kunit/test.h>

#include <linux/bitops.h>
#include <linux/hrtimer.h>
#include <linux/prandom.h>
#include <linux/smp.h>

#include "../chunk.h"
#include "../slot-cache.h"
#include "helpers.h"

/* Of a run only its place is looked at here. */
static struct xadma_run runs[1024];

struct bench {
	struct kunit *test;
	struct xadma_slot_cache __percpu *slot_cache;
	atomic_t taken;		/* by take(), in slots */
	DECLARE_BITMAP(out, 1024);
};

static struct xadma_run *run(unsigned int nth)
{
	return &runs[nth];
}

static bool put(struct bench *b, unsigned int order, struct xadma_run *run)
{
	unsigned long flags;
	bool kept;

	local_irq_save(flags);
	kept = xadma_slot_cache_put(b->slot_cache, order, run, XADMA_SLOT_CACHE_DEPTH);
	local_irq_restore(flags);
	return kept;
}

static struct xadma_run *get(struct bench *b, unsigned int order)
{
	struct xadma_run *run;
	unsigned long flags;

	local_irq_save(flags);
	run = xadma_slot_cache_get(b->slot_cache, order);
	local_irq_restore(flags);
	return run;
}

static void take(void *data, struct xadma_run *run, unsigned int order)
{
	struct bench *b = data;

	if (test_and_set_bit(run - runs, b->out))
		KUNIT_FAIL(b->test, "run %lu was there twice", run - runs);
	atomic_add(1 << order, &b->taken);
}

static void bench_end(void *data)
{
	struct bench *b = data;

	free_percpu(b->slot_cache);
}

static struct bench *bench(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->test = test;
	b->slot_cache = alloc_percpu(struct xadma_slot_cache);
	KUNIT_ASSERT_TRUE(test, b->slot_cache);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bench_end, b));
	return b;
}

static void last_comes_first(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned int order, i;

	migrate_disable();
	for (order = 0; order < XADMA_SLOT_CACHE_ORDERS; order++) {
		KUNIT_EXPECT_NULL(test, get(b, order));
		for (i = 0; i < XADMA_SLOT_CACHE_DEPTH; i++)
			KUNIT_EXPECT_TRUE(test, put(b, order, run(100 * order + i)));
		KUNIT_EXPECT_FALSE(test, put(b, order, run(7)));
	}
	KUNIT_EXPECT_EQ(test, xadma_slot_cache_slots(b->slot_cache),
			XADMA_SLOT_CACHE_DEPTH * (BIT(XADMA_SLOT_CACHE_ORDERS) - 1));
	for (order = 0; order < XADMA_SLOT_CACHE_ORDERS; order++) {
		for (i = XADMA_SLOT_CACHE_DEPTH; i--;)
			KUNIT_EXPECT_PTR_EQ(test, get(b, order), run(100 * order + i));
		KUNIT_EXPECT_NULL(test, get(b, order));
	}
	migrate_enable();
	KUNIT_EXPECT_EQ(test, xadma_slot_cache_slots(b->slot_cache), 0);
}

/* A CPU that is to keep less is satisfied sooner, and loses nothing. */
static void fewer_are_kept_when_asked(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned long flags;

	local_irq_save(flags);
	KUNIT_EXPECT_TRUE(test, xadma_slot_cache_put(b->slot_cache, 0, run(1), 1));
	KUNIT_EXPECT_FALSE(test, xadma_slot_cache_put(b->slot_cache, 0, run(2), 1));
	KUNIT_EXPECT_TRUE(test, xadma_slot_cache_put(b->slot_cache, 0, run(3), 2));
	KUNIT_EXPECT_FALSE(test, xadma_slot_cache_put(b->slot_cache, 0, run(4), 1));
	KUNIT_EXPECT_PTR_EQ(test, xadma_slot_cache_get(b->slot_cache, 0), run(3));
	KUNIT_EXPECT_PTR_EQ(test, xadma_slot_cache_get(b->slot_cache, 0), run(1));
	local_irq_restore(flags);
}

static void one_each(void *data, unsigned int cpu)
{
	struct bench *b = data;

	if (!put(b, cpu % XADMA_SLOT_CACHE_ORDERS, run(cpu)))
		KUNIT_FAIL(b->test, "no room");
}

static unsigned int one_each_slots(void)
{
	unsigned int cpu, slots = 0;

	for_each_online_cpu(cpu)
		slots += 1 << cpu % XADMA_SLOT_CACHE_ORDERS;
	return slots;
}

/* With interrupts off, from one CPU, whoever keeps them and whether it is on or off. */
static void all_are_drained_by_one_cpu(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned int cpu, all = one_each_slots();
	unsigned long flags;

	on_all_cpus(test, one_each, b);
	for_each_possible_cpu(cpu) {
		if (cpu_online(cpu))
			continue;
		per_cpu_ptr(b->slot_cache, cpu)->nr[0] = 1;
		per_cpu_ptr(b->slot_cache, cpu)->run[0][0] = run(500 + cpu);
		all++;
	}
	KUNIT_EXPECT_EQ(test, xadma_slot_cache_slots(b->slot_cache), all);
	local_irq_save(flags);
	xadma_slot_cache_drain(b->slot_cache, take, b);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->taken), all);
	KUNIT_EXPECT_EQ(test, xadma_slot_cache_slots(b->slot_cache), 0);
}

/* With interrupts off, from one CPU, until there is none left. */
static void one_at_a_time_is_taken_from_whoever_keeps_it(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned int order, nr[XADMA_SLOT_CACHE_ORDERS] = {}, cpu;
	unsigned long flags, *seen;

	seen = kunit_kcalloc(test, BITS_TO_LONGS(nr_cpu_ids), sizeof(*seen), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	on_all_cpus(test, one_each, b);
	local_irq_save(flags);
	for (order = 0; order < XADMA_SLOT_CACHE_ORDERS; order++) {
		struct xadma_run *got;

		while ((got = xadma_slot_cache_steal(b->slot_cache, order))) {
			KUNIT_EXPECT_FALSE(test, __test_and_set_bit(got - runs, seen));
			nr[order]++;
		}
	}
	local_irq_restore(flags);
	for_each_online_cpu(cpu) {
		KUNIT_EXPECT_TRUE(test, test_bit(cpu, seen));
		nr[cpu % XADMA_SLOT_CACHE_ORDERS]--;
	}
	for (order = 0; order < XADMA_SLOT_CACHE_ORDERS; order++)
		KUNIT_EXPECT_EQ(test, nr[order], 0);
	KUNIT_EXPECT_EQ(test, xadma_slot_cache_slots(b->slot_cache), 0);
}

/* A CPU whose places were drained finds none, and keeps runs again. */
static void drained_places_are_used_again(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned int i;

	migrate_disable();
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, put(b, 1, run(i)));
	xadma_slot_cache_drain(b->slot_cache, take, b);
	KUNIT_EXPECT_TRUE(test, put(b, 1, run(9)));
	KUNIT_EXPECT_PTR_EQ(test, get(b, 1), run(9));
	KUNIT_EXPECT_NULL(test, get(b, 1));
	for (i = 0; i < XADMA_SLOT_CACHE_DEPTH; i++)
		KUNIT_EXPECT_TRUE(test, put(b, 1, run(20 + i)));
	migrate_enable();
	xadma_slot_cache_drain(b->slot_cache, take, b);
}

/* ---- on all CPUs, in interrupts, and emptied meanwhile ---- */

#define RUNS	256

struct crowd {
	struct bench *b;
	DECLARE_BITMAP(mine, RUNS);	/* set while somebody has the run */
	atomic_t twice;
	atomic_t moves;
	struct hrtimer timer;
};

static void let_go(struct crowd *c, unsigned int first)
{
	if (!test_and_clear_bit(first, c->mine))
		atomic_inc(&c->twice);
}

static bool claim(struct crowd *c, unsigned int first)
{
	return !test_and_set_bit(first, c->mine);
}

/* A run is either kept somewhere, or its bit is clear and anybody may have it. */
static void move_one(struct crowd *c, unsigned int pick, unsigned int order)
{
	struct xadma_run *kept;

	if (pick % 16 == 0) {
		kept = xadma_slot_cache_steal(c->b->slot_cache, order);
		if (kept)
			let_go(c, kept - runs);
		return;
	}
	if (pick % 2) {
		pick %= RUNS;
		if (claim(c, pick) && !put(c->b, order, run(pick)))
			let_go(c, pick);
		return;
	}
	kept = get(c->b, order);
	if (kept) {
		let_go(c, kept - runs);
		atomic_inc(&c->moves);
	}
}

static void take_back(void *data, struct xadma_run *run, unsigned int order)
{
	let_go(data, run - runs);
}

static void mover(void *data, unsigned int cpu)
{
	struct crowd *c = data;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, cpu);
	for (i = 0; i < 20000; i++) {
		u32 r = prandom_u32_state(&rnd);

		move_one(c, r, (r >> 16) % XADMA_SLOT_CACHE_ORDERS);
		if (r >> 22 == 0)
			xadma_slot_cache_drain(c->b->slot_cache, take_back, c);
	}
}

static enum hrtimer_restart interrupt(struct hrtimer *timer)
{
	struct crowd *c = container_of(timer, struct crowd, timer);

	move_one(c, atomic_read(&c->moves), 0);
	return test_timer_again(timer);
}

static void many_movers(struct kunit *test)
{
	struct crowd *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->b = bench(test);
	test_timer_setup(&c->timer, interrupt);
	test_timer_start(&c->timer);
	on_all_cpus(test, mover, c);
	hrtimer_cancel(&c->timer);
	xadma_slot_cache_drain(c->b->slot_cache, take_back, c);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->twice), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&c->moves), 1000);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(c->mine, RUNS));
}

static struct kunit_case slot_cache_cases[] = {
	KUNIT_CASE(last_comes_first),
	KUNIT_CASE(fewer_are_kept_when_asked),
	KUNIT_CASE(all_are_drained_by_one_cpu),
	KUNIT_CASE(one_at_a_time_is_taken_from_whoever_keeps_it),
	KUNIT_CASE(drained_places_are_used_again),
	KUNIT_CASE_SLOW(many_movers),
	{}
};

static struct kunit_suite slot_cache_suite = {
	.name = "swiotlb-arm-slot-cache",
	.test_cases = slot_cache_cases,
};

kunit_test_suite(slot_cache_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The P2M: against a model, with readers on all other CPUs, and asked for
 * nonsense. It is the kernel's one table, so all of this happens at frames that
 * no machine has.
 */
#include <kunit/test.h>

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmstat.h>

#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/swiotlb-arm-p2m.h>
#include <xen/swiotlb-arm-frame-table.h>

#include "helpers.h"

#define BASE	BIT(35)
#define SPAN	512

static bool set(unsigned long pfn, unsigned long mfn, unsigned long nr)
{
	return __set_phys_to_machine_multi(BASE + pfn, mfn, nr);
}

static void clear(unsigned long pfn, unsigned long nr)
{
	__set_phys_to_machine_multi(BASE + pfn, INVALID_P2M_ENTRY, nr);
}

static unsigned long get(unsigned long pfn)
{
	return __pfn_to_mfn(BASE + pfn);
}

static bool any(unsigned long first, unsigned long last)
{
	struct xadma_frames frames = { BASE + first, BASE + last };
	bool any = xadma_p2m_any_foreign(frames);

	/* The hint may be wrong one way only. */
	if (any && !xadma_p2m_may_be_foreign(frames))
		return false;
	return any;
}

static unsigned long entries(void)
{
	return xadma_p2m_usage().entries;
}

/* ---- against a model, with readers on all other CPUs ---- */

/* Of each entry a reader knows this much: it is its pfn and TOLD modulo STEP. */
#define STEP	1024
#define TOLD	7

struct model {
	struct kunit *test;
	struct rnd_state rnd;
	unsigned long mfn[SPAN];	/* 0: nothing is there */
	unsigned int steps;
	unsigned int writer;		/* the CPU that all this belongs to */
	bool done;
	atomic_t wrong;
};

static bool model_set(struct model *m, unsigned int pfn, unsigned long mfn,
		      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (m->mfn[pfn + i])
			return false;
	for (i = 0; i < nr; i++)
		m->mfn[pfn + i] = mfn + i;
	return true;
}

static unsigned long model_run(const struct model *m, unsigned int pfn,
			       unsigned int nr)
{
	unsigned int n = 0;

	while (n < nr && m->mfn[pfn] && m->mfn[pfn + n] == m->mfn[pfn] + n)
		n++;
	return n;
}

static bool model_any(const struct model *m, unsigned int pfn, unsigned int nr)
{
	return memchr_inv(&m->mfn[pfn], 0, nr * sizeof(m->mfn[0]));
}

static unsigned long model_entries(const struct model *m)
{
	unsigned long n = 0;
	unsigned int i;

	for (i = 0; i < SPAN; i++)
		n += !!m->mfn[i];
	return n;
}

static unsigned int pick(struct model *m, unsigned int below)
{
	return prandom_u32_state(&m->rnd) % below;
}

static void ask(struct model *m, unsigned int pfn, unsigned int nr)
{
	struct xadma_frames frames = { BASE + pfn, BASE + pfn + nr - 1 };
	struct xadma_p2m_run run = xadma_p2m_run(frames);

	KUNIT_EXPECT_EQ(m->test, get(pfn), m->mfn[pfn] ?: INVALID_P2M_ENTRY);
	KUNIT_EXPECT_EQ(m->test, any(pfn, pfn + nr - 1), model_any(m, pfn, nr));
	KUNIT_EXPECT_EQ(m->test, run.nr, model_run(m, pfn, nr));
	if (run.nr)
		KUNIT_EXPECT_EQ(m->test, run.mfn, m->mfn[pfn]);
}

static void change(struct model *m, unsigned int pfn, unsigned int nr)
{
	unsigned long mfn = pick(m, 1000) * STEP + TOLD + pfn;

	if (pick(m, 2)) {
		KUNIT_EXPECT_EQ(m->test, set(pfn, mfn, nr),
				model_set(m, pfn, mfn, nr));
	} else {
		clear(pfn, nr);
		memset(&m->mfn[pfn], 0, nr * sizeof(m->mfn[0]));
	}
}

static void change_and_ask(struct model *m)
{
	unsigned long before = entries();
	unsigned int i, pfn, nr;

	prandom_seed_state(&m->rnd, 4);
	for (i = 0; i < m->steps; i++) {
		nr = 1 + pick(m, 16);
		pfn = pick(m, SPAN - nr);
		change(m, pfn, nr);
		nr = 1 + pick(m, 16);
		ask(m, pick(m, SPAN - nr), nr);
		if (i % 4096 == 0)
			KUNIT_EXPECT_EQ(m->test, entries() - before,
					model_entries(m));
	}
	WRITE_ONCE(m->done, true);
}

static bool is_told(unsigned long pfn, unsigned long mfn)
{
	return mfn == INVALID_P2M_ENTRY || (mfn - pfn) % STEP == TOLD;
}

static void watch(struct model *m, unsigned int cpu)
{
	struct rnd_state rnd;

	prandom_seed_state(&rnd, cpu);
	while (!READ_ONCE(m->done)) {
		unsigned long pfn = prandom_u32_state(&rnd) % (SPAN - 16);
		struct xadma_p2m_run run = xadma_p2m_run((struct xadma_frames){
			BASE + pfn, BASE + pfn + 15
		});

		if (!is_told(pfn, get(pfn)) || run.nr > 16 ||
		    (run.nr && !is_told(pfn, run.mfn)))
			atomic_inc(&m->wrong);
		cond_resched();
	}
}

static void change_or_watch(void *data, unsigned int cpu)
{
	struct model *m = data;

	if (cpu == m->writer)
		change_and_ask(m);
	else
		watch(m, cpu);
}

/* A million operations. */
static void random_changes(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned long before = entries();

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->steps = IS_ENABLED(CONFIG_KCSAN) ? 20000 : 500000;
	m->writer = cpumask_first(cpu_online_mask);
	on_all_cpus(test, change_or_watch, m);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->wrong), 0);
	clear(0, SPAN);
	KUNIT_EXPECT_EQ(test, entries(), before);
}

/* ---- what stays is always seen ---- */

/* Even frames stay, odd ones come and go; what is there is always the same. */
static unsigned long mfn_for(unsigned long pfn)
{
	return 5000 + pfn * 3;
}

struct crowd {
	struct kunit *test;
	unsigned int writer;
	atomic_t wrong;
};

static void come_and_go(void)
{
	unsigned int round, pfn;

	for (round = 0; round < 200; round++) {
		for (pfn = 1; pfn < SPAN; pfn += 2)
			set(pfn, mfn_for(pfn), 1);
		for (pfn = 1; pfn < SPAN; pfn += 2)
			clear(pfn, 1);
	}
}

static void look(struct crowd *c, unsigned int cpu)
{
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, cpu);
	for (i = 0; i < (IS_ENABLED(CONFIG_KCSAN) ? 20000 : 200000); i++) {
		unsigned long pfn = prandom_u32_state(&rnd) % SPAN;
		unsigned long mfn = get(pfn);

		if (mfn != mfn_for(pfn) &&
		    (pfn % 2 == 0 || mfn != INVALID_P2M_ENTRY))
			atomic_inc(&c->wrong);
		if (!any(pfn & ~1UL, pfn | 1))
			atomic_inc(&c->wrong);
	}
}

static void write_or_read(void *data, unsigned int cpu)
{
	struct crowd *c = data;

	if (cpu == c->writer)
		come_and_go();
	else
		look(c, cpu);
}

static void readers_take_no_lock(struct kunit *test)
{
	struct crowd c = { .test = test, .writer = cpumask_first(cpu_online_mask) };
	unsigned long before = entries();
	unsigned int pfn;

	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU only");
	for (pfn = 0; pfn < SPAN; pfn += 2)
		KUNIT_ASSERT_TRUE(test, set(pfn, mfn_for(pfn), 1));
	on_all_cpus(test, write_or_read, &c);
	KUNIT_EXPECT_EQ(test, atomic_read(&c.wrong), 0);
	clear(0, SPAN);
	KUNIT_EXPECT_EQ(test, entries(), before);
}

/* ---- a million ---- */

#define MILLION	BIT(20)

static unsigned long slab_bytes(void)
{
	return (global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B) +
		global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B)) *
	       PAGE_SIZE;
}

/* Of an emulated machine, unless it counts instructions for its clock. */
static u64 look_up_ns(void)
{
	u64 start = ktime_get_ns();
	unsigned long i;

	for (i = 0; i < MILLION / 8; i++)
		get(i * 7919 % MILLION);
	return div_u64(ktime_get_ns() - start, MILLION / 8);
}

static void a_million(struct kunit *test)
{
	unsigned long before = entries(), bytes = slab_bytes(), i;

	skip_if_racing(test);
	for (i = 0; i < MILLION; i++)
		if (!set(i, i * 2 + 7, 1))
			break;
	KUNIT_EXPECT_EQ(test, i, MILLION);
	KUNIT_EXPECT_EQ(test, entries() - before, i);
	bytes = slab_bytes() - bytes;
	kunit_info(test, "figure: %lu entries take %lu bytes each; a look-up takes %llu ns of this machine's clock\n",
		   i, bytes / i, look_up_ns());
	/* KASAN puts something around each allocation. */
	KUNIT_EXPECT_LT(test, bytes / i, IS_ENABLED(CONFIG_KASAN) ? 32 : 16);
	for (i = 0; i < MILLION; i += 997)
		KUNIT_EXPECT_EQ(test, get(i), i * 2 + 7);
	clear(0, MILLION);
	KUNIT_EXPECT_EQ(test, entries(), before);
	KUNIT_EXPECT_FALSE(test, any(0, MILLION));
}

/* ---- nonsense ---- */

static void nothing_is_everywhere(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, get(0), INVALID_P2M_ENTRY);
	KUNIT_EXPECT_FALSE(test, any(0, SPAN));
	KUNIT_EXPECT_EQ(test, xadma_p2m_run((struct xadma_frames){ BASE, BASE + 4 }).nr,
			0);
}

static void one_frame_in_many_places(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 50; i++)
		KUNIT_EXPECT_TRUE(test, set(i * 3, 77, 1));
	for (i = 0; i < 50; i++)
		KUNIT_EXPECT_EQ(test, get(i * 3), 77);
	clear(30, 1);
	KUNIT_EXPECT_EQ(test, get(27), 77);
	KUNIT_EXPECT_EQ(test, get(30), INVALID_P2M_ENTRY);
	clear(0, SPAN);
}

static void nothing_is_entered_twice(struct kunit *test)
{
	unsigned long before = entries();

	KUNIT_EXPECT_TRUE(test, set(10, 100, 4));
	KUNIT_EXPECT_FALSE(test, set(10, 100, 4));
	KUNIT_EXPECT_FALSE(test, set(11, 900, 1));
	/* What overlaps is refused as a whole. */
	KUNIT_EXPECT_FALSE(test, set(6, 500, 5));
	KUNIT_EXPECT_FALSE(test, set(13, 500, 5));
	KUNIT_EXPECT_EQ(test, get(9), INVALID_P2M_ENTRY);
	KUNIT_EXPECT_EQ(test, get(14), INVALID_P2M_ENTRY);
	KUNIT_EXPECT_EQ(test, get(11), 101);
	KUNIT_EXPECT_EQ(test, entries() - before, 4);
	clear(10, 4);
}

static void absent_is_dropped_gladly(struct kunit *test)
{
	unsigned long before = entries();

	clear(5, 1);
	clear(0, SPAN);
	KUNIT_EXPECT_TRUE(test, set(7, 70, 3));
	clear(8, 1);
	KUNIT_EXPECT_EQ(test, get(7), 70);
	KUNIT_EXPECT_EQ(test, get(8), INVALID_P2M_ENTRY);
	KUNIT_EXPECT_EQ(test, get(9), 72);
	clear(0, SPAN);
	KUNIT_EXPECT_EQ(test, entries(), before);
}

static void ends_of_the_address_space(struct kunit *test)
{
	unsigned long before = entries();

	KUNIT_EXPECT_FALSE(test, __set_phys_to_machine(~0UL, 5));
	KUNIT_EXPECT_FALSE(test, __set_phys_to_machine_multi(~0UL - 2, 5, 4));
	KUNIT_EXPECT_FALSE(test, set(1, LONG_MAX, 1));
	KUNIT_EXPECT_FALSE(test, set(1, ~0UL - 1, 3));
	KUNIT_EXPECT_TRUE(test, set(1, 5, 0));
	/* The highest frame that a machine can have, and what is beyond. */
	KUNIT_EXPECT_TRUE(test, __set_phys_to_machine(XADMA_FRAME_TABLE_END - 1, 5));
	KUNIT_EXPECT_EQ(test, __pfn_to_mfn(XADMA_FRAME_TABLE_END - 1), 5);
	KUNIT_EXPECT_TRUE(test, __set_phys_to_machine(XADMA_FRAME_TABLE_END - 1,
						      INVALID_P2M_ENTRY));
	KUNIT_EXPECT_FALSE(test, __set_phys_to_machine(XADMA_FRAME_TABLE_END, 5));
	KUNIT_EXPECT_EQ(test, __pfn_to_mfn(XADMA_FRAME_TABLE_END), INVALID_P2M_ENTRY);
	KUNIT_EXPECT_EQ(test, __pfn_to_mfn(~0UL), INVALID_P2M_ENTRY);
	KUNIT_EXPECT_EQ(test, entries(), before);
}

static void no_memory(struct kunit *test)
{
	unsigned long before = entries();
	bool entered;

	if (!fail_alloc(1))
		kunit_skip(test, "this kernel cannot fail allocations");
	entered = set(1UL << 30, 5, 1);
	KUNIT_EXPECT_TRUE(test, fail_alloc_end());
	/* What counts is that both agree. */
	KUNIT_EXPECT_EQ(test, entries() - before, entered);
	KUNIT_EXPECT_EQ(test, get(1UL << 30), entered ? 5 : INVALID_P2M_ENTRY);
	clear(1UL << 30, 1);
	KUNIT_EXPECT_EQ(test, entries(), before);
}

/* ---- grants ---- */

static void grants_are_noted_down(struct kunit *test)
{
	struct gnttab_unmap_grant_ref unmap[3] = {};
	struct gnttab_map_grant_ref map[3] = {};
	unsigned long before = entries();
	unsigned int i;

	for (i = 0; i < 3; i++) {
		map[i].host_addr = (BASE + i) << XEN_PAGE_SHIFT;
		map[i].dev_bus_addr = (900UL + i) << XEN_PAGE_SHIFT;
		unmap[i].host_addr = map[i].host_addr;
	}
	map[1].status = GNTST_bad_gntref;
	KUNIT_EXPECT_EQ(test, 0, set_foreign_p2m_mapping(map, NULL, NULL, 3));
	KUNIT_EXPECT_EQ(test, get(0), 900);
	KUNIT_EXPECT_EQ(test, get(1), INVALID_P2M_ENTRY);
	KUNIT_EXPECT_EQ(test, get(2), 902);
	KUNIT_EXPECT_EQ(test, 0, clear_foreign_p2m_mapping(unmap, NULL, NULL, 3));
	KUNIT_EXPECT_EQ(test, entries(), before);
}

static struct kunit_case p2m_cases[] = {
	KUNIT_CASE(nothing_is_everywhere),
	KUNIT_CASE(one_frame_in_many_places),
	KUNIT_CASE(nothing_is_entered_twice),
	KUNIT_CASE(absent_is_dropped_gladly),
	KUNIT_CASE(ends_of_the_address_space),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(grants_are_noted_down),
	KUNIT_CASE_SLOW(random_changes),
	KUNIT_CASE_SLOW(readers_take_no_lock),
	KUNIT_CASE_SLOW(a_million),
	{}
};

static struct kunit_suite p2m_suite = {
	.name = "swiotlb-arm-p2m",
	.test_cases = p2m_cases,
};

kunit_test_suite(p2m_suite);

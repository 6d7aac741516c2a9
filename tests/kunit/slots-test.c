// SPDX-License-Identifier: GPL-2.0-only
/*
 * slots: runs and their alignment, against tables and against a model.
 */
#include <kunit/test.h>

#include <linux/bitops.h>
#include <linux/hrtimer.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../slots.h"
#include "helpers.h"

/* A run anywhere in the set. */
static int alloc_run(struct xadma_slots *slots, unsigned int count, unsigned int align)
{
	const struct xadma_slots_request want = {
		.count = count,
		.align = align,
		.end = slots->nr,
	};

	return xadma_slots_alloc(slots, &want);
}

static void slots_end(void *slots)
{
	xadma_slots_destroy(slots);
}

static struct xadma_slots *set_of(struct kunit *test, unsigned int nr)
{
	struct xadma_slots *slots;

	slots = kunit_kzalloc(test, sizeof(*slots), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, slots);
	KUNIT_ASSERT_EQ(test, 0, xadma_slots_init(slots, nr, nr));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, slots_end, slots));
	return slots;
}

/* ---- tables ---- */

enum act { TAKE, GIVE };

/* One story for each set: what is done to it, and what has to come of it. */
static const struct step {
	enum act act;
	unsigned int count;
	unsigned int arg;	/* alignment, or the first slot */
	int ret;
} small_set[] = {
	{ TAKE, 0, 1, -EINVAL },
	{ TAKE, 1, 0, -EINVAL },
	{ TAKE, 1, 3, -EINVAL },
	{ TAKE, 11, 1, -E2BIG },
	{ TAKE, UINT_MAX, 1, -E2BIG },
	{ GIVE, 1, 0, -EINVAL },
	{ TAKE, 1, 1, 0 },
	{ TAKE, 2, 2, 2 },
	{ TAKE, 1, 4, 4 },
	{ TAKE, 3, 1, 5 },
	/* 1, 8 and 9 are free. */
	{ TAKE, 3, 1, -ENOSPC },
	{ TAKE, 4, 1, -ENOSPC },
	{ TAKE, 1, 16, -ENOSPC },
	{ TAKE, 1, 1, 1 },
	{ TAKE, 1, 1, 8 },
	{ TAKE, 1, 1, 9 },
	{ TAKE, 1, 1, -ENOSPC },
	/* A run is given back as a whole, in parts, or not at all. */
	{ GIVE, 0, 5, -EINVAL },
	{ GIVE, 1, 10, -EINVAL },
	{ GIVE, 6, 5, -EINVAL },
	{ GIVE, UINT_MAX, 5, -EINVAL },
	{ GIVE, 1, UINT_MAX, -EINVAL },
	{ GIVE, 1, 6, 0 },
	{ GIVE, 1, 6, -EINVAL },
	{ GIVE, 3, 5, -EINVAL },
	{ TAKE, 2, 1, -ENOSPC },
	{ GIVE, 1, 5, 0 },
	{ TAKE, 2, 1, 5 },
	{ GIVE, 10, 0, 0 },
	{ TAKE, 10, 1, 0 },
	{ GIVE, 10, 0, 0 },
}, aligned_set[] = {
	{ TAKE, 1, 1, 0 },
	{ TAKE, 1, 64, 64 },
	{ TAKE, 1, 64, 128 },
	{ TAKE, 1, 64, -ENOSPC },
	{ TAKE, 33, 32, -ENOSPC },
	{ TAKE, 32, 32, 32 },
	{ TAKE, 32, 32, 96 },
	{ TAKE, 1, 8, 8 },
	{ TAKE, 64, 1, -ENOSPC },
	{ TAKE, 1, 2, 2 },
	{ TAKE, 1, 128, -ENOSPC },
	{ GIVE, 1, 0, 0 },
	{ TAKE, 1, 128, 0 },
	{ GIVE, 1, 0, 0 },
	{ GIVE, 32, 32, 0 },
	{ GIVE, 1, 64, 0 },
	{ GIVE, 1, 8, 0 },
	{ GIVE, 1, 2, 0 },
	{ GIVE, 1, 128, 0 },
	{ GIVE, 32, 96, 0 },
}, one_slot[] = {
	{ TAKE, 2, 1, -E2BIG },
	{ TAKE, 1, 4096, 0 },
	{ TAKE, 1, 1, -ENOSPC },
	{ GIVE, 1, 0, 0 },
	{ TAKE, 1, 1, 0 },
	{ GIVE, 1, 0, 0 },
};

static void tell(struct kunit *test, unsigned int nr, const struct step *steps,
		 unsigned int n)
{
	struct xadma_slots *slots = set_of(test, nr);
	unsigned int i, used = 0;

	for (i = 0; i < n; i++) {
		const struct step *s = &steps[i];
		int ret = s->act == TAKE ?
			alloc_run(slots, s->count, s->arg) :
			xadma_slots_free(slots, s->arg, s->count);

		KUNIT_EXPECT_EQ_MSG(test, ret, s->ret, "step %u", i);
		if (ret >= 0)
			used += s->act == TAKE ? s->count : -s->count;
		KUNIT_EXPECT_EQ_MSG(test, xadma_slots_used(slots), used,
				    "step %u", i);
	}
	KUNIT_EXPECT_EQ(test, used, 0);
}

static void stories(struct kunit *test)
{
	tell(test, 10, small_set, ARRAY_SIZE(small_set));
	tell(test, 192, aligned_set, ARRAY_SIZE(aligned_set));
	tell(test, 1, one_slot, ARRAY_SIZE(one_slot));
}

/* Whatever has come and gone, the lowest that fits is given: the rest stays whole. */
static void stays_low(struct kunit *test)
{
	struct xadma_slots *slots = set_of(test, 64);
	unsigned int i;

	for (i = 0; i < 200; i++) {
		KUNIT_EXPECT_EQ(test, alloc_run(slots, 1, 1), 0);
		KUNIT_EXPECT_EQ(test, alloc_run(slots, 2, 2), 2);
		KUNIT_EXPECT_EQ(test, alloc_run(slots, 1, 1), 1);
		KUNIT_EXPECT_EQ(test, alloc_run(slots, 60, 1), 4);
		KUNIT_EXPECT_EQ(test, xadma_slots_free(slots, 4, 60), 0);
		KUNIT_EXPECT_EQ(test, xadma_slots_free(slots, 0, 4), 0);
	}
}

/* From anywhere in a run to where it begins, across words of the bitmap. */
static void heads(struct kunit *test)
{
	struct xadma_slots *slots = set_of(test, 400);
	static const unsigned int runs[] = { 1, 3, 60, 1, 130, 64, 100 };
	unsigned int i, n, first[ARRAY_SIZE(runs)];

	for (i = 0; i < ARRAY_SIZE(runs); i++) {
		int got = alloc_run(slots, runs[i], 1);

		KUNIT_ASSERT_GE(test, got, 0);
		first[i] = got;
	}
	for (i = 0; i < ARRAY_SIZE(runs); i++)
		for (n = 0; n < runs[i]; n++)
			KUNIT_EXPECT_EQ(test, first[i],
					xadma_slots_head(slots, first[i] + n));
	/* What is gone is none any more, and leaves the others as they were. */
	KUNIT_EXPECT_EQ(test, 0, xadma_slots_free(slots, first[3], runs[3]));
	KUNIT_EXPECT_EQ(test, first[4], xadma_slots_head(slots, first[4] + 129));
	KUNIT_EXPECT_EQ(test, first[2], xadma_slots_head(slots, first[2] + 59));
	KUNIT_EXPECT_LE(test, xadma_slots_head(slots, first[3]), first[3]);
	for (i = 0; i < ARRAY_SIZE(runs); i++)
		if (i != 3)
			xadma_slots_free(slots, first[i], runs[i]);
	KUNIT_EXPECT_LT(test, xadma_slots_head(slots, 399), 400);
}

/* ---- at random, against a model ---- */

#define MODEL_MAX 1000

/* Owner of each slot; 0 is free. */
struct model {
	struct xadma_slots *slots;
	unsigned int nr, used;
	u16 owner[MODEL_MAX];
	u16 next_owner;
	struct rnd_state rnd;
};

static bool free_run(const struct model *m, unsigned int first,
		     unsigned int count)
{
	unsigned int i;

	if (first + count > m->nr)
		return false;
	for (i = first; i < first + count; i++)
		if (m->owner[i])
			return false;
	return true;
}

static bool any_free_run(const struct model *m, unsigned int count,
			 unsigned int align)
{
	unsigned int first;

	for (first = 0; first + count <= m->nr; first += align)
		if (free_run(m, first, count))
			return true;
	return false;
}

static void own(struct model *m, unsigned int first, unsigned int count,
		u16 owner)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		m->owner[i] = owner;
}

static const char *random_take(struct model *m)
{
	u32 r = prandom_u32_state(&m->rnd);
	unsigned int count = 1 + (r % 4 ? r % 7 : r % 40);
	unsigned int align = 1 << (r >> 8) % 7;
	int first = alloc_run(m->slots, count, align);

	if (first == -E2BIG)
		return count > m->nr ? NULL : "too long, but it is not";
	if (first == -ENOSPC)
		return any_free_run(m, count, align) ? "there was room" : NULL;
	if (first < 0)
		return "another error";
	if (first % align)
		return "not aligned";
	if (!free_run(m, first, count))
		return "taken already, or none of the set";
	if (!++m->next_owner)
		m->next_owner = 1;
	own(m, first, count, m->next_owner);
	m->used += count;
	return NULL;
}

/* Mostly the rest of a run from somewhere on; sometimes anything. */
static const char *random_give(struct model *m)
{
	u32 r = prandom_u32_state(&m->rnd);
	unsigned int first = r % m->nr, count = 1, i;
	bool taken = true;
	int ret;

	while (first + count < m->nr && m->owner[first] &&
	       m->owner[first + count] == m->owner[first])
		count++;
	if (r >> 28 == 0)
		count += (r >> 20) % 5;
	for (i = first; i < first + count; i++)
		taken &= i < m->nr && m->owner[i];
	ret = xadma_slots_free(m->slots, first, count);
	if (ret != (taken ? 0 : -EINVAL))
		return taken ? "not given back" : "given back what was free";
	if (taken) {
		own(m, first, count, 0);
		m->used -= count;
	}
	return NULL;
}

static const char *random_step(struct model *m)
{
	const char *wrong = prandom_u32_state(&m->rnd) % 5 < 2 ?
			    random_take(m) : random_give(m);

	if (!wrong && xadma_slots_used(m->slots) != m->used)
		wrong = "used is wrong";
	return wrong;
}

static void random_set(struct kunit *test, unsigned int nr, unsigned int steps)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	const char *wrong = NULL;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->slots = set_of(test, nr);
	m->nr = nr;
	prandom_seed_state(&m->rnd, nr);
	for (i = 0; i < steps && !wrong; i++) {
		wrong = random_step(m);
		if (i % 4096 == 0)
			cond_resched();
	}
	KUNIT_EXPECT_NULL_MSG(test, wrong, "%u slots, step %u: %s", nr, i, wrong);
}

/* Lockdep looks at each. */
#define RANDOM_STEPS	(IS_ENABLED(CONFIG_PROVE_LOCKING) ? 10000 : 100000)

static void random_steps(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 31, 63, 64, 65, 127, 512, 1000 };
	unsigned int i;

	skip_if_racing(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		random_set(test, sizes[i], RANDOM_STEPS);
}

/* ---- on all CPUs and in interrupts ---- */

#define SHARED 256

/*
 * Each bit is an atomic access, which KASAN and KCSAN look at: some ten million. And
 * lockdep looks at each lock.
 */
#define SLOW	(IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN) || \
		 IS_ENABLED(CONFIG_PROVE_LOCKING))
#define MEMBER_STEPS	(SLOW ? 2000 : 20000)

struct crowd {
	struct xadma_slots *slots;
	DECLARE_BITMAP(owned, SHARED);	/* set by whoever was given a slot */
	atomic_t twice;
	atomic_t taken;
	struct hrtimer timer;
};

static void take_and_give(struct crowd *c, unsigned int count)
{
	int first = alloc_run(c->slots, count, 1), i;

	if (first < 0)
		return;
	for (i = first; i < first + count; i++)
		if (test_and_set_bit(i, c->owned))
			atomic_inc(&c->twice);
	for (i = first; i < first + count; i++)
		clear_bit(i, c->owned);
	if (xadma_slots_free(c->slots, first, count))
		atomic_inc(&c->twice);
	atomic_inc(&c->taken);
}

static void member(void *data, unsigned int cpu)
{
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, cpu);
	for (i = 0; i < MEMBER_STEPS; i++) {
		take_and_give(data, 1 + prandom_u32_state(&rnd) % 90);
		cond_resched();
	}
}

static enum hrtimer_restart interrupt(struct hrtimer *timer)
{
	take_and_give(container_of(timer, struct crowd, timer), 3);
	return test_timer_again(timer);
}

static void many_takers(struct kunit *test)
{
	struct crowd *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->slots = set_of(test, SHARED);
	test_timer_setup(&c->timer, interrupt);
	test_timer_start(&c->timer);
	on_all_cpus(test, member, c);
	hrtimer_cancel(&c->timer);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->twice), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&c->taken), MEMBER_STEPS / 2);
	KUNIT_EXPECT_EQ(test, xadma_slots_used(c->slots), 0);
}

/* ---- boundaries ---- */

static bool fits(const struct xadma_slots *slots, const struct xadma_slots_request *w,
		 unsigned int first)
{
	unsigned int i, at = first + w->phase;

	if (first + w->count > w->end || at % w->align)
		return false;
	if (first / slots->set_size != (first + w->count - 1) / slots->set_size)
		return false;
	if (w->boundary && at % w->boundary + w->count + w->slack > w->boundary)
		return false;
	for (i = first; i < first + w->count; i++)
		if (test_bit(i, slots->busy))
			return false;
	return true;
}

static int lowest_that_fits(const struct xadma_slots *slots,
			    const struct xadma_slots_request *w)
{
	unsigned int first;

	for (first = 0; first < slots->nr; first++)
		if (fits(slots, w, first))
			return first;
	return -ENOSPC;
}

/* Long ones with wide lines in a large set, short ones with narrow lines in a small one. */
static struct xadma_slots_request random_request(struct rnd_state *rnd, unsigned int nr)
{
	bool large = nr > 128;
	struct xadma_slots_request w = {
		.count = 1 + prandom_u32_state(rnd) % (large ? 200 : 12),
		.align = 1U << prandom_u32_state(rnd) % (large ? 9 : 4),
		.end = nr - prandom_u32_state(rnd) % 3 * 8,
		.phase = prandom_u32_state(rnd) % 64,
		.slack = prandom_u32_state(rnd) % 2,
	};

	/* A block, as most buffers are. */
	if (prandom_u32_state(rnd) % 3 == 0) {
		w.align = 1U << prandom_u32_state(rnd) % 5;
		w.count = w.align;
		w.phase = prandom_u32_state(rnd) % 4 * w.align;
	}
	if (prandom_u32_state(rnd) % 4)
		w.boundary = 1U << ((large ? 8 : 4) + prandom_u32_state(rnd) % 3);
	/* No run is longer than the lines are apart. */
	while (w.boundary && w.boundary < w.count + w.slack)
		w.boundary *= 2;
	return w;
}

/* What has[] says, found out slot by slot. */
static bool has_what_it_says(const struct xadma_slots *slots)
{
	unsigned int order, word, first, i;

	for (order = 0; order < XADMA_SLOTS_ORDERS; order++) {
		for (word = 0; word < BITS_TO_LONGS(slots->nr); word++) {
			bool has = false;

			for (i = 0; i < BITS_PER_LONG && !has; i += 1U << order) {
				first = word * BITS_PER_LONG + i;
				has = first + (1U << order) <= slots->nr &&
				      find_next_bit(slots->busy, slots->nr, first) >=
				      first + (1U << order);
			}
			if (has != !!(slots->has[order] & BIT(word)))
				return false;
		}
	}
	return true;
}

/* It may say that there is a run where lines are in the way of it, or that is too long. */
static bool tells_room(const struct xadma_slots *slots, struct rnd_state *rnd)
{
	unsigned int order = prandom_u32_state(rnd) % XADMA_SLOTS_ORDERS;
	struct xadma_slots_request run = {
		.count = 1 + prandom_u32_state(rnd) % 80,
		.align = 1,
		.end = slots->nr - prandom_u32_state(rnd) % 70,
	}, block = {
		.count = 1U << order,
		.align = 1U << order,
		.end = run.end,
	};
	bool is = lowest_that_fits(slots, &run) >= 0;
	bool says = xadma_slots_has_run(slots, run.count, run.end);

	if (run.count > BITS_PER_LONG || slots->set_size < slots->nr ? is && !says : is != says)
		return false;
	is = lowest_that_fits(slots, &block) >= 0;
	says = xadma_slots_has_block(slots, order, block.end);
	return slots->set_size < slots->nr ? says || !is : says == is;
}

struct taken {
	unsigned int first, count;
};

static void take_the_lowest(struct kunit *test, struct rnd_state *rnd, unsigned int nr,
			    unsigned int set_size)
{
	unsigned int i, n = 0;
	struct xadma_slots slots;
	struct taken taken[64], *t;

	KUNIT_ASSERT_EQ(test, 0, xadma_slots_init(&slots, nr, set_size));
	for (i = 0; i < ARRAY_SIZE(taken); i++) {
		struct xadma_slots_request w = random_request(rnd, nr);
		int right = lowest_that_fits(&slots, &w), got = xadma_slots_alloc(&slots, &w);

		KUNIT_EXPECT_EQ(test, got, right);
		if (got >= 0)
			taken[n++] = (struct taken){ got, w.count };
		if (n && prandom_u32_state(rnd) % 2) {
			t = &taken[prandom_u32_state(rnd) % n];
			KUNIT_EXPECT_EQ(test, 0, xadma_slots_free(&slots, t->first, t->count));
			*t = taken[--n];
		}
		KUNIT_EXPECT_TRUE(test, tells_room(&slots, rnd));
	}
	KUNIT_EXPECT_TRUE(test, has_what_it_says(&slots));
	xadma_slots_destroy(&slots);
}

static void run_is_the_lowest_of_all_and_told_without_a_search(struct kunit *test)
{
	static const unsigned int sets[][2] = {
		{ 100, 100 }, { 128, 64 }, { 128, 128 }, { 2048, 2048 }, { 2048, 256 },
		{ 1000, 1000 },
	};
	unsigned int round, i;
	struct rnd_state rnd;

	skip_if_racing(test);
	prandom_seed_state(&rnd, 13);
	for (round = 0; round < 60; round++)
		for (i = 0; i < ARRAY_SIZE(sets); i++)
			take_the_lowest(test, &rnd, sets[i][0], sets[i][1]);
}

/* ---- blocks ---- */

static void blocks_are_the_lowest_and_come_many_at_a_time(struct kunit *test)
{
	struct xadma_slots *slots = set_of(test, 200);
	unsigned int first[8];

	KUNIT_EXPECT_EQ(test, alloc_run(slots, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, alloc_run(slots, 2, 2), 2);
	KUNIT_EXPECT_EQ(test, xadma_slots_alloc_blocks(slots, 1, 200, 3, first), 3);
	KUNIT_EXPECT_EQ(test, first[0], 4);
	KUNIT_EXPECT_EQ(test, first[1], 6);
	KUNIT_EXPECT_EQ(test, first[2], 8);
	/* From word to word, up to the end that is asked for. */
	KUNIT_EXPECT_EQ(test, xadma_slots_alloc_blocks(slots, 6, 191, 8, first), 1);
	KUNIT_EXPECT_EQ(test, first[0], 64);
	KUNIT_EXPECT_EQ(test, xadma_slots_alloc_blocks(slots, 5, 191, 8, first), 2);
	KUNIT_EXPECT_EQ(test, first[0], 32);
	KUNIT_EXPECT_EQ(test, first[1], 128);
	KUNIT_EXPECT_EQ(test, xadma_slots_alloc_blocks(slots, 5, 200, 8, first), 1);
	KUNIT_EXPECT_EQ(test, first[0], 160);
	KUNIT_EXPECT_EQ(test, xadma_slots_alloc_blocks(slots, 4, 200, 8, first), 1);
	KUNIT_EXPECT_EQ(test, first[0], 16);
	KUNIT_EXPECT_EQ(test, xadma_slots_alloc_blocks(slots, 4, 200, 8, first), 0);
	KUNIT_EXPECT_TRUE(test, has_what_it_says(slots));
	KUNIT_EXPECT_EQ(test, xadma_slots_used(slots), 1 + 2 + 6 + 64 + 96 + 16);
}

/* One that is free already is told, and is no reason to keep the others. */
static void blocks_are_given_back_many_at_a_time(struct kunit *test)
{
	struct xadma_slots *slots = set_of(test, 128);
	unsigned int first[8], some[3];

	KUNIT_ASSERT_EQ(test, xadma_slots_alloc_blocks(slots, 2, 128, 8, first), 8);
	some[0] = first[1];
	some[1] = first[1];
	some[2] = first[7];
	KUNIT_EXPECT_EQ(test, xadma_slots_free_blocks(slots, 2, 3, some), -EINVAL);
	KUNIT_EXPECT_EQ(test, xadma_slots_used(slots), 24);
	KUNIT_EXPECT_EQ(test, alloc_run(slots, 4, 4), first[1]);
	KUNIT_EXPECT_EQ(test, xadma_slots_free_blocks(slots, 2, 7, first), 0);
	KUNIT_EXPECT_EQ(test, xadma_slots_used(slots), 0);
	KUNIT_EXPECT_TRUE(test, has_what_it_says(slots));
}

/* A word has a bit for each word, and no more. */
static void set_that_is_too_large_is_refused(struct kunit *test)
{
	struct xadma_slots slots;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			xadma_slots_init(&slots, XADMA_SLOTS_MAX + 1, XADMA_SLOTS_MAX + 1));
	KUNIT_ASSERT_EQ(test, 0, xadma_slots_init(&slots, XADMA_SLOTS_MAX, XADMA_SLOTS_MAX));
	KUNIT_EXPECT_EQ(test, alloc_run(&slots, XADMA_SLOTS_MAX, 1), 0);
	KUNIT_EXPECT_EQ(test, alloc_run(&slots, 1, 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, xadma_slots_free(&slots, 64, XADMA_SLOTS_MAX - 64), 0);
	KUNIT_EXPECT_EQ(test, alloc_run(&slots, XADMA_SLOTS_MAX - 64, 1), 64);
	KUNIT_EXPECT_TRUE(test, has_what_it_says(&slots));
	xadma_slots_destroy(&slots);
}

/* What no set can serve is an error of the caller. */
static void boundary_shorter_than_the_run_is_refused(struct kunit *test)
{
	struct xadma_slots_request w = { .count = 4, .align = 1, .end = 64 };
	struct xadma_slots slots;

	KUNIT_ASSERT_EQ(test, 0, xadma_slots_init(&slots, 64, 64));
	w.boundary = 2;
	KUNIT_EXPECT_EQ(test, xadma_slots_alloc(&slots, &w), -EINVAL);
	w.boundary = 6;
	KUNIT_EXPECT_EQ(test, xadma_slots_alloc(&slots, &w), -EINVAL);
	w.boundary = 4;
	w.slack = 1;
	KUNIT_EXPECT_EQ(test, xadma_slots_alloc(&slots, &w), -EINVAL);
	w.slack = 0;
	w.end = 65;
	KUNIT_EXPECT_EQ(test, xadma_slots_alloc(&slots, &w), -EINVAL);
	w.end = 64;
	KUNIT_EXPECT_EQ(test, xadma_slots_alloc(&slots, &w), 0);
	xadma_slots_destroy(&slots);
}

static struct kunit_case slots_cases[] = {
	KUNIT_CASE(run_is_the_lowest_of_all_and_told_without_a_search),
	KUNIT_CASE(boundary_shorter_than_the_run_is_refused),
	KUNIT_CASE(blocks_are_the_lowest_and_come_many_at_a_time),
	KUNIT_CASE(blocks_are_given_back_many_at_a_time),
	KUNIT_CASE(set_that_is_too_large_is_refused),
	KUNIT_CASE(stories),
	KUNIT_CASE(stays_low),
	KUNIT_CASE(heads),
	KUNIT_CASE_SLOW(random_steps),
	KUNIT_CASE_SLOW(many_takers),
	{}
};

static struct kunit_suite slots_suite = {
	.name = "swiotlb-arm-slots",
	.test_cases = slots_cases,
};

kunit_test_suite(slots_suite);

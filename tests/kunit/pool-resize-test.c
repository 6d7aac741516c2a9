// SPDX-License-Identifier: GPL-2.0-only
/*
 * tend: a pool grows before it is full, shrinks when it has been idle, and nobody
 * who uses it meanwhile notices.
 */
#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "../bounce.h"
#include "../pool.h"
#include "../quota.h"
#include "../pool-resize.h"
#include "helpers.h"

static const struct xadma_range anywhere = { .last = (phys_addr_t)-1 };

struct bench {
	struct fake_provider *provider;
	struct xadma_pool pool;
	phys_addr_t orig_addr;
	struct xadma_account __percpu *account;
};

static void bench_end(void *data)
{
	struct bench *b = data;

	KUNIT_EXPECT_EQ_MSG(b->provider->test, xadma_pool_usage(&b->pool).used,
			    0, "slots were lost");
	KUNIT_EXPECT_EQ(b->provider->test, xadma_quota_held(b->account), 0);
	xadma_pool_destroy(&b->pool);
	free_percpu(b->account);
}

/* A pool of 512 KiB in 8 chunks, which may become 1 MiB. */
static struct bench *bench(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->provider = fake_provider_start(test);
	b->provider->largest = SZ_64K;
	b->account = alloc_percpu(struct xadma_account);
	KUNIT_ASSERT_TRUE(test, b->account);
	b->orig_addr = page_to_phys(test_pages(test, get_order(SZ_64K)));
	KUNIT_ASSERT_EQ(test, 0, xadma_pool_init(&b->pool, &b->provider->source,
						 xadma_resize_work));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bench_end, b));
	KUNIT_ASSERT_EQ(test, SZ_512K,
			xadma_pool_grow(&b->pool, SZ_512K, anywhere));
	xadma_resize_allow(&b->pool, SZ_1M, anywhere);
	b->pool.resize.idle_timeout = 1;
	return b;
}

static struct xadma_pool_usage usage(struct bench *b)
{
	return xadma_pool_usage(&b->pool);
}

/* What the worker has to do, it has done. */
static void settle(struct bench *b)
{
	flush_delayed_work(&b->pool.resize.work);
}

static bool shrunk_to(struct bench *b, unsigned int chunks)
{
	unsigned long end = jiffies + 10 * HZ;

	while (time_before(jiffies, end) &&
	       (usage(b).chunks > chunks || READ_ONCE(b->pool.resize.retiring)))
		msleep(20);
	return usage(b).chunks == chunks;
}

/* Long ones are not asked to share, so that all of the pool can be taken. */
static struct xadma_account __percpu *account_for(struct bench *b, size_t size)
{
	return size > SZ_8K ? NULL : b->account;
}

static struct xadma_request request(struct bench *b, size_t size,
				    struct xadma_account __percpu *account)
{
	return (struct xadma_request) {
		.orig_addr = b->orig_addr,
		.size = size,
		.alloc_align = 1,
		.boundary = ULONG_MAX,
		.windows = &xadma_windows_none,
		.limit = (u64)-1,
		.account = account,
	};
}

static int bounce(struct bench *b, size_t size, struct xadma_bounce *in)
{
	struct xadma_request rq = request(b, size, account_for(b, size));

	return xadma_bounce_request(&b->pool, &rq, in);
}

static int release(struct bench *b, struct xadma_bounce *in, size_t size)
{
	int ret;

	rcu_read_lock();
	ret = pool_release(&b->pool, in, size, account_for(b, size));
	rcu_read_unlock();
	return ret;
}

#define MOST	64

struct held {
	struct bench *b;
	unsigned int nr;
	struct xadma_bounce in[MOST];
};

static struct held *nothing_held(struct kunit *test, struct bench *b)
{
	struct held *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->b = b;
	return h;
}

/* Whole chunks, so that it is clear which are taken. */
static unsigned int hold(struct held *h, unsigned int chunks)
{
	unsigned int got = 0;

	while (got < chunks && h->nr < MOST &&
	       !bounce(h->b, SZ_64K, &h->in[h->nr])) {
		h->nr++;
		got++;
	}
	return got;
}

static void let_go(struct kunit *test, struct held *h, unsigned int left)
{
	while (h->nr > left)
		KUNIT_EXPECT_EQ(test, 0, release(h->b, &h->in[--h->nr], SZ_64K));
}

/* ---- other CPUs ---- */

/* What a work does to CPUs that did not ask for it. */
static struct work_struct *watched;
static atomic_t disturbed;

static int note_call(struct kprobe *probe, struct pt_regs *regs)
{
	if (current_work() == READ_ONCE(watched))
		atomic_inc(&disturbed);
	return 0;
}

static int note_queued(struct kprobe *probe, struct pt_regs *regs)
{
	if ((int)regs_get_kernel_argument(regs, 0) != WORK_CPU_UNBOUND)
		note_call(probe, regs);
	return 0;
}

/* All that leads to another CPU, but for waking a task, which the scheduler places. */
static struct kprobe ways[] = {
	{ .symbol_name = "smp_call_function_single", .pre_handler = note_call },
	{ .symbol_name = "smp_call_function_many", .pre_handler = note_call },
	{ .symbol_name = "on_each_cpu_cond_mask", .pre_handler = note_call },
	{ .symbol_name = "queue_work_on", .pre_handler = note_queued },
};

static void stop_watching(void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		unregister_kprobe(&ways[i]);
}

static void watch(struct kunit *test, struct work_struct *work)
{
	unsigned int i;

	WRITE_ONCE(watched, work);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		ways[i] = (struct kprobe){
			.symbol_name = ways[i].symbol_name,
			.pre_handler = ways[i].pre_handler,
		};
		if (register_kprobe(&ways[i])) {
			while (i)
				unregister_kprobe(&ways[--i]);
			kunit_skip(test, "this kernel has no probes");
		}
	}
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_watching, NULL));
}

static void nothing(void *unused)
{
}

static void disturb(struct work_struct *work)
{
	on_each_cpu(nothing, NULL, 1);
}

static void growing_and_shrinking_leaves_other_cpus_alone(struct kunit *test)
{
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);

	watch(test, &b->pool.resize.work.work);
	atomic_set(&disturbed, 0);
	hold(h, 7);
	settle(b);
	KUNIT_EXPECT_EQ(test, usage(b).chunks, 10);
	let_go(test, h, 0);
	KUNIT_EXPECT_TRUE(test, shrunk_to(b, 8));
	KUNIT_EXPECT_EQ(test, atomic_read(&disturbed), 0);
}

static void work_that_disturbs_other_cpus_is_noticed(struct kunit *test)
{
	struct work_struct work;

	INIT_WORK_ONSTACK(&work, disturb);
	watch(test, &work);
	atomic_set(&disturbed, 0);
	queue_work(system_unbound_wq, &work);
	flush_work(&work);
	destroy_work_on_stack(&work);
	KUNIT_EXPECT_EQ(test, atomic_read(&disturbed), 1);
}

/* ---- growing ---- */

static void below_the_mark(struct kunit *test)
{
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);

	KUNIT_EXPECT_EQ(test, hold(h, 6), 6);	/* three quarters */
	settle(b);
	KUNIT_EXPECT_EQ(test, usage(b).chunks, 8);
	KUNIT_EXPECT_FALSE(test, b->pool.pressed);
	let_go(test, h, 0);
}

static void above_the_mark(struct kunit *test)
{
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);

	hold(h, 7);
	settle(b);
	/* Of ten chunks seven are below the mark. */
	KUNIT_EXPECT_EQ(test, usage(b).chunks, 10);
	KUNIT_EXPECT_EQ(test, b->pool.resize.grown, 2);
	KUNIT_EXPECT_FALSE(test, b->pool.pressed);
	let_go(test, h, 0);
}

static void up_to_the_most(struct kunit *test)
{
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);
	unsigned int got, all = 0;

	while ((got = hold(h, 1))) {
		all += got;
		settle(b);
	}
	KUNIT_EXPECT_EQ(test, all, 16);
	KUNIT_EXPECT_EQ(test, usage(b).bytes, SZ_1M);
	KUNIT_EXPECT_TRUE(test, b->pool.pressed);

	/* Full; and as soon as it is not, all is well again. */
	KUNIT_EXPECT_EQ(test, hold(h, 1), 0);
	let_go(test, h, 15);
	KUNIT_EXPECT_EQ(test, hold(h, 1), 1);
	let_go(test, h, 0);
	KUNIT_EXPECT_FALSE(test, b->pool.pressed);
}

static void no_more_memory(struct kunit *test)
{
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);

	b->provider->refuse_at = 1;
	hold(h, 8);
	settle(b);
	KUNIT_EXPECT_EQ(test, usage(b).chunks, 8);
	KUNIT_EXPECT_TRUE(test, b->pool.pressed);

	/* It is let be for a while, and tried again later. */
	KUNIT_EXPECT_EQ(test, hold(h, 1), 0);
	settle(b);
	KUNIT_EXPECT_EQ(test, usage(b).chunks, 8);
	WRITE_ONCE(b->pool.resize.not_before, jiffies);
	KUNIT_EXPECT_EQ(test, hold(h, 1), 0);
	settle(b);
	KUNIT_EXPECT_GT(test, usage(b).chunks, 8);
	let_go(test, h, 0);
}

#define SIZE	(SZ_32K + SZ_16K)

/* No run is long enough, though less than the mark is taken: that counts, too. */
static void no_room_for_a_long_one(struct kunit *test)
{
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);
	struct xadma_bounce in[11];
	unsigned int i, k;

	/* 48 of 64 KiB of each chunk are taken: just below the mark. */
	xadma_resize_allow(&b->pool, 0, anywhere);
	hold(h, 8);
	for (i = 0; i < 8; i++) {
		let_go(test, h, h->nr - 1);
		KUNIT_ASSERT_EQ(test, 0, bounce(b, SIZE, &in[i]));
	}
	let_go(test, h, 0);
	settle(b);
	xadma_resize_allow(&b->pool, SZ_1M, anywhere);
	/* The worker is late. */
	WRITE_ONCE(b->pool.resize.not_before, jiffies + 1000 * HZ);

	KUNIT_EXPECT_EQ(test, hold(h, 1), 0);
	/* Much is returned, but still in no chunk is there room for it. */
	for (k = 8; k < 11; k++)
		KUNIT_ASSERT_EQ(test, 0, bounce(b, SZ_16K, &in[k]));
	for (k = 8; k < 11; k++)
		for (i = 0; i < 8; i++)
			if (in[i].run->chunk == in[k].run->chunk)
				KUNIT_EXPECT_EQ(test, 0, release(b, &in[i], SIZE));
	KUNIT_EXPECT_FALSE(test, b->pool.pressed);
	WRITE_ONCE(b->pool.resize.not_before, jiffies);
	mod_delayed_work(system_unbound_wq, &b->pool.resize.work, 0);
	settle(b);
	KUNIT_EXPECT_EQ(test, usage(b).chunks, 9);
	KUNIT_EXPECT_EQ(test, hold(h, 1), 1);
	let_go(test, h, 0);
	for (i = 0; i < 8; i++)
		if (in[i].run->size == SIZE)
			KUNIT_EXPECT_EQ(test, 0, release(b, &in[i], SIZE));
	for (k = 8; k < 11; k++)
		KUNIT_EXPECT_EQ(test, 0, release(b, &in[k], SZ_16K));
}

#undef SIZE

/* ---- shrinking ---- */

static void gives_back(struct kunit *test)
{
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);

	hold(h, 7);
	settle(b);
	KUNIT_EXPECT_EQ(test, b->provider->held, 10);
	let_go(test, h, 0);
	KUNIT_EXPECT_TRUE(test, shrunk_to(b, 8));
	KUNIT_EXPECT_EQ(test, b->provider->held, 8);
	KUNIT_EXPECT_EQ(test, b->pool.resize.retired, 2);
	/* What it was made with stays. */
	msleep(50);
	KUNIT_EXPECT_EQ(test, usage(b).chunks, 8);
}

static void has_patience(struct kunit *test)
{
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);

	b->pool.resize.idle_timeout = 1000 * HZ;
	hold(h, 7);
	settle(b);
	let_go(test, h, 0);
	settle(b);
	settle(b);
	KUNIT_EXPECT_EQ(test, usage(b).chunks, 10);
}

/* Somebody still has something where the pool may do without. */
static struct xadma_bounce stay_behind(struct kunit *test, struct bench *b,
				       struct held *h)
{
	struct xadma_bounce in;
	unsigned int i = 0;

	b->pool.resize.idle_timeout = 1000 * HZ;
	hold(h, 7);
	settle(b);
	hold(h, 2);
	settle(b);
	KUNIT_ASSERT_EQ(test, 9, h->nr);
	/* Of nine chunks one at least is not of the first eight. */
	while (!h->in[i].run->chunk->spare)
		i++;
	in = h->in[i];
	h->in[i] = h->in[--h->nr];
	let_go(test, h, 0);
	return in;
}

static void waits_for_the_last_run(struct kunit *test)
{
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);
	struct xadma_bounce in = stay_behind(test, b, h), found;
	unsigned int had = b->provider->held;

	mutex_lock(&b->pool.grow);
	KUNIT_ASSERT_EQ(test, 0, xadma_resize_detach(&b->pool, in.run->chunk));
	mutex_unlock(&b->pool.grow);
	settle(b);
	KUNIT_EXPECT_EQ(test, b->provider->held, had);
	KUNIT_EXPECT_PTR_EQ(test, b->pool.resize.retiring, in.run->chunk);
	KUNIT_EXPECT_TRUE(test, find_in_pool(&b->pool, in.maddr, &found));
	KUNIT_EXPECT_EQ(test, pool_check(&found, SZ_64K), 0);

	KUNIT_EXPECT_EQ(test, 0, release(b, &in, SZ_64K));
	mod_delayed_work(system_unbound_wq, &b->pool.resize.work, 0);
	settle(b);
	KUNIT_EXPECT_NULL(test, b->pool.resize.retiring);
	KUNIT_EXPECT_EQ(test, b->provider->held, had - 1);
	KUNIT_EXPECT_FALSE(test, find_in_pool(&b->pool, in.maddr, &found));
}

static void comes_back(struct kunit *test)
{
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);
	struct xadma_bounce in = stay_behind(test, b, h);
	unsigned int had = b->provider->held, gets = b->provider->gets;
	unsigned int chunks = usage(b).chunks;

	mutex_lock(&b->pool.grow);
	KUNIT_ASSERT_EQ(test, 0, xadma_resize_detach(&b->pool, in.run->chunk));
	mutex_unlock(&b->pool.grow);
	KUNIT_EXPECT_EQ(test, usage(b).chunks, chunks - 1);

	/* Just above the mark without it. */
	hold(h, (chunks - 1) * 3 / 4 + 1);
	settle(b);
	KUNIT_EXPECT_NULL(test, b->pool.resize.retiring);
	KUNIT_EXPECT_FALSE(test, in.run->chunk->retiring);
	KUNIT_EXPECT_GE(test, usage(b).chunks, chunks);
	KUNIT_EXPECT_EQ(test, b->provider->held - had, b->provider->gets - gets);
	let_go(test, h, 0);
	KUNIT_EXPECT_EQ(test, 0, release(b, &in, SZ_64K));
}

/* A small run of a chunk that is leaving is not kept at hand, nor was any. */
static void nothing_at_hand_of_it(struct kunit *test)
{
	struct bench *b = bench(test);
	struct xadma_bounce early, late;
	struct xadma_chunk *chunk;

	migrate_disable();
	KUNIT_ASSERT_EQ(test, 0, bounce(b, 100, &early));
	KUNIT_ASSERT_EQ(test, 0, bounce(b, 100, &late));
	chunk = early.run->chunk;
	KUNIT_ASSERT_PTR_EQ(test, late.run->chunk, chunk);
	KUNIT_EXPECT_EQ(test, 0, release(b, &early, 100));
	migrate_enable();
	KUNIT_EXPECT_EQ(test, usage(b).at_hand, 1);
	KUNIT_EXPECT_EQ(test, usage(b).used, 1);

	mutex_lock(&b->pool.grow);
	KUNIT_ASSERT_EQ(test, 0, xadma_resize_detach(&b->pool, chunk));
	mutex_unlock(&b->pool.grow);
	xadma_resize_quiesce(&b->pool);
	KUNIT_EXPECT_EQ(test, usage(b).at_hand, 0);
	KUNIT_EXPECT_EQ(test, xadma_slots_used(&chunk->slots), 1);
	KUNIT_EXPECT_EQ(test, 0, release(b, &late, 100));
	KUNIT_EXPECT_EQ(test, xadma_slots_used(&chunk->slots), 0);

	mutex_lock(&b->pool.grow);
	KUNIT_EXPECT_EQ(test, 0, xadma_resize_reattach(&b->pool));
	mutex_unlock(&b->pool.grow);
}

/* ---- the reserve ---- */

static void drop(void *account)
{
	free_percpu((void __percpu __force *)account);
}

static struct xadma_account __percpu *account_of(struct kunit *test)
{
	struct xadma_account __percpu *account = alloc_percpu(struct xadma_account);

	KUNIT_ASSERT_TRUE(test, account);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, drop,
							   (void __force *)account));
	return account;
}

static void little_is_always_there(struct kunit *test)
{
	struct xadma_account __percpu *greedy = account_of(test);
	struct xadma_account __percpu *modest = account_of(test);
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);
	struct xadma_request rq = request(b, XADMA_SLOT_SIZE, greedy);
	struct xadma_bounce *in = kunit_kcalloc(test, 64, sizeof(*in), GFP_KERNEL);
	unsigned int n = 0, all;

	KUNIT_ASSERT_NOT_NULL(test, in);
	/* Nothing more can be had; one device takes what it gets. */
	xadma_resize_allow(&b->pool, 0, anywhere);
	hold(h, 7);
	settle(b);
	while (n < 64 && !xadma_bounce_request(&b->pool, &rq, &in[n]))
		n++;
	all = n;
	KUNIT_EXPECT_GT(test, n, 4);
	KUNIT_EXPECT_LT(test, n, 32);
	KUNIT_EXPECT_EQ(test, -EBUSY, xadma_bounce_request(&b->pool, &rq, &in[n]));
	KUNIT_EXPECT_EQ(test, xadma_quota_held(greedy), n);

	/* For another one there is something left. */
	rq.account = modest;
	KUNIT_EXPECT_EQ(test, 0, xadma_bounce_request(&b->pool, &rq, &in[n]));
	n++;
	KUNIT_EXPECT_EQ(test, xadma_quota_held(modest), 1);
	/* And who is not asked to share may have all. */
	rq.account = NULL;
	while (n < 64 && !xadma_bounce_request(&b->pool, &rq, &in[n]))
		n++;
	KUNIT_EXPECT_EQ(test, n, 32);
	KUNIT_EXPECT_EQ(test, usage(b).used, usage(b).slots);
	KUNIT_EXPECT_EQ(test, -ENOSPC, xadma_bounce_request(&b->pool, &rq, &in[n]));

	while (n--)
		KUNIT_EXPECT_EQ(test, 0,
				pool_release(&b->pool, &in[n], XADMA_SLOT_SIZE,
					     n < all ? greedy :
					     n == all ? modest : NULL));
	KUNIT_EXPECT_EQ(test, xadma_quota_held(greedy), 0);
	KUNIT_EXPECT_EQ(test, xadma_quota_held(modest), 0);
	let_go(test, h, 0);
}

/* ---- a pool that is full, or nearly ---- */

/* Slot by slot, so many of them */
static struct xadma_bounce *take_slots(struct kunit *test, struct bench *b, unsigned int nr)
{
	struct xadma_request rq = request(b, XADMA_SLOT_SIZE, NULL);
	struct xadma_bounce *in = kunit_kcalloc(test, nr, sizeof(*in), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, in);
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, 0, xadma_bounce_request(&b->pool, &rq, &in[i]));
	return in;
}

static void give_slot(struct kunit *test, struct bench *b, struct xadma_bounce *in)
{
	KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, in, XADMA_SLOT_SIZE, NULL));
}

/* Two slots that are no block, between others that are too short */
static void small_one_finds_room_where_no_block_is(struct kunit *test)
{
	static const unsigned int free[] = { 2, 3, 6, 10, 14, 18, 22 };
	struct xadma_account __percpu *account = account_of(test);
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);
	struct xadma_request first = request(b, XADMA_SLOT_SIZE + 1, account);
	struct xadma_request rq = request(b, 2 * XADMA_SLOT_SIZE, account);
	struct xadma_bounce *in, here, there;
	unsigned int i, given = 0;

	xadma_resize_allow(&b->pool, 0, anywhere);
	KUNIT_ASSERT_EQ(test, hold(h, 7), 7);
	KUNIT_ASSERT_EQ(test, 0, xadma_bounce_request(&b->pool, &first, &here));
	settle(b);
	KUNIT_ASSERT_EQ(test, here.run - here.run->chunk->runs, 0);
	KUNIT_ASSERT_EQ(test, usage(b).at_hand, 0);
	in = take_slots(test, b, 30);
	/* The first one of them is slot 2. */
	for (i = 0; i < ARRAY_SIZE(free); i++)
		give_slot(test, b, &in[free[i] - 1]);
	KUNIT_EXPECT_EQ(test, usage(b).slots - usage(b).used, ARRAY_SIZE(free));

	KUNIT_ASSERT_EQ(test, 0, xadma_bounce_request(&b->pool, &rq, &there));
	KUNIT_EXPECT_EQ(test, there.run - there.run->chunk->runs, 3);
	KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, &there, rq.size, account));
	KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, &here, first.size, account));
	for (i = 0; i < 30; i++) {
		if (given < ARRAY_SIZE(free) && i == free[given] - 1)
			given++;
		else
			give_slot(test, b, &in[i]);
	}
	let_go(test, h, 0);
}

struct one {
	struct bench *b;
	struct xadma_request rq;
	struct xadma_bounce in;
};

static int bounce_one(void *data)
{
	struct one *one = data;

	return xadma_bounce_request(&one->b->pool, &one->rq, &one->in);
}

/* Just one of them goes; nothing else of what is kept is lost to its CPU. */
static void what_one_cpu_keeps_serves_another(struct kunit *test)
{
	struct xadma_account __percpu *account = account_of(test);
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);
	struct one one = { b, request(b, 2 * XADMA_SLOT_SIZE, account) };
	struct xadma_bounce *in, mine;
	unsigned int kept, cpu;

	if (num_online_cpus() == 1)
		kunit_skip(test, "this machine has one CPU");
	/* The worker would take it away, too. */
	WRITE_ONCE(b->pool.resize.queued, true);
	migrate_disable();
	KUNIT_ASSERT_EQ(test, 0, xadma_bounce_request(&b->pool, &one.rq, &mine));
	KUNIT_ASSERT_EQ(test, 0, pool_release(&b->pool, &mine, one.rq.size, account));
	kept = usage(b).at_hand;
	KUNIT_ASSERT_GE(test, kept, 2);
	KUNIT_ASSERT_EQ(test, hold(h, 7), 7);
	in = take_slots(test, b, 32 - kept);
	cpu = cpumask_any_but(cpu_online_mask, smp_processor_id());
	KUNIT_EXPECT_EQ(test, 0, smp_call_on_cpu(cpu, bounce_one, &one, false));
	migrate_enable();
	KUNIT_EXPECT_EQ(test, usage(b).at_hand, kept - 2);
	KUNIT_EXPECT_PTR_EQ(test, one.in.run->chunk, mine.run->chunk);

	KUNIT_EXPECT_EQ(test, 0, pool_release(&b->pool, &one.in, one.rq.size, account));
	while (kept < 32)
		give_slot(test, b, &in[31 - kept++]);
	let_go(test, h, 0);
	WRITE_ONCE(b->pool.resize.queued, false);
}

/* Not only the first time that it fills up, when it tries to grow. */
static void nothing_is_kept_of_a_full_pool_that_cannot_grow(struct kunit *test)
{
	struct bench *b = bench(test);
	struct held *h = nothing_held(test, b);
	struct xadma_bounce in;
	unsigned int i;

	xadma_resize_allow(&b->pool, 0, anywhere);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, hold(h, 2), 2);
		KUNIT_ASSERT_EQ(test, 0, bounce(b, 100, &in));
		KUNIT_EXPECT_EQ(test, 0, release(b, &in, 100));
		KUNIT_EXPECT_GT(test, usage(b).at_hand, 0);
		KUNIT_EXPECT_EQ(test, hold(h, 5), 5);
		/* Without its timer, which would make up for it a second later. */
		flush_work(&b->pool.resize.work.work);
		KUNIT_EXPECT_TRUE(test, b->pool.pressed);
		KUNIT_EXPECT_EQ(test, usage(b).at_hand, 0);
		let_go(test, h, 0);
		KUNIT_EXPECT_FALSE(test, b->pool.pressed);
	}
}

/* ---- under load ---- */

struct crowd {
	struct bench *b;
	atomic_t bounced;
	atomic_t spoilt;
	atomic_t at_work;
};

#define EACH	12

/* Each CPU holds much, then little, in waves; what it holds must stay as it was. */
static void one_wave(struct crowd *c, struct xadma_bounce *in, size_t *size,
		     unsigned int cpu, struct rnd_state *rnd)
{
	unsigned int i;

	for (i = 0; i < EACH; i++) {
		size[i] = 1 + prandom_u32_state(rnd) % (i % 3 ? SZ_4K : SZ_64K - 1);
		if (bounce(c->b, size[i], &in[i])) {
			size[i] = 0;
			continue;
		}
		pattern_fill(in[i].vaddr, size[i], cpu * EACH + i);
		atomic_inc(&c->bounced);
	}
	for (i = 0; i < EACH; i++) {
		struct xadma_bounce found = {};

		if (!size[i])
			continue;
		rcu_read_lock();
		if (!find_in_pool(&c->b->pool, in[i].maddr, &found) ||
		    !pattern_is(found.vaddr, size[i], cpu * EACH + i) ||
		    pool_release(&c->b->pool, &found, size[i],
				 account_for(c->b, size[i])))
			atomic_inc(&c->spoilt);
		rcu_read_unlock();
	}
}

static void wave_maker(void *data, unsigned int cpu)
{
	struct xadma_bounce in[EACH];
	struct crowd *c = data;
	size_t size[EACH];
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, cpu + 77);
	for (i = 0; i < 400; i++) {
		one_wave(c, in, size, cpu, &rnd);
		if (i % 40 == 39)
			msleep(30);
	}
}

static void waves(struct kunit *test)
{
	struct bench *b = bench(test);
	struct crowd *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->b = b;
	on_all_cpus(test, wave_maker, c);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->spoilt), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&c->bounced), 1000);
	KUNIT_EXPECT_EQ(test, usage(b).used, 0);
	KUNIT_EXPECT_GT(test, b->pool.resize.grown, 0);
	KUNIT_EXPECT_TRUE(test, shrunk_to(b, 8));
	KUNIT_EXPECT_EQ(test, b->provider->held, 8);
	KUNIT_EXPECT_GT(test, b->pool.resize.retired, 0);
	kunit_info(test, "figure: %d bounces while the pool grew by %u chunks and gave back %u\n",
		   atomic_read(&c->bounced), b->pool.resize.grown,
		   b->pool.resize.retired);
}

/* Memory is short while it grows, at each allocation in turn. */
static void memory_short(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned int nth, chunks;
	bool failed = true;

	for (nth = 1; failed; nth++) {
		size_t got;

		chunks = usage(b).chunks;
		mutex_lock(&b->pool.grow);
		if (!fail_alloc(nth)) {
			mutex_unlock(&b->pool.grow);
			kunit_skip(test, "this kernel cannot fail an allocation");
		}
		got = xadma_pool_add(&b->pool, SZ_64K, anywhere, true);
		failed = fail_alloc_end();
		mutex_unlock(&b->pool.grow);
		/* One that can be done without may fail, too. */
		KUNIT_EXPECT_EQ(test, usage(b).chunks, chunks + !!got);
		KUNIT_EXPECT_EQ(test, b->provider->held, usage(b).chunks);
		KUNIT_EXPECT_TRUE(test, got || failed);
	}
	/* The chunk, its memory, pieces, runs, two bitmaps, the list. */
	KUNIT_EXPECT_GT(test, nth, 6);
}

static struct kunit_case tend_cases[] = {
	KUNIT_CASE(below_the_mark),
	KUNIT_CASE(above_the_mark),
	KUNIT_CASE(up_to_the_most),
	KUNIT_CASE(no_more_memory),
	KUNIT_CASE(no_room_for_a_long_one),
	KUNIT_CASE(gives_back),
	KUNIT_CASE(has_patience),
	KUNIT_CASE(waits_for_the_last_run),
	KUNIT_CASE(comes_back),
	KUNIT_CASE(nothing_at_hand_of_it),
	KUNIT_CASE(little_is_always_there),
	KUNIT_CASE(small_one_finds_room_where_no_block_is),
	KUNIT_CASE(what_one_cpu_keeps_serves_another),
	KUNIT_CASE(nothing_is_kept_of_a_full_pool_that_cannot_grow),
	KUNIT_CASE(memory_short),
	KUNIT_CASE(growing_and_shrinking_leaves_other_cpus_alone),
	KUNIT_CASE(work_that_disturbs_other_cpus_is_noticed),
	KUNIT_CASE_SLOW(waves),
	{}
};

static struct kunit_suite tend_suite = {
	.name = "swiotlb-arm-pool-resize",
	.test_cases = tend_cases,
};

kunit_test_suite(tend_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several CPUs at a time, by the clock. A machine gives several threads no more than
 * it has, and an emulated one less; so a case is compared with threads that share
 * nothing, turn about, in the same boot. A figure is the part of their speed-up that
 * the case's threads get, all with the same device.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "bench.h"

#define THREADS		4
#define TURNS		21
#define TURN_MS		16
#define ENTRIES		16
#define FOREIGN		10000

struct worker {
	struct completion ended;
	struct bench_job job, alone;
	bench_op op;
	u64 rounds;
	struct scatterlist sg[ENTRIES];
	char private[2][256];
} ____cacheline_aligned_in_smp;

static struct worker *workers;
static bool go, stop;
static bool missed;		/* threads that could not start */

static int work(void *arg)
{
	struct worker *w = arg;
	struct bench_job *job = w->op == bench_op_copy ? &w->alone : &w->job;
	u64 rounds = 0;

	while (!READ_ONCE(go))
		cpu_relax();
	while (!READ_ONCE(stop)) {
		w->op(job);
		rounds++;
	}
	w->rounds = rounds;
	kthread_complete_and_exit(&w->ended, 0);
}

static int start(struct worker *w, unsigned int cpu, bench_op op)
{
	struct task_struct *task;

	w->op = op;
	w->rounds = 0;
	init_completion(&w->ended);
	task = kthread_create(work, w, "bench/%u", cpu);
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

/* Rounds in a second, of @nr threads together */
static u64 turn(bench_op op, unsigned int nr)
{
	unsigned int started = 0, i;
	ktime_t since;
	u64 rounds = 0, took;

	go = false;
	stop = false;
	while (started < nr && !start(&workers[started], started, op))
		started++;
	usleep_range(2000, 3000);
	since = ktime_get();
	WRITE_ONCE(go, true);
	msleep(TURN_MS);
	WRITE_ONCE(stop, true);
	took = ktime_us_delta(ktime_get(), since);
	for (i = 0; i < started; i++) {
		wait_for_completion(&workers[i].ended);
		rounds += workers[i].rounds;
	}
	missed |= started < nr;
	return div64_u64(rounds * USEC_PER_SEC, took);
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 median(u64 *values)
{
	sort(values, TURNS, sizeof(*values), compare, NULL);
	return values[TURNS / 2];
}

/* Rounds of @nr private threads, and of the case's while those would do a million. */
struct pace {
	u64 alone, relative;
};

/* There and back, lest the later of the two be at a disadvantage. */
static struct pace pace_of(bench_op op, unsigned int nr)
{
	u64 alone = turn(bench_op_copy, nr);
	u64 rounds = turn(op, nr) + turn(op, nr);

	alone = max(alone + turn(bench_op_copy, nr), 1ULL);
	return (struct pace) { alone, div64_u64(rounds * 1000000, alone) };
}

/*
 * In thousandths: how much faster @nr private threads are than one, and which part of
 * that is the case's. One and many are compared while the machine is equally busy.
 */
static void speed_up(bench_op op, unsigned int nr, u64 *private, u64 *share)
{
	u64 privates[TURNS], shares[TURNS];
	struct pace one, many;
	unsigned int i;

	for (i = 0; i < TURNS; i++) {
		one = pace_of(op, 1);
		many = pace_of(op, nr);
		privates[i] = div64_u64(many.alone * 1000, one.alone);
		shares[i] = div64_u64(many.relative * 1000, max(one.relative, 1ULL));
	}
	*private = median(privates);
	*share = median(shares);
}

static bool any_errors(void)
{
	unsigned int i, errors = 0;

	for (i = 0; i < THREADS; i++)
		errors += workers[i].job.errors;
	return errors;
}

static void measure_with(const char *what, bench_op op, unsigned int nr)
{
	u64 private, share;
	char name[32];

	snprintf(name, sizeof(name), "threads%u-%s", nr, what);
	speed_up(op, nr, &private, &share);
	if (any_errors() || missed || !share)
		bench_error(name, "failed while it was measured");
	else
		bench_figure(name, "share", private, share);
}

static void measure(const char *what, bench_op op)
{
	unsigned int nr;

	for (nr = 2; nr <= THREADS; nr *= 2)
		measure_with(what, op, nr);
}

static void wrong(const char *what, const char *why)
{
	unsigned int nr;
	char name[32];

	for (nr = 2; nr <= THREADS; nr *= 2) {
		snprintf(name, sizeof(name), "threads%u-%s", nr, what);
		bench_error(name, why);
	}
}

/* Each thread has a buffer of its own, which has to go the way that is asked for. */
static void case_of(const char *what, bench_op op, struct bench_job job)
{
	unsigned int i;
	const char *why;

	for (i = 0; i < THREADS; i++) {
		struct page *page = workers[i].job.page;

		workers[i].job = job;
		workers[i].job.page = page;
		if (job.nr)
			workers[i].job.sg = workers[i].sg;
		why = bench_went_wrong(&workers[i].job);
		if (why) {
			wrong(what, why);
			return;
		}
	}
	measure(what, op);
}

static void local(const char *what, size_t len)
{
	case_of(what, bench_op_single, (struct bench_job) {
		.dev = bench_dev.wide, .len = len, .dir = DMA_TO_DEVICE, .way = BENCH_DIRECT,
	});
}

static void bounced(const char *what, size_t len)
{
	case_of(what, bench_op_single, (struct bench_job) {
		.dev = bench_dev.narrow, .len = len, .dir = DMA_TO_DEVICE, .way = BENCH_BOUNCED,
	});
}

static void foreign(const char *what, unsigned int nr)
{
	case_of(what, bench_op_sg, (struct bench_job) {
		.dev = bench_dev.wide, .nr = nr, .dir = DMA_TO_DEVICE, .way = BENCH_FOREIGN,
	});
}

static void list_foreign(struct worker *w, unsigned int from)
{
	unsigned int i;

	sg_init_table(w->sg, ENTRIES);
	for (i = 0; i < ENTRIES; i++)
		sg_set_page(&w->sg[i], bench_foreign_page(from + i), PAGE_SIZE, 0);
}

static int prepare(void)
{
	unsigned int i;
	struct worker *w;

	workers = kcalloc(THREADS, sizeof(*workers), GFP_KERNEL);
	if (!workers || bench_foreign_upto(FOREIGN))
		return -ENOMEM;
	for (i = 0; i < THREADS; i++) {
		w = &workers[i];
		w->alone = (struct bench_job) {
			.from = w->private[0], .to = w->private[1],
			.len = sizeof(w->private[0]), .times = 1,
		};
		list_foreign(w, i * FOREIGN / THREADS);
		w->job.page = bench_high_page(get_order(SZ_64K));
		if (!w->job.page)
			return -ENOMEM;
	}
	return 0;
}

static void release(void)
{
	unsigned int i;

	for (i = 0; workers && i < THREADS; i++)
		if (workers[i].job.page)
			__free_pages(workers[i].job.page, get_order(SZ_64K));
	kfree(workers);
	bench_foreign_none();
}

/* The first is compared with itself: how far it is from 1 is how far to trust the rest. */
static void all(void)
{
	measure("private", bench_op_copy);
	local("local-4k", SZ_4K);
	local("local-64k", SZ_64K);
	foreign("foreign-4k", 1);
	foreign("foreign-sg16", ENTRIES);
	bounced("bounce-4k", SZ_4K);
	bounced("bounce-64k", SZ_64K);
}

void bench_threads(void)
{
	if (num_online_cpus() < THREADS)
		wrong("local-4k", "there are too few CPUs");
	else if (prepare())
		wrong("local-4k", "no memory");
	else
		all();
	release();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * For how long interrupts are off. The kernel's tracepoints tell when they are turned off
 * and on again; what happens between, a part of the probes included, is a section.
 * While an operation is measured they are on to begin with, but for the timer's.
 */
#include <linux/kallsyms.h>
#include <linux/kernel_stat.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "latency.h"
#include "quiet.h"

#define GRAIN	16
#define TRIES	3
#define DEEP	10

static struct tracepoint *disable, *enable;

static bool watching;
static u64 since, longest;
static unsigned long by[DEEP], longest_by[DEEP];

/* The callers are found out before the section's beginning is looked at. */
static void turned_off(void *data, unsigned long ip, unsigned long parent_ip)
{
	unsigned int nr;

	if (!watching)
		return;
	nr = stack_trace_save(by, DEEP, 1);
	memset(by + nr, 0, (DEEP - nr) * sizeof(*by));
	since = read_sysreg(cntvct_el0);
}

static void turned_on(void *data, unsigned long ip, unsigned long parent_ip)
{
	u64 section = read_sysreg(cntvct_el0) - since;

	if (!watching || !since || section < longest)
		return;
	longest = section;
	memcpy(longest_by, by, sizeof(by));
}

/*
 * The longest section of an operation; 0 of one that turns nothing off, or that was
 * interrupted: the longest may have been the interrupt's then.
 */
static u64 once(bench_op op, struct bench_job *job)
{
	unsigned long flags, came;

	preempt_disable();
	flags = bench_hush();
	came = kstat_cpu_irqs_sum(smp_processor_id());
	since = 0;
	longest = 0;
	memset(longest_by, 0, sizeof(longest_by));
	watching = true;
	local_irq_enable();
	op(job);
	local_irq_disable();
	watching = false;
	if (kstat_cpu_irqs_sum(smp_processor_id()) != came)
		longest = 0;
	bench_unhush(flags);
	preempt_enable();
	return longest * GRAIN;
}

/* Who turns interrupts off for others is of no interest. */
static bool is_helper(const char *name)
{
	static const char * const helpers[] = {
		"__traceiter_", "trace_hardirqs_", "_raw_", "once ",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(helpers); i++)
		if (str_has_prefix(name, helpers[i]))
			return true;
	return false;
}

/* The function that did, and its caller */
static void where(char *place, size_t size)
{
	char name[KSYM_SYMBOL_LEN];
	unsigned int i, named = 0;

	strscpy(place, "", size);
	for (i = 0; i < DEEP && longest_by[i] && named < 2; i++) {
		snprintf(name, sizeof(name), "%ps", (void *)longest_by[i]);
		if (is_helper(name))
			continue;
		strlcat(place, named++ ? "<" : "", size);
		strlcat(place, name, size);
	}
}

const struct bench_gauge bench_irqs_gauge = { .once = once, .where = where };

/* What the probes themselves take: interrupts are turned off, and on again. */
static void nothing(struct bench_job *job)
{
	unsigned long flags;

	local_irq_save(flags);
	local_irq_restore(flags);
}

static void watch_nothing(void)
{
	u64 best = U64_MAX;
	unsigned int i;

	for (i = 0; i < TRIES; i++)
		best = min(best, once(nothing, NULL));
	if (best)
		bench_figure("irqs-control", "instructions", BENCH_NONE, best * 1000);
	else
		bench_error("irqs-control", "the probes saw nothing");
}

static void find(struct tracepoint *tp, void *unused)
{
	if (!strcmp(tp->name, "irq_disable"))
		disable = tp;
	else if (!strcmp(tp->name, "irq_enable"))
		enable = tp;
}

int bench_irqs_init(void)
{
	int err;

	for_each_kernel_tracepoint(find, NULL);
	if (!disable || !enable)
		return -ENOENT;
	err = tracepoint_probe_register(disable, turned_off, NULL);
	if (err)
		return err;
	err = tracepoint_probe_register(enable, turned_on, NULL);
	if (err) {
		tracepoint_probe_unregister(disable, turned_off, NULL);
		return err;
	}
	watch_nothing();
	return 0;
}

void bench_irqs_exit(void)
{
	tracepoint_probe_unregister(enable, turned_on, NULL);
	tracepoint_probe_unregister(disable, turned_off, NULL);
	tracepoint_synchronize_unregister();
}

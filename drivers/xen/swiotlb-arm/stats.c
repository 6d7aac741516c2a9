// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpumask.h>
#include <linux/minmax.h>

#include "chunk.h"
#include "stats.h"

/**
 * xadma_stats_sum - a counter over all CPUs
 * @stats: the device's counters
 * @what:  which one, by enum xadma_count
 *
 * Context: any; a snapshot.
 * Return: the sum.
 */
u64 xadma_stats_sum(const struct xadma_stats __percpu *stats,
		    unsigned int what)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(stats, cpu)->n[what]);
	return sum;
}

static u64 sum_routes(const struct xadma_stats __percpu *stats,
		      unsigned int from, unsigned int to)
{
	u64 sum = 0;

	for (; from <= to; from++)
		sum += xadma_stats_sum(stats, XADMA_N_ROUTE + from);
	return sum;
}

/**
 * xadma_stats_bounced - buffers that were bounced, for whatever reason
 * @stats: the device's counters
 *
 * Context: any; a snapshot.
 * Return: the sum.
 */
u64 xadma_stats_bounced(const struct xadma_stats __percpu *stats)
{
	return sum_routes(stats, XADMA_BOUNCE_MASK, XADMA_BOUNCE_CACHE);
}

/**
 * xadma_stats_refused - buffers that were refused, for whatever reason
 * @stats: the device's counters
 *
 * Context: any; a snapshot.
 * Return: the sum.
 */
u64 xadma_stats_refused(const struct xadma_stats __percpu *stats)
{
	return sum_routes(stats, XADMA_REFUSE_EMPTY, XADMA_NR_ROUTES - 1);
}

/**
 * xadma_stats_held - bytes of the pool that the device has now
 * @stats: the device's counters
 *
 * Context: any; a snapshot.
 * Return: the sum, see xadma_quota_held().
 */
u64 xadma_stats_held(const struct xadma_stats __percpu *stats)
{
	return (u64)xadma_quota_held(&stats->account) << XADMA_SLOT_SHIFT;
}

/**
 * xadma_stats_longest - the longest that a call took on any CPU
 * @stats: the device's counters
 * @call:  which kind of call
 *
 * Context: any; a snapshot.
 * Return: nanoseconds; 0 when none was noted.
 */
u64 xadma_stats_longest(const struct xadma_stats __percpu *stats, enum xadma_call call)
{
	u64 longest = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		longest = max(longest, READ_ONCE(per_cpu_ptr(stats, cpu)->longest[call]));
	return longest;
}

/**
 * xadma_stats_forget_longest - begin anew with the longest of all kinds of call
 * @stats: the device's counters, which other CPUs may be writing to
 *
 * Context: any.
 */
void xadma_stats_forget_longest(struct xadma_stats __percpu *stats)
{
	unsigned int call;
	int cpu;

	for_each_possible_cpu(cpu)
		for (call = 0; call < XADMA_NR_CALLS; call++)
			WRITE_ONCE(per_cpu_ptr(stats, cpu)->longest[call], 0);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpumask.h>

#include "area.h"
#include "stats.h"

/**
 * swarm_stats_sum - a counter over all CPUs
 * @stats: the device's counters
 * @what:  which one, by enum swarm_count
 *
 * Context: any; a snapshot.
 * Return: the sum.
 */
u64 swarm_stats_sum(const struct swarm_stats __percpu *stats,
		    unsigned int what)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(stats, cpu)->n[what]);
	return sum;
}

static u64 sum_routes(const struct swarm_stats __percpu *stats,
		      unsigned int from, unsigned int to)
{
	u64 sum = 0;

	for (; from <= to; from++)
		sum += swarm_stats_sum(stats, SWARM_N_ROUTE + from);
	return sum;
}

/**
 * swarm_stats_bounced - buffers that were bounced, for whatever reason
 * @stats: the device's counters
 *
 * Context: any; a snapshot.
 * Return: the sum.
 */
u64 swarm_stats_bounced(const struct swarm_stats __percpu *stats)
{
	return sum_routes(stats, SWARM_BOUNCE_MASK, SWARM_BOUNCE_CACHE);
}

/**
 * swarm_stats_refused - buffers that were refused, for whatever reason
 * @stats: the device's counters
 *
 * Context: any; a snapshot.
 * Return: the sum.
 */
u64 swarm_stats_refused(const struct swarm_stats __percpu *stats)
{
	return sum_routes(stats, SWARM_REFUSE_EMPTY, SWARM_NR_ROUTES - 1);
}

/**
 * swarm_stats_held - bytes of the pool that the device has now
 * @stats: the device's counters
 *
 * Context: any; a snapshot.
 * Return: the sum, see swarm_share_held().
 */
u64 swarm_stats_held(const struct swarm_stats __percpu *stats)
{
	return (u64)swarm_share_held(&stats->account) << SWARM_SLOT_SHIFT;
}

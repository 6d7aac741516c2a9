// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpumask.h>

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

/**
 * swarm_stats_bounced - buffers that were bounced, for whatever reason
 * @stats: the device's counters
 *
 * Context: any; a snapshot.
 * Return: the sum.
 */
u64 swarm_stats_bounced(const struct swarm_stats __percpu *stats)
{
	u64 sum = 0;
	unsigned int route;

	for (route = 0; route < SWARM_NR_ROUTES; route++)
		if (swarm_route_bounces(route))
			sum += swarm_stats_sum(stats, SWARM_N_ROUTE + route);
	return sum;
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
	u64 sum = 0;
	unsigned int route;

	for (route = 0; route < SWARM_NR_ROUTES; route++)
		if (swarm_route_refuses(route))
			sum += swarm_stats_sum(stats, SWARM_N_ROUTE + route);
	return sum;
}

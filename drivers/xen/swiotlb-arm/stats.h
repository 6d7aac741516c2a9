/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats: being counted.
 *
 * One set of per-CPU counters for each device. They are read rarely and
 * written on every map, so a reader adds them up and may be a map behind.
 */
#ifndef _SWARM_STATS_H
#define _SWARM_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "route.h"

/**
 * enum swarm_count - what is counted for a device
 * @SWARM_N_ROUTE:         buffers, by route; SWARM_NR_ROUTES counters
 * @SWARM_N_BYTES:         bytes mapped, direct and bounced
 * @SWARM_N_BOUNCED_BYTES: bytes mapped through the pool
 * @SWARM_N_FOREIGN:       buffers of other domains that went direct
 * @SWARM_N_UNMAPS:        buffers unmapped
 * @SWARM_N_SYNCS:         syncs, to the device and to the CPU
 * @SWARM_N_CACHE_LOCAL:   maintenance of our own lines, in calls
 * @SWARM_N_CACHE_FOREIGN: maintenance of foreign lines, in ranges
 * @SWARM_N_CACHE_CALLS:   the hypercalls that this took
 * @SWARM_N_COHERENT:      coherent and non-coherent allocations
 * @SWARM_N_MMIO:          device resources mapped
 * @SWARM_N_MISUSE:        calls that named nothing that is mapped
 * @SWARM_NR_COUNTS:       how many there are
 */
enum swarm_count {
	SWARM_N_ROUTE,
	SWARM_N_BYTES = SWARM_N_ROUTE + SWARM_NR_ROUTES,
	SWARM_N_BOUNCED_BYTES,
	SWARM_N_FOREIGN,
	SWARM_N_UNMAPS,
	SWARM_N_SYNCS,
	SWARM_N_CACHE_LOCAL,
	SWARM_N_CACHE_FOREIGN,
	SWARM_N_CACHE_CALLS,
	SWARM_N_COHERENT,
	SWARM_N_MMIO,
	SWARM_N_MISUSE,
	SWARM_NR_COUNTS,
};

/**
 * struct swarm_stats - the counters of one device on one CPU
 * @n: indexed by enum swarm_count
 */
struct swarm_stats {
	u64 n[SWARM_NR_COUNTS];
};

u64 swarm_stats_sum(const struct swarm_stats __percpu *stats,
		    unsigned int what);
u64 swarm_stats_bounced(const struct swarm_stats __percpu *stats);
u64 swarm_stats_refused(const struct swarm_stats __percpu *stats);

#endif /* _SWARM_STATS_H */

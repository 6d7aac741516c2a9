/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats: being counted.
 *
 * One set of per-CPU counters for each device. They are read rarely and
 * written on every map, so a reader adds them up and may be a map behind. What
 * leaves nothing to be done is not counted: the unmaps and syncs of a buffer that
 * went direct, by a device that snoops.
 */
#ifndef _SWARM_STATS_H
#define _SWARM_STATS_H

#include <linux/build_bug.h>
#include <linux/percpu.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include "route.h"
#include "share.h"

/**
 * enum swarm_count - what is counted for a device
 * @SWARM_N_ROUTE:         buffers, by route; SWARM_NR_ROUTES counters
 * @SWARM_N_BOUNCED_BYTES: bytes mapped through the pool
 * @SWARM_N_HELD:          bytes of the pool that stand in for buffers now
 * @SWARM_N_UNMAPS:        unmaps that had something to do
 * @SWARM_N_FOREIGN:       buffers of other domains that went direct
 * @SWARM_N_SYNCS:         syncs of what was bounced, to the device and to the CPU
 * @SWARM_N_CACHE_LOCAL:   maintenance of our own lines, in ranges
 * @SWARM_N_CACHE_FOREIGN: maintenance of lines that may be foreign, in ranges
 * @SWARM_N_CACHE_CALLS:   the hypercalls that it took where only Xen can do it
 * @SWARM_N_COHERENT:      coherent and non-coherent allocations
 * @SWARM_N_MMIO:          device resources mapped
 * @SWARM_N_MISUSE:        calls that named nothing that is mapped
 * @SWARM_NR_COUNTS:       how many there are
 */
enum swarm_count {
	SWARM_N_ROUTE,
	SWARM_N_BOUNCED_BYTES = SWARM_N_ROUTE + SWARM_NR_ROUTES,
	SWARM_N_HELD,
	SWARM_N_UNMAPS,
	SWARM_N_FOREIGN,
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
 * @n:       indexed by enum swarm_count
 * @route:   the first of them, by enum swarm_route
 * @account: those that the pool keeps itself: SWARM_N_BOUNCED_BYTES, SWARM_N_HELD
 *	and SWARM_N_UNMAPS
 */
struct swarm_stats {
	union {
		u64 n[SWARM_NR_COUNTS];
		struct {
			u64 route[SWARM_NR_ROUTES];
			struct swarm_account account;
		};
	};
};

static_assert(offsetof(struct swarm_stats, account.bounced) ==
	      SWARM_N_BOUNCED_BYTES * sizeof(u64));
static_assert(offsetof(struct swarm_stats, account.held) ==
	      SWARM_N_HELD * sizeof(u64));
static_assert(offsetof(struct swarm_stats, account.returned) ==
	      SWARM_N_UNMAPS * sizeof(u64));

u64 swarm_stats_sum(const struct swarm_stats __percpu *stats,
		    unsigned int what);
u64 swarm_stats_bounced(const struct swarm_stats __percpu *stats);
u64 swarm_stats_held(const struct swarm_stats __percpu *stats);
u64 swarm_stats_refused(const struct swarm_stats __percpu *stats);

#endif /* _SWARM_STATS_H */

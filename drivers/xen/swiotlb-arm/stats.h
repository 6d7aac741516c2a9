/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats: the counters of a device.
 *
 * One set of per-CPU counters for each device. They are read rarely and
 * written on every map, so a reader adds them up and may be a map behind. Unmaps and
 * syncs that leave nothing to be done are not counted: those of a buffer that went
 * direct, by a device that snoops.
 *
 * Beside them is the longest that a call took on each CPU, kept while somebody wants to
 * know (ops.c). A reader takes the longest of all CPUs. To forget it is to write zero
 * while other CPUs go on: a call that ends at that moment counts as one before or as
 * one after, whole.
 */
#ifndef _XADMA_STATS_H
#define _XADMA_STATS_H

#include <linux/build_bug.h>
#include <linux/percpu.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include "route.h"
#include "quota.h"

/**
 * enum xadma_count - what is counted for a device
 * @XADMA_N_ROUTE:         buffers, by route; XADMA_NR_ROUTES counters
 * @XADMA_N_BOUNCED_BYTES: bytes mapped through the pool
 * @XADMA_N_HELD:          bytes of the pool that stand in for buffers now
 * @XADMA_N_UNMAPS:        unmaps that had something to do
 * @XADMA_N_FOREIGN:       buffers of other domains that went direct
 * @XADMA_N_SYNCS:         syncs of what was bounced, to the device and to the CPU
 * @XADMA_N_CACHE_LOCAL:   maintenance of our own lines, in ranges
 * @XADMA_N_CACHE_FOREIGN: maintenance of lines that may be foreign, in ranges
 * @XADMA_N_CACHE_CALLS:   the hypercalls that it took where only Xen can do it
 * @XADMA_N_COHERENT:      coherent and non-coherent allocations
 * @XADMA_N_MMIO:          device resources mapped
 * @XADMA_N_MISUSE:        calls that named nothing that is mapped
 * @XADMA_NR_COUNTS:       how many there are
 */
enum xadma_count {
	XADMA_N_ROUTE,
	XADMA_N_BOUNCED_BYTES = XADMA_N_ROUTE + XADMA_NR_ROUTES,
	XADMA_N_HELD,
	XADMA_N_UNMAPS,
	XADMA_N_FOREIGN,
	XADMA_N_SYNCS,
	XADMA_N_CACHE_LOCAL,
	XADMA_N_CACHE_FOREIGN,
	XADMA_N_CACHE_CALLS,
	XADMA_N_COHERENT,
	XADMA_N_MMIO,
	XADMA_N_MISUSE,
	XADMA_NR_COUNTS,
};

/**
 * enum xadma_call - calls by drivers, of whose kinds the longest is kept
 * @XADMA_CALL_MAP:   of a buffer, a list or registers
 * @XADMA_CALL_UNMAP: of a buffer or a list
 * @XADMA_CALL_SYNC:  of either, to the CPU or to the device
 * @XADMA_NR_CALLS:   how many kinds there are
 */
enum xadma_call {
	XADMA_CALL_MAP,
	XADMA_CALL_UNMAP,
	XADMA_CALL_SYNC,
	XADMA_NR_CALLS,
};

/**
 * struct xadma_stats - the counters of one device on one CPU
 * @n:       indexed by enum xadma_count
 * @route:   the first of them, by enum xadma_route
 * @account: those that the pool keeps itself: XADMA_N_BOUNCED_BYTES, XADMA_N_HELD
 *	and XADMA_N_UNMAPS
 * @longest: that a call took, ns, by enum xadma_call
 */
struct xadma_stats {
	union {
		u64 n[XADMA_NR_COUNTS];
		struct {
			u64 route[XADMA_NR_ROUTES];
			struct xadma_account account;
		};
	};
	u64 longest[XADMA_NR_CALLS];
};

static_assert(offsetof(struct xadma_stats, account.bounced) ==
	      XADMA_N_BOUNCED_BYTES * sizeof(u64));
static_assert(offsetof(struct xadma_stats, account.held) ==
	      XADMA_N_HELD * sizeof(u64));
static_assert(offsetof(struct xadma_stats, account.returned) ==
	      XADMA_N_UNMAPS * sizeof(u64));

u64 xadma_stats_sum(const struct xadma_stats __percpu *stats,
		    unsigned int what);
u64 xadma_stats_bounced(const struct xadma_stats __percpu *stats);
u64 xadma_stats_held(const struct xadma_stats __percpu *stats);
u64 xadma_stats_refused(const struct xadma_stats __percpu *stats);
u64 xadma_stats_longest(const struct xadma_stats __percpu *stats, enum xadma_call call);
void xadma_stats_forget_longest(struct xadma_stats __percpu *stats);

#endif /* _XADMA_STATS_H */

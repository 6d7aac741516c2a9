/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * route: facts in, decision and reason out.
 *
 * A pure function: whoever calls it has found out the facts, whoever gets the
 * answer acts on it. The whole policy of the map path is in swarm_route(), which is
 * inline so that what a caller knows already costs nothing.
 */
#ifndef _SWARM_ROUTE_H
#define _SWARM_ROUTE_H

#include <linux/types.h>

/**
 * struct swarm_facts - all that the decision depends on
 * @empty:       the length is zero
 * @aimless:     the direction is none of the three that move data
 * @wraps:       the buffer ends beyond the end of the address space
 * @memory:      the buffer is RAM that the CPU can copy; false for MMIO
 * @unknown:     where its frames are in the machine is not known yet
 * @scattered:   its frames are not neighbours in the machine
 * @reachable:   the device can drive every machine address of the buffer
 * @unflushable: the device does not snoop, and nobody can do the cache
 *	maintenance for these frames
 * @shares_line: the device does not snoop, and a cache line may hold both the
 *	buffer and a neighbour of it
 * @forced:      the user asked for bouncing everything
 * @pool:        there is a pool to bounce through
 */
struct swarm_facts {
	bool empty;
	bool aimless;
	bool wraps;
	bool memory;
	bool unknown;
	bool scattered;
	bool reachable;
	bool unflushable;
	bool shares_line;
	bool forced;
	bool pool;
};

/**
 * enum swarm_route - what to do with a buffer, and why
 *
 * The order matters to swarm_route_bounces() and to the counters, which are
 * indexed by it.
 *
 * @SWARM_DIRECT:          program the device with the buffer's own address
 * @SWARM_BOUNCE_MASK:     beyond the device's mask, bus limit or dma-ranges
 * @SWARM_BOUNCE_UNKNOWN:  its machine address is not known yet
 * @SWARM_BOUNCE_SCATTER:  not contiguous in the machine
 * @SWARM_BOUNCE_KMALLOC:  too small to own its cache lines
 * @SWARM_BOUNCE_FORCE:    the user's wish
 * @SWARM_BOUNCE_CACHE:    its cache lines are out of reach
 * @SWARM_REFUSE_EMPTY:    zero length
 * @SWARM_REFUSE_DIR:      no direction
 * @SWARM_REFUSE_WRAP:     the length leaves the address space
 * @SWARM_REFUSE_MMIO:     would have to be bounced, but is no memory
 * @SWARM_REFUSE_NOPOOL:   would have to be bounced, but there is no pool
 * @SWARM_REFUSE_TOO_BIG:  longer than the largest piece of the pool
 * @SWARM_REFUSE_FULL:     no run that long is free just now
 * @SWARM_REFUSE_SHARE:    the pool is nearly full, and the device has its share
 * @SWARM_REFUSE_MASK:     no part of the pool is within the device's reach
 * @SWARM_NR_ROUTES:       how many there are
 */
enum swarm_route {
	SWARM_DIRECT,
	SWARM_BOUNCE_MASK,
	SWARM_BOUNCE_UNKNOWN,
	SWARM_BOUNCE_SCATTER,
	SWARM_BOUNCE_KMALLOC,
	SWARM_BOUNCE_FORCE,
	SWARM_BOUNCE_CACHE,
	SWARM_REFUSE_EMPTY,
	SWARM_REFUSE_DIR,
	SWARM_REFUSE_WRAP,
	SWARM_REFUSE_MMIO,
	SWARM_REFUSE_NOPOOL,
	SWARM_REFUSE_TOO_BIG,
	SWARM_REFUSE_FULL,
	SWARM_REFUSE_SHARE,
	SWARM_REFUSE_MASK,
	SWARM_NR_ROUTES,
};

const char *swarm_route_why(enum swarm_route route);

/* Why a buffer may not go direct; SWARM_DIRECT when it may. */
static __always_inline enum swarm_route
swarm_route_obstacle(const struct swarm_facts *facts)
{
	if (facts->unknown)
		return SWARM_BOUNCE_UNKNOWN;
	if (facts->scattered)
		return SWARM_BOUNCE_SCATTER;
	if (!facts->reachable)
		return SWARM_BOUNCE_MASK;
	if (facts->unflushable)
		return SWARM_BOUNCE_CACHE;
	if (facts->shares_line)
		return SWARM_BOUNCE_KMALLOC;
	if (facts->forced)
		return SWARM_BOUNCE_FORCE;
	return SWARM_DIRECT;
}

/**
 * swarm_route - decide what becomes of a buffer
 * @facts: what is known about buffer, device and instance
 *
 * An error of the caller is named before anything else; then the obstacles
 * that only a bounce overcomes, the physical ones first, so that the counters
 * tell what the machine is short of rather than what the user asked for.
 *
 * Context: any; a pure function.
 * Return: the route. Whether the pool has room is not a fact yet: the bounce
 *	itself may still end in one of the later refusals.
 */
static __always_inline enum swarm_route
swarm_route(const struct swarm_facts *facts)
{
	enum swarm_route route;

	if (facts->empty)
		return SWARM_REFUSE_EMPTY;
	if (facts->aimless)
		return SWARM_REFUSE_DIR;
	if (facts->wraps)
		return SWARM_REFUSE_WRAP;

	route = swarm_route_obstacle(facts);
	if (route == SWARM_DIRECT)
		return route;
	if (!facts->memory)
		return SWARM_REFUSE_MMIO;
	if (!facts->pool)
		return SWARM_REFUSE_NOPOOL;
	return route;
}

static inline bool swarm_route_bounces(enum swarm_route route)
{
	return route >= SWARM_BOUNCE_MASK && route <= SWARM_BOUNCE_CACHE;
}

static inline bool swarm_route_refuses(enum swarm_route route)
{
	return route >= SWARM_REFUSE_EMPTY;
}

#endif /* _SWARM_ROUTE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * route: facts in, decision and reason out.
 *
 * A pure function: whoever calls it has found out the facts, whoever gets the
 * answer acts on it. The whole policy of the map path is in xadma_route(), which is
 * inline so that what a caller knows already costs nothing.
 */
#ifndef _XADMA_ROUTE_H
#define _XADMA_ROUTE_H

#include <linux/types.h>

/**
 * struct xadma_facts - all that the decision depends on
 * @empty:       the length is zero
 * @bad_dir:     the direction is none of the three that move data
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
struct xadma_facts {
	bool empty;
	bool bad_dir;
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
 * enum xadma_route - what to do with a buffer, and why
 *
 * The order matters to xadma_route_bounces() and to the counters, which are
 * indexed by it.
 *
 * @XADMA_DIRECT:          program the device with the buffer's own address
 * @XADMA_BOUNCE_MASK:     beyond the device's mask, bus limit or dma-ranges
 * @XADMA_BOUNCE_UNKNOWN:  its machine address is not known yet
 * @XADMA_BOUNCE_SCATTER:  not contiguous in the machine
 * @XADMA_BOUNCE_KMALLOC:  too small to own its cache lines
 * @XADMA_BOUNCE_FORCE:    the user's wish
 * @XADMA_BOUNCE_CACHE:    its cache lines are out of reach
 * @XADMA_REFUSE_EMPTY:    zero length
 * @XADMA_REFUSE_DIR:      no direction
 * @XADMA_REFUSE_WRAP:     the length leaves the address space
 * @XADMA_REFUSE_MMIO:     would have to be bounced, but is no memory
 * @XADMA_REFUSE_NOPOOL:   would have to be bounced, but there is no pool
 * @XADMA_REFUSE_TOO_BIG:  longer than the largest piece of the pool
 * @XADMA_REFUSE_FULL:     no run that long is free just now
 * @XADMA_REFUSE_SHARE:    the pool is nearly full, and the device has its share
 * @XADMA_REFUSE_MASK:     no part of the pool is within the device's reach
 * @XADMA_NR_ROUTES:       how many there are
 */
enum xadma_route {
	XADMA_DIRECT,
	XADMA_BOUNCE_MASK,
	XADMA_BOUNCE_UNKNOWN,
	XADMA_BOUNCE_SCATTER,
	XADMA_BOUNCE_KMALLOC,
	XADMA_BOUNCE_FORCE,
	XADMA_BOUNCE_CACHE,
	XADMA_REFUSE_EMPTY,
	XADMA_REFUSE_DIR,
	XADMA_REFUSE_WRAP,
	XADMA_REFUSE_MMIO,
	XADMA_REFUSE_NOPOOL,
	XADMA_REFUSE_TOO_BIG,
	XADMA_REFUSE_FULL,
	XADMA_REFUSE_SHARE,
	XADMA_REFUSE_MASK,
	XADMA_NR_ROUTES,
};

const char *xadma_route_why(enum xadma_route route);

/* Why a buffer may not go direct; XADMA_DIRECT when it may. */
static __always_inline enum xadma_route
xadma_route_obstacle(const struct xadma_facts *facts)
{
	if (facts->unknown)
		return XADMA_BOUNCE_UNKNOWN;
	if (facts->scattered)
		return XADMA_BOUNCE_SCATTER;
	if (!facts->reachable)
		return XADMA_BOUNCE_MASK;
	if (facts->unflushable)
		return XADMA_BOUNCE_CACHE;
	if (facts->shares_line)
		return XADMA_BOUNCE_KMALLOC;
	if (facts->forced)
		return XADMA_BOUNCE_FORCE;
	return XADMA_DIRECT;
}

/**
 * xadma_route - decide what becomes of a buffer
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
static __always_inline enum xadma_route
xadma_route(const struct xadma_facts *facts)
{
	enum xadma_route route;

	if (facts->empty)
		return XADMA_REFUSE_EMPTY;
	if (facts->bad_dir)
		return XADMA_REFUSE_DIR;
	if (facts->wraps)
		return XADMA_REFUSE_WRAP;

	route = xadma_route_obstacle(facts);
	if (route == XADMA_DIRECT)
		return route;
	if (!facts->memory)
		return XADMA_REFUSE_MMIO;
	if (!facts->pool)
		return XADMA_REFUSE_NOPOOL;
	return route;
}

static inline bool xadma_route_bounces(enum xadma_route route)
{
	return route >= XADMA_BOUNCE_MASK && route <= XADMA_BOUNCE_CACHE;
}

static inline bool xadma_route_refuses(enum xadma_route route)
{
	return route >= XADMA_REFUSE_EMPTY;
}

#endif /* _XADMA_ROUTE_H */

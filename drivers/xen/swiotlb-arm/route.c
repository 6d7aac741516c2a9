// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>

#include "route.h"

/* Why a buffer may not go direct; SWARM_DIRECT when it may. */
static enum swarm_route obstacle(const struct swarm_facts *facts)
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
enum swarm_route swarm_route(const struct swarm_facts *facts)
{
	enum swarm_route route;

	if (facts->empty)
		return SWARM_REFUSE_EMPTY;
	if (facts->aimless)
		return SWARM_REFUSE_DIR;
	if (facts->wraps)
		return SWARM_REFUSE_WRAP;

	route = obstacle(facts);
	if (route == SWARM_DIRECT)
		return route;
	if (!facts->memory)
		return SWARM_REFUSE_MMIO;
	if (!facts->pool)
		return SWARM_REFUSE_NOPOOL;
	return route;
}

static const char * const why[] = {
	[SWARM_DIRECT]		= "goes direct",
	[SWARM_BOUNCE_MASK]	= "bounced: beyond the device's reach",
	[SWARM_BOUNCE_UNKNOWN]	= "bounced: its machine address is not known yet",
	[SWARM_BOUNCE_SCATTER]	= "bounced: not contiguous in the machine",
	[SWARM_BOUNCE_KMALLOC]	= "bounced: shares a cache line",
	[SWARM_BOUNCE_FORCE]	= "bounced: swiotlb_arm.force",
	[SWARM_BOUNCE_CACHE]	= "bounced: Xen cannot flush it",
	[SWARM_REFUSE_EMPTY]	= "zero length; the driver is wrong",
	[SWARM_REFUSE_DIR]	= "no direction; the driver is wrong",
	[SWARM_REFUSE_WRAP]	= "leaves the address space; the driver is wrong",
	[SWARM_REFUSE_MMIO]	= "out of reach, and no memory that could be bounced",
	[SWARM_REFUSE_NOPOOL]	= "there is no pool; raise swiotlb_arm.size",
	[SWARM_REFUSE_TOO_BIG]	= "too large to bounce; use dma_max_mapping_size()",
	[SWARM_REFUSE_FULL]	= "pool is full; raise swiotlb_arm.size",
	[SWARM_REFUSE_MASK]	= "no part of the pool is within the mask",
	[SWARM_REFUSE_FLUSH]	= "Xen refused to flush a foreign frame",
};

/**
 * swarm_route_why - the reason in words, for the log
 * @route: the route
 *
 * Context: any.
 * Return: half a sentence, with what to do about it where something can be.
 */
const char *swarm_route_why(enum swarm_route route)
{
	return (unsigned int)route < ARRAY_SIZE(why) ? why[route] : "unknown";
}

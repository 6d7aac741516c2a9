// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>

#include "route.h"

static const char * const why[] = {
	[XADMA_DIRECT]		= "goes direct",
	[XADMA_BOUNCE_MASK]	= "bounced: beyond the device's reach",
	[XADMA_BOUNCE_UNKNOWN]	= "bounced: its machine address is not known yet",
	[XADMA_BOUNCE_SCATTER]	= "bounced: not contiguous in the machine",
	[XADMA_BOUNCE_KMALLOC]	= "bounced: shares a cache line",
	[XADMA_BOUNCE_FORCE]	= "bounced: swiotlb_arm.force",
	[XADMA_BOUNCE_CACHE]	= "bounced: Xen cannot flush it",
	[XADMA_REFUSE_EMPTY]	= "zero length; the driver is wrong",
	[XADMA_REFUSE_DIR]	= "no direction; the driver is wrong",
	[XADMA_REFUSE_WRAP]	= "leaves the address space; the driver is wrong",
	[XADMA_REFUSE_MMIO]	= "out of reach, and no memory that could be bounced",
	[XADMA_REFUSE_NOPOOL]	= "there is no pool; raise swiotlb_arm.size",
	[XADMA_REFUSE_TOO_BIG]	= "too large to bounce; use dma_max_mapping_size()",
	[XADMA_REFUSE_FULL]	= "pool is full; raise swiotlb_arm.size or swiotlb_arm.max",
	[XADMA_REFUSE_SHARE]	= "its share of a nearly full pool is used; raise swiotlb_arm.max",
	[XADMA_REFUSE_MASK]	= "no part of the pool is within the mask",
};

/**
 * xadma_route_why - the reason in words, for the log
 * @route: the route
 *
 * Context: any.
 * Return: half a sentence, with what to do about it where something can be.
 */
const char *xadma_route_why(enum xadma_route route)
{
	return (unsigned int)route < ARRAY_SIZE(why) ? why[route] : "unknown";
}

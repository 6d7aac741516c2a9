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
	[XADMA_REFUSE_SCATTER]	= "not contiguous in the machine, and too large to bounce",
	[XADMA_REFUSE_COHERENT]	= "has to be bounced, which DMA_ATTR_REQUIRE_COHERENT forbids",
	[XADMA_REFUSE_ATTRS]	= "its attributes are not understood",
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

/* For xadma_route_driven(), where it does not lie in the range that is driven as it is. */
struct xadma_verdict __xadma_route_windows(const struct xadma_reach *reach,
					   u64 limit, struct xadma_place place,
					   size_t size)
{
	struct xadma_verdict v = {
		.route = XADMA_DIRECT,
		.foreign = place.owner == XADMA_FOREIGN,
		.maintain = !reach->coherent,
	};

	if (!xadma_windows_drive(reach->windows, limit, place.maddr, size, &v.dma))
		v.route = XADMA_BOUNCE_MASK;
	return v;
}

/**
 * xadma_route_can_copy - can the CPU copy a buffer that is not all our own RAM?
 * @reach: the device
 * @phys:  guest physical address of the buffer, bytes
 * @size:  bytes, at least 1
 *
 * Foreign pages are mapped at frames that the kernel has mapped, too; a buffer of
 * several owners is looked at frame by frame. Registers cannot be copied.
 *
 * Context: any.
 * Return: true when it can.
 */
bool xadma_route_can_copy(const struct xadma_reach *reach, phys_addr_t phys,
			  size_t size)
{
	struct xadma_frames frames = xadma_frames_of(phys, size);

	for (; frames.first <= frames.last; frames.first++) {
		struct xadma_frames one = { frames.first, frames.first };

		if (!xadma_p2m_any_foreign(one) &&
		    !xadma_ram_has(reach->ram, (phys_addr_t)frames.first << XEN_PAGE_SHIFT,
				   XEN_PAGE_SIZE))
			return false;
	}
	return true;
}

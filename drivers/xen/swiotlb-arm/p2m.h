/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * p2m: whose a buffer is, and where in the machine.
 *
 * xadma_p2m_lookup() is the one place where that is asked, for whatever is mapped,
 * unmapped or synced. In a domain that is mapped 1:1 every frame of our own is its own
 * machine frame; in another one it is what has been learnt of it (mfn-map.h). Frames
 * that were granted by other domains are elsewhere in either; the table of those is
 * arch/arm64/xen/p2m.c.
 */
#ifndef _XADMA_P2M_H
#define _XADMA_P2M_H

#include <linux/types.h>

#include <xen/page.h>
#include <xen/swiotlb-arm-p2m.h>

struct xadma_mfn_map;

/**
 * enum xadma_owner - whose a buffer is
 * @XADMA_OURS:      our own RAM, in one piece in the machine
 * @XADMA_FOREIGN:   another domain's pages, in one piece in the machine
 * @XADMA_SCATTERED: its frames are not neighbours in the machine, or not all of one
 *	owner
 * @XADMA_UNKNOWN:   of one of its frames it is not known where it is
 */
enum xadma_owner {
	XADMA_OURS,
	XADMA_FOREIGN,
	XADMA_SCATTERED,
	XADMA_UNKNOWN,
};

/**
 * struct xadma_place - where a buffer is in the machine
 * @maddr: machine address of its first byte; of no use unless @owner is XADMA_OURS or
 *	XADMA_FOREIGN
 * @owner: whose it is
 */
struct xadma_place {
	phys_addr_t maddr;
	enum xadma_owner owner;
};

struct xadma_place __xadma_p2m_lookup(const struct xadma_mfn_map *map,
				      phys_addr_t phys,
				      struct xadma_frames frames);

/**
 * xadma_p2m_lookup - whose is a buffer, and where is it?
 * @map:  where our own frames are; NULL in a domain that is mapped 1:1
 * @phys: guest physical address of the buffer, bytes
 * @size: bytes, at least 1; the buffer must not wrap
 *
 * Context: any, no lock; the caller owns the pages.
 * Return: owner and machine address.
 */
static __always_inline struct xadma_place
xadma_p2m_lookup(const struct xadma_mfn_map *map, phys_addr_t phys, size_t size)
{
	struct xadma_frames frames = xadma_frames_of(phys, size);
	struct xadma_p2m_run run;

	if (likely(!xadma_p2m_may_be_foreign(frames))) {
		if (likely(!map))
			return (struct xadma_place){ phys, XADMA_OURS };
	} else {
		run = xadma_p2m_run(frames);
		if (run.nr > frames.last - frames.first)
			return (struct xadma_place){
				.maddr = ((phys_addr_t)run.mfn << XEN_PAGE_SHIFT) +
					 xen_offset_in_page(phys),
				.owner = XADMA_FOREIGN,
			};
	}
	return __xadma_p2m_lookup(map, phys, frames);
}

#endif /* _XADMA_P2M_H */

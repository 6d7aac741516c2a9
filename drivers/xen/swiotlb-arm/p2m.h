/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * p2m: whose a buffer is, and where in the machine.
 *
 * xadma_p2m_lookup() is the one place where that is asked, for whatever is mapped,
 * unmapped or synced; the first lines of route ask the two questions that it begins
 * with, whether a buffer may be foreign, and whether it is one foreign frame.
 *
 * In a domain that is mapped 1:1 every frame of our own is its own machine frame; in
 * another one it is what has been learnt of it (mfn-map.h). Frames that were granted by
 * other domains are elsewhere in either; the table of those is arch/arm64/xen/p2m.c.
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

/* Where a place is whose frame is at a machine frame. */
static __always_inline phys_addr_t xadma_p2m_maddr(unsigned long mfn, phys_addr_t phys)
{
	return ((phys_addr_t)mfn << XEN_PAGE_SHIFT) + xen_offset_in_page(phys);
}

/**
 * xadma_p2m_frame - is a buffer in a single foreign frame, and where?
 * @frames: the buffer's frames
 * @phys:   guest physical address of the buffer, bytes
 * @maddr:  where to put its machine address
 *
 * Context: any, no lock; the caller owns the pages.
 * Return: true when it is; false tells nothing of a buffer in several frames.
 */
static __always_inline bool xadma_p2m_frame(struct xadma_frames frames, phys_addr_t phys,
					    phys_addr_t *maddr)
{
	unsigned long entry;

	if (frames.first != frames.last)
		return false;
	entry = xadma_frame_table_get(&xadma_p2m.mfns, frames.first);
	*maddr = xadma_p2m_maddr(entry - XADMA_P2M_THERE, phys);
	return entry;
}

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
	struct xadma_place place = { .maddr = phys, .owner = XADMA_OURS };

	if (likely(!xadma_p2m_may_be_foreign(frames))) {
		if (likely(!map))
			return place;
	} else if (likely(xadma_p2m_frame(frames, phys, &place.maddr))) {
		place.owner = XADMA_FOREIGN;
		return place;
	}
	return __xadma_p2m_lookup(map, phys, frames);
}

#endif /* _XADMA_P2M_H */

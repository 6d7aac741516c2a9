/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * p2m: which machine frame is behind this guest frame.
 *
 * In a domain that is mapped 1:1 every frame of our own is its own machine
 * frame; in another one it is what has been learnt of it (frames.h). Frames that
 * were granted by other domains are elsewhere in either; the table of those is
 * arch/arm64/xen/p2m.c, and asked here alone.
 */
#ifndef _XADMA_P2M_H
#define _XADMA_P2M_H

#include <linux/pfn.h>
#include <linux/types.h>

#include <xen/swiotlb-arm-p2m.h>

struct xadma_mfn_map;

/**
 * struct xadma_extent - where a buffer really is
 * @maddr:     machine address of its first byte
 * @foreign:   its first frame belongs to another domain
 * @unknown:   of one of its frames it is not known where it is; the rest does
 *	not count then
 * @scattered: its frames are not neighbours in the machine, or not all of one
 *	kind; @maddr then holds for the first frame only
 */
struct xadma_extent {
	phys_addr_t maddr;
	bool foreign;
	bool unknown;
	bool scattered;
};

struct xadma_extent __xadma_p2m_walk(const struct xadma_mfn_map *frames,
				     phys_addr_t phys, size_t size);
bool xadma_p2m_is_ours(phys_addr_t maddr);

/**
 * xadma_p2m_walk - find out where a buffer is
 * @frames: what is known of our own frames; NULL in a domain that is mapped 1:1
 * @phys:   guest physical address, bytes
 * @size:   bytes, at least 1
 *
 * Context: any, no lock.
 * Return: where the buffer is.
 */
static inline struct xadma_extent
xadma_p2m_walk(const struct xadma_mfn_map *frames, phys_addr_t phys, size_t size)
{
	if (!frames && !xadma_p2m_near_foreign(PFN_DOWN(phys),
					       PFN_DOWN(phys + size - 1)))
		return (struct xadma_extent){ .maddr = phys };
	return __xadma_p2m_walk(frames, phys, size);
}

#endif /* _XADMA_P2M_H */

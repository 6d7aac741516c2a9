/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * p2m: which machine frame is behind this guest frame.
 *
 * In a domain that is mapped 1:1 every frame of our own is its own machine
 * frame; in another one it is what has been learnt of it (frames.h). Frames that
 * were granted by other domains are elsewhere in either; the table of those is
 * arch/arm64/xen/p2m.c, and asked here alone.
 */
#ifndef _SWARM_P2M_H
#define _SWARM_P2M_H

#include <linux/types.h>

struct swarm_frames;

/**
 * struct swarm_extent - where a buffer really is
 * @maddr:     machine address of its first byte
 * @foreign:   its first frame belongs to another domain
 * @unknown:   of one of its frames it is not known where it is; the rest does
 *	not count then
 * @scattered: its frames are not neighbours in the machine, or not all of one
 *	kind; @maddr then holds for the first frame only
 */
struct swarm_extent {
	phys_addr_t maddr;
	bool foreign;
	bool unknown;
	bool scattered;
};

struct swarm_extent swarm_p2m_walk(const struct swarm_frames *frames,
				   phys_addr_t phys, size_t size);
bool swarm_p2m_is_ours(phys_addr_t maddr);

#endif /* _SWARM_P2M_H */

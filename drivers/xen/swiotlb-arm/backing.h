/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * backing: where machine-contiguous memory comes from.
 *
 * A backing hands out pieces and takes them back. What it had to ask of whom
 * is its own affair; the pool sees addresses only.
 */
#ifndef _SWARM_BACKING_H
#define _SWARM_BACKING_H

#include <linux/sizes.h>
#include <linux/types.h>

/* The smallest piece. */
#define SWARM_GRAIN_SHIFT	16
#define SWARM_GRAIN		BIT(SWARM_GRAIN_SHIFT)

/**
 * struct swarm_piece - memory that is contiguous for the CPU and the machine
 * @vaddr: where the kernel sees it, cacheable
 * @phys:  its guest physical address, bytes
 * @maddr: its machine address, bytes
 * @size:  bytes, a power of two of at least SWARM_GRAIN; @maddr is a multiple
 *	of it, so that an offset's alignment is that of the machine address
 */
struct swarm_piece {
	void *vaddr;
	phys_addr_t phys;
	phys_addr_t maddr;
	size_t size;
};

/**
 * struct swarm_window - a range of machine addresses
 * @first: the lowest byte
 * @last:  the highest byte
 */
struct swarm_window {
	phys_addr_t first;
	phys_addr_t last;
};

/**
 * struct swarm_backing - one way of getting pieces
 * @name: for the boot line and debugfs
 * @get:  fill in a zeroed piece of at most @want bytes (a power of two, at
 *	least SWARM_GRAIN) that lies in @within. A smaller piece is better
 *	than none. May sleep. 0, or -ENOMEM with nothing held, which includes
 *	that no memory lies there.
 * @put:  take it back; nobody uses it any more. May sleep.
 */
struct swarm_backing {
	const char *name;
	int (*get)(struct swarm_piece *piece, size_t want,
		   struct swarm_window within);
	void (*put)(const struct swarm_piece *piece);
};

extern const struct swarm_backing swarm_backing_identity;

#endif /* _SWARM_BACKING_H */

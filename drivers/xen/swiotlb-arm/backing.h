/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * backing: where machine-contiguous memory comes from.
 *
 * A backing hands out memory and takes it back. The CPU sees such memory as
 * one; the machine sees it as pieces, all of one size, each contiguous. What
 * the backing had to ask of whom is its own affair; the pool sees addresses
 * only.
 *
 * There are several, each a rung of a ladder. The first one that has memory to
 * give is kept to; which rungs make sense is for the kind of domain to tell.
 */
#ifndef _SWARM_BACKING_H
#define _SWARM_BACKING_H

#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct swarm_frames;
struct swarm_hv;
struct swarm_translator;

/* The least memory that is given out at a time, and the smallest piece. */
#define SWARM_GRAIN		SZ_64K
#define SWARM_PIECE_MIN_SHIFT	12

/**
 * struct swarm_memory - memory that is contiguous for the CPU
 * @vaddr:       where the kernel sees it, cacheable
 * @size:        bytes, whole pieces and at least SWARM_GRAIN
 * @piece_shift: a piece has 1 << this many bytes
 * @maddr:       the machine address of each piece, a multiple of its size;
 *	freed by kvfree()
 * @from:        the rung that it came from
 */
struct swarm_memory {
	void *vaddr;
	size_t size;
	unsigned int piece_shift;
	phys_addr_t *maddr;
	const struct swarm_backing *from;
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
 * struct swarm_source - what the rungs work with
 * @hv:         the machine
 * @translator: tells machine addresses; NULL where they are ours, 1:1
 * @frames:     what is known of frames, to be told of those that change; or NULL
 * @rungs:      the ladder, best first, ending in NULL
 * @kept_to:    the rung that gave memory first; those before it are not asked
 *	again
 * @lost:       frames whose state is unknown, kept from everybody for ever
 *
 * Whoever calls the rungs serialises that.
 */
struct swarm_source {
	const struct swarm_hv *hv;
	struct swarm_translator *translator;
	struct swarm_frames *frames;
	const struct swarm_backing * const *rungs;
	const struct swarm_backing * const *kept_to;
	unsigned long lost;
};

/**
 * struct swarm_backing - one way of getting memory
 * @name: for the boot line and debugfs
 * @get:  fill in zeroed memory of at most @want bytes (a power of two, at
 *	least SWARM_GRAIN), all pieces of which lie in @within; @from is filled
 *	in by the caller. Less is better than nothing. May sleep. 0, or -ENOMEM
 *	with nothing held, which includes that no memory lies there.
 * @put:  take it back; nobody uses it any more. May sleep.
 */
struct swarm_backing {
	const char *name;
	int (*get)(struct swarm_source *source, struct swarm_memory *memory,
		   size_t want, struct swarm_window within);
	void (*put)(struct swarm_source *source,
		    const struct swarm_memory *memory);
};

extern const struct swarm_backing swarm_backing_identity;
extern const struct swarm_backing swarm_backing_exchange;
extern const struct swarm_backing swarm_backing_populate;
extern const struct swarm_backing swarm_backing_discover;

unsigned long swarm_pages_to_spare(void);
int swarm_backing_get(struct swarm_source *source, struct swarm_memory *memory,
		      size_t want, struct swarm_window within);
void swarm_backing_put(struct swarm_source *source,
		       const struct swarm_memory *memory);

static inline size_t swarm_piece_size(const struct swarm_memory *memory)
{
	return (size_t)1 << memory->piece_shift;
}

static inline unsigned int swarm_pieces(const struct swarm_memory *memory)
{
	return memory->size >> memory->piece_shift;
}

/* The page behind a place in such memory, which may be mapped anywhere. */
static inline struct page *swarm_page_of(const void *vaddr)
{
	return is_vmalloc_addr(vaddr) ? vmalloc_to_page(vaddr) :
					virt_to_page(vaddr);
}

#endif /* _SWARM_BACKING_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source: where machine-contiguous memory comes from.
 *
 * A source asks its providers, best first. The first one that has memory to give is
 * the one that is asked from then on; which of them make sense is for the kind of
 * domain to tell. The CPU sees such memory as one; the machine sees it as pieces, all of
 * one size, each contiguous. The pool sees addresses only.
 */
#ifndef _XADMA_SOURCE_H
#define _XADMA_SOURCE_H

#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "window.h"

struct xadma_mfn_map;
struct xadma_hv;
struct xadma_resolver;

/* The least memory that is given out at a time, and the smallest piece. */
#define XADMA_CHUNK_MIN		SZ_64K
#define XADMA_PIECE_MIN_SHIFT	12

/**
 * struct xadma_memory - memory that is contiguous for the CPU
 * @vaddr:       where the kernel sees it, cacheable
 * @size:        bytes, whole pieces and at least XADMA_CHUNK_MIN
 * @piece_shift: a piece has 1 << this many bytes
 * @maddr:       the machine address of each piece, a multiple of its size;
 *	freed by kvfree()
 * @from:        the provider that it came from
 */
struct xadma_memory {
	void *vaddr;
	size_t size;
	unsigned int piece_shift;
	phys_addr_t *maddr;
	const struct xadma_provider *from;
};

/**
 * struct xadma_source - what the providers work with
 * @hv:         the machine
 * @resolver: tells machine addresses; NULL where they are ours, 1:1
 * @mfn_map:    what is known of frames, to be told of those that change; or NULL
 * @providers:  best first, ending in NULL
 * @chosen:    the provider that gave memory first; those before it are not asked
 *	again
 * @lost:       frames whose state is unknown, never given to the page allocator again
 *
 * Whoever calls the providers serialises that.
 */
struct xadma_source {
	const struct xadma_hv *hv;
	struct xadma_resolver *resolver;
	struct xadma_mfn_map *mfn_map;
	const struct xadma_provider * const *providers;
	const struct xadma_provider * const *chosen;
	unsigned long lost;
};

/**
 * struct xadma_provider - one way of getting memory
 * @name: for the boot line and debugfs
 * @get:  fill in zeroed memory of at most @want bytes (a power of two, at
 *	least XADMA_CHUNK_MIN), all pieces of which lie in @within; @from is filled
 *	in by the caller. Less is better than nothing. May sleep. 0, or -ENOMEM
 *	with nothing held, which includes that no memory lies there.
 * @put:  take it back; nobody uses it any more. May sleep.
 */
struct xadma_provider {
	const char *name;
	int (*get)(struct xadma_source *source, struct xadma_memory *memory,
		   size_t want, struct xadma_range within);
	void (*put)(struct xadma_source *source,
		    const struct xadma_memory *memory);
};

extern const struct xadma_provider xadma_provider_identity;
extern const struct xadma_provider xadma_provider_exchange;
extern const struct xadma_provider xadma_provider_populate;
extern const struct xadma_provider xadma_provider_discover;

unsigned long xadma_pages_to_spare(void);
int xadma_source_get(struct xadma_source *source, struct xadma_memory *memory,
		     size_t want, struct xadma_range within);
void xadma_source_put(struct xadma_source *source,
		      const struct xadma_memory *memory);

static inline size_t xadma_piece_size(const struct xadma_memory *memory)
{
	return (size_t)1 << memory->piece_shift;
}

static inline unsigned int xadma_pieces(const struct xadma_memory *memory)
{
	return memory->size >> memory->piece_shift;
}

/* The page behind a place in such memory, which may be mapped anywhere. */
static inline struct page *xadma_page_of(const void *vaddr)
{
	return is_vmalloc_addr(vaddr) ? vmalloc_to_page(vaddr) :
					virt_to_page(vaddr);
}

#endif /* _XADMA_SOURCE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapping: what is behind an address that a device was given.
 *
 * Unmap and sync get no more than the device's address and a length. The pool knows
 * for certain whether an address is one of its own; what is not went direct. Nothing
 * ever looks a guest frame up by its machine frame: one foreign page may be mapped
 * many times, so there is no answer. But in a domain that is mapped 1:1 our own RAM is
 * where its address says, for Xen gives no other domain's page such a frame. Of
 * all else an entry of a list still tells where the kernel sees the page, and that is
 * believed if a look-up leads to the same machine address; or else the lines are Xen's
 * to maintain.
 */
#ifndef _XADMA_MAPPING_H
#define _XADMA_MAPPING_H

#include <linux/io.h>
#include <linux/types.h>

#include "cache.h"
#include "instance.h"
#include "pool.h"

/**
 * enum xadma_mapping - what is behind a device's address
 * @XADMA_MAPPED_DIRECT: no place in the pool; what was mapped there went direct, if
 *	anything was
 * @XADMA_MAPPED_BOUNCE: a bounce buffer, or a place in the pool that nobody has
 * @XADMA_MAPPED_ALLOC:  memory that was allocated from the pool; if it is unmapped or
 *	synced, it was shared with another device, and went direct there
 */
enum xadma_mapping {
	XADMA_MAPPED_DIRECT,
	XADMA_MAPPED_BOUNCE,
	XADMA_MAPPED_ALLOC,
};

/**
 * xadma_mapping_find - what is behind a device's address?
 * @xadma: the instance
 * @maddr: the machine address behind it
 * @b:     filled in when that is in the pool
 *
 * Context: any, with interrupts off for as long as @b is used by who does not own what
 *	is mapped there: the driver may be wrong.
 * Return: the kind.
 */
static __always_inline enum xadma_mapping
xadma_mapping_find(struct xadma *xadma, phys_addr_t maddr, struct xadma_bounce *b)
{
	if (!xadma_pool_find(&xadma->pool, maddr, b))
		return XADMA_MAPPED_DIRECT;
	return unlikely(xadma_pool_is_alloc(b)) ? XADMA_MAPPED_ALLOC :
						  XADMA_MAPPED_BOUNCE;
}

struct xadma_lines __xadma_lines_of(struct xadma *xadma, phys_addr_t maddr,
				    phys_addr_t phys, size_t size);

/* The counter of what is done to them. */
static inline unsigned int xadma_lines_counter(const struct xadma_lines *lines)
{
	return lines->granted ? XADMA_N_CACHE_FOREIGN : XADMA_N_CACHE_LOCAL;
}

/**
 * xadma_lines_of - where the cache lines of what went direct are
 * @xadma: the instance
 * @maddr: machine address, bytes
 * @phys:  where an entry of a list says that the kernel sees it; or XADMA_PHYS_UNKNOWN
 * @size:  bytes, at least 1
 *
 * Context: any.
 * Return: the lines; without a virtual address where only Xen can maintain them.
 */
static __always_inline struct xadma_lines
xadma_lines_of(struct xadma *xadma, phys_addr_t maddr, phys_addr_t phys, size_t size)
{
	if (likely(!xadma->mfn_map && xadma_ram_has(&xadma->ram, maddr, size)))
		return (struct xadma_lines){
			.vaddr = phys_to_virt(maddr),
			.size = size,
		};
	return __xadma_lines_of(xadma, maddr, phys, size);
}

#endif /* _XADMA_MAPPING_H */

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
#include <linux/irqflags.h>
#include <linux/types.h>

#include "cache.h"
#include "instance.h"
#include "pool.h"

/**
 * xadma_mapping_bounced - is it a bounce buffer that is behind a device's address?
 * @xadma: the instance
 * @maddr: the machine address behind it
 * @b:     filled in when it is
 * @flags: for local_irq_restore()
 *
 * A place in the pool that nobody has counts as one. Memory that was allocated from
 * the pool does not: if it is unmapped or synced, it was shared with another device,
 * and went direct there.
 *
 * Context: any. When it is one, interrupts are off afterwards, and have to be for as long
 *	as @b is used by who does not own what is mapped there: the driver may be wrong,
 *	and no chunk goes away while they are.
 * Return: true when it is; false when what is mapped there went direct, if
 *	anything is.
 */
static __always_inline bool
xadma_mapping_bounced(struct xadma *xadma, phys_addr_t maddr, struct xadma_bounce *b,
		      unsigned long *flags)
{
	if (!xadma_pool_spans(&xadma->pool, maddr))
		return false;
	local_irq_save(*flags);
	if (likely(__xadma_pool_find(&xadma->pool, maddr, b) && !xadma_pool_is_alloc(b)))
		return true;
	local_irq_restore(*flags);
	return false;
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

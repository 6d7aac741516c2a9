// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rcupdate.h>

#include "mapping.h"

/*
 * Does the page that an entry of a list names lead to the same machine address? It may
 * be anything by now (CONFIG_DMABUF_DEBUG mangles it on purpose), so only numbers are
 * made of it, and nothing is touched that the kernel has not mapped.
 */
static bool leads_to(const struct xadma *xadma, phys_addr_t phys, size_t size,
		     phys_addr_t maddr)
{
	struct xadma_place place;

	if (phys == XADMA_PHYS_UNKNOWN || phys + size - 1 < phys)
		return false;
	place = xadma_p2m_lookup(xadma->mfn_map, phys, size);
	if (place.owner == XADMA_FOREIGN)
		return place.maddr == maddr;
	return place.owner == XADMA_OURS && place.maddr == maddr &&
	       xadma_ram_has(&xadma->ram, phys, size);
}

/* Coherent memory from the pool that was shared with another device. */
static void *vaddr_in_pool(struct xadma *xadma, phys_addr_t maddr)
{
	struct xadma_bounce b;
	void *vaddr = NULL;

	rcu_read_lock();
	if (xadma_pool_find(&xadma->pool, maddr, &b))
		vaddr = b.vaddr;
	rcu_read_unlock();
	return vaddr;
}

/* In a domain that is mapped 1:1: does a range begin or end in our own RAM? */
static bool is_partly_ours(const struct xadma *xadma, phys_addr_t maddr, size_t size)
{
	return !xadma->mfn_map && (xadma_ram_has(&xadma->ram, maddr, 1) ||
				   xadma_ram_has(&xadma->ram, maddr + size - 1, 1));
}

/* For xadma_lines_of(), when it is not our own RAM in a domain that is mapped 1:1. */
struct xadma_lines __xadma_lines_of(struct xadma *xadma, phys_addr_t maddr,
				    phys_addr_t phys, size_t size)
{
	struct xadma_lines lines = {
		.maddr = maddr,
		.size = size,
		.granted = true,
	};

	if (leads_to(xadma, phys, size, maddr))
		lines.vaddr = phys_to_virt(phys);
	else
		lines.vaddr = vaddr_in_pool(xadma, maddr);
	/* No mapping lies so: Xen is asked for what it refuses as a whole. */
	if (!lines.vaddr && is_partly_ours(xadma, maddr, size))
		lines.maddr = (phys_addr_t)-1;
	return lines;
}

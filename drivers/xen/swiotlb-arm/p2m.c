// SPDX-License-Identifier: GPL-2.0-only
#include <linux/memblock.h>

#include <xen/page.h>
#include <xen/swiotlb-arm-p2m.h>

#include "mfn-map.h"
#include "p2m.h"
#include "resolve.h"

static struct xadma_extent walk_known(const struct xadma_mfn_map *frames,
				      phys_addr_t phys, unsigned long pfn,
				      unsigned long last)
{
	unsigned long mfn = xadma_mfn_map_mfn(frames, pfn), next = mfn;
	struct xadma_extent extent = {
		.maddr = ((phys_addr_t)mfn << XEN_PAGE_SHIFT) +
			 xen_offset_in_page(phys),
	};

	while (pfn < last && next != XADMA_NO_MFN) {
		next = xadma_mfn_map_mfn(frames, ++pfn);
		extent.scattered |= next != ++mfn;
	}
	extent.unknown = next == XADMA_NO_MFN;
	return extent;
}

/* Nothing in it is foreign: all of it is where it is known to be. */
static struct xadma_extent walk_ours(const struct xadma_mfn_map *frames,
				     phys_addr_t phys, unsigned long first,
				     unsigned long last)
{
	if (frames)
		return walk_known(frames, phys, first, last);
	return (struct xadma_extent){ .maddr = phys };
}

/* One look-up tells for a single frame, which most of these are. */
static struct xadma_extent walk_near(const struct xadma_mfn_map *frames,
				     phys_addr_t phys, unsigned long pfn,
				     unsigned long last)
{
	unsigned long mfn, nr = last - pfn + 1;
	unsigned long run = xadma_p2m_run(pfn, nr, &mfn);

	if (run)
		return (struct xadma_extent){
			.maddr = ((phys_addr_t)mfn << XEN_PAGE_SHIFT) +
				 xen_offset_in_page(phys),
			.foreign = true,
			.scattered = run < nr,
		};
	/* Begins with a page of ours, and is not all of one kind. */
	if (nr > 1 && xadma_p2m_any_foreign(pfn + 1, last))
		return (struct xadma_extent){ .maddr = phys, .scattered = true };
	return walk_ours(frames, phys, pfn, last);
}

/* For xadma_p2m_walk(), where it is not plain to see. */
struct xadma_extent __xadma_p2m_walk(const struct xadma_mfn_map *frames,
				     phys_addr_t phys, size_t size)
{
	unsigned long first = XEN_PFN_DOWN(phys);
	unsigned long last = XEN_PFN_DOWN(phys + size - 1);

	if (xadma_p2m_near_foreign(first, last))
		return walk_near(frames, phys, first, last);
	return walk_ours(frames, phys, first, last);
}

/**
 * xadma_p2m_is_ours - is this machine address RAM of our own?
 * @maddr: machine address, bytes
 *
 * Only for a domain that is mapped 1:1, where our RAM is where the memory map
 * says. pfn_valid() would not do: the scratch frames that foreign pages are
 * mapped at have struct pages too, and they lie in the extended regions, which
 * Xen takes from any address that this domain does not use: another domain's
 * RAM may be behind the same number (devicetree/bindings/arm/xen.txt).
 *
 * Context: any, no lock.
 * Return: true when it is.
 */
bool xadma_p2m_is_ours(phys_addr_t maddr)
{
	return memblock_is_map_memory(maddr);
}

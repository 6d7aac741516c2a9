// SPDX-License-Identifier: GPL-2.0-only
#include <linux/memblock.h>

#include <xen/page.h>
#include <xen/swiotlb-arm-p2m.h>

#include "frames.h"
#include "p2m.h"
#include "translate.h"

/* Nothing in it is foreign: all of it is where it is known to be. */
static struct swarm_extent walk_local(const struct swarm_frames *frames,
				      phys_addr_t phys, unsigned long pfn,
				      unsigned long last)
{
	unsigned long mfn = swarm_frames_mfn(frames, pfn), next = mfn;
	struct swarm_extent extent = {
		.maddr = ((phys_addr_t)mfn << XEN_PAGE_SHIFT) +
			 xen_offset_in_page(phys),
	};

	while (pfn < last && next != SWARM_NO_MFN) {
		next = swarm_frames_mfn(frames, ++pfn);
		extent.scattered |= next != ++mfn;
	}
	extent.unknown = next == SWARM_NO_MFN;
	return extent;
}

static struct swarm_extent walk_foreign(phys_addr_t phys, unsigned long pfn,
					unsigned long last)
{
	unsigned long mfn, nr = last - pfn + 1;
	unsigned long run = swarm_p2m_run(pfn, nr, &mfn);

	/* Begins with a page of ours, so it is not all of one kind. */
	if (!run)
		return (struct swarm_extent){ .maddr = phys, .scattered = true };
	return (struct swarm_extent){
		.maddr = ((phys_addr_t)mfn << XEN_PAGE_SHIFT) +
			 xen_offset_in_page(phys),
		.foreign = true,
		.scattered = run < nr,
	};
}

/**
 * swarm_p2m_walk - find out where a buffer is
 * @frames: what is known of our own frames; NULL in a domain that is mapped 1:1
 * @phys:   guest physical address, bytes
 * @size:   bytes, at least 1
 *
 * Context: any, no lock.
 * Return: where the buffer is.
 */
struct swarm_extent swarm_p2m_walk(const struct swarm_frames *frames,
				   phys_addr_t phys, size_t size)
{
	unsigned long first = XEN_PFN_DOWN(phys);
	unsigned long last = XEN_PFN_DOWN(phys + size - 1);

	if (unlikely(swarm_p2m_any_foreign(first, last)))
		return walk_foreign(phys, first, last);
	if (frames)
		return walk_local(frames, phys, first, last);
	return (struct swarm_extent){ .maddr = phys };
}

/**
 * swarm_p2m_is_ours - is this machine address RAM of our own?
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
bool swarm_p2m_is_ours(phys_addr_t maddr)
{
	return memblock_is_map_memory(maddr);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/memblock.h>

#include <xen/page.h>

#include "p2m.h"

/**
 * swarm_p2m_any_foreign - is any foreign frame mapped anywhere?
 *
 * Context: any, no lock.
 * Return: false when every frame is its own machine frame. A grant that is
 *	being mapped on another CPU need not be seen: nobody can have handed us
 *	its page yet.
 */
bool swarm_p2m_any_foreign(void)
{
	return READ_ONCE(phys_to_mach.rb_node);
}

/**
 * swarm_p2m_walk - translate a buffer frame by frame
 * @phys: guest physical address, bytes
 * @size: bytes, at least 1
 *
 * Context: any. Takes the kernel's p2m lock for each 4 KiB frame.
 * Return: where the buffer is.
 */
struct swarm_extent swarm_p2m_walk(phys_addr_t phys, size_t size)
{
	unsigned long pfn = XEN_PFN_DOWN(phys);
	unsigned long last = XEN_PFN_DOWN(phys + size - 1);
	unsigned long mfn = pfn_to_bfn(pfn);
	struct swarm_extent extent = {
		.maddr = ((phys_addr_t)mfn << XEN_PAGE_SHIFT) +
			 xen_offset_in_page(phys),
		.foreign = mfn != pfn,
	};

	while (pfn < last && !extent.scattered)
		extent.scattered = pfn_to_bfn(++pfn) != ++mfn;

	return extent;
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

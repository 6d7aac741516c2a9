// SPDX-License-Identifier: GPL-2.0-only
#include <linux/memblock.h>

#include <xen/page.h>

#include "frames.h"
#include "p2m.h"
#include "translate.h"

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

struct place {
	unsigned long mfn;
	bool foreign;
};

static struct place look_up(const struct swarm_frames *frames,
			    unsigned long pfn)
{
	unsigned long mfn = swarm_p2m_any_foreign() ? __pfn_to_mfn(pfn) :
						      INVALID_P2M_ENTRY;

	if (mfn != INVALID_P2M_ENTRY)
		return (struct place){ .mfn = mfn, .foreign = true };
	return (struct place){
		.mfn = frames ? swarm_frames_mfn(frames, pfn) : pfn,
	};
}

/**
 * swarm_p2m_walk - translate a buffer frame by frame
 * @frames: what is known of our own frames; NULL in a domain that is mapped 1:1
 * @phys:   guest physical address, bytes
 * @size:   bytes, at least 1
 *
 * Context: any. Takes the kernel's p2m lock for each 4 KiB frame if anything is
 *	foreign anywhere.
 * Return: where the buffer is.
 */
struct swarm_extent swarm_p2m_walk(const struct swarm_frames *frames,
				   phys_addr_t phys, size_t size)
{
	unsigned long pfn = XEN_PFN_DOWN(phys);
	unsigned long last = XEN_PFN_DOWN(phys + size - 1);
	struct place first = look_up(frames, pfn), next = first;
	struct swarm_extent extent = {
		.maddr = ((phys_addr_t)first.mfn << XEN_PAGE_SHIFT) +
			 xen_offset_in_page(phys),
		.foreign = first.foreign,
		.unknown = first.mfn == SWARM_NO_MFN,
	};
	unsigned long mfn = first.mfn;

	while (pfn < last && !extent.unknown) {
		next = look_up(frames, ++pfn);
		extent.unknown = next.mfn == SWARM_NO_MFN;
		extent.scattered |= next.mfn != ++mfn ||
				    next.foreign != first.foreign;
	}
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

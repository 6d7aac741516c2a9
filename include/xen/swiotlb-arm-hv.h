/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between swiotlb-arm and the machine: what is asked of Xen, and the
 * requests made to the CPU's caches.
 *
 * Below the seam (arch/arm64/xen/swiotlb-arm.c) there is nothing but argument
 * marshalling. Every loop, split, retry and fallback is above it, where KUnit
 * can put a strict fake in its place. The answers travel as a pointer carried
 * by the instance; only slow paths and the caches of non-coherent devices go
 * through it.
 */
#ifndef _XEN_SWIOTLB_ARM_HV_H
#define _XEN_SWIOTLB_ARM_HV_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct gnttab_cache_flush;
struct gnttab_map_grant_ref;
struct gnttab_unmap_grant_ref;
struct page;

/**
 * enum xadma_domain - how this kernel's memory relates to the machine's
 * @XADMA_DOMAIN_NATIVE:     no Xen below
 * @XADMA_DOMAIN_IDENTITY:   guest frame n is machine frame n (1:1)
 * @XADMA_DOMAIN_TRANSLATED: guest frames are anywhere in the machine
 */
enum xadma_domain {
	XADMA_DOMAIN_NATIVE,
	XADMA_DOMAIN_IDENTITY,
	XADMA_DOMAIN_TRANSLATED,
};

/**
 * struct xadma_hv - answers of the hypervisor and the machine
 * @domain: which kind of domain this is. Any context.
 *
 *	Xen says so by XENFEAT_direct_mapped and XENFEAT_not_direct_mapped
 *	(public/features.h). A Xen that predates both features maps its
 *	hardware domain 1:1, and no other.
 *
 * @last_byte: the highest machine address of any RAM in the machine, be it
 *	ours or another domain's; 0 when Xen does not tell. Any context.
 *
 *	XENMEM_maximum_ram_page (public/memory.h).
 *
 * @flush: cache maintenance on @nr machine ranges, none of which may cross a
 *	4 KiB frame. Any context. 0, also for ranges of length 0; or a negative
 *	errno of the first range that was refused, and then what comes after
 *	it has not been done.
 *
 *	GNTTABOP_cache_flush (public/grant_table.h): -EINVAL for a range that
 *	leaves its frame, for unknown operations and for a frame that is no
 *	RAM; -EPERM or -EINVAL for a frame that is neither ours nor granted to
 *	us; -ENOSYS from a Xen without the call.
 *
 * @clean: write back the lines of memory at @vaddr (@size bytes), so
 *	that a device which does not snoop can read or overwrite it. Any context.
 * @clean_inval: write back and drop the lines of memory at @vaddr (@size bytes),
 *	which may be mapped for reading only. Does nothing for DMA_TO_DEVICE. Any
 *	context.
 * @inval: drop the lines of our own memory at @vaddr (@size bytes), so that
 *	the CPU reads what a device wrote. Does nothing for DMA_TO_DEVICE. Any
 *	context.
 *
 * What follows serves domains that are not mapped 1:1. All of it may sleep.
 *
 * @hardware: this domain is the hardware domain, to which Xen maps MMIO 1:1
 *	even when its memory is not.
 *
 * @iommu: does Xen use an IOMMU? 1, 0, or a negative errno where it does not tell;
 *	it tells the hardware domain alone.
 *
 *	XEN_SYSCTL_physinfo, XEN_SYSCTL_PHYSCAP_directio (public/sysctl.h). The
 *	version of that interface has to match; -EACCES from a Xen with another one.
 *
 * @domid: the id of this domain, or a negative errno.
 *
 *	An event channel that is not bound tells it (EVTCHNOP_status,
 *	public/event_channel.h): DOMID_SELF is not taken in a map call.
 *
 * @unpopulated_get: fill in @nr pages of guest address space without memory behind
 *	them. 0, or a negative errno with nothing held.
 * @unpopulated_put: give them back; nothing is mapped there.
 *
 * @grant: let domain @id read a frame of ours. The grant reference, or a
 *	negative errno when the grant table is full.
 * @ungrant: end that. 0, or -EBUSY while it is mapped.
 *
 * @map: map granted frames at guest addresses; each entry has a status of its
 *	own, which this call leaves alone where it did not come.
 * @unmap: undo that.
 *
 *	GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref
 *	(public/grant_table.h).
 *
 * @decrease: give the memory behind single frames to Xen. How many of them,
 *	from the first one on, have none any more; or a negative errno when all
 *	still have.
 *
 *	XENMEM_decrease_reservation (public/memory.h).
 *
 * @populate: put memory behind @nr times 1 << @order frames, each extent
 *	contiguous in the machine, below 1 << @bits bytes; 0 bits for anywhere.
 *	How many extents, from the first one on, have memory now; or a negative
 *	errno when none has. Overwrites @pfns.
 *
 *	XENMEM_populate_physmap (public/memory.h). Xen limits the order
 *	(memop-max-order=); a coloured domain gets order 0 only.
 *
 * @exchange: give the memory behind 1 << @order single frames to Xen for other
 *	that is contiguous and below 1 << @bits bytes. How many frames, from the
 *	first one on, have the new memory; the others have the old.
 *
 *	XENMEM_exchange (public/memory.h). Xen on Arm refuses it.
 */
struct xadma_hv {
	enum xadma_domain (*domain)(void);
	phys_addr_t (*last_byte)(void);
	int (*flush)(struct gnttab_cache_flush *ops, unsigned int nr);
	void (*clean)(const void *vaddr, size_t size,
		      enum dma_data_direction dir);
	void (*clean_inval)(const void *vaddr, size_t size,
			    enum dma_data_direction dir);
	void (*inval)(const void *vaddr, size_t size,
		      enum dma_data_direction dir);
	bool (*hardware)(void);
	int (*iommu)(void);
	int (*domid)(void);
	int (*unpopulated_get)(struct page **pages, unsigned int nr);
	void (*unpopulated_put)(struct page **pages, unsigned int nr);
	int (*grant)(int id, unsigned long pfn);
	int (*ungrant)(int ref);
	int (*map)(struct gnttab_map_grant_ref *ops, unsigned int nr);
	int (*unmap)(struct gnttab_unmap_grant_ref *ops, unsigned int nr);
	int (*decrease)(unsigned long *pfns, unsigned int nr);
	int (*populate)(unsigned long *pfns, unsigned int nr,
			unsigned int order, unsigned int bits);
	unsigned int (*exchange)(unsigned long *pfns, unsigned int order,
				 unsigned int bits);
};

extern const struct xadma_hv xadma_hv_xen;

#endif /* _XEN_SWIOTLB_ARM_HV_H */

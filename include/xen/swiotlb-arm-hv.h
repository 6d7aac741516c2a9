/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between swiotlb-arm and the machine: the few questions that are
 * asked of Xen, and the two requests made to the CPU's caches.
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

/**
 * enum swarm_domain - how this kernel's memory relates to the machine's
 * @SWARM_DOMAIN_NATIVE:     no Xen below
 * @SWARM_DOMAIN_IDENTITY:   guest frame n is machine frame n (1:1)
 * @SWARM_DOMAIN_TRANSLATED: guest frames are anywhere in the machine
 */
enum swarm_domain {
	SWARM_DOMAIN_NATIVE,
	SWARM_DOMAIN_IDENTITY,
	SWARM_DOMAIN_TRANSLATED,
};

/**
 * struct swarm_hv - answers of the hypervisor and the machine
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
 * @clean: write back the lines of our own RAM at @phys (bytes), so that a
 *	device which does not snoop can read or overwrite it. Any context.
 * @inval: drop the lines of our own RAM at @phys (bytes), so that the CPU
 *	reads what a device wrote. Does nothing for DMA_TO_DEVICE. Any context.
 */
struct swarm_hv {
	enum swarm_domain (*domain)(void);
	phys_addr_t (*last_byte)(void);
	int (*flush)(struct gnttab_cache_flush *ops, unsigned int nr);
	void (*clean)(phys_addr_t phys, size_t size,
		      enum dma_data_direction dir);
	void (*inval)(phys_addr_t phys, size_t size,
		      enum dma_data_direction dir);
};

extern const struct swarm_hv swarm_hv_xen;

#endif /* _XEN_SWIOTLB_ARM_HV_H */

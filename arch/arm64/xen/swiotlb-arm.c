// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seam answered by real Xen and a real arm64 CPU. Marshalling only.
 */
#include <linux/dma-map-ops.h>

#include <xen/features.h>
#include <xen/interface/grant_table.h>
#include <xen/interface/memory.h>
#include <xen/page.h>
#include <xen/swiotlb-arm-hv.h>
#include <xen/xen.h>

#include <asm/xen/hypercall.h>

static enum swarm_domain xen_domain_kind(void)
{
	if (!xen_domain())
		return SWARM_DOMAIN_NATIVE;
	if (xen_feature(XENFEAT_direct_mapped))
		return SWARM_DOMAIN_IDENTITY;
	if (!xen_feature(XENFEAT_not_direct_mapped) && xen_initial_domain())
		return SWARM_DOMAIN_IDENTITY;
	return SWARM_DOMAIN_TRANSLATED;
}

static phys_addr_t xen_last_byte(void)
{
	long max_mfn = HYPERVISOR_memory_op(XENMEM_maximum_ram_page, NULL);

	/* Xen answers with the first frame past the end of RAM. */
	return max_mfn > 0 ? ((phys_addr_t)max_mfn << XEN_PAGE_SHIFT) - 1 : 0;
}

static int xen_flush(struct gnttab_cache_flush *ops, unsigned int nr)
{
	return HYPERVISOR_grant_table_op(GNTTABOP_cache_flush, ops, nr);
}

const struct swarm_hv swarm_hv_xen = {
	.domain		= xen_domain_kind,
	.last_byte	= xen_last_byte,
	.flush		= xen_flush,
	.clean		= arch_sync_dma_for_device,
	.inval		= arch_sync_dma_for_cpu,
};

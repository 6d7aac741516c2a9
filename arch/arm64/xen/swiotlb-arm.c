// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seam answered by real Xen and a real arm64 CPU. Marshalling only.
 */
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/dma-direction.h>
#include <linux/errno.h>
#include <linux/mm.h>

#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/interface/event_channel.h>
#include <xen/interface/grant_table.h>
#include <xen/interface/memory.h>
#include <xen/mem-reservation.h>
#include <xen/page.h>
#include <xen/swiotlb-arm-hv.h>
#include <xen/xen.h>

#include <asm/cacheflush.h>
#include <asm/xen/hypercall.h>

static enum xadma_domain xen_domain_kind(void)
{
	if (!xen_domain())
		return XADMA_DOMAIN_NATIVE;
	if (xen_feature(XENFEAT_direct_mapped))
		return XADMA_DOMAIN_IDENTITY;
	if (!xen_feature(XENFEAT_not_direct_mapped) && xen_initial_domain())
		return XADMA_DOMAIN_IDENTITY;
	return XADMA_DOMAIN_TRANSLATED;
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

static void cpu_clean(const void *vaddr, size_t size,
		      enum dma_data_direction dir)
{
	dcache_clean_poc((unsigned long)vaddr, (unsigned long)vaddr + size);
}

static void cpu_clean_inval(const void *vaddr, size_t size,
			    enum dma_data_direction dir)
{
	if (dir != DMA_TO_DEVICE)
		dcache_clean_inval_poc((unsigned long)vaddr,
				       (unsigned long)vaddr + size);
}

static void cpu_inval(const void *vaddr, size_t size,
		      enum dma_data_direction dir)
{
	if (dir != DMA_TO_DEVICE)
		dcache_inval_poc((unsigned long)vaddr,
				 (unsigned long)vaddr + size);
}

static bool xen_hardware(void)
{
	return xen_initial_domain();
}

/*
 * The beginning of struct xen_sysctl with struct xen_sysctl_physinfo in it: the call
 * takes and returns 128 bytes of arguments. No header of this kernel has them.
 */
struct sysctl_physinfo {
	u32 cmd;
	u32 interface_version;
	union {
		struct {
			u32 threads_per_core, cores_per_socket, nr_cpus, max_cpu_id;
			u32 nr_nodes, max_node_id, cpu_khz, capabilities;
		};
		u64 pad[16];
	};
};

#define XEN_SYSCTL_physinfo		3
#define XEN_SYSCTL_PHYSCAP_directio	BIT(2)

/* 0x15: Xen 4.17 to 4.20. 0x16: Xen 4.21 and newer, as far as these were read. */
static int xen_iommu(void)
{
	static const u32 versions[] = { 0x15, 0x16 };
	int err = -EACCES;
	unsigned int i;

	for (i = 0; err == -EACCES && i < ARRAY_SIZE(versions); i++) {
		struct sysctl_physinfo op = {
			.cmd = XEN_SYSCTL_physinfo,
			.interface_version = versions[i],
		};

		err = privcmd_call(__HYPERVISOR_sysctl, (unsigned long)&op, 0, 0, 0, 0);
		if (!err)
			return !!(op.capabilities & XEN_SYSCTL_PHYSCAP_directio);
	}
	return err;
}

static int xen_domid(void)
{
	struct evtchn_alloc_unbound alloc = {
		.dom = DOMID_SELF,
		.remote_dom = DOMID_SELF,
	};
	struct evtchn_status status = { .dom = DOMID_SELF };
	struct evtchn_close close;
	int err;

	err = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);
	if (err)
		return err;
	status.port = alloc.port;
	err = HYPERVISOR_event_channel_op(EVTCHNOP_status, &status);
	close.port = alloc.port;
	HYPERVISOR_event_channel_op(EVTCHNOP_close, &close);
	if (err)
		return err;
	return status.status == EVTCHNSTAT_unbound ? status.u.unbound.dom :
						     -EPROTO;
}

static int xen_unpopulated_get(struct page **pages, unsigned int nr)
{
	return gnttab_alloc_pages(nr, pages);
}

static void xen_unpopulated_put(struct page **pages, unsigned int nr)
{
	gnttab_free_pages(nr, pages);
}

static int xen_grant(int id, unsigned long pfn)
{
	return gnttab_grant_foreign_access(id, pfn, true);
}

static int xen_ungrant(int ref)
{
	return gnttab_try_end_foreign_access(ref) ? 0 : -EBUSY;
}

static int xen_map(struct gnttab_map_grant_ref *ops, unsigned int nr)
{
	return HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, ops, nr);
}

static int xen_unmap(struct gnttab_unmap_grant_ref *ops, unsigned int nr)
{
	return HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, ops, nr);
}

static int xen_decrease(unsigned long *pfns, unsigned int nr)
{
	return xenmem_reservation_decrease(nr, (xen_pfn_t *)pfns);
}

static int xen_populate(unsigned long *pfns, unsigned int nr,
			unsigned int order, unsigned int bits)
{
	struct xen_memory_reservation extents = {
		.nr_extents = nr,
		.extent_order = order,
		.address_bits = bits,
		.domid = DOMID_SELF,
	};

	set_xen_guest_handle(extents.extent_start, (xen_pfn_t *)pfns);
	return HYPERVISOR_memory_op(XENMEM_populate_physmap, &extents);
}

static unsigned int xen_exchange(unsigned long *pfns, unsigned int order,
				 unsigned int bits)
{
	xen_pfn_t first = pfns[0];
	struct xen_memory_exchange exchange = {
		.in = {
			.nr_extents = 1UL << order,
			.domid = DOMID_SELF,
		},
		.out = {
			.nr_extents = 1,
			.extent_order = order,
			.address_bits = bits,
			.domid = DOMID_SELF,
		},
	};

	set_xen_guest_handle(exchange.in.extent_start, (xen_pfn_t *)pfns);
	set_xen_guest_handle(exchange.out.extent_start, &first);
	HYPERVISOR_memory_op(XENMEM_exchange, &exchange);
	return exchange.nr_exchanged;
}

const struct xadma_hv xadma_hv_xen = {
	.domain		= xen_domain_kind,
	.last_byte	= xen_last_byte,
	.flush		= xen_flush,
	.clean		= cpu_clean,
	.clean_inval	= cpu_clean_inval,
	.inval		= cpu_inval,
	.hardware	= xen_hardware,
	.iommu		= xen_iommu,
	.domid		= xen_domid,
	.unpopulated_get	= xen_unpopulated_get,
	.unpopulated_put	= xen_unpopulated_put,
	.grant		= xen_grant,
	.ungrant	= xen_ungrant,
	.map		= xen_map,
	.unmap		= xen_unmap,
	.decrease	= xen_decrease,
	.populate	= xen_populate,
	.exchange	= xen_exchange,
};

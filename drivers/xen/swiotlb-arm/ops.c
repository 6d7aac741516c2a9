// SPDX-License-Identifier: GPL-2.0-only
/*
 * The struct dma_map_ops, and all that depends on what this kernel's has (6.12): the
 * rest is written to the newest one. Other kernels differ here: 6.1 names .alloc_pages
 * what is .alloc_pages_op now, and has no use_dma_iommu(); 7.x replaces map_page and
 * map_resource by map_phys with DMA_ATTR_MMIO, and unmap_page by unmap_phys.
 */
#include <linux/dma-map-ops.h>
#include <linux/iommu-dma.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include "alloc.h"
#include "limits.h"
#include "map.h"
#include "ops.h"
#include "sync.h"

static int ops_get_sgtable(struct device *dev, struct sg_table *sgt,
			   void *cookie, dma_addr_t dma, size_t size,
			   unsigned long attrs)
{
	return xadma_get_sgtable(dev, sgt, dma, size);
}

static dma_addr_t ops_map_page(struct device *dev, struct page *page,
			       unsigned long offset, size_t size,
			       enum dma_data_direction dir,
			       unsigned long attrs)
{
	return xadma_map(dev, page_to_phys(page) + offset, size,
			 dir, attrs);
}

static void ops_unmap_page(struct device *dev, dma_addr_t dma, size_t size,
			   enum dma_data_direction dir, unsigned long attrs)
{
	xadma_unmap(dev, dma, size, dir, attrs);
}

static dma_addr_t ops_map_resource(struct device *dev, phys_addr_t phys,
				   size_t size, enum dma_data_direction dir,
				   unsigned long attrs)
{
	return xadma_map_mmio(dev, phys, size);
}

/*
 * No opt_mapping_size: it is not asked about a device, and without it the core
 * answers with the device's max_mapping_size.
 */
static const struct dma_map_ops xadma_dma_ops = {
	.alloc			= xadma_alloc,
	.free			= xadma_free,
	.alloc_pages_op		= xadma_alloc_pages,
	.free_pages		= xadma_free_pages,
	.mmap			= xadma_mmap,
	.get_sgtable		= ops_get_sgtable,
	.map_page		= ops_map_page,
	.unmap_page		= ops_unmap_page,
	.map_sg			= xadma_map_sg,
	.unmap_sg		= xadma_unmap_sg,
	.map_resource		= ops_map_resource,
	.sync_single_for_cpu	= xadma_sync_for_cpu,
	.sync_single_for_device	= xadma_sync_for_device,
	.sync_sg_for_cpu	= xadma_sync_sg_for_cpu,
	.sync_sg_for_device	= xadma_sync_sg_for_device,
	.dma_supported		= xadma_supported,
	.get_required_mask	= xadma_required_mask,
	.max_mapping_size	= xadma_max_mapping_size,
};

/**
 * xadma_ops_mine - does this device do its DMA through us?
 * @dev: the device
 *
 * Context: any.
 * Return: true when it does.
 */
bool xadma_ops_mine(const struct device *dev)
{
	return dev->dma_ops == &xadma_dma_ops;
}

/**
 * xadma_ops_free_to_take - may we do this device's DMA?
 * @dev: the device
 *
 * An IOMMU translates for the devices behind it, and virtio over grants has
 * ops of its own.
 *
 * Context: any.
 * Return: false when an IOMMU driver or other ops do.
 */
bool xadma_ops_free_to_take(struct device *dev)
{
	return !use_dma_iommu(dev) && (!dev->dma_ops || xadma_ops_mine(dev));
}

/**
 * xadma_ops_install - do a device's DMA from now on
 * @dev: the device, which has a record
 *
 * Context: any; the caller serialises what happens to a device.
 */
void xadma_ops_install(struct device *dev)
{
	set_dma_ops(dev, &xadma_dma_ops);
}

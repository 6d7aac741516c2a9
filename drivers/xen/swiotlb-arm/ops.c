// SPDX-License-Identifier: GPL-2.0-only
/*
 * The struct dma_map_ops, and all that depends on what this kernel's has: the rest is
 * written to the newest one. What differs, and is probed as in compat.h:
 *
 * - map_phys and unmap_phys (7.x) are map_page, unmap_page and map_resource of older
 *   kernels in one, and come with attributes of which some have to be obeyed;
 * - 6.1 names .alloc_pages what is .alloc_pages_op now;
 * - 6.1 has no use_dma_iommu(): there a device behind an IOMMU has that one's ops.
 */
#include <linux/dma-map-ops.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/swiotlb.h>

#ifdef XADMA_HAVE_DMA_IOMMU
#include <linux/iommu-dma.h>
#endif

#include "alloc.h"
#include "claim.h"
#include "compat.h"
#include "device.h"
#include "limits.h"
#include "map.h"
#include "ops.h"
#include "report.h"
#include "sync.h"

/* Either mask may be asked about, and only the one that is meant may change. */
static int others_supported(struct device *dev, u64 mask)
{
	u64 coherent_mask = dev->coherent_dma_mask;
	int err = dma_set_coherent_mask(dev, mask);

	dev->coherent_dma_mask = coherent_mask;
	return !err;
}

/* A driver may confine its device by itself, before it sets the mask. */
static int ops_supported(struct device *dev, u64 mask)
{
	if (xadma_ops_yield(dev))
		return others_supported(dev, mask);
	return xadma_supported(dev, mask);
}

static int ops_get_sgtable(struct device *dev, struct sg_table *sgt,
			   void *cookie, dma_addr_t dma, size_t size,
			   unsigned long attrs)
{
	return xadma_get_sgtable(dev, sgt, dma, size);
}

#ifdef XADMA_HAVE_MAP_PHYS
/* What a mapping of registers, and one of memory, may ask for. */
#define ATTRS_MMIO	(XADMA_ATTRS_PLAIN | XADMA_ATTR_MMIO | XADMA_ATTR_REQUIRE_COHERENT)
#define ATTRS_MEMORY	(XADMA_ATTRS_PLAIN | XADMA_ATTR_REQUIRE_COHERENT)

static void *ops_alloc(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp,
		       unsigned long attrs)
{
	if (unlikely(attrs & ~ATTRS_MEMORY)) {
		xadma_refuse_attrs(dev, "allocation", size, attrs & ~ATTRS_MEMORY);
		return NULL;
	}
	return xadma_alloc(dev, size, dma, gfp, attrs);
}

static noinline dma_addr_t map_unusual(struct device *dev, phys_addr_t phys, size_t size,
				       enum dma_data_direction dir, unsigned long attrs)
{
	if (attrs & ~ATTRS_MMIO)
		return xadma_refuse_attrs(dev, "mapping", size, attrs & ~ATTRS_MMIO);
	if (attrs & XADMA_ATTR_MMIO)
		return xadma_map_mmio(dev, phys, size);
	return xadma_map(dev, phys, size, dir, attrs);
}

static dma_addr_t ops_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			       enum dma_data_direction dir, unsigned long attrs)
{
	if (unlikely(attrs & ~XADMA_ATTRS_PLAIN))
		return map_unusual(dev, phys, size, dir, attrs);
	return xadma_map(dev, phys, size, dir, attrs);
}

/* Of registers nothing was kept: no lines, and nothing of the pool. */
static void ops_unmap_phys(struct device *dev, dma_addr_t dma, size_t size,
			   enum dma_data_direction dir, unsigned long attrs)
{
	if (unlikely(attrs & XADMA_ATTR_MMIO))
		return;
	xadma_unmap(dev, dma, size, dir, attrs);
}

static int map_mmio_sg(struct device *dev, struct scatterlist *sgl, int nents)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		dma_addr_t dma = xadma_map_mmio(dev, sg_phys(sg), sg->length);

		if (dma == DMA_MAPPING_ERROR)
			return -EIO;
		sg_dma_address(sg) = dma;
		sg_dma_len(sg) = sg->length;
	}
	return nents;
}

static int ops_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		      enum dma_data_direction dir, unsigned long attrs)
{
	if (unlikely(attrs & ~ATTRS_MMIO)) {
		xadma_refuse_attrs(dev, "list", sgl->length, attrs & ~ATTRS_MMIO);
		return -EINVAL;
	}
	if (unlikely(attrs & XADMA_ATTR_MMIO))
		return map_mmio_sg(dev, sgl, nents);
	return xadma_map_sg(dev, sgl, nents, dir, attrs);
}

static void ops_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
			 enum dma_data_direction dir, unsigned long attrs)
{
	if (unlikely(attrs & XADMA_ATTR_MMIO))
		return;
	xadma_unmap_sg(dev, sgl, nents, dir, attrs);
}
#else
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
#endif

/*
 * No opt_mapping_size: it is not asked about a device, and without it the core
 * answers with the device's max_mapping_size.
 */
static const struct dma_map_ops xadma_dma_ops = {
#ifdef XADMA_HAVE_MAP_PHYS
	.alloc			= ops_alloc,
	.map_phys		= ops_map_phys,
	.unmap_phys		= ops_unmap_phys,
	.map_sg			= ops_map_sg,
	.unmap_sg		= ops_unmap_sg,
#else
	.alloc			= xadma_alloc,
	.map_page		= ops_map_page,
	.unmap_page		= ops_unmap_page,
	.map_resource		= ops_map_resource,
	.map_sg			= xadma_map_sg,
	.unmap_sg		= xadma_unmap_sg,
#endif
#ifdef XADMA_HAVE_ALLOC_PAGES_OP
	.alloc_pages_op		= xadma_alloc_pages,
#else
	.alloc_pages		= xadma_alloc_pages,
#endif
	.free			= xadma_free,
	.free_pages		= xadma_free_pages,
	.mmap			= xadma_mmap,
	.get_sgtable		= ops_get_sgtable,
	.sync_single_for_cpu	= xadma_sync_for_cpu,
	.sync_single_for_device	= xadma_sync_for_device,
	.sync_sg_for_cpu	= xadma_sync_sg_for_cpu,
	.sync_sg_for_device	= xadma_sync_sg_for_device,
	.dma_supported		= ops_supported,
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
 * xadma_ops_others - has a device ops that are not ours?
 * @dev: the device
 *
 * Virtio over grants has some, and drivers that emulate a device's DMA.
 *
 * Context: any.
 * Return: true when it has; false when it has ours or none.
 */
bool xadma_ops_others(const struct device *dev)
{
	return dev->dma_ops && !xadma_ops_mine(dev);
}

/**
 * xadma_ops_iommu - does an IOMMU driver of this kernel translate for a device?
 * @dev: the device
 *
 * Context: any.
 * Return: true when it does.
 */
bool xadma_ops_iommu(struct device *dev)
{
#ifdef XADMA_HAVE_DMA_IOMMU
	return use_dma_iommu(dev);
#else
	return false;
#endif
}

/**
 * xadma_ops_confined - has the core confined a device to a restricted pool?
 * @dev: the device
 *
 * Whatever the firmware said, and where: the pool was made and all DMA of the device
 * has to stay in it.
 *
 * Context: any.
 * Return: true when it has.
 */
bool xadma_ops_confined(struct device *dev)
{
	return is_swiotlb_for_alloc(dev);
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

/**
 * xadma_ops_yield - leave a device to the kernel's own DMA if it has been confined
 * @dev: the device
 *
 * The core does so after it has asked for the device's ops, and before the driver is
 * told of the device.
 *
 * Context: may sleep; before its driver maps anything.
 * Return: true when the device was ours and is not any more.
 */
bool xadma_ops_yield(struct device *dev)
{
	if (!xadma_ops_mine(dev) || !xadma_ops_confined(dev))
		return false;
	set_dma_ops(dev, NULL);
	xadma_dev_detach(dev);
	xadma_claim_say(dev, XADMA_LEAVE_CONFINED);
	return true;
}

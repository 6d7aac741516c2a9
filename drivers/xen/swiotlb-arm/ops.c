// SPDX-License-Identifier: GPL-2.0-only
/*
 * The struct dma_map_ops, and all that depends on what this kernel's has: the rest is
 * written to the newest one. What differs, and is probed as in compat.h:
 *
 * - map_phys and unmap_phys (7.x) are map_page, unmap_page and map_resource of older
 *   kernels in one, and come with attributes of which some have to be obeyed;
 * - 6.1 names .alloc_pages what is .alloc_pages_op now;
 * - 6.1 has no use_dma_iommu(): there a device behind an IOMMU has that one's ops.
 *
 * There are two tables of ops, and every device of ours has one or the other. The second
 * takes the time of each map, unmap and sync, and notes the longest. It costs nothing
 * while it is not in use: the first does not know of it. Both do the same with a buffer,
 * so what was mapped by one may be unmapped by the other, and a device is switched by
 * one store while it is at work.
 */
#include <linux/dma-map-ops.h>
#include <linux/mm.h>
#include <linux/sched/clock.h>
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

#define ops_alloc	xadma_alloc
#define ops_map_sg	xadma_map_sg
#define ops_unmap_sg	xadma_unmap_sg
#endif

/* ---- the same, and the time is taken ---- */

bool xadma_ops_timed __read_mostly;

static int follow_switch(struct device *dev, void *unused);

/*
 * The time is that which passes for the caller: interrupts, and what Xen did with this
 * CPU meanwhile, are in it.
 *
 * sched_clock() may be called anywhere, and takes no lock. On Arm it counts the same
 * counter on all CPUs, as the caller may be moved to another one; nobody adjusts it, and
 * the user cannot put a slow device in its place, as with the clocks of timekeeping.
 *
 * A device that got its ops from another one, while time was taken, is not found when it
 * is over: it has its calls noted no more, and is switched by the first of them.
 */
static void note(struct device *dev, enum xadma_call call, u64 since)
{
	s64 took = sched_clock() - since;

	if (likely(READ_ONCE(xadma_ops_timed)))
		xadma_dev_took(xadma_dev(dev), call, took);
	else
		follow_switch(dev, NULL);
}

#ifdef XADMA_HAVE_MAP_PHYS
static dma_addr_t ops_map_phys_timed(struct device *dev, phys_addr_t phys, size_t size,
				     enum dma_data_direction dir, unsigned long attrs)
{
	u64 since = sched_clock();
	dma_addr_t dma = ops_map_phys(dev, phys, size, dir, attrs);

	note(dev, XADMA_CALL_MAP, since);
	return dma;
}

static void ops_unmap_phys_timed(struct device *dev, dma_addr_t dma, size_t size,
				 enum dma_data_direction dir, unsigned long attrs)
{
	u64 since = sched_clock();

	ops_unmap_phys(dev, dma, size, dir, attrs);
	note(dev, XADMA_CALL_UNMAP, since);
}
#else
static dma_addr_t ops_map_page_timed(struct device *dev, struct page *page,
				     unsigned long offset, size_t size,
				     enum dma_data_direction dir, unsigned long attrs)
{
	u64 since = sched_clock();
	dma_addr_t dma = ops_map_page(dev, page, offset, size, dir, attrs);

	note(dev, XADMA_CALL_MAP, since);
	return dma;
}

static void ops_unmap_page_timed(struct device *dev, dma_addr_t dma, size_t size,
				 enum dma_data_direction dir, unsigned long attrs)
{
	u64 since = sched_clock();

	ops_unmap_page(dev, dma, size, dir, attrs);
	note(dev, XADMA_CALL_UNMAP, since);
}

static dma_addr_t ops_map_resource_timed(struct device *dev, phys_addr_t phys,
					 size_t size, enum dma_data_direction dir,
					 unsigned long attrs)
{
	u64 since = sched_clock();
	dma_addr_t dma = ops_map_resource(dev, phys, size, dir, attrs);

	note(dev, XADMA_CALL_MAP, since);
	return dma;
}
#endif

static int ops_map_sg_timed(struct device *dev, struct scatterlist *sgl, int nents,
			    enum dma_data_direction dir, unsigned long attrs)
{
	u64 since = sched_clock();
	int ret = ops_map_sg(dev, sgl, nents, dir, attrs);

	note(dev, XADMA_CALL_MAP, since);
	return ret;
}

static void ops_unmap_sg_timed(struct device *dev, struct scatterlist *sgl, int nents,
			       enum dma_data_direction dir, unsigned long attrs)
{
	u64 since = sched_clock();

	ops_unmap_sg(dev, sgl, nents, dir, attrs);
	note(dev, XADMA_CALL_UNMAP, since);
}

static void xadma_sync_for_cpu_timed(struct device *dev, dma_addr_t dma, size_t size,
				     enum dma_data_direction dir)
{
	u64 since = sched_clock();

	xadma_sync_for_cpu(dev, dma, size, dir);
	note(dev, XADMA_CALL_SYNC, since);
}

static void xadma_sync_for_device_timed(struct device *dev, dma_addr_t dma, size_t size,
					enum dma_data_direction dir)
{
	u64 since = sched_clock();

	xadma_sync_for_device(dev, dma, size, dir);
	note(dev, XADMA_CALL_SYNC, since);
}

static void xadma_sync_sg_for_cpu_timed(struct device *dev, struct scatterlist *sgl,
					int nents, enum dma_data_direction dir)
{
	u64 since = sched_clock();

	xadma_sync_sg_for_cpu(dev, sgl, nents, dir);
	note(dev, XADMA_CALL_SYNC, since);
}

static void xadma_sync_sg_for_device_timed(struct device *dev, struct scatterlist *sgl,
					   int nents, enum dma_data_direction dir)
{
	u64 since = sched_clock();

	xadma_sync_sg_for_device(dev, sgl, nents, dir);
	note(dev, XADMA_CALL_SYNC, since);
}

/* ---- the tables ---- */

#ifdef XADMA_HAVE_MAP_PHYS
#define OPS_OF_BUFFERS(timed)					\
	.map_phys		= ops_map_phys##timed,		\
	.unmap_phys		= ops_unmap_phys##timed
#else
#define OPS_OF_BUFFERS(timed)					\
	.map_page		= ops_map_page##timed,		\
	.unmap_page		= ops_unmap_page##timed,	\
	.map_resource		= ops_map_resource##timed
#endif

#ifdef XADMA_HAVE_ALLOC_PAGES_OP
#define OPS_OF_PAGES						\
	.alloc_pages_op		= xadma_alloc_pages
#else
#define OPS_OF_PAGES						\
	.alloc_pages		= xadma_alloc_pages
#endif

/*
 * No opt_mapping_size: it is not asked about a device, and without it the core
 * answers with the device's max_mapping_size.
 */
#define OPS(timed) {						\
	OPS_OF_BUFFERS(timed),					\
	OPS_OF_PAGES,						\
	.alloc			= ops_alloc,			\
	.free			= xadma_free,			\
	.free_pages		= xadma_free_pages,		\
	.mmap			= xadma_mmap,			\
	.get_sgtable		= ops_get_sgtable,		\
	.map_sg			= ops_map_sg##timed,		\
	.unmap_sg		= ops_unmap_sg##timed,		\
	.sync_single_for_cpu	= xadma_sync_for_cpu##timed,	\
	.sync_single_for_device	= xadma_sync_for_device##timed,	\
	.sync_sg_for_cpu	= xadma_sync_sg_for_cpu##timed,	\
	.sync_sg_for_device	= xadma_sync_sg_for_device##timed, \
	.dma_supported		= ops_supported,		\
	.get_required_mask	= xadma_required_mask,		\
	.max_mapping_size	= xadma_max_mapping_size,	\
}

/* By xadma_ops_timed */
static const struct dma_map_ops xadma_dma_ops[] = {
	[false]	= OPS(),
	[true]	= OPS(_timed),
};

/*
 * The device gets the table that the switch demands, if it has one of ours: its driver,
 * or the core, may give it another at any time. The switch may be thrown meanwhile, by
 * somebody who came by this device too early; so it is looked at again.
 *
 * The core reads the device's ops by plain loads. However often it does so within one
 * call, either table will do.
 */
static int follow_switch(struct device *dev, void *unused)
{
	bool timed;

	do {
		timed = READ_ONCE(xadma_ops_timed);
		/* A full barrier where it stores; pairs with that in xadma_ops_time(). */
		cmpxchg(&dev->dma_ops, &xadma_dma_ops[!timed], &xadma_dma_ops[timed]);
	} while (timed != READ_ONCE(xadma_ops_timed));
	return 0;
}

/**
 * xadma_ops_mine - does this device do its DMA through us?
 * @dev: the device
 *
 * Context: any.
 * Return: true when it does.
 */
bool xadma_ops_mine(const struct device *dev)
{
	const struct dma_map_ops *ops = READ_ONCE(dev->dma_ops);

	return ops == &xadma_dma_ops[false] || ops == &xadma_dma_ops[true];
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
	set_dma_ops(dev, &xadma_dma_ops[false]);
	/* Stored before the switch is read; pairs with that in xadma_ops_time(). */
	smp_mb();
	follow_switch(dev, NULL);
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

/**
 * xadma_ops_time - take the time of every map, unmap and sync, or do so no more
 * @on: take it
 *
 * Of every device of ours that is on a bus on which one was configured. One that comes
 * later finds the switch as it is. What has been noted stays.
 *
 * Context: may sleep.
 */
void xadma_ops_time(bool on)
{
	WRITE_ONCE(xadma_ops_timed, on);
	/* Who comes by a device too early is seen by who gives it its ops. */
	smp_mb();
	xadma_visit_buses(follow_switch, NULL);
}

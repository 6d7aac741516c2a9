// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/minmax.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>
#include <xen/swiotlb-arm-hv.h>

#include "cache.h"

static size_t within_frame(phys_addr_t maddr, size_t size)
{
	return min_t(size_t, size, XEN_PAGE_SIZE - xen_offset_in_page(maddr));
}

/* Xen takes ranges within one frame; hand it as many as fit at a time. */
static int flush_foreign(const struct swarm_hv *hv, phys_addr_t maddr,
			 size_t size, u32 op)
{
	struct gnttab_cache_flush ops[SWARM_FLUSH_BATCH];
	unsigned int n;
	int ret;

	while (size) {
		for (n = 0; size && n < SWARM_FLUSH_BATCH; n++) {
			size_t len = within_frame(maddr, size);

			ops[n] = (struct gnttab_cache_flush) {
				.a.dev_bus_addr = maddr & XEN_PAGE_MASK,
				.offset = xen_offset_in_page(maddr),
				.length = len,
				.op = op,
			};
			maddr += len;
			size -= len;
		}
		ret = hv->flush(ops, n);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * swarm_cache_to_device - before a device that does not snoop gets a range
 * @hv:    the machine
 * @range: the range
 * @dir:   which way the data will go
 *
 * Foreign lines are cleaned, never merely dropped, whatever the direction: a
 * partial line at either end may hold another guest's fresh data.
 *
 * Context: any.
 * Return: 0, or Xen's refusal, in which case the range may not be used.
 */
int swarm_cache_to_device(const struct swarm_hv *hv,
			  const struct swarm_range *range,
			  enum dma_data_direction dir)
{
	if (range->foreign)
		return flush_foreign(hv, range->maddr, range->size,
				     GNTTAB_CACHE_CLEAN);
	hv->clean(range->vaddr, range->size, dir);
	return 0;
}

/**
 * swarm_cache_to_cpu - before the CPU reads what such a device wrote
 * @hv:    the machine
 * @range: the range
 * @dir:   which way the data went; nothing is done for DMA_TO_DEVICE
 *
 * Context: any.
 * Return: 0, or Xen's refusal.
 */
int swarm_cache_to_cpu(const struct swarm_hv *hv,
		       const struct swarm_range *range,
		       enum dma_data_direction dir)
{
	if (dir == DMA_TO_DEVICE)
		return 0;
	if (range->foreign)
		return flush_foreign(hv, range->maddr, range->size,
				     GNTTAB_CACHE_INVAL);
	hv->inval(range->vaddr, range->size, dir);
	return 0;
}

/**
 * swarm_cache_can_flush - does this Xen maintain caches for us at all?
 * @hv: the machine
 *
 * An empty range is asked for: a Xen that knows the call does nothing.
 *
 * Context: any.
 * Return: true when foreign frames can be flushed.
 */
bool swarm_cache_can_flush(const struct swarm_hv *hv)
{
	struct gnttab_cache_flush nothing = {};

	return !hv->flush(&nothing, 1);
}

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

/* Fills in ranges that Xen takes, which are within one frame each. */
static unsigned int fill(struct gnttab_cache_flush *ops, phys_addr_t *maddr,
			 size_t *left, u32 op)
{
	unsigned int nr = 0;

	while (*left && nr < XADMA_FLUSH_BATCH) {
		size_t len = within_frame(*maddr, *left);

		ops[nr++] = (struct gnttab_cache_flush) {
			.a.dev_bus_addr = *maddr & XEN_PAGE_MASK,
			.offset = xen_offset_in_page(*maddr),
			.length = len,
			.op = op,
		};
		*maddr += len;
		*left -= len;
	}
	return nr;
}

/* The ranges are large: whoever does not ask Xen shall not have them on the stack. */
static noinline int flush_by_xen(const struct xadma_hv *hv,
				 const struct xadma_range *range, u32 op)
{
	struct gnttab_cache_flush ops[XADMA_FLUSH_BATCH];
	phys_addr_t maddr = range->maddr;
	size_t left = range->size;
	int calls = 0;

	while (left) {
		int err = hv->flush(ops, fill(ops, &maddr, &left, op));

		if (err)
			return err;
		calls++;
	}
	return calls;
}

/**
 * xadma_cache_to_device - before a device that does not snoop gets a range
 * @hv:    the machine
 * @range: the range
 * @dir:   which way the data will go
 *
 * Lines are cleaned, never merely dropped, whatever the direction: a partial line at
 * either end may hold somebody's fresh data.
 *
 * Context: any.
 * Return: how many hypercalls it took; or Xen's refusal, in which case the range
 *	may not be used.
 */
int xadma_cache_to_device(const struct xadma_hv *hv,
			  const struct xadma_range *range,
			  enum dma_data_direction dir)
{
	if (!range->vaddr)
		return flush_by_xen(hv, range, GNTTAB_CACHE_CLEAN);
	hv->clean(range->vaddr, range->size, dir);
	return 0;
}

/**
 * xadma_cache_to_cpu - before the CPU reads what such a device wrote
 * @hv:    the machine
 * @range: the range
 * @dir:   which way the data went; nothing is done for DMA_TO_DEVICE
 *
 * A CPU may drop lines only of what it may write; where that is not sure they are
 * cleaned as well, which changes nothing, for none of them is dirty.
 *
 * Context: any.
 * Return: how many hypercalls it took, or Xen's refusal.
 */
int xadma_cache_to_cpu(const struct xadma_hv *hv,
		       const struct xadma_range *range,
		       enum dma_data_direction dir)
{
	if (dir == DMA_TO_DEVICE)
		return 0;
	if (!range->vaddr)
		return flush_by_xen(hv, range, GNTTAB_CACHE_INVAL);
	if (range->granted)
		hv->clean_inval(range->vaddr, range->size, dir);
	else
		hv->inval(range->vaddr, range->size, dir);
	return 0;
}

/**
 * xadma_cache_can_flush - does this Xen maintain caches for us at all?
 * @hv: the machine
 *
 * An empty range is asked for: a Xen that knows the call does nothing.
 *
 * Context: any.
 * Return: true when foreign frames can be flushed.
 */
bool xadma_cache_can_flush(const struct xadma_hv *hv)
{
	struct gnttab_cache_flush nothing = {};

	return !hv->flush(&nothing, 1);
}

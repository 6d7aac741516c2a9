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

static void begin(struct swarm_batch *batch, const struct swarm_hv *hv, u32 op)
{
	batch->hv = hv;
	batch->op = op;
	batch->nr = 0;
}

/**
 * swarm_batch_to_device - begin to gather maintenance before a device gets ranges
 * @batch: the batch
 * @hv:    the machine
 *
 * Foreign lines are cleaned, never merely dropped, whatever the direction: a
 * partial line at either end may hold another guest's fresh data.
 *
 * Context: any.
 */
void swarm_batch_to_device(struct swarm_batch *batch, const struct swarm_hv *hv)
{
	begin(batch, hv, GNTTAB_CACHE_CLEAN);
}

/**
 * swarm_batch_to_cpu - begin to gather maintenance before the CPU reads ranges
 * @batch: the batch
 * @hv:    the machine
 *
 * Context: any.
 */
void swarm_batch_to_cpu(struct swarm_batch *batch, const struct swarm_hv *hv)
{
	begin(batch, hv, GNTTAB_CACHE_INVAL);
}

/**
 * swarm_batch_end - have done what is still gathered
 * @batch: the batch, empty afterwards
 *
 * Context: any.
 * Return: how many hypercalls it took; or Xen's refusal of one of the ranges,
 *	and what comes after that one has not been done.
 */
int swarm_batch_end(struct swarm_batch *batch)
{
	unsigned int nr = batch->nr;

	batch->nr = 0;
	return nr ? batch->hv->flush(batch->ops, nr) ?: 1 : 0;
}

/**
 * swarm_batch_add - add a foreign range
 * @batch: the batch, which is done whenever it is full
 * @range: the range
 *
 * Xen takes ranges within one frame, so it may become several.
 *
 * Context: any.
 * Return: how many hypercalls it took so far, or Xen's refusal as from
 *	swarm_batch_end().
 */
int swarm_batch_add(struct swarm_batch *batch, const struct swarm_range *range)
{
	phys_addr_t maddr = range->maddr;
	size_t left = range->size, len;
	int made, calls = 0;

	for (; left; left -= len, maddr += len) {
		len = within_frame(maddr, left);
		if (batch->nr == SWARM_FLUSH_BATCH) {
			made = swarm_batch_end(batch);
			if (made < 0)
				return made;
			calls += made;
		}
		batch->ops[batch->nr++] = (struct gnttab_cache_flush) {
			.a.dev_bus_addr = maddr & XEN_PAGE_MASK,
			.offset = xen_offset_in_page(maddr),
			.length = len,
			.op = batch->op,
		};
	}
	return calls;
}

static int flush_foreign(const struct swarm_hv *hv,
			 const struct swarm_range *range, u32 op)
{
	struct swarm_batch batch;
	int made, last;

	begin(&batch, hv, op);
	made = swarm_batch_add(&batch, range);
	if (made < 0)
		return made;
	last = swarm_batch_end(&batch);
	return last < 0 ? last : made + last;
}

/**
 * swarm_cache_to_device - before a device that does not snoop gets a range
 * @hv:    the machine
 * @range: the range
 * @dir:   which way the data will go
 *
 * Context: any.
 * Return: how many hypercalls it took; or Xen's refusal, in which case the range
 *	may not be used.
 */
int swarm_cache_to_device(const struct swarm_hv *hv,
			  const struct swarm_range *range,
			  enum dma_data_direction dir)
{
	if (range->foreign)
		return flush_foreign(hv, range, GNTTAB_CACHE_CLEAN);
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
 * Return: how many hypercalls it took, or Xen's refusal.
 */
int swarm_cache_to_cpu(const struct swarm_hv *hv,
		       const struct swarm_range *range,
		       enum dma_data_direction dir)
{
	if (dir == DMA_TO_DEVICE)
		return 0;
	if (range->foreign)
		return flush_foreign(hv, range, GNTTAB_CACHE_INVAL);
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

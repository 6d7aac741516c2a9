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

/**
 * xadma_cache_flush_by_xen - let Xen maintain lines that the kernel does not see
 * @hv:    the machine
 * @maddr: machine address, bytes
 * @size:  bytes
 * @op:    GNTTAB_CACHE_*
 *
 * The operations take much of the stack: a function of its own, that its callers need not.
 *
 * Context: any.
 * Return: how many hypercalls it took, or Xen's refusal.
 */
noinline int xadma_cache_flush_by_xen(const struct xadma_hv *hv, phys_addr_t maddr,
				      size_t size, u32 op)
{
	struct gnttab_cache_flush ops[XADMA_FLUSH_BATCH];
	int calls = 0;

	while (size) {
		int err = hv->flush(ops, fill(ops, &maddr, &size, op));

		if (err)
			return err;
		calls++;
	}
	return calls;
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

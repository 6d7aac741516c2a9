/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool-resize: a pool grows before it is full, and gives back what has been idle.
 *
 * All of this happens in a worker, never on the map path, which does no more than
 * queue it. Above the high-water mark (quota.h), or when a request found no room, the
 * slot caches are drained, and chunks are added until the pool is below the mark again;
 * the first one where the device of the request that failed drives it. When half of
 * the pool would do, and has done so for a while, a chunk that was added in this
 * way is retired:
 *
 * - detach: it is taken off the list. Who looks through the old list may still take
 *   runs of it, and who gives a run back may not have seen the mark yet.
 * - quiesce: after a grace period of RCU nobody does, for both happen within RCU read
 *   sections (with interrupts off); then what the CPUs keep of it is drained, and
 *   no CPU keeps any of it again.
 * - destroy: when its last run has been returned, no driver has an address in it.
 *   A driver that unmaps twice may look one up all the same. So it is disowned, that it
 *   is not found any more; and freed after another grace period, when all who found it
 *   before have gone.
 *
 * A chunk that is retiring comes back rather than that another is added.
 */
#ifndef _XADMA_POOL_RESIZE_H
#define _XADMA_POOL_RESIZE_H

#include <linux/types.h>
#include <linux/workqueue.h>

#include "window.h"

struct xadma_chunk;
struct xadma_pool;

void xadma_resize_work(struct work_struct *work);
void xadma_resize_allow(struct xadma_pool *pool, size_t max,
			struct xadma_range within);

int xadma_resize_detach(struct xadma_pool *pool, struct xadma_chunk *chunk);
int xadma_resize_reattach(struct xadma_pool *pool);
void xadma_resize_quiesce(struct xadma_pool *pool);

#endif /* _XADMA_POOL_RESIZE_H */

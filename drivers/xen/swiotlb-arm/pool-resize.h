/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tend: a pool grows before it is full, and gives back what has been idle.
 *
 * All of this happens in a worker, never on the map path, which does no more than
 * wake it. Above the high-water mark (share.h) the fronts are emptied, and chunks
 * are added until the pool is below it again. When half of the pool would do, and
 * has done so for a while, a chunk that was added in this way is retired:
 *
 * - it is taken off the list, so nobody is given any more of it;
 * - when its last run has been returned, no address finds it any more;
 * - after a grace period it is freed.
 *
 * A chunk that is on its way out comes back rather than that another is added.
 */
#ifndef _XADMA_TEND_H
#define _XADMA_TEND_H

#include <linux/types.h>

#include "source.h"

struct xadma_pool;

void xadma_resize_init(struct xadma_pool *pool);
void xadma_resize_end(struct xadma_pool *pool);
void xadma_resize_allow(struct xadma_pool *pool, size_t most,
			struct xadma_window within);
void xadma_resize_queue(struct xadma_pool *pool);

#endif /* _XADMA_TEND_H */

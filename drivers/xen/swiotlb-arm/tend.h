/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tend: a pool grows before it is full, and gives back what has been idle.
 *
 * All of this happens in a worker, never on the map path, which does no more than
 * wake it. Above the high-water mark (share.h) the fronts are emptied, and areas
 * are added until the pool is below it again. When half of the pool would do, and
 * has done so for a while, an area that was added in this way is retired:
 *
 * - it is taken off the list, so nobody is given any more of it;
 * - when its last run has been returned, no address finds it any more;
 * - after a grace period it is freed.
 *
 * An area that is on its way out comes back rather than that another is added.
 */
#ifndef _SWARM_TEND_H
#define _SWARM_TEND_H

#include <linux/types.h>

#include "backing.h"

struct swarm_pool;

void swarm_tend_init(struct swarm_pool *pool);
void swarm_tend_end(struct swarm_pool *pool);
void swarm_tend_allow(struct swarm_pool *pool, size_t most,
		      struct swarm_window within);
void swarm_tend_soon(struct swarm_pool *pool);

#endif /* _SWARM_TEND_H */

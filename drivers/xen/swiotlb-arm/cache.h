/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cache: one range, one direction, one owner: which maintenance, and by whom.
 *
 * Lines of our own RAM are cleaned and dropped by virtual address. The lines
 * of another domain's frame are Xen's to maintain: the device's address names
 * the frame, and Xen takes many ranges per call. So are those of our own of
 * which only the device's address is known, in a domain that is not mapped 1:1.
 */
#ifndef _SWARM_CACHE_H
#define _SWARM_CACHE_H

#include <linux/dma-direction.h>
#include <linux/types.h>

#include <xen/interface/grant_table.h>

struct swarm_hv;

/* Ranges per hypercall: 128 KiB of foreign frames, 768 bytes of stack. */
#define SWARM_FLUSH_BATCH	32

/**
 * struct swarm_range - memory that the caches may hold lines of
 * @vaddr:   where the kernel sees it; unused when @foreign
 * @maddr:   machine address, bytes; unused unless @foreign
 * @size:    bytes, at least 1
 * @foreign: it belongs to another domain, or is known by @maddr only
 */
struct swarm_range {
	const void *vaddr;
	phys_addr_t maddr;
	size_t size;
	bool foreign;
};

/**
 * struct swarm_batch - maintenance that is Xen's to do, and has yet to be done
 * @hv:  the machine
 * @op:  GNTTAB_CACHE_*
 * @nr:  how many
 * @ops: what is to be done; the rest is left as it was, for it is large
 */
struct swarm_batch {
	const struct swarm_hv *hv;
	u32 op;
	unsigned int nr;
	struct gnttab_cache_flush ops[SWARM_FLUSH_BATCH];
};

void swarm_batch_to_device(struct swarm_batch *batch, const struct swarm_hv *hv);
void swarm_batch_to_cpu(struct swarm_batch *batch, const struct swarm_hv *hv);
int swarm_batch_add(struct swarm_batch *batch, const struct swarm_range *range);
int swarm_batch_end(struct swarm_batch *batch);

int swarm_cache_to_device(const struct swarm_hv *hv,
			  const struct swarm_range *range,
			  enum dma_data_direction dir);
int swarm_cache_to_cpu(const struct swarm_hv *hv,
		       const struct swarm_range *range,
		       enum dma_data_direction dir);
bool swarm_cache_can_flush(const struct swarm_hv *hv);

#endif /* _SWARM_CACHE_H */

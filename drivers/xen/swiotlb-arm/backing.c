// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/vmstat.h>

#include "backing.h"

/**
 * swarm_pages_to_spare - how many pages may be held while looking for better
 *
 * Nobody else shall find memory empty only because we look through it.
 *
 * Context: any.
 * Return: pages.
 */
unsigned long swarm_pages_to_spare(void)
{
	return global_zone_page_state(NR_FREE_PAGES) / 4 * 3;
}

/**
 * swarm_backing_get - get memory from the first rung that has some
 * @source: the ladder
 * @memory: filled in; all zero before
 * @want:   bytes, a power of two of at least SWARM_GRAIN
 * @within: where it has to be
 *
 * Context: may sleep; the caller serialises.
 * Return: 0, or -ENOMEM with nothing held.
 */
int swarm_backing_get(struct swarm_source *source, struct swarm_memory *memory,
		      size_t want, struct swarm_window within)
{
	const struct swarm_backing * const *rung;

	for (rung = source->kept_to ?: source->rungs; *rung; rung++) {
		if ((*rung)->get(source, memory, want, within))
			continue;
		memory->from = *rung;
		if (!source->kept_to)
			source->kept_to = rung;
		return 0;
	}
	return -ENOMEM;
}

/**
 * swarm_backing_put - give memory back to the rung that it came from
 * @source: the ladder
 * @memory: the memory; may be all zero, when there was none
 *
 * Context: may sleep; the caller serialises.
 */
void swarm_backing_put(struct swarm_source *source,
		       const struct swarm_memory *memory)
{
	if (!memory->size)
		return;
	memory->from->put(source, memory);
	kvfree(memory->maddr);
}

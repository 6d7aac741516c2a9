// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/vmstat.h>

#include "source.h"

/**
 * xadma_pages_to_spare - how many pages may be held while looking for better
 *
 * A search must not leave others without memory.
 *
 * Context: any.
 * Return: pages.
 */
unsigned long xadma_pages_to_spare(void)
{
	return global_zone_page_state(NR_FREE_PAGES) / 4 * 3;
}

/**
 * xadma_source_get - get memory from the first provider that has some
 * @source: the source
 * @memory: filled in; all zero before
 * @want:   bytes, a power of two of at least XADMA_CHUNK_MIN
 * @within: where it has to be
 *
 * Context: may sleep; the caller serialises.
 * Return: 0, or -ENOMEM with nothing held.
 */
int xadma_source_get(struct xadma_source *source, struct xadma_memory *memory,
		     size_t want, struct xadma_range within)
{
	const struct xadma_provider * const *provider;

	for (provider = source->chosen ?: source->providers; *provider; provider++) {
		if ((*provider)->get(source, memory, want, within))
			continue;
		memory->from = *provider;
		if (!source->chosen)
			source->chosen = provider;
		return 0;
	}
	return -ENOMEM;
}

/**
 * xadma_source_put - give memory back to the provider that it came from
 * @source: the source
 * @memory: the memory; may be all zero, when there was none
 *
 * Context: may sleep; the caller serialises.
 */
void xadma_source_put(struct xadma_source *source,
		      const struct xadma_memory *memory)
{
	if (!memory->size)
		return;
	memory->from->put(source, memory);
	kvfree(memory->maddr);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "mfn-map.h"
#include "p2m.h"
#include "resolve.h"

static struct xadma_place lookup_ours(const struct xadma_mfn_map *map,
				      phys_addr_t phys,
				      struct xadma_frames frames)
{
	unsigned long mfn = xadma_mfn_map_mfn(map, frames.first), next = mfn;
	struct xadma_place place = {
		.maddr = xadma_p2m_maddr(mfn, phys),
		.owner = XADMA_OURS,
	};

	while (frames.first < frames.last && next != XADMA_NO_MFN) {
		next = xadma_mfn_map_mfn(map, ++frames.first);
		if (next != ++mfn)
			place.owner = XADMA_SCATTERED;
	}
	if (next == XADMA_NO_MFN)
		place.owner = XADMA_UNKNOWN;
	return place;
}

/* For xadma_p2m_lookup(), when it takes a look-up. */
struct xadma_place __xadma_p2m_lookup(const struct xadma_mfn_map *map,
				      phys_addr_t phys,
				      struct xadma_frames frames)
{
	struct xadma_p2m_run run;

	if (xadma_p2m_may_be_foreign(frames)) {
		run = xadma_p2m_run(frames);
		if (run.nr > frames.last - frames.first)
			return (struct xadma_place){
				.maddr = xadma_p2m_maddr(run.mfn, phys),
				.owner = XADMA_FOREIGN,
			};
		if (run.nr || xadma_p2m_any_foreign(frames))
			return (struct xadma_place){ .owner = XADMA_SCATTERED };
	}
	if (map)
		return lookup_ours(map, phys, frames);
	return (struct xadma_place){ .maddr = phys, .owner = XADMA_OURS };
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mfn-map: which machine frame is behind a frame of our own, as far as is known.
 *
 * In a domain that is not mapped 1:1 this is what lets a buffer go direct. It
 * is learnt in the background, all memory once, and read on the map path
 * without a lock. A buffer of which a frame is not known is bounced.
 *
 * A frame changes its machine frame only by going back to Xen, when the balloon
 * grows or the pool asks for contiguous memory. xadma_mfn_map_forget() is called
 * before it goes. From then on the frame is *gone*: it is not learnt again unless a
 * driver maps it, which no driver can while it is away, or the pool says what came back
 * (xadma_mfn_map_set()). Invariant: an entry is never old:
 *
 * - a reader owns the page that it maps, so the page is not going anywhere; it
 *   got the page from the allocator, and so sees what was stored before the
 *   page went there;
 * - learning and forgetting exclude each other, and forgetting also drops the frames
 *   that were still waiting to be learnt.
 */
#ifndef _XADMA_MFN_MAP_H
#define _XADMA_MFN_MAP_H

#include <linux/types.h>

#include <xen/swiotlb-arm-p2m.h>

struct xadma_mfn_map;
struct xadma_resolver;

/**
 * struct xadma_mfn_map_usage - figures for people
 * @all:   frames of our memory, but for those that are gone: the balloon's
 * @known: those whose machine frame is known
 */
struct xadma_mfn_map_usage {
	unsigned long all;
	unsigned long known;
};

struct xadma_mfn_map *xadma_mfn_map_create(struct xadma_resolver *resolver);
void xadma_mfn_map_destroy(struct xadma_mfn_map *f);
void xadma_mfn_map_learn_all(struct xadma_mfn_map *f);
unsigned long xadma_mfn_map_mfn(const struct xadma_mfn_map *f, unsigned long pfn);
void xadma_mfn_map_want(struct xadma_mfn_map *f, struct xadma_frames frames);
void xadma_mfn_map_set(struct xadma_mfn_map *f, unsigned long pfn, unsigned long mfn);
void xadma_mfn_map_forget(struct xadma_mfn_map *f, unsigned long pfn);
bool xadma_mfn_map_none_below(struct xadma_mfn_map *f, unsigned long mfn);
struct xadma_mfn_map_usage xadma_mfn_map_usage(struct xadma_mfn_map *f);

#endif /* _XADMA_MFN_MAP_H */

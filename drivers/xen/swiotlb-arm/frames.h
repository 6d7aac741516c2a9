/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frames: which machine frame is behind a frame of our own, as far as is known.
 *
 * In a domain that is not mapped 1:1 this is what lets a buffer go direct. It
 * is learnt in the background, all memory once, and read on the map path
 * without a lock. What is not known is bounced.
 *
 * A frame changes its machine frame only by going back to Xen, when the balloon
 * grows. swarm_frames_forget() is called before it goes. From then on the
 * frame is *gone*: nobody learns it again unless somebody maps it, which nobody
 * can while it is away. So what is known is never old:
 *
 * - a reader owns the page that it maps, so the page is not going anywhere; it
 *   got the page from the allocator, and so sees what was stored before the
 *   page went there;
 * - learning and forgetting exclude each other, and forgetting also drops what
 *   was still waiting to be learnt.
 */
#ifndef _SWARM_FRAMES_H
#define _SWARM_FRAMES_H

#include <linux/types.h>

struct swarm_frames;
struct swarm_translator;

/**
 * struct swarm_frames_usage - figures for people
 * @all:   frames of our memory, but for those that are gone: the balloon's, and
 *	the pool's, which nobody maps
 * @known: those whose machine frame is known
 */
struct swarm_frames_usage {
	unsigned long all;
	unsigned long known;
};

struct swarm_frames *swarm_frames_create(struct swarm_translator *translator);
void swarm_frames_destroy(struct swarm_frames *f);
void swarm_frames_learn_all(struct swarm_frames *f);
unsigned long swarm_frames_mfn(const struct swarm_frames *f, unsigned long pfn);
void swarm_frames_want(struct swarm_frames *f, unsigned long pfn,
		       unsigned int nr);
void swarm_frames_forget(struct swarm_frames *f, unsigned long pfn);
bool swarm_frames_none_below(struct swarm_frames *f, unsigned long mfn);
struct swarm_frames_usage swarm_frames_usage(struct swarm_frames *f);

#endif /* _SWARM_FRAMES_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * runs: which frames are neighbours in the machine.
 *
 * Numbers in, numbers out. A block of order n is 1 << n neighbouring machine
 * frames of which the first is a multiple of 1 << n.
 */
#ifndef _SWARM_RUNS_H
#define _SWARM_RUNS_H

#include <linux/types.h>

struct page;

/**
 * struct swarm_frame - a frame of ours
 * @mfn:  its machine frame
 * @page: its page
 */
struct swarm_frame {
	unsigned long mfn;
	struct page *page;
};

unsigned int swarm_runs_order(const unsigned long *mfns, unsigned int nr);
void swarm_runs_sort(struct swarm_frame *frames, unsigned int nr);
unsigned int swarm_runs_count(const struct swarm_frame *frames,
			      unsigned int nr, unsigned int order);
unsigned int swarm_runs_pick(struct swarm_frame *frames, unsigned int nr,
			     unsigned int order);
unsigned int swarm_runs_best(const struct swarm_frame *frames, unsigned int nr,
			     unsigned int most);

#endif /* _SWARM_RUNS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * contig: which frames are neighbours in the machine.
 *
 * Numbers in, numbers out. A block of order n is 1 << n neighbouring machine
 * frames of which the first is a multiple of 1 << n.
 */
#ifndef _XADMA_CONTIG_H
#define _XADMA_CONTIG_H

#include <linux/types.h>

struct page;

/**
 * struct xadma_frame - a frame of ours
 * @mfn:  its machine frame
 * @page: its page
 */
struct xadma_frame {
	unsigned long mfn;
	struct page *page;
};

unsigned int xadma_contig_order(const unsigned long *mfns, unsigned int nr);
void xadma_contig_sort(struct xadma_frame *frames, unsigned int nr);
unsigned int xadma_contig_count(const struct xadma_frame *frames,
				unsigned int nr, unsigned int order);
unsigned int xadma_contig_pick(struct xadma_frame *frames, unsigned int nr,
			       unsigned int order);
unsigned int xadma_contig_best(const struct xadma_frame *frames, unsigned int nr,
			       unsigned int most);

#endif /* _XADMA_CONTIG_H */

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/align.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/sort.h>

#include "contig.h"

/* Does entry @i fit into blocks of this order, given that those before it do? */
static bool fits(const unsigned long *mfns, unsigned int i, unsigned int order)
{
	return IS_ALIGNED(i, 1U << order) ? IS_ALIGNED(mfns[i], 1UL << order) :
					    mfns[i] == mfns[i - 1] + 1;
}

/**
 * xadma_contig_order - how large are the blocks that frames come in?
 * @mfns: machine frames, in the order in which the CPU sees them
 * @nr:   how many, a power of two
 *
 * Context: any.
 * Return: the largest order such that all frames, in this order, form blocks
 *	of it.
 */
unsigned int xadma_contig_order(const unsigned long *mfns, unsigned int nr)
{
	unsigned int order = ilog2(nr), i;

	for (i = 0; i < nr; i++)
		while (order && !fits(mfns, i, order))
			order--;
	return order;
}

static int by_mfn(const void *a, const void *b)
{
	const struct xadma_frame *x = a, *y = b;

	return x->mfn < y->mfn ? -1 : x->mfn > y->mfn;
}

/**
 * xadma_contig_sort - bring frames into the machine's order
 * @frames: the frames
 * @nr:     how many
 *
 * Context: may sleep.
 */
void xadma_contig_sort(struct xadma_frame *frames, unsigned int nr)
{
	sort(frames, nr, sizeof(*frames), by_mfn, NULL);
}

static bool block_at(const struct xadma_frame *frames, unsigned int nr,
		     unsigned int order)
{
	unsigned int last = (1U << order) - 1;

	return nr > last && IS_ALIGNED(frames->mfn, 1UL << order) &&
	       frames[last].mfn == frames->mfn + last;
}

/**
 * xadma_contig_count - how many blocks do sorted frames have?
 * @frames: the frames, sorted, none of them twice
 * @nr:     how many
 * @order:  of a block
 *
 * Context: any.
 * Return: the number of blocks.
 */
unsigned int xadma_contig_count(const struct xadma_frame *frames,
				unsigned int nr, unsigned int order)
{
	unsigned int i = 0, blocks = 0;

	while (i < nr) {
		if (block_at(frames + i, nr - i, order)) {
			blocks++;
			i += 1U << order;
		} else {
			i++;
		}
	}
	return blocks;
}

/**
 * xadma_contig_pick - bring the blocks of sorted frames to the front
 * @frames: the frames, sorted, none of them twice
 * @nr:     how many
 * @order:  of a block
 *
 * Context: any.
 * Return: how many frames at the front form blocks; the others follow.
 */
unsigned int xadma_contig_pick(struct xadma_frame *frames, unsigned int nr,
			       unsigned int order)
{
	unsigned int i = 0, picked = 0, end;

	while (i < nr) {
		if (!block_at(frames + i, nr - i, order)) {
			i++;
			continue;
		}
		for (end = i + (1U << order); i < end; i++, picked++)
			swap(frames[picked], frames[i]);
	}
	return picked;
}

/**
 * xadma_contig_best - which order makes most of sorted frames?
 * @frames: the frames, sorted, none of them twice
 * @nr:     how many
 * @most:   the highest order that is of use
 *
 * Context: any.
 * Return: the highest order whose blocks hold at least half of the frames.
 */
unsigned int xadma_contig_best(const struct xadma_frame *frames, unsigned int nr,
			       unsigned int most)
{
	unsigned int order = most;

	while (order && xadma_contig_count(frames, nr, order) <<
			order < DIV_ROUND_UP(nr, 2))
		order--;
	return order;
}

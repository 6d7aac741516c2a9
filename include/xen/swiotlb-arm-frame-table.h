/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table: a value for each frame, found in four loads.
 *
 * Laid out as an MMU's tables are: nodes of 512 slots, four levels, the frame's
 * number cut into four indices. A look-up is on the path of each foreign page that
 * is mapped and each bounced buffer that is unmapped. It takes no lock, has
 * nothing to try again, and costs a sixth of what it does in an xarray, which this
 * took the place of: that one's generality is paid for with each level.
 *
 * Nodes stay until the table is destroyed: the frames in question, once seen, are
 * used again. What is behind a value may go earlier, and is its user's business.
 */
#ifndef _XEN_SWIOTLB_ARM_TABLE_H
#define _XEN_SWIOTLB_ARM_TABLE_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/gfp_types.h>
#include <linux/types.h>

#define XADMA_FRAME_TABLE_SHIFT	9
#define XADMA_FRAME_TABLE_SLOTS	BIT(XADMA_FRAME_TABLE_SHIFT)
#define XADMA_FRAME_TABLE_LEVELS	4
/* No frame of 4 KiB has a number as high as this in 48 bits of address. */
#define XADMA_FRAME_TABLE_END		BIT(XADMA_FRAME_TABLE_SHIFT * XADMA_FRAME_TABLE_LEVELS)

/**
 * struct xadma_frame_table - values, by frame
 * @root: the first node, or 0. All zero is an empty table.
 *
 * Whoever writes it serialises that.
 */
struct xadma_frame_table {
	unsigned long root;
};

/* The slot of a node that leads to, or is, the frame's. */
static __always_inline unsigned long *
xadma_frame_table_slot(unsigned long node, unsigned long frame, unsigned int level)
{
	return (unsigned long *)node +
	       (frame >> XADMA_FRAME_TABLE_SHIFT * level) % XADMA_FRAME_TABLE_SLOTS;
}

/* The last node on the way, or 0; of a frame that there can be. */
static __always_inline unsigned long
__xadma_frame_table_leaf(const struct xadma_frame_table *table, unsigned long frame)
{
	unsigned long node = READ_ONCE(table->root);

	if (unlikely(!node))
		return 0;
	node = READ_ONCE(*xadma_frame_table_slot(node, frame, 3));
	if (unlikely(!node))
		return 0;
	node = READ_ONCE(*xadma_frame_table_slot(node, frame, 2));
	if (unlikely(!node))
		return 0;
	return READ_ONCE(*xadma_frame_table_slot(node, frame, 1));
}

static __always_inline unsigned long
xadma_frame_table_leaf(const struct xadma_frame_table *table, unsigned long frame)
{
	if (unlikely(frame >= XADMA_FRAME_TABLE_END))
		return 0;
	return __xadma_frame_table_leaf(table, frame);
}

/**
 * __xadma_frame_table_get - the value of a frame below XADMA_FRAME_TABLE_END
 * @table: the table
 * @frame: the frame
 *
 * Context: any, no lock.
 * Return: the value, or 0.
 */
static __always_inline unsigned long
__xadma_frame_table_get(const struct xadma_frame_table *table, unsigned long frame)
{
	unsigned long leaf = __xadma_frame_table_leaf(table, frame);

	return leaf ? READ_ONCE(*xadma_frame_table_slot(leaf, frame, 0)) : 0;
}

/**
 * xadma_frame_table_get - the value of a frame
 * @table: the table
 * @frame: any frame
 *
 * Context: any, no lock.
 * Return: the value, or 0.
 */
static __always_inline unsigned long
xadma_frame_table_get(const struct xadma_frame_table *table, unsigned long frame)
{
	unsigned long leaf = xadma_frame_table_leaf(table, frame);

	return leaf ? READ_ONCE(*xadma_frame_table_slot(leaf, frame, 0)) : 0;
}

int xadma_frame_table_prepare(struct xadma_frame_table *table, unsigned long frame,
			      gfp_t gfp);
void xadma_frame_table_store(struct xadma_frame_table *table, unsigned long frame,
			     unsigned long value);
int xadma_frame_table_set(struct xadma_frame_table *table, unsigned long frame,
			  unsigned long value, gfp_t gfp);
bool xadma_frame_table_any(const struct xadma_frame_table *table, unsigned long first,
			   unsigned long last);
void xadma_frame_table_destroy(struct xadma_frame_table *table);

#endif /* _XEN_SWIOTLB_ARM_TABLE_H */

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

#define SWARM_TABLE_SHIFT	9
#define SWARM_TABLE_SLOTS	BIT(SWARM_TABLE_SHIFT)
#define SWARM_TABLE_LEVELS	4
/* No frame of 4 KiB has a number as high as this in 48 bits of address. */
#define SWARM_TABLE_END		BIT(SWARM_TABLE_SHIFT * SWARM_TABLE_LEVELS)

/**
 * struct swarm_table - values, by frame
 * @root: the first node, or 0. All zero is an empty table.
 *
 * Whoever writes it serialises that.
 */
struct swarm_table {
	unsigned long root;
};

/* The slot of a node that leads to, or is, the frame's. */
static __always_inline unsigned long *
swarm_table_slot(unsigned long node, unsigned long frame, unsigned int level)
{
	return (unsigned long *)node +
	       (frame >> SWARM_TABLE_SHIFT * level) % SWARM_TABLE_SLOTS;
}

/* The last node on the way, or 0; of a frame that there can be. */
static __always_inline unsigned long
__swarm_table_leaf(const struct swarm_table *table, unsigned long frame)
{
	unsigned long node = READ_ONCE(table->root);

	if (unlikely(!node))
		return 0;
	node = READ_ONCE(*swarm_table_slot(node, frame, 3));
	if (unlikely(!node))
		return 0;
	node = READ_ONCE(*swarm_table_slot(node, frame, 2));
	if (unlikely(!node))
		return 0;
	return READ_ONCE(*swarm_table_slot(node, frame, 1));
}

static __always_inline unsigned long
swarm_table_leaf(const struct swarm_table *table, unsigned long frame)
{
	if (unlikely(frame >= SWARM_TABLE_END))
		return 0;
	return __swarm_table_leaf(table, frame);
}

/**
 * __swarm_table_get - the value of a frame below SWARM_TABLE_END
 * @table: the table
 * @frame: the frame
 *
 * Context: any, no lock.
 * Return: the value, or 0.
 */
static __always_inline unsigned long
__swarm_table_get(const struct swarm_table *table, unsigned long frame)
{
	unsigned long leaf = __swarm_table_leaf(table, frame);

	return leaf ? READ_ONCE(*swarm_table_slot(leaf, frame, 0)) : 0;
}

/**
 * swarm_table_get - the value of a frame
 * @table: the table
 * @frame: any frame
 *
 * Context: any, no lock.
 * Return: the value, or 0.
 */
static __always_inline unsigned long
swarm_table_get(const struct swarm_table *table, unsigned long frame)
{
	unsigned long leaf = swarm_table_leaf(table, frame);

	return leaf ? READ_ONCE(*swarm_table_slot(leaf, frame, 0)) : 0;
}

int swarm_table_set(struct swarm_table *table, unsigned long frame,
		    unsigned long value, gfp_t gfp);
bool swarm_table_any(const struct swarm_table *table, unsigned long first,
		     unsigned long last);
void swarm_table_destroy(struct swarm_table *table);

#endif /* _XEN_SWIOTLB_ARM_TABLE_H */

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include <asm/barrier.h>

#include <xen/swiotlb-arm-frame-table.h>

/* The node that a slot leads to; made if need be, by whoever comes first. */
static unsigned long node_at(unsigned long *slot, gfp_t gfp)
{
	unsigned long node = READ_ONCE(*slot), other;

	if (node)
		return node;
	node = (unsigned long)kcalloc(XADMA_FRAME_TABLE_SLOTS, sizeof(long), gfp);
	if (!node)
		return 0;
	/* A reader that sees the node sees it all zero. */
	other = cmpxchg_release(slot, 0UL, node);
	if (!other)
		return node;
	kfree((void *)node);
	return other;
}

/**
 * xadma_frame_table_prepare - make room for a frame's value
 * @table: the table
 * @frame: the frame
 * @gfp:   for nodes
 *
 * Context: as @gfp says; needs no lock.
 * Return: 0; -ENOMEM, or -ERANGE for a frame that no machine has, with no value
 *	changed.
 */
int xadma_frame_table_prepare(struct xadma_frame_table *table, unsigned long frame,
			      gfp_t gfp)
{
	unsigned long *slot = &table->root, node;
	unsigned int level = XADMA_FRAME_TABLE_LEVELS;

	if (frame >= XADMA_FRAME_TABLE_END)
		return -ERANGE;
	while (level--) {
		node = node_at(slot, gfp);
		if (!node)
			return -ENOMEM;
		slot = xadma_frame_table_slot(node, frame, level);
	}
	return 0;
}

/**
 * xadma_frame_table_store - give a frame for which there is room a value
 * @table: the table
 * @frame: the frame, prepared before
 * @value: the value; 0 for none
 *
 * Context: any; the caller serialises.
 */
void xadma_frame_table_store(struct xadma_frame_table *table, unsigned long frame,
			     unsigned long value)
{
	unsigned long leaf = xadma_frame_table_leaf(table, frame);

	if (!leaf)
		return;
	/* What the value may point to was made before. Readers depend on the address. */
	smp_store_release(xadma_frame_table_slot(leaf, frame, 0), value);
}

/**
 * xadma_frame_table_set - give a frame a value
 * @table: the table
 * @frame: the frame
 * @value: the value; 0 for none
 * @gfp:   for nodes
 *
 * Context: as @gfp says; the caller serialises. To take a value away needs no
 *	memory.
 * Return: 0; -ENOMEM, or -ERANGE for a frame that no machine has, with nothing
 *	changed.
 */
int xadma_frame_table_set(struct xadma_frame_table *table, unsigned long frame,
			  unsigned long value, gfp_t gfp)
{
	int ret = 0;

	if (frame >= XADMA_FRAME_TABLE_END)
		return -ERANGE;
	if (value)
		ret = xadma_frame_table_prepare(table, frame, gfp);
	if (!ret)
		xadma_frame_table_store(table, frame, value);
	return ret;
}

/**
 * xadma_frame_table_any - has any of these frames a value?
 * @table: the table
 * @first: the first frame
 * @last:  the last, not before it
 *
 * Context: any, no lock.
 * Return: true when one has.
 */
bool xadma_frame_table_any(const struct xadma_frame_table *table, unsigned long first,
			   unsigned long last)
{
	unsigned long frame = first, leaf;

	last = min(last, XADMA_FRAME_TABLE_END - 1);
	while (frame <= last) {
		leaf = xadma_frame_table_leaf(table, frame);
		if (!leaf)
			frame |= XADMA_FRAME_TABLE_SLOTS - 1;
		else if (READ_ONCE(*xadma_frame_table_slot(leaf, frame, 0)))
			return true;
		frame++;
	}
	return false;
}

/* At most four deep. */
static void free_node(unsigned long node, unsigned int level)
{
	unsigned long *slot = (unsigned long *)node;
	unsigned int i;

	for (i = 0; node && level && i < XADMA_FRAME_TABLE_SLOTS; i++)
		free_node(slot[i], level - 1);
	kfree(slot);
}

/**
 * xadma_frame_table_destroy - free all nodes
 * @table: the table, empty afterwards; nobody reads it any more
 *
 * Context: any.
 */
void xadma_frame_table_destroy(struct xadma_frame_table *table)
{
	free_node(table->root, XADMA_FRAME_TABLE_LEVELS - 1);
	table->root = 0;
}

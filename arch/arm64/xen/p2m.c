// SPDX-License-Identifier: GPL-2.0-only
/*
 * The P2M of arm64: for a frame at which another domain's page is mapped, the
 * machine frame of that page. It takes the place of the kernel's own; the
 * interface is that one's (xen/arm/page.h).
 *
 * Readers take no lock; writers come in any context. Frames are Xen's, of 4 KiB.
 */
#define pr_fmt(fmt) "swiotlb-arm: " fmt

#include <linux/build_bug.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/math.h>
#include <linux/printk.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include <xen/grant_table.h>
#include <xen/interface/grant_table.h>
#include <xen/page.h>
#include <xen/swiotlb-arm-p2m.h>
#include <xen/swiotlb-arm-frame-table.h>

#include <asm/xen/hypercall.h>

/* All of this file is written under @lock, which is irq-safe and raw. */
static DEFINE_RAW_SPINLOCK(lock);

static struct xadma_p2m_usage usage;

struct xadma_p2m xadma_p2m = { .first = ~0UL };
EXPORT_SYMBOL_GPL(xadma_p2m);

/* The kernel's header asks only whether this is empty. */
struct rb_root phys_to_mach = RB_ROOT;
EXPORT_SYMBOL_GPL(phys_to_mach);

static struct rb_node anything;

/* ---- asking ---- */

/**
 * __pfn_to_mfn - the machine frame behind a frame
 * @pfn: the frame
 *
 * Context: any, no lock.
 * Return: the foreign machine frame that is mapped there, or INVALID_P2M_ENTRY
 *	when none is.
 */
unsigned long __pfn_to_mfn(unsigned long pfn)
{
	/* What is not there is one below 0, as INVALID_P2M_ENTRY is. */
	BUILD_BUG_ON(INVALID_P2M_ENTRY != 0UL - XADMA_P2M_THERE);
	return xadma_frame_table_get(&xadma_p2m.mfns, pfn) - XADMA_P2M_THERE;
}
EXPORT_SYMBOL_GPL(__pfn_to_mfn);

/**
 * xadma_p2m_any_foreign - is any of these frames foreign?
 * @frames: the frames
 *
 * Context: any, no lock; the caller owns the pages, so what is mapped there was
 *	mapped before it got them, and stays.
 * Return: true when one is.
 */
bool xadma_p2m_any_foreign(struct xadma_frames frames)
{
	return xadma_frame_table_any(&xadma_p2m.mfns, frames.first, frames.last);
}

/**
 * xadma_p2m_run - how far a range is foreign and one piece in the machine
 * @frames: the range
 *
 * Context: any, no lock.
 * Return: the run that the range begins with.
 */
struct xadma_p2m_run xadma_p2m_run(struct xadma_frames frames)
{
	unsigned long first = xadma_frame_table_get(&xadma_p2m.mfns, frames.first);
	unsigned long n = 1, nr = frames.last - frames.first + 1;

	if (!first)
		return (struct xadma_p2m_run){};
	while (n < nr && xadma_frame_table_get(&xadma_p2m.mfns, frames.first + n) == first + n)
		n++;
	return (struct xadma_p2m_run){ .nr = n, .mfn = first - XADMA_P2M_THERE };
}

/**
 * xadma_p2m_usage - how much is mapped
 *
 * Context: any; a snapshot.
 * Return: the figures.
 */
struct xadma_p2m_usage xadma_p2m_usage(void)
{
	return (struct xadma_p2m_usage){
		.entries = READ_ONCE(usage.entries),
		.most = READ_ONCE(usage.most),
	};
}

/* ---- telling ---- */

static unsigned long *filter_word(unsigned long pfn)
{
	return &xadma_p2m.filter[pfn % XADMA_P2M_FILTER_FRAMES / BITS_PER_LONG];
}

static void count_in(unsigned long pfn)
{
	unsigned long *word = filter_word(pfn);

	WRITE_ONCE(usage.entries, usage.entries + 1);
	if (usage.entries > usage.most)
		WRITE_ONCE(usage.most, usage.entries);
	WRITE_ONCE(*word, *word | BIT_MASK(pfn));
	if (pfn < xadma_p2m.first)
		WRITE_ONCE(xadma_p2m.first, pfn);
	if (pfn > xadma_p2m.last)
		WRITE_ONCE(xadma_p2m.last, pfn);
	WRITE_ONCE(phys_to_mach.rb_node, &anything);
}

/* How many frames that share a bit are looked at; a bit that stays costs a look-up. */
#define SHARERS_MAX	64

/* Is one of the frames that share a bit of the filter foreign? */
static bool bit_is_used(unsigned long pfn)
{
	unsigned long first = xadma_p2m.first, last = xadma_p2m.last;
	unsigned long other = pfn % XADMA_P2M_FILTER_FRAMES;
	unsigned int n = 0;

	if (first > other)
		other += round_up(first - other, XADMA_P2M_FILTER_FRAMES);
	for (; other <= last; other += XADMA_P2M_FILTER_FRAMES)
		if (n++ == SHARERS_MAX || xadma_frame_table_get(&xadma_p2m.mfns, other))
			return true;
	return false;
}

/* The range shrinks only when it is empty: there is nothing to ask about then. */
static void count_out(unsigned long pfn)
{
	unsigned long *word = filter_word(pfn);

	WRITE_ONCE(usage.entries, usage.entries - 1);
	if (!bit_is_used(pfn))
		WRITE_ONCE(*word, *word & ~BIT_MASK(pfn));
	if (usage.entries)
		return;
	WRITE_ONCE(phys_to_mach.rb_node, NULL);
	WRITE_ONCE(xadma_p2m.last, 0);
	WRITE_ONCE(xadma_p2m.first, ~0UL);
	memset(xadma_p2m.filter, 0, sizeof(xadma_p2m.filter));
}

/* Memory is not allocated under a raw lock: nodes are made before, and kept. */
static bool enter(unsigned long pfn, unsigned long mfn)
{
	unsigned long flags;
	bool entered;

	if (xadma_frame_table_prepare(&xadma_p2m.mfns, pfn, GFP_NOWAIT | __GFP_NOWARN))
		return false;
	raw_spin_lock_irqsave(&lock, flags);
	entered = !xadma_frame_table_get(&xadma_p2m.mfns, pfn);
	if (entered) {
		xadma_frame_table_store(&xadma_p2m.mfns, pfn, mfn + XADMA_P2M_THERE);
		count_in(pfn);
	}
	raw_spin_unlock_irqrestore(&lock, flags);
	return entered;
}

static void drop(unsigned long pfn, unsigned long nr)
{
	unsigned long flags;

	for (; nr; nr--, pfn++) {
		raw_spin_lock_irqsave(&lock, flags);
		if (xadma_frame_table_get(&xadma_p2m.mfns, pfn)) {
			xadma_frame_table_store(&xadma_p2m.mfns, pfn, 0);
			count_out(pfn);
		}
		raw_spin_unlock_irqrestore(&lock, flags);
	}
}

static bool is_sane(unsigned long pfn, unsigned long mfn, unsigned long nr)
{
	return pfn + nr >= pfn && mfn + nr >= mfn && mfn + nr <= LONG_MAX;
}

/**
 * __set_phys_to_machine_multi - foreign frames are, or are no longer, mapped
 * @pfn: the first frame
 * @mfn: the machine frame of the first; the others follow. INVALID_P2M_ENTRY to
 *	take the entries out, be they there or not
 * @nr:  how many
 *
 * Context: any.
 * Return: false, with nothing changed, when something is mapped there already
 *	or there is no memory; else true.
 */
bool __set_phys_to_machine_multi(unsigned long pfn, unsigned long mfn,
				 unsigned long nr)
{
	unsigned long i;

	if (mfn == INVALID_P2M_ENTRY) {
		drop(pfn, nr);
		return true;
	}
	if (!is_sane(pfn, mfn, nr))
		return false;
	for (i = 0; i < nr; i++) {
		if (!enter(pfn + i, mfn + i)) {
			drop(pfn, i);
			return false;
		}
	}
	return true;
}
EXPORT_SYMBOL_GPL(__set_phys_to_machine_multi);

/**
 * __set_phys_to_machine - the same for one frame
 * @pfn: the frame
 * @mfn: its machine frame, or INVALID_P2M_ENTRY
 *
 * Context: any.
 * Return: false when it could not be done.
 */
bool __set_phys_to_machine(unsigned long pfn, unsigned long mfn)
{
	return __set_phys_to_machine_multi(pfn, mfn, 1);
}
EXPORT_SYMBOL_GPL(__set_phys_to_machine);

/* ---- grants ---- */

/* A page that has no entry would be taken for ours: it may not stay mapped. */
static void give_up(struct gnttab_map_grant_ref *map)
{
	struct gnttab_unmap_grant_ref unmap = {
		.host_addr = map->host_addr,
		.handle = map->handle,
		.status = GNTST_general_error,
	};

	if (map->flags & GNTMAP_device_map)
		unmap.dev_bus_addr = map->dev_bus_addr;
	map->status = GNTST_general_error;
	map->handle = INVALID_GRANT_HANDLE;
	if (HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1) ||
	    unmap.status != GNTST_okay)
		pr_err_ratelimited("a granted page at %#llx stays mapped, for there is no memory to note it down and Xen does not unmap it (status %d)\n",
				   map->host_addr, unmap.status);
}

/**
 * set_foreign_p2m_mapping - grants have been mapped
 * @map_ops:  what Xen answered; the status of those that cannot be noted down
 *	becomes an error
 * @kmap_ops: unused
 * @pages:    unused
 * @count:    how many
 *
 * Context: any.
 * Return: 0.
 */
int set_foreign_p2m_mapping(struct gnttab_map_grant_ref *map_ops,
			    struct gnttab_map_grant_ref *kmap_ops,
			    struct page **pages, unsigned int count)
{
	struct gnttab_map_grant_ref *map;

	for (map = map_ops; map < map_ops + count; map++)
		if (map->status == GNTST_okay &&
		    !enter(XEN_PFN_DOWN(map->host_addr),
			   XEN_PFN_DOWN(map->dev_bus_addr)))
			give_up(map);
	return 0;
}

/**
 * clear_foreign_p2m_mapping - grants have been unmapped
 * @unmap_ops:  what Xen was asked
 * @kunmap_ops: unused
 * @pages:      unused
 * @count:      how many
 *
 * Context: any.
 * Return: 0.
 */
int clear_foreign_p2m_mapping(struct gnttab_unmap_grant_ref *unmap_ops,
			      struct gnttab_unmap_grant_ref *kunmap_ops,
			      struct page **pages, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		drop(XEN_PFN_DOWN(unmap_ops[i].host_addr), 1);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The P2M of arm64: for a frame at which another domain's page is mapped, the
 * machine frame of that page. It takes the place of the kernel's own; the
 * interface is that one's (xen/arm/page.h).
 *
 * Readers take no lock; writers come in any context.
 */
#define pr_fmt(fmt) "swiotlb-arm: " fmt

#include <linux/build_bug.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/printk.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>

#include <xen/grant_table.h>
#include <xen/interface/grant_table.h>
#include <xen/page.h>
#include <xen/swiotlb-arm-p2m.h>
#include <xen/swiotlb-arm-frame-table.h>

#include <asm/xen/hypercall.h>

/* All of this file is written under @lock, which is irq-safe and raw. */
static DEFINE_RAW_SPINLOCK(lock);

/* A machine frame plus THERE, for 0 is a machine frame, too. */
static struct xadma_frame_table p2m;
#define THERE	1

static struct xadma_p2m_usage usage;

struct xadma_p2m_span xadma_p2m_span = { .first = ~0UL };
EXPORT_SYMBOL_GPL(xadma_p2m_span);

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
	BUILD_BUG_ON(INVALID_P2M_ENTRY != 0UL - THERE);
	return xadma_frame_table_get(&p2m, pfn) - THERE;
}
EXPORT_SYMBOL_GPL(__pfn_to_mfn);

/* For xadma_p2m_any_foreign(), where the span does not settle it. */
bool __xadma_p2m_any_foreign(unsigned long first, unsigned long last)
{
	return xadma_frame_table_any(&p2m, first, last);
}

/**
 * xadma_p2m_run - how far a foreign range is one piece in the machine
 * @pfn: the first frame
 * @nr:  how many to look at, at least 1
 * @mfn: where to put the first one's machine frame
 *
 * Context: any, no lock.
 * Return: how many frames, from the first one on, are foreign and neighbours in
 *	the machine; 0 with @mfn untouched when the first is not foreign.
 */
unsigned long xadma_p2m_run(unsigned long pfn, unsigned long nr,
			    unsigned long *mfn)
{
	unsigned long first = xadma_frame_table_get(&p2m, pfn), n = 1;

	if (!first)
		return 0;
	while (n < nr && xadma_frame_table_get(&p2m, pfn + n) == first + n)
		n++;
	*mfn = first - THERE;
	return n;
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

static void count_in(unsigned long pfn)
{
	WRITE_ONCE(usage.entries, usage.entries + 1);
	if (usage.entries > usage.most)
		WRITE_ONCE(usage.most, usage.entries);
	if (pfn < xadma_p2m_span.first)
		WRITE_ONCE(xadma_p2m_span.first, pfn);
	if (pfn > xadma_p2m_span.last)
		WRITE_ONCE(xadma_p2m_span.last, pfn);
	WRITE_ONCE(phys_to_mach.rb_node, &anything);
}

/* The span shrinks only when it is empty: nobody asks about nothing then. */
static void count_out(void)
{
	WRITE_ONCE(usage.entries, usage.entries - 1);
	if (usage.entries)
		return;
	WRITE_ONCE(phys_to_mach.rb_node, NULL);
	WRITE_ONCE(xadma_p2m_span.last, 0);
	WRITE_ONCE(xadma_p2m_span.first, ~0UL);
}

/* Memory is not allocated under a raw lock: nodes are made before, and kept. */
static bool enter(unsigned long pfn, unsigned long mfn)
{
	unsigned long flags;
	bool entered;

	if (xadma_frame_table_prepare(&p2m, pfn, GFP_NOWAIT | __GFP_NOWARN))
		return false;
	raw_spin_lock_irqsave(&lock, flags);
	entered = !xadma_frame_table_get(&p2m, pfn);
	if (entered) {
		xadma_frame_table_store(&p2m, pfn, mfn + THERE);
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
		if (xadma_frame_table_get(&p2m, pfn)) {
			xadma_frame_table_store(&p2m, pfn, 0);
			count_out();
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

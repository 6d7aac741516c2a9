// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/kfifo.h>
#include <linux/memblock.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "mfn-map.h"
#include "resolve.h"

/* A section is 128 MiB; those without memory have no table. */
#define SECTION_SHIFT	15
#define SECTION_FRAMES	BIT(SECTION_SHIFT)

/* An entry is one of these, or a machine frame plus KNOWN. */
#define UNKNOWN		0UL
#define GONE		1UL
#define KNOWN		2UL

#define WANTED_MAX	1024

/*
 * Entries are read without a lock and written under @lock. The table of
 * sections is made once.
 */
struct xadma_mfn_map {
	struct xadma_resolver *resolver;
	struct mutex lock;			/* sleeps; outside the resolver's */
	unsigned long cursor;			/* @lock: all before it was tried */
	unsigned long lowest;			/* @lock: of all that was learnt */
	unsigned long batch[XADMA_RESOLVE_BATCH];	/* @lock */
	unsigned long answer[XADMA_RESOLVE_BATCH];	/* @lock */
	struct work_struct work;
	bool ending;				/* learning is over */
	raw_spinlock_t wanted_lock;		/* irq-safe, innermost */
	DECLARE_KFIFO(wanted, unsigned long, WANTED_MAX);	/* @wanted_lock */
	unsigned long nr_sections;
	unsigned long *section[];
};

static unsigned long *entry(const struct xadma_mfn_map *f, unsigned long pfn)
{
	unsigned long section = pfn >> SECTION_SHIFT;

	if (section >= f->nr_sections || !f->section[section])
		return NULL;
	return &f->section[section][pfn % SECTION_FRAMES];
}

/**
 * xadma_mfn_map_mfn - what is known of a frame
 * @f:   the table
 * @pfn: a frame of our own
 *
 * Context: any, no lock; the caller owns the page.
 * Return: the machine frame, or XADMA_NO_MFN.
 */
unsigned long xadma_mfn_map_mfn(const struct xadma_mfn_map *f, unsigned long pfn)
{
	const unsigned long *at = entry(f, pfn);
	unsigned long value = at ? READ_ONCE(*at) : UNKNOWN;

	return value >= KNOWN ? value - KNOWN : XADMA_NO_MFN;
}

/* ---- learning ---- */

/* Whatever became of a frame since it was noted down, it is tried once. */
static void learn(struct xadma_mfn_map *f, unsigned int nr)
{
	unsigned int i;

	lockdep_assert_held(&f->lock);

	xadma_resolve(f->resolver, f->batch, f->answer, nr);
	for (i = 0; i < nr; i++) {
		if (f->answer[i] == XADMA_NO_MFN)
			continue;
		WRITE_ONCE(*entry(f, f->batch[i]), f->answer[i] + KNOWN);
		f->lowest = min(f->lowest, f->answer[i]);
	}
}

static bool next_wanted(struct xadma_mfn_map *f, unsigned long *pfn)
{
	bool got;

	raw_spin_lock_irq(&f->wanted_lock);
	got = kfifo_out(&f->wanted, pfn, 1);
	raw_spin_unlock_irq(&f->wanted_lock);
	return got;
}

static unsigned int take_wanted(struct xadma_mfn_map *f)
{
	unsigned int nr = 0;
	unsigned long pfn;

	while (nr < XADMA_RESOLVE_BATCH &&
	       next_wanted(f, &pfn)) {
		const unsigned long *at = entry(f, pfn);

		if (at && *at < KNOWN)
			f->batch[nr++] = pfn;
	}
	return nr;
}

static bool is_memory(unsigned long pfn)
{
	return pfn_valid(pfn) && memblock_is_map_memory(PFN_PHYS(pfn));
}

static unsigned int take_next(struct xadma_mfn_map *f)
{
	unsigned long end = f->nr_sections << SECTION_SHIFT;
	unsigned int nr = 0;

	while (nr < XADMA_RESOLVE_BATCH && f->cursor < end) {
		const unsigned long *at = entry(f, f->cursor);

		if (!at) {
			f->cursor = ALIGN(f->cursor + 1, SECTION_FRAMES);
			continue;
		}
		if (*at == UNKNOWN && is_memory(f->cursor))
			f->batch[nr++] = f->cursor;
		f->cursor++;
	}
	return nr;
}

/* Frames that a driver maps come before all others. */
static bool learn_some(struct xadma_mfn_map *f)
{
	unsigned int nr;

	mutex_lock(&f->lock);
	nr = take_wanted(f) ?: take_next(f);
	if (nr)
		learn(f, nr);
	mutex_unlock(&f->lock);
	return nr;
}

static void work(struct work_struct *work)
{
	struct xadma_mfn_map *f = container_of(work, struct xadma_mfn_map, work);

	while (!READ_ONCE(f->ending) && learn_some(f))
		cond_resched();
}

/**
 * xadma_mfn_map_learn_all - begin to learn all memory, in the background
 * @f: the table
 *
 * Context: any.
 */
void xadma_mfn_map_learn_all(struct xadma_mfn_map *f)
{
	queue_work(system_unbound_wq, &f->work);
}

/* One at a time: a buffer may have a thousand, and interrupts are off meanwhile. */
static bool want(struct xadma_mfn_map *f, unsigned long pfn)
{
	unsigned long flags;
	bool noted;

	raw_spin_lock_irqsave(&f->wanted_lock, flags);
	noted = kfifo_in(&f->wanted, &pfn, 1);
	raw_spin_unlock_irqrestore(&f->wanted_lock, flags);
	return noted;
}

/**
 * xadma_mfn_map_want - these frames are being mapped, and are not all known
 * @f:      the map
 * @frames: the frames
 *
 * What finds no place in the queue is asked for again by the next map.
 *
 * Context: any; the caller owns the pages.
 */
void xadma_mfn_map_want(struct xadma_mfn_map *f, struct xadma_frames frames)
{
	unsigned long pfn;

	for (pfn = frames.first; pfn <= frames.last; pfn++)
		if (xadma_mfn_map_mfn(f, pfn) == XADMA_NO_MFN && !want(f, pfn))
			break;
	queue_work(system_unbound_wq, &f->work);
}

/**
 * xadma_mfn_map_set - a frame has new memory behind it, and it is known which
 * @f:   the map
 * @pfn: the frame, which was forgotten before its memory was changed
 * @mfn: its machine frame
 *
 * Context: may sleep; nobody maps the page yet.
 */
void xadma_mfn_map_set(struct xadma_mfn_map *f, unsigned long pfn, unsigned long mfn)
{
	unsigned long *at = entry(f, pfn);

	if (!at)
		return;
	mutex_lock(&f->lock);
	WRITE_ONCE(*at, mfn + KNOWN);
	f->lowest = min(f->lowest, mfn);
	mutex_unlock(&f->lock);
}

/**
 * xadma_mfn_map_none_below - is all of our memory above a machine frame?
 * @f:   the table
 * @mfn: the frame
 *
 * Spares a search through all memory for a device that cannot reach any.
 *
 * Context: may sleep.
 * Return: true when that is known; memory that came back since does not count.
 */
bool xadma_mfn_map_none_below(struct xadma_mfn_map *f, unsigned long mfn)
{
	bool none;

	mutex_lock(&f->lock);
	none = f->cursor >= f->nr_sections << SECTION_SHIFT && f->lowest > mfn;
	mutex_unlock(&f->lock);
	return none;
}

/**
 * xadma_mfn_map_forget - a frame is about to go back to Xen
 * @f:   the table
 * @pfn: the frame
 *
 * Context: may sleep; nobody uses the page.
 */
void xadma_mfn_map_forget(struct xadma_mfn_map *f, unsigned long pfn)
{
	unsigned long *at = entry(f, pfn);

	if (!at)
		return;
	mutex_lock(&f->lock);
	WRITE_ONCE(*at, GONE);
	raw_spin_lock_irq(&f->wanted_lock);
	kfifo_reset(&f->wanted);
	raw_spin_unlock_irq(&f->wanted_lock);
	mutex_unlock(&f->lock);
}

/* ---- making and taking down ---- */

/**
 * xadma_mfn_map_destroy - free a table; accepts a half-made one
 * @f: the table; nobody maps any more
 *
 * Context: may sleep.
 */
void xadma_mfn_map_destroy(struct xadma_mfn_map *f)
{
	unsigned long i;

	if (!f)
		return;
	WRITE_ONCE(f->ending, true);
	cancel_work_sync(&f->work);
	for (i = 0; i < f->nr_sections; i++)
		kvfree(f->section[i]);
	mutex_destroy(&f->lock);
	kvfree(f);
}

static int add_section(struct xadma_mfn_map *f, unsigned long section)
{
	if (f->section[section])
		return 0;
	f->section[section] = kvcalloc(SECTION_FRAMES, sizeof(unsigned long),
				       GFP_KERNEL);
	return f->section[section] ? 0 : -ENOMEM;
}

/**
 * xadma_mfn_map_create - make a table of all memory, with nothing known yet
 * @resolver: who is asked
 *
 * Eight bytes for each 4 KiB of memory.
 *
 * Context: may sleep.
 * Return: the table, or NULL without memory for it.
 */
struct xadma_mfn_map *xadma_mfn_map_create(struct xadma_resolver *resolver)
{
	unsigned long end = PFN_UP(memblock_end_of_DRAM());
	unsigned long nr = DIV_ROUND_UP(end, SECTION_FRAMES), section;
	phys_addr_t first, last;
	struct xadma_mfn_map *f;
	u64 i;

	f = kvzalloc(struct_size(f, section, nr), GFP_KERNEL);
	if (!f)
		return NULL;
	f->resolver = resolver;
	f->nr_sections = nr;
	f->lowest = XADMA_NO_MFN;
	mutex_init(&f->lock);
	raw_spin_lock_init(&f->wanted_lock);
	INIT_KFIFO(f->wanted);
	INIT_WORK(&f->work, work);

	for_each_mem_range(i, &first, &last)
		for (section = PHYS_PFN(first) >> SECTION_SHIFT;
		     section <= PHYS_PFN(last - 1) >> SECTION_SHIFT; section++)
			if (add_section(f, section)) {
				xadma_mfn_map_destroy(f);
				return NULL;
			}
	return f;
}

static void add_up(struct xadma_mfn_map_usage *usage,
		   const unsigned long *section)
{
	unsigned long i;

	for (i = 0; section && i < SECTION_FRAMES; i++) {
		usage->known += READ_ONCE(section[i]) >= KNOWN;
		usage->all -= READ_ONCE(section[i]) == GONE;
	}
}

/**
 * xadma_mfn_map_usage - how much is known by now
 * @f: the table
 *
 * Context: may sleep; a snapshot.
 * Return: the figures.
 */
struct xadma_mfn_map_usage xadma_mfn_map_usage(struct xadma_mfn_map *f)
{
	struct xadma_mfn_map_usage usage = {
		.all = PHYS_PFN(memblock_phys_mem_size()),
	};
	unsigned long i;

	for (i = 0; i < f->nr_sections; i++) {
		add_up(&usage, f->section[i]);
		cond_resched();
	}
	return usage;
}

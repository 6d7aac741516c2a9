// SPDX-License-Identifier: GPL-2.0-only
/*
 * oracle: a device of ours and a twin on the stock kernel's dma-direct and
 * swiotlb go through the same random steps of the DMA API, and are compared
 * after each.
 *
 * There is no model of what is right: wherever the stock kernel has an answer,
 * ours is the same. Compared are the bytes of the CPU's buffer and of what the
 * device sees, with red zones around both; which calls fail; whether a buffer
 * bounces; and the cache maintenance of devices that do not snoop. Addresses
 * are not compared, but have to keep what the device asked for.
 *
 * The comparison is one-sided where ours is better on purpose:
 *
 * - What the stock kernel refuses, since its swiotlb is full or a boundary cannot
 *   be kept, ours may map. A bounce buffer never crosses the boundary, though.
 * - Bounce buffers: cache lines that the stock kernel maintains must be maintained.
 *   Ours maintains more: all of a run, and a run that was mapped with
 *   DMA_ATTR_SKIP_CPU_SYNC, since its lines are dirty from the copy. Lines past
 *   the end of the mapping, which the stock kernel maintains if the driver
 *   asks for them, are another mapping's: ours need not.
 * - Memory for DMA_ATTR_NO_KERNEL_MAPPING: ours may be zeroed.
 * - An address that was never mapped, for a device that does not snoop: the stock
 *   kernel maintains the cache wherever that is, without looking for memory. There
 *   only ours is asked, and has to count it if it would have done the same.
 * - With a min_align_mask swiotlb loses count of its slots when a driver unmaps
 *   twice, or from an address inside the mapping: then the twin unmaps once, and
 *   nobody from inside.
 * - A mapping of no bytes, which has no answer that makes sense, is left out.
 *
 * A driver's mistake that bounces (a wrong length, a second unmap) is counted
 * once by ours, and nothing else is.
 *
 * Drivers' mistakes make the stock kernel warn (swiotlb: "Buffer overflow
 * detected", once) and CONFIG_DMA_API_DEBUG, too. They are left out where that is
 * not harmless: with panic_on_warn, or with CONFIG_DMA_API_DEBUG.
 *
 * On the kernel's command line oracle_test.steps= and oracle_test.seed= ask for
 * more, or other, steps; oracle_test.without= is a mask of enum trial_mistake.
 */
#include <kunit/test.h>

#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/panic.h>
#include <linux/pfn.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../instance.h"
#include "../ops.h"
#include "helpers.h"
#include "twin.h"

static unsigned int steps = 100000;
module_param(steps, uint, 0444);
MODULE_PARM_DESC(steps, "steps to compare, over all kinds of devices");

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "of the random steps; 0 for a random one");

static unsigned int without;
module_param(without, uint, 0444);
MODULE_PARM_DESC(without, "mask of drivers' mistakes to leave out");

#define NOWHERE		SZ_4K				/* no RAM at all */
#define SHIFT		(SZ_8T + SZ_2K)		/* keeps no page, but slots */

static const struct bus_dma_region shifted[] = {
	{ .cpu_start = 0, .dma_start = SHIFT, .size = SZ_4T },
	{}
};

#define LIVE		4	/* mappings at a time */
#define ENTRIES		16	/* of a list */
#define CELL		SZ_8K	/* where an entry lies */
#define REGION		(ENTRIES * CELL)
#define RED		128	/* bytes around a buffer that nobody touches */
#define LARGEST		SZ_64K
#define SESSION		512	/* steps between two times of nothing mapped */
#define STORY		12	/* steps of a mapping that a failure prints */

/* What a driver may do wrong, by bit of the parameter 'without'. */
enum trial_mistake {
	UNMAP_SHORTER,
	UNMAP_NO_BYTES,
	UNMAP_LONGER,
	UNMAP_INSIDE,		/* from an address inside the mapping */
	UNMAP_TWICE,
	SYNC_TOO_MUCH,
	SYNC_OTHER_DIR,
	SYNC_FEWER_ENTRIES,	/* which CONFIG_DMA_API_DEBUG takes for one */
	ENTRY_ACROSS_BOUNDARY,	/* of a list, which goes direct all the same */
	LIST_WITHOUT_LENGTHS,	/* sg_dma_len() is 0 in a list filled in by hand */
	LIST_WITHOUT_PAGES,	/* CONFIG_DMABUF_DEBUG mangles page links */
	NEVER_MAPPED,
	NO_MISTAKE,
};

/* Not mistakes, but can be left out as well. */
#define KEEP_BOUNDARY	NO_MISTAKE
#define KEEP_LOW_BITS	(NO_MISTAKE + 1)

enum trial_side { OURS, STOCK, SIDES };

enum mapped_as { NOTHING, BUFFER, LIST, COHERENT, PAGES };

static const char * const what_names[] = {
	"nothing", "a buffer", "a list", "coherent memory", "pages",
};

enum verb {
	MAP, UNMAP, SYNC_CPU, SYNC_DEVICE, SYNC_LIST_CPU, SYNC_LIST_DEVICE,
	DEVICE_WRITES, CPU_WRITES, ZERO_LENGTHS, MANGLE_LINKS,
	UNMAP_NOWHERE, SYNC_CPU_NOWHERE, SYNC_DEVICE_NOWHERE,
};

static const char * const verb_names[] = {
	"map", "unmap", "sync for CPU", "sync for device", "sync list for CPU",
	"sync list for device", "the device writes", "the CPU writes",
	"zero sg_dma_len", "mangle page links", "unmap what was never mapped",
	"sync for CPU what was never mapped",
	"sync for device what was never mapped",
};

static const char * const dir_names[] = { "both ways", "to", "from" };

/**
 * struct step - something to do on both sides
 * @verb:    what
 * @mistake: what is wrong about it
 * @entry:   of the mapping
 * @at:      bytes into that entry; for CPU_WRITES from its red zone on
 * @size:    bytes; entries for a list as a whole
 * @dir:     direction
 * @attrs:   DMA_ATTR_*
 */
struct step {
	enum verb verb;
	enum trial_mistake mistake;
	unsigned int entry;
	size_t at;
	size_t size;
	enum dma_data_direction dir;
	unsigned long attrs;
};

/**
 * struct entry - bytes that are mapped in one piece
 * @at:      where in the region
 * @len:     how many
 * @dma:     what each device was told
 * @view:    where the CPU finds what each device sees
 * @bounced: that is not the buffer itself
 * @red:     bytes before and after @view in the slots of the bounce buffer
 */
struct entry {
	size_t at;
	size_t len;
	dma_addr_t dma[SIDES];
	u8 *view[SIDES];
	bool bounced;
	u8 red[SIDES][2][RED];
};

/**
 * struct mapping - what is, or may be, mapped for both devices
 * @what:   is mapped
 * @region: where buffers of each side lie, REGION bytes, alike
 * @cookie: memory that was allocated: what the API returned
 * @nr:     how many entries
 * @entry:  the entries
 * @sgl:    the list of each side
 * @zeroed: sg_dma_len() is 0
 * @mangled: page links are mangled
 * @dir:    direction
 * @attrs:  DMA_ATTR_*
 * @story:  the last steps
 * @told:   how many steps
 */
struct mapping {
	enum mapped_as what;
	u8 *region[SIDES];
	void *cookie[SIDES];
	unsigned int nr;
	struct entry entry[ENTRIES];
	struct scatterlist sgl[SIDES][ENTRIES];
	bool zeroed;
	bool mangled;
	enum dma_data_direction dir;
	unsigned long attrs;
	struct step story[STORY];
	unsigned int told;
};

/**
 * struct pair - what the two devices have in common
 * @name: for people
 * @twin: the twin; ours is the same, and bounces since it reaches no RAM
 */
struct pair {
	char name[80];
	struct twin_kind twin;
};

/**
 * struct trial - a run of steps
 * @test:    the case
 * @pair:    what the devices are like
 * @world:   of our device
 * @dev:     the devices
 * @rnd:     the source of steps
 * @seed:    of @rnd
 * @step:    how many steps so far
 * @refused: how many mappings the stock kernel refused
 * @mistakes: drivers' mistakes that may be made, by bit of enum trial_mistake
 * @log:     cache maintenance of the twin; NULL if it cannot be observed
 * @mapped:  did the map of each side succeed?
 * @misuse:  mistakes that ours has counted before this step
 * @mapping: what may be mapped
 */
struct trial {
	struct kunit *test;
	const struct pair *pair;
	struct fake_world *world;
	struct device *dev[SIDES];
	struct rnd_state rnd;
	u32 seed;
	unsigned int step;
	unsigned int refused;
	unsigned long mistakes;
	struct twin_log *log;
	bool mapped[SIDES];
	u64 misuse;
	struct mapping mapping[LIVE];
};

/* ---- chance ---- */

static u32 below(struct trial *t, u32 n)
{
	return prandom_u32_state(&t->rnd) % n;
}

static bool one_in(struct trial *t, u32 n)
{
	return !below(t, n);
}

static bool may_err(struct trial *t, enum trial_mistake mistake, u32 n)
{
	return one_in(t, n) && (t->mistakes & BIT(mistake));
}

static size_t any_size(struct trial *t)
{
	static const size_t edges[] = {
		1, 64, 1500, 1536, 2047, 2048, 2049, PAGE_SIZE - 1, PAGE_SIZE,
		PAGE_SIZE + 1, SZ_32K, 3 * SZ_16K, SZ_64K,
	};
	unsigned long boundary = t->pair->twin.boundary;
	size_t size;

	switch (below(t, 16)) {
	case 0 ... 2:
		size = edges[below(t, ARRAY_SIZE(edges))];
		break;
	case 3:
		size = 1 + below(t, LARGEST);
		break;
	case 4 ... 6:
		size = 1 + below(t, SZ_8K);
		break;
	default:
		size = 1 + below(t, SZ_2K);
	}
	/* What cannot but cross the boundary is refused: a few of those do. */
	if (boundary && size > boundary + 1 && !one_in(t, 16))
		size = 1 + below(t, boundary + 1);
	return min_t(size_t, size, LARGEST);
}

static enum dma_data_direction any_dir(struct trial *t)
{
	return below(t, 3);
}

static unsigned long any_attrs(struct trial *t)
{
	return (one_in(t, 8) ? DMA_ATTR_SKIP_CPU_SYNC : 0) |
	       (one_in(t, 8) ? DMA_ATTR_NO_WARN : 0) |
	       (one_in(t, 16) ? DMA_ATTR_WEAK_ORDERING : 0);
}

/* ---- where things are ---- */

static bool is_memory(const struct mapping *m)
{
	return m->what == COHERENT || m->what == PAGES;
}

/* An entry as the CPU sees it, with its red zones; NULL if there is but a cookie. */
static u8 *cpu_window(const struct mapping *m, const struct entry *e,
		      enum trial_side side)
{
	if (m->what == COHERENT)
		return m->attrs & DMA_ATTR_NO_KERNEL_MAPPING ? NULL :
		       m->cookie[side];
	if (m->what == PAGES)
		return page_address(m->cookie[side]);
	return m->region[side] + e->at - RED;
}

static size_t window_size(const struct mapping *m, const struct entry *e)
{
	return e->len + (is_memory(m) ? 0 : 2 * RED);
}

static void find_views(struct trial *t, struct mapping *m)
{
	struct entry *e;

	for (e = m->entry; e < m->entry + m->nr; e++) {
		e->view[STOCK] = phys_to_virt(dma_to_phys(t->dev[STOCK],
							  e->dma[STOCK]));
		e->view[OURS] = fake_device_view(t->dev[OURS], e->dma[OURS]) ?:
			phys_to_virt(dma_to_phys(t->dev[OURS], e->dma[OURS]));
	}
}

/* The rest of the slots in which a bounce buffer begins and ends is its own. */
static size_t red_before(const u8 *view)
{
	return min_t(size_t, RED, (unsigned long)view % XADMA_SLOT_SIZE);
}

static size_t red_after(const u8 *view, size_t len)
{
	return min_t(size_t, RED, -((unsigned long)view + len) % XADMA_SLOT_SIZE);
}

static void remember_red(struct mapping *m)
{
	enum trial_side side;
	struct entry *e;

	for (e = m->entry; e < m->entry + m->nr; e++)
		for (side = OURS; e->bounced && side < SIDES; side++) {
			const u8 *v = e->view[side];

			memcpy(e->red[side][0], v - red_before(v), red_before(v));
			memcpy(e->red[side][1], v + e->len, red_after(v, e->len));
		}
}

static bool red_is_untouched(const struct mapping *m)
{
	const struct entry *e;
	enum trial_side side;

	for (e = m->entry; e < m->entry + m->nr; e++)
		for (side = OURS; e->bounced && side < SIDES; side++) {
			const u8 *v = e->view[side];

			if (memcmp(e->red[side][0], v - red_before(v),
				   red_before(v)) ||
			    memcmp(e->red[side][1], v + e->len,
				   red_after(v, e->len)))
				return false;
		}
	return true;
}

/* ---- steps: what may come next ---- */

static void plan_buffer(struct trial *t, struct mapping *m)
{
	m->what = BUFFER;
	m->nr = 1;
	m->entry[0].at = RED + (one_in(t, 4) ? SZ_4K - RED : below(t, SZ_4K));
	m->entry[0].len = any_size(t);
}

/* No boundary is shorter than a cell, and cells are aligned, but for the shift. */
static size_t up_to_boundary(const struct trial *t, size_t at)
{
	return CELL - at % CELL - (t->pair->twin.map ? SHIFT % CELL : 0);
}

static void plan_list(struct trial *t, struct mapping *m)
{
	unsigned int i;

	m->what = LIST;
	m->nr = 1 + below(t, ENTRIES);
	for (i = 0; i < m->nr; i++) {
		m->entry[i].at = i * CELL + RED + below(t, SZ_1K);
		m->entry[i].len = min_t(size_t, any_size(t), CELL - SZ_1K - 2 * RED);
		if (!(t->mistakes & BIT(ENTRY_ACROSS_BOUNDARY)))
			m->entry[i].len = min(m->entry[i].len,
					      up_to_boundary(t, m->entry[i].at));
	}
}

static void plan_memory(struct trial *t, struct mapping *m)
{
	m->what = one_in(t, 2) ? COHERENT : PAGES;
	m->attrs = one_in(t, 4) ? DMA_ATTR_NO_KERNEL_MAPPING :
		   one_in(t, 4) ? DMA_ATTR_WRITE_COMBINE : 0;
	m->nr = 1;
	m->entry[0].at = 0;
	m->entry[0].len = min_t(size_t, any_size(t), SZ_16K);
}

static void plan_map(struct trial *t, struct mapping *m, struct step *s)
{
	m->attrs = any_attrs(t);
	m->dir = any_dir(t);
	m->zeroed = false;
	m->mangled = false;
	m->told = 0;
	switch (below(t, 16)) {
	case 0:
		plan_memory(t, m);
		break;
	case 1 ... 4:
		plan_list(t, m);
		break;
	default:
		plan_buffer(t, m);
	}
	s->verb = MAP;
	s->size = m->nr;
	s->dir = m->dir;
	s->attrs = m->attrs;
}

/* Where low bits are kept, swiotlb loses slots that are unmapped from inside. */
static bool unmaps_inside(const struct trial *t, const struct mapping *m)
{
	return !m->entry[0].bounced || !t->pair->twin.align;
}

static void plan_unmap(struct trial *t, struct mapping *m, struct step *s)
{
	size_t len = m->entry[0].len;

	s->verb = UNMAP;
	s->size = len;
	s->dir = m->dir;
	s->attrs = one_in(t, 8) ? DMA_ATTR_SKIP_CPU_SYNC : 0;
	if (is_memory(m))
		return;
	if (may_err(t, UNMAP_TWICE, 16)) {
		s->mistake = UNMAP_TWICE;
	} else if (m->what == LIST) {
		/* As it was mapped, or as the driver left it. */
	} else if (len > 1 && may_err(t, UNMAP_SHORTER, 8)) {
		s->mistake = UNMAP_SHORTER;
		s->size = 1 + below(t, len - 1);
	} else if (may_err(t, UNMAP_NO_BYTES, 32)) {
		s->mistake = UNMAP_NO_BYTES;
		s->size = 0;
	} else if (len > 1 && unmaps_inside(t, m) && may_err(t, UNMAP_INSIDE, 16)) {
		s->mistake = UNMAP_INSIDE;
		s->at = 1 + below(t, min_t(size_t, len, XADMA_SLOT_SIZE) - 1);
		s->size = len - s->at;
	} else if (may_err(t, UNMAP_LONGER, 16)) {
		s->mistake = UNMAP_LONGER;
		s->size = len + 1 + below(t, one_in(t, 4) ? SZ_4K : RED);
	}
}

static void plan_sync(struct trial *t, struct mapping *m, struct step *s,
		      enum verb one, enum verb all)
{
	size_t len;

	s->dir = m->dir;
	if (may_err(t, SYNC_OTHER_DIR, 32)) {
		s->mistake = SYNC_OTHER_DIR;
		s->dir = any_dir(t);
	}
	if (m->what == LIST && one_in(t, 2)) {
		s->verb = all;
		s->size = m->nr;
		if (s->mistake == NO_MISTAKE && m->nr > 1 &&
		    may_err(t, SYNC_FEWER_ENTRIES, 8)) {
			s->mistake = SYNC_FEWER_ENTRIES;
			s->size = 1 + below(t, m->nr - 1);
		}
		return;
	}
	s->verb = one;
	s->entry = below(t, m->nr);
	len = m->entry[s->entry].len;
	s->size = len;
	switch (below(t, 8)) {
	case 0 ... 1:
		s->size = below(t, len + 1);
		break;
	case 2 ... 3:
		s->at = below(t, len);
		s->size = 1 + below(t, len - s->at);
		break;
	case 4:
		if (s->mistake != NO_MISTAKE || is_memory(m) ||
		    !may_err(t, SYNC_TOO_MUCH, 1))
			break;
		s->mistake = SYNC_TOO_MUCH;
		s->at = one_in(t, 2) ? below(t, len) : 0;
		s->size = len - s->at + 1 + below(t, one_in(t, 4) ? SZ_4K : RED);
	}
}

static void plan_write(struct trial *t, struct mapping *m, struct step *s)
{
	struct entry *e;
	size_t room;

	s->verb = one_in(t, 3) ? CPU_WRITES : DEVICE_WRITES;
	s->entry = below(t, m->nr);
	e = &m->entry[s->entry];
	room = s->verb == CPU_WRITES ? window_size(m, e) : e->len;
	s->at = one_in(t, 2) ? below(t, room) : 0;
	s->size = one_in(t, 2) ? 1 + below(t, room - s->at) : room - s->at;
	s->size = min_t(size_t, s->size, PATTERN_MAX);
}

static void plan_odd(struct trial *t, struct mapping *m, struct step *s)
{
	if (m->what == LIST && !m->zeroed &&
	    may_err(t, LIST_WITHOUT_LENGTHS, 2)) {
		s->verb = ZERO_LENGTHS;
	} else if (m->what == LIST && !m->mangled &&
		   may_err(t, LIST_WITHOUT_PAGES, 2)) {
		s->verb = MANGLE_LINKS;
	} else if (may_err(t, NEVER_MAPPED, 4)) {
		s->verb = UNMAP_NOWHERE + below(t, 3);
		s->mistake = NEVER_MAPPED;
		s->dir = any_dir(t);
		s->at = below(t, 2);	/* in no window, if there are any */
		s->size = SZ_2K;
	} else {
		plan_write(t, m, s);
	}
}

static struct step plan(struct trial *t, struct mapping *m)
{
	struct step s = { .mistake = NO_MISTAKE };
	unsigned int n = below(t, 16);

	if (m->what == NOTHING)
		plan_map(t, m, &s);
	else if (n < 5)
		plan_write(t, m, &s);
	else if (m->what == COHERENT)
		plan_unmap(t, m, &s);
	else if (n < 8)
		plan_sync(t, m, &s, SYNC_CPU, SYNC_LIST_CPU);
	else if (n < 11)
		plan_sync(t, m, &s, SYNC_DEVICE, SYNC_LIST_DEVICE);
	else if (n < 13)
		plan_odd(t, m, &s);
	else
		plan_unmap(t, m, &s);
	return s;
}

/* ---- steps: done on one side, through the DMA API ---- */

static bool map_buffer(struct trial *t, struct mapping *m, enum trial_side side)
{
	struct entry *e = m->entry;
	u8 *buf = m->region[side] + e->at;

	e->dma[side] = dma_map_page_attrs(t->dev[side], virt_to_page(buf),
					  offset_in_page(buf), e->len, m->dir,
					  m->attrs);
	return !dma_mapping_error(t->dev[side], e->dma[side]);
}

static bool map_list(struct trial *t, struct mapping *m, enum trial_side side)
{
	struct scatterlist *sgl = m->sgl[side];
	unsigned int i;

	sg_init_table(sgl, m->nr);
	for (i = 0; i < m->nr; i++)
		sg_set_buf(&sgl[i], m->region[side] + m->entry[i].at,
			   m->entry[i].len);
	if (dma_map_sg_attrs(t->dev[side], sgl, m->nr, m->dir, m->attrs) != m->nr)
		return false;
	for (i = 0; i < m->nr; i++)
		m->entry[i].dma[side] = sg_dma_address(&sgl[i]);
	return true;
}

static bool map(struct trial *t, struct mapping *m, enum trial_side side)
{
	struct entry *e = m->entry;

	switch (m->what) {
	case BUFFER:
		return map_buffer(t, m, side);
	case LIST:
		return map_list(t, m, side);
	case COHERENT:
		m->cookie[side] = dma_alloc_attrs(t->dev[side], e->len,
						  &e->dma[side], GFP_KERNEL,
						  m->attrs);
		return m->cookie[side];
	case PAGES:
		m->cookie[side] = dma_alloc_pages(t->dev[side], e->len,
						  &e->dma[side], m->dir,
						  GFP_KERNEL);
		return m->cookie[side];
	default:
		return false;
	}
}

static void unmap(struct trial *t, struct mapping *m, enum trial_side side, size_t at,
		  size_t size, unsigned long attrs)
{
	struct device *dev = t->dev[side];
	struct entry *e = m->entry;

	switch (m->what) {
	case BUFFER:
		dma_unmap_page_attrs(dev, e->dma[side] + at, size, m->dir,
				     attrs);
		break;
	case LIST:
		dma_unmap_sg_attrs(dev, m->sgl[side], m->nr, m->dir, attrs);
		break;
	case COHERENT:
		dma_free_attrs(dev, e->len, m->cookie[side], e->dma[side],
			       m->attrs);
		break;
	case PAGES:
		dma_free_pages(dev, e->len, m->cookie[side], e->dma[side],
			       m->dir);
		break;
	default:
		break;
	}
}

static void set_lengths(struct mapping *m, enum trial_side side, bool zero)
{
	unsigned int i;

	for (i = 0; i < m->nr; i++)
		sg_dma_len(&m->sgl[side][i]) = zero ? 0 : m->entry[i].len;
}

/* All bits of the page, and none of the list's own. */
static void mangle_links(struct mapping *m, enum trial_side side)
{
	unsigned int i;

	for (i = 0; i < m->nr; i++)
		m->sgl[side][i].page_link ^= ~0xffUL;
}

static void fill(u8 *p, const struct trial *t, const struct step *s)
{
	if (p)
		pattern_fill(p + s->at, s->size, t->step);
}

/* Where low bits are kept, swiotlb frees a slot of nobody's the second time. */
static bool unmaps_twice(const struct trial *t, const struct mapping *m,
			 enum trial_side side)
{
	unsigned int i;

	for (i = 0; i < m->nr; i++)
		if (side == STOCK && t->pair->twin.align && m->entry[i].bounced)
			return false;
	return true;
}

static void do_nowhere(struct trial *t, enum trial_side side, const struct step *s)
{
	struct device *dev = t->dev[side];
	dma_addr_t dma = s->at ? NOWHERE : phys_to_dma(dev, NOWHERE);

	if (side == STOCK && !t->pair->twin.coherent)
		return;
	if (s->verb == UNMAP_NOWHERE)
		dma_unmap_page_attrs(dev, dma, s->size, s->dir, s->attrs);
	else if (s->verb == SYNC_CPU_NOWHERE)
		dma_sync_single_for_cpu(dev, dma, s->size, s->dir);
	else
		dma_sync_single_for_device(dev, dma, s->size, s->dir);
}

static void perform(struct trial *t, struct mapping *m, const struct step *s,
		    enum trial_side side)
{
	struct device *dev = t->dev[side];
	struct entry *e = &m->entry[s->entry];

	switch (s->verb) {
	case MAP:
		t->mapped[side] = map(t, m, side);
		break;
	case UNMAP:
		unmap(t, m, side, s->at, s->size, s->attrs);
		if (s->mistake == UNMAP_TWICE && unmaps_twice(t, m, side))
			unmap(t, m, side, s->at, s->size, s->attrs);
		break;
	case SYNC_CPU:
		dma_sync_single_for_cpu(dev, e->dma[side] + s->at, s->size,
					s->dir);
		break;
	case SYNC_DEVICE:
		dma_sync_single_for_device(dev, e->dma[side] + s->at, s->size,
					   s->dir);
		break;
	case SYNC_LIST_CPU:
		dma_sync_sg_for_cpu(dev, m->sgl[side], s->size, s->dir);
		break;
	case SYNC_LIST_DEVICE:
		dma_sync_sg_for_device(dev, m->sgl[side], s->size, s->dir);
		break;
	case DEVICE_WRITES:
		fill(e->view[side], t, s);
		break;
	case CPU_WRITES:
		fill(cpu_window(m, e, side), t, s);
		break;
	case ZERO_LENGTHS:
		set_lengths(m, side, true);
		break;
	case MANGLE_LINKS:
		mangle_links(m, side);
		break;
	case UNMAP_NOWHERE:
	case SYNC_CPU_NOWHERE:
	case SYNC_DEVICE_NOWHERE:
		do_nowhere(t, side, s);
		break;
	}
}

static void perform_both(struct trial *t, struct mapping *m,
			 const struct step *s)
{
	fake_hv_clear_log(t->world->fake);
	perform(t, m, s, OURS);
	twin_watch(t->log);
	perform(t, m, s, STOCK);
	twin_unwatch();
}

static void unmangle(struct mapping *m)
{
	enum trial_side side;

	for (side = OURS; m->mangled && side < SIDES; side++)
		mangle_links(m, side);
	m->mangled = false;
}

/* What is mapped goes in the right way. */
static void drop(struct trial *t, struct mapping *m)
{
	enum trial_side side;

	if (m->what == NOTHING)
		return;
	unmangle(m);
	for (side = OURS; side < SIDES; side++) {
		if (m->zeroed)
			set_lengths(m, side, false);
		unmap(t, m, side, 0, m->entry[0].len, 0);
	}
	m->what = NOTHING;
}

/* ---- what has to agree: addresses ---- */

static bool crosses(dma_addr_t dma, size_t len, unsigned long boundary)
{
	return boundary && (dma & boundary) + len - 1 > boundary;
}

/* Why a bounce buffer is not where the device asked for it; NULL if it is. */
static const char *misplaced(struct trial *t, const struct mapping *m,
			     const struct entry *e, enum trial_side side)
{
	const struct twin_kind *kind = &t->pair->twin;
	phys_addr_t phys = virt_to_phys(m->region[side] + e->at);

	if (!(without & BIT(KEEP_LOW_BITS))) {
		if ((e->dma[side] ^ phys) & kind->align)
			return "low bits of the address are not kept";
		if (!kind->align && e->len >= PAGE_SIZE &&
		    !PAGE_ALIGNED(e->dma[side]))
			return "a page or more does not begin with a page";
	}
	if (!(without & BIT(KEEP_BOUNDARY)) &&
	    crosses(e->dma[side], e->len, kind->boundary))
		return "the bounce buffer crosses the segment boundary";
	return NULL;
}

static const char *check_entry(struct trial *t, const struct mapping *m,
			       struct entry *e)
{
	bool ours = fake_device_view(t->dev[OURS], e->dma[OURS]);
	phys_addr_t phys = virt_to_phys(m->region[OURS] + e->at);

	if (!ours && e->dma[OURS] != phys_to_dma(t->dev[OURS], phys))
		return "neither the buffer nor the pool";
	e->bounced = ours;
	if (t->mapped[STOCK] && ours != twin_bounced(t->dev[STOCK], e->dma[STOCK]))
		return ours ? "bounced by ours alone" :
			      "bounced by the stock kernel alone";
	if (ours && t->mapped[STOCK] && misplaced(t, m, e, STOCK))
		return "the stock kernel itself does not keep the rule";
	return ours ? misplaced(t, m, e, OURS) : NULL;
}

static const char *check_list(const struct mapping *m)
{
	enum trial_side side;
	unsigned int i;

	for (side = OURS; m->what == LIST && side < SIDES; side++)
		for (i = 0; i < m->nr; i++)
			if (sg_dma_len(&m->sgl[side][i]) != m->entry[i].len)
				return "an entry's length is not what was mapped";
	return NULL;
}

static const char *check_memory(struct trial *t, struct mapping *m)
{
	struct entry *e = m->entry;
	size_t align = PAGE_SIZE << get_order(e->len);
	enum trial_side side;

	e->bounced = false;
	if (!fake_device_view(t->dev[OURS], e->dma[OURS]) &&
	    !pfn_valid(PHYS_PFN(dma_to_phys(t->dev[OURS], e->dma[OURS]))))
		return "no memory";
	if (!IS_ALIGNED(dma_to_phys(t->dev[OURS], e->dma[OURS]), align))
		return "memory is less aligned than the stock kernel's";
	find_views(t, m);
	if (!(m->attrs & DMA_ATTR_NO_KERNEL_MAPPING))
		return memchr_inv(e->view[OURS], 0, e->len) ?
		       "memory is not zeroed" : NULL;
	for (side = OURS; side < SIDES; side++)
		memset(e->view[side], 0, e->len);
	return NULL;
}

static const char *check_map(struct trial *t, struct mapping *m)
{
	const char *why = NULL;
	unsigned int i;

	if (!t->mapped[OURS])
		return t->mapped[STOCK] ? "refused by ours alone" : NULL;
	if (is_memory(m))
		return t->mapped[STOCK] ? check_memory(t, m) : NULL;
	for (i = 0; i < m->nr && !why; i++)
		why = check_entry(t, m, &m->entry[i]);
	return why ?: t->mapped[STOCK] ? check_list(m) : NULL;
}

/* Where one of them has nothing mapped, the other has not, either. */
static void settle_map(struct trial *t, struct mapping *m)
{
	enum trial_side side;

	if (t->mapped[OURS] && t->mapped[STOCK]) {
		find_views(t, m);
		return;
	}
	for (side = OURS; side < SIDES; side++)
		if (t->mapped[side])
			unmap(t, m, side, 0, m->entry[0].len,
			      DMA_ATTR_SKIP_CPU_SYNC);
	t->refused += !t->mapped[STOCK];
	m->what = NOTHING;
}

/* ---- what has to agree: cache maintenance ---- */

/* Lines of an entry, from its first byte on. */
struct lines {
	s64 from;
	s64 to;
	bool to_device;
};

static const struct entry *entry_at(const struct mapping *m, enum trial_side side,
				    phys_addr_t phys)
{
	const struct entry *e;

	for (e = m->entry; e < m->entry + m->nr; e++)
		if (phys >= virt_to_phys(e->view[side]) &&
		    phys < virt_to_phys(e->view[side]) + e->len)
			return e;
	return NULL;
}

static struct lines lines_of(const struct entry *e, enum trial_side side,
			     phys_addr_t phys, size_t size, bool to_device)
{
	s64 from = phys - virt_to_phys(e->view[side]);

	return (struct lines){ from, from + size, to_device };
}

static struct lines our_lines(const struct entry *e, const struct fake_call *c)
{
	return lines_of(e, OURS, c->addr, c->size, c->verb == FAKE_CLEAN);
}

static struct lines stock_lines(const struct entry *e, const struct twin_call *c)
{
	return lines_of(e, STOCK, c->phys, c->size, c->to_device);
}

static bool same(struct lines a, struct lines b)
{
	return a.from == b.from && a.to == b.to && a.to_device == b.to_device;
}

static bool covers(struct lines a, struct lines b, size_t len)
{
	return a.to_device == b.to_device && a.from <= b.from &&
	       a.to >= min_t(s64, b.to, len);
}

static bool ours_maintains(struct trial *t, const struct entry *e,
			   struct lines want, bool exactly)
{
	const struct fake_hv *fake = t->world->fake;
	unsigned int i;

	for (i = 0; i < fake->calls; i++) {
		struct lines l = our_lines(e, &fake->log[i]);

		if (exactly ? same(l, want) : covers(l, want, e->len))
			return true;
	}
	return false;
}

static bool stock_maintains(struct trial *t, const struct entry *e,
			    struct lines want)
{
	unsigned int i;

	for (i = 0; i < t->log->nr; i++)
		if (same(stock_lines(e, &t->log->call[i]), want))
			return true;
	return false;
}

static const char *check_caches(struct trial *t, const struct mapping *m)
{
	const struct fake_hv *fake = t->world->fake;
	const struct entry *e;
	unsigned int i;
	bool pooled;

	if (t->log->lost)
		return "the log of the twin is too short";
	for (i = 0; i < t->log->nr; i++) {
		e = entry_at(m, STOCK, t->log->call[i].phys);
		pooled = e && fake_device_view(t->dev[OURS], e->dma[OURS]);
		if (e && !ours_maintains(t, e, stock_lines(e, &t->log->call[i]),
					 !pooled))
			return "ours left out cache maintenance";
	}
	for (i = 0; i < fake->calls; i++) {
		e = entry_at(m, OURS, fake->log[i].addr);
		pooled = e && fake_device_view(t->dev[OURS], e->dma[OURS]);
		if (e && !pooled &&
		    !stock_maintains(t, e, our_lines(e, &fake->log[i])))
			return "ours maintained the cache for nothing";
	}
	return NULL;
}

/* ---- what has to agree: everything else ---- */

static const char *check_bytes(const struct mapping *m, const struct step *s)
{
	const struct entry *e;

	/* Memory is gone when it has been freed. */
	if (s->verb == UNMAP && is_memory(m))
		return NULL;
	for (e = m->entry; e < m->entry + m->nr; e++) {
		const u8 *ours = cpu_window(m, e, OURS);

		if (ours && memcmp(ours, cpu_window(m, e, STOCK),
				   window_size(m, e)))
			return "the CPU sees something else";
		if (s->verb != UNMAP && (e->bounced || is_memory(m)) &&
		    memcmp(e->view[OURS], e->view[STOCK], e->len))
			return "the device sees something else";
	}
	return NULL;
}

/* Mistakes that are not certain to be seen are not certain to be counted. */
static bool certain(const struct mapping *m, const struct step *s)
{
	if (s->mistake == NEVER_MAPPED || s->mistake == SYNC_FEWER_ENTRIES)
		return false;
	if (m->zeroed && s->verb == UNMAP)
		return false;
	if (s->mistake == UNMAP_TWICE && m->what == LIST)
		return false;
	return s->mistake == NO_MISTAKE ||
	       (s->mistake != SYNC_OTHER_DIR && m->entry[s->entry].bounced);
}

static const char *check_count(struct trial *t, const struct mapping *m,
			       const struct step *s)
{
	u64 counted = fake_count(t->dev[OURS], XADMA_N_MISUSE) - t->misuse;

	if (s->mistake == NEVER_MAPPED && !t->pair->twin.coherent &&
	    (s->dir != DMA_TO_DEVICE || s->verb == SYNC_DEVICE_NOWHERE))
		return counted == 1 ? NULL : "what was never mapped is not told";
	if (!certain(m, s))
		return NULL;
	if (s->mistake == NO_MISTAKE)
		return counted ? "a right call is said to be wrong" : NULL;
	return counted == 1 ? NULL : "a wrong call is not told once";
}

static const char *check(struct trial *t, struct mapping *m,
			 const struct step *s)
{
	const char *why = NULL;

	if (READ_ONCE(t->test->status) == KUNIT_FAILURE)
		return "the hypervisor was asked for what no driver should";
	if (s->verb == MAP) {
		why = check_map(t, m);
		settle_map(t, m);
		if (why || m->what == NOTHING)
			return why;
	} else if (s->verb != UNMAP && !red_is_untouched(m)) {
		return "bytes around the bounce buffer were touched";
	}
	why = check_bytes(m, s) ?: check_count(t, m, s);
	if (!why && t->log && !t->pair->twin.coherent &&
	    !(is_memory(m) && (s->verb == MAP || s->verb == UNMAP)))
		why = check_caches(t, m);
	return why;
}

/* ---- a trial ---- */

static void tell(struct trial *t, const struct mapping *m, const struct step *s)
{
	kunit_err(t->test, "  %s: entry %u at %zu, size %zu, dir %s, attrs %#lx%s\n",
		  verb_names[s->verb], s->entry, s->at, s->size,
		  dir_names[s->dir], s->attrs,
		  s->mistake == NO_MISTAKE ? "" : " (a driver's mistake)");
}

static void report(struct trial *t, const struct mapping *m, enum mapped_as what,
		   const struct step *s, const char *why)
{
	const struct entry *e = &m->entry[s->entry];
	unsigned int i = m->told > STORY ? m->told - STORY : 0;

	KUNIT_FAIL(t->test, "%s: %s (seed %u, step %u of this device)", why,
		   verb_names[s->verb], t->seed, t->step);
	kunit_err(t->test, "  %s, %u entries, dir %s, attrs %#lx; entry %u is at %zu, %zu bytes, %s; last steps:\n",
		  what_names[what], m->nr, dir_names[m->dir], m->attrs, s->entry,
		  e->at, e->len, e->bounced ? "bounced" : "direct");
	for (; i < m->told; i++)
		tell(t, m, &m->story[i % STORY]);
}

static bool take_step(struct trial *t)
{
	struct mapping *m = &t->mapping[below(t, LIVE)];
	struct step s = plan(t, m);
	enum mapped_as what = m->what;
	const char *why;

	m->story[m->told++ % STORY] = s;
	t->misuse = fake_count(t->dev[OURS], XADMA_N_MISUSE);
	if (s.verb == UNMAP)
		unmangle(m);
	else if (s.verb != MAP)
		remember_red(m);
	perform_both(t, m, &s);
	m->zeroed |= s.verb == ZERO_LENGTHS;
	m->mangled |= s.verb == MANGLE_LINKS;
	why = check(t, m, &s);
	if (s.verb == UNMAP)
		m->what = NOTHING;
	if (why)
		report(t, m, what, &s, why);
	return !why;
}

/* Nothing is mapped: nothing is held, and nothing was touched in passing. */
static bool end_session(struct trial *t)
{
	unsigned int i;

	for (i = 0; i < LIVE; i++)
		drop(t, &t->mapping[i]);
	for (i = 0; i < LIVE; i++)
		if (memcmp(t->mapping[i].region[OURS], t->mapping[i].region[STOCK],
			   REGION)) {
			KUNIT_FAIL(t->test, "bytes far from any mapping were touched");
			return false;
		}
	if (fake_slots_used(&t->world->xadma) || twin_slots_used(t->dev[STOCK])) {
		KUNIT_FAIL(t->test, "slots are held for nothing: %u of ours, %lu of swiotlb",
			   fake_slots_used(&t->world->xadma),
			   twin_slots_used(t->dev[STOCK]));
		return false;
	}
	return true;
}

static void uninstall(void *data)
{
	set_dma_ops(data, NULL);
}

static struct device *our_device(struct kunit *test, struct xadma *xadma,
				 const struct pair *pair)
{
	const struct fake_kind kind = {
		.name = "oracle",
		.bus_limit = !pair->twin.bounces ? 0 :
			     POOL_ONLY + (pair->twin.map ? SHIFT : 0),
		.map = pair->twin.map,
		.align = pair->twin.align,
		.coherent = pair->twin.coherent,
	};
	struct device *dev = fake_device(test, xadma, &kind);

	xadma_ops_install(dev);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, uninstall, dev));
	if (pair->twin.boundary)
		dma_set_seg_boundary(dev, pair->twin.boundary);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)));
	return dev;
}

static void lay_out(struct trial *t)
{
	enum trial_side side;
	unsigned int i;

	for (i = 0; i < LIVE; i++)
		for (side = OURS; side < SIDES; side++) {
			u8 *at = page_address(test_pages(t->test,
							 get_order(REGION)));

			t->mapping[i].region[side] = at;
			pattern_fill(at, REGION / 2, i);
			pattern_fill(at + REGION / 2, REGION / 2, i + LIVE);
		}
}

static struct trial *trial(struct kunit *test, unsigned int nth)
{
	struct trial *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->test = test;
	t->pair = test->param_value;
	t->seed = seed ?: get_random_u32();
	prandom_seed_state(&t->rnd, ((u64)t->seed << 32) + nth);
	if (!panic_on_warn && !IS_ENABLED(CONFIG_DMA_API_DEBUG))
		t->mistakes = ~without;
	t->world = fake_world(test, SZ_4M);
	t->dev[OURS] = our_device(test, &t->world->xadma, t->pair);
	t->dev[STOCK] = twin_device(test, &t->pair->twin);
	t->log = twin_observe(test);
	lay_out(t);
	return t;
}

static struct pair pairs[48];

static int make_pairs(struct kunit_suite *suite)
{
	static const unsigned long boundaries[] = { 0, SZ_64K - 1, SZ_8K - 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct twin_kind *twin = &pairs[i].twin;

		twin->coherent = i / 12 % 2 == 0;
		twin->map = i / 24 ? shifted : NULL;
		twin->bounces = i / 6 % 2;
		twin->align = i / 3 % 2 ? SZ_4K - 1 : 0;
		twin->boundary = boundaries[i % 3];
		snprintf(pairs[i].name, sizeof(pairs[i].name),
			 "%scoherent, %s, min_align_mask %#x, boundary %#lx%s",
			 twin->coherent ? "" : "non-",
			 twin->bounces ? "bounces" : "direct", twin->align,
			 twin->boundary, twin->map ? ", shifted" : "");
	}
	return 0;
}

KUNIT_ARRAY_PARAM_DESC(pair, pairs, name);

static void our_device_agrees_with_its_twin(struct kunit *test)
{
	static unsigned int compared, refused;
	const struct pair *pair = test->param_value;
	unsigned int n = DIV_ROUND_UP(steps, ARRAY_SIZE(pairs));
	struct trial *t = trial(test, pair - pairs);
	bool agreed = true;

	while (agreed && t->step < n) {
		t->step++;
		agreed = take_step(t);
		if (agreed && !(t->step % SESSION))
			agreed = end_session(t);
	}
	if (agreed)
		agreed = end_session(t);
	else
		for (n = 0; n < LIVE; n++)
			drop(t, &t->mapping[n]);
	kunit_info(test, "seed %u, %s %u steps, %u refused by the stock kernel%s\n",
		   t->seed, agreed ? "agreed for" : "differed after", t->step,
		   t->refused,
		   t->mistakes ? "" : ", no drivers' mistakes");
	compared += t->step;
	refused += t->refused;
	if (pair == pairs + ARRAY_SIZE(pairs) - 1)
		kunit_info(test, "figure: oracle: %u steps compared with the stock kernel, seed %u\n",
			   compared, t->seed);
}

static struct kunit_case oracle_cases[] = {
	KUNIT_CASE_PARAM(our_device_agrees_with_its_twin,
			 pair_gen_params),
	{}
};

static struct kunit_suite oracle_suite = {
	.name = "swiotlb-arm-oracle",
	.suite_init = make_pairs,
	.test_cases = oracle_cases,
};

kunit_test_suite(oracle_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * differential: the short ways against the long ones.
 *
 * For devices and buffers at random the map path is asked three times: as it is, with
 * its first lines disabled by numbers that they do not apply to, and by a reference
 * that goes frame by frame and window by window. All must come to the same answer and
 * the same address. Then buffers are really mapped, with the runs that CPUs keep and
 * without, and what the device was told is held against what it asked for.
 */
#include <kunit/test.h>

#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include <xen/page.h>

#include "helpers.h"

static unsigned int steps = 60000;
module_param_named(differential_steps, steps, uint, 0444);
MODULE_PARM_DESC(differential_steps, "how many devices and buffers are tried");

static unsigned int seed = 20261126;
module_param_named(differential_seed, seed, uint, 0444);
MODULE_PARM_DESC(differential_seed, "of the random numbers");

#define WINDOWS	6
#define PAGES	16

struct trial {
	struct kunit *test;
	struct rnd_state rnd;
	struct fake_world *world;
	struct page *pages;		/* 16 of ours, some frames of which are foreign */
	struct bus_dma_region map[WINDOWS + 1];
	struct xadma_reach reach;
	u64 mask, bus;
};

static u32 below(struct trial *t, u32 nr)
{
	return prandom_u32_state(&t->rnd) % nr;
}

static bool one_in(struct trial *t, u32 nr)
{
	return !below(t, nr);
}

/* ---- devices at random ---- */

static phys_addr_t somewhere(struct trial *t)
{
	phys_addr_t ram = memblock_start_of_DRAM();
	phys_addr_t size = memblock_end_of_DRAM() - ram;
	phys_addr_t offset = (phys_addr_t)below(t, size >> XEN_PAGE_SHIFT) <<
			     XEN_PAGE_SHIFT;

	switch (below(t, 4)) {
	case 0:
		return page_to_phys(t->pages) + ((phys_addr_t)below(t, 64) << 12);
	case 1:
		return FAKE_MACHINE + ((phys_addr_t)below(t, 1024) << 12);
	case 2:
		return (FAKE_FOREIGN_MFN + below(t, 64)) << XEN_PAGE_SHIFT;
	default:
		return ram + offset;
	}
}

static u64 shift_of(struct trial *t)
{
	switch (below(t, 4)) {
	case 0:
		return SZ_8T;
	case 1:
		return -(u64)SZ_64M;
	case 2:
		return SZ_4K * 3;
	default:
		return 0;
	}
}

/* Windows that meet, overlap, are far apart, hold pages of ours or none. */
static void random_windows(struct trial *t)
{
	unsigned int nr = below(t, WINDOWS + 1), i;

	memset(t->map, 0, sizeof(t->map));
	for (i = 0; i < nr; i++) {
		struct bus_dma_region *m = &t->map[i], *before = m - 1;

		m->cpu_start = i && one_in(t, 2) ? before->cpu_start + before->size :
						   somewhere(t);
		m->size = (u64)(1 + below(t, 16)) << (12 + below(t, 3) * 9);
		m->dma_start = m->cpu_start +
			       (i && one_in(t, 2) ? before->dma_start - before->cpu_start :
						    shift_of(t));
	}
}

/* Of so many bits, or one that ends in the middle of what is there. */
static u64 random_mask(struct trial *t)
{
	return one_in(t, 3) ? somewhere(t) + below(t, SZ_4K) :
			      DMA_BIT_MASK(28 + below(t, 36));
}

static void random_device(struct trial *t)
{
	bool with_windows = !one_in(t, 3);
	struct xadma_reach *reach = &t->reach;
	struct xadma_range range;

	random_windows(t);
	t->mask = one_in(t, 2) ? random_mask(t) : DMA_BIT_MASK(64);
	t->bus = one_in(t, 3) ? random_mask(t) : 0;
	*reach = (struct xadma_reach) {
		.windows = xadma_windows_of(with_windows ? t->map : NULL, GFP_KERNEL),
		.ram = &t->world->xadma.ram,
		.coherent = one_in(t, 2),
		.force = one_in(t, 8),
		.no_flush = one_in(t, 4),
	};
	if (reach->coherent)
		reach->no_flush = false;
	range = xadma_windows_unshifted(reach->windows, t->bus ?: -1ULL);
	reach->driven = range;
	reach->plain = reach->coherent && !reach->force ? range : XADMA_RANGE_NONE;
}

/* ---- buffers at random ---- */

static void random_buffer(struct trial *t, phys_addr_t *phys, size_t *size)
{
	*phys = somewhere(t) + (one_in(t, 2) ? below(t, XEN_PAGE_SIZE) : 0);
	*size = one_in(t, 2) ? 1 + below(t, XEN_PAGE_SIZE) : 1 + below(t, SZ_64K);
	if (one_in(t, 64))
		*size = one_in(t, 2) ? 0 : SIZE_MAX - below(t, 4);
}

/* ---- the reference ---- */

static enum xadma_owner owner_of(phys_addr_t phys, size_t size, phys_addr_t *maddr)
{
	unsigned long first = phys >> 12, last = (phys + size - 1) >> 12, gfn;
	unsigned long mfn = __pfn_to_mfn(first);
	unsigned int foreign = 0;
	bool apart = false;

	for (gfn = first; gfn <= last; gfn++) {
		foreign += __pfn_to_mfn(gfn) != INVALID_P2M_ENTRY;
		apart |= __pfn_to_mfn(gfn) != mfn + (gfn - first);
	}
	*maddr = phys;
	if (!foreign)
		return XADMA_OURS;
	*maddr = ((phys_addr_t)mfn << 12) + phys % 4096;
	return foreign <= last - first || apart ? XADMA_SCATTERED : XADMA_FOREIGN;
}

static bool to_dma(const struct trial *t, phys_addr_t maddr, dma_addr_t *dma)
{
	const struct bus_dma_region *m;

	*dma = maddr;
	if (t->reach.windows == &xadma_windows_none)
		return true;
	for (m = t->map; m->size; m++) {
		if (maddr < m->cpu_start || maddr - m->cpu_start >= m->size)
			continue;
		*dma = maddr - m->cpu_start + m->dma_start;
		return true;
	}
	return false;
}

/* Is there a window by which the device sees this address there? */
static bool is_seen_at(const struct trial *t, phys_addr_t maddr, dma_addr_t dma)
{
	const struct bus_dma_region *m;

	if (t->reach.windows == &xadma_windows_none)
		return maddr == dma;
	for (m = t->map; m->size; m++)
		if (maddr >= m->cpu_start && maddr - m->cpu_start < m->size &&
		    maddr - m->cpu_start + m->dma_start == dma)
			return true;
	return false;
}

/* Windows begin and end at frames, so a look at each frame's part is enough. */
static bool is_driven(const struct trial *t, phys_addr_t maddr, size_t size,
		      dma_addr_t *dma)
{
	phys_addr_t at = maddr, last = maddr + size - 1;

	if (!to_dma(t, maddr, dma) || *dma + size - 1 < *dma ||
	    *dma + size - 1 > min_not_zero(t->mask, t->bus))
		return false;
	for (; at <= last; at = (at | 4095) + 1)
		if (!is_seen_at(t, at, *dma + (at - maddr)))
			return false;
	return is_seen_at(t, last, *dma + size - 1);
}

static bool is_memory(phys_addr_t phys, size_t size)
{
	unsigned long gfn;

	for (gfn = phys >> 12; gfn <= (phys + size - 1) >> 12; gfn++)
		if (!memblock_is_map_memory((phys_addr_t)gfn << 12) &&
		    __pfn_to_mfn(gfn) == INVALID_P2M_ENTRY)
			return false;
	return true;
}

static struct xadma_verdict reference(const struct trial *t, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir)
{
	struct xadma_verdict v = { .route = XADMA_DIRECT };
	enum xadma_owner owner;
	phys_addr_t maddr;

	if (!size)
		return (struct xadma_verdict){ .route = XADMA_REFUSE_EMPTY };
	if (phys + size - 1 < phys)
		return (struct xadma_verdict){ .route = XADMA_REFUSE_WRAP };

	owner = owner_of(phys, size, &maddr);
	v.foreign = owner == XADMA_FOREIGN;
	if (owner == XADMA_SCATTERED)
		v.route = XADMA_BOUNCE_SCATTER;
	else if (!is_driven(t, maddr, size, &v.dma))
		v.route = XADMA_BOUNCE_MASK;
	else if (t->reach.no_flush && v.foreign)
		v.route = XADMA_BOUNCE_CACHE;
	else if (!t->reach.coherent && xadma_kmalloc_shares_line(size, dir))
		v.route = XADMA_BOUNCE_KMALLOC;
	else if (t->reach.force)
		v.route = XADMA_BOUNCE_FORCE;
	else
		v.maintain = !t->reach.coherent;
	if (v.route == XADMA_DIRECT)
		return v;
	if (!is_memory(phys, size))
		v.route = XADMA_REFUSE_MMIO;
	return v;
}

static bool same(struct xadma_verdict a, struct xadma_verdict b)
{
	if (a.route != b.route)
		return false;
	return a.route != XADMA_DIRECT ||
	       (a.dma == b.dma && a.foreign == b.foreign && a.maintain == b.maintain);
}

static struct xadma_verdict route(const struct xadma_reach *reach, const struct trial *t,
				  phys_addr_t phys, size_t size,
				  enum dma_data_direction dir)
{
	return xadma_route(reach, xadma_route_plain(reach, t->mask), t->mask, t->bus,
			   phys, size, dir);
}

static bool one_trial(struct trial *t, unsigned int step)
{
	enum dma_data_direction dir = below(t, 3);
	struct xadma_reach slow = t->reach;
	struct xadma_verdict as_is, long_way, right;
	phys_addr_t phys;
	size_t size;

	random_buffer(t, &phys, &size);
	slow.plain = XADMA_RANGE_NONE;
	slow.driven = XADMA_RANGE_NONE;
	as_is = route(&t->reach, t, phys, size, dir);
	long_way = route(&slow, t, phys, size, dir);
	right = reference(t, phys, size, dir);
	KUNIT_EXPECT_TRUE_MSG(t->test, same(as_is, right),
			      "seed %u, step %u: %zu bytes at %pa: %s to %pad, should be %s to %pad",
			      seed, step, size, &phys, xadma_route_why(as_is.route),
			      &as_is.dma, xadma_route_why(right.route), &right.dma);
	KUNIT_EXPECT_TRUE_MSG(t->test, same(long_way, right),
			      "seed %u, step %u: %zu bytes at %pa: the long way %s to %pad, should be %s to %pad",
			      seed, step, size, &phys, xadma_route_why(long_way.route),
			      &long_way.dma, xadma_route_why(right.route), &right.dma);
	return same(as_is, right) && same(long_way, right);
}

static struct trial *trial(struct kunit *test)
{
	struct trial *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	unsigned long gfn;

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->test = test;
	t->world = fake_world(test, SZ_1M);
	t->pages = test_pages(test, ilog2(PAGES));
	prandom_seed_state(&t->rnd, seed);
	kunit_info(test, "seed %u, %u steps\n", seed, steps);

	/* Runs of foreign frames, single ones, and none, all in the middle of RAM. */
	gfn = XEN_PFN_DOWN(page_to_phys(t->pages));
	make_foreign_frame(test, gfn + 2, FAKE_FOREIGN_MFN);
	make_foreign_frame(test, gfn + 3, FAKE_FOREIGN_MFN + 1);
	make_foreign_frame(test, gfn + 4, FAKE_FOREIGN_MFN + 2);
	make_foreign_frame(test, gfn + 5, FAKE_FOREIGN_MFN + 9);
	make_foreign_frame(test, gfn + 9, FAKE_FOREIGN_MFN + 20);
	make_foreign_frame(test, gfn + 11, FAKE_FOREIGN_MFN + 21);
	return t;
}

static void first_lines_decide_as_the_rest_would(struct kunit *test)
{
	struct trial *t = trial(test);
	unsigned int routes = 0, step, i;

	for (step = 0; step < steps; step += 20) {
		random_device(t);
		for (i = 0; i < 20; i++)
			if (!one_trial(t, step + i))
				return;
	}
	/* Each answer that can be given here was given. */
	prandom_seed_state(&t->rnd, seed);
	for (step = 0; step < steps; step++) {
		phys_addr_t phys;
		size_t size;

		if (step % 20 == 0)
			random_device(t);
		random_buffer(t, &phys, &size);
		routes |= BIT(route(&t->reach, t, phys, size, DMA_FROM_DEVICE).route);
	}
	if (!IS_ENABLED(CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC))
		routes |= BIT(XADMA_BOUNCE_KMALLOC);
	KUNIT_EXPECT_EQ(test, routes | BIT(XADMA_BOUNCE_UNKNOWN) | BIT(XADMA_REFUSE_DIR),
			BIT(XADMA_REFUSE_NOPOOL) - 1);
}

/* ---- what a device is really told ---- */

static const struct bus_dma_region odd_shift[] = {
	{ .cpu_start = 0, .dma_start = SZ_8T + SZ_4K, .size = SZ_1T },
	{}
};

static const struct bus_dma_region pool_shifts[] = {
	{ .cpu_start = FAKE_MACHINE, .dma_start = 0x40000200, .size = SZ_256M },
	{}
};

static const struct bus_dma_region not_from_0[] = {
	{ .cpu_start = FAKE_MACHINE, .dma_start = FAKE_MACHINE, .size = SZ_256M },
	{}
};

static const struct bus_dma_region * const maps[] = {
	NULL, odd_shift, pool_shifts, not_from_0,
};

static const unsigned int align_masks[] = { 0, 0x1ff, 0x7ff, 0xfff, 0xffff };
static const unsigned long boundaries[] = {
	ULONG_MAX, 0xffffffff, 0xffff, 0x3fff, 0xfff, 0x7ff,
};

static struct device *random_real_device(struct trial *t, struct fake_kind *kind)
{
	*kind = (struct fake_kind) {
		.name = "differential",
		.map = maps[below(t, ARRAY_SIZE(maps))],
		.align = align_masks[below(t, ARRAY_SIZE(align_masks))],
		.boundary = boundaries[below(t, ARRAY_SIZE(boundaries))],
		.coherent = one_in(t, 2),
	};
	if (!kind->map && one_in(t, 2))
		kind->mask = FAKE_MACHINE + SZ_256M - 1;
	return fake_device(t->test, &t->world->xadma, kind);
}

static bool crosses(dma_addr_t dma, size_t size, unsigned long boundary)
{
	return size - 1 <= boundary &&
	       (dma & ~(u64)boundary) != ((dma + size - 1) & ~(u64)boundary);
}

/*
 * Slots that do not lie at the grid's lines are kept away from them by one slot. Then a
 * boundary that leaves no room for that is not kept; no machine shifts so. Else what
 * cannot be kept, since low bits are kept as well, is refused.
 */
static bool boundary_is_kept(const struct fake_kind *kind)
{
	return kind->map != pool_shifts || kind->boundary > SZ_16K + XADMA_SLOT_SIZE;
}

static void is_as_asked_for(struct trial *t, struct device *dev,
			    const struct fake_kind *kind, phys_addr_t phys, size_t size,
			    dma_addr_t dma)
{
	size_t pad = phys & kind->align;

	if (!fake_device_view(dev, dma))
		return;		/* direct: the buffer's own address */
	KUNIT_EXPECT_EQ_MSG(t->test, dma & kind->align, pad,
			    "%zu bytes at %pa: low bits of %pad", size, &phys, &dma);
	if (boundary_is_kept(kind))
		KUNIT_EXPECT_FALSE_MSG(t->test, crosses(dma, size, kind->boundary),
				       "%zu bytes at %pa: %pad crosses %#lx", size, &phys,
				       &dma, kind->boundary);
}

/* May a buffer be refused, for the low bits leave no room between two lines? */
static bool has_no_room(const struct fake_kind *kind, size_t size)
{
	return kind->align > 0xfff ||
	       kind->align + size + 2 * XADMA_SLOT_SIZE > kind->boundary;
}

static void bounce_some(struct trial *t, struct device *dev,
			const struct fake_kind *kind)
{
	phys_addr_t base = page_to_phys(t->pages) + 12 * XEN_PAGE_SIZE;
	dma_addr_t dma[8];
	size_t size[8];
	unsigned int i;

	fake_hv_clear_log(t->world->fake);
	if (one_in(t, 2))
		xadma_pool_drain_slot_caches(&t->world->xadma.pool);
	for (i = 0; i < ARRAY_SIZE(dma); i++) {
		phys_addr_t phys = base + below(t, XEN_PAGE_SIZE);

		size[i] = 1 + below(t, one_in(t, 4) ? SZ_8K : 3000);
		dma[i] = xadma_map(dev, phys, size[i], DMA_TO_DEVICE, 0);
		if (dma[i] != DMA_MAPPING_ERROR)
			is_as_asked_for(t, dev, kind, phys, size[i], dma[i]);
		else
			KUNIT_EXPECT_TRUE_MSG(t->test, has_no_room(kind, size[i]),
					      "%zu bytes at %pa are refused", size[i],
					      &phys);
	}
	for (i = 0; i < ARRAY_SIZE(dma); i++)
		if (dma[i] != DMA_MAPPING_ERROR)
			xadma_unmap(dev, dma[i], size[i], DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(t->test, fake_count(dev, XADMA_N_MISUSE), 0);
}

static void bounced_buffers_lie_as_asked_for(struct kunit *test)
{
	struct trial *t = trial(test);
	struct fake_kind kind;
	unsigned int i, j;

	for (i = 0; i < 60; i++) {
		struct device *dev = random_real_device(t, &kind);

		for (j = 0; j < 20; j++)
			bounce_some(t, dev, &kind);
	}
}

static struct kunit_case differential_cases[] = {
	KUNIT_CASE_SLOW(first_lines_decide_as_the_rest_would),
	KUNIT_CASE_SLOW(bounced_buffers_lie_as_asked_for),
	{}
};

static struct kunit_suite differential_suite = {
	.name = "swiotlb-arm-differential",
	.test_cases = differential_cases,
};

kunit_test_suite(differential_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma: devices of every kind map every kind of buffer, and what the device
 * sees and what the CPU sees are compared.
 *
 * Our own RAM is where it is; the pool lies at FAKE_MACHINE, below all of it;
 * other domains' frames lie above all of it. So a device's mask decides what
 * it reaches.
 */
#include <kunit/test.h>

#include <linux/dma-map-ops.h>
#include <linux/hrtimer.h>
#include <linux/log2.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>

#include "../dma.h"
#include "../route.h"
#include "helpers.h"

#define POOL_ONLY	(FAKE_MACHINE + SZ_256M - 1)	/* no RAM of ours */
#define NOTHING		(FAKE_MACHINE - 1)		/* not even the pool */
#define OWN_RAM		DMA_BIT_MASK(39)		/* no foreign frame */

static const struct bus_dma_region shifted[] = {
	{ .cpu_start = 0, .dma_start = SZ_8T, .size = SZ_4T },
	{}
};

static const struct bus_dma_region pool_window[] = {
	{ .cpu_start = FAKE_MACHINE, .dma_start = 0, .size = SZ_64M },
	{}
};

static const struct fake_kind snooper = { .name = "snooping", .coherent = true };
static const struct fake_kind noncoherent = { .name = "noncoherent" };
static const struct fake_kind narrow = {
	.name = "narrow", .mask = POOL_ONLY, .coherent = true,
};

static const struct fake_kind narrow_noncoherent = {
	.name = "narrow-noncoherent", .mask = POOL_ONLY,
};

static const struct fake_kind narrow_bus = {
	.name = "narrow-bus", .bus_limit = POOL_ONLY, .coherent = true,
};

static const struct fake_kind own_ram = {
	.name = "own-ram", .mask = OWN_RAM, .coherent = true,
};

static const struct fake_kind offset = {
	.name = "offset", .map = shifted, .coherent = true,
};

static const struct fake_kind offset_noncoherent = {
	.name = "offset-noncoherent", .map = shifted,
};

static const struct fake_kind window = {
	.name = "window", .map = pool_window, .coherent = true,
};

static const struct fake_kind picky = {
	.name = "picky", .mask = POOL_ONLY, .align = 0xfff, .coherent = true,
};

static const struct fake_kind blind = {
	.name = "blind", .mask = NOTHING, .coherent = true,
};

/* ---- one buffer on each route ---- */

enum owner { OURS, FOREIGN, APART, MIXED };

static const struct trip {
	const char *what;
	const struct fake_kind *kind;
	enum owner owner;
	unsigned int at;
	size_t size;
	bool force;
	bool no_flush;
	enum xadma_route route;
} trips[] = {
	{ "in reach", &snooper, OURS, 5, 6000, .route = XADMA_DIRECT },
	{ "in reach, not snooping", &noncoherent, OURS, 0, 4096, .route = XADMA_DIRECT },
	{ "dma-ranges shift", &offset, OURS, 9, 300, .route = XADMA_DIRECT },
	{ "own RAM in reach", &own_ram, OURS, 0, 8192, .route = XADMA_DIRECT },
	{ "whole of dma-ranges misses", &window, OURS, 1, 5000,
	  .route = XADMA_BOUNCE_MASK },
	{ "beyond the mask", &narrow, OURS, 1, 5000, .route = XADMA_BOUNCE_MASK },
	{ "beyond, not snooping", &narrow_noncoherent, OURS, 1, 5000,
	  .route = XADMA_BOUNCE_MASK },
	{ "beyond the bus", &narrow_bus, OURS, 1, 5000,
	  .route = XADMA_BOUNCE_MASK },
	{ "one byte", &narrow, OURS, 4095, 1, .route = XADMA_BOUNCE_MASK },
	{ "low bits kept", &picky, OURS, 0x234, 4096, .route = XADMA_BOUNCE_MASK },
	{ "forced", &snooper, OURS, 0, 512, .force = true,
	  .route = XADMA_BOUNCE_FORCE },
	{ "forced, not snooping, shifted", &offset_noncoherent, OURS, 0, 512, .force = true,
	  .route = XADMA_BOUNCE_FORCE },
	{ "kmalloc, not snooping", &noncoherent, OURS, 8, 8,
	  .route = XADMA_BOUNCE_KMALLOC },
	{ "kmalloc, snooping", &snooper, OURS, 8, 8, .route = XADMA_DIRECT },
	{ "foreign", &snooper, FOREIGN, 0, 4096, .route = XADMA_DIRECT },
	{ "foreign neighbours", &snooper, FOREIGN, 100, 8000,
	  .route = XADMA_DIRECT },
	{ "foreign, shifted", &offset, FOREIGN, 100, 8000, .route = XADMA_DIRECT },
	{ "foreign, not snooping", &noncoherent, FOREIGN, 100, 8000,
	  .route = XADMA_DIRECT },
	{ "foreign beyond the mask", &own_ram, FOREIGN, 0, 4096,
	  .route = XADMA_BOUNCE_MASK },
	{ "foreign, apart", &snooper, APART, 100, 8000,
	  .route = XADMA_BOUNCE_SCATTER },
	{ "foreign, apart, in one frame", &snooper, APART, 100, 3996,
	  .route = XADMA_DIRECT },
	{ "half foreign", &snooper, MIXED, 100, 8000,
	  .route = XADMA_BOUNCE_SCATTER },
	{ "half foreign, not snooping", &noncoherent, MIXED, 100, 8000,
	  .route = XADMA_BOUNCE_SCATTER },
	{ "foreign, not snooping, no flush", &noncoherent, FOREIGN, 100, 8000,
	  .no_flush = true, .route = XADMA_BOUNCE_CACHE },
	{ "foreign, snooping, no flush", &snooper, FOREIGN, 100, 8000,
	  .no_flush = true, .route = XADMA_DIRECT },
};

/* Two pages that are neighbours for us, and whatever for the machine. */
static struct page *two_pages(struct kunit *test, struct fake_hv *fake,
			      enum owner owner)
{
	struct page *page = test_pages(test, 1);
	unsigned long first = FAKE_FOREIGN_MFN, second = first + 1;

	if (owner == OURS)
		return page;
	if (owner == APART)
		second += 5;
	fake_hv_grant(fake, FAKE_FOREIGN_MFN, 8);
	if (owner != MIXED)
		make_foreign(test, page, first);
	make_foreign(test, page + 1, second);
	return page;
}

static dma_addr_t direct_address(struct device *dev, const struct trip *t,
				 struct page *page)
{
	phys_addr_t maddr = t->owner == OURS ? page_to_phys(page) :
		(phys_addr_t)FAKE_FOREIGN_MFN << XEN_PAGE_SHIFT;

	return maddr + t->at + (dev->dma_range_map == shifted ? SZ_8T : 0);
}

static void direct_trip(struct kunit *test, struct device *dev,
			const struct trip *t, struct page *page, dma_addr_t dma)
{
	KUNIT_EXPECT_EQ_MSG(test, dma, direct_address(dev, t, page), "%s",
			    t->what);
	KUNIT_EXPECT_NULL_MSG(test, fake_device_view(dev, dma), "%s", t->what);
	xadma_unmap(dev, dma, t->size, DMA_FROM_DEVICE, 0);
}

/* The device sees the buffer, and what it writes reaches the buffer alone. */
static void bounced_trip(struct kunit *test, struct device *dev,
			 const struct trip *t, struct page *page, dma_addr_t dma)
{
	u8 *buf = page_address(page) + t->at;
	u8 *view = fake_device_view(dev, dma);

	KUNIT_ASSERT_NOT_NULL_MSG(test, view, "%s", t->what);
	KUNIT_EXPECT_EQ_MSG(test, dma & dma_get_min_align_mask(dev),
			    t->at & dma_get_min_align_mask(dev), "%s", t->what);
	KUNIT_EXPECT_TRUE_MSG(test, pattern_is(view, t->size, 1), "%s", t->what);
	pattern_fill(view, t->size, 2);
	xadma_unmap(dev, dma, t->size, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_TRUE_MSG(test, pattern_is(buf, t->size, 2), "%s", t->what);
	KUNIT_EXPECT_NULL_MSG(test, memchr_inv(page_address(page), 0xee, t->at),
			      "%s", t->what);
	KUNIT_EXPECT_NULL_MSG(test,
			      memchr_inv(buf + t->size, 0xee,
					 2 * PAGE_SIZE - t->at - t->size),
			      "%s", t->what);
}

static void counted_once(struct kunit *test, struct device *dev,
			 const struct trip *t)
{
	unsigned int route;

	for (route = 0; route < XADMA_NR_ROUTES; route++)
		KUNIT_EXPECT_EQ_MSG(test, fake_count(dev, XADMA_N_ROUTE + route),
				    route == t->route, "%s: %s", t->what,
				    xadma_route_why(route));
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_BOUNCED_BYTES),
			xadma_route_bounces(t->route) ? t->size : 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_HELD), 0);
	/* Of a buffer that went direct a device that snoops leaves nothing to do. */
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_UNMAPS),
			xadma_route_bounces(t->route) || !t->kind->coherent);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
}

static void trip_case(struct kunit *test)
{
	const struct trip *t = test->param_value;
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, t->kind);
	struct page *page = two_pages(test, world->fake, t->owner);
	dma_addr_t dma;

	world->xadma.force = t->force;
	xadma_dev_configure(dev);
	world->fake->no_flush = t->no_flush;
	world->xadma.can_flush = !t->no_flush;
	memset(page_address(page), 0xee, 2 * PAGE_SIZE);
	pattern_fill(page_address(page) + t->at, t->size, 1);

	dma = xadma_map(dev, page_to_phys(page) + t->at, t->size,
			DMA_FROM_DEVICE, 0);
	KUNIT_ASSERT_NE_MSG(test, dma, DMA_MAPPING_ERROR, "%s", t->what);
	if (t->route == XADMA_DIRECT)
		direct_trip(test, dev, t, page, dma);
	else
		bounced_trip(test, dev, t, page, dma);
	counted_once(test, dev, t);
}

static void trip_name(const struct trip *t, char *desc)
{
	strscpy(desc, t->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(trip, trips, trip_name);

/* ---- which way the data goes ---- */

static const struct way {
	enum dma_data_direction dir;
	unsigned long attrs;
	bool comes_back;
} ways[] = {
	{ DMA_TO_DEVICE, 0, false },
	{ DMA_FROM_DEVICE, 0, true },
	{ DMA_BIDIRECTIONAL, 0, true },
	{ DMA_TO_DEVICE, DMA_ATTR_SKIP_CPU_SYNC, false },
	{ DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC, false },
	{ DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC, false },
};

/*
 * Whatever the direction, the device finds the buffer's contents: it may write
 * less than it was given, and the rest has to come back as it was.
 */
static void directions(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	u8 *buf = page_address(test_pages(test, 0));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct way *w = &ways[i];
		dma_addr_t dma;
		u8 *view;

		pattern_fill(buf, 1000, 1);
		dma = xadma_map(dev, virt_to_phys(buf), 1000, w->dir, w->attrs);
		view = fake_device_view(dev, dma);
		KUNIT_ASSERT_NOT_NULL(test, view);
		KUNIT_EXPECT_TRUE(test, pattern_is(view, 1000, 1));
		memset(view, 0x99, 400);
		xadma_unmap(dev, dma, 1000, w->dir, w->attrs);
		KUNIT_EXPECT_EQ(test, !memchr_inv(buf, 0x99, 400), w->comes_back);
		if (!w->comes_back)
			KUNIT_EXPECT_TRUE(test, pattern_is(buf, 1000, 1));
		pattern_fill(view, 400, 1);
		KUNIT_EXPECT_EQ(test, memcmp(buf + 400, view + 400, 600), 0);
	}
}

static const struct sync {
	enum dma_data_direction dir;
	bool reaches_cpu;	/* after a sync for the CPU */
	bool reaches_device;	/* after a sync for the device */
} syncs[] = {
	{ DMA_TO_DEVICE, false, true },
	{ DMA_FROM_DEVICE, true, false },
	{ DMA_BIDIRECTIONAL, true, true },
};

/* A sync of a part of the buffer moves that part and nothing else. */
static void sync_moves_its_part(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	u8 *buf = page_address(test_pages(test, 1));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(syncs); i++) {
		const struct sync *s = &syncs[i];
		dma_addr_t dma;
		u8 *view;

		dma = xadma_map(dev, virt_to_phys(buf), 6000, s->dir, 0);
		view = fake_device_view(dev, dma);
		KUNIT_ASSERT_NOT_NULL(test, view);

		memset(buf, 'c', 6000);
		memset(view, 'd', 6000);
		xadma_sync_to_cpu(dev, dma + 2000, 500, s->dir);
		KUNIT_EXPECT_NULL(test, memchr_inv(buf, 'c', 2000));
		KUNIT_EXPECT_NULL(test, memchr_inv(buf + 2000,
						   s->reaches_cpu ? 'd' : 'c',
						   500));
		KUNIT_EXPECT_NULL(test, memchr_inv(buf + 2500, 'c', 3500));

		memset(buf, 'c', 6000);
		xadma_sync_to_device(dev, dma + 2000, 500, s->dir);
		KUNIT_EXPECT_NULL(test, memchr_inv(view, 'd', 2000));
		KUNIT_EXPECT_NULL(test, memchr_inv(view + 2000,
						   s->reaches_device ? 'c' : 'd',
						   500));
		KUNIT_EXPECT_NULL(test, memchr_inv(view + 2500, 'd', 3500));
		xadma_unmap(dev, dma, 6000, s->dir, 0);
	}
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_SYNCS), 6);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
}

/* ---- caches of devices that do not snoop ---- */

static void log_is(struct kunit *test, struct fake_hv *fake, unsigned int nr,
		   enum fake_verb verb, phys_addr_t addr, size_t size)
{
	KUNIT_ASSERT_GT(test, fake->calls, nr);
	KUNIT_EXPECT_EQ(test, fake->log[nr].verb, verb);
	KUNIT_EXPECT_EQ(test, fake->log[nr].addr, addr);
	KUNIT_EXPECT_EQ(test, fake->log[nr].size, size);
}

static void snooping_needs_none(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	const struct fake_kind *kinds[] = { &snooper, &narrow };
	phys_addr_t phys = page_to_phys(test_pages(test, 0));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct device *dev = fake_device(test, &world->xadma, kinds[i]);
		dma_addr_t dma = xadma_map(dev, phys, 512, DMA_BIDIRECTIONAL, 0);

		xadma_sync_to_cpu(dev, dma, 512, DMA_BIDIRECTIONAL);
		xadma_sync_to_device(dev, dma, 512, DMA_BIDIRECTIONAL);
		xadma_unmap(dev, dma, 512, DMA_BIDIRECTIONAL, 0);
	}
	KUNIT_EXPECT_EQ(test, world->fake->calls, 0);
	KUNIT_EXPECT_EQ(test, world->fake->hypercalls, 0);
}

static void noncoherent_direct(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &noncoherent);
	phys_addr_t phys = page_to_phys(test_pages(test, 0)) + 256;
	struct fake_hv *fake = world->fake;
	dma_addr_t dma;

	dma = xadma_map(dev, phys, 1024, DMA_FROM_DEVICE, 0);
	xadma_sync_to_cpu(dev, dma + 100, 50, DMA_FROM_DEVICE);
	xadma_sync_to_device(dev, dma + 100, 50, DMA_FROM_DEVICE);
	xadma_unmap(dev, dma, 1024, DMA_FROM_DEVICE, 0);
	log_is(test, fake, 0, FAKE_CLEAN, phys, 1024);
	log_is(test, fake, 1, FAKE_INVAL, phys + 100, 50);
	log_is(test, fake, 2, FAKE_CLEAN, phys + 100, 50);
	log_is(test, fake, 3, FAKE_INVAL, phys, 1024);
	KUNIT_EXPECT_EQ(test, fake->calls, 4);

	fake_hv_clear_log(fake);
	dma = xadma_map(dev, phys, 1024, DMA_TO_DEVICE, 0);
	xadma_sync_to_cpu(dev, dma, 50, DMA_TO_DEVICE);
	xadma_unmap(dev, dma, 1024, DMA_TO_DEVICE, 0);
	log_is(test, fake, 0, FAKE_CLEAN, phys, 1024);
	KUNIT_EXPECT_EQ(test, fake->calls, 1);

	fake_hv_clear_log(fake);
	dma = xadma_map(dev, phys, 1024, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	xadma_unmap(dev, dma, 1024, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	KUNIT_EXPECT_EQ(test, fake->calls, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_CACHE_LOCAL), 5);
}

/* The bounce buffer's lines are maintained, by its own address; with its padding. */
static void noncoherent_bounced(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &narrow_noncoherent);
	phys_addr_t phys = page_to_phys(test_pages(test, 0)) + 256;
	struct fake_hv *fake = world->fake;
	phys_addr_t bounce;
	dma_addr_t dma;

	dma = xadma_map(dev, phys, 1000, DMA_FROM_DEVICE, 0);
	bounce = virt_to_phys(fake_device_view(dev, dma));
	xadma_sync_to_cpu(dev, dma + 100, 50, DMA_FROM_DEVICE);
	xadma_sync_to_device(dev, dma + 100, 50, DMA_FROM_DEVICE);
	xadma_unmap(dev, dma, 1000, DMA_FROM_DEVICE, 0);
	log_is(test, fake, 0, FAKE_CLEAN, bounce, XADMA_SLOT_SIZE);
	log_is(test, fake, 1, FAKE_INVAL, bounce + 100, 50);
	log_is(test, fake, 2, FAKE_CLEAN, bounce + 100, 50);
	log_is(test, fake, 3, FAKE_INVAL, bounce, 1000);
	KUNIT_EXPECT_EQ(test, fake->calls, 4);

	/* It was we who dirtied the slots: skipping is not for the driver to say. */
	fake_hv_clear_log(fake);
	dma = xadma_map(dev, phys, 1000, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	xadma_unmap(dev, dma, 1000, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	KUNIT_EXPECT_EQ(test, fake->calls, 1);
}

/* What was cleared for a device that snoops may be clear in the caches only. */
static void noncoherent_after_snooping(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *hears = fake_device(test, &world->xadma, &narrow);
	struct device *dev = fake_device(test, &world->xadma, &narrow_noncoherent);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));
	static const size_t sizes[] = { 2000, 64 };
	unsigned int i;
	dma_addr_t dma;

	migrate_disable();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		dma = xadma_map(hears, phys, sizes[i], DMA_TO_DEVICE, 0);
		xadma_unmap(hears, dma, sizes[i], DMA_TO_DEVICE, 0);
	}
	KUNIT_EXPECT_EQ(test, world->fake->calls, 0);
	KUNIT_EXPECT_EQ(test, xadma_map(dev, phys, 64, DMA_TO_DEVICE, 0), dma);
	log_is(test, world->fake, 0, FAKE_CLEAN,
	       virt_to_phys(fake_device_view(dev, dma)), XADMA_SLOT_SIZE);
	xadma_unmap(dev, dma, 64, DMA_TO_DEVICE, 0);
	migrate_enable();
}

/* A short buffer after a long one: the rest of the long one is not there any more. */
static void nothing_shines_through(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	u8 *buf = page_address(test_pages(test, 1));
	static const size_t sizes[] = { 8000, 70, 3000, 64, 1, 7999, 4097, 6 };
	unsigned int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			size_t run = roundup_pow_of_two(max(sizes[i],
							    XADMA_SLOT_SIZE));
			dma_addr_t dma;
			u8 *view;

			memset(buf, 'a' + i, sizes[i]);
			dma = xadma_map(dev, virt_to_phys(buf), sizes[i],
					DMA_BIDIRECTIONAL, 0);
			view = fake_device_view(dev, dma);
			KUNIT_ASSERT_NOT_NULL(test, view);
			KUNIT_EXPECT_NULL(test, memchr_inv(view, 'a' + i, sizes[i]));
			KUNIT_EXPECT_NULL(test, memchr_inv(view + sizes[i], 0,
							   run - sizes[i]));
			xadma_unmap(dev, dma, sizes[i], DMA_BIDIRECTIONAL, 0);
		}
	}
}

/*
 * It is seen when it is mapped. When it is unmapped only the device's address is
 * left, and so it is Xen who has to do it.
 */
static void noncoherent_foreign(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &noncoherent);
	struct page *page = two_pages(test, world->fake, FOREIGN);
	phys_addr_t maddr = (phys_addr_t)FAKE_FOREIGN_MFN << XEN_PAGE_SHIFT;
	phys_addr_t phys = page_to_phys(page) + 4000;
	struct fake_hv *fake = world->fake;
	dma_addr_t dma;

	dma = xadma_map(dev, phys, 200, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, dma, maddr + 4000);
	KUNIT_EXPECT_EQ(test, fake->hypercalls, 0);
	xadma_unmap(dev, dma, 200, DMA_FROM_DEVICE, 0);
	log_is(test, fake, 0, FAKE_CLEAN, phys, 200);
	log_is(test, fake, 1, FAKE_FLUSH, maddr + 4000, 96);
	log_is(test, fake, 2, FAKE_FLUSH, maddr + 4096, 104);
	KUNIT_EXPECT_EQ(test, fake->log[1].op, GNTTAB_CACHE_INVAL);
	KUNIT_EXPECT_EQ(test, fake->log[2].op, GNTTAB_CACHE_INVAL);
	KUNIT_EXPECT_EQ(test, fake->calls, 3);
	KUNIT_EXPECT_EQ(test, fake->hypercalls, 1);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_CACHE_FOREIGN), 2);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_CACHE_LOCAL), 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_CACHE_CALLS), 1);

	fake_hv_clear_log(fake);
	dma = xadma_map(dev, phys, 200, DMA_TO_DEVICE, 0);
	xadma_unmap(dev, dma, 200, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake->calls, 1);
	KUNIT_EXPECT_EQ(test, fake->hypercalls, 0);
}

/* ---- scatterlists ---- */

#define ENTRIES 8

struct list {
	struct sg_table table;
	struct page *page[ENTRIES];
};

static void list_end(void *data)
{
	struct list *list = data;

	sg_free_table(&list->table);
}

/* Odd entries are foreign: out of reach for some, to be flushed for others. */
static struct list *list_of(struct kunit *test, struct fake_hv *fake)
{
	struct list *list = kunit_kzalloc(test, sizeof(*list), GFP_KERNEL);
	struct scatterlist *sg;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, list);
	KUNIT_ASSERT_EQ(test, 0, sg_alloc_table(&list->table, ENTRIES, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, list_end, list));
	fake_hv_grant(fake, FAKE_FOREIGN_MFN, 2 * ENTRIES);
	for_each_sg(list->table.sgl, sg, ENTRIES, i) {
		list->page[i] = test_pages(test, 0);
		if (i % 2)
			make_foreign(test, list->page[i], FAKE_FOREIGN_MFN + 2 * i);
		pattern_fill(page_address(list->page[i]) + i, 1000 + i, i);
		sg_set_page(sg, list->page[i], 1000 + i, i);
	}
	return list;
}

static void list_mapped(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &own_ram);
	struct list *list = list_of(test, world->fake);
	struct scatterlist *sg;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ENTRIES, xadma_map_sg(dev, list->table.sgl, ENTRIES,
						    DMA_BIDIRECTIONAL, 0));
	for_each_sg(list->table.sgl, sg, ENTRIES, i) {
		u8 *view = fake_device_view(dev, sg_dma_address(sg));

		KUNIT_EXPECT_EQ(test, sg_dma_len(sg), 1000 + i);
		KUNIT_EXPECT_EQ(test, !view, i % 2 == 0);
		if (!view) {
			KUNIT_EXPECT_EQ(test, sg_dma_address(sg), sg_phys(sg));
			continue;
		}
		KUNIT_EXPECT_TRUE(test, pattern_is(view, 1000 + i, i));
		pattern_fill(view, 1000 + i, 100 + i);
	}
	xadma_unmap_sg(dev, list->table.sgl, ENTRIES, DMA_BIDIRECTIONAL, 0);
	for (i = 1; i < ENTRIES; i += 2)
		KUNIT_EXPECT_TRUE(test, pattern_is(page_address(list->page[i]) + i,
						   1000 + i, 100 + i));
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_ROUTE + XADMA_DIRECT),
			ENTRIES / 2);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_ROUTE + XADMA_BOUNCE_MASK),
			ENTRIES / 2);
}

/* Entry by entry the mapping fails; what was mapped before is undone. */
static void list_undone(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &own_ram);
	struct list *list = list_of(test, world->fake);
	struct scatterlist *sg;
	unsigned int i, k;

	for_each_sg(list->table.sgl, sg, ENTRIES, k) {
		unsigned int was = sg->length;

		sg->length = 0;
		KUNIT_EXPECT_EQ(test, -EIO,
				xadma_map_sg(dev, list->table.sgl, ENTRIES,
					     DMA_BIDIRECTIONAL, 0));
		sg->length = was;
		KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
		KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_ROUTE +
						 XADMA_REFUSE_EMPTY), k + 1);
	}
	for (i = 0; i < ENTRIES; i++)
		KUNIT_EXPECT_TRUE(test, pattern_is(page_address(list->page[i]) + i,
						   1000 + i, i));
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
}

/* ---- bad input ---- */

static void refused(struct kunit *test, struct device *dev, phys_addr_t phys,
		    size_t size, enum dma_data_direction dir,
		    enum xadma_route route)
{
	u64 before = fake_count(dev, XADMA_N_ROUTE + route);
	unsigned int used = fake_slots_used(xadma_of(dev));

	KUNIT_EXPECT_EQ_MSG(test, xadma_map(dev, phys, size, dir, 0),
			    DMA_MAPPING_ERROR, "%s", xadma_route_why(route));
	KUNIT_EXPECT_EQ_MSG(test, fake_count(dev, XADMA_N_ROUTE + route),
			    before + 1, "%s", xadma_route_why(route));
	KUNIT_EXPECT_EQ(test, fake_slots_used(xadma_of(dev)), used);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_BOUNCED_BYTES), 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_HELD), 0);
}

static void zero_length(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));

	refused(test, fake_device(test, &world->xadma, &snooper), phys, 0,
		DMA_TO_DEVICE, XADMA_REFUSE_EMPTY);
	refused(test, fake_device(test, &world->xadma, &narrow), phys, 0,
		DMA_TO_DEVICE, XADMA_REFUSE_EMPTY);
}

static void no_direction(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));

	refused(test, dev, phys, 512, DMA_NONE, XADMA_REFUSE_DIR);
	refused(test, dev, phys, 512, 77, XADMA_REFUSE_DIR);
}

static void leaves_the_address_space(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &snooper);

	refused(test, dev, -(phys_addr_t)PAGE_SIZE, 2 * PAGE_SIZE,
		DMA_TO_DEVICE, XADMA_REFUSE_WRAP);
	refused(test, dev, PAGE_SIZE, SIZE_MAX, DMA_TO_DEVICE, XADMA_REFUSE_WRAP);
}

static void too_long(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));
	size_t most = xadma_max_mapping_size(dev);

	KUNIT_EXPECT_EQ(test, most, SZ_1M);
	refused(test, dev, phys, most + 1, DMA_TO_DEVICE, XADMA_REFUSE_TOO_BIG);
	refused(test, dev, phys, SZ_1G, DMA_TO_DEVICE, XADMA_REFUSE_TOO_BIG);
}

static void pool_is_full(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	struct device *other = fake_device(test, &world->xadma, &picky);
	phys_addr_t phys = page_to_phys(test_pages(test, 4));
	dma_addr_t dma = xadma_map(dev, phys, SZ_64K, DMA_TO_DEVICE, 0);

	KUNIT_ASSERT_NE(test, dma, DMA_MAPPING_ERROR);
	refused(test, other, phys, 1, DMA_TO_DEVICE, XADMA_REFUSE_FULL);
	xadma_unmap(dev, dma, SZ_64K, DMA_TO_DEVICE, 0);
	dma = xadma_map(other, phys, 1, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_NE(test, dma, DMA_MAPPING_ERROR);
	xadma_unmap(other, dma, 1, DMA_TO_DEVICE, 0);
}

static void out_of_all_reach(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));

	refused(test, fake_device(test, &world->xadma, &blind), phys, 1,
		DMA_TO_DEVICE, XADMA_REFUSE_MASK);
}

static void no_pool(struct kunit *test)
{
	struct fake_world *world = fake_world(test, 0);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));

	refused(test, dev, phys, 1, DMA_TO_DEVICE, XADMA_REFUSE_NOPOOL);
	KUNIT_EXPECT_FALSE(test, xadma_supported(dev, POOL_ONLY));
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, DMA_BIT_MASK(64)));
}

/* Registers cannot be copied: a buffer that is none of RAM never bounces. */
static void no_memory(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	phys_addr_t far = 1ULL << 45;

	if (pfn_valid(PHYS_PFN(far)))
		kunit_skip(test, "this machine has memory everywhere");
	refused(test, fake_device(test, &world->xadma, &narrow), far, 64,
		DMA_TO_DEVICE, XADMA_REFUSE_MMIO);
}

/* When it comes back there is nobody to refuse to, but it is told. */
static void flush_refused(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &noncoherent);
	struct page *page = two_pages(test, world->fake, FOREIGN);
	dma_addr_t dma;

	dma = xadma_map(dev, page_to_phys(page), 2 * PAGE_SIZE, DMA_FROM_DEVICE, 0);
	world->fake->refuse_at = 2;
	xadma_unmap(dev, dma, 2 * PAGE_SIZE, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 1);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_UNMAPS), 1);
}

static void quiet_when_asked(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));

	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			xadma_map(dev, phys, SZ_1M, DMA_TO_DEVICE,
				  DMA_ATTR_NO_WARN));
	KUNIT_EXPECT_EQ(test, 1, fake_count(dev, XADMA_N_ROUTE +
					    XADMA_REFUSE_TOO_BIG));
}

static void unmap_of_nothing(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	phys_addr_t phys = page_to_phys(test_pages(test, 1));
	dma_addr_t dma;

	/* A device that never had anything of the pool has nothing to return. */
	xadma_unmap(dev, FAKE_MACHINE, 512, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
	dma = xadma_map(dev, phys, 5000, DMA_TO_DEVICE, 0);
	xadma_unmap(dev, dma, 5000, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
	xadma_unmap(dev, FAKE_MACHINE, 512, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 1);

	dma = xadma_map(dev, phys, 5000, DMA_TO_DEVICE, 0);
	xadma_unmap(dev, dma + 1, 4999, DMA_TO_DEVICE, 0);
	xadma_unmap(dev, dma + XADMA_SLOT_SIZE, 512, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 3);
	/* A run of the front, which has a power of two. */
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 4);
	xadma_unmap(dev, dma, 5000, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 3);
	xadma_unmap(dev, dma, 5000, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 4);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
}

/* A wrong size copies nothing beyond the buffer, and loses no slot. */
static void unmap_of_wrong_size(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	u8 *buf = page_address(test_pages(test, 0));
	dma_addr_t dma;

	memset(buf, 0x2a, PAGE_SIZE);
	dma = xadma_map(dev, virt_to_phys(buf), 100, DMA_FROM_DEVICE, 0);
	memset(fake_device_view(dev, dma), 0x99, 2000);
	xadma_unmap(dev, dma, 2000, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 1);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0x2a, PAGE_SIZE));

	dma = xadma_map(dev, virt_to_phys(buf), 100, DMA_FROM_DEVICE, 0);
	xadma_unmap(dev, dma, 60, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 2);

	dma = xadma_map(dev, virt_to_phys(buf), 100, DMA_FROM_DEVICE, 0);
	xadma_unmap(dev, dma, 100, DMA_NONE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 3);
}

static void sync_beyond(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	u8 *buf = page_address(test_pages(test, 0));
	dma_addr_t dma;
	u8 *view;

	memset(buf, 0x2a, PAGE_SIZE);
	dma = xadma_map(dev, virt_to_phys(buf), 100, DMA_BIDIRECTIONAL, 0);
	view = fake_device_view(dev, dma);
	KUNIT_ASSERT_NOT_NULL(test, view);
	memset(view, 0x99, XADMA_SLOT_SIZE);
	xadma_sync_to_cpu(dev, dma, 101, DMA_BIDIRECTIONAL);
	xadma_sync_to_cpu(dev, dma + 100, 1, DMA_BIDIRECTIONAL);
	xadma_sync_to_cpu(dev, dma + XADMA_SLOT_SIZE, 1, DMA_BIDIRECTIONAL);
	xadma_sync_to_cpu(dev, dma, 100, DMA_NONE);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 4);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0x2a, PAGE_SIZE));
	xadma_sync_to_device(dev, dma, 101, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 5);
	KUNIT_EXPECT_NULL(test, memchr_inv(view, 0x99, XADMA_SLOT_SIZE));
	xadma_sync_to_cpu(dev, dma, 0, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 5);
	xadma_unmap(dev, dma, 100, DMA_BIDIRECTIONAL, 0);
}

/* ---- device memory ---- */

static void registers(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *wide = fake_device(test, &world->xadma, &noncoherent);
	struct device *thin = fake_device(test, &world->xadma, &narrow);
	struct device *moved = fake_device(test, &world->xadma, &offset);
	phys_addr_t bar = 1ULL << 38;

	world->xadma.force = true;
	KUNIT_EXPECT_EQ(test, xadma_map_mmio(wide, bar, SZ_4K), bar);
	KUNIT_EXPECT_EQ(test, xadma_map_mmio(moved, bar, SZ_4K), bar);
	KUNIT_EXPECT_EQ(test, fake_count(wide, XADMA_N_MMIO), 1);
	KUNIT_EXPECT_EQ(test, xadma_map_mmio(thin, bar, SZ_4K), DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, xadma_map_mmio(thin, POOL_ONLY - SZ_4K + 1, SZ_4K),
			POOL_ONLY - SZ_4K + 1);
	KUNIT_EXPECT_EQ(test, xadma_map_mmio(thin, POOL_ONLY - SZ_4K + 2, SZ_4K),
			DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, xadma_map_mmio(wide, bar, 0), DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, xadma_map_mmio(wide, -1ULL, 2), DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, world->fake->calls, 0);
}

/* ---- what a device is told ---- */

static void masks(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &snooper);
	unsigned int gets = world->provider->gets;

	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, DMA_BIT_MASK(64)));
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, DMA_BIT_MASK(32)));
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, FAKE_MACHINE + SZ_1M - 1));
	KUNIT_EXPECT_EQ(test, world->provider->gets, gets);

	/* Below the pool there is nothing; the backing is asked, and says so. */
	KUNIT_EXPECT_FALSE(test, xadma_supported(dev, NOTHING));
	KUNIT_EXPECT_FALSE(test, xadma_supported(dev, 1));
	KUNIT_EXPECT_GT(test, world->provider->gets, gets);
}

/* The pool lies too high for the device: it is given a piece that it reaches. */
static void mask_gets_a_piece(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &snooper);
	u64 mask = SZ_128M - 1;

	world->provider->next = SZ_64M;
	*dev->dma_mask = mask;
	KUNIT_EXPECT_EQ(test, xadma_max_mapping_size(dev), PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, mask));
	KUNIT_EXPECT_EQ(test, xadma_max_mapping_size(dev), SZ_256K);
	KUNIT_EXPECT_EQ(test, xadma_pool_usage(&world->xadma.pool).bytes,
			SZ_1M + SZ_256K);
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, mask));
	KUNIT_EXPECT_EQ(test, xadma_pool_usage(&world->xadma.pool).chunks, 2);
}

static const struct told {
	const struct fake_kind *kind;
	bool force;
	size_t longest;
	u64 required;
} told[] = {
	{ &snooper, false, SIZE_MAX, DMA_BIT_MASK(41) },
	{ &noncoherent, false, SIZE_MAX, DMA_BIT_MASK(41) },
	{ &offset, false, SIZE_MAX, DMA_BIT_MASK(44) },
	{ &snooper, true, SZ_1M, DMA_BIT_MASK(41) },
	{ &own_ram, false, SZ_1M, DMA_BIT_MASK(41) },
	{ &narrow, false, SZ_1M, DMA_BIT_MASK(41) },
	{ &narrow_bus, false, SZ_1M, DMA_BIT_MASK(41) },
	{ &picky, false, SZ_1M - SZ_4K, DMA_BIT_MASK(41) },
	{ &blind, false, PAGE_SIZE, DMA_BIT_MASK(41) },
};

static void figures(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(told); i++) {
		const struct told *t = &told[i];
		struct device *dev = fake_device(test, &world->xadma, t->kind);

		world->xadma.force = t->force;
		KUNIT_EXPECT_EQ_MSG(test, xadma_max_mapping_size(dev), t->longest,
				    "%s", t->kind->name);
		KUNIT_EXPECT_EQ_MSG(test, xadma_required_mask(dev), t->required,
				    "%s", t->kind->name);
	}
}

/* ---- at random, against a model ---- */

#define BUFFERS	48
#define LONGEST	3000

/* What CPU and device hold of a buffer, by the seed of the pattern. */
struct buffer {
	struct device *dev;
	u8 *cpu;
	u8 *view;
	size_t size;
	enum dma_data_direction dir;
	dma_addr_t dma;
	unsigned int cpu_has, device_has;
};

static void agrees(struct kunit *test, const struct buffer *b)
{
	KUNIT_ASSERT_TRUE(test, pattern_is(b->cpu, b->size, b->cpu_has));
	KUNIT_ASSERT_TRUE(test, pattern_is(b->view, b->size, b->device_has));
}

static void begin(struct kunit *test, struct buffer *b, struct rnd_state *rnd)
{
	b->size = 1 + prandom_u32_state(rnd) % LONGEST;
	b->dir = prandom_u32_state(rnd) % 3;
	b->cpu_has = prandom_u32_state(rnd) % 1000;
	pattern_fill(b->cpu, b->size, b->cpu_has);
	b->dma = xadma_map(b->dev, virt_to_phys(b->cpu), b->size, b->dir, 0);
	KUNIT_ASSERT_NE(test, b->dma, DMA_MAPPING_ERROR);
	b->view = fake_device_view(b->dev, b->dma);
	KUNIT_ASSERT_NOT_NULL(test, b->view);
	b->device_has = b->cpu_has;
}

static void finish(struct buffer *b)
{
	xadma_unmap(b->dev, b->dma, b->size, b->dir, 0);
	if (b->dir != DMA_TO_DEVICE)
		b->cpu_has = b->device_has;
	b->view = NULL;
}

static void go_on(struct buffer *b, struct rnd_state *rnd)
{
	unsigned int seed = prandom_u32_state(rnd) % 1000;

	switch (prandom_u32_state(rnd) % 4) {
	case 0:
		b->cpu_has = seed;
		pattern_fill(b->cpu, b->size, seed);
		break;
	case 1:
		b->device_has = seed;
		pattern_fill(b->view, b->size, seed);
		break;
	case 2:
		xadma_sync_to_cpu(b->dev, b->dma, b->size, b->dir);
		if (b->dir != DMA_TO_DEVICE)
			b->cpu_has = b->device_has;
		break;
	case 3:
		xadma_sync_to_device(b->dev, b->dma, b->size, b->dir);
		if (b->dir != DMA_FROM_DEVICE)
			b->device_has = b->cpu_has;
		break;
	}
}

static void one_step(struct kunit *test, struct buffer *b, struct rnd_state *rnd)
{
	if (!b->view) {
		begin(test, b, rnd);
	} else if (prandom_u32_state(rnd) % 5) {
		go_on(b, rnd);
	} else {
		finish(b);
		KUNIT_ASSERT_TRUE(test, pattern_is(b->cpu, b->size, b->cpu_has));
		return;
	}
	agrees(test, b);
}

static void random_traffic(struct kunit *test)
{
	const struct fake_kind *kinds[] = { &narrow, &picky, &window, &narrow_bus };
	struct fake_world *world = fake_world(test, SZ_1M);
	struct buffer *buffers;
	struct rnd_state rnd;
	unsigned int i;

	skip_if_racing(test);
	buffers = kunit_kcalloc(test, BUFFERS, sizeof(*buffers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buffers);
	for (i = 0; i < BUFFERS; i++) {
		buffers[i].dev = i < ARRAY_SIZE(kinds) ?
			fake_device(test, &world->xadma, kinds[i]) :
			buffers[i % ARRAY_SIZE(kinds)].dev;
		buffers[i].cpu = page_address(test_pages(test, 1)) + 13 * i;
	}
	prandom_seed_state(&rnd, 4711);
	for (i = 0; i < 20000; i++)
		one_step(test, &buffers[prandom_u32_state(&rnd) % BUFFERS], &rnd);
	for (i = 0; i < BUFFERS; i++)
		if (buffers[i].view)
			finish(&buffers[i]);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		KUNIT_EXPECT_EQ(test, fake_count(buffers[i].dev, XADMA_N_MISUSE), 0);
}

/* ---- on all CPUs and in interrupts ---- */

struct traffic {
	struct kunit *test;
	struct device *dev;
	u8 *buf;
	atomic_t wrong;
	atomic_t done;
	struct hrtimer timer;
};

static void one_transfer(struct traffic *t, u8 *buf, size_t size,
			 unsigned int seed)
{
	dma_addr_t dma = xadma_map(t->dev, virt_to_phys(buf), size,
				   DMA_FROM_DEVICE, 0);
	u8 *view;

	if (dma == DMA_MAPPING_ERROR)
		return;
	view = fake_device_view(t->dev, dma);
	pattern_fill(view, size, seed);
	xadma_unmap(t->dev, dma, size, DMA_FROM_DEVICE, 0);
	if (!pattern_is(buf, size, seed))
		atomic_inc(&t->wrong);
	atomic_inc(&t->done);
}

static void transfers(void *data, unsigned int cpu)
{
	struct traffic *t = data;
	unsigned int i;

	for (i = 0; i < 3000; i++)
		one_transfer(t, t->buf + (cpu + 1) * SZ_4K, 1 + i * 7 % SZ_4K, i);
}

static enum hrtimer_restart interrupt(struct hrtimer *timer)
{
	struct traffic *t = container_of(timer, struct traffic, timer);

	one_transfer(t, t->buf, 1500, 5);
	hrtimer_forward_now(timer, ns_to_ktime(150 * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

static void everywhere_at_once(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct traffic *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->test = test;
	t->dev = fake_device(test, &world->xadma, &narrow);
	t->buf = page_address(test_pages(test,
					 order_base_2(nr_cpu_ids + 1)));
	hrtimer_init(&t->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	t->timer.function = interrupt;
	hrtimer_start(&t->timer, ns_to_ktime(150 * NSEC_PER_USEC), HRTIMER_MODE_REL_HARD);
	on_all_cpus(test, transfers, t);
	hrtimer_cancel(&t->timer);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->wrong), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&t->done), 3000);
	KUNIT_EXPECT_EQ(test, fake_count(t->dev, XADMA_N_MISUSE), 0);
	KUNIT_EXPECT_EQ(test, fake_count(t->dev, XADMA_N_UNMAPS),
			atomic_read(&t->done));
}

/* ---- many foreign pages at once ---- */

#define MANY	128

static struct scatterlist *many_foreign(struct kunit *test, struct fake_hv *fake)
{
	struct page *page = test_pages(test, ilog2(MANY));
	struct scatterlist *sgl;
	unsigned int i;

	sgl = kunit_kcalloc(test, MANY, sizeof(*sgl), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sgl);
	sg_init_table(sgl, MANY);
	fake_hv_grant(fake, FAKE_FOREIGN_MFN, 2 * MANY);
	for (i = 0; i < MANY; i++) {
		make_foreign(test, page + i, FAKE_FOREIGN_MFN + 2 * i);
		sg_set_page(&sgl[i], page + i, PAGE_SIZE, 0);
	}
	return sgl;
}

/* A list tells where its pages are, so nobody has to ask Xen. */
static void no_hypercalls(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &noncoherent);
	struct scatterlist *sgl = many_foreign(test, world->fake);
	struct fake_hv *fake = world->fake;
	phys_addr_t last = sg_phys(&sgl[MANY - 1]);

	KUNIT_ASSERT_EQ(test, MANY, xadma_map_sg(dev, sgl, MANY,
						 DMA_FROM_DEVICE, 0));
	KUNIT_EXPECT_EQ(test, fake->calls, MANY);
	log_is(test, fake, MANY - 1, FAKE_CLEAN, last, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_FOREIGN), MANY);

	fake_hv_clear_log(fake);
	xadma_sync_sg_to_cpu(dev, sgl, MANY, DMA_FROM_DEVICE);
	log_is(test, fake, MANY - 1, FAKE_CLEAN_INVAL, last, PAGE_SIZE);
	fake_hv_clear_log(fake);
	xadma_sync_sg_to_device(dev, sgl, MANY, DMA_FROM_DEVICE);
	log_is(test, fake, MANY - 1, FAKE_CLEAN, last, PAGE_SIZE);

	fake_hv_clear_log(fake);
	xadma_unmap_sg(dev, sgl, MANY, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake->calls, MANY);
	log_is(test, fake, MANY - 1, FAKE_CLEAN_INVAL, last, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_CACHE_FOREIGN), 4 * MANY);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_CACHE_CALLS), 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
	kunit_info(test, "figure: not snooping, %u foreign pages mapped, synced and unmapped with %llu hypercalls\n",
		   MANY, fake_count(dev, XADMA_N_CACHE_CALLS));
}

/* One long buffer, of which that is not known when it comes back. */
static void few_hypercalls(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &noncoherent);
	struct page *page = test_pages(test, ilog2(MANY));
	struct fake_hv *fake = world->fake;
	dma_addr_t dma;
	unsigned int i;

	fake_hv_grant(fake, FAKE_FOREIGN_MFN, MANY);
	for (i = 0; i < MANY; i++)
		make_foreign(test, page + i, FAKE_FOREIGN_MFN + i);
	dma = xadma_map(dev, page_to_phys(page), MANY * PAGE_SIZE,
			DMA_FROM_DEVICE, 0);
	KUNIT_ASSERT_NE(test, dma, DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, fake->hypercalls, 0);
	fake_hv_clear_log(fake);
	xadma_unmap(dev, dma, MANY * PAGE_SIZE, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake->calls, MANY);
	KUNIT_EXPECT_LE(test, fake->hypercalls, 8);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_CACHE_CALLS),
			fake->hypercalls);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
}

static struct kunit_case dma_cases[] = {
	KUNIT_CASE_PARAM(trip_case, trip_gen_params),
	KUNIT_CASE(directions),
	KUNIT_CASE(sync_moves_its_part),
	KUNIT_CASE(snooping_needs_none),
	KUNIT_CASE(noncoherent_direct),
	KUNIT_CASE(noncoherent_bounced),
	KUNIT_CASE(noncoherent_after_snooping),
	KUNIT_CASE(nothing_shines_through),
	KUNIT_CASE(noncoherent_foreign),
	KUNIT_CASE(list_mapped),
	KUNIT_CASE(list_undone),
	KUNIT_CASE(no_hypercalls),
	KUNIT_CASE(few_hypercalls),
	KUNIT_CASE(zero_length),
	KUNIT_CASE(no_direction),
	KUNIT_CASE(leaves_the_address_space),
	KUNIT_CASE(too_long),
	KUNIT_CASE(pool_is_full),
	KUNIT_CASE(out_of_all_reach),
	KUNIT_CASE(no_pool),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(flush_refused),
	KUNIT_CASE(quiet_when_asked),
	KUNIT_CASE(unmap_of_nothing),
	KUNIT_CASE(unmap_of_wrong_size),
	KUNIT_CASE(sync_beyond),
	KUNIT_CASE(registers),
	KUNIT_CASE(masks),
	KUNIT_CASE(mask_gets_a_piece),
	KUNIT_CASE(figures),
	KUNIT_CASE_SLOW(random_traffic),
	KUNIT_CASE_SLOW(everywhere_at_once),
	{}
};

static struct kunit_suite dma_suite = {
	.name = "swiotlb-arm-dma",
	.test_cases = dma_cases,
};

kunit_test_suite(dma_suite);

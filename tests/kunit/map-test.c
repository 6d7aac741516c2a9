// SPDX-License-Identifier: GPL-2.0-only
/*
 * map: devices of every kind map and unmap every kind of buffer, and what the device
 * sees and what the CPU sees are compared.
 */
#include <kunit/test.h>

#include <linux/dma-map-ops.h>
#include <linux/hrtimer.h>
#include <linux/log2.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include <linux/string.h>

#include <xen/page.h>

#include "kinds.h"

/* ---- one buffer on each route ---- */

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
	{ "foreign neighbours", &snooper, FOREIGN, PAGE_SIZE - 3996, 8000,
	  .route = XADMA_DIRECT },
	{ "foreign, shifted", &offset, FOREIGN, 100, 8000, .route = XADMA_DIRECT },
	{ "foreign, not snooping", &noncoherent, FOREIGN, 100, 8000,
	  .route = XADMA_DIRECT },
	{ "foreign beyond the mask", &own_ram, FOREIGN, 0, 4096,
	  .route = XADMA_BOUNCE_MASK },
	{ "foreign, apart", &snooper, APART, PAGE_SIZE - 3996, 8000,
	  .route = XADMA_BOUNCE_SCATTER },
	{ "foreign, apart, in one frame", &snooper, APART, 100, 3996,
	  .route = XADMA_DIRECT },
	{ "half foreign", &snooper, MIXED, PAGE_SIZE - 3996, 8000,
	  .route = XADMA_BOUNCE_SCATTER },
	{ "half foreign, not snooping", &noncoherent, MIXED, PAGE_SIZE - 3996, 8000,
	  .route = XADMA_BOUNCE_SCATTER },
	{ "foreign, not snooping, no flush", &noncoherent, FOREIGN, 100, 8000,
	  .no_flush = true, .route = XADMA_BOUNCE_CACHE },
	{ "foreign, snooping, no flush", &snooper, FOREIGN, 100, 8000,
	  .no_flush = true, .route = XADMA_DIRECT },
};

static dma_addr_t direct_address(struct device *dev, const struct trip *t,
				 struct page *page)
{
	phys_addr_t maddr = t->owner == OURS ? page_to_phys(page) :
		(phys_addr_t)FAKE_FOREIGN_MFN << XEN_PAGE_SHIFT;

	return maddr + t->at + (t->kind->map == shifted ? SZ_8T : 0);
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

static void each_kind_of_buffer_goes_its_route(struct kunit *test)
{
	const struct trip *t = test->param_value;
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, t->kind);
	struct page *page = two_pages(test, world->fake, t->owner);
	dma_addr_t dma;

	if (t->route == XADMA_BOUNCE_KMALLOC &&
	    !IS_ENABLED(CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC))
		kunit_skip(test, "this kernel's small buffers have lines of their own");
	world->xadma.force = t->force;
	world->fake->no_flush = t->no_flush;
	world->xadma.can_flush = !t->no_flush;
	xadma_dev_configure(dev);
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
static void device_finds_the_buffer_whatever_the_direction(struct kunit *test)
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

/* A short buffer after a long one: the rest of the long one is not there any more. */
static void nothing_of_a_former_buffer_is_seen(struct kunit *test)
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

static void map_sg_maps_each_entry_as_a_buffer_of_its_own(struct kunit *test)
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
static void map_sg_unwinds_on_failure(struct kunit *test)
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

static void zero_length_is_refused(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));

	refused(test, fake_device(test, &world->xadma, &snooper), phys, 0,
		DMA_TO_DEVICE, XADMA_REFUSE_EMPTY);
	refused(test, fake_device(test, &world->xadma, &narrow), phys, 0,
		DMA_TO_DEVICE, XADMA_REFUSE_EMPTY);
}

static void no_direction_is_refused(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));

	refused(test, dev, phys, 512, DMA_NONE, XADMA_REFUSE_DIR);
	refused(test, dev, phys, 512, 77, XADMA_REFUSE_DIR);
}

static void buffer_that_wraps_is_refused(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &snooper);

	refused(test, dev, -(phys_addr_t)PAGE_SIZE, 2 * PAGE_SIZE,
		DMA_TO_DEVICE, XADMA_REFUSE_WRAP);
	refused(test, dev, PAGE_SIZE, SIZE_MAX, DMA_TO_DEVICE, XADMA_REFUSE_WRAP);
}

static void buffer_longer_than_max_mapping_size_is_refused(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));
	size_t most = xadma_max_mapping_size(dev);

	KUNIT_EXPECT_EQ(test, most, SZ_1M);
	refused(test, dev, phys, most + 1, DMA_TO_DEVICE, XADMA_REFUSE_TOO_BIG);
	refused(test, dev, phys, 2 * most, DMA_TO_DEVICE, XADMA_REFUSE_TOO_BIG);
}

static void full_pool_refuses(struct kunit *test)
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

static void device_that_reaches_no_chunk_is_refused(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));

	refused(test, fake_device(test, &world->xadma, &blind), phys, 1,
		DMA_TO_DEVICE, XADMA_REFUSE_MASK);
}

static void kept_run_goes_to_no_device_that_does_not_reach_it(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	struct device *other = fake_device(test, &world->xadma, &blind);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));
	dma_addr_t dma;

	/* What is kept is this CPU's. */
	migrate_disable();
	dma = xadma_map(dev, phys, 1, DMA_TO_DEVICE, 0);
	xadma_unmap(dev, dma, 1, DMA_TO_DEVICE, 0);
	refused(test, other, phys, 1, DMA_TO_DEVICE, XADMA_REFUSE_MASK);
	/* It is kept still. */
	KUNIT_EXPECT_EQ(test, dma, xadma_map(dev, phys, 1, DMA_TO_DEVICE, 0));
	migrate_enable();
	xadma_unmap(dev, dma, 1, DMA_TO_DEVICE, 0);
}

static void no_pool_refuses(struct kunit *test)
{
	struct fake_world *world = fake_world(test, 0);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));

	refused(test, dev, phys, 1, DMA_TO_DEVICE, XADMA_REFUSE_NOPOOL);
	KUNIT_EXPECT_FALSE(test, xadma_supported(dev, POOL_ONLY));
	KUNIT_EXPECT_TRUE(test, xadma_supported(dev, DMA_BIT_MASK(64)));
}

/* Registers cannot be copied: a buffer that is none of RAM never bounces. */
static void registers_are_never_bounced(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	phys_addr_t far = 1ULL << 45;

	if (pfn_valid(PHYS_PFN(far)))
		kunit_skip(test, "this machine has memory everywhere");
	refused(test, fake_device(test, &world->xadma, &narrow), far, 64,
		DMA_TO_DEVICE, XADMA_REFUSE_MMIO);
}

static void refusal_is_quiet_when_asked(struct kunit *test)
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

static void unmap_of_nothing_is_told(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	phys_addr_t phys = page_to_phys(test_pages(test, 1));
	dma_addr_t dma;
	u64 misuse;

	/* A device that never had anything of the pool has nothing to return. */
	xadma_unmap(dev, FAKE_MACHINE, 512, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
	dma = xadma_map(dev, phys, 5000, DMA_TO_DEVICE, 0);
	xadma_unmap(dev, dma, 5000, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
	xadma_unmap(dev, FAKE_MACHINE, 512, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 1);

	dma = xadma_map(dev, phys, 5000, DMA_TO_DEVICE, 0);
	xadma_unmap(dev, dma + XADMA_SLOT_SIZE, 512, DMA_TO_DEVICE, 0);
	xadma_unmap(dev, dma - 1, 512, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 2 + (dma > FAKE_MACHINE));
	/* A run of the front, which has a power of two. */
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 4);
	misuse = fake_count(dev, XADMA_N_MISUSE);
	xadma_unmap(dev, dma, 5000, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), misuse);
	xadma_unmap(dev, dma, 5000, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), misuse + 1);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
}

/* As with swiotlb: what is behind the address is copied, and the run is not lost. */
static void unmap_from_inside_the_first_slot_ends_the_mapping(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	u8 *buf = page_address(test_pages(test, 0));
	dma_addr_t dma;

	memset(buf, 0x2a, PAGE_SIZE);
	dma = xadma_map(dev, virt_to_phys(buf), 3000, DMA_FROM_DEVICE, 0);
	memset(fake_device_view(dev, dma), 0x99, 3000);
	xadma_unmap(dev, dma + 100, 2900, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0x2a, 100));
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + 100, 0x99, 2900));
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + 3000, 0x2a, PAGE_SIZE - 3000));
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 1);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
}

/* A wrong size copies what was mapped of it, not a byte more, and loses no slot. */
static void unmap_of_another_length_moves_what_was_mapped(struct kunit *test)
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
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0x99, 100));
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + 100, 0x2a, PAGE_SIZE - 100));

	memset(buf, 0x2a, PAGE_SIZE);
	dma = xadma_map(dev, virt_to_phys(buf), 100, DMA_FROM_DEVICE, 0);
	memset(fake_device_view(dev, dma), 0x99, 100);
	xadma_unmap(dev, dma, 60, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 2);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0x99, 60));
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + 60, 0x2a, PAGE_SIZE - 60));

	dma = xadma_map(dev, virt_to_phys(buf), 100, DMA_FROM_DEVICE, 0);
	xadma_unmap(dev, dma, 100, DMA_NONE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 3);
}

/* ---- device memory ---- */

static void registers_are_mapped_as_they_are(struct kunit *test)
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
		xadma_sync_for_cpu(b->dev, b->dma, b->size, b->dir);
		if (b->dir != DMA_TO_DEVICE)
			b->cpu_has = b->device_has;
		break;
	case 3:
		xadma_sync_for_device(b->dev, b->dma, b->size, b->dir);
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

static void random_traffic_agrees_with_a_model(struct kunit *test)
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
	return test_timer_again(timer);
}

static void all_cpus_and_interrupts_bounce_at_once(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct traffic *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->test = test;
	t->dev = fake_device(test, &world->xadma, &narrow);
	t->buf = page_address(test_pages(test,
					 order_base_2(nr_cpu_ids + 1)));
	test_timer_setup(&t->timer, interrupt);
	test_timer_start(&t->timer);
	on_all_cpus(test, transfers, t);
	hrtimer_cancel(&t->timer);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->wrong), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&t->done), 3000);
	KUNIT_EXPECT_EQ(test, fake_count(t->dev, XADMA_N_MISUSE), 0);
	KUNIT_EXPECT_EQ(test, fake_count(t->dev, XADMA_N_UNMAPS),
			atomic_read(&t->done));
}

static struct kunit_case map_cases[] = {
	KUNIT_CASE_PARAM(each_kind_of_buffer_goes_its_route, trip_gen_params),
	KUNIT_CASE(device_finds_the_buffer_whatever_the_direction),
	KUNIT_CASE(nothing_of_a_former_buffer_is_seen),
	KUNIT_CASE(map_sg_maps_each_entry_as_a_buffer_of_its_own),
	KUNIT_CASE(map_sg_unwinds_on_failure),
	KUNIT_CASE(zero_length_is_refused),
	KUNIT_CASE(no_direction_is_refused),
	KUNIT_CASE(buffer_that_wraps_is_refused),
	KUNIT_CASE(buffer_longer_than_max_mapping_size_is_refused),
	KUNIT_CASE(full_pool_refuses),
	KUNIT_CASE(device_that_reaches_no_chunk_is_refused),
	KUNIT_CASE(kept_run_goes_to_no_device_that_does_not_reach_it),
	KUNIT_CASE(no_pool_refuses),
	KUNIT_CASE(registers_are_never_bounced),
	KUNIT_CASE(refusal_is_quiet_when_asked),
	KUNIT_CASE(unmap_of_nothing_is_told),
	KUNIT_CASE(unmap_from_inside_the_first_slot_ends_the_mapping),
	KUNIT_CASE(unmap_of_another_length_moves_what_was_mapped),
	KUNIT_CASE(registers_are_mapped_as_they_are),
	KUNIT_CASE_SLOW(random_traffic_agrees_with_a_model),
	KUNIT_CASE_SLOW(all_cpus_and_interrupts_bounce_at_once),
	{}
};

static struct kunit_suite map_suite = {
	.name = "swiotlb-arm-map",
	.test_cases = map_cases,
};

kunit_test_suite(map_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Windows: dma-ranges as firmware describes them, and the pool that has to lie within
 * them.
 */
#include <kunit/test.h>

#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <xen/page.h>

#include "../resolve.h"
#include "../source.h"
#include "fake-hv.h"
#include "fake-memory.h"
#include "helpers.h"

static u64 routed(struct device *dev, enum xadma_route route)
{
	return fake_count(dev, XADMA_N_ROUTE + route);
}

/* ---- windows that firmware describes ---- */

static const struct bus_dma_region at_4g[] = {
	{ .cpu_start = 0, .dma_start = 0, .size = SZ_4G },
	{ .cpu_start = SZ_4G, .dma_start = SZ_4G, .size = 0x7fULL << 32 },
	{}
};

static const struct bus_dma_region gap_on_the_bus[] = {
	{ .cpu_start = 0, .dma_start = 0, .size = SZ_4G },
	{ .cpu_start = SZ_4G, .dma_start = SZ_4G + SZ_64K, .size = SZ_4G },
	{}
};

static const struct bus_dma_region set_top_box[] = {
	{ .cpu_start = 0, .dma_start = 0, .size = SZ_1G },
	{ .cpu_start = 0x100000000, .dma_start = 0x40000000, .size = SZ_1G },
	{ .cpu_start = 0x40000000, .dma_start = 0x80000000, .size = SZ_1G },
	{ .cpu_start = 0x300000000, .dma_start = 0xc0000000, .size = SZ_1G },
	{ .cpu_start = 0x80000000, .dma_start = 0x100000000, .size = SZ_1G },
	{ .cpu_start = 0xc00000000, .dma_start = 0x140000000, .size = SZ_1G },
	{}
};

/* i.MX8M and others: nothing is shifted, and nothing is below the first byte. */
static const struct bus_dma_region unshifted[] = {
	{ .cpu_start = SZ_1G, .dma_start = SZ_1G, .size = SZ_2G },
	{}
};

static const struct bus_dma_region unshifted_pair[] = {
	{ .cpu_start = 0x8000000, .dma_start = 0x8000000, .size = 0x38000000 },
	{ .cpu_start = SZ_1G, .dma_start = SZ_1G, .size = SZ_2G },
	{}
};

#define STB_LIMIT	0x17fffffffULL

/*
 * A page of another domain's can be at any machine address; 0 for one of ours, which is
 * then between 1 and 2 GiB.
 */
static const struct place {
	const char *what;
	const struct bus_dma_region *map;
	u64 bus_limit;
	phys_addr_t maddr;
	u64 shift;
	bool bounced;
} places[] = {
	{ "first of two windows", at_4g, 0, 0, 0 },
	{ "start of the window above 4 GiB", at_4g, 0, SZ_4G, 0 },
	{ "end of the window below 4 GiB", at_4g, 0, SZ_4G - SZ_4K, 0 },
	{ "own page before a gap on the bus", gap_on_the_bus, 0, 0, 0 },
	{ "start of the window behind a gap on the bus", gap_on_the_bus, 0,
	  SZ_4G, SZ_64K },
	{ "set-top box, own page", set_top_box, STB_LIMIT, 0, SZ_1G },
	{ "set-top box, window 1", set_top_box, STB_LIMIT, SZ_128M, 0 },
	{ "set-top box, window 2", set_top_box, STB_LIMIT, 0x100000000, -0xc0000000ULL },
	{ "set-top box, window 4", set_top_box, STB_LIMIT, 0x33ffff000,
	  -0x240000000ULL },
	{ "set-top box, window 5", set_top_box, STB_LIMIT, 0x80000000, 0x80000000 },
	{ "set-top box, window 6", set_top_box, STB_LIMIT, 0xc3ffff000,
	  -0xac0000000ULL },
	{ "set-top box, no window", set_top_box, STB_LIMIT, 0x140000000, 0,
	  .bounced = true },
	{ "set-top box, beyond the bus limit", set_top_box, STB_LIMIT - SZ_512M,
	  0xc3ffff000, 0, .bounced = true },
	{ "unshifted, not from 0, own page", unshifted, 0, 0, 0 },
	{ "unshifted, not from 0, its first page", unshifted_pair, 0, 0x8000000, 0 },
	{ "unshifted, not from 0, before it", unshifted_pair, 0, 0x7fff000, 0,
	  .bounced = true },
	{ "unshifted, not from 0, behind it", unshifted_pair, 0, 0xc0000000, 0,
	  .bounced = true },
};

KUNIT_ARRAY_PARAM_DESC(place, places, what);

static void set_no_frame(void *pfn)
{
	__set_phys_to_machine((unsigned long)pfn, INVALID_P2M_ENTRY);
}

/* The first Xen frame of @page is at @maddr from now on. */
static void put_at(struct kunit *test, struct page *page, phys_addr_t maddr)
{
	unsigned long pfn = XEN_PFN_DOWN(page_to_phys(page));

	KUNIT_ASSERT_TRUE(test, __set_phys_to_machine(pfn, XEN_PFN_DOWN(maddr)));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, set_no_frame, (void *)pfn));
}

static void each_place_is_told_by_its_window(struct kunit *test)
{
	const struct place *p = test->param_value;
	const struct fake_kind kind = {
		.name = "windows", .map = p->map, .bus_limit = p->bus_limit,
		.coherent = true,
	};
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, &kind);
	struct page *page = test_pages(test, 0);
	phys_addr_t maddr = p->maddr ?: page_to_phys(page);
	dma_addr_t dma;

	if (p->maddr)
		put_at(test, page, p->maddr);
	else if (maddr >> 30 != 1)
		kunit_skip(test, "the page is elsewhere on this machine");
	dma = dma_map_page(dev, page, 0, XEN_PAGE_SIZE, DMA_TO_DEVICE);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, dma));
	if (p->bounced)
		KUNIT_EXPECT_NOT_NULL(test, fake_device_view(dev, dma));
	else
		KUNIT_EXPECT_EQ(test, dma, maddr + p->shift);
	KUNIT_EXPECT_EQ(test, routed(dev, XADMA_DIRECT), !p->bounced);
	KUNIT_EXPECT_EQ(test, routed(dev, XADMA_BOUNCE_MASK), p->bounced);
	dma_unmap_page(dev, dma, XEN_PAGE_SIZE, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
}

/* ---- our own page where two windows meet ---- */

static const struct seam {
	const char *what;
	u64 shift[2];
	bool cut;	/* a buffer over the seam is none for the device */
} seams[] = {
	{ "no shift", { 0, 0 } },
	{ "the second is shifted by a page", { 0, SZ_64K }, true },
	{ "the second is shifted far", { 0, SZ_8T }, true },
	{ "the first is shifted", { SZ_8T, 0 }, true },
	{ "both are shifted alike", { SZ_8T, SZ_8T } },
	{ "both are shifted, apart", { SZ_8T, SZ_16T }, true },
};

KUNIT_ARRAY_PARAM_DESC(seam, seams, what);

static void direct_at(struct kunit *test, struct device *dev, u8 *buf, size_t size,
		      dma_addr_t right)
{
	dma_addr_t dma = dma_map_single(dev, buf, size, DMA_TO_DEVICE);

	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, dma));
	KUNIT_EXPECT_EQ(test, dma, right);
	dma_unmap_single(dev, dma, size, DMA_TO_DEVICE);
}

static void windows_that_meet_at_our_page(struct kunit *test)
{
	const struct seam *s = test->param_value;
	struct fake_world *world = fake_world(test, SZ_1M);
	u8 *buf = page_address(test_pages(test, 1));
	phys_addr_t at = virt_to_phys(buf) + PAGE_SIZE;
	const struct bus_dma_region map[] = {
		{ .cpu_start = 0, .dma_start = s->shift[0], .size = at },
		{ .cpu_start = at, .dma_start = at + s->shift[1], .size = SZ_1G },
		{}
	};
	const struct fake_kind kind = { .name = "seam", .map = map, .coherent = true };
	struct device *dev = fake_api_device(test, &world->xadma, &kind);
	dma_addr_t dma;

	direct_at(test, dev, buf, PAGE_SIZE, at - PAGE_SIZE + s->shift[0]);
	direct_at(test, dev, buf + PAGE_SIZE, PAGE_SIZE, at + s->shift[1]);
	KUNIT_EXPECT_EQ(test, routed(dev, XADMA_DIRECT), 2);
	if (!s->cut) {
		direct_at(test, dev, buf + 100, PAGE_SIZE,
			  at - PAGE_SIZE + 100 + s->shift[0]);
		return;
	}
	pattern_fill(buf + 100, PAGE_SIZE, 1);
	dma = dma_map_single(dev, buf + 100, PAGE_SIZE, DMA_TO_DEVICE);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, dma));
	KUNIT_ASSERT_NOT_NULL(test, fake_device_view(dev, dma));
	KUNIT_EXPECT_TRUE(test, pattern_is(fake_device_view(dev, dma), PAGE_SIZE, 1));
	dma_unmap_single(dev, dma, PAGE_SIZE, DMA_TO_DEVICE);
}

/* ---- the pool is made where the device reaches ---- */

static const struct bus_dma_region low_window[] = {
	{ .cpu_start = 0, .dma_start = 0xc0000000, .size = SZ_128M },
	{}
};

/* The pool is above the window; there is memory in the window; no mask is ever set. */
static void pool_is_there_without_a_mask_being_set(struct kunit *test)
{
	static const struct fake_kind kind = {
		.name = "maskless", .mask = DMA_BIT_MASK(32),
		.bus_limit = 0xc7ffffff, .map = low_window, .coherent = true,
	};
	struct fake_world *world = fake_world(test, SZ_1M);
	u8 *buf = page_address(test_pages(test, 0));
	struct device *dev;
	dma_addr_t dma;
	u8 *view;

	world->provider->next = SZ_64M;
	dev = fake_api_device(test, &world->xadma, &kind);
	dma = dma_map_single(dev, buf, 2000, DMA_FROM_DEVICE);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, dma));
	KUNIT_EXPECT_GE(test, dma, 0xc0000000);
	KUNIT_EXPECT_LE(test, dma + 2000 - 1, 0xc7ffffff);
	view = fake_device_view(dev, dma);
	if (view)
		pattern_fill(view, 2000, 3);
	dma_unmap_single(dev, dma, 2000, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, pattern_is(buf, 2000, 3));
}

/* ---- the low bits are those of the device's address ---- */

static const struct bits {
	const char *what;
	unsigned int mask;
	u64 shift;
} bits[] = {
	{ "4 KiB, no shift", 0xfff, 0 },
	{ "4 KiB, shift of half of it", 0xfff, SZ_2K },
	{ "4 KiB, shift of one and a half", 0xfff, SZ_4K + SZ_2K },
	{ "64 KiB, shift of 4 KiB", 0xffff, SZ_4K },
	{ "64 KiB, shift of 60 KiB", 0xffff, SZ_64K - SZ_4K },
	{ "64 KiB, shift of a multiple", 0xffff, SZ_8T },
	{ "8 KiB, shifted down by 4 KiB", 0x1fff, -SZ_4K },
};

KUNIT_ARRAY_PARAM_DESC(bits, bits, what);

static void low_bits_are_kept_in_the_device_address(struct kunit *test)
{
	static const unsigned int at[] = { 0, 1, 100, 2048, 2049, 4000, 4095, 9000 };
	const struct bits *b = test->param_value;
	const struct bus_dma_region map[] = {
		{ .cpu_start = SZ_64M, .dma_start = SZ_64M + b->shift,
		  .size = SZ_512M },
		{}
	};
	const struct fake_kind kind = {
		.name = "bits", .map = map, .align = b->mask, .coherent = true,
	};
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, &kind);
	u8 *buf = page_address(test_pages(test, get_order(SZ_128K)));
	unsigned int i, size;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		for (size = 1; size <= SZ_32K; size *= 32) {
			dma_addr_t dma = dma_map_single(dev, buf + at[i], size,
							DMA_TO_DEVICE);

			KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, dma));
			KUNIT_EXPECT_EQ(test, dma & b->mask,
					virt_to_phys(buf + at[i]) & b->mask);
			dma_unmap_single(dev, dma, size, DMA_TO_DEVICE);
		}
	}
}

/* ---- where providers look for memory ---- */

static void get_from_identity(struct kunit *test, phys_addr_t first, phys_addr_t last)
{
	static const struct xadma_provider * const identity[] = {
		&xadma_provider_identity, NULL,
	};
	struct xadma_source source = { .providers = identity };
	const struct xadma_range within = { .first = first, .last = last };
	struct xadma_memory memory = {};

	KUNIT_ASSERT_EQ_MSG(test, 0,
			    xadma_source_get(&source, &memory, SZ_64K, within),
			    "in %pa to %pa", &first, &last);
	KUNIT_EXPECT_GE(test, memory.maddr[0], first);
	KUNIT_EXPECT_LE(test, memory.maddr[0] + memory.size - 1, last);
	xadma_source_put(&source, &memory);
}

static void identity_finds_memory_in_each_third_of_ram(struct kunit *test)
{
	phys_addr_t start = memblock_start_of_DRAM();
	phys_addr_t part = (memblock_end_of_DRAM() - start) / 3, at;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		at = start + i * part;
		get_from_identity(test, at, at + part - 1);
		get_from_identity(test, at, (phys_addr_t)-1);
		get_from_identity(test, 0, at + part - 1);
	}
}

/* The first address of ours beyond 4 GiB, where a hole may begin. */
static phys_addr_t first_above_4g(void)
{
	phys_addr_t first = memblock_end_of_DRAM(), start, end;
	u64 i;

	for_each_mem_range(i, &start, &end)
		if (end > SZ_4G)
			first = min(first, max_t(phys_addr_t, start, SZ_4G));
	return first;
}

static void identity_finds_memory_in_a_window_above_4g(struct kunit *test)
{
	phys_addr_t first = first_above_4g(), end = memblock_end_of_DRAM();

	if (end < first + SZ_256M)
		kunit_skip(test, "this machine has no memory there");
	get_from_identity(test, SZ_4G, first + SZ_512M - 1);
	get_from_identity(test, SZ_4G, first + (end - first) / 2 - 1);
	get_from_identity(test, SZ_4G, first + SZ_1G - 1);
}

/* ---- a provider that is given memory below the window ---- */

static void drop_resolver(void *resolver)
{
	xadma_resolver_destroy(resolver);
}

static const struct xadma_provider * const renewing[] = {
	&xadma_provider_populate, &xadma_provider_exchange,
};

static void memory_below_the_window_is_refused(struct kunit *test)
{
	/* The fake Xen has memory from FAKE_MFN_LOW on: 256 MiB. */
	const struct xadma_range above = { .first = SZ_1G, .last = SZ_4G - 1 };
	const struct xadma_range there = { .first = SZ_256M, .last = SZ_4G - 1 };
	struct fake_hv *fake = fake_hv_start(test);
	struct fake_memory *memory;
	unsigned int i;

	if (PAGE_SIZE != XEN_PAGE_SIZE)
		kunit_skip(test, "such a domain has pages of 4 KiB");
	fake->domain = XADMA_DOMAIN_TRANSLATED;
	memory = fake_memory_start(test);
	memory->low = SZ_256K;
	memory->exchanges = true;
	for (i = 0; i < ARRAY_SIZE(renewing); i++) {
		const struct xadma_provider * const only[] = { renewing[i], NULL };
		struct xadma_source source = {
			.hv = &xadma_hv_fake,
			.resolver = xadma_resolver_create(&xadma_hv_fake),
			.providers = only,
		};
		struct xadma_memory got = {};

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, source.resolver);
		KUNIT_ASSERT_EQ(test, 0,
				kunit_add_action_or_reset(test, drop_resolver,
							  source.resolver));
		KUNIT_EXPECT_EQ(test, -ENOMEM,
				xadma_source_get(&source, &got, SZ_64K, above));
		KUNIT_EXPECT_EQ(test, 0,
				xadma_source_get(&source, &got, SZ_64K, there));
		xadma_source_put(&source, &got);
	}
}

static struct kunit_case windows_cases[] = {
	KUNIT_CASE_PARAM(each_place_is_told_by_its_window, place_gen_params),
	KUNIT_CASE_PARAM(windows_that_meet_at_our_page, seam_gen_params),
	KUNIT_CASE(pool_is_there_without_a_mask_being_set),
	KUNIT_CASE_PARAM(low_bits_are_kept_in_the_device_address, bits_gen_params),
	KUNIT_CASE(identity_finds_memory_in_each_third_of_ram),
	KUNIT_CASE(identity_finds_memory_in_a_window_above_4g),
	KUNIT_CASE(memory_below_the_window_is_refused),
	{}
};

static struct kunit_suite windows_suite = {
	.name = "swiotlb-arm-windows",
	.test_cases = windows_cases,
};

kunit_test_suite(windows_suite);

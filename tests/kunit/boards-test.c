// SPDX-License-Identifier: GPL-2.0-only
/*
 * boards: the dma-ranges of all arm64 boards that the kernel has a device tree of.
 *
 * What has to become of a buffer is worked out from the numbers of the table, and not
 * with the driver's help: a device that reaches all of it by addresses that follow on
 * each other is told these; else it is bounced; and where the device reaches nothing of
 * the pool either, it is refused.
 */
#include <kunit/test.h>

#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include <xen/page.h>

#include "helpers.h"

/* ---- the table ---- */

struct window {
	u64 cpu;	/* where it is in the machine */
	u64 dma;	/* and for the device */
	u64 size;
};

#define WINDOWS_MAX	3

/* Those of a bus, which a device tree may have more of; the last one has no size. */
struct bus {
	const char *what;
	struct window window[WINDOWS_MAX + 1];
};

/* Made by scripts/dts-windows, from Linux 6.12 and 7.3. */
static const struct bus buses[] = {
	{ "allwinner/sun50i-a64-amarula-relic, dram-controller@1c62000", {
		{ 0x40000000, 0, 0xc0000000 },
	} },
	{ "amd/amd-overdrive-rev-b0, smb", {
		{ 0, 0, 0x10000000000 },
	} },
	{ "apm/apm-merlin, pcie@1f2b0000", {
		{ 0x8000000000, 0x8000000000, 0x80000000 },
		{ 0, 0, 0x8000000000 },
	} },
	{ "apm/apm-mustang, soc", {
		{ 0, 0, 0x40000000000 },
	} },
	{ "apple/t6022-j180d, soc@200000000", {
		{ 0, 0, 0xffffffffffffc000 },
	} },
	{ "arm/juno-r1-scmi, pcie@40000000", {
		{ 0x80000000, 0x80000000, 0x80000000 },
		{ 0x800000000, 0x800000000, 0x200000000 },
	} },
	{ "broadcom/bcm2711-rpi-4-b, pcie@7d500000", {
		{ 0, 0, 0xc0000000 },
	} },
	{ "broadcom/bcm2711-rpi-4-b, soc", {
		{ 0, 0xc0000000, 0x40000000 },
	} },
	{ "broadcom/bcm2712-d-rpi-5-b, axi", {
		{ 0, 0, 0x1100000000 },
		{ 0x1400000000, 0x1400000000, 0xc00000000 },
	} },
	{ "broadcom/bcm2712-d-rpi-5-b, pcie@1000100000", {
		{ 0, 0x1000000000, 0x1000000000 },
	} },
	{ "broadcom/bcm2712-d-rpi-5-b, pcie@1000110000", {
		{ 0, 0x1000000000, 0x1000000000 },
		{ 0x1000131000, 0xfffffff000, 0x1000 },
	} },
	{ "broadcom/bcm2712-d-rpi-5-b, pcie@1000120000", {
		{ 0x1f00000000, 0, 0x400000 },
		{ 0, 0x1000000000, 0x1000000000 },
		{ 0x1000130000, 0xfffffff000, 0x1000 },
	} },
	{ "broadcom/bcm2837-rpi-3-a-plus, soc", {
		{ 0, 0xc0000000, 0x3f000000 },
	} },
	{ "freescale/fsl-ls1043a-qds, soc", {
		{ 0, 0, 0x1000000000000 },
	} },
	{ "freescale/imx8dx-colibri-aster, bus@5f000000", {
		{ 0x80000000, 0x80000000, 0x80000000 },
	} },
	{ "freescale/imx8mm-beacon-kit, soc@0", {
		{ 0x40000000, 0x40000000, 0xc0000000 },
	} },
	{ "hisilicon/hi3798cv200-poplar, soc@f0000000", {
		{ 0, 0, 0x40000000 },
	} },
	{ "marvell/ac5-98dx35xx-rd, behind-32bit-controller@7f000000", {
		{ 0x200000000, 0, 0x100000000 },
	} },
	{ "marvell/ac5-98dx35xx-rd, bus@80500000", {
		{ 0x200000000, 0, 0x80000000 },
	} },
	{ "mediatek/mt8186-corsola-magneton-sku393216, soc", {
		{ 0, 0, 0x400000000 },
	} },
	{ "mediatek/mt8186-corsola-magneton-sku393216, video-decoder@16000000", {
		{ 0x40000000, 0x100000000, 0xfff00000 },
	} },
	{ "nvidia/tegra194-p2972-0000, memory-controller@2c00000", {
		{ 0, 0, 0x8000000000 },
	} },
	{ "qcom/qcm6490-fairphone-fp5, soc@0", {
		{ 0, 0, 0x1000000000 },
	} },
	{ "renesas/r8a774a1-beacon-rzg2m-kit, pcie@fe000000", {
		{ 0, 0, 0x100000000 },
	} },
	{ "renesas/r8a774c0-cat874, pcie@fe000000", {
		{ 0x40000000, 0x40000000, 0x80000000 },
	} },
	{ "renesas/r9a08g045s33-smarc, pcie@11e40000", {
		{ 0x40000000, 0x40000000, 0x100000000 },
	} },
	{ "renesas/r9a09g047e57-smarc, pcie@13400000", {
		{ 0x40000000, 0x40000000, 0x200000000 },
	} },
	{ "renesas/r9a09g057h44-rzv2h-evk, pcie@13400000", {
		{ 0x40000000, 0x40000000, 0x400000000 },
	} },
	{ "st/stm32mp215f-dk, soc@0", {
		{ 0x80000000, 0, 0x100000000 },
	} },
};

KUNIT_ARRAY_PARAM_DESC(bus, buses, what);

/* ---- what the numbers say ---- */

/* Of several windows the first one counts. */
static const struct window *window_at(const struct bus *bus, u64 maddr)
{
	const struct window *w;

	for (w = bus->window; w->size; w++)
		if (maddr >= w->cpu && maddr - w->cpu < w->size)
			return w;
	return NULL;
}

/* Windows consist of frames, so that it is enough to look at each frame. */
static bool reaches(const struct bus *bus, u64 limit, u64 maddr, u64 size, u64 *dma)
{
	const struct window *w = window_at(bus, maddr);
	u64 frame = maddr & XEN_PAGE_MASK, shift;

	if (!w)
		return false;
	shift = w->dma - w->cpu;
	while ((frame += XEN_PAGE_SIZE) < maddr + size) {
		w = window_at(bus, frame);
		if (!w || w->dma - w->cpu != shift)
			return false;
	}
	*dma = maddr + shift;
	return *dma + size - 1 >= *dma && *dma + size - 1 <= limit;
}

/* What is behind @size bytes of the device's addresses. False if not all is one piece. */
static bool behind(const struct bus *bus, u64 limit, u64 dma, u64 size, u64 *maddr)
{
	const struct window *w;
	u64 there;

	for (w = bus->window; w->size; w++) {
		*maddr = dma - w->dma + w->cpu;
		if (reaches(bus, limit, *maddr, size, &there) && there == dma)
			return true;
	}
	return false;
}

/* Up to where a bus passes addresses on, as firmware's code tells the core. */
static u64 highest(const struct bus *bus)
{
	const struct window *w;
	u64 last = 0;

	for (w = bus->window; w->size; w++)
		last = max(last, w->dma + w->size - 1);
	return last;
}

/* How far the last byte of a window that is reached is into it; the first one must be. */
static u64 depth(const struct window *w, u64 limit)
{
	return min(w->size - 1, limit - w->dma);
}

/* ---- a bus, a device on it, and a machine that may have memory for a pool ---- */

#define POOL	SZ_1M

/* Further than a bus reaches, but for those that reach all that Arm has addresses for */
#define BEYOND	(64 * SZ_1T)

struct trial {
	struct kunit *test;
	const struct bus *bus;
	struct fake_world *world;
	struct device *dev;
	u64 limit;
	bool bounces;		/* there is a pool that it reaches */
	u64 direct, bounced, refused;
};

/* In the middle of a window, away from where buffers are mapped; or BEYOND. */
static u64 place_for_more(const struct bus *bus, u64 limit)
{
	const struct window *w;

	for (w = bus->window; w->size; w++)
		if (w->dma <= limit && depth(w, limit) >= SZ_16M - 1)
			return w->cpu + round_down(depth(w, limit) / 2, SZ_1M);
	return BEYOND;
}

static const struct bus_dma_region *map_of(struct kunit *test, const struct bus *bus)
{
	struct bus_dma_region *map;
	unsigned int i;

	map = kunit_kcalloc(test, WINDOWS_MAX + 1, sizeof(*map), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, map);
	for (i = 0; bus->window[i].size; i++) {
		map[i].cpu_start = bus->window[i].cpu;
		map[i].dma_start = bus->window[i].dma;
		map[i].size = bus->window[i].size;
	}
	return map;
}

/* The pool is at @pool, and where @more is said there is memory in reach for more. */
static struct trial start(struct kunit *test, u64 mask, u64 pool, bool more)
{
	const struct bus *bus = test->param_value;
	const struct fake_kind kind = {
		.name = "board", .mask = mask, .bus_limit = highest(bus),
		.map = map_of(test, bus), .coherent = true,
	};
	struct trial t = {
		.test = test, .bus = bus, .limit = min(mask, kind.bus_limit),
		.world = fake_world_at(test, POOL, pool),
	};
	u64 place = more ? place_for_more(bus, t.limit) : BEYOND + SZ_1G, dma;

	t.bounces = reaches(bus, t.limit, pool, POOL, &dma) ||
		    reaches(bus, t.limit, place, POOL, &dma);
	t.world->provider->next = place;
	t.dev = fake_api_device(test, &t.world->xadma, &kind);
	return t;
}

static void expect_bounced(struct trial *t, struct page *page, u64 maddr, u64 size,
			   dma_addr_t dma)
{
	const u8 *buffer = page_address(page) + xen_offset_in_page(maddr);
	struct xadma_bounce in;
	u64 at;

	KUNIT_ASSERT_TRUE_MSG(t->test, behind(t->bus, t->limit, dma, size, &at),
			      "%#llx, %llu bytes: not driven at %pad", maddr, size, &dma);
	KUNIT_ASSERT_TRUE_MSG(t->test, find_in_pool(&t->world->xadma.pool, at, &in),
			      "%#llx, %llu bytes: no pool at %#llx", maddr, size, at);
	KUNIT_EXPECT_EQ(t->test, memcmp(in.vaddr, buffer, size), 0);
}

/* A buffer in one or two frames of another domain, for these may be anywhere. */
static void map_at(struct trial *t, u64 maddr, u64 size)
{
	struct page *page = test_pages(t->test, get_order(2 * XEN_PAGE_SIZE));
	unsigned long gfn = XEN_PFN_DOWN(page_to_phys(page)), mfn = XEN_PFN_DOWN(maddr);
	struct xadma_bounce in;
	u64 right;
	dma_addr_t dma;
	bool refused;

	KUNIT_ASSERT_FALSE(t->test, find_in_pool(&t->world->xadma.pool, maddr, &in));
	pattern_fill(page_address(page), 2 * XEN_PAGE_SIZE, mfn);
	make_foreign_frame(t->test, gfn, mfn);
	if (XEN_PFN_DOWN(maddr + size - 1) != mfn)
		make_foreign_frame(t->test, gfn + 1, mfn + 1);

	dma = dma_map_page(t->dev, page, xen_offset_in_page(maddr), size, DMA_TO_DEVICE);
	refused = dma_mapping_error(t->dev, dma);
	if (reaches(t->bus, t->limit, maddr, size, &right)) {
		KUNIT_EXPECT_EQ_MSG(t->test, dma, right, "%#llx, %llu bytes", maddr, size);
		t->direct++;
	} else if (t->bounces) {
		KUNIT_ASSERT_FALSE_MSG(t->test, refused, "%#llx, %llu bytes", maddr, size);
		expect_bounced(t, page, maddr, size, dma);
		t->bounced++;
	} else {
		KUNIT_EXPECT_TRUE_MSG(t->test, refused, "%#llx, %llu bytes", maddr, size);
		t->refused++;
	}
	if (!refused)
		dma_unmap_page(t->dev, dma, size, DMA_TO_DEVICE);
}

/* The frames that meet at an address, and what lies over it; but for the very first. */
static void map_around(struct trial *t, u64 edge)
{
	map_at(t, edge, XEN_PAGE_SIZE);
	map_at(t, edge + 1, 1);
	if (!edge)
		return;
	map_at(t, edge - XEN_PAGE_SIZE, XEN_PAGE_SIZE);
	map_at(t, edge - XEN_PAGE_SIZE, 2 * XEN_PAGE_SIZE);
	map_at(t, edge - 1, 1);
	map_at(t, edge - 1, 2);
}

static u64 routed(const struct trial *t, enum xadma_route route)
{
	return fake_count(t->dev, XADMA_N_ROUTE + route);
}

static void map_everywhere(struct trial *t)
{
	const struct window *w;

	for (w = t->bus->window; w->size; w++) {
		map_around(t, w->cpu);
		map_around(t, w->cpu + round_down(w->size / 3, XEN_PAGE_SIZE));
		map_around(t, w->cpu + w->size);
		/* Where the mask ends */
		if (w->dma <= t->limit && depth(w, t->limit) != w->size - 1)
			map_around(t, w->cpu + depth(w, t->limit) + 1);
	}
	KUNIT_EXPECT_EQ(t->test, routed(t, XADMA_DIRECT), t->direct);
	KUNIT_EXPECT_EQ(t->test, routed(t, XADMA_BOUNCE_MASK), t->bounced);
	KUNIT_EXPECT_EQ(t->test, routed(t, XADMA_REFUSE_MASK), t->refused);
	KUNIT_EXPECT_EQ(t->test, misuses(t->dev), 0);
	KUNIT_EXPECT_GT(t->test, t->direct + t->bounced + t->refused, 0);
}

/* ---- with memory in reach, and without ---- */

static void buffers_go_direct_or_bounce_as_the_numbers_say(struct kunit *test)
{
	struct trial t = start(test, DMA_BIT_MASK(64), FAKE_MACHINE, true);

	KUNIT_EXPECT_TRUE(test, t.bounces);
	map_everywhere(&t);
	KUNIT_EXPECT_GT(test, t.direct, 0);
	KUNIT_EXPECT_GT(test, t.bounced, 0);
}

static void buffers_go_direct_or_bounce_for_a_mask_of_32_bits(struct kunit *test)
{
	struct trial t = start(test, DMA_BIT_MASK(32), FAKE_MACHINE, true);

	map_everywhere(&t);
}

static void buffers_are_refused_with_the_pool_out_of_reach(struct kunit *test)
{
	struct trial t = start(test, DMA_BIT_MASK(64), BEYOND, false);

	map_everywhere(&t);
}

static void buffers_are_refused_for_a_mask_of_32_bits(struct kunit *test)
{
	struct trial t = start(test, DMA_BIT_MASK(32), BEYOND, false);

	KUNIT_EXPECT_FALSE(test, t.bounces);
	map_everywhere(&t);
	KUNIT_EXPECT_GT(test, t.refused, 0);
}

/* ---- where memory is looked for ---- */

/* All that is reached of a window, not less and not more. */
static void expect_all_of(struct kunit *test, const struct bus *bus, u64 limit,
			  const struct window *w, struct xadma_range range)
{
	u64 dma;

	KUNIT_EXPECT_EQ(test, range.first, w->cpu);
	KUNIT_EXPECT_EQ(test, range.last, w->cpu + depth(w, limit));
	KUNIT_EXPECT_TRUE(test, reaches(bus, limit, range.first, 1, &dma));
	KUNIT_EXPECT_TRUE(test, reaches(bus, limit, range.last, 1, &dma));
}

static void memory_is_looked_for_within_the_windows(struct kunit *test)
{
	const struct bus *bus = test->param_value;
	const u64 limits[] = { highest(bus), highest(bus) / 2, DMA_BIT_MASK(32),
			       DMA_BIT_MASK(30), DMA_BIT_MASK(12) };
	const struct xadma_windows *windows = xadma_windows_of(map_of(test, bus), GFP_KERNEL);
	struct xadma_range range;
	unsigned int i, n;

	KUNIT_ASSERT_NOT_NULL(test, windows);
	for (n = 0; n < ARRAY_SIZE(limits); n++) {
		for (i = 0; bus->window[i].size; i++) {
			range = xadma_windows_range(windows, i, limits[n]);
			if (bus->window[i].dma > limits[n])
				KUNIT_EXPECT_TRUE(test, xadma_range_empty(range));
			else
				expect_all_of(test, bus, limits[n], &bus->window[i], range);
		}
		KUNIT_EXPECT_EQ(test, i, windows->nr);
	}
}

static void what_is_driven_as_it_is_lies_within_the_windows(struct kunit *test)
{
	const struct bus *bus = test->param_value;
	const struct xadma_windows *windows = xadma_windows_of(map_of(test, bus), GFP_KERNEL);
	struct xadma_range range;
	const struct window *w;
	u64 limit = highest(bus), dma, unshifted = 0;

	KUNIT_ASSERT_NOT_NULL(test, windows);
	range = xadma_windows_unshifted(windows, limit);
	for (w = bus->window; w->size; w++)
		unshifted += w->dma == w->cpu;
	KUNIT_EXPECT_EQ(test, xadma_range_empty(range), !unshifted);
	if (!unshifted)
		return;
	KUNIT_EXPECT_TRUE(test, reaches(bus, limit, range.first, 1, &dma));
	KUNIT_EXPECT_EQ(test, dma, range.first);
	KUNIT_EXPECT_TRUE(test, reaches(bus, limit, range.last, 1, &dma));
	KUNIT_EXPECT_EQ(test, dma, range.last);
}

static struct kunit_case boards_cases[] = {
	KUNIT_CASE_PARAM(buffers_go_direct_or_bounce_as_the_numbers_say, bus_gen_params),
	KUNIT_CASE_PARAM(buffers_go_direct_or_bounce_for_a_mask_of_32_bits,
			 bus_gen_params),
	KUNIT_CASE_PARAM(buffers_are_refused_with_the_pool_out_of_reach, bus_gen_params),
	KUNIT_CASE_PARAM(buffers_are_refused_for_a_mask_of_32_bits, bus_gen_params),
	KUNIT_CASE_PARAM(memory_is_looked_for_within_the_windows, bus_gen_params),
	KUNIT_CASE_PARAM(what_is_driven_as_it_is_lies_within_the_windows, bus_gen_params),
	{}
};

/* Neighbours of a frame are pages of their own here. */
static int boards_init(struct kunit *test)
{
	if (PAGE_SIZE != XEN_PAGE_SIZE)
		kunit_skip(test, "pages are larger than Xen's frames");
	return 0;
}

static struct kunit_suite boards_suite = {
	.name = "swiotlb-arm-boards",
	.init = boards_init,
	.test_cases = boards_cases,
};

kunit_test_suite(boards_suite);

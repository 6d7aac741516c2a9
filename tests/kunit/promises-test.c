// SPDX-License-Identifier: GPL-2.0-only
/*
 * Promises: what dma_max_mapping_size() says can be mapped by any CPU as soon as the
 * pool is idle, and a device that holds nothing gets a little, however full it is.
 */
#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "../pool-resize.h"
#include "helpers.h"

static const struct fake_kind narrow = {
	.name = "promises", .mask = POOL_ONLY, .coherent = true,
};

static const struct fake_kind narrow_page = {
	.name = "promises-page", .mask = POOL_ONLY, .coherent = true, .align = 0xfff,
};

static bool try_map(struct device *dev, void *buf, size_t size, dma_addr_t *dma)
{
	*dma = dma_map_single_attrs(dev, buf, size, DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
	return !dma_mapping_error(dev, *dma);
}

static void unmap(struct device *dev, dma_addr_t dma, size_t size)
{
	dma_unmap_single(dev, dma, size, DMA_TO_DEVICE);
}

/* ---- the longest mapping ---- */

#define PROMISE_BUF	SZ_2M

struct traffic {
	struct kunit *test;
	struct device *dev;
	u8 *buf;
	unsigned int steps;
	size_t most;		/* of one buffer */
	bool random;
};

/* Each CPU has up to eight buffers at a time, and unmaps all of them in the end. */
static void use_the_pool(void *data, unsigned int cpu)
{
	const struct traffic *t = data;
	struct { dma_addr_t dma; size_t size; } held[8] = {};
	struct rnd_state rnd;
	unsigned int i, n;

	prandom_seed_state(&rnd, cpu + t->steps);
	for (i = 0; i < t->steps; i++) {
		n = prandom_u32_state(&rnd) % ARRAY_SIZE(held);
		if (held[n].size) {
			unmap(t->dev, held[n].dma, held[n].size);
			held[n].size = 0;
			continue;
		}
		held[n].size = t->random ? 1 + prandom_u32_state(&rnd) % t->most :
					   t->most;
		if (!try_map(t->dev, t->buf, held[n].size, &held[n].dma))
			held[n].size = 0;
	}
	for (n = 0; n < ARRAY_SIZE(held); n++)
		if (held[n].size)
			unmap(t->dev, held[n].dma, held[n].size);
}

struct promise {
	struct kunit *test;
	struct device *dev;
	u8 *buf;
	size_t size;
};

static long map_what_was_promised(void *data)
{
	const struct promise *p = data;
	dma_addr_t dma;
	u8 *view;

	dma = dma_map_single(p->dev, p->buf, p->size, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ_MSG(p->test, 0, dma_mapping_error(p->dev, dma),
			    "%zu bytes, low bits %#x, boundary %#lx", p->size,
			    dma_get_min_align_mask(p->dev),
			    dma_get_seg_boundary(p->dev));
	if (dma == DMA_MAPPING_ERROR)
		return -ENOMEM;
	view = fake_device_view(p->dev, dma);
	KUNIT_EXPECT_NOT_NULL(p->test, view);
	if (view)
		KUNIT_EXPECT_EQ(p->test, 0, memcmp(view, p->buf, p->size));
	unmap(p->dev, dma, p->size);
	return 0;
}

static void each_cpu_maps_what_was_promised(struct kunit *test, struct device *dev,
					    u8 *buf, unsigned int at)
{
	struct promise p = {
		.test = test, .dev = dev, .buf = buf + at,
		.size = dma_max_mapping_size(dev),
	};
	unsigned int cpu;

	KUNIT_ASSERT_LE(test, p.size, PROMISE_BUF - SZ_64K);
	for_each_online_cpu(cpu)
		if (work_on_cpu(cpu, map_what_was_promised, &p))
			return;
}

/* Other CPUs map and unmap a little: runs in their slot caches must not be missed. */
static void longest_mapping_fits_after_small_traffic(struct kunit *test)
{
	static const size_t sizes[] = { 100, 2048, 4096, 8192 };
	struct fake_world *world = fake_world(test, SZ_1M);
	u8 *buf = page_address(test_pages(test, get_order(PROMISE_BUF)));
	struct device *dev = fake_api_device(test, &world->xadma, &narrow);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, dma_max_mapping_size(dev), SZ_1M);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct traffic t = {
			.test = test, .dev = dev, .buf = buf, .steps = 8,
			.most = sizes[i],
		};

		on_all_cpus(test, use_the_pool, &t);
		KUNIT_ASSERT_EQ(test, fake_slots_used(&world->xadma), 0);
		each_cpu_maps_what_was_promised(test, dev, buf, 0);
	}
	KUNIT_EXPECT_EQ(test, xadma_stats_refused(xadma_dev(dev)->stats), 0);
}

#define PROMISES	40

/* Of any device, wherever in a page its buffer begins, and after any traffic. */
static void longest_mapping_fits_for_random_devices(struct kunit *test)
{
	static const unsigned int aligns[] = { 0, 0, 0x1ff, 0xfff, 0x3fff, 0xffff };
	static const unsigned long boundaries[] = {
		0, 0, 0xfff, 0xffff, 0xfffff, DMA_BIT_MASK(32),
	};
	static const struct bus_dma_region odd[] = {
		{ .cpu_start = 0, .dma_start = SZ_4G + SZ_32K, .size = SZ_512M }, {}
	};
	struct fake_world *world = fake_world(test, SZ_1M);
	u8 *buf = page_address(test_pages(test, get_order(PROMISE_BUF)));
	struct rnd_state rnd;
	unsigned int i;

	pattern_fill(buf, PATTERN_MAX, 1);
	prandom_seed_state(&rnd, 32);
	for (i = 0; i < PROMISES && test->status != KUNIT_FAILURE; i++) {
		u32 r = prandom_u32_state(&rnd);
		const struct fake_kind kind = {
			.name = "promised",
			.align = aligns[r % ARRAY_SIZE(aligns)],
			.boundary = boundaries[(r >> 8) % ARRAY_SIZE(boundaries)],
			.coherent = r & BIT(16),
			.map = r & BIT(17) ? odd : NULL,
			.mask = r & BIT(17) ? 0 : POOL_ONLY,
		};
		struct device *dev = fake_api_device(test, &world->xadma, &kind);
		struct traffic t = {
			.test = test, .dev = dev, .buf = buf, .steps = 50,
			.most = r & BIT(18) ? SZ_8K : SZ_64K, .random = true,
		};

		/* All the low bits that it keeps have to fit into the boundary. */
		if (kind.boundary && kind.align > kind.boundary)
			continue;
		fake_hv_clear_log(world->fake);
		on_all_cpus(test, use_the_pool, &t);
		fake_hv_clear_log(world->fake);
		each_cpu_maps_what_was_promised(test, dev, buf, (r >> 19) % SZ_4K);
	}
}

/* ---- the reserve ---- */

#define MOST	2048		/* slots of a pool of 4 MiB */

struct hog {
	struct device *dev;
	unsigned int nr;
	struct { dma_addr_t dma; size_t size; } held[MOST];
};

static struct hog *hog(struct kunit *test, struct fake_world *world)
{
	struct hog *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->dev = fake_api_device(test, &world->xadma, &narrow);
	return h;
}

static bool take_one(struct hog *h, u8 *buf, size_t size)
{
	if (h->nr == MOST || !try_map(h->dev, buf, size, &h->held[h->nr].dma))
		return false;
	h->held[h->nr++].size = size;
	return true;
}

static void give_one(struct hog *h, unsigned int nth)
{
	unmap(h->dev, h->held[nth].dma, h->held[nth].size);
	h->held[nth] = h->held[--h->nr];
}

static void give_all(struct hog *h)
{
	while (h->nr)
		give_one(h, h->nr - 1);
}

#define HOGS	4

static void newcomer_is_served_when_others_have_all(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_4M);
	struct hog *hogs[HOGS];
	u8 *buf = page_address(test_pages(test, 0));
	struct device *late;
	dma_addr_t dma;
	unsigned int i;

	for (i = 0; i < HOGS; i++) {
		hogs[i] = hog(test, world);
		while (take_one(hogs[i], buf, XADMA_SLOT_SIZE))
			;
		kunit_info(test, "device %u has %u slots", i, hogs[i]->nr);
	}
	KUNIT_EXPECT_GT(test, hogs[0]->nr, MOST / 2);
	late = fake_api_device(test, &world->xadma, &narrow);
	KUNIT_EXPECT_TRUE(test, try_map(late, buf, 512, &dma));
	if (dma != DMA_MAPPING_ERROR)
		unmap(late, dma, 512);
	for (i = 0; i < HOGS; i++)
		give_all(hogs[i]);
}

#define TRIES	100

static size_t random_size(struct rnd_state *rnd)
{
	static const size_t sizes[] = { 100, 2048, 3000, 4096, 8192, 20000, 65536 };

	return sizes[prandom_u32_state(rnd) % ARRAY_SIZE(sizes)];
}

/* They take all they get, give some of it back, and take again. */
static void stir(struct hog *hogs[], u8 *buf, struct rnd_state *rnd)
{
	unsigned int i, n;

	for (i = 0; i < HOGS; i++)
		for (n = 0; n < 20 && hogs[i]->nr; n++)
			give_one(hogs[i], prandom_u32_state(rnd) % hogs[i]->nr);
	for (i = 0; i < HOGS; i++)
		for (n = 0; n < 8; n++)
			while (take_one(hogs[i], buf, random_size(rnd)))
				;
	for (i = 0; i < HOGS; i++)
		while (take_one(hogs[i], buf, 1))
			;
}

/* A small request is one of up to 8 KiB: what a disk needs for a page and a bit. */
static void newcomer_that_keeps_12_bits_is_served_8_kib(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_4M);
	u8 *buf = page_address(test_pages(test, get_order(SZ_64K)));
	struct device *late = fake_api_device(test, &world->xadma, &narrow_page);
	unsigned int i, refused = 0;
	struct hog *hogs[HOGS];
	struct rnd_state rnd;
	dma_addr_t dma;

	skip_if_racing(test);
	prandom_seed_state(&rnd, 31);
	for (i = 0; i < HOGS; i++)
		hogs[i] = hog(test, world);
	for (i = 0; i < TRIES; i++) {
		stir(hogs, buf, &rnd);
		if (try_map(late, buf, SZ_8K, &dma))
			unmap(late, dma, SZ_8K);
		else
			refused++;
	}
	KUNIT_EXPECT_EQ_MSG(test, refused, 0, "of %u tries", TRIES);
	for (i = 0; i < HOGS; i++)
		give_all(hogs[i]);
}

/* Two devices that have filled the pool leave the reserve, and get none of it. */
static void reserve_is_not_for_those_who_have_much(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_4M);
	u8 *buf = page_address(test_pages(test, get_order(SZ_64K)));
	struct hog *much = hog(test, world), *more = hog(test, world);

	while (take_one(much, buf, XADMA_SLOT_SIZE))
		;
	while (take_one(more, buf, XADMA_SLOT_SIZE))
		;
	KUNIT_EXPECT_LT(test, much->nr + more->nr, MOST);
	KUNIT_EXPECT_FALSE(test, take_one(much, buf, 1));
	give_all(much);
	give_all(more);
}

/* ---- growing where the device reaches ---- */

static const struct bus_dma_region far_window[] = {
	{ .cpu_start = SZ_16G, .dma_start = SZ_16G, .size = SZ_64M }, {}
};

static const struct fake_kind far = {
	.name = "promises-far", .map = far_window, .coherent = true,
};

static bool maps_in_its_window(struct kunit *test, struct hog *h, u8 *buf)
{
	dma_addr_t dma;

	if (!take_one(h, buf, SZ_4K))
		return false;
	dma = h->held[h->nr - 1].dma;
	KUNIT_EXPECT_GE(test, dma, SZ_16G);
	KUNIT_EXPECT_LT(test, dma, (u64)SZ_16G + SZ_64M);
	return true;
}

/* The device is refused for want of room: only growth in its window is of use. */
static void pool_grows_where_the_refused_device_reaches(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct hog *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	u8 *buf = page_address(test_pages(test, 0));
	unsigned int before, i;

	KUNIT_ASSERT_NOT_NULL(test, h);
	world->provider->largest = SZ_256K;
	xadma_resize_allow(&world->xadma.pool, SZ_4M,
			   (struct xadma_range){ .last = DMA_BIT_MASK(32) });
	h->dev = fake_api_device(test, &world->xadma, &far);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(h->dev, DMA_BIT_MASK(64)));
	while (maps_in_its_window(test, h, buf))
		;
	before = h->nr;
	KUNIT_EXPECT_GT(test, before, 0);
	for (i = 0; i < 2000 && h->nr == before; i++) {
		usleep_range(1000, 2000);
		maps_in_its_window(test, h, buf);
	}
	KUNIT_EXPECT_GT(test, h->nr, before);
	give_all(h);
}

static struct kunit_case promises_cases[] = {
	KUNIT_CASE(longest_mapping_fits_after_small_traffic),
	KUNIT_CASE(longest_mapping_fits_for_random_devices),
	KUNIT_CASE(newcomer_is_served_when_others_have_all),
	KUNIT_CASE(newcomer_that_keeps_12_bits_is_served_8_kib),
	KUNIT_CASE(reserve_is_not_for_those_who_have_much),
	KUNIT_CASE(pool_grows_where_the_refused_device_reaches),
	{}
};

static struct kunit_suite promises_suite = {
	.name = "swiotlb-arm-promises",
	.test_cases = promises_cases,
};

kunit_test_suite(promises_suite);

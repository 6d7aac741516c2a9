// SPDX-License-Identifier: GPL-2.0-only
/*
 * ops: the generic DMA API, as a driver calls it, arrives where it should.
 */
#include <kunit/test.h>

#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/swiotlb.h>

#include "helpers.h"

static const struct fake_kind narrow = {
	.name = "ops-narrow", .mask = POOL_ONLY, .coherent = true,
};

static const struct fake_kind deaf = { .name = "ops-noncoherent" };
static const struct fake_kind wide = { .name = "ops-wide", .coherent = true };

static void uninstall(void *data)
{
	set_dma_ops(data, NULL);
}

static struct device *driver_device(struct kunit *test, struct xadma *xadma,
				    const struct fake_kind *kind)
{
	struct device *dev = fake_device(test, xadma, kind);

	KUNIT_EXPECT_FALSE(test, xadma_ops_others(dev));
	KUNIT_EXPECT_FALSE(test, xadma_ops_mine(dev));
	xadma_ops_install(dev);
	KUNIT_EXPECT_TRUE(test, xadma_ops_mine(dev));
	KUNIT_EXPECT_FALSE(test, xadma_ops_others(dev));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, uninstall, dev));
	return dev;
}

static void others_keep_theirs(struct kunit *test)
{
	static const struct dma_map_ops other;
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_device(test, &world->xadma, &wide);

	set_dma_ops(dev, &other);
	KUNIT_EXPECT_TRUE(test, xadma_ops_others(dev));
	KUNIT_EXPECT_FALSE(test, xadma_ops_mine(dev));
	set_dma_ops(dev, NULL);
}

/* ---- devices that the core confines to a restricted pool ---- */

struct confinement {
	struct io_tlb_mem pool, *before;
	struct device *dev;
};

static void set_free(void *data)
{
	struct confinement *c = data;

	c->dev->dma_io_tlb_mem = c->before;
}

/* What a device's rmem handler leaves behind, without memory. */
static void confine(struct kunit *test, struct device *dev)
{
	struct confinement *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->dev = dev;
	c->before = dev->dma_io_tlb_mem;
	c->pool.for_alloc = true;
	c->pool.force_bounce = true;
	dev->dma_io_tlb_mem = &c->pool;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, set_free, c));
}

static void driver_that_confines_its_device_leaves_us(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = driver_device(test, &world->xadma, &wide);

	confine(test, dev);
	KUNIT_EXPECT_EQ(test, 0, dma_set_mask(dev, DMA_BIT_MASK(40)));
	KUNIT_EXPECT_NULL(test, get_dma_ops(dev));
	KUNIT_EXPECT_EQ(test, *dev->dma_mask, DMA_BIT_MASK(40));
	KUNIT_EXPECT_EQ(test, dev->coherent_dma_mask, DMA_BIT_MASK(64));
	KUNIT_EXPECT_EQ(test, 0, dma_set_coherent_mask(dev, DMA_BIT_MASK(36)));
	KUNIT_EXPECT_EQ(test, *dev->dma_mask, DMA_BIT_MASK(40));
	KUNIT_EXPECT_EQ(test, dev->coherent_dma_mask, DMA_BIT_MASK(36));
}

/* Its other table of ops is ours, too, and the switch does not bring it back. */
static void confined_device_leaves_us_while_calls_are_timed(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = driver_device(test, &world->xadma, &wide);
	bool was_on = xadma_ops_timed;

	xadma_ops_time(!was_on);
	KUNIT_EXPECT_TRUE(test, xadma_ops_mine(dev));
	confine(test, dev);
	KUNIT_EXPECT_EQ(test, 0, dma_set_mask(dev, DMA_BIT_MASK(40)));
	KUNIT_EXPECT_NULL(test, get_dma_ops(dev));
	xadma_ops_time(was_on);
	KUNIT_EXPECT_NULL(test, get_dma_ops(dev));
}

static void coherent_mask_may_be_set_first(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = driver_device(test, &world->xadma, &wide);

	confine(test, dev);
	KUNIT_EXPECT_EQ(test, 0, dma_set_coherent_mask(dev, DMA_BIT_MASK(36)));
	KUNIT_EXPECT_NULL(test, get_dma_ops(dev));
	KUNIT_EXPECT_EQ(test, *dev->dma_mask, DMA_BIT_MASK(64));
	KUNIT_EXPECT_EQ(test, dev->coherent_dma_mask, DMA_BIT_MASK(36));
}

static void mask_that_the_kernel_refuses_is_refused(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = driver_device(test, &world->xadma, &wide);

	confine(test, dev);
	KUNIT_EXPECT_NE(test, 0, dma_set_mask(dev, DMA_BIT_MASK(8)));
	KUNIT_EXPECT_EQ(test, *dev->dma_mask, DMA_BIT_MASK(64));
	KUNIT_EXPECT_EQ(test, dev->coherent_dma_mask, DMA_BIT_MASK(64));
}

/* The core confines it after we were asked, and then tells its driver of it. */
static void confined_device_is_not_ours_when_its_driver_comes(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = driver_device(test, &world->xadma, &wide);

	if (!dev->driver)
		kunit_skip(test, "this KUnit's devices have no driver");
	device_release_driver(dev);
	KUNIT_ASSERT_GE(test, device_attach(dev), 0);
	KUNIT_EXPECT_TRUE(test, xadma_ops_mine(dev));

	device_release_driver(dev);
	confine(test, dev);
	KUNIT_ASSERT_GE(test, device_attach(dev), 0);
	KUNIT_EXPECT_NULL(test, get_dma_ops(dev));
}

static void single_and_page(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = driver_device(test, &world->xadma, &narrow);
	struct page *page = test_pages(test, 0);
	u8 *buf = page_address(page), *view;
	dma_addr_t dma;

	pattern_fill(buf, PAGE_SIZE, 1);
	dma = dma_map_single(dev, buf + 64, 512, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, dma));
	view = fake_device_view(dev, dma);
	KUNIT_ASSERT_NOT_NULL(test, view);
	KUNIT_EXPECT_EQ(test, 0, memcmp(view, buf + 64, 512));

	memset(view, 0x31, 512);
	dma_sync_single_for_cpu(dev, dma, 512, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + 64, 0x31, 512));
	memset(buf + 64, 0x32, 512);
	dma_sync_single_range_for_device(dev, dma, 128, 128, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_NULL(test, memchr_inv(view, 0x31, 128));
	KUNIT_EXPECT_NULL(test, memchr_inv(view + 128, 0x32, 128));
	KUNIT_EXPECT_NULL(test, memchr_inv(view + 256, 0x31, 256));
	dma_unmap_single(dev, dma, 512, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + 64 + 128, 0x32, 128));

	dma = dma_map_page(dev, page, 1000, 100, DMA_TO_DEVICE);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, dma));
	KUNIT_EXPECT_EQ(test, 0, memcmp(fake_device_view(dev, dma), buf + 1000,
					100));
	dma_unmap_page(dev, dma, 100, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_SYNCS), 2);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_UNMAPS), 2);
}

static void lists(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = driver_device(test, &world->xadma, &narrow);
	u8 *one = page_address(test_pages(test, 0));
	u8 *two = page_address(test_pages(test, 0));
	struct scatterlist sgl[2];
	dma_addr_t dma;
	u8 *view;

	sg_init_table(sgl, 2);
	sg_set_buf(&sgl[0], one, 700);
	sg_set_buf(&sgl[1], two + 5, 900);
	KUNIT_ASSERT_EQ(test, 2, dma_map_sg(dev, sgl, 2, DMA_FROM_DEVICE));
	view = fake_device_view(dev, sg_dma_address(&sgl[1]));
	KUNIT_ASSERT_NOT_NULL(test, view);
	pattern_fill(view, 900, 8);
	dma_sync_sg_for_cpu(dev, sgl, 2, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, pattern_is(two + 5, 900, 8));
	dma_sync_sg_for_device(dev, sgl, 2, DMA_FROM_DEVICE);
	pattern_fill(view, 900, 9);
	dma_unmap_sg(dev, sgl, 2, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, pattern_is(two + 5, 900, 9));
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_SYNCS), 4);

	/* A driver is told of failure in the two ways that it knows. */
	sgl[1].length = 0;
	KUNIT_EXPECT_EQ(test, 0, dma_map_sg(dev, sgl, 2, DMA_FROM_DEVICE));
	dma = dma_map_single(dev, one, SZ_2M, DMA_TO_DEVICE);
	KUNIT_EXPECT_NE(test, 0, dma_mapping_error(dev, dma));
}

static void resources(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = driver_device(test, &world->xadma, &wide);
	phys_addr_t bar = 1ULL << 38;
	dma_addr_t dma = dma_map_resource(dev, bar, SZ_4K, DMA_BIDIRECTIONAL, 0);

	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, dma));
	KUNIT_EXPECT_EQ(test, dma, bar);
	dma_unmap_resource(dev, dma, SZ_4K, DMA_BIDIRECTIONAL, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MMIO), 1);
}

/* ---- attributes, where they are more than hints ---- */

static void skip_without_attributes(struct kunit *test)
{
	if (!XADMA_ATTR_MMIO)
		kunit_skip(test, "no attribute of this kernel has to be obeyed");
}

static void attributes_are_known_or_refused(struct kunit *test)
{
	const unsigned long known = XADMA_ATTRS_PLAIN | XADMA_ATTR_MMIO |
				    XADMA_ATTR_REQUIRE_COHERENT;
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = driver_device(test, &world->xadma, &wide);
	void *buf = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);
	unsigned int bit, refused = 0;
	struct scatterlist sgl[1];
	dma_addr_t dma;

	skip_without_attributes(test);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	sg_init_one(sgl, buf, SZ_4K);
	for (bit = 0; bit < BITS_PER_LONG; bit++) {
		bool good = known & BIT(bit);
		int nents;

		dma = ops_map_attrs(dev, buf, SZ_4K, DMA_TO_DEVICE, BIT(bit));
		KUNIT_EXPECT_EQ_MSG(test, dma, good ? virt_to_phys(buf) : DMA_MAPPING_ERROR,
				    "bit %u", bit);
		nents = get_dma_ops(dev)->map_sg(dev, sgl, 1, DMA_TO_DEVICE, BIT(bit));
		KUNIT_EXPECT_EQ_MSG(test, nents, good ? 1 : -EINVAL, "bit %u", bit);
		refused += 2 * !good;
	}
	KUNIT_EXPECT_NULL(test, get_dma_ops(dev)->alloc(dev, SZ_4K, &dma, GFP_KERNEL,
							BIT(BITS_PER_LONG - 1)));
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_ROUTE + XADMA_REFUSE_ATTRS),
			refused + 1);
}

static void what_may_not_be_bounced_is_refused(struct kunit *test)
{
	const unsigned long attrs = XADMA_ATTR_REQUIRE_COHERENT;
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *thin = driver_device(test, &world->xadma, &narrow);
	void *buf = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);
	struct scatterlist sgl[1];

	if (!attrs)
		kunit_skip(test, "this kernel does not forbid a bounce");
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, ops_map_attrs(thin, buf, SZ_4K, DMA_TO_DEVICE, attrs),
			DMA_MAPPING_ERROR);
	sg_init_one(sgl, buf, SZ_4K);
	KUNIT_EXPECT_EQ(test, get_dma_ops(thin)->map_sg(thin, sgl, 1, DMA_TO_DEVICE, attrs),
			-EIO);
	KUNIT_EXPECT_EQ(test, fake_count(thin, XADMA_N_ROUTE + XADMA_REFUSE_COHERENT), 2);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
}

/* Lists of registers, too; and what was mapped so is nothing to an unmap. */
static void registers_go_as_they_are(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = driver_device(test, &world->xadma, &deaf);
	struct page *page = test_pages(test, 0);
	struct scatterlist sgl[1];

	skip_without_attributes(test);
	sg_init_table(sgl, 1);
	sg_set_page(sgl, page, 100, 8);
	KUNIT_ASSERT_EQ(test, 1, dma_map_sg_attrs(dev, sgl, 1, DMA_FROM_DEVICE,
						  XADMA_ATTR_MMIO));
	KUNIT_EXPECT_EQ(test, sg_dma_address(sgl), page_to_phys(page) + 8);
	KUNIT_EXPECT_EQ(test, sg_dma_len(sgl), 100);
	dma_unmap_sg_attrs(dev, sgl, 1, DMA_FROM_DEVICE, XADMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MMIO), 1);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_UNMAPS), 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_CACHE_LOCAL), 0);
	KUNIT_EXPECT_EQ(test, misuses(dev), 0);
}

static void coherent(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = driver_device(test, &world->xadma, &narrow);
	struct sg_table sgt;
	struct page *page;
	dma_addr_t dma;
	void *cookie;

	cookie = dma_alloc_coherent(dev, SZ_8K, &dma, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cookie);
	KUNIT_EXPECT_PTR_EQ(test, cookie, fake_device_view(dev, dma));
	KUNIT_EXPECT_TRUE(test, dma_can_mmap(dev));
	KUNIT_EXPECT_EQ(test, 0, dma_get_sgtable(dev, &sgt, cookie, dma, SZ_8K));
	KUNIT_EXPECT_PTR_EQ(test, sg_virt(sgt.sgl), cookie);
	sg_free_table(&sgt);
	dma_free_coherent(dev, SZ_8K, cookie, dma);

	page = dma_alloc_pages(dev, SZ_8K, &dma, DMA_FROM_DEVICE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_PTR_EQ(test, page_address(page), fake_device_view(dev, dma));
	dma_free_pages(dev, SZ_8K, page, dma, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_COHERENT), 2);
}

static void what_a_driver_asks(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *thin = driver_device(test, &world->xadma, &narrow);
	struct device *fat = driver_device(test, &world->xadma, &wide);

	KUNIT_EXPECT_EQ(test, dma_max_mapping_size(fat), SIZE_MAX);
	KUNIT_EXPECT_EQ(test, dma_opt_mapping_size(fat), SIZE_MAX);
	KUNIT_EXPECT_EQ(test, dma_max_mapping_size(thin), SZ_1M);
	KUNIT_EXPECT_EQ(test, dma_opt_mapping_size(thin), SZ_1M);
	KUNIT_EXPECT_EQ(test, dma_get_required_mask(fat), DMA_BIT_MASK(41));

	KUNIT_EXPECT_EQ(test, 0, dma_set_mask_and_coherent(thin, DMA_BIT_MASK(30)));
	KUNIT_EXPECT_EQ(test, dma_get_mask(thin), DMA_BIT_MASK(30));
	KUNIT_EXPECT_NE(test, 0, dma_set_mask(thin, FAKE_MACHINE - 1));
	KUNIT_EXPECT_EQ(test, dma_get_mask(thin), DMA_BIT_MASK(30));
	KUNIT_EXPECT_FALSE(test, dma_addressing_limited(fat));
	KUNIT_EXPECT_TRUE(test, dma_addressing_limited(thin));
	KUNIT_EXPECT_TRUE(test, dma_need_sync(thin, FAKE_MACHINE));
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE(others_keep_theirs),
	KUNIT_CASE(driver_that_confines_its_device_leaves_us),
	KUNIT_CASE(confined_device_leaves_us_while_calls_are_timed),
	KUNIT_CASE(coherent_mask_may_be_set_first),
	KUNIT_CASE(mask_that_the_kernel_refuses_is_refused),
	KUNIT_CASE(confined_device_is_not_ours_when_its_driver_comes),
	KUNIT_CASE(single_and_page),
	KUNIT_CASE(lists),
	KUNIT_CASE(resources),
	KUNIT_CASE(attributes_are_known_or_refused),
	KUNIT_CASE(what_may_not_be_bounced_is_refused),
	KUNIT_CASE(registers_go_as_they_are),
	KUNIT_CASE(coherent),
	KUNIT_CASE(what_a_driver_asks),
	{}
};

static struct kunit_suite ops_suite = {
	.name = "swiotlb-arm-ops",
	.test_cases = ops_cases,
};

kunit_test_suite(ops_suite);

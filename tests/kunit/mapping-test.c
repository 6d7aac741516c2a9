// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapping: which cache lines are maintained, where, by whom, and how often.
 */
#include <kunit/test.h>

#include <linux/dma-map-ops.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/string.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>

#include "kinds.h"

/* ---- caches of devices that do not snoop ---- */

static void device_that_snoops_needs_no_maintenance(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	const struct fake_kind *kinds[] = { &snooper, &narrow };
	phys_addr_t phys = page_to_phys(test_pages(test, 0));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct device *dev = fake_device(test, &world->xadma, kinds[i]);
		dma_addr_t dma = xadma_map(dev, phys, 512, DMA_BIDIRECTIONAL, 0);

		xadma_sync_for_cpu(dev, dma, 512, DMA_BIDIRECTIONAL);
		xadma_sync_for_device(dev, dma, 512, DMA_BIDIRECTIONAL);
		xadma_unmap(dev, dma, 512, DMA_BIDIRECTIONAL, 0);
	}
	KUNIT_EXPECT_EQ(test, world->fake->calls, 0);
	KUNIT_EXPECT_EQ(test, world->fake->hypercalls, 0);
}

static void direct_buffer_is_maintained_where_it_is(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &noncoherent);
	phys_addr_t phys = page_to_phys(test_pages(test, 0)) + 256;
	struct fake_hv *fake = world->fake;
	dma_addr_t dma;

	dma = xadma_map(dev, phys, 1024, DMA_FROM_DEVICE, 0);
	xadma_sync_for_cpu(dev, dma + 100, 50, DMA_FROM_DEVICE);
	xadma_sync_for_device(dev, dma + 100, 50, DMA_FROM_DEVICE);
	xadma_unmap(dev, dma, 1024, DMA_FROM_DEVICE, 0);
	log_is(test, fake, 0, FAKE_CLEAN, phys, 1024);
	log_is(test, fake, 1, FAKE_INVAL, phys + 100, 50);
	log_is(test, fake, 2, FAKE_CLEAN, phys + 100, 50);
	log_is(test, fake, 3, FAKE_INVAL, phys, 1024);
	KUNIT_EXPECT_EQ(test, fake->calls, 4);

	fake_hv_clear_log(fake);
	dma = xadma_map(dev, phys, 1024, DMA_TO_DEVICE, 0);
	xadma_sync_for_cpu(dev, dma, 50, DMA_TO_DEVICE);
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
static void bounce_buffer_is_maintained_with_its_padding(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &narrow_noncoherent);
	phys_addr_t phys = page_to_phys(test_pages(test, 0)) + 256;
	struct fake_hv *fake = world->fake;
	phys_addr_t bounce;
	dma_addr_t dma;

	dma = xadma_map(dev, phys, 1000, DMA_FROM_DEVICE, 0);
	bounce = virt_to_phys(fake_device_view(dev, dma));
	xadma_sync_for_cpu(dev, dma + 100, 50, DMA_FROM_DEVICE);
	xadma_sync_for_device(dev, dma + 100, 50, DMA_FROM_DEVICE);
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
static void all_lines_are_cleaned_after_a_device_that_snoops(struct kunit *test)
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

/*
 * It is seen when it is mapped. When it is unmapped only the device's address is
 * left, and so it is Xen who has to do it.
 */
static void foreign_buffer_is_seen_at_map_and_left_to_xen_at_unmap(struct kunit *test)
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

/* When it comes back there is nobody to refuse to, but it is told. */
static void refusal_of_xen_to_flush_is_told(struct kunit *test)
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
static void list_of_foreign_pages_takes_no_hypercall(struct kunit *test)
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
	xadma_sync_sg_for_cpu(dev, sgl, MANY, DMA_FROM_DEVICE);
	log_is(test, fake, MANY - 1, FAKE_CLEAN_INVAL, last, PAGE_SIZE);
	fake_hv_clear_log(fake);
	xadma_sync_sg_for_device(dev, sgl, MANY, DMA_FROM_DEVICE);
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
static void long_foreign_buffer_takes_few_hypercalls(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, &noncoherent);
	struct page *page = test_pages(test, ilog2(MANY));
	struct fake_hv *fake = world->fake;
	dma_addr_t dma;
	unsigned int i;

	fake_hv_grant(fake, FAKE_FOREIGN_MFN, MANY);
	for (i = 0; i < MANY / XEN_PFN_PER_PAGE; i++)
		make_foreign(test, page + i, FAKE_FOREIGN_MFN + i * XEN_PFN_PER_PAGE);
	dma = xadma_map(dev, page_to_phys(page), MANY * XEN_PAGE_SIZE,
			DMA_FROM_DEVICE, 0);
	KUNIT_ASSERT_NE(test, dma, DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, fake->hypercalls, 0);
	fake_hv_clear_log(fake);
	xadma_unmap(dev, dma, MANY * XEN_PAGE_SIZE, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake->calls, MANY);
	KUNIT_EXPECT_LE(test, fake->hypercalls, 8);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_CACHE_CALLS),
			fake->hypercalls);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
}

static struct kunit_case mapping_cases[] = {
	KUNIT_CASE(device_that_snoops_needs_no_maintenance),
	KUNIT_CASE(direct_buffer_is_maintained_where_it_is),
	KUNIT_CASE(bounce_buffer_is_maintained_with_its_padding),
	KUNIT_CASE(all_lines_are_cleaned_after_a_device_that_snoops),
	KUNIT_CASE(foreign_buffer_is_seen_at_map_and_left_to_xen_at_unmap),
	KUNIT_CASE(list_of_foreign_pages_takes_no_hypercall),
	KUNIT_CASE(long_foreign_buffer_takes_few_hypercalls),
	KUNIT_CASE(refusal_of_xen_to_flush_is_told),
	{}
};

static struct kunit_suite mapping_suite = {
	.name = "swiotlb-arm-mapping",
	.test_cases = mapping_cases,
};

kunit_test_suite(mapping_suite);

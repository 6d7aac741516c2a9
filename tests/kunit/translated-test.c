// SPDX-License-Identifier: GPL-2.0-only
/*
 * A whole instance in a domain that is not mapped 1:1: the real ladder on the
 * fake Xen, and what a device is given there.
 */
#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>

#include "../alloc.h"
#include "../mfn-map.h"
#include "../route.h"
#include "../resolve.h"
#include "fake-memory.h"
#include "helpers.h"

static const struct fake_kind snooper = { .name = "snooping", .coherent = true };
static const struct fake_kind noncoherent = { .name = "noncoherent" };
static const struct fake_kind low = {
	.name = "low", .mask = DMA_BIT_MASK(32), .coherent = true,
};

static const struct fake_kind picky = {
	.name = "picky", .align = 0xfff, .coherent = true,
};

static const struct xadma_provider * const ladder[] = {
	&xadma_provider_exchange,
	&xadma_provider_populate,
	&xadma_provider_discover,
	NULL,
};

struct world {
	struct fake_hv *fake;
	struct fake_memory *memory;
	struct xadma xadma;
};

static void world_end(void *data)
{
	struct world *w = data;

	KUNIT_EXPECT_EQ(w->fake->test, fake_slots_used(&w->xadma), 0);
	xadma_stop(&w->xadma);
}

/* A domain that has so many colours, of so many; 1 of 1 is not coloured. */
static struct world *world(struct kunit *test, unsigned int colours,
			   unsigned int of)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct xadma_setup setup = {
		.hv = &xadma_hv_fake,
		.providers = ladder,
		.size = SZ_1M,
	};

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->fake = fake_hv_start(test);
	w->fake->domain = XADMA_DOMAIN_TRANSLATED;
	w->fake->last_byte = (FAKE_MFN_HIGH << XEN_PAGE_SHIFT) * 2 - 1;
	w->memory = fake_memory_start(test);
	w->memory->colours = colours;
	w->memory->of = of;
	if (of > 1)
		w->memory->max_order = 0;
	setup.resolver = xadma_resolver_create(&xadma_hv_fake);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, setup.resolver);
	KUNIT_ASSERT_EQ(test, 0, xadma_start(&w->xadma, &setup));
	xadma_provide(&w->xadma);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, world_end, w));
	fake_hv_clear_log(w->fake);
	return w;
}

static struct world *plain_world(struct kunit *test)
{
	return world(test, 1, 1);
}

/* ---- pages that are known ---- */

static bool known(const struct world *w, unsigned long pfn)
{
	return xadma_mfn_map_mfn(w->xadma.mfn_map, pfn) != XADMA_NO_MFN;
}

static void learn(struct kunit *test, struct world *w, struct page *page,
		  unsigned int nr)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + nr;
	unsigned int i;

	for (; pfn < end; pfn++) {
		for (i = 0; i < 1000 && !known(w, pfn); i++) {
			xadma_mfn_map_want(w->xadma.mfn_map,
					   (struct xadma_frames){ pfn, end - 1 });
			usleep_range(1000, 2000);
		}
		KUNIT_ASSERT_TRUE(test, known(w, pfn));
	}
}

static phys_addr_t machine(struct page *page)
{
	return (phys_addr_t)fake_mfn(page_to_pfn(page)) << XEN_PAGE_SHIFT;
}

/* As the balloon does it: away and back, somewhere else, in one piece or not. */
static void renew(struct world *w, struct page *page, unsigned int order,
		  unsigned int extent)
{
	unsigned long pfns[8];
	unsigned int i;

	for (i = 0; i < 1U << order; i++) {
		pfns[i] = page_to_pfn(page) + i;
		xadma_mfn_map_forget(w->xadma.mfn_map, pfns[i]);
	}
	fake_decrease(pfns, 1U << order);
	for (i = 0; i < 1U << (order - extent); i++)
		pfns[i] = page_to_pfn(page) + (i << extent);
	fake_populate(pfns, 1U << (order - extent), extent, 0);
}

static u64 routed(struct device *dev, enum xadma_route route)
{
	return fake_count(dev, XADMA_N_ROUTE + route);
}

/* What the device writes into the pool comes back. */
static void comes_back(struct kunit *test, struct device *dev,
		       struct page *page, unsigned int at, size_t size)
{
	dma_addr_t dma;
	u8 *view;

	pattern_fill(page_address(page) + at, size, 1);
	dma = xadma_map(dev, page_to_phys(page) + at, size, DMA_BIDIRECTIONAL, 0);
	view = fake_device_view(dev, dma);
	KUNIT_ASSERT_NOT_NULL(test, view);
	KUNIT_EXPECT_TRUE(test, pattern_is(view, size, 1));
	pattern_fill(view, size, 2);
	xadma_unmap(dev, dma, size, DMA_BIDIRECTIONAL, 0);
	KUNIT_EXPECT_TRUE(test, pattern_is(page_address(page) + at, size, 2));
}

static void goes_direct(struct kunit *test, struct device *dev,
			struct page *page, unsigned int at, size_t size)
{
	u64 before = routed(dev, XADMA_DIRECT);
	dma_addr_t dma = xadma_map(dev, page_to_phys(page) + at, size,
				   DMA_TO_DEVICE, 0);

	KUNIT_EXPECT_EQ(test, dma, machine(page) + at);
	xadma_unmap(dev, dma, size, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, routed(dev, XADMA_DIRECT), before + 1);
}

/* ---- streaming ---- */

static void known_page_goes_direct(struct kunit *test)
{
	struct world *w = plain_world(test);
	struct device *dev = fake_device(test, &w->xadma, &snooper);
	struct page *page = test_pages(test, 0);

	learn(test, w, page, 1);
	goes_direct(test, dev, page, 0, PAGE_SIZE);
	goes_direct(test, dev, page, 100, 3000);
	goes_direct(test, dev, page, 4095, 1);
}

static void unknown_page_bounces_once(struct kunit *test)
{
	struct world *w = plain_world(test);
	struct device *dev = fake_device(test, &w->xadma, &snooper);
	struct page *page = test_pages(test, 0);
	unsigned int i;

	renew(w, page, 0, 0);
	comes_back(test, dev, page, 5, 4000);
	KUNIT_EXPECT_EQ(test, routed(dev, XADMA_BOUNCE_UNKNOWN), 1);

	/* The map itself has asked for it. */
	for (i = 0; i < 1000 && !known(w, page_to_pfn(page)); i++)
		usleep_range(1000, 2000);
	goes_direct(test, dev, page, 5, 4000);
}

static void neighbours_for_us_alone(struct kunit *test)
{
	struct world *w = plain_world(test);
	struct device *dev = fake_device(test, &w->xadma, &snooper);
	struct page *page = test_pages(test, 1);

	renew(w, page, 1, 0);
	learn(test, w, page, 2);
	comes_back(test, dev, page, 100, 8000);
	KUNIT_EXPECT_EQ(test, routed(dev, XADMA_BOUNCE_SCATTER), 1);
}

static void neighbours_for_the_machine(struct kunit *test)
{
	struct world *w = plain_world(test);
	struct device *dev = fake_device(test, &w->xadma, &snooper);
	struct page *page = test_pages(test, 3);

	renew(w, page, 3, 3);
	learn(test, w, page, 8);
	goes_direct(test, dev, page, 0, 8 * PAGE_SIZE);
	goes_direct(test, dev, page, 4000, 200);
}

static void half_unknown(struct kunit *test)
{
	struct world *w = plain_world(test);
	struct device *dev = fake_device(test, &w->xadma, &snooper);
	struct page *page = test_pages(test, 1);

	learn(test, w, page, 1);
	renew(w, page + 1, 0, 0);
	comes_back(test, dev, page, 0, 8192);
	KUNIT_EXPECT_EQ(test, routed(dev, XADMA_BOUNCE_UNKNOWN), 1);
}

static void out_of_reach(struct kunit *test)
{
	struct world *w = plain_world(test);
	struct device *dev = fake_device(test, &w->xadma, &low);
	struct page *page = test_pages(test, 0);

	learn(test, w, page, 1);
	KUNIT_ASSERT_GT(test, machine(page), DMA_BIT_MASK(32));
	comes_back(test, dev, page, 0, 4096);
	KUNIT_EXPECT_EQ(test, routed(dev, XADMA_BOUNCE_MASK), 1);
}

static void foreign_page_goes_direct(struct kunit *test)
{
	struct world *w = plain_world(test);
	struct device *dev = fake_device(test, &w->xadma, &snooper);
	struct page *page = test_pages(test, 0);
	dma_addr_t dma;

	make_foreign(test, page, FAKE_FOREIGN_MFN);
	dma = xadma_map(dev, page_to_phys(page) + 7, 99, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, dma, (FAKE_FOREIGN_MFN << XEN_PAGE_SHIFT) + 7);
	xadma_unmap(dev, dma, 99, DMA_TO_DEVICE, 0);
}

static void list_of_all_kinds(struct kunit *test)
{
	struct world *w = plain_world(test);
	struct device *dev = fake_device(test, &w->xadma, &snooper);
	struct page *page = test_pages(test, 1);
	struct scatterlist sgl[3];

	learn(test, w, page, 1);
	renew(w, page + 1, 0, 0);
	sg_init_table(sgl, 3);
	sg_set_page(&sgl[0], page, 500, 9);
	sg_set_page(&sgl[1], page + 1, 600, 0);
	sg_set_page(&sgl[2], page, 6000, 1000);
	KUNIT_ASSERT_EQ(test, 3, xadma_map_sg(dev, sgl, 3, DMA_TO_DEVICE, 0));
	KUNIT_EXPECT_EQ(test, sg_dma_address(&sgl[0]), machine(page) + 9);
	KUNIT_EXPECT_NOT_NULL(test, fake_device_view(dev, sg_dma_address(&sgl[1])));
	KUNIT_EXPECT_NOT_NULL(test, fake_device_view(dev, sg_dma_address(&sgl[2])));
	xadma_unmap_sg(dev, sgl, 3, DMA_TO_DEVICE, 0);
	/* The first went direct, and left nothing to do. */
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_UNMAPS), 2);
}

/* ---- devices that do not snoop ---- */

/* At unmap only the machine address is left: Xen has to do it, by that. */
static void xen_maintains(struct kunit *test)
{
	struct world *w = plain_world(test);
	struct device *dev = fake_device(test, &w->xadma, &noncoherent);
	struct page *page = test_pages(test, 0);
	dma_addr_t dma;

	learn(test, w, page, 1);
	fake_hv_clear_log(w->fake);
	dma = xadma_map(dev, page_to_phys(page), PAGE_SIZE, DMA_FROM_DEVICE, 0);
	KUNIT_ASSERT_EQ(test, w->fake->calls, 1);
	KUNIT_EXPECT_EQ(test, w->fake->log[0].verb, FAKE_CLEAN);
	KUNIT_EXPECT_EQ(test, w->fake->log[0].addr, page_to_phys(page));
	xadma_unmap(dev, dma, PAGE_SIZE, DMA_FROM_DEVICE, 0);
	KUNIT_ASSERT_EQ(test, w->fake->calls, 2);
	KUNIT_EXPECT_EQ(test, w->fake->log[1].verb, FAKE_FLUSH);
	KUNIT_EXPECT_EQ(test, w->fake->log[1].addr, machine(page));
	KUNIT_EXPECT_EQ(test, w->fake->log[1].op, GNTTAB_CACHE_INVAL);
}

static void nobody_maintains(struct kunit *test)
{
	struct world *w = plain_world(test);
	struct device *dev = fake_device(test, &w->xadma, &noncoherent);
	struct page *page = test_pages(test, 0);

	w->fake->no_flush = true;
	w->xadma.can_flush = false;
	xadma_dev_configure(dev);
	learn(test, w, page, 1);
	comes_back(test, dev, page, 0, 4096);
	KUNIT_EXPECT_EQ(test, routed(dev, XADMA_BOUNCE_CACHE), 1);
}

/* ---- few colours ---- */

/* Half of 16 colours: pieces of eight frames, wherever the CPU sees them. */
static void piece_is_the_limit(struct kunit *test)
{
	struct world *w = world(test, 8, 16);
	struct device *dev = fake_device(test, &w->xadma, &snooper);
	struct page *page = test_pages(test, 4);

	KUNIT_EXPECT_STREQ(test, xadma_provider_name(&w->xadma), "discover");
	KUNIT_EXPECT_EQ(test, xadma_max_mapping_size(dev), SZ_32K);
	comes_back(test, dev, page, 0, SZ_32K);
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			xadma_map(dev, page_to_phys(page), SZ_32K + 1,
				  DMA_TO_DEVICE, DMA_ATTR_NO_WARN));
	KUNIT_EXPECT_EQ(test, routed(dev, XADMA_REFUSE_TOO_BIG), 1);
}

/* One colour: what keeps its place in a page may not cross one. */
static void single_colour(struct kunit *test)
{
	struct world *w = world(test, 1, 16);
	struct device *any = fake_device(test, &w->xadma, &snooper);
	struct device *dev = fake_device(test, &w->xadma, &picky);
	struct page *page = test_pages(test, 1);

	KUNIT_EXPECT_EQ(test, xadma_max_mapping_size(any), PAGE_SIZE);
	comes_back(test, any, page, 100, PAGE_SIZE);
	learn(test, w, page, 2);
	goes_direct(test, dev, page, 0, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			xadma_map(dev, page_to_phys(page) + 100, PAGE_SIZE,
				  DMA_TO_DEVICE, DMA_ATTR_NO_WARN));
}

/* ---- coherent memory ---- */

static const struct loan {
	const char *what;
	const struct fake_kind *kind;
	unsigned int colours, of;
	size_t size;
	gfp_t gfp;
	bool granted;
} loans[] = {
	{ "byte", &snooper, 1, 1, 1, GFP_KERNEL, true },
	{ "large", &snooper, 1, 1, SZ_64K, GFP_KERNEL, true },
	{ "atomic", &snooper, 1, 1, SZ_8K, GFP_ATOMIC, true },
	{ "low", &low, 1, 1, SZ_8K, GFP_KERNEL, true },
	{ "not snooping", &noncoherent, 1, 1, SZ_8K, GFP_KERNEL, true },
	{ "coloured", &snooper, 8, 16, SZ_32K, GFP_KERNEL, true },
	{ "coloured, atomic", &snooper, 8, 16, SZ_16K, GFP_ATOMIC, true },
	{ "coloured, not snooping", &noncoherent, 8, 16, SZ_16K, GFP_KERNEL, true },
	{ "coloured, longer than a piece", &snooper, 8, 16, SZ_64K, GFP_KERNEL,
	  false },
	{ "coloured, low", &low, 8, 16, SZ_4K, GFP_KERNEL, false },
	{ "single colour", &snooper, 1, 16, SZ_4K, GFP_ATOMIC, true },
	{ "single colour, two pages", &snooper, 1, 16, SZ_8K, GFP_KERNEL,
	  false },
};

KUNIT_ARRAY_PARAM_DESC(loan, loans, what);

/* Every page of it is where the device is told that it is. */
static void is_true(struct kunit *test, struct device *dev, u8 *mem,
		    dma_addr_t dma, size_t size)
{
	size_t at;

	KUNIT_EXPECT_NULL(test, memchr_inv(mem, 0, size));
	for (at = 0; at < size; at += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, machine(xadma_page_of(mem + at)),
				dma + at);
}

/* The scatterlist of it tells pages, which need not be neighbours. */
static void is_true_as_list(struct kunit *test, struct device *dev,
			    dma_addr_t dma, size_t size)
{
	struct sg_page_iter it;
	struct sg_table sgt;

	KUNIT_ASSERT_EQ(test, 0, xadma_get_sgtable(dev, &sgt, dma, size));
	for_each_sgtable_page(&sgt, &it, 0) {
		KUNIT_EXPECT_EQ(test, machine(sg_page_iter_page(&it)), dma);
		dma += PAGE_SIZE;
	}
	sg_free_table(&sgt);
}

static void lent(struct kunit *test)
{
	const struct loan *l = test->param_value;
	struct world *w = world(test, l->colours, l->of);
	struct device *dev = fake_device(test, &w->xadma, l->kind);
	dma_addr_t dma;
	u8 *mem;

	if (l->kind == &noncoherent)
		xadma_pool_see_uncached(&w->xadma.pool);
	mem = xadma_alloc(dev, l->size, &dma, l->gfp | __GFP_NOWARN, 0);
	KUNIT_ASSERT_EQ(test, !!mem, l->granted);
	if (!mem)
		return;
	KUNIT_EXPECT_LE(test, dma + l->size - 1, *dev->dma_mask);
	is_true(test, dev, mem, dma, l->size);
	is_true_as_list(test, dev, dma, l->size);
	xadma_free(dev, l->size, mem, dma, 0);
}

/* ---- registers ---- */

static void registers(struct kunit *test)
{
	struct world *w = plain_world(test);
	struct device *dev = fake_device(test, &w->xadma, &snooper);

	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			xadma_map_mmio(dev, 0x9000000, SZ_4K));
	w->xadma.mmio_is_ours = true;
	KUNIT_EXPECT_EQ(test, 0x9000000, xadma_map_mmio(dev, 0x9000000, SZ_4K));
}

static struct kunit_case translated_cases[] = {
	KUNIT_CASE(known_page_goes_direct),
	KUNIT_CASE(unknown_page_bounces_once),
	KUNIT_CASE(neighbours_for_us_alone),
	KUNIT_CASE(neighbours_for_the_machine),
	KUNIT_CASE(half_unknown),
	KUNIT_CASE(out_of_reach),
	KUNIT_CASE(foreign_page_goes_direct),
	KUNIT_CASE(list_of_all_kinds),
	KUNIT_CASE(xen_maintains),
	KUNIT_CASE(nobody_maintains),
	KUNIT_CASE(piece_is_the_limit),
	KUNIT_CASE(single_colour),
	KUNIT_CASE_PARAM(lent, loan_gen_params),
	KUNIT_CASE(registers),
	{}
};

static struct kunit_suite translated_suite = {
	.name = "swiotlb-arm-translated",
	.test_cases = translated_cases,
};

kunit_test_suite(translated_suite);

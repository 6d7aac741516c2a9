// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sharing: coherent memory of one device, handed to a second one as a scatterlist, is
 * the same memory for both, in every kind of domain.
 */
#include <kunit/test.h>

#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>

#include <xen/page.h>

#include "../resolve.h"
#include "fake-memory.h"
#include "helpers.h"

static const struct xadma_provider * const providers[] = {
	&xadma_provider_exchange,
	&xadma_provider_populate,
	&xadma_provider_discover,
	NULL,
};

static struct fake_hv *the_hv;

static void domain_end(void *data)
{
	struct xadma *xadma = data;

	KUNIT_EXPECT_EQ(the_hv->test, fake_slots_used(xadma), 0);
	xadma_stop(xadma);
}

/* Not mapped 1:1; with 8 of 16 colours, or not coloured. */
static struct xadma *translated(struct kunit *test, bool coloured)
{
	struct xadma *xadma = kunit_kzalloc(test, sizeof(*xadma), GFP_KERNEL);
	struct xadma_setup setup = {
		.hv = &xadma_hv_fake, .providers = providers, .size = SZ_1M,
	};
	struct fake_memory *memory;

	if (PAGE_SIZE != XEN_PAGE_SIZE)
		kunit_skip(test, "such a domain has pages of 4 KiB");
	KUNIT_ASSERT_NOT_NULL(test, xadma);
	the_hv = fake_hv_start(test);
	the_hv->domain = XADMA_DOMAIN_TRANSLATED;
	the_hv->last_byte = (FAKE_MFN_HIGH << XEN_PAGE_SHIFT) * 2 - 1;
	memory = fake_memory_start(test);
	memory->colours = coloured ? 8 : 1;
	memory->of = coloured ? 16 : 1;
	if (coloured)
		memory->max_order = 0;
	setup.resolver = xadma_resolver_create(&xadma_hv_fake);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, setup.resolver);
	KUNIT_ASSERT_EQ(test, 0, xadma_start(xadma, &setup));
	xadma_provide(xadma);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, domain_end, xadma));
	fake_hv_clear_log(the_hv);
	return xadma;
}

enum domain { IDENTITY, TRANSLATED, COLOURED };

static const struct share {
	const char *what;
	enum domain domain;
	bool from_coherent, to_coherent;
	size_t size;
} shares[] = {
	{ "1:1", IDENTITY, true, true, SZ_16K },
	{ "1:1, to a non-coherent device", IDENTITY, true, false, SZ_16K },
	{ "not 1:1, a page", TRANSLATED, true, true, SZ_4K },
	{ "not 1:1", TRANSLATED, true, true, SZ_64K },
	{ "not 1:1, non-coherent", TRANSLATED, false, false, SZ_16K },
	{ "not 1:1, to a non-coherent device", TRANSLATED, true, false, SZ_16K },
	{ "coloured", COLOURED, true, true, SZ_32K },
	{ "coloured, non-coherent", COLOURED, false, false, SZ_16K },
};

KUNIT_ARRAY_PARAM_DESC(share, shares, what);

/* Each entry is told where the memory is, one after the other. */
static void is_the_same_memory(struct kunit *test, struct sg_table *sgt,
			       dma_addr_t dma, size_t size)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		KUNIT_EXPECT_EQ(test, sg_dma_address(sg), dma);
		dma += sg_dma_len(sg);
		size -= sg_dma_len(sg);
	}
	KUNIT_EXPECT_EQ(test, size, 0);
}

static void use_as_second(struct kunit *test, struct device *dev,
			  struct sg_table *sgt, dma_addr_t dma, size_t size)
{
	KUNIT_EXPECT_EQ(test, 0, dma_map_sgtable(dev, sgt, DMA_TO_DEVICE, 0));
	is_the_same_memory(test, sgt, dma, size);
	dma_sync_sgtable_for_cpu(dev, sgt, DMA_TO_DEVICE);
	dma_sync_sgtable_for_device(dev, sgt, DMA_TO_DEVICE);
	dma_unmap_sgtable(dev, sgt, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
}

static void second_device_has_the_same_memory(struct kunit *test)
{
	const struct share *s = test->param_value;
	struct xadma *xadma = s->domain == IDENTITY ?
			      &fake_world(test, SZ_1M)->xadma :
			      translated(test, s->domain == COLOURED);
	const struct fake_kind first = {
		.name = "first", .coherent = s->from_coherent,
	};
	const struct fake_kind second = {
		.name = "second", .coherent = s->to_coherent,
	};
	struct device *from = fake_api_device(test, xadma, &first);
	struct device *to = fake_api_device(test, xadma, &second);
	struct sg_table sgt;
	unsigned int used;
	dma_addr_t dma;
	void *mem;

	mem = dma_alloc_attrs(from, s->size, &dma, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, mem);
	KUNIT_EXPECT_EQ(test, 0, dma_get_sgtable(from, &sgt, mem, dma, s->size));
	used = fake_slots_used(xadma);
	/* Once, and again when the frames may have been resolved. */
	use_as_second(test, to, &sgt, dma, PAGE_ALIGN(s->size));
	use_as_second(test, to, &sgt, dma, PAGE_ALIGN(s->size));
	KUNIT_EXPECT_EQ(test, fake_slots_used(xadma), used);
	sg_free_table(&sgt);
	dma_free_attrs(from, s->size, mem, dma, 0);
	KUNIT_EXPECT_EQ(test, fake_slots_used(xadma), 0);
}

/* A device that does not reach the memory is given a bounce buffer. */
static void second_device_that_is_narrow_is_given_a_bounce_buffer(struct kunit *test)
{
	static const struct fake_kind wide = { .name = "first", .coherent = true };
	static const struct fake_kind narrow = {
		.name = "second", .mask = SZ_512M - 1, .coherent = true,
	};
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *from = fake_api_device(test, &world->xadma, &wide);
	struct device *to = fake_api_device(test, &world->xadma, &narrow);
	struct sg_table sgt;
	dma_addr_t dma;
	void *mem;
	u8 *view;

	mem = dma_alloc_attrs(from, SZ_8K, &dma, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, mem);
	KUNIT_EXPECT_EQ(test, 0, dma_get_sgtable(from, &sgt, mem, dma, SZ_8K));
	pattern_fill(mem, SZ_8K, 1);
	KUNIT_EXPECT_EQ(test, 0, dma_map_sgtable(to, &sgt, DMA_TO_DEVICE, 0));
	view = fake_device_view(to, sg_dma_address(sgt.sgl));
	KUNIT_EXPECT_NOT_NULL(test, view);
	if (view)
		KUNIT_EXPECT_TRUE(test, pattern_is(view, SZ_8K, 1));
	dma_unmap_sgtable(to, &sgt, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(to, XADMA_N_MISUSE), 0);
	sg_free_table(&sgt);
	dma_free_attrs(from, SZ_8K, mem, dma, 0);
}

static struct kunit_case sharing_cases[] = {
	KUNIT_CASE_PARAM(second_device_has_the_same_memory, share_gen_params),
	KUNIT_CASE(second_device_that_is_narrow_is_given_a_bounce_buffer),
	{}
};

static struct kunit_suite sharing_suite = {
	.name = "swiotlb-arm-sharing",
	.test_cases = sharing_cases,
};

kunit_test_suite(sharing_suite);

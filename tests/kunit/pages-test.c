// SPDX-License-Identifier: GPL-2.0-only
/*
 * Xen frames and kernel pages: Xen counts in frames of 4 KiB, the kernel in pages of
 * 4, 16 or 64 KiB, and a foreign page may be mapped at any one frame of a page.
 *
 * All of this holds for pages of 4 KiB, too; where pages are larger it fails if the
 * two are confused.
 */
#include <kunit/test.h>

#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>

#include "helpers.h"

/* Two pages are enough for each frame of the first to have neighbours. */
#define FRAMES	(2 * XEN_PFN_PER_PAGE)

static const struct fake_kind coherent = { .name = "pages", .coherent = true };
static const struct fake_kind noncoherent = { .name = "pages-noncoherent" };

struct table {
	struct kunit *test;
	struct fake_world *world;
	struct device *dev;
	u8 *buf;
	unsigned long pfn;	/* Xen's number of the first frame */
};

static void clear_all(void *data)
{
	struct table *t = data;

	__set_phys_to_machine_multi(t->pfn, INVALID_P2M_ENTRY, FRAMES);
}

static struct table *table(struct kunit *test, const struct fake_kind *kind)
{
	struct table *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->test = test;
	t->world = fake_world(test, SZ_1M);
	t->dev = fake_api_device(test, &t->world->xadma, kind);
	t->buf = page_address(test_pages(test, 1));
	t->pfn = XEN_PFN_DOWN(virt_to_phys(t->buf));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, clear_all, t));
	return t;
}

/* Frame @nth of the buffer is another domain's frame @mfn. */
static void let_be_foreign(struct table *t, unsigned int nth, unsigned long mfn)
{
	KUNIT_ASSERT_TRUE(t->test, __set_phys_to_machine(t->pfn + nth, mfn));
	fake_hv_grant(t->world->fake, mfn, 1);
}

static void let_be_ours(struct table *t, unsigned int nth)
{
	__set_phys_to_machine(t->pfn + nth, INVALID_P2M_ENTRY);
}

static dma_addr_t map_at(struct table *t, size_t at, size_t size,
			 enum dma_data_direction dir)
{
	dma_addr_t dma = dma_map_single(t->dev, t->buf + at, size, dir);

	KUNIT_EXPECT_EQ(t->test, 0, dma_mapping_error(t->dev, dma));
	return dma;
}

static void is_direct(struct table *t, size_t at, size_t size, phys_addr_t maddr)
{
	dma_addr_t dma = map_at(t, at, size, DMA_FROM_DEVICE);

	KUNIT_EXPECT_EQ(t->test, dma, maddr);
	dma_unmap_single(t->dev, dma, size, DMA_FROM_DEVICE);
}

static void is_bounced(struct table *t, size_t at, size_t size)
{
	dma_addr_t dma;
	u8 *view;

	pattern_fill(t->buf + at, size, 1);
	dma = map_at(t, at, size, DMA_FROM_DEVICE);
	view = fake_device_view(t->dev, dma);
	KUNIT_ASSERT_NOT_NULL(t->test, view);
	KUNIT_EXPECT_TRUE(t->test, pattern_is(view, size, 1));
	pattern_fill(view, size, 2);
	dma_unmap_single(t->dev, dma, size, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(t->test, pattern_is(t->buf + at, size, 2));
}

static size_t frame(unsigned int nth)
{
	return (size_t)nth << XEN_PAGE_SHIFT;
}

static phys_addr_t ours(struct table *t, size_t at)
{
	return virt_to_phys(t->buf) + at;
}

#define MFN	FAKE_FOREIGN_MFN
#define MADDR	((phys_addr_t)MFN << XEN_PAGE_SHIFT)

/* ---- one foreign frame ---- */

static void buffer_in_a_foreign_frame_is_told_that_frame(struct kunit *test)
{
	struct table *t = table(test, &coherent);
	unsigned int nth;

	for (nth = 0; nth < FRAMES; nth++) {
		let_be_foreign(t, nth, MFN + 3 * nth);
		is_direct(t, frame(nth) + 1000, 1024, MADDR + frame(3 * nth) + 1000);
		is_direct(t, frame(nth), XEN_PAGE_SIZE, MADDR + frame(3 * nth));
		is_direct(t, frame(nth) + XEN_PAGE_SIZE - 1, 1,
			  MADDR + frame(3 * nth) + XEN_PAGE_SIZE - 1);
		let_be_ours(t, nth);
		is_direct(t, frame(nth) + 1000, 1024, ours(t, frame(nth) + 1000));
	}
}

static void neighbours_of_a_foreign_frame_stay_ours(struct kunit *test)
{
	struct table *t = table(test, &coherent);
	unsigned int nth, other;

	for (nth = 0; nth < FRAMES; nth++) {
		let_be_foreign(t, nth, MFN + nth);
		for (other = 0; other < FRAMES; other++)
			if (other != nth)
				is_direct(t, frame(other), XEN_PAGE_SIZE,
					  ours(t, frame(other)));
		if (nth)
			is_direct(t, 0, frame(nth), ours(t, 0));
		if (nth < FRAMES - 1)
			is_direct(t, frame(nth + 1), frame(FRAMES - nth - 1),
				  ours(t, frame(nth + 1)));
		let_be_ours(t, nth);
	}
	KUNIT_EXPECT_EQ(test, fake_count(t->dev, XADMA_N_FOREIGN), 0);
}

static void buffer_over_the_edge_of_a_foreign_frame_bounces(struct kunit *test)
{
	struct table *t = table(test, &coherent);
	unsigned int nth;

	for (nth = 0; nth < FRAMES; nth++) {
		let_be_foreign(t, nth, MFN + nth);
		if (nth)
			is_bounced(t, frame(nth) - 1, 2);
		if (nth < FRAMES - 1)
			is_bounced(t, frame(nth) + 100, XEN_PAGE_SIZE);
		let_be_ours(t, nth);
	}
	KUNIT_EXPECT_EQ(test, fake_count(t->dev, XADMA_N_ROUTE +
					 XADMA_BOUNCE_SCATTER), 2 * FRAMES - 2);
}

/* ---- several ---- */

static void foreign_frames_that_are_neighbours_go_direct(struct kunit *test)
{
	struct table *t = table(test, &coherent);
	unsigned int nth;

	for (nth = 0; nth < FRAMES; nth++)
		let_be_foreign(t, nth, MFN + nth);
	is_direct(t, 0, frame(FRAMES), MADDR);
	for (nth = 0; nth < FRAMES - 1; nth++)
		is_direct(t, frame(nth) + 5, XEN_PAGE_SIZE, MADDR + frame(nth) + 5);
}

static void foreign_frames_that_are_none_bounce(struct kunit *test)
{
	struct table *t = table(test, &coherent);
	unsigned int nth;

	for (nth = 0; nth < FRAMES; nth++)
		let_be_foreign(t, nth, MFN + FRAMES - nth);
	is_bounced(t, 0, min_t(size_t, frame(FRAMES), PATTERN_MAX));
	for (nth = 0; nth < FRAMES - 1; nth++)
		is_bounced(t, frame(nth) + 5, XEN_PAGE_SIZE);
}

/* Grants at ballooned pages: one foreign frame below the buffer, and one above it. */
static void own_buffer_between_foreign_frames_goes_direct(struct kunit *test)
{
	struct table *t = table(test, &coherent);
	unsigned int nr = 4 * XEN_PFN_PER_PAGE, i;
	u8 *mid = page_address(test_pages(test, 2));
	unsigned long pfn = XEN_PFN_DOWN(virt_to_phys(mid));

	let_be_foreign(t, 0, MFN);
	KUNIT_ASSERT_TRUE(test, __set_phys_to_machine(pfn, MFN + 1));
	KUNIT_ASSERT_TRUE(test, __set_phys_to_machine(pfn + nr - 1, MFN + 2));
	for (i = 1; i < nr - 1; i++) {
		dma_addr_t dma = dma_map_single(t->dev, mid + frame(i), XEN_PAGE_SIZE,
						DMA_TO_DEVICE);

		KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(t->dev, dma));
		KUNIT_EXPECT_EQ(test, dma, virt_to_phys(mid + frame(i)));
		dma_unmap_single(t->dev, dma, XEN_PAGE_SIZE, DMA_TO_DEVICE);
	}
	__set_phys_to_machine_multi(pfn, INVALID_P2M_ENTRY, nr);
	KUNIT_EXPECT_EQ(test, fake_count(t->dev, XADMA_N_ROUTE + XADMA_DIRECT),
			nr - 2);
	KUNIT_EXPECT_EQ(test, fake_count(t->dev, XADMA_N_FOREIGN), 0);
}

static void each_entry_of_a_list_is_told_its_own_frame(struct kunit *test)
{
	struct table *t = table(test, &coherent);
	struct scatterlist sgl[FRAMES], *sg;
	unsigned int i;

	sg_init_table(sgl, FRAMES);
	for (i = 0; i < FRAMES; i++) {
		if (i % 2)
			let_be_foreign(t, i, MFN + 7 * i);
		sg_set_buf(&sgl[i], t->buf + frame(i) + 64, 512);
	}
	KUNIT_ASSERT_EQ(test, FRAMES,
			dma_map_sg(t->dev, sgl, FRAMES, DMA_FROM_DEVICE));
	for_each_sg(sgl, sg, FRAMES, i)
		KUNIT_EXPECT_EQ(test, sg_dma_address(sg),
				i % 2 ? MADDR + frame(7 * i) + 64 :
					ours(t, frame(i) + 64));
	dma_unmap_sg(t->dev, sgl, FRAMES, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, fake_count(t->dev, XADMA_N_FOREIGN), FRAMES / 2);
}

/* ---- a non-coherent device ---- */

/* All that Xen was asked to maintain, each range within a frame of Xen's. */
static size_t maintained_by_xen(struct table *t, phys_addr_t maddr, size_t size)
{
	struct fake_hv *fake = t->world->fake;
	size_t sum = 0;
	unsigned int i;

	for (i = 0; i < fake->calls; i++) {
		const struct fake_call *call = &fake->log[i];

		if (call->verb != FAKE_FLUSH)
			continue;
		KUNIT_EXPECT_GE(t->test, call->addr, maddr);
		KUNIT_EXPECT_LE(t->test, call->addr + call->size, maddr + size);
		sum += call->size;
	}
	return sum;
}

static void lines_of_a_foreign_frame_are_maintained_by_its_number(struct kunit *test)
{
	struct table *t = table(test, &noncoherent);
	unsigned int nth;
	dma_addr_t dma;

	for (nth = 0; nth < FRAMES; nth++) {
		phys_addr_t right = MADDR + frame(3 * nth) + 512;

		let_be_foreign(t, nth, MFN + 3 * nth);
		dma = map_at(t, frame(nth) + 512, 1024, DMA_FROM_DEVICE);
		KUNIT_EXPECT_EQ(test, dma, right);
		fake_hv_clear_log(t->world->fake);
		dma_unmap_single(t->dev, dma, 1024, DMA_FROM_DEVICE);
		KUNIT_EXPECT_EQ(test, maintained_by_xen(t, right, 1024), 1024);
		let_be_ours(t, nth);
	}
	KUNIT_EXPECT_EQ(test, fake_count(t->dev, XADMA_N_MISUSE), 0);
}

static void lines_of_frames_of_ours_beside_it_are_maintained_here(struct kunit *test)
{
	struct table *t = table(test, &noncoherent);
	struct fake_hv *fake = t->world->fake;
	unsigned int nth = FRAMES / 2;
	dma_addr_t dma;

	let_be_foreign(t, nth, MFN);
	dma = map_at(t, frame(nth - 1), XEN_PAGE_SIZE, DMA_FROM_DEVICE);
	fake_hv_clear_log(fake);
	dma_unmap_single(t->dev, dma, XEN_PAGE_SIZE, DMA_FROM_DEVICE);
	KUNIT_ASSERT_EQ(test, fake->calls, 1);
	KUNIT_EXPECT_EQ(test, fake->log[0].verb, FAKE_INVAL);
	KUNIT_EXPECT_EQ(test, fake->log[0].addr, ours(t, frame(nth - 1)));
	KUNIT_EXPECT_EQ(test, fake->log[0].size, XEN_PAGE_SIZE);
}

/* ---- random frames, against a walk from frame to frame ---- */

#define ROUNDS	2000

/* The machine's number of a frame: its own where nothing foreign is mapped. */
static unsigned long mfn_of(struct table *t, const unsigned long *mfn,
			    unsigned int nth)
{
	return mfn[nth] ?: t->pfn + nth;
}

/* Neighbours in the machine, and all ours or none of them. */
static bool is_one_piece(struct table *t, const unsigned long *mfn, size_t at,
			 size_t size)
{
	unsigned int nth = at >> XEN_PAGE_SHIFT;

	for (; nth < (at + size - 1) >> XEN_PAGE_SHIFT; nth++)
		if (!mfn[nth] != !mfn[nth + 1] ||
		    mfn_of(t, mfn, nth) + 1 != mfn_of(t, mfn, nth + 1))
			return false;
	return true;
}

static void renew_frames(struct table *t, unsigned long *mfn, struct rnd_state *rnd)
{
	unsigned int nth;

	clear_all(t);
	for (nth = 0; nth < FRAMES; nth++) {
		u32 r = prandom_u32_state(rnd);

		mfn[nth] = r % 3 ? 0 : MFN + r % 1024;
		if (nth && mfn[nth - 1] && r & BIT(20))
			mfn[nth] = mfn[nth - 1] + 1;
		if (mfn[nth])
			__set_phys_to_machine(t->pfn + nth, mfn[nth]);
	}
}

static void random_frames_agree_with_a_walk(struct kunit *test)
{
	struct table *t = table(test, &coherent);
	unsigned long mfn[FRAMES];
	struct rnd_state rnd;
	unsigned int i;

	skip_if_racing(test);
	prandom_seed_state(&rnd, 4);
	for (i = 0; i < ROUNDS && test->status != KUNIT_FAILURE; i++) {
		size_t at = prandom_u32_state(&rnd) % frame(FRAMES);
		size_t size = 1 + prandom_u32_state(&rnd) % min(frame(FRAMES) - at, frame(3));

		if (i % 16 == 0)
			renew_frames(t, mfn, &rnd);
		if (is_one_piece(t, mfn, at, size))
			is_direct(t, at, size,
				  ((phys_addr_t)mfn_of(t, mfn, at >> XEN_PAGE_SHIFT)
				   << XEN_PAGE_SHIFT) + at % XEN_PAGE_SIZE);
		else
			is_bounced(t, at, size);
	}
	KUNIT_EXPECT_GT(test, fake_count(t->dev, XADMA_N_ROUTE +
					 XADMA_BOUNCE_SCATTER), ROUNDS / 10);
	KUNIT_EXPECT_GT(test, fake_count(t->dev, XADMA_N_FOREIGN), ROUNDS / 20);
}

static struct kunit_case pages_cases[] = {
	KUNIT_CASE(buffer_in_a_foreign_frame_is_told_that_frame),
	KUNIT_CASE(neighbours_of_a_foreign_frame_stay_ours),
	KUNIT_CASE(buffer_over_the_edge_of_a_foreign_frame_bounces),
	KUNIT_CASE(foreign_frames_that_are_neighbours_go_direct),
	KUNIT_CASE(foreign_frames_that_are_none_bounce),
	KUNIT_CASE(own_buffer_between_foreign_frames_goes_direct),
	KUNIT_CASE(each_entry_of_a_list_is_told_its_own_frame),
	KUNIT_CASE(lines_of_a_foreign_frame_are_maintained_by_its_number),
	KUNIT_CASE(lines_of_frames_of_ours_beside_it_are_maintained_here),
	KUNIT_CASE(random_frames_agree_with_a_walk),
	{}
};

static struct kunit_suite pages_suite = {
	.name = "swiotlb-arm-pages",
	.test_cases = pages_cases,
};

kunit_test_suite(pages_suite);

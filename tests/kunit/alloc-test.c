// SPDX-License-Identifier: GPL-2.0-only
/*
 * coherent: memory of the kernel's own allocator where the device reaches it,
 * lent from the pool where it does not.
 */
#include <kunit/test.h>

#include <linux/anon_inodes.h>
#include <linux/dma-map-ops.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/scatterlist.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "../alloc.h"
#include "helpers.h"

static const struct bus_dma_region shifted[] = {
	{ .cpu_start = 0, .dma_start = SZ_8T, .size = SZ_4T },
	{}
};

static const struct fake_kind wide = { .name = "wide", .coherent = true };
static const struct fake_kind wide_deaf = { .name = "wide-deaf" };
static const struct fake_kind moved = {
	.name = "moved", .map = shifted, .coherent = true,
};

static const struct fake_kind narrow = {
	.name = "narrow", .mask = POOL_ONLY, .coherent = true,
};

static const struct fake_kind narrow_noncoherent = {
	.name = "narrow-noncoherent", .mask = POOL_ONLY,
};

/* ---- every kind of device, size and attribute ---- */

enum cookie { LINEAR, REMAPPED, PAGE };

static const struct loan {
	const char *what;
	const struct fake_kind *kind;
	size_t size;
	gfp_t gfp;
	unsigned long attrs;
	enum cookie cookie;
	bool lent;
	s64 shift;
} loans[] = {
	{ "page", &wide, SZ_4K, GFP_KERNEL, 0, LINEAR },
	{ "odd size", &wide, 5000, GFP_KERNEL, 0, LINEAR },
	{ "large", &wide, SZ_256K, GFP_KERNEL, 0, LINEAR },
	{ "atomic", &wide, SZ_4K, GFP_ATOMIC, 0, LINEAR },
	{ "shifted", &moved, SZ_4K, GFP_KERNEL, 0, LINEAR, .shift = SZ_8T },
	{ "cookie", &wide, SZ_4K, GFP_KERNEL, DMA_ATTR_NO_KERNEL_MAPPING, PAGE },
	{ "not snooping", &wide_deaf, SZ_4K, GFP_KERNEL, 0, REMAPPED },
	{ "not snooping, large", &wide_deaf, SZ_64K, GFP_KERNEL, 0, REMAPPED },
	{ "not snooping, write-combined", &wide_deaf, SZ_8K, GFP_KERNEL,
	  DMA_ATTR_WRITE_COMBINE, REMAPPED },
	{ "not snooping, atomic", &wide_deaf, SZ_4K, GFP_ATOMIC, 0, REMAPPED },
	{ "not snooping, cookie", &wide_deaf, SZ_4K, GFP_KERNEL,
	  DMA_ATTR_NO_KERNEL_MAPPING, PAGE },
	{ "lent byte", &narrow, 1, GFP_KERNEL, 0, LINEAR, .lent = true },
	{ "lent page", &narrow, SZ_4K, GFP_KERNEL, 0, LINEAR, .lent = true },
	{ "lent, odd size", &narrow, 3 * SZ_4K, GFP_KERNEL, 0, LINEAR,
	  .lent = true },
	{ "lent, large", &narrow, SZ_256K, GFP_KERNEL, 0, LINEAR, .lent = true },
	{ "lent, atomic", &narrow, SZ_8K, GFP_ATOMIC, 0, LINEAR, .lent = true },
	{ "lent, write-combined", &narrow, SZ_8K, GFP_KERNEL,
	  DMA_ATTR_WRITE_COMBINE, LINEAR, .lent = true },
	{ "lent, cookie", &narrow, SZ_8K, GFP_KERNEL, DMA_ATTR_NO_KERNEL_MAPPING,
	  PAGE, .lent = true },
	{ "lent, not snooping", &narrow_noncoherent, 5000, GFP_KERNEL, 0, REMAPPED,
	  .lent = true },
	{ "lent, not snooping, write-combined", &narrow_noncoherent, SZ_4K, GFP_KERNEL,
	  DMA_ATTR_WRITE_COMBINE, REMAPPED, .lent = true },
	{ "lent, not snooping, cookie", &narrow_noncoherent, SZ_4K, GFP_KERNEL,
	  DMA_ATTR_NO_KERNEL_MAPPING, PAGE, .lent = true },
};

static struct page *page_behind(const struct loan *loan, void *cookie)
{
	switch (loan->cookie) {
	case PAGE:
		return cookie;
	case REMAPPED:
		return vmalloc_to_page(cookie);
	default:
		return virt_to_page(cookie);
	}
}

static void check_loan(struct kunit *test, struct device *dev,
		       const struct loan *loan, void *cookie, dma_addr_t dma)
{
	struct page *page = page_behind(loan, cookie);
	size_t size = PAGE_ALIGN(loan->size);
	u8 *view = fake_device_view(dev, dma);

	KUNIT_EXPECT_EQ(test, !!view, loan->lent);
	KUNIT_EXPECT_EQ(test, dma % roundup_pow_of_two(size), 0);
	if (view)
		KUNIT_EXPECT_PTR_EQ(test, page_address(page), view);
	else
		KUNIT_EXPECT_EQ(test, dma, page_to_phys(page) + loan->shift);
	if (loan->cookie == PAGE)
		return;
	KUNIT_EXPECT_NULL(test, memchr_inv(cookie, 0, size));
	memset(cookie, 0x6b, size);
	KUNIT_EXPECT_EQ(test, is_vmalloc_addr(cookie), loan->cookie == REMAPPED);
}

static void loan_case(struct kunit *test)
{
	const struct loan *loan = test->param_value;
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_device(test, &world->xadma, loan->kind);
	dma_addr_t dma;
	void *cookie;
	int round;

	for (round = 1; round <= 2; round++) {
		cookie = xadma_alloc(dev, loan->size, &dma, loan->gfp, loan->attrs);
		KUNIT_ASSERT_NOT_NULL(test, cookie);
		check_loan(test, dev, loan, cookie, dma);
		KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma),
				loan->lent ? PAGE_ALIGN(loan->size) /
					     XADMA_SLOT_SIZE : 0);
		xadma_free(dev, loan->size, cookie, dma, loan->attrs);
		KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
		KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_COHERENT), round);
		KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
	}
}

static void loan_name(const struct loan *loan, char *desc)
{
	strscpy(desc, loan->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(loan, loans, loan_name);

/* ---- when there is none ---- */

#define MANY 32

static void exhausted(struct kunit *test)
{
	const size_t size = PAGE_ALIGN(SZ_32K);
	struct fake_world *world = fake_world(test, 4 * size);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	void *cookie[MANY];
	dma_addr_t dma[MANY];
	unsigned int n = 0, i;

	while (n < MANY) {
		cookie[n] = xadma_alloc(dev, size, &dma[n],
					GFP_KERNEL | __GFP_NOWARN, 0);
		if (!cookie[n])
			break;
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, 4);
	KUNIT_EXPECT_NULL(test, xadma_alloc(dev, 1, &dma[n], GFP_KERNEL,
					    DMA_ATTR_NO_WARN));
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_COHERENT), 4);
	for (i = 0; i < n; i++)
		xadma_free(dev, size, cookie[i], dma[i], 0);
}

static void size_is_wrong_only_if_it_cannot_be_rounded_up(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, xadma_alloc_can_be(0));
	KUNIT_EXPECT_TRUE(test, xadma_alloc_can_be(1));
	KUNIT_EXPECT_TRUE(test, xadma_alloc_can_be(PAGE_ALIGN_DOWN(SIZE_MAX)));
	KUNIT_EXPECT_FALSE(test, xadma_alloc_can_be(PAGE_ALIGN_DOWN(SIZE_MAX) + 1));
	KUNIT_EXPECT_FALSE(test, xadma_alloc_can_be(SIZE_MAX));
}

static void too_large(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_256K);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	static const size_t sizes[] = { 0, SZ_256K + 1, SIZE_MAX };
	dma_addr_t dma;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_NULL(test, xadma_alloc(dev, sizes[i], &dma,
						    GFP_KERNEL, 0));
		KUNIT_EXPECT_NULL(test, xadma_alloc_pages(dev, sizes[i], &dma,
							  DMA_FROM_DEVICE,
							  GFP_KERNEL));
	}
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_COHERENT), 0);
}

static bool lends_without(struct kunit *test, struct device *dev,
			  unsigned int nth)
{
	dma_addr_t dma;
	void *cookie;
	bool failed;

	if (!fail_alloc(nth))
		kunit_skip(test, "this kernel cannot fail an allocation");
	cookie = xadma_alloc(dev, SZ_64K, &dma, GFP_KERNEL | __GFP_NOWARN, 0);
	failed = fail_alloc_end();
	if (!failed)
		KUNIT_EXPECT_NOT_NULL(test, cookie);
	if (cookie)
		xadma_free(dev, SZ_64K, cookie, dma, 0);
	KUNIT_EXPECT_EQ(test, fake_slots_used(xadma_of(dev)), 0);
	return failed;
}

/* The uncached mapping cannot be made: what was lent for it is given back. */
static void mapping_refused(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_256K);
	struct device *dev = fake_device(test, &world->xadma, &narrow_noncoherent);
	unsigned int nth = 1;

	while (lends_without(test, dev, nth))
		nth++;
	KUNIT_EXPECT_GT(test, nth, 1);
}

/* ---- misuse ---- */

static void wrong_frees(struct kunit *test)
{
	const size_t size = 2 * PAGE_SIZE;
	struct fake_world *world = fake_world(test, SZ_256K);
	struct device *dev = fake_device(test, &world->xadma, &narrow);
	struct page *page = test_pages(test, 0);
	dma_addr_t dma, bounced;
	void *cookie;

	cookie = xadma_alloc(dev, size, &dma, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, cookie);

	/* It may have been mapped for another device by a list: that may be unmapped. */
	xadma_unmap(dev, dma, size, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
	/* But a streaming mapping is none that can be freed. */
	bounced = xadma_map(dev, page_to_phys(page), SZ_4K, DMA_TO_DEVICE, 0);
	xadma_free(dev, PAGE_SIZE, fake_device_view(dev, bounced), bounced, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 1);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma),
			(size + SZ_4K) / XADMA_SLOT_SIZE);
	xadma_unmap(dev, bounced, SZ_4K, DMA_TO_DEVICE, 0);

	xadma_free(dev, 2 * size, cookie, dma, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 2);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
	xadma_free(dev, size, cookie, dma, 0);
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 3);
}

/* ---- pages ---- */

static void pages(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_256K);
	const struct fake_kind *kinds[] = { &wide, &wide_deaf, &narrow, &narrow_noncoherent };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct device *dev = fake_device(test, &world->xadma, kinds[i]);
		bool lent = kinds[i]->mask == POOL_ONLY;
		struct page *page;
		dma_addr_t dma;

		page = xadma_alloc_pages(dev, 5000, &dma, DMA_BIDIRECTIONAL,
					 GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, !!fake_device_view(dev, dma), lent);
		if (lent)
			KUNIT_EXPECT_PTR_EQ(test, page_address(page),
					    fake_device_view(dev, dma));
		else
			KUNIT_EXPECT_EQ(test, dma, page_to_phys(page));
		KUNIT_EXPECT_NULL(test, memchr_inv(page_address(page), 0, SZ_8K));
		xadma_sync_for_cpu(dev, dma, 5000, DMA_BIDIRECTIONAL);
		xadma_sync_for_device(dev, dma, 5000, DMA_BIDIRECTIONAL);
		xadma_free_pages(dev, 5000, page, dma, DMA_BIDIRECTIONAL);
		KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
		KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_MISUSE), 0);
	}
}

/* ---- showing it to others ---- */

static void as_scatterlist(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_256K);
	const struct fake_kind *kinds[] = { &wide, &wide_deaf, &narrow, &narrow_noncoherent };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct device *dev = fake_device(test, &world->xadma, kinds[i]);
		struct sg_table sgt;
		dma_addr_t dma;
		u8 *cookie = xadma_alloc(dev, SZ_8K, &dma, GFP_KERNEL, 0);

		KUNIT_ASSERT_NOT_NULL(test, cookie);
		KUNIT_ASSERT_EQ(test, 0,
				xadma_get_sgtable(dev, &sgt, dma, SZ_8K));
		KUNIT_EXPECT_EQ(test, sgt.nents, 1);
		KUNIT_EXPECT_EQ(test, sgt.sgl->length, PAGE_ALIGN(SZ_8K));
		KUNIT_EXPECT_PTR_EQ(test, sg_page(sgt.sgl),
				    is_vmalloc_addr(cookie) ?
				    vmalloc_to_page(cookie) :
				    virt_to_page(cookie));
		sg_free_table(&sgt);
		xadma_free(dev, SZ_8K, cookie, dma, 0);
	}
}

struct shown {
	struct device *dev;
	void *cookie;
	dma_addr_t dma;
	int ret;
};

static int shown_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct shown *shown = file->private_data;

	shown->ret = xadma_mmap(shown->dev, vma, shown->cookie, shown->dma,
				4 * PAGE_SIZE, 0);
	return shown->ret;
}

static const struct file_operations shown_fops = { .mmap = shown_mmap };

static void drop_file(void *file)
{
	fput(file);
}

static unsigned long show(struct kunit *test, struct shown *shown, size_t len,
			  unsigned long offset)
{
	struct file *file = anon_inode_getfile("xadma", &shown_fops, shown, O_RDWR);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, drop_file, file));
	return kunit_vm_mmap(test, file, 0, len, PROT_READ | PROT_WRITE,
			     MAP_SHARED, offset);
}

/* KUnit lends this thread an address space, and leaves it to us to end it. */
static void end_user_space(void)
{
	struct mm_struct *mm = current->mm;

	if (!mm)
		return;
	kthread_unuse_mm(mm);
	mmput(mm);
}

static void to_user_space(struct kunit *test)
{
	const struct fake_kind *kinds[] = { &wide, &wide_deaf, &narrow, &narrow_noncoherent };
	struct fake_world *world = fake_world(test, SZ_256K);
	struct shown *shown = kunit_kzalloc(test, sizeof(*shown), GFP_KERNEL);
	unsigned int i;

	skip_without_user_space(test);
	KUNIT_ASSERT_NOT_NULL(test, shown);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		unsigned long user;
		u32 word = 0;

		shown->dev = fake_device(test, &world->xadma, kinds[i]);
		shown->cookie = xadma_alloc(shown->dev, 4 * PAGE_SIZE, &shown->dma,
					    GFP_KERNEL, 0);
		KUNIT_ASSERT_NOT_NULL(test, shown->cookie);
		((u32 *)(shown->cookie + PAGE_SIZE))[0] = 0x1234567 + i;

		/* Its second and third page. */
		user = show(test, shown, 2 * PAGE_SIZE, PAGE_SIZE);
		KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(user));
		KUNIT_EXPECT_EQ(test, 0, get_user(word, (u32 __user *)user));
		KUNIT_EXPECT_EQ(test, word, 0x1234567 + i);
		KUNIT_EXPECT_EQ(test, 0, put_user(i, (u32 __user *)(user + PAGE_SIZE)));
		KUNIT_EXPECT_EQ(test, ((u32 *)(shown->cookie + 2 * PAGE_SIZE))[0], i);
		KUNIT_EXPECT_EQ(test, 0, vm_munmap(user, 2 * PAGE_SIZE));

		/* More than there is. */
		KUNIT_EXPECT_TRUE(test, IS_ERR_VALUE(show(test, shown, 4 * PAGE_SIZE,
							  PAGE_SIZE)));
		KUNIT_EXPECT_EQ(test, shown->ret, -ENXIO);
		KUNIT_EXPECT_TRUE(test, IS_ERR_VALUE(show(test, shown, PAGE_SIZE,
							  4 * PAGE_SIZE)));
		KUNIT_EXPECT_EQ(test, shown->ret, -ENXIO);
		xadma_free(shown->dev, 4 * PAGE_SIZE, shown->cookie, shown->dma, 0);
	}
	end_user_space();
}

static struct kunit_case coherent_cases[] = {
	KUNIT_CASE_PARAM(loan_case, loan_gen_params),
	KUNIT_CASE(exhausted),
	KUNIT_CASE(too_large),
	KUNIT_CASE(size_is_wrong_only_if_it_cannot_be_rounded_up),
	KUNIT_CASE(mapping_refused),
	KUNIT_CASE(wrong_frees),
	KUNIT_CASE(pages),
	KUNIT_CASE(as_scatterlist),
	KUNIT_CASE(to_user_space),
	{}
};

static struct kunit_suite coherent_suite = {
	.name = "swiotlb-arm-alloc",
	.test_cases = coherent_cases,
};

kunit_test_suite(coherent_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers' habits: lists filled in by hand, lists whose page links are mangled, wishes
 * about addresses, private mappings, devices that came by our ops from their parent,
 * and devices without a mask.
 *
 * What CONFIG_DMA_API_DEBUG takes for an error is done through the device's ops, as
 * the core would.
 */
#include <kunit/test.h>

#include <linux/anon_inodes.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <xen/page.h>

#include "../route.h"
#include "helpers.h"

static const struct fake_kind wide = { .name = "habits", .coherent = true };
static const struct fake_kind noncoherent = { .name = "habits-noncoherent" };
static const struct fake_kind narrow = {
	.name = "habits-narrow", .mask = POOL_ONLY, .coherent = true,
};

static const struct fake_kind narrow_noncoherent = {
	.name = "habits-narrow-noncoherent", .mask = POOL_ONLY,
};

/* ---- lists ---- */

static bool was_maintained(struct fake_world *world, enum fake_verb verb,
			   phys_addr_t addr, size_t size)
{
	struct fake_hv *fake = world->fake;
	unsigned int i;

	for (i = 0; i < fake->calls; i++)
		if (fake->log[i].verb == verb && fake->log[i].addr == addr &&
		    fake->log[i].size == size)
			return true;
	return false;
}

static void list_filled_in_by_hand_is_maintained(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, &noncoherent);
	u8 *buf = page_address(test_pages(test, 1));
	phys_addr_t phys = virt_to_phys(buf);
	struct scatterlist sgl[2];
	int i;

	sg_init_table(sgl, 2);
	for (i = 0; i < 2; i++) {
		sg_set_buf(&sgl[i], buf + i * PAGE_SIZE, 1024);
		sg_dma_address(&sgl[i]) = phys + i * PAGE_SIZE;
		sg_dma_len(&sgl[i]) = 0;
	}
	get_dma_ops(dev)->sync_sg_for_device(dev, sgl, 2, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, was_maintained(world, FAKE_CLEAN, phys, 1024));
	KUNIT_EXPECT_TRUE(test, was_maintained(world, FAKE_CLEAN,
					       phys + PAGE_SIZE, 1024));
	fake_hv_clear_log(world->fake);
	get_dma_ops(dev)->sync_sg_for_cpu(dev, sgl, 2, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, was_maintained(world, FAKE_INVAL, phys, 1024));
	KUNIT_EXPECT_TRUE(test, was_maintained(world, FAKE_INVAL,
					       phys + PAGE_SIZE, 1024));
	KUNIT_EXPECT_EQ(test, misuses(dev), 0);
}

/* As dma-buf does it to a list that it has given to an importer. */
static void mangle(struct scatterlist *sgl, int nents)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		sg->page_link ^= ~0xffUL;
}

/* A page of ours and a foreign one. */
static void mangled_list_is_maintained_by_its_addresses(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, &noncoherent);
	phys_addr_t far = (phys_addr_t)FAKE_FOREIGN_MFN << XEN_PAGE_SHIFT;
	u8 *own = page_address(test_pages(test, 0));
	u8 *foreign = page_address(test_pages(test, 0));
	unsigned long pfn = XEN_PFN_DOWN(virt_to_phys(foreign));
	struct scatterlist sgl[2];

	fake_hv_grant(world->fake, FAKE_FOREIGN_MFN, 1);
	KUNIT_ASSERT_TRUE(test, __set_phys_to_machine(pfn, FAKE_FOREIGN_MFN));
	sg_init_table(sgl, 2);
	sg_set_buf(&sgl[0], own, 1024);
	sg_set_buf(&sgl[1], foreign, 1024);
	KUNIT_EXPECT_EQ(test, 2, dma_map_sg(dev, sgl, 2, DMA_BIDIRECTIONAL));
	fake_hv_clear_log(world->fake);
	mangle(sgl, 2);
	dma_sync_sg_for_cpu(dev, sgl, 2, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_TRUE(test, was_maintained(world, FAKE_INVAL,
					       virt_to_phys(own), 1024));
	KUNIT_EXPECT_TRUE(test, was_maintained(world, FAKE_FLUSH, far, 1024));
	fake_hv_clear_log(world->fake);
	dma_sync_sg_for_device(dev, sgl, 2, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_TRUE(test, was_maintained(world, FAKE_CLEAN,
					       virt_to_phys(own), 1024));
	KUNIT_EXPECT_TRUE(test, was_maintained(world, FAKE_FLUSH, far, 1024));
	mangle(sgl, 2);
	dma_unmap_sg(dev, sgl, 2, DMA_BIDIRECTIONAL);
	__set_phys_to_machine(pfn, INVALID_P2M_ENTRY);
	KUNIT_EXPECT_EQ(test, misuses(dev), 0);
}

static void mangled_list_that_was_bounced_is_copied(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, &narrow_noncoherent);
	u8 *buf = page_address(test_pages(test, 0));
	struct scatterlist sg;
	u8 *view;

	sg_init_one(&sg, buf, 1024);
	KUNIT_ASSERT_EQ(test, 1, dma_map_sg(dev, &sg, 1, DMA_FROM_DEVICE));
	view = fake_device_view(dev, sg_dma_address(&sg));
	KUNIT_ASSERT_NOT_NULL(test, view);
	pattern_fill(view, 1024, 9);
	mangle(&sg, 1);
	dma_sync_sg_for_cpu(dev, &sg, 1, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, pattern_is(buf, 1024, 9));
	mangle(&sg, 1);
	dma_unmap_sg(dev, &sg, 1, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, misuses(dev), 0);
}

/* ---- what a driver may ask of addresses ---- */

static const struct bus_dma_region odd_shift[] = {
	{ .cpu_start = SZ_64M, .dma_start = SZ_4G + SZ_32K + SZ_64M, .size = SZ_512M },
	{}
};

static const struct edge {
	const char *what;
	unsigned long boundary;
	unsigned int align;
	const struct bus_dma_region *map;
	size_t at, sizes[2];
} edges[] = {
	{ "64 KiB", 0xffff, 0, NULL, 0, { SZ_32K + SZ_16K, SZ_64K } },
	{ "64 KiB, short ones", 0xffff, 0, NULL, 0, { SZ_8K, SZ_32K + SZ_8K } },
	{ "64 KiB, not aligned", 0xffff, 0, NULL, 100, { 3000, 50000 } },
	{ "64 KiB, low bits kept", 0xffff, 0xfff, NULL, 100, { SZ_32K + SZ_16K, 60000 } },
	{ "64 KiB, all bits kept", 0xffff, 0xffff, NULL, SZ_16K, { SZ_32K, SZ_32K + SZ_16K } },
	{ "64 KiB of its own addresses", 0xffff, 0, odd_shift, 0, { SZ_32K + SZ_16K, SZ_64K } },
	{ "4 KiB", 0xfff, 0, NULL, 0, { 1000, 4096 } },
	{ "4 GiB", DMA_BIT_MASK(32), 0, NULL, 0, { SZ_32K + SZ_16K, SZ_64K } },
};

KUNIT_ARRAY_PARAM_DESC(edge, edges, what);

#define AT_ONCE	24

static void no_bounce_crosses_the_segment_boundary(struct kunit *test)
{
	const struct edge *e = test->param_value;
	const struct fake_kind kind = {
		.name = "edge", .mask = e->map ? 0 : POOL_ONLY, .map = e->map,
		.align = e->align, .coherent = true, .boundary = e->boundary,
	};
	struct fake_world *world = fake_world(test, SZ_4M);
	struct device *dev = fake_api_device(test, &world->xadma, &kind);
	u8 *buf = page_address(test_pages(test, get_order(SZ_128K)));
	dma_addr_t dma[AT_ONCE];
	unsigned int i;

	buf = PTR_ALIGN(buf, SZ_64K) + e->at;
	for (i = 0; i < AT_ONCE; i++) {
		size_t size = e->sizes[i % 2];

		dma[i] = dma_map_single(dev, buf, size, DMA_TO_DEVICE);
		KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, dma[i]));
		KUNIT_EXPECT_NOT_NULL(test, fake_device_view(dev, dma[i]));
		KUNIT_EXPECT_EQ(test, dma[i] & ~(u64)e->boundary,
				(dma[i] + size - 1) & ~(u64)e->boundary);
		KUNIT_EXPECT_EQ(test, dma[i] & e->align,
				virt_to_phys(buf) & e->align);
	}
	for (i = 0; i < AT_ONCE; i++)
		dma_unmap_single(dev, dma[i], e->sizes[i % 2], DMA_TO_DEVICE);
}

/* Frames that are no neighbours, in one entry that is longer than any piece. */
static void scattered_and_too_long_is_refused_for_that(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_64K);
	struct device *dev = fake_api_device(test, &world->xadma, &wide);
	u8 *buf = page_address(test_pages(test, get_order(SZ_128K)));
	unsigned long pfn = XEN_PFN_DOWN(virt_to_phys(buf));
	unsigned int nr = SZ_128K >> XEN_PAGE_SHIFT, i;
	dma_addr_t dma;

	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_TRUE(test, __set_phys_to_machine(pfn + i,
							      FAKE_FOREIGN_MFN + 2 * i));
	dma = dma_map_single(dev, buf, SZ_128K, DMA_TO_DEVICE);
	KUNIT_EXPECT_NE(test, 0, dma_mapping_error(dev, dma));
	__set_phys_to_machine_multi(pfn, INVALID_P2M_ENTRY, nr);
	KUNIT_EXPECT_EQ(test, dma_max_mapping_size(dev), SIZE_MAX);
	KUNIT_EXPECT_EQ(test, xadma_stats_refused(xadma_dev(dev)->stats), 1);
	/* Its text advises dma_max_mapping_size(), which is SIZE_MAX here. */
	KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_ROUTE + XADMA_REFUSE_TOO_BIG), 0);
}

/* ---- a device that we were not told of ---- */

static void drop_child(void *pdev)
{
	set_dma_ops(&((struct platform_device *)pdev)->dev, NULL);
	platform_device_unregister(pdev);
}

static struct device *heir(struct kunit *test, struct device *parent)
{
	const struct platform_device_info info = {
		.parent = parent, .name = "xadma-child", .id = PLATFORM_DEVID_AUTO,
	};
	struct platform_device *pdev = platform_device_register_full(&info);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pdev);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, drop_child, pdev));
	pdev->dev.archdata.xadma = NULL;
	test_set_coherent(&pdev->dev, true);
	set_dma_ops(&pdev->dev, get_dma_ops(parent));
	return &pdev->dev;
}

static void ops_of_the_parent_work_for_its_child(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = heir(test, fake_api_device(test, &world->xadma, &wide));
	u8 *buf = page_address(test_pages(test, 0));
	dma_addr_t dma;
	void *mem;
	u8 *view;

	KUNIT_EXPECT_EQ(test, 0, dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)));
	KUNIT_EXPECT_EQ(test, SIZE_MAX, dma_max_mapping_size(dev));
	dma = dma_map_single(dev, buf, 1000, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, dma));
	KUNIT_EXPECT_EQ(test, dma, virt_to_phys(buf));
	dma_unmap_single(dev, dma, 1000, DMA_TO_DEVICE);
	mem = dma_alloc_coherent(dev, SZ_8K, &dma, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, mem);
	dma_free_coherent(dev, SZ_8K, mem, dma);

	KUNIT_EXPECT_EQ(test, 0, dma_set_mask(dev, POOL_ONLY));
	dma = dma_map_single(dev, buf, 1000, DMA_FROM_DEVICE);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, dma));
	view = fake_device_view(dev, dma);
	KUNIT_ASSERT_NOT_NULL(test, view);
	pattern_fill(view, 1000, 6);
	dma_unmap_single(dev, dma, 1000, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, pattern_is(buf, 1000, 6));
	KUNIT_EXPECT_EQ(test, misuses(dev), 0);
}

/* An heir has no mask of its own and reaches 4 GiB. */
static void heirs_first_call_may_be_any(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *parent = fake_api_device(test, &world->xadma, &wide);
	u8 *buf = page_address(test_low_page(test));
	struct device *dev = heir(test, parent);

	KUNIT_EXPECT_EQ(test, dma_get_required_mask(dev),
			dma_get_required_mask(parent));
	dev = heir(test, parent);
	ops_unmap(dev, virt_to_phys(buf), 100, DMA_FROM_DEVICE);
	dev = heir(test, parent);
	get_dma_ops(dev)->sync_single_for_cpu(dev, virt_to_phys(buf), 100,
					      DMA_FROM_DEVICE);
	dev = heir(test, parent);
	KUNIT_EXPECT_EQ(test, virt_to_phys(buf),
			ops_map(dev, buf, 100, DMA_FROM_DEVICE));
}

static void device_without_a_mask_is_answered(struct kunit *test)
{
	struct fake_world *world = fake_world(test, SZ_1M);
	struct device *dev = fake_api_device(test, &world->xadma, &wide);
	dma_addr_t dma;
	void *mem;

	dev->dma_mask = NULL;
	/* In newer kernels the core answers by itself. */
	KUNIT_EXPECT_GT(test, get_dma_ops(dev)->max_mapping_size(dev), 0);
	dma_opt_mapping_size(dev);
	KUNIT_EXPECT_EQ(test, -EIO, dma_set_mask(dev, DMA_BIT_MASK(64)));
	KUNIT_EXPECT_EQ(test, 0, dma_set_coherent_mask(dev, DMA_BIT_MASK(64)));
	KUNIT_EXPECT_EQ(test, dma_get_required_mask(dev), DMA_BIT_MASK(41));
	dma_addressing_limited(dev);
	mem = dma_alloc_coherent(dev, SZ_8K, &dma, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, mem);
	if (mem)
		dma_free_coherent(dev, SZ_8K, mem, dma);
	ops_unmap(dev, 0x1000, 100, DMA_FROM_DEVICE);
}

/* ---- coherent memory ---- */

struct shown {
	struct device *dev;
	void *mem;
	dma_addr_t dma;
};

#define SHOWN	(4 * PAGE_SIZE)

static int shown_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct shown *shown = file->private_data;

	return dma_mmap_attrs(shown->dev, vma, shown->mem, shown->dma, SHOWN, 0);
}

static const struct file_operations shown_fops = { .mmap = shown_mmap };

static void drop_file(void *file)
{
	fput(file);
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

static unsigned long show(struct kunit *test, struct shown *shown)
{
	struct file *file = anon_inode_getfile("xadma", &shown_fops, shown, O_RDWR);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, drop_file, file));
	return kunit_vm_mmap(test, file, 0, SHOWN, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE, 0);
}

static void each_page_is_seen_and_a_write_is_private(struct kunit *test,
						     struct shown *shown,
						     unsigned long user)
{
	u32 *word, got = 0;
	size_t at;

	for (at = 0; at < SHOWN; at += PAGE_SIZE) {
		word = shown->mem + at;
		*word = 0x5eed + at;
		KUNIT_EXPECT_EQ(test, 0, get_user(got, (u32 __user *)(user + at)));
		KUNIT_EXPECT_EQ(test, got, 0x5eed + at);
		KUNIT_EXPECT_EQ(test, 0, put_user(1, (u32 __user *)(user + at)));
		KUNIT_EXPECT_EQ(test, *word, 0x5eed + at);
	}
}

static void private_writable_mapping_of_many_pages_works(struct kunit *test)
{
	const struct fake_kind *kinds[] = {
		&wide, &noncoherent, &narrow, &narrow_noncoherent,
	};
	struct fake_world *world = fake_world(test, SZ_1M);
	struct shown *shown = kunit_kzalloc(test, sizeof(*shown), GFP_KERNEL);
	unsigned long user;
	unsigned int i;

	skip_without_user_space(test);
	KUNIT_ASSERT_NOT_NULL(test, shown);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		shown->dev = fake_api_device(test, &world->xadma, kinds[i]);
		shown->mem = dma_alloc_attrs(shown->dev, SHOWN, &shown->dma,
					     GFP_KERNEL, 0);
		KUNIT_ASSERT_NOT_NULL(test, shown->mem);
		user = show(test, shown);
		KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(user));
		if (!IS_ERR_VALUE(user)) {
			each_page_is_seen_and_a_write_is_private(test, shown, user);
			KUNIT_EXPECT_EQ(test, 0, vm_munmap(user, SHOWN));
		}
		dma_free_attrs(shown->dev, SHOWN, shown->mem, shown->dma, 0);
	}
	end_user_space();
}

/* A line written back late would destroy what the device wrote. */
static void memory_of_the_pool_is_cleaned_for_a_noncoherent_device(struct kunit *test)
{
	const struct fake_kind *kinds[] = { &narrow, &narrow_noncoherent };
	struct fake_world *world = fake_world(test, SZ_1M);
	size_t size = 2 * PAGE_SIZE;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct device *dev = fake_api_device(test, &world->xadma, kinds[i]);
		dma_addr_t dma;
		void *mem;

		fake_hv_clear_log(world->fake);
		mem = dma_alloc_attrs(dev, size, &dma, GFP_KERNEL, 0);
		KUNIT_ASSERT_NOT_NULL(test, mem);
		KUNIT_EXPECT_EQ(test, world->fake->calls, !kinds[i]->coherent);
		if (!kinds[i]->coherent)
			KUNIT_EXPECT_TRUE(test, was_maintained(world, FAKE_CLEAN,
							       page_to_phys(xadma_page_of(mem)),
							       size));
		dma_free_attrs(dev, size, mem, dma, 0);
	}
}

static void sizes_that_cannot_be_are_refused(struct kunit *test)
{
	static const size_t sizes[] = {
		SIZE_MAX, PAGE_ALIGN_DOWN(SIZE_MAX) + 1, PAGE_ALIGN_DOWN(SIZE_MAX),
		PAGE_ALIGN_DOWN(SIZE_MAX) - 1, SIZE_MAX / 2 + 1, 0,
	};
	const struct fake_kind *kinds[] = { &wide, &noncoherent, &narrow };
	struct fake_world *world = fake_world(test, SZ_1M);
	unsigned int i, k;
	dma_addr_t dma;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct device *dev = fake_api_device(test, &world->xadma, kinds[k]);

		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			KUNIT_EXPECT_NULL(test, dma_alloc_attrs(dev, sizes[i], &dma,
								GFP_KERNEL,
								DMA_ATTR_NO_WARN));
		KUNIT_EXPECT_EQ(test, fake_count(dev, XADMA_N_COHERENT), 0);
		KUNIT_EXPECT_EQ(test, fake_slots_used(&world->xadma), 0);
	}
}

/* ---- the user's ---- */

static const struct kernel_param *parameter(const char *name)
{
	const struct kernel_param *kp;

	for (kp = __start___param; kp < __stop___param; kp++)
		if (parameq(kp->name, name))
			return kp;
	return NULL;
}

static void size_with_an_unknown_suffix_leaves_the_default(struct kunit *test)
{
	static const char * const wrong[] = { "64x", "64 M", "M64", "", "-1" };
	const struct kernel_param *kp = parameter("swiotlb_arm.size");
	unsigned int i;
	size_t before;

	KUNIT_ASSERT_NOT_NULL(test, kp);
	before = *(size_t *)kp->arg;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		KUNIT_EXPECT_NE_MSG(test, 0, kp->ops->set(wrong[i], kp), "'%s'",
				    wrong[i]);
		KUNIT_EXPECT_EQ_MSG(test, *(size_t *)kp->arg, before, "'%s'",
				    wrong[i]);
		*(size_t *)kp->arg = before;
	}
	KUNIT_EXPECT_EQ(test, 0, kp->ops->set("2M\n", kp));
	KUNIT_EXPECT_EQ(test, *(size_t *)kp->arg, SZ_2M);
	*(size_t *)kp->arg = before;
}

static struct kunit_case habits_cases[] = {
	KUNIT_CASE(list_filled_in_by_hand_is_maintained),
	KUNIT_CASE(mangled_list_is_maintained_by_its_addresses),
	KUNIT_CASE(mangled_list_that_was_bounced_is_copied),
	KUNIT_CASE_PARAM(no_bounce_crosses_the_segment_boundary, edge_gen_params),
	KUNIT_CASE(scattered_and_too_long_is_refused_for_that),
	KUNIT_CASE(ops_of_the_parent_work_for_its_child),
	KUNIT_CASE(heirs_first_call_may_be_any),
	KUNIT_CASE(device_without_a_mask_is_answered),
	KUNIT_CASE(private_writable_mapping_of_many_pages_works),
	KUNIT_CASE(memory_of_the_pool_is_cleaned_for_a_noncoherent_device),
	KUNIT_CASE(sizes_that_cannot_be_are_refused),
	KUNIT_CASE(size_with_an_unknown_suffix_leaves_the_default),
	{}
};

static struct kunit_suite habits_suite = {
	.name = "swiotlb-arm-habits",
	.test_cases = habits_cases,
};

kunit_test_suite(habits_suite);

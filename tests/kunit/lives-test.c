// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lives: a mapping may outlive the driver that made it and the device's place on its
 * bus. Whatever comes back late, on another CPU, gives back all that it had.
 */
#include <kunit/test.h>

#include <linux/cpumask.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/error-injection.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include <xen/page.h>

#include "../resolve.h"
#include "fake-memory.h"
#include "helpers.h"

static const struct bus_dma_region shifted[] = {
	{ .cpu_start = 0, .dma_start = SZ_8T, .size = SZ_4T },
	{}
};

/* What the device has when its driver goes. */
enum kept {
	KEPT_OWN,	/* a page of ours, direct */
	KEPT_FOREIGN,	/* another domain's, direct */
	KEPT_BOUNCED,
	KEPT_COHERENT,	/* coherent memory of the kernel's allocator */
	KEPT_POOL,	/* coherent memory of the pool */
	NR_KEPT,
};

/* What is called for it late. Coherent memory is freed, whatever is said here. */
enum late {
	LATE_UNMAP,
	LATE_SYNC,	/* and unmap */
	LATE_LIST,	/* the unmap of a list that it was mapped by */
	NR_LATE,
};

/**
 * struct life - a row of the matrix
 * @what:     its name
 * @coherent: the device is
 * @shifted:  its windows are
 * @removed:  the device goes as well
 * @kept:     what it has
 * @late:     what is called for it
 */
struct life {
	char what[64];
	bool coherent, shifted, removed;
	enum kept kept;
	enum late late;
};

static bool is_memory(enum kept kept)
{
	return kept == KEPT_COHERENT || kept == KEPT_POOL;
}

#define NR_LIVES	(8 * (3 * NR_LATE + 2))

static struct life lives[NR_LIVES];

static void name_life(struct life *l)
{
	static const char * const kept[] = {
		"own", "foreign", "bounced", "coherent memory", "memory of the pool",
	};
	static const char * const late[] = { "unmap", "sync", "unmap_sg" };

	snprintf(l->what, sizeof(l->what), "%s%s%s, %s, %s",
		 l->coherent ? "" : "non-coherent, ", l->shifted ? "shifted, " : "",
		 kept[l->kept], l->removed ? "removed" : "unbound",
		 is_memory(l->kept) ? "free" : late[l->late]);
}

static int list_lives(struct kunit_suite *suite)
{
	struct life *l = lives;
	unsigned int i, kept, late;

	for (i = 0; i < 8; i++)
		for (kept = 0; kept < NR_KEPT; kept++)
			for (late = 0; late < (is_memory(kept) ? 1 : NR_LATE); late++) {
				*l = (struct life) {
					.coherent = i & 1, .shifted = i & 2,
					.removed = i & 4, .kept = kept, .late = late,
				};
				name_life(l++);
			}
	return 0;
}

KUNIT_ARRAY_PARAM_DESC(life, lives, what);

/* ---- how a driver and its device go ---- */

/* What the core does once a driver is unbound. */
static void driver_goes(struct device *dev)
{
	test_set_dma_ranges(NULL, dev, NULL);
}

static void device_goes(struct device *dev)
{
	xadma_dev_detach(dev);
}

/* ---- what it had ---- */

/**
 * struct legacy - something that a driver leaves behind
 * @test:  the case
 * @world: where
 * @life:  the row of the matrix
 * @dev:   the device
 * @buf:   what was mapped, or allocated
 * @page:  the memory of the kernel's allocator, which is watched; or NULL
 * @sg:    the list of it, for LATE_LIST
 * @dma:   the device's address
 * @maddr: machine address that has its cache lines maintained for a
 *	non-coherent device; 0 for a bounced buffer
 */
struct legacy {
	struct kunit *test;
	struct fake_world *world;
	const struct life *life;
	struct device *dev;
	u8 *buf;
	struct page *page;
	struct scatterlist sg;
	dma_addr_t dma;
	phys_addr_t maddr;
};

#define SIZE	2048

static struct device *heavy_device(struct kunit *test, struct fake_world *world,
				   const struct life *l)
{
	u64 shift = l->shifted ? SZ_8T : 0;
	const struct fake_kind kind = {
		.name = "lives",
		.coherent = l->coherent,
		.map = l->shifted ? shifted : NULL,
		.mask = l->kept == KEPT_BOUNCED || l->kept == KEPT_POOL ?
			shift + POOL_ONLY : 0,
	};

	return fake_api_device(test, &world->xadma, &kind);
}

static void allocate(struct legacy *g)
{
	g->buf = dma_alloc_attrs(g->dev, PAGE_SIZE, &g->dma, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(g->test, g->buf);
	if (g->life->kept == KEPT_POOL) {
		KUNIT_ASSERT_NE(g->test, fake_slots_used(&g->world->xadma), 0);
		return;
	}
	/* A reference to the page, so that the free of it can be seen. */
	g->page = is_vmalloc_addr(g->buf) ? vmalloc_to_page(g->buf) :
					    virt_to_page(g->buf);
	get_page(g->page);
}

static void map(struct legacy *g)
{
	unsigned long pfn;
	u8 *view;

	g->buf = page_address(test_pages(g->test, 0));
	pfn = XEN_PFN_DOWN(virt_to_phys(g->buf));
	g->maddr = virt_to_phys(g->buf);
	if (g->life->kept == KEPT_FOREIGN) {
		fake_hv_grant(g->world->fake, FAKE_FOREIGN_MFN, 1);
		KUNIT_ASSERT_TRUE(g->test, __set_phys_to_machine(pfn, FAKE_FOREIGN_MFN));
		g->maddr = (phys_addr_t)FAKE_FOREIGN_MFN << XEN_PAGE_SHIFT;
	}
	if (g->life->late == LATE_LIST) {
		sg_init_one(&g->sg, g->buf, SIZE);
		KUNIT_ASSERT_EQ(g->test, 1,
				dma_map_sg(g->dev, &g->sg, 1, DMA_FROM_DEVICE));
		g->dma = sg_dma_address(&g->sg);
	} else {
		g->dma = dma_map_single(g->dev, g->buf, SIZE, DMA_FROM_DEVICE);
		KUNIT_ASSERT_EQ(g->test, 0, dma_mapping_error(g->dev, g->dma));
	}

	view = fake_device_view(g->dev, g->dma);
	KUNIT_ASSERT_EQ(g->test, !!view, g->life->kept == KEPT_BOUNCED);
	pattern_fill(view ?: g->buf, SIZE, 21);
	if (view)
		g->maddr = 0;
}

static long take_back(void *data)
{
	struct legacy *g = data;

	if (is_memory(g->life->kept)) {
		dma_free_attrs(g->dev, PAGE_SIZE, g->buf, g->dma, 0);
		return 0;
	}
	if (g->life->late == LATE_SYNC) {
		dma_sync_single_for_cpu(g->dev, g->dma, SIZE, DMA_FROM_DEVICE);
		KUNIT_EXPECT_TRUE(g->test, pattern_is(g->buf, SIZE, 21));
	}
	if (g->life->late == LATE_LIST)
		dma_unmap_sg(g->dev, &g->sg, 1, DMA_FROM_DEVICE);
	else
		dma_unmap_single(g->dev, g->dma, SIZE, DMA_FROM_DEVICE);
	return 0;
}

/* How often its lines were dropped so that the CPU sees what the device wrote. */
static unsigned int times_maintained(const struct legacy *g)
{
	const struct fake_hv *fake = g->world->fake;
	unsigned int i, times = 0;

	for (i = 0; i < fake->calls; i++) {
		const struct fake_call *call = &fake->log[i];

		if ((call->addr == g->maddr || call->addr == virt_to_phys(g->buf)) &&
		    call->size == SIZE && call->verb != FAKE_CLEAN)
			times++;
	}
	return times;
}

static void all_is_given_back(struct legacy *g)
{
	const struct life *l = g->life;
	struct kunit *test = g->test;

	KUNIT_EXPECT_EQ(test, fake_slots_used(&g->world->xadma), 0);
	KUNIT_EXPECT_EQ(test, fake_count(g->dev, XADMA_N_MISUSE), 0);
	if (g->page)
		KUNIT_EXPECT_EQ(test, page_ref_count(g->page), 1);
	if (is_memory(l->kept))
		return;
	KUNIT_EXPECT_TRUE(test, pattern_is(g->buf, SIZE, 21));
	if (g->maddr)
		KUNIT_EXPECT_EQ(test, times_maintained(g),
				l->coherent ? 0 : l->late == LATE_SYNC ? 2 : 1);
}

static void mapping_outlives(struct kunit *test)
{
	struct legacy *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	unsigned int other = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());

	KUNIT_ASSERT_NOT_NULL(test, g);
	g->test = test;
	g->life = test->param_value;
	g->world = fake_world(test, SZ_1M);
	g->dev = heavy_device(test, g->world, g->life);
	if (is_memory(g->life->kept))
		allocate(g);
	else
		map(g);

	driver_goes(g->dev);
	if (g->life->removed)
		device_goes(g->dev);
	fake_hv_clear_log(g->world->fake);
	work_on_cpu(other < nr_cpu_ids ? other : 0, take_back, g);
	all_is_given_back(g);

	if (g->page)
		put_page(g->page);
	if (g->life->kept == KEPT_FOREIGN)
		__set_phys_to_machine(XEN_PFN_DOWN(virt_to_phys(g->buf)),
				      INVALID_P2M_ENTRY);
}

/* ---- a new driver for the device of an old one ---- */

static void mapping_outlives_a_change_of_windows(struct kunit *test)
{
	static const struct life row = { .coherent = true, .shifted = true,
					 .kept = KEPT_BOUNCED };
	struct legacy *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, g);
	g->test = test;
	g->life = &row;
	g->world = fake_world(test, SZ_1M);
	g->dev = heavy_device(test, g->world, &row);
	map(g);
	driver_goes(g->dev);
	/* The next driver's windows are the same: the firmware's. */
	test_set_dma_ranges(test, g->dev, shifted);
	xadma_dev_configure(g->dev);
	take_back(g);
	all_is_given_back(g);
	driver_goes(g->dev);
}

/* ---- the first bounced buffer, unmapped by another CPU ---- */

#define FIRSTS	64

struct relay {
	struct kunit *test;
	struct fake_world *world;
	struct device *dev[FIRSTS];
	dma_addr_t dma[FIRSTS];		/* 0: not mapped yet */
	u8 *buf;
};

/* The first CPU maps, the last one unmaps what it finds. */
static void hand_over(void *data, unsigned int cpu)
{
	unsigned int takes = cpumask_last(cpu_online_mask), i;
	struct relay *r = data;
	dma_addr_t dma;
	u8 *view;

	for (i = 0; i < FIRSTS && (cpu == 0 || cpu == takes); i++) {
		u8 *buf = r->buf + i * SZ_1K;

		if (cpu == 0) {
			dma = dma_map_single(r->dev[i], buf, SZ_1K, DMA_FROM_DEVICE);
			KUNIT_EXPECT_EQ(r->test, 0, dma_mapping_error(r->dev[i], dma));
			view = fake_device_view(r->dev[i], dma);
			KUNIT_EXPECT_NOT_NULL(r->test, view);
			if (view)
				pattern_fill(view, SZ_1K, i);
			/* As a driver does it: the address alone tells that it is mapped. */
			WRITE_ONCE(r->dma[i], dma);
		}
		if (cpu == takes) {
			while (!(dma = READ_ONCE(r->dma[i])))
				cond_resched();
			dma_unmap_single(r->dev[i], dma, SZ_1K, DMA_FROM_DEVICE);
			KUNIT_EXPECT_TRUE(r->test, pattern_is(buf, SZ_1K, i));
		}
	}
}

static void first_bounce_is_copied_back_by_another_cpu(struct kunit *test)
{
	const struct fake_kind kind = {
		.name = "first", .mask = POOL_ONLY, .coherent = true,
	};
	struct relay *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->test = test;
	r->world = fake_world(test, SZ_1M);
	r->buf = page_address(test_pages(test, get_order(FIRSTS * SZ_1K)));
	for (i = 0; i < FIRSTS; i++)
		r->dev[i] = fake_api_device(test, &r->world->xadma, &kind);
	on_all_cpus(test, hand_over, r);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&r->world->xadma), 0);
}

/* ---- an instance that could not be made ---- */

/* Fail the @fail_in-th per-CPU allocation of this task. */
static struct task_struct *victim;
static unsigned int fail_in;

static int fail_percpu(struct kprobe *probe, struct pt_regs *regs)
{
	if (current != victim || !fail_in || --fail_in)
		return 0;
	regs_set_return_value(regs, 0);
	override_function_with_return(regs);
	return 1;
}

static struct kprobe percpu_probe;

static bool percpu_fails(unsigned int nth)
{
	percpu_probe = (struct kprobe){
		.symbol_name = "pcpu_alloc_noprof",
		.pre_handler = fail_percpu,
	};
	fail_in = nth;
	victim = current;
	return !register_kprobe(&percpu_probe);
}

static bool percpu_failed(void)
{
	unregister_kprobe(&percpu_probe);
	return !fail_in;
}

static struct xadma_setup translated_setup(struct kunit *test)
{
	static const struct xadma_provider * const none[] = { NULL };
	struct fake_hv *fake = fake_hv_start(test);

	fake->domain = XADMA_DOMAIN_TRANSLATED;
	fake_memory_start(test);
	return (struct xadma_setup){
		.hv = &xadma_hv_fake, .providers = none, .size = SZ_1M,
		.resolver = xadma_resolver_create(&xadma_hv_fake),
	};
}

/* Of either kind. */
static bool can_fail_allocations(void)
{
	if (!percpu_fails(1))
		return false;
	percpu_failed();
	if (!fail_alloc(1))
		return false;
	fail_alloc_end();
	return true;
}

/* The n-th allocation fails, of either kind; false when there is no n-th. */
static bool starts_without(struct kunit *test, struct xadma *xadma,
			   const struct xadma_setup *setup, unsigned int nth,
			   bool percpu)
{
	bool failed;
	int ret;

	KUNIT_ASSERT_TRUE(test, percpu ? percpu_fails(nth) : fail_alloc(nth));
	ret = xadma_start(xadma, setup);
	failed = percpu ? percpu_failed() : fail_alloc_end();
	KUNIT_EXPECT_EQ(test, ret, failed ? -ENOMEM : 0);
	if (ret)
		KUNIT_EXPECT_NULL(test, xadma->mfn_map);
	return failed;
}

/* Nothing dangles: what asks a failed instance for its frames finds none. */
static void start_that_fails_leaves_nothing(struct kunit *test)
{
	struct xadma *xadma = kunit_kzalloc(test, sizeof(*xadma), GFP_KERNEL);
	struct xadma_setup setup;
	unsigned int nth, percpu;

	if (PAGE_SIZE != XEN_PAGE_SIZE)
		kunit_skip(test, "such a domain has pages of 4 KiB");
	if (!can_fail_allocations())
		kunit_skip(test, "this kernel cannot fail an allocation");
	KUNIT_ASSERT_NOT_NULL(test, xadma);
	setup = translated_setup(test);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, setup.resolver);
	for (percpu = 0; percpu < 2; percpu++) {
		for (nth = 1; starts_without(test, xadma, &setup, nth, percpu); nth++)
			;
		/* An instance need not allocate slabs, but it counts per CPU. */
		KUNIT_EXPECT_GE(test, nth, percpu ? 2 : 1);
		/* The resolver goes with the instance that was made. */
		xadma_stop(xadma);
		if (!percpu)
			setup.resolver = xadma_resolver_create(&xadma_hv_fake);
	}
}

static struct kunit_case lives_cases[] = {
	KUNIT_CASE_PARAM(mapping_outlives, life_gen_params),
	KUNIT_CASE(mapping_outlives_a_change_of_windows),
	KUNIT_CASE(first_bounce_is_copied_back_by_another_cpu),
	KUNIT_CASE(start_that_fails_leaves_nothing),
	{}
};

static struct kunit_suite lives_suite = {
	.name = "swiotlb-arm-lives",
	.suite_init = list_lives,
	.test_cases = lives_cases,
};

kunit_test_suite(lives_suite);

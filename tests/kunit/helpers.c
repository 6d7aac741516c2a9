// SPDX-License-Identifier: GPL-2.0-only
#include <linux/completion.h>
#include <linux/dma-map-ops.h>
#include <linux/error-injection.h>
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/log2.h>
#include <linux/kthread.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <xen/page.h>

#include "../pool.h"
#include "helpers.h"

/* ---- a provider of memory ---- */

static struct fake_provider *the_provider;

static bool refused(struct fake_provider *provider)
{
	return provider->refuse_at && !--provider->refuse_at;
}

/*
 * Pieces that are neighbours for the CPU are none in the machine, and come in
 * the other order.
 */
static phys_addr_t *fake_pieces(phys_addr_t at, unsigned int nr,
				unsigned int shift)
{
	phys_addr_t *maddr = kcalloc(nr, sizeof(*maddr), GFP_KERNEL);
	unsigned int i;

	for (i = 0; maddr && i < nr; i++)
		maddr[i] = at + ((phys_addr_t)2 * (nr - 1 - i) << shift);
	return maddr;
}

static phys_addr_t fake_end(phys_addr_t at, size_t size, unsigned int shift)
{
	return at + (size >> shift > 1 ? 2 * size : size);
}

static int fake_get(struct xadma_source *source, struct xadma_memory *memory,
		    size_t want, struct xadma_range within)
{
	struct fake_provider *provider = the_provider;
	size_t size = min(want, provider->largest);
	phys_addr_t at = ALIGN(max(provider->next, within.first), size);
	unsigned int shift = provider->piece_shift ?: ilog2(size);
	struct page *page;

	KUNIT_EXPECT_TRUE(provider->test, is_power_of_2(want));
	KUNIT_EXPECT_GE(provider->test, want, (size_t)XADMA_CHUNK_MIN);
	KUNIT_EXPECT_EQ(provider->test, memory->size, (size_t)0);

	provider->gets++;
	if (refused(provider) || at + size - 1 > within.last)
		return -ENOMEM;
	page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, get_order(size));
	if (!page)
		return -ENOMEM;

	/* Whatever was there before is nobody's business: make it show. */
	memset(page_address(page), 0xdb, size);
	*memory = (struct xadma_memory) {
		.vaddr = page_address(page),
		.size = size,
		.piece_shift = shift,
		.maddr = fake_pieces(at, size >> shift, shift),
	};
	if (!memory->maddr) {
		__free_pages(page, get_order(size));
		memory->size = 0;
		return -ENOMEM;
	}
	provider->next = fake_end(at, size, shift);
	provider->held++;
	return 0;
}

static void fake_put(struct xadma_source *source,
		     const struct xadma_memory *memory)
{
	KUNIT_EXPECT_GT(the_provider->test, the_provider->held, 0);
	the_provider->held--;
	free_pages((unsigned long)memory->vaddr, get_order(memory->size));
}

static const struct xadma_provider provider_fake = {
	.name	= "fake",
	.get	= fake_get,
	.put	= fake_put,
};

const struct xadma_provider * const fake_providers[] = { &provider_fake, NULL };

static void provider_end(void *data)
{
	struct fake_provider *provider = data;

	KUNIT_EXPECT_EQ_MSG(provider->test, provider->held, 0,
			    "pieces were lost");
	the_provider = NULL;
}

/**
 * fake_provider_start - a fresh provider for this case
 * @test: the case
 *
 * It fails the case if pieces are still out at its end.
 *
 * Return: its state.
 */
struct fake_provider *fake_provider_start(struct kunit *test)
{
	struct fake_provider *provider;

	provider = kunit_kzalloc(test, sizeof(*provider), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, provider);
	provider->test = test;
	provider->next = FAKE_MACHINE;
	provider->largest = XADMA_CHUNK_SIZE;
	provider->source.providers = fake_providers;
	the_provider = provider;
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, provider_end, provider));
	return provider;
}

/* ---- an instance ---- */

static void world_end(void *data)
{
	struct fake_world *world = data;

	KUNIT_EXPECT_EQ_MSG(world->fake->test, fake_slots_used(&world->xadma),
			    0, "slots were lost");
	xadma_stop(&world->xadma);
}

/**
 * fake_world_of - a machine, and an instance on it
 * @test:   the case
 * @wishes: how large the pool is, what it begins with, and where buses end
 * @at:     where the pool lies in the machine; nor is there other memory below that
 *
 * It fails the case if slots are still taken at its end.
 *
 * Return: the world.
 */
struct fake_world *fake_world_of(struct kunit *test, struct xadma_setup wishes,
				 phys_addr_t at)
{
	struct fake_world *world;

	wishes.hv = &xadma_hv_fake;
	wishes.providers = fake_providers;
	wishes.configured = xadma_ops_yield;

	world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, world);
	world->fake = fake_hv_start(test);
	world->fake->last_byte = SZ_1T + SZ_1G - 1;
	world->provider = fake_provider_start(test);
	world->provider->next = at;
	KUNIT_ASSERT_EQ(test, 0, xadma_start(&world->xadma, &wishes));
	xadma_provide(&world->xadma);
	fake_hv_clear_log(world->fake);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, world_end, world));
	return world;
}

/* ---- devices ---- */

struct fake_record {
	struct device_dma_parameters parms;
	u64 mask;
	char name[32];
};

static void record_end(void *data)
{
	struct device *dev = data;

	test_set_dma_ranges(NULL, dev, NULL);
	dev->dma_parms = NULL;
	dev->dma_mask = &dev->coherent_dma_mask;
	xadma_dev_detach(dev);
	dev->archdata.xadma = NULL;
}

/**
 * fake_device - a device whose DMA an instance does
 * @test:  the case
 * @xadma: the instance
 * @kind:  what it is like
 *
 * Return: the device.
 */
struct device *fake_device(struct kunit *test, struct xadma *xadma,
			   const struct fake_kind *kind)
{
	static unsigned int nth;	/* a bus wants every name but once */
	struct fake_record *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct device *dev;

	KUNIT_ASSERT_NOT_NULL(test, r);
	snprintf(r->name, sizeof(r->name), "%s.%u", kind->name, nth++);
	dev = kunit_device_register(test, r->name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	r->mask = kind->mask ?: DMA_BIT_MASK(64);
	r->parms.min_align_mask = kind->align;
	r->parms.segment_boundary_mask = kind->boundary;
	dev->dma_mask = &r->mask;
	dev->coherent_dma_mask = r->mask;
	dev->bus_dma_limit = kind->bus_limit;
	test_set_dma_ranges(test, dev, kind->map);
	dev->dma_parms = &r->parms;
	test_set_coherent(dev, kind->coherent);
	xadma_dev_attach(xadma, dev);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, record_end, dev));
	return dev;
}

/**
 * fake_count - a counter of a device
 * @dev:  the device
 * @what: by enum xadma_count
 *
 * Return: its value.
 */
u64 fake_count(struct device *dev, unsigned int what)
{
	return xadma_stats_sum(xadma_dev(dev)->stats, what);
}

/**
 * find_in_pool - what is at a machine address
 * @pool:  the pool
 * @maddr: the address
 * @in:    where to put it
 *
 * Return: false when it is none of the pool's.
 */
bool find_in_pool(struct xadma_pool *pool, phys_addr_t maddr,
		  struct xadma_bounce *in)
{
	bool found;

	rcu_read_lock();
	found = xadma_pool_find(pool, maddr, in);
	rcu_read_unlock();
	return found;
}

/**
 * pool_check - are the bytes from a place on mapped?
 * @b:    any place in a pool
 * @size: bytes
 *
 * Return: 0; -ERANGE when not all are, -ENOENT when none is.
 */
int pool_check(const struct xadma_bounce *b, size_t size)
{
	size_t bytes = xadma_bounce_bytes(b, size);

	return bytes == size ? 0 : bytes ? -ERANGE : -ENOENT;
}

/**
 * pool_release - end a run
 * @pool:    the pool
 * @b:       where the run's buffer starts
 * @size:    its size
 * @account: what it was taken for, or NULL
 *
 * Return: 0; -ENOENT when none starts there; -ERANGE when its size was another, but it
 *	is ended all the same.
 */
int pool_release(struct xadma_pool *pool, const struct xadma_bounce *b, size_t size,
		 struct xadma_account __percpu *account)
{
	size_t was = b->offset == b->run->start ? xadma_bounce_claim(b->run) : 0;
	unsigned long flags;

	if (!was)
		return -ENOENT;
	local_irq_save(flags);
	if (account)
		xadma_account_return(this_cpu_ptr(account), b->run->slots);
	xadma_bounce_end(pool, b->run);
	local_irq_restore(flags);
	return size == was ? 0 : -ERANGE;
}

/**
 * fake_device_view - what a device sees, as the CPU sees it
 * @dev: the device
 * @dma: an address that the device was given
 *
 * Return: the memory in the pool; NULL when the address is none of the pool's.
 */
void *fake_device_view(struct device *dev, dma_addr_t dma)
{
	struct xadma_bounce in;

	return find_in_pool(&xadma_of(dev)->pool, xadma_dev_maddr(xadma_dev(dev), dma),
			    &in) ? in.vaddr : NULL;
}

/**
 * fake_slots_used - slots of an instance's pool that are taken
 * @xadma: the instance
 *
 * Return: how many.
 */
unsigned int fake_slots_used(struct xadma *xadma)
{
	return xadma_pool_usage(&xadma->pool).used;
}

/* ---- memory ---- */

struct test_memory {
	struct page *page;
	unsigned int order;
};

static void memory_end(void *data)
{
	struct test_memory *memory = data;

	__free_pages(memory->page, memory->order);
}

static struct page *pages_of(struct kunit *test, unsigned int order, gfp_t zone)
{
	struct test_memory *memory;

	memory = kunit_kzalloc(test, sizeof(*memory), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	memory->order = order;
	memory->page = alloc_pages(GFP_KERNEL | __GFP_ZERO | zone, order);
	KUNIT_ASSERT_NOT_NULL(test, memory->page);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, memory_end, memory));
	return memory->page;
}

/**
 * test_pages - pages that are freed at the end of the case
 * @test:  the case
 * @order: how many, as a power of two
 *
 * Return: the first page.
 */
struct page *test_pages(struct kunit *test, unsigned int order)
{
	return pages_of(test, order, 0);
}

/**
 * test_low_page - a page below 4 GiB, until the end of the case
 * @test: the case
 *
 * Return: the page.
 */
struct page *test_low_page(struct kunit *test)
{
	return pages_of(test, 0, GFP_DMA32);
}

struct foreign_frame {
	unsigned long gfn;
};

static void foreign_end(void *data)
{
	struct foreign_frame *frame = data;

	__set_phys_to_machine(frame->gfn, INVALID_P2M_ENTRY);
}

/**
 * make_foreign_frame - let a Xen frame be another domain's
 * @test: the case, at whose end it is ours again
 * @gfn:  the frame, of 4 KiB whatever the kernel's pages have
 * @mfn:  the machine frame
 */
void make_foreign_frame(struct kunit *test, unsigned long gfn, unsigned long mfn)
{
	struct foreign_frame *frame = kunit_kzalloc(test, sizeof(*frame), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, frame);
	frame->gfn = gfn;
	KUNIT_ASSERT_TRUE(test, __set_phys_to_machine(gfn, mfn));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, foreign_end, frame));
}

/**
 * make_foreign - let all Xen frames of a page be another domain's
 * @test: the case, at whose end they are ours again
 * @page: the page
 * @mfn:  the machine frame of the first; the others follow
 */
void make_foreign(struct kunit *test, struct page *page, unsigned long mfn)
{
	unsigned long gfn = XEN_PFN_DOWN(page_to_phys(page)), i;

	for (i = 0; i < PAGE_SIZE / XEN_PAGE_SIZE; i++)
		make_foreign_frame(test, gfn + i, mfn + i);
}

/* Patterns are pieces of noise: a debug kernel compares those at full speed. */
static u8 noise[PATTERN_MAX + SZ_4K];

static int __init make_noise(void)
{
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 1);
	prandom_bytes_state(&rnd, noise, sizeof(noise));
	return 0;
}

late_initcall(make_noise);

/**
 * pattern_fill - fill memory so that it is known again
 * @p:    the memory
 * @len:  bytes, at most PATTERN_MAX
 * @seed: which pattern
 */
void pattern_fill(void *p, size_t len, unsigned int seed)
{
	memcpy(p, noise + seed % SZ_4K, len);
}

/**
 * pattern_is - is this what pattern_fill() wrote?
 * @p:    the memory
 * @len:  bytes, at most PATTERN_MAX
 * @seed: which pattern
 *
 * Return: true when it is.
 */
bool pattern_is(const void *p, size_t len, unsigned int seed)
{
	return !memcmp(p, noise + seed % SZ_4K, len);
}

/* ---- an allocator that fails ---- */

/*
 * The kernel's own failslab spares allocations that may sleep, and says so in
 * a file that a test cannot write. Its decision is a function that is meant to
 * be overridden, so that is done.
 */
static struct task_struct *victim;
static unsigned int fail_in;

/* kmemleak and debugobjects allocate for themselves, and differently. */
static bool is_for_debugging(gfp_t gfp)
{
	return gfp & __GFP_NOMEMALLOC || !(gfp & __GFP_KSWAPD_RECLAIM);
}

static int decide(struct kprobe *probe, struct pt_regs *regs)
{
	if (is_for_debugging((__force gfp_t)regs_get_kernel_argument(regs, 1)))
		return 0;
	if (current != victim || !in_task() || !fail_in || --fail_in)
		return 0;
	regs_set_return_value(regs, -ENOMEM);
	override_function_with_return(regs);
	return 1;
}

static struct kprobe slab_probe;

/**
 * fail_alloc - fail an allocation of this task
 * @nth: which allocation from now on, from 1
 *
 * Return: true when it is armed; false if this kernel cannot do it.
 */
bool fail_alloc(unsigned int nth)
{
	slab_probe = (struct kprobe) {
		.symbol_name = "should_failslab",
		.pre_handler = decide,
	};
	fail_in = nth;
	victim = current;
	return !register_kprobe(&slab_probe);
}

/**
 * fail_alloc_end - stop failing
 *
 * Return: true when the failure has happened.
 */
bool fail_alloc_end(void)
{
	unregister_kprobe(&slab_probe);
	victim = NULL;
	return !fail_in;
}

/* ---- many CPUs ---- */

struct worker {
	void (*fn)(void *data, unsigned int cpu);
	void *data;
	unsigned int cpu;
	struct completion *start;
	struct completion done;
};

static int work(void *data)
{
	struct worker *w = data;

	wait_for_completion(w->start);
	w->fn(w->data, w->cpu);
	complete(&w->done);
	return 0;
}

static void hire(struct kunit *test, struct worker *w)
{
	struct task_struct *task = kthread_create_on_cpu(work, w, w->cpu,
							 "xadma-test/%u");

	if (IS_ERR(task)) {
		KUNIT_FAIL(test, "no thread on CPU %u", w->cpu);
		complete(&w->done);
	} else {
		wake_up_process(task);
	}
}

/**
 * on_all_cpus - do something on every CPU at the same time
 * @test: the case
 * @fn:   what to do; expectations only, no assertions
 * @data: handed on to @fn
 */
void on_all_cpus(struct kunit *test, void (*fn)(void *data, unsigned int cpu),
		 void *data)
{
	DECLARE_COMPLETION_ONSTACK(start);
	struct worker *workers;
	unsigned int cpu;

	workers = kunit_kcalloc(test, nr_cpu_ids, sizeof(*workers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, workers);
	for_each_online_cpu(cpu) {
		workers[cpu] = (struct worker) {
			.fn = fn, .data = data, .cpu = cpu, .start = &start,
		};
		init_completion(&workers[cpu].done);
		hire(test, &workers[cpu]);
	}
	complete_all(&start);
	for_each_online_cpu(cpu)
		wait_for_completion(&workers[cpu].done);
}

/* ---- a device as its driver sees it ---- */

static void ops_end(void *dev)
{
	set_dma_ops(dev, NULL);
}

/**
 * fake_api_device - a device whose dma_*() calls arrive at an instance
 * @test:  the case
 * @xadma: the instance
 * @kind:  what it is like
 *
 * Return: the device.
 */
struct device *fake_api_device(struct kunit *test, struct xadma *xadma,
			       const struct fake_kind *kind)
{
	struct device *dev = fake_device(test, xadma, kind);

	xadma_ops_install(dev);
	xadma_serve(dev);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, ops_end, dev));
	return dev;
}

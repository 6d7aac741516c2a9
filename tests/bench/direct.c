// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers that a device reaches. The limit is dma-direct on the same buffer, which
 * knows of no foreign pages.
 */
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/slab.h>

#include "bench.h"

#define MOST_ENTRIES	256
#define NEIGHBOURS	32
/* The board's clock: registers that Dom0 has. */
#define MMIO		0x09010000UL

static struct page *buffer;		/* 64 KiB */
static struct scatterlist *list;

static void alongside(const char *name, bench_op op, struct bench_job job, bool irqs_on)
{
	struct bench_job limit = job;
	struct bench_case c = {
		.name = name, .op = op, .job = &job, .limit_op = op, .limit_job = &limit,
		.irqs_on = irqs_on,
	};

	limit.dev = dev_is_dma_coherent(job.dev) ? bench_dev.direct : bench_dev.direct_nc;
	bench_measure(&c);
}

static void one_buffer(const char *name, struct device *dev, size_t len,
		       enum dma_data_direction dir)
{
	alongside(name, bench_op_single, (struct bench_job) {
		.dev = dev, .page = buffer, .len = len, .dir = dir, .way = BENCH_DIRECT,
	}, false);
}

static void one_list(const char *name, unsigned int nr)
{
	sg_init_marker(list, nr);
	alongside(name, bench_op_sg, (struct bench_job) {
		.dev = bench_dev.wide, .sg = list, .nr = nr, .dir = DMA_TO_DEVICE,
		.way = BENCH_DIRECT,
	}, false);
	sg_unmark_end(&list[nr - 1]);
}

static void with_foreign(unsigned int nr)
{
	static const unsigned int entries[] = { 16, 128, 256 };
	char name[32];
	unsigned int i;

	snprintf(name, sizeof(name), "local-4k@%u", nr);
	if (bench_foreign_upto(nr)) {
		bench_error(name, "no room for foreign pages");
		return;
	}
	one_buffer(name, bench_dev.wide, PAGE_SIZE, DMA_TO_DEVICE);
	snprintf(name, sizeof(name), "local-64k@%u", nr);
	one_buffer(name, bench_dev.wide, SZ_64K, DMA_TO_DEVICE);
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		snprintf(name, sizeof(name), "local-sg%u@%u", entries[i], nr);
		one_list(name, entries[i]);
	}
}

static void one_foreign(void)
{
	struct bench_job job = {
		.dev = bench_dev.wide, .page = bench_foreign_page(50000), .len = PAGE_SIZE,
		.dir = DMA_TO_DEVICE, .way = BENCH_FOREIGN,
	};
	struct bench_case c = { .name = "foreign-4k@100000", .op = bench_op_single, .job = &job };

	bench_measure(&c);
}

static void sync_pair(const char *name, struct device *dev)
{
	alongside(name, bench_op_sync, (struct bench_job) {
		.dev = dev, .addr = page_to_phys(buffer), .len = PAGE_SIZE,
		.dir = DMA_FROM_DEVICE,
	}, false);
}

/*
 * How much the page allocator splits and merges depends on all that went before. With
 * blocks of the right size, whose neighbours are taken, it does neither.
 */
static void settle_allocator(struct page **taken, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < NEIGHBOURS; i++)
		taken[i] = alloc_pages(GFP_KERNEL, order);
	for (i = 0; i < NEIGHBOURS; i += 2)
		if (taken[i])
			__free_pages(taken[i], order);
}

static void unsettle_allocator(struct page **taken, unsigned int order)
{
	unsigned int i;

	for (i = 1; i < NEIGHBOURS; i += 2)
		if (taken[i])
			__free_pages(taken[i], order);
}

/* Freeing coherent memory wants interrupts to be on. */
static void coherent(const char *name, size_t len)
{
	struct page *taken[NEIGHBOURS];

	settle_allocator(taken, get_order(len));
	alongside(name, bench_op_coherent, (struct bench_job) {
		.dev = bench_dev.wide, .len = len,
	}, true);
	unsettle_allocator(taken, get_order(len));
}

static void registers(void)
{
	alongside("resource-4k", bench_op_resource, (struct bench_job) {
		.dev = bench_dev.wide, .mmio = MMIO, .len = PAGE_SIZE,
		.dir = DMA_BIDIRECTIONAL,
	}, false);
}

/* Every other page, so that no two are neighbours. */
static int make_list(void)
{
	unsigned int i;
	struct page *page;

	list = kcalloc(MOST_ENTRIES, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	sg_init_table(list, MOST_ENTRIES);
	for (i = 0; i < MOST_ENTRIES; i++) {
		page = alloc_pages(GFP_KERNEL, 1);
		if (!page)
			return -ENOMEM;
		sg_set_page(&list[i], page, PAGE_SIZE, 0);
	}
	sg_unmark_end(&list[MOST_ENTRIES - 1]);
	return 0;
}

static void free_list(void)
{
	unsigned int i;

	for (i = 0; list && i < MOST_ENTRIES; i++)
		if (sg_page(&list[i]))
			__free_pages(sg_page(&list[i]), 1);
	kfree(list);
}

static void all(void)
{
	static const unsigned int foreign[] = { 0, 1, 100, 10000, 100000 };
	unsigned int i;

	one_buffer("local-4k-nc-to", bench_dev.wide_nc, PAGE_SIZE, DMA_TO_DEVICE);
	one_buffer("local-4k-nc-from", bench_dev.wide_nc, PAGE_SIZE, DMA_FROM_DEVICE);
	sync_pair("sync-4k", bench_dev.wide);
	sync_pair("sync-4k-nc", bench_dev.wide_nc);
	coherent("coherent-4k", PAGE_SIZE);
	coherent("coherent-64k", SZ_64K);
	registers();
	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		with_foreign(foreign[i]);
	one_foreign();
	bench_foreign_none();
}

void bench_direct(void)
{
	buffer = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(SZ_64K));
	if (buffer && !make_list())
		all();
	else
		bench_error("local", "no memory");
	free_list();
	if (buffer)
		__free_pages(buffer, get_order(SZ_64K));
}

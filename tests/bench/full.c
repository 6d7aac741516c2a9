// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bounce while others have taken a part of the pool. Many devices fill it, each
 * by as much as the others, until they are given nothing more; what they give back
 * then lies all over it. The meter's batches together go once round the pool, at least.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define POOL	SZ_64M
#define MAPS	(POOL / PAGE_SIZE)
#define ROUNDS	1024

struct taken {
	struct device *dev;
	dma_addr_t addr;
};

static struct taken *taken;
static unsigned int nr_taken;
static struct page *high, *copy;

static bool take(struct device *dev)
{
	dma_addr_t addr = dma_map_page_attrs(dev, high, 0, PAGE_SIZE, DMA_TO_DEVICE,
					     DMA_ATTR_NO_WARN);

	if (dma_mapping_error(dev, addr))
		return false;
	taken[nr_taken++] = (struct taken) { dev, addr };
	return true;
}

static void fill(void)
{
	unsigned int i, refused = 0;

	for (i = 0; nr_taken < MAPS && refused < BENCH_FILLERS; i++)
		refused = take(bench_dev.filler[i % BENCH_FILLERS]) ? 0 : refused + 1;
}

/* The same order in every run and in every kernel. */
static void shuffle(void)
{
	u32 state = 1;
	unsigned int i;

	for (i = nr_taken; i > 1; i--) {
		state = state * 1664525 + 1013904223;
		swap(taken[i - 1], taken[(state >> 8) % i]);
	}
}

static void drain_to(unsigned int left)
{
	struct taken *t;

	while (nr_taken > left) {
		t = &taken[--nr_taken];
		dma_unmap_page(t->dev, t->addr, PAGE_SIZE, DMA_TO_DEVICE);
	}
}

static void measure_at(unsigned int percent)
{
	struct bench_job job = {
		.dev = bench_dev.narrow, .page = high, .len = PAGE_SIZE,
		.dir = DMA_TO_DEVICE, .way = BENCH_BOUNCED,
	};
	struct bench_job memcpy_job = {
		.from = page_address(high), .to = page_address(copy), .len = PAGE_SIZE,
		.times = 1,
	};
	char name[32];
	struct bench_case c = {
		.name = name, .op = bench_op_single, .job = &job, .rounds = ROUNDS,
		.every = true,
		.limit_op = bench_op_copy, .limit_job = &memcpy_job,
	};

	snprintf(name, sizeof(name), "bounce-4096-full%u", percent);
	if (nr_taken < MAPS * percent / 100) {
		bench_error(name, "the pool cannot be filled that far");
		return;
	}
	drain_to(MAPS * percent / 100);
	bench_measure(&c);
}

static void all(void)
{
	static const unsigned int percent[] = { 99, 90, 50, 0 };
	unsigned int i;

	fill();
	bench_figure("pool-maps", "maps", MAPS * 1000, nr_taken * 1000ULL);
	shuffle();
	for (i = 0; i < ARRAY_SIZE(percent); i++)
		measure_at(percent[i]);
	drain_to(0);
}

void bench_full(void)
{
	taken = vcalloc(MAPS, sizeof(*taken));
	high = bench_high_page(0);
	copy = bench_high_page(0);
	if (taken && high && copy)
		all();
	else
		bench_error("bounce-4096-full", "no memory");
	if (high)
		__free_page(high);
	if (copy)
		__free_page(copy);
	vfree(taken);
}

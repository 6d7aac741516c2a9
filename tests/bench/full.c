// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bounce while others have taken a part of the pool. Many devices fill it, each
 * by as much as the others, until they are given nothing more; what they give back
 * then lies all over it. The meter's batches together go once round the pool, at least.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "bench.h"

#define POOL	SZ_64M
#define MAPS	(POOL / PAGE_SIZE)
#define ROUNDS	1024

static struct page *high, *copy;

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
	if (bench_filled() < MAPS * percent / 100) {
		bench_error(name, "the pool cannot be filled that far");
		return;
	}
	bench_fill_drain(MAPS * percent / 100);
	bench_measure(&c);
}

static void all(void)
{
	static const unsigned int percent[] = { 99, 90, 50, 0 };
	unsigned int i;

	bench_fill(BENCH_FILLERS, MAPS);
	bench_figure("pool-maps", "maps", MAPS * 1000, bench_filled() * 1000ULL);
	bench_fill_shuffle(1);
	for (i = 0; i < ARRAY_SIZE(percent); i++)
		measure_at(percent[i]);
	bench_fill_drain(0);
}

void bench_full(void)
{
	int err = bench_fill_init(MAPS);

	high = bench_high_page(0);
	copy = bench_high_page(0);
	if (!err && high && copy)
		all();
	else
		bench_error("bounce-4096-full", "no memory");
	if (high)
		__free_page(high);
	if (copy)
		__free_page(copy);
	if (!err)
		bench_fill_exit();
}

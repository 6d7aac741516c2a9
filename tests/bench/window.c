// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices behind dma-ranges, of which many boards have some: windows that do not
 * begin at 0 and yet shift nothing, and windows that shift all of RAM. The limit is
 * dma-direct on a device of the same bus, or the copy.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "bench.h"

#define ROUNDS	512

static void direct(const char *name, struct device *dev, struct device *limit_dev,
		   struct page *page)
{
	struct bench_job job = {
		.dev = dev, .page = page, .len = PAGE_SIZE, .dir = DMA_TO_DEVICE,
		.way = BENCH_DIRECT,
	};
	struct bench_job limit = job;
	struct bench_case c = {
		.name = name, .op = bench_op_single, .job = &job,
		.limit_op = bench_op_single, .limit_job = &limit,
	};

	limit.dev = limit_dev;
	bench_measure(&c);
}

static void bounce(const char *name, struct page *high, struct page *copy)
{
	struct bench_job job = {
		.dev = bench_dev.shifted_narrow, .page = high, .len = PAGE_SIZE,
		.dir = DMA_TO_DEVICE, .way = BENCH_BOUNCED,
	};
	struct bench_job memcpy_job = {
		.from = page_address(high), .to = page_address(copy), .len = PAGE_SIZE,
		.times = 1,
	};
	struct bench_case c = {
		.name = name, .op = bench_op_single, .job = &job, .rounds = ROUNDS,
		.limit_op = bench_op_copy, .limit_job = &memcpy_job,
	};

	bench_measure(&c);
}

static void all(struct page *page, struct page *copy)
{
	if (bench_windows_init()) {
		bench_error("local-4k-window", "the devices could not be made");
		return;
	}
	direct("local-4k-window", bench_dev.window, bench_dev.window_direct, page);
	direct("local-4k-shifted", bench_dev.shifted, bench_dev.shifted_direct, page);
	bounce("bounce-4096-window-to", page, copy);
}

void bench_window(void)
{
	struct page *page = bench_high_page(0), *copy = bench_high_page(0);

	if (page && copy)
		all(page, copy);
	else
		bench_error("local-4k-window", "no memory");
	if (page)
		__free_page(page);
	if (copy)
		__free_page(copy);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers above 4 GiB of a device that does not reach them. The limit is the copy:
 * one to the device; two from it, since the buffer is copied in lest the device
 * writes less than it was given.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "bench.h"

#define MOST	SZ_4M
#define SLOTS	8192
#define DEEPEST	256

static struct page *high, *copy;

/*
 * What a bounce costs depends on where in the pool it lands, and the next one lands
 * behind it. So a batch goes through a good part of the pool, in slots of 2 KiB.
 */
static unsigned int rounds(size_t len)
{
	return clamp_t(unsigned int, SLOTS / DIV_ROUND_UP(len, SZ_2K), 1, 512);
}

static void bounce(const char *name, size_t len, enum dma_data_direction dir)
{
	struct bench_job job = {
		.dev = bench_dev.narrow, .page = high, .len = len, .dir = dir,
		.way = BENCH_BOUNCED,
	};
	struct bench_job memcpy_job = {
		.from = page_address(high), .to = page_address(copy), .len = len,
		.times = dir == DMA_TO_DEVICE ? 1 : 2,
	};
	struct bench_case c = {
		.name = name, .op = bench_op_single, .job = &job,
		.limit_op = bench_op_copy, .limit_job = &memcpy_job, .rounds = rounds(len),
	};

	if (len > dma_max_mapping_size(bench_dev.narrow))
		bench_error(name, "is more than the device may map");
	else
		bench_measure(&c);
}

/* A driver's queue: many are mapped before the first of them is unmapped. */
static void queue(unsigned int depth)
{
	static dma_addr_t addrs[DEEPEST];
	struct bench_job job = {
		.dev = bench_dev.narrow, .page = high, .len = PAGE_SIZE, .nr = depth,
		.queue = addrs, .dir = DMA_TO_DEVICE, .way = BENCH_BOUNCED,
	};
	struct bench_job memcpy_job = {
		.from = page_address(high), .to = page_address(copy), .len = PAGE_SIZE,
		.times = depth,
	};
	char name[32];
	struct bench_case c = {
		.name = name, .op = bench_op_queue, .job = &job, .limit_op = bench_op_copy,
		.limit_job = &memcpy_job, .rounds = SLOTS / 2 / depth,
	};

	snprintf(name, sizeof(name), "bounce-4096x%u-to", depth);
	bench_measure(&c);
}

static void both_ways(size_t len)
{
	char name[32];

	snprintf(name, sizeof(name), "bounce-%zu-to", len);
	bounce(name, len, DMA_TO_DEVICE);
	snprintf(name, sizeof(name), "bounce-%zu-from", len);
	bounce(name, len, DMA_FROM_DEVICE);
}

static void most_at_once(void)
{
	struct bench_job job = {
		.dev = bench_dev.narrow, .page = high, .dir = DMA_TO_DEVICE,
		.len = min_t(size_t, MOST, dma_max_mapping_size(bench_dev.narrow)),
		.way = BENCH_BOUNCED,
	};
	const char *wrong = bench_went_wrong(&job);

	if (wrong)
		bench_error("bounce-largest", wrong);
	else
		bench_figure("bounce-largest", "bytes", BENCH_NONE, job.len * 1000);
}

static void sync_bounced(void)
{
	struct bench_job job = {
		.dev = bench_dev.narrow, .page = high, .len = PAGE_SIZE,
		.dir = DMA_FROM_DEVICE,
	};
	struct bench_job memcpy_job = {
		.from = page_address(copy), .to = page_address(high), .len = PAGE_SIZE,
		.times = 1,
	};
	struct bench_case c = {
		.name = "sync-4k-bounce", .op = bench_op_sync, .job = &job,
		.limit_op = bench_op_copy, .limit_job = &memcpy_job,
	};

	job.addr = dma_map_page(job.dev, job.page, 0, job.len, job.dir);
	if (dma_mapping_error(job.dev, job.addr)) {
		bench_error(c.name, "was refused");
		return;
	}
	bench_measure(&c);
	dma_unmap_page(job.dev, job.addr, job.len, job.dir);
}

static void all(void)
{
	static const size_t sizes[] = {
		64, 512, SZ_2K, SZ_4K, SZ_8K, SZ_64K, SZ_256K, SZ_1M,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		both_ways(sizes[i]);
	queue(32);
	queue(DEEPEST);
	sync_bounced();
	most_at_once();
}

void bench_bounce(void)
{
	high = bench_high_page(get_order(MOST));
	copy = bench_high_page(get_order(SZ_1M));
	if (high && copy)
		all();
	else
		bench_error("bounce", "no memory above 4 GiB");
	if (high)
		__free_pages(high, get_order(MOST));
	if (copy)
		__free_pages(copy, get_order(SZ_1M));
}

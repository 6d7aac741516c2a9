// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers of Dom0's own between foreign pages. Grants that are mapped at ballooned
 * pages lie in the middle of RAM: the range of all that is foreign then has most of
 * RAM in it. One page below the buffers and one above them are made foreign.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <xen/page.h>

#include "bench.h"

/* Pages of one block: foreign, the buffer, every other one for the list, foreign */
#define ORDER		9
#define BELOW		0
#define BUFFER		16
#define LIST		64
#define MOST_ENTRIES	128
#define ABOVE		((1 << ORDER) - 1)

/* Beyond all of the board's memory */
#define FIRST_MFN	0x1000000UL

static struct page *block;
static struct scatterlist list[MOST_ENTRIES];

/* As gnttab_map_refs() does. */
static int enter(unsigned int n)
{
	if (!__set_phys_to_machine(page_to_pfn(block + n), FIRST_MFN + 2 * n))
		return -ENOMEM;
	SetPageForeign(block + n);
	return 0;
}

static void drop(unsigned int n)
{
	ClearPageForeign(block + n);
	__set_phys_to_machine(page_to_pfn(block + n), INVALID_P2M_ENTRY);
}

static void measure(const char *name, bench_op op, struct bench_job job)
{
	struct bench_job limit;
	struct bench_case c = {
		.name = name, .op = op, .job = &job, .limit_op = op, .limit_job = &limit,
	};

	job.dev = bench_dev.wide;
	job.dir = DMA_TO_DEVICE;
	job.way = BENCH_DIRECT;
	limit = job;
	limit.dev = bench_dev.direct;
	bench_measure(&c);
}

static void one_buffer(const char *name, size_t len)
{
	measure(name, bench_op_single, (struct bench_job) {
		.page = block + BUFFER, .len = len,
	});
}

static void one_list(const char *name, unsigned int nr)
{
	unsigned int i;

	sg_init_table(list, nr);
	for (i = 0; i < nr; i++)
		sg_set_page(&list[i], block + LIST + 2 * i, PAGE_SIZE, 0);
	measure(name, bench_op_sg, (struct bench_job) { .sg = list, .nr = nr });
}

static void all(void)
{
	one_buffer("local-4k@middle", PAGE_SIZE);
	one_buffer("local-64k@middle", SZ_64K);
	one_list("local-sg16@middle", 16);
	one_list("local-sg128@middle", MOST_ENTRIES);
}

void bench_middle(void)
{
	block = alloc_pages(GFP_KERNEL | __GFP_ZERO, ORDER);
	if (!block) {
		bench_error("local-4k@middle", "no memory");
		return;
	}
	if (enter(BELOW) || enter(ABOVE))
		bench_error("local-4k@middle", "no room for foreign pages");
	else
		all();
	drop(ABOVE);
	drop(BELOW);
	__free_pages(block, ORDER);
}

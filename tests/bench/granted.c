// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a guest really granted, so that Xen does all its work if it is asked to
 * maintain their caches, and how often it is asked.
 *
 * The guest has no way to tell its grant references, so they are tried one after
 * the other. It is the first domain that Xen makes.
 */
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <xen/grant_table.h>
#include <xen/interface/grant_table.h>
#include <asm/xen/hypercall.h>

#include "bench.h"

#define GUEST		1
#define FIRST_REF	8
#define LAST_REF	500
#define PATIENCE_MS	60000

static grant_handle_t handles[BENCH_GRANTS];
static unsigned int nr_mapped;
static struct page *pages[BENCH_GRANTS];
static struct scatterlist list[BENCH_GRANTS];

static unsigned long host_addr(struct page *page)
{
	return (unsigned long)pfn_to_kaddr(page_to_xen_pfn(page));
}

static bool map_one(grant_ref_t ref, struct page *page)
{
	struct gnttab_map_grant_ref op;

	gnttab_set_map_op(&op, host_addr(page), GNTMAP_host_map, ref, GUEST);
	if (gnttab_map_refs(&op, NULL, &page, 1) || op.status != GNTST_okay)
		return false;
	handles[nr_mapped++] = op.handle;
	return true;
}

static void map_what_there_is(struct page **pages)
{
	grant_ref_t ref;

	for (ref = FIRST_REF; ref <= LAST_REF && nr_mapped < BENCH_GRANTS; ref++)
		map_one(ref, pages[nr_mapped]);
}

static void unmap_all(struct page **pages)
{
	struct gnttab_unmap_grant_ref op;

	while (nr_mapped) {
		nr_mapped--;
		gnttab_set_unmap_op(&op, host_addr(pages[nr_mapped]), GNTMAP_host_map,
				    handles[nr_mapped]);
		gnttab_unmap_refs(&op, NULL, &pages[nr_mapped], 1);
	}
}

/* The guest boots at the same time; all or nothing. */
int bench_grants_map(struct page **pages)
{
	unsigned int waited;
	int err = gnttab_alloc_pages(BENCH_GRANTS, pages);

	if (err)
		return err;
	for (waited = 0; waited < PATIENCE_MS; waited += 100) {
		map_what_there_is(pages);
		if (nr_mapped == BENCH_GRANTS)
			return 0;
		unmap_all(pages);
		msleep(100);
	}
	gnttab_free_pages(BENCH_GRANTS, pages);
	return -ETIMEDOUT;
}

void bench_grants_unmap(struct page **pages)
{
	unmap_all(pages);
	gnttab_free_pages(BENCH_GRANTS, pages);
}

static u64 calls;

static int count_call(struct kprobe *p, struct pt_regs *regs)
{
	calls++;
	return 0;
}

/* A probe that sees nothing is told from nothing to be seen by a call of our own. */
static u64 calls_of(bench_op op, struct bench_job *job)
{
	calls = 0;
	HYPERVISOR_grant_table_op(GNTTABOP_cache_flush, NULL, 0);
	op(job);
	return calls;
}

/* A pass of its own: a probe is not to be measured. */
static void count_calls(const char *name, bench_op op, struct bench_job *job)
{
	struct kprobe probe = {
		.symbol_name = "HYPERVISOR_grant_table_op",
		.pre_handler = count_call,
	};
	u64 seen;

	if (register_kprobe(&probe)) {
		bench_error(name, "this kernel has no probes");
		return;
	}
	seen = calls_of(op, job);
	unregister_kprobe(&probe);
	if (job->errors)
		bench_error(name, "was refused");
	else if (!seen)
		bench_error(name, "the probe saw nothing");
	else
		bench_figure(name, "hypercalls", BENCH_NONE, (seen - 1) * 1000);
}

static struct bench_job list_of(struct device *dev, enum dma_data_direction dir)
{
	return (struct bench_job) {
		.dev = dev, .dir = dir, .sg = list, .nr = BENCH_GRANTS, .way = BENCH_FOREIGN,
	};
}

static void measure(const char *name, struct device *dev, enum dma_data_direction dir)
{
	struct bench_job job = list_of(dev, dir);
	struct bench_case c = { .name = name, .op = bench_op_sg, .job = &job };

	bench_measure(&c);
}

static void count(const char *name, enum dma_data_direction dir)
{
	struct bench_job job = list_of(bench_dev.wide_nc, dir);

	count_calls(name, bench_op_sg, &job);
}

void bench_granted(void)
{
	unsigned int i;

	if (bench_grants_map(pages)) {
		bench_error("foreign-sg128", "the guest granted nothing");
		return;
	}
	sg_init_table(list, BENCH_GRANTS);
	for (i = 0; i < BENCH_GRANTS; i++)
		sg_set_page(&list[i], pages[i], PAGE_SIZE, 0);
	measure("foreign-sg128", bench_dev.wide, DMA_TO_DEVICE);
	measure("foreign-sg128-nc-to", bench_dev.wide_nc, DMA_TO_DEVICE);
	measure("foreign-sg128-nc-from", bench_dev.wide_nc, DMA_FROM_DEVICE);
	count("calls-sg128-nc-to", DMA_TO_DEVICE);
	count("calls-sg128-nc-from", DMA_FROM_DEVICE);
	bench_grants_unmap(pages);
}

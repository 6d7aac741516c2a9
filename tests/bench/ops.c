// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations that are measured: what a driver does, its look at the result
 * included.
 */
#include <linux/dma-direct.h>
#include <linux/gfp.h>
#include <linux/string.h>
#include <linux/sizes.h>
#include <xen/page.h>

#include "bench.h"

void bench_op_single(struct bench_job *job)
{
	dma_addr_t addr = dma_map_page(job->dev, job->page, 0, job->len, job->dir);

	if (dma_mapping_error(job->dev, addr))
		job->errors++;
	else
		dma_unmap_page(job->dev, addr, job->len, job->dir);
}

void bench_op_sg(struct bench_job *job)
{
	if (!dma_map_sg(job->dev, job->sg, job->nr, job->dir))
		job->errors++;
	else
		dma_unmap_sg(job->dev, job->sg, job->nr, job->dir);
}

/* First in, first out. The buffer may well be the same. */
void bench_op_queue(struct bench_job *job)
{
	unsigned int mapped, i;

	for (mapped = 0; mapped < job->nr; mapped++) {
		job->queue[mapped] = dma_map_page(job->dev, job->page, 0, job->len, job->dir);
		if (dma_mapping_error(job->dev, job->queue[mapped])) {
			job->errors++;
			break;
		}
	}
	for (i = 0; i < mapped; i++)
		dma_unmap_page(job->dev, job->queue[i], job->len, job->dir);
}

void bench_op_sync(struct bench_job *job)
{
	dma_sync_single_for_cpu(job->dev, job->addr, job->len, job->dir);
	dma_sync_single_for_device(job->dev, job->addr, job->len, job->dir);
}

void bench_op_coherent(struct bench_job *job)
{
	dma_addr_t addr;
	void *cpu = dma_alloc_coherent(job->dev, job->len, &addr, GFP_ATOMIC);

	if (!cpu)
		job->errors++;
	else
		dma_free_coherent(job->dev, job->len, cpu, addr);
}

void bench_op_resource(struct bench_job *job)
{
	dma_addr_t addr = dma_map_resource(job->dev, job->mmio, job->len, job->dir, 0);

	if (dma_mapping_error(job->dev, addr))
		job->errors++;
	else
		dma_unmap_resource(job->dev, addr, job->len, job->dir, 0);
}

void bench_op_copy(struct bench_job *job)
{
	unsigned int i;

	for (i = 0; i < job->times; i++)
		memcpy(job->to, job->from, job->len);
}

/* The page has been mapped at that address: is that where the job says? */
bool bench_went(const struct bench_job *job, struct page *page, dma_addr_t addr)
{
	dma_addr_t own = phys_to_dma(job->dev, page_to_phys(page));

	switch (job->way) {
	case BENCH_DIRECT:
		return addr == own;
	case BENCH_BOUNCED:
		return addr != own && addr < SZ_4G;
	case BENCH_FOREIGN:
		return addr == (dma_addr_t)__pfn_to_mfn(page_to_pfn(page)) << XEN_PAGE_SHIFT;
	default:
		return true;
	}
}

static const char *single_went_wrong(const struct bench_job *job)
{
	dma_addr_t addr = dma_map_page(job->dev, job->page, 0, job->len, job->dir);

	if (dma_mapping_error(job->dev, addr))
		return "was refused";
	dma_unmap_page(job->dev, addr, job->len, job->dir);
	return bench_went(job, job->page, addr) ? NULL : "went another way";
}

static const char *sg_went_wrong(const struct bench_job *job)
{
	struct scatterlist *sg;
	const char *wrong = NULL;
	unsigned int i;

	if (dma_map_sg(job->dev, job->sg, job->nr, job->dir) != job->nr)
		return "was refused";
	for_each_sg(job->sg, sg, job->nr, i)
		if (!bench_went(job, sg_page(sg), sg_dma_address(sg)))
			wrong = "went another way";
	dma_unmap_sg(job->dev, job->sg, job->nr, job->dir);
	return wrong;
}

/* A list or a buffer is mapped once to see where it goes. */
const char *bench_went_wrong(const struct bench_job *job)
{
	if (job->way == BENCH_ANY)
		return NULL;
	return job->sg ? sg_went_wrong(job) : single_went_wrong(job);
}

/* Above 4 GiB. The page allocator begins there. */
struct page *bench_high_page(unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);

	if (page && page_to_phys(page) < SZ_4G) {
		__free_pages(page, order);
		return NULL;
	}
	return page;
}

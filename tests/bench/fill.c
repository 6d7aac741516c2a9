// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pool that others have taken a part of. They map buffers of a page, and what they
 * give back lies all over the pool, in the same places in every run and in every kernel.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

#include "bench.h"

struct taken {
	struct device *dev;
	dma_addr_t addr;
};

static struct taken *taken;
static unsigned int nr_taken, most_taken;
static struct page *high;

/* How many pages are taken at most, over all */
int bench_fill_init(unsigned int most)
{
	taken = vcalloc(most, sizeof(*taken));
	high = bench_high_page(0);
	if (!taken || !high) {
		bench_fill_exit();
		return -ENOMEM;
	}
	most_taken = most;
	return 0;
}

void bench_fill_exit(void)
{
	if (high)
		__free_page(high);
	vfree(taken);
	taken = NULL;
	high = NULL;
}

unsigned int bench_filled(void)
{
	return nr_taken;
}

static bool take(struct device *dev)
{
	dma_addr_t addr = dma_map_page_attrs(dev, high, 0, PAGE_SIZE, DMA_TO_DEVICE,
					     DMA_ATTR_NO_WARN);

	if (dma_mapping_error(dev, addr))
		return false;
	taken[nr_taken++] = (struct taken) { dev, addr };
	return true;
}

/**
 * bench_fill - let so many devices take pages by turns
 * @devices: how many, at most BENCH_FILLERS
 * @most:    pages that are taken then, unless all of them were refused before
 */
void bench_fill(unsigned int devices, unsigned int most)
{
	unsigned int i, refused = 0;

	for (i = 0; nr_taken < min(most, most_taken) && refused < devices; i++)
		refused = take(bench_dev.filler[i % devices]) ? 0 : refused + 1;
}

static void swap_groups(struct taken *a, struct taken *b, unsigned int group)
{
	while (group--)
		swap(a[group], b[group]);
}

/* Groups of neighbours stay together. The same order in every run. */
void bench_fill_shuffle(unsigned int group)
{
	u32 state = 1;
	unsigned int i;

	for (i = nr_taken / group; i > 1; i--) {
		state = state * 1664525 + 1013904223;
		swap_groups(&taken[(i - 1) * group], &taken[(state >> 8) % i * group],
			    group);
	}
}

static int compare(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* By address: the order in which they were taken depends on what was before. */
void bench_fill_sort(void)
{
	sort(taken, nr_taken, sizeof(*taken), compare, NULL);
}

/* The last of the order come first. */
void bench_fill_drain(unsigned int left)
{
	struct taken *t;

	while (nr_taken > left) {
		t = &taken[--nr_taken];
		dma_unmap_page(t->dev, t->addr, PAGE_SIZE, DMA_TO_DEVICE);
	}
}

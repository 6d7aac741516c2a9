// SPDX-License-Identifier: GPL-2.0-only
/*
 * Foreign pages that nobody granted: frames without memory, entered into the P2M
 * one at a time as mapped grants are. Their machine frames are beyond all of the
 * board's memory, and no two are neighbours.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "bench.h"

#define MOST		100000
#define CHUNK		1000
#define FIRST_MFN	0x1000000UL

static struct page **pages;
static unsigned int nr_pages, nr_entered;

static int alloc_upto(unsigned int nr)
{
	unsigned int want;
	int err;

	if (!pages)
		pages = vcalloc(MOST, sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	while (nr_pages < nr) {
		want = min(nr - nr_pages, CHUNK);
		err = xen_alloc_unpopulated_pages(want, pages + nr_pages);
		if (err)
			return err;
		nr_pages += want;
	}
	return 0;
}

/* From no more than @nr on to @nr of them. */
int bench_foreign_upto(unsigned int nr)
{
	int err = alloc_upto(nr);

	if (err)
		return err;
	for (; nr_entered < nr; nr_entered++)
		if (!__set_phys_to_machine(page_to_pfn(pages[nr_entered]),
					   FIRST_MFN + 2 * nr_entered))
			return -ENOMEM;
	return 0;
}

struct page *bench_foreign_page(unsigned int n)
{
	return pages[n];
}

void bench_foreign_none(void)
{
	while (nr_entered)
		__set_phys_to_machine(page_to_pfn(pages[--nr_entered]), INVALID_P2M_ENTRY);
	if (nr_pages)
		xen_free_unpopulated_pages(nr_pages, pages);
	vfree(pages);
	pages = NULL;
	nr_pages = 0;
}

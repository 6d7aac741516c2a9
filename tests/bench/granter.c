// SPDX-License-Identifier: GPL-2.0-only
/*
 * In the guest: pages granted to Dom0. No two are neighbours. They stay granted
 * until the machine goes off.
 */
#include <linux/gfp.h>
#include <xen/grant_table.h>
#include <xen/page.h>

#include "bench.h"

#define DOM0	0

static int grant_one(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);
	int ref;

	if (!page)
		return -ENOMEM;
	ref = gnttab_grant_foreign_access(DOM0, xen_page_to_gfn(page), 0);
	return min(ref, 0);
}

int bench_grant(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < BENCH_GRANTS && !err; i++)
		err = grant_one();
	return err;
}

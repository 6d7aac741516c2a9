// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages with known contents, and where they are in the machine as far as this
 * kernel knows. The host reads the machine's memory and compares: it has not
 * asked Xen, so this is another's word.
 */
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/seq_file.h>

#include "../instance.h"
#include "../mfn-map.h"
#include "../setup.h"
#include "../resolve.h"

#define PAGES	1500

static struct page *pages[PAGES];

/* Whose contents are whose cannot be guessed from the frame alone. */
static u64 pattern_of(unsigned int nth)
{
	return hash_64(nth + 1, 64) ^ page_to_pfn(pages[nth]);
}

static bool fill(unsigned int nth)
{
	u64 *word;

	if (!pages[nth])
		pages[nth] = alloc_page(GFP_KERNEL);
	if (!pages[nth])
		return false;
	word = page_address(pages[nth]);
	*word = pattern_of(nth);
	return true;
}

static int frames_show(struct seq_file *m, void *unused)
{
	struct xadma_mfn_map *frames = xadma_instance()->mfn_map;
	unsigned int i;

	for (i = 0; i < PAGES && fill(i); i++) {
		unsigned long pfn = page_to_pfn(pages[i]);

		if (frames && xadma_mfn_map_mfn(frames, pfn) == XADMA_NO_MFN)
			xadma_mfn_map_want(frames, (struct xadma_frames){ pfn, pfn });
		seq_printf(m, "%lx %lx %016llx\n", pfn,
			   frames ? xadma_mfn_map_mfn(frames, pfn) : pfn,
			   pattern_of(i));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(frames);

static int __init frames_test_init(void)
{
	if (xadma_instance())
		debugfs_create_file("swiotlb-arm-frames", 0400, NULL, NULL,
				    &frames_fops);
	return 0;
}
late_initcall(frames_test_init);

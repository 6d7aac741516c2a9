// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>

#include <xen/page.h>

#include "kinds.h"

/* Two pages that are neighbours for us, and whatever for the machine. */
struct page *two_pages(struct kunit *test, struct fake_hv *fake,
		       enum owner owner)
{
	struct page *page = test_pages(test, 1);
	unsigned long first = FAKE_FOREIGN_MFN, second = first + PAGE_SIZE / XEN_PAGE_SIZE;

	if (owner == OURS)
		return page;
	if (owner == APART)
		second += 5;
	fake_hv_grant(fake, FAKE_FOREIGN_MFN, 8);
	if (owner != MIXED)
		make_foreign(test, page, first);
	make_foreign(test, page + 1, second);
	return page;
}

/* The fake was called for this as its call number @nr, from 0. */
void log_is(struct kunit *test, struct fake_hv *fake, unsigned int nr,
	    enum fake_verb verb, phys_addr_t addr, size_t size)
{
	KUNIT_ASSERT_GT(test, fake->calls, nr);
	KUNIT_EXPECT_EQ(test, fake->log[nr].verb, verb);
	KUNIT_EXPECT_EQ(test, fake->log[nr].addr, addr);
	KUNIT_EXPECT_EQ(test, fake->log[nr].size, size);
}

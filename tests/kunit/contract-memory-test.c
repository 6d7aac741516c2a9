// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is expected of a hypervisor below a domain that is not mapped 1:1, stated
 * once: of the fake wherever this runs, and of the real Xen in such a domain.
 */
#include <kunit/test.h>

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>

#include <xen/page.h>
#include <xen/xen.h>

#include "../resolve.h"
#include "compat.h"
#include "fake-hv.h"
#include "fake-memory.h"

#define ORDER	4	/* NR pages */
#define NR	16
#define LOW	32

/**
 * struct subject - whom the statements are about
 * @hv:    it
 * @t:     asks it
 * @page:  the first of NR pages of ours; kept when one of them is a hole
 * @pfns:  their frames
 * @mfns:  where they are
 * @lost:  one of them is a hole and stays one
 */
struct subject {
	const struct xadma_hv *hv;
	struct xadma_resolver *t;
	struct page *page;
	unsigned long pfns[NR];
	unsigned long mfns[NR];
	bool lost;
};

static void list_frames(struct subject *s)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		s->pfns[i] = page_to_pfn(s->page) + i;
}

static unsigned int find_out(struct subject *s)
{
	list_frames(s);
	return xadma_resolve(s->t, s->pfns, s->mfns, NR);
}

static void give_away(struct kunit *test, struct subject *s)
{
	list_frames(s);
	KUNIT_EXPECT_EQ(test, s->hv->decrease(s->pfns, NR), (int)NR);
}

/* Single frames from anywhere are what every Xen gives as long as it has any. */
static void get_back(struct kunit *test, struct subject *s)
{
	list_frames(s);
	s->lost = s->hv->populate(s->pfns, NR, 0, 0) != NR;
	KUNIT_EXPECT_FALSE(test, s->lost);
}

/* All are somewhere, in memory that there is, and no two in one place. */
static void are_places(struct kunit *test, struct subject *s)
{
	unsigned int i, j;

	KUNIT_EXPECT_EQ(test, find_out(s), NR);
	for (i = 0; i < NR; i++) {
		KUNIT_EXPECT_NE(test, s->mfns[i], XADMA_NO_MFN);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, s->mfns[i], s->mfns[j]);
	}
}

static bool are_neighbours(const struct subject *s, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (s->mfns[i] != s->mfns[0] + i)
			return false;
	return true;
}

/* The statements. */

static void domain_is_not_mapped_1_to_1(struct kunit *test, struct subject *s)
{
	KUNIT_EXPECT_EQ(test, s->hv->domain(), XADMA_DOMAIN_TRANSLATED);
}

static void own_id_is_a_stable_value(struct kunit *test, struct subject *s)
{
	int id = s->hv->domid();
	unsigned int i;

	KUNIT_EXPECT_GE(test, id, 0);
	KUNIT_EXPECT_LT(test, id, DOMID_FIRST_RESERVED);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, s->hv->domid(), id);
}

static void hardware_domain_alone_is_told_of_the_iommu(struct kunit *test, struct subject *s)
{
	expect_iommu_is_told(test, s->hv);
}

static void answers_can_be_trusted(struct kunit *test, struct subject *s)
{
	const char *why = "";

	KUNIT_EXPECT_EQ_MSG(test, xadma_resolver_check(s->t, &why), 0, "%s",
			    why);
}

static void frames_stay_where_they_are(struct kunit *test, struct subject *s)
{
	unsigned long before[NR];

	are_places(test, s);
	memcpy(before, s->mfns, sizeof(before));
	are_places(test, s);
	KUNIT_EXPECT_EQ(test, memcmp(before, s->mfns, sizeof(before)), 0);
}

static void frames_lie_in_the_machine(struct kunit *test, struct subject *s)
{
	unsigned long last = s->hv->last_byte() >> XEN_PAGE_SHIFT;
	unsigned int i;

	find_out(s);
	for (i = 0; i < NR; i++)
		KUNIT_EXPECT_LE(test, s->mfns[i], last);
}

static void holes_are_nowhere(struct kunit *test, struct subject *s)
{
	unsigned int i;

	give_away(test, s);
	KUNIT_EXPECT_EQ(test, find_out(s), 0);
	for (i = 0; i < NR; i++)
		KUNIT_EXPECT_EQ(test, s->mfns[i], XADMA_NO_MFN);
	get_back(test, s);
	are_places(test, s);
}

static void what_comes_back_is_memory(struct kunit *test, struct subject *s)
{
	u8 *at = page_address(s->page);

	give_away(test, s);
	get_back(test, s);
	if (s->lost)
		return;
	memset(at, 0x5a, NR * PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, memchr_inv(at, 0x5a, NR * PAGE_SIZE));
}

/* Xen may refuse; what it may not is grant and not do. */
static void extent_is_one_piece(struct kunit *test, struct subject *s)
{
	give_away(test, s);
	if (s->hv->populate(s->pfns, 1, ORDER, 0) != 1) {
		get_back(test, s);
		return;
	}
	are_places(test, s);
	KUNIT_EXPECT_TRUE(test, are_neighbours(s, NR));
	KUNIT_EXPECT_EQ(test, s->mfns[0] % NR, 0);
}

static void low_is_low(struct kunit *test, struct subject *s)
{
	unsigned int i;

	give_away(test, s);
	if (s->hv->populate(s->pfns, 1, ORDER, LOW) != 1) {
		get_back(test, s);
		return;
	}
	are_places(test, s);
	for (i = 0; i < NR; i++)
		KUNIT_EXPECT_EQ(test, s->mfns[i] >> (LOW - XEN_PAGE_SHIFT), 0);
}

static void exchange_tells_how_far_it_came(struct kunit *test,
					   struct subject *s)
{
	unsigned long before[NR];
	unsigned int nr;

	are_places(test, s);
	memcpy(before, s->mfns, sizeof(before));
	nr = s->hv->exchange(s->pfns, ORDER, 0);
	KUNIT_ASSERT_LE(test, nr, NR);
	are_places(test, s);
	KUNIT_EXPECT_TRUE(test, are_neighbours(s, nr));
	KUNIT_EXPECT_EQ(test, memcmp(before + nr, s->mfns + nr,
				     (NR - nr) * sizeof(*before)), 0);
}

struct statement {
	const char *name;
	void (*hold)(struct kunit *test, struct subject *s);
};

#define STATEMENT(_hold)	{ .name = #_hold, .hold = _hold }

static const struct statement statements[] = {
	STATEMENT(domain_is_not_mapped_1_to_1),
	STATEMENT(own_id_is_a_stable_value),
	STATEMENT(hardware_domain_alone_is_told_of_the_iommu),
	STATEMENT(answers_can_be_trusted),
	STATEMENT(frames_stay_where_they_are),
	STATEMENT(frames_lie_in_the_machine),
	STATEMENT(holes_are_nowhere),
	STATEMENT(what_comes_back_is_memory),
	STATEMENT(extent_is_one_piece),
	STATEMENT(low_is_low),
	STATEMENT(exchange_tells_how_far_it_came),
};

KUNIT_ARRAY_PARAM_DESC(statement, statements, name);

static void subject_end(void *data)
{
	struct subject *s = data;

	if (!s->lost)
		__free_pages(s->page, ORDER);
	xadma_resolver_destroy(s->t);
}

static void holds_for(struct kunit *test, const struct xadma_hv *hv)
{
	const struct statement *statement = test->param_value;
	struct subject *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->hv = hv;
	s->t = xadma_resolver_create(hv);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s->t);
	s->page = alloc_pages(GFP_KERNEL, ORDER);
	if (!s->page)
		xadma_resolver_destroy(s->t);
	KUNIT_ASSERT_NOT_NULL(test, s->page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, subject_end, s));
	statement->hold(test, s);
}

static struct fake_memory *fake_xen(struct kunit *test)
{
	struct fake_hv *fake = fake_hv_start(test);

	fake->domain = XADMA_DOMAIN_TRANSLATED;
	fake->last_byte = (FAKE_MFN_HIGH << XEN_PAGE_SHIFT) * 2 - 1;
	return fake_memory_start(test);
}

static void holds_for_the_fake(struct kunit *test)
{
	fake_xen(test);
	holds_for(test, &xadma_hv_fake);
}

static void holds_for_a_coloured_fake(struct kunit *test)
{
	struct fake_memory *memory = fake_xen(test);

	memory->colours = 8;
	memory->of = 16;
	memory->max_order = 0;
	holds_for(test, &xadma_hv_fake);
}

static void holds_for_an_exchanging_fake(struct kunit *test)
{
	fake_xen(test)->exchanges = true;
	holds_for(test, &xadma_hv_fake);
}

static void holds_for_xen(struct kunit *test)
{
	if (!xen_domain())
		kunit_skip(test, "there is no Xen below");
	if (xadma_hv_xen.domain() != XADMA_DOMAIN_TRANSLATED)
		kunit_skip(test, "this domain is mapped 1:1");
	holds_for(test, &xadma_hv_xen);
}

static struct kunit_case contract_memory_cases[] = {
	KUNIT_CASE_PARAM(holds_for_the_fake, statement_gen_params),
	KUNIT_CASE_PARAM(holds_for_a_coloured_fake, statement_gen_params),
	KUNIT_CASE_PARAM(holds_for_an_exchanging_fake, statement_gen_params),
	KUNIT_CASE_PARAM(holds_for_xen, statement_gen_params),
	{}
};

static struct kunit_suite contract_memory_suite = {
	.name = "swiotlb-arm-contract-memory",
	.test_cases = contract_memory_cases,
};

kunit_test_suite(contract_memory_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * contract: what the driver relies on when it asks through the seam.
 *
 * Each statement is put to the fake, and, where this kernel runs on Xen, to
 * the real one. That the same holds for both is why the other suites may trust
 * the fake.
 */
#include <kunit/test.h>

#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/string.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>
#include <xen/swiotlb-arm-hv.h>
#include <xen/xen.h>

#include "../cache.h"
#include "helpers.h"

static const struct party {
	const char *name;
	const struct swarm_hv *hv;
	bool real;
} parties[] = {
	{ "fake", &swarm_hv_fake, false },
	{ "Xen", &swarm_hv_xen, true },
};

static void party_name(const struct party *party, char *desc)
{
	strscpy(desc, party->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(party, parties, party_name);

static const struct swarm_hv *asked(struct kunit *test)
{
	const struct party *party = test->param_value;

	if (party->real && !xen_domain())
		kunit_skip(test, "this kernel does not run on Xen");
	if (!party->real)
		fake_hv_start(test)->misuse_ok = true;
	return party->hv;
}

static struct gnttab_cache_flush flush_of(phys_addr_t maddr, u32 op)
{
	return (struct gnttab_cache_flush) {
		.a.dev_bus_addr = maddr & XEN_PAGE_MASK,
		.length = XEN_PAGE_SIZE,
		.op = op,
	};
}

/* A frame that is RAM for nobody. */
static phys_addr_t no_ram(const struct swarm_hv *hv)
{
	return ALIGN(hv->last_byte() + 1, XEN_PAGE_SIZE) + SZ_1G;
}

/* ---- the statements ---- */

static void domain_is_known(struct kunit *test)
{
	const struct swarm_hv *hv = asked(test);

	/* The kernels that this runs in are 1:1, and stay so. */
	KUNIT_EXPECT_EQ(test, hv->domain(), SWARM_DOMAIN_IDENTITY);
	KUNIT_EXPECT_EQ(test, hv->domain(), SWARM_DOMAIN_IDENTITY);
}

static void last_byte_is_last(struct kunit *test)
{
	const struct swarm_hv *hv = asked(test);

	KUNIT_EXPECT_GE(test, hv->last_byte(), memblock_end_of_DRAM() - 1);
	KUNIT_EXPECT_EQ(test, hv->last_byte(), hv->last_byte());
	KUNIT_EXPECT_EQ(test, (hv->last_byte() + 1) % XEN_PAGE_SIZE, 0);
}

static void empty_flush_succeeds(struct kunit *test)
{
	const struct swarm_hv *hv = asked(test);
	struct gnttab_cache_flush nothing = {};
	struct gnttab_cache_flush no_bytes = flush_of(no_ram(hv),
						      GNTTAB_CACHE_CLEAN);

	KUNIT_EXPECT_EQ(test, hv->flush(&nothing, 1), 0);
	no_bytes.length = 0;
	KUNIT_EXPECT_EQ(test, hv->flush(&no_bytes, 1), 0);
}

static void own_frame_is_cleaned(struct kunit *test)
{
	const struct swarm_hv *hv = asked(test);
	struct page *page = test_pages(test, 0);
	struct gnttab_cache_flush op = flush_of(page_to_phys(page),
						GNTTAB_CACHE_CLEAN);

	pattern_fill(page_address(page), PAGE_SIZE, 4);
	KUNIT_EXPECT_EQ(test, hv->flush(&op, 1), 0);
	op.offset = 100;
	op.length = 3996;
	KUNIT_EXPECT_EQ(test, hv->flush(&op, 1), 0);
	KUNIT_EXPECT_TRUE(test, pattern_is(page_address(page), PAGE_SIZE, 4));
}

static void frames_are_not_left(struct kunit *test)
{
	const struct swarm_hv *hv = asked(test);
	struct gnttab_cache_flush op =
		flush_of(page_to_phys(test_pages(test, 1)), GNTTAB_CACHE_CLEAN);

	op.offset = 1;
	KUNIT_EXPECT_EQ(test, hv->flush(&op, 1), -EINVAL);
	op.offset = XEN_PAGE_SIZE - 1;
	op.length = 2;
	KUNIT_EXPECT_EQ(test, hv->flush(&op, 1), -EINVAL);
	op.offset = 0;
	op.length = XEN_PAGE_SIZE + 1;
	KUNIT_EXPECT_EQ(test, hv->flush(&op, 1), -EINVAL);
}

static void operations_are_known(struct kunit *test)
{
	const struct swarm_hv *hv = asked(test);
	phys_addr_t phys = page_to_phys(test_pages(test, 0));
	unsigned int bit;

	for (bit = 2; bit < 31; bit++) {
		struct gnttab_cache_flush op = flush_of(phys, BIT(bit));

		KUNIT_EXPECT_EQ_MSG(test, hv->flush(&op, 1), -EINVAL,
				    "bit %u", bit);
	}
}

static void no_ram_is_refused(struct kunit *test)
{
	const struct swarm_hv *hv = asked(test);
	struct gnttab_cache_flush op = flush_of(no_ram(hv), GNTTAB_CACHE_CLEAN);

	KUNIT_EXPECT_EQ(test, hv->flush(&op, 1), -EINVAL);
}

static void batch_is_whole(struct kunit *test)
{
	const struct swarm_hv *hv = asked(test);
	struct gnttab_cache_flush ops[SWARM_FLUSH_BATCH];
	phys_addr_t phys = page_to_phys(test_pages(test,
					order_base_2(SWARM_FLUSH_BATCH)));
	unsigned int i;

	for (i = 0; i < SWARM_FLUSH_BATCH; i++)
		ops[i] = flush_of(phys + i * XEN_PAGE_SIZE, GNTTAB_CACHE_CLEAN);
	KUNIT_EXPECT_EQ(test, hv->flush(ops, SWARM_FLUSH_BATCH), 0);
}

/* Wherever the bad range stands, the call tells of it. */
static void batch_tells_of_any(struct kunit *test)
{
	const struct swarm_hv *hv = asked(test);
	struct gnttab_cache_flush ops[SWARM_FLUSH_BATCH];
	phys_addr_t phys = page_to_phys(test_pages(test, 0));
	unsigned int i, bad;

	for (bad = 0; bad < SWARM_FLUSH_BATCH; bad++) {
		for (i = 0; i < SWARM_FLUSH_BATCH; i++)
			ops[i] = flush_of(i == bad ? no_ram(hv) : phys,
					  GNTTAB_CACHE_CLEAN);
		KUNIT_EXPECT_EQ_MSG(test, hv->flush(ops, SWARM_FLUSH_BATCH),
				    -EINVAL, "range %u", bad);
	}
}

/* Maintenance never changes what the CPU reads, where nobody else wrote. */
static void maintenance_keeps_data(struct kunit *test)
{
	const struct swarm_hv *hv = asked(test);
	struct page *page = test_pages(test, 1);
	u8 *buf = page_address(page);
	phys_addr_t phys = page_to_phys(page);

	pattern_fill(buf, 2 * PAGE_SIZE, 9);
	hv->clean(phys + 3, 5000, DMA_FROM_DEVICE);
	hv->inval(phys + 3, 5000, DMA_FROM_DEVICE);
	hv->clean(phys, 2 * PAGE_SIZE, DMA_BIDIRECTIONAL);
	hv->inval(phys, 2 * PAGE_SIZE, DMA_BIDIRECTIONAL);
	hv->inval(phys, 2 * PAGE_SIZE, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, pattern_is(buf, 2 * PAGE_SIZE, 9));
}

#define STATEMENT(fn) KUNIT_CASE_PARAM(fn, party_gen_params)

static struct kunit_case contract_cases[] = {
	STATEMENT(domain_is_known),
	STATEMENT(last_byte_is_last),
	STATEMENT(empty_flush_succeeds),
	STATEMENT(own_frame_is_cleaned),
	STATEMENT(frames_are_not_left),
	STATEMENT(operations_are_known),
	STATEMENT(no_ram_is_refused),
	STATEMENT(batch_is_whole),
	STATEMENT(batch_tells_of_any),
	STATEMENT(maintenance_keeps_data),
	{}
};

static struct kunit_suite contract_suite = {
	.name = "swiotlb-arm-contract",
	.test_cases = contract_cases,
};

kunit_test_suite(contract_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is expected of a hypervisor, stated once: of the fake wherever this
 * runs, and of the real Xen where there is one. That both pass is what makes
 * the other suites, which only ever see the fake, worth something.
 */
#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/string.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "../cache.h"
#include "compat.h"
#include "fake-hv.h"

#define BATCH	XADMA_FLUSH_BATCH
#define BYTES	(BATCH * XEN_PAGE_SIZE)

#define CLEAN_INVAL	(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL)

/**
 * struct subject - whom the statements are about
 * @hv:   it
 * @mem:  memory of ours, BYTES long, of whole frames
 * @phys: where it is, for the CPU and for the machine
 */
struct subject {
	const struct xadma_hv *hv;
	u8 *mem;
	phys_addr_t phys;
};

static struct gnttab_cache_flush range(phys_addr_t maddr, u16 offset,
				       u16 length, u32 op)
{
	return (struct gnttab_cache_flush){
		.a.dev_bus_addr = maddr,
		.offset = offset,
		.length = length,
		.op = op,
	};
}

static int flush_one(const struct subject *s, struct gnttab_cache_flush op)
{
	return s->hv->flush(&op, 1);
}

static void fill_batch(const struct subject *s,
		       struct gnttab_cache_flush *ops, u32 op)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		ops[i] = range(s->phys + i * XEN_PAGE_SIZE, 0, XEN_PAGE_SIZE,
			       op);
}

static u8 pattern(size_t i)
{
	return i * 7 + (i >> 8);
}

static void fill(const struct subject *s)
{
	size_t i;

	for (i = 0; i < BYTES; i++)
		s->mem[i] = pattern(i);
}

static bool intact(const struct subject *s)
{
	size_t i;

	for (i = 0; i < BYTES; i++)
		if (s->mem[i] != pattern(i))
			return false;
	return true;
}

/* The statements. */

static void domain_is_a_stable_value(struct kunit *test, struct subject *s)
{
	enum xadma_domain domain = s->hv->domain();
	unsigned int i;

	KUNIT_EXPECT_GE(test, (int)domain, XADMA_DOMAIN_NATIVE);
	KUNIT_EXPECT_LE(test, (int)domain, XADMA_DOMAIN_TRANSLATED);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, s->hv->domain(), domain);
}

static void hardware_domain_is_identity(struct kunit *test, struct subject *s)
{
	KUNIT_EXPECT_EQ(test, s->hv->domain(), XADMA_DOMAIN_IDENTITY);
}

static void hardware_domain_alone_is_told_of_the_iommu(struct kunit *test, struct subject *s)
{
	expect_iommu_is_told(test, s->hv);
}

static void last_byte_is_behind_our_ram(struct kunit *test, struct subject *s)
{
	phys_addr_t last = s->hv->last_byte();

	KUNIT_EXPECT_GE(test, last, memblock_end_of_DRAM() - 1);
	KUNIT_EXPECT_EQ(test, (last + 1) % XEN_PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, s->hv->last_byte(), last);
}

static void nothing_is_flushed_gladly(struct kunit *test, struct subject *s)
{
	struct gnttab_cache_flush nothing = {};

	KUNIT_EXPECT_EQ(test, s->hv->flush(&nothing, 1), 0);
	KUNIT_EXPECT_EQ(test, flush_one(s, range(s->phys, 0, 0,
						 GNTTAB_CACHE_CLEAN)), 0);
	KUNIT_EXPECT_EQ(test, flush_one(s, range(s->phys, 4095, 0,
						 GNTTAB_CACHE_CLEAN)), 0);
	KUNIT_EXPECT_EQ(test, flush_one(s, range(s->phys, 0, 4096, 0)), 0);
}

/* Xen looks at the shape first, and then not at the frame at all. */
static void nothing_may_be_anywhere(struct kunit *test, struct subject *s)
{
	KUNIT_EXPECT_EQ(test, flush_one(s, range(BIT_ULL(39), 0, 0,
						 GNTTAB_CACHE_CLEAN)), 0);
	KUNIT_EXPECT_EQ(test, flush_one(s, range(BIT_ULL(39), 0, 4096, 0)), 0);
}

static void own_frame_is_cleaned(struct kunit *test, struct subject *s)
{
	fill(s);
	KUNIT_EXPECT_EQ(test, flush_one(s, range(s->phys, 0, XEN_PAGE_SIZE,
						 GNTTAB_CACHE_CLEAN)), 0);
	KUNIT_EXPECT_EQ(test, flush_one(s, range(s->phys, 4095, 1,
						 GNTTAB_CACHE_CLEAN)), 0);
	KUNIT_EXPECT_EQ(test, flush_one(s, range(s->phys, 100, 3000,
						 GNTTAB_CACHE_CLEAN)), 0);
	KUNIT_EXPECT_TRUE(test, intact(s));
}

static void own_frame_is_cleaned_and_dropped(struct kunit *test,
					     struct subject *s)
{
	fill(s);
	KUNIT_EXPECT_EQ(test, flush_one(s, range(s->phys, 0, XEN_PAGE_SIZE,
						 CLEAN_INVAL)), 0);
	KUNIT_EXPECT_EQ(test, flush_one(s, range(s->phys, 100, 3000,
						 CLEAN_INVAL)), 0);
	KUNIT_EXPECT_TRUE(test, intact(s));
}

static void range_stays_in_its_frame(struct kunit *test, struct subject *s)
{
	static const struct { u16 offset, length; } bad[] = {
		{ 0, 4097 }, { 1, 4096 }, { 4095, 2 }, { 4096, 0 },
		{ 4096, 1 }, { 0, 8192 }, { 0, U16_MAX }, { U16_MAX, 0 },
		{ U16_MAX, 1 }, { U16_MAX, U16_MAX },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    flush_one(s, range(s->phys, bad[i].offset,
						       bad[i].length,
						       GNTTAB_CACHE_CLEAN)),
				    -EINVAL, "%u, %u", bad[i].offset,
				    bad[i].length);
}

static void operation_is_known(struct kunit *test, struct subject *s)
{
	unsigned int bit;

	for (bit = 2; bit < 32; bit++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    flush_one(s, range(s->phys, 0, 64,
						       BIT(bit))),
				    -EINVAL, "bit %u", bit);
		KUNIT_EXPECT_EQ_MSG(test,
				    flush_one(s, range(s->phys, 0, 64,
						       BIT(bit) |
						       GNTTAB_CACHE_CLEAN)),
				    -EINVAL, "bit %u and clean", bit);
	}
}

static void what_is_no_ram_is_refused(struct kunit *test, struct subject *s)
{
	phys_addr_t last = s->hv->last_byte(), maddr;

	KUNIT_EXPECT_EQ(test, flush_one(s, range(last + 1, 0, 64,
						 GNTTAB_CACHE_CLEAN)),
			-EINVAL);
	for (maddr = BIT_ULL(40) / 2; maddr > last; maddr /= 2)
		KUNIT_EXPECT_EQ_MSG(test,
				    flush_one(s, range(maddr, 0, 64,
						       GNTTAB_CACHE_CLEAN)),
				    -EINVAL, "%pa", &maddr);
	KUNIT_EXPECT_EQ(test, flush_one(s, range(BIT_ULL(40) - XEN_PAGE_SIZE,
						 0, XEN_PAGE_SIZE,
						 CLEAN_INVAL)), -EINVAL);
}

static void batch_is_taken(struct kunit *test, struct subject *s)
{
	struct gnttab_cache_flush ops[BATCH];

	fill(s);
	fill_batch(s, ops, GNTTAB_CACHE_CLEAN);
	KUNIT_EXPECT_EQ(test, s->hv->flush(ops, BATCH), 0);
	fill_batch(s, ops, CLEAN_INVAL);
	KUNIT_EXPECT_EQ(test, s->hv->flush(ops, BATCH), 0);
	KUNIT_EXPECT_TRUE(test, intact(s));
}

static void bad_range_spoils_its_batch(struct kunit *test, struct subject *s)
{
	struct gnttab_cache_flush ops[BATCH];
	unsigned int k;

	fill(s);
	for (k = 0; k < BATCH; k++) {
		fill_batch(s, ops, GNTTAB_CACHE_CLEAN);
		ops[k].offset = 1;
		KUNIT_EXPECT_EQ_MSG(test, s->hv->flush(ops, BATCH), -EINVAL,
				    "range %u leaves its frame", k);
		fill_batch(s, ops, GNTTAB_CACHE_CLEAN);
		ops[k].a.dev_bus_addr = BIT_ULL(39);
		KUNIT_EXPECT_EQ_MSG(test, s->hv->flush(ops, BATCH), -EINVAL,
				    "range %u is no RAM", k);
	}
	KUNIT_EXPECT_TRUE(test, intact(s));
}

static void empty_range_spoils_nothing(struct kunit *test, struct subject *s)
{
	struct gnttab_cache_flush ops[BATCH];

	fill_batch(s, ops, GNTTAB_CACHE_CLEAN);
	ops[0].length = 0;
	ops[BATCH / 2].op = 0;
	ops[BATCH - 1].length = 0;
	KUNIT_EXPECT_EQ(test, s->hv->flush(ops, BATCH), 0);
}

/* What was written back survives being dropped; neighbours survive anyway. */
static void own_lines_keep_their_bytes(struct kunit *test, struct subject *s)
{
	static const enum dma_data_direction dirs[] = {
		DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		fill(s);
		s->hv->clean(s->mem, BYTES, dirs[i]);
		KUNIT_EXPECT_TRUE(test, intact(s));
		s->hv->inval(s->mem, BYTES, dirs[i]);
		KUNIT_EXPECT_TRUE(test, intact(s));
		s->hv->clean(s->mem + 100, 1000, dirs[i]);
		s->hv->inval(s->mem + 100, 1000, dirs[i]);
		KUNIT_EXPECT_TRUE(test, intact(s));
	}
}

static void to_device_drops_nothing(struct kunit *test, struct subject *s)
{
	fill(s);
	s->hv->inval(s->mem, BYTES, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, intact(s));
}

struct statement {
	const char *name;
	void (*hold)(struct kunit *test, struct subject *s);
};

#define STATEMENT(_hold)	{ .name = #_hold, .hold = _hold }

static const struct statement statements[] = {
	STATEMENT(domain_is_a_stable_value),
	STATEMENT(hardware_domain_is_identity),
	STATEMENT(hardware_domain_alone_is_told_of_the_iommu),
	STATEMENT(last_byte_is_behind_our_ram),
	STATEMENT(nothing_is_flushed_gladly),
	STATEMENT(nothing_may_be_anywhere),
	STATEMENT(own_frame_is_cleaned),
	STATEMENT(own_frame_is_cleaned_and_dropped),
	STATEMENT(range_stays_in_its_frame),
	STATEMENT(operation_is_known),
	STATEMENT(what_is_no_ram_is_refused),
	STATEMENT(batch_is_taken),
	STATEMENT(bad_range_spoils_its_batch),
	STATEMENT(empty_range_spoils_nothing),
	STATEMENT(own_lines_keep_their_bytes),
	STATEMENT(to_device_drops_nothing),
};

KUNIT_ARRAY_PARAM_DESC(statement, statements, name);

static void holds_for(struct kunit *test, const struct xadma_hv *hv)
{
	const struct statement *statement = test->param_value;
	struct subject s = { .hv = hv };

	s.mem = kunit_kzalloc(test, BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s.mem);
	s.phys = virt_to_phys(s.mem);
	KUNIT_ASSERT_EQ(test, xen_offset_in_page(s.phys), 0);
	statement->hold(test, &s);
}

static void holds_for_the_fake(struct kunit *test)
{
	struct fake_hv *fake = fake_hv_start(test);

	fake->misuse_ok = true;
	holds_for(test, &xadma_hv_fake);
}

/* Only a domain that is mapped 1:1 can name its own frames without asking. */
static void holds_for_xen(struct kunit *test)
{
	if (!xen_domain())
		kunit_skip(test, "there is no Xen below");
	if (xadma_hv_xen.domain() != XADMA_DOMAIN_IDENTITY)
		kunit_skip(test, "this domain is not mapped 1:1");
	holds_for(test, &xadma_hv_xen);
}

static void bare_machine_is_native(struct kunit *test)
{
	if (xen_domain())
		kunit_skip(test, "there is a Xen below");
	KUNIT_EXPECT_EQ(test, xadma_hv_xen.domain(), XADMA_DOMAIN_NATIVE);
}

/*
 * The fake is strict. Misuse is done in the name of another case, which it has
 * to fail; its complaints in the log are wanted.
 */

static void leave_frame(struct subject *s)
{
	flush_one(s, range(s->phys, 4095, 2, GNTTAB_CACHE_CLEAN));
}

static void ask_for_unknown(struct subject *s)
{
	flush_one(s, range(s->phys, 0, 64, BIT(5)));
}

static void ask_for_too_many(struct subject *s)
{
	static struct gnttab_cache_flush nothing[BATCH + 1];

	s->hv->flush(nothing, BATCH + 1);
}

static void drop_own_by_xen(struct subject *s)
{
	flush_one(s, range(s->phys, 0, 64, GNTTAB_CACHE_INVAL));
}

static void clean_nothing(struct subject *s)
{
	s->hv->clean(s->mem, 0, DMA_TO_DEVICE);
}

static void drop_nothing(struct subject *s)
{
	s->hv->inval(s->mem, 0, DMA_FROM_DEVICE);
}

static void clean_without_direction(struct subject *s)
{
	s->hv->clean(s->mem, 64, DMA_NONE);
}

static void drop_without_direction(struct subject *s)
{
	s->hv->inval(s->mem, 64, 17);
}

static void clean_foreign(struct subject *s)
{
	s->hv->clean(phys_to_virt(memblock_end_of_DRAM()), 64, DMA_TO_DEVICE);
}

static void drop_over_the_end(struct subject *s)
{
	s->hv->inval(phys_to_virt(memblock_end_of_DRAM() - 64), 65,
		     DMA_FROM_DEVICE);
}

static void fill_log(struct subject *s)
{
	unsigned int i;

	for (i = 0; i <= FAKE_LOG_MAX; i++)
		s->hv->clean(s->mem, 64, DMA_TO_DEVICE);
}

static void use_properly(struct subject *s)
{
	struct gnttab_cache_flush ops[BATCH];

	fill_batch(s, ops, GNTTAB_CACHE_CLEAN);
	s->hv->flush(ops, BATCH);
	flush_one(s, range(memblock_end_of_DRAM(), 0, 64, GNTTAB_CACHE_INVAL));
	s->hv->clean(s->mem, BYTES, DMA_TO_DEVICE);
	s->hv->inval(s->mem, 1, DMA_BIDIRECTIONAL);
}

struct misuse {
	const char *name;
	void (*commit)(struct subject *s);
	bool fine;
};

#define MISUSE(_commit)	{ .name = #_commit, .commit = _commit }

static const struct misuse misuses[] = {
	MISUSE(leave_frame),
	MISUSE(ask_for_unknown),
	MISUSE(ask_for_too_many),
	MISUSE(drop_own_by_xen),
	MISUSE(clean_nothing),
	MISUSE(drop_nothing),
	MISUSE(clean_without_direction),
	MISUSE(drop_without_direction),
	MISUSE(clean_foreign),
	MISUSE(drop_over_the_end),
	MISUSE(fill_log),
	{ .name = "use_properly", .commit = use_properly, .fine = true },
};

KUNIT_ARRAY_PARAM_DESC(misuse, misuses, name);

static void fake_tells_misuse(struct kunit *test)
{
	const struct misuse *misuse = test->param_value;
	struct subject s = { .hv = &xadma_hv_fake };
	struct fake_hv *fake = fake_hv_start(test);
	struct kunit *victim;

	s.mem = kunit_kzalloc(test, BYTES, GFP_KERNEL);
	victim = kunit_kzalloc(test, sizeof(*victim), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s.mem);
	KUNIT_ASSERT_NOT_NULL(test, victim);
	s.phys = virt_to_phys(s.mem);
	victim->name = "on purpose";
	fake->test = victim;
	misuse->commit(&s);
	fake->test = test;
	KUNIT_EXPECT_EQ(test, victim->status == KUNIT_SUCCESS, misuse->fine);
}

/* After a case has ended, a straggler of it meets nobody. */
static void no_fake_answers_nothing(struct kunit *test)
{
	struct gnttab_cache_flush nothing = {};

	KUNIT_EXPECT_EQ(test, xadma_hv_fake.flush(&nothing, 1), -ENOSYS);
	KUNIT_EXPECT_EQ(test, xadma_hv_fake.domain(), XADMA_DOMAIN_NATIVE);
	KUNIT_EXPECT_EQ(test, xadma_hv_fake.last_byte(), 0);
	xadma_hv_fake.clean(NULL, 0, DMA_NONE);
	xadma_hv_fake.inval(NULL, 0, DMA_NONE);
}

static struct kunit_case contract_cases[] = {
	KUNIT_CASE_PARAM(holds_for_the_fake, statement_gen_params),
	KUNIT_CASE_PARAM(holds_for_xen, statement_gen_params),
	KUNIT_CASE(bare_machine_is_native),
	KUNIT_CASE_PARAM(fake_tells_misuse, misuse_gen_params),
	KUNIT_CASE(no_fake_answers_nothing),
	{}
};

static struct kunit_suite contract_suite = {
	.name = "swiotlb-arm-contract",
	.test_cases = contract_cases,
};

kunit_test_suite(contract_suite);

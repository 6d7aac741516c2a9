// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random windows and random buffers against a reference.
 *
 * The reference is a walk along the device's dma_range_map, from one end of a window
 * to the next, and knows of no other way to find an address.
 */
#include <kunit/test.h>

#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <xen/page.h>

#include "helpers.h"

#define ALL	DMA_BIT_MASK(64)

/* ---- the reference ---- */

static u64 shift_of(const struct bus_dma_region *m)
{
	return m->dma_start - m->cpu_start;
}

/* The window that the kernel's translation takes, and how far it is in charge. */
static const struct bus_dma_region *
window_at(const struct bus_dma_region *map, phys_addr_t maddr, u64 *bytes)
{
	const struct bus_dma_region *m, *at = NULL;

	for (m = map; m->size && !at; m++)
		if (maddr >= m->cpu_start && maddr - m->cpu_start < m->size)
			at = m;
	if (!at)
		return NULL;
	*bytes = at->cpu_start + at->size - maddr;
	for (m = map; m < at; m++)
		if (m->cpu_start > maddr)
			*bytes = min_t(u64, *bytes, m->cpu_start - maddr);
	return at;
}

/* Does the kernel's translation of each byte make one range of it, within @limit? */
static bool is_one_range(const struct bus_dma_region *map, u64 limit,
			 phys_addr_t maddr, size_t size, dma_addr_t *dma)
{
	const struct bus_dma_region *m;
	u64 shift = 0, bytes, at;

	for (at = 0; at < size; at += bytes) {
		m = window_at(map, maddr + at, &bytes);
		if (!m || (at && shift_of(m) != shift))
			return false;
		shift = shift_of(m);
	}
	*dma = maddr + shift;
	return *dma + size - 1 <= limit;
}

/* Does each of the device's addresses lead to the byte that it should? */
static bool leads_to(const struct bus_dma_region *map, u64 limit, dma_addr_t dma,
		     phys_addr_t maddr, size_t size)
{
	const struct bus_dma_region *m;

	if (dma + size - 1 < dma || dma + size - 1 > limit)
		return false;
	while (size) {
		u64 bytes;

		for (m = map; m->size; m++)
			if (shift_of(m) == dma - maddr && dma >= m->dma_start &&
			    dma - m->dma_start < m->size)
				break;
		if (!m->size)
			return false;
		bytes = min_t(u64, size, m->dma_start + m->size - dma);
		dma += bytes;
		maddr += bytes;
		size -= bytes;
	}
	return true;
}

/* ---- random windows, random buffers ---- */

#define RANDOM_DEVICES	300
#define RANDOM_BUFFERS	24
#define RANDOM_WINDOWS	6
#define RANDOM_PAGES	8

static void set_no_frame(void *pfn)
{
	__set_phys_to_machine((unsigned long)pfn, INVALID_P2M_ENTRY);
}

/* The first Xen frame of @page is at @maddr from now on. */
static void put_at(struct kunit *test, struct page *page, phys_addr_t maddr)
{
	unsigned long pfn = XEN_PFN_DOWN(page_to_phys(page));

	KUNIT_ASSERT_TRUE(test, __set_phys_to_machine(pfn, XEN_PFN_DOWN(maddr)));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, set_no_frame, (void *)pfn));
}

struct dice {
	struct kunit *test;
	struct rnd_state rnd;
	struct fake_world *world;
	struct device *dev;
	struct bus_dma_region map[RANDOM_WINDOWS + 1];
	u64 limit;
	struct page *own;
	struct page *foreign;
	phys_addr_t foreign_at;
	unsigned int direct, bounced, refused;
};

static unsigned int roll(struct dice *d, unsigned int sides)
{
	return prandom_u32_state(&d->rnd) % sides;
}

/* Places where a window that begins or ends there makes a difference. */
static phys_addr_t random_edge(struct dice *d)
{
	const phys_addr_t near[] = {
		0, FAKE_MACHINE, FAKE_MACHINE + SZ_1M, SZ_1G, SZ_4G, SZ_8G,
		page_to_phys(d->own), page_to_phys(d->own) + RANDOM_PAGES * PAGE_SIZE,
		d->foreign_at, d->foreign_at + PAGE_SIZE,
	};
	s64 at = near[roll(d, ARRAY_SIZE(near))];

	if (roll(d, 2))
		at += ((s64)roll(d, 9) - 4) * (s64)SZ_2K;
	return max_t(s64, at, 0);
}

static bool on_the_bus(const struct bus_dma_region *map, unsigned int nr,
		       u64 first, u64 size, u64 shift)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (shift != shift_of(&map[i]) &&
		    first < map[i].dma_start + map[i].size &&
		    map[i].dma_start < first + size)
			return true;
	return false;
}

/* No two windows have one address on the bus for two places in the machine. */
static u64 random_shift(struct dice *d, unsigned int nr, phys_addr_t first, u64 size)
{
	const u64 some[] = {
		0, 0, SZ_2K, SZ_64K, SZ_1G, SZ_4G, -(u64)first,
		nr ? shift_of(&d->map[nr - 1]) : 0,
		nr ? d->map[nr - 1].dma_start + d->map[nr - 1].size - first : 0,
	};
	u64 shift = some[roll(d, ARRAY_SIZE(some))];

	if (first + shift + size < first + shift ||
	    on_the_bus(d->map, nr, first + shift, size, shift))
		return (u64)SZ_16T * (nr + 1);
	return shift;
}

static void over_the_pool(struct dice *d, unsigned int nth)
{
	phys_addr_t first = FAKE_MACHINE - roll(d, 2) * SZ_64M;
	u64 size = SZ_1M + SZ_64M + roll(d, 2) * SZ_64M;

	d->map[nth].cpu_start = first;
	d->map[nth].dma_start = first + random_shift(d, nth, first, size);
	d->map[nth].size = size;
}

static void random_windows(struct dice *d)
{
	unsigned int nr = 1 + roll(d, RANDOM_WINDOWS), i;
	const struct bus_dma_region *m;
	phys_addr_t first, last;
	u64 size;

	memset(d->map, 0, sizeof(d->map));
	for (i = 0; i < nr; i++) {
		/* Half of them begin where the one before ends. */
		first = i && roll(d, 2) ? d->map[i - 1].cpu_start + d->map[i - 1].size :
					  random_edge(d);
		last = random_edge(d);
		size = last > first ? last - first : (u64)SZ_4K << roll(d, 20);
		d->map[i].cpu_start = first;
		d->map[i].dma_start = first + random_shift(d, i, first, size);
		d->map[i].size = size;
	}
	if (nr > 1 && roll(d, 2))
		over_the_pool(d, nr - 1);
	m = &d->map[roll(d, nr)];
	d->limit = roll(d, 3) ? ALL : m->dma_start + m->size - 1 -
				      (roll(d, 2) ? 0 : roll(d, SZ_64K));
}

/* The whole pool is one piece, and nothing else can be had. */
static bool pool_is_driven(struct dice *d)
{
	dma_addr_t dma;

	return is_one_range(d->map, d->limit, FAKE_MACHINE, SZ_1M, &dma);
}

static void check_bounce(struct dice *d, u8 *buf, size_t size, dma_addr_t dma)
{
	struct xadma_bounce in;
	bool found = find_in_pool(&d->world->xadma.pool, dma_to_phys(d->dev, dma), &in);

	d->bounced++;
	KUNIT_EXPECT_TRUE(d->test, found);
	if (!found)
		return;
	KUNIT_EXPECT_TRUE(d->test, leads_to(d->map, d->limit, dma, in.maddr, size));
	KUNIT_EXPECT_EQ(d->test, 0, memcmp(in.vaddr, buf, size));
	memset(in.vaddr, d->bounced, size);
}

static void random_buffer(struct dice *d)
{
	bool foreign = !roll(d, 3);
	size_t room = foreign ? XEN_PAGE_SIZE : RANDOM_PAGES * PAGE_SIZE;
	size_t at = roll(d, room), size = 1 + roll(d, room - at);
	u8 *buf = page_address(foreign ? d->foreign : d->own) + at;
	phys_addr_t maddr = foreign ? d->foreign_at + at : virt_to_phys(buf);
	dma_addr_t right = 0, dma;
	bool whole = is_one_range(d->map, d->limit, maddr, size, &right);

	dma = dma_map_page_attrs(d->dev, virt_to_page(buf), offset_in_page(buf), size,
				 DMA_BIDIRECTIONAL, DMA_ATTR_NO_WARN);
	if (dma_mapping_error(d->dev, dma)) {
		d->refused++;
		KUNIT_EXPECT_FALSE(d->test, whole);
		KUNIT_EXPECT_FALSE(d->test, pool_is_driven(d));
		return;
	}
	if (whole)
		KUNIT_EXPECT_EQ(d->test, dma, right);
	/* Where windows overlap, another one may do what the first one does not. */
	if (whole || leads_to(d->map, d->limit, dma, maddr, size))
		d->direct++;
	else
		check_bounce(d, buf, size, dma);
	dma_unmap_page(d->dev, dma, size, DMA_BIDIRECTIONAL);
	if (!whole && d->bounced && fake_count(d->dev, XADMA_N_MISUSE))
		KUNIT_FAIL(d->test, "an unmap went astray");
}

static void tell_windows(struct dice *d)
{
	const struct bus_dma_region *m;

	for (m = d->map; m->size; m++)
		kunit_info(d->test, "window %pa -> %pad, %llu bytes", &m->cpu_start,
			   &m->dma_start, m->size);
	kunit_info(d->test, "limit %#llx", d->limit);
}

static void random_device(struct dice *d)
{
	unsigned int i;

	random_windows(d);
	test_set_dma_ranges(d->test, d->dev, d->map);
	d->dev->bus_dma_limit = d->limit == ALL ? 0 : d->limit;
	xadma_dev_configure(d->dev);
	for (i = 0; i < RANDOM_BUFFERS; i++)
		random_buffer(d);
	if (d->test->status == KUNIT_FAILURE)
		tell_windows(d);
}

static void random_windows_agree_with_a_walk(struct kunit *test)
{
	static const struct fake_kind kind = { .name = "random", .coherent = true };
	struct dice *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->test = test;
	prandom_seed_state(&d->rnd, 14);
	d->world = fake_world(test, SZ_1M);
	d->world->provider->next = 1ULL << 50;
	d->dev = fake_api_device(test, &d->world->xadma, &kind);
	d->own = test_pages(test, get_order(RANDOM_PAGES * PAGE_SIZE));
	d->foreign = test_pages(test, 0);
	d->foreign_at = SZ_8G + SZ_512M;
	put_at(test, d->foreign, d->foreign_at);
	for (i = 0; i < RANDOM_DEVICES && test->status != KUNIT_FAILURE; i++)
		random_device(d);
	KUNIT_EXPECT_GT(test, d->direct, 500);
	KUNIT_EXPECT_GT(test, d->bounced, 500);
	KUNIT_EXPECT_GT(test, d->refused, 500);
	KUNIT_EXPECT_EQ(test, fake_slots_used(&d->world->xadma), 0);
	KUNIT_EXPECT_EQ(test, fake_count(d->dev, XADMA_N_MISUSE), 0);
}

static struct kunit_case windows_random_cases[] = {
	KUNIT_CASE(random_windows_agree_with_a_walk),
	{}
};

static struct kunit_suite windows_random_suite = {
	.name = "swiotlb-arm-windows-random",
	.test_cases = windows_random_cases,
};

kunit_test_suite(windows_random_suite);

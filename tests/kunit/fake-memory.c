// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kasan.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>

#include "../resolve.h"
#include "fake-memory.h"

#define HOLE	(~0UL)

static DEFINE_MUTEX(lock);
static struct fake_memory *running;	/* @lock; what it points to as well */

static void misuse(const char *what, unsigned long at)
{
	kunit_set_failure(running->test);
	pr_err("    # %s: Xen's memory was abused: %s at %lx\n",
	       running->test->name, what, at);
}

/* Counts a hypercall; says how many of @nr entries are to be done. */
static unsigned int begin(unsigned int nr)
{
	running->calls++;
	if (!running->fail_at || --running->fail_at)
		return nr;
	return running->failure == FAIL_HALF ? nr / 2 : 0;
}

/* ---- where frames are ---- */

static unsigned long first_pfn(void)
{
	return PHYS_PFN(memblock_start_of_DRAM());
}

/* Neighbouring colours are neighbours, but not in our order. */
static unsigned long by_formula(unsigned long pfn)
{
	unsigned long i = pfn - first_pfn();
	unsigned int colour = i % running->colours;

	if (running->colours == 1 && running->of == 1)
		return FAKE_MFN_FORMULA + (i ^ 1);
	return FAKE_MFN_FORMULA + i / running->colours * running->of +
	       (colour ^ (running->colours > 1));
}

static unsigned long mfn_of(unsigned long pfn)
{
	void *moved = xa_load(&running->moved, pfn);

	if (!moved)
		return by_formula(pfn);
	return xa_to_value(moved) ? xa_to_value(moved) : HOLE;
}

static void move(unsigned long pfn, unsigned long mfn)
{
	xa_store(&running->moved, pfn, xa_mk_value(mfn == HOLE ? 0 : mfn),
		 GFP_KERNEL | __GFP_NOFAIL);
}

unsigned long fake_mfn(unsigned long pfn)
{
	unsigned long mfn;

	mutex_lock(&lock);
	mfn = mfn_of(pfn);
	mutex_unlock(&lock);
	return mfn;
}

/* Not taken under the lock: the flush hypercall may come in any context. */
bool fake_mfn_is_ours(unsigned long mfn)
{
	return running && (mfn >= FAKE_MFN_FORMULA ||
			   (mfn >= FAKE_MFN_LOW && mfn < running->next_low));
}

/* ---- grants ---- */

int fake_domid(void)
{
	return !running || running->no_id ? -ENOSYS : FAKE_OWN_ID;
}

int fake_unpopulated_get(struct page **pages, unsigned int nr)
{
	unsigned int i;

	if (running->no_scratch)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		pages[i] = alloc_page(GFP_KERNEL | __GFP_NOFAIL | __GFP_ZERO);
	running->scratch += nr;
	return 0;
}

void fake_unpopulated_put(struct page **pages, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		__free_page(pages[i]);
	running->scratch -= nr;
}

int fake_grant(int id, unsigned long pfn)
{
	unsigned int i;
	int ret = -ENOSPC;

	mutex_lock(&lock);
	if (id != FAKE_OWN_ID)
		misuse("a grant to somebody else", id);
	for (i = 0; i < running->refs_max && ret < 0; i++) {
		if (running->ref[i].used)
			continue;
		running->ref[i] = (struct fake_ref){ .pfn = pfn, .used = true };
		ret = i;
	}
	mutex_unlock(&lock);
	return ret;
}

int fake_ungrant(int ref)
{
	int ret = -EBUSY;

	mutex_lock(&lock);
	if (!running->ref[ref].used)
		misuse("a grant ended twice", ref);
	if (!running->ref[ref].mapped) {
		running->ref[ref].used = false;
		ret = 0;
	}
	mutex_unlock(&lock);
	return ret;
}

/* All memory is learnt, pages that are free included; Xen does not mind, KASAN does. */
static void show(void *at, const void *page)
{
	kasan_disable_current();
	memcpy(at, page, PAGE_SIZE);
	kasan_enable_current();
}

static void map_one(struct gnttab_map_grant_ref *op)
{
	struct fake_ref *ref = &running->ref[op->ref];
	struct page *at = pfn_to_page(PHYS_PFN(op->host_addr));

	if (op->dom != FAKE_OWN_ID || !ref->used || ref->mapped ||
	    op->flags != (GNTMAP_host_map | GNTMAP_readonly)) {
		misuse("a wrong map", op->ref);
		return;
	}
	if (mfn_of(ref->pfn) == HOLE) {
		op->status = GNTST_bad_page;
		return;
	}
	if (!running->shows_nothing)
		show(page_address(at), pfn_to_kaddr(ref->pfn));
	ref->mapped = true;
	op->handle = op->ref;
	op->dev_bus_addr = running->hides ? 0 :
			   (u64)mfn_of(ref->pfn) << PAGE_SHIFT;
	op->status = GNTST_okay;
}

int fake_map(struct gnttab_map_grant_ref *ops, unsigned int nr)
{
	unsigned int i, n;

	mutex_lock(&lock);
	if (!nr || nr > XADMA_RESOLVE_BATCH)
		misuse("a batch of the wrong size", nr);
	n = begin(nr);
	for (i = 0; i < n; i++)
		map_one(&ops[i]);
	mutex_unlock(&lock);
	return n < nr ? -EFAULT : 0;
}

static void unmap_one(struct gnttab_unmap_grant_ref *op)
{
	struct fake_ref *ref = &running->ref[op->handle];

	if (running->holds_on)
		return;
	if (!ref->mapped)
		misuse("nothing to unmap", op->handle);
	ref->mapped = false;
	op->status = GNTST_okay;
}

int fake_unmap(struct gnttab_unmap_grant_ref *ops, unsigned int nr)
{
	unsigned int i, n;

	mutex_lock(&lock);
	n = begin(nr);
	for (i = 0; i < n; i++)
		unmap_one(&ops[i]);
	mutex_unlock(&lock);
	return n < nr ? -EFAULT : 0;
}

/* ---- memory ---- */

int fake_decrease(unsigned long *pfns, unsigned int nr)
{
	unsigned int i, n;

	mutex_lock(&lock);
	n = begin(nr);
	for (i = 0; i < n; i++) {
		if (mfn_of(pfns[i]) == HOLE)
			misuse("a hole is given back", pfns[i]);
		move(pfns[i], HOLE);
	}
	running->holes += n;
	mutex_unlock(&lock);
	return n ?: -EFAULT;
}

static unsigned long allocate(unsigned int order, unsigned int bits)
{
	unsigned long *next = bits ? &running->next_low : &running->next_high;
	unsigned long mfn = ALIGN(*next, 1UL << order);

	if (bits && (bits < 30 ||
		     mfn + (1UL << order) > FAKE_MFN_LOW + running->low))
		return HOLE;
	/* Two extents are never neighbours. */
	*next = mfn + (2UL << order);
	return mfn;
}

static bool fill(unsigned long pfn, unsigned int order, unsigned int bits)
{
	unsigned long mfn = allocate(order, bits), i;

	if (mfn == HOLE)
		return false;
	for (i = 0; i < 1UL << order; i++) {
		if (mfn_of(pfn + i) != HOLE)
			misuse("memory where there is some", pfn + i);
		move(pfn + i, mfn + i);
	}
	running->holes -= 1U << order;
	return true;
}

int fake_populate(unsigned long *pfns, unsigned int nr, unsigned int order,
		  unsigned int bits)
{
	unsigned int i, n;

	mutex_lock(&lock);
	n = running->keeps || order > running->max_order ? 0 : begin(nr);
	for (i = 0; i < n && fill(pfns[i], order, bits); i++)
		pfns[i] = mfn_of(pfns[i]);
	mutex_unlock(&lock);
	return i;
}

unsigned int fake_exchange(unsigned long *pfns, unsigned int order,
			   unsigned int bits)
{
	unsigned int nr = 1U << order, i;
	unsigned long mfn = HOLE;

	mutex_lock(&lock);
	if (running->exchanges)
		nr = begin(nr);
	if (running->exchanges && nr)
		mfn = allocate(order, bits);
	if (mfn == HOLE)
		nr = 0;
	for (i = 0; i < nr; i++)
		move(pfns[i], mfn + i);
	mutex_unlock(&lock);
	return nr;
}

/* ---- beginning and end ---- */

static void memory_stop(void *data)
{
	struct fake_memory *m = data;
	unsigned int i, used = 0;

	for (i = 0; i < FAKE_REFS_MAX; i++)
		used += m->ref[i].used;
	KUNIT_EXPECT_EQ_MSG(m->test, used, m->stays, "grants were left");
	KUNIT_EXPECT_EQ_MSG(m->test, m->scratch, m->stays,
			    "scratch frames were left");
	KUNIT_EXPECT_EQ_MSG(m->test, m->holes, m->holes_stay,
			    "holes were left");
	mutex_lock(&lock);
	running = NULL;
	mutex_unlock(&lock);
	xa_destroy(&m->moved);
}

struct fake_memory *fake_memory_start(struct kunit *test)
{
	struct fake_memory *m;

	/* Who has larger ones is told so before anything else: see setup.c. */
	if (PAGE_SIZE != XEN_PAGE_SIZE)
		kunit_skip(test, "such a domain has pages of 4 KiB");
	m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->colours = 1;
	m->of = 1;
	m->max_order = 9;
	m->low = SZ_1G >> PAGE_SHIFT;
	m->refs_max = FAKE_REFS_MAX;
	m->next_low = FAKE_MFN_LOW;
	m->next_high = FAKE_MFN_HIGH;
	xa_init(&m->moved);
	mutex_lock(&lock);
	running = m;
	mutex_unlock(&lock);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, memory_stop, m));
	return m;
}

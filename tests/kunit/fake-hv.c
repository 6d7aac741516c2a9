// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-direction.h>
#include <linux/memblock.h>
#include <linux/spinlock.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>

#include "../cache.h"
#include "fake-hv.h"

#define KNOWN_OPS	(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL | \
			 GNTTAB_CACHE_SOURCE_GREF)

static struct fake_hv *fake;
static DEFINE_RAW_SPINLOCK(lock);	/* guards the log and what counts down */

/* Fails the case without unwinding it: the driver may hold locks. */
#define misuse(...) do {						\
	if (!fake->misuse_ok)						\
		KUNIT_FAIL(fake->test, __VA_ARGS__);			\
} while (0)

static void note(struct fake_call call)
{
	lockdep_assert_held(&lock);

	if (fake->calls < FAKE_LOG_MAX)
		fake->log[fake->calls++] = call;
	else
		misuse("the log is full");
}

/* ---- the hypervisor ---- */

static enum swarm_domain fake_domain(void)
{
	return fake ? fake->domain : SWARM_DOMAIN_NATIVE;
}

static phys_addr_t fake_last_byte(void)
{
	return fake ? fake->last_byte : 0;
}

static bool granted(unsigned long mfn)
{
	unsigned int i;

	for (i = 0; i < fake->grants; i++)
		if (fake->grant[i] == mfn)
			return true;
	return false;
}

static bool refuse_this_one(void)
{
	lockdep_assert_held(&lock);

	return fake->refuse_at && !--fake->refuse_at;
}

static bool well_formed(const struct gnttab_cache_flush *op)
{
	return op->offset + op->length <= XEN_PAGE_SIZE &&
	       !(op->op & ~KNOWN_OPS);
}

/* In the order in which Xen looks at a range. */
static int flush_one(const struct gnttab_cache_flush *op)
{
	phys_addr_t maddr = op->a.dev_bus_addr;
	bool ours = memblock_is_map_memory(maddr);

	if (!well_formed(op)) {
		misuse("a range of %u bytes at %u, operation %#x", op->length,
		       op->offset, op->op);
		return -EINVAL;
	}
	if (!op->length || !op->op)
		return 0;
	if (maddr > fake->last_byte)
		return -EINVAL;
	if (!ours && !granted(XEN_PFN_DOWN(maddr)))
		return -EPERM;
	if (refuse_this_one())
		return -EPERM;

	if (ours && op->op & GNTTAB_CACHE_INVAL)
		misuse("invalidating our own frame at %pa through Xen", &maddr);
	note((struct fake_call) {
		.verb = FAKE_FLUSH,
		.addr = maddr + op->offset,
		.size = op->length,
		.op = op->op,
		.hypercall = fake->hypercalls,
	});
	return 0;
}

static int flush_all(const struct gnttab_cache_flush *ops, unsigned int nr)
{
	unsigned int i;
	int ret = 0;

	lockdep_assert_held(&lock);

	if (nr > SWARM_FLUSH_BATCH)
		misuse("a batch of %u", nr);
	fake->hypercalls++;
	for (i = 0; i < nr && !ret; i++)
		ret = flush_one(&ops[i]);
	return ret;
}

static int fake_flush(struct gnttab_cache_flush *ops, unsigned int nr)
{
	unsigned long flags;
	int ret;

	if (!fake || fake->no_flush)
		return -ENOSYS;
	raw_spin_lock_irqsave(&lock, flags);
	ret = flush_all(ops, nr);
	raw_spin_unlock_irqrestore(&lock, flags);
	return ret;
}

/* ---- the CPU ---- */

static void maintain(enum fake_verb verb, phys_addr_t phys, size_t size,
		     enum dma_data_direction dir)
{
	unsigned long flags;

	if (!fake)
		return;
	raw_spin_lock_irqsave(&lock, flags);
	if (!size || !valid_dma_direction(dir))
		misuse("maintaining %zu bytes, direction %d", size, dir);
	else if (!memblock_is_map_memory(phys) ||
		 !memblock_is_map_memory(phys + size - 1))
		misuse("%zu bytes at %pa are not all our own RAM", size, &phys);
	note((struct fake_call) {
		.verb = verb, .addr = phys, .size = size, .dir = dir,
	});
	raw_spin_unlock_irqrestore(&lock, flags);
}

static void fake_clean(phys_addr_t phys, size_t size,
		       enum dma_data_direction dir)
{
	maintain(FAKE_CLEAN, phys, size, dir);
}

static void fake_inval(phys_addr_t phys, size_t size,
		       enum dma_data_direction dir)
{
	maintain(FAKE_INVAL, phys, size, dir);
}

const struct swarm_hv swarm_hv_fake = {
	.domain		= fake_domain,
	.last_byte	= fake_last_byte,
	.flush		= fake_flush,
	.clean		= fake_clean,
	.inval		= fake_inval,
};

/* ---- for the suites ---- */

static void fake_end(void *unused)
{
	fake = NULL;
}

/**
 * fake_hv_start - a fresh fake for a case
 * @test: the case
 *
 * Return: the fake; it answers until the case ends.
 */
struct fake_hv *fake_hv_start(struct kunit *test)
{
	struct fake_hv *new = kunit_kzalloc(test, sizeof(*new), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, new);
	new->test = test;
	new->domain = SWARM_DOMAIN_IDENTITY;
	new->last_byte = memblock_end_of_DRAM() - 1;
	fake = new;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, fake_end, NULL));
	return new;
}

/**
 * fake_hv_grant - let others' frames be granted to us
 * @hv:  the fake
 * @mfn: the first machine frame
 * @nr:  how many
 */
void fake_hv_grant(struct fake_hv *hv, unsigned long mfn, unsigned int nr)
{
	while (nr--) {
		KUNIT_ASSERT_LT(hv->test, hv->grants, FAKE_GRANTS_MAX);
		hv->grant[hv->grants++] = mfn++;
	}
}

/**
 * fake_hv_clear_log - forget what was asked for so far
 * @hv: the fake
 */
void fake_hv_clear_log(struct fake_hv *hv)
{
	hv->calls = 0;
	hv->hypercalls = 0;
}

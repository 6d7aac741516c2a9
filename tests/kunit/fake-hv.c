// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seam may be entered with locks held and interrupts off, so misuse marks
 * the case as failed and goes on; a KUnit assertion would allocate, or end the
 * thread that holds the lock.
 */
#include <linux/errno.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/spinlock.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>

#include "../source.h"
#include "../cache.h"
#include "compat.h"
#include "fake-hv.h"
#include "fake-memory.h"

static DEFINE_RAW_SPINLOCK(lock);
static struct fake_hv *running;		/* @lock; what it points to as well */

static void misuse(struct fake_hv *fake, const char *what, phys_addr_t addr)
{
	if (fake->misuse_ok)
		return;
	kunit_set_failure(fake->test);
	pr_err("    # %s: the seam was abused: %s at %pa\n", fake->test->name,
	       what, &addr);
}

static void note(struct fake_hv *fake, struct fake_call call)
{
	if (fake->calls == FAKE_LOG_MAX)
		misuse(fake, "the log is full", call.addr);
	else
		fake->log[fake->calls++] = call;
}

static bool granted(const struct fake_hv *fake, phys_addr_t maddr)
{
	unsigned long mfn = XEN_PFN_DOWN(maddr);
	unsigned int i;

	for (i = 0; i < fake->grants; i++)
		if (fake->grant[i] == mfn)
			return true;
	return false;
}

static int check_shape(struct fake_hv *fake,
		       const struct gnttab_cache_flush *op)
{
	if (op->offset >= XEN_PAGE_SIZE ||
	    op->length > XEN_PAGE_SIZE - op->offset) {
		misuse(fake, "a range leaves its frame", op->a.dev_bus_addr);
		return -EINVAL;
	}
	if (op->op & ~(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL)) {
		misuse(fake, "an unknown operation", op->a.dev_bus_addr);
		return -EINVAL;
	}
	return 0;
}

/* Dropping our own lines through Xen may lose what we wrote next to them. */
static int check_owner(struct fake_hv *fake,
		       const struct gnttab_cache_flush *op)
{
	phys_addr_t maddr = op->a.dev_bus_addr & XEN_PAGE_MASK;

	if (maddr > fake->last_byte)
		return -EINVAL;
	if (granted(fake, maddr))
		return 0;
	if (fake->domain == XADMA_DOMAIN_TRANSLATED)
		return fake_mfn_is_ours(XEN_PFN_DOWN(maddr)) ? 0 : -EPERM;
	if (!memblock_is_map_memory(maddr))
		return -EPERM;
	if (op->op & GNTTAB_CACHE_INVAL)
		misuse(fake, "our own frame is dropped by Xen", maddr);
	return 0;
}

static int flush_range(struct fake_hv *fake,
		       const struct gnttab_cache_flush *op)
{
	int ret = check_shape(fake, op);

	if (ret || !op->length || !op->op)
		return ret;
	ret = check_owner(fake, op);
	if (ret)
		return ret;
	if (fake->refuse_at && !--fake->refuse_at)
		return -EPERM;
	note(fake, (struct fake_call){
		.verb = FAKE_FLUSH,
		.addr = (op->a.dev_bus_addr & XEN_PAGE_MASK) + op->offset,
		.size = op->length,
		.op = op->op,
		.hypercall = fake->hypercalls,
	});
	return 0;
}

static int flush_all(struct fake_hv *fake,
		     const struct gnttab_cache_flush *ops, unsigned int nr)
{
	unsigned int i;
	int ret = 0;

	fake->hypercalls++;
	if (nr > XADMA_FLUSH_BATCH)
		misuse(fake, "a batch too long", ops->a.dev_bus_addr);
	if (fake->no_flush)
		return -ENOSYS;
	for (i = 0; i < nr && !ret; i++)
		ret = flush_range(fake, &ops[i]);
	return ret;
}

static int fake_flush(struct gnttab_cache_flush *ops, unsigned int nr)
{
	unsigned long flags;
	int ret = -ENOSYS;

	raw_spin_lock_irqsave(&lock, flags);
	if (running)
		ret = flush_all(running, ops, nr);
	raw_spin_unlock_irqrestore(&lock, flags);
	return ret;
}

static enum xadma_domain fake_domain(void)
{
	enum xadma_domain domain = XADMA_DOMAIN_NATIVE;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	if (running)
		domain = running->domain;
	raw_spin_unlock_irqrestore(&lock, flags);
	return domain;
}

static phys_addr_t fake_last_byte(void)
{
	phys_addr_t last_byte = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	if (running)
		last_byte = running->last_byte;
	raw_spin_unlock_irqrestore(&lock, flags);
	return last_byte;
}

/* What is mapped for reading only faults when its lines are dropped. */
static void maintain_own(struct fake_hv *fake, struct fake_call call)
{
	if (call.verb == FAKE_INVAL &&
	    __pfn_to_mfn(PHYS_PFN(call.addr)) != INVALID_P2M_ENTRY)
		misuse(fake, "a foreign page is dropped as if it were ours",
		       call.addr);

	if (!call.size)
		misuse(fake, "an empty range", call.addr);
	else if (!valid_dma_direction(call.dir))
		misuse(fake, "no direction", call.addr);
	else if (!memblock_is_map_memory(call.addr) ||
		 !memblock_is_map_memory(call.addr + call.size - 1))
		misuse(fake, "no memory of ours", call.addr);
	else
		note(fake, call);
}

/* What was asked for is logged by where it is, not by where it is seen. */
static phys_addr_t behind(const void *vaddr)
{
	return page_to_phys(xadma_page_of(vaddr)) + offset_in_page(vaddr);
}

static void own_lines(enum fake_verb verb, const void *vaddr, size_t size,
		      enum dma_data_direction dir)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	if (running)
		maintain_own(running, (struct fake_call){
			.verb = verb,
			.addr = behind(vaddr),
			.size = size,
			.dir = dir,
		});
	raw_spin_unlock_irqrestore(&lock, flags);
}

static void fake_clean(const void *vaddr, size_t size,
		       enum dma_data_direction dir)
{
	own_lines(FAKE_CLEAN, vaddr, size, dir);
}

static void fake_clean_inval(const void *vaddr, size_t size,
			     enum dma_data_direction dir)
{
	own_lines(FAKE_CLEAN_INVAL, vaddr, size, dir);
}

static void fake_inval(const void *vaddr, size_t size,
		       enum dma_data_direction dir)
{
	own_lines(FAKE_INVAL, vaddr, size, dir);
}

static bool fake_hardware(void)
{
	return running && running->hardware;
}

/* As Xen does, it tells the hardware domain alone. */
static int fake_iommu(void)
{
	return running && running->hardware ? running->iommu : -EPERM;
}

const struct xadma_hv xadma_hv_fake = {
	.domain		= fake_domain,
	.last_byte	= fake_last_byte,
	.flush		= fake_flush,
	.clean		= fake_clean,
	.clean_inval	= fake_clean_inval,
	.inval		= fake_inval,
	.hardware	= fake_hardware,
	.iommu		= fake_iommu,
	.domid		= fake_domid,
	.unpopulated_get	= fake_unpopulated_get,
	.unpopulated_put	= fake_unpopulated_put,
	.grant		= fake_grant,
	.ungrant	= fake_ungrant,
	.map		= fake_map,
	.unmap		= fake_unmap,
	.decrease	= fake_decrease,
	.populate	= fake_populate,
	.exchange	= fake_exchange,
};

static void set_running(struct fake_hv *fake)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	running = fake;
	raw_spin_unlock_irqrestore(&lock, flags);
}

/* Runs before the fake's memory is freed: what came last is undone first. */
static void fake_hv_stop(void *unused)
{
	set_running(NULL);
}

struct fake_hv *fake_hv_start(struct kunit *test)
{
	struct fake_hv *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->test = test;
	fake->domain = XADMA_DOMAIN_IDENTITY;
	fake->last_byte = memblock_end_of_DRAM() - 1;
	set_running(fake);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, fake_hv_stop,
							   NULL));
	return fake;
}

void fake_hv_grant(struct fake_hv *fake, unsigned long mfn, unsigned int nr)
{
	unsigned long flags;

	KUNIT_ASSERT_LE(fake->test, fake->grants + nr, FAKE_GRANTS_MAX);
	raw_spin_lock_irqsave(&lock, flags);
	while (nr--)
		fake->grant[fake->grants++] = mfn++;
	raw_spin_unlock_irqrestore(&lock, flags);
}

void fake_hv_clear_log(struct fake_hv *fake)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	fake->hypercalls = 0;
	fake->calls = 0;
	raw_spin_unlock_irqrestore(&lock, flags);
}

void expect_iommu_is_told(struct kunit *test, const struct xadma_hv *hv)
{
	int iommu = hv->iommu();

	if (hv->hardware())
		KUNIT_EXPECT_TRUE_MSG(test, iommu == 0 || iommu == 1, "it is %d", iommu);
	else
		KUNIT_EXPECT_LT(test, iommu, 0);
	KUNIT_EXPECT_EQ(test, hv->iommu(), iommu);
}

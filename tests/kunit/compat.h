/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat: what differs between kernels, for the suites.
 *
 * They are written to what KUnit and the kernel offer in 6.12. What an older kernel does
 * not have is here under its usual name, or its cases are skipped; what another kernel
 * has under another name has a name of ours. Probed as for the driver: XADMA_HAVE_...
 * comes from the Makefile.
 */
#ifndef _XADMA_TEST_COMPAT_H
#define _XADMA_TEST_COMPAT_H

#include <kunit/resource.h>
#include <kunit/test.h>

#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/hrtimer.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/swiotlb.h>

#ifdef XADMA_HAVE_KUNIT_DEVICE
#include <kunit/device.h>
#else
struct device *kunit_device_register(struct kunit *test, const char *name);
#endif

/* ---- KUnit ---- */

#ifndef XADMA_HAVE_KUNIT_ACTION
int kunit_add_action_or_reset(struct kunit *test, void (*action)(void *data), void *data);
#endif

#ifndef KUNIT_CASE_SLOW
#define KUNIT_CASE_SLOW(function)	KUNIT_CASE(function)
#endif

#ifndef KUNIT_ARRAY_PARAM_DESC
#define KUNIT_ARRAY_PARAM_DESC(name, rows, member)				\
static void name##_describe(typeof(rows) row, char *desc)				\
{										\
	strscpy(desc, row[0].member, KUNIT_PARAM_DESC_SIZE);			\
}										\
KUNIT_ARRAY_PARAM(name, rows, name##_describe)
#endif

/* A kernel thread that runs a case has no user space of its own; KUnit may lend it one. */
#ifdef XADMA_HAVE_KUNIT_MMAP
static inline void skip_without_user_space(struct kunit *test)
{
}
#else
static inline void skip_without_user_space(struct kunit *test)
{
	kunit_skip(test, "this KUnit lends no user space");
}

static inline unsigned long kunit_vm_mmap(struct kunit *test, struct file *file,
					  unsigned long addr, unsigned long len,
					  unsigned long prot, unsigned long flag,
					  unsigned long offset)
{
	return -ENOMEM;
}
#endif

/* ---- sizes ---- */

#ifndef SZ_2T
#define SZ_2T		(2 * SZ_1T)
#define SZ_4T		(4 * SZ_1T)
#define SZ_8T		(8 * SZ_1T)
#define SZ_16T		(16 * SZ_1T)
#endif

/* ---- devices ---- */

static inline void test_set_coherent(struct device *dev, bool coherent)
{
#ifdef XADMA_HAVE_DEV_FLAGS
	dev_assign_dma_coherent(dev, coherent);
#else
	dev->dma_coherent = coherent;
#endif
}

/* As the core does when it configures a device, and (NULL) when its driver goes. */
void test_set_dma_ranges(struct kunit *test, struct device *dev,
			 const struct bus_dma_region *map);

/* As the core would, but for CONFIG_DMA_API_DEBUG: for drivers' errors. */
static inline dma_addr_t ops_map_attrs(struct device *dev, void *buf, size_t size,
				       enum dma_data_direction dir, unsigned long attrs)
{
#ifdef XADMA_HAVE_MAP_PHYS
	return get_dma_ops(dev)->map_phys(dev, virt_to_phys(buf), size, dir, attrs);
#else
	return get_dma_ops(dev)->map_page(dev, virt_to_page(buf), offset_in_page(buf),
					  size, dir, attrs);
#endif
}

static inline dma_addr_t ops_map(struct device *dev, void *buf, size_t size,
				 enum dma_data_direction dir)
{
	return ops_map_attrs(dev, buf, size, dir, 0);
}

static inline void ops_unmap(struct device *dev, dma_addr_t dma, size_t size,
			     enum dma_data_direction dir)
{
#ifdef XADMA_HAVE_MAP_PHYS
	get_dma_ops(dev)->unmap_phys(dev, dma, size, dir, 0);
#else
	get_dma_ops(dev)->unmap_page(dev, dma, size, dir, 0);
#endif
}

/* ---- the stock swiotlb ---- */

static inline bool test_swiotlb_has(struct device *dev, phys_addr_t phys)
{
#ifdef XADMA_HAVE_SWIOTLB_POOLS
	return swiotlb_find_pool(dev, phys);
#else
	return is_swiotlb_buffer(dev, phys);
#endif
}

/* Slots in use: counted by some kernels, and by those with CONFIG_DEBUG_FS only. */
#if defined(XADMA_HAVE_SWIOTLB_USED) && defined(CONFIG_DEBUG_FS)
static inline unsigned long test_swiotlb_used(struct io_tlb_mem *mem)
{
	return atomic_long_read(&mem->total_used);
}

static inline void test_swiotlb_forget_used(struct io_tlb_mem *mem)
{
	atomic_long_set(&mem->total_used, 0);
}
#else
static inline unsigned long test_swiotlb_used(struct io_tlb_mem *mem)
{
	return 0;
}

static inline void test_swiotlb_forget_used(struct io_tlb_mem *mem)
{
}
#endif

/* ---- timers ---- */

/* One that expires in the hard interrupt, and counts from when it is started. */
static inline void test_timer_setup(struct hrtimer *timer,
				    enum hrtimer_restart (*function)(struct hrtimer *timer))
{
#ifdef XADMA_HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer->function = function;
#endif
}

/* Some thousand interrupts in what a test does on all CPUs */
#define TEST_TIMER_PERIOD	ns_to_ktime(NSEC_PER_MSEC)

static inline void test_timer_start(struct hrtimer *timer)
{
	hrtimer_start(timer, TEST_TIMER_PERIOD, HRTIMER_MODE_REL_HARD);
}

/*
 * For the timer's function, when it has done its work. What was interrupted has a period
 * from now on, however slow the CPU is: on a host that is busy one interrupt would
 * follow the other, and nothing else be done.
 */
static inline enum hrtimer_restart test_timer_again(struct hrtimer *timer)
{
	hrtimer_forward(timer, ktime_add(ktime_get(), TEST_TIMER_PERIOD), TEST_TIMER_PERIOD);
	return HRTIMER_RESTART;
}

#endif /* _XADMA_TEST_COMPAT_H */

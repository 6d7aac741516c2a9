/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * helpers: what the suites from the pool upwards have in common.
 *
 * A provider whose machine addresses have nothing to do with the memory behind
 * them, so that mixing the two up is found out; devices of any kind; foreign
 * pages; and an allocator that fails on demand. All of it is taken down with
 * the case.
 */
#ifndef _XADMA_TEST_HELPERS_H
#define _XADMA_TEST_HELPERS_H

#include <kunit/test.h>

#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "../alloc.h"
#include "../bounce.h"
#include "../instance.h"
#include "../limits.h"
#include "../map.h"
#include "../mapping.h"
#include "../ops.h"
#include "../source.h"
#include "../sync.h"
#include "compat.h"
#include "fake-hv.h"

/* Where the machine addresses of pieces begin: no RAM of ours is there. */
#define FAKE_MACHINE	SZ_256M

/* The mask of a device that reaches the pool, and no RAM of ours. */
#define POOL_ONLY	(FAKE_MACHINE + SZ_256M - 1)

/* Frames of other domains: beyond any RAM of ours. */
#define FAKE_FOREIGN_MFN	(SZ_1T >> XEN_PAGE_SHIFT)

/**
 * struct fake_provider - the provider's state
 * @test:    the case that it serves
 * @next:    where the next piece may lie in the machine
 * @largest: the most memory that it gives at a time
 * @piece_shift: of a piece's size; 0 for memory in one piece
 * @source:  what a pool asks it through
 * @refuse_at: the n-th get from now on is refused (from 1); 0 for none
 * @gets:    how often it was asked
 * @held:    pieces that are out
 */
struct fake_provider {
	struct kunit *test;
	phys_addr_t next;
	size_t largest;
	unsigned int piece_shift;
	struct xadma_source source;
	unsigned int refuse_at;
	unsigned int gets;
	unsigned int held;
};

extern const struct xadma_provider * const fake_providers[];

struct fake_provider *fake_provider_start(struct kunit *test);

/**
 * struct fake_world - a machine, an instance, and what feeds it
 * @fake:    the hypervisor
 * @provider: the provider
 * @xadma:   the instance
 */
struct fake_world {
	struct fake_hv *fake;
	struct fake_provider *provider;
	struct xadma xadma;
};

/* An instance whose pool lies at @at and is as said; the rest of @wishes is the world's. */
struct fake_world *fake_world_of(struct kunit *test, struct xadma_setup wishes,
				 phys_addr_t at);

/* An instance with a pool of @size bytes at @at */
static inline struct fake_world *fake_world_at(struct kunit *test, size_t size,
					       phys_addr_t at)
{
	return fake_world_of(test, (struct xadma_setup){ .size = size }, at);
}

static inline struct fake_world *fake_world(struct kunit *test, size_t size)
{
	return fake_world_at(test, size, FAKE_MACHINE);
}

/**
 * struct fake_kind - what a device is like
 * @name:      its name
 * @mask:      for streaming and for coherent memory; 0 for 64 bits
 * @bus_limit: of its bus; 0 for none
 * @map:       its dma-ranges, or NULL
 * @align:     its min_align_mask
 * @boundary:  its segment boundary mask; 0 for none
 * @coherent:    it is coherent
 */
struct fake_kind {
	const char *name;
	u64 mask;
	u64 bus_limit;
	const struct bus_dma_region *map;
	unsigned int align;
	unsigned long boundary;
	bool coherent;
};

struct device *fake_device(struct kunit *test, struct xadma *xadma,
			   const struct fake_kind *kind);
u64 fake_count(struct device *dev, unsigned int what);

/* How often its driver was told to be wrong. */
static inline u64 misuses(struct device *dev)
{
	return fake_count(dev, XADMA_N_MISUSE);
}

/* xadma_pool_find(), by somebody who owns what is mapped there, or nothing. */
bool find_in_pool(struct xadma_pool *pool, phys_addr_t maddr,
		  struct xadma_bounce *in);

/* Are @size bytes from a place on mapped? 0, -ERANGE: not all, -ENOENT: none. */
int pool_check(const struct xadma_bounce *b, size_t size);

/* End a run, be it a bounce or an allocation. 0, -ENOENT, or -ERANGE for another size. */
int pool_release(struct xadma_pool *pool, const struct xadma_bounce *b, size_t size,
		 struct xadma_account __percpu *account);

/* Where the CPU finds what the device sees at @dma; NULL if not in the pool. */
void *fake_device_view(struct device *dev, dma_addr_t dma);
unsigned int fake_slots_used(struct xadma *xadma);

/* Pages of this kernel, contiguous, gone with the case. */
struct page *test_pages(struct kunit *test, unsigned int order);
struct page *test_low_page(struct kunit *test);

/* From now on Xen frame @gfn is machine frame @mfn of another domain. */
void make_foreign_frame(struct kunit *test, unsigned long gfn, unsigned long mfn);

/* The same for all frames of a page, which are neighbours in the machine. */
void make_foreign(struct kunit *test, struct page *page, unsigned long mfn);

#define PATTERN_MAX	SZ_64K

void pattern_fill(void *p, size_t len, unsigned int seed);
bool pattern_is(const void *p, size_t len, unsigned int seed);

/* Fail this task's @nth slab allocation; false if this kernel cannot. */
bool fail_alloc(unsigned int nth);
/* Stop that. True if it came to the failure. */
bool fail_alloc_end(void);

/* KCSAN is slow, and has nothing to find where no CPU meets another. */
#define skip_if_racing(test) do {					\
	if (IS_ENABLED(CONFIG_KCSAN))					\
		kunit_skip(test, "this kernel looks for races");	\
} while (0)

/* Run @fn(@data, cpu) on all CPUs at once, in threads; wait for all. */
void on_all_cpus(struct kunit *test, void (*fn)(void *data, unsigned int cpu),
		 void *data);

/* The same as fake_device(), for drivers' calls: dma_map_page() and all others. */
struct device *fake_api_device(struct kunit *test, struct xadma *xadma,
			       const struct fake_kind *kind);

#endif /* _XADMA_TEST_HELPERS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake-memory: the part of the fake Xen that owns memory and grants.
 *
 * Frames of ours are anywhere in its machine, by a formula; those that went
 * through decrease, populate or exchange are where they were put. It fails the
 * case at once when it is asked for nonsense, and at the end when grants,
 * mappings, holes or scratch frames are left that the case did not announce.
 *
 * The seam carries no instance, so there is one.
 */
#ifndef _XADMA_TEST_FAKE_MEMORY_H
#define _XADMA_TEST_FAKE_MEMORY_H

#include <kunit/test.h>

#include <linux/types.h>
#include <linux/xarray.h>

#include "compat.h"

#define FAKE_OWN_ID	7
#define FAKE_REFS_MAX	2048

/* Machine frames: those by formula, those given out low, and high. */
#define FAKE_MFN_FORMULA	(SZ_1T >> 12)
#define FAKE_MFN_LOW		(SZ_256M >> 12)
#define FAKE_MFN_HIGH		(SZ_2T >> 12)

/* The ways in which hypercalls can fail. */
enum fake_failure {
	FAIL_ALL,	/* nothing of it was done */
	FAIL_HALF,	/* half of it was */
};

struct fake_ref {
	unsigned long pfn;
	bool used;
	bool mapped;
};

/**
 * struct fake_memory - the fake
 * @test:      the case that it serves
 * @colours:   how many colours this domain has ...
 * @of:        ... of how many; 1 of 1 is a domain that is not coloured
 * @max_order: of extents that populate grants
 * @exchanges: XENMEM_exchange works
 * @low:       frames that can be had below 4 GiB
 * @keeps:     nothing comes back for what is given
 * @fail_at:   the n-th hypercall from now on fails (from 1); 0 for none
 * @failure:   how
 * @no_id:     the domain's own id is not told
 * @no_scratch: there are no scratch frames
 * @refs_max:  grants that there are
 * @hides:     mappings do not tell their machine address
 * @shows_nothing: mappings do not show what was granted
 * @holds_on:  nothing is unmapped any more
 * @calls:     hypercalls so far
 * @stays:     scratch frames and grants that the case knows to be lost
 * @holes:     frames without memory
 * @holes_stay: ... that the case knows to be lost
 */
struct fake_memory {
	struct kunit *test;
	unsigned int colours;
	unsigned int of;
	unsigned int max_order;
	bool exchanges;
	unsigned int low;
	bool keeps;
	unsigned int fail_at;
	enum fake_failure failure;
	bool no_id;
	bool no_scratch;
	unsigned int refs_max;
	bool hides;
	bool shows_nothing;
	bool holds_on;
	unsigned int calls;
	unsigned int stays;
	unsigned int holes;
	unsigned int holes_stay;

	/* private: */
	struct xarray moved;
	unsigned int scratch;
	unsigned long next_low;
	unsigned long next_high;
	struct fake_ref ref[FAKE_REFS_MAX];
};

struct page;
struct gnttab_map_grant_ref;
struct gnttab_unmap_grant_ref;

/* A fresh fake for this case: not coloured, order 9, refuses to exchange. */
struct fake_memory *fake_memory_start(struct kunit *test);

/* The machine frame of a frame of ours; ~0 for a hole. */
unsigned long fake_mfn(unsigned long pfn);

/* Is that machine frame ours? */
bool fake_mfn_is_ours(unsigned long mfn);

int fake_domid(void);
int fake_unpopulated_get(struct page **pages, unsigned int nr);
void fake_unpopulated_put(struct page **pages, unsigned int nr);
int fake_grant(int id, unsigned long pfn);
int fake_ungrant(int ref);
int fake_map(struct gnttab_map_grant_ref *ops, unsigned int nr);
int fake_unmap(struct gnttab_unmap_grant_ref *ops, unsigned int nr);
int fake_decrease(unsigned long *pfns, unsigned int nr);
int fake_populate(unsigned long *pfns, unsigned int nr, unsigned int order,
		  unsigned int bits);
unsigned int fake_exchange(unsigned long *pfns, unsigned int order,
			   unsigned int bits);

#endif /* _XADMA_TEST_FAKE_MEMORY_H */

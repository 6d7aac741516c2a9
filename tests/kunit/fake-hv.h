/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake-hv: a strict little Xen behind the seam, and a CPU whose caches are
 * maintained on paper.
 *
 * It knows which frames are ours (the RAM of this kernel) and which were
 * granted to us, keeps a log of what it was asked for, refuses its n-th range
 * on demand, and fails the test at once when the driver asks for what no
 * driver should. It answers as the real one does: the contract suite is run
 * against both.
 *
 * The seam carries no instance, so there is one fake; KUnit runs one case at a
 * time.
 */
#ifndef _XADMA_TEST_FAKE_HV_H
#define _XADMA_TEST_FAKE_HV_H

#include <kunit/test.h>

#include <linux/dma-direction.h>
#include <linux/types.h>

#include <xen/swiotlb-arm-hv.h>

/* What was asked for. */
enum fake_verb {
	FAKE_CLEAN,	/* lines that we see, before the device */
	FAKE_CLEAN_INVAL, /* lines that may be others', before the CPU */
	FAKE_INVAL,	/* our own lines, before the CPU */
	FAKE_FLUSH,	/* one range of a flush hypercall */
};

/**
 * struct fake_call - an entry of the log
 * @verb: what was asked for
 * @addr: guest physical address, or machine address for FAKE_FLUSH
 * @size: bytes
 * @dir:  direction, unless FAKE_FLUSH
 * @op:   GNTTAB_CACHE_*, for FAKE_FLUSH
 * @hypercall: which hypercall brought it, from 1; 0 unless FAKE_FLUSH
 */
struct fake_call {
	enum fake_verb verb;
	phys_addr_t addr;
	size_t size;
	enum dma_data_direction dir;
	u32 op;
	unsigned int hypercall;
};

#define FAKE_LOG_MAX	1024
#define FAKE_GRANTS_MAX	512

/**
 * struct fake_hv - the fake
 * @test:       the case that it serves
 * @domain:     what it says this domain is; IDENTITY at first
 * @last_byte:  what it says the machine's last byte of RAM is; at first the
 *	end of our own RAM
 * @hardware:   this is the hardware domain
 * @iommu:      the hypervisor uses an IOMMU
 * @no_flush:   a Xen without GNTTABOP_cache_flush
 * @misuse_ok:  the case itself asks for nonsense: answer, do not fail it
 * @refuse_at:  the n-th range from now on is refused (from 1); 0 for none
 * @hypercalls: flush hypercalls so far
 * @calls:      entries in the log
 * @log:        what was asked for, in order; refused ranges are not in it
 * @grants:     how many foreign frames were granted to us
 * @grant:      their machine frames
 */
struct fake_hv {
	struct kunit *test;
	enum xadma_domain domain;
	phys_addr_t last_byte;
	bool hardware;
	bool iommu;
	bool no_flush;
	bool misuse_ok;
	unsigned int refuse_at;
	unsigned int hypercalls;
	unsigned int calls;
	struct fake_call log[FAKE_LOG_MAX];
	unsigned int grants;
	unsigned long grant[FAKE_GRANTS_MAX];
};

extern const struct xadma_hv xadma_hv_fake;

/* A fresh fake for this case; xadma_hv_fake answers through it from now on. */
struct fake_hv *fake_hv_start(struct kunit *test);

/* Machine frames @mfn .. @mfn + @nr - 1 belong to others, who granted them. */
void fake_hv_grant(struct fake_hv *fake, unsigned long mfn, unsigned int nr);

/* Forget the log and the count of hypercalls. */
void fake_hv_clear_log(struct fake_hv *fake);

/* Of any hypervisor; what one of another interface version answers is no answer. */
void expect_iommu_is_told(struct kunit *test, const struct xadma_hv *hv);

#endif /* _XADMA_TEST_FAKE_HV_H */

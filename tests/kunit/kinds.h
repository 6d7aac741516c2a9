/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kinds: devices that the suites of the map path have in common.
 *
 * Our own RAM is where it is; the pool lies at FAKE_MACHINE, below all of it;
 * other domains' frames lie above all of it. So a device's mask decides what
 * it reaches.
 */
#ifndef _XADMA_TEST_KINDS_H
#define _XADMA_TEST_KINDS_H

#include <linux/compiler_attributes.h>
#include <linux/dma-direct.h>
#include <linux/sizes.h>

#include "helpers.h"

#define NOTHING		(FAKE_MACHINE - 1)		/* not even the pool */
#define OWN_RAM		DMA_BIT_MASK(39)		/* no foreign frame */

static const __maybe_unused struct bus_dma_region shifted[] = {
	{ .cpu_start = 0, .dma_start = SZ_8T, .size = SZ_4T },
	{}
};

static const __maybe_unused struct bus_dma_region pool_window[] = {
	{ .cpu_start = FAKE_MACHINE, .dma_start = 0, .size = SZ_64M },
	{}
};

static const __maybe_unused struct fake_kind snooper = { .name = "snooping", .coherent = true };
static const __maybe_unused struct fake_kind noncoherent = { .name = "noncoherent" };
static const __maybe_unused struct fake_kind narrow = {
	.name = "narrow", .mask = POOL_ONLY, .coherent = true,
};

static const __maybe_unused struct fake_kind narrow_noncoherent = {
	.name = "narrow-noncoherent", .mask = POOL_ONLY,
};

static const __maybe_unused struct fake_kind narrow_bus = {
	.name = "narrow-bus", .bus_limit = POOL_ONLY, .coherent = true,
};

static const __maybe_unused struct fake_kind own_ram = {
	.name = "own-ram", .mask = OWN_RAM, .coherent = true,
};

static const __maybe_unused struct fake_kind offset = {
	.name = "offset", .map = shifted, .coherent = true,
};

static const __maybe_unused struct fake_kind offset_noncoherent = {
	.name = "offset-noncoherent", .map = shifted,
};

static const __maybe_unused struct fake_kind window = {
	.name = "window", .map = pool_window, .coherent = true,
};

static const __maybe_unused struct fake_kind picky = {
	.name = "picky", .mask = POOL_ONLY, .align = 0xfff, .coherent = true,
};

static const __maybe_unused struct fake_kind blind = {
	.name = "blind", .mask = NOTHING, .coherent = true,
};

/* Whose the two pages of two_pages() are. */
enum owner { OURS, FOREIGN, APART, MIXED };

struct page *two_pages(struct kunit *test, struct fake_hv *fake, enum owner owner);
void log_is(struct kunit *test, struct fake_hv *fake, unsigned int nr,
	    enum fake_verb verb, phys_addr_t addr, size_t size);

#endif /* _XADMA_TEST_KINDS_H */

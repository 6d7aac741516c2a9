/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the P2M offers beyond the kernel's own interface to it (xen/arm/page.h):
 * answers about ranges, and figures.
 *
 * It knows the frames at which other domains' pages are mapped, and nothing of
 * the way back: one foreign frame may be granted, and mapped, many times.
 *
 * All questions are asked in Xen frames, which have 4 KiB whatever the kernel's pages
 * have: struct xadma_frames is made from bytes, by xadma_frames_of() alone, so a number
 * of kernel pages cannot get in here.
 */
#ifndef _XEN_SWIOTLB_ARM_P2M_H
#define _XEN_SWIOTLB_ARM_P2M_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include <xen/page.h>
#include <xen/swiotlb-arm-frame-table.h>

/**
 * struct xadma_frames - neighbouring Xen frames of guest physical memory
 * @first: the first frame
 * @last:  the last, not before @first
 */
struct xadma_frames {
	unsigned long first;
	unsigned long last;
};

/**
 * xadma_frames_of - the frames that a buffer touches
 * @phys: guest physical address of the buffer, bytes
 * @size: bytes, at least 1; the buffer must not wrap
 *
 * Context: any; a pure function.
 * Return: the frames.
 */
static __always_inline struct xadma_frames xadma_frames_of(phys_addr_t phys,
							   size_t size)
{
	return (struct xadma_frames){
		.first = XEN_PFN_DOWN(phys),
		.last = XEN_PFN_DOWN(phys + size - 1),
	};
}

/* Frames that differ by a multiple of this share a bit of the filter: 512 MiB. */
#define XADMA_P2M_FILTER_FRAMES	BIT(17)

/**
 * struct xadma_p2m - the P2M, for readers
 * @filter: a bit for each frame modulo XADMA_P2M_FILTER_FRAMES: set if one of those
 *	that share it is foreign; in front, so that an index needs no offset
 * @first:  the lowest foreign frame, or one below it
 * @last:   the highest, or one above it; below @first when there is none
 * @mfns:   for each foreign frame its machine frame plus XADMA_P2M_THERE
 *
 * Foreign pages are mapped at frames without memory behind them. Those of
 * xen_alloc_unpopulated_pages() lie together and away from RAM, so two comparisons
 * tell most buffers from them. Ballooned pages lie in the middle of RAM: then the
 * filter tells.
 */
struct xadma_p2m {
	unsigned long filter[XADMA_P2M_FILTER_FRAMES / BITS_PER_LONG];
	unsigned long first;
	unsigned long last;
	struct xadma_frame_table mfns;
};

/* A machine frame may be 0, and that is no value in a table. */
#define XADMA_P2M_THERE	1

extern struct xadma_p2m xadma_p2m;

/**
 * struct xadma_p2m_run - how far a range is foreign and in one piece in the machine
 * @nr:  how many frames, from the first one on, are foreign and neighbours in the
 *	machine; 0 when the first is not foreign
 * @mfn: the first one's machine frame, if @nr is not 0
 */
struct xadma_p2m_run {
	unsigned long nr;
	unsigned long mfn;
};

/**
 * struct xadma_p2m_usage - figures for people
 * @entries: frames at which a foreign page is mapped
 * @most:    the most that there have been
 */
struct xadma_p2m_usage {
	unsigned long entries;
	unsigned long most;
};

bool xadma_p2m_any_foreign(struct xadma_frames frames);
struct xadma_p2m_run xadma_p2m_run(struct xadma_frames frames);
struct xadma_p2m_usage xadma_p2m_usage(void);

/* Are all foreign frames elsewhere? */
static __always_inline bool xadma_p2m_is_away(struct xadma_frames frames)
{
	return frames.first > READ_ONCE(xadma_p2m.last) ||
	       frames.last < READ_ONCE(xadma_p2m.first);
}

/**
 * xadma_p2m_may_be_foreign - may any of these frames be foreign?
 * @frames: the frames
 *
 * Context: any, no lock; the caller owns the pages, so what is mapped there was
 *	mapped before it got them, and stays.
 * Return: false when none is; true tells nothing.
 */
static __always_inline bool xadma_p2m_may_be_foreign(struct xadma_frames frames)
{
	unsigned long bits, nr = frames.last - frames.first;

	if (likely(xadma_p2m_is_away(frames)))
		return false;
	/* More than a word of the filter is looked up instead. */
	if (nr && (frames.first ^ frames.last) / BITS_PER_LONG)
		return true;
	bits = READ_ONCE(xadma_p2m.filter[frames.first % XADMA_P2M_FILTER_FRAMES /
					  BITS_PER_LONG]);
	bits >>= frames.first % BITS_PER_LONG;
	if (!nr)
		return bits & 1;
	/* Those past the last frame go; modulo, for that is what a shift does anyway. */
	return bits << (~nr % BITS_PER_LONG);
}

#endif /* _XEN_SWIOTLB_ARM_P2M_H */

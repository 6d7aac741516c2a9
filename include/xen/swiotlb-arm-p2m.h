/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the P2M offers beyond the kernel's own interface to it (xen/arm/page.h):
 * answers about ranges, and figures.
 *
 * It knows the frames at which other domains' pages are mapped, and nothing of
 * the way back: one foreign frame may be granted, and mapped, many times.
 */
#ifndef _XEN_SWIOTLB_ARM_P2M_H
#define _XEN_SWIOTLB_ARM_P2M_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct xadma_p2m_span - between which frames everything foreign lies
 * @first: the lowest such frame, or one below it
 * @last:  the highest, or one above it; below @first when there is none
 *
 * Foreign pages are mapped at frames without memory behind them, which lie
 * together and away from RAM. So two comparisons tell most buffers from those.
 */
struct xadma_p2m_span {
	unsigned long first;
	unsigned long last;
};

extern struct xadma_p2m_span xadma_p2m_span;

/**
 * struct xadma_p2m_usage - figures for people
 * @entries: frames at which a foreign page is mapped
 * @most:    the most that there have been
 */
struct xadma_p2m_usage {
	unsigned long entries;
	unsigned long most;
};

bool __xadma_p2m_any_foreign(unsigned long first, unsigned long last);
unsigned long xadma_p2m_run(unsigned long pfn, unsigned long nr,
			    unsigned long *mfn);
struct xadma_p2m_usage xadma_p2m_usage(void);

/**
 * xadma_p2m_near_foreign - may anything in this range be foreign?
 * @first: the first frame
 * @last:  the last, not before it
 *
 * Context: any, no lock; the caller owns the pages, so what is mapped there was
 *	mapped before it got them, and stays.
 * Return: false when nothing is; true tells nothing.
 */
static inline bool xadma_p2m_near_foreign(unsigned long first,
					  unsigned long last)
{
	return first <= READ_ONCE(xadma_p2m_span.last) &&
	       last >= READ_ONCE(xadma_p2m_span.first);
}

/**
 * xadma_p2m_any_foreign - is anything in this range foreign?
 * @first: the first frame
 * @last:  the last, not before it
 *
 * Context: any, no lock; the caller owns the pages, so what is mapped there was
 *	mapped before it got them, and stays.
 * Return: true when something is.
 */
static inline bool xadma_p2m_any_foreign(unsigned long first,
					 unsigned long last)
{
	return xadma_p2m_near_foreign(first, last) &&
	       __xadma_p2m_any_foreign(first, last);
}

#endif /* _XEN_SWIOTLB_ARM_P2M_H */

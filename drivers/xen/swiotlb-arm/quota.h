/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * share: who may have more of a pool that is filling up.
 *
 * It is asked only above the high-water mark: below it there is enough for
 * everybody. All figures are in slots.
 *
 * Two things must not happen. One device must not be able to take all there is,
 * for the disk that the memory of the others is to be written to would starve.
 * And a device that waits for a little must get it, however full the pool is. So
 * what a device holds may be at most so many times what it leaves for others; and
 * the last slots are for those who hold next to nothing.
 */
#ifndef _XADMA_QUOTA_H
#define _XADMA_QUOTA_H

#include <linux/types.h>

/**
 * struct xadma_account - what one device has had of a pool, on one CPU
 * @bounced:  bytes of buffers that were bounced
 * @held:     bytes of runs that it has now; below zero where more were returned
 *	than taken
 * @returned: runs that were returned
 */
struct xadma_account {
	u64 bounced;
	u64 held;
	u64 returned;
};

unsigned int xadma_quota_held(const struct xadma_account __percpu *account);

/* One device alone can have eight ninths of a pool, two have eight of 17 each. */
#define XADMA_QUOTA_FACTOR	8

/* What is kept back, and what a device may hold to have some of it. */
static inline unsigned int xadma_quota_reserve(unsigned int total)
{
	return total / 128;
}

/* Above this a pool is filling up, and should grow. */
static inline unsigned int xadma_quota_high(unsigned int total)
{
	return total - total / 4;
}

/* Below this it is not any more; the gap keeps it from changing its mind often. */
static inline unsigned int xadma_quota_low(unsigned int total)
{
	return total / 8 * 5;
}

/**
 * xadma_quota_allows - may a device have more?
 * @want:  what it wants now
 * @holds: what it holds already
 * @free:  what is free in the pool
 * @total: what there is in all
 *
 * Context: any; a pure function.
 * Return: false when others need it more. Whether there is a run that long is
 *	another question.
 */
static inline bool xadma_quota_allows(unsigned int want, unsigned int holds,
				      unsigned int free, unsigned int total)
{
	unsigned int reserve = xadma_quota_reserve(total);
	unsigned int left = free > want ? free - want : 0;

	if (holds + want <= reserve || !holds)
		return true;
	return left >= reserve && (holds + want) / XADMA_QUOTA_FACTOR <= left;
}

#endif /* _XADMA_QUOTA_H */

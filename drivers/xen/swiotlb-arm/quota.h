/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quota: which device may have more of a pool that is filling up.
 *
 * It is asked only above the high-water mark: below it there is enough for all. All
 * figures are in slots.
 *
 * Two things must not happen. One device must not be able to take all there is,
 * for the disk that the memory of the others is to be written to would starve.
 * And a device that waits for one small buffer must get it, however full the pool is.
 * So what a device holds may be at most so many times what it leaves for others; and
 * each chunk has a reserve, neighbouring slots at its end. Above the mark those are for
 * devices that hold nothing and want a small run.
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

/* What a device that holds nothing gets in any case: 8 KiB, 12 bits of it kept. */
#define XADMA_QUOTA_SMALL	8

/* Of a chunk, or of a pool: kept for devices that hold nothing. */
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
 * xadma_quota_waits - is this a device that waits for one small buffer?
 * @want:  what it wants now
 * @holds: what it holds already
 *
 * Context: any; a pure function.
 * Return: true when the reserve is for it.
 */
static inline bool xadma_quota_waits(unsigned int want, unsigned int holds)
{
	return !holds && want <= XADMA_QUOTA_SMALL;
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
	unsigned int left = free > want ? free - want : 0;

	if (xadma_quota_waits(want, holds))
		return true;
	return left >= xadma_quota_reserve(total) &&
	       (holds + want) / XADMA_QUOTA_FACTOR <= left;
}

#endif /* _XADMA_QUOTA_H */

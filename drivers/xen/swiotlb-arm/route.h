/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * route: the map path. What becomes of a buffer, and why.
 *
 * xadma_route() decides for single buffers and for entries of lists alike, and nothing
 * else does. It takes numbers: what is known of the device (struct xadma_reach), its
 * mask, the buffer. Its first lines, xadma_route_first(), settle most buffers: RAM of
 * our own, by comparisons, and single frames of other domains, by a look-up, for a
 * device that snoops and drives them as they are. All others go through
 * xadma_route_rest(), which finds out whose the buffer is, once, and then goes through
 * the reasons for a bounce in their order. Whoever tests that the first lines decide as
 * the rest would calls the rest alone.
 *
 * The order of the reasons is the policy: an error of the caller is named before
 * anything else; then what only a bounce overcomes, the physical reasons first, so
 * that the counters tell what the machine is short of rather than what the user
 * asked for. Whether the pool has room is known only by trying: the bounce itself may
 * still end in one of the later refusals.
 */
#ifndef _XADMA_ROUTE_H
#define _XADMA_ROUTE_H

#include <linux/dma-direction.h>
#include <linux/types.h>

#include "compat.h"
#include "p2m.h"
#include "ram.h"
#include "window.h"

/**
 * struct xadma_reach - what the map path knows of a device, in numbers
 * @driven:    machine addresses that the device drives as they are, unless its mask
 *	forbids; empty where it drives nothing unshifted
 * @plain:     the same, where nothing else has to be done for a buffer of ours there:
 *	the device snoops, memory is mapped 1:1, nothing is forced; else empty
 * @windows:   its dma-ranges
 * @mfn_map:   where our own frames are; NULL in a domain that is mapped 1:1
 * @ram:       our own RAM
 * @coherent:  it snoops
 * @force:     the user asked for bouncing everything
 * @no_flush:  it does not snoop, and this Xen does not maintain caches for us
 */
struct xadma_reach {
	struct xadma_range driven;
	struct xadma_range plain;
	const struct xadma_windows *windows;
	const struct xadma_mfn_map *mfn_map;
	const struct xadma_ram *ram;
	bool coherent;
	bool force;
	bool no_flush;
};

/**
 * enum xadma_route - what to do with a buffer, and why
 *
 * The order matters to xadma_route_bounces() and to the counters, which are
 * indexed by it.
 *
 * @XADMA_DIRECT:          program the device with the buffer's own address
 * @XADMA_BOUNCE_MASK:     beyond the device's mask, bus limit or dma-ranges
 * @XADMA_BOUNCE_UNKNOWN:  its machine address is not known yet
 * @XADMA_BOUNCE_SCATTER:  not contiguous in the machine
 * @XADMA_BOUNCE_KMALLOC:  too small to own its cache lines
 * @XADMA_BOUNCE_FORCE:    the user's wish
 * @XADMA_BOUNCE_CACHE:    its cache lines are out of reach
 * @XADMA_REFUSE_EMPTY:    zero length
 * @XADMA_REFUSE_DIR:      no direction
 * @XADMA_REFUSE_WRAP:     the length leaves the address space
 * @XADMA_REFUSE_MMIO:     would have to be bounced, but is no memory
 * @XADMA_REFUSE_NOPOOL:   would have to be bounced, but there is no pool
 * @XADMA_REFUSE_TOO_BIG:  longer than the largest piece of the pool
 * @XADMA_REFUSE_FULL:     no run that long is free just now
 * @XADMA_REFUSE_SHARE:    the pool is nearly full, and the device has its share
 * @XADMA_REFUSE_MASK:     no part of the pool is within the device's reach
 * @XADMA_REFUSE_SCATTER:  not contiguous in the machine, and too long to bounce
 * @XADMA_REFUSE_COHERENT: would have to be bounced, but its attributes forbid it
 * @XADMA_REFUSE_ATTRS:    its attributes are not understood
 * @XADMA_NR_ROUTES:       how many there are
 */
enum xadma_route {
	XADMA_DIRECT,
	XADMA_BOUNCE_MASK,
	XADMA_BOUNCE_UNKNOWN,
	XADMA_BOUNCE_SCATTER,
	XADMA_BOUNCE_KMALLOC,
	XADMA_BOUNCE_FORCE,
	XADMA_BOUNCE_CACHE,
	XADMA_REFUSE_EMPTY,
	XADMA_REFUSE_DIR,
	XADMA_REFUSE_WRAP,
	XADMA_REFUSE_MMIO,
	XADMA_REFUSE_NOPOOL,
	XADMA_REFUSE_TOO_BIG,
	XADMA_REFUSE_FULL,
	XADMA_REFUSE_SHARE,
	XADMA_REFUSE_MASK,
	XADMA_REFUSE_SCATTER,
	XADMA_REFUSE_COHERENT,
	XADMA_REFUSE_ATTRS,
	XADMA_NR_ROUTES,
};

/**
 * struct xadma_verdict - what becomes of a buffer
 * @dma:      XADMA_DIRECT: the device's address
 * @route:    what to do
 * @foreign:  XADMA_DIRECT: the buffer is another domain's
 * @maintain: XADMA_DIRECT: the device does not see what the caches hold
 *
 * Small enough to be returned in registers.
 */
struct xadma_verdict {
	dma_addr_t dma;
	enum xadma_route route;
	bool foreign;
	bool maintain;
};

const char *xadma_route_why(enum xadma_route route);
struct xadma_verdict __xadma_route_windows(const struct xadma_reach *reach,
					   u64 limit, struct xadma_place place,
					   size_t size);
bool xadma_route_can_copy(const struct xadma_reach *reach, phys_addr_t phys,
			  size_t size);

static inline bool xadma_route_bounces(enum xadma_route route)
{
	return route >= XADMA_BOUNCE_MASK && route <= XADMA_BOUNCE_CACHE;
}

static inline bool xadma_route_refuses(enum xadma_route route)
{
	return route >= XADMA_REFUSE_EMPTY;
}

/* Is a buffer in a range? One that wraps, or is empty, is in none. */
static __always_inline bool xadma_route_within(struct xadma_range range,
					       phys_addr_t at, size_t size)
{
	phys_addr_t last = at + size - 1;

	return at >= range.first && last >= at && last <= range.last;
}

/**
 * xadma_route_plain - where the first lines of route hold
 * @reach: the device
 * @mask:  its mask
 *
 * Context: any; a pure function.
 * Return: machine addresses.
 */
static __always_inline struct xadma_range
xadma_route_plain(const struct xadma_reach *reach, u64 mask)
{
	return (struct xadma_range){
		.first = reach->plain.first,
		.last = min_t(u64, reach->plain.last, mask),
	};
}

/**
 * xadma_route_first - the first lines of route
 * @plain: what xadma_route_plain() says of the device
 * @phys:  guest physical address of the buffer, bytes
 * @size:  bytes
 * @v:     filled in when it is settled
 *
 * Context: any, no lock; the caller owns the pages.
 * Return: true when the device is to be told @v->dma, and nothing else is to be done;
 *	false tells nothing.
 */
static __always_inline bool xadma_route_first(struct xadma_range plain, phys_addr_t phys,
					      size_t size, struct xadma_verdict *v)
{
	struct xadma_frames frames = xadma_frames_of(phys, size);

	*v = (struct xadma_verdict){ .dma = phys, .route = XADMA_DIRECT };
	if (unlikely(!xadma_route_within(plain, phys, size)))
		return false;
	if (likely(!xadma_p2m_may_be_foreign(frames)))
		return true;
	v->foreign = xadma_p2m_frame(frames, phys, &v->dma);
	return v->foreign && xadma_route_within(plain, v->dma, size);
}

/* How the device gets at what is in one piece in the machine, if it does at all. */
static __always_inline struct xadma_verdict
xadma_route_driven(const struct xadma_reach *reach, u64 mask, u64 bus,
		   struct xadma_place place, size_t size)
{
	if (unlikely(!xadma_route_within(reach->driven, place.maddr, size)))
		return __xadma_route_windows(reach, min_not_zero(mask, bus), place, size);
	/* What the bus passes on was known when the range was found. */
	return (struct xadma_verdict){
		.dma = place.maddr,
		.route = place.maddr + size - 1 <= mask ? XADMA_DIRECT :
							  XADMA_BOUNCE_MASK,
		.foreign = place.owner == XADMA_FOREIGN,
		.maintain = !reach->coherent,
	};
}

/* Why a buffer that the device drives may not go direct all the same. */
static __always_inline enum xadma_route
xadma_route_obstacle(const struct xadma_reach *reach, bool foreign, size_t size,
		     enum dma_data_direction dir)
{
	if (!reach->coherent) {
		if (unlikely(reach->no_flush) && (foreign || reach->mfn_map))
			return XADMA_BOUNCE_CACHE;
		if (unlikely(xadma_kmalloc_shares_line(size, dir)))
			return XADMA_BOUNCE_KMALLOC;
	}
	if (unlikely(reach->force))
		return XADMA_BOUNCE_FORCE;
	return XADMA_DIRECT;
}

/**
 * xadma_route_rest - decide what becomes of a buffer, without the first lines
 * @reach: the device
 * @mask:  its mask
 * @bus:   the highest address that its bus passes on, or 0 for no limit
 * @phys:  guest physical address of the buffer, bytes
 * @size:  bytes
 * @dir:   which way the data goes
 *
 * Context: any, no lock; the caller owns the pages.
 * Return: the verdict.
 */
static __always_inline struct xadma_verdict
xadma_route_rest(const struct xadma_reach *reach, u64 mask, u64 bus, phys_addr_t phys,
		 size_t size, enum dma_data_direction dir)
{
	struct xadma_verdict v = { .route = XADMA_DIRECT };
	struct xadma_place place;

	if (unlikely(!size))
		return (struct xadma_verdict){ .route = XADMA_REFUSE_EMPTY };
	if (unlikely(!valid_dma_direction(dir)))
		return (struct xadma_verdict){ .route = XADMA_REFUSE_DIR };
	if (unlikely(phys + size - 1 < phys))
		return (struct xadma_verdict){ .route = XADMA_REFUSE_WRAP };

	place = xadma_p2m_lookup(reach->mfn_map, phys, size);
	if (unlikely(place.owner == XADMA_UNKNOWN))
		v.route = XADMA_BOUNCE_UNKNOWN;
	else if (unlikely(place.owner == XADMA_SCATTERED))
		v.route = XADMA_BOUNCE_SCATTER;
	else
		v = xadma_route_driven(reach, mask, bus, place, size);

	if (v.route == XADMA_DIRECT)
		v.route = xadma_route_obstacle(reach, v.foreign, size, dir);
	if (v.route == XADMA_DIRECT)
		return v;

	if (likely(xadma_ram_has(reach->ram, phys, size)) ||
	    xadma_route_can_copy(reach, phys, size))
		return v;
	return (struct xadma_verdict){ .route = XADMA_REFUSE_MMIO };
}

/**
 * xadma_route - decide what becomes of a buffer
 * @reach: the device
 * @plain: what xadma_route_plain() says of it
 * @mask:  its mask
 * @bus:   the highest address that its bus passes on, or 0 for no limit
 * @phys:  guest physical address of the buffer, bytes
 * @size:  bytes
 * @dir:   which way the data goes
 *
 * Context: any, no lock; the caller owns the pages.
 * Return: the verdict.
 */
static __always_inline struct xadma_verdict
xadma_route(const struct xadma_reach *reach, struct xadma_range plain, u64 mask, u64 bus,
	    phys_addr_t phys, size_t size, enum dma_data_direction dir)
{
	struct xadma_verdict v;

	if (likely(xadma_route_first(plain, phys, size, &v)))
		return v;
	return xadma_route_rest(reach, mask, bus, phys, size, dir);
}

#endif /* _XADMA_ROUTE_H */

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-mapping.h>
#include <linux/memblock.h>

#include <xen/swiotlb-arm-hv.h>

#include "cache.h"
#include "instance.h"
#include "mfn-map.h"
#include "pool-resize.h"
#include "resolve.h"

static int make_parts(struct xadma *xadma)
{
	if (xadma->resolver) {
		xadma->mfn_map = xadma_mfn_map_create(xadma->resolver);
		if (!xadma->mfn_map)
			return -ENOMEM;
	}
	xadma->source.mfn_map = xadma->mfn_map;
	return xadma_pool_init(&xadma->pool,
			       xadma->size ? &xadma->source : NULL,
			       xadma_resize_work) ?:
	       xadma_devices_init(xadma);
}

/**
 * xadma_start - make an instance that has no pool memory yet
 * @xadma: the instance, all zero
 * @setup: what it is to be like
 *
 * From now on frames that go back to Xen are forgotten.
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM with nothing made, and the resolver still the caller's.
 */
int xadma_start(struct xadma *xadma, const struct xadma_setup *setup)
{
	*xadma = (struct xadma) {
		.hv = setup->hv,
		.resolver = setup->resolver,
		.source = {
			.hv = setup->hv,
			.resolver = setup->resolver,
			.providers = setup->providers,
		},
		.size = setup->size,
		.start = min(setup->start ?: setup->size, setup->size),
		.bus_last = setup->bus_last ?: (phys_addr_t)-1,
		.max = setup->max,
		.force = setup->force,
		.configured = setup->configured,
		.mmio_is_ours = !setup->resolver || setup->hv->hardware(),
		.can_flush = xadma_cache_can_flush(setup->hv),
		.last_byte = max(setup->hv->last_byte(),
				 memblock_end_of_DRAM() - 1),
	};
	xadma_ram_init(&xadma->ram);
	if (make_parts(xadma)) {
		xadma->resolver = NULL;
		xadma_stop(xadma);
		return -ENOMEM;
	}
	return 0;
}

/**
 * xadma_provide - get what devices need
 * @xadma: the instance
 *
 * The pool is best placed where the narrowest bus reaches, and below 4 GiB, where nearly
 * every device does. Where there is no memory the next best place is taken: below 4 GiB
 * for the buses that reach that, then anywhere. With less memory than asked for, or
 * none at all, the instance works as far as it goes.
 *
 * In a domain that is not mapped 1:1 all memory is learnt from now on, in the
 * background.
 *
 * Context: may sleep; once.
 */
void xadma_provide(struct xadma *xadma)
{
	const phys_addr_t ends[] = {
		min_t(phys_addr_t, xadma->bus_last, DMA_BIT_MASK(32)),
		DMA_BIT_MASK(32),
		(phys_addr_t)-1,
	};
	struct xadma_range within = {};
	size_t got = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends) && !got; i++) {
		within.last = ends[i];
		got = xadma_pool_grow(&xadma->pool, xadma->start, within);
	}
	xadma_resize_allow(&xadma->pool, xadma->max, within);
	if (xadma->mfn_map)
		xadma_mfn_map_learn_all(xadma->mfn_map);
}

/**
 * xadma_stop - end an instance; accepts a half-made one
 * @xadma: the instance; no device uses it any more
 *
 * Context: may sleep.
 */
void xadma_stop(struct xadma *xadma)
{
	xadma_devices_exit(xadma);
	xadma_pool_destroy(&xadma->pool);
	xadma_mfn_map_destroy(xadma->mfn_map);
	xadma_resolver_destroy(xadma->resolver);
	xadma->mfn_map = NULL;
	xadma->resolver = NULL;
}

/**
 * xadma_provider_name - where the pool's memory comes from
 * @xadma: the instance
 *
 * Context: any.
 * Return: the provider's name, or "none".
 */
const char *xadma_provider_name(const struct xadma *xadma)
{
	return xadma->source.chosen ? (*xadma->source.chosen)->name : "none";
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * resolve: ask Xen which machine frame is behind a frame of our own.
 *
 * There is no hypercall for that question. But a page that is granted and
 * mapped tells its machine address (gnttab_map_grant_ref.dev_bus_addr), and a
 * domain may map its own grants. So: grant the page to ourselves, map it at an
 * unpopulated page, read the address, undo both. That costs Xen some ten thousand
 * instructions per frame, and is done in batches, never on the map path.
 *
 * Xen's header promises the address only together with GNTMAP_device_map,
 * which Xen on Arm refuses. So the answers are put to the test at boot, and
 * where they do not pass it nothing is translated.
 */
#ifndef _XADMA_RESOLVE_H
#define _XADMA_RESOLVE_H

#include <linux/mutex.h>
#include <linux/types.h>

struct page;
struct xadma_hv;

/* Frames in a hypercall. */
#define XADMA_RESOLVE_BATCH	1024

/* The machine frame of a frame that has none, or none that is known. */
#define XADMA_NO_MFN		(~0UL)

struct xadma_resolver;

struct xadma_resolver *xadma_resolver_create(const struct xadma_hv *hv);
void xadma_resolver_destroy(struct xadma_resolver *t);
int xadma_resolver_check(struct xadma_resolver *t, const char **why);
unsigned int xadma_resolve(struct xadma_resolver *t,
			   const unsigned long *pfns, unsigned long *mfns,
			   unsigned int nr);
unsigned int xadma_resolver_stuck(const struct xadma_resolver *t);

#endif /* _XADMA_RESOLVE_H */

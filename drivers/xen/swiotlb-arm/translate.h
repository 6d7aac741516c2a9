/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * translate: ask Xen which machine frame is behind a frame of our own.
 *
 * There is no hypercall for that question. But a page that is granted and
 * mapped tells its machine address (gnttab_map_grant_ref.dev_bus_addr), and a
 * domain may map its own grants. So: grant the page to ourselves, map it at a
 * scratch frame, read the address, undo both. That costs Xen some ten thousand
 * instructions per frame, and is done in batches, never on the map path.
 *
 * Xen's header promises the address only together with GNTMAP_device_map,
 * which Xen on Arm refuses. So the answers are put to the test at boot, and
 * where they do not pass it nothing is translated.
 */
#ifndef _SWARM_TRANSLATE_H
#define _SWARM_TRANSLATE_H

#include <linux/mutex.h>
#include <linux/types.h>

struct page;
struct swarm_hv;

/* Frames in a hypercall. */
#define SWARM_TRANSLATE_BATCH	1024

/* The machine frame of a frame that has none, or none that is known. */
#define SWARM_NO_MFN		(~0UL)

struct swarm_translator;

struct swarm_translator *swarm_translator_create(const struct swarm_hv *hv);
void swarm_translator_destroy(struct swarm_translator *t);
int swarm_translator_check(struct swarm_translator *t, const char **why);
unsigned int swarm_translate(struct swarm_translator *t,
			     const unsigned long *pfns, unsigned long *mfns,
			     unsigned int nr);
unsigned int swarm_translator_stuck(const struct swarm_translator *t);

#endif /* _SWARM_TRANSLATE_H */

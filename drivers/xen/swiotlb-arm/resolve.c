// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>
#include <xen/swiotlb-arm-hv.h>

#include "resolve.h"

/*
 * The unpopulated pages are guest addresses without memory behind them. One at
 * which a mapping could not be undone is never used again: the last one takes
 * its place, and @frames shrinks.
 */
struct xadma_resolver {
	const struct xadma_hv *hv;
	int self;			/* our own domain id; fixed */
	struct mutex lock;		/* guards all below; sleeps */
	unsigned int frames;		/* unpopulated pages that can be used */
	unsigned int stuck;		/* those that cannot any more */
	struct page *unpopulated[XADMA_RESOLVE_BATCH];
	int ref[XADMA_RESOLVE_BATCH];
	struct gnttab_map_grant_ref map[XADMA_RESOLVE_BATCH];
	struct gnttab_unmap_grant_ref unmap[XADMA_RESOLVE_BATCH];
};

/**
 * xadma_resolver_create - get ready to resolve frames
 * @hv: the machine
 *
 * Context: may sleep.
 * Return: the resolver; or an ERR_PTR: what Xen said when asked for our own
 *	domain id, -ENOMEM without memory or unpopulated pages.
 */
struct xadma_resolver *xadma_resolver_create(const struct xadma_hv *hv)
{
	struct xadma_resolver *t = kvzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return ERR_PTR(-ENOMEM);
	t->hv = hv;
	mutex_init(&t->lock);
	t->self = hv->domid();
	if (t->self < 0) {
		int err = t->self;

		kvfree(t);
		return ERR_PTR(err);
	}
	if (hv->unpopulated_get(t->unpopulated, XADMA_RESOLVE_BATCH)) {
		kvfree(t);
		return ERR_PTR(-ENOMEM);
	}
	t->frames = XADMA_RESOLVE_BATCH;
	return t;
}

/**
 * xadma_resolver_destroy - give the unpopulated pages back
 * @t: the resolver; nobody uses it any more
 *
 * Context: may sleep.
 */
void xadma_resolver_destroy(struct xadma_resolver *t)
{
	if (!t)
		return;
	t->hv->unpopulated_put(t->unpopulated, t->frames);
	mutex_destroy(&t->lock);
	kvfree(t);
}

/**
 * xadma_resolver_stuck - unpopulated pages that were lost
 * @t: the resolver
 *
 * Context: any; a snapshot.
 * Return: how many frames still have something mapped that Xen would not unmap.
 */
unsigned int xadma_resolver_stuck(const struct xadma_resolver *t)
{
	return READ_ONCE(t->stuck);
}

/* ---- one batch ---- */

/* Returns how many could be granted; the grant table may be full. */
static unsigned int grant_all(struct xadma_resolver *t,
			      const unsigned long *pfns, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		t->ref[i] = t->hv->grant(t->self, pfns[i]);
		if (t->ref[i] < 0)
			break;
		t->map[i] = (struct gnttab_map_grant_ref) {
			.host_addr = page_to_phys(t->unpopulated[i]),
			.flags = GNTMAP_host_map | GNTMAP_readonly,
			.ref = t->ref[i],
			.dom = t->self,
			.status = GNTST_general_error,
		};
	}
	return i;
}

static bool is_mapped(const struct xadma_resolver *t, unsigned int i)
{
	return t->map[i].status == GNTST_okay;
}

static void read_all(const struct xadma_resolver *t, unsigned long *mfns,
		     unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		mfns[i] = is_mapped(t, i) && t->map[i].dev_bus_addr ?
			  t->map[i].dev_bus_addr >> XEN_PAGE_SHIFT :
			  XADMA_NO_MFN;
}

/* A grant whose mapping could not be undone stays for ever, with its frame. */
static void retire(struct xadma_resolver *t, unsigned int i)
{
	t->frames--;
	swap(t->unpopulated[i], t->unpopulated[t->frames]);
	WRITE_ONCE(t->stuck, t->stuck + 1);
}

static void unmap_all(struct xadma_resolver *t, unsigned int nr)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++)
		if (is_mapped(t, i))
			t->unmap[n++] = (struct gnttab_unmap_grant_ref) {
				.host_addr = t->map[i].host_addr,
				.handle = t->map[i].handle,
				.status = GNTST_general_error,
			};
	if (n)
		t->hv->unmap(t->unmap, n);

	/* From the end, since retire() moves the last frame. */
	for (i = nr; i--;) {
		bool stuck = is_mapped(t, i) &&
			     t->unmap[--n].status != GNTST_okay;

		if (t->hv->ungrant(t->ref[i]) || stuck)
			retire(t, i);
	}
}

/*
 * Xen fills in each status as it goes, so an error of the whole call says no
 * more than they do.
 */
static unsigned int resolve_batch(struct xadma_resolver *t,
				  const unsigned long *pfns,
				  unsigned long *mfns, unsigned int nr)
{
	lockdep_assert_held(&t->lock);

	nr = grant_all(t, pfns, min(nr, t->frames));
	if (!nr)
		return 0;
	t->hv->map(t->map, nr);
	read_all(t, mfns, nr);
	unmap_all(t, nr);
	return nr;
}

/**
 * xadma_resolve - find the machine frames of frames of our own
 * @t:    the resolver
 * @pfns: the frames; each is RAM of this kernel, or was
 * @mfns: filled in; XADMA_NO_MFN for what could not be translated
 * @nr:   how many
 *
 * Context: may sleep; takes @t->lock.
 * Return: how many were translated.
 */
unsigned int xadma_resolve(struct xadma_resolver *t,
			   const unsigned long *pfns, unsigned long *mfns,
			   unsigned int nr)
{
	unsigned int done = 0, known = 0, i;

	for (i = 0; i < nr; i++)
		mfns[i] = XADMA_NO_MFN;

	mutex_lock(&t->lock);
	while (done < nr) {
		unsigned int n = resolve_batch(t, pfns + done, mfns + done,
						 nr - done);

		if (!n)
			break;
		done += n;
	}
	mutex_unlock(&t->lock);

	for (i = 0; i < nr; i++)
		known += mfns[i] != XADMA_NO_MFN;
	return known;
}

/* ---- can the answers be trusted? ---- */

#define PROBES	4

static bool mapped_right(struct xadma_resolver *t, struct page *const *pages)
{
	unsigned int i;

	for (i = 0; i < PROBES; i++)
		if (!is_mapped(t, i) ||
		    memcmp(page_address(t->unpopulated[i]), page_address(pages[i]),
			   PAGE_SIZE))
			return false;
	return true;
}

/* Xen maintains the caches of a domain's own frames and of no others. */
static bool frames_ours(struct xadma_resolver *t, const unsigned long *mfns)
{
	unsigned int i;

	for (i = 0; i < PROBES; i++) {
		struct gnttab_cache_flush op = {
			.a.dev_bus_addr = (u64)mfns[i] << XEN_PAGE_SHIFT,
			.length = XEN_PAGE_SIZE,
			.op = GNTTAB_CACHE_CLEAN,
		};

		if (mfns[i] == XADMA_NO_MFN || t->hv->flush(&op, 1))
			return false;
	}
	return true;
}

static bool all_differ(const unsigned long *mfns)
{
	unsigned int i, j;

	for (i = 0; i < PROBES; i++)
		for (j = 0; j < i; j++)
			if (mfns[i] == mfns[j])
				return false;
	return true;
}

static const char *probe(struct xadma_resolver *t, struct page *const *pages)
{
	unsigned long pfns[PROBES], mfns[PROBES];
	const char *why = NULL;
	unsigned int i, nr;

	for (i = 0; i < PROBES; i++) {
		memset(page_address(pages[i]), 0x5a + i, PAGE_SIZE);
		pfns[i] = page_to_pfn(pages[i]);
	}

	mutex_lock(&t->lock);
	nr = grant_all(t, pfns, PROBES);
	t->hv->map(t->map, nr);
	read_all(t, mfns, nr);
	if (nr < PROBES)
		why = "the grant table is full";
	else if (!mapped_right(t, pages))
		why = "Xen does not let us map what we granted to ourselves";
	else if (!frames_ours(t, mfns))
		why = "Xen does not tell the machine address of what is mapped";
	else if (!all_differ(mfns))
		why = "Xen tells the same machine address for different pages";
	unmap_all(t, nr);
	if (!why && t->stuck)
		why = "Xen does not unmap what it mapped";
	mutex_unlock(&t->lock);
	return why;
}

/**
 * xadma_resolver_check - put the resolver to the test
 * @t:   the resolver
 * @why: where to put the reason, half a sentence
 *
 * Pages of our own with contents of their own must be seen at the unpopulated pages,
 * and Xen must own up that the machine frames it told are ours.
 *
 * Context: may sleep.
 * Return: 0, or -EPROTO when the answers cannot be trusted.
 */
int xadma_resolver_check(struct xadma_resolver *t, const char **why)
{
	struct page *pages[PROBES] = {};
	unsigned int i;

	*why = NULL;
	for (i = 0; i < PROBES && !*why; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		if (!pages[i])
			*why = "there is no memory";
	}
	if (!*why)
		*why = probe(t, pages);
	for (i = 0; i < PROBES; i++)
		if (pages[i])
			__free_page(pages[i]);
	return *why ? -EPROTO : 0;
}

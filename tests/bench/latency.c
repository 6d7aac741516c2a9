// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long an operation takes at the worst. Each one is measured by itself: maps,
 * syncs and unmaps of buffers of random sizes, directions and alignments, in random
 * order, while the pool is full to this or that part and while it grows and shrinks,
 * and while guests' pages come and go. What is done depends on a number alone that
 * each pass of a phase begins with, so both kernels do the same.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "latency.h"

#define POOL		SZ_64M
#define MAPS		(POOL / PAGE_SIZE)
#define GROWN		SZ_128M
/* What the fillers give back in one piece */
#define GROUP		(SZ_256K / PAGE_SIZE)
#define LIVE		64
#define ENTRIES		(SZ_256K / PAGE_SIZE)
#define BLOCK		SZ_4M
#define WAKES		8
#define NAPS		240
#define GUEST_PERIOD	1024
#define ELSEWHERE	10000

struct live {
	struct bench_job job;
	struct bench_class class;
	bool mapped;
	struct scatterlist sg[ENTRIES];
};

struct phase {
	const char *name;
	unsigned int permille;		/* of all operations */
	void (*begin)(void);
	void (*between)(unsigned int done, unsigned int of);
	void (*end)(void);
};

static const struct bench_gauge *gauge;
static struct live *live;
static struct page *block;
static struct page *granted[BENCH_GRANTS];
static bool guest_is_here;
static u32 state;

static u32 draw(u32 below)
{
	state = state * 1664525 + 1013904223;
	return (u64)(state >> 8) * below >> 24;
}

/* ---- one operation ---- */

static void op_map(struct bench_job *job)
{
	job->addr = dma_map_page_attrs(job->dev, job->page, job->offset, job->len, job->dir,
				       DMA_ATTR_NO_WARN);
	job->errors = dma_mapping_error(job->dev, job->addr) != 0;
}

static void op_unmap(struct bench_job *job)
{
	dma_unmap_page(job->dev, job->addr, job->len, job->dir);
}

static void op_to_cpu(struct bench_job *job)
{
	dma_sync_single_for_cpu(job->dev, job->addr, job->len, job->dir);
}

static void op_to_device(struct bench_job *job)
{
	dma_sync_single_for_device(job->dev, job->addr, job->len, job->dir);
}

static void op_map_list(struct bench_job *job)
{
	job->errors = !dma_map_sg_attrs(job->dev, job->sg, job->nr, job->dir,
					DMA_ATTR_NO_WARN);
}

static void op_unmap_list(struct bench_job *job)
{
	dma_unmap_sg(job->dev, job->sg, job->nr, job->dir);
}

static void op_list_to_cpu(struct bench_job *job)
{
	dma_sync_sg_for_cpu(job->dev, job->sg, job->nr, job->dir);
}

static void op_list_to_device(struct bench_job *job)
{
	dma_sync_sg_for_device(job->dev, job->sg, job->nr, job->dir);
}

static void tally(const struct live *l, enum bench_deed deed, u64 figure)
{
	struct bench_class class = l->class;

	class.deed = deed;
	bench_tally(class, figure);
}

static bool copies_back(const struct bench_job *job)
{
	return job->way == BENCH_BOUNCED && job->dir != DMA_TO_DEVICE;
}

static bool went(const struct bench_job *job)
{
	struct scatterlist *sg;
	unsigned int i;

	if (!job->sg)
		return bench_went(job, job->page, job->addr - job->offset);
	for_each_sg(job->sg, sg, job->nr, i)
		if (!bench_went(job, sg_page(sg), sg_dma_address(sg)))
			return false;
	return true;
}

static void map(struct live *l)
{
	struct bench_job *job = &l->job;
	u64 figure = gauge->once(job->sg ? op_map_list : op_map, job);

	l->mapped = !job->errors;
	tally(l, l->mapped ? BENCH_MAP : BENCH_REFUSED, figure);
	if (l->mapped && !went(job))
		bench_error("latency", "a buffer went another way");
}

static void unmap(struct live *l)
{
	struct bench_job *job = &l->job;
	u64 figure = gauge->once(job->sg ? op_unmap_list : op_unmap, job);

	l->mapped = false;
	tally(l, copies_back(job) ? BENCH_UNMAP_COPY : BENCH_UNMAP, figure);
}

static void sync(struct live *l, bool to_cpu)
{
	struct bench_job *job = &l->job;
	enum dma_data_direction idle = to_cpu ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
	bool copies = job->way == BENCH_BOUNCED && job->dir != idle;
	bench_op op = to_cpu ? op_to_cpu : op_to_device;

	if (job->sg)
		op = to_cpu ? op_list_to_cpu : op_list_to_device;
	tally(l, copies ? BENCH_SYNC_COPY : BENCH_SYNC, gauge->once(op, job));
}

/* ---- which ---- */

static const struct size {
	u32 above, most;
	unsigned int weight;		/* of 64 */
} sizes[BENCH_SIZES] = {
	{ 0, SZ_2K, 12 }, { SZ_2K, SZ_4K, 16 }, { SZ_4K, SZ_8K, 10 }, { SZ_8K, SZ_16K, 10 },
	{ SZ_16K, SZ_64K, 10 }, { SZ_64K, SZ_256K, 4 }, { SZ_256K, SZ_1M, 2 },
};

static unsigned int draw_size(void)
{
	unsigned int of = draw(64), i;

	for (i = 0; of >= sizes[i].weight; i++)
		of -= sizes[i].weight;
	return i;
}

static enum bench_way draw_way(void)
{
	static const enum bench_way ways[] = {
		BENCH_BOUNCED, BENCH_BOUNCED, BENCH_DIRECT, BENCH_FOREIGN,
	};

	return ways[draw(ARRAY_SIZE(ways))];
}

/* Half of all buffers begin where a page, a cache line or a word does. */
static u32 draw_place(u32 below)
{
	static const u32 aligned[] = { 4, SMP_CACHE_BYTES, PAGE_SIZE };
	u32 place = draw(below), how = draw(2 * ARRAY_SIZE(aligned));

	return how < ARRAY_SIZE(aligned) ? round_down(place, aligned[how]) : place;
}

/* Guests' pages are no neighbours: what is longer than one is a list of them. */
static void list_granted(struct live *l, unsigned int first)
{
	struct bench_job *job = &l->job;
	size_t left = job->len;
	unsigned int i;

	job->sg = l->sg;
	job->nr = DIV_ROUND_UP(left, PAGE_SIZE);
	sg_init_table(l->sg, job->nr);
	for (i = 0; i < job->nr; i++, left -= PAGE_SIZE)
		sg_set_page(&l->sg[i], granted[(first + i) % BENCH_GRANTS],
			    min(left, PAGE_SIZE), 0);
}

static void place_foreign(struct live *l, unsigned int place)
{
	struct bench_job *job = &l->job;
	unsigned int first = place / PAGE_SIZE % BENCH_GRANTS;

	job->dev = bench_dev.wide;
	if (job->len > PAGE_SIZE) {
		list_granted(l, first);
		return;
	}
	job->page = granted[first];
	job->offset = min(place % PAGE_SIZE, PAGE_SIZE - job->len);
}

static void place_own(struct live *l, unsigned int place)
{
	struct bench_job *job = &l->job;

	job->dev = job->way == BENCH_BOUNCED ? bench_dev.narrow : bench_dev.wide;
	job->page = block + place / PAGE_SIZE;
	job->offset = place % PAGE_SIZE;
}

struct wish {
	unsigned int size, place;
	u32 len;
	enum bench_way way;
	enum dma_data_direction dir;
};

/* As many numbers are drawn each time, whatever becomes of it. */
static struct wish draw_wish(void)
{
	static const enum dma_data_direction dirs[] = {
		DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL,
	};
	struct wish w;

	w.size = draw_size();
	w.way = draw_way();
	w.dir = dirs[draw(ARRAY_SIZE(dirs))];
	w.len = sizes[w.size].most - draw(sizes[w.size].most - sizes[w.size].above);
	w.place = draw_place(BLOCK - w.len + 1);
	return w;
}

/* What is longer than a device may ask for is no refusal, but the driver's error. */
static bool may_ask(const struct wish *w)
{
	if (w->way == BENCH_FOREIGN)
		return guest_is_here && w->len <= ENTRIES * PAGE_SIZE;
	return w->way == BENCH_DIRECT || w->len <= dma_max_mapping_size(bench_dev.narrow);
}

static void map_as(struct live *l, const struct wish *w)
{
	if (!may_ask(w))
		return;
	l->class = (struct bench_class) { .way = w->way, .size = w->size };
	l->job = (struct bench_job) { .dir = w->dir, .way = w->way, .len = w->len };
	if (w->way == BENCH_FOREIGN)
		place_foreign(l, w->place);
	else
		place_own(l, w->place);
	map(l);
}

static void step(void)
{
	struct live *l = &live[draw(LIVE)];
	unsigned int what = draw(8);
	struct wish wish = draw_wish();

	if (!l->mapped)
		map_as(l, &wish);
	else if (what < 2)
		sync(l, what);
	else
		unmap(l);
}

static void unmap_all(bool foreign_only)
{
	unsigned int i;

	for (i = 0; i < LIVE; i++) {
		struct bench_job *job = &live[i].job;

		if (!live[i].mapped || (foreign_only && job->way != BENCH_FOREIGN))
			continue;
		(job->sg ? op_unmap_list : op_unmap)(job);
		live[i].mapped = false;
	}
}

/* ---- while the pool is full to some part ---- */

/*
 * Where the peer looks for room depends on where it has found some before: on in the
 * pool, until the end. With an empty pool it is brought back to the beginning.
 */
static void rewind(void)
{
	dma_addr_t addr = 0, last;

	do {
		last = addr;
		addr = dma_map_page(bench_dev.narrow, block, 0, SZ_256K, DMA_TO_DEVICE);
		if (dma_mapping_error(bench_dev.narrow, addr)) {
			bench_error("latency", "an empty pool has no room");
			return;
		}
		dma_unmap_page(bench_dev.narrow, addr, SZ_256K, DMA_TO_DEVICE);
	} while (addr > last);
}

/* Of what is given back one half are single pages, the other long runs of them. */
static void give_back(unsigned int left)
{
	unsigned int spare = bench_filled() - min(left, bench_filled());

	bench_fill_sort();
	bench_fill_shuffle(GROUP);
	bench_fill_drain(bench_filled() - round_down(spare / 2, GROUP));
	bench_fill_shuffle(1);
	bench_fill_drain(left);
}

static void fill_to(unsigned int percent)
{
	unsigned int left = MAPS * percent / 100;

	bench_fill(BENCH_FILLERS, MAPS);
	if (bench_filled() < left)
		bench_error("latency", "the pool cannot be filled that far");
	give_back(left);
	/* What the kernel does in the background about a full pool has been done then. */
	msleep(20);
}

static void full0(void)
{
	fill_to(0);
}

static void full50(void)
{
	fill_to(50);
}

static void full90(void)
{
	fill_to(90);
}

static void full99(void)
{
	fill_to(99);
}

static void pressed(void)
{
	bench_fill(BENCH_FILLERS, MAPS);
	msleep(20);
}

/* By a single device, which asks for all that there is. */
static void flood(void)
{
	bench_fill(1, MAPS);
	msleep(20);
}

/* ---- while guests' pages come and go ---- */

static int guest_comes(void)
{
	int err = bench_grants_map(granted);

	guest_is_here = !err;
	if (err)
		bench_error("latency", "the guest granted nothing");
	return err;
}

static void guest_leaves(void)
{
	if (!guest_is_here)
		return;
	unmap_all(true);
	bench_grants_unmap(granted);
	guest_is_here = false;
}

/* The pages of other guests are more and more. */
static void come_and_go(unsigned int done, unsigned int of)
{
	if (done % GUEST_PERIOD)
		return;
	if (guest_is_here)
		guest_leaves();
	else
		guest_comes();
	if (bench_foreign_upto(mult_frac(ELSEWHERE, done, of)))
		bench_error("latency", "no room for foreign pages");
}

static void all_stay(void)
{
	bench_foreign_none();
	if (!guest_is_here)
		guest_comes();
}

/* ---- while it grows and shrinks ---- */

/*
 * The first third of the naps the pool fills up and may grow, the second third it is
 * drained, and then nobody is in it but us. The naps add up to minutes.
 */
static void grow_and_shrink(unsigned int done, unsigned int of)
{
	unsigned int nap = done / max(of / NAPS, 1), third = NAPS / 3;

	if (done % max(of / NAPS, 1))
		return;
	if (nap <= third) {
		bench_fill(BENCH_FILLERS, mult_frac(GROWN / PAGE_SIZE, nap, third));
		msleep(20);
		return;
	}
	if (nap == third + 1) {
		bench_tally_phase("shrink");
		bench_fill_sort();
		bench_fill_shuffle(1);
	}
	bench_fill_drain(mult_frac(GROWN / PAGE_SIZE, 2 * third - min(nap, 2 * third), third));
	msleep(3000);
}

/* Until it is as small as it was before. */
static void rest(void)
{
	bench_fill_drain(0);
	msleep(200000);
}

static LIST_HEAD(hoard);

/* All of the memory that a pool could grow by, in blocks of no less than 64 KiB */
static void hoard_memory(void)
{
	unsigned int order = MAX_PAGE_ORDER + 1;
	struct page *page;

	while (order-- > get_order(SZ_64K)) {
		while ((page = alloc_pages(GFP_DMA | __GFP_NOWARN, order))) {
			set_page_private(page, order);
			list_add(&page->lru, &hoard);
		}
	}
}

/* Of what it could grow to, how much can be had? */
static void starve(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		hoard_memory();
		bench_fill(BENCH_FILLERS, GROWN / PAGE_SIZE);
		msleep(20);
	}
	bench_figure("starved", "maps", GROWN / PAGE_SIZE * 1000, bench_filled() * 1000ULL);
}

/* The pool's worker tries again now and then. */
static void try_again(unsigned int done, unsigned int of)
{
	if (done % max(of / NAPS, 1))
		return;
	hoard_memory();
	msleep(20);
}

static void feed(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &hoard, lru) {
		list_del(&page->lru);
		__free_pages(page, page_private(page));
	}
	rest();
}

/* ---- all of them ---- */

static void run_pass(const struct phase *p, unsigned int pass, unsigned int ops)
{
	unsigned int done;

	rewind();
	state = 1;
	bench_tally_begin(pass);
	bench_tally_phase(p->name);
	if (p->begin)
		p->begin();
	while ((done = bench_tallied()) < ops) {
		step();
		if (p->between && bench_tallied() != done)
			p->between(done + 1, ops);
	}
	unmap_all(false);
	if (p->end)
		p->end();
	bench_fill_drain(0);
}

static void run(const struct phase *p, unsigned int nr, unsigned int ops)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		run_pass(&p[i], 0, mult_frac(ops, p[i].permille, 1000));
		run_pass(&p[i], 1, mult_frac(ops, p[i].permille, 1000));
	}
}

static void worked(struct work_struct *work)
{
}

static DECLARE_DELAYED_WORK(woken, worked);

static void op_wake(struct bench_job *job)
{
	queue_delayed_work(system_unbound_wq, &woken, 0);
}

/* What the kernel takes to wake a worker, as one does that a map leaves work to */
static void wake(void)
{
	u64 best = U64_MAX;
	unsigned int i;

	for (i = 0; i < WAKES; i++) {
		best = min(best, gauge->once(op_wake, NULL));
		flush_delayed_work(&woken);
	}
	bench_figure("wake", "instructions", BENCH_NONE, best * 1000);
}

static int prepare(unsigned int ops, unsigned int most)
{
	live = kvcalloc(LIVE, sizeof(*live), GFP_KERNEL);
	block = bench_high_page(get_order(BLOCK));
	if (!live || !block)
		return -ENOMEM;
	return bench_fill_init(most) ?: bench_tally_init(gauge, ops) ?: guest_comes();
}

static void release(void)
{
	guest_leaves();
	bench_fill_exit();
	if (block)
		__free_pages(block, get_order(BLOCK));
	kvfree(live);
}

static void measure(const struct phase *p, unsigned int nr, unsigned int ops,
		    unsigned int most)
{
	bench_control_once();
	wake();
	if (prepare(ops, most))
		bench_error("latency", "could not be prepared");
	else
		run(p, nr, ops);
	release();
	bench_control_once();
}

/* A pool that stays as large as it is */
void bench_latency(const struct bench_gauge *with, unsigned int ops)
{
	static const struct phase phases[] = {
		{ "full0", 300, full0 },
		{ "full50", 175, full50 },
		{ "full90", 175, full90 },
		{ "full99", 100, full99 },
		{ "pressed", 50, pressed },
		{ "flood", 50, flood },
		{ "guests", 150, full50, come_and_go, all_stay },
	};

	gauge = with;
	measure(phases, ARRAY_SIZE(phases), ops, MAPS);
}

/* One that may grow to twice that */
void bench_latency_grow(const struct bench_gauge *with, unsigned int ops)
{
	static const struct phase phases[] = {
		{ "grow", 750, NULL, grow_and_shrink, rest },
		{ "starved", 250, starve, try_again, feed },
	};

	gauge = with;
	measure(phases, ARRAY_SIZE(phases), ops, GROWN / PAGE_SIZE);
}

const struct bench_gauge bench_whole = { .once = bench_once };

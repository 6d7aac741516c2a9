/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench - what a mapping costs, in instructions
 *
 * A *job* is what a driver would do once: map and unmap a buffer, a scatterlist
 * and so on. The *meter* runs a job's operation many times and tells what one
 * costs. A *case* is a named job together with its *limit*: the least that any
 * implementation could need, measured in the same way. A *figure* is what came
 * of a case. A job that is not done as the case's name says gives an error in
 * place of a figure.
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

/* Where a buffer has to go for the case to be what it is called. */
enum bench_way {
	BENCH_ANY,
	BENCH_DIRECT,
	BENCH_BOUNCED,
	BENCH_FOREIGN,
};

struct bench_job {
	struct device *dev;
	enum dma_data_direction dir;
	struct page *page;		/* one buffer, */
	struct scatterlist *sg;		/* or a list of them, */
	phys_addr_t mmio;		/* or a device's registers */
	unsigned int nr;		/* entries of the list, or of the queue */
	size_t len;			/* of a buffer */
	dma_addr_t addr;		/* what stays mapped during the job */
	dma_addr_t *queue;		/* or while others are mapped, too */
	void *from, *to;		/* a copy's */
	unsigned int times;		/* and how many of it */
	unsigned int errors;
	enum bench_way way;
	size_t offset;			/* of the buffer in its page; only latency has any */
};

typedef void (*bench_op)(struct bench_job *job);

struct bench_case {
	const char *name;
	bench_op op;
	struct bench_job *job;
	bench_op limit_op;		/* NULL: there is none */
	struct bench_job *limit_job;
	unsigned int rounds;		/* of the job in a batch; 0: as time permits */
	bool every;			/* round counts: no two are alike */
	bool irqs_on;			/* since the operation demands it */
};

/* meter.c: the operation of a case, in thousandths of an instruction */
u64 bench_meter(const struct bench_case *c);
void bench_control(void);
u64 bench_once(bench_op op, struct bench_job *job);
void bench_control_once(void);

/* figures.c */
#define BENCH_NONE	-1LL
int bench_figures_init(void);
void bench_figures_exit(void);
void bench_figure(const char *name, const char *unit, s64 limit, s64 value);
void bench_error(const char *name, const char *why);
void bench_measure(const struct bench_case *c);

/* devices.c */
#define BENCH_FILLERS	32
struct bench_devices {
	struct device *wide;		/* reach everything */
	struct device *wide_nc;		/* and do not snoop */
	struct device *direct;		/* are left to dma-direct */
	struct device *direct_nc;
	struct device *narrow;		/* reaches 4 GiB */
	struct device *filler[BENCH_FILLERS];	/* as well */
	/* made by bench_windows_init(), behind dma-ranges of all RAM */
	struct device *window;		/* which shift nothing */
	struct device *window_direct;
	struct device *shifted;		/* which shift addresses */
	struct device *shifted_direct;
	struct device *shifted_narrow;	/* and reaches 4 GiB of them */
};

extern struct bench_devices bench_dev;
int bench_devices_init(void);
int bench_windows_init(void);
void bench_devices_exit(void);

/* ops.c */
void bench_op_single(struct bench_job *job);
void bench_op_sg(struct bench_job *job);
void bench_op_queue(struct bench_job *job);
void bench_op_sync(struct bench_job *job);
void bench_op_coherent(struct bench_job *job);
void bench_op_resource(struct bench_job *job);
void bench_op_copy(struct bench_job *job);
bool bench_went(const struct bench_job *job, struct page *page, dma_addr_t addr);
const char *bench_went_wrong(const struct bench_job *job);
struct page *bench_high_page(unsigned int order);

/* fill.c */
int bench_fill_init(unsigned int most);
void bench_fill_exit(void);
unsigned int bench_filled(void);
void bench_fill(unsigned int devices, unsigned int most);
void bench_fill_sort(void);
void bench_fill_shuffle(unsigned int group);
void bench_fill_drain(unsigned int left);

/* foreign.c */
int bench_foreign_upto(unsigned int nr);
struct page *bench_foreign_page(unsigned int n);
void bench_foreign_none(void);

/* granted.c, granter.c */
#define BENCH_GRANTS	128
int bench_grants_map(struct page **pages);
void bench_grants_unmap(struct page **pages);
int bench_grant(void);

/* The cases, by what they need */
void bench_direct(void);
void bench_granted(void);
void bench_bounce(void);
void bench_full(void);
void bench_middle(void);
void bench_window(void);
void bench_threads(void);

#endif /* BENCH_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * latency - how long one operation takes at the worst
 *
 * A *class* is what operations have in common whose figures should be alike: what is
 * done, which way the buffer goes, and its size. A *gauge* is how one operation is
 * measured. The *tally* is how often which figure came of each class.
 */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include <linux/seq_file.h>
#include <linux/types.h>

#include "bench.h"

/* Of a bounce only what copies is as long as its buffer. */
enum bench_deed {
	BENCH_MAP,
	BENCH_UNMAP,
	BENCH_UNMAP_COPY,
	BENCH_SYNC,
	BENCH_SYNC_COPY,
	BENCH_REFUSED,
	BENCH_DEEDS,
};

/* Up to 2 KiB, 4 KiB, 8 KiB, 16 KiB, 64 KiB, 256 KiB, 1 MiB */
#define BENCH_SIZES	7

struct bench_class {
	enum bench_deed deed;
	enum bench_way way;
	unsigned int size;
};

/**
 * struct bench_gauge - what is measured of an operation
 * @once:  do it, and tell how many instructions
 * @where: in which code that was; NULL where there is no more to tell
 */
struct bench_gauge {
	u64 (*once)(bench_op op, struct bench_job *job);
	void (*where)(char *place, size_t size);
};

/* latency.c */
extern const struct bench_gauge bench_whole;
void bench_latency(const struct bench_gauge *gauge, unsigned int ops);
void bench_latency_grow(const struct bench_gauge *gauge, unsigned int ops);

/* tally.c */
int bench_tally_init(const struct bench_gauge *gauge, unsigned int ops);
void bench_tally_exit(void);
void bench_tally_begin(unsigned int pass);
void bench_tally_phase(const char *name);
bool bench_tally(struct bench_class class, u64 figure);
unsigned int bench_tallied(void);
void bench_tally_show(struct seq_file *s);

/* irqs.c: the longest time for which interrupts were off */
extern const struct bench_gauge bench_irqs_gauge;
int bench_irqs_init(void);
void bench_irqs_exit(void);

#endif /* BENCH_LATENCY_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tally. Each phase is gone through twice, in exactly the same way. The hypervisor
 * interrupts some operations, but hardly the same one twice: the smaller of an
 * operation's two figures counts. Where they differ the operation was *disturbed*; how
 * many were, and the largest figure of all, are told as well.
 *
 * Lines of the report:
 *
 *	class NAME NUMBER LEAST MOST DISTURBED MOST_SEEN [PLACE]
 *	counts NAME FIGURE:NUMBER...
 *	most NAME PHASE:FIGURE...
 *
 * with the counts of figures that are exact below 256 and within one in 128 above, and
 * the largest figure that counts of each phase.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "latency.h"

#define FINE		128
#define FIGURE_BITS	24
#define MOST		(BIT(FIGURE_BITS) - 1)
#define BUCKETS		((FIGURE_BITS - 6) * FINE)
#define WAYS		(BENCH_FOREIGN + 1)
#define CLASSES		(BENCH_DEEDS * WAYS * BENCH_SIZES)
#define DISTURBED	64
#define PHASES		8

struct tally {
	unsigned int number, disturbed;
	u32 least, most, most_seen;
	u32 most_in[PHASES];
	char place[80];
	u32 counts[BUCKETS];
};

static struct tally *tallies;		/* of each class */
static u32 *first_pass;			/* class and figure of each operation */
static unsigned int most_ops, nr_ops, pass, strayed;
static const char *phases[PHASES];
static unsigned int phase;
static void (*where)(char *place, size_t size);

int bench_tally_init(const struct bench_gauge *gauge, unsigned int ops)
{
	tallies = vcalloc(CLASSES, sizeof(*tallies));
	first_pass = vcalloc(ops, sizeof(*first_pass));
	if (!tallies || !first_pass) {
		bench_tally_exit();
		return -ENOMEM;
	}
	most_ops = ops;
	where = gauge->where;
	return 0;
}

void bench_tally_exit(void)
{
	vfree(tallies);
	vfree(first_pass);
	tallies = NULL;
	first_pass = NULL;
}

/* The first or the second pass of a phase */
void bench_tally_begin(unsigned int nr)
{
	pass = nr;
	nr_ops = 0;
}

/* Of which operations are from now on; there are no more than PHASES. */
void bench_tally_phase(const char *name)
{
	for (phase = 0; phase < PHASES - 1 && phases[phase]; phase++)
		if (!strcmp(phases[phase], name))
			return;
	phases[phase] = name;
}

/* Operations of this pass */
unsigned int bench_tallied(void)
{
	return nr_ops;
}

static unsigned int bucket_of(u32 figure)
{
	unsigned int shift = max(fls(figure) - 8, 0);

	return shift * FINE + (figure >> shift);
}

static u32 least_in(unsigned int bucket)
{
	unsigned int shift = max_t(int, bucket / FINE - 1, 0);

	return (bucket - shift * FINE) << shift;
}

static void add(struct tally *t, u32 figure, u32 seen)
{
	t->least = t->number ? min(t->least, figure) : figure;
	if (!t->number || figure > t->most) {
		t->most = figure;
		if (where)
			where(t->place, sizeof(t->place));
	}
	t->most_in[phase] = max(t->most_in[phase], figure);
	t->most_seen = max(t->most_seen, seen);
	t->disturbed += seen - figure > DISTURBED;
	t->counts[bucket_of(figure)]++;
	t->number++;
}

/**
 * bench_tally - enter one operation
 * @class:  its class
 * @figure: what the gauge told
 *
 * Return: false when the phase has no room for more.
 */
bool bench_tally(struct bench_class class, u64 figure)
{
	unsigned int at = (class.deed * WAYS + class.way) * BENCH_SIZES + class.size;
	u32 value = min_t(u64, figure, MOST), before;

	if (nr_ops == most_ops)
		return false;
	if (!pass) {
		first_pass[nr_ops++] = at << FIGURE_BITS | value;
		return true;
	}
	before = first_pass[nr_ops] & MOST;
	/* An operation that was of another class before is told by its own figure. */
	if (first_pass[nr_ops++] >> FIGURE_BITS != at) {
		strayed++;
		before = value;
	}
	add(&tallies[at], min(value, before), max(value, before));
	return true;
}

static const char *name_of(unsigned int at, char *name, size_t size)
{
	static const char * const deeds[] = {
		"map", "unmap", "unmap-copy", "sync", "sync-copy", "refused",
	};
	static const char * const ways[] = { "any", "direct", "bounced", "foreign" };
	static const char * const sizes[BENCH_SIZES] = {
		"2k", "4k", "8k", "16k", "64k", "256k", "1m",
	};

	snprintf(name, size, "%s-%s-%s", deeds[at / BENCH_SIZES / WAYS],
		 ways[at / BENCH_SIZES % WAYS], sizes[at % BENCH_SIZES]);
	return name;
}

static void show_one(struct seq_file *s, const char *name, const struct tally *t)
{
	unsigned int i;

	seq_printf(s, "class %s %u %u %u %u %u %s\n", name, t->number, t->least, t->most,
		   t->disturbed, t->most_seen, t->place);
	seq_printf(s, "counts %s", name);
	for (i = 0; i < BUCKETS; i++)
		if (t->counts[i])
			seq_printf(s, " %u:%u", least_in(i), t->counts[i]);
	seq_printf(s, "\nmost %s", name);
	for (i = 0; i < PHASES && phases[i]; i++)
		if (t->most_in[i])
			seq_printf(s, " %s:%u", phases[i], t->most_in[i]);
	seq_putc(s, '\n');
}

void bench_tally_show(struct seq_file *s)
{
	char name[32];
	unsigned int i;

	if (!tallies)
		return;
	for (i = 0; i < CLASSES; i++)
		if (tallies[i].number)
			show_one(s, name_of(i, name, sizeof(name)), &tallies[i]);
	seq_printf(s, "strayed %u\n", strayed);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * io-count - count the instructions that a machine in QEMU executes
 *
 * A plugin of QEMU. All instructions count, whoever executes them: programs,
 * kernels, the hypervisor. The program that wants to know marks where to begin and
 * where to end, and says what it is that was counted (io-count.h). So the report
 * leaves the machine without the help of any device, and from any guest.
 *
 *   -plugin FILE,report=REPORT[,places=PLACES]
 *
 * Lines of the report are texts, or text and numbers with tabs between. With PLACES, it
 * is told place by place, too: text, the address at which a straight piece of code begins,
 * and how many instructions of it were executed.
 *
 * One CPU: the counters are not atomic.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io-count.h"
#include "io-qemu.h"

int qemu_plugin_version = 1;

/* A straight piece of code. Pieces are never freed: QEMU may come back to them. */
struct place {
	struct place *next;
	__u64 addr;
	__u64 executed;
	__u64 at_start;
};

enum { MAX_LAPS = 1 << 14 };

static FILE *report, *places_to;
static struct place *places;
static __u64 executed, at_start, at_lap;
static __u64 laps[MAX_LAPS];
static unsigned int nr_laps;
static char text[256];
static unsigned int text_bits;

static void append_bit(unsigned int bit)
{
	unsigned int at = text_bits++ / 8;

	if (at < sizeof(text) - 1)
		text[at] = text[at] << 1 | bit;
}

static const char *take_text(void)
{
	static char taken[sizeof(text)];

	memcpy(taken, text, sizeof(text));
	memset(text, 0, sizeof(text));
	text_bits = 0;
	return taken;
}

static void start(void)
{
	for (struct place *p = places; p; p = p->next)
		p->at_start = p->executed;
	at_start = executed;
	at_lap = executed;
	nr_laps = 0;
}

static void lap(void)
{
	if (nr_laps < MAX_LAPS)
		laps[nr_laps++] = executed - at_lap;
	at_lap = executed;
}

static int by_size(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

/*
 * Laps are of a few kinds: some have a tick of a kernel's in them, in some a tick was
 * stopped and started again. A tenth of them at least has none of that, and these agree
 * with each other nearly to the instruction.
 */
static __u64 undisturbed_lap(void)
{
	qsort(laps, nr_laps, sizeof(laps[0]), by_size);
	return nr_laps ? laps[nr_laps / 10] : 0;
}

static void tell_places(const char *name)
{
	for (struct place *p = places; p; p = p->next)
		if (p->executed != p->at_start)
			fprintf(places_to, "%s\t%016llx\t%llu\n", name,
				p->addr,
				(p->executed - p->at_start));
}

static void stop(void)
{
	__u64 counted = executed - at_start;
	const char *name = take_text();

	fprintf(report, "%s\t%llu\t%llu\n", name, counted, undisturbed_lap());
	tell_places(name);
}

static void where(unsigned int cpu, __u32 info, __u64 addr, void *data)
{
	struct qemu_plugin_hwaddr *at = qemu_plugin_get_hwaddr(info, addr);

	fprintf(report, "%s\t%#llx\n", take_text(), qemu_plugin_hwaddr_phys_addr(at));
	fflush(report);
}

static void marked(unsigned int cpu, void *data)
{
	unsigned int what = (unsigned long)data;

	switch (what) {
	case IO_COUNT_ZERO:
	case IO_COUNT_ONE:
		append_bit(what);
		return;
	case IO_COUNT_SAY:
		fprintf(report, "%s\n", take_text());
		break;
	case IO_COUNT_START:
		start();
		return;
	case IO_COUNT_LAP:
		lap();
		return;
	case IO_COUNT_STOP:
		stop();
		break;
	}
	fflush(report);
}

/* movz xzr, #number */
static bool is_mark(const struct qemu_plugin_insn *insn, unsigned int *what)
{
	__u32 code;

	memcpy(&code, qemu_plugin_insn_data(insn), sizeof(code));
	*what = (code >> 5 & 0xffff) - IO_COUNT_MARK;
	return (code & ~(0xffffu << 5)) == 0xd280001f && *what < IO_COUNT_MARKS;
}

static __u64 *place_counter(__u64 addr)
{
	struct place *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->addr = addr;
	p->next = places;
	places = p;
	return &p->executed;
}

/*
 * Instructions are counted one by one, since a trap in the middle of a piece leaves
 * it, and traps are what a hypervisor lives on.
 */
static void translated(__u64 id, struct qemu_plugin_tb *tb)
{
	__u64 *counter = places_to ? place_counter(qemu_plugin_tb_vaddr(tb)) : NULL;
	size_t n = qemu_plugin_tb_n_insns(tb);
	unsigned int what;

	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
							   &executed, 1);
		if (counter)
			qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
								   counter, 1);
		if (!is_mark(insn, &what))
			continue;
		if (what != IO_COUNT_WHERE)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, CB_NO_REGS,
							       (void *)(unsigned long)what);
		else if (i + 1 < n)
			qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i + 1),
							 where, CB_NO_REGS, MEM_ANY, NULL);
	}
}

static FILE *open_for(const char *arg, const char *key)
{
	size_t len = strlen(key);

	return strncmp(arg, key, len) ? NULL : fopen(arg + len, "w");
}

int qemu_plugin_install(__u64 id, const void *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!report)
			report = open_for(argv[i], "report=");
		if (!places_to)
			places_to = open_for(argv[i], "places=");
	}
	if (!report) {
		fputs("io-count: report=FILE is wanted\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}

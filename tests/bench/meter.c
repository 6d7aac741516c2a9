// SPDX-License-Identifier: GPL-2.0-only
/*
 * The meter. On a machine whose clock counts instructions, time is the number of
 * instructions: ours and the hypervisor's.
 *
 * The counter that can be read has a coarser grain: a tick is 16 instructions. So a
 * batch of rounds is started in every place within a tick. The sum of what the
 * counter then shows is the length of the batch, to the instruction: that many of
 * the starts, and no others, see one tick more.
 *
 * Each start is tried several times and the shortest counts, for the hypervisor may
 * interrupt; the kernel's own tick is held back.
 */
#include <linux/irqflags.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/stringify.h>

#include "bench.h"
#include "quiet.h"

#define GRAIN		16
#define TRIES		3
#define BATCH		100000
#define MOST		8000
#define NOPS		1000
#define TURN		4

/* Leaves right after a tick, always in the same place: a turn of five meets it. */
static __always_inline void meet_tick(void)
{
	u64 a, b;

	asm volatile("1: mrs %0, cntvct_el0\n"
		     "   mrs %1, cntvct_el0\n"
		     "   nop\n"
		     "   cmp %0, %1\n"
		     "   b.eq 1b" : "=&r" (a), "=&r" (b) : : "cc");
}

/* A turn is a grain and an instruction. */
static __always_inline void step(unsigned int turns)
{
	asm volatile("1: .rept " __stringify(GRAIN) " - 1\n"
		     "   nop\n"
		     "   .endr\n"
		     "   subs %w0, %w0, 1\n"
		     "   b.ne 1b" : "+r" (turns) : : "cc");
}

static noinline u64 batch(bench_op op, struct bench_job *job, unsigned int n,
			  unsigned int place)
{
	u64 start;

	meet_tick();
	step(place);
	start = read_sysreg(cntvct_el0);
	do {
		op(job);
	} while (--n);
	return read_sysreg(cntvct_el0) - start;
}

/* Without the kernel's timer; without interrupts at all, where the operation permits. */
static u64 quiet_batch(bench_op op, struct bench_job *job, unsigned int n,
		       unsigned int place, bool irqs_on)
{
	unsigned long flags = bench_hush();
	u64 ticks;

	if (irqs_on)
		local_irq_enable();
	ticks = batch(op, job, n, place);
	local_irq_disable();
	bench_unhush(flags);
	return ticks;
}

static unsigned int as_time_permits(bench_op op, struct bench_job *job, bool irqs_on)
{
	u64 once = quiet_batch(op, job, 8, 1, irqs_on) * GRAIN / 8;

	return min_t(u64, MOST, BATCH / max(once, 1ULL) + 1);
}

/* The length of a batch */
static u64 length(bench_op op, struct bench_job *job, unsigned int n, unsigned int tries,
		  bool irqs_on)
{
	unsigned int place, i;
	u64 sum = 0, best;

	for (place = 1; place <= GRAIN; place++) {
		best = U64_MAX;
		for (i = 0; i < tries; i++)
			best = min(best, quiet_batch(op, job, n, place, irqs_on));
		sum += best;
	}
	return sum;
}

static void nothing(struct bench_job *job)
{
	barrier();
}

u64 bench_meter(const struct bench_case *c)
{
	unsigned int n = c->rounds, tries = c->every ? 1 : TRIES;
	u64 all, loop;

	preempt_disable();
	quiet_batch(c->op, c->job, 8, 1, c->irqs_on);
	n = n ?: as_time_permits(c->op, c->job, c->irqs_on);
	all = length(c->op, c->job, n, tries, c->irqs_on);
	loop = length(nothing, NULL, n, TRIES, c->irqs_on);
	preempt_enable();
	return div_u64((all - loop) * 1000, n);
}

/*
 * Up to the next tick in turns of four, so that what is left of the last one is known to
 * four instructions.
 */
static __always_inline u64 rest_of_tick(u64 now, unsigned int *turns)
{
	u64 tick;

	*turns = 0;
	asm volatile("1: mrs %0, cntvct_el0\n"
		     "   add %w1, %w1, 1\n"
		     "   cmp %0, %2\n"
		     "   b.eq 1b" : "=&r" (tick), "+r" (*turns) : "r" (now) : "cc");
	return tick;
}

static noinline u64 alone(bench_op op, struct bench_job *job)
{
	unsigned int turns;
	u64 start, end;

	meet_tick();
	start = read_sysreg(cntvct_el0);
	op(job);
	end = read_sysreg(cntvct_el0);
	end = rest_of_tick(end, &turns);
	return (end - start) * GRAIN - turns * TURN;
}

/**
 * bench_once - the instructions of one operation that is not repeated
 * @op:  the operation
 * @job: what it is done with
 *
 * No interrupt of this domain's comes meanwhile; one of the hypervisor's may. So
 * what it takes to do nothing is the least that this ever took.
 *
 * Return: how many, to four; of an operation that does nothing, 0.
 */
u64 bench_once(bench_op op, struct bench_job *job)
{
	static u64 loop = U64_MAX;
	unsigned long flags = bench_hush();
	u64 all = alone(op, job);

	loop = min(loop, alone(nothing, NULL));
	bench_unhush(flags);
	return all > loop ? all - loop : 0;
}

static noinline void known_length(struct bench_job *job)
{
	asm volatile(".rept " __stringify(NOPS) "\n\tnop\n\t.endr");
}

/* A meter that miscounts what is known beforehand is believed nothing. */
void bench_control(void)
{
	struct bench_case c = { .op = known_length };

	bench_figure("nops", "instructions", NOPS * 1000, bench_meter(&c));
}

/* The same for what is not repeated, but for the shortest of a few. */
void bench_control_once(void)
{
	u64 best = U64_MAX;
	unsigned int i;

	for (i = 0; i < TRIES; i++)
		best = min(best, bench_once(known_length, NULL));
	bench_figure("nops", "instructions", NOPS * 1000, best * 1000);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quiet: the kernel's timer is held back while something is measured.
 */
#ifndef BENCH_QUIET_H
#define BENCH_QUIET_H

#include <linux/irqflags.h>
#include <asm/sysreg.h>
#include <clocksource/arm_arch_timer.h>

/* Interrupts are off until it ends, unless the caller turns them on. */
static __always_inline unsigned long bench_hush(void)
{
	unsigned long flags;

	local_irq_save(flags);
	write_sysreg(read_sysreg(cntv_ctl_el0) | ARCH_TIMER_CTRL_IT_MASK, cntv_ctl_el0);
	isb();
	return flags;
}

/*
 * With interrupts off. What the timer's register was before is of no use: an interrupt
 * that was pending, for which the hypervisor masks the timer, may have been handled since.
 */
static __always_inline void bench_unhush(unsigned long flags)
{
	write_sysreg(read_sysreg(cntv_ctl_el0) & ~ARCH_TIMER_CTRL_IT_MASK, cntv_ctl_el0);
	isb();
	local_irq_restore(flags);
}

#endif /* BENCH_QUIET_H */

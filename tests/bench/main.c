// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: plays its role when it is loaded, and stays.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "bench.h"
#include "latency.h"

static char *role = "micro";
module_param(role, charp, 0400);
MODULE_PARM_DESC(role, "micro, threads, latency, irqs: measure; devices: make them; granter: grant pages to Dom0");

static unsigned int ops = 1000000;
module_param(ops, uint, 0400);
MODULE_PARM_DESC(ops, "latency, irqs: how many operations");

static void micro(void)
{
	bench_control();
	bench_direct();
	bench_granted();
	bench_bounce();
	bench_full();
	/* New cases come last: what was allocated before has a part in figures. */
	bench_middle();
	bench_window();
	bench_control();
}

static void irqs(bool grow)
{
	if (!IS_ENABLED(CONFIG_PREEMPTIRQ_TRACEPOINTS) || bench_irqs_init()) {
		bench_error("irqs", "this kernel does not tell when interrupts are off");
		return;
	}
	if (grow)
		bench_latency_grow(&bench_irqs_gauge, ops);
	else
		bench_latency(&bench_irqs_gauge, ops);
	bench_irqs_exit();
}

static void measure(void)
{
	if (!strcmp(role, "threads"))
		bench_threads();
	else if (!strcmp(role, "latency"))
		bench_latency(&bench_whole, ops);
	else if (!strcmp(role, "latency-grow"))
		bench_latency_grow(&bench_whole, ops);
	else if (!strcmp(role, "irqs"))
		irqs(false);
	else if (!strcmp(role, "irqs-grow"))
		irqs(true);
	else
		micro();
}

/* The kernel's own benchmark is given our devices, and so they stay. */
static int play(void)
{
	int err = bench_devices_init();

	if (err || !strcmp(role, "devices"))
		return err;
	measure();
	bench_devices_exit();
	return 0;
}

static int __init bench_init(void)
{
	int err;

	if (!strcmp(role, "granter"))
		return bench_grant();
	err = bench_figures_init();
	if (err)
		return err;
	err = play();
	if (err)
		bench_figures_exit();
	return err;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	bench_devices_exit();
	bench_figures_exit();
}
module_exit(bench_exit);

MODULE_DESCRIPTION("What DMA mappings cost");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: measures when it is loaded, or grants pages to Dom0, and stays.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "bench.h"

static char *role = "micro";
module_param(role, charp, 0400);
MODULE_PARM_DESC(role, "micro: count instructions; granter: grant pages to Dom0");

static int micro(void)
{
	int err = bench_devices_init();

	if (err)
		return err;
	bench_control();
	bench_direct();
	bench_granted();
	bench_bounce();
	bench_full();
	bench_control();
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
	err = micro();
	if (err)
		bench_figures_exit();
	return err;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	bench_figures_exit();
}
module_exit(bench_exit);

MODULE_DESCRIPTION("What DMA mappings cost");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that do nothing. The board's device tree has a node for those that snoop
 * and one for those that do not, and one behind each kind of dma-ranges; the kernel
 * configures them as it would any other.
 */
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/of.h>
#include <linux/of_device.h>
#include <linux/platform_device.h>

#include "bench.h"

struct bench_devices bench_dev;

static struct platform_device *made[10 + BENCH_FILLERS];
static unsigned int nr_made;

static struct device *make(const char *name, const char *path)
{
	struct device_node *np = of_find_node_by_path(path);
	struct platform_device_info info = {
		.name = name, .id = nr_made, .dma_mask = DMA_BIT_MASK(64),
	};
	struct platform_device *pdev;
	int err;

	if (!np)
		return ERR_PTR(-ENODEV);
	info.fwnode = of_fwnode_handle(np);
	pdev = platform_device_register_full(&info);
	of_node_put(np);
	if (IS_ERR(pdev))
		return ERR_CAST(pdev);
	made[nr_made++] = pdev;
	err = of_dma_configure_id(&pdev->dev, np, true, NULL);
	return err ? ERR_PTR(err) : &pdev->dev;
}

/* A mask is set last, since the core then decides what need not be synced. */
static int make_at(const char *path, struct device **dev, const char *name,
		   bool coherent, bool direct, unsigned int bits)
{
	*dev = make(name, path);
	if (IS_ERR(*dev))
		return PTR_ERR(*dev);
	if (dev_is_dma_coherent(*dev) != coherent)
		return -EINVAL;
	if (direct)
		set_dma_ops(*dev, NULL);
	else if (!get_dma_ops(*dev))
		return -EOPNOTSUPP;
	return dma_set_mask_and_coherent(*dev, DMA_BIT_MASK(bits));
}

static int make_one(struct device **dev, const char *name, bool coherent, bool direct,
		    unsigned int bits)
{
	return make_at(coherent ? "/bench-coherent" : "/bench-noncoherent", dev, name,
		       coherent, direct, bits);
}

static int make_fillers(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < BENCH_FILLERS && !err; i++)
		err = make_one(&bench_dev.filler[i], "bench-filler", true, false, 32);
	return err;
}

int bench_devices_init(void)
{
	int err;

	err = make_one(&bench_dev.wide, "bench-wide", true, false, 64) ?:
	      make_one(&bench_dev.wide_nc, "bench-wide-nc", false, false, 64) ?:
	      make_one(&bench_dev.direct, "bench-direct", true, true, 64) ?:
	      make_one(&bench_dev.direct_nc, "bench-direct-nc", false, true, 64) ?:
	      make_one(&bench_dev.narrow, "bench-narrow", true, false, 32) ?:
	      make_fillers();
	if (err)
		bench_devices_exit();
	return err;
}

/* dma-ranges that the kernel did not take would be measured as none. */
static int make_behind(const char *path, struct device **dev, const char *name,
		       bool direct, unsigned int bits)
{
	int err = make_at(path, dev, name, true, direct, bits);

	if (!err && !(*dev)->dma_range_map)
		err = -EINVAL;
	return err;
}

/* Apart from the others, whose figures depend on what was allocated before. */
int bench_windows_init(void)
{
	static const char window[] = "/bench-window/device";
	static const char shifted[] = "/bench-shifted/device";

	return make_behind(window, &bench_dev.window, "bench-window", false, 64) ?:
	       make_behind(window, &bench_dev.window_direct, "bench-window-direct", true, 64) ?:
	       make_behind(shifted, &bench_dev.shifted, "bench-shifted", false, 64) ?:
	       make_behind(shifted, &bench_dev.shifted_direct, "bench-shifted-direct", true, 64) ?:
	       make_behind(shifted, &bench_dev.shifted_narrow, "bench-shifted-narrow", false, 32);
}

void bench_devices_exit(void)
{
	while (nr_made)
		platform_device_unregister(made[--nr_made]);
}

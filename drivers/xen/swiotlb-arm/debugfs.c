// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/swiotlb-arm: a table of devices, whose DMA each one's is,
 * how full the pool is, how many foreign pages are mapped, and how long calls took.
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/init.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <xen/swiotlb-arm-p2m.h>

#include "claim.h"
#include "instance.h"
#include "mfn-map.h"
#include "ops.h"
#include "setup.h"

/* A column of the table: its name, and the counter or function behind it. */
static const struct column {
	const char *name;
	u64 (*get)(const struct xadma_stats __percpu *stats);
	unsigned int what;
} columns[] = {
	{ "direct",		.what = XADMA_N_ROUTE + XADMA_DIRECT },
	{ "foreign",		.what = XADMA_N_FOREIGN },
	{ "bounced",		.get = xadma_stats_bounced },
	{ "by_mask",		.what = XADMA_N_ROUTE + XADMA_BOUNCE_MASK },
	{ "by_unknown",		.what = XADMA_N_ROUTE + XADMA_BOUNCE_UNKNOWN },
	{ "by_scatter",		.what = XADMA_N_ROUTE + XADMA_BOUNCE_SCATTER },
	{ "by_kmalloc",		.what = XADMA_N_ROUTE + XADMA_BOUNCE_KMALLOC },
	{ "by_force",		.what = XADMA_N_ROUTE + XADMA_BOUNCE_FORCE },
	{ "by_cache",		.what = XADMA_N_ROUTE + XADMA_BOUNCE_CACHE },
	{ "refused",		.get = xadma_stats_refused },
	{ "bounced_bytes",	.what = XADMA_N_BOUNCED_BYTES },
	{ "held_bytes",		.get = xadma_stats_held },
	{ "unmaps",		.what = XADMA_N_UNMAPS },
	{ "syncs",		.what = XADMA_N_SYNCS },
	{ "cache_local",	.what = XADMA_N_CACHE_LOCAL },
	{ "cache_foreign",	.what = XADMA_N_CACHE_FOREIGN },
	{ "cache_calls",	.what = XADMA_N_CACHE_CALLS },
	{ "coherent_allocs",	.what = XADMA_N_COHERENT },
	{ "mmio",		.what = XADMA_N_MMIO },
	{ "misuse",		.what = XADMA_N_MISUSE },
};

static const char *record_name(const struct xadma_dev *record)
{
	return record->dev ? dev_name(record->dev) : "others";
}

/* The driver may be unbound meanwhile: its name was copied when it was bound. */
static void show_device(const struct xadma_dev *record, void *data)
{
	struct device *dev = record->dev;
	struct seq_file *m = data;
	u64 mask = dev && dev->dma_mask ? *dev->dma_mask : 0;
	u64 limit = dev ? xadma_dev_limit(dev, mask) : 0;
	bool bound = dev && READ_ONCE(dev->driver) && *record->driver;
	unsigned int i;

	seq_printf(m, "%s %s %#llx %#llx %s %zu",
		   record_name(record), bound ? record->driver : "-", mask, limit,
		   !dev ? "-" : record->reach.coherent ? "yes" : "no",
		   dev ? xadma_pool_driven(&record->xadma->pool, record->reach.windows,
					   limit) : 0);
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		seq_printf(m, " %llu", columns[i].get ?
			   columns[i].get(record->stats) :
			   xadma_stats_sum(record->stats, columns[i].what));
	seq_putc(m, '\n');
}

static int devices_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	seq_puts(m, "device driver mask limit coherent pool_bytes");
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		seq_printf(m, " %s", columns[i].name);
	seq_putc(m, '\n');
	if (xadma_instance())
		xadma_visit_devices(xadma_instance(), show_device, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(devices);

/* Of a device without a driver nothing has been decided, or will be decided anew. */
static int show_claim(struct device *dev, void *data)
{
	struct seq_file *m = data;

	if (!READ_ONCE(dev->driver) || !dev->dma_mask)
		return 0;
	seq_printf(m, "%s %s %s\n", dev_name(dev),
		   xadma_ops_mine(dev) ? "ours" : xadma_ops_others(dev) ? "others" : "direct",
		   xadma_claim_reason(xadma_claim_of(dev)));
	return 0;
}

static int claims_show(struct seq_file *m, void *unused)
{
	seq_puts(m, "device ops reason\n");
	xadma_visit_buses(show_claim, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(claims);

static int pool_show(struct seq_file *m, void *unused)
{
	struct xadma *xadma = xadma_instance();
	struct xadma_pool_usage usage;

	if (!xadma)
		return 0;
	usage = xadma_pool_usage(&xadma->pool);
	seq_printf(m, "backing %s\n", xadma_provider_name(xadma));
	seq_printf(m, "areas %u\n", usage.chunks);
	seq_printf(m, "pieces %u\n", usage.pieces);
	seq_printf(m, "piece_largest %zu\n", usage.largest);
	seq_printf(m, "bytes %zu\n", usage.bytes);
	seq_printf(m, "slot_bytes %lu\n", XADMA_SLOT_SIZE);
	seq_printf(m, "slots %u\n", usage.slots);
	seq_printf(m, "slots_used %u\n", usage.used);
	seq_printf(m, "slots_at_hand %u\n", usage.at_hand);
	seq_printf(m, "most_bytes %zu\n", xadma->max);
	seq_printf(m, "areas_grown %u\n", xadma->pool.resize.grown);
	seq_printf(m, "areas_retired %u\n", xadma->pool.resize.retired);
	seq_printf(m, "machine_first %#llx\n", (u64)xadma->pool.lowest);
	seq_printf(m, "machine_last %#llx\n", (u64)xadma->pool.highest);
	seq_printf(m, "machine_ram_last %#llx\n", (u64)xadma->last_byte);
	seq_printf(m, "frames_lost %lu\n", xadma->source.lost);
	if (xadma->mfn_map) {
		struct xadma_mfn_map_usage frames =
			xadma_mfn_map_usage(xadma->mfn_map);

		seq_printf(m, "frames_known %lu\n", frames.known);
		seq_printf(m, "frames_all %lu\n", frames.all);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pool);

static int p2m_show(struct seq_file *m, void *unused)
{
	struct xadma_p2m_usage usage = xadma_p2m_usage();

	seq_printf(m, "entries %lu\n", usage.entries);
	seq_printf(m, "most %lu\n", usage.most);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(p2m);

/* ---- the longest calls ---- */

static void show_longest(const struct xadma_dev *record, void *data)
{
	struct seq_file *m = data;
	unsigned int call;

	seq_puts(m, record_name(record));
	for (call = 0; call < XADMA_NR_CALLS; call++)
		seq_printf(m, " %llu", xadma_stats_longest(record->stats, call));
	seq_putc(m, '\n');
}

static int latency_show(struct seq_file *m, void *unused)
{
	seq_puts(m, "device map_ns unmap_ns sync_ns\n");
	if (xadma_instance())
		xadma_visit_devices(xadma_instance(), show_longest, m);
	return 0;
}

static int latency_open(struct inode *inode, struct file *file)
{
	return single_open(file, latency_show, NULL);
}

static void forget_longest(const struct xadma_dev *record, void *unused)
{
	xadma_stats_forget_longest(record->stats);
}

static ssize_t latency_write(struct file *file, const char __user *from, size_t count,
			     loff_t *pos)
{
	bool on, off, reset;
	char word[8] = "";

	if (count >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, from, count))
		return -EFAULT;
	on = sysfs_streq(word, "1");
	off = sysfs_streq(word, "0");
	reset = on || sysfs_streq(word, "reset");
	if (!reset && !off)
		return -EINVAL;

	if (reset && xadma_instance())
		xadma_visit_devices(xadma_instance(), forget_longest, NULL);
	if (on || off)
		xadma_ops_time(on);
	return count;
}

static const struct file_operations latency_fops = {
	.owner		= THIS_MODULE,
	.open		= latency_open,
	.read		= seq_read,
	.write		= latency_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int __init xadma_debugfs_init(void)
{
	struct dentry *dir;

	if (!xadma_is_here())
		return 0;
	dir = debugfs_create_dir("swiotlb-arm", NULL);
	debugfs_create_file("devices", 0444, dir, NULL, &devices_fops);
	debugfs_create_file("claims", 0444, dir, NULL, &claims_fops);
	debugfs_create_file("pool", 0444, dir, NULL, &pool_fops);
	debugfs_create_file("p2m", 0444, dir, NULL, &p2m_fops);
	debugfs_create_file("latency", 0644, dir, NULL, &latency_fops);
	return 0;
}
late_initcall(xadma_debugfs_init);

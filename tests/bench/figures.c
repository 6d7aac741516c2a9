// SPDX-License-Identifier: GPL-2.0-only
/*
 * Figures, and the file in debugfs where they are read. A line is
 *
 *	figure NAME UNIT LIMIT VALUE	in thousandths; a limit may be "-"
 *	error NAME REASON
 */
#include <linux/debugfs.h>
#include <linux/list.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "bench.h"
#include "latency.h"

struct figure {
	struct list_head list;
	char name[32];
	const char *unit;
	const char *error;
	s64 limit, value;
};

static LIST_HEAD(figures);
static struct dentry *dir;

static void show_one(struct seq_file *s, const struct figure *f)
{
	if (f->error)
		seq_printf(s, "error %s %s\n", f->name, f->error);
	else if (f->limit == BENCH_NONE)
		seq_printf(s, "figure %s %s - %lld\n", f->name, f->unit, f->value);
	else
		seq_printf(s, "figure %s %s %lld %lld\n", f->name, f->unit, f->limit, f->value);
}

static int figures_show(struct seq_file *s, void *unused)
{
	struct figure *f;

	list_for_each_entry(f, &figures, list)
		show_one(s, f);
	bench_tally_show(s);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(figures);

int bench_figures_init(void)
{
	dir = debugfs_create_dir("bench", NULL);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	debugfs_create_file("figures", 0400, dir, NULL, &figures_fops);
	return 0;
}

void bench_figures_exit(void)
{
	struct figure *f, *next;

	debugfs_remove(dir);
	list_for_each_entry_safe(f, next, &figures, list)
		kfree(f);
	bench_tally_exit();
}

/* A figure that finds no memory is missing, which is an error to the host. */
static struct figure *add(const char *name)
{
	struct figure *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return NULL;
	strscpy(f->name, name, sizeof(f->name));
	list_add_tail(&f->list, &figures);
	return f;
}

void bench_figure(const char *name, const char *unit, s64 limit, s64 value)
{
	struct figure *f = add(name);

	if (!f)
		return;
	f->unit = unit;
	f->limit = limit;
	f->value = value;
}

void bench_error(const char *name, const char *why)
{
	struct figure *f = add(name);

	if (f)
		f->error = why;
}

static s64 limit_of(const struct bench_case *c)
{
	struct bench_case limit = {
		.op = c->limit_op, .job = c->limit_job, .irqs_on = c->irqs_on,
	};
	u64 cost;

	if (!c->limit_op)
		return BENCH_NONE;
	cost = bench_meter(&limit);
	return c->limit_job->errors ? BENCH_NONE : (s64)cost;
}

/* Tried once before it is measured. */
static const char *goes_wrong(const struct bench_case *c)
{
	const char *wrong = bench_went_wrong(c->job);

	if (wrong)
		return wrong;
	c->op(c->job);
	return c->job->errors ? "was refused" : NULL;
}

void bench_measure(const struct bench_case *c)
{
	const char *wrong = goes_wrong(c);
	s64 limit, value;

	if (wrong) {
		bench_error(c->name, wrong);
		return;
	}
	limit = limit_of(c);
	value = bench_meter(c);
	if (c->job->errors)
		bench_error(c->name, "failed while it was measured");
	else
		bench_figure(c->name, "instructions", limit, value);
}

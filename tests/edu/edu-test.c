// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA with QEMU's edu device, every byte checked.
 *
 * edu copies between memory and a 4 KiB buffer of its own, at any address and
 * length. A round is: fill a source, let the device fetch it, let the device
 * store it into another place, compare. Around all that the device may write
 * lie red zones, which must come out as they went in.
 *
 * A transfer takes the device 100 ms, so a machine has several of these, which
 * are tested at the same time: writing a mask's width to debugfs' "run" does it
 * all and returns when it is done; "results" has a line for each test. "force"
 * goes with the width if the kernel was told to bounce everything, and "lost"
 * where our addresses say nothing of what the device reaches.
 */
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8

/* Registers, all of 64 bits: a 32-bit write would clear the upper half. */
#define EDU_DMA_SRC	0x80
#define EDU_DMA_DST	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_CMD	0x98
#define EDU_CMD_START	BIT_ULL(0)
#define EDU_CMD_STORE	BIT_ULL(1)	/* into memory; else out of it */

#define EDU_BUFFER	0x40000
/* QEMU up to 7.2 takes a transfer that ends with the buffer for an overrun. */
#define EDU_MAX		4095
#define EDU_TIMEOUT_US	(20 * USEC_PER_SEC)

#define AREAS		3
#define AREA_ORDER	2
#define AREA_SIZE	(PAGE_SIZE << AREA_ORDER)
/* Buffers start in a chunk's second page: a whole page of red zone before. */
#define AREA_START	PAGE_SIZE
#define RED		0xe7
#define OLD		0x5c

/* Memory is searched for a chunk in blocks of this order, at most this many. */
#define HUNT_ORDER	get_order(SZ_4M)
#define HUNT_BLOCKS	768

struct edu {
	struct device *dev;
	struct dentry *dir;
	void __iomem *regs;
	struct mutex lock;	/* one test at a time; guards all below */
	unsigned int width;
	bool force;
	bool lost;		/* our addresses are not the machine's */
	unsigned int transfers;
	bool ran;
	char why[128];		/* of the test that is running */
	struct page *low[AREAS];	/* chunks within the device's reach */
	struct page *high[AREAS];	/* chunks beyond, if there is such memory */
	struct verdict {
		int error;
		unsigned int transfers;
		char why[128];
	} verdict[16];
};

/* Devices are tested at the same time, but hunts take too much memory for that. */
static DEFINE_MUTEX(hunting);

struct shape {
	unsigned int offset, len;
};

/* Every class of offset and of length; buffers that cross pages among them. */
static const struct shape shapes[] = {
	{ 0, 1 }, { 0, 512 }, { 0, 4095 }, { 1, 2 }, { 1, 65 }, { 1, 4095 },
	{ 63, 1 }, { 63, 63 }, { 64, 64 }, { 64, 2048 }, { 511, 511 },
	{ 511, 4095 }, { 2047, 2 }, { 2047, 2048 }, { 4095, 1 }, { 4095, 64 },
	{ 4095, 4095 },
};

#define fail(edu, err, ...) ({						\
	scnprintf((edu)->why, sizeof((edu)->why), __VA_ARGS__);		\
	(err);								\
})

static u8 byte_of(unsigned int seed, unsigned int i)
{
	return (seed * 31 + i) * 167 >> 3;
}

static void fill(u8 *p, unsigned int len, unsigned int seed)
{
	for (unsigned int i = 0; i < len; i++)
		p[i] = byte_of(seed, i);
}

static bool filled(const u8 *p, unsigned int len, unsigned int seed)
{
	for (unsigned int i = 0; i < len; i++)
		if (p[i] != byte_of(seed, i))
			return false;
	return true;
}

/* The device */

static int edu_transfer(struct edu *edu, u64 src, u64 dst, u64 len, u64 cmd)
{
	u64 left;

	if (len > EDU_MAX)
		return fail(edu, -EINVAL, "a transfer of %llu bytes", len);
	edu->transfers++;
	writeq(src, edu->regs + EDU_DMA_SRC);
	writeq(dst, edu->regs + EDU_DMA_DST);
	writeq(len, edu->regs + EDU_DMA_COUNT);
	writeq(cmd | EDU_CMD_START, edu->regs + EDU_DMA_CMD);
	if (readq_poll_timeout(edu->regs + EDU_DMA_CMD, left,
			       !(left & EDU_CMD_START), 5000, EDU_TIMEOUT_US))
		return fail(edu, -ETIMEDOUT, "the device does not finish");
	return 0;
}

static int edu_fetch(struct edu *edu, dma_addr_t from, unsigned int at,
		     unsigned int len)
{
	return edu_transfer(edu, from, EDU_BUFFER + at, len, 0);
}

static int edu_store(struct edu *edu, unsigned int at, dma_addr_t to,
		     unsigned int len)
{
	return edu_transfer(edu, EDU_BUFFER + at, to, len, EDU_CMD_STORE);
}

/* Memory within its reach and beyond */

static u64 reach_of(struct edu *edu)
{
	return min_not_zero(dma_get_mask(edu->dev), edu->dev->bus_dma_limit);
}

static bool within(struct edu *edu, struct page *page)
{
	return edu->lost || page_to_phys(page) + AREA_SIZE - 1 <= reach_of(edu);
}

static void put_blocks(struct list_head *blocks)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, blocks, lru)
		__free_pages(page, HUNT_ORDER);
}

/* What of a block is not wanted goes back at once. */
static struct page *carve(struct page *block)
{
	split_page(block, HUNT_ORDER);
	for (unsigned int i = 1 << AREA_ORDER; i < 1 << HUNT_ORDER; i++)
		__free_page(block + i);
	return block;
}

static void put_area(struct page *chunk)
{
	for (unsigned int i = 0; chunk && i < 1 << AREA_ORDER; i++)
		__free_page(chunk + i);
}

static struct page *hunt(struct edu *edu, gfp_t zone, bool want_within)
{
	struct page *page, *found = NULL;
	LIST_HEAD(blocks);

	for (unsigned int i = 0; !found && i < HUNT_BLOCKS; i++) {
		page = alloc_pages(zone | __GFP_NORETRY | __GFP_NOWARN, HUNT_ORDER);
		if (!page)
			break;
		if (within(edu, page) == want_within)
			found = page;
		else
			list_add(&page->lru, &blocks);
	}
	put_blocks(&blocks);
	return found ? carve(found) : NULL;
}

static void put_areas(struct edu *edu)
{
	for (unsigned int i = 0; i < AREAS; i++) {
		put_area(edu->low[i]);
		put_area(edu->high[i]);
		edu->low[i] = NULL;
		edu->high[i] = NULL;
	}
}

/* Beyond 64 bits there is nothing to find; low memory there must be. */
static int get_areas(struct edu *edu)
{
	bool limited = !edu->lost && reach_of(edu) != DMA_BIT_MASK(64);

	guard(mutex)(&hunting);
	for (unsigned int i = 0; i < AREAS; i++) {
		edu->low[i] = hunt(edu, limited ? GFP_DMA | GFP_KERNEL : GFP_KERNEL,
				   true);
		if (!edu->low[i])
			return fail(edu, -ENOMEM, "no memory within reach");
		if (!limited)
			continue;
		edu->high[i] = hunt(edu, GFP_KERNEL, false);
		if (!edu->high[i])
			return fail(edu, -ENOMEM, "no memory beyond reach");
	}
	return 0;
}

/* A buffer: a place in a chunk, red all around, mapped */

struct buf {
	u8 *chunk, *at;
	struct page *page;
	unsigned int offset, len;
	enum dma_data_direction dir;
	dma_addr_t dma;
};

static void buf_place(struct buf *b, struct page *chunk, struct shape s)
{
	*b = (struct buf) {
		.chunk = page_address(chunk),
		.page = chunk,
		.offset = AREA_START + s.offset,
		.len = s.len,
	};
	b->at = b->chunk + b->offset;
	memset(b->chunk, RED, AREA_SIZE);
	memset(b->at, OLD, b->len);
}

static bool red_intact(const struct buf *b)
{
	u8 *end = b->chunk + AREA_SIZE;

	return !memchr_inv(b->chunk, RED, b->offset) &&
	       !memchr_inv(b->at + b->len, RED, end - (b->at + b->len));
}

static bool must_bounce(struct edu *edu, const struct buf *b)
{
	return edu->force || !within(edu, b->page);
}

/*
 * A device that does not snoop may be given a bounce buffer also to keep its
 * writes off the neighbours in a cache line, so only whole lines tell.
 */
static bool must_be_direct(struct edu *edu, const struct buf *b)
{
	unsigned int line = dma_get_cache_alignment();

	return !must_bounce(edu, b) &&
	       (dev_is_dma_coherent(edu->dev) || b->dir == DMA_TO_DEVICE ||
		IS_ALIGNED(b->offset | b->len, 2 * line));
}

static int check_route(struct edu *edu, const struct buf *b)
{
	bool direct = b->dma == page_to_phys(b->page) + b->offset;

	if (b->dma + b->len - 1 > reach_of(edu))
		return fail(edu, -ERANGE, "%pad is out of reach", &b->dma);
	if (edu->lost)
		return 0;
	if (direct && must_bounce(edu, b))
		return fail(edu, -EXDEV, "%pad should have bounced", &b->dma);
	if (!direct && must_be_direct(edu, b))
		return fail(edu, -EXDEV, "%pad should be direct", &b->dma);
	return 0;
}

static void buf_unmap(struct edu *edu, struct buf *b)
{
	dma_unmap_single(edu->dev, b->dma, b->len, b->dir);
}

static int buf_map(struct edu *edu, struct buf *b, enum dma_data_direction dir)
{
	int err;

	b->dir = dir;
	b->dma = dma_map_single(edu->dev, b->at, b->len, dir);
	if (dma_mapping_error(edu->dev, b->dma))
		return fail(edu, -ENOMEM, "no mapping for %u bytes", b->len);
	err = check_route(edu, b);
	if (err)
		buf_unmap(edu, b);
	return err;
}

/* One mapping, one transfer: the first @len bytes of the device's buffer. */
static int give(struct edu *edu, struct buf *b)
{
	int err = buf_map(edu, b, DMA_TO_DEVICE);

	if (err)
		return err;
	err = edu_fetch(edu, b->dma, 0, b->len);
	buf_unmap(edu, b);
	return err;
}

static int take(struct edu *edu, struct buf *b, unsigned int len)
{
	int err = buf_map(edu, b, DMA_FROM_DEVICE);

	if (err)
		return err;
	err = edu_store(edu, 0, b->dma, len);
	buf_unmap(edu, b);
	return err;
}

/* @len bytes were stored; what follows in the buffer is as it was. */
static int check_taken(struct edu *edu, const struct buf *b, unsigned int len,
		       unsigned int seed)
{
	if (!filled(b->at, len, seed))
		return fail(edu, -EIO, "offset %u, %u bytes: wrong data",
			    b->offset, b->len);
	if (memchr_inv(b->at + len, OLD, b->len - len))
		return fail(edu, -EIO, "offset %u, %u bytes: old data lost",
			    b->offset, b->len);
	if (!red_intact(b))
		return fail(edu, -EIO, "offset %u, %u bytes: red zone written",
			    b->offset, b->len);
	return 0;
}

static int check_given(struct edu *edu, const struct buf *b, unsigned int seed)
{
	if (!filled(b->at, b->len, seed) || !red_intact(b))
		return fail(edu, -EIO, "offset %u, %u bytes: source changed",
			    b->offset, b->len);
	return 0;
}

static int round_trip(struct edu *edu, struct page **chunk, struct shape s,
		      unsigned int stored)
{
	unsigned int seed = s.offset * 7 + s.len + edu->transfers;
	struct buf src, dst;
	int err;

	buf_place(&src, chunk[0], (struct shape) { s.offset, stored });
	fill(src.at, src.len, seed);
	buf_place(&dst, chunk[1], s);
	err = give(edu, &src);
	err = err ?: take(edu, &dst, stored);
	err = err ?: check_given(edu, &src, seed);
	return err ?: check_taken(edu, &dst, stored, seed);
}

static int all_shapes(struct edu *edu, struct page **chunk)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < ARRAY_SIZE(shapes); i++)
		err = round_trip(edu, chunk, shapes[i], shapes[i].len);
	return err;
}

/* The farther of the two kinds of memory: where more can go wrong. */
static struct page **far_areas(struct edu *edu)
{
	return edu->high[0] ? edu->high : edu->low;
}

/* The tests */

static int refused(struct edu *edu, unsigned int width)
{
	u64 before = dma_get_mask(edu->dev);

	if (!dma_set_mask_and_coherent(edu->dev, DMA_BIT_MASK(width)))
		return fail(edu, -EINVAL, "a mask of %u bits was taken", width);
	if (dma_get_mask(edu->dev) != before)
		return fail(edu, -EINVAL, "the mask is set all the same");
	return 0;
}

static int test_refuse_28(struct edu *edu)
{
	return refused(edu, 28);
}

static int test_refuse_30(struct edu *edu)
{
	return refused(edu, 30);
}

static int test_mask(struct edu *edu)
{
	int err = dma_set_mask_and_coherent(edu->dev, DMA_BIT_MASK(edu->width));

	if (err)
		return fail(edu, err, "a mask of %u bits was refused", edu->width);
	return get_areas(edu);
}

static int test_low(struct edu *edu)
{
	return all_shapes(edu, edu->low);
}

static int test_high(struct edu *edu)
{
	return edu->high[0] ? all_shapes(edu, edu->high) : 0;
}

static int test_partial(struct edu *edu)
{
	static const struct shape s[] = { { 0, 4096 }, { 100, 3000 }, { 4090, 64 } };
	int err = 0;

	for (unsigned int i = 0; !err && i < ARRAY_SIZE(s); i++)
		err = round_trip(edu, far_areas(edu), s[i], s[i].len / 2);
	return err;
}

/* The device reads the front half, then overwrites the back half with it. */
static int bidirectional(struct edu *edu, struct buf *b)
{
	unsigned int half = b->len / 2;
	int err = buf_map(edu, b, DMA_BIDIRECTIONAL);

	if (err)
		return err;
	err = edu_fetch(edu, b->dma, 0, half);
	err = err ?: edu_store(edu, 0, b->dma + half, half);
	buf_unmap(edu, b);
	if (!err && (!filled(b->at, half, 9) || !filled(b->at + half, half, 9)))
		return fail(edu, -EIO, "offset %u: halves differ", b->offset);
	return err;
}

static int test_bidirectional(struct edu *edu)
{
	static const struct shape s[] = { { 0, 4096 }, { 77, 2000 }, { 4000, 200 } };
	struct buf b;
	int err = 0;

	for (unsigned int i = 0; !err && i < ARRAY_SIZE(s); i++) {
		buf_place(&b, far_areas(edu)[0], s[i]);
		fill(b.at, b.len / 2, 9);
		err = bidirectional(edu, &b);
		if (!err && !red_intact(&b))
			err = fail(edu, -EIO, "red zone written");
	}
	return err;
}

/* Fill anew, hand over, fetch; store into the other, hand back, look. */
static int synced_round(struct edu *edu, struct buf *src, struct buf *dst,
			unsigned int seed)
{
	int err;

	dma_sync_single_for_cpu(edu->dev, src->dma, src->len, src->dir);
	fill(src->at, src->len, seed);
	dma_sync_single_for_device(edu->dev, src->dma, src->len, src->dir);
	err = edu_fetch(edu, src->dma, 0, src->len);
	err = err ?: edu_store(edu, 0, dst->dma, dst->len);
	dma_sync_single_for_cpu(edu->dev, dst->dma, dst->len, dst->dir);
	err = err ?: check_taken(edu, dst, dst->len, seed);
	dma_sync_single_for_device(edu->dev, dst->dma, dst->len, dst->dir);
	return err;
}

static int test_sync(struct edu *edu)
{
	struct page **chunk = far_areas(edu);
	struct shape s = { 200, 3000 };
	struct buf src, dst;
	int err;

	buf_place(&src, chunk[0], s);
	buf_place(&dst, chunk[1], s);
	err = buf_map(edu, &src, DMA_TO_DEVICE);
	if (err)
		return err;
	err = buf_map(edu, &dst, DMA_FROM_DEVICE);
	if (!err) {
		for (unsigned int i = 0; !err && i < 3; i++)
			err = synced_round(edu, &src, &dst, 40 + i);
		buf_unmap(edu, &dst);
	}
	buf_unmap(edu, &src);
	return err;
}

static int coherent_round(struct edu *edu, u8 *mem, dma_addr_t dma, size_t size)
{
	unsigned int len = min_t(size_t, size / 3, 3000), to = size / 2 + 1;
	int err;

	memset(mem, RED, size);
	fill(mem, len, 21);
	err = edu_fetch(edu, dma, 0, len);
	err = err ?: edu_store(edu, 0, dma + to, len);
	if (!err && (!filled(mem, len, 21) || !filled(mem + to, len, 21)))
		return fail(edu, -EIO, "wrong data");
	if (!err && (memchr_inv(mem + len, RED, to - len) ||
		     memchr_inv(mem + to + len, RED, size - to - len)))
		return fail(edu, -EIO, "red zone written");
	return err;
}

/* A domain of a single colour has no two frames that are neighbours. */
static u8 *get_coherent(struct edu *edu, size_t *size, dma_addr_t *dma)
{
	u8 *mem = dma_alloc_coherent(edu->dev, *size, dma, GFP_KERNEL);

	if (!mem && edu->lost) {
		*size = PAGE_SIZE;
		mem = dma_alloc_coherent(edu->dev, *size, dma, GFP_KERNEL);
	}
	return mem;
}

static int test_coherent(struct edu *edu)
{
	size_t size = AREA_SIZE;
	dma_addr_t dma;
	u8 *mem = get_coherent(edu, &size, &dma);
	int err;

	if (!mem)
		return fail(edu, -ENOMEM, "no coherent memory");
	if (memchr_inv(mem, 0, size))
		err = fail(edu, -EIO, "coherent memory is not clear");
	else if (dma + size - 1 > reach_of(edu))
		err = fail(edu, -ERANGE, "%pad is out of reach", &dma);
	else
		err = coherent_round(edu, mem, dma, size);
	dma_free_coherent(edu->dev, size, mem, dma);
	return err;
}

/* Pieces of odd sizes, from both kinds of memory where there are both. */
static void sg_place(struct edu *edu, struct scatterlist *sgl, struct buf *b)
{
	static const struct shape s[AREAS] = { { 5, 700 }, { 64, 1024 }, { 4000, 333 } };
	struct page *chunk[AREAS] = {
		edu->low[0], far_areas(edu)[1], far_areas(edu)[2],
	};

	sg_init_table(sgl, AREAS);
	for (unsigned int i = 0; i < AREAS; i++) {
		buf_place(&b[i], chunk[i], s[i]);
		sg_set_buf(&sgl[i], b[i].at, b[i].len);
	}
}

static int sg_transfer(struct edu *edu, struct scatterlist *sg, unsigned int at,
		       bool store)
{
	dma_addr_t dma = sg_dma_address(sg);
	unsigned int len = sg_dma_len(sg);

	if (dma + len - 1 > reach_of(edu))
		return fail(edu, -ERANGE, "piece %pad is out of reach", &dma);
	return store ? edu_store(edu, at, dma, len) : edu_fetch(edu, dma, at, len);
}

static int sg_run(struct edu *edu, struct scatterlist *sgl, bool store)
{
	enum dma_data_direction dir = store ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
	int n = dma_map_sg(edu->dev, sgl, AREAS, dir), i, err = 0;
	struct scatterlist *sg;
	unsigned int at = 0;

	if (n <= 0)
		return fail(edu, -ENOMEM, "no mapping for the list");
	for_each_sg(sgl, sg, n, i) {
		err = err ?: sg_transfer(edu, sg, at, store);
		at += sg_dma_len(sg);
	}
	dma_unmap_sg(edu->dev, sgl, AREAS, dir);
	return err;
}

static int test_sg(struct edu *edu)
{
	struct scatterlist sgl[AREAS];
	struct buf b[AREAS];
	int err;

	sg_place(edu, sgl, b);
	for (unsigned int i = 0; i < AREAS; i++)
		fill(b[i].at, b[i].len, 60 + i);
	err = sg_run(edu, sgl, false);
	sg_place(edu, sgl, b);
	err = err ?: sg_run(edu, sgl, true);
	for (unsigned int i = 0; !err && i < AREAS; i++)
		err = check_taken(edu, &b[i], b[i].len, 60 + i);
	return err;
}

/* Registers are where they are: never bounced, and not even touched here. */
static int test_resource(struct edu *edu)
{
	phys_addr_t bar = pci_resource_start(to_pci_dev(edu->dev), 0);
	dma_addr_t dma = dma_map_resource(edu->dev, bar, PAGE_SIZE,
					  DMA_BIDIRECTIONAL, 0);

	if (dma_mapping_error(edu->dev, dma))
		return fail(edu, -ENOMEM, "no mapping for registers");
	dma_unmap_resource(edu->dev, dma, PAGE_SIZE, DMA_BIDIRECTIONAL, 0);
	if (dma != bar)
		return fail(edu, -ERANGE, "%pa became %pad", &bar, &dma);
	return 0;
}

/* In this order: "mask" finds the memory that those after it need. */
static const struct test {
	const char *name;
	int (*run)(struct edu *edu);
} tests[] = {
	{ "refuse-28", test_refuse_28 },
	{ "refuse-30", test_refuse_30 },
	{ "mask", test_mask },
	{ "low", test_low },
	{ "high", test_high },
	{ "partial", test_partial },
	{ "bidirectional", test_bidirectional },
	{ "sync", test_sync },
	{ "coherent", test_coherent },
	{ "sg", test_sg },
	{ "resource", test_resource },
};

static_assert(ARRAY_SIZE(tests) <= ARRAY_SIZE(((struct edu *)0)->verdict));

static bool needs_memory(const struct test *t)
{
	return t->run != test_refuse_28 && t->run != test_refuse_30 &&
	       t->run != test_mask;
}

static void run_one(struct edu *edu, const struct test *t, struct verdict *v)
{
	edu->transfers = 0;
	edu->why[0] = '\0';
	if (needs_memory(t) && !edu->low[AREAS - 1])
		v->error = fail(edu, -ENOMEM, "no memory to test with");
	else
		v->error = t->run(edu);
	v->transfers = edu->transfers;
	strscpy(v->why, edu->why, sizeof(v->why));
}

static void run_all(struct edu *edu)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(tests); i++)
		run_one(edu, &tests[i], &edu->verdict[i]);
	put_areas(edu);
	edu->ran = true;
}

/* debugfs */

static ssize_t run_write(struct file *file, const char __user *user, size_t count,
			 loff_t *pos)
{
	struct edu *edu = file->private_data;
	char text[32] = "", word[8] = "";
	unsigned int width;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, user, count))
		return -EFAULT;
	if (sscanf(text, "%u %7s", &width, word) < 1 || !width || width > 64)
		return -EINVAL;
	guard(mutex)(&edu->lock);
	edu->width = width;
	edu->force = !strcmp(word, "force");
	edu->lost = !strcmp(word, "lost");
	run_all(edu);
	return count;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static int results_show(struct seq_file *m, void *unused)
{
	struct edu *edu = m->private;

	guard(mutex)(&edu->lock);
	for (unsigned int i = 0; edu->ran && i < ARRAY_SIZE(tests); i++) {
		struct verdict *v = &edu->verdict[i];

		seq_printf(m, "%s %s %u transfers", tests[i].name,
			   v->error ? "fail" : "pass", v->transfers);
		if (v->error)
			seq_printf(m, ", %d: %s", v->error, v->why);
		seq_putc(m, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static struct dentry *edu_dir;

static void remove_dir(void *dir)
{
	debugfs_remove_recursive(dir);
}

static int add_dir(struct edu *edu)
{
	edu->dir = debugfs_create_dir(dev_name(edu->dev), edu_dir);
	debugfs_create_file("run", 0200, edu->dir, edu, &run_fops);
	debugfs_create_file("results", 0400, edu->dir, edu, &results_fops);
	return devm_add_action_or_reset(edu->dev, remove_dir, edu->dir);
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	int err;

	if (!edu)
		return -ENOMEM;
	err = pcim_enable_device(pdev);
	if (err)
		return err;
	edu->dev = &pdev->dev;
	edu->regs = pcim_iomap(pdev, 0, 0);
	if (!edu->regs)
		return -ENOMEM;
	mutex_init(&edu->lock);
	pci_set_master(pdev);
	return add_dir(edu);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = "swiotlb-arm-edu",
	.id_table = edu_ids,
	.probe = edu_probe,
};

static int __init edu_init(void)
{
	int err;

	edu_dir = debugfs_create_dir("swiotlb-arm-edu", NULL);
	err = pci_register_driver(&edu_driver);
	if (err)
		debugfs_remove(edu_dir);
	return err;
}
module_init(edu_init);

static void __exit edu_exit(void)
{
	pci_unregister_driver(&edu_driver);
	debugfs_remove(edu_dir);
}
module_exit(edu_exit);

MODULE_DESCRIPTION("DMA with QEMU's edu device, every byte checked");
MODULE_LICENSE("GPL");

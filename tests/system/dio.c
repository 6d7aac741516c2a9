// SPDX-License-Identifier: GPL-2.0-only
/*
 * dio - direct I/O from awkward places, and the pattern it carries
 *
 * Dom0 writes with it and reads back; the host, where the same program is
 * built natively, judges the disk image afterwards. Both must agree on the
 * pattern and on nothing else, so what a device got wrong cannot hide in what
 * the guest believes.
 *
 * An arena is a file in a tmpfs whose pages lie high and low in memory, stripe by
 * stripe, so that a buffer in it may be the one, the other or both. It is made
 * once, while nothing else runs, since making it means emptying the high zone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB		(1UL << 20)
#define SECTOR		512UL
#define BUF		MIB
#define GUARD		64UL
#define GUARD_BYTE	0xa5
#define JOBS		4
#define STRIPE		(MIB / 4)
/* A worker's part of the arena: two pages of play around the largest buffer. */
#define PART		(BUF + 3 * 4096)

struct job {
	const char *op;
	const char *dev;
	int fd;
	uint64_t off, len, seed;
	uint8_t *mem;		/* arena */
	size_t mem_len;
	unsigned long align;	/* of a buffer in memory */
	uint64_t rnd;
};

static uint64_t num(const char *s)
{
	return strtoull(s, NULL, 0);
}

static void die(const char *what)
{
	fprintf(stderr, "dio: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 29;
	x *= 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

static uint64_t rnd(struct job *j)
{
	return mix(++j->rnd);
}

/* @off and @len are multiples of 8; @p need not be aligned. */
static void pattern(uint8_t *p, uint64_t off, uint64_t len, uint64_t seed)
{
	for (uint64_t i = 0; i < len; i += 8) {
		uint64_t word = mix((off + i) / 8 + (seed << 40) + 1);

		memcpy(p + i, &word, 8);
	}
}

/* Every power of two is as likely as the next, and so is what lies between. */
static uint64_t pick_len(struct job *j, uint64_t left)
{
	uint64_t top = SECTOR << rnd(j) % 12;
	uint64_t len = top / 2 + rnd(j) % (top / 2 + 1);

	len = (len + SECTOR - 1) & ~(SECTOR - 1);
	return len < left ? len : left;
}

static uint8_t *pick_buf(struct job *j)
{
	size_t parts = j->mem_len / PART;
	uintptr_t part = (uintptr_t)j->mem + rnd(j) % parts * PART;
	uint64_t shift = GUARD + rnd(j) % 4096;

	part = (part + 4095) & ~4095UL;
	return (uint8_t *)part + ((shift + j->align - 1) & ~(j->align - 1));
}

static void guards_set(uint8_t *buf, uint64_t len)
{
	memset(buf - GUARD, GUARD_BYTE, GUARD);
	memset(buf + len, GUARD_BYTE, GUARD);
}

static int guards_hold(const uint8_t *buf, uint64_t len)
{
	for (size_t i = 0; i < GUARD; i++)
		if (buf[i - GUARD] != GUARD_BYTE || buf[len + i] != GUARD_BYTE)
			return 0;
	return 1;
}

static void fail_at(struct job *j, const char *what, uint64_t off)
{
	fprintf(stderr, "dio: %s: %s at %#llx\n", j->dev, what,
		(unsigned long long)off);
	exit(1);
}

static void step_write(struct job *j, uint8_t *buf, uint64_t off, uint64_t len)
{
	pattern(buf, off, len, j->seed);
	if (pwrite(j->fd, buf, len, off) != (ssize_t)len)
		die("write");
}

static void step_load(struct job *j, uint8_t *buf, uint64_t off, uint64_t len)
{
	guards_set(buf, len);
	if (pread(j->fd, buf, len, off) != (ssize_t)len)
		die("read");
	if (!guards_hold(buf, len))
		fail_at(j, "memory around the buffer changed", off);
}

static void step_read(struct job *j, uint8_t *buf, uint64_t off, uint64_t len)
{
	step_load(j, buf, off, len);
	if (fwrite(buf, 1, len, stdout) != len)
		die("output");
}

static void step_check(struct job *j, uint8_t *buf, uint64_t off, uint64_t len)
{
	static uint8_t want[BUF];

	step_load(j, buf, off, len);
	pattern(want, off, len, j->seed);
	for (uint64_t i = 0; i < len; i++)
		if (buf[i] != want[i])
			fail_at(j, "wrong byte", off + i);
}

static void go(struct job *j)
{
	void (*step)(struct job *, uint8_t *, uint64_t, uint64_t) =
		*j->op == 'w' ? step_write : *j->op == 'r' ? step_read : step_check;
	uint64_t end = j->off + j->len;

	while (j->off < end) {
		uint64_t len = pick_len(j, end - j->off);

		step(j, pick_buf(j), j->off, len);
		j->off += len;
	}
	if (fflush(stdout))
		die("output");
}

/* Workers keep to parts of the disk and of the arena that are theirs alone. */
static int spread(struct job *j)
{
	int bad = 0, status;

	for (int i = 0; i < JOBS; i++) {
		if (fork())
			continue;
		j->len /= JOBS;
		j->off += i * j->len;
		j->mem_len /= JOBS;
		j->mem += i * j->mem_len;
		j->rnd = mix(j->seed + i) ^ *j->op;
		go(j);
		exit(0);
	}
	while (wait(&status) > 0)
		bad |= status;
	return !!bad;
}

static unsigned long mem_align(const char *dev)
{
	struct statx st = { 0 };

	if (statx(AT_FDCWD, dev, 0, STATX_DIOALIGN, &st) ||
	    !(st.stx_mask & STATX_DIOALIGN) || !st.stx_dio_mem_align)
		return SECTOR;
	return st.stx_dio_mem_align;
}

static uint8_t *map_arena(const char *path, size_t *len)
{
	struct stat st;
	uint8_t *mem;
	int fd = open(path, O_RDWR);

	if (fd < 0 || fstat(fd, &st))
		die(path);
	mem = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		die("mmap");
	*len = st.st_size;
	return mem;
}

static void take_memory(struct job *j, const char *arena)
{
	if (strcmp(arena, "-")) {
		/* A third of the arena for each disk that works at a time. */
		j->mem = map_arena(arena, &j->mem_len);
		j->mem_len /= 3;
		j->mem += j->seed % 3 * j->mem_len;
		j->align = mem_align(j->dev);
		j->fd = open(j->dev, O_RDWR | O_DIRECT);
	} else {
		j->mem_len = JOBS * PART;
		j->mem = malloc(j->mem_len);
		j->align = 1;
		j->fd = open(j->dev, O_RDONLY);
	}
	if (j->fd < 0 || !j->mem)
		die(j->dev);
}

/* Where high memory begins: what most devices reach, or the machine's bus. */
static uint64_t line = 1ULL << 32;

static int is_above(int pagemap, const uint8_t *page)
{
	size_t size = sysconf(_SC_PAGESIZE);
	uint64_t entry = 0;

	if (pread(pagemap, &entry, 8, (uintptr_t)page / size * 8) != 8)
		die("pagemap");
	return (entry & ((1ULL << 55) - 1)) >= line / size;
}

static int count_sides(const char *arena)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	size_t len, above = 0, below = 0;
	uint8_t *mem = map_arena(arena, &len);

	for (size_t i = 0; i < len; i += 4096) {
		*(volatile uint8_t *)(mem + i);
		if (is_above(pagemap, mem + i))
			above++;
		else
			below++;
	}
	printf("%zu %zu\n", above, below);
	return 0;
}

static void set_huge_pages(const char *n)
{
	int fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY);

	if (fd < 0 || write(fd, n, strlen(n)) < 0)
		die("nr_hugepages");
	close(fd);
}

static void touch_every_other(uint8_t *mem, size_t len)
{
	for (size_t i = 0; i < len; i += 2 * STRIPE)
		memset(mem + i, 0, STRIPE);
}

/*
 * Takes what is left of the high zone, until low memory comes. It goes back when we end.
 */
static void take_high(void)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);

	for (int i = 0; i < 1024; i++) {
		uint8_t *mem = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (mem == MAP_FAILED || !is_above(pagemap, mem + 2 * MIB - 1))
			break;
	}
	close(pagemap);
}

/*
 * The kernel hands out high pages first, and low ones only when those are gone.
 * Huge pages of the pool take them away without anybody clearing them; not all where
 * memory is in pieces.
 */
static int make_arena(const char *path, size_t mib, const char *huge)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	uint8_t *mem;
	size_t len;

	if (fd < 0 || ftruncate(fd, mib * MIB))
		die(path);
	mem = map_arena(path, &len);
	touch_every_other(mem, len);
	set_huge_pages(huge);
	if (num(huge))
		take_high();
	touch_every_other(mem + STRIPE, len);
	set_huge_pages("0");
	return count_sides(path);
}

static int put_pattern(uint64_t len, uint64_t seed)
{
	static uint8_t buf[BUF];

	for (uint64_t off = 0; off < len; off += BUF) {
		pattern(buf, off, BUF, seed);
		if (fwrite(buf, 1, BUF, stdout) != BUF)
			die("output");
	}
	return fflush(stdout) ? 1 : 0;
}

/* Of stdin. An emulated CPU takes ten times as long for a SHA. */
static int digest(void)
{
	static uint64_t buf[BUF / 8];
	uint64_t sum = 0, total = 0;
	size_t len;

	while ((len = fread(buf, 1, BUF, stdin)) > 0) {
		memset((uint8_t *)buf + len, 0, -len % 8);
		for (size_t i = 0; i < (len + 7) / 8; i++)
			sum = mix(sum ^ buf[i]) + 1;
		total += len;
	}
	printf("%016llx-%llu\n", (unsigned long long)sum, (unsigned long long)total);
	return ferror(stdin) || fflush(stdout);
}

static int disk_op(char **arg)
{
	struct job j = {
		.op = arg[0], .dev = arg[2], .off = num(arg[3]) * MIB,
		.len = num(arg[4]) * MIB, .seed = num(arg[5]),
	};
	const char *align = getenv("DIO_ALIGN");

	take_memory(&j, arg[1]);
	if (align)
		j.align = num(align);
	if (*j.op != 'r')
		return spread(&j);
	go(&j);
	return 0;
}

/* Whole pages of a disk into whole pages of memory, each into another. */
static int read_pages(const char *dev, size_t nr)
{
	int fd = open(dev, O_RDONLY | O_DIRECT);
	uint8_t *mem = mmap(NULL, nr * 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || mem == MAP_FAILED)
		die(dev);
	for (size_t i = 0; i < nr; i++)
		if (pread(fd, mem + i * 4096, 4096, i * 4096) != 4096)
			die(dev);
	return fwrite(mem, 4096, nr, stdout) != nr || fflush(stdout);
}

/*
 * Lines of "PFN MFN WORD" on stdin: does the machine's memory, which begins at
 * @base, begin its frame MFN with WORD? Tells how many do, or fails.
 */
static int look_at_frames(const char *memory, const char *base)
{
	int fd = open(memory, O_RDONLY);
	unsigned long start = strtoul(base, NULL, 0), pfn, mfn, word, right = 0;
	uint64_t found;

	if (fd < 0)
		die(memory);
	while (scanf("%lx %lx %lx", &pfn, &mfn, &word) == 3) {
		/* The guest does not know them all, and says so. */
		if (mfn == ~0UL)
			continue;
		if (pread(fd, &found, 8, (mfn << 12) - start) == 8 && found == word) {
			right++;
			continue;
		}
		fprintf(stderr, "dio: pfn %lx is not at mfn %lx\n", pfn, mfn);
		return 1;
	}
	printf("%lu\n", right);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "digest"))
		return digest();
	if (argc == 6 && !strcmp(argv[1], "arena"))
		line = num(argv[5]);
	if ((argc == 5 || argc == 6) && !strcmp(argv[1], "arena"))
		return make_arena(argv[2], num(argv[3]), argv[4]);
	if (argc == 3 && !strcmp(argv[1], "sides"))
		return count_sides(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "frames"))
		return look_at_frames(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "pages"))
		return read_pages(argv[2], num(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "pattern"))
		return put_pattern(num(argv[2]) * MIB, num(argv[3]));
	if (argc == 7 && strchr("rwc", argv[1][0]))
		return disk_op(argv + 1);
	fputs("usage: dio arena FILE MIB HUGEPAGES [LINE] | sides FILE | pattern MIB SEED\n"
	      "       dio pages DISK PAGES | frames MEMORY BASE | digest\n"
	      "       dio read|write|check ARENA|- DISK MIB-OFFSET MIBS SEED\n", stderr);
	return 2;
}

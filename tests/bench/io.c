// SPDX-License-Identifier: GPL-2.0-only
/*
 * io - read or write a disk, and have the instructions counted that it takes
 *
 * It runs in Dom0 or in a guest. What it has to say it says to the plugin that counts
 * (io-count.c), so that a guest without any device but the disk can report.
 *
 * The buffer's pages are no neighbours, as in a system that has been up for a while,
 * so that a block takes as many entries in a scatterlist as it has pages.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io-count.h"

#define PAGE		4096UL
#define MIB		(1024 * 1024UL)
#define STALE		0xa5		/* what a disk of zeroes has to overwrite */

struct work {
	int fd;
	int writes;
	unsigned char *buf;
	size_t block, bytes;
};

static __always_inline void mark(int what)
{
	asm volatile("movz xzr, %0" : : "i"(IO_COUNT_MARK + what) : "memory");
}

static void spell(const char *text)
{
	for (; *text; text++)
		for (int bit = 7; bit >= 0; bit--)
			if (*text >> bit & 1)
				mark(IO_COUNT_ONE);
			else
				mark(IO_COUNT_ZERO);
}

static void die(const char *what)
{
	spell("io: ");
	spell(what);
	spell(": ");
	spell(strerror(errno));
	mark(IO_COUNT_SAY);
	exit(1);
}

/* Neighbours that the page allocator gave us go to two different places. */
static unsigned char *scattered(size_t len)
{
	unsigned char *from = mmap(NULL, 2 * len, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	unsigned char *buf = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (from == MAP_FAILED || buf == MAP_FAILED)
		die("memory");
	for (size_t at = 0; at < len; at += PAGE)
		if (mremap(from + 2 * at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   buf + at) == MAP_FAILED)
			die("mremap");
	return buf;
}

static void go(const struct work *w)
{
	for (size_t at = 0; at < w->bytes; at += w->block) {
		ssize_t done = w->writes ? pwrite(w->fd, w->buf, w->block, at)
					 : pread(w->fd, w->buf, w->block, at);

		if (done != (ssize_t)w->block)
			die(w->writes ? "write" : "read");
		mark(IO_COUNT_LAP);
	}
}

static void counted(const struct work *w, const char *name)
{
	spell(name);
	mark(IO_COUNT_START);
	go(w);
	mark(IO_COUNT_STOP);
}

/* The last block of a disk that is all zeroes must have arrived. */
static void check(const struct work *w)
{
	if (w->writes)
		return;
	for (size_t i = 0; i < w->block; i++)
		if (w->buf[i])
			die("wrong byte");
}

static int measure(const char *op, const char *dev, size_t block, size_t bytes, int times,
		   const char *name)
{
	struct work w = {
		.fd = open(dev, O_RDWR | O_DIRECT), .writes = *op == 'w',
		.buf = scattered(block), .block = block, .bytes = bytes,
	};

	if (w.fd < 0)
		die(dev);
	go(&w);
	for (; times; times--) {
		memset(w.buf, STALE, block);
		counted(&w, name);
		check(&w);
	}
	return 0;
}

/* The control: as many instructions as are asked for, and those of the marks. */
static int loop(const char *name, unsigned long instructions)
{
	unsigned long rounds = instructions / 2;

	spell(name);
	mark(IO_COUNT_START);
	asm volatile("1: subs %0, %0, 1\n\t"
		     "b.ne 1b" : "+r"(rounds) : : "cc");
	mark(IO_COUNT_STOP);
	return 0;
}

static __u64 guest_address(const void *page)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	__u64 entry = 0;

	if (pread(pagemap, &entry, 8, (unsigned long)page / PAGE * 8) != 8)
		die("pagemap");
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

/* Where in the guest's memory is a page, and where in the machine's? */
static int tell_where(void)
{
	unsigned char *page = scattered(PAGE);
	char name[32];
	__u64 word;

	sprintf(name, "where %#llx", guest_address(page));
	spell(name);
	asm volatile(".balign 8\n\t"
		     "movz xzr, %1\n\t"
		     "ldr %0, %2" : "=r"(word)
		     : "i"(IO_COUNT_MARK + IO_COUNT_WHERE), "Q"(*(__u64 *)page));
	return 0;
}

static int say(char **words)
{
	for (; *words; words++) {
		spell(*words);
		spell(words[1] ? " " : "");
	}
	mark(IO_COUNT_SAY);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "say"))
		return say(argv + 2);
	if (argc == 2 && !strcmp(argv[1], "where"))
		return tell_where();
	if (argc == 4 && !strcmp(argv[1], "loop"))
		return loop(argv[3], atol(argv[2]));
	if (argc == 7 && (!strcmp(argv[1], "read") || !strcmp(argv[1], "write")))
		return measure(argv[1], argv[2], atol(argv[3]) << 10, atol(argv[4]) * MIB,
			       atoi(argv[5]), argv[6]);
	fputs("usage: io read|write DISK KIB-PER-BLOCK MIBS TIMES NAME\n"
	      "       io loop INSTRUCTIONS NAME | say WORDS | where\n", stderr);
	return 2;
}

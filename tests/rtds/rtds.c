// SPDX-License-Identifier: GPL-2.0-only
/*
 * rtds - a periodic real-time task whose work is DMA
 *
 * It runs in Dom0. At each release a burst of frames goes from one network card to the
 * other and as many go back; it has answered when all have arrived and every byte has
 * been compared. The cards take what they send from memory, and put what they receive
 * there, so a frame is a mapping on either side.
 *
 * Times are told after the last period: nothing is printed while it is measured.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/types.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#define NS		1000000000ULL
#define PRIORITY	80		/* above the threads of interrupts */
#define PROTOCOL	0x88b5		/* IEEE's, for experiments */
#define PAYLOAD		1400
#define FRAMES_MOST	64

struct frame {
	struct ether_header head;
	__u32 period, number;
	unsigned char bytes[PAYLOAD];
};

struct card {
	int fd;
	unsigned char address[ETH_ALEN];
};

struct answer {
	__u64 started, answered;	/* ns after the release */
};

struct task {
	struct card cards[2];
	unsigned int periods, frames;
	__u64 length;			/* of a period, ns */
	unsigned int wrong_from;	/* the control: from here on a byte is wrong */
	unsigned int wrong;		/* how many frames were */
	struct answer *answers;
};

static void die(const char *what)
{
	printf("failed: %s: %s\n", what, strerror(errno));
	exit(1);
}

static __u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

static void sleep_until(__u64 when)
{
	struct timespec t = { .tv_sec = when / NS, .tv_nsec = when % NS };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
		;
}

static void open_card(struct card *card, const char *name)
{
	struct timeval patience = { .tv_sec = 5 };
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(PROTOCOL) };
	struct ifreq rq = { };

	card->fd = socket(AF_PACKET, SOCK_RAW, htons(PROTOCOL));
	if (card->fd < 0)
		die("socket");
	snprintf(rq.ifr_name, sizeof(rq.ifr_name), "%s", name);
	if (ioctl(card->fd, SIOCGIFHWADDR, &rq))
		die(name);
	memcpy(card->address, rq.ifr_hwaddr.sa_data, ETH_ALEN);
	at.sll_ifindex = if_nametoindex(name);
	if (bind(card->fd, (struct sockaddr *)&at, sizeof(at)))
		die("bind");
	/* A frame that is lost must not stop everything. */
	if (setsockopt(card->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		die("setsockopt");
}

/* What is in a frame depends on which one it is, so that no other is taken for it. */
static void fill(struct frame *f, const struct card *from, const struct card *to,
		 __u32 period, __u32 number)
{
	__u32 x = period * 2654435761U + number * 40503U + from->address[5] + 1;

	memcpy(f->head.ether_dhost, to->address, ETH_ALEN);
	memcpy(f->head.ether_shost, from->address, ETH_ALEN);
	f->head.ether_type = htons(PROTOCOL);
	f->period = period;
	f->number = number;
	for (size_t i = 0; i < PAYLOAD; i++) {
		x = x * 1664525U + 1013904223U;
		f->bytes[i] = x >> 24;
	}
}

static void send_all(const struct task *t, int from, const struct frame *frames)
{
	for (unsigned int i = 0; i < t->frames; i++)
		if (send(t->cards[from].fd, &frames[i], sizeof(*frames), 0) !=
		    sizeof(*frames))
			die("send");
}

static void receive_all(struct task *t, int to, const struct frame *sent)
{
	struct frame f;

	for (unsigned int i = 0; i < t->frames; i++) {
		if (recv(t->cards[to].fd, &f, sizeof(f), 0) < 0)
			die("receive");
		t->wrong += !!memcmp(&f, &sent[i], sizeof(f));
	}
}

/* The control compares with what was not sent. */
static void spoil(const struct task *t, unsigned int period, struct frame *f)
{
	if (period >= t->wrong_from)
		f->bytes[PAYLOAD / 2] ^= 1;
}

/* What goes in each direction is made before the release: it is no part of the answer. */
static void work(struct task *t, unsigned int period, __u64 release)
{
	static struct frame frames[2][FRAMES_MOST];
	struct answer *a = &t->answers[period];

	for (unsigned int i = 0; i < t->frames; i++)
		for (int from = 0; from < 2; from++)
			fill(&frames[from][i], &t->cards[from], &t->cards[!from], period, i);
	sleep_until(release);
	a->started = now() - release;
	send_all(t, 0, frames[0]);
	send_all(t, 1, frames[1]);
	spoil(t, period, frames[0]);
	receive_all(t, 1, frames[0]);
	receive_all(t, 0, frames[1]);
	a->answered = now() - release;
}

static void be_real_time(void)
{
	struct sched_param p = { .sched_priority = PRIORITY };

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("mlockall");
	if (sched_setscheduler(0, SCHED_FIFO, &p))
		die("sched_setscheduler");
}

static int be_periodic(struct task *t)
{
	__u64 release;

	be_real_time();
	t->answers = calloc(t->periods, sizeof(*t->answers));
	if (!t->answers)
		die("memory");
	release = now() + t->length;
	for (unsigned int i = 0; i < t->periods; i++, release += t->length)
		work(t, i, release);
	for (unsigned int i = 0; i < t->periods; i++)
		printf("period %u %llu %llu\n", i, t->answers[i].started,
		       t->answers[i].answered);
	printf("wrong %u\n", t->wrong);
	return t->wrong > 0;
}

/* Load at normal priority: all of the CPU that it is given */
static void burn(void)
{
	for (;;)
		asm volatile(".rept 64\n\tadd x0, x0, 1\n\t.endr" : : : "x0");
}

int main(int argc, char **argv)
{
	struct task t = { };

	if (argc == 2 && !strcmp(argv[1], "burn"))
		burn();
	if (argc != 7) {
		fputs("usage: rtds burn | CARD CARD PERIODS MICROSECONDS FRAMES WRONG-FROM\n",
		      stderr);
		return 2;
	}
	for (int i = 0; i < 2; i++)
		open_card(&t.cards[i], argv[1 + i]);
	t.periods = atoi(argv[3]);
	t.length = atoll(argv[4]) * 1000;
	t.frames = atoi(argv[5]);
	t.wrong_from = atoi(argv[6]);
	if (t.frames > FRAMES_MOST)
		t.frames = FRAMES_MOST;
	return be_periodic(&t);
}

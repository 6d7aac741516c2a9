/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io-count.h - how a program inside the machine speaks to the plugin outside
 *
 * It executes moves into the register that is always zero. They do nothing, at any
 * level of privilege and under any hypervisor, and no compiler makes them; what is
 * moved tells what is meant.
 */
#ifndef IO_COUNT_H
#define IO_COUNT_H

#define IO_COUNT_MARK	0x5150	/* the lowest of what is moved */

enum {
	IO_COUNT_ZERO,		/* a bit of a text, the highest of a letter first */
	IO_COUNT_ONE,
	IO_COUNT_SAY,		/* the text is a line of the report */
	IO_COUNT_START,		/* count from here */
	IO_COUNT_LAP,		/* one of many things of a kind is done */
	IO_COUNT_STOP,		/* to here: a line with the text and the number, and that
				   of a lap which nothing disturbed */
	IO_COUNT_WHERE,		/* a line with the text and the machine address of what
				   the next instruction reads */
	IO_COUNT_MARKS
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a program inside the machine speaks to the plugin outside
 *
 * It executes moves into the register that is always zero. They do nothing, at any
 * level of privilege and under any hypervisor, and no compiler makes them; what is
 * moved tells what is meant.
 */
#ifndef IO_COUNT_H
#define IO_COUNT_H

#define IO_COUNT_MARK	0x5150	/* the lowest of what is moved */

/*
 * A text is spelt bit by bit, the highest of a letter first, and is gone once it has been
 * told. Between a start and a stop there are laps, one for each of many things of a kind;
 * a stop tells the text, how many instructions were counted, and how many in a lap that
 * nothing disturbed. Where tells the text and at which address of the machine is what the
 * next instruction reads.
 */
enum {
	IO_COUNT_ZERO,
	IO_COUNT_ONE,
	IO_COUNT_SAY,
	IO_COUNT_START,
	IO_COUNT_LAP,
	IO_COUNT_STOP,
	IO_COUNT_WHERE,
	IO_COUNT_MARKS
};

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * idle - a guest that takes its memory and switches itself off; or that never does and
 * takes all of the CPU that it is given, if BURN is defined
 *
 * Linked to nothing and to no address: objcopy makes an arm64 Image of it.
 */
	b	1f
	.word	0
	.quad	0			// where in memory: anywhere
	.quad	4096			// how much of it
	.quad	0xa			// little endian, 4 KiB pages, anywhere
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0
1:
#ifdef BURN
	.rept	64
	add	x0, x0, 1
	.endr
#else
	mov	w0, 8			// PSCI's SYSTEM_OFF
	movk	w0, 0x8400, lsl 16
	hvc	0
#endif
	b	1b

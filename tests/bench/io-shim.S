// SPDX-License-Identifier: GPL-2.0-only
/*
 * io-shim - give a guest that Xen starts a /reserved-memory of its own
 *
 * Of the tree that is made for such a guest by hand, Xen takes over the node
 * "passthrough" and little else. So what is wanted at the root comes at the end of that
 * node, between two empty ones, "end" and "nop". This code, which Xen takes for the
 * kernel, makes of the first the end of "passthrough", and nothing of the second and of
 * what follows it: the old end. The kernel, as it is, comes 2 MiB behind.
 */
#define NODE	0x01000000		// tokens as they are loaded; the tree is big endian
#define END	0x02000000
#define NOP	0x04000000

	b	1f			// an arm64 Image
	.word	0
	.quad	0			// where in memory: at its beginning
	.quad	0x4000000		// more than the two take
	.quad	0xa			// little endian, 4 KiB pages, anywhere
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0

1:	ldr	w1, [x0, 8]		// the tokens, from x1 up to x2
	rev	w1, w1
	ldr	w2, [x0, 36]
	rev	w2, w2
	add	x1, x1, x0
	add	x2, x2, x1
	ldr	w5, =NODE
	ldr	w6, =END
	ldr	w7, =NOP
	ldr	w8, end_name
	ldr	w9, nop_name

2:	ldr	w4, [x1], 4
	cmp	x1, x2
	b.hs	5f
	cmp	w4, w5
	b.ne	2b
	ldr	w4, [x1]
	cmp	w4, w8
	b.eq	3f
	cmp	w4, w9
	b.eq	4f
	b	2b

3:	stp	w6, w7, [x1, -4]	// a node is: NODE, name, END
	str	w7, [x1, 4]
	b	2b
4:	stp	w7, w7, [x1, -4]	// one more END after that
	stp	w7, w7, [x1, 4]
	b	2b

5:	adr	x4, 1b - 64		// ourselves
	add	x4, x4, 0x200000
	br	x4

	.balign	4
end_name: .asciz "end"
nop_name: .asciz "nop"
	.ltorg

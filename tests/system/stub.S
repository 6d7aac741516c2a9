// SPDX-License-Identifier: GPL-2.0-only
/*
 * stub - starts Xen with a device tree, each at the address that it was built for
 *
 * QEMU takes it for a kernel.
 */
	.text
	ldr	x0, =TREE
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	ldr	x4, =XEN
	br	x4

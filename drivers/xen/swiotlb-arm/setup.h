/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * setup: the one instance of this kernel.
 */
#ifndef _XADMA_SETUP_H
#define _XADMA_SETUP_H

struct xadma;

struct xadma *xadma_instance(void);

#endif /* _XADMA_SETUP_H */

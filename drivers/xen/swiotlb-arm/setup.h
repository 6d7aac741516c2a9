/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * setup: the one instance of this kernel, and which devices are its.
 */
#ifndef _XADMA_SETUP_H
#define _XADMA_SETUP_H

#include <linux/types.h>

#include "claim.h"

struct device;
struct xadma;

struct xadma *xadma_instance(void);
bool xadma_is_here(void);
enum xadma_claim xadma_claim_of(struct device *dev);

#endif /* _XADMA_SETUP_H */

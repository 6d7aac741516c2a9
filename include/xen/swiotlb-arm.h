/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rest of the kernel sees of swiotlb-arm: what the hook lines call.
 * Everything else is private to drivers/xen/swiotlb-arm/.
 */
#ifndef _XEN_SWIOTLB_ARM_H
#define _XEN_SWIOTLB_ARM_H

#include <linux/types.h>
#include <xen/interface/xen.h>

struct device;

#ifdef CONFIG_XEN_SWIOTLB_ARM
void swiotlb_arm_early(void);
bool swiotlb_arm_enabled(void);
bool swiotlb_arm_setup_dma_ops(struct device *dev);
void swiotlb_arm_forget(const xen_pfn_t *gfns, int nr);
#else
static inline void swiotlb_arm_early(void)
{
}

static inline bool swiotlb_arm_enabled(void)
{
	return false;
}

static inline bool swiotlb_arm_setup_dma_ops(struct device *dev)
{
	return false;
}

static inline void swiotlb_arm_forget(const xen_pfn_t *gfns, int nr)
{
}
#endif

#endif /* _XEN_SWIOTLB_ARM_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * claim: who does the DMA of a device, we or the kernel's own code, and why.
 *
 * In a domain that is mapped 1:1 a machine address is right for every device, be it
 * behind an IOMMU of Xen's or not. In any other domain a device behind such an IOMMU,
 * or one that a back end in another domain emulates, takes guest addresses. No guest
 * can find out by itself which it is, so somebody has to say it: the device tree, a
 * boot parameter, or, to the hardware domain, Xen.
 */
#ifndef _XADMA_CLAIM_H
#define _XADMA_CLAIM_H

#include <linux/types.h>

struct device;

/**
 * enum xadma_claim - who does a device's DMA, and what decided it
 * @XADMA_CLAIM_IDENTITY:  the domain is mapped 1:1
 * @XADMA_CLAIM_LISTED:    the boot parameter names it
 * @XADMA_CLAIM_PROPERTY:  the device tree says that it takes machine addresses
 * @XADMA_CLAIM_NO_IOMMU:  Xen told the hardware domain that it uses no IOMMU
 * @XADMA_CLAIM_UNTOLD:    Xen did not tell the hardware domain
 * @XADMA_LEAVE_IOMMU:     an IOMMU driver of this kernel translates for it
 * @XADMA_LEAVE_OPS:       it has a struct dma_map_ops of its own
 * @XADMA_LEAVE_CONFINED:  the core has confined it to a restricted pool
 * @XADMA_LEAVE_LISTED:    the boot parameter takes it out
 * @XADMA_LEAVE_PROPERTY:  the device tree says that it takes guest addresses
 * @XADMA_LEAVE_XEN_IOMMU: Xen told the hardware domain that it uses an IOMMU
 * @XADMA_LEAVE_UNSAID:    nothing says that a guest's device takes machine addresses
 * @XADMA_CLAIMS:          how many there are
 */
enum xadma_claim {
	XADMA_CLAIM_IDENTITY,
	XADMA_CLAIM_LISTED,
	XADMA_CLAIM_PROPERTY,
	XADMA_CLAIM_NO_IOMMU,
	XADMA_CLAIM_UNTOLD,
	XADMA_LEAVE_IOMMU,
	XADMA_LEAVE_OPS,
	XADMA_LEAVE_CONFINED,
	XADMA_LEAVE_LISTED,
	XADMA_LEAVE_PROPERTY,
	XADMA_LEAVE_XEN_IOMMU,
	XADMA_LEAVE_UNSAID,
	XADMA_CLAIMS,
};

/**
 * enum xadma_said - what somebody says of the addresses that a device takes
 * @XADMA_SAID_NOTHING: nothing
 * @XADMA_SAID_MACHINE: machine addresses: its DMA is not translated
 * @XADMA_SAID_GUEST:   guest addresses: something translates them
 */
enum xadma_said {
	XADMA_SAID_NOTHING,
	XADMA_SAID_MACHINE,
	XADMA_SAID_GUEST,
};

/**
 * struct xadma_claim_facts - what the decision is made of
 * @identity:  the domain is mapped 1:1
 * @hardware:  it is the hardware domain
 * @xen_iommu: Xen uses an IOMMU: 1, 0, or a negative errno when it does not tell. Of
 *	the hardware domain only
 * @iommu:     an IOMMU driver of this kernel translates for the device
 * @ops:       it has ops, and they are not ours
 * @confined:  it is confined to a restricted pool
 * @listed:    what the boot parameter says of it
 * @property:  what the device tree says of it
 */
struct xadma_claim_facts {
	bool identity;
	bool hardware;
	int xen_iommu;
	bool iommu;
	bool ops;
	bool confined;
	enum xadma_said listed;
	enum xadma_said property;
};

enum xadma_claim xadma_claim_decide(const struct xadma_claim_facts *facts);
enum xadma_said xadma_claim_listed(const char *list, const char *name);
enum xadma_said xadma_claim_property(const struct device *dev);
const char *xadma_claim_reason(enum xadma_claim claim);
void xadma_claim_say(const struct device *dev, enum xadma_claim claim);

/**
 * xadma_is_claimed - is it we who do the DMA?
 * @claim: what was decided
 *
 * Context: any; a pure function.
 * Return: true when it is.
 */
static inline bool xadma_is_claimed(enum xadma_claim claim)
{
	return claim < XADMA_LEAVE_IOMMU;
}

#endif /* _XADMA_CLAIM_H */

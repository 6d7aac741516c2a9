// SPDX-License-Identifier: GPL-2.0-only
#include <linux/device.h>
#include <linux/glob.h>
#include <linux/of.h>
#include <linux/string.h>

#include "claim.h"

static const char property_name[] = "xen,dma-addresses";

/**
 * xadma_claim_decide - who does a device's DMA?
 * @facts: what is known of the device and its domain
 *
 * What the core has set up for the device comes first: an IOMMU driver, ops of its
 * own, a restricted pool. Of the rest the parameter has the last word, since it is
 * there for device trees that are wrong and cannot be edited.
 *
 * Context: any; a pure function.
 * Return: who, and why.
 */
enum xadma_claim xadma_claim_decide(const struct xadma_claim_facts *facts)
{
	if (facts->iommu)
		return XADMA_LEAVE_IOMMU;
	if (facts->ops)
		return XADMA_LEAVE_OPS;
	if (facts->confined)
		return XADMA_LEAVE_CONFINED;
	if (facts->identity)
		return XADMA_CLAIM_IDENTITY;

	if (facts->listed)
		return facts->listed == XADMA_SAID_MACHINE ? XADMA_CLAIM_LISTED :
							     XADMA_LEAVE_LISTED;
	if (facts->property)
		return facts->property == XADMA_SAID_MACHINE ? XADMA_CLAIM_PROPERTY :
							       XADMA_LEAVE_PROPERTY;
	if (!facts->hardware)
		return XADMA_LEAVE_UNSAID;

	/*
	 * Where Xen does not tell: an IOMMU stops a machine address that is wrong, while
	 * without one a guest address hits whatever memory is there.
	 */
	if (facts->xen_iommu < 0)
		return XADMA_CLAIM_UNTOLD;
	return facts->xen_iommu ? XADMA_LEAVE_XEN_IOMMU : XADMA_CLAIM_NO_IOMMU;
}

/* One entry of the list, which says what of the devices that it matches? */
static enum xadma_said entry_says(const char *entry, size_t length, const char *name)
{
	enum xadma_said what = XADMA_SAID_MACHINE;
	char pattern[64];

	if (*entry == '!') {
		what = XADMA_SAID_GUEST;
		entry++;
		length--;
	}
	/* A longer one than this matches no name. */
	if (!length || length >= sizeof(pattern))
		return XADMA_SAID_NOTHING;
	memcpy(pattern, entry, length);
	pattern[length] = '\0';

	if (!strcmp(pattern, "all"))
		return XADMA_SAID_MACHINE;
	if (!strcmp(pattern, "none"))
		return XADMA_SAID_GUEST;
	return glob_match(pattern, name) ? what : XADMA_SAID_NOTHING;
}

/**
 * xadma_claim_listed - what does the boot parameter say of a device?
 * @list: "all", "none", or patterns as glob_match() takes them, separated by commas;
 *	one that begins with '!' takes out what it matches. The first that matches
 *	decides. NULL for no list
 * @name: the device's name
 *
 * Context: any; a pure function.
 * Return: what it says.
 */
enum xadma_said xadma_claim_listed(const char *list, const char *name)
{
	enum xadma_said said = XADMA_SAID_NOTHING;

	while (list && *list && !said) {
		size_t length = strcspn(list, ",");

		said = entry_says(list, length, name);
		list += length + (list[length] == ',');
	}
	return said;
}

/* The node of the device, or of the nearest one above it that has one. */
static struct device_node *nearest_node(const struct device *dev)
{
	for (; dev; dev = dev->parent)
		if (dev->of_node)
			return of_node_get(dev->of_node);
	return NULL;
}

static enum xadma_said value_of(const struct device *dev, const struct device_node *node)
{
	const char *value;
	int err = of_property_read_string(node, property_name, &value);

	if (!err && !strcmp(value, "machine"))
		return XADMA_SAID_MACHINE;
	if (!err && !strcmp(value, "guest"))
		return XADMA_SAID_GUEST;
	dev_err_ratelimited(dev,
			    "swiotlb-arm: %pOF: %s is neither \"machine\" nor \"guest\" and is ignored\n",
			    node, property_name);
	return XADMA_SAID_NOTHING;
}

/**
 * xadma_claim_property - what does the device tree say of a device?
 * @dev: the device
 *
 * The property may stand in the device's own node or in any above it; the nearest one
 * counts. Devices that were found by probing (PCI) have no node: theirs is that of
 * the nearest device above them with one, the host bridge. Documentation/binding.rst
 * is the property's definition. Xen copies it from a partial device tree into the
 * guest's (it strips xen,reg, xen,path and xen,force-assign-without-iommu alone).
 *
 * Context: may sleep.
 * Return: what it says; nothing where its value is not known, which is logged.
 */
enum xadma_said xadma_claim_property(const struct device *dev)
{
	struct device_node *node = nearest_node(dev);
	enum xadma_said said = XADMA_SAID_NOTHING;

	while (node && !of_property_present(node, property_name))
		node = of_get_next_parent(node);
	if (node)
		said = value_of(dev, node);
	of_node_put(node);
	return said;
}

static const char * const reasons[XADMA_CLAIMS] = {
	[XADMA_CLAIM_IDENTITY]	= "the domain is mapped 1:1",
	[XADMA_CLAIM_LISTED]	= "swiotlb_arm.devices names it",
	[XADMA_CLAIM_PROPERTY]	= "its xen,dma-addresses are the machine's",
	[XADMA_CLAIM_NO_IOMMU]	= "Xen uses no IOMMU",
	[XADMA_CLAIM_UNTOLD]	= "Xen does not tell whether it uses an IOMMU",
	[XADMA_LEAVE_IOMMU]	= "an IOMMU of this kernel translates for it",
	[XADMA_LEAVE_OPS]	= "it has DMA ops of its own",
	[XADMA_LEAVE_CONFINED]	= "it is confined to a restricted pool",
	[XADMA_LEAVE_LISTED]	= "swiotlb_arm.devices takes it out",
	[XADMA_LEAVE_PROPERTY]	= "its xen,dma-addresses are the guest's",
	[XADMA_LEAVE_XEN_IOMMU]	= "Xen uses an IOMMU",
	[XADMA_LEAVE_UNSAID]	= "nothing says that it takes machine addresses",
};

/**
 * xadma_claim_reason - why, in words
 * @claim: what was decided
 *
 * Context: any; a pure function.
 * Return: half a sentence.
 */
const char *xadma_claim_reason(enum xadma_claim claim)
{
	return reasons[claim];
}

/**
 * xadma_claim_say - say in the log who does a device's DMA
 * @dev:   the device
 * @claim: what was decided
 *
 * Context: any.
 */
void xadma_claim_say(const struct device *dev, enum xadma_claim claim)
{
	dev_info(dev, "swiotlb-arm: DMA is %s: %s\n",
		 xadma_is_claimed(claim) ? "ours" : "left to the kernel",
		 xadma_claim_reason(claim));
}

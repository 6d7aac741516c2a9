// SPDX-License-Identifier: GPL-2.0-only
/*
 * claim: whose DMA it is. The decision over all that may be known of a device, the boot
 * parameter as a table, and the property in trees made for it.
 */
#include <kunit/test.h>

#include <linux/device.h>
#include <linux/errno.h>
#include <linux/of.h>
#include <linux/string.h>

#include "../claim.h"
#include "helpers.h"

/* ---- the decision ---- */

struct decision {
	const char *name;
	struct xadma_claim_facts facts;
	enum xadma_claim claim;
};

#define NAMED	.listed = XADMA_SAID_MACHINE
#define TAKEN_OUT	.listed = XADMA_SAID_GUEST
#define MACHINE	.property = XADMA_SAID_MACHINE
#define GUEST	.property = XADMA_SAID_GUEST
#define DOM0	.hardware = true
#define ONE_TO_ONE	DOM0, .identity = true

static const struct decision decisions[] = {
	{ "one_to_one", { ONE_TO_ONE }, XADMA_CLAIM_IDENTITY },
	{ "one_to_one_needs_nobody_to_say_so", { ONE_TO_ONE, TAKEN_OUT, GUEST },
	  XADMA_CLAIM_IDENTITY },
	{ "one_to_one_with_an_iommu_of_xen", { ONE_TO_ONE, .xen_iommu = 1 },
	  XADMA_CLAIM_IDENTITY },
	{ "one_to_one_behind_a_driven_iommu", { ONE_TO_ONE, .iommu = true },
	  XADMA_LEAVE_IOMMU },
	{ "one_to_one_with_ops", { ONE_TO_ONE, .ops = true }, XADMA_LEAVE_OPS },
	{ "one_to_one_confined", { ONE_TO_ONE, .confined = true }, XADMA_LEAVE_CONFINED },
	{ "guest_device_of_which_nothing_is_said", { }, XADMA_LEAVE_UNSAID },
	{ "guest_device_with_machine_addresses", { MACHINE }, XADMA_CLAIM_PROPERTY },
	{ "guest_device_with_guest_addresses", { GUEST }, XADMA_LEAVE_PROPERTY },
	{ "guest_device_that_is_named", { NAMED }, XADMA_CLAIM_LISTED },
	{ "parameter_overrides_the_tree", { TAKEN_OUT, MACHINE }, XADMA_LEAVE_LISTED },
	{ "parameter_overrides_the_tree_either_way", { NAMED, GUEST }, XADMA_CLAIM_LISTED },
	{ "guest_device_confined", { MACHINE, .confined = true }, XADMA_LEAVE_CONFINED },
	{ "guest_device_with_ops", { NAMED, .ops = true }, XADMA_LEAVE_OPS },
	{ "coloured_dom0_without_iommu", { DOM0 }, XADMA_CLAIM_NO_IOMMU },
	{ "coloured_dom0_with_iommu", { DOM0, .xen_iommu = 1 }, XADMA_LEAVE_XEN_IOMMU },
	{ "coloured_dom0_that_is_not_told", { DOM0, .xen_iommu = -EACCES },
	  XADMA_CLAIM_UNTOLD },
	{ "coloured_dom0_with_iommu_and_a_bypass", { DOM0, .xen_iommu = 1, MACHINE },
	  XADMA_CLAIM_PROPERTY },
	{ "coloured_dom0_without_iommu_and_an_emulated_device", { DOM0, GUEST },
	  XADMA_LEAVE_PROPERTY },
	{ "coloured_dom0_not_told_and_taken_out", { DOM0, .xen_iommu = -EACCES, TAKEN_OUT },
	  XADMA_LEAVE_LISTED },
};

KUNIT_ARRAY_PARAM_DESC(decision, decisions, name);

static void is_decided(struct kunit *test)
{
	const struct decision *d = test->param_value;

	KUNIT_EXPECT_EQ(test, xadma_claim_decide(&d->facts), d->claim);
}

/* The n-th of all combinations; false behind the last. */
static bool combination(unsigned int n, struct xadma_claim_facts *facts)
{
	static const int iommus[] = { 0, 1, -EACCES };

	*facts = (struct xadma_claim_facts){
		.identity = n & 1,
		.hardware = n & 2,
		.iommu = n & 4,
		.ops = n & 8,
		.confined = n & 16,
		.xen_iommu = iommus[n / 32 % 3],
		.listed = n / 96 % 3,
		.property = n / 288 % 3,
	};
	return n < 864;
}

static void core_comes_first(struct kunit *test)
{
	struct xadma_claim_facts facts;
	unsigned int n;

	for (n = 0; combination(n, &facts); n++)
		if (facts.iommu || facts.ops || facts.confined)
			KUNIT_EXPECT_FALSE(test, xadma_is_claimed(xadma_claim_decide(&facts)));
}

/* What is said of a device counts where it can be wrong, and nowhere else. */
static void word_counts_unless_one_to_one(struct kunit *test)
{
	struct xadma_claim_facts facts;
	enum xadma_said word;
	unsigned int n;

	for (n = 0; combination(n, &facts); n++) {
		if (facts.iommu || facts.ops || facts.confined)
			continue;
		word = facts.listed ?: facts.property;
		if (facts.identity || word)
			KUNIT_EXPECT_EQ_MSG(test, xadma_is_claimed(xadma_claim_decide(&facts)),
					    facts.identity || word == XADMA_SAID_MACHINE,
					    "combination %u", n);
	}
}

/* A guest cannot know, and what it believes of Xen's IOMMU is nothing. */
static void guest_takes_nothing_unasked(struct kunit *test)
{
	struct xadma_claim_facts facts;
	unsigned int n;

	for (n = 0; combination(n, &facts); n++)
		if (!facts.identity && !facts.hardware && !facts.listed && !facts.property)
			KUNIT_EXPECT_FALSE(test, xadma_is_claimed(xadma_claim_decide(&facts)));
}

static void each_has_a_reason(struct kunit *test)
{
	unsigned int claim, other;

	for (claim = 0; claim < XADMA_CLAIMS; claim++) {
		KUNIT_ASSERT_NOT_NULL(test, xadma_claim_reason(claim));
		for (other = 0; other < claim; other++)
			KUNIT_EXPECT_STRNEQ(test, xadma_claim_reason(claim),
					    xadma_claim_reason(other));
	}
}

/* ---- the parameter ---- */

struct listing {
	const char *name;
	const char *list;
	enum xadma_said said;
};

/* Each about this one. */
static const char disk[] = "a003e00.virtio_mmio";

static const struct listing listings[] = {
	{ "none_is_given", NULL, XADMA_SAID_NOTHING },
	{ "empty_one", "", XADMA_SAID_NOTHING },
	{ "commas_alone", ",,", XADMA_SAID_NOTHING },
	{ "all", "all", XADMA_SAID_MACHINE },
	{ "none", "none", XADMA_SAID_GUEST },
	{ "its_name", "a003e00.virtio_mmio", XADMA_SAID_MACHINE },
	{ "its_name_among_others", "0000:00:01.0,a003e00.virtio_mmio,x", XADMA_SAID_MACHINE },
	{ "beginning_of_its_name", "a003e00", XADMA_SAID_NOTHING },
	{ "longer_name", "a003e00.virtio_mmio.1", XADMA_SAID_NOTHING },
	{ "pattern", "*.virtio_mmio", XADMA_SAID_MACHINE },
	{ "pattern_of_others", "0000:*", XADMA_SAID_NOTHING },
	{ "taken_out", "!a003e00.virtio_mmio", XADMA_SAID_GUEST },
	{ "taken_out_of_all", "!a003e*,all", XADMA_SAID_GUEST },
	{ "first_match_decides", "all,!a003e*", XADMA_SAID_MACHINE },
	{ "others_taken_out", "!a003c*,all", XADMA_SAID_MACHINE },
	{ "mark_alone", "!", XADMA_SAID_NOTHING },
	{ "mark_before_a_comma", "!,all", XADMA_SAID_MACHINE },
	{ "comma_at_the_end", "x,", XADMA_SAID_NOTHING },
	{ "longer_than_any_name",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa*",
	  XADMA_SAID_NOTHING },
	{ "behind_a_longer_one",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,all",
	  XADMA_SAID_MACHINE },
};

KUNIT_ARRAY_PARAM_DESC(listing, listings, name);

static void list_says(struct kunit *test)
{
	const struct listing *l = test->param_value;

	KUNIT_EXPECT_EQ(test, xadma_claim_listed(l->list, disk), l->said);
}

/* ---- the property ---- */

/*
 * A tree of three levels, as a guest has it: root, bus, device. And two devices, of
 * which the second, below the first, has no node, as behind a host bridge.
 */
struct tree {
	struct device_node root, bus, node;
	struct property of_root, of_bus, of_node;
	struct device *bridge, *behind;
};

static void make_node(struct device_node *node, const char *name, struct device_node *parent)
{
	of_node_init(node);
	node->name = name;
	node->full_name = name;
	node->parent = parent;
}

/* The value with its terminator, or without one. */
static void say(struct device_node *node, struct property *p, const char *value, size_t length)
{
	p->name = "xen,dma-addresses";
	p->value = (void *)value;
	p->length = length;
	node->properties = p;
}

static void forget_node(void *data)
{
	struct device *dev = data;

	dev->of_node = NULL;
}

static struct device *tree_device(struct kunit *test, const char *name)
{
	struct device *dev = kunit_device_register(test, name);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, forget_node, dev));
	return dev;
}

static struct tree *make_tree(struct kunit *test)
{
	struct tree *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	make_node(&t->root, "", NULL);
	make_node(&t->bus, "passthrough", &t->root);
	make_node(&t->node, "disk@0", &t->bus);
	t->bridge = tree_device(test, "claim-bridge");
	t->behind = kunit_kzalloc(test, sizeof(*t->behind), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->behind);
	t->behind->parent = t->bridge;
	t->bridge->of_node = &t->node;
	return t;
}

static void tree_says_nothing(struct kunit *test)
{
	struct tree *t = make_tree(test);

	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_NOTHING);
	t->bridge->of_node = NULL;
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_NOTHING);
}

static void own_node_says(struct kunit *test)
{
	struct tree *t = make_tree(test);

	say(&t->node, &t->of_node, "machine", 8);
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_MACHINE);
	say(&t->node, &t->of_node, "guest", 6);
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_GUEST);
}

static void node_above_says(struct kunit *test)
{
	struct tree *t = make_tree(test);

	say(&t->root, &t->of_root, "machine", 8);
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_MACHINE);
	say(&t->bus, &t->of_bus, "guest", 6);
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_GUEST);
}

static void nearest_node_decides(struct kunit *test)
{
	struct tree *t = make_tree(test);

	say(&t->node, &t->of_node, "guest", 6);
	say(&t->bus, &t->of_bus, "machine", 8);
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_GUEST);
}

static void device_without_a_node_inherits(struct kunit *test)
{
	struct tree *t = make_tree(test);

	say(&t->bus, &t->of_bus, "machine", 8);
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->behind), XADMA_SAID_MACHINE);
}

/* What is not understood is not guessed at, nor is the node above asked instead. */
static void unknown_value_says_nothing(struct kunit *test)
{
	struct tree *t = make_tree(test);

	say(&t->bus, &t->of_bus, "machine", 8);
	say(&t->node, &t->of_node, "Machine", 8);
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_NOTHING);
	say(&t->node, &t->of_node, "", 1);
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_NOTHING);
	say(&t->node, &t->of_node, NULL, 0);
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_NOTHING);
	say(&t->node, &t->of_node, "machine", 7);
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_NOTHING);
	say(&t->node, &t->of_node, "\0\0\0\1", 4);
	KUNIT_EXPECT_EQ(test, xadma_claim_property(t->bridge), XADMA_SAID_NOTHING);
}

static struct kunit_case claim_cases[] = {
	KUNIT_CASE_PARAM(is_decided, decision_gen_params),
	KUNIT_CASE(core_comes_first),
	KUNIT_CASE(word_counts_unless_one_to_one),
	KUNIT_CASE(guest_takes_nothing_unasked),
	KUNIT_CASE(each_has_a_reason),
	KUNIT_CASE_PARAM(list_says, listing_gen_params),
	KUNIT_CASE(tree_says_nothing),
	KUNIT_CASE(own_node_says),
	KUNIT_CASE(node_above_says),
	KUNIT_CASE(nearest_node_decides),
	KUNIT_CASE(device_without_a_node_inherits),
	KUNIT_CASE(unknown_value_says_nothing),
	{}
};

static struct kunit_suite claim_suite = {
	.name = "swiotlb-arm-claim",
	.test_cases = claim_cases,
};

kunit_test_suite(claim_suite);

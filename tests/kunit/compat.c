// SPDX-License-Identifier: GPL-2.0-only
#include <linux/init.h>
#include <linux/slab.h>

#include "compat.h"

/* ---- devices ---- */

static void fill_in_offsets(struct bus_dma_region *map, unsigned int nr)
{
#ifdef XADMA_HAVE_REGION_OFFSET
	unsigned int i;

	/* These kernels translate by it, and firmware's tables have it. */
	for (i = 0; i < nr; i++)
		map[i].offset = map[i].cpu_start - map[i].dma_start;
#endif
}

/**
 * test_set_dma_ranges - give a device a dma_range_map
 * @test: the case
 * @dev:  the device
 * @map:  its windows, of which the device gets a copy of its own; or NULL. The core's
 *	  allocator translates by them, thus the copy has all that this kernel wants.
 *
 * The copy is gone with the next call, as the core's is with the device's driver.
 */
void test_set_dma_ranges(struct kunit *test, struct device *dev,
			 const struct bus_dma_region *map)
{
	struct bus_dma_region *copy = NULL;
	unsigned int nr = 0;

	if (map) {
		while (map[nr].size)
			nr++;
		copy = kmemdup(map, array_size(nr + 1, sizeof(*map)), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy);
		fill_in_offsets(copy, nr);
	}
	kfree(dev->dma_range_map);
	dev->dma_range_map = copy;
}

#ifndef XADMA_HAVE_KUNIT_ACTION
/* ---- something to be done at the end of a case ---- */

struct action {
	void (*fn)(void *data);
	void *data;
};

static int action_keep(struct kunit_resource *res, void *action)
{
	res->data = kmemdup(action, sizeof(struct action), GFP_KERNEL);
	return res->data ? 0 : -ENOMEM;
}

static void action_take(struct kunit_resource *res)
{
	struct action *action = res->data;

	action->fn(action->data);
	kfree(action);
}

/**
 * kunit_add_action_or_reset - do something at the end of a case
 * @test: the case
 * @fn:   what to do
 * @data: handed on to @fn
 *
 * What was added last is done first, as with all that a case owns.
 *
 * Return: 0; or -ENOMEM, and it has been done already.
 */
int kunit_add_action_or_reset(struct kunit *test, void (*fn)(void *data), void *data)
{
	struct action action = { .fn = fn, .data = data };

	if (kunit_alloc_resource(test, action_keep, action_take, GFP_KERNEL, &action))
		return 0;
	fn(data);
	return -ENOMEM;
}
#endif

#ifndef XADMA_HAVE_KUNIT_DEVICE
/* ---- a bus of the tests ---- */

/* In these kernels a bus is written to when it is registered. */
static typeof(*((struct device *)NULL)->bus) test_bus = { .name = "xadma-test" };

static int __init make_bus(void)
{
	return bus_register(&test_bus);
}
late_initcall(make_bus);

static void device_gone(struct device *dev)
{
	kfree(dev);
}

static void device_end(void *dev)
{
	device_unregister(dev);
}

/**
 * kunit_device_register - a device on a bus, until the end of the case
 * @test: the case
 * @name: what it is called, after the case's name
 *
 * Return: the device, which has no driver; or an ERR_PTR().
 */
struct device *kunit_device_register(struct kunit *test, const char *name)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int err;

	if (!dev)
		return ERR_PTR(-ENOMEM);
	device_initialize(dev);
	dev->bus = &test_bus;
	dev->release = device_gone;
	dev->dma_mask = &dev->coherent_dma_mask;
	dev->coherent_dma_mask = DMA_BIT_MASK(32);
	err = dev_set_name(dev, "%s.%s", test->name, name) ?: device_add(dev);
	if (err) {
		put_device(dev);
		return ERR_PTR(err);
	}
	err = kunit_add_action_or_reset(test, device_end, dev);
	return err ? ERR_PTR(err) : dev;
}
#endif

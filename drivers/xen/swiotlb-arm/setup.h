/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * setup: boot, and what happens to each device.
 */
#ifndef _SWARM_SETUP_H
#define _SWARM_SETUP_H

struct swarm;
struct swarm_dev;

typedef void swarm_visitor(const struct swarm_dev *record, void *data);

struct swarm *swarm_instance(void);
void swarm_visit_devices(swarm_visitor *fn, void *data);

#endif /* _SWARM_SETUP_H */

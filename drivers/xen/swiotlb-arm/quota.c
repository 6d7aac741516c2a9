// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpumask.h>
#include <linux/percpu.h>

#include "chunk.h"
#include "quota.h"

/**
 * xadma_quota_held - how much of a pool a device has
 * @account: its account
 *
 * Context: any; a snapshot.
 * Return: slots. Of an account that many share, what one of them returned may
 *	have been another's: then there may seem to be less than nothing.
 */
unsigned int xadma_quota_held(const struct xadma_account __percpu *account)
{
	u64 held = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		held += READ_ONCE(per_cpu_ptr(account, cpu)->held);
	return (s64)held > 0 ? held >> XADMA_SLOT_SHIFT : 0;
}

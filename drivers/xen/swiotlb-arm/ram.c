// SPDX-License-Identifier: GPL-2.0-only
#include <linux/memblock.h>
#include <linux/minmax.h>

#include "ram.h"

/* For xadma_ram_has(): the other banks, and what is in none, such as hotplugged RAM. */
bool __xadma_ram_has(const struct xadma_ram *ram, phys_addr_t phys, size_t size)
{
	unsigned int i;

	if (!size || phys + size - 1 < phys)
		return false;
	for (i = 0; i < ram->nr; i++)
		if (xadma_ram_bank_has(&ram->bank[i], phys, size))
			return true;
	return memblock_is_region_memory(phys, size) &&
	       memblock_is_map_memory(phys) &&
	       memblock_is_map_memory(phys + size - 1);
}

/* Keeps the banks sorted, and drops the smallest when there are too many. */
static void insert(struct xadma_ram *ram, struct xadma_ram_bank bank)
{
	unsigned int i;

	for (i = 0; i < ram->nr; i++)
		if (bank.size > ram->bank[i].size)
			swap(bank, ram->bank[i]);
	if (ram->nr < XADMA_RAM_BANKS)
		ram->bank[ram->nr++] = bank;
}

/**
 * xadma_ram_init - find our own RAM
 * @ram: filled in
 *
 * Context: may sleep; memblock is complete.
 */
void xadma_ram_init(struct xadma_ram *ram)
{
	struct xadma_ram_bank bank = {};
	phys_addr_t first, end;
	u64 i;

	*ram = (struct xadma_ram){};
	for_each_mem_range(i, &first, &end) {
		if (bank.size && first == bank.first + bank.size) {
			bank.size += end - first;
			continue;
		}
		if (bank.size)
			insert(ram, bank);
		bank = (struct xadma_ram_bank){ first, end - first };
	}
	if (bank.size)
		insert(ram, bank);
}

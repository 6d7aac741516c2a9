/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ram: is this our own RAM, which the kernel has mapped?
 *
 * Asked before the CPU touches an address that a driver named: the driver may be
 * wrong. pfn_valid() would not do. The unpopulated pages at which foreign pages are
 * mapped have struct pages too, and they lie in the extended regions, which Xen takes
 * from any address that this domain does not use: another domain's RAM may be
 * behind the same number (devicetree/bindings/arm/xen.txt).
 *
 * The banks are copied from memblock, largest first, since a search of memblock takes
 * longer than all the rest of an unmap.
 */
#ifndef _XADMA_RAM_H
#define _XADMA_RAM_H

#include <linux/types.h>

#define XADMA_RAM_BANKS	16

/**
 * struct xadma_ram_bank - RAM without a gap
 * @first: guest physical address of its first byte
 * @size:  bytes
 */
struct xadma_ram_bank {
	phys_addr_t first;
	phys_addr_t size;
};

/**
 * struct xadma_ram - our own RAM
 * @nr:   how many banks
 * @bank: the largest ones, neighbours joined, largest first
 */
struct xadma_ram {
	unsigned int nr;
	struct xadma_ram_bank bank[XADMA_RAM_BANKS];
};

void xadma_ram_init(struct xadma_ram *ram);
static __always_inline bool xadma_ram_bank_has(const struct xadma_ram_bank *bank,
					       phys_addr_t phys, size_t size)
{
	phys_addr_t at = phys - bank->first;

	return at < bank->size && size <= bank->size - at;
}

bool __xadma_ram_has(const struct xadma_ram *ram, phys_addr_t phys, size_t size);

/**
 * xadma_ram_has - is all of a range our own RAM?
 * @ram:  our RAM
 * @phys: guest physical address, bytes
 * @size: bytes, at least 1
 *
 * Context: any, no lock.
 * Return: true when it is.
 */
static __always_inline bool xadma_ram_has(const struct xadma_ram *ram,
					  phys_addr_t phys, size_t size)
{
	if (likely(xadma_ram_bank_has(&ram->bank[0], phys, size) ||
		   xadma_ram_bank_has(&ram->bank[1], phys, size)))
		return true;
	return __xadma_ram_has(ram, phys, size);
}

#endif /* _XADMA_RAM_H */

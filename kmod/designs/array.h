/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for bucket arrays: large, zeroed, in huge pages where the kernel can.
 */
#ifndef MAPSTAT_ARRAY_H
#define MAPSTAT_ARRAY_H

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "kmod/memory.h"

/**
 * array_alloc - a zeroed, cache-line aligned array
 * @bytes: its size
 *
 * An array beyond what is available now is refused at once, instead of asking the OOM
 * killer for it.
 *
 * Context: Process; sleeps.
 * Return: the array, for kvfree(); NULL where the memory cannot be had.
 */
static inline void *array_alloc(u64 bytes)
{
	const gfp_t gfp = MAPSTAT_GFP | __GFP_ZERO;

	if (bytes >> PAGE_SHIFT > si_mem_available())
		return NULL;
	/* A power of two from kmalloc() is aligned to its size. */
	if (bytes <= PAGE_SIZE)
		return kmalloc(roundup_pow_of_two(bytes), gfp);
	return vmalloc_huge(bytes, gfp);
}

#endif /* MAPSTAT_ARRAY_H */

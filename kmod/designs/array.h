/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for bucket arrays: large, zeroed, in huge pages if the kernel supports them.
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
 * An array larger than the memory available now is refused at once, so that the
 * allocation does not invoke the OOM killer.
 *
 * Context: Process; sleeps.
 * Return: the array, for kvfree(); NULL if there is not enough memory.
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

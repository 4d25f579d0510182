/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations whose size depends on a parameter or on the number of CPUs: they must never
 * invoke the OOM killer.
 */
#ifndef MAPSTAT_MEMORY_H
#define MAPSTAT_MEMORY_H

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/types.h>

/* Reclaims, retries, then fails without invoking the OOM killer. */
#define MAPSTAT_GFP		(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)
/* The same for alloc_percpu_gfp(), which drops __GFP_RETRY_MAYFAIL. */
#define MAPSTAT_GFP_PERCPU	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/**
 * mapstat_memory_room - how much memory may be requested
 *
 * The available memory less a sixteenth of all memory, which is left to other users: they may
 * allocate at the same time, and it may be their allocation that fails.
 *
 * Context: Any.
 * Return: bytes.
 */
static inline u64 mapstat_memory_room(void)
{
	const long left = totalram_pages() / 16;

	return (u64)max(si_mem_available() - left, 0L) << PAGE_SHIFT;
}

/**
 * mapstat_memory_taken - how much memory kvmalloc() takes
 * @bytes: requested size
 *
 * Context: Any.
 * Return: bytes, an upper bound: contiguous memory is rounded up to a power of two of pages.
 */
static inline u64 mapstat_memory_taken(u64 bytes)
{
	return bytes <= KMALLOC_MAX_SIZE ? kmalloc_size_roundup(bytes) : PAGE_ALIGN(bytes);
}

#endif /* MAPSTAT_MEMORY_H */

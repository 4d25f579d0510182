/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory whose amount depends on a parameter or on the number of CPUs: what is asked for must
 * never be got by killing a task for it.
 */
#ifndef MAPSTAT_MEMORY_H
#define MAPSTAT_MEMORY_H

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/types.h>

/* Reclaims, retries, and then fails: the OOM killer is not called. */
#define MAPSTAT_GFP		(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)
/* The same for alloc_percpu_gfp(), which drops __GFP_RETRY_MAYFAIL. */
#define MAPSTAT_GFP_PERCPU	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/**
 * mapstat_memory_room - how much memory may be asked for
 *
 * What is available, less a sixteenth of all memory that is left to others: they may need some
 * at the same time, and what fails then may be theirs.
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
 * mapstat_memory_taken - what an allocation of kvmalloc() takes
 * @bytes: as asked for
 *
 * Context: Any.
 * Return: bytes, at most: what is contiguous has a power of two of pages.
 */
static inline u64 mapstat_memory_taken(u64 bytes)
{
	return bytes <= KMALLOC_MAX_SIZE ? kmalloc_size_roundup(bytes) : PAGE_ALIGN(bytes);
}

#endif /* MAPSTAT_MEMORY_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulated kernel's interface for the programs that use the maps.
 */
#ifndef MAPSTAT_NATIVE_H
#define MAPSTAT_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NATIVE_CPUS_MAX	2048	/* threads that can use maps at a time */

void native_start(unsigned int cpus);
void native_alone(void);
void native_oversubscribed(bool yes);
void native_random_seed(uint64_t seed);
void native_cpu_begin(void);
void native_cpu_end(void);
void native_offline(void);
void native_online(void);
void native_quiescent(void);
void native_settle(void);
const char *native_locks(void);
const char *native_memory(void);

/**
 * struct native_work - work of the calling thread, if the build counts it
 * @allocs_locked: allocations while it held a spinlock or rwlock
 * @bytes_locked: bytes of these allocations
 * @bytes_cleared: bytes that allocations set to zero
 */
struct native_work {
	uint64_t allocs_locked;
	uint64_t bytes_locked;
	uint64_t bytes_cleared;
};

const struct native_work *native_work_done(void);

#endif /* MAPSTAT_NATIVE_H */

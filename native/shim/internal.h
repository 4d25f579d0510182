/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Declarations shared by the files of this directory.
 */
#ifndef MAPSTAT_NATIVE_INTERNAL_H
#define MAPSTAT_NATIVE_INTERNAL_H

#include "native.h"

/* ThreadSanitizer does not know the barriers of liburcu and of the lock-free lists. */
#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#else
#define __tsan_acquire(addr)	((void)(addr))
#define __tsan_release(addr)	((void)(addr))
#endif

struct rcu_head;

/* Also in linux/slab.h and linux/rcupdate.h, which rcu.c cannot include with liburcu's headers. */
void kfree(const void *p);
void native_synchronize_rcu(void);
void native_rcu_barrier(void);
void native_free_rcu(struct rcu_head *head, size_t offset);

void clock_start(void);
void work_start(void);
void alloc_end(void);
void rcu_begin(void);
void rcu_end(void);
bool cpu_is_begun(void);

/* A single thread does everything, in a reproducible order. */
extern bool native_is_alone;

#endif /* MAPSTAT_NATIVE_INTERNAL_H */

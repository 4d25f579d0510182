/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seqlock design, compiled into a test: step() is called before each access of shared
 * memory, allocations can be made to fail, and nothing sleeps.
 */
#ifndef MAPSTAT_KUNIT_SEQLOCK_STEPS_H
#define MAPSTAT_KUNIT_SEQLOCK_STEPS_H

#include <linux/slab.h>
#include "kmod/designs/loop.h"
#include "kmod/designs/array.h"

static void step(void);
static unsigned int memory = UINT_MAX;	/* allocations left before they fail */
static long allocated;	/* allocations not yet freed */
static unsigned int kicks;	/* of the worker, which runs only when the test calls it */

/* No sleep: loads are interrupted inside RCU read-side sections, and writes under a lock. */
static void *kmalloc_here(size_t size, gfp_t gfp)
{
	void *p = memory ? kmalloc(size, gfp & ~__GFP_DIRECT_RECLAIM) : NULL;

	memory -= !!memory;
	allocated += !!p;
	/* Uninitialized memory must look like an entry if it is read before it is written. */
	if (p && !(gfp & __GFP_ZERO))
		memset(p, 0xa5, size);
	return p;
}

static void kfree_here(const void *p)
{
	allocated -= !!p;
	kfree(p);
}

#undef READ_ONCE
#undef WRITE_ONCE
#undef smp_load_acquire
#undef smp_store_release
#undef kmalloc
#undef kfree
#undef kfree_rcu
#undef cond_resched
#undef cmap_kick

/* All accesses are made by one thread, and volatile keeps their order: no barrier is needed. */
#define READ_ONCE(x)		({ step(); __READ_ONCE(x); })
#define WRITE_ONCE(x, value)	do { step(); __WRITE_ONCE(x, value); } while (0)
#define smp_load_acquire(p)	READ_ONCE(*(p))		/* see above */
#define smp_store_release(p, v)	WRITE_ONCE(*(p), v)	/* see above */
#define kmalloc(size, gfp)	kmalloc_here(size, gfp)
#define kfree(p)		kfree_here(p)
#define kfree_rcu(p, field)							\
do {										\
	allocated--;								\
	kvfree_rcu(p, field);							\
} while (0)
#define cond_resched()		do { } while (0)
#define cmap_kick(m)		((void)(m), kicks++)

#include "kmod/designs/seqlock/seqlock.c"

#endif /* MAPSTAT_KUNIT_SEQLOCK_STEPS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seqlock design compiled once more, into a test: each access of shared memory calls
 * step() before, allocations can be made to fail, and nothing sleeps.
 */
#ifndef MAPSTAT_KUNIT_SEQLOCK_STEPS_H
#define MAPSTAT_KUNIT_SEQLOCK_STEPS_H

#include <linux/slab.h>
#include "kmod/designs/loop.h"
#include "kmod/designs/array.h"

static void step(void);
static unsigned int memory = UINT_MAX;	/* allocations that do not fail */
static long allocated;	/* pieces that are not free */
static unsigned int kicks;	/* of the worker, which does not run by itself */

/* Loads are interrupted inside RCU read-side sections, and writes under a lock: no sleep. */
static void *kmalloc_here(size_t size, gfp_t gfp)
{
	void *p = memory ? kmalloc(size, gfp & ~__GFP_DIRECT_RECLAIM) : NULL;

	memory -= !!memory;
	allocated += !!p;
	/* What is read before it is written shall look like an entry. */
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

/* One thread has it all, and the compiler keeps the order of these: no barrier is needed. */
#define READ_ONCE(x)		({ step(); __READ_ONCE(x); })
#define WRITE_ONCE(x, value)	do { step(); __WRITE_ONCE(x, value); } while (0)
#define smp_load_acquire(p)	READ_ONCE(*(p))		/* as said above */
#define smp_store_release(p, v)	WRITE_ONCE(*(p), v)	/* as said above */
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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The locks of the designs: each disables bottom halves, since operations may be called from
 * softirq, counts an acquisition that finds the lock taken, and reports the access of its word.
 */
#ifndef MAPSTAT_LOCK_H
#define MAPSTAT_LOCK_H

#include <linux/bottom_half.h>
#include <linux/spinlock.h>
#include "design.h"

static __always_inline void cmap_lock(struct cmap *m, spinlock_t *lock) __acquires(lock)
{
	cmap_access(m, lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	if (likely(spin_trylock_bh(lock)))
		return;
	cmap_count(m, CMAP_LOCK_WAITS);
	spin_lock_bh(lock);
}

static __always_inline void cmap_unlock(struct cmap *m, spinlock_t *lock) __releases(lock)
{
	cmap_access(m, lock, MAPSTAT_LOCK_BYTES, MAPSTAT_WRITE);
	spin_unlock_bh(lock);
}

/* There is no read_trylock_bh(), nor write_trylock_bh(). */
static __always_inline void cmap_read_lock(struct cmap *m, rwlock_t *lock) __acquires(lock)
{
	local_bh_disable();
	cmap_access(m, lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	if (likely(read_trylock(lock)))
		return;
	cmap_count(m, CMAP_LOCK_WAITS);
	read_lock(lock);
}

static __always_inline void cmap_read_unlock(struct cmap *m, rwlock_t *lock) __releases(lock)
{
	cmap_access(m, lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	read_unlock_bh(lock);
}

static __always_inline void cmap_write_lock(struct cmap *m, rwlock_t *lock) __acquires(lock)
{
	local_bh_disable();
	cmap_access(m, lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	if (likely(write_trylock(lock)))
		return;
	cmap_count(m, CMAP_LOCK_WAITS);
	write_lock(lock);
}

static __always_inline void cmap_write_unlock(struct cmap *m, rwlock_t *lock) __releases(lock)
{
	cmap_access(m, lock, MAPSTAT_LOCK_BYTES, MAPSTAT_WRITE);
	write_unlock_bh(lock);
}

/* Spins on PREEMPT_RT too, where softirqs are threads, and the lock keeps them off this CPU. */
static __always_inline void cmap_raw_lock(struct cmap *m, raw_spinlock_t *lock) __acquires(lock)
{
	cmap_access(m, lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_bh_disable();
	if (likely(raw_spin_trylock(lock)))
		return;
	cmap_count(m, CMAP_LOCK_WAITS);
	raw_spin_lock(lock);
}

/* @m: NULL if it is not at hand: that of the operation in progress */
static __always_inline void cmap_raw_unlock(struct cmap *m, raw_spinlock_t *lock) __releases(lock)
{
	cmap_access(m, lock, MAPSTAT_LOCK_BYTES, MAPSTAT_WRITE);
	raw_spin_unlock(lock);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_bh_enable();
}

#endif /* MAPSTAT_LOCK_H */

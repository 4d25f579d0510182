/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Spinlocks and reader-writer locks like the kernel's: one word, waiters in an MCS queue
 * (Mellor-Crummey and Scott), each spinning on its own cache line.  The uncontended paths are
 * here, the others in shim/lock.c.
 */
#ifndef _NATIVE_LINUX_SPINLOCK_H
#define _NATIVE_LINUX_SPINLOCK_H

#include <linux/atomic.h>
#include <linux/bottom_half.h>
#include <linux/irqflags.h>
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>
#include <linux/processor.h>

/* The lowest byte: locked or not.  Above it: the last waiter, 0 if there is none. */
#define NATIVE_LOCKED		1U
#define NATIVE_LOCKED_MASK	0xffU

/**
 * struct native_spinlock - a queued spinlock
 * @word: see above
 * @locked: the lowest byte of @word, which only the owner clears
 */
typedef struct native_spinlock {
	union {
		u32 word;
		u8 locked;
	};
} spinlock_t;

typedef spinlock_t raw_spinlock_t;

#define NATIVE_WRITER		0xffU	/* in the lowest byte: a writer holds the lock */
#define NATIVE_WRITER_WAITS	0x100U
#define NATIVE_WRITERS		0x1ffU
#define NATIVE_READER		0x200U	/* added by each reader */

/**
 * struct native_rwlock - a queued reader-writer lock
 * @count: readers that hold the lock, and the writer
 * @writer: the lowest byte of @count, which only the writer clears
 * @queue: held by the first waiter; the others wait for it
 */
typedef struct native_rwlock {
	union {
		u32 count;
		u8 writer;
	};
	spinlock_t queue;
} rwlock_t;

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the lowest byte must be the first one");

/* Locks held by the calling thread; counted if statistics are on, but not to measure their cost. */
#ifndef NATIVE_WORK
#define NATIVE_WORK	NATIVE_STATS
#endif
extern __thread unsigned int native_locks_held;

#if NATIVE_WORK
#define native_lock_taken()	(native_locks_held++)
#define native_lock_left()	(native_locks_held--)
#else
#define native_lock_taken()	((void)0)
#define native_lock_left()	((void)0)
#endif

void native_spin_wait(spinlock_t *lock);
void native_read_wait(rwlock_t *lock);
void native_write_wait(rwlock_t *lock);

#define spin_lock_init(lock)	((lock)->word = 0)

static __always_inline bool spin_trylock(spinlock_t *lock)
{
	u32 was = READ_ONCE(lock->word);	/* a hint; try_cmpxchg_acquire() decides */

	/* Acquire pairs with the release in spin_unlock(). */
	if (was || unlikely(!try_cmpxchg_acquire(&lock->word, &was, NATIVE_LOCKED)))
		return false;
	native_lock_taken();
	return true;
}

static __always_inline void spin_lock(spinlock_t *lock)
{
	u32 was = 0;

	/* Acquire pairs with the release in spin_unlock(). */
	if (unlikely(!try_cmpxchg_acquire(&lock->word, &was, NATIVE_LOCKED)))
		native_spin_wait(lock);
	native_lock_taken();
}

static __always_inline void spin_unlock(spinlock_t *lock)
{
	native_lock_left();
	/* Pairs with the acquires of the next owner. */
	smp_store_release(&lock->locked, 0);
}

static inline bool native_spin_is_locked(spinlock_t *lock)
{
	return READ_ONCE(lock->locked);		/* a hint, no ordering */
}

static __always_inline bool spin_trylock_bh(spinlock_t *lock)
{
	local_bh_disable();
	return spin_trylock(lock);
}

#define spin_lock_bh(lock)		spin_lock(lock)
#define spin_unlock_bh(lock)		spin_unlock(lock)
#define raw_spin_lock_init(lock)	spin_lock_init(lock)
#define raw_spin_trylock(lock)		spin_trylock(lock)
#define raw_spin_lock(lock)		spin_lock(lock)
#define raw_spin_lock_nested(lock, class)	spin_lock(lock)
#define raw_spin_unlock(lock)		spin_unlock(lock)
#define raw_spin_lock_irqsave(lock, flags)					\
do {										\
	local_irq_save(flags);							\
	spin_lock(lock);							\
} while (0)
#define raw_spin_unlock_irqrestore(lock, flags)				\
do {										\
	spin_unlock(lock);							\
	local_irq_restore(flags);						\
} while (0)

#define rwlock_init(lock)	((lock)->count = 0, spin_lock_init(&(lock)->queue))

static __always_inline bool read_trylock(rwlock_t *lock)
{
	if (unlikely(READ_ONCE(lock->count) & NATIVE_WRITERS))	/* a hint */
		return false;
	/* Acquire pairs with the release in write_unlock(). */
	if (likely(!(__atomic_fetch_add(&lock->count, NATIVE_READER, __ATOMIC_ACQUIRE) &
		     NATIVE_WRITERS)))
		return true;
	__atomic_fetch_sub(&lock->count, NATIVE_READER, __ATOMIC_RELAXED);
	return false;
}

static __always_inline void read_lock(rwlock_t *lock)
{
	/* Acquire pairs with the release in write_unlock(). */
	if (unlikely(__atomic_fetch_add(&lock->count, NATIVE_READER, __ATOMIC_ACQUIRE) &
		     NATIVE_WRITERS))
		native_read_wait(lock);
}

static __always_inline void read_unlock(rwlock_t *lock)
{
	/* Pairs with the acquire of the next writer. */
	__atomic_fetch_sub(&lock->count, NATIVE_READER, __ATOMIC_RELEASE);
}

static __always_inline bool write_trylock(rwlock_t *lock)
{
	u32 was = READ_ONCE(lock->count);	/* a hint; try_cmpxchg_acquire() decides */

	/* Acquire pairs with the releases of the previous owners. */
	if (was || unlikely(!try_cmpxchg_acquire(&lock->count, &was, NATIVE_WRITER)))
		return false;
	native_lock_taken();
	return true;
}

static __always_inline void write_lock(rwlock_t *lock)
{
	u32 was = 0;

	/* Acquire pairs with the releases of the previous owners. */
	if (unlikely(!try_cmpxchg_acquire(&lock->count, &was, NATIVE_WRITER)))
		native_write_wait(lock);
	native_lock_taken();
}

static __always_inline void write_unlock(rwlock_t *lock)
{
	native_lock_left();
	/* Pairs with the acquires of the next owners. */
	smp_store_release(&lock->writer, 0);
}

#define read_unlock_bh(lock)	read_unlock(lock)
#define write_unlock_bh(lock)	write_unlock(lock)

#endif /* _NATIVE_LINUX_SPINLOCK_H */

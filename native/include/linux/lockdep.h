/* SPDX-License-Identifier: GPL-2.0-only */
/* With NATIVE_DEBUG: checks that a spinlock is locked, by any thread.  Otherwise no checks. */
#ifndef _NATIVE_LINUX_LOCKDEP_H
#define _NATIVE_LINUX_LOCKDEP_H

#ifdef NATIVE_DEBUG
#define lockdep_is_held(lock)							\
	(__builtin_types_compatible_p(__typeof__(lock), spinlock_t *) ?		\
	 native_spin_is_locked((void *)(lock)) : true)
#define lockdep_assert_held(lock)	((void)WARN_ON_ONCE(!lockdep_is_held(lock)))
#else
#define lockdep_is_held(lock)		((void)(lock), true)
#define lockdep_assert_held(lock)	((void)(lock))
#endif

#define lockdep_assert_held_write(lock)	lockdep_assert_held(lock)

/* There are no interrupts. */
#define SINGLE_DEPTH_NESTING	1

#define lockdep_assert_irqs_enabled()	do { } while (0)

#endif /* _NATIVE_LINUX_LOCKDEP_H */

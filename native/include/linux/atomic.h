/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's atomic operations on plain words. */
#ifndef _NATIVE_LINUX_ATOMIC_H
#define _NATIVE_LINUX_ATOMIC_H

#include <linux/compiler.h>

/* Without a suffix they order everything before and after them. */
#define xchg(ptr, new)		__atomic_exchange_n(ptr, new, __ATOMIC_SEQ_CST)

#define cmpxchg(ptr, old, new)						\
({									\
	__typeof__(*(ptr)) __was = (old);				\
									\
	__atomic_compare_exchange_n(ptr, &__was, new, false,		\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);	\
	__was;								\
})

#define try_cmpxchg(ptr, oldp, new)					\
	__atomic_compare_exchange_n(ptr, oldp, new, false,		\
				    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)
#define try_cmpxchg_acquire(ptr, oldp, new)				\
	__atomic_compare_exchange_n(ptr, oldp, new, false,		\
				    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)

#endif /* _NATIVE_LINUX_ATOMIC_H */

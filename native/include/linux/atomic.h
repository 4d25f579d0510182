/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's atomic operations on plain words. */
#ifndef _NATIVE_LINUX_ATOMIC_H
#define _NATIVE_LINUX_ATOMIC_H

#include <linux/compiler.h>
#include <linux/types.h>

/* Operations without a suffix are fully ordered. */
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

/* Relaxed, except as their names imply. */
typedef struct {
	s64 counter;
} atomic64_t;

static __always_inline s64 atomic64_read(const atomic64_t *v)
{
	return READ_ONCE(v->counter);
}

static __always_inline s64 atomic64_read_acquire(const atomic64_t *v)
{
	return smp_load_acquire(&v->counter);
}

/* Fully ordered; a locked instruction is, on x86. */
static __always_inline s64 atomic64_add_return(s64 n, atomic64_t *v)
{
	return __atomic_add_fetch(&v->counter, n, __ATOMIC_SEQ_CST);
}

static __always_inline s64 atomic64_dec_return(atomic64_t *v)
{
	return atomic64_add_return(-1, v);
}

#endif /* _NATIVE_LINUX_ATOMIC_H */

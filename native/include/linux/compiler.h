/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's compiler.h and its barriers.  On x86 accesses and barriers are those of a kernel:
 * volatile accesses, and compiler barriers if the CPU keeps the order.  On other CPUs, and under
 * ThreadSanitizer, which must see them, they are the compiler's atomics.
 */
#ifndef _NATIVE_LINUX_COMPILER_H
#define _NATIVE_LINUX_COMPILER_H

#include <stddef.h>

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define unreachable()		__builtin_unreachable()
#define barrier()		__asm__ __volatile__("" : : : "memory")
#define OPTIMIZER_HIDE_VAR(var)	__asm__("" : "+r" (var))

#undef __always_inline
#define __always_inline		inline __attribute__((__always_inline__))
#define noinline		__attribute__((__noinline__))
#define fallthrough		__attribute__((__fallthrough__))
#define __maybe_unused		__attribute__((__unused__))
#define __aligned(n)		__attribute__((__aligned__(n)))
#define __printf(a, b)		__attribute__((__format__(__printf__, a, b)))

/* For sparse, which does not read these headers. */
#define __percpu
#define __rcu
#define __force
#define __acquires(x)
#define __releases(x)

#define __init
#define __read_mostly
#define ____cacheline_aligned		__aligned(64)
#define ____cacheline_aligned_in_smp	__aligned(64)
#define SMP_CACHE_BYTES			64

#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, val)	(*(volatile __typeof__(x) *)&(x) = (val))

/* Total store order: loads and stores stay in order; only a store may pass a later load. */
#define smp_rmb()		barrier()
#define smp_wmb()		barrier()
#define smp_mb()		__asm__ __volatile__("lock; addl $0,-4(%%rsp)" : : : "memory", "cc")

#define smp_load_acquire(p)						\
({									\
	__typeof__(*(p)) __value = READ_ONCE(*(p));			\
									\
	barrier();							\
	__value;							\
})

#define smp_store_release(p, val)					\
do {									\
	barrier();							\
	WRITE_ONCE(*(p), val);						\
} while (0)

#define native_load_dependent(x)	READ_ONCE(x)

#else

#define READ_ONCE(x)			__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, val)		__atomic_store_n(&(x), (val), __ATOMIC_RELAXED)
#define smp_load_acquire(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, val)	__atomic_store_n(p, val, __ATOMIC_RELEASE)
/* Dependency ordering; the compiler offers nothing weaker than acquire. */
#define native_load_dependent(x)	__atomic_load_n(&(x), __ATOMIC_ACQUIRE)

#ifdef __x86_64__
/* ThreadSanitizer does not support fences, but this CPU needs none for these. */
#define smp_rmb()			barrier()
#define smp_wmb()			barrier()
#define smp_mb()			__asm__ __volatile__("mfence" : : : "memory")
#else
#define smp_rmb()			__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()			__atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_mb()			__atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

#endif

/* An access that races with writes on purpose. */
#ifdef __SANITIZE_THREAD__
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);

#define data_race(expr)							\
({									\
	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);			\
	__auto_type __value = (expr);					\
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);			\
	__value;							\
})
#else
#define data_race(expr)		(expr)
#endif

#endif /* _NATIVE_LINUX_COMPILER_H */

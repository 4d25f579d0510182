/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU memory.  A CPU is a thread that has called native_cpu_begin(): its memory lies
 * NATIVE_CPU_BYTES after that of the CPU before.  Like in a kernel on x86, the segment register
 * gs holds the offset, so that adding to a counter is one instruction.
 */
#ifndef _NATIVE_LINUX_PERCPU_H
#define _NATIVE_LINUX_PERCPU_H

#include <linux/cpumask.h>
#include <linux/types.h>

#define NATIVE_CPU_BYTES	(8UL << 20)	/* counters and histograms of all maps on a CPU */

/* The calling thread's offset from CPU 0. */
extern __thread unsigned long native_cpu_offset;

void *native_percpu_alloc(size_t size);
void free_percpu(void *pcpu);

#define alloc_percpu_gfp(type, gfp)						\
	((void)(gfp), (type *)native_percpu_alloc(sizeof(type)))
#define per_cpu_ptr(p, cpu)							\
	((__typeof__(p))((char *)(p) + (size_t)(cpu) * NATIVE_CPU_BYTES))
#define this_cpu_ptr(p)		((__typeof__(p))((char *)(p) + native_cpu_offset))
#define raw_cpu_ptr(p)		this_cpu_ptr(p)
#define smp_processor_id()	((int)(native_cpu_offset / NATIVE_CPU_BYTES))

/* The sanitizers of gcc 12 do not support segment registers. */
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

#define this_cpu_add(var, n)							\
	(*(__typeof__(var) __seg_gs *)(uintptr_t)&(var) += (n))

#define this_cpu_read(var)							\
	(*(const volatile __typeof__(var) __seg_gs *)(uintptr_t)&(var))

#define this_cpu_inc_return(var)						\
({										\
	__typeof__(var) __was = 1;						\
										\
	__asm__ __volatile__("xadd %0, %%gs:(%1)"				\
			     : "+r" (__was) : "r" (&(var)) : "memory", "cc");	\
	__was + 1;								\
})

#else

#define this_cpu_inc_return(var)						\
({										\
	__typeof__(var) *__mine = this_cpu_ptr(&(var));				\
	__typeof__(var) __is = *__mine + 1;					\
										\
	WRITE_ONCE(*__mine, __is);						\
	__is;									\
})

#define this_cpu_add(var, n)							\
do {										\
	__typeof__(var) *__mine = this_cpu_ptr(&(var));				\
										\
	WRITE_ONCE(*__mine, *__mine + (n));					\
} while (0)

#define this_cpu_read(var)	READ_ONCE(*this_cpu_ptr(&(var)))

#endif

#endif /* _NATIVE_LINUX_PERCPU_H */

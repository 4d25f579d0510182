// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs, which are threads; their memory; and the start of the shim.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef __x86_64__
#include <asm/prctl.h>
#endif
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "internal.h"

#define PIECE		64	/* bytes; per-CPU memory is allocated in cache lines */
#define PIECES		(NATIVE_CPU_BYTES / PIECE)

unsigned int native_nr_cpus = 1;
__thread unsigned long native_cpu_offset;
__thread struct task_struct native_task;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* protects all below */
static bool cpu_taken[NATIVE_CPUS_MAX];
static char *area;			/* CPU 0's; followed by the others' */
static u32 piece_length[PIECES];	/* of the allocation that begins here */
static bool piece_taken[PIECES];

static __thread bool registered;

void native_warn(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

void native_static_key_set(const struct static_key *key, bool on)
{
	WARN_ON_ONCE(key->on != on);
}

/**
 * native_start - initialize; must be called first
 * @cpus: maximum number of threads that use maps at a time; the maps see it as possible CPUs
 */
void native_start(unsigned int cpus)
{
	area = mmap(NULL, NATIVE_CPUS_MAX * NATIVE_CPU_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	/* One more for the worker. */
	native_nr_cpus = min(cpus + 1, (unsigned int)NATIVE_CPUS_MAX);
	clock_start();
	work_start();
}

static void cpu_set(unsigned int cpu)
{
	native_cpu_offset = cpu * NATIVE_CPU_BYTES;
#ifdef __x86_64__
	syscall(SYS_arch_prctl, ARCH_SET_GS, native_cpu_offset);
#endif
}

/**
 * native_cpu_begin - make the calling thread a CPU and an RCU reader
 */
void native_cpu_begin(void)
{
	unsigned int cpu;

	WARN_ON_ONCE(registered);
	pthread_mutex_lock(&lock);
	for (cpu = 0; cpu < native_nr_cpus && cpu_taken[cpu]; cpu++)
		;
	if (WARN_ON_ONCE(cpu == native_nr_cpus))
		abort();
	cpu_taken[cpu] = true;
	pthread_mutex_unlock(&lock);
	cpu_set(cpu);
	registered = true;
	native_task.pid = syscall(SYS_gettid);
	rcu_begin();
}

/**
 * native_cpu_end - undo native_cpu_begin(); the CPU's counters stay
 */
void native_cpu_end(void)
{
	WARN_ON_ONCE(!registered);
	rcu_end();
	alloc_end();
	registered = false;
	pthread_mutex_lock(&lock);
	cpu_taken[native_cpu_offset / NATIVE_CPU_BYTES] = false;
	pthread_mutex_unlock(&lock);
	cpu_set(0);
}

bool cpu_is_begun(void)
{
	return registered;
}

static unsigned int pieces_find(unsigned int n)
{
	unsigned int i, free = 0;

	for (i = 0; i < PIECES; i++) {
		free = piece_taken[i] ? 0 : free + 1;
		if (free == n)
			return i + 1 - n;
	}
	return PIECES;
}

void *native_percpu_alloc(size_t size)
{
	const unsigned int n = DIV_ROUND_UP(size, PIECE);
	unsigned int first, cpu;
	void *p = NULL;

	pthread_mutex_lock(&lock);
	first = pieces_find(n);
	if (first < PIECES) {
		p = area + (size_t)first * PIECE;
		piece_length[first] = n;
		memset(piece_taken + first, true, n);
		/* For all possible CPUs, including those that no thread has used yet. */
		for (cpu = 0; cpu < native_nr_cpus; cpu++)
			memset(per_cpu_ptr(p, cpu), 0, size);
	}
	pthread_mutex_unlock(&lock);
	return p;
}

void free_percpu(void *pcpu)
{
	unsigned int first;

	if (!pcpu)
		return;
	first = ((char *)pcpu - area) / PIECE;
	pthread_mutex_lock(&lock);
	memset(piece_taken + first, false, piece_length[first]);
	pthread_mutex_unlock(&lock);
}

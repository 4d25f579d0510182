/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time.
 */
#ifndef MAPSTAT_BENCH_CLOCK_H
#define MAPSTAT_BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Ticks; everything before is complete, and nothing that follows has begun. */
static inline uint64_t clock_ticks(void)
{
#ifdef __x86_64__
	uint32_t lo, hi;

	__asm__ __volatile__("lfence; rdtsc; lfence" : "=a" (lo), "=d" (hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
#else
	return clock_wall_ns();
#endif
}

double clock_ns_per_tick(void);

#endif /* MAPSTAT_BENCH_CLOCK_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock for measuring operations: the cheapest one that is correct.
 *
 * x86: the TSC, if the CPU reports that it is invariant.  It is read without fences, so
 * neighbouring work may overlap a single reading by a few ns, which the calibrated timer cost
 * covers.  Otherwise ktime.
 */
#ifndef MAPSTAT_CLOCK_H
#define MAPSTAT_CLOCK_H

#include <linux/jump_label.h>
#include <linux/ktime.h>	/* 6.1: timekeeping.h needs it, but does not include it */
#include <linux/math64.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

/**
 * struct mapstat_clock - results of calibration at load; constant afterwards
 * @name: "tsc" or "ktime"
 * @mult: ns = (ticks * @mult) >> @shift
 * @shift: see @mult
 * @read_ps: cost of one reading, picoseconds (median of many); 0 if the clock is too coarse to
 *	measure it
 * @loop_ps: cost of one iteration of the empty stress loop, picoseconds per operation; 0 until
 *	the stress core has measured it
 */
struct mapstat_clock {
	const char *name;
	u32 mult;
	u32 shift;
	u32 read_ps;
	u32 loop_ps;
};

extern struct mapstat_clock mapstat_clock;
DECLARE_STATIC_KEY_FALSE(mapstat_clock_is_tsc);

/**
 * mapstat_clock_read - current time in clock ticks
 *
 * Context: Any.
 * Return: ticks; monotonic on one CPU.
 */
static __always_inline u64 mapstat_clock_read(void)
{
#ifdef __x86_64__
	if (static_branch_likely(&mapstat_clock_is_tsc)) {
		u32 lo, hi;

		asm volatile("rdtsc" : "=a" (lo), "=d" (hi));
		return (u64)hi << 32 | lo;
	}
#endif
	return ktime_get_mono_fast_ns();
}

/**
 * mapstat_clock_ns - convert a difference of two readings
 * @ticks: the difference
 *
 * Context: Any.
 * Return: ns; 0 for a negative difference, which is possible if the thread moved to a CPU whose
 * clock is slightly behind.
 */
static __always_inline u64 mapstat_clock_ns(u64 ticks)
{
	if (unlikely((s64)ticks < 0))
		return 0;
	return mul_u64_u32_shr(ticks, mapstat_clock.mult, mapstat_clock.shift);
}

u64 mapstat_clock_median(u64 *value, size_t n);
int mapstat_clock_init(void);

#endif /* MAPSTAT_CLOCK_H */

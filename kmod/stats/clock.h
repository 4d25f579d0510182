/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock that measures operations: the cheapest one that is right.
 *
 * x86: the TSC where the CPU says that it is invariant; it is read without fences, so
 * neighbouring work may overlap a single reading by a few ns, which the calibrated
 * timer cost covers.  Everywhere else, and where the TSC is not invariant, ktime.
 */
#ifndef MAPSTAT_CLOCK_H
#define MAPSTAT_CLOCK_H

#include <linux/jump_label.h>
#include <linux/ktime.h>	/* 6.1: timekeeping.h needs it, and comes by itself */
#include <linux/math64.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

/**
 * struct mapstat_clock - what was found at load; constant afterwards
 * @name: "tsc" or "ktime"
 * @mult: ns = (ticks * @mult) >> @shift
 * @shift: see @mult
 * @read_ps: cost of one reading, picoseconds (median of many); 0 where the clock is too
 *	coarse to tell
 * @loop_ps: cost of one turn of the empty stress loop, picoseconds per operation;
 *	0 until the stress core has measured it
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
 * mapstat_clock_read - now, in the clock's own ticks
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
 * Return: ns; 0 for a negative difference, which a thread may see that moved to a CPU
 * whose clock is a little behind.
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

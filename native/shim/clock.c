// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock: the time-stamp counter, calibrated with CLOCK_MONOTONIC_RAW; see
 * kmod/stats/clock.c for its use in a kernel.
 */
#define _GNU_SOURCE
#include <time.h>
#include <linux/kernel.h>
#include "kmod/stats/clock.h"
#include "internal.h"

#define CALIBRATE_NS	20000000ULL
#define CLOCK_SHIFT	24

struct mapstat_clock mapstat_clock = { .name = "ktime", .mult = 1 };

static u64 now(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

u64 ktime_get_ns(void)
{
	return now(CLOCK_MONOTONIC);
}

void clock_start(void)
{
#ifdef __x86_64__
	u64 start = now(CLOCK_MONOTONIC_RAW), ticks = mapstat_clock_read(), end;

	/* No times are needed then, but reproducible execution. */
	if (native_is_alone)
		return;
	do {
		end = now(CLOCK_MONOTONIC_RAW);
	} while (end - start < CALIBRATE_NS);
	ticks = mapstat_clock_read() - ticks;
	mapstat_clock.name = "tsc";
	mapstat_clock.mult = ((end - start) << CLOCK_SHIFT) / ticks;
	mapstat_clock.shift = CLOCK_SHIFT;
#endif
}

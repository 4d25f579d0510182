/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timing of 1 in 2^sample_shift calls of the public operations.
 */
#ifndef MAPSTAT_SAMPLE_H
#define MAPSTAT_SAMPLE_H

#include <linux/bottom_half.h>
#include "maps.h"

/* (1 << sample_shift) - 1.  Written by the parameter, read by anyone; no ordering. */
extern unsigned int mapstat_sample_mask;

/* Count a call, and see whether it is to be timed. */
static __always_inline bool sample_call(unsigned long __percpu *calls)
{
	if (!static_branch_likely(&mapstat_stats_on))
		return false;
	/* Pairs with the WRITE_ONCE() of the parameter: a value, no ordering. */
	return !(this_cpu_inc_return(*calls) & READ_ONCE(mapstat_sample_mask));
}

/**
 * sample_due - is this call to be timed?
 * @m: the map
 *
 * Context: Any but NMI.
 * Return: true for 1 in 2^sample_shift calls on a CPU; never with statistics off.
 */
static __always_inline bool sample_due(struct cmap *m)
{
	return sample_call(&m->pcpu->sample);
}

/**
 * sample_load - count a call of cmap_load(), and: is it to be timed?
 * @m: the map
 *
 * Context: Any but NMI.
 * Return: as sample_due().
 */
static __always_inline bool sample_load(struct cmap *m)
{
	return sample_call(&m->pcpu->loads);
}

/**
 * sample_record - record the time of a call
 * @m: the map
 * @kind: its histogram
 * @start: mapstat_clock_read() before it
 *
 * Context: Process or softirq.  Allocates the first time, without waiting: see
 * mapstat_hist_record().
 */
static inline void sample_record(struct cmap *m, enum cmap_hist_kind kind, u64 start)
{
	u64 ns = mapstat_clock_ns(mapstat_clock_read() - start);

	if (!static_branch_likely(&mapstat_stats_on))
		return;
	local_bh_disable();
	mapstat_hist_record(this_cpu_ptr(m->hist[kind]), ns);
	local_bh_enable();
}

#endif /* MAPSTAT_SAMPLE_H */

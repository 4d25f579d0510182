/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timing of 1 in 2^sample_shift calls of the public operations.
 */
#ifndef MAPSTAT_SAMPLE_H
#define MAPSTAT_SAMPLE_H

#include <linux/bottom_half.h>
#include "kmod/designs/design.h"

/* (1 << sample_shift) - 1.  Written by the parameter, read by anyone; no ordering. */
extern unsigned int mapstat_sample_mask;

/**
 * sample_due - is this call to be timed?
 * @m: the map; counts the call, which is not cmap_load()
 *
 * Context: Any but NMI.
 * Return: true for 1 in 2^sample_shift calls on a CPU; never with statistics off.
 */
static __always_inline bool sample_due(struct cmap *m)
{
	if (!static_branch_likely(&mapstat_stats_on))
		return false;
	/* Pairs with the WRITE_ONCE() of the parameter: no ordering. */
	return !(this_cpu_inc_return(m->stats.pcpu->sample) & READ_ONCE(mapstat_sample_mask));
}

/**
 * sample_load - is this call of cmap_load() to be timed?
 * @m: the map
 *
 * Decided by the number of loads that have ended on this CPU, see cmap_count_load(); a load
 * that begins before another one has ended there is timed if that one is.
 *
 * Context: Any but NMI.
 * Return: as sample_due().
 */
static __always_inline bool sample_load(struct cmap *m)
{
	unsigned long number;

	if (!static_branch_likely(&mapstat_stats_on))
		return false;
	number = this_cpu_read(m->stats.pcpu->load_hits) +
		 this_cpu_read(m->stats.pcpu->load_misses) + 1;
	/* Pairs as in sample_due(). */
	return !(number & READ_ONCE(mapstat_sample_mask));
}

/**
 * sample_record - record the time of a call
 * @m: the map
 * @kind: its histogram
 * @start: mapstat_clock_read() before it
 *
 * Context: Process or softirq.  Allocates on first use, without waiting: see
 * mapstat_hist_record().
 */
static inline void sample_record(struct cmap *m, enum cmap_hist_kind kind, u64 start)
{
	u64 ns = mapstat_clock_ns(mapstat_clock_read() - start);

	if (!static_branch_likely(&mapstat_stats_on))
		return;
	local_bh_disable();
	mapstat_hist_record(this_cpu_ptr(m->stats.hist[kind]), ns);
	local_bh_enable();
}

#endif /* MAPSTAT_SAMPLE_H */

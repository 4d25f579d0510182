/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU latency histograms.  The bucket rule is in <uapi/mapstat.h>.
 *
 * A histogram is written by its own CPU only, with preemption (and, where softirqs
 * record too, bottom halves) off: a plain add to one bucket, no lock, no atomic, no
 * second word.  Anyone may read at any time.  Count and sum are both derived from one
 * copy of the buckets, so they always agree: the sum takes each observation at its
 * bucket's midpoint (as HdrHistogram does), at most 1.6 % off.
 */
#ifndef MAPSTAT_HIST_H
#define MAPSTAT_HIST_H

#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <uapi/mapstat.h>

/**
 * struct mapstat_hist - one CPU's buckets
 * @max: largest value seen, ns.  Written by the own CPU, read by anyone
 * @bucket: observations.  Written by the own CPU, read by anyone
 */
struct mapstat_hist {
	u64 max;
	u64 bucket[MAPSTAT_HIST_BUCKETS];
} ____cacheline_aligned;

/**
 * mapstat_hist_record - count one observation
 * @hist: of this CPU
 * @ns: the value
 *
 * Context: Process or softirq, bottom halves off, so that nobody else on this CPU is
 * in the same bucket.
 */
static __always_inline void mapstat_hist_record(struct mapstat_hist *hist, u64 ns)
{
	u64 *b = &hist->bucket[mapstat_hist_index(ns)];

	/* Pairs with the READ_ONCE() in mapstat_hist_add(): no tearing, no ordering. */
	WRITE_ONCE(*b, *b + 1);
	if (unlikely(ns > hist->max))
		WRITE_ONCE(hist->max, ns);	/* pairs with mapstat_hist_add() */
}

/**
 * struct mapstat_hist_sum - a snapshot, of one CPU or of several added up
 * @count: observations in @bucket
 * @sum_ns: of all observations, each at its bucket's midpoint
 * @max_ns: largest observation, never above the highest occupied bucket's bound
 * @bucket: the buckets that @count and @sum_ns were derived from
 */
struct mapstat_hist_sum {
	u64 count;
	u64 sum_ns;
	u64 max_ns;
	u64 bucket[MAPSTAT_HIST_BUCKETS];
};

struct mapstat_hist __percpu *mapstat_hist_alloc(void);
void mapstat_hist_free(struct mapstat_hist __percpu *hist);
void mapstat_hist_reset(struct mapstat_hist __percpu *hist);
void mapstat_hist_zero(struct mapstat_hist *hist);
void mapstat_each_cpu(void (*fn)(int cpu, void *arg), void *arg);

void mapstat_hist_add(struct mapstat_hist_sum *sum, const struct mapstat_hist *hist);
void mapstat_hist_subtract(struct mapstat_hist_sum *sum, const struct mapstat_hist_sum *old);
void mapstat_hist_finish(struct mapstat_hist_sum *sum);
void mapstat_hist_snapshot(struct mapstat_hist_sum *sum,
			   struct mapstat_hist __percpu *hist, int cpu);
u64 mapstat_hist_quantile(const struct mapstat_hist_sum *sum, u32 per_million);

#endif /* MAPSTAT_HIST_H */

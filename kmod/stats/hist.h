/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU latency histograms.  The bucket rule is in <uapi/mapstat.h>.
 *
 * A histogram is written by its own CPU only, with preemption (and, if softirqs record too,
 * bottom halves) off: a plain add to one bucket, and a store if there is a new maximum; no lock,
 * no atomic.  Anyone may read at any time.  Count and sum are both derived from one copy of the
 * buckets, so they always agree: the sum takes each observation at its bucket's midpoint (as
 * HdrHistogram does), at most 1.6 % off.
 *
 * A CPU's buckets take 8 KiB and are allocated when it first records: a CPU that never records
 * takes 32 bytes.  The first observations may come in a context that cannot wait for memory, or
 * cannot allocate at all (interrupts off).  Without memory, a few of them wait in those 32 bytes
 * until a later one can allocate; any more are counted as lost.
 */
#ifndef MAPSTAT_HIST_H
#define MAPSTAT_HIST_H

#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <uapi/mapstat.h>

/**
 * struct mapstat_hist - one CPU's buckets
 * @max: largest value seen, ns.  Written by its CPU, read by anyone
 * @bucket: number of observations.  Written by its CPU, read by anyone
 */
struct mapstat_hist {
	u64 max;
	u64 bucket[MAPSTAT_HIST_BUCKETS];
} ____cacheline_aligned;

#define MAPSTAT_HIST_WAITING	6U	/* fills up 32 bytes */

/**
 * struct mapstat_hist_cpu - one CPU's share of a histogram
 * @buckets: NULL until there is memory for the first observation, then constant.  Published with
 *	release by its CPU, interrupts off; a reader that acquires it sees what waited in it
 * @max: largest value that waited, ns.  Written by its CPU, read by anyone
 * @waited: number of observations for which there were no buckets: the first
 *	MAPSTAT_HIST_WAITING of them wait in @index, the others are lost.  Stored with release by
 *	its CPU, after @index and @max; read with acquire by anyone.  Not reset when @buckets is set
 * @index: buckets of those that wait.  Written by its CPU, read by anyone
 */
struct mapstat_hist_cpu {
	struct mapstat_hist *buckets;
	u64 max;
	u32 waited;
	u16 index[MAPSTAT_HIST_WAITING];
};

void mapstat_hist_first(struct mapstat_hist_cpu *c, u64 ns);

static __always_inline void mapstat_hist_count(struct mapstat_hist *hist, u64 ns)
{
	u64 *b = &hist->bucket[mapstat_hist_index(ns)];

	/* Pairs with the READ_ONCE() in add_buckets(): no tearing, no ordering. */
	WRITE_ONCE(*b, *b + 1);
	if (unlikely(ns > hist->max))
		WRITE_ONCE(hist->max, ns);	/* pairs with add_buckets() */
}

/**
 * mapstat_hist_record - record one observation
 * @c: of this CPU
 * @ns: the value
 *
 * Context: Process or softirq, bottom halves off, so that nothing else on this CPU updates the
 * same bucket.  May allocate as mapstat_hist_ready() does, except with interrupts off.
 */
static __always_inline void mapstat_hist_record(struct mapstat_hist_cpu *c, u64 ns)
{
	/* Published by this CPU: no ordering. */
	struct mapstat_hist *hist = READ_ONCE(c->buckets);

	if (likely(hist))
		mapstat_hist_count(hist, ns);
	else
		mapstat_hist_first(c, ns);
}

/**
 * struct mapstat_hist_sum - a snapshot, of one CPU or of several added up
 * @count: number of observations in @bucket
 * @sum_ns: sum of all observations, each at its bucket's midpoint
 * @max_ns: largest observation, not above the highest occupied bucket's bound
 * @bucket: the buckets that @count and @sum_ns were derived from
 */
struct mapstat_hist_sum {
	u64 count;
	u64 sum_ns;
	u64 max_ns;
	u64 bucket[MAPSTAT_HIST_BUCKETS];
};

struct mapstat_hist_cpu __percpu *mapstat_hist_alloc(void);
void mapstat_hist_free(struct mapstat_hist_cpu __percpu *hist);
bool mapstat_hist_ready(struct mapstat_hist_cpu *c);
void mapstat_hist_wait(struct mapstat_hist_cpu *c, u64 ns);
void mapstat_hist_reset(struct mapstat_hist_cpu __percpu *hist);
void mapstat_hist_zero(struct mapstat_hist_cpu *c);
u64 mapstat_hist_bytes(struct mapstat_hist_cpu __percpu *hist);
u64 mapstat_hist_lost(struct mapstat_hist_cpu __percpu *hist);
void mapstat_each_cpu(void (*fn)(int cpu, void *arg), void *arg);

void mapstat_hist_add(struct mapstat_hist_sum *sum, const struct mapstat_hist *hist);
void mapstat_hist_subtract(struct mapstat_hist_sum *sum, const struct mapstat_hist_sum *old);
void mapstat_hist_finish(struct mapstat_hist_sum *sum);
void mapstat_hist_snapshot(struct mapstat_hist_sum *sum,
			   struct mapstat_hist_cpu __percpu *hist, int cpu);
u64 mapstat_hist_quantile(const struct mapstat_hist_sum *sum, u32 per_million);

#endif /* MAPSTAT_HIST_H */

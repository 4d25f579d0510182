// SPDX-License-Identifier: GPL-2.0-only
/*
 * Per-CPU histograms: snapshots, their difference, quantiles, and zeroing.
 *
 * A snapshot copies each bucket with a single load while recording continues, so it contains an
 * observation entirely or not at all.  Its count, sum and maximum are derived from the copies
 * and so always agree with them.
 */
#include <linux/bottom_half.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "kmod/compat.h"
#include "kmod/memory.h"
#include "hist.h"

#define PER_MILLION	1000000

/**
 * mapstat_hist_alloc - allocate an empty histogram
 *
 * No CPU has buckets yet: see mapstat_hist_ready().
 *
 * Context: Process; sleeps.
 * Return: the histogram, or NULL.
 */
struct mapstat_hist_cpu __percpu *mapstat_hist_alloc(void)
{
	return alloc_percpu_gfp(struct mapstat_hist_cpu, MAPSTAT_GFP_PERCPU);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_alloc);

/**
 * mapstat_hist_free - free a histogram
 * @hist: of mapstat_hist_alloc(), no longer recorded into or read; or NULL
 *
 * Context: Process.
 */
void mapstat_hist_free(struct mapstat_hist_cpu __percpu *hist)
{
	int cpu;

	if (!hist)
		return;
	for_each_possible_cpu(cpu)
		kfree(per_cpu_ptr(hist, cpu)->buckets);
	free_percpu(hist);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_free);

/**
 * mapstat_hist_ready - allocate the buckets for a CPU's observations
 * @c: of this CPU, or of a CPU that records nothing concurrently
 *
 * Does not wait for memory, and does not use the reserves.
 *
 * Context: Process or softirq, interrupts on; on PREEMPT_RT if a spinlock_t can be taken.
 * Return: whether there are buckets; if not, the next call tries again.
 */
bool mapstat_hist_ready(struct mapstat_hist_cpu *c)
{
	struct mapstat_hist *hist;
	unsigned long flags;
	unsigned int i;

	/* Published by this CPU, below: no ordering. */
	if (READ_ONCE(c->buckets))
		return true;
	hist = kzalloc(sizeof(*hist), GFP_NOWAIT | __GFP_NOWARN);
	if (!hist)
		return false;
	/* A softirq may have published buckets since, and must not record in @index now. */
	local_irq_save(flags);
	if (!c->buckets) {
		for (i = 0; i < min(c->waited, MAPSTAT_HIST_WAITING); i++)
			hist->bucket[c->index[i]]++;
		hist->max = c->max;
		/* Pairs with the acquire in add_share(): the contents are visible as well. */
		smp_store_release(&c->buckets, hist);
		hist = NULL;
	}
	local_irq_restore(flags);
	kfree(hist);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_ready);

/**
 * mapstat_hist_wait - keep an observation for which there are no buckets
 * @c: of this CPU, or of a CPU that records nothing concurrently
 * @ns: the value
 *
 * Context: As mapstat_hist_record().
 */
void mapstat_hist_wait(struct mapstat_hist_cpu *c, u64 ns)
{
	if (c->waited < MAPSTAT_HIST_WAITING) {
		/* Pair with the READ_ONCE()s in add_waiting(); @waited orders them. */
		WRITE_ONCE(c->index[c->waited], mapstat_hist_index(ns));
		WRITE_ONCE(c->max, max(c->max, ns));
	}
	if (c->waited == U32_MAX)
		return;		/* saturated */
	/* Pairs with the acquire in add_waiting(). */
	smp_store_release(&c->waited, c->waited + 1);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_wait);

/**
 * mapstat_hist_first - mapstat_hist_record() for a CPU that has no buckets
 * @c: of this CPU, or of a CPU that records nothing concurrently
 * @ns: the value
 *
 * PREEMPT_RT cannot allocate with interrupts off, so no kernel does here.
 *
 * Context: As mapstat_hist_record().
 */
void mapstat_hist_first(struct mapstat_hist_cpu *c, u64 ns)
{
	if (!irqs_disabled() && mapstat_hist_ready(c))
		mapstat_hist_count(c->buckets, ns);
	else
		mapstat_hist_wait(c, ns);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_first);

/**
 * mapstat_hist_zero - drop what one CPU recorded
 * @c: of this CPU, or of a CPU that is and stays offline; keeps its buckets
 *
 * Context: Process or softirq, bottom halves off, as for mapstat_hist_record().
 */
void mapstat_hist_zero(struct mapstat_hist_cpu *c)
{
	/* Published by this CPU, or the CPU is offline and can publish none: no ordering. */
	struct mapstat_hist *hist = READ_ONCE(c->buckets);
	unsigned int i;

	/* Pair with the readers' accesses in add_share(): no tearing, no ordering. */
	for (i = 0; hist && i < MAPSTAT_HIST_BUCKETS; i++)
		WRITE_ONCE(hist->bucket[i], 0);
	if (hist)
		WRITE_ONCE(hist->max, 0);
	WRITE_ONCE(c->waited, 0);
	WRITE_ONCE(c->max, 0);
}

/**
 * mapstat_hist_bytes - memory of a histogram at present
 * @hist: the histogram
 *
 * Context: Any.
 * Return: bytes, of all possible CPUs.
 */
u64 mapstat_hist_bytes(struct mapstat_hist_cpu __percpu *hist)
{
	u64 bytes = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		bytes += sizeof(struct mapstat_hist_cpu);
		/* Pairs with mapstat_hist_ready(): only whether they exist, no ordering. */
		if (READ_ONCE(per_cpu_ptr(hist, cpu)->buckets))
			bytes += kmalloc_size_roundup(sizeof(struct mapstat_hist));
	}
	return bytes;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_bytes);

/**
 * mapstat_hist_lost - number of observations lost for lack of memory
 * @hist: the histogram
 *
 * Context: Any.
 * Return: observations that are in no snapshot, of all possible CPUs.
 */
u64 mapstat_hist_lost(struct mapstat_hist_cpu __percpu *hist)
{
	u64 lost = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		/* Pairs with mapstat_hist_wait(): no ordering. */
		const u32 waited = READ_ONCE(per_cpu_ptr(hist, cpu)->waited);

		lost += waited - min(waited, MAPSTAT_HIST_WAITING);
	}
	return lost;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_lost);

/* Work for a CPU. */
struct cpu_call {
	void (*fn)(int cpu, void *arg);
	void *arg;
	int cpu;
};

static long do_cpu_call(void *data)
{
	const struct cpu_call *call = data;

	/* Nothing else on this CPU may be recording. */
	local_bh_disable();
	call->fn(call->cpu, call->arg);
	local_bh_enable();
	return 0;
}

/**
 * mapstat_each_cpu - call a function for each possible CPU's data
 * @fn: called on that CPU, bottom halves off, if it is online; else called here, while the CPU
 *	stays offline
 * @arg: passed to @fn
 *
 * Only a CPU itself changes its counters and buckets, with plain adds.  A store from another CPU
 * could fall between the load and the store of such an add, which would undo it.  So the CPU
 * itself is made to do the store.
 *
 * Context: Process; sleeps.  Takes cpus_read_lock(), and waits for a work item on each
 * online CPU.
 */
void mapstat_each_cpu(void (*fn)(int cpu, void *arg), void *arg)
{
	struct cpu_call call = { .fn = fn, .arg = arg };

	cpus_read_lock();
	for_each_possible_cpu(call.cpu) {
		if (cpu_online(call.cpu))
			work_on_cpu(call.cpu, do_cpu_call, &call);
		else
			do_cpu_call(&call);
	}
	cpus_read_unlock();
}

static void zero_on_cpu(int cpu, void *arg)
{
	struct mapstat_hist_cpu __percpu *hist = (struct mapstat_hist_cpu __percpu __force *)arg;

	mapstat_hist_zero(per_cpu_ptr(hist, cpu));
}

/**
 * mapstat_hist_reset - drop what all CPUs recorded
 * @hist: the histogram; may be recorded into and read concurrently
 *
 * An observation recorded before the call is gone on return; one that is recorded concurrently is
 * kept or lost as a whole.  A concurrent snapshot may contain some of the old observations.
 *
 * Context: Process; sleeps.  See mapstat_each_cpu().
 */
void mapstat_hist_reset(struct mapstat_hist_cpu __percpu *hist)
{
	mapstat_each_cpu(zero_on_cpu, (void __force *)hist);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_reset);

/* The value that stands for a bucket's observations in the sum. */
static u64 midpoint(unsigned int index)
{
	u64 lo = mapstat_hist_lo(index);

	/* The last bucket has no midpoint; its lower bound is certain. */
	if (index == MAPSTAT_HIST_OVERFLOW)
		return lo;
	return lo + (mapstat_hist_hi(index) - lo + 1) / 2;
}

/* Clamp the maximum to the highest occupied bucket. */
static u64 clamp_max(u64 max_ns, unsigned int index)
{
	/* Bucket 0 includes its lower bound. */
	return clamp(max_ns, index ? mapstat_hist_lo(index) + 1 : 0, mapstat_hist_hi(index));
}

/**
 * mapstat_hist_finish - derive count and sum from the buckets, and correct the maximum
 * @sum: its buckets and @max_ns are given.  @max_ns is clamped to the highest occupied bucket:
 *	if it is 0, for unknown, it becomes the least value in that bucket, if too large the largest
 *
 * Count and sum saturate at U64_MAX.  Observations above the last bound enter the sum as that
 * bound, 17.2 s.
 *
 * Context: Any.
 */
void mapstat_hist_finish(struct mapstat_hist_sum *sum)
{
	unsigned int i, highest = 0;

	sum->count = 0;
	sum->sum_ns = 0;
	for (i = 0; i < MAPSTAT_HIST_BUCKETS; i++) {
		if (!sum->bucket[i])
			continue;
		/* size_t has 64 bits (compat.h); these saturate. */
		sum->count = size_add(sum->count, sum->bucket[i]);
		sum->sum_ns = size_add(sum->sum_ns, size_mul(sum->bucket[i], midpoint(i)));
		highest = i;
	}
	sum->max_ns = sum->count ? clamp_max(sum->max_ns, highest) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_finish);

static void add_buckets(struct mapstat_hist_sum *sum, const struct mapstat_hist *hist)
{
	unsigned int i;

	/*
	 * Pair with the WRITE_ONCE()s in mapstat_hist_count() and mapstat_hist_zero().  No
	 * ordering between a bucket and the maximum: mapstat_hist_finish() reconciles them.
	 */
	for (i = 0; i < MAPSTAT_HIST_BUCKETS; i++)
		sum->bucket[i] += READ_ONCE(hist->bucket[i]);
	sum->max_ns = max(sum->max_ns, READ_ONCE(hist->max));
}

/* Add the observations that wait for buckets. */
static void add_waiting(struct mapstat_hist_sum *sum, const struct mapstat_hist_cpu *c)
{
	/* Pairs with the release in mapstat_hist_wait(): the indices are visible. */
	const u32 waited = smp_load_acquire(&c->waited);
	unsigned int i;

	/* Pair with mapstat_hist_wait(). */
	for (i = 0; i < min(waited, MAPSTAT_HIST_WAITING); i++)
		sum->bucket[READ_ONCE(c->index[i])]++;
	sum->max_ns = max(sum->max_ns, READ_ONCE(c->max));
}

static void add_share(struct mapstat_hist_sum *sum, const struct mapstat_hist_cpu *c)
{
	/* Pairs with the release in mapstat_hist_ready(): what waited is in the buckets. */
	const struct mapstat_hist *hist = smp_load_acquire(&c->buckets);

	if (hist)
		add_buckets(sum, hist);
	else
		add_waiting(sum, c);
}

/**
 * mapstat_hist_add - add one CPU's histogram to a sum
 * @sum: zeroed before the first call; complete on return
 * @hist: any CPU's; that CPU may be recording
 *
 * Context: Any.
 */
void mapstat_hist_add(struct mapstat_hist_sum *sum, const struct mapstat_hist *hist)
{
	add_buckets(sum, hist);
	mapstat_hist_finish(sum);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_add);

/**
 * mapstat_hist_subtract - difference of two snapshots
 * @sum: the later one; becomes the difference
 * @old: the earlier one, of the same histogram, without a reset in between
 *
 * The maximum of the difference is exact if it is a new maximum; otherwise it is the upper
 * bound of the highest occupied bucket, or the old maximum if that is less.
 *
 * Context: Any.
 */
void mapstat_hist_subtract(struct mapstat_hist_sum *sum, const struct mapstat_hist_sum *old)
{
	unsigned int i;

	/* After a reset a bucket may hold less than before: its difference is unknown, use 0. */
	for (i = 0; i < MAPSTAT_HIST_BUCKETS; i++)
		sum->bucket[i] -= min(sum->bucket[i], old->bucket[i]);
	mapstat_hist_finish(sum);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_subtract);

/**
 * mapstat_hist_snapshot - copy a histogram
 * @sum: the copy; large, so keep it off the stack
 * @hist: the histogram; may be recorded into concurrently
 * @cpu: the CPU; -1 for all possible CPUs together
 *
 * Context: Any.
 */
void mapstat_hist_snapshot(struct mapstat_hist_sum *sum,
			   struct mapstat_hist_cpu __percpu *hist, int cpu)
{
	int c;

	memset(sum, 0, sizeof(*sum));
	if (cpu >= 0) {
		add_share(sum, per_cpu_ptr(hist, cpu));
	} else {
		for_each_possible_cpu(c)
			add_share(sum, per_cpu_ptr(hist, c));
	}
	mapstat_hist_finish(sum);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_snapshot);

/* Number of observations at or below the quantile: @count * @per_million, rounded up. */
static u64 quantile_rank(u64 count, u32 per_million)
{
	u32 rest;
	u64 whole = div_u64_rem(count, PER_MILLION, &rest);

	/* In two parts, because @count * @per_million may overflow. */
	return max(whole * per_million +
		   DIV_ROUND_UP_ULL((u64)rest * per_million, PER_MILLION), 1ULL);
}

/**
 * mapstat_hist_quantile - a quantile of the observations
 * @sum: the observations
 * @per_million: share of observations not above the quantile, from 0 (the smallest one) to
 *	1000000 (the largest one); larger values count as 1000000
 *
 * Context: Any.
 * Return: the upper bound of the quantile's bucket, or the maximum if that is less, ns; 0 if
 * there are no observations.
 */
u64 mapstat_hist_quantile(const struct mapstat_hist_sum *sum, u32 per_million)
{
	u64 rank = quantile_rank(sum->count, min_t(u32, per_million, PER_MILLION));
	u64 seen = 0;
	unsigned int i;

	if (!sum->count)
		return 0;
	for (i = 0; i < MAPSTAT_HIST_OVERFLOW; i++) {
		seen = size_add(seen, sum->bucket[i]);	/* as in mapstat_hist_finish() */
		if (seen >= rank)
			break;
	}
	return min(mapstat_hist_hi(i), sum->max_ns);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_hist_quantile);

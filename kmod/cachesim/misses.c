// SPDX-License-Identifier: GPL-2.0-only
/*
 * Storage of a map's cache misses: names, sums, histograms.
 */
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmod/compat.h"
#include "kmod/stats/counters.h"
#include "kmod/memory.h"
#include "misses.h"
#include "session.h"

#define THOUSAND	1000	/* histograms are in thousandths of a miss */

const char *const mapstat_miss_hist_names[MAPSTAT_NR_MISS_HISTS] = {
	[MAPSTAT_MISS_L1D]		= "l1d",
	[MAPSTAT_MISS_LLC]		= "llc",
	[MAPSTAT_MISS_DTLB]		= "dtlb",
	[MAPSTAT_MISS_COHERENCE]	= "coherence",
};

const char *const mapstat_miss_total_names[MAPSTAT_NR_MISS_TOTALS] = {
	[MAPSTAT_TOTAL_OPS]		= "ops",
	[MAPSTAT_TOTAL_READS]		= "reads",
	[MAPSTAT_TOTAL_WRITES]		= "writes",
	[MAPSTAT_TOTAL_ATOMICS]		= "atomics",
	[MAPSTAT_TOTAL_LINES]		= "lines",
	[MAPSTAT_TOTAL_COLD]		= "cold_misses",
	[MAPSTAT_TOTAL_CAPACITY]	= "capacity_misses",
	[MAPSTAT_TOTAL_CONFLICT]	= "conflict_misses",
	[MAPSTAT_TOTAL_COHERENCE]	= "coherence_misses",
	[MAPSTAT_TOTAL_INVALIDATED]	= "invalidations",
	[MAPSTAT_TOTAL_L1D]		= "l1d_misses",
	[MAPSTAT_TOTAL_LLC]		= "llc_misses",
	[MAPSTAT_TOTAL_DTLB]		= "dtlb_misses",
};

const char *const mapstat_op_kind_names[MAPSTAT_NR_OP_KINDS] = {
	[MAPSTAT_OP_NONE]	= "all",
	[MAPSTAT_OP_LOAD]	= "load",
	[MAPSTAT_OP_STORE]	= "store",
	[MAPSTAT_OP_DELETE]	= "delete",
	[MAPSTAT_OP_RMW]	= "rmw",
	[MAPSTAT_OP_RANGE]	= "range",
	[MAPSTAT_OP_LOAD_MANY]	= "load_many",
};

/**
 * mapstat_misses_free - free a map's misses
 * @misses: no longer recorded into or read; or NULL
 *
 * Context: Process.
 */
void mapstat_misses_free(struct mapstat_misses *misses)
{
	int i;

	if (!misses)
		return;
	for (i = 0; i < MAPSTAT_NR_MISS_HISTS; i++)
		mapstat_hist_free(misses->hist[i]);
	mapstat_lines_free(misses->lines);
	free_percpu(misses->cpu);
	kfree(misses);
}

/**
 * misses_alloc - allocate a map's misses
 *
 * Context: Process; sleeps.
 * Return: the object, without a source (MAPSTAT_CACHE_OFF); or NULL.
 */
struct mapstat_misses *misses_alloc(void)
{
	struct mapstat_misses *misses = kzalloc(sizeof(*misses), GFP_KERNEL);
	bool all;
	int i;

	if (!misses)
		return NULL;
	spin_lock_init(&misses->lock);
	misses->kind = MAPSTAT_CACHE_OFF;
	misses->cpu = alloc_percpu_gfp(struct mapstat_miss_cpu, MAPSTAT_GFP_PERCPU);
	misses->lines = mapstat_lines_alloc();
	all = misses->cpu && misses->lines;
	for (i = 0; i < MAPSTAT_NR_MISS_HISTS; i++) {
		misses->hist[i] = mapstat_hist_alloc();
		all = all && misses->hist[i];
	}
	if (all)
		return misses;
	mapstat_misses_free(misses);
	return NULL;
}

/**
 * mapstat_misses_bytes - memory of a map's misses if the model is the source
 * @cpus: number of participating CPUs
 *
 * Context: Any.
 * Return: bytes.
 */
u64 mapstat_misses_bytes(unsigned int cpus)
{
	const u64 buckets = kmalloc_size_roundup(sizeof(struct mapstat_hist));
	const size_t possible = sizeof(struct mapstat_miss_cpu) +
				MAPSTAT_NR_MISS_HISTS * sizeof(struct mapstat_hist_cpu);

	/* The model has no last-level cache. */
	return mapstat_memory_taken(sizeof(struct mapstat_misses)) +
	       num_possible_cpus() * possible + cpus * (MAPSTAT_NR_MISS_HISTS - 1) * buckets +
	       mapstat_lines_bytes(cpus + 1);
}

/**
 * mapstat_misses_held - memory of a map's misses at present
 * @misses: the map's misses, or NULL
 *
 * Context: Any.
 * Return: bytes.
 */
u64 mapstat_misses_held(const struct mapstat_misses *misses)
{
	u64 bytes;
	int i;

	if (!misses)
		return 0;
	bytes = mapstat_memory_taken(sizeof(*misses)) +
		num_possible_cpus() * sizeof(struct mapstat_miss_cpu) +
		mapstat_lines_held(misses->lines);
	for (i = 0; i < MAPSTAT_NR_MISS_HISTS; i++)
		bytes += mapstat_hist_bytes(misses->hist[i]);
	return bytes;
}

/**
 * misses_add - add to a CPU's sum
 * @misses: the map's misses
 * @cpu: the CPU; no other thread adds to its sums concurrently
 * @kind: kind of operation
 * @total: which sum
 * @n: the increment
 *
 * Context: Bottom halves off.
 */
void misses_add(struct mapstat_misses *misses, int cpu, enum mapstat_op_kind kind,
		enum mapstat_miss_total total, u64 n)
{
	u64 *sum = &per_cpu_ptr(misses->cpu, cpu)->total[kind][total];

	WRITE_ONCE(*sum, *sum + n);	/* pairs with mapstat_misses_total() */
}

/**
 * misses_add_hist - record the misses of some operations in a CPU's histogram
 * @misses: the map's misses
 * @cpu: the CPU; no other thread records in its histogram concurrently
 * @hist: which histogram
 * @n: number of misses
 * @ops: number of operations
 *
 * Context: As mapstat_hist_record().
 */
void misses_add_hist(struct mapstat_misses *misses, int cpu, enum mapstat_miss_hist hist, u64 n,
		     unsigned int ops)
{
	mapstat_hist_record(per_cpu_ptr(misses->hist[hist], cpu), div_u64(n * THOUSAND, ops));
}

/**
 * mapstat_misses_ready - allocate what mapstat_misses_record() needs for a CPU
 * @misses: the map's misses
 * @cpu: this CPU, or one that records nothing concurrently
 *
 * Context: As mapstat_hist_ready().
 */
void mapstat_misses_ready(struct mapstat_misses *misses, int cpu)
{
	mapstat_hist_ready(per_cpu_ptr(misses->hist[MAPSTAT_MISS_L1D], cpu));
	mapstat_hist_ready(per_cpu_ptr(misses->hist[MAPSTAT_MISS_DTLB], cpu));
	mapstat_hist_ready(per_cpu_ptr(misses->hist[MAPSTAT_MISS_COHERENCE], cpu));
}

/**
 * mapstat_misses_record - record an operation that was fed to the model
 * @misses: the map's misses
 * @op: the operation, which has ended
 * @cpu: the CPU on which it ran: this one, or one that records nothing concurrently
 *
 * Context: Interrupts off.
 */
void mapstat_misses_record(struct mapstat_misses *misses, const struct mapstat_op *op, int cpu)
{
	static const enum mapstat_miss_total access_total[] = {
		[MAPSTAT_READ]		= MAPSTAT_TOTAL_READS,
		[MAPSTAT_WRITE]		= MAPSTAT_TOTAL_WRITES,
		[MAPSTAT_ATOMIC]	= MAPSTAT_TOTAL_ATOMICS,
	};
	static const enum mapstat_miss_total l1_total[] = {
		[MAPSTAT_L1_COLD]	= MAPSTAT_TOTAL_COLD,
		[MAPSTAT_L1_CAPACITY]	= MAPSTAT_TOTAL_CAPACITY,
		[MAPSTAT_L1_CONFLICT]	= MAPSTAT_TOTAL_CONFLICT,
		[MAPSTAT_L1_COHERENCE]	= MAPSTAT_TOTAL_COHERENCE,
	};
	unsigned int i, l1d = 0;

	for (i = 0; i < MAPSTAT_NR_ACCESSES; i++)
		misses_add(misses, cpu, op->kind, access_total[i], op->accesses[i]);
	for (i = MAPSTAT_L1_COLD; i < MAPSTAT_NR_L1; i++) {
		misses_add(misses, cpu, op->kind, l1_total[i], op->l1[i]);
		l1d += op->l1[i];
	}
	misses_add(misses, cpu, op->kind, MAPSTAT_TOTAL_OPS, op->count);
	misses_add(misses, cpu, op->kind, MAPSTAT_TOTAL_LINES, op->lines);
	misses_add(misses, cpu, op->kind, MAPSTAT_TOTAL_INVALIDATED, op->invalidated);
	misses_add(misses, cpu, op->kind, MAPSTAT_TOTAL_L1D, l1d);
	misses_add(misses, cpu, op->kind, MAPSTAT_TOTAL_DTLB, op->tlb_misses);
	misses_add_hist(misses, cpu, MAPSTAT_MISS_L1D, l1d, op->count);
	misses_add_hist(misses, cpu, MAPSTAT_MISS_DTLB, op->tlb_misses, op->count);
	misses_add_hist(misses, cpu, MAPSTAT_MISS_COHERENCE, op->l1[MAPSTAT_L1_COHERENCE],
			op->count);
}

/**
 * mapstat_misses_total - one sum
 * @misses: the map's misses; may be counting
 * @kind: kind of operation; MAPSTAT_OP_NONE: all kinds
 * @total: which sum
 * @cpu: the CPU; -1: all possible CPUs
 *
 * Context: Any.
 * Return: the sum.
 */
u64 mapstat_misses_total(const struct mapstat_misses *misses, enum mapstat_op_kind kind,
			 enum mapstat_miss_total total, int cpu)
{
	u64 sum = 0;
	int c, k;

	for_each_possible_cpu(c) {
		if (cpu >= 0 && c != cpu)
			continue;
		for (k = 0; k < MAPSTAT_NR_OP_KINDS; k++)
			/* Pairs with misses_add(): no tearing, no ordering. */
			if (kind == MAPSTAT_OP_NONE || kind == k)
				sum += READ_ONCE(per_cpu_ptr(misses->cpu, c)->total[k][total]);
	}
	return sum;
}

/**
 * mapstat_misses_sum - one sum, over all operations and CPUs
 * @misses: the map's misses; may be counting
 * @total: which sum
 *
 * Context: Any.
 * Return: the sum.
 */
u64 mapstat_misses_sum(const struct mapstat_misses *misses, enum mapstat_miss_total total)
{
	return mapstat_misses_total(misses, MAPSTAT_OP_NONE, total, -1);
}

static void reset_on_cpu(int cpu, void *arg)
{
	struct mapstat_misses *misses = arg;
	int i, k;

	for (k = 0; k < MAPSTAT_NR_OP_KINDS; k++)
		for (i = 0; i < MAPSTAT_NR_MISS_TOTALS; i++)	/* pairs with the reader */
			WRITE_ONCE(per_cpu_ptr(misses->cpu, cpu)->total[k][i], 0);
	for (i = 0; i < MAPSTAT_NR_MISS_HISTS; i++)
		mapstat_hist_zero(per_cpu_ptr(misses->hist[i], cpu));
	mapstat_lines_reset_cpu(misses->lines, cpu);
}

/**
 * mapstat_misses_reset - reset all sums, histograms and lines
 * @misses: the map's misses; may be counting
 *
 * Context: Process; sleeps.  See mapstat_each_cpu().
 */
void mapstat_misses_reset(struct mapstat_misses *misses)
{
	mapstat_each_cpu(reset_on_cpu, misses);
}

/**
 * mapstat_misses_source - name the source of a map's figures
 * @m: the map
 * @text: receives the name
 * @size: of @text
 *
 * Context: Process or softirq.
 * Return: bitmap of enum mapstat_miss_total: what is counted.
 */
unsigned long mapstat_misses_source(struct cmap_stats *m, char *text, size_t size)
{
	struct mapstat_misses *misses = cmap_misses(m);
	unsigned long counts;

	if (!misses) {
		strscpy(text, "none -ENODATA (not measured so far)", size);
		return 0;
	}
	spin_lock_bh(&misses->lock);
	counts = misses->counts;
	strscpy(text, misses->text, size);
	spin_unlock_bh(&misses->lock);
	return counts;
}

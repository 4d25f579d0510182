// SPDX-License-Identifier: GPL-2.0-only
/*
 * The row of a round: sums over the threads, and differences of the map's statistics.
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "measure.h"

/* Snapshot of a map's statistics, taken before and after a round. */
struct look {
	u64 counter[CMAP_NR_COUNTERS];
	struct mapstat_pauses pauses;
	struct mapstat_hist_sum hist[CMAP_NR_HISTS];
};

/**
 * struct stress_measure - the snapshots of a round; too large for the stack
 * @before: snapshot before the round
 * @after: snapshot after the round
 * @response: response times of all operations
 * @misses: sums before cache misses are counted
 */
struct stress_measure {
	struct look before;
	struct look after;
	struct mapstat_hist_sum response;
	u64 misses[MAPSTAT_NR_MISS_TOTALS];
};

/**
 * measure_alloc - allocate the snapshots
 *
 * Context: Process; sleeps.
 * Return: the snapshots, or NULL.
 */
struct stress_measure *measure_alloc(void)
{
	return kvzalloc(sizeof(struct stress_measure), GFP_KERNEL);
}

/**
 * measure_free - free the snapshots
 * @measure: from measure_alloc(), or NULL
 *
 * Context: Process; sleeps.
 */
void measure_free(struct stress_measure *measure)
{
	kvfree(measure);
}

static void look(struct look *l, struct cmap *m)
{
	int i;

	for (i = 0; i < CMAP_NR_COUNTERS; i++)
		l->counter[i] = cmap_counter_sum(&m->stats, i);
	mapstat_pauses_snapshot(&m->pauses, &l->pauses);
	for (i = 0; i < CMAP_NR_HISTS; i++)
		mapstat_hist_snapshot(&l->hist[i], m->stats.hist[i], -1);
}

/**
 * measure_begin - take the snapshot before a round
 * @measure: the snapshots
 * @m: map of the round
 *
 * Context: Process; sleeps.
 */
void measure_begin(struct stress_measure *measure, struct cmap *m)
{
	look(&measure->before, m);
}

static void sum_figures(const struct stress_run *run, struct stress_figures *sum)
{
	unsigned int i, op;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < run->config.threads; i++) {
		const struct stress_figures *f = &run->threads[i].figures;

		sum->ops += f->ops;
		sum->ticks += f->ticks;
		sum->ticks_ops += f->ticks_ops;
		for (op = 0; op < ARRAY_SIZE(sum->max_ticks); op++)
			sum->max_ticks[op] = max(sum->max_ticks[op], f->max_ticks[op]);
		sum->response_max_ns = max(sum->response_max_ns, f->response_max_ns);
		sum->backlog_max = max(sum->backlog_max, f->backlog_max);
	}
}

/* Fill four columns from @first on.  A quantile's bucket may exceed the exact maximum. */
static void put_latency(u64 *first, const struct mapstat_hist_sum *hist, u64 max_ns)
{
	static const u32 per_million[] = { 500000, 990000, 999000 };
	unsigned int i;

	if (!hist->count)
		return;
	for (i = 0; i < ARRAY_SIZE(per_million); i++)
		first[i] = min(mapstat_hist_quantile(hist, per_million[i]), max_ns);
	first[i] = max_ns;
}

static void put_latencies(struct stress_measure *measure, const struct stress_run *run,
			  const struct stress_figures *f, u64 *col)
{
	struct mapstat_hist_sum *hist = measure->after.hist;
	struct mapstat_hist_sum *response = &measure->response;
	unsigned int i, b;

	for (i = 0; i < CMAP_NR_HISTS; i++)
		mapstat_hist_subtract(&hist[i], &measure->before.hist[i]);
	put_latency(&col[STRESS_COL_load_p50_ns],
		    &hist[run->config.batch > 1 ? CMAP_HIST_LOAD_MANY : CMAP_HIST_LOAD],
		    mapstat_clock_ns(f->max_ticks[STRESS_LOAD]));
	put_latency(&col[STRESS_COL_store_p50_ns], &hist[CMAP_HIST_STORE],
		    mapstat_clock_ns(f->max_ticks[STRESS_STORE]));
	put_latency(&col[STRESS_COL_delete_p50_ns], &hist[CMAP_HIST_DELETE],
		    mapstat_clock_ns(f->max_ticks[STRESS_DELETE]));
	if (run->config.arrival != STRESS_POISSON)
		return;

	memset(response, 0, sizeof(*response));
	for (i = CMAP_HIST_LOAD_RESPONSE; i <= CMAP_HIST_DELETE_RESPONSE; i++)
		for (b = 0; b < MAPSTAT_HIST_BUCKETS; b++)
			response->bucket[b] += hist[i].bucket[b];
	response->max_ns = f->response_max_ns;
	mapstat_hist_finish(response);
	put_latency(&col[STRESS_COL_response_p50_ns], response, f->response_max_ns);
	col[STRESS_COL_backlog_max_ops] = f->backlog_max;
}

/**
 * stress_pause_max - the longest pause between two snapshots
 * @before: first snapshot
 * @after: second snapshot
 *
 * Uses the ring if it still holds all pauses between them, else the histogram.
 *
 * Context: Any.
 * Return: ns; 0 if there was no pause.
 */
u64 stress_pause_max(const struct mapstat_pauses *before, const struct mapstat_pauses *after)
{
	const u64 kept = min_t(u64, after->next, MAPSTAT_PAUSES_KEPT);
	const u64 fresh = after->next - before->next;
	u64 max_ns = 0, overall = 0, i;
	int b;

	if (fresh <= kept) {
		/* A snapshot's ring begins with the oldest. */
		for (i = kept - fresh; i < kept; i++)
			max_ns = max(max_ns, after->ring[i].duration_ns);
		return max_ns;
	}
	for (i = 0; i < MAPSTAT_NR_PAUSES; i++)
		overall = max(overall, after->max_ns[i]);
	for (b = MAPSTAT_HIST_BUCKETS - 1; b >= 0; b--)
		if (after->bucket[b] != before->bucket[b])
			return min(mapstat_hist_hi(b), overall);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(stress_pause_max);

static void put_counters(const struct stress_measure *measure, u64 ops, u64 *col)
{
	u64 d[CMAP_NR_COUNTERS];
	unsigned int i;

	for (i = 0; i < CMAP_NR_COUNTERS; i++)
		d[i] = measure->after.counter[i] - measure->before.counter[i];
	if (!ops)
		return;		/* no operation could have missed or waited */
	col[STRESS_COL_misses] = d[CMAP_MISSES];
	col[STRESS_COL_retries] = d[CMAP_RETRIES];
	col[STRESS_COL_lock_waits] = d[CMAP_LOCK_WAITS];
	col[STRESS_COL_allocs_per_op] = div64_u64(d[CMAP_ALLOCS] * 10000, ops);
	col[STRESS_COL_alloc_bytes_per_op] = div64_u64(d[CMAP_ALLOC_BYTES] * 10, ops);
}

static void put_memory(struct cmap *m, u64 *col)
{
	struct cmap_memory mem = { };
	u64 entries = cmap_len(m);

	m->ops->memory(m, &mem);
	if (entries)
		col[STRESS_COL_bytes_per_entry] = div64_u64(mem.bytes * 10, entries);
}

/**
 * measure_end - take the snapshot after a round and fill in its row
 * @measure: measure_begin() was called before the round
 * @run: the run; its threads are idle
 * @wall_ns: duration of the round
 * @row: filled in except map, round, errors and cache misses; threads_away is set to 0
 *
 * Context: Process; sleeps.
 */
void measure_end(struct stress_measure *measure, const struct stress_run *run, u64 wall_ns,
		 struct stress_row *row)
{
	struct cmap *m = run->maps[run->phase.map];
	struct stress_figures f;
	u64 *col = row->col;
	unsigned int i;

	for (i = 0; i < STRESS_NR_COLUMNS; i++)
		col[i] = STRESS_NONE;
	look(&measure->after, m);
	sum_figures(run, &f);

	col[STRESS_COL_threads] = run->config.threads;
	col[STRESS_COL_threads_away] = 0;
	col[STRESS_COL_ops] = f.ops;
	if (f.ops)
		col[STRESS_COL_ops_per_s] = mul_u64_u64_div_u64(f.ops, NSEC_PER_SEC, wall_ns ?: 1);
	if (f.ticks_ops)
		col[STRESS_COL_ns_per_op] = div64_u64(mapstat_clock_ns(f.ticks * 10), f.ticks_ops);
	if (run->config.stats) {
		put_latencies(measure, run, &f, col);
		put_counters(measure, f.ops, col);
	} else if (run->config.arrival == STRESS_POISSON) {
		col[STRESS_COL_backlog_max_ops] = f.backlog_max;
	}
	put_memory(m, col);
	col[STRESS_COL_pauses] = measure->after.pauses.next - measure->before.pauses.next;
	col[STRESS_COL_pause_max_ns] = stress_pause_max(&measure->before.pauses,
							&measure->after.pauses);
}

/**
 * measure_misses_begin - save the sums before cache misses are counted
 * @measure: the snapshots
 * @run: the run; its map is attached
 *
 * Context: Process.
 */
void measure_misses_begin(struct stress_measure *measure, const struct stress_run *run)
{
	const struct mapstat_misses *misses = cmap_misses(&run->maps[run->phase.map]->stats);
	unsigned int i;

	for (i = 0; i < MAPSTAT_NR_MISS_TOTALS; i++)
		measure->misses[i] = mapstat_misses_sum(misses, i);
}

/**
 * measure_misses_end - fill in the cache-miss columns of a row
 * @measure: measure_misses_begin() was called before
 * @run: the run; its map is attached
 * @row: the columns of the run's source are filled in
 *
 * Context: Process.
 */
void measure_misses_end(struct stress_measure *measure, const struct stress_run *run,
			struct stress_row *row)
{
	static const struct {
		enum mapstat_miss_total total;
		enum stress_column model;
		enum stress_column pmu;
	} columns[] = {
		{ MAPSTAT_TOTAL_L1D, STRESS_COL_model_l1d_misses_per_op,
		  STRESS_COL_pmu_l1d_misses_per_op },
		{ MAPSTAT_TOTAL_LLC, STRESS_NR_COLUMNS, STRESS_COL_pmu_llc_misses_per_op },
		{ MAPSTAT_TOTAL_DTLB, STRESS_COL_model_dtlb_misses_per_op,
		  STRESS_COL_pmu_dtlb_misses_per_op },
		{ MAPSTAT_TOTAL_COHERENCE, STRESS_COL_model_coherence_misses_per_op,
		  STRESS_NR_COLUMNS },
		{ MAPSTAT_TOTAL_LINES, STRESS_COL_model_lines_per_op, STRESS_NR_COLUMNS },
		{ MAPSTAT_TOTAL_ATOMICS, STRESS_COL_model_atomics_per_op, STRESS_NR_COLUMNS },
	};
	const struct mapstat_misses *misses = cmap_misses(&run->maps[row->map]->stats);
	u64 d[MAPSTAT_NR_MISS_TOTALS];
	unsigned int i;

	for (i = 0; i < MAPSTAT_NR_MISS_TOTALS; i++)
		d[i] = mapstat_misses_sum(misses, i) - measure->misses[i];
	for (i = 0; d[MAPSTAT_TOTAL_OPS] && i < ARRAY_SIZE(columns); i++) {
		const enum mapstat_miss_total total = columns[i].total;
		const enum stress_column col = run->session.model ? columns[i].model :
					       columns[i].pmu;

		if (col != STRESS_NR_COLUMNS && mapstat_session_counts(&run->session, total))
			row->col[col] = div64_u64(d[total] * 10000, d[MAPSTAT_TOTAL_OPS]);
	}
}

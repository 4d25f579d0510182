// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows and verdict of the current or last run, and their output.
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/stringify.h>
#include "kmod/memory.h"
#include "kmod/stats/primitives.h"
#include "params.h"
#include "results.h"
#include "sampling.h"
#include "stress.h"
#include "variants.h"

#define COLUMN(name, decimals) { __stringify(name), decimals },
static const struct {
	const char *name;
	unsigned int decimals;
} columns[STRESS_NR_COLUMNS] = {
	STRESS_COLUMNS(COLUMN)
};

/**
 * struct stress_results - results of the current or last run
 * @config: configuration of the run; NULL if there was no run since load or reset
 * @rows: room for all rounds of all maps
 * @count: number of rows filled in
 * @round: current round; 0 before the first
 * @running: a run is in progress
 * @error: negative errno if the run was aborted, else 0
 * @verdict: valid after the run
 * @reason: reason for a failure, or for no verdict
 * @misses: source of the cache misses; empty until it is known
 *
 * All protected by results_lock.
 */
struct stress_results {
	struct stress_config *config;
	struct stress_row *rows;
	unsigned int count;
	unsigned int round;
	bool running;
	int error;
	enum stress_verdict verdict;
	char reason[STRESS_REASON];
	char misses[MAPSTAT_SOURCE_TEXT];
};

static DEFINE_MUTEX(results_lock);
static struct stress_results results;

static void forget(void)
{
	lockdep_assert_held(&results_lock);
	kvfree(results.rows);
	kfree(results.config);
	memset(&results, 0, sizeof(results));
}

/**
 * results_bytes - memory needed for the rows of a run
 * @config: configuration of the run
 *
 * Context: Any.
 * Return: bytes.
 */
u64 results_bytes(const struct stress_config *config)
{
	return mapstat_memory_taken((u64)config->rounds * stress_variants(config) *
				    sizeof(struct stress_row));
}

/**
 * results_begin - discard the last results and allocate those of a new run
 * @config: configuration of the run, resolved; it is copied
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int results_begin(const struct stress_config *config)
{
	int ret = -ENOMEM;

	mutex_lock(&results_lock);
	forget();
	results.config = kmemdup(config, sizeof(*config), GFP_KERNEL);
	results.rows = kvcalloc(config->rounds, stress_variants(config) * sizeof(*results.rows),
				MAPSTAT_GFP);
	if (results.config && results.rows) {
		results.running = true;
		ret = 0;
	} else {
		forget();
	}
	mutex_unlock(&results_lock);
	return ret;
}

/**
 * results_round - set the current round
 * @round: counts from 1
 *
 * Context: Process; sleeps.
 */
void results_round(unsigned int round)
{
	mutex_lock(&results_lock);
	results.round = round;
	mutex_unlock(&results_lock);
}

/**
 * results_add - add the row of a map's round
 * @row: the row; it is copied
 *
 * Context: Process; sleeps.
 */
void results_add(const struct stress_row *row)
{
	mutex_lock(&results_lock);
	if (!WARN_ON_ONCE(results.count >= results.config->rounds *
			  stress_variants(results.config)))
		results.rows[results.count++] = *row;
	mutex_unlock(&results_lock);
}

/**
 * results_misses - set the source of the run's cache misses
 * @source: in words; it is copied
 *
 * Context: Process; sleeps.
 */
void results_misses(const char *source)
{
	mutex_lock(&results_lock);
	strscpy(results.misses, source, sizeof(results.misses));
	mutex_unlock(&results_lock);
}

/**
 * results_end - end the run: store its verdict and print it to the log
 * @verdict: the verdict
 * @error: negative errno if the run was aborted, else 0
 * @fmt: the reason, unless the verdict is success
 *
 * Context: Process; sleeps.
 */
void results_end(enum stress_verdict verdict, int error, const char *fmt, ...)
{
	va_list args;

	mutex_lock(&results_lock);
	results.running = false;
	results.error = error;
	results.verdict = verdict;
	va_start(args, fmt);
	vscnprintf(results.reason, sizeof(results.reason), fmt, args);
	va_end(args);
	if (verdict == STRESS_FAILURE)
		pr_err("FAILURE %s\n", results.reason);
	else
		pr_info("%s%s\n", verdict == STRESS_SUCCESS ? "SUCCESS" : "",
			results.reason);
	mutex_unlock(&results_lock);
}

/**
 * results_reset - discard the results of the last run
 *
 * Context: Process; sleeps.  No run is in progress.
 */
void results_reset(void)
{
	mutex_lock(&results_lock);
	forget();
	mutex_unlock(&results_lock);
}

/**
 * stress_state_show - print the state of the run
 * @m: the file "control" or "state"
 *
 * Context: Process; sleeps.
 */
void stress_state_show(struct seq_file *m)
{
	mutex_lock(&results_lock);
	if (results.running)
		seq_printf(m, "running %u/%u\n", results.round, results.config->rounds);
	else if (results.error)
		seq_printf(m, "failed %d\n", results.error);
	else
		seq_puts(m, "idle\n");
	mutex_unlock(&results_lock);
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/**
 * stress_median - the middle value, or the mean of the middle two
 * @values: sorted by this function; STRESS_NONE is ignored
 * @n: number of values
 *
 * Context: Any.
 * Return: the median; STRESS_NONE if there is no other value.
 */
u64 stress_median(u64 *values, unsigned int n)
{
	u64 lo, hi;

	sort(values, n, sizeof(*values), compare_u64, NULL);
	while (n && values[n - 1] == STRESS_NONE)
		n--;
	if (!n)
		return STRESS_NONE;
	lo = values[(n - 1) / 2];
	hi = values[n / 2];
	return lo + (hi - lo) / 2;
}
EXPORT_SYMBOL_IF_KUNIT(stress_median);

static void show_header(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "# map\tround");
	for (i = 0; i < STRESS_NR_COLUMNS; i++)
		seq_printf(m, "\t%s", columns[i].name);
	seq_putc(m, '\n');
}

/* Print picoseconds as ns with one decimal, as in the file "version"; 0: not measured. */
static void show_ps(struct seq_file *m, u32 ps)
{
	u32 tenths = DIV_ROUND_CLOSEST(ps, 100);

	if (ps)
		seq_printf(m, "%u.%u ns", tenths / 10, tenths % 10);
	else
		seq_puts(m, "- ns");
}

/* Print which operations latencies and ns_per_op were measured on. */
static void show_latency_source(struct seq_file *m, const struct stress_config *config)
{
	const bool poisson = config->arrival == STRESS_POISSON;
	unsigned int tenths;

	if (!config->stats) {
		seq_puts(m, ", latency of no operation (stats=0)");
	} else {
		tenths = stress_sampled_tenths(config);
		seq_printf(m, ", latency of 1 in %u", tenths / 10);
		if (tenths % 10)
			seq_printf(m, ".%u", tenths % 10);
		seq_puts(m, " operations");
		if (!poisson)
			seq_puts(m, ", ns_per_op of batches in which none was timed");
	}
	seq_puts(m, poisson ? ", ns_per_op includes the clock\n" : "\n");
}

static void show_source(struct seq_file *m, const struct stress_config *config)
{
	int i;

	seq_printf(m, "# source\tclock %s, read ", mapstat_clock.name);
	show_ps(m, mapstat_clock.read_ps);
	seq_puts(m, ", empty loop ");
	show_ps(m, mapstat_clock.loop_ps);
	show_latency_source(m, config);
	seq_printf(m, "# misses\t%s\n", *results.misses ? results.misses : "-");
	seq_puts(m, "# primitives\t");
	for (i = 0; i < MAPSTAT_PRIMITIVES; i++)
		seq_printf(m, "%s%s %u.%u ns", i ? ", " : "", mapstat_primitives[i].name,
			   mapstat_primitives[i].ps / 1000, mapstat_primitives[i].ps / 100 % 10);
	seq_putc(m, '\n');
}

static void show_value(struct seq_file *m, u64 value, unsigned int decimals)
{
	u64 scale = int_pow(10, decimals);

	if (value == STRESS_NONE)
		seq_puts(m, "\t-");
	else if (decimals)
		seq_printf(m, "\t%llu.%0*llu", value / scale, decimals, value % scale);
	else
		seq_printf(m, "\t%llu", value);
}

static void show_columns(struct seq_file *m, const u64 *col)
{
	unsigned int i;

	for (i = 0; i < STRESS_NR_COLUMNS; i++)
		show_value(m, col[i], columns[i].decimals);
	seq_putc(m, '\n');
}

static const char *map_name(unsigned int map)
{
	return stress_variant(results.config, map).name;
}

static void show_rows(struct seq_file *m)
{
	unsigned int i;

	for (i = 0; i < results.count && !seq_has_overflowed(m); i++) {
		seq_printf(m, "%s\t%u", map_name(results.rows[i].map), results.rows[i].round);
		show_columns(m, results.rows[i].col);
	}
}

static bool is_disturbed(const struct stress_row *row)
{
	return row->col[STRESS_COL_threads_away];
}

/* Is there a round of @map in which all threads were on their CPUs? */
static bool has_undisturbed(unsigned int map)
{
	unsigned int i;

	for (i = 0; i < results.count; i++)
		if (results.rows[i].map == map && !is_disturbed(&results.rows[i]))
			return true;
	return false;
}

/*
 * Collect the values of @column from the rounds of @map, without disturbed rounds unless there
 * are no others.  Return: number of values.
 */
static unsigned int column_values(unsigned int map, unsigned int column, u64 *values)
{
	const bool all = !has_undisturbed(map);
	unsigned int i, n = 0;

	for (i = 0; i < results.count; i++)
		if (results.rows[i].map == map && (all || !is_disturbed(&results.rows[i])))
			values[n++] = results.rows[i].col[column];
	return n;
}

static int show_medians(struct seq_file *m)
{
	unsigned int map, i;
	u64 *values;

	if (!results.count)
		return 0;
	values = kvcalloc(results.config->rounds + STRESS_NR_COLUMNS, sizeof(*values),
			  MAPSTAT_GFP);
	if (!values)
		return -ENOMEM;
	for (map = 0; map < stress_variants(results.config); map++) {
		u64 *median = values + results.config->rounds;

		for (i = 0; i < STRESS_NR_COLUMNS; i++)
			median[i] = stress_median(values, column_values(map, i, values));
		if (median[STRESS_COL_ops] == STRESS_NONE)
			continue;	/* no round is complete */
		seq_printf(m, "%s\tmedian", map_name(map));
		show_columns(m, median);
	}
	kvfree(values);
	return 0;
}

/* Return: bitmap of the rounds with a disturbed row, freed by the caller; NULL: no memory. */
static unsigned long *disturbed_rounds(void)
{
	unsigned long *rounds = bitmap_zalloc(results.config->rounds + 1, GFP_KERNEL);
	unsigned int i;

	for (i = 0; rounds && i < results.count; i++)
		if (is_disturbed(&results.rows[i]))
			__set_bit(results.rows[i].round, rounds);
	return rounds;
}

/* Print @before and the disturbed rounds, if there are any.  Return: 0 or -ENOMEM. */
static int show_disturbed(struct seq_file *m, const char *before)
{
	const unsigned int nbits = results.config->rounds + 1;
	unsigned long *rounds = disturbed_rounds();

	if (!rounds)
		return -ENOMEM;
	if (!bitmap_empty(rounds, nbits))
		seq_printf(m, "%s disturbed: threads were not on their CPUs in rounds %*pbl:",
			   before, nbits, rounds);
	bitmap_free(rounds);
	return 0;
}

static int show_verdict(struct seq_file *m, const struct stress_config *config)
{
	int ret = 0;

	if (!results.config)
		seq_puts(m, "# NONE no run yet");
	else if (results.running)
		seq_printf(m, "# RUNNING %u/%u", results.round, config->rounds);
	else if (results.verdict == STRESS_SUCCESS)
		seq_puts(m, "# SUCCESS");
	else
		seq_printf(m, "# %s %s", results.verdict == STRESS_FAILURE ? "FAILURE" : "NONE",
			   results.reason);
	if (results.config && !results.running)
		ret = show_disturbed(m, results.verdict == STRESS_SUCCESS ? "" : ";");
	return ret ?: mapstat_params_print(m, config);
}

/**
 * stress_results_show - print the file "results"
 * @m: the file
 *
 * The output is a consistent snapshot.
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int stress_results_show(struct seq_file *m)
{
	struct stress_config *present = kmalloc(sizeof(*present), GFP_KERNEL);
	const struct stress_config *config;
	int ret;

	if (!present)
		return -ENOMEM;
	mapstat_params_snapshot(present);

	mutex_lock(&results_lock);
	config = results.config ?: present;
	show_header(m);
	show_source(m, config);
	show_rows(m);
	ret = show_medians(m) ?: show_verdict(m, config);
	mutex_unlock(&results_lock);
	kfree(present);
	return ret;
}

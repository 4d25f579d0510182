/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows and verdict of the current or last run.
 */
#ifndef MAPSTAT_STRESS_RESULTS_H
#define MAPSTAT_STRESS_RESULTS_H

#include <linux/limits.h>
#include <linux/types.h>
#include "config.h"

/* Columns after map and round: name, and n for a value that is stored times 10^n. */
#define STRESS_COLUMNS(X)							\
	X(threads, 0)		X(ops, 0)		X(ops_per_s, 0)		\
	X(ns_per_op, 1)								\
	X(load_p50_ns, 0)	X(load_p99_ns, 0)				\
	X(load_p999_ns, 0)	X(load_max_ns, 0)				\
	X(store_p50_ns, 0)	X(store_p99_ns, 0)				\
	X(store_p999_ns, 0)	X(store_max_ns, 0)				\
	X(delete_p50_ns, 0)	X(delete_p99_ns, 0)				\
	X(delete_p999_ns, 0)	X(delete_max_ns, 0)				\
	X(response_p50_ns, 0)	X(response_p99_ns, 0)				\
	X(response_p999_ns, 0)	X(response_max_ns, 0)				\
	X(backlog_max_ops, 0)	X(misses, 0)		X(retries, 0)		\
	X(lock_waits, 0)	X(allocs_per_op, 4)	X(alloc_bytes_per_op, 1)\
	X(bytes_per_entry, 1)	X(pauses, 0)		X(pause_max_ns, 0)	\
	X(model_l1d_misses_per_op, 4)		X(model_coherence_misses_per_op, 4)\
	X(model_dtlb_misses_per_op, 4)		X(model_lines_per_op, 4)	\
	X(model_atomics_per_op, 4)		X(pmu_l1d_misses_per_op, 4)	\
	X(pmu_llc_misses_per_op, 4)		X(pmu_dtlb_misses_per_op, 4)	\
	X(threads_away, 0)	X(errors, 0)

#define STRESS_COLUMN_ENUM(name, decimals) STRESS_COL_##name,
enum stress_column {
	STRESS_COLUMNS(STRESS_COLUMN_ENUM)
	STRESS_NR_COLUMNS
};

#define STRESS_NONE	U64_MAX		/* not measured: printed as - */

/**
 * struct stress_row - result of one round of one map
 * @map: index into the run's maps
 * @round: counts from 1
 * @col: the columns, scaled as in STRESS_COLUMNS()
 */
struct stress_row {
	unsigned int map;
	unsigned int round;
	u64 col[STRESS_NR_COLUMNS];
};

enum stress_verdict {
	STRESS_NO_VERDICT,
	STRESS_SUCCESS,
	STRESS_FAILURE,
};

#define STRESS_REASON	224		/* size of a buffer for the reason of a verdict */

u64 results_bytes(const struct stress_config *config);
int results_begin(const struct stress_config *config);
void results_round(unsigned int round);
void results_add(const struct stress_row *row);
void results_misses(const char *source);
__printf(3, 4)
void results_end(enum stress_verdict verdict, int error, const char *fmt, ...);
void results_reset(void);

u64 stress_median(u64 *values, unsigned int n);

#endif /* MAPSTAT_STRESS_RESULTS_H */

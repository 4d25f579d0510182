/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One measurement: threads that use a map for some time.
 */
#ifndef MAPSTAT_BENCH_CELL_H
#define MAPSTAT_BENCH_CELL_H

#include "keys.h"

#define CELL_WARM_MS	300	/* the longest warm-up, in addition to a fifth of a round */

/**
 * struct cell - what to measure
 * @keys: of the map
 * @threads: number of pinned threads
 * @mix: of the operations
 * @dist: of the keys
 * @ms: duration, after a fifth of it to warm up
 * @warm: operations of all threads to warm up with, in addition to that
 * @seed: of the draws
 */
struct cell {
	const struct keys *keys;
	unsigned int threads;
	enum bench_mix mix;
	enum bench_dist dist;
	unsigned int ms;
	uint64_t warm;
	uint64_t seed;
};

/**
 * struct cell_result - the results of a cell
 * @ops: operations of all threads
 * @ns: of all threads, in the timed loops
 * @wall_ns: from start to end, including drawing and checking
 * @min_ops: of the slowest thread
 * @max_ops: of the fastest thread
 * @mops: of all threads, from @ns of each, in millions per second
 * @wrong: batches with wrong results
 */
struct cell_result {
	uint64_t ops;
	uint64_t ns;
	uint64_t wall_ns;
	uint64_t min_ops;
	uint64_t max_ops;
	double mops;
	uint64_t wrong;
};

bool cell_supports(const struct bench_peer *peer, enum bench_mix mix);
void cell_run(const struct bench_options *options, const struct bench_peer *peer, void *map,
	      const struct cell *cell, struct cell_result *result);

#endif /* MAPSTAT_BENCH_CELL_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One measurement: some threads at one map for some time.
 */
#ifndef MAPSTAT_BENCH_CELL_H
#define MAPSTAT_BENCH_CELL_H

#include "keys.h"

#define CELL_WARM_MS	300	/* the longest warm-up, but for a fifth of a round */

/**
 * struct cell - what is measured
 * @keys: of the map
 * @threads: pinned ones
 * @mix: what they do
 * @dist: on which keys
 * @ms: how long, after a fifth of it to warm up
 * @warm: operations to warm up beside that, of all threads
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
 * struct cell_result - what came of it
 * @ops: operations of all threads
 * @ns: of all threads, in the timed loops
 * @wall_ns: from the start to the end, drawing and checking included
 * @min_ops: of the thread that did least
 * @max_ops: of the thread that did most
 * @mops: of all threads, from @ns of each, millions a second
 * @wrong: batches that found what they must not
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

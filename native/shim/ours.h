/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loops that are compiled inside the designs (loop.h), for the bench.
 */
#ifndef MAPSTAT_NATIVE_OURS_H
#define MAPSTAT_NATIVE_OURS_H

#include <stdbool.h>
#include <stdint.h>

struct bench_batch;

/**
 * struct native_loops - the loops, as in struct bench_peer
 * @store: one store, as in the loops
 * @remove: one delete
 * @run: the timed loop over a batch
 * @chase: dependent loads
 * @bulk: lookups of BENCH_BULK keys at a time
 */
struct native_loops {
	bool (*store)(void *map, uint64_t key, uint64_t value);
	bool (*remove)(void *map, uint64_t key);
	void (*run)(void *map, struct bench_batch *batch);
	uint64_t (*chase)(void *map, uint64_t key, unsigned int n);
	void (*bulk)(void *map, struct bench_batch *batch);
};

extern const struct native_loops rwlock_loops;
extern const struct native_loops sharded_loops;
extern const struct native_loops readdirty_loops;
extern const struct native_loops readdirty_classic_loops;
extern const struct native_loops seqlock_loops;
extern const struct native_loops hlist_loops;
extern const struct native_loops busted_loops;
extern const struct native_loops front_loops;

#endif /* MAPSTAT_NATIVE_OURS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filled maps.
 */
#ifndef MAPSTAT_BENCH_FILL_H
#define MAPSTAT_BENCH_FILL_H

#include "keys.h"

#define FILL_BATCHES	1024	/* drawn beforehand, and used cyclically */

void *fill_map(const struct bench_peer *peer, const struct keys *keys, uint64_t capacity);
void fill_chase(const struct bench_peer *peer, void *map, const struct keys *keys);
uint64_t *fill_draws(const struct keys *keys, uint64_t seed, enum bench_mix mix,
		     enum bench_dist dist);
void fill_end(const struct bench_peer *peer, void *map);

#endif /* MAPSTAT_BENCH_FILL_H */

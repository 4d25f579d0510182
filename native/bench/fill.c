// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filled maps.
 */
#include <stdio.h>
#include <stdlib.h>
#include "fill.h"

#define BETWEEN_QUIESCENT	256	/* stores */

static void begin(const struct bench_peer *peer, void *map)
{
	if (peer->thread_begin)
		peer->thread_begin(map);
}

static void end(const struct bench_peer *peer, void *map)
{
	if (peer->settle)
		peer->settle(map);
	if (peer->thread_end)
		peer->thread_end(map);
}

static void store_all(const struct bench_peer *peer, void *map, const struct keys *keys,
		      bool chase)
{
	uint64_t i, key, value;

	for (i = 0; i < keys->n; i++) {
		key = keys_at(keys, i);
		value = chase ? keys_at(keys, keys_after(keys, i, 1)) : bench_value(key);
		if (!peer->store(map, key, value)) {
			fprintf(stderr, "bench: %s: no memory for a store\n", peer->name);
			exit(1);
		}
		if (peer->quiescent && i % BETWEEN_QUIESCENT == 0)
			peer->quiescent(map);
	}
}

/**
 * fill_map - create a map that holds the keys
 * @peer: the map's peer
 * @keys: the keys
 * @capacity: number of entries to create it for
 *
 * Return: the map, or NULL if it cannot be created.
 */
void *fill_map(const struct bench_peer *peer, const struct keys *keys, uint64_t capacity)
{
	void *map = peer->create(capacity);

	if (!map)
		return NULL;
	begin(peer, map);
	store_all(peer, map, keys, false);
	end(peer, map);
	return map;
}

/**
 * fill_chase - make each key's value the next key
 * @peer: the map's peer
 * @map: of fill_map()
 * @keys: as for fill_map()
 */
void fill_chase(const struct bench_peer *peer, void *map, const struct keys *keys)
{
	begin(peer, map);
	store_all(peer, map, keys, true);
	end(peer, map);
}

/**
 * fill_end - destroy a map
 * @peer: the map's peer
 * @map: of fill_map(), or NULL
 */
void fill_end(const struct bench_peer *peer, void *map)
{
	if (!map)
		return;
	begin(peer, map);
	peer->destroy(map);
	if (peer->thread_end)
		peer->thread_end(map);
}

/**
 * fill_draws - draw the keys of lookups
 * @keys: to draw from
 * @seed: of the draws
 * @mix: MIX_HIT or MIX_MISS
 * @dist: their distribution; DIST_ZIPF only if keys_init() was called with @zipf
 *
 * Return: FILL_BATCHES * BENCH_BATCH keys.
 */
uint64_t *fill_draws(const struct keys *keys, uint64_t seed, enum bench_mix mix,
		     enum bench_dist dist)
{
	uint64_t *drawn = aligned_alloc(64, FILL_BATCHES * BENCH_BATCH * sizeof(*drawn));
	struct keys_batch b;
	struct draws d;
	unsigned int i, j;

	if (!drawn)
		exit(1);
	draws_init(&d, seed, 0);
	for (i = 0; i < FILL_BATCHES; i++) {
		keys_draw(keys, &d, mix, dist, &b);
		for (j = 0; j < BENCH_BATCH; j++)
			drawn[i * BENCH_BATCH + j] = b.keys[j];
	}
	return drawn;
}

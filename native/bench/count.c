// SPDX-License-Identifier: GPL-2.0-only
/*
 * For cachegrind: create a map, do a number of lookups with one thread, and nothing else.  Runs
 * that differ only in that number differ in their counts by the cost of the lookups; except for
 * the keys, which are drawn before: reading them misses D1 once in 8 lookups.
 */
#include <stdio.h>
#include "fill.h"
#include "modes.h"

/* The first of the selected distributions. */
static enum bench_dist dist_of(const struct bench_options *o)
{
	enum bench_dist dist = 0;

	while (!o->dists[dist])
		dist++;
	return dist;
}

int count_run(const struct bench_options *o)
{
	const enum bench_mix mix = o->mixes[MIX_HIT] ? MIX_HIT : MIX_MISS;
	const struct bench_peer *peer = peers_find(o->count);
	const enum bench_dist dist = dist_of(o);
	const uint64_t must = mix == MIX_HIT ? o->ops : 0;
	uint64_t left, found = 0, *drawn, batch;
	struct bench_batch b = { };
	struct keys keys;
	void *map;

	if (!peer || peer_is_external(peer)) {
		fprintf(stderr, "bench: --count: %s is unknown, or not in this build\n", o->count);
		return 2;
	}
	keys_init(&keys, o->n[0], o->seed, dist == DIST_ZIPF);
	map = fill_map(peer, &keys, o->n[0]);
	if (!map) {
		fprintf(stderr, "bench: %s: the map could not be created\n", peer->name);
		return 1;
	}
	drawn = fill_draws(&keys, o->seed, mix, dist);
	if (peer->thread_begin)
		peer->thread_begin(map);
	for (left = o->ops, batch = 0; left; left -= b.n, batch++) {
		b.n = left < BENCH_BATCH ? left : BENCH_BATCH;
		b.keys = drawn + batch % FILL_BATCHES * BENCH_BATCH;
		peer->run(map, &b);
		found += b.found;
	}
	if (found == must)
		return 0;
	fprintf(stderr, "bench: %s: found %llu of %llu\n", peer->name, (unsigned long long)found,
		(unsigned long long)must);
	return 1;
}

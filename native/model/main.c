// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cache model, fed with the lookups of a map of ours, to be compared with cachegrind's counts
 * of the same lookups (bench --count).
 *
 * usage: model DESIGN N hit|miss WARM-UP LOOKUPS
 *
 * N entries; prints the misses of the first-level data cache per lookup.  The keys are read from
 * a list, like in the bench, and these accesses are fed to the model, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kmod/cachesim/model.h"
#include "kmod/cachesim/session.h"
#include "kmod/designs/design.h"
#include "native/bench/fill.h"
#include "native/bench/ours.h"
#include "native/shim/native.h"

#define SEED	1

/* The geometry passed to cachegrind by native/instructions; the TLB is not compared. */
static const struct mapstat_geometry geometry = {
	.l1d_kib = 48, .l1d_ways = 12, .line_bytes = 64,
	.dtlb_entries = 64, .dtlb_ways = 4, .page_kib = 4,
};

#define NAMED(peer)	&peer##_peer,
static const struct bench_peer *const peers[] = { OURS_ALL(NAMED) };

static const struct bench_peer *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(peers); i++)
		if (!strcmp(peers[i]->name, name))
			return peers[i];
	return NULL;
}

/* The loop's own access, of a key. Return: whether it missed. */
static bool read_key(struct mapstat_model *model, const uint64_t *key)
{
	struct mapstat_access t = { .addr = key, .size = sizeof(*key), .access = MAPSTAT_READ };

	mapstat_model_access(model, &t);
	return t.l1 != MAPSTAT_L1_HIT;
}

struct lookups {
	const struct bench_peer *peer;
	void *map;
	const uint64_t *keys;
	struct mapstat_model *model;
	uint64_t at;
	uint64_t found;
};

/* Return: misses of the loop's own accesses. */
static uint64_t look_up(struct lookups *l, uint64_t n)
{
	uint64_t missed = 0;

	for (; n; n--, l->at++) {
		struct bench_batch b = {
			.n = 1, .keys = l->keys + l->at % (FILL_BATCHES * BENCH_BATCH),
		};

		missed += read_key(l->model, b.keys);
		l->peer->run(l->map, &b);
		l->found += b.found;
	}
	return missed;
}

static int report(const struct mapstat_misses *misses, uint64_t loop, uint64_t n)
{
	const double each = 1.0 / n;
	int i;

	if (mapstat_misses_sum(misses, MAPSTAT_TOTAL_OPS) != n) {
		fprintf(stderr, "model: not all lookups were recorded\n");
		return 1;
	}
	printf("all_l1d_misses\t%.4f\n",
	       (mapstat_misses_sum(misses, MAPSTAT_TOTAL_L1D) + loop) * each);
	for (i = 0; i < MAPSTAT_NR_MISS_TOTALS; i++)
		printf("%s\t%.4f\n", mapstat_miss_total_names[i],
		       mapstat_misses_sum(misses, i) * each);
	return 0;
}

static int run(const struct bench_peer *peer, uint64_t n, enum bench_mix mix, uint64_t warm_up,
	       uint64_t ops)
{
	const unsigned long own = 1;	/* CPU 0 */
	struct mapstat_observer observer = { };
	struct lookups l = { .peer = peer };
	struct keys keys;
	uint64_t loop;

	keys_init(&keys, n, SEED, false);
	l.map = fill_map(peer, &keys, n);
	l.keys = fill_draws(&keys, SEED, mix, DIST_UNIFORM);
	l.model = mapstat_model_alloc(&geometry, &own, 1);
	observer.map = &((struct cmap *)l.map)->stats;
	observer.model = l.model;
	observer.misses = misses_alloc();
	if (!l.map || !l.model || !observer.misses) {
		fprintf(stderr, "model: no memory\n");
		return 1;
	}
	peer->thread_begin(l.map);
	mapstat_observe(&observer);
	look_up(&l, warm_up);
	observer.record = true;
	loop = look_up(&l, ops);
	if (l.found != (mix == MIX_HIT ? warm_up + ops : 0)) {
		fprintf(stderr, "model: %s: found %llu\n", peer->name,
			(unsigned long long)l.found);
		return 1;
	}
	return report(observer.misses, loop, ops);
}

int main(int argc, char **argv)
{
	const struct bench_peer *peer = argc == 6 ? find(argv[1]) : NULL;

	if (!peer) {
		fprintf(stderr, "usage: model DESIGN N hit|miss WARM-UP LOOKUPS\n");
		return 2;
	}
	native_random_seed(SEED);
	native_alone();
	native_start(1);
	if (mapstat_access_init())
		return 1;
	return run(peer, strtoull(argv[2], NULL, 0), strcmp(argv[3], "hit") ? MIX_MISS : MIX_HIT,
		   strtoull(argv[4], NULL, 0), strtoull(argv[5], NULL, 0));
}

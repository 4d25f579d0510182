// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys, and the choice of those that operations use.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "keys.h"

static uint64_t draw(struct draws *d)
{
	d->state += 0x9e3779b97f4a7c15ULL;
	return keys_mix(d->state);
}

/* The first rank whose cumulative share exceeds @u. */
static uint32_t zipf_rank(const double *sums, uint64_t n, double u)
{
	uint64_t lo = 0, hi = n - 1;

	while (lo < hi) {
		uint64_t middle = (lo + hi) / 2;

		if (sums[middle] > u)
			hi = middle;
		else
			lo = middle + 1;
	}
	return lo;
}

static void *must(void *p)
{
	if (p)
		return p;
	fprintf(stderr, "bench: out of memory\n");
	exit(1);
}

static void zipf_draw(struct keys *keys)
{
	struct draws d = { .state = keys->seed };
	double *sums = must(malloc(keys->n * sizeof(*sums)));
	double sum = 0;
	uint64_t i;

	for (i = 0; i < keys->n; i++) {
		sum += pow(i + 1, -KEYS_THETA);
		sums[i] = sum;
	}
	keys->ranks = must(malloc(KEYS_RANKS * sizeof(*keys->ranks)));
	for (i = 0; i < KEYS_RANKS; i++)
		keys->ranks[i] = zipf_rank(sums, keys->n,
					   sum * (draw(&d) >> 11) / (1ULL << 53));
	free(sums);
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	uint64_t rest;

	while (b) {
		rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* About the golden section of @n: keys visited one after the other are far apart. */
static uint64_t chase_step(uint64_t n)
{
	uint64_t step = n / 1000 * 618 + n % 1000 * 618 / 1000;

	while (common_divisor(n, step) != 1)
		step++;
	return step;
}

/**
 * keys_init - the keys of a map
 * @keys: initialized here
 * @n: number of keys
 * @seed: of all keys
 * @zipf: draws from zipf will be needed
 */
void keys_init(struct keys *keys, uint64_t n, uint64_t seed, bool zipf)
{
	*keys = (struct keys){ .n = n, .seed = keys_mix(seed + 1), .step = chase_step(n) };
	if (zipf)
		zipf_draw(keys);
}

/**
 * keys_exit - free what keys_init() allocated
 * @keys: of keys_init()
 */
void keys_exit(struct keys *keys)
{
	free(keys->ranks);
}

/**
 * draws_init - a thread's draws
 * @d: initialized here
 * @seed: of all threads
 * @thread: the thread's number
 */
void draws_init(struct draws *d, uint64_t seed, unsigned int thread)
{
	d->state = keys_mix(seed + (thread + 1) * 0x100000001b3ULL);
	d->rank = d->state % KEYS_RANKS;
}

static uint64_t below(struct draws *d, uint64_t n)
{
	return (uint64_t)((unsigned __int128)draw(d) * n >> 64);
}

static uint64_t draw_hotspot(const struct keys *keys, struct draws *d)
{
	const uint64_t hot = keys->n * KEYS_HOT / 100 ?: 1;

	if (below(d, 100) >= KEYS_HOT || hot == keys->n)
		return below(d, hot);
	return hot + below(d, keys->n - hot);
}

static uint64_t draw_index(const struct keys *keys, struct draws *d, enum bench_dist dist)
{
	switch (dist) {
	case DIST_ZIPF:
		return keys->ranks[d->rank++ % KEYS_RANKS];
	case DIST_HOTSPOT:
		return draw_hotspot(keys, d);
	default:
		return below(d, keys->n);
	}
}

/**
 * keys_draw - draw the next operations of a thread
 * @keys: of the map
 * @d: the thread's
 * @mix: of the operations
 * @dist: of the keys
 * @b: the operations (out)
 */
void keys_draw(const struct keys *keys, struct draws *d, enum bench_mix mix,
	       enum bench_dist dist, struct keys_batch *b)
{
	const uint64_t absent = mix == MIX_MISS ? keys->n : 0;
	unsigned int i;

	b->found = 0;
	b->sum = 0;
	b->batch = (struct bench_batch){
		.n = BENCH_BATCH,
		.keys = b->keys,
		.write = mix == MIX_97 ? b->write : NULL,
	};
	for (i = 0; i < BENCH_BATCH; i++) {
		b->keys[i] = keys_at(keys, absent + draw_index(keys, d, dist));
		b->write[i] = mix == MIX_97 && draw(d) % 1000 < KEYS_WRITES;
		if (!absent && !b->write[i]) {
			b->found++;
			b->sum += bench_value(b->keys[i]);
		}
	}
}

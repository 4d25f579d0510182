/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys, and the choice of those that operations use.
 */
#ifndef MAPSTAT_BENCH_KEYS_H
#define MAPSTAT_BENCH_KEYS_H

#include <stdbool.h>
#include <stdint.h>
#include "options.h"
#include "peer.h"

#define KEYS_THETA	0.99
#define KEYS_RANKS	(1U << 21)	/* drawn beforehand: drawing takes longer than a lookup */
#define KEYS_HOT	10	/* percent of keys that get 100 - KEYS_HOT percent of operations */
#define KEYS_WRITES	27		/* of 1000 operations in the mix 97.3 */

/* splitmix64 (Steele, Lea, Flood; public domain): a bijection, so keys differ. */
static inline uint64_t keys_mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/**
 * struct keys - the keys of a map
 * @n: number of keys in the map; the next @n keys are absent
 * @seed: of all of them
 * @step: from a key to the next one of a chase; coprime to @n
 * @ranks: KEYS_RANKS draws from zipf
 */
struct keys {
	uint64_t n;
	uint64_t seed;
	uint64_t step;
	uint32_t *ranks;
};

/**
 * struct draws - a thread's draws
 * @state: of its generator
 * @rank: index of its next rank
 */
struct draws {
	uint64_t state;
	uint32_t rank;
};

/* Key number @i: in the map if below @keys->n.  Never 0 or ~0, which some peers cannot hold. */
static inline uint64_t keys_at(const struct keys *keys, uint64_t i)
{
	uint64_t key = keys_mix((i + 1) * 0x9e3779b97f4a7c15ULL + keys->seed);

	return key + (key == 0) - (key == ~0ULL);
}

/*
 * The number of the key that a chase reaches @steps after key @i.  It visits all keys, but not in
 * the order in which they were stored: in a map that keeps that order, the walk would be
 * sequential, and the next line prefetched.
 */
static inline uint64_t keys_after(const struct keys *keys, uint64_t i, uint64_t steps)
{
	return (i + steps % keys->n * keys->step) % keys->n;
}

void keys_init(struct keys *keys, uint64_t n, uint64_t seed, bool zipf);
void keys_exit(struct keys *keys);
void draws_init(struct draws *draws, uint64_t seed, unsigned int thread);

/**
 * struct keys_batch - operations and their expected results
 * @batch: the operations
 * @keys: their keys
 * @write: which of them are stores
 * @found: loads that must find their key
 * @sum: sum of the values that they must find
 */
struct keys_batch {
	struct bench_batch batch;
	uint64_t keys[BENCH_BATCH];
	uint8_t write[BENCH_BATCH];
	uint64_t found;
	uint64_t sum;
};

void keys_draw(const struct keys *keys, struct draws *draws, enum bench_mix mix,
	       enum bench_dist dist, struct keys_batch *b);

#endif /* MAPSTAT_BENCH_KEYS_H */

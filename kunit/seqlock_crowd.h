/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys that collide in one bucket of "seqlock", their values, and what a map of them should
 * hold: for the tests that include the design (seqlock_steps.h).
 */
#ifndef MAPSTAT_KUNIT_SEQLOCK_CROWD_H
#define MAPSTAT_KUNIT_SEQLOCK_CROWD_H

#include <linux/prandom.h>
#include "seqlock_steps.h"

#define CROWD		10	/* keys that share a bucket, and two homes, of the largest table */
#define KEYS		14
#define BITS_MORE	4	/* log2 of the largest table's buckets over the smallest's */
#define CHANGES_MAX	3

static const struct crowd_shape {
	const char *name;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int flags;
} crowd_shapes[] = {
	{ "u64_u64", 8, 8 },
	{ "u64_1", 8, 1 },
	{ "u64_24", 8, 24 },
	{ "u64_56, just fits a slot", 8, 56 },
	{ "u64_57, just too large for a slot", 8, 57 },
	{ "generic", 8, 8, CMAP_GENERIC },
	{ "16_16, three slots", 16, 16 },
	{ "13_21, two slots", 13, 21 },
	{ "32_24, just fits a slot", 32, 24 },
	{ "32_25, just too large for a slot", 32, 25 },
	{ "256_4096", 256, 4096 },
	{ "collide", 8, 8, CMAP_COLLIDE },
	{ "collide outside", 16, 128, CMAP_COLLIDE },
};

/* Which side runs at a step: writers at the one counted down to, a reader at each one. */
enum crowd_turn { NO_TURN, WRITERS, READER };

/**
 * struct crowd - a map and what it should hold; used by one thread
 * @sm: the map; never registered
 * @rnd: random number state
 * @key: the keys
 * @version: of the keys' values, 0 if they are absent
 * @versions: the last version used
 * @probe: number of the key that is loaded
 * @turn: which side runs at the next step
 * @left: steps until the writers run
 * @seen: versions that the load may find; during a write, the last one found and the one being
 *	written
 * @nr_seen: number of these
 * @value: a value to store
 * @page: for a walk
 * @out: a value that was returned
 * @wanted: the value expected
 * @wrong: the first error, or NULL
 */
struct crowd {
	struct sqm_map *sm;
	struct rnd_state rnd;
	u64 key[KEYS][CMAP_KEY_MAX / 8];
	u32 version[KEYS];
	u32 versions;
	unsigned int probe;
	enum crowd_turn turn;
	unsigned int left;
	u32 seen[CHANGES_MAX + 1];
	unsigned int nr_seen;
	u64 value[CMAP_VALUE_MAX / 8];
	u8 page[KEYS * (CMAP_KEY_MAX + CMAP_VALUE_MAX)] __aligned(sizeof(u64));
	u64 out[CMAP_VALUE_MAX / 8];
	u64 wanted[CMAP_VALUE_MAX / 8];
	const char *wrong;
};

static struct crowd *crowd;	/* of the running test */

static unsigned int draw(unsigned int below)
{
	return prandom_u32_state(&crowd->rnd) % below;
}

/* A random key that is present or absent, as requested, if there is one. */
static unsigned int draw_key(bool present)
{
	unsigned int k = draw(KEYS), tries;

	for (tries = 0; tries < KEYS && present != !!crowd->version[k]; tries++)
		k = (k + 1) % KEYS;
	return k;
}

static void expect(bool right, const char *what)
{
	if (!right && !crowd->wrong)
		crowd->wrong = what;
}

static u64 value_word(unsigned int k, u32 version, unsigned int i)
{
	return (((u64)k << 32 | version) + 1) * 0x9e3779b97f4a7c15ULL + i;
}

/* The first byte holds the version, as far as a byte can. */
static void value_make(void *value, unsigned int k, u32 version)
{
	unsigned int i, size = crowd->sm->cmap.shape.value_size;

	for (i = 0; i < DIV_ROUND_UP(size, sizeof(u64)); i++) {
		u64 word = (value_word(k, version, i) & ~0xffULL) | (u8)(version * 16 + k);

		memcpy(value + i * sizeof(u64), &word, min_t(size_t, size - i * sizeof(u64),
							     sizeof(u64)));
	}
}

static u64 hash_of(unsigned int k)
{
	return cmap_hash(&crowd->sm->cmap, crowd->key[k], crowd->sm->cmap.shape);
}

#endif /* MAPSTAT_KUNIT_SEQLOCK_CROWD_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Key distributions, and the encoding of keys and values.
 *
 * A key has an index, 0..keys - 1.  Its bytes, and those of its values, are a function of the
 * index, the value's version and the seed, so a reader can detect a wrong or torn value
 * without any shared state.
 */
#ifndef MAPSTAT_STRESS_KEYS_H
#define MAPSTAT_STRESS_KEYS_H

#include <linux/types.h>
#include "config.h"
#include "random.h"

#define STRESS_VERSIONS		128	/* 7 bits; the shadow byte's eighth is STRESS_PRESENT */
#define STRESS_HOT_PERCENT	10	/* hotspot: hot keys, and operations on the other keys */

/**
 * struct stress_zipf - constants of the generator of Gray et al. (SIGMOD 1994)
 * @zetan: zeta(n, theta), Q28
 * @zeta2: zeta(2, theta), Q28
 * @eta: Q62
 * @alpha: 1 / (1 - theta), Q32
 * @log2n: log2(n), Q57
 */
struct stress_zipf {
	u64 zetan;
	u64 zeta2;
	u64 eta;
	u64 alpha;
	u64 log2n;
};

/**
 * struct stress_keys - keys of a run; constant after stress_keys_init()
 * @n: number of keys
 * @hot: hotspot: number of hot keys; they have the lowest indexes
 * @mask: derived from the seed; makes the first words of keys and values differ by seed
 * @dist: of enum stress_dist
 * @key_size: bytes
 * @value_size: bytes
 * @zipf: initialized if @dist is STRESS_ZIPF
 */
struct stress_keys {
	u64 n;
	u64 hot;
	u64 mask;
	unsigned int dist;
	unsigned int key_size;
	unsigned int value_size;
	struct stress_zipf zipf;
};

void stress_keys_init(struct stress_keys *keys, const struct stress_config *config);
u64 stress_keys_draw(const struct stress_keys *keys, struct stress_random *random);
u64 stress_zipf_rank(const struct stress_zipf *zipf, u64 n, u64 u);
u64 stress_zeta(u64 n, unsigned int theta_permille);

void stress_key_encode(const struct stress_keys *keys, u64 index, void *key);
int stress_key_decode(const struct stress_keys *keys, const void *key, u64 *index);
void stress_value_encode(const struct stress_keys *keys, u64 index, unsigned int version,
			 void *value);
int stress_value_check(const struct stress_keys *keys, u64 index, const void *value);

#endif /* MAPSTAT_STRESS_KEYS_H */

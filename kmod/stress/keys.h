/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which key is next, what its bytes are, and what its value must be.
 *
 * A key has an index, 0..keys - 1.  Its bytes, and those of its values, follow from the
 * index, the value's version and the seed alone, so a reader can tell a wrong or torn
 * value without asking anyone.
 */
#ifndef MAPSTAT_STRESS_KEYS_H
#define MAPSTAT_STRESS_KEYS_H

#include <linux/types.h>
#include "config.h"
#include "random.h"

#define STRESS_VERSIONS		128	/* 7 bits: an owner's note is a byte with 1 for "present" */
#define STRESS_HOT_PERCENT	10	/* hotspot: of the keys, that take the others' percentage */

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
 * struct stress_keys - a run's keys; constant once set up
 * @n: how many
 * @hot: hotspot: the first so many are hot
 * @mask: turns an index into the first word of a key: from the seed
 * @dist: of enum stress_dist
 * @key_size: bytes
 * @value_size: bytes
 * @zipf: set up where @dist is zipf
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

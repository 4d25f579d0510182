/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests of every design against a model, with one thread and with two.
 */
#ifndef MAPSTAT_SMOKE_H
#define MAPSTAT_SMOKE_H

#include <mapstat/cmap.h>

#define SMOKE_KEYS	1500	/* enough for several resizes */
#define SMOKE_VALUE_MAX	64
#define SMOKE_KEY_MAX	32

/**
 * struct smoke_case - parameters of a map
 * @design: as in struct cmap_params
 * @mode: as in struct cmap_params
 * @flags: as in struct cmap_params
 * @key_size: as in struct cmap_params
 * @value_size: as in struct cmap_params
 */
struct smoke_case {
	const char *design;
	const char *mode;
	unsigned int flags;
	unsigned int key_size;
	unsigned int value_size;
};

/**
 * struct smoke_data - a key or value, aligned as the maps require
 * @word: its bytes
 */
struct smoke_data {
	u64 word[8];
};

struct cmap *smoke_map(const struct smoke_case *c, u64 capacity);
void smoke_fail(const struct smoke_case *c, const char *format, ...) __printf(2, 3);

u64 smoke_mix(u64 x);
void smoke_key(struct smoke_data *key, unsigned int index);
unsigned int smoke_key_index(const void *key);
void smoke_value(struct smoke_data *value, unsigned int index, u32 version);
bool smoke_value_is_whole(const struct smoke_data *value, unsigned int index, unsigned int size,
			  u32 *version);

bool history_run(const struct smoke_case *c, u64 seed, unsigned int ops, bool tell);
bool pair_run(const struct smoke_case *c, u64 seed, unsigned int ms);

#endif /* MAPSTAT_SMOKE_H */

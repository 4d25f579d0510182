/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every design against a model, alone and with a second thread.
 */
#ifndef MAPSTAT_SMOKE_H
#define MAPSTAT_SMOKE_H

#include <mapstat/cmap.h>

#define SMOKE_KEYS	1500	/* some growths and shrinks */
#define SMOKE_VALUE_MAX	64
#define SMOKE_KEY_MAX	32

/**
 * struct smoke_case - a map
 * @design: as in struct cmap_params
 * @mode: as there
 * @flags: as there
 * @key_size: as there
 * @value_size: as there
 */
struct smoke_case {
	const char *design;
	const char *mode;
	unsigned int flags;
	unsigned int key_size;
	unsigned int value_size;
};

/**
 * struct smoke_data - a key or value, aligned as the maps want it
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

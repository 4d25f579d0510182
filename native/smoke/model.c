// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys and values that can be identified.
 */
#include <stdarg.h>
#include <stdio.h>
#include <linux/err.h>
#include <linux/string.h>
#include "smoke.h"

/* splitmix64's (Steele, Lea, Flood; public domain). */
u64 smoke_mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* Key 0 is 0, which many tables use for "empty". */
void smoke_key(struct smoke_data *key, unsigned int index)
{
	unsigned int i;

	memset(key, 0, sizeof(*key));
	key->word[0] = index * 0x9e3779b97f4a7c15ULL;
	for (i = 1; i < ARRAY_SIZE(key->word); i++)
		key->word[i] = smoke_mix(index + i);
}

unsigned int smoke_key_index(const void *key)
{
	/* The multiplier's inverse modulo 2^64. */
	return *(const u64 *)key * 0xf1de83e19937733dULL;
}

void smoke_value(struct smoke_data *value, unsigned int index, u32 version)
{
	const u64 first = smoke_mix(((u64)index << 32 | version) + 1) << 32 | version;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(value->word); i++)
		value->word[i] = first + i * 0x0101010101010101ULL;
}

/* Is it one whole value of that key?  Values below 8 bytes cannot be checked. */
bool smoke_value_is_whole(const struct smoke_data *value, unsigned int index, unsigned int size,
			  u32 *version)
{
	struct smoke_data wanted;

	*version = (u32)value->word[0];
	if (size < sizeof(u64))
		return true;
	smoke_value(&wanted, index, *version);
	return !memcmp(&wanted, value, size);
}

void smoke_fail(const struct smoke_case *c, const char *format, ...)
{
	va_list args;

	printf("not ok: %s%s%s, key %u, value %u, flags %#x: ", c->design, c->mode ? " " : "",
	       c->mode ?: "", c->key_size, c->value_size, c->flags);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

struct cmap *smoke_map(const struct smoke_case *c, u64 capacity)
{
	const struct cmap_params params = {
		.name = "smoke",
		.design = c->design,
		.mode = c->mode,
		.key_size = c->key_size,
		.value_size = c->value_size,
		.flags = c->flags,
		.capacity = capacity,
	};
	struct cmap *map = cmap_create(&params);

	if (!IS_ERR(map))
		return map;
	smoke_fail(c, "cannot be created: %ld", PTR_ERR(map));
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The limit of what a map can reach: see plain.h.
 */
#include <stdlib.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "plain.h"

#define PLAIN_LEAST	64	/* slots */

static bool plain_alloc(struct plain *p, uint64_t slots)
{
	p->slots = vmalloc_huge(slots * sizeof(*p->slots), GFP_KERNEL | __GFP_ZERO);
	p->mask = slots - 1;
	p->shift = 64 - order_base_2(slots);
	p->entries = 0;
	return p->slots;
}

bool plain_init(struct plain *p, uint64_t capacity)
{
	*p = (struct plain){ };
	hash_key_init(&p->hash, false);
	return plain_alloc(p, roundup_pow_of_two(max(2 * capacity, (uint64_t)PLAIN_LEAST)));
}

void plain_exit(struct plain *p)
{
	kvfree(p->slots);
}

static void plain_put(struct plain *p, uint64_t key, uint64_t value)
{
	uint64_t i;

	for (i = plain_home(p, key); p->slots[i].key; i = (i + 1) & p->mask)
		;
	p->slots[i] = (struct plain_slot){ key, value };
	p->entries++;
}

static bool plain_grow(struct plain *p)
{
	struct plain old = *p;
	uint64_t i;

	if (!plain_alloc(p, 2 * (old.mask + 1))) {
		*p = old;
		return false;
	}
	for (i = 0; i <= old.mask; i++)
		if (old.slots[i].key)
			plain_put(p, old.slots[i].key, old.slots[i].value);
	kvfree(old.slots);
	return true;
}

/* Add an absent key. */
bool plain_insert(struct plain *p, uint64_t key, uint64_t value)
{
	if (p->entries > p->mask / 2 && !plain_grow(p))
		return false;
	plain_put(p, key, value);
	return true;
}

/* Remove a key, and move following keys closer to their home slots if possible. */
bool plain_erase(struct plain *p, uint64_t key)
{
	uint64_t hole, i;
	bool had_zero = p->has_zero;

	if (!key) {
		p->has_zero = false;
		return had_zero;
	}
	for (hole = plain_home(p, key); p->slots[hole].key != key; hole = (hole + 1) & p->mask)
		if (!p->slots[hole].key)
			return false;
	for (i = (hole + 1) & p->mask; p->slots[i].key; i = (i + 1) & p->mask) {
		if (((i - plain_home(p, p->slots[i].key)) & p->mask) >= ((i - hole) & p->mask)) {
			p->slots[hole] = p->slots[i];
			hole = i;
		}
	}
	p->slots[hole].key = 0;
	p->entries--;
	return true;
}

static void *plain_create(uint64_t capacity)
{
	struct plain *p = malloc(sizeof(*p));

	if (p && plain_init(p, capacity))
		return p;
	free(p);
	return NULL;
}

static void plain_destroy(void *map)
{
	plain_exit(map);
	free(map);
}

static inline bool plain_load(void *map, uint64_t key, uint64_t *value)
{
	return plain_find(map, key, value);
}

static inline bool plain_store(void *map, uint64_t key, uint64_t value)
{
	return plain_set(map, key, value);
}

static bool plain_remove(void *map, uint64_t key)
{
	return plain_erase(map, key);
}

static uint64_t plain_bytes(void *map)
{
	const struct plain *p = map;

	return sizeof(*p) + (p->mask + 1) * sizeof(*p->slots);
}

static void plain_bulk(void *map, struct bench_batch *b)
{
	const struct plain *p = map;
	uint64_t value, found = 0, sum = 0;
	unsigned int i, first;

	for (first = 0; first < b->n; first += BENCH_BULK) {
		const uint64_t *keys = b->keys + first;

		for (i = 0; i < BENCH_BULK; i++)
			__builtin_prefetch(&p->slots[plain_home(p, keys[i])]);
		for (i = 0; i < BENCH_BULK; i++) {
			if (plain_find(p, keys[i], &value)) {
				found++;
				sum += value;
			}
		}
	}
	b->found = found;
	b->sum = sum;
}

BENCH_DEFINE_LOOPS(plain);

const struct bench_peer plain_peer = {
	.name = "plain",
	.settings = "no synchronisation: open addressing, linear probing, at most half full, one allocation in 2 MiB pages; bulk32: prefetched",
	.create = plain_create,
	.destroy = plain_destroy,
	.store = plain_store,
	.remove = plain_remove,
	.run = plain_run,
	.chase = plain_chase,
	.bulk = plain_bulk,
	.bytes = plain_bytes,
};

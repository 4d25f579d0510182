// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer: Concurrency Kit's ck_ht with direct keys.  It supports one writer at a time, so writers
 * take a lock; readers take none.  It is created for twice the entries, so that it is half full
 * and does not grow.  It cannot hold the keys 0 and ~0.
 */
#include <ck_ht.h>
#include <ck_spinlock.h>
#include <stdlib.h>
#include "hash.h"
#include "peer.h"

/* Header of an allocation; the array begins one cache line after it. */
struct array {
	struct array *next;
	size_t size;
};

#define LINE	64

struct locked_ht {
	ck_ht_t ht;
	char gap[LINE];		/* keeps the writers' lock off the readers' line */
	ck_spinlock_t lock;
	uint64_t bytes;
};

/* Old arrays, which readers may still use: freed with the last table. */
static struct array *arrays;
static unsigned int tables;
static uint64_t array_bytes;

static void *array_malloc(size_t size)
{
	struct array *a = aligned_alloc(LINE, (LINE + size + LINE - 1) / LINE * LINE);

	if (!a)
		return NULL;
	a->size = size;
	array_bytes += size;
	return (char *)a + LINE;
}

static void array_free(void *p, size_t size, bool later)
{
	struct array *a = (struct array *)((char *)p - LINE);

	array_bytes -= a->size;
	if (later) {
		a->next = arrays;
		arrays = a;
	} else {
		free(a);
	}
}

static struct ck_malloc allocator = {
	.malloc = array_malloc,
	.free = array_free,
};

static void hash_key(struct ck_ht_hash *h, const void *key, size_t length, uint64_t seed)
{
	h->value = bench_hash(*(const uint64_t *)key);
}

static void *ck_ht_create(uint64_t capacity)
{
	struct locked_ht *l = malloc(sizeof(*l));
	const uint64_t before = array_bytes;

	if (!l)
		return NULL;
	ck_spinlock_init(&l->lock);
	if (!ck_ht_init(&l->ht, CK_HT_MODE_DIRECT, hash_key, &allocator,
			capacity ? 2 * capacity : 8, 0)) {
		free(l);
		return NULL;
	}
	l->bytes = array_bytes - before;
	tables++;
	return l;
}

static void ck_ht_end(void *map)
{
	struct locked_ht *l = map;
	struct array *a;

	ck_ht_destroy(&l->ht);
	free(l);
	if (--tables)
		return;
	while ((a = arrays)) {
		arrays = a->next;
		free(a);
	}
}

static inline ck_ht_hash_t ck_ht_hash_of(uint64_t key)
{
	return (ck_ht_hash_t){ .value = bench_hash(key) };
}

static inline bool ck_ht_load(void *map, uint64_t key, uint64_t *value)
{
	struct locked_ht *l = map;
	ck_ht_entry_t entry;

	ck_ht_entry_key_set_direct(&entry, key);
	if (!ck_ht_get_spmc(&l->ht, ck_ht_hash_of(key), &entry))
		return false;
	*value = ck_ht_entry_value_direct(&entry);
	return true;
}

static inline bool ck_ht_store(void *map, uint64_t key, uint64_t value)
{
	struct locked_ht *l = map;
	ck_ht_hash_t h = ck_ht_hash_of(key);
	ck_ht_entry_t entry;
	uint64_t before;
	bool ok;

	ck_ht_entry_set_direct(&entry, h, key, value);
	ck_spinlock_lock(&l->lock);
	before = array_bytes;
	ok = ck_ht_set_spmc(&l->ht, h, &entry);
	l->bytes += array_bytes - before;
	ck_spinlock_unlock(&l->lock);
	return ok;
}

static bool ck_ht_remove(void *map, uint64_t key)
{
	struct locked_ht *l = map;
	ck_ht_entry_t entry;
	bool was;

	ck_ht_entry_key_set_direct(&entry, key);
	ck_spinlock_lock(&l->lock);
	was = ck_ht_remove_spmc(&l->ht, ck_ht_hash_of(key), &entry);
	ck_spinlock_unlock(&l->lock);
	return was;
}

static uint64_t ck_ht_bytes(void *map)
{
	const struct locked_ht *l = map;

	return sizeof(*l) + l->bytes;
}

BENCH_DEFINE_LOOPS(ck_ht);

const struct bench_peer ck_ht_peer = {
	.name = "ck_ht",
	.settings = "Concurrency Kit ck_ht, direct keys, sized for twice the entries, writers under a ck_spinlock",
	.create = ck_ht_create,
	.destroy = ck_ht_end,
	.store = ck_ht_store,
	.remove = ck_ht_remove,
	.run = ck_ht_run,
	.chase = ck_ht_chase,
	.bytes = ck_ht_bytes,
};

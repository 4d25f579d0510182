// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer: the plain table protected by the C library's reader-writer lock, the usual way to
 * write it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <linux/compiler.h>
#include "plain.h"

struct locked {
	pthread_rwlock_t lock;
	struct plain table __aligned(64);	/* not on the lock's line */
};

static void *pthread_rwlock_create(uint64_t capacity)
{
	struct locked *l = aligned_alloc(64, sizeof(*l));

	if (!l)
		return NULL;
	pthread_rwlock_init(&l->lock, NULL);
	if (plain_init(&l->table, capacity))
		return l;
	free(l);
	return NULL;
}

static void pthread_rwlock_end(void *map)
{
	struct locked *l = map;

	plain_exit(&l->table);
	pthread_rwlock_destroy(&l->lock);
	free(l);
}

static inline bool pthread_rwlock_load(void *map, uint64_t key, uint64_t *value)
{
	struct locked *l = map;
	bool found;

	pthread_rwlock_rdlock(&l->lock);
	found = plain_find(&l->table, key, value);
	pthread_rwlock_unlock(&l->lock);
	return found;
}

static inline bool pthread_rwlock_store(void *map, uint64_t key, uint64_t value)
{
	struct locked *l = map;
	bool ok;

	pthread_rwlock_wrlock(&l->lock);
	ok = plain_set(&l->table, key, value);
	pthread_rwlock_unlock(&l->lock);
	return ok;
}

static bool pthread_rwlock_remove(void *map, uint64_t key)
{
	struct locked *l = map;
	bool was;

	pthread_rwlock_wrlock(&l->lock);
	was = plain_erase(&l->table, key);
	pthread_rwlock_unlock(&l->lock);
	return was;
}

static uint64_t pthread_rwlock_bytes(void *map)
{
	const struct locked *l = map;

	return sizeof(*l) + (l->table.mask + 1) * sizeof(*l->table.slots);
}

BENCH_DEFINE_LOOPS(pthread_rwlock);

const struct bench_peer pthread_rwlock_peer = {
	.name = "pthread_rwlock",
	.settings = "pthread_rwlock_t with its defaults (glibc: readers first) around the table of plain",
	.create = pthread_rwlock_create,
	.destroy = pthread_rwlock_end,
	.store = pthread_rwlock_store,
	.remove = pthread_rwlock_remove,
	.run = pthread_rwlock_run,
	.chase = pthread_rwlock_chase,
	.bytes = pthread_rwlock_bytes,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many bucket tables, each behind a spinlock of its own: operations on keys of
 * different shards do not meet.
 *
 * The shard is chosen by hash bits that the tables do not use (hash.h).  Shards lie on
 * cache lines of their own, or, with CMAP_PACKED, back to back, to show what that costs.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "../stress/loop.h"
#include "../table/array.h"
#include "../table/table.h"
#include "many.h"
#include "sharded.h"

/* A range's cursor: the shard above, the table's cursor below. */
#define SHARD_SHIFT	(TABLE_BITS_MAX + 1)
#define CURSOR_MASK	((1ULL << SHARD_SHIFT) - 1)

/**
 * struct shard - a part of the map
 * @lock: protects @table
 * @table: the entries
 */
struct shard {
	spinlock_t lock;	/* protects table */
	struct table table;
};

/**
 * struct sharded_map - the map
 * @map: the shared part
 * @shards: the shards, @stride bytes apart; constant
 * @stride: constant
 * @mask: number of shards - 1; constant
 */
struct sharded_map {
	struct cmap map;
	void *shards;
	unsigned int stride;
	unsigned int mask;
};

static struct sharded_map *to_sharded(struct cmap *m)
{
	return container_of(m, struct sharded_map, map);
}

static __always_inline struct shard *shard_at(struct sharded_map *sm, unsigned int i)
{
	return sm->shards + (size_t)i * sm->stride;
}

static __always_inline void lock_shard(struct sharded_map *sm, struct shard *s)
	__acquires(&s->lock)
{
	cmap_touch(&sm->map, &s->lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	if (likely(spin_trylock_bh(&s->lock)))
		return;
	cmap_count(&sm->map, CMAP_LOCK_WAITS);
	spin_lock_bh(&s->lock);
}

static __always_inline void unlock_shard(struct sharded_map *sm, struct shard *s)
	__releases(&s->lock)
{
	cmap_touch(&sm->map, &s->lock, MAPSTAT_LOCK_BYTES, MAPSTAT_WRITE);
	spin_unlock_bh(&s->lock);
}

static struct shard *to_shard(struct table *t)
{
	return container_of(t, struct shard, table);
}

static void table_lock(struct table *t)
	__acquires(&to_shard(t)->lock)
{
	cmap_touch(t->map, &to_shard(t)->lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	spin_lock_bh(&to_shard(t)->lock);
}

static void table_unlock(struct table *t)
	__releases(&to_shard(t)->lock)
{
	unlock_shard(to_sharded(t->map), to_shard(t));
}

static __always_inline struct shard *shard_of(struct cmap *m, u64 hash)
{
	struct sharded_map *sm = to_sharded(m);

	return shard_at(sm, hash_shard(hash, sm->mask));
}

/**
 * sharded_shard_of - where does a key belong?
 * @m: a sharded map
 * @key: the key
 *
 * Context: Any.
 * Return: the number of its shard.
 */
unsigned int sharded_shard_of(struct cmap *m, const void *key)
{
	return hash_shard(cmap_hash(m, key, m->shape), to_sharded(m)->mask);
}

static __always_inline int load_hashed(struct cmap *m, u64 hash, const void *key, void *value,
				       const struct cmap_shape shape)
{
	struct shard *s = shard_of(m, hash);
	int ret;

	lock_shard(to_sharded(m), s);
	ret = table_load(&s->table, hash, key, value, shape);
	unlock_shard(to_sharded(m), s);
	cmap_count(m, ret ? CMAP_MISSES : CMAP_HITS);
	return ret;
}

static __always_inline void fetch(struct cmap *m, u64 hash, const struct cmap_shape shape)
{
	table_fetch(&shard_of(m, hash)->table, hash, shape);
}

CMAP_DEFINE_LOADS(sharded, .fetch = fetch, .load = load_hashed)

static __always_inline int do_update(struct sharded_map *sm, const struct cmap_update *u,
				     const struct cmap_shape shape)
{
	u64 hash = cmap_hash(&sm->map, u->key, shape);
	struct shard *s = shard_of(&sm->map, hash);
	enum cmap_action act;
	int ret;

	lock_shard(sm, s);
	ret = table_update(&s->table, u, hash, shape, &act);
	unlock_shard(sm, s);
	update_count(&sm->map, act);
	return ret;
}

int sharded_update(struct cmap *m, const struct cmap_update *u)
{
	return CMAP_BY_SHAPE(m, do_update, to_sharded(m), u);
}

static void map_exit(struct cmap *m)
{
	struct sharded_map *sm = to_sharded(m);
	unsigned int i;

	for (i = 0; i <= sm->mask; i++)
		table_exit(&shard_at(sm, i)->table);
	kvfree(sm->shards);
}

static int init_shard(struct cmap *m, struct shard *s, u64 capacity)
{
	spin_lock_init(&s->lock);
	s->table.lock = table_lock;
	s->table.unlock = table_unlock;
	return table_init(&s->table, m, capacity);
}

static int map_init(struct cmap *m)
{
	struct sharded_map *sm = to_sharded(m);
	const unsigned int n = m->params.shards;
	const u64 each = DIV_ROUND_UP_ULL(m->params.capacity, n);
	unsigned int i;
	int ret = 0;

	sm->stride = m->flags & CMAP_PACKED ? sizeof(struct shard) :
		     ALIGN(sizeof(struct shard), SMP_CACHE_BYTES);
	sm->mask = n - 1;
	sm->shards = array_alloc((u64)n * sm->stride);
	if (!sm->shards)
		return -ENOMEM;
	for (i = 0; i < n && !ret; i++)
		ret = init_shard(m, shard_at(sm, i), each);
	if (ret)
		map_exit(m);
	return ret;
}

static int map_collect(struct cmap *m, struct cmap_page *page)
{
	struct sharded_map *sm = to_sharded(m);
	unsigned int i = page->cursor >> SHARD_SHIFT;
	u64 cursor = page->cursor & CURSOR_MASK;
	struct shard *s = shard_at(sm, i);

	lock_shard(sm, s);
	table_collect(&s->table, &cursor, page);
	unlock_shard(sm, s);
	if (cursor >> TABLE_BITS_MAX) {
		page->done = i == sm->mask;
		cursor = 0;
		i++;
	}
	page->cursor = (u64)i << SHARD_SHIFT | cursor;
	return 0;
}

static int map_clear(struct cmap *m)
{
	struct sharded_map *sm = to_sharded(m);
	unsigned int i;

	for (i = 0; i <= sm->mask; i++) {
		struct shard *s = shard_at(sm, i);
		u64 cursor = 0;

		while (!(cursor >> TABLE_BITS_MAX)) {
			lock_shard(sm, s);
			table_clear_step(&s->table, &cursor);
			unlock_shard(sm, s);
			cond_resched();
		}
	}
	return 0;
}

static void map_work(struct cmap *m)
{
	struct sharded_map *sm = to_sharded(m);
	unsigned int i;

	for (i = 0; i <= sm->mask; i++)
		table_work(&shard_at(sm, i)->table);
}

static void map_memory(struct cmap *m, struct cmap_memory *mem)
{
	struct sharded_map *sm = to_sharded(m);
	unsigned int i;

	mem->bytes += sizeof(*sm) + (u64)sm->stride * (sm->mask + 1);
	for (i = 0; i <= sm->mask; i++) {
		struct shard *s = shard_at(sm, i);

		lock_shard(sm, s);
		table_memory(&s->table, mem);
		unlock_shard(sm, s);
	}
}

STRESS_DEFINE_RUN(sharded, sharded_load_inline)

const struct cmap_ops sharded_ops = {
	.name		= "sharded",
	.size		= sizeof(struct sharded_map),
	.init		= map_init,
	.exit		= map_exit,
	.collect	= map_collect,
	.clear		= map_clear,
	.work		= map_work,
	.memory		= map_memory,
	.run		= sharded_run,
};

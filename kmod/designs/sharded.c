// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many bucket tables, each behind its own spinlock: operations on keys of different
 * shards do not contend.
 *
 * The shard is chosen by hash bits that the tables do not use (hash.h).  Each shard has
 * its own cache lines; with CMAP_PACKED the locks are adjacent instead, to measure the cost
 * of false sharing.
 */
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "kmod/designs/table/table.h"
#include "array.h"
#include "lock.h"
#include "lookup.h"
#include "loop.h"
#include "sharded.h"

/* A range's cursor: the shard in the upper bits, the table's cursor in the lower bits. */
#define SHARD_SHIFT	(TABLE_BITS_MAX + 1)
#define CURSOR_MASK	((1ULL << SHARD_SHIFT) - 1)

/**
 * struct shard - a part of the map; layout if padded
 * @lock: protects @table
 * @table: the entries; on the lock's line, since a thread that reads it has just written the lock
 */
struct shard {
	spinlock_t lock;	/* protects table */
	struct table table;
};

/**
 * struct sharded_map - the map
 * @map: the shared part
 * @locks: the locks of the shards, @lock_stride bytes apart; constant
 * @tables: their tables, @table_stride bytes apart, in the same memory; constant
 * @lock_stride: constant
 * @table_stride: constant
 * @mask: number of shards - 1; constant
 * @bytes: size of the memory of both; constant
 */
struct sharded_map {
	struct cmap map;
	void *locks;
	void *tables;
	size_t lock_stride;
	size_t table_stride;
	unsigned int mask;
	u64 bytes;
};

static struct sharded_map *to_sharded(struct cmap *m)
{
	return container_of(m, struct sharded_map, map);
}

static __always_inline spinlock_t *sharded_lock_at(struct sharded_map *sm, unsigned int i)
{
	return sm->locks + i * sm->lock_stride;
}

static __always_inline struct table *sharded_table_at(struct sharded_map *sm, unsigned int i)
{
	return sm->tables + i * sm->table_stride;
}

static spinlock_t *sharded_lock_of(struct table *t)
{
	struct sharded_map *sm = to_sharded(t->map);

	return sharded_lock_at(sm, ((void *)t - sm->tables) / sm->table_stride);
}

static void sharded_table_lock(struct table *t)
	__acquires(sharded_lock_of(t))
{
	cmap_access(t->map, sharded_lock_of(t), MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	spin_lock_bh(sharded_lock_of(t));
}

static void sharded_table_unlock(struct table *t)
	__releases(sharded_lock_of(t))
{
	cmap_unlock(t->map, sharded_lock_of(t));
}

/**
 * sharded_shard_of - shard of a key
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

static __always_inline int sharded_load_hashed(struct cmap *m, u64 hash, const void *key,
					       void *value, const struct cmap_shape shape)
{
	struct sharded_map *sm = to_sharded(m);
	const unsigned int i = hash_shard(hash, sm->mask);
	spinlock_t *lock = sharded_lock_at(sm, i);
	int ret;

	cmap_lock(&sm->map, lock);
	ret = table_load(sharded_table_at(sm, i), hash, key, value, shape);
	cmap_unlock(&sm->map, lock);
	return ret;
}

static __always_inline void sharded_fetch(struct cmap *m, u64 hash, const struct cmap_shape shape)
{
	struct sharded_map *sm = to_sharded(m);

	table_fetch(sharded_table_at(sm, hash_shard(hash, sm->mask)), hash, shape);
}

CMAP_DEFINE_LOADS(sharded, .fetch = sharded_fetch, .load = sharded_load_hashed)

static __always_inline int sharded_do_update(struct sharded_map *sm, const struct cmap_update *u,
					     const struct cmap_shape shape)
{
	u64 hash = cmap_hash(&sm->map, u->key, shape);
	const unsigned int i = hash_shard(hash, sm->mask);
	spinlock_t *lock = sharded_lock_at(sm, i);
	enum cmap_action act;
	int ret;

	cmap_lock(&sm->map, lock);
	ret = table_update(sharded_table_at(sm, i), u, hash, shape, &act);
	cmap_unlock(&sm->map, lock);
	update_count(&sm->map, act);
	return ret;
}

int sharded_update(struct cmap *m, const struct cmap_update *u)
{
	return CMAP_BY_SHAPE(m, sharded_do_update, to_sharded(m), u);
}

static void sharded_exit(struct cmap *m)
{
	struct sharded_map *sm = to_sharded(m);
	unsigned int i;

	for (i = 0; i <= sm->mask; i++)
		table_exit(sharded_table_at(sm, i));
	kvfree(sm->locks);
}

static int sharded_init_shard(struct sharded_map *sm, unsigned int i, u64 capacity)
{
	struct table *t = sharded_table_at(sm, i);

	spin_lock_init(sharded_lock_at(sm, i));
	t->lock = sharded_table_lock;
	t->unlock = sharded_table_unlock;
	return table_init(t, &sm->map, capacity);
}

/*
 * Padded: a lock and its table begin a line.  Packed: first all locks, adjacent as in any
 * array of locks, then the tables.  Return: offset of the first table.
 */
static size_t sharded_lay_out(struct sharded_map *sm)
{
	const u64 n = sm->mask + 1;
	size_t tables;

	if (sm->map.flags & CMAP_PACKED) {
		sm->lock_stride = sizeof(spinlock_t);
		sm->table_stride = sizeof(struct table);
		tables = ALIGN(n * sizeof(spinlock_t), SMP_CACHE_BYTES);
		sm->bytes = tables + n * sizeof(struct table);
		return tables;
	}
	sm->lock_stride = ALIGN(sizeof(struct shard), SMP_CACHE_BYTES);
	sm->table_stride = sm->lock_stride;
	sm->bytes = n * sm->lock_stride;
	return offsetof(struct shard, table);
}

/* Keys are not spread evenly, so add three standard deviations to a shard's mean. */
static u64 sharded_share_of(u64 capacity, unsigned int shards)
{
	const u64 each = DIV_ROUND_UP_ULL(capacity, shards);

	return min(capacity, each + 3 * int_sqrt(each));
}

static int sharded_init(struct cmap *m)
{
	struct sharded_map *sm = to_sharded(m);
	const unsigned int n = m->params.shards;
	const u64 each = sharded_share_of(m->params.capacity, n);
	size_t tables;
	unsigned int i;
	int ret = 0;

	sm->mask = n - 1;
	tables = sharded_lay_out(sm);
	m->wanted = sm->bytes;
	sm->locks = array_alloc(sm->bytes);
	if (!sm->locks)
		return -ENOMEM;
	sm->tables = sm->locks + tables;
	for (i = 0; i < n && !ret; i++)
		ret = sharded_init_shard(sm, i, each);
	if (ret) {
		/* All tables have the same size, including those not yet allocated. */
		m->wanted = sm->bytes + n * sharded_table_at(sm, 0)->bytes;
		sharded_exit(m);
	}
	return ret;
}

static int sharded_collect(struct cmap *m, struct cmap_page *page)
{
	struct sharded_map *sm = to_sharded(m);
	unsigned int i = page->cursor >> SHARD_SHIFT;
	u64 cursor = page->cursor & CURSOR_MASK;

	cmap_lock(&sm->map, sharded_lock_at(sm, i));
	table_collect(sharded_table_at(sm, i), &cursor, page);
	cmap_unlock(&sm->map, sharded_lock_at(sm, i));
	if (cursor >> TABLE_BITS_MAX) {
		page->done = i == sm->mask;
		cursor = 0;
		i++;
	}
	page->cursor = (u64)i << SHARD_SHIFT | cursor;
	return 0;
}

static int sharded_clear(struct cmap *m)
{
	struct sharded_map *sm = to_sharded(m);
	unsigned int i;

	for (i = 0; i <= sm->mask; i++) {
		u64 cursor = 0;

		while (!(cursor >> TABLE_BITS_MAX)) {
			cmap_lock(&sm->map, sharded_lock_at(sm, i));
			table_clear_step(sharded_table_at(sm, i), &cursor);
			cmap_unlock(&sm->map, sharded_lock_at(sm, i));
			cond_resched();
		}
	}
	return 0;
}

static void sharded_work(struct cmap *m)
{
	struct sharded_map *sm = to_sharded(m);
	unsigned int i;

	for (i = 0; i <= sm->mask; i++)
		table_work(sharded_table_at(sm, i));
}

static void sharded_memory(struct cmap *m, struct cmap_memory *mem)
{
	struct sharded_map *sm = to_sharded(m);
	unsigned int i;

	mem->bytes += sizeof(*sm) + sm->bytes;
	for (i = 0; i <= sm->mask; i++) {
		cmap_lock(&sm->map, sharded_lock_at(sm, i));
		table_memory(sharded_table_at(sm, i), mem);
		cmap_unlock(&sm->map, sharded_lock_at(sm, i));
	}
}

static int sharded_shard_where(struct sharded_map *sm, unsigned int i, const void *addr, char *buf,
			       size_t size)
{
	char part[32];
	int n;

	cmap_lock(&sm->map, sharded_lock_at(sm, i));
	n = table_where(sharded_table_at(sm, i), addr, part, sizeof(part));
	cmap_unlock(&sm->map, sharded_lock_at(sm, i));
	return n ? scnprintf(buf, size, "shard %u %s", i, part) : 0;
}

static int sharded_where(struct cmap *m, const void *addr, char *buf, size_t size)
{
	struct sharded_map *sm = to_sharded(m);
	const size_t offset = addr - sm->locks, shard = offset / sm->lock_stride;
	unsigned int i;
	int n = 0;

	if (addr >= sm->locks && shard <= sm->mask &&
	    offset % sm->lock_stride < sizeof(spinlock_t))
		return scnprintf(buf, size, "shard %zu lock", shard);
	for (i = 0; i <= sm->mask && !n; i++)
		n = sharded_shard_where(sm, i, addr, buf, size);
	return n;
}

STRESS_DEFINE_RUN(sharded, sharded_load_inline)

const struct cmap_ops sharded_ops = {
	.name		= "sharded",
	.size		= sizeof(struct sharded_map),
	.init		= sharded_init,
	.exit		= sharded_exit,
	.collect	= sharded_collect,
	.clear		= sharded_clear,
	.work		= sharded_work,
	.memory		= sharded_memory,
	.run		= sharded_run,
	.where		= sharded_where,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bucket table behind one rwlock_t: the well-known baseline.
 *
 * Readers share the lock but all write to its cache line; a writer excludes all others.
 * Bottom halves are disabled under the lock, since operations may be called from softirq.
 */
#include <linux/sched.h>
#include <linux/spinlock.h>
#include "kmod/designs/table/table.h"
#include "lock.h"
#include "lookup.h"
#include "loop.h"

/**
 * struct rwlock_map - the map
 * @map: the shared part
 * @lock: protects @table
 * @table: the entries
 */
struct rwlock_map {
	struct cmap map;
	rwlock_t lock ____cacheline_aligned;
	struct table table;
};

/* The table shares the lock's line: a thread that reads it has just written to the lock. */
MAPSTAT_BEGINS_LINE(struct rwlock_map, lock);

static struct rwlock_map *to_rwlock(struct cmap *m)
{
	return container_of(m, struct rwlock_map, map);
}

static struct table *rwlock_table(struct cmap *m)
{
	return &to_rwlock(m)->table;
}

static __always_inline void rwlock_begin(struct cmap *m) __acquires(&to_rwlock(m)->lock)
{
	cmap_read_lock(m, &to_rwlock(m)->lock);
}

static __always_inline void rwlock_end(struct cmap *m) __releases(&to_rwlock(m)->lock)
{
	cmap_read_unlock(m, &to_rwlock(m)->lock);
}

static void rwlock_table_lock(struct table *t) __acquires(&to_rwlock(t->map)->lock)
{
	cmap_write_lock(t->map, &to_rwlock(t->map)->lock);
}

static void rwlock_table_unlock(struct table *t) __releases(&to_rwlock(t->map)->lock)
{
	cmap_write_unlock(t->map, &to_rwlock(t->map)->lock);
}

TABLE_MAP_OPS(rwlock)

/* With the lock held shared. */
static __always_inline int rwlock_load_hashed(struct cmap *m, u64 hash, const void *key,
					      void *value, const struct cmap_shape shape)
{
	return table_load(&to_rwlock(m)->table, hash, key, value, shape);
}

static __always_inline void rwlock_fetch(struct cmap *m, u64 hash, const struct cmap_shape shape)
{
	table_fetch(&to_rwlock(m)->table, hash, shape);
}

/* A bulk load takes the lock once per group. */
CMAP_DEFINE_LOADS(rwlock, .begin = rwlock_begin, .fetch = rwlock_fetch, .load = rwlock_load_hashed,
		  .end = rwlock_end)

static __always_inline int rwlock_do_update(struct rwlock_map *rm, const struct cmap_update *u,
					    const struct cmap_shape shape)
{
	u64 hash = cmap_hash(&rm->map, u->key, shape);
	enum cmap_action act;
	int ret;

	cmap_write_lock(&rm->map, &rm->lock);
	ret = table_update(&rm->table, u, hash, shape, &act);
	cmap_write_unlock(&rm->map, &rm->lock);
	update_count(&rm->map, act);
	return ret;
}

int rwlock_update(struct cmap *m, const struct cmap_update *u)
{
	return CMAP_BY_SHAPE(m, rwlock_do_update, to_rwlock(m), u);
}

static int rwlock_map_init(struct cmap *m)
{
	struct rwlock_map *rm = to_rwlock(m);

	rwlock_init(&rm->lock);
	rm->table.lock = rwlock_table_lock;
	rm->table.unlock = rwlock_table_unlock;
	return table_init(&rm->table, m, m->params.capacity);
}

static int rwlock_where(struct cmap *m, const void *addr, char *buf, size_t size)
{
	struct rwlock_map *rm = to_rwlock(m);
	int n;

	if (addr >= (void *)&rm->lock && addr < (void *)(&rm->lock + 1))
		return scnprintf(buf, size, "lock");
	rwlock_begin(m);
	n = table_where(&rm->table, addr, buf, size);
	rwlock_end(m);
	return n;
}

STRESS_DEFINE_RUN(rwlock, rwlock_load_inline)

const struct cmap_ops rwlock_ops = {
	.name		= "rwlock",
	.size		= sizeof(struct rwlock_map),
	.init		= rwlock_map_init,
	.exit		= rwlock_table_exit,
	.collect	= rwlock_collect,
	.clear		= rwlock_clear,
	.work		= rwlock_work,
	.memory		= rwlock_table_memory,
	.run		= rwlock_run,
	.where		= rwlock_where,
};

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

static __always_inline void rwlock_lock_shared(struct rwlock_map *rm)
	__acquires(&rm->lock)
{
	local_bh_disable();
	cmap_access(&rm->map, &rm->lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	if (likely(read_trylock(&rm->lock)))
		return;
	cmap_count(&rm->map, CMAP_LOCK_WAITS);
	read_lock(&rm->lock);
}

static __always_inline void rwlock_lock_exclusive(struct rwlock_map *rm)
	__acquires(&rm->lock)
{
	local_bh_disable();
	cmap_access(&rm->map, &rm->lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	if (likely(write_trylock(&rm->lock)))
		return;
	cmap_count(&rm->map, CMAP_LOCK_WAITS);
	write_lock(&rm->lock);
}

static __always_inline void rwlock_unlock_shared(struct rwlock_map *rm)
	__releases(&rm->lock)
{
	cmap_access(&rm->map, &rm->lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	read_unlock_bh(&rm->lock);
}

static __always_inline void rwlock_unlock_exclusive(struct rwlock_map *rm)
	__releases(&rm->lock)
{
	cmap_access(&rm->map, &rm->lock, MAPSTAT_LOCK_BYTES, MAPSTAT_WRITE);
	write_unlock_bh(&rm->lock);
}

static void rwlock_table_lock(struct table *t)
	__acquires(&to_rwlock(t->map)->lock)
{
	rwlock_lock_exclusive(to_rwlock(t->map));
}

static void rwlock_table_unlock(struct table *t)
	__releases(&to_rwlock(t->map)->lock)
{
	rwlock_unlock_exclusive(to_rwlock(t->map));
}

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

static __always_inline void rwlock_begin(struct cmap *m)
	__acquires(&to_rwlock(m)->lock)
{
	rwlock_lock_shared(to_rwlock(m));
}

static __always_inline void rwlock_end(struct cmap *m)
	__releases(&to_rwlock(m)->lock)
{
	rwlock_unlock_shared(to_rwlock(m));
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

	rwlock_lock_exclusive(rm);
	ret = table_update(&rm->table, u, hash, shape, &act);
	rwlock_unlock_exclusive(rm);
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

static void rwlock_exit(struct cmap *m)
{
	table_exit(&to_rwlock(m)->table);
}

static int rwlock_collect(struct cmap *m, struct cmap_page *page)
{
	struct rwlock_map *rm = to_rwlock(m);

	rwlock_lock_shared(rm);
	table_collect(&rm->table, &page->cursor, page);
	rwlock_unlock_shared(rm);
	page->done = page->cursor >> TABLE_BITS_MAX;
	return 0;
}

static int rwlock_clear(struct cmap *m)
{
	struct rwlock_map *rm = to_rwlock(m);
	u64 cursor = 0;

	while (!(cursor >> TABLE_BITS_MAX)) {
		rwlock_lock_exclusive(rm);
		table_clear_step(&rm->table, &cursor);
		rwlock_unlock_exclusive(rm);
		cond_resched();
	}
	return 0;
}

static void rwlock_work(struct cmap *m)
{
	table_work(&to_rwlock(m)->table);
}

static void rwlock_memory(struct cmap *m, struct cmap_memory *mem)
{
	struct rwlock_map *rm = to_rwlock(m);

	rwlock_lock_shared(rm);
	table_memory(&rm->table, mem);
	rwlock_unlock_shared(rm);
	mem->bytes += sizeof(*rm);
}

static int rwlock_where(struct cmap *m, const void *addr, char *buf, size_t size)
{
	struct rwlock_map *rm = to_rwlock(m);
	int n;

	if (addr >= (void *)&rm->lock && addr < (void *)(&rm->lock + 1))
		return scnprintf(buf, size, "lock");
	rwlock_lock_shared(rm);
	n = table_where(&rm->table, addr, buf, size);
	rwlock_unlock_shared(rm);
	return n;
}

STRESS_DEFINE_RUN(rwlock, rwlock_load_inline)

const struct cmap_ops rwlock_ops = {
	.name		= "rwlock",
	.size		= sizeof(struct rwlock_map),
	.init		= rwlock_map_init,
	.exit		= rwlock_exit,
	.collect	= rwlock_collect,
	.clear		= rwlock_clear,
	.work		= rwlock_work,
	.memory		= rwlock_memory,
	.run		= rwlock_run,
	.where		= rwlock_where,
};

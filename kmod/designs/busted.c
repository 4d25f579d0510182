// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wrong on purpose: the negative control of every check, like lock_busted in
 * locktorture.  One table behind one spinlock that drops one store in BUSTED_PERIOD while
 * it returns success, and about as rarely returns a value that has already been replaced.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "kmod/designs/table/table.h"
#include "lookup.h"
#include "loop.h"

#define BUSTED_PERIOD	16384	/* rare enough to get past a careless check */

/**
 * struct busted_map - the map
 * @map: the shared part
 * @lock: protects all that follows
 * @table: the entries
 * @stores: number of stores, of which each BUSTED_PERIOD-th is dropped
 * @loads: loads since the last stale value was returned
 * @has_stale: @stale holds a key and a previous value of it
 * @stale: laid out like an entry of the table
 */
struct busted_map {
	struct cmap map;
	spinlock_t lock;	/* protects all that follows */
	struct table table;
	unsigned int stores;
	unsigned int loads;
	bool has_stale;
	void *stale;
};

static struct busted_map *to_busted(struct cmap *m)
{
	return container_of(m, struct busted_map, map);
}

static void *busted_stale_value(struct busted_map *bm)
{
	return bm->stale + ALIGN(bm->map.shape.key_size, 8);
}

static struct table *busted_table(struct cmap *m)
{
	return &to_busted(m)->table;
}

static void busted_begin(struct cmap *m) __acquires(&to_busted(m)->lock)
{
	spin_lock_bh(&to_busted(m)->lock);
}

static void busted_end(struct cmap *m) __releases(&to_busted(m)->lock)
{
	spin_unlock_bh(&to_busted(m)->lock);
}

static void busted_table_lock(struct table *t)
	__acquires(&to_busted(t->map)->lock)
{
	spin_lock_bh(&to_busted(t->map)->lock);
}

static void busted_table_unlock(struct table *t)
	__releases(&to_busted(t->map)->lock)
{
	spin_unlock_bh(&to_busted(t->map)->lock);
}

TABLE_MAP_OPS(busted)

static bool busted_is_stale_key(struct busted_map *bm, const void *key)
{
	return bm->has_stale && cmap_key_equal(bm->stale, key, bm->map.shape);
}

static int busted_load_one(struct cmap *m, const void *key, void *value)
{
	struct busted_map *bm = to_busted(m);
	u64 hash = cmap_hash(m, key, m->shape);
	int ret;

	spin_lock_bh(&bm->lock);
	ret = table_load(&bm->table, hash, key, value, m->shape);
	if (++bm->loads > BUSTED_PERIOD && !ret && busted_is_stale_key(bm, key)) {
		cmap_value_copy(value, busted_stale_value(bm), m->shape);
		bm->has_stale = false;
		bm->loads = 0;
	}
	spin_unlock_bh(&bm->lock);
	return ret;
}

int busted_load(struct cmap *m, const void *key, void *value)
{
	return cmap_count_load(m, busted_load_one(m, key, value), m->shape);
}

int busted_load_observed(struct cmap *m, const void *key, void *value)
{
	return busted_load(m, key, value);
}

unsigned int busted_load_many(struct cmap *m, const struct cmap_many *q)
{
	return many_load_each(m, q, busted_load_one);
}

/* Keep the value that a store is about to replace. */
static void busted_remember(struct busted_map *bm, u64 hash, const void *key)
{
	const struct cmap_shape shape = bm->map.shape;

	if (!bm->has_stale && !table_load(&bm->table, hash, key, busted_stale_value(bm), shape)) {
		cmap_key_copy(bm->stale, key, shape);
		bm->has_stale = true;
	}
}

int busted_update(struct cmap *m, const struct cmap_update *u)
{
	struct busted_map *bm = to_busted(m);
	u64 hash = cmap_hash(m, u->key, m->shape);
	enum cmap_action act = CMAP_ACT_NONE;
	int ret = 0;

	spin_lock_bh(&bm->lock);
	if (u->op == CMAP_STORE)
		busted_remember(bm, hash, u->key);
	else if (busted_is_stale_key(bm, u->key))
		bm->has_stale = false;
	if (u->op != CMAP_STORE || ++bm->stores % BUSTED_PERIOD)
		ret = table_update(&bm->table, u, hash, m->shape, &act);
	spin_unlock_bh(&bm->lock);
	update_count(m, act);
	return ret;
}

static void busted_exit(struct cmap *m)
{
	busted_table_exit(m);
	kfree(to_busted(m)->stale);
}

static int busted_init(struct cmap *m)
{
	struct busted_map *bm = to_busted(m);
	int ret;

	spin_lock_init(&bm->lock);
	bm->table.lock = busted_table_lock;
	bm->table.unlock = busted_table_unlock;
	m->wanted = table_entry_size(m->shape);
	bm->stale = kzalloc(m->wanted, GFP_KERNEL);
	if (!bm->stale)
		return -ENOMEM;
	ret = table_init(&bm->table, m, m->params.capacity);
	if (ret)
		kfree(bm->stale);
	return ret;
}

static void busted_memory(struct cmap *m, struct cmap_memory *mem)
{
	busted_table_memory(m, mem);
	mem->bytes += table_entry_size(m->shape);
}

STRESS_DEFINE_RUN(busted, busted_load_one)

const struct cmap_ops busted_ops = {
	.name		= "busted",
	.size		= sizeof(struct busted_map),
	.init		= busted_init,
	.exit		= busted_exit,
	.collect	= busted_collect,
	.clear		= busted_clear,
	.work		= busted_work,
	.memory		= busted_memory,
	.run		= busted_run,
};

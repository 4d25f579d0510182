// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's rhashtable behind the same operations: a yardstick, not our design.
 *
 * It gets the cheapest parameters that it allows: for u64 keys all of them are compile-time
 * constants, with a hash function for that size; it shrinks automatically.  A value is
 * part of an immutable node; a write replaces the node, and RCU frees the old one.
 *
 * rhashtable considers a chain of more than 16 nodes an attack, and refuses the insert if a
 * new seed does not help: inserts may then return -EBUSY (CMAP_COLLIDE).
 */
#include <linux/log2.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include "lookup.h"
#include "loop.h"

/*
 * Maximum capacity that can be requested, and kept: its 16-bit parameters hold a
 * table of at most 2^15 buckets, three quarters full.
 */
#define RH_HINT_MAX	((1 << 15) / 4 * 3)

/**
 * struct rh_node - an entry; constant once it is in the table
 * @head: for rhashtable
 * @rcu: for kfree_rcu()
 * @epoch: when the key was inserted (not: its value replaced); see rhashtable_map_collect()
 * @data: the key, then the value at offset ALIGN(key_size, 8)
 */
struct rh_node {
	struct rhash_head head;
	struct rcu_head rcu;
	u64 epoch;
	u8 data[] __aligned(8);
};

/**
 * struct rhashtable_map - the map
 * @map: the shared part
 * @ht: the table
 * @params: of @ht, for keys that are not u64; constant
 * @epoch: number of ranges begun; atomic
 */
struct rhashtable_map {
	struct cmap map;
	struct rhashtable ht;
	struct rhashtable_params params;
	atomic64_t epoch;
};

/* Keyed with the table's 32-bit seed, which rhashtable changes if chains get too long. */
static inline u32 rhashtable_map_hash_key_u64(const void *data, u32 len, u32 seed)
{
	const struct cmap_hash_key hk = {
		.k0 = seed * 0x9e3779b97f4a7c15ULL,
		.k1 = 0xd6e8feb86659fd93ULL ^ ((u64)seed << 17),
	};

	return hash_u64(&hk, *(const u64 *)data) >> 32;
}

static u32 rhashtable_map_hash_collide(const void *data, u32 len, u32 seed)
{
	return 0;
}

static const struct rhashtable_params params_u64 = {
	.key_len		= sizeof(u64),
	.key_offset		= offsetof(struct rh_node, data),
	.head_offset		= offsetof(struct rh_node, head),
	.hashfn			= rhashtable_map_hash_key_u64,
	.automatic_shrinking	= true,
};

static struct rhashtable_map *to_rhashtable(struct cmap *m)
{
	return container_of(m, struct rhashtable_map, map);
}

static __always_inline void *rhashtable_map_node_value(struct rh_node *node,
						       const struct cmap_shape shape)
{
	return node->data + ALIGN(shape.key_size, 8);
}

static size_t rhashtable_map_node_size(const struct cmap *m)
{
	return sizeof(struct rh_node) + cmap_page_stride(m);
}

/*
 * Report those of rhashtable's own accesses that can be known: the table's header, the bucket,
 * whose lowest bit is its lock, and the nodes of its chain up to @last (NULL: all), in order.
 * Not known: its nested tables, the accesses of a background rehash, and the count of its
 * elements.
 */
static noinline void rhashtable_map_report_chain(struct rhashtable_map *rm, const void *key,
						 const struct rh_node *last,
						 enum mapstat_access_kind access)
{
	struct cmap *m = &rm->map;
	struct bucket_table *tbl = rht_dereference_rcu(rm->ht.tbl, &rm->ht);
	const unsigned int hash = m->shape.u64_key ?
				  rht_key_hashfn(&rm->ht, tbl, key, params_u64) :
				  rht_key_hashfn(&rm->ht, tbl, key, rm->params);
	const struct rh_node *node;
	struct rhash_head *head;

	mapstat_access(&m->stats, &rm->ht, offsetof(struct rhashtable, p), MAPSTAT_READ);
	mapstat_access(&m->stats, tbl, offsetof(struct bucket_table, walkers), MAPSTAT_READ);
	mapstat_access(&m->stats, rht_bucket(tbl, hash), sizeof(void *), access);
	rht_for_each_rcu(head, tbl, hash) {
		node = container_of(head, struct rh_node, head);
		mapstat_access(&m->stats, &node->head, sizeof(node->head), MAPSTAT_READ);
		mapstat_access(&m->stats, node->data, m->shape.key_size, MAPSTAT_READ);
		if (node == last)
			break;
	}
	/* The bucket is unlocked by a store to it. */
	if (access == MAPSTAT_ATOMIC)
		mapstat_access(&m->stats, rht_bucket(tbl, hash), sizeof(void *), MAPSTAT_WRITE);
}

/* The four calls to rhashtable, with constant parameters if the shape is constant. */
static __always_inline struct rh_node *rhashtable_map_find(struct rhashtable_map *rm,
							   const void *key,
							   const struct cmap_shape shape)
{
	if (shape.u64_key)
		return rhashtable_lookup(&rm->ht, key, params_u64);
	return rhashtable_lookup(&rm->ht, key, rm->params);
}

static __always_inline int rhashtable_map_insert(struct rhashtable_map *rm, struct rh_node *node,
						 const struct cmap_shape shape)
{
	if (shape.u64_key)
		return rhashtable_lookup_insert_fast(&rm->ht, &node->head, params_u64);
	return rhashtable_lookup_insert_fast(&rm->ht, &node->head, rm->params);
}

static __always_inline int rhashtable_map_replace(struct rhashtable_map *rm, struct rh_node *old,
						  struct rh_node *new,
						  const struct cmap_shape shape)
{
	if (shape.u64_key)
		return rhashtable_replace_fast(&rm->ht, &old->head, &new->head, params_u64);
	return rhashtable_replace_fast(&rm->ht, &old->head, &new->head, rm->params);
}

static __always_inline int rhashtable_map_remove(struct rhashtable_map *rm, struct rh_node *node,
						 const struct cmap_shape shape)
{
	if (shape.u64_key)
		return rhashtable_remove_fast(&rm->ht, &node->head, params_u64);
	return rhashtable_remove_fast(&rm->ht, &node->head, rm->params);
}

static __always_inline void rhashtable_map_report_find(struct rhashtable_map *rm, const void *key,
						       const struct rh_node *found,
						       const struct cmap_shape shape)
{
	if (!shape.unreported && cmap_is_observed(&rm->map))
		rhashtable_map_report_chain(rm, key, found, MAPSTAT_READ);
}

static __always_inline void rhashtable_map_report_change(struct rhashtable_map *rm, const void *key,
							 const struct rh_node *found)
{
	if (cmap_is_observed(&rm->map))
		rhashtable_map_report_chain(rm, key, found, MAPSTAT_ATOMIC);
}

static __always_inline int rhashtable_map_do_load(struct rhashtable_map *rm, const void *key,
						  void *value, const struct cmap_shape shape)
{
	struct rh_node *node;

	rcu_read_lock();
	node = rhashtable_map_find(rm, key, shape);
	rhashtable_map_report_find(rm, key, node, shape);
	if (likely(node)) {
		cmap_access_load(shape, &rm->map, rhashtable_map_node_value(node, shape),
				 shape.value_size, MAPSTAT_READ);
		cmap_value_copy(value, rhashtable_map_node_value(node, shape), shape);
	}
	rcu_read_unlock();
	return likely(node) ? 0 : -ENOENT;
}

static __always_inline int rhashtable_map_do_load_counted(struct rhashtable_map *rm,
							  const void *key, void *value,
							  const struct cmap_shape shape)
{
	return cmap_count_load(&rm->map, rhashtable_map_do_load(rm, key, value, shape), shape);
}

static noinline int rhashtable_map_load_observed(struct cmap *m, const void *key, void *value)
{
	return CMAP_BY_SHAPE(m, rhashtable_map_do_load, to_rhashtable(m), key, value);
}

int rhashtable_load_observed(struct cmap *m, const void *key, void *value)
{
	return CMAP_BY_SHAPE(m, rhashtable_map_do_load_counted, to_rhashtable(m), key, value);
}

/* For callers that count a batch at a time. */
static noinline int rhashtable_map_load_one(struct cmap *m, const void *key, void *value)
{
	if (cmap_is_observed(m))
		return rhashtable_map_load_observed(m, key, value);
	return CMAP_BY_SHAPE_UNREPORTED(m, rhashtable_map_do_load, to_rhashtable(m), key, value);
}

int rhashtable_load(struct cmap *m, const void *key, void *value)
{
	return CMAP_BY_SHAPE_UNREPORTED(m, rhashtable_map_do_load_counted, to_rhashtable(m), key,
					value);
}

unsigned int rhashtable_load_many(struct cmap *m, const struct cmap_many *q)
{
	return many_load_each(m, q, rhashtable_map_load_one);
}

static struct rh_node *rhashtable_map_alloc_node(struct rhashtable_map *rm,
						 const struct cmap_update *u)
{
	const struct cmap_shape shape = rm->map.shape;
	const size_t size = rhashtable_map_node_size(&rm->map);
	struct rh_node *node = kmalloc(size, GFP_ATOMIC | __GFP_NOWARN);

	if (!node) {
		cmap_count(&rm->map, CMAP_ALLOC_FAILURES);
		return NULL;
	}
	cmap_count_alloc(&rm->map, size);
	cmap_key_copy(node->data, u->key, shape);
	cmap_value_copy(rhashtable_map_node_value(node, shape), u->value, shape);
	cmap_access(&rm->map, node, size, MAPSTAT_WRITE);
	return node;
}

/*
 * Carry the action out. Return: 0; -EAGAIN if another write interfered and the
 * decision must be repeated; another error.  *new is NULL once the table owns it.
 */
static __always_inline int rhashtable_map_act_on(struct rhashtable_map *rm, enum cmap_action act,
						 struct rh_node *old, struct rh_node **new,
						 const struct cmap_shape shape)
{
	int ret = 0;

	switch (act) {
	case CMAP_ACT_NONE:
		return 0;
	case CMAP_ACT_INSERT:
		(*new)->epoch = atomic64_read(&rm->epoch);
		rhashtable_map_report_change(rm, (*new)->data, NULL);
		ret = rhashtable_map_insert(rm, *new, shape);
		if (!ret)
			*new = NULL;
		return ret == -EEXIST ? -EAGAIN : ret;
	case CMAP_ACT_REPLACE:
		(*new)->epoch = old->epoch;
		rhashtable_map_report_change(rm, old->data, old);
		ret = rhashtable_map_replace(rm, old, *new, shape);
		if (!ret)
			*new = NULL;
		break;
	case CMAP_ACT_REMOVE:
		rhashtable_map_report_change(rm, old->data, old);
		ret = rhashtable_map_remove(rm, old, shape);
		break;
	}
	if (ret)
		return -EAGAIN;
	cmap_access(&rm->map, &old->rcu, sizeof(old->rcu), MAPSTAT_WRITE);
	kfree_rcu(old, rcu);
	return 0;
}

static __always_inline int rhashtable_map_do_update(struct rhashtable_map *rm,
						    const struct cmap_update *u,
						    const struct cmap_shape shape)
{
	struct rh_node *old, *new = NULL;
	enum cmap_action act;
	int ret, err;

	rcu_read_lock();
	for (;;) {
		old = rhashtable_map_find(rm, u->key, shape);
		rhashtable_map_report_find(rm, u->key, old, shape);
		act = update_decide(&rm->map, u, old ? rhashtable_map_node_value(old, shape) : NULL,
				    shape, &ret);
		if ((act == CMAP_ACT_INSERT || act == CMAP_ACT_REPLACE) && !new)
			new = rhashtable_map_alloc_node(rm, u);
		if ((act == CMAP_ACT_INSERT || act == CMAP_ACT_REPLACE) && !new)
			err = -ENOMEM;
		else
			err = rhashtable_map_act_on(rm, act, old, &new, shape);
		if (err != -EAGAIN)
			break;
		cmap_count(&rm->map, CMAP_RETRIES);
	}
	rcu_read_unlock();
	kfree(new);
	update_count(&rm->map, err ? CMAP_ACT_NONE : act);
	return err ?: ret;
}

int rhashtable_update(struct cmap *m, const struct cmap_update *u)
{
	return CMAP_BY_SHAPE(m, rhashtable_map_do_update, to_rhashtable(m), u);
}

static int rhashtable_map_init(struct cmap *m)
{
	struct rhashtable_map *rm = to_rhashtable(m);

	rm->params = params_u64;
	rm->params.key_len = m->shape.key_size;
	rm->params.nelem_hint = min_t(u64, m->params.capacity, RH_HINT_MAX);
	/* The same size as the hint makes it at first, with the same rounding. */
	if (rm->params.nelem_hint)
		rm->params.min_size = roundup_pow_of_two(rm->params.nelem_hint * 4 / 3);
	if (!m->shape.u64_key)
		rm->params.hashfn = NULL;	/* jhash, its default */
	if (m->flags & CMAP_COLLIDE) {
		rm->params.hashfn = rhashtable_map_hash_collide;
		m->shape = CMAP_SHAPE_ANY(m);	/* the u64 parameters are constants */
	}
	/* Size of the initial table for the hint; rhashtable may fall back to a smaller one. */
	m->wanted = rm->params.min_size * sizeof(struct rhash_head *);
	return rhashtable_init(&rm->ht, &rm->params);
}

static void rhashtable_map_free_node(void *node, void *arg)
{
	kfree(node);
}

static void rhashtable_map_exit(struct cmap *m)
{
	rhashtable_free_and_destroy(&to_rhashtable(m)->ht, rhashtable_map_free_node, NULL);
}

/*
 * Call fn for each node while the table cannot be rehashed.  In one RCU read-side section:
 * a walk that is stopped and started again skips as many nodes of a chain as it has visited,
 * and would miss some if others have been removed in between.
 */
static void rhashtable_map_walk(struct rhashtable_map *rm, void (*fn)(struct rhashtable_map *rm,
								      struct rh_node *node,
								      void *arg), void *arg)
{
	struct rhashtable_iter iter;
	struct rh_node *node;

	/* rhashtable's worker moves nodes only under this mutex. */
	mutex_lock(&rm->ht.mutex);
	rhashtable_walk_enter(&rm->ht, &iter);
	rhashtable_walk_start(&iter);
	while ((node = rhashtable_walk_next(&iter))) {
		/* -EAGAIN: continue in the table that inserts have attached concurrently */
		if (!IS_ERR(node))
			fn(rm, node, arg);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	mutex_unlock(&rm->ht.mutex);
}

static void rhashtable_map_collect_node(struct rhashtable_map *rm, struct rh_node *node, void *arg)
{
	struct cmap_page *page = arg;

	if (node->epoch < page->cursor)
		cmap_page_add(&rm->map, page, node->data,
			      rhashtable_map_node_value(node, rm->map.shape));
}

/*
 * All entries in one step, since rhashtable's order changes as it grows.  A key that
 * was deleted and inserted again during the walk could be met twice: keys inserted
 * after the range began have a later epoch and are skipped.  Inserts read the epoch
 * and insert the node within one RCU read-side section, so after synchronize_rcu() every
 * node that is inserted has the new epoch.  The page's cursor is the range's epoch: a second
 * step, with the room that the first one asked for, finds the same nodes or fewer.
 */
static int rhashtable_map_collect(struct cmap *m, struct cmap_page *page)
{
	struct rhashtable_map *rm = to_rhashtable(m);

	if (!page->cursor) {
		page->cursor = atomic64_inc_return(&rm->epoch);
		synchronize_rcu();
	}
	rhashtable_map_walk(rm, rhashtable_map_collect_node, page);
	page->done = page->count <= page->room;
	return 0;
}

static void rhashtable_map_clear_node(struct rhashtable_map *rm, struct rh_node *node, void *arg)
{
	/* Fails only if a delete, or a store after the clear began, unlinked the node first. */
	if (rhashtable_remove_fast(&rm->ht, &node->head, rm->params))
		return;
	update_count(&rm->map, CMAP_ACT_REMOVE);
	kfree_rcu(node, rcu);
}

static int rhashtable_map_clear(struct cmap *m)
{
	rhashtable_map_walk(to_rhashtable(m), rhashtable_map_clear_node, NULL);
	return 0;
}

static void rhashtable_map_memory(struct cmap *m, struct cmap_memory *mem)
{
	struct rhashtable_map *rm = to_rhashtable(m);
	const size_t node = kmalloc_size_roundup(rhashtable_map_node_size(m));
	u64 nodes = (u64)atomic_read(&rm->ht.nelems) * node;
	struct bucket_table *tbl;

	rcu_read_lock();
	tbl = rht_dereference_rcu(rm->ht.tbl, &rm->ht);
	mem->buckets = tbl->size;
	rcu_read_unlock();
	mem->table_bytes = sizeof(*tbl) + mem->buckets * sizeof(tbl->buckets[0]);
	mem->bytes = sizeof(*rm) + mem->table_bytes + nodes;
}

STRESS_DEFINE_RUN(rhashtable, rhashtable_map_load_one)

const struct cmap_ops rhashtable_ops = {
	.name		= "rhashtable",
	.size		= sizeof(struct rhashtable_map),
	.init		= rhashtable_map_init,
	.exit		= rhashtable_map_exit,
	.collect	= rhashtable_map_collect,
	.clear		= rhashtable_map_clear,
	.memory		= rhashtable_map_memory,
	.run		= rhashtable_run,
};

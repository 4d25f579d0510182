// SPDX-License-Identifier: GPL-2.0-only
/*
 * The usual open-coded hash table: hlist_heads, read under RCU, written under
 * spinlocks, each of which covers a part of the buckets.  A yardstick, not our design.
 *
 * An entry does not change once it is in the table.  A write replaces it with a new one, and
 * RCU frees the old one.  A key always has the same bucket, as the table never grows: it has
 * at least one bucket per entry of its capacity, and beyond that the chains grow.
 */
#include <linux/log2.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "array.h"
#include "lock.h"
#include "lookup.h"
#include "loop.h"

#define HLIST_BITS_DEFAULT	14	/* if no capacity is given */
#define HLIST_LOCKS		64	/* a power of two */
#define HLIST_STEP		64	/* buckets of one step of a range */

/**
 * struct hl_node - an entry; constant once it is in the table
 * @node: link in its bucket; protected by the bucket's lock, read under RCU
 * @rcu: for kfree_rcu()
 * @data: the key, then the value at offset ALIGN(key_size, 8)
 */
struct hl_node {
	struct hlist_node node;
	struct rcu_head rcu;
	u8 data[] __aligned(8);
};

/**
 * struct hl_lock - a lock on its own cache lines
 * @lock: protects the buckets i with i % HLIST_LOCKS equal to this lock's index
 */
struct hl_lock {
	spinlock_t lock;	/* protects a part of the buckets */
} ____cacheline_aligned;

/**
 * struct hlist_map - the map
 * @map: the shared part
 * @buckets: 1 << @bits of them, each protected by its lock, read under RCU; constant pointer
 * @bits: constant
 * @locks: of the buckets
 */
struct hlist_map {
	struct cmap map;
	struct hlist_head *buckets;
	unsigned int bits;
	struct hl_lock locks[HLIST_LOCKS];
};

static struct hlist_map *to_hlist(struct cmap *m)
{
	return container_of(m, struct hlist_map, map);
}

static spinlock_t *hlist_map_lock_of(struct hlist_map *hm, u64 bucket)
{
	return &hm->locks[bucket % HLIST_LOCKS].lock;
}

static __always_inline void *hlist_map_node_value(struct hl_node *node,
						  const struct cmap_shape shape)
{
	return node->data + ALIGN(shape.key_size, 8);
}

static size_t hlist_map_node_size(const struct cmap *m)
{
	return sizeof(struct hl_node) + cmap_page_stride(m);
}

/* @held: the bucket's lock is held; a constant. */
static __always_inline struct hl_node *hlist_map_find(struct hlist_map *hm, u64 bucket,
						      const void *key, bool held,
						      const struct cmap_shape shape)
{
	struct hl_node *node;

	cmap_access_load(shape, &hm->map, &hm->buckets[bucket], sizeof(hm->buckets[0]),
			 MAPSTAT_READ);
	hlist_for_each_entry_rcu(node, &hm->buckets[bucket], node,
				 held && lockdep_is_held(hlist_map_lock_of(hm, bucket))) {
		cmap_access_load(shape, &hm->map, node->data, shape.key_size, MAPSTAT_READ);
		if (cmap_key_equal(node->data, key, shape))
			return node;
		cmap_access_load(shape, &hm->map, &node->node.next, sizeof(node->node.next),
				 MAPSTAT_READ);
	}
	return NULL;
}

static __always_inline void hlist_map_fetch(struct cmap *m, u64 hash, const struct cmap_shape shape)
{
	prefetch(&to_hlist(m)->buckets[hash_bucket(hash, to_hlist(m)->bits)]);
}

static __always_inline void hlist_map_fetch_next(struct cmap *m, u64 hash,
						 const struct cmap_shape shape)
{
	struct hlist_map *hm = to_hlist(m);

	prefetch(rcu_dereference(hlist_first_rcu(&hm->buckets[hash_bucket(hash, hm->bits)])));
}

static __always_inline int hlist_map_load_hashed(struct cmap *m, u64 hash, const void *key,
						 void *value, const struct cmap_shape shape)
{
	struct hlist_map *hm = to_hlist(m);
	struct hl_node *node = hlist_map_find(hm, hash_bucket(hash, hm->bits), key, false, shape);

	if (unlikely(!node))
		return -ENOENT;
	cmap_access_load(shape, m, hlist_map_node_value(node, shape), shape.value_size,
			 MAPSTAT_READ);
	cmap_value_copy(value, hlist_map_node_value(node, shape), shape);
	return 0;
}

CMAP_DEFINE_LOADS(hlist, .begin = many_rcu_begin, .fetch = hlist_map_fetch,
		  .fetch_next = hlist_map_fetch_next, .load = hlist_map_load_hashed,
		  .end = many_rcu_end)

static struct hl_node *hlist_map_alloc_node(struct cmap *m, const struct cmap_update *u)
{
	const size_t size = hlist_map_node_size(m);
	struct hl_node *node = kmalloc(size, GFP_ATOMIC | __GFP_NOWARN);

	if (!node)
		return NULL;
	cmap_count_alloc(m, size);
	cmap_key_copy(node->data, u->key, m->shape);
	cmap_value_copy(hlist_map_node_value(node, m->shape), u->value, m->shape);
	cmap_access(m, node, size, MAPSTAT_WRITE);
	return node;
}

/* Report the writes to the links before and after a node that is added or removed. */
static __always_inline void hlist_map_report_links(struct hlist_map *hm, struct hlist_node **before,
						   struct hlist_node *after)
{
	cmap_access(&hm->map, before, sizeof(*before), MAPSTAT_WRITE);
	if (after)
		cmap_access(&hm->map, &after->pprev, sizeof(after->pprev), MAPSTAT_WRITE);
}

static void hlist_map_free_later(struct hlist_map *hm, struct hl_node *old)
{
	cmap_access(&hm->map, &old->rcu, sizeof(old->rcu), MAPSTAT_WRITE);
	kfree_rcu(old, rcu);
}

/* Under the bucket's lock. */
static __always_inline void hlist_map_act_on(struct hlist_map *hm, enum cmap_action act, u64 bucket,
					     struct hl_node *old, struct hl_node *new)
{
	switch (act) {
	case CMAP_ACT_NONE:
		break;
	case CMAP_ACT_INSERT:
		hlist_map_report_links(hm, &hm->buckets[bucket].first, hm->buckets[bucket].first);
		hlist_add_head_rcu(&new->node, &hm->buckets[bucket]);
		break;
	case CMAP_ACT_REPLACE:
		hlist_map_report_links(hm, old->node.pprev, old->node.next);
		hlist_replace_rcu(&old->node, &new->node);
		break;
	case CMAP_ACT_REMOVE:
		hlist_map_report_links(hm, old->node.pprev, old->node.next);
		hlist_del_rcu(&old->node);
		break;
	}
}

static __always_inline int hlist_map_do_update(struct hlist_map *hm, const struct cmap_update *u,
					       const struct cmap_shape shape)
{
	const u64 bucket = hash_bucket(cmap_hash(&hm->map, u->key, shape), hm->bits);
	spinlock_t *lock = hlist_map_lock_of(hm, bucket);
	struct hl_node *old, *new = NULL;
	enum cmap_action act;
	int ret;

	/* Before the lock is taken; a compare_and_swap may turn out not to need the node. */
	if (update_has_value(u->op))
		new = hlist_map_alloc_node(&hm->map, u);
	cmap_lock(&hm->map, lock);
	old = hlist_map_find(hm, bucket, u->key, true, shape);
	act = update_decide(&hm->map, u, old ? hlist_map_node_value(old, shape) : NULL, shape,
			    &ret);
	if ((act == CMAP_ACT_INSERT || act == CMAP_ACT_REPLACE) && !new) {
		cmap_count(&hm->map, CMAP_ALLOC_FAILURES);
		act = CMAP_ACT_NONE;
		ret = -ENOMEM;
	}
	hlist_map_act_on(hm, act, bucket, old, new);
	cmap_unlock(&hm->map, lock);
	if (act == CMAP_ACT_REPLACE || act == CMAP_ACT_REMOVE)
		hlist_map_free_later(hm, old);
	if (act != CMAP_ACT_INSERT && act != CMAP_ACT_REPLACE)
		kfree(new);
	update_count(&hm->map, act);
	return ret;
}

int hlist_update(struct cmap *m, const struct cmap_update *u)
{
	return CMAP_BY_SHAPE(m, hlist_map_do_update, to_hlist(m), u);
}

static int hlist_map_init(struct cmap *m)
{
	struct hlist_map *hm = to_hlist(m);
	const u64 capacity = m->params.capacity;
	unsigned int i;

	hm->bits = capacity ? order_base_2(capacity) : HLIST_BITS_DEFAULT;
	m->wanted = sizeof(hm->buckets[0]) << hm->bits;
	/* Zeroed memory is an array of empty buckets. */
	hm->buckets = array_alloc(m->wanted);
	if (!hm->buckets)
		return -ENOMEM;
	for (i = 0; i < HLIST_LOCKS; i++)
		spin_lock_init(&hm->locks[i].lock);
	return 0;
}

static void hlist_map_exit(struct cmap *m)
{
	struct hlist_map *hm = to_hlist(m);
	struct hlist_node *after;
	struct hl_node *node;
	u64 i;

	for (i = 0; i < 1ULL << hm->bits; i++) {
		hlist_for_each_entry_safe(node, after, &hm->buckets[i], node)
			kfree(node);
		if (i % HLIST_STEP == 0)
			cond_resched();
	}
	kvfree(hm->buckets);
}

static void hlist_map_collect_bucket(struct hlist_map *hm, u64 bucket, struct cmap_page *page)
{
	struct hl_node *node;

	/*
	 * A key's new entry replaces the old one in place, or is added in front: the walk meets
	 * no key twice.
	 */
	rcu_read_lock();
	hlist_for_each_entry_rcu(node, &hm->buckets[bucket], node)
		cmap_page_add(&hm->map, page, node->data,
			      hlist_map_node_value(node, hm->map.shape));
	rcu_read_unlock();
}

static int hlist_map_collect(struct cmap *m, struct cmap_page *page)
{
	struct hlist_map *hm = to_hlist(m);
	const u64 end = min(page->cursor + HLIST_STEP, 1ULL << hm->bits);
	u64 i;

	for (i = page->cursor; i < end; i++)
		hlist_map_collect_bucket(hm, i, page);
	if (page->count <= page->room) {
		page->cursor = end;
		page->done = end == 1ULL << hm->bits;
	}
	return 0;
}

static void hlist_map_clear_bucket(struct hlist_map *hm, u64 bucket)
{
	spinlock_t *lock = hlist_map_lock_of(hm, bucket);
	struct hlist_node *after;
	struct hl_node *node;

	cmap_lock(&hm->map, lock);
	hlist_for_each_entry_safe(node, after, &hm->buckets[bucket], node) {
		hlist_del_rcu(&node->node);
		update_count(&hm->map, CMAP_ACT_REMOVE);
		kfree_rcu(node, rcu);
	}
	cmap_unlock(&hm->map, lock);
}

static int hlist_map_clear(struct cmap *m)
{
	struct hlist_map *hm = to_hlist(m);
	u64 i;

	for (i = 0; i < 1ULL << hm->bits; i++) {
		hlist_map_clear_bucket(hm, i);
		cond_resched();
	}
	return 0;
}

static void hlist_map_memory(struct cmap *m, struct cmap_memory *mem)
{
	struct hlist_map *hm = to_hlist(m);

	mem->buckets = 1ULL << hm->bits;
	mem->table_bytes = mem->buckets * sizeof(hm->buckets[0]);
	mem->bytes = sizeof(*hm) + mem->table_bytes +
		     cmap_len(m) * kmalloc_size_roundup(hlist_map_node_size(m));
}

STRESS_DEFINE_RUN(hlist, hlist_load_inline)

const struct cmap_ops hlist_ops = {
	.name		= "hlist",
	.size		= sizeof(struct hlist_map),
	.init		= hlist_map_init,
	.exit		= hlist_map_exit,
	.collect	= hlist_map_collect,
	.clear		= hlist_map_clear,
	.memory		= hlist_map_memory,
	.run		= hlist_run,
};

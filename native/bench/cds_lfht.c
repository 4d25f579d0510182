// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer: liburcu's lock-free hash table in the QSBR flavour.  A store to a present key writes
 * the value, one word, in place, which is the cheapest possible store.
 */
#include <stdlib.h>
#define URCU_API_MAP
#define URCU_INLINE_SMALL_FUNCTIONS
#include <urcu/urcu-qsbr.h>
#include <urcu/rculfhash.h>
#include "hash.h"
#include "peer.h"

struct entry {
	struct cds_lfht_node node;
	uint64_t key;
	uint64_t value;
	struct rcu_head rcu;
};

static int entry_match(struct cds_lfht_node *node, const void *key)
{
	return caa_container_of(node, struct entry, node)->key == *(const uint64_t *)key;
}

static unsigned long buckets_for(uint64_t capacity)
{
	unsigned long n = 1;

	while (n < capacity)
		n *= 2;
	return n;
}

/* One bucket per entry, which it would resize itself to. */
static void *cds_lfht_create(uint64_t capacity)
{
	const unsigned long buckets = buckets_for(capacity);

	return cds_lfht_new_flavor(buckets, buckets, 0, CDS_LFHT_AUTO_RESIZE | CDS_LFHT_ACCOUNTING,
				   &urcu_qsbr_flavor, NULL);
}

static void entry_free(struct rcu_head *head)
{
	free(caa_container_of(head, struct entry, rcu));
}

static void cds_lfht_end(void *map)
{
	struct cds_lfht_iter iter;
	struct entry *e;

	cds_lfht_for_each_entry(map, &iter, e, node) {
		cds_lfht_del(map, &e->node);
		call_rcu(&e->rcu, entry_free);
	}
	rcu_thread_offline();
	rcu_barrier();
	cds_lfht_destroy(map, NULL);
	rcu_thread_online();
}

static void thread_begin(void *map)
{
	rcu_register_thread();
}

static void thread_end(void *map)
{
	rcu_unregister_thread();
}

static void quiescent(void *map)
{
	rcu_quiescent_state();
}

static inline struct entry *find(void *map, uint64_t key)
{
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;

	cds_lfht_lookup(map, bench_hash(key), entry_match, &key, &iter);
	node = cds_lfht_iter_get_node(&iter);
	return node ? caa_container_of(node, struct entry, node) : NULL;
}

static inline bool cds_lfht_load(void *map, uint64_t key, uint64_t *value)
{
	struct entry *e;

	rcu_read_lock();
	e = find(map, key);
	if (e)
		*value = CMM_LOAD_SHARED(e->value);
	rcu_read_unlock();
	return e;
}

static bool insert(void *map, uint64_t key, uint64_t value)
{
	struct entry *e = malloc(sizeof(*e));
	struct cds_lfht_node *old;

	if (!e)
		return false;
	cds_lfht_node_init(&e->node);
	e->key = key;
	e->value = value;
	rcu_read_lock();
	old = cds_lfht_add_replace(map, bench_hash(key), entry_match, &key, &e->node);
	if (old)
		call_rcu(&caa_container_of(old, struct entry, node)->rcu, entry_free);
	rcu_read_unlock();
	return true;
}

static inline bool cds_lfht_store(void *map, uint64_t key, uint64_t value)
{
	struct entry *e;

	rcu_read_lock();
	e = find(map, key);
	if (e)
		CMM_STORE_SHARED(e->value, value);
	rcu_read_unlock();
	return e || insert(map, key, value);
}

static bool cds_lfht_remove(void *map, uint64_t key)
{
	struct entry *e;
	bool was = false;

	rcu_read_lock();
	e = find(map, key);
	if (e && !cds_lfht_del(map, &e->node)) {
		call_rcu(&e->rcu, entry_free);
		was = true;
	}
	rcu_read_unlock();
	return was;
}

BENCH_DEFINE_LOOPS(cds_lfht);

const struct bench_peer cds_lfht_peer = {
	.name = "cds_lfht",
	.settings = "liburcu cds_lfht, QSBR, a bucket per entry, automatic resize; a store to a present key writes in place",
	.create = cds_lfht_create,
	.destroy = cds_lfht_end,
	.thread_begin = thread_begin,
	.thread_end = thread_end,
	.quiescent = quiescent,
	.store = cds_lfht_store,
	.remove = cds_lfht_remove,
	.run = cds_lfht_run,
	.chase = cds_lfht_chase,
};

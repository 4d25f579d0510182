/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operations (readdirty_classic.c) and the sides (readdirty_classic_side.c) of
 * "readdirty", classic mode, share.  How it works is told in readdirty_classic.c.
 */
#ifndef MAPSTAT_READDIRTY_CLASSIC_H
#define MAPSTAT_READDIRTY_CLASSIC_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include "kmod/designs/design.h"
#include "snapshot.h"

#define CLASSIC_GFP		(GFP_ATOMIC | __GFP_NOWARN)

/* In @read: dirty has keys that the table lacks. */
#define CLASSIC_AMENDED		1UL

/**
 * struct classic_value - a value; constant once published
 * @rcu: for kfree_rcu()
 * @data: the value
 */
struct classic_value {
	struct rcu_head rcu;
	u64 data[];
};

/**
 * struct classic_entry - a key
 * @item: its hash; constant
 * @value: a value, NULL or EXPUNGED; see the top
 * @expunged: in the list of the table that it was expunged from; under @lock, a clear's
 *	once that table is no longer read, and the worker's once it is retired
 * @key: the key; constant
 */
struct classic_entry {
	struct snap_item item;
	struct classic_value __rcu *value;
	struct hlist_node expunged;
	u64 key[];
};

/**
 * struct classic_table - what @read and @dirty point to
 * @snap: the table; constant as read, under @lock as dirty
 * @expunged: entries that dirty lacks; under @lock while the table is read, then a
 *	clear's, then the worker's
 * @retired: the next table that waits for the worker; under @lock
 */
struct classic_table {
	struct snap_table snap;
	struct hlist_head expunged;
	struct classic_table *retired;
};

/**
 * struct readdirty_classic - a map
 * @cmap: what all designs share
 * @read: a struct classic_table, with CLASSIC_AMENDED; written under @lock, read under RCU
 * @deletes: of a CPU; this_cpu operations
 * @entry_bytes: of an entry, as allocated; constant
 * @value_bytes: of a value, as allocated; constant
 * @lock: protects what follows
 * @dirty: the dirty table, or NULL
 * @misses: lookups since the last promotion that read could not answer
 * @retired: tables for the worker to free
 * @entries: entries that are allocated
 */
struct readdirty_classic {
	struct cmap cmap;
	unsigned long read;
	unsigned long __percpu *deletes;
	size_t entry_bytes;
	size_t value_bytes;
	spinlock_t lock ____cacheline_aligned;
	struct classic_table *dirty;
	u64 misses;
	struct classic_table *retired;
	u64 entries;
};

/* Who takes the lock writes what follows; loads read @read, which comes before. */
MAPSTAT_BEGINS_LINE(struct readdirty_classic, lock);

/**
 * struct classic_stalls - what an operation did under the lock, told when it is released
 * @ns: how long it took
 * @entries: of how many entries
 */
struct classic_stalls {
	u64 ns[MAPSTAT_NR_PAUSES];
	u64 entries[MAPSTAT_NR_PAUSES];
};

extern struct classic_value classic_expunged;
#define EXPUNGED	(&classic_expunged)

static __always_inline struct readdirty_classic *to_classic(struct cmap *m)
{
	return container_of(m, struct readdirty_classic, cmap);
}

static __always_inline struct classic_entry *classic_entry(struct snap_item *item)
{
	return container_of(item, struct classic_entry, item);
}

static __always_inline struct classic_table *read_table(unsigned long read)
{
	return (struct classic_table *)(read & ~CLASSIC_AMENDED);
}

/* Under RCU read lock: @read as it is now. */
static __always_inline unsigned long read_load(const struct readdirty_classic *c)
{
	/*
	 * Pairs with smp_store_release() in read_store(): what is reached through the
	 * pointer, which has a flag in it, is ordered by the address dependency.
	 */
	return (unsigned long)rcu_dereference_raw(*(void __rcu *const *)&c->read);
}

/* Take the map's lock, and tell whether somebody else had it. */
static inline void classic_lock(struct readdirty_classic *c) __acquires(&c->lock)
{
	cmap_touch(&c->cmap, &c->lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	if (likely(spin_trylock_bh(&c->lock)))
		return;
	cmap_count(&c->cmap, CMAP_LOCK_WAITS);
	spin_lock_bh(&c->lock);
}

static inline void classic_unlock(struct readdirty_classic *c) __releases(&c->lock)
{
	cmap_touch(&c->cmap, &c->lock, MAPSTAT_LOCK_BYTES, MAPSTAT_WRITE);
	spin_unlock_bh(&c->lock);
}

bool classic_is_sparse(const struct readdirty_classic *c);
void classic_stalls_record(struct readdirty_classic *c, const struct classic_stalls *s);
void classic_promote(struct readdirty_classic *c, struct classic_stalls *s);
void classic_miss(struct readdirty_classic *c, struct classic_stalls *s);
int classic_dirty_insert(struct readdirty_classic *c, struct classic_entry *e,
			 struct classic_stalls *s);
int classic_unexpunge(struct readdirty_classic *c, struct classic_entry *e,
		      struct classic_stalls *s);
int classic_clear(struct cmap *m);
void classic_work(struct cmap *m);
int classic_init(struct cmap *m);
void classic_exit(struct cmap *m);
void classic_memory(struct cmap *m, struct cmap_memory *mem);

#endif /* MAPSTAT_READDIRTY_CLASSIC_H */

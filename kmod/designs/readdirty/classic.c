// SPDX-License-Identifier: GPL-2.0-only
/*
 * "readdirty", classic mode: the algorithm of Go's sync.Map up to 1.23, including its
 * costs: the O(n) copy is measured here, not avoided.
 *
 * read is a table that never changes once it is published, and a flag, amended: dirty
 * has keys that read lacks.  dirty is NULL or a second table, under @lock.  Both hold
 * pointers to entries, and an entry holds a pointer to its value:
 *	a value		the key is present
 *	NULL		the key was deleted; if dirty is not NULL, it has the entry, too
 *	EXPUNGED	the key was deleted, dirty is not NULL, and lacks the entry; or
 *			the map was cleared, and the entry belongs to a former read
 * Loads and writes of a key that read has are done without the lock, by cmpxchg on that
 * pointer; EXPUNGED changes under @lock only (a clear sets it without the lock, in a former
 * read that can no longer be loaded).  All other operations search dirty under @lock,
 * which is a miss.  After as many misses as dirty has entries, dirty becomes
 * read, by one pointer store.  The first new key after that makes a new dirty: a copy of
 * the entries of read that are not deleted; the others are expunged.
 *
 * When an operation takes effect: at the load, or the successful cmpxchg, of an entry's
 * pointer; or, if it finds EXPUNGED or no entry in a read that was not amended, at an
 * instant at which that read was current.  Every entry of read that is not expunged is
 * in dirty, so a read that has been replaced during the operation still leads to the right
 * entries.
 *
 * LIFETIMES.  A former read table, and the entries expunged from it (in a list per table, since
 * an entry may have been revived, and may be expunged again from a later read) are freed by the
 * worker after a grace period.  An entry that is deleted from dirty and was never in
 * read is reachable only under @lock and is freed at once.  A replaced value is freed
 * by kfree_rcu().
 *
 * What the published algorithm leaves to the garbage collector: a read side that is
 * mostly deleted entries stays as it is until a new key is stored.  Here the worker then makes
 * the copy and the promotion, as an operation would.
 */
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "kmod/designs/design.h"
#include "kmod/designs/lock.h"
#include "kmod/designs/lookup.h"
#include "kmod/designs/loop.h"
#include "kmod/designs/update.h"
#include "kmod/memory.h"
#include "range.h"
#include "snapshot.h"

#define CLASSIC_GFP		(GFP_ATOMIC | __GFP_NOWARN)

/* Flag in @read: dirty has keys that the table lacks. */
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
 * @expunged: link in the list of the table that it was expunged from; under @lock, owned by a
 *	clear once that table is no longer read, and by the worker once it is retired
 * @key: the key; constant
 */
struct classic_entry {
	struct snap_item item;
	struct classic_value __rcu *value;
	struct hlist_node expunged;
	u64 key[];
};

/**
 * struct classic_table - the type that @read and @dirty point to
 * @snap: the table; constant as read, under @lock as dirty
 * @expunged: entries that dirty lacks; under @lock while the table is read, then owned by a
 *	clear, then by the worker
 * @retired: the next table that waits for the worker; under @lock
 */
struct classic_table {
	struct snap_table snap;
	struct hlist_head expunged;
	struct classic_table *retired;
};

/**
 * struct readdirty_classic - a map
 * @cmap: the part that all designs share
 * @read: a struct classic_table, with CLASSIC_AMENDED; written under @lock, read under RCU
 * @deletes: per-CPU count; this_cpu operations
 * @entry_bytes: size of an entry, as allocated; constant
 * @value_bytes: size of a value, as allocated; constant
 * @lock: protects the fields below
 * @dirty: the dirty table, or NULL
 * @misses: lookups since the last promotion that read could not answer
 * @retired: tables for the worker to free
 * @entries: number of allocated entries
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

/* Holders of the lock write it and the fields after it; loads read @read, which comes before. */
MAPSTAT_BEGINS_LINE(struct readdirty_classic, lock);

/**
 * struct classic_stalls - stalls of an operation under the lock, recorded after its release
 * @ns: duration
 * @entries: number of entries
 */
struct classic_stalls {
	u64 ns[MAPSTAT_NR_PAUSES];
	u64 entries[MAPSTAT_NR_PAUSES];
};

/* Only its address is used. */
static struct classic_value classic_expunged;
#define EXPUNGED	(&classic_expunged)

static __always_inline struct readdirty_classic *to_classic(struct cmap *m)
{
	return container_of(m, struct readdirty_classic, cmap);
}

static __always_inline struct classic_entry *classic_entry(struct snap_item *item)
{
	return container_of(item, struct classic_entry, item);
}

static __always_inline struct classic_table *classic_read_table(unsigned long read)
{
	return (struct classic_table *)(read & ~CLASSIC_AMENDED);
}

/* Under RCU read lock: the current value of @read. */
static __always_inline unsigned long classic_read_load(const struct readdirty_classic *c)
{
	/*
	 * Pairs with smp_store_release() in classic_read_store(): accesses through the
	 * pointer, which has a flag in it, are ordered by the address dependency.
	 */
	return (unsigned long)rcu_dereference_raw(*(void __rcu *const *)&c->read);
}

/* Take the map's lock, and count a wait if it was taken. */
static inline void classic_lock(struct readdirty_classic *c) __acquires(&c->lock)
{
	cmap_lock(&c->cmap, &c->lock);
}

static inline void classic_unlock(struct readdirty_classic *c) __releases(&c->lock)
{
	cmap_unlock(&c->cmap, &c->lock);
}

/* Number of deleted entries that never justify a compaction. */
#define CLASSIC_DEAD_MIN	16
/* log2 of the number of buckets visited between two calls of cond_resched(). */
#define CLASSIC_BATCH_BITS	6U

static void classic_read_store(struct readdirty_classic *c, struct classic_table *t, bool amended)
{
	lockdep_assert_held(&c->lock);
	cmap_access(&c->cmap, &c->read, sizeof(c->read), MAPSTAT_WRITE);
	/* Pairs with classic_read_load(): the table is complete. */
	smp_store_release(&c->read, (unsigned long)t | (amended ? CLASSIC_AMENDED : 0));
}

static void classic_stall(struct classic_stalls *s, enum mapstat_pause kind, u64 start, u64 entries)
{
	s->ns[kind] = max(mapstat_clock_ns(mapstat_clock_read() - start), 1ULL);
	s->entries[kind] = entries;
}

/* The lock is not held. */
static void classic_stalls_record(struct readdirty_classic *c, const struct classic_stalls *s)
{
	int kind;

	for (kind = 0; kind < MAPSTAT_NR_PAUSES; kind++)
		if (s->ns[kind])
			mapstat_pauses_record(&c->cmap.pauses, kind, s->ns[kind],
					      s->entries[kind]);
	/* The former read table has to be freed. */
	if (s->ns[MAPSTAT_PAUSE_PROMOTION])
		cmap_kick(&c->cmap);
}

/* Free a table that was never read, or no longer is; not its entries. */
static void classic_table_free(struct classic_table *t)
{
	snap_free(&t->snap);
	kfree(t);
}

static struct classic_table *classic_table_alloc(u64 entries, gfp_t gfp)
{
	struct classic_table *t = kzalloc(sizeof(*t), gfp);

	if (!t)
		return NULL;
	if (snap_init(&t->snap, entries, gfp)) {
		kfree(t);
		return NULL;
	}
	return t;
}

/* Number of entries that a table is sized for. */
static u64 classic_table_want(const struct readdirty_classic *c)
{
	return max(cmap_len(&c->cmap), c->cmap.params.capacity);
}

/* Each copy makes room for the capacity, which may be more than an atomic allocation can get. */
static struct classic_table *classic_dirty_alloc(const struct readdirty_classic *c)
{
	struct classic_table *t = classic_table_alloc(classic_table_want(c) + 1, CLASSIC_GFP);

	return t ?: classic_table_alloc(cmap_len(&c->cmap) + 1, CLASSIC_GFP);
}

/* Pass a former read table to the worker. */
static void classic_retire(struct readdirty_classic *c, struct classic_table *t)
{
	lockdep_assert_held(&c->lock);
	t->retired = c->retired;
	c->retired = t;
}

/* Make the dirty side the read side, with @lock held; records the stall in @s. */
static void classic_promote(struct readdirty_classic *c, struct classic_stalls *s)
{
	const u64 start = mapstat_clock_read();
	struct classic_table *old = classic_read_table(c->read);

	classic_read_store(c, c->dirty, false);
	c->dirty = NULL;
	c->misses = 0;
	classic_retire(c, old);
	cmap_count(&c->cmap, CMAP_PROMOTIONS);
	classic_stall(s, MAPSTAT_PAUSE_PROMOTION, start, classic_read_table(c->read)->snap.count);
}

/* Count a lookup that read could not answer, with @lock held.  May promote the dirty side. */
static void classic_miss(struct readdirty_classic *c, struct classic_stalls *s)
{
	lockdep_assert_held(&c->lock);
	cmap_count(&c->cmap, CMAP_DIRTY_LOOKUPS);
	cmap_access(&c->cmap, &c->misses, sizeof(c->misses), MAPSTAT_WRITE);
	if (++c->misses >= c->dirty->snap.count)
		classic_promote(c, s);
}

/* With @lock held: expunge the entry if it is deleted.  Return: whether it is. */
static bool classic_try_expunge(struct classic_entry *e)
{
	cmap_access(NULL, &e->value, sizeof(e->value), MAPSTAT_ATOMIC);
	/*
	 * Fully ordered.  Fails if a store without the lock came first; that store
	 * is then valid, and the entry is copied.
	 */
	return !cmpxchg((struct classic_value __force **)&e->value, NULL, EXPUNGED);
}

/* Arguments of a copy. */
struct copy {
	struct classic_table *from;
	struct classic_table *to;
};

static int classic_copy_visit(void *arg, struct snap_item *item)
{
	struct copy *copy = arg;
	struct classic_entry *e = classic_entry(item);

	if (!classic_try_expunge(e)) {
		/* Stores without the lock may have revived more entries than were counted. */
		snap_make_room(&copy->to->snap, CLASSIC_GFP);
		return snap_add(&copy->to->snap, item, CLASSIC_GFP);
	}
	hlist_add_head(&e->expunged, &copy->from->expunged);
	return 0;
}

/* No dirty side was made: the entries expunged for it are merely deleted. */
static void classic_unexpunge_all(struct classic_table *t)
{
	struct classic_entry *e;
	struct hlist_node *next;

	hlist_for_each_entry_safe(e, next, &t->expunged, expunged) {
		hlist_del(&e->expunged);
		/* No other writer accesses it while it is EXPUNGED and we hold the lock. */
		rcu_assign_pointer(e->value, NULL);
	}
}

/* Make the dirty side: the O(n) copy.  Return: 0, or -ENOMEM: nothing changed. */
static int classic_make_dirty(struct readdirty_classic *c, struct classic_stalls *s)
{
	const u64 start = mapstat_clock_read();
	struct copy copy = { .from = classic_read_table(c->read) };

	lockdep_assert_held(&c->lock);
	copy.to = classic_dirty_alloc(c);
	if (!copy.to)
		return -ENOMEM;
	cmap_count_alloc(&c->cmap, snap_bytes(&copy.to->snap));
	if (snap_walk(&copy.from->snap, 0, U64_MAX, classic_copy_visit, &copy)) {
		classic_unexpunge_all(copy.from);
		classic_table_free(copy.to);
		return -ENOMEM;
	}
	c->dirty = copy.to;
	cmap_count_n(&c->cmap, CMAP_COPIED, copy.to->snap.count);
	classic_stall(s, MAPSTAT_PAUSE_COPY, start, copy.to->snap.count);
	return 0;
}

/* Add an entry to dirty.  Return: 0, or -ENOMEM: it was not added. */
static int classic_dirty_add(struct readdirty_classic *c, struct classic_entry *e,
			     struct classic_stalls *s)
{
	struct snap_table *t = &c->dirty->snap;
	const u64 start = mapstat_clock_read();

	lockdep_assert_held(&c->lock);
	if (snap_make_room(t, CLASSIC_GFP)) {
		cmap_count(&c->cmap, CMAP_RESIZES);
		cmap_count_alloc(&c->cmap, snap_bytes(t));
		classic_stall(s, MAPSTAT_PAUSE_GROWTH, start, t->count);
	}
	return snap_add(t, &e->item, CLASSIC_GFP);
}

/*
 * Insert a new entry, with its value, with @lock held; neither side has the key.  Return: 0, or
 * -ENOMEM: the map is unchanged (it may have a dirty side now, with the same keys).
 */
static int classic_dirty_insert(struct readdirty_classic *c, struct classic_entry *e,
				struct classic_stalls *s)
{
	lockdep_assert_held(&c->lock);
	if (!c->dirty && classic_make_dirty(c, s))
		return -ENOMEM;
	if (classic_dirty_add(c, e, s))
		return -ENOMEM;
	if (!(c->read & CLASSIC_AMENDED))
		classic_read_store(c, classic_read_table(c->read), true);
	c->entries++;
	return 0;
}

/*
 * Revive an entry of read, with @lock held.  It is EXPUNGED, so there is a dirty side, which lacks
 * it.  Return: 0: it is merely deleted now; or -ENOMEM: the map is unchanged.
 */
static int classic_unexpunge(struct readdirty_classic *c, struct classic_entry *e,
			     struct classic_stalls *s)
{
	lockdep_assert_held(&c->lock);
	if (classic_dirty_add(c, e, s))
		return -ENOMEM;
	hlist_del(&e->expunged);
	/*
	 * From here on other threads write to it without the lock: dirty has it, which all
	 * threads that take the lock see.  NULL publishes nothing.
	 */
	rcu_assign_pointer(e->value, NULL);
	return 0;
}

/*
 * Is read mostly deleted entries or empty buckets, which a copy would leave out?  Under RCU read
 * lock or @lock.
 */
static bool classic_is_sparse(const struct readdirty_classic *c)
{
	const struct snap_table *t = &classic_read_table(classic_read_load(c))->snap;
	const u64 want = classic_table_want(c);

	return t->count > 2 * cmap_len(&c->cmap) + CLASSIC_DEAD_MIN ||
	       t->bits > snap_bits(want) + 2;
}

/* Number of deletes, per CPU, between two checks whether read is mostly deleted entries. */
#define CLASSIC_LOOK_DELETES	16

/* Used inside the design: the write cannot be done without the lock. */
#define CLASSIC_EXPUNGED	1

static __always_inline struct classic_entry *classic_find(const struct classic_table *t, u64 hash,
							  const void *key,
							  const struct cmap_shape shape)
{
	struct snap_item *item;

	cmap_access_load(shape, NULL, &t->snap, offsetof(struct snap_table, count), MAPSTAT_READ);
	item = snap_find(&t->snap, hash, key, offsetof(struct classic_entry, key), shape);
	return item ? classic_entry(item) : NULL;
}

/* Under RCU read lock.  Return: 0 or -ENOENT. */
static __always_inline int classic_entry_load(const struct classic_entry *e, void *value,
					      const struct cmap_shape shape)
{
	/* Pairs with the cmpxchg() of writers: the value is complete. */
	const struct classic_value *v = rcu_dereference(e->value);

	cmap_access_load(shape, NULL, &e->value, sizeof(v), MAPSTAT_READ);
	if (!v || v == EXPUNGED)
		return -ENOENT;
	cmap_access_load(shape, NULL, v->data, shape.value_size, MAPSTAT_READ);
	cmap_value_copy(value, v->data, shape);
	return 0;
}

/* A load that the read side it found could not answer. */
static noinline int classic_load_slow(struct cmap *m, u64 hash, const void *key, void *value)
{
	struct readdirty_classic *c = to_classic(m);
	struct classic_stalls s = { };
	struct classic_entry *e;
	int ret = -ENOENT;

	classic_lock(c);
	/* A promotion may have happened since. */
	e = classic_find(classic_read_table(c->read), hash, key, m->shape);
	if (e) {
		ret = classic_entry_load(e, value, m->shape);
	} else if (c->dirty) {
		/* Only with the lock held: an entry that was never in read may be freed at once. */
		e = classic_find(c->dirty, hash, key, m->shape);
		if (e)
			ret = classic_entry_load(e, value, m->shape);
		classic_miss(c, &s);
	}
	classic_unlock(c);
	classic_stalls_record(c, &s);
	return ret;
}

/* Inside an RCU read-side section. */
static __always_inline int classic_load_hashed(struct cmap *m, u64 hash, const void *key,
					       void *value, const struct cmap_shape shape)
{
	const unsigned long read = classic_read_load(to_classic(m));
	struct classic_entry *e;
	int ret = -ENOENT;

	cmap_access_load(shape, m, &to_classic(m)->read, sizeof(read), MAPSTAT_READ);
	e = classic_find(classic_read_table(read), hash, key, shape);
	if (likely(e))
		ret = classic_entry_load(e, value, shape);
	else if (read & CLASSIC_AMENDED)
		ret = classic_load_slow(m, hash, key, value);
	return ret;
}

static __always_inline void classic_fetch_bucket(struct cmap *m, u64 hash,
						 const struct cmap_shape shape)
{
	snap_fetch(&classic_read_table(classic_read_load(to_classic(m)))->snap, hash);
}

static __always_inline void classic_fetch_entry(struct cmap *m, u64 hash,
						const struct cmap_shape shape)
{
	snap_fetch_item(&classic_read_table(classic_read_load(to_classic(m)))->snap, hash);
}

CMAP_DEFINE_LOADS(readdirty_classic,
		  .begin = many_rcu_begin, .fetch = classic_fetch_bucket,
		  .fetch_next = classic_fetch_entry,
		  .load = classic_load_hashed, .end = many_rcu_end)

static struct classic_value *classic_new_value(struct cmap *m, const struct cmap_update *u)
{
	struct readdirty_classic *c = to_classic(m);
	struct classic_value *v = kmalloc(c->value_bytes, CLASSIC_GFP);

	if (v) {
		cmap_count_alloc(m, c->value_bytes);
		cmap_value_copy(v->data, u->value, m->shape);
		cmap_access(m, v->data, m->shape.value_size, MAPSTAT_WRITE);
	}
	return v;
}

static struct classic_entry *classic_new_entry(struct cmap *m, u64 hash,
					       const struct cmap_update *u)
{
	struct readdirty_classic *c = to_classic(m);
	struct classic_entry *e = kmalloc(c->entry_bytes, CLASSIC_GFP);

	if (e) {
		cmap_count_alloc(m, c->entry_bytes);
		e->item.hash = hash;
		RCU_INIT_POINTER(e->value, NULL);
		INIT_HLIST_NODE(&e->expunged);
		cmap_key_copy(e->key, u->key, m->shape);
		cmap_access(m, e, sizeof(*e) + m->shape.key_size, MAPSTAT_WRITE);
	}
	return e;
}

/* Queue the worker if there is a read side of deleted entries to compact. */
static noinline void classic_look_deletes(struct readdirty_classic *c)
{
	if (!work_pending(&c->cmap.work) && classic_is_sparse(c))
		cmap_kick(&c->cmap);
}

/*
 * Carry out a write on an entry that is not expunged.  @new: a value allocated for this
 * write, or NULL; set to NULL if the map now owns it.  Under RCU read lock.
 * Return: result of the operation, or CLASSIC_EXPUNGED: nothing was done.
 */
static __always_inline int classic_entry_write(struct cmap *m, struct classic_entry *e,
					       const struct cmap_update *u,
					       struct classic_value **new,
					       const struct cmap_shape shape)
{
	struct classic_value *old, *to;
	enum cmap_action act;
	int ret;

	for (;;) {
		/* Pairs with the cmpxchg() below: the value is complete. */
		old = rcu_dereference(e->value);
		if (unlikely(old == EXPUNGED))
			return CLASSIC_EXPUNGED;
		cmap_access(m, &e->value, sizeof(old), MAPSTAT_READ);
		act = update_decide(m, u, old ? old->data : NULL, shape, &ret);
		if (act == CMAP_ACT_NONE)
			break;
		if (act != CMAP_ACT_REMOVE && !*new) {
			*new = classic_new_value(m, u);
			if (!*new)
				return -ENOMEM;
		}
		to = act == CMAP_ACT_REMOVE ? NULL : *new;
		cmap_access(m, &e->value, sizeof(to), MAPSTAT_ATOMIC);
		/* Fully ordered.  Pairs with the rcu_dereference() of readers of the value. */
		if (likely(cmpxchg((struct classic_value __force **)&e->value, old, to) == old))
			break;
		cmap_count(m, CMAP_RETRIES);
	}
	update_count(m, act);
	if (act == CMAP_ACT_NONE)
		return ret;
	if (act != CMAP_ACT_REMOVE)
		*new = NULL;
	if (old) {
		cmap_access(m, &old->rcu, sizeof(old->rcu), MAPSTAT_WRITE);
		kfree_rcu(old, rcu);
	}
	return ret;
}

/* A write of a key that read has; otherwise like classic_entry_write(). */
static __always_inline int classic_read_write(struct cmap *m, struct classic_entry *e,
					      const struct cmap_update *u,
					      struct classic_value **new,
					      const struct cmap_shape shape)
{
	int ret = classic_entry_write(m, e, u, new, shape);

	if (update_has_value(u->op) || ret)
		return ret;
	/* A delete that succeeded. */
	cmap_count(m, CMAP_TOMBSTONES);
	cmap_access(m, raw_cpu_ptr(to_classic(m)->deletes), sizeof(long), MAPSTAT_WRITE);
	if (!(this_cpu_inc_return(*to_classic(m)->deletes) % CLASSIC_LOOK_DELETES))
		classic_look_deletes(to_classic(m));
	return ret;
}

/*
 * With the lock held, a write of a key that only dirty has.  An entry that it deletes is
 * freed at once: it was never in read, so it is not reachable without the lock.
 */
static int classic_dirty_write(struct readdirty_classic *c, struct classic_entry *e,
			       const struct cmap_update *u, struct classic_value **new,
			       struct classic_stalls *s)
{
	int ret = classic_entry_write(&c->cmap, e, u, new, c->cmap.shape);

	lockdep_assert_held(&c->lock);
	if (!rcu_access_pointer(e->value)) {
		snap_remove(&c->dirty->snap, &e->item);
		kfree(e);
		c->entries--;
	}
	/* As published: stores to dirty are no misses. */
	if (u->op != CMAP_STORE && u->op != CMAP_SWAP)
		classic_miss(c, s);
	return ret;
}

/* Memory that a write may need, allocated before the lock is taken. */
struct pieces {
	struct classic_entry *entry;
	struct classic_value *value;
};

/* A write that does not store, of a key that is absent. */
static int classic_nothing_there(struct cmap *m, const struct cmap_update *u)
{
	int ret;

	update_count(m, update_decide(m, u, NULL, m->shape, &ret));
	return ret;
}

/* With the lock held, a write of a key that neither side has. */
static int classic_absent_write(struct readdirty_classic *c, const struct cmap_update *u,
				struct pieces *p, struct classic_stalls *s)
{
	int ret;

	lockdep_assert_held(&c->lock);
	if (!update_may_insert(u->op)) {
		/* As published: a compare-and-swap that finds nothing is no miss. */
		if (c->dirty && u->op != CMAP_COMPARE_AND_SWAP)
			classic_miss(c, s);
		return classic_nothing_there(&c->cmap, u);
	}
	update_decide(&c->cmap, u, NULL, c->cmap.shape, &ret);
	/* The entry is not visible without the lock until dirty becomes read. */
	RCU_INIT_POINTER(p->entry->value, p->value);
	if (classic_dirty_insert(c, p->entry, s))
		return -ENOMEM;
	p->entry = NULL;
	p->value = NULL;
	update_count(&c->cmap, CMAP_ACT_INSERT);
	return ret;
}

static int classic_update_locked(struct readdirty_classic *c, u64 hash, const struct cmap_update *u,
				 struct pieces *p, struct classic_stalls *s)
{
	struct cmap *m = &c->cmap;
	struct classic_entry *e;

	/* A promotion may have happened since. */
	e = classic_find(classic_read_table(c->read), hash, u->key, m->shape);
	if (e) {
		if (rcu_access_pointer(e->value) != EXPUNGED)
			return classic_read_write(m, e, u, &p->value, m->shape);
		/* EXPUNGED changes under the lock only: writes that do not store find no key. */
		if (!update_may_insert(u->op))
			return classic_nothing_there(m, u);
		if (classic_unexpunge(c, e, s))
			return -ENOMEM;
		return classic_read_write(m, e, u, &p->value, m->shape);
	}
	e = c->dirty ? classic_find(c->dirty, hash, u->key, m->shape) : NULL;
	if (e)
		return classic_dirty_write(c, e, u, &p->value, s);
	return classic_absent_write(c, u, p, s);
}

/* A write that could not be done in the read side it found. */
static noinline int classic_update_slow(struct cmap *m, u64 hash, const struct cmap_update *u,
					struct classic_value **value)
{
	struct readdirty_classic *c = to_classic(m);
	struct pieces p = { .value = *value };
	struct classic_stalls s = { };
	int ret = -ENOMEM;

	if (update_may_insert(u->op)) {
		p.entry = classic_new_entry(m, hash, u);
		if (p.entry && !p.value)
			p.value = classic_new_value(m, u);
		if (!p.entry || !p.value)
			goto out;
	}
	classic_lock(c);
	ret = classic_update_locked(c, hash, u, &p, &s);
	classic_unlock(c);
	classic_stalls_record(c, &s);
out:
	kfree(p.entry);
	*value = p.value;
	return ret;
}

static __always_inline int classic_do_update(struct cmap *m, const struct cmap_update *u,
					     const struct cmap_shape shape)
{
	const u64 hash = cmap_hash(m, u->key, shape);
	struct classic_value *value = NULL;
	struct classic_entry *e;
	unsigned long read;
	int ret = CLASSIC_EXPUNGED;

	rcu_read_lock();
	read = classic_read_load(to_classic(m));
	cmap_access(m, &to_classic(m)->read, sizeof(read), MAPSTAT_READ);
	e = classic_find(classic_read_table(read), hash, u->key, shape);
	if (likely(e))
		ret = classic_read_write(m, e, u, &value, shape);
	if (unlikely(ret == CLASSIC_EXPUNGED)) {
		if (update_may_insert(u->op) || (!e && read & CLASSIC_AMENDED))
			ret = classic_update_slow(m, hash, u, &value);
		else
			ret = classic_nothing_there(m, u);
	}
	rcu_read_unlock();
	kfree(value);
	if (unlikely(ret == -ENOMEM))
		cmap_count(m, CMAP_ALLOC_FAILURES);
	return ret;
}

int readdirty_classic_update(struct cmap *m, const struct cmap_update *u)
{
	return CMAP_BY_SHAPE(m, classic_do_update, m, u);
}

/* Arguments of a range's visits. */
struct collect {
	struct cmap *m;
	struct cmap_page *page;
	const struct classic_table *table;
};

static int classic_collect_visit(void *arg, struct snap_item *item)
{
	const struct collect *c = arg;
	struct classic_entry *e = classic_entry(item);
	/* Pairs with the cmpxchg() of writers: the value is complete. */
	const struct classic_value *v = rcu_dereference(e->value);

	if (v && v != EXPUNGED)
		cmap_page_add(c->m, c->page, e->key, v->data);
	return 0;
}

static void classic_collect_segment(void *arg, u64 lo, u64 hi)
{
	struct collect *c = arg;

	snap_walk(&c->table->snap, lo, hi, classic_collect_visit, c);
}

/*
 * As published, a range begins with a promotion.  From then on read has every key that
 * remains present, even if there are more promotions during the range.
 */
static void classic_collect_begin(struct readdirty_classic *c)
{
	struct classic_stalls s = { };

	classic_lock(c);
	if (c->dirty)
		classic_promote(c, &s);
	classic_unlock(c);
	classic_stalls_record(c, &s);
}

static int classic_collect(struct cmap *m, struct cmap_page *page)
{
	struct collect c = { .m = m, .page = page };

	if (!page->cursor)
		classic_collect_begin(to_classic(m));
	rcu_read_lock();
	c.table = classic_read_table(classic_read_load(to_classic(m)));
	range_fill(page, c.table->snap.bits, classic_collect_segment, &c);
	rcu_read_unlock();
	return 0;
}

static u64 classic_expunged_free(struct classic_table *t)
{
	struct classic_entry *e;
	struct hlist_node *next;
	u64 n = 0;

	hlist_for_each_entry_safe(e, next, &t->expunged, expunged) {
		kfree(e);
		n++;
		cond_resched();
	}
	return n;
}

/* Free retired tables, and the entries expunged from them.  Return: number of entries freed. */
static u64 classic_retired_free(struct classic_table *t)
{
	u64 n = 0;

	while (t) {
		struct classic_table *next = t->retired;

		n += classic_expunged_free(t);
		classic_table_free(t);
		t = next;
	}
	return n;
}

/* The copy and the promotion that an operation would make, to drop the deleted entries. */
static void classic_compact(struct readdirty_classic *c, struct classic_stalls *s)
{
	lockdep_assert_held(&c->lock);
	if (c->dirty)
		classic_promote(c, s);
	/* If there is no memory, the next delete or promotion that queues the work retries. */
	if (classic_is_sparse(c) && !classic_make_dirty(c, s))
		classic_promote(c, s);
}

/* Free replaced tables, and compact a read side of deleted entries. */
static void classic_work(struct cmap *m)
{
	struct readdirty_classic *c = to_classic(m);
	struct classic_stalls s = { };
	struct classic_table *retired;
	u64 start, ns, n;

	classic_lock(c);
	if (classic_is_sparse(c))
		classic_compact(c, &s);
	retired = c->retired;
	c->retired = NULL;
	classic_unlock(c);
	classic_stalls_record(c, &s);
	if (!retired)
		return;

	start = mapstat_clock_read();
	synchronize_rcu();
	ns = mapstat_clock_ns(mapstat_clock_read() - start);
	n = classic_retired_free(retired);
	mapstat_pauses_record(&m->pauses, MAPSTAT_PAUSE_GRACE_PERIOD, ns, n);
	classic_lock(c);
	c->entries -= n;
	classic_unlock(c);
}

/* Arguments of a clear's visits. */
struct clear {
	struct cmap *m;
	struct classic_table *table;
};

static int classic_clear_visit(void *arg, struct snap_item *item)
{
	struct clear *clear = arg;
	struct classic_entry *e = classic_entry(item);
	struct classic_value *old;

	/*
	 * Fully ordered.  For threads that loaded read before, the key is now absent; those that
	 * insert it load read again, under the lock.
	 */
	old = xchg((struct classic_value __force **)&e->value, EXPUNGED);
	hlist_add_head(&e->expunged, &clear->table->expunged);
	if (!old)
		return 0;
	update_count(clear->m, CMAP_ACT_REMOVE);
	kfree_rcu(old, rcu);
	return 0;
}

/*
 * An empty table becomes read; then the entries of the former one are expunged.  All operations
 * that work on those concurrently began before the empty table was published, and take effect
 * just before that.  Return: 0, or -ENOMEM: the map is unchanged.
 */
static int classic_clear(struct cmap *m)
{
	struct classic_table *empty = classic_table_alloc(m->params.capacity, MAPSTAT_GFP);
	struct readdirty_classic *c = to_classic(m);
	struct classic_stalls s = { };
	struct clear clear = { .m = m };
	u64 lo = 0, end;

	if (!empty)
		return -ENOMEM;
	classic_lock(c);
	if (c->dirty)
		classic_promote(c, &s);
	/* Without a dirty side, no entry of read is expunged. */
	clear.table = classic_read_table(c->read);
	classic_read_store(c, empty, false);
	c->misses = 0;
	classic_unlock(c);

	do {
		const unsigned int bits = clear.table->snap.bits;

		end = range_segment_end(lo, bits - min(bits, CLASSIC_BATCH_BITS));
		snap_walk(&clear.table->snap, lo, end, classic_clear_visit, &clear);
		lo = end + 1;
		cond_resched();
	} while (end != U64_MAX);

	classic_lock(c);
	classic_retire(c, clear.table);
	classic_unlock(c);
	classic_stalls_record(c, &s);
	cmap_kick(m);
	return 0;
}

static int classic_init(struct cmap *m)
{
	struct readdirty_classic *c = to_classic(m);
	struct classic_table *t;

	spin_lock_init(&c->lock);
	c->entry_bytes = kmalloc_size_roundup(sizeof(struct classic_entry) +
					      ALIGN(m->shape.key_size, 8));
	c->value_bytes = kmalloc_size_roundup(sizeof(struct classic_value) +
					      ALIGN(m->shape.value_size, 8));
	m->wanted = sizeof(*c->deletes) * num_possible_cpus() + sizeof(*t) +
		    (sizeof(struct snap_bucket) << snap_bits(m->params.capacity));
	c->deletes = alloc_percpu_gfp(unsigned long, MAPSTAT_GFP_PERCPU);
	if (!c->deletes)
		return -ENOMEM;
	t = classic_table_alloc(m->params.capacity, MAPSTAT_GFP);
	if (!t) {
		free_percpu(c->deletes);
		return -ENOMEM;
	}
	c->read = (unsigned long)t;	/* the map is not visible to others yet */
	return 0;
}

static int classic_exit_visit(void *arg, struct snap_item *item)
{
	struct classic_entry *e = classic_entry(item);

	kfree(rcu_dereference_protected(e->value, true));
	kfree(e);
	cond_resched();
	return 0;
}

/*
 * Dirty has all entries of read except the expunged ones.  All memory that has to wait for RCU is
 * freed by kfree_rcu(), which needs no callback of ours.
 */
static void classic_exit(struct cmap *m)
{
	struct readdirty_classic *c = to_classic(m);
	struct classic_table *read = classic_read_table(c->read);

	snap_walk(c->dirty ? &c->dirty->snap : &read->snap, 0, U64_MAX, classic_exit_visit, NULL);
	if (c->dirty)
		classic_table_free(c->dirty);
	classic_expunged_free(read);
	classic_table_free(read);
	classic_retired_free(c->retired);
	free_percpu(c->deletes);
}

static void classic_memory(struct cmap *m, struct cmap_memory *mem)
{
	struct readdirty_classic *c = to_classic(m);
	const struct classic_table *t;

	classic_lock(c);
	t = classic_read_table(c->read);
	mem->buckets = 1ULL << t->snap.bits;
	mem->table_bytes = snap_bytes(&t->snap);
	if (c->dirty)
		mem->table_bytes += snap_bytes(&c->dirty->snap);
	for (t = c->retired; t; t = t->retired)
		mem->table_bytes += snap_bytes(&t->snap);
	mem->bytes = mem->table_bytes + c->entries * c->entry_bytes;
	mem->percpu_bytes = num_possible_cpus() * sizeof(*c->deletes);
	classic_unlock(c);
	mem->bytes += cmap_len(m) * c->value_bytes;
}

const struct cmap_ops readdirty_classic_ops = {
	.name = "readdirty_classic",
	.size = sizeof(struct readdirty_classic),
	.init = classic_init,
	.exit = classic_exit,
	.collect = classic_collect,
	.clear = classic_clear,
	.work = classic_work,
	.memory = classic_memory,
	.run = readdirty_classic_run,
};

STRESS_DEFINE_RUN(readdirty_classic, readdirty_classic_load_inline)

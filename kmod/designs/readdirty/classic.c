// SPDX-License-Identifier: GPL-2.0-only
/*
 * "readdirty", classic mode: the algorithm of Go's sync.Map up to 1.23, with what it
 * costs: the O(n) copy is measured here, not avoided.
 *
 * read is a table that never changes once it is published, and a flag, amended: dirty
 * has keys that read lacks.  dirty is NULL or a second table, under @lock.  Both hold
 * pointers to entries, and an entry holds a pointer to its value:
 *	a value		the key is present
 *	NULL		the key was deleted; where dirty is not NULL, it has the entry too
 *	EXPUNGED	the key was deleted, dirty is not NULL, and lacks the entry; or
 *			the map was cleared, and the entry is of a read that is no more
 * Loads and writes of a key that read has are done without the lock, by cmpxchg on that
 * pointer; EXPUNGED changes under @lock only (a clear sets it without, in a read side that
 * nobody can load any more).  All others look into dirty under @lock,
 * which is a miss.  When there were as many misses as dirty has entries, dirty becomes
 * read, by one pointer store.  The first new key after that makes a new dirty: a copy of
 * the entries of read that are not deleted; the others are expunged.
 *
 * Where an operation takes effect: at the load, or the successful cmpxchg, of an entry's
 * pointer; or, if it finds EXPUNGED or no entry in a read that was not amended, at an
 * instant at which that read was current.  Every entry of read that is not expunged is
 * in dirty, so a read that was replaced meanwhile still leads to the right entries.
 *
 * LIFETIMES.  A table that was read, and the entries expunged from it (a list: an entry
 * may have been brought back, and a later read may expunge it again) are freed by the
 * worker after a grace period.  An entry that is deleted from dirty and was never in
 * read is known to nobody outside @lock and is freed at once.  A replaced value is freed
 * by kfree_rcu().
 *
 * What the published algorithm leaves to the garbage collector: a read side that is
 * mostly deleted entries stays as it is until a new key comes.  Here the worker makes
 * the copy and the promotion then, as an operation would.
 */
#include <linux/slab.h>
#include "kmod/designs/lookup.h"
#include "kmod/designs/loop.h"
#include "kmod/designs/update.h"
#include "classic.h"
#include "range.h"

/* Deletes of a CPU between two looks at whether read is mostly deleted entries. */
#define CLASSIC_LOOK_DELETES	16

/* Returned inside the design: not to be done without the lock. */
#define CLASSIC_EXPUNGED	1

static __always_inline struct classic_entry *find(const struct classic_table *t, u64 hash,
						  const void *key,
						  const struct cmap_shape shape)
{
	struct snap_item *item;

	cmap_touch_load(shape, NULL, &t->snap, offsetof(struct snap_table, count), MAPSTAT_READ);
	item = snap_find(&t->snap, hash, key, offsetof(struct classic_entry, key), shape);
	return item ? classic_entry(item) : NULL;
}

/* Under RCU read lock.  Return: 0 or -ENOENT. */
static __always_inline int entry_load(const struct classic_entry *e, void *value,
				      const struct cmap_shape shape)
{
	/* Pairs with the cmpxchg() of writers: the value is complete. */
	const struct classic_value *v = rcu_dereference(e->value);

	cmap_touch_load(shape, NULL, &e->value, sizeof(v), MAPSTAT_READ);
	if (!v || v == EXPUNGED)
		return -ENOENT;
	cmap_touch_load(shape, NULL, v->data, shape.value_size, MAPSTAT_READ);
	cmap_value_copy(value, v->data, shape);
	return 0;
}

/* A load that read, as it was found, could not answer. */
static noinline int load_slow(struct cmap *m, u64 hash, const void *key, void *value)
{
	struct readdirty_classic *c = to_classic(m);
	struct classic_stalls s = { };
	struct classic_entry *e;
	int ret = -ENOENT;

	classic_lock(c);
	/* A promotion may have come first. */
	e = find(read_table(c->read), hash, key, m->shape);
	if (e) {
		ret = entry_load(e, value, m->shape);
	} else if (c->dirty) {
		/* With the lock held: an entry that was never in read may go at once. */
		e = find(c->dirty, hash, key, m->shape);
		if (e)
			ret = entry_load(e, value, m->shape);
		classic_miss(c, &s);
	}
	classic_unlock(c);
	classic_stalls_record(c, &s);
	return ret;
}

/* Inside an RCU read-side section. */
static __always_inline int load_hashed(struct cmap *m, u64 hash, const void *key, void *value,
				       const struct cmap_shape shape)
{
	const unsigned long read = read_load(to_classic(m));
	struct classic_entry *e;
	int ret = -ENOENT;

	cmap_touch_load(shape, m, &to_classic(m)->read, sizeof(read), MAPSTAT_READ);
	e = find(read_table(read), hash, key, shape);
	if (likely(e))
		ret = entry_load(e, value, shape);
	else if (read & CLASSIC_AMENDED)
		ret = load_slow(m, hash, key, value);
	return ret;
}

static __always_inline void fetch_bucket(struct cmap *m, u64 hash, const struct cmap_shape shape)
{
	snap_fetch(&read_table(read_load(to_classic(m)))->snap, hash);
}

static __always_inline void fetch_entry(struct cmap *m, u64 hash, const struct cmap_shape shape)
{
	snap_fetch_item(&read_table(read_load(to_classic(m)))->snap, hash);
}

CMAP_DEFINE_LOADS(readdirty_classic,
		  .begin = many_rcu_begin, .fetch = fetch_bucket, .fetch_next = fetch_entry,
		  .load = load_hashed, .end = many_rcu_end)

static struct classic_value *new_value(struct cmap *m, const struct cmap_update *u)
{
	struct readdirty_classic *c = to_classic(m);
	struct classic_value *v = kmalloc(c->value_bytes, CLASSIC_GFP);

	if (v) {
		cmap_count_alloc(m, c->value_bytes);
		cmap_value_copy(v->data, u->value, m->shape);
		cmap_touch(m, v->data, m->shape.value_size, MAPSTAT_WRITE);
	}
	return v;
}

static struct classic_entry *new_entry(struct cmap *m, u64 hash, const struct cmap_update *u)
{
	struct readdirty_classic *c = to_classic(m);
	struct classic_entry *e = kmalloc(c->entry_bytes, CLASSIC_GFP);

	if (e) {
		cmap_count_alloc(m, c->entry_bytes);
		e->item.hash = hash;
		RCU_INIT_POINTER(e->value, NULL);
		INIT_HLIST_NODE(&e->expunged);
		cmap_key_copy(e->key, u->key, m->shape);
		cmap_touch(m, e, sizeof(*e) + m->shape.key_size, MAPSTAT_WRITE);
	}
	return e;
}

/* Has the worker a read side of deleted entries to compact? */
static noinline void look_deletes(struct readdirty_classic *c)
{
	if (!work_pending(&c->cmap.work) && classic_is_sparse(c))
		cmap_kick(&c->cmap);
}

/*
 * Carry a write out on an entry that is not expunged.  @new: a value allocated for this
 * write, or NULL; NULL afterwards where it went into the map.  Under RCU read lock.
 * Return: what the operation returns, or CLASSIC_EXPUNGED: nothing was done.
 */
static __always_inline int entry_write(struct cmap *m, struct classic_entry *e,
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
		cmap_touch(m, &e->value, sizeof(old), MAPSTAT_READ);
		act = update_decide(m, u, old ? old->data : NULL, shape, &ret);
		if (act == CMAP_ACT_NONE)
			break;
		if (act != CMAP_ACT_REMOVE && !*new) {
			*new = new_value(m, u);
			if (!*new)
				return -ENOMEM;
		}
		to = act == CMAP_ACT_REMOVE ? NULL : *new;
		cmap_touch(m, &e->value, sizeof(to), MAPSTAT_ATOMIC);
		/* Fully ordered.  Pairs with rcu_dereference() of those who read the value. */
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
		cmap_touch(m, &old->rcu, sizeof(old->rcu), MAPSTAT_WRITE);
		kfree_rcu(old, rcu);
	}
	return ret;
}

/* A write of a key that read has; as entry_write(). */
static __always_inline int read_write(struct cmap *m, struct classic_entry *e,
				      const struct cmap_update *u,
				      struct classic_value **new,
				      const struct cmap_shape shape)
{
	int ret = entry_write(m, e, u, new, shape);

	if (update_has_value(u->op) || ret)
		return ret;
	/* A delete that succeeded. */
	cmap_count(m, CMAP_TOMBSTONES);
	cmap_touch(m, raw_cpu_ptr(to_classic(m)->deletes), sizeof(long), MAPSTAT_WRITE);
	if (!(this_cpu_inc_return(*to_classic(m)->deletes) % CLASSIC_LOOK_DELETES))
		look_deletes(to_classic(m));
	return ret;
}

/*
 * With the lock held, a write of a key that only dirty has.  An entry that it deletes is
 * freed at once: it was never in read, so nobody has it without the lock.
 */
static int dirty_write(struct readdirty_classic *c, struct classic_entry *e,
		       const struct cmap_update *u, struct classic_value **new,
		       struct classic_stalls *s)
{
	int ret = entry_write(&c->cmap, e, u, new, c->cmap.shape);

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

/* What a write may need, allocated before the lock is taken. */
struct pieces {
	struct classic_entry *entry;
	struct classic_value *value;
};

/* A write that does not store, of a key that is absent. */
static int nothing_there(struct cmap *m, const struct cmap_update *u)
{
	int ret;

	update_count(m, update_decide(m, u, NULL, m->shape, &ret));
	return ret;
}

/* With the lock held, a write of a key that neither side has. */
static int absent_write(struct readdirty_classic *c, const struct cmap_update *u,
			struct pieces *p, struct classic_stalls *s)
{
	int ret;

	lockdep_assert_held(&c->lock);
	if (!update_may_insert(u->op)) {
		/* As published: a compare-and-swap that finds nothing is no miss. */
		if (c->dirty && u->op != CMAP_COMPARE_AND_SWAP)
			classic_miss(c, s);
		return nothing_there(&c->cmap, u);
	}
	update_decide(&c->cmap, u, NULL, c->cmap.shape, &ret);
	/* Nobody sees the entry before dirty is read. */
	RCU_INIT_POINTER(p->entry->value, p->value);
	if (classic_dirty_insert(c, p->entry, s))
		return -ENOMEM;
	p->entry = NULL;
	p->value = NULL;
	update_count(&c->cmap, CMAP_ACT_INSERT);
	return ret;
}

static int update_locked(struct readdirty_classic *c, u64 hash, const struct cmap_update *u,
			 struct pieces *p, struct classic_stalls *s)
{
	struct cmap *m = &c->cmap;
	struct classic_entry *e;

	/* A promotion may have come first. */
	e = find(read_table(c->read), hash, u->key, m->shape);
	if (e) {
		if (rcu_access_pointer(e->value) != EXPUNGED)
			return read_write(m, e, u, &p->value, m->shape);
		/* EXPUNGED changes under the lock only: whoever does not store, finds nothing. */
		if (!update_may_insert(u->op))
			return nothing_there(m, u);
		if (classic_unexpunge(c, e, s))
			return -ENOMEM;
		return read_write(m, e, u, &p->value, m->shape);
	}
	e = c->dirty ? find(c->dirty, hash, u->key, m->shape) : NULL;
	if (e)
		return dirty_write(c, e, u, &p->value, s);
	return absent_write(c, u, p, s);
}

/* A write that read, as it was found, could not take. */
static noinline int update_slow(struct cmap *m, u64 hash, const struct cmap_update *u,
				struct classic_value **value)
{
	struct readdirty_classic *c = to_classic(m);
	struct pieces p = { .value = *value };
	struct classic_stalls s = { };
	int ret = -ENOMEM;

	if (update_may_insert(u->op)) {
		p.entry = new_entry(m, hash, u);
		if (p.entry && !p.value)
			p.value = new_value(m, u);
		if (!p.entry || !p.value)
			goto out;
	}
	classic_lock(c);
	ret = update_locked(c, hash, u, &p, &s);
	classic_unlock(c);
	classic_stalls_record(c, &s);
out:
	kfree(p.entry);
	*value = p.value;
	return ret;
}

static __always_inline int do_update(struct cmap *m, const struct cmap_update *u,
				     const struct cmap_shape shape)
{
	const u64 hash = cmap_hash(m, u->key, shape);
	struct classic_value *value = NULL;
	struct classic_entry *e;
	unsigned long read;
	int ret = CLASSIC_EXPUNGED;

	rcu_read_lock();
	read = read_load(to_classic(m));
	cmap_touch(m, &to_classic(m)->read, sizeof(read), MAPSTAT_READ);
	e = find(read_table(read), hash, u->key, shape);
	if (likely(e))
		ret = read_write(m, e, u, &value, shape);
	if (unlikely(ret == CLASSIC_EXPUNGED)) {
		if (update_may_insert(u->op) || (!e && read & CLASSIC_AMENDED))
			ret = update_slow(m, hash, u, &value);
		else
			ret = nothing_there(m, u);
	}
	rcu_read_unlock();
	kfree(value);
	if (unlikely(ret == -ENOMEM))
		cmap_count(m, CMAP_ALLOC_FAILURES);
	return ret;
}

int readdirty_classic_update(struct cmap *m, const struct cmap_update *u)
{
	return CMAP_BY_SHAPE(m, do_update, m, u);
}

/* What a range is doing. */
struct collect {
	struct cmap *m;
	struct cmap_page *page;
	const struct classic_table *table;
};

static int collect_visit(void *arg, struct snap_item *item)
{
	const struct collect *c = arg;
	struct classic_entry *e = classic_entry(item);
	/* Pairs with the cmpxchg() of writers: the value is complete. */
	const struct classic_value *v = rcu_dereference(e->value);

	if (v && v != EXPUNGED)
		cmap_page_add(c->m, c->page, e->key, v->data);
	return 0;
}

static void collect_segment(void *arg, u64 lo, u64 hi)
{
	struct collect *c = arg;

	snap_walk(&c->table->snap, lo, hi, collect_visit, c);
}

/*
 * As published, a range begins with a promotion.  From then on read has every key that
 * stays, whatever else is promoted meanwhile.
 */
static void collect_begin(struct readdirty_classic *c)
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
		collect_begin(to_classic(m));
	rcu_read_lock();
	c.table = read_table(read_load(to_classic(m)));
	range_fill(page, c.table->snap.bits, collect_segment, &c);
	rcu_read_unlock();
	return 0;
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

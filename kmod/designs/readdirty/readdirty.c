// SPDX-License-Identifier: GPL-2.0-only
/*
 * "readdirty", default mode: a read side that is read under RCU alone, a dirty side that
 * takes new keys, and a worker that from time to time merges both into a new read side.
 *
 * THE SIDES.  A struct rd_view points to them; operations load the pointer to it once.
 *	read	a snapshot table (snapshot.h): its structure never changes
 *	fresh	a trie (trie.h) that new entries are inserted into, under @lock
 *	old	NULL, or, while the worker builds a table, the trie that was fresh before
 * All three hold pointers to entries (entry.h).  An entry's key never changes, and its state
 * word alone determines whether the key is present.  Loads, and writes to a key that has an
 * entry, dead or live, take at most that entry's lock; the first store of a key takes @lock,
 * to insert one entry into the trie.  No operation does more than that: the trie grows
 * without moving anything, and everything else is done by the worker.
 *
 * A PASS OF THE WORKER.  Views replace each other, by one pointer store each, under @lock:
 *	1  { read, fresh }			idle
 *	2  { read, old = fresh, fresh = empty }	nothing is inserted into old from here on
 *	   Every entry of read and old is either added to the next table, or, if it is
 *	   a tombstone and there are many, frozen: by cmpxchg, so that no store can
 *	   revive it.
 *	3  { next, fresh }			then a grace period, after which read, old's
 *						nodes and the frozen entries are freed
 * If it runs out of memory, the worker stays at 2, which serves operations as well as 1 does,
 * and continues from there when it is next queued.
 *
 * WHY IT IS LINEARIZABLE
 * (1) A key has at most one entry that is not frozen: an entry is inserted under @lock, after
 *     a search of the current view found no unfrozen one, and a frozen entry stays frozen.
 * (2) That entry is in the current view: step 2 keeps all sides, and step 3 drops only
 *     frozen entries, because each entry of read or old is either in next or frozen, and
 *     nothing is inserted into read or old: inserts go to the fresh side of the view that is
 *     current under @lock, and views change under @lock.
 * (3) A search walks the sides of the view V that it loaded at an instant t during its
 *     call, skips frozen entries, and stops at the first other one.  By (1), the state of the
 *     entry that it stops at is the state of the key at the instant at which the state word is
 *     read.  If it stops at none: either the key had no unfrozen entry at t, so it was absent
 *     at t.  Or it had one, which is in V by (2), and the search skipped it: then the entry was
 *     frozen after t and before the search read it, as a tombstone, and the key was absent when
 *     it was frozen.  Both instants are within the call.
 * (4) So a view that is replaced during an operation harms neither a load nor a write to an
 *     entry: until it is frozen, the entry is the valid one for its key, in whatever view it
 *     was found.  A store that finds no entry, or a frozen one, searches again under @lock.
 *
 * A RANGE visits fresh, then old, then read, of one view, segment by segment of the
 * hashes.  A range that has seen a key's entry in a newer side finds the one in the older
 * side frozen, because it was frozen before the newer one was inserted (the acquire loads
 * of the state provide that order); so no key is reported twice.
 *
 * WHEN.  The worker is queued when the lookups that the read side could not answer
 * have cost as much as the copy will (the published rule, in units of time); when the
 * dirty side is a quarter of the read side; or when half of all entries are tombstones.
 * So operations have paid for each pass in advance, and the worker's time per operation is
 * bounded; no pass is due for fewer of these than an eighth of the buckets that it walks.
 */
#include <linux/delay.h>
#include <linux/slab.h>
#include "kmod/designs/lookup.h"
#include "kmod/designs/loop.h"
#include "kmod/designs/update.h"
#include "entry.h"
#include "range.h"
#include "readdirty.h"

#define RD_GFP		(GFP_ATOMIC | __GFP_NOWARN)

/* Number of misses, deletes (per CPU) and inserts between two checks whether a pass is due. */
#define RD_LOOK_MISSES	64
#define RD_LOOK_DELETES	16
#define RD_LOOK_INSERTS	16

/* Maximum delay of one insert: enough to slow 100 CPUs down to the speed of one worker. */
#define RD_DELAY_MAX_US	128

/* Does the read side have all keys? */
static __always_inline bool rd_view_is_clean(const struct cmap *m, const struct rd_view *v)
{
	cmap_access(m, &v->fresh, 2 * sizeof(void *), MAPSTAT_READ);
	cmap_access(m, &v->fresh->count, sizeof(v->fresh->count), MAPSTAT_READ);
	/* Pairs with trie_insert(): a key that was stored before this call is counted. */
	return !v->old && !READ_ONCE(v->fresh->count);
}

/* Called by readers, which must not write to shared memory unnecessarily. */
static noinline void rd_ask_for_pass(struct readdirty *rd)
{
	if (!work_pending(&rd->cmap.work) && readdirty_pass_is_due(rd))
		cmap_kick(&rd->cmap);
}

static void rd_count_miss(struct readdirty *rd)
{
	cmap_count(&rd->cmap, CMAP_DIRTY_LOOKUPS);
	cmap_access(&rd->cmap, raw_cpu_ptr(&rd->pcpu->misses), sizeof(long), MAPSTAT_WRITE);
	if (!(this_cpu_inc_return(rd->pcpu->misses) % RD_LOOK_MISSES))
		rd_ask_for_pass(rd);
}

static __always_inline struct rd_entry *rd_read_find(const struct rd_view *v, u64 hash,
						     const void *key, const struct cmap_shape shape)
{
	struct snap_item *item;

	cmap_access_load(shape, NULL, v, offsetof(struct rd_view, read.count), MAPSTAT_READ);
	item = snap_find(&v->read, hash, key, offsetof(struct rd_entry, data), shape);
	return item ? rd_entry_of(item) : NULL;
}

static struct rd_entry *rd_trie_entry(const struct trie *t, u64 hash, const void *key,
				      const struct cmap_shape shape)
{
	struct trie_item *item;

	for (item = trie_find(t, hash); item; item = item->next)
		if (snap_equal(&item->snap, hash, key, offsetof(struct rd_entry, data), shape))
			return rd_entry_of(&item->snap);
	return NULL;
}

/* The key's entry in the dirty sides, unless it is frozen. */
static struct rd_entry *rd_dirty_find(const struct rd_view *v, u64 hash, const void *key,
				      const struct cmap_shape shape)
{
	struct rd_entry *e = rd_trie_entry(v->fresh, hash, key, shape);

	if (e && !rd_entry_is_frozen(e))
		return e;
	if (!v->old)
		return NULL;
	e = rd_trie_entry(v->old, hash, key, shape);
	return e && !rd_entry_is_frozen(e) ? e : NULL;
}

/* A load that the read side could not answer. */
static noinline int rd_load_dirty(struct cmap *m, const struct rd_view *v, u64 hash,
				  const void *key, void *value)
{
	struct rd_entry *e;
	int ret;

	if (rd_view_is_clean(m, v))
		return -ENOENT;
	rd_count_miss(to_readdirty(m));
	e = rd_dirty_find(v, hash, key, m->shape);
	if (!e)
		return -ENOENT;
	ret = rd_entry_read(m, e, value, m->shape);
	/* Frozen since it was found: the key was absent then.  See (3) at the top. */
	return ret == ENTRY_GONE ? -ENOENT : ret;
}

/* Inside an RCU read-side section. */
static __always_inline int rd_load_hashed(struct cmap *m, u64 hash, const void *key, void *value,
					  const struct cmap_shape shape)
{
	/* Pairs with rcu_assign_pointer() in rd_view_publish(). */
	const struct rd_view *v = rcu_dereference(to_readdirty(m)->view);
	struct rd_entry *e;
	int ret = ENTRY_GONE;

	cmap_access_load(shape, m, &to_readdirty(m)->view, sizeof(v), MAPSTAT_READ);
	e = rd_read_find(v, hash, key, shape);
	if (likely(e))
		ret = rd_entry_read(m, e, value, shape);
	if (unlikely(ret == ENTRY_GONE))
		ret = rd_load_dirty(m, v, hash, key, value);
	return ret;
}

static __always_inline void rd_fetch_bucket(struct cmap *m, u64 hash, const struct cmap_shape shape)
{
	/* Pairs with rcu_assign_pointer() in rd_view_publish(). */
	snap_fetch(&rcu_dereference(to_readdirty(m)->view)->read, hash);
}

static __always_inline void rd_fetch_entry(struct cmap *m, u64 hash, const struct cmap_shape shape)
{
	/* Pairs with rcu_assign_pointer() in rd_view_publish(). */
	snap_fetch_item(&rcu_dereference(to_readdirty(m)->view)->read, hash);
}

CMAP_DEFINE_LOADS(readdirty,
		  .begin = many_rcu_begin, .fetch = rd_fetch_bucket, .fetch_next = rd_fetch_entry,
		  .load = rd_load_hashed, .end = many_rcu_end)

static void rd_count_delete(struct readdirty *rd)
{
	cmap_access(&rd->cmap, raw_cpu_ptr(&rd->pcpu->deletes), sizeof(long), MAPSTAT_WRITE);
	if (!(this_cpu_inc_return(rd->pcpu->deletes) % RD_LOOK_DELETES))
		rd_ask_for_pass(rd);
}

static __always_inline int rd_update_entry(struct cmap *m, struct rd_entry *e,
					   const struct cmap_update *u,
					   const struct cmap_shape shape)
{
	enum cmap_action act;
	int ret = rd_entry_update(m, e, u, shape, &act);

	if (act == CMAP_ACT_REMOVE)
		rd_count_delete(to_readdirty(m));
	return ret;
}

static struct rd_entry *rd_new_entry(struct cmap *m, u64 hash, const struct cmap_update *u)
{
	struct readdirty *rd = to_readdirty(m);
	struct rd_entry *e = kmalloc(rd->entry_bytes, RD_GFP);

	if (!e)
		return NULL;
	cmap_count_alloc(m, rd->entry_bytes);
	e->item.snap.hash = hash;
	e->item.next = NULL;
	e->state = 0;
	e->grave = NULL;
	cmap_key_copy(e->data, u->key, m->shape);
	cmap_value_copy(rd_entry_value(e, m->shape), u->value, m->shape);
	cmap_access(m, e, sizeof(*e) + cmap_page_stride(m), MAPSTAT_WRITE);
	return e;
}

/*
 * With @lock held the view cannot change, and only this call inserts: find the key's
 * entry, or insert @new.  Return: result of the operation; *inserted is set if @new was inserted.
 */
static int rd_insert_locked(struct readdirty *rd, u64 hash, const struct cmap_update *u,
			    struct rd_entry *new, bool *inserted)
{
	const struct rd_view *v = rcu_dereference_protected(rd->view,
							    lockdep_is_held(&rd->lock));
	const struct cmap_shape shape = rd->cmap.shape;
	struct rd_entry *e = rd_read_find(v, hash, u->key, shape);
	int ret = ENTRY_GONE;
	u64 bytes;

	lockdep_assert_held(&rd->lock);
	if (e)
		ret = rd_update_entry(&rd->cmap, e, u, shape);
	if (ret != ENTRY_GONE)
		return ret;
	e = rd_dirty_find(v, hash, u->key, shape);
	if (e)
		ret = rd_update_entry(&rd->cmap, e, u, shape);
	if (ret != ENTRY_GONE)
		return ret;

	/* All entries of the key are frozen, so it is absent; and no other one can be added. */
	update_decide(&rd->cmap, u, NULL, shape, &ret);
	bytes = v->fresh->nodes.bytes;
	if (trie_insert(v->fresh, &new->item, RD_GFP))
		return -ENOMEM;
	if (v->fresh->nodes.bytes != bytes)
		cmap_count_alloc(&rd->cmap, v->fresh->nodes.bytes - bytes);
	WRITE_ONCE(rd->total, rd->total + 1);	/* pairs with readdirty_pass_is_due() */
	cmap_access(&rd->cmap, &rd->total, sizeof(rd->total), MAPSTAT_WRITE);
	*inserted = true;
	return ret;
}

/*
 * After an insert, with @lock held: delay of the inserter, in us.  Stores and deletes on
 * many CPUs are faster than a single worker can be; the more entries it is behind, the more
 * inserts are delayed, so that memory stays within a few times the largest number of live
 * entries.
 */
static unsigned int rd_insert_delay_us(const struct readdirty *rd)
{
	lockdep_assert_held(&rd->lock);
	if (likely(rd->total <= rd->total_max))
		return 0;
	return min_t(u64, 1 + (rd->total - rd->total_max) * 16 / rd->total_max,
		     RD_DELAY_MAX_US);
}

/* After an insert, with @lock held: must the worker be queued? */
static bool rd_insert_look(struct readdirty *rd)
{
	const struct rd_view *v = rcu_dereference_protected(rd->view,
							    lockdep_is_held(&rd->lock));

	return !(v->fresh->count % RD_LOOK_INSERTS) && view_is_large(v);
}

/* The first store of a key, as far as could be determined without the lock. */
static noinline int rd_insert_slow(struct cmap *m, u64 hash, const struct cmap_update *u)
{
	struct readdirty *rd = to_readdirty(m);
	struct rd_entry *new = rd_new_entry(m, hash, u);
	bool inserted = false, ask = false;
	unsigned int delay_us = 0;
	int ret;

	if (!new) {
		cmap_count(m, CMAP_ALLOC_FAILURES);
		return -ENOMEM;
	}
	rd_lock(rd);
	ret = rd_insert_locked(rd, hash, u, new, &inserted);
	if (inserted) {
		ask = rd_insert_look(rd);
		delay_us = rd_insert_delay_us(rd);
	}
	rd_unlock(rd);
	if (inserted)
		update_count(m, CMAP_ACT_INSERT);
	else
		kfree(new);
	if (ret == -ENOMEM)
		cmap_count(m, CMAP_ALLOC_FAILURES);
	if (ask)
		cmap_kick(m);
	if (unlikely(delay_us))
		udelay(delay_us);
	return ret;
}

/* The read side has no entry for the key, or a frozen one. */
static noinline int rd_update_dirty(struct cmap *m, const struct rd_view *v, u64 hash,
				    const struct cmap_update *u)
{
	struct rd_entry *e = NULL;
	int ret = ENTRY_GONE;

	if (!rd_view_is_clean(m, v)) {
		rd_count_miss(to_readdirty(m));
		e = rd_dirty_find(v, hash, u->key, m->shape);
	}
	if (e)
		ret = rd_update_entry(m, e, u, m->shape);
	if (ret != ENTRY_GONE)
		return ret;
	if (update_may_insert(u->op))
		return rd_insert_slow(m, hash, u);
	update_count(m, update_decide(m, u, NULL, m->shape, &ret));
	return ret;
}

static __always_inline int rd_do_update(struct cmap *m, const struct cmap_update *u,
					const struct cmap_shape shape)
{
	const u64 hash = cmap_hash(m, u->key, shape);
	const struct rd_view *v;
	struct rd_entry *e;
	int ret = ENTRY_GONE;

	rcu_read_lock();
	/* Pairs with rcu_assign_pointer() in rd_view_publish(). */
	v = rcu_dereference(to_readdirty(m)->view);
	cmap_access(m, &to_readdirty(m)->view, sizeof(v), MAPSTAT_READ);
	e = rd_read_find(v, hash, u->key, shape);
	if (likely(e))
		ret = rd_update_entry(m, e, u, shape);
	if (unlikely(ret == ENTRY_GONE))
		ret = rd_update_dirty(m, v, hash, u);
	rcu_read_unlock();
	return ret;
}

int readdirty_update(struct cmap *m, const struct cmap_update *u)
{
	return CMAP_BY_SHAPE(m, rd_do_update, m, u);
}

/* Arguments of a range's visits. */
struct collect {
	struct cmap *m;
	struct cmap_page *page;
	const struct rd_view *view;
};

static int rd_collect_visit(void *arg, struct snap_item *item)
{
	const struct collect *c = arg;
	const struct cmap_shape shape = c->m->shape;
	struct rd_entry *e = rd_entry_of(item);
	struct cmap_page *page = c->page;
	void *at;

	if (page->count >= page->room) {
		/* The page is full: only count. */
		page->count += !rd_entry_is_dead(e);
		return 0;
	}
	/* Like cmap_page_add(), but the value may be changing and needs rd_entry_read(). */
	at = page->data + (size_t)page->count * cmap_page_stride(c->m);
	if (!rd_entry_read(c->m, e, at + ALIGN(shape.key_size, 8), shape)) {
		memcpy(at, e->data, shape.key_size);
		page->count++;
	}
	return 0;
}

/* Newest side first: see "A RANGE" at the top. */
static void rd_visit_segment(const struct rd_view *v, u64 lo, u64 hi, snap_visit_fn visit,
			     void *arg)
{
	trie_walk(v->fresh, lo, hi, visit, arg);
	if (v->old)
		trie_walk(v->old, lo, hi, visit, arg);
	snap_walk(&v->read, lo, hi, visit, arg);
}

static void rd_collect_segment(void *arg, u64 lo, u64 hi)
{
	struct collect *c = arg;

	rd_visit_segment(c->view, lo, hi, rd_collect_visit, c);
}

/* log2 of the number of segments, such that each has few entries. */
static unsigned int rd_segment_bits(const struct rd_view *v)
{
	/* Pairs with trie_insert(): an estimate, no ordering. */
	u64 dirty = READ_ONCE(v->fresh->count) + (v->old ? v->old->count : 0);

	return max(v->read.bits, snap_bits(dirty));
}

static int readdirty_collect(struct cmap *m, struct cmap_page *page)
{
	struct collect c = { .m = m, .page = page };

	rcu_read_lock();
	/* Pairs with rcu_assign_pointer() in rd_view_publish(). */
	c.view = rcu_dereference(to_readdirty(m)->view);
	range_fill(page, rd_segment_bits(c.view), rd_collect_segment, &c);
	rcu_read_unlock();
	return 0;
}

static int rd_clear_visit(void *arg, struct snap_item *item)
{
	struct rd_entry *e = rd_entry_of(item);
	const struct cmap_update u = { .op = CMAP_DELETE, .key = e->data };
	struct cmap *m = arg;
	enum cmap_action act;

	if (!rd_entry_is_dead(e))
		rd_entry_update(m, e, &u, m->shape, &act);
	return 0;
}

/*
 * Deletes every key; the worker reclaims the memory.  A key that was stored before the call has
 * its entry in the view that is current when its segment is visited.
 */
static int readdirty_clear(struct cmap *m)
{
	struct readdirty *rd = to_readdirty(m);
	u64 lo = 0, end;

	do {
		const struct rd_view *v;

		rcu_read_lock();
		/* Pairs with rcu_assign_pointer() in rd_view_publish(). */
		v = rcu_dereference(rd->view);
		end = range_segment_end(lo, rd_segment_bits(v));
		rd_visit_segment(v, lo, end, rd_clear_visit, m);
		if (end == U64_MAX)
			rd_ask_for_pass(rd);
		rcu_read_unlock();
		lo = end + 1;
		cond_resched();
	} while (end != U64_MAX);
	return 0;
}

const struct cmap_ops readdirty_ops = {
	.name = "readdirty",
	.size = sizeof(struct readdirty),
	.init = readdirty_init,
	.exit = readdirty_exit,
	.collect = readdirty_collect,
	.clear = readdirty_clear,
	.work = readdirty_work,
	.memory = readdirty_memory,
	.run = readdirty_run,
};

STRESS_DEFINE_RUN(readdirty, readdirty_load_inline)

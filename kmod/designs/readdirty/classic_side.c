// SPDX-License-Identifier: GPL-2.0-only
/*
 * "readdirty", classic mode: its two sides.  Promotion, the copy, what is done with what
 * they leave behind, and how a map begins and ends.  See readdirty_classic.c.
 */
#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "kmod/designs/update.h"
#include "kmod/memory.h"
#include "classic.h"
#include "range.h"

/* Deleted entries that are never worth the worker's while. */
#define CLASSIC_DEAD_MIN	16
/* log2 of the buckets that are visited between two resched points. */
#define CLASSIC_BATCH_BITS	6U

/* Only its address counts. */
struct classic_value classic_expunged;

static void read_store(struct readdirty_classic *c, struct classic_table *t, bool amended)
{
	lockdep_assert_held(&c->lock);
	cmap_touch(&c->cmap, &c->read, sizeof(c->read), MAPSTAT_WRITE);
	/* Pairs with read_load(): the table is complete. */
	smp_store_release(&c->read, (unsigned long)t | (amended ? CLASSIC_AMENDED : 0));
}

static void stall(struct classic_stalls *s, enum mapstat_pause kind, u64 start, u64 entries)
{
	s->ns[kind] = max(mapstat_clock_ns(mapstat_clock_read() - start), 1ULL);
	s->entries[kind] = entries;
}

/**
 * classic_stalls_record - tell what was done under the lock
 * @c: the map
 * @s: what was done
 *
 * Context: As the operations; the lock is not held.
 */
void classic_stalls_record(struct readdirty_classic *c, const struct classic_stalls *s)
{
	int kind;

	for (kind = 0; kind < MAPSTAT_NR_PAUSES; kind++)
		if (s->ns[kind])
			mapstat_pauses_record(&c->cmap.pauses, kind, s->ns[kind],
					      s->entries[kind]);
	/* There is a table to be freed. */
	if (s->ns[MAPSTAT_PAUSE_PROMOTION])
		cmap_kick(&c->cmap);
}

/* Free a table that was never read, or is no longer; not its entries. */
static void table_free(struct classic_table *t)
{
	snap_free(&t->snap);
	kfree(t);
}

static struct classic_table *table_alloc(u64 entries, gfp_t gfp)
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

/* Entries that a table is made for. */
static u64 table_want(const struct readdirty_classic *c)
{
	return max(cmap_len(&c->cmap), c->cmap.params.capacity);
}

/* Room for the capacity, which each copy makes anew, may be more than can be had here. */
static struct classic_table *dirty_alloc(const struct readdirty_classic *c)
{
	struct classic_table *t = table_alloc(table_want(c) + 1, CLASSIC_GFP);

	return t ?: table_alloc(cmap_len(&c->cmap) + 1, CLASSIC_GFP);
}

/* Hand a table that was read to the worker. */
static void retire(struct readdirty_classic *c, struct classic_table *t)
{
	lockdep_assert_held(&c->lock);
	t->retired = c->retired;
	c->retired = t;
}

/**
 * classic_promote - the dirty side becomes the read side
 * @c: the map; it has a dirty side
 * @s: where it is noted
 *
 * Context: The lock is held.
 */
void classic_promote(struct readdirty_classic *c, struct classic_stalls *s)
{
	const u64 start = mapstat_clock_read();
	struct classic_table *old = read_table(c->read);

	read_store(c, c->dirty, false);
	c->dirty = NULL;
	c->misses = 0;
	retire(c, old);
	cmap_count(&c->cmap, CMAP_PROMOTIONS);
	stall(s, MAPSTAT_PAUSE_PROMOTION, start, read_table(c->read)->snap.count);
}

/**
 * classic_miss - count a lookup that read could not answer
 * @c: the map; it has a dirty side, until now
 * @s: where a promotion is noted
 *
 * Context: The lock is held.
 */
void classic_miss(struct readdirty_classic *c, struct classic_stalls *s)
{
	lockdep_assert_held(&c->lock);
	cmap_count(&c->cmap, CMAP_DIRTY_LOOKUPS);
	cmap_touch(&c->cmap, &c->misses, sizeof(c->misses), MAPSTAT_WRITE);
	if (++c->misses >= c->dirty->snap.count)
		classic_promote(c, s);
}

/* With @lock held: is the entry deleted? Then it is expunged. */
static bool try_expunge(struct classic_entry *e)
{
	cmap_touch(NULL, &e->value, sizeof(e->value), MAPSTAT_ATOMIC);
	/*
	 * Fully ordered.  Fails where a store without the lock came first; that store
	 * then counts, and the entry is copied.
	 */
	return !cmpxchg((struct classic_value __force **)&e->value, NULL, EXPUNGED);
}

/* What a copy is making. */
struct copy {
	struct classic_table *from;
	struct classic_table *to;
};

static int copy_visit(void *arg, struct snap_item *item)
{
	struct copy *copy = arg;
	struct classic_entry *e = classic_entry(item);

	if (!try_expunge(e)) {
		/* Stores without the lock may have brought back more than were counted. */
		snap_make_room(&copy->to->snap, CLASSIC_GFP);
		return snap_add(&copy->to->snap, item, CLASSIC_GFP);
	}
	hlist_add_head(&e->expunged, &copy->from->expunged);
	return 0;
}

/* No dirty side came of it: what was expunged for it is merely deleted. */
static void unexpunge_all(struct classic_table *t)
{
	struct classic_entry *e;
	struct hlist_node *next;

	hlist_for_each_entry_safe(e, next, &t->expunged, expunged) {
		hlist_del(&e->expunged);
		/* No other writer touches it while it is EXPUNGED and we hold the lock. */
		rcu_assign_pointer(e->value, NULL);
	}
}

/*
 * Make the dirty side: the O(n) copy.  Return: 0, or -ENOMEM: nothing changed.
 */
static int make_dirty(struct readdirty_classic *c, struct classic_stalls *s)
{
	const u64 start = mapstat_clock_read();
	struct copy copy = { .from = read_table(c->read) };

	lockdep_assert_held(&c->lock);
	copy.to = dirty_alloc(c);
	if (!copy.to)
		return -ENOMEM;
	cmap_count_alloc(&c->cmap, snap_bytes(&copy.to->snap));
	if (snap_walk(&copy.from->snap, 0, U64_MAX, copy_visit, &copy)) {
		unexpunge_all(copy.from);
		table_free(copy.to);
		return -ENOMEM;
	}
	c->dirty = copy.to;
	cmap_count_n(&c->cmap, CMAP_COPIED, copy.to->snap.count);
	stall(s, MAPSTAT_PAUSE_COPY, start, copy.to->snap.count);
	return 0;
}

/* Put an entry into dirty.  Return: 0, or -ENOMEM: it is not there. */
static int dirty_add(struct readdirty_classic *c, struct classic_entry *e,
		     struct classic_stalls *s)
{
	struct snap_table *t = &c->dirty->snap;
	const u64 start = mapstat_clock_read();

	lockdep_assert_held(&c->lock);
	if (snap_make_room(t, CLASSIC_GFP)) {
		cmap_count(&c->cmap, CMAP_RESIZES);
		cmap_count_alloc(&c->cmap, snap_bytes(t));
		stall(s, MAPSTAT_PAUSE_GROWTH, start, t->count);
	}
	return snap_add(t, &e->item, CLASSIC_GFP);
}

/**
 * classic_dirty_insert - put a new entry into the dirty side
 * @c: the map; neither side has the key
 * @e: the entry, with its value
 * @s: where stalls are noted
 *
 * Context: The lock is held.  Allocates with GFP_ATOMIC.
 * Return: 0, or -ENOMEM: the map is as it was (it may have a dirty side now, with the
 * same keys).
 */
int classic_dirty_insert(struct readdirty_classic *c, struct classic_entry *e,
			 struct classic_stalls *s)
{
	lockdep_assert_held(&c->lock);
	if (!c->dirty && make_dirty(c, s))
		return -ENOMEM;
	if (dirty_add(c, e, s))
		return -ENOMEM;
	if (!(c->read & CLASSIC_AMENDED))
		read_store(c, read_table(c->read), true);
	c->entries++;
	return 0;
}

/**
 * classic_unexpunge - bring an entry of read back
 * @c: the map
 * @e: the entry; EXPUNGED, so there is a dirty side, and it lacks it
 * @s: where stalls are noted
 *
 * Context: The lock is held.  Allocates with GFP_ATOMIC.
 * Return: 0: it is merely deleted now; or -ENOMEM: the map is as it was.
 */
int classic_unexpunge(struct readdirty_classic *c, struct classic_entry *e,
		      struct classic_stalls *s)
{
	lockdep_assert_held(&c->lock);
	if (dirty_add(c, e, s))
		return -ENOMEM;
	hlist_del(&e->expunged);
	/*
	 * From here on others write to it without the lock: dirty has it, which all who
	 * take the lock see.  A NULL publishes nothing.
	 */
	rcu_assign_pointer(e->value, NULL);
	return 0;
}

/**
 * classic_is_sparse - would a copy leave most of the read side out?
 * @c: the map
 *
 * Context: RCU read lock, or the lock is held.
 * Return: whether it is mostly deleted entries or empty buckets.
 */
bool classic_is_sparse(const struct readdirty_classic *c)
{
	const struct snap_table *t = &read_table(read_load(c))->snap;
	const u64 want = table_want(c);

	return t->count > 2 * cmap_len(&c->cmap) + CLASSIC_DEAD_MIN ||
	       t->bits > snap_bits(want) + 2;
}

static u64 expunged_free(struct classic_table *t)
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

/* Free retired tables, and what was expunged from them.  Return: entries freed. */
static u64 retired_free(struct classic_table *t)
{
	u64 n = 0;

	while (t) {
		struct classic_table *next = t->retired;

		n += expunged_free(t);
		table_free(t);
		t = next;
	}
	return n;
}

/* The copy and the promotion that an operation would make, to be rid of the deleted. */
static void compact(struct readdirty_classic *c, struct classic_stalls *s)
{
	lockdep_assert_held(&c->lock);
	if (c->dirty)
		classic_promote(c, s);
	/* Without the memory it stays as it is until the next delete, or promotion, asks. */
	if (classic_is_sparse(c) && !make_dirty(c, s))
		classic_promote(c, s);
}

/**
 * classic_work - free what was replaced; and compact a read side of deleted entries
 * @m: the map
 *
 * Context: The worker; never twice at a time.
 */
void classic_work(struct cmap *m)
{
	struct readdirty_classic *c = to_classic(m);
	struct classic_stalls s = { };
	struct classic_table *retired;
	u64 start, ns, n;

	classic_lock(c);
	if (classic_is_sparse(c))
		compact(c, &s);
	retired = c->retired;
	c->retired = NULL;
	classic_unlock(c);
	classic_stalls_record(c, &s);
	if (!retired)
		return;

	start = mapstat_clock_read();
	synchronize_rcu();
	ns = mapstat_clock_ns(mapstat_clock_read() - start);
	n = retired_free(retired);
	mapstat_pauses_record(&m->pauses, MAPSTAT_PAUSE_GRACE_PERIOD, ns, n);
	classic_lock(c);
	c->entries -= n;
	classic_unlock(c);
}

/* What a clear is emptying. */
struct clear {
	struct cmap *m;
	struct classic_table *table;
};

static int clear_visit(void *arg, struct snap_item *item)
{
	struct clear *clear = arg;
	struct classic_entry *e = classic_entry(item);
	struct classic_value *old;

	/* Fully ordered.  Who had read before finds EXPUNGED, and goes to read as it is now. */
	old = xchg((struct classic_value __force **)&e->value, EXPUNGED);
	hlist_add_head(&e->expunged, &clear->table->expunged);
	if (!old)
		return 0;
	update_count(clear->m, CMAP_ACT_REMOVE);
	kfree_rcu(old, rcu);
	return 0;
}

/**
 * classic_clear - remove all entries
 * @m: the map
 *
 * An empty table becomes read; then the entries of the former one are expunged.  All
 * who work on those meanwhile began before the empty table was published, and take
 * effect just before that.
 *
 * Context: Process; sleeps.
 * Return: 0, or -ENOMEM: the map is as it was.
 */
int classic_clear(struct cmap *m)
{
	struct classic_table *empty = table_alloc(m->params.capacity, MAPSTAT_GFP);
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
	clear.table = read_table(c->read);
	read_store(c, empty, false);
	c->misses = 0;
	classic_unlock(c);

	do {
		const unsigned int bits = clear.table->snap.bits;

		end = range_segment_end(lo, bits - min(bits, CLASSIC_BATCH_BITS));
		snap_walk(&clear.table->snap, lo, end, clear_visit, &clear);
		lo = end + 1;
		cond_resched();
	} while (end != U64_MAX);

	classic_lock(c);
	retire(c, clear.table);
	classic_unlock(c);
	classic_stalls_record(c, &s);
	cmap_kick(m);
	return 0;
}

/**
 * classic_init - set a map up
 * @m: the map
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int classic_init(struct cmap *m)
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
	t = table_alloc(m->params.capacity, MAPSTAT_GFP);
	if (!t) {
		free_percpu(c->deletes);
		return -ENOMEM;
	}
	c->read = (unsigned long)t;	/* nobody else knows the map yet */
	return 0;
}

static int exit_visit(void *arg, struct snap_item *item)
{
	struct classic_entry *e = classic_entry(item);

	kfree(rcu_dereference_protected(e->value, true));
	kfree(e);
	cond_resched();
	return 0;
}

/**
 * classic_exit - free all
 * @m: the map; no operation is in flight, nor the worker
 *
 * Dirty has all entries of read but the expunged ones.  What is left to RCU is left to
 * kfree_rcu(), which needs no callback of ours.
 *
 * Context: Process; sleeps.
 */
void classic_exit(struct cmap *m)
{
	struct readdirty_classic *c = to_classic(m);
	struct classic_table *read = read_table(c->read);

	snap_walk(c->dirty ? &c->dirty->snap : &read->snap, 0, U64_MAX, exit_visit, NULL);
	if (c->dirty)
		table_free(c->dirty);
	expunged_free(read);
	table_free(read);
	retired_free(c->retired);
	free_percpu(c->deletes);
}

/**
 * classic_memory - what a map holds
 * @m: the map
 * @mem: receives it
 *
 * Context: Process.
 */
void classic_memory(struct cmap *m, struct cmap_memory *mem)
{
	struct readdirty_classic *c = to_classic(m);
	const struct classic_table *t;

	classic_lock(c);
	t = read_table(c->read);
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

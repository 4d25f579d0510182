// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seqlock map as a whole: making and ending it, walking and clearing it.
 *
 * A walk goes by ranges of the hash, one bucket of the larger table at a time, so a
 * resize beneath it changes neither an entry's place in the order nor the cursor.  Of
 * each range it takes what both tables hold, under the stripe's lock: a bucket that has
 * moved is skipped in the old table, so nothing is seen twice or missed.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "kmod/designs/array.h"
#include "bucket.h"

/* log2 of the number of stripes: enough for a write to meet the worker, who moves, seldom */
#define SQM_STRIPE_BITS_MIN	6
#define SQM_STRIPE_BITS_MAX	8
#define SQM_STRIPES_PER_CPU	4	/* two writers seldom meet by chance */
#define SQM_COLLECT_STEPS	64	/* ranges at a time, where they are empty */

/* A count is changed under one lock: see seqlock.h. */
static_assert(SQM_STRIPE_BITS_MAX <= SQM_COUNT_BITS);

static unsigned int sqm_stripe_bits(void)
{
	return clamp_t(unsigned int, order_base_2(SQM_STRIPES_PER_CPU * num_possible_cpus()),
		       SQM_STRIPE_BITS_MIN, SQM_STRIPE_BITS_MAX);
}

/* Another word than @word and 0 whose home is in 0's stripe, or is not. */
static u64 sqm_find_word(const struct sqm_map *sm, u64 word, bool with_zero)
{
	const struct cmap_shape shape = sm->cmap.shape;
	u64 hash;

	do {
		/* Hashes are told apart by their highest bits, keys by any. */
		word += shape.u64_key ? 1 : 1ULL << 56;
		hash = sqm_slot_hash(sm, &word, shape);
	} while ((sqm_marks(sm, hash) == &sm->marks[1]) != with_zero);
	return word;
}

/* In 0's stripe no slot with an entry begins with a word of another stripe, and so on. */
static void sqm_marks_init(struct sqm_map *sm)
{
	const u64 zero = 0;

	sm->zero_hash = sqm_slot_hash(sm, &zero, sm->cmap.shape);
	sm->marks[0].empty = 0;		/* as a new table is */
	sm->marks[0].more = sqm_find_word(sm, 1, true);
	sm->marks[1].empty = sqm_find_word(sm, 0, false);
	sm->marks[1].more = sqm_find_word(sm, sm->marks[1].empty, false);
}

static int sqm_stripes_init(struct sqm_map *sm)
{
	unsigned int i;

	sm->stripe_bits = sqm_stripe_bits();
	sm->cmap.wanted = sizeof(*sm->stripes) << sm->stripe_bits;
	sm->stripes = array_alloc(sm->cmap.wanted);
	if (!sm->stripes)
		return -ENOMEM;
	for (i = 0; i < 1U << sm->stripe_bits; i++)
		raw_spin_lock_init(&sm->stripes[i].lock);
	return 0;
}

/**
 * sqm_init - see struct cmap_ops
 * @m: the map
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int sqm_init(struct cmap *m)
{
	struct sqm_map *sm = to_sqm_map(m);
	struct sqm_table *t;
	int ret;

	/* Where all keys have one home, none is left to mark a slot: go by the hash. */
	if (m->flags & CMAP_COLLIDE)
		m->shape = CMAP_SHAPE_ANY(m);
	ret = sqm_stripes_init(sm);
	if (ret)
		return ret;
	sqm_marks_init(sm);
	sm->bits_min = sqm_bits_for(sm, m->params.capacity);
	m->wanted += sqm_table_bytes(m->shape, sm->bits_min);
	t = sqm_table_alloc(sm, sm->bits_min);
	if (!t) {
		kvfree(sm->stripes);
		return -ENOMEM;
	}
	sqm_limits_set(sm, t->bits);
	rcu_assign_pointer(sm->table, t);
	return 0;
}

/* Unlink all entries of a bucket or overflow bucket. Return: their number. */
static unsigned int sqm_entries_unlink(const struct sqm_bucket b, const u64 *slots,
				       struct sqm_supply *supply, const struct cmap_shape shape)
{
	unsigned int i;

	for (i = 0; !sqm_is_inline(shape) && i < sqm_slots(shape); i++)
		if (sqm_is_entry(b, slots[i * sqm_slot_words(shape)]))
			sqm_entry_unlink(sqm_pointer(slots[i * sqm_slot_words(shape) + 1]),
					 supply);
	return sqm_count_in(b, slots, shape);
}

/* Empty a bucket, unless it has moved. Return: the number of entries it had. */
static unsigned int sqm_bucket_clear(struct sqm_stripe *s, const struct sqm_bucket b,
				     struct sqm_supply *supply, const struct cmap_shape shape)
{
	struct sqm_overflow *o, *chain = sqm_chain(b, shape);
	unsigned int i, n;

	lockdep_assert_held(&s->lock);
	if (sqm_has_moved(b, shape))
		return 0;
	n = sqm_entries_unlink(b, b.slots, supply, shape);
	if (!n)
		return 0;	/* so it has no chain either */

	sqm_write_begin(b);
	for (i = 0; i < sqm_slots(shape); i++)
		sqm_slot_empty(b, b.slots + i * sqm_slot_words(shape));
	sqm_write_end(b);

	while ((o = chain)) {
		chain = o->next;
		n += sqm_entries_unlink(b, o->slots, supply, shape);
		sqm_overflow_unlink(s, o, supply);
	}
	return n;
}

/* Empty all buckets of a table: nobody else uses the map any more. */
static void sqm_table_exit(struct sqm_map *sm, struct sqm_table *t)
{
	const unsigned int shift = t->bits - sm->stripe_bits;
	const struct cmap_shape shape = sm->cmap.shape;
	struct sqm_supply supply = { };
	u64 i;

	for (i = 0; i < 1ULL << t->bits; i++) {
		struct sqm_stripe *s = sm->stripes + (i >> shift);

		sqm_stripe_lock(sm, s);
		sqm_bucket_clear(s, sqm_bucket_at(sm, t, sqm_hash_at(t, i), shape), &supply,
				 shape);
		sqm_stripe_unlock(s);
		if (supply.dead_overflow || supply.dead_entry)
			sqm_supply_release(&supply);
		cond_resched();
	}
	kvfree(t);
}

/**
 * sqm_exit - see struct cmap_ops
 * @m: the map
 *
 * All that is freed after a grace period is freed by the kernel itself (kfree_rcu()), so
 * there is no callback of the module's to wait for.
 *
 * Context: Process; sleeps.
 */
void sqm_exit(struct cmap *m)
{
	struct sqm_map *sm = to_sqm_map(m);
	/* No operation is in flight, and the worker neither runs nor is queued. */
	struct sqm_table *t = rcu_dereference_protected(sm->table, true);
	struct sqm_table *next = rcu_dereference_protected(t->next, true);

	sqm_table_exit(sm, t);
	if (next)
		sqm_table_exit(sm, next);
	sqm_supply_release(&sm->supply);
	kvfree(sm->stripes);
}

/**
 * struct sqm_range - one step of a walk
 * @stripe: locked
 * @table: what the map's table was, and what it moves to or NULL
 * @first: hash where the range begins
 * @last: hash where it ends, inclusive
 */
struct sqm_range {
	struct sqm_stripe *stripe;
	struct sqm_table *table[2];
	u64 first;
	u64 last;
};

/*
 * Lock the range that begins at a hash: one bucket of the larger table, so that a step's
 * work does not depend on how far apart the sizes are.
 */
static void sqm_range_lock(struct sqm_map *sm, struct sqm_range *r, u64 first)
	__acquires(RCU) __acquires(&r->stripe->lock)
{
	unsigned int bits;

	r->stripe = sm->stripes + hash_bucket(first, sm->stripe_bits);
	rcu_read_lock();
	sqm_stripe_lock(sm, r->stripe);
	/* Pair with the rcu_assign_pointer() of sqm_resize_end() and sqm_resize_begin(). */
	r->table[0] = rcu_dereference(sm->table);
	r->table[1] = rcu_dereference(r->table[0]->next);
	bits = r->table[0]->bits;
	if (r->table[1])
		bits = max_t(unsigned int, bits, r->table[1]->bits);
	r->first = first;
	r->last = first | ~0ULL >> bits;
}

static void sqm_range_unlock(struct sqm_range *r)
	__releases(&r->stripe->lock) __releases(RCU)
{
	sqm_stripe_unlock(r->stripe);
	rcu_read_unlock();
}

/* Copy out what a bucket or overflow bucket holds of the range. */
static void sqm_collect_slots(struct sqm_map *sm, const struct sqm_range *r,
			      const struct sqm_bucket b, const u64 *slots,
			      struct cmap_page *page)
{
	const struct cmap_shape shape = sm->cmap.shape;
	unsigned int i;

	for (i = 0; i < sqm_slots(shape); i++) {
		const u64 *slot = slots + i * sqm_slot_words(shape);
		const struct sqm_entry *e;
		u64 hash;

		if (!sqm_is_entry(b, *slot))
			continue;
		hash = sqm_slot_hash(sm, slot, shape);
		if (hash < r->first || hash > r->last)
			continue;
		if (sqm_is_inline(shape)) {
			cmap_page_add(&sm->cmap, page, slot + !shape.u64_key,
				      slot + sqm_key_words(shape));
			continue;
		}
		e = sqm_pointer(slot[1]);
		cmap_page_add(&sm->cmap, page, e->data, sqm_entry_value(e, shape));
	}
}

static void sqm_collect_range(struct sqm_map *sm, const struct sqm_range *r,
			      struct cmap_page *page)
{
	const struct cmap_shape shape = sm->cmap.shape;
	const struct sqm_overflow *o;
	unsigned int i;

	lockdep_assert_held(&r->stripe->lock);
	for (i = 0; i < ARRAY_SIZE(r->table) && r->table[i]; i++) {
		const struct sqm_bucket b = sqm_bucket_at(sm, r->table[i], r->first, shape);

		/* One that has moved holds none. */
		sqm_collect_slots(sm, r, b, b.slots, page);
		for (o = sqm_chain(b, shape); o; o = o->next)
			sqm_collect_slots(sm, r, b, o->slots, page);
	}
}

/**
 * sqm_collect - see struct cmap_ops
 * @m: the map
 * @page: its cursor is the lowest hash that has not been walked
 *
 * Context: Process.
 * Return: 0.
 */
int sqm_collect(struct cmap *m, struct cmap_page *page)
{
	struct sqm_map *sm = to_sqm_map(m);
	unsigned int i;

	for (i = 0; i < SQM_COLLECT_STEPS && !page->done; i++) {
		const unsigned int before = page->count;
		struct sqm_range r;

		sqm_range_lock(sm, &r, page->cursor);
		sqm_collect_range(sm, &r, page);
		sqm_range_unlock(&r);
		if (page->count > page->room) {
			/* What came before fits; else tell the need. */
			page->count = before ?: page->count;
			break;
		}
		page->cursor = r.last + 1;
		page->done = !page->cursor;
	}
	return 0;
}

/**
 * sqm_clear - see struct cmap_ops
 * @m: the map
 *
 * Context: Process; sleeps.
 * Return: 0.
 */
int sqm_clear(struct cmap *m)
{
	struct sqm_map *sm = to_sqm_map(m);
	u64 hash = 0;

	do {
		struct sqm_supply supply = { };
		unsigned int i, n = 0;
		struct sqm_range r;

		sqm_range_lock(sm, &r, hash);
		for (i = 0; i < ARRAY_SIZE(r.table) && r.table[i]; i++)
			n += sqm_bucket_clear(r.stripe,
					      sqm_bucket_at(sm, r.table[i], hash, m->shape),
					      &supply, m->shape);
		/* Pairs with the READ_ONCE() of the worker and of memory reports. */
		WRITE_ONCE(r.stripe->entries, r.stripe->entries - n);
		cmap_entries_add(m, -(long)n);
		sqm_range_unlock(&r);
		cmap_count_n(m, CMAP_DELETES, n);
		sqm_supply_release(&supply);
		cond_resched();
		hash = r.last + 1;
	} while (hash);
	cmap_kick(m);
	return 0;
}

/* What array_alloc() took for so many bytes. */
static u64 sqm_array_bytes(u64 bytes)
{
	return bytes <= PAGE_SIZE ? roundup_pow_of_two(bytes) : PAGE_ALIGN(bytes);
}

/**
 * sqm_memory - see struct cmap_ops
 * @m: the map
 * @mem: where it goes
 *
 * Context: Process.
 */
void sqm_memory(struct cmap *m, struct cmap_memory *mem)
{
	struct sqm_map *sm = to_sqm_map(m);
	const size_t overflow = kmalloc_size_roundup(sqm_overflow_bytes(m->shape));
	const size_t entry = sqm_is_inline(m->shape) ? 0 :
		kmalloc_size_roundup(sizeof(struct sqm_entry) + cmap_page_stride(m));
	const struct sqm_table *t;
	unsigned int i;

	rcu_read_lock();
	/* Pair with the rcu_assign_pointer() of sqm_resize_end() and sqm_resize_begin(). */
	for (t = rcu_dereference(sm->table); t; t = rcu_dereference(t->next)) {
		mem->table_bytes += sqm_array_bytes(t->bytes);
		mem->buckets = 1ULL << t->bits;
	}
	rcu_read_unlock();
	mem->bytes = mem->table_bytes + sizeof(*sm) +
		sqm_array_bytes(sizeof(*sm->stripes) << sm->stripe_bits);
	for (i = 0; i < 1U << sm->stripe_bits; i++) {
		struct sqm_stripe *s = sm->stripes + i;

		/* Pair with the WRITE_ONCE() of the writers: no ordering needed. */
		mem->bytes += READ_ONCE(s->overflows) * overflow;
		mem->bytes += READ_ONCE(s->entries) * entry;
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buckets of one or two cache lines under sequence counts.  See seqlock.h for the algorithm.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "kmod/designs/array.h"
#include "kmod/designs/lookup.h"
#include "kmod/designs/loop.h"
#include "kmod/memory.h"
#include "bucket.h"

/* Memory that a writer may turn out to need once it holds the lock. */
enum sqm_lack {
	SQM_LACKS_NOTHING,
	SQM_LACKS_OVERFLOW,
	SQM_LACKS_ENTRY,
};

enum sqm_look {
	SQM_FOUND,
	SQM_ABSENT,
	SQM_MOVED,
	SQM_AGAIN,
};

/*
 * Read the value in a slot, or the pointer to its entry.  READ_ONCE() and acquire pair with the
 * releases in sqm_slot_fill() and sqm_value_set().
 */
static __always_inline void sqm_value_read(u64 *words, const u64 *slot,
					   const struct cmap_shape shape)
{
	unsigned int i;

	slot += sqm_key_words(shape);
	cmap_access_load(shape, NULL, slot, sqm_value_words(shape) * sizeof(u64), MAPSTAT_READ);
	if (!sqm_is_inline(shape)) {
		words[0] = smp_load_acquire(slot);	/* pairs as above */
		return;
	}
	for (i = 0; i < sqm_value_words(shape); i++)
		words[i] = READ_ONCE(slot[i]);
}

/*
 * Copy out the value that sqm_value_read() read, after validation: if the words are a pointer,
 * its entry was linked at that instant, and stays until the RCU read-side section ends.
 */
static __always_inline bool sqm_value_take(void *value, const u64 *words,
					   const struct sqm_key *k, const struct cmap_shape shape)
{
	if (sqm_is_inline(shape)) {
		cmap_value_copy(value, words, shape);
		return true;
	}
	if (!sqm_entry_matches(sqm_pointer(words[0]), k, shape))
		return false;
	cmap_access_load(shape, NULL, sqm_entry_value(sqm_pointer(words[0]), shape),
			 shape.value_size, MAPSTAT_READ);
	cmap_value_copy(value, sqm_entry_value(sqm_pointer(words[0]), shape), shape);
	return true;
}

/* Search the slots of a bucket or overflow bucket. */
static __always_inline enum sqm_look sqm_look_in(const struct sqm_count *count, u32 ended,
						 const u64 *slots, const struct sqm_key *k,
						 void *value, const struct cmap_shape shape)
{
	u64 words[SQM_SLOT_WORDS];
	unsigned int i;

	for (i = 0; i < sqm_slots(shape); i++) {
		const u64 *slot = slots + i * sqm_slot_words(shape);

		if (!sqm_slot_matches(slot, k, shape))
			continue;
		sqm_value_read(words, slot, shape);
		if (unlikely(!sqm_valid(count, ended)))
			return SQM_AGAIN;
		if (likely(sqm_value_take(value, words, k, shape)))
			return SQM_FOUND;
	}
	return SQM_ABSENT;
}

/* Follow the chain pointer of a bucket's last slot; it is not validated yet. */
static __always_inline enum sqm_look sqm_look_in_chain(const struct sqm_overflow *o,
						       const struct sqm_count *count, u32 ended,
						       const struct sqm_key *k, void *value,
						       const struct cmap_shape shape)
{
	enum sqm_look look;

	/* Validate before the pointer is followed. */
	if (unlikely(!sqm_valid(count, ended)))
		return SQM_AGAIN;
	if (!o)
		return SQM_MOVED;
	for (; o; o = o->next) {
		cmap_access_load(shape, NULL, &o->next, sizeof(o->next), MAPSTAT_READ);
		look = sqm_look_in(count, ended, o->slots, k, value, shape);
		if (look != SQM_ABSENT)
			return look;
	}
	return sqm_valid(count, ended) ? SQM_ABSENT : SQM_AGAIN;
}

/* The chain pointer in a bucket's last slot. */
static __always_inline const struct sqm_overflow *sqm_read_chain(const u64 *last,
								 const struct cmap_shape shape)
{
	cmap_access_load(shape, NULL, last, 2 * sizeof(u64), MAPSTAT_READ);
	/* The pointer, then the contents: pairs with the release in sqm_chain_insert(). */
	return sqm_pointer(smp_load_acquire(&last[1]));
}

/* Search a bucket and its chain, after @ended changes. */
static __always_inline enum sqm_look sqm_look(const struct sqm_bucket b,
					      const struct sqm_count *count, u32 ended,
					      const struct sqm_key *k, void *value,
					      const struct cmap_shape shape)
{
	enum sqm_look look = sqm_look_in(count, ended, b.slots, k, value, shape);

	if (look != SQM_ABSENT)
		return look;
	/* Pairs with sqm_more_set(). */
	if (unlikely(READ_ONCE(*sqm_last(b.slots, shape)) == b.marks->more))
		return sqm_look_in_chain(sqm_read_chain(sqm_last(b.slots, shape), shape), count,
					 ended, k, value, shape);
	return likely(sqm_valid(count, ended)) ? SQM_ABSENT : SQM_AGAIN;
}

static __always_inline int sqm_load_loop(struct cmap *m, const struct sqm_table *t,
					 u64 hash, const void *key, void *value,
					 const struct cmap_shape shape)
{
	struct sqm_map *sm = to_sqm_map(m);
	const struct sqm_count *count = sqm_count_of(sm, hash);
	struct sqm_key k;

	cmap_access_load(shape, m, count, sizeof(*count), MAPSTAT_READ);
	sqm_key_init(&k, hash, key, shape);
	for (;;) {
		const struct sqm_bucket b = sqm_bucket_at(sm, t, hash, shape);
		enum sqm_look look = sqm_look(b, count, sqm_read_begin(count), &k, value, shape);

		if (likely(look == SQM_FOUND))
			return 0;
		if (likely(look == SQM_ABSENT))
			return -ENOENT;
		if (look == SQM_MOVED) {
			/* Set before the move: pairs with sqm_resize_begin(). */
			t = rcu_dereference(t->next);
			continue;
		}
		cmap_count(m, CMAP_RETRIES);
		cpu_relax();
	}
}

/* The result of a load of a map of u64s: in registers, like the key. */
struct sqm_found {
	u64 value;
	int ret;
};

/* Out of line to keep loops around loads small; hashes again, so that callers need not keep it. */
static noinline struct sqm_found sqm_load_u64_loop(struct cmap *m,
						   const struct sqm_table *t, u64 key)
{
	const u64 hash = cmap_hash(m, &key, CMAP_SHAPE_U64_U64);
	struct sqm_found found = { };

	found.ret = sqm_load_loop(m, t, hash, &key, &found.value, CMAP_SHAPE_U64_U64);
	return found;
}

/* The first look found no valid result. */
static noinline struct sqm_found sqm_load_u64_again(struct cmap *m, const struct sqm_table *t,
						    u64 key)
{
	cmap_count(m, CMAP_RETRIES);
	return sqm_load_u64_loop(m, t, key);
}

/*
 * No slot of the bucket has the key, and the last one may point to more: 1 load in 20, in a
 * table that is half full.
 */
static __always_inline struct sqm_found sqm_do_load_u64_more(struct cmap *m,
							     const struct sqm_table *t, u64 key,
							     const u64 *last, u32 ended)
{
	const struct cmap_shape shape = CMAP_SHAPE_U64_U64;
	const struct sqm_map *sm = to_sqm_map(m);
	const u64 hash = cmap_hash(m, &key, shape);
	const struct sqm_count *count = sqm_count_of(sm, hash);
	struct sqm_found found = { };
	enum sqm_look look;
	struct sqm_key k;

	sqm_key_init(&k, hash, &key, shape);
	/* The mark of another stripe is an ordinary key here.  Pairs with sqm_more_set(). */
	if (likely(READ_ONCE(*last) == sqm_marks(sm, hash)->more))
		look = sqm_look_in_chain(sqm_read_chain(last, shape), count, ended, &k,
					 &found.value, shape);
	else
		look = sqm_valid(count, ended) ? SQM_ABSENT : SQM_AGAIN;
	if (likely(look == SQM_FOUND))
		return found;
	if (likely(look == SQM_ABSENT)) {
		found.ret = -ENOENT;
		return found;
	}
	if (look == SQM_AGAIN)
		return sqm_load_u64_again(m, t, key);
	/* It has moved.  next was set before that: pairs with sqm_resize_begin(). */
	return sqm_load_u64_loop(m, rcu_dereference(t->next), key);
}

static noinline struct sqm_found sqm_load_u64_more(struct cmap *m, const struct sqm_table *t,
						   u64 key, const u64 *last, u32 ended)
{
	return sqm_do_load_u64_more(m, t, key, last, ended);
}

/*
 * Finish a load that the first look did not decide; @last is as for sqm_load_u64_more(), or
 * NULL to repeat it.  For cmap_load(), which then keeps nothing across the call except the map,
 * in a register that it saves anyway.
 */
static noinline int sqm_load_u64_late(struct cmap *m, const struct sqm_table *t, u64 key,
				      u64 *value, const u64 *last, u32 ended)
{
	const struct sqm_found late = last ? sqm_do_load_u64_more(m, t, key, last, ended) :
					     sqm_load_u64_again(m, t, key);

	if (likely(!late.ret))
		*value = late.value;
	return late.ret;
}

/* Report the accesses of a load of a map of u64s; @slot is where it found the key, or NULL. */
static noinline void sqm_report_probe(struct cmap *m, u64 hash, const u64 *home, const u64 *slot)
{
	unsigned int i;

	cmap_access(m, sqm_count_of(to_sqm_map(m), hash), sizeof(struct sqm_count), MAPSTAT_READ);
	for (i = 0; i < SQM_SLOTS_MAX; i++) {
		cmap_access(m, sqm_sibling(home, i), sizeof(u64), MAPSTAT_READ);
		if (sqm_sibling(home, i) == slot) {
			cmap_access(m, slot + 1, sizeof(u64), MAPSTAT_READ);
			break;
		}
	}
}

/*
 * The load of a map of u64s.  Its number of instructions matters: the more lookups fit into the
 * instruction window of the CPU, the more of their cache misses overlap.
 */
static __always_inline int sqm_load_u64(struct cmap *m, const struct sqm_table *t, u64 hash,
					const void *key, void *value,
					const struct cmap_shape shape)
{
	const struct sqm_map *sm = to_sqm_map(m);
	const struct sqm_count *count = sqm_count_of(sm, hash);
	const u64 k = *(const u64 *)key;
	const u32 ended = sqm_read_begin(count);
	const u64 *home = t->slots + (hash >> t->home_shift) * 2;
	const u64 *slot = home;
	const bool found = sqm_probe(&slot, k);
	struct sqm_found late;
	u64 word;

	if (cmap_is_reported(shape))
		sqm_report_probe(m, hash, home, found ? slot : NULL);
	smp_rmb();	/* the key, then its value: pairs with the release in sqm_slot_fill() */
	word = found ? READ_ONCE(slot[1]) : READ_ONCE(*sqm_last_of(slot));
	if (unlikely(!sqm_valid(count, ended))) {
		if (shape.counted)
			return sqm_load_u64_late(m, t, k, value, NULL, 0);
		late = sqm_load_u64_again(m, t, k);
	} else if (likely(found)) {
		*(u64 *)value = word;
		return 0;
	} else if (unlikely(word == sm->marks[0].more || word == sm->marks[1].more)) {
		/* One of them is the mark of this stripe. */
		if (shape.counted)
			return sqm_load_u64_late(m, t, k, value, sqm_last_of(slot), ended);
		late = sqm_load_u64_more(m, t, k, sqm_last_of(slot), ended);
	} else {
		return -ENOENT;
	}
	if (likely(!late.ret))
		*(u64 *)value = late.value;
	return late.ret;
}

/* Inside an RCU read-side section. */
static __always_inline int sqm_load_hashed(struct cmap *m, u64 hash, const void *key,
					   void *value, const struct cmap_shape shape)
{
	/* Pairs with rcu_assign_pointer() in sqm_resize_end(). */
	const struct sqm_table *t = rcu_dereference(to_sqm_map(m)->table);

	cmap_access_load(shape, m, &to_sqm_map(m)->table, sizeof(t), MAPSTAT_READ);
	cmap_access_load(shape, m, t, offsetof(struct sqm_table, next), MAPSTAT_READ);
	if (shape.u64_pair)
		return sqm_load_u64(m, t, hash, key, value, shape);
	return sqm_load_loop(m, t, hash, key, value, shape);
}

static __always_inline void sqm_fetch_from(const struct sqm_table *t, u64 hash,
					   const struct cmap_shape shape)
{
	u64 *slots = sqm_slots_at(t, hash, shape);

	prefetch(slots);
	if (sqm_bucket_words(shape) * sizeof(u64) > SMP_CACHE_BYTES)
		prefetch(sqm_last(slots, shape));
}

/* Prefetch what the load of a key with that hash reads first. */
static __always_inline void sqm_fetch(struct cmap *m, u64 hash, const struct cmap_shape shape)
{
	/* Pairs with rcu_assign_pointer() in sqm_resize_end(). */
	sqm_fetch_from(rcu_dereference(to_sqm_map(m)->table), hash, shape);
}

/* Prefetch what an update reads first, and what it reads next if the bucket has moved. */
static __always_inline void sqm_fetch_update(struct sqm_map *sm, u64 hash,
					     const struct cmap_shape shape)
{
	/* Pairs with rcu_assign_pointer() in sqm_resize_end(). */
	const struct sqm_table *t = rcu_dereference(sm->table);
	/* Pairs with rcu_assign_pointer() in sqm_resize_begin(). */
	const struct sqm_table *next = rcu_dereference(t->next);

	sqm_fetch_from(t, hash, shape);
	if (unlikely(next))
		sqm_fetch_from(next, hash, shape);
}

CMAP_DEFINE_LOADS(seqlock,
		  .begin = many_rcu_begin, .fetch = sqm_fetch, .load = sqm_load_hashed,
		  .end = many_rcu_end)

/*
 * Growing and shrinking.  seqlock.h explains why no key is lost.
 *
 * A table grows when more than half of its slots are used, which keeps chains rare, and shrinks
 * when fewer than a sixteenth are.  The new one is at most 7/16 full after growing, and at most a
 * quarter after shrinking, so that neither is close to the other's limit.
 */

#define SQM_BITS_MAX	40	/* far beyond any memory */

/* Number of slots of 1 << @bits buckets. */
static u64 sqm_room(const struct sqm_map *sm, unsigned int bits)
{
	return (u64)sqm_slots(sm->cmap.shape) << bits;
}

/* log2 of the buckets of a table that does not have to grow for @capacity entries. */
static unsigned int sqm_bits_for(struct sqm_map *sm, u64 capacity)
{
	unsigned int bits = sm->stripe_bits;

	while (capacity > sqm_room(sm, bits) / 2 && bits < SQM_BITS_MAX)
		bits++;
	return bits;
}

/* The right size for @entries, if the present size is 1 << @bits. */
static unsigned int sqm_bits_wanted(struct sqm_map *sm, u64 entries, unsigned int bits)
{
	if (entries > sqm_room(sm, bits) / 2)
		while (entries > sqm_room(sm, bits) / 16 * 7 && bits < SQM_BITS_MAX)
			bits++;
	else if (entries < sqm_room(sm, bits) / 16)
		while (bits > sm->bits_min && entries <= sqm_room(sm, bits - 1) / 4)
			bits--;
	return bits;
}

/* Set the limits at which stripes ask for another size.  Takes the stripes' locks. */
static void sqm_limits_set(struct sqm_map *sm, unsigned int bits)
{
	const u64 room = sqm_room(sm, bits - sm->stripe_bits);
	const u64 least = bits > sm->bits_min ? max(room / 16, 1ULL) : 0;
	struct sqm_stripe *s;

	for (s = sm->stripes; s < sm->stripes + (1UL << sm->stripe_bits); s++) {
		sqm_stripe_lock(sm, s);
		s->grow_at = room / 2;
		s->shrink_at = least;
		s->arm_at = least ?: U64_MAX;
		sqm_stripe_unlock(s);
	}
}

/* Zeroed memory is free slots, except in the stripe that is the home of the word 0. */
static void sqm_table_blank(struct sqm_map *sm, struct sqm_table *t)
{
	const struct cmap_shape shape = sm->cmap.shape;
	const unsigned int shift = t->bits - sm->stripe_bits;
	u64 index = hash_bucket(sm->zero_hash, sm->stripe_bits) << shift;
	const u64 end = index + (1ULL << shift);
	unsigned int i;

	for (; index < end; index++) {
		struct sqm_bucket b = sqm_bucket_at(sm, t, sqm_hash_at(t, index), shape);

		for (i = 0; i < sqm_slots(shape); i++)
			b.slots[i * sqm_slot_words(shape)] = b.marks->empty;
		cond_resched();
	}
}

/* An empty table, with at least one bucket per stripe; or NULL.  Sleeps. */
static struct sqm_table *sqm_table_alloc(struct sqm_map *sm, unsigned int bits)
{
	const u64 bytes = sqm_table_bytes(sm->cmap.shape, bits);
	struct sqm_table *t = array_alloc(bytes);

	if (!t)
		return NULL;
	t->bits = bits;
	t->shift = 64 - bits;
	t->home_shift = t->shift - 2;
	t->bytes = bytes;
	sqm_table_blank(sm, t);
	return t;
}

/*
 * Allocate overflow buckets until there are @need; no stripe is locked.
 * Return: false if out of memory.
 */
static bool sqm_supply_overflows(struct sqm_map *sm, struct sqm_supply *supply, unsigned int need,
				 gfp_t gfp)
{
	const size_t bytes = sqm_overflow_bytes(sm->cmap.shape);

	while (supply->overflows < need) {
		struct sqm_overflow *o = kmalloc(bytes, gfp | __GFP_NOWARN);

		if (!o)
			return false;
		o->next = supply->overflow;
		supply->overflow = o;
		supply->overflows++;
		cmap_count(&sm->cmap, CMAP_OVERFLOWS);
	}
	return true;
}

/* Free what was unlinked, after a grace period. */
static void sqm_supply_free_unlinked(struct sqm_supply *supply)
{
	struct sqm_overflow *o;
	struct sqm_entry *e;

	while ((o = supply->dead_overflow)) {
		supply->dead_overflow = o->dead;
		kfree_rcu(o, rcu);
	}
	while ((e = supply->dead_entry)) {
		supply->dead_entry = e->dead;
		kfree_rcu(e, rcu);
	}
}

/* Free what was not used, and what was unlinked; no stripe is locked. */
static void sqm_supply_release(struct sqm_supply *supply)
{
	struct sqm_overflow *o;

	while ((o = supply->overflow)) {
		supply->overflow = o->next;
		kfree(o);
	}
	supply->overflows = 0;
	kfree(supply->entry);
	supply->entry = NULL;
	sqm_supply_free_unlinked(supply);
}

/* Overflow buckets of a chain with room for @entries. */
static unsigned int sqm_overflows_for(unsigned int entries, unsigned int slots)
{
	return entries <= slots ? 0 : DIV_ROUND_UP(entries - slots + 1, slots);
}

/* Entries of a bucket and its chain. */
static unsigned int sqm_count(const struct sqm_bucket b, const struct cmap_shape shape)
{
	unsigned int n = sqm_count_in(b, b.slots, shape);
	struct sqm_overflow *o;

	for (o = sqm_chain(b, shape); o; o = o->next)
		n += sqm_count_in(b, o->slots, shape);
	return n;
}

/* Maximum number of overflow buckets that moving a bucket takes. */
static unsigned int sqm_move_needs(struct sqm_map *sm, const struct sqm_bucket b,
				   struct sqm_table *t, struct sqm_table *next, u64 hash)
{
	const struct cmap_shape shape = sm->cmap.shape;
	const unsigned int slots = sqm_slots(shape), n = sqm_count(b, shape);
	unsigned int there;

	/* On growth no other bucket moves to the same buckets, so they are empty. */
	if (next->bits >= t->bits)
		return sqm_overflows_for(n, slots);
	there = sqm_count(sqm_bucket_at(sm, next, hash, shape), shape);
	return sqm_overflows_for(there + n, slots) - sqm_overflows_for(there, slots);
}

/* Copy the entries of a bucket or overflow bucket to the new table. */
static void sqm_move_slots(struct sqm_map *sm, struct sqm_stripe *s, const struct sqm_bucket b,
			   const u64 *slots, struct sqm_table *next, struct sqm_supply *supply)
{
	const struct cmap_shape shape = sm->cmap.shape;
	unsigned int i;

	for (i = 0; i < sqm_slots(shape); i++) {
		const u64 *slot = slots + i * sqm_slot_words(shape);
		u64 hash;

		if (!sqm_is_entry(b, *slot))
			continue;
		hash = sqm_slot_hash(sm, slot, shape);
		sqm_insert(sm, s, next, sqm_bucket_at(sm, next, hash, shape), slot, hash, supply,
			   shape);
	}
}

/* Mark a bucket moved. */
static void sqm_leave(const struct sqm_bucket b, const struct cmap_shape shape)
{
	unsigned int i;

	sqm_write_begin(b);
	for (i = 0; i < sqm_slots(shape) - 1; i++)
		sqm_slot_empty(b, b.slots + i * sqm_slot_words(shape));
	sqm_more_set(b, NULL, shape);
	/* Orders the writes to the new table's buckets, too: pairs with the readers' acquire. */
	sqm_write_end(b);
}

/* Move a bucket, unless it has moved. Return: number of overflow buckets missing, or 0. */
static unsigned int sqm_move(struct sqm_map *sm, struct sqm_stripe *s, struct sqm_table *t,
			     struct sqm_table *next, u64 hash, struct sqm_supply *supply)
{
	const struct cmap_shape shape = sm->cmap.shape;
	const struct sqm_bucket b = sqm_bucket_at(sm, t, hash, shape);
	struct sqm_overflow *o, *chain = sqm_chain(b, shape);
	unsigned int need;

	lockdep_assert_held(&s->lock);
	if (sqm_has_moved(b, shape))
		return 0;
	need = sqm_move_needs(sm, b, t, next, hash);
	if (need > supply->overflows)
		return need;

	sqm_move_slots(sm, s, b, b.slots, next, supply);
	for (o = chain; o; o = o->next)
		sqm_move_slots(sm, s, b, o->slots, next, supply);
	sqm_leave(b, shape);

	while ((o = chain)) {
		chain = o->next;
		sqm_overflow_unlink(s, o, supply);
	}
	cmap_count(&sm->cmap, CMAP_MOVED_BUCKETS);
	return 0;
}

/* The end of a stripe's buckets in a table. */
static u64 sqm_stripe_end(const struct sqm_map *sm, const struct sqm_stripe *s,
			  const struct sqm_table *t)
{
	return (u64)(s - sm->stripes + 1) << (t->bits - sm->stripe_bits);
}

/*
 * A writer's part in a resize, with its stripe locked.  If the worker is late, the writer moves its
 * bucket if @supply has enough overflow buckets, and one more bucket if that needs none.
 * Return: true if the bucket of @hash has moved; if not, it is still the valid one.
 */
static bool sqm_help_move(struct sqm_map *sm, struct sqm_stripe *s, struct sqm_table *t,
			  struct sqm_table *next, u64 hash, struct sqm_supply *supply)
{
	const struct cmap_shape shape = sm->cmap.shape;
	unsigned int spare;
	bool moved;

	/* Pairs with the WRITE_ONCE() of the worker; a hint. */
	if (unlikely(READ_ONCE(sm->stalled)))
		supply->kick = true;
	if (likely(s->entries <= s->help_at))
		return sqm_has_moved(sqm_bucket_at(sm, t, hash, shape), shape);
	moved = !sqm_move(sm, s, t, next, hash, supply);
	/* The other one must not use what the write itself may need. */
	spare = supply->overflows;
	supply->overflows = 0;
	if (s->moved < sqm_stripe_end(sm, s, t) &&
	    !sqm_move(sm, s, t, next, sqm_hash_at(t, s->moved), supply))
		s->moved++;
	supply->overflows = spare;
	return moved;
}

/* The worker's part: move all of a stripe. Return: false if out of memory. */
static bool sqm_move_stripe(struct sqm_map *sm, struct sqm_stripe *s, struct sqm_table *t,
			    struct sqm_table *next)
{
	struct sqm_supply *supply = &sm->supply;
	const u64 end = sqm_stripe_end(sm, s, t);
	bool done, ok = true;

	do {
		unsigned int need = 0;

		/* One bucket per lock acquisition, as writers may be waiting for the lock. */
		sqm_stripe_lock(sm, s);
		done = s->moved == end;
		if (!done) {
			need = sqm_move(sm, s, t, next, sqm_hash_at(t, s->moved), supply);
			s->moved += !need;
		}
		sqm_stripe_unlock(s);

		if (need)
			ok = sqm_supply_overflows(sm, supply, need, MAPSTAT_GFP);
		cond_resched();
	} while (!done && ok);
	/* If memory did not suffice for a long chain, keep it, so that a later attempt succeeds. */
	if (done)
		sqm_supply_release(supply);
	else
		sqm_supply_free_unlinked(supply);
	return done;
}

/* Move the rest, then replace the old table. Return: false if out of memory. */
static bool sqm_resize_end(struct sqm_map *sm, struct sqm_table *t, struct sqm_table *next)
{
	struct sqm_stripe *s;

	for (s = sm->stripes; s < sm->stripes + (1UL << sm->stripe_bits); s++)
		if (!sqm_move_stripe(sm, s, t, next))
			return false;
	/* Before the limits: a stripe that asks again finds the new table in place. */
	rcu_assign_pointer(sm->table, next);
	kvfree_rcu(t, rcu);
	sqm_limits_set(sm, next->bits);
	return true;
}

static struct sqm_table *sqm_resize_begin(struct sqm_map *sm, struct sqm_table *t,
					  unsigned int bits, u64 entries)
{
	const u64 start = mapstat_clock_read();
	struct sqm_table *next = sqm_table_alloc(sm, bits);
	struct sqm_stripe *s;

	if (!next)
		return NULL;
	for (s = sm->stripes; s < sm->stripes + (1UL << sm->stripe_bits); s++) {
		sqm_stripe_lock(sm, s);
		s->moved = sqm_stripe_end(sm, s, t) - (1ULL << (t->bits - sm->stripe_bits));
		s->help_at = s->entries + s->entries / 8;
		sqm_stripe_unlock(s);
	}
	rcu_assign_pointer(t->next, next);
	cmap_count(&sm->cmap, CMAP_RESIZES);
	mapstat_pauses_record(&sm->cmap.pauses,
			      bits > t->bits ? MAPSTAT_PAUSE_GROWTH : MAPSTAT_PAUSE_SHRINK,
			      mapstat_clock_ns(mapstat_clock_read() - start), entries);
	return next;
}

static u64 sqm_entries(const struct sqm_map *sm)
{
	const struct sqm_stripe *s;
	u64 sum = 0;

	for (s = sm->stripes; s < sm->stripes + (1UL << sm->stripe_bits); s++)
		sum += READ_ONCE(s->entries);	/* pairs with sqm_account(); an estimate */
	return sum;
}

/*
 * Resize until the size is right.  If memory runs out it gives up: all entries stay where they are,
 * and the next writer with a reason to do so queues the work again.
 */
static void sqm_work(struct cmap *m)
{
	struct sqm_map *sm = to_sqm_map(m);

	WRITE_ONCE(sm->stalled, false);	/* pairs with sqm_help_move(); a hint */
	for (;;) {
		/* Only the worker replaces tables. */
		struct sqm_table *t = rcu_dereference_protected(sm->table, true);
		struct sqm_table *next = rcu_dereference_protected(t->next, true);
		u64 entries = sqm_entries(sm);
		unsigned int bits = sqm_bits_wanted(sm, entries, t->bits);

		if (!next) {
			if (bits == t->bits)
				return;
			next = sqm_resize_begin(sm, t, bits, entries);
			if (!next)
				return;
		}
		if (!sqm_resize_end(sm, t, next)) {
			WRITE_ONCE(sm->stalled, true);	/* pairs with sqm_help_move() */
			return;
		}
	}
}

/* Count a stripe's entries, and check whether the table has the right size. */
static __always_inline void sqm_account(struct sqm_stripe *s, enum cmap_action act,
					struct sqm_supply *supply)
{
	lockdep_assert_held(&s->lock);
	if (act == CMAP_ACT_INSERT || act == CMAP_ACT_REMOVE)
		cmap_access(NULL, &s->entries, sizeof(s->entries), MAPSTAT_WRITE);
	if (act == CMAP_ACT_INSERT) {
		WRITE_ONCE(s->entries, s->entries + 1);	/* pairs with sqm_entries() */
		if (s->entries > s->arm_at)
			s->shrink_at = s->arm_at;
		if (unlikely(s->entries > s->grow_at)) {
			s->grow_at += s->grow_at / 8 + 1;	/* ask again above this */
			supply->kick = true;
		}
	} else if (act == CMAP_ACT_REMOVE) {
		WRITE_ONCE(s->entries, s->entries - 1);	/* pairs with sqm_entries() */
		if (unlikely(s->entries < s->shrink_at)) {
			s->shrink_at /= 2;
			supply->kick = true;
		}
	}
}

/* The value's words as a slot holds them. */
static __always_inline void sqm_image_value(u64 *words, const void *value,
					    const struct sqm_entry *e,
					    const struct cmap_shape shape)
{
	if (!sqm_is_inline(shape)) {
		words[0] = (unsigned long)e;
		return;
	}
	words[sqm_value_words(shape) - 1] = 0;
	cmap_value_copy(words, value, shape);
}

static __always_inline void sqm_do_insert(struct sqm_map *sm, struct sqm_stripe *s,
					  const struct sqm_table *t, const struct sqm_bucket b,
					  const struct sqm_key *k, const void *value,
					  struct sqm_supply *supply, const struct cmap_shape shape)
{
	u64 image[SQM_SLOT_WORDS];
	unsigned int i;

	for (i = 0; i < sqm_key_words(shape); i++)
		image[i] = k->words[i];
	sqm_image_value(image + sqm_key_words(shape), value, supply->entry, shape);
	supply->entry = NULL;	/* now linked, if it was needed */
	sqm_insert(sm, s, t, b, image, k->hash, supply, shape);
}

/* Replace the value in a slot. */
static __always_inline void sqm_value_set(const struct sqm_bucket b, u64 *slot, const u64 *words,
					  const struct cmap_shape shape)
{
	unsigned int i;

	slot += sqm_key_words(shape);
	cmap_access(NULL, slot, sqm_value_words(shape) * sizeof(u64), MAPSTAT_WRITE);
	if (sqm_value_words(shape) == 1) {
		/* The entry, then the pointer to it: pairs with sqm_value_read(). */
		smp_store_release(slot, words[0]);
		return;
	}
	sqm_write_begin(b);
	for (i = 0; i < sqm_value_words(shape); i++)
		WRITE_ONCE(slot[i], words[i]);
	sqm_write_end(b);
}

static __always_inline void sqm_do_replace(const struct sqm_bucket b, u64 *slot,
					   const void *value, struct sqm_supply *supply,
					   const struct cmap_shape shape)
{
	u64 words[SQM_SLOT_WORDS];

	sqm_image_value(words, value, supply->entry, shape);
	if (!sqm_is_inline(shape)) {
		sqm_entry_unlink(sqm_pointer(slot[1]), supply);
		supply->entry = NULL;
	}
	sqm_value_set(b, slot, words, shape);
}

/* Carry out a write, or return what it lacks and change nothing. */
static __always_inline enum sqm_lack sqm_write(struct sqm_map *sm, struct sqm_stripe *s,
					       const struct sqm_table *t,
					       const struct cmap_update *u,
					       const struct sqm_key *k,
					       struct sqm_supply *supply, int *ret,
					       const struct cmap_shape shape)
{
	const struct sqm_bucket b = sqm_bucket_at(sm, t, k->hash, shape);
	u64 *slot = sqm_find(b, k, shape);
	const void *value = NULL;
	enum cmap_action act;

	lockdep_assert_held(&s->lock);
	if (slot)
		value = sqm_is_inline(shape) ? slot + sqm_key_words(shape) :
			sqm_entry_value(sqm_pointer(slot[1]), shape);
	act = update_decide(&sm->cmap, u, value, shape, ret);
	if (!sqm_is_inline(shape) && !supply->entry &&
	    (act == CMAP_ACT_INSERT || act == CMAP_ACT_REPLACE))
		return SQM_LACKS_ENTRY;

	switch (act) {
	case CMAP_ACT_NONE:
		break;
	case CMAP_ACT_INSERT:
		if (!supply->overflows && sqm_needs_overflow(b, shape))
			return SQM_LACKS_OVERFLOW;
		sqm_do_insert(sm, s, t, b, k, u->value, supply, shape);
		break;
	case CMAP_ACT_REPLACE:
		sqm_do_replace(b, slot, u->value, supply, shape);
		break;
	case CMAP_ACT_REMOVE:
		if (!sqm_is_inline(shape))
			sqm_entry_unlink(sqm_pointer(slot[1]), supply);
		sqm_remove(s, b, slot, supply, shape);
		break;
	}
	sqm_account(s, act, supply);
	update_count(&sm->cmap, act);
	return SQM_LACKS_NOTHING;
}

/* The table that has the valid bucket of the hash. */
static __always_inline struct sqm_table *sqm_table_of(struct sqm_map *sm, struct sqm_stripe *s,
						      u64 hash, struct sqm_supply *supply)
{
	/* Pairs with rcu_assign_pointer() in sqm_resize_end(). */
	struct sqm_table *t = rcu_dereference(sm->table), *next;

	lockdep_assert_held(&s->lock);
	cmap_access(&sm->cmap, &sm->table, sizeof(t), MAPSTAT_READ);
	cmap_access(&sm->cmap, t, offsetof(struct sqm_table, bytes), MAPSTAT_READ);
	/* Pairs with rcu_assign_pointer() in sqm_resize_begin(). */
	while (unlikely((next = rcu_dereference(t->next)))) {
		if (!sqm_help_move(sm, s, t, next, hash, supply))
			break;
		t = next;
	}
	return t;
}

static __always_inline enum sqm_lack sqm_try_update(struct sqm_map *sm,
						    const struct cmap_update *u,
						    const struct sqm_key *k,
						    struct sqm_supply *supply, int *ret,
						    const struct cmap_shape shape)
{
	struct sqm_stripe *s = sqm_stripe_of(sm, k->hash);
	struct sqm_table *t;
	enum sqm_lack lack;

	rcu_read_lock();
	sqm_fetch_update(sm, k->hash, shape);	/* overlaps with taking the lock */
	sqm_stripe_lock(sm, s);
	t = sqm_table_of(sm, s, k->hash, supply);
	lack = sqm_write(sm, s, t, u, k, supply, ret, shape);
	sqm_stripe_unlock(s);
	rcu_read_unlock();
	return lack;
}

/* Allocate an entry and fill it in. Return: false if out of memory. */
static bool sqm_supply_entry(struct sqm_map *sm, const struct cmap_update *u,
			     struct sqm_supply *supply)
{
	const struct cmap_shape shape = sm->cmap.shape;
	const size_t bytes = sizeof(struct sqm_entry) + cmap_page_stride(&sm->cmap);
	struct sqm_entry *e = kmalloc(bytes, GFP_ATOMIC | __GFP_NOWARN);

	if (!e)
		return false;
	cmap_access(&sm->cmap, e, bytes, MAPSTAT_WRITE);
	memcpy(e->data, u->key, shape.key_size);
	memcpy((void *)sqm_entry_value(e, shape), u->value, shape.value_size);
	supply->entry = e;
	cmap_count_alloc(&sm->cmap, bytes);
	return true;
}

static bool sqm_supply_lack(struct sqm_map *sm, const struct cmap_update *u, enum sqm_lack lack,
			    struct sqm_supply *supply)
{
	if (lack == SQM_LACKS_ENTRY)
		return sqm_supply_entry(sm, u, supply);
	if (!sqm_supply_overflows(sm, supply, 1, GFP_ATOMIC))
		return false;
	cmap_count_alloc(&sm->cmap, sqm_overflow_bytes(sm->cmap.shape));
	return true;
}

static __always_inline int sqm_update(struct cmap *m, const struct cmap_update *u,
				      const struct cmap_shape shape)
{
	struct sqm_map *sm = to_sqm_map(m);
	struct sqm_supply supply = { };
	enum sqm_lack lack;
	struct sqm_key k;
	int ret;

	sqm_key_init(&k, cmap_hash(m, u->key, shape), u->key, shape);
	/* These always need an entry; the other operations first try without. */
	if (!sqm_is_inline(shape) && (u->op == CMAP_STORE || u->op == CMAP_SWAP) &&
	    !sqm_supply_entry(sm, u, &supply)) {
		cmap_count(m, CMAP_ALLOC_FAILURES);
		return -ENOMEM;
	}
	while ((lack = sqm_try_update(sm, u, &k, &supply, &ret, shape))) {
		if (sqm_supply_lack(sm, u, lack, &supply))
			continue;
		cmap_count(m, CMAP_ALLOC_FAILURES);
		ret = -ENOMEM;
		break;
	}
	sqm_supply_release(&supply);
	if (unlikely(supply.kick))
		cmap_kick(m);
	return ret;
}

/**
 * seqlock_update - see struct cmap_update
 * @m: the map
 * @u: the write
 *
 * Context: Process or softirq.
 * Return: 0 or -errno.
 */
int seqlock_update(struct cmap *m, const struct cmap_update *u)
{
	return CMAP_BY_SHAPE(m, sqm_update, m, u);
}

/*
 * The seqlock map as a whole: creation and destruction, walking and clearing.
 *
 * A walk proceeds by ranges of the hash, one bucket of the larger table at a time, so a
 * concurrent resize changes neither an entry's place in the order nor the cursor.  Of
 * each range it collects the entries of both tables, under the stripe's lock: a bucket that has
 * moved is empty in the old table, so no entry is seen twice or missed.
 */

/* log2 of the number of stripes: enough that a write rarely contends with the moving worker */
#define SQM_STRIPE_BITS_MIN	6
#define SQM_STRIPE_BITS_MAX	8
#define SQM_STRIPES_PER_CPU	4	/* two writers rarely contend */
#define SQM_COLLECT_STEPS	64	/* ranges at a time, if they are empty */

/* Each count is written under one lock only: see seqlock.h. */
static_assert(SQM_STRIPE_BITS_MAX <= SQM_COUNT_BITS);

static unsigned int sqm_stripe_bits(void)
{
	return clamp_t(unsigned int, order_base_2(SQM_STRIPES_PER_CPU * num_possible_cpus()),
		       SQM_STRIPE_BITS_MIN, SQM_STRIPE_BITS_MAX);
}

/* Find a word other than @word and 0, with its home in 0's stripe, or (!@with_zero) outside it. */
static u64 sqm_find_word(const struct sqm_map *sm, u64 word, bool with_zero)
{
	const struct cmap_shape shape = sm->cmap.shape;
	u64 hash;

	do {
		/* A hash's stripe depends on its highest bits, a key's on all bits. */
		word += shape.u64_key ? 1 : 1ULL << 56;
		hash = sqm_slot_hash(sm, &word, shape);
	} while ((sqm_marks(sm, hash) == &sm->marks[1]) != with_zero);
	return word;
}

/* 0's stripe uses words of other stripes as its marks, all others use words of 0's stripe. */
static void sqm_marks_init(struct sqm_map *sm)
{
	const u64 zero = 0;

	sm->zero_hash = sqm_slot_hash(sm, &zero, sm->cmap.shape);
	sm->marks[0].empty = 0;		/* as in zeroed memory */
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

static int sqm_init(struct cmap *m)
{
	struct sqm_map *sm = to_sqm_map(m);
	struct sqm_table *t;
	int ret;

	/* If all keys have the same home no key is left to mark slots: use hashes instead. */
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
		return 0;	/* then it has no chain either */

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

/* Empty all buckets of a table that is no longer in use, and free it. */
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

/* Memory that waits for a grace period is freed by kfree_rcu(): no callback to wait for. */
static void sqm_exit(struct cmap *m)
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
 * @table: the map's table, and the table that it moves to or NULL
 * @first: first hash of the range
 * @last: last hash of the range, inclusive
 */
struct sqm_range {
	struct sqm_stripe *stripe;
	struct sqm_table *table[2];
	u64 first;
	u64 last;
};

/*
 * Lock the range that begins at a hash: one bucket of the larger table, so that a step's
 * work does not depend on the ratio of the sizes.
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

/* Copy out the entries of a bucket or overflow bucket that are in the range. */
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

		/* A bucket that has moved has no entries. */
		sqm_collect_slots(sm, r, b, b.slots, page);
		for (o = sqm_chain(b, shape); o; o = o->next)
			sqm_collect_slots(sm, r, b, o->slots, page);
	}
}

/* The cursor is the lowest hash that has not been walked. */
static int sqm_collect(struct cmap *m, struct cmap_page *page)
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
			/* The previous ranges fit; if there are none, return the need. */
			page->count = before ?: page->count;
			break;
		}
		page->cursor = r.last + 1;
		page->done = !page->cursor;
	}
	return 0;
}

static int sqm_clear(struct cmap *m)
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

/* Size of the memory that array_alloc() allocates for @bytes. */
static u64 sqm_array_bytes(u64 bytes)
{
	return bytes <= PAGE_SIZE ? roundup_pow_of_two(bytes) : PAGE_ALIGN(bytes);
}

static void sqm_memory(struct cmap *m, struct cmap_memory *mem)
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

STRESS_DEFINE_RUN(seqlock, seqlock_load_inline)

const struct cmap_ops seqlock_ops = {
	.name		= "seqlock",
	.size		= sizeof(struct sqm_map),
	.init		= sqm_init,
	.exit		= sqm_exit,
	.collect	= sqm_collect,
	.clear		= sqm_clear,
	.work		= sqm_work,
	.memory		= sqm_memory,
	.run		= seqlock_run,
};

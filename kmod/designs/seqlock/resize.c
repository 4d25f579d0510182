// SPDX-License-Identifier: GPL-2.0-only
/*
 * Growth and shrink of the seqlock map.  seqlock.h says why no key is lost.
 *
 * A table grows when half of its slots are taken, which leaves chains rare, and shrinks
 * below a sixteenth.  The new one is 7/16 full after growth and a quarter after shrink at
 * the most, so that neither is near to the other's limit.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include "kmod/designs/array.h"
#include "kmod/memory.h"
#include "bucket.h"

#define SQM_BITS_MAX	40	/* far beyond any memory */

/* Entries that 1 << @bits buckets have slots for. */
static u64 sqm_room(const struct sqm_map *sm, unsigned int bits)
{
	return (u64)sqm_slots(sm->cmap.shape) << bits;
}

/**
 * sqm_bits_for - size of a table that need not grow for so many entries
 * @sm: the map
 * @capacity: the entries
 *
 * Context: Any.
 * Return: log2 of the number of buckets.
 */
unsigned int sqm_bits_for(struct sqm_map *sm, u64 capacity)
{
	unsigned int bits = sm->stripe_bits;

	while (capacity > sqm_room(sm, bits) / 2 && bits < SQM_BITS_MAX)
		bits++;
	return bits;
}

/* The size that suits @entries, where it is 1 << @bits now. */
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

/**
 * sqm_limits_set - when the stripes are to ask for another size
 * @sm: the map
 * @bits: log2 of the number of buckets
 *
 * Context: Process or softirq; takes the stripes' locks.
 */
void sqm_limits_set(struct sqm_map *sm, unsigned int bits)
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

/* All zeroes are free slots, but not in the stripe where the word 0 is at home. */
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

/**
 * sqm_table_alloc - an empty table
 * @sm: the map
 * @bits: log2 of the number of buckets, at least @sm->stripe_bits
 *
 * Context: Process; sleeps.
 * Return: the table, for kvfree(); NULL where the memory cannot be had.
 */
struct sqm_table *sqm_table_alloc(struct sqm_map *sm, unsigned int bits)
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

/**
 * sqm_supply_overflows - have enough overflow buckets at hand
 * @sm: the map
 * @supply: where to put them
 * @need: how many there shall be
 * @gfp: how to allocate them
 *
 * Context: As @gfp says; no stripe locked.
 * Return: false where memory is lacking.
 */
bool sqm_supply_overflows(struct sqm_map *sm, struct sqm_supply *supply, unsigned int need,
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

/* Free what was unlinked. */
static void sqm_supply_bury(struct sqm_supply *supply)
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

/**
 * sqm_supply_release - free what was not used, and what was unlinked
 * @supply: left empty
 *
 * Context: Process or softirq; no stripe locked.
 */
void sqm_supply_release(struct sqm_supply *supply)
{
	struct sqm_overflow *o;

	while ((o = supply->overflow)) {
		supply->overflow = o->next;
		kfree(o);
	}
	supply->overflows = 0;
	kfree(supply->entry);
	supply->entry = NULL;
	sqm_supply_bury(supply);
}

/* Overflow buckets of a chain that makes room for so many entries. */
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

/* Overflow buckets that moving a bucket takes at the most. */
static unsigned int sqm_move_needs(struct sqm_map *sm, const struct sqm_bucket b,
				   struct sqm_table *t, struct sqm_table *next, u64 hash)
{
	const struct cmap_shape shape = sm->cmap.shape;
	const unsigned int slots = sqm_slots(shape), n = sqm_count(b, shape);
	unsigned int there;

	/* On growth the buckets it moves to are empty: no other moves there. */
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
	/* The new table's buckets, too, come before it: pairs with the acquire of readers. */
	sqm_write_end(b);
}

/* Move a bucket, if it has not been. Return: overflow buckets that it lacks, or 0. */
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

/**
 * sqm_help_move - a writer's share in a resize: see whether its bucket has moved
 * @sm: the map
 * @s: the stripe, locked
 * @t: the old table
 * @next: the new one
 * @hash: of the writer's key
 * @supply: the writer's
 *
 * Where the worker is late it moves the bucket, as far as that takes no more memory than it
 * has, and one more, as far as that takes none.
 *
 * Context: @s locked.
 * Return: has the key's bucket been moved? If not, it still counts.
 */
bool sqm_help_move(struct sqm_map *sm, struct sqm_stripe *s, struct sqm_table *t,
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
	/* The other one takes nothing of what the write itself may need. */
	spare = supply->overflows;
	supply->overflows = 0;
	if (s->moved < sqm_stripe_end(sm, s, t) &&
	    !sqm_move(sm, s, t, next, sqm_hash_at(t, s->moved), supply))
		s->moved++;
	supply->overflows = spare;
	return moved;
}

/* The worker's part: move all of a stripe. Return: false where memory is lacking. */
static bool sqm_move_stripe(struct sqm_map *sm, struct sqm_stripe *s, struct sqm_table *t,
			    struct sqm_table *next)
{
	struct sqm_supply *supply = &sm->supply;
	const u64 end = sqm_stripe_end(sm, s, t);
	bool done, ok = true;

	do {
		unsigned int need = 0;

		/* One bucket at a time: writers wait for the lock meanwhile. */
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
	/* What falls short of a long chain's need is kept, so that it is reached some day. */
	if (done)
		sqm_supply_release(supply);
	else
		sqm_supply_bury(supply);
	return done;
}

/* Move all that has not moved, and leave the old table. Return: false: memory is lacking. */
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

/**
 * sqm_work - resize as often as it takes
 * @m: the map
 *
 * Where memory is lacking it gives up; all entries stay where they are, and the next
 * writer that has a reason to asks again.
 *
 * Context: Process; sleeps.  Never runs twice at a time for a map.
 */
void sqm_work(struct cmap *m)
{
	struct sqm_map *sm = to_sqm_map(m);

	WRITE_ONCE(sm->stalled, false);	/* pairs with sqm_help_move(); a hint */
	for (;;) {
		/* Tables are replaced here alone. */
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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buckets of the seqlock map, for its writers: the stripe's lock is held, so plain reads are
 * stable.  Words that readers may read are written with WRITE_ONCE() or smp_store_release(),
 * which pair with the READ_ONCE() and acquire of the read side; if an entry is removed, the
 * sequence count provides the ordering.
 *
 * A bucket with a chain is full, and so are all overflow buckets except the first.
 */
#ifndef MAPSTAT_SEQLOCK_BUCKET_H
#define MAPSTAT_SEQLOCK_BUCKET_H

#include "kmod/designs/lock.h"
#include "seqlock.h"

static __always_inline struct sqm_stripe *sqm_stripe_of(struct sqm_map *sm, u64 hash)
{
	return sm->stripes + hash_bucket(hash, sm->stripe_bits);
}

/* A softirq may load, so it must not interrupt a counted change. */
static __always_inline void sqm_stripe_lock(struct sqm_map *sm, struct sqm_stripe *s)
	__acquires(&s->lock)
{
	cmap_raw_lock(&sm->cmap, &s->lock);
}

static __always_inline void sqm_stripe_unlock(struct sqm_stripe *s) __releases(&s->lock)
{
	cmap_raw_unlock(NULL, &s->lock);
}

static __always_inline void sqm_write_begin(const struct sqm_bucket b)
{
	unsigned int i;

	cmap_access(NULL, b.count, b.counts * sizeof(*b.count), MAPSTAT_WRITE);
	for (i = 0; i < b.counts; i++)
		WRITE_ONCE(b.count[i].begun, b.count[i].begun + 1);
	/* begun, then the change itself: pairs with smp_rmb() in sqm_valid(). */
	smp_wmb();
}

static __always_inline void sqm_write_end(const struct sqm_bucket b)
{
	unsigned int i;

	for (i = 0; i < b.counts; i++) {
		/* The change itself, then ended: pairs with sqm_read_begin(). */
		smp_store_release(&b.count[i].ended, b.count[i].ended + 1);
	}
}

/* Is it the first word of an entry, in a bucket or overflow bucket? */
static __always_inline bool sqm_is_entry(const struct sqm_bucket b, u64 word)
{
	return word != b.marks->empty && word != b.marks->more;
}

/* First free slot in probe order from home; or NULL. */
static __always_inline u64 *sqm_free_slot(const struct sqm_bucket b, u64 *slots,
					  unsigned int home, const struct cmap_shape shape)
{
	unsigned int i;

	for (i = 0; i < sqm_slots(shape); i++) {
		u64 *slot = slots + sqm_nth_slot(home, i, shape) * sqm_slot_words(shape);

		if (*slot == b.marks->empty)
			return slot;
	}
	return NULL;
}

/*
 * Write an entry to a slot that is free (or, in a counted change, to any slot).  The first
 * word makes it visible, and is therefore written last.
 */
static __always_inline void sqm_slot_fill(u64 *slot, const u64 *image,
					  const struct cmap_shape shape)
{
	unsigned int i;

	cmap_access(NULL, slot, sqm_slot_words(shape) * sizeof(u64), MAPSTAT_WRITE);
	for (i = 1; i < sqm_slot_words(shape); i++)
		WRITE_ONCE(slot[i], image[i]);
	smp_store_release(&slot[0], image[0]);	/* pairs with sqm_slot_matches() */
}

/* In a counted change: mark a slot free. */
static __always_inline void sqm_slot_empty(const struct sqm_bucket b, u64 *slot)
{
	cmap_access(NULL, slot, sizeof(u64), MAPSTAT_WRITE);
	WRITE_ONCE(*slot, b.marks->empty);
}

/* In a counted change: make the last slot of a bucket point to a chain, or mark it moved. */
static __always_inline void sqm_more_set(const struct sqm_bucket b, struct sqm_overflow *o,
					 const struct cmap_shape shape)
{
	u64 *last = sqm_last(b.slots, shape);

	cmap_access(NULL, last, 2 * sizeof(u64), MAPSTAT_WRITE);
	WRITE_ONCE(last[1], (unsigned long)o);
	WRITE_ONCE(last[0], b.marks->more);
}

static __always_inline bool sqm_has_more(const struct sqm_bucket b,
					 const struct cmap_shape shape)
{
	return *sqm_last(b.slots, shape) == b.marks->more;
}

static __always_inline bool sqm_has_moved(const struct sqm_bucket b,
					  const struct cmap_shape shape)
{
	return sqm_has_more(b, shape) && !sqm_last(b.slots, shape)[1];
}

/* The first overflow bucket, or NULL. */
static __always_inline struct sqm_overflow *sqm_chain(const struct sqm_bucket b,
						      const struct cmap_shape shape)
{
	return sqm_has_more(b, shape) ? sqm_pointer(sqm_last(b.slots, shape)[1]) : NULL;
}

/* Entries in a bucket or overflow bucket. */
static __always_inline unsigned int sqm_count_in(const struct sqm_bucket b, const u64 *slots,
						 const struct cmap_shape shape)
{
	unsigned int i, n = 0;

	for (i = 0; i < sqm_slots(shape); i++)
		n += sqm_is_entry(b, slots[i * sqm_slot_words(shape)]);
	return n;
}

/* The hash of the entry in a slot. */
static inline u64 sqm_slot_hash(const struct sqm_map *sm, const u64 *slot,
				const struct cmap_shape shape)
{
	return shape.u64_key ? hash_u64(&sm->cmap.hash, slot[0]) : slot[0];
}

static __always_inline u64 *sqm_find_in(u64 *slots, const struct sqm_key *k,
					const struct cmap_shape shape)
{
	unsigned int i;

	for (i = 0; i < sqm_slots(shape); i++) {
		u64 *slot = slots + i * sqm_slot_words(shape);

		if (!sqm_slot_matches(slot, k, shape))
			continue;
		if (sqm_is_inline(shape) || sqm_entry_matches(sqm_pointer(slot[1]), k, shape))
			return slot;
	}
	return NULL;
}

/* Find a key in a bucket and its chain. Return: its slot, or NULL. */
static __always_inline u64 *sqm_find(const struct sqm_bucket b, const struct sqm_key *k,
				     const struct cmap_shape shape)
{
	u64 *slot = sqm_find_in(b.slots, k, shape);
	struct sqm_overflow *o;

	for (o = slot ? NULL : sqm_chain(b, shape); unlikely(o); o = slot ? NULL : o->next)
		slot = sqm_find_in(o->slots, k, shape);
	return slot;
}

/* Does adding an entry require an overflow bucket? */
static __always_inline bool sqm_needs_overflow(const struct sqm_bucket b,
					       const struct cmap_shape shape)
{
	struct sqm_overflow *o = sqm_chain(b, shape);

	return !sqm_free_slot(b, o ? o->slots : b.slots, 0, shape);
}

/* An overflow bucket with this one entry, to be linked at the head of the chain. */
static __always_inline struct sqm_overflow *
sqm_overflow_make(struct sqm_stripe *s, const struct sqm_bucket b, const u64 *image,
		  struct sqm_supply *supply, const struct cmap_shape shape)
{
	struct sqm_overflow *o = supply->overflow;
	unsigned int i;

	supply->overflow = o->next;
	supply->overflows--;
	o->next = sqm_chain(b, shape);
	/* Readers do not use the other words of slots that have never held an entry. */
	for (i = 1; i < sqm_slots(shape); i++)
		o->slots[i * sqm_slot_words(shape)] = b.marks->empty;
	sqm_slot_fill(o->slots, image, shape);
	WRITE_ONCE(s->overflows, s->overflows + 1);	/* pairs with memory reports */
	return o;
}

/* Add an entry to a full bucket that has no chain yet. */
static inline void sqm_chain_begin(struct sqm_stripe *s, const struct sqm_bucket b,
				   const u64 *image, struct sqm_supply *supply,
				   const struct cmap_shape shape)
{
	struct sqm_overflow *o = sqm_overflow_make(s, b, image, supply, shape);

	/* The last slot will point to the chain; its entry moves to the chain, too. */
	sqm_slot_fill(o->slots + sqm_slot_words(shape), sqm_last(b.slots, shape), shape);
	sqm_write_begin(b);
	sqm_more_set(b, o, shape);
	sqm_write_end(b);
}

/* Add an entry to a bucket with a chain. */
static inline void sqm_chain_insert(struct sqm_stripe *s, const struct sqm_bucket b,
				    const u64 *image, struct sqm_supply *supply,
				    const struct cmap_shape shape)
{
	struct sqm_overflow *o = sqm_chain(b, shape);
	u64 *slot = sqm_free_slot(b, o->slots, 0, shape);

	if (slot) {
		sqm_slot_fill(slot, image, shape);
		return;
	}
	o = sqm_overflow_make(s, b, image, supply, shape);
	/* Its contents, then the link: pairs with the acquire in sqm_read_chain(). */
	smp_store_release(&sqm_last(b.slots, shape)[1], (unsigned long)o);
}

/*
 * Free a home slot: move its entry, whose home is another slot, to the free slot.  The count
 * changes, since the entry leaves its slot.
 */
static __always_inline void sqm_evict_guest(const struct sqm_bucket b, u64 *home, u64 *to,
					    const struct cmap_shape shape)
{
	sqm_write_begin(b);
	sqm_slot_fill(to, home, shape);
	sqm_slot_empty(b, home);
	sqm_write_end(b);
}

/**
 * sqm_insert - add an entry to a bucket
 * @sm: the map
 * @s: the stripe, locked
 * @t: the table
 * @b: the bucket
 * @image: the words of its slot
 * @hash: its hash
 * @supply: has an overflow bucket if sqm_needs_overflow()
 * @shape: the map's
 */
static __always_inline void sqm_insert(struct sqm_map *sm, struct sqm_stripe *s,
				       const struct sqm_table *t, const struct sqm_bucket b,
				       const u64 *image, u64 hash, struct sqm_supply *supply,
				       const struct cmap_shape shape)
{
	const unsigned int at = sqm_home(t, hash, shape);
	u64 *home = b.slots + at * sqm_slot_words(shape);
	u64 *slot = sqm_free_slot(b, b.slots, at, shape);

	lockdep_assert_held(&s->lock);
	if (likely(slot)) {
		if (slot != home && sqm_home(t, sqm_slot_hash(sm, home, shape), shape) != at) {
			sqm_evict_guest(b, home, slot, shape);
			slot = home;
		}
		sqm_slot_fill(slot, image, shape);
	} else if (sqm_has_more(b, shape)) {
		sqm_chain_insert(s, b, image, supply, shape);
	} else {
		sqm_chain_begin(s, b, image, supply, shape);
	}
}

static __always_inline void sqm_overflow_unlink(struct sqm_stripe *s, struct sqm_overflow *o,
						struct sqm_supply *supply)
{
	o->dead = supply->dead_overflow;
	supply->dead_overflow = o;
	WRITE_ONCE(s->overflows, s->overflows - 1);	/* pairs with memory reports */
}

/* The last entry of a bucket or overflow bucket that has one. */
static __always_inline u64 *sqm_last_entry(const struct sqm_bucket b, u64 *slots,
					   const struct cmap_shape shape)
{
	u64 *slot = sqm_last(slots, shape);

	while (!sqm_is_entry(b, *slot))
		slot -= sqm_slot_words(shape);
	return slot;
}

/*
 * The chain's first overflow bucket lost an entry: unlink it if it is now empty, or if the
 * bucket's last slot can hold its only entry.  In a counted change.
 */
static inline void sqm_overflow_shrink(struct sqm_stripe *s, const struct sqm_bucket b,
				       struct sqm_overflow *o, struct sqm_supply *supply,
				       const struct cmap_shape shape)
{
	const unsigned int left = sqm_count_in(b, o->slots, shape);

	if (!left && o->next)
		sqm_more_set(b, o->next, shape);
	else if (left == 1 && !o->next)
		sqm_slot_fill(sqm_last(b.slots, shape), sqm_last_entry(b, o->slots, shape), shape);
	else
		return;
	sqm_overflow_unlink(s, o, supply);
}

/* Remove an entry from a bucket with a chain, in a counted change. */
static inline void sqm_chain_remove(struct sqm_stripe *s, const struct sqm_bucket b,
				    u64 *slot, struct sqm_supply *supply,
				    const struct cmap_shape shape)
{
	struct sqm_overflow *o = sqm_chain(b, shape);
	/* Fills the gap, so that only the first overflow bucket can become empty. */
	u64 *donor = sqm_last_entry(b, o->slots, shape);

	if (slot != donor)
		sqm_slot_fill(slot, donor, shape);
	sqm_slot_empty(b, donor);
	sqm_overflow_shrink(s, b, o, supply, shape);
}

/**
 * sqm_remove - remove an entry from a bucket
 * @s: the stripe, locked
 * @b: the bucket
 * @slot: the entry's slot, in the bucket or its chain
 * @supply: receives an overflow bucket that is no longer needed
 * @shape: the map's
 */
static __always_inline void sqm_remove(struct sqm_stripe *s, const struct sqm_bucket b,
				       u64 *slot, struct sqm_supply *supply,
				       const struct cmap_shape shape)
{
	lockdep_assert_held(&s->lock);
	sqm_write_begin(b);
	if (unlikely(sqm_has_more(b, shape)))
		sqm_chain_remove(s, b, slot, supply, shape);
	else
		sqm_slot_empty(b, slot);
	sqm_write_end(b);
}

static __always_inline void sqm_entry_unlink(struct sqm_entry *e, struct sqm_supply *supply)
{
	e->dead = supply->dead_entry;
	supply->dead_entry = e;
}

#endif /* MAPSTAT_SEQLOCK_BUCKET_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buckets of the seqlock map as its writers see them: under the stripe's lock, where
 * plain reads are stable.  Whatever readers may look at is written with WRITE_ONCE(),
 * which pairs with the READ_ONCE() of the read side; the order is the sequence count's.
 *
 * A bucket with a chain is full, and so are all overflow buckets but the first.
 */
#ifndef MAPSTAT_SEQLOCK_BUCKET_H
#define MAPSTAT_SEQLOCK_BUCKET_H

#include "seqlock.h"

/**
 * struct sqm_bucket - where a bucket lies
 * @header: its header
 * @slots: its first slot
 */
struct sqm_bucket {
	struct sqm_header *header;
	u64 *slots;
};

/**
 * struct sqm_place - where an entry lies
 * @tags: of the bucket or overflow bucket
 * @slots: of the same
 * @i: number of the slot
 */
struct sqm_place {
	u32 *tags;
	u64 *slots;
	unsigned int i;
};

static __always_inline struct sqm_bucket sqm_bucket_at(const struct sqm_table *t, u64 index,
						       const struct cmap_shape shape)
{
	return (struct sqm_bucket){
		/* A reader has a table to read, and never writes through this. */
		.header = (struct sqm_header *)t->headers + index,
		.slots = t->slots + index * sqm_bucket_words(shape),
	};
}

static __always_inline struct sqm_stripe *sqm_stripe_of(struct sqm_map *sm, u64 hash)
{
	return sm->stripes + hash_bucket(hash, sm->stripe_bits);
}

static __always_inline void sqm_stripe_lock(struct sqm_map *sm, struct sqm_stripe *s)
{
	/*
	 * A softirq may load, so it must not interrupt an odd sequence count.  On
	 * PREEMPT_RT it is a thread, and the raw lock keeps that from the CPU.
	 */
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_bh_disable();
	if (likely(raw_spin_trylock(&s->lock)))
		return;
	cmap_count(&sm->cmap, CMAP_LOCK_WAITS);
	raw_spin_lock(&s->lock);
}

static __always_inline void sqm_stripe_unlock(struct sqm_stripe *s)
{
	raw_spin_unlock(&s->lock);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_bh_enable();
}

static __always_inline void sqm_write_begin(struct sqm_header *h)
{
	WRITE_ONCE(h->seq, h->seq + 1);
	smp_wmb();	/* the odd count, then the writes: pairs with sqm_valid() */
}

static __always_inline void sqm_write_end(struct sqm_header *h)
{
	/* The writes, then the even count: pairs with the acquire of the read side. */
	smp_store_release(&h->seq, h->seq + 1);
}

static __always_inline bool sqm_has_moved(const struct sqm_bucket b)
{
	return b.header->tags == SQM_TAGS_MOVED;
}

static __always_inline u32 sqm_tag(u32 tags, unsigned int i)
{
	return tags >> (8 * i) & 0xff;
}

static __always_inline void sqm_tag_set(u32 *tags, unsigned int i, u32 tag)
{
	WRITE_ONCE(*tags, (*tags & ~(0xffU << (8 * i))) | tag << (8 * i));
}

/* First free slot; sqm_slots() where there is none. */
static __always_inline unsigned int sqm_free_slot(u32 tags, const struct cmap_shape shape)
{
	unsigned int i;

	for (i = 0; i < sqm_slots(shape) && sqm_tag(tags, i); i++)
		;
	return i;
}

static __always_inline void sqm_slot_write(u64 *slot, const u64 *image,
					   const struct cmap_shape shape)
{
	unsigned int i;

	for (i = 0; i < sqm_slot_words(shape); i++)
		WRITE_ONCE(slot[i], image[i]);
}

/* Put an entry into a slot. */
static __always_inline void sqm_slot_fill(u32 *tags, u64 *slots, unsigned int i,
					  const u64 *image, u32 tag, const struct cmap_shape shape)
{
	sqm_slot_write(slots + i * sqm_slot_words(shape), image, shape);
	sqm_tag_set(tags, i, tag);
}

/* Where the last slot of a bucket with a chain holds its head. */
static __always_inline u64 *sqm_chain_word(const struct sqm_bucket b,
					   const struct cmap_shape shape)
{
	return b.slots + (sqm_slots(shape) - 1) * sqm_slot_words(shape) + 1;
}

static __always_inline struct sqm_overflow *sqm_chain(const struct sqm_bucket b,
						      const struct cmap_shape shape)
{
	if (sqm_tag(b.header->tags, sqm_slots(shape) - 1) != SQM_TAG_CHAIN)
		return NULL;
	return sqm_pointer(*sqm_chain_word(b, shape));
}

static __always_inline void sqm_chain_set(const struct sqm_bucket b, struct sqm_overflow *o,
					  const struct cmap_shape shape)
{
	/* What @o holds precedes the even count, which its readers validate. */
	WRITE_ONCE(*sqm_chain_word(b, shape), (unsigned long)o);
}

/* Mark a slot of a bucket (not of a chain) empty, but for its tag. */
static __always_inline void sqm_slot_empty(const struct sqm_map *sm, const struct sqm_bucket b,
					   unsigned int i, const struct cmap_shape shape)
{
	if (shape.u64_key)
		WRITE_ONCE(b.slots[i * sqm_slot_words(shape)], sqm_empty_key(sm, i, shape));
}

/* The hash of the entry in a slot. */
static inline u64 sqm_slot_hash(const struct sqm_map *sm, const u64 *slot,
				const struct cmap_shape shape)
{
	if (shape.u64_key || sqm_is_inline(shape))
		return cmap_hash(&sm->cmap, slot, shape);
	return slot[0];
}

static __always_inline bool sqm_find_in(u32 *tags, u64 *slots, const struct sqm_key *k,
					struct sqm_place *p, const struct cmap_shape shape)
{
	u32 match;

	for (match = sqm_match(*tags, k->tag); match; match &= match - 1) {
		unsigned int i = __ffs(match) / 8;
		u64 *slot = slots + i * sqm_slot_words(shape);

		if (!sqm_slot_matches(slot, k, shape))
			continue;
		if (!sqm_is_inline(shape) && !sqm_entry_matches(sqm_pointer(slot[1]), k, shape))
			continue;
		*p = (struct sqm_place){ .tags = tags, .slots = slots, .i = i };
		return true;
	}
	return false;
}

/* Find a key in a bucket and its chain. */
static __always_inline bool sqm_find(const struct sqm_bucket b, const struct sqm_key *k,
				     struct sqm_place *p, const struct cmap_shape shape)
{
	struct sqm_overflow *o;

	if (sqm_find_in(&b.header->tags, b.slots, k, p, shape))
		return true;
	for (o = sqm_chain(b, shape); o; o = o->next)
		if (sqm_find_in(&o->tags, o->slots, k, p, shape))
			return true;
	return false;
}

/* Does adding an entry take an overflow bucket? */
static __always_inline bool sqm_needs_overflow(const struct sqm_bucket b,
					       const struct cmap_shape shape)
{
	struct sqm_overflow *o = sqm_chain(b, shape);

	return sqm_free_slot(o ? o->tags : b.header->tags, shape) == sqm_slots(shape);
}

/* Put an overflow bucket with this one entry in front of the chain. */
static __always_inline struct sqm_overflow *
sqm_overflow_push(struct sqm_stripe *s, const struct sqm_bucket b, const u64 *image, u32 tag,
		  struct sqm_supply *supply, const struct cmap_shape shape)
{
	struct sqm_overflow *o = supply->overflow;

	supply->overflow = o->next;
	supply->overflows--;
	o->next = sqm_chain(b, shape);
	sqm_slot_fill(&o->tags, o->slots, 0, image, tag, shape);
	sqm_chain_set(b, o, shape);
	WRITE_ONCE(s->overflows, s->overflows + 1);	/* pairs with memory reports */
	return o;
}

/* Add an entry to a full bucket. */
static inline void sqm_overflow_insert(const struct sqm_map *sm, struct sqm_stripe *s,
				       const struct sqm_bucket b, const u64 *image, u32 tag,
				       struct sqm_supply *supply, const struct cmap_shape shape)
{
	const unsigned int last = sqm_slots(shape) - 1;
	u64 evicted[SQM_SLOT_WORDS];
	struct sqm_overflow *o = sqm_chain(b, shape);
	unsigned int i;

	if (o) {
		i = sqm_free_slot(o->tags, shape);
		if (i <= last)
			sqm_slot_fill(&o->tags, o->slots, i, image, tag, shape);
		else
			sqm_overflow_push(s, b, image, tag, supply, shape);
		return;
	}
	/* The last slot becomes the chain's head; its entry goes along. */
	for (i = 0; i < sqm_slot_words(shape); i++)
		evicted[i] = b.slots[last * sqm_slot_words(shape) + i];
	o = sqm_overflow_push(s, b, evicted, sqm_tag(b.header->tags, last), supply, shape);
	sqm_slot_fill(&o->tags, o->slots, 1, image, tag, shape);
	sqm_slot_empty(sm, b, last, shape);
	sqm_tag_set(&b.header->tags, last, SQM_TAG_CHAIN);
}

/* A free slot for an entry, at home if there is one; sqm_slots() where there is none. */
static __always_inline unsigned int sqm_best_slot(u32 tags, u32 tag,
						  const struct cmap_shape shape)
{
	const unsigned int home = sqm_home(tag, shape);

	if (!sqm_tag(tags, home))
		return home;
	if (sqm_home_slots(shape) == 2 && !sqm_tag(tags, home ^ 1))
		return home ^ 1;
	return sqm_free_slot(tags, shape);
}

/*
 * The bucket has a free slot, @to, but not at the home of @tag: make a guest there go to
 * it, or to its own home.  Return: the slot to use.
 */
static __always_inline unsigned int sqm_evict_guest(const struct sqm_bucket b, unsigned int to,
						    u32 tag, const struct cmap_shape shape)
{
	u32 *tags = &b.header->tags;
	unsigned int i;

	for (i = 0; i < sqm_slots(shape); i++) {
		u32 guest = sqm_tag(*tags, i);

		/* Only a full bucket has a chain, so this is the tag of an entry, or free. */
		if (!sqm_same_home(i, sqm_home(tag, shape), shape) ||
		    sqm_same_home(i, sqm_home(guest, shape), shape))
			continue;
		to = sqm_best_slot(*tags, guest, shape);
		sqm_slot_fill(tags, b.slots, to, b.slots + i * sqm_slot_words(shape), guest,
			      shape);
		return i;
	}
	return to;
}

/**
 * sqm_insert - add an entry to a bucket
 * @sm: the map
 * @s: the stripe, locked
 * @b: the bucket, its count odd
 * @image: what its slot shall hold
 * @tag: its tag
 * @supply: has an overflow bucket where sqm_needs_overflow()
 * @shape: the map's
 */
static __always_inline void sqm_insert(const struct sqm_map *sm, struct sqm_stripe *s,
				       const struct sqm_bucket b, const u64 *image, u32 tag,
				       struct sqm_supply *supply, const struct cmap_shape shape)
{
	u32 *tags = &b.header->tags;
	unsigned int to = sqm_best_slot(*tags, tag, shape);

	lockdep_assert_held(&s->lock);
	if (unlikely(to == sqm_slots(shape))) {
		sqm_overflow_insert(sm, s, b, image, tag, supply, shape);
		return;
	}
	if (!sqm_same_home(to, sqm_home(tag, shape), shape))
		to = sqm_evict_guest(b, to, tag, shape);
	sqm_slot_fill(tags, b.slots, to, image, tag, shape);
}

static __always_inline void sqm_overflow_unlink(struct sqm_stripe *s, struct sqm_overflow *o,
						struct sqm_supply *supply)
{
	o->dead = supply->dead_overflow;
	supply->dead_overflow = o;
	WRITE_ONCE(s->overflows, s->overflows - 1);	/* pairs with memory reports */
}

/* The chain's first overflow bucket lost an entry: put what is left where it belongs. */
static inline void sqm_overflow_shrink(struct sqm_stripe *s, const struct sqm_bucket b,
				       struct sqm_overflow *o, struct sqm_supply *supply,
				       const struct cmap_shape shape)
{
	const unsigned int last = sqm_slots(shape) - 1;
	unsigned int left = hweight32(o->tags & 0x80808080U);

	if (!left && o->next) {
		sqm_chain_set(b, o->next, shape);
	} else if (left == 1 && !o->next) {
		unsigned int i = __ffs(o->tags & 0x80808080U) / 8;

		sqm_slot_fill(&b.header->tags, b.slots, last,
			      o->slots + i * sqm_slot_words(shape), sqm_tag(o->tags, i), shape);
	} else {
		return;
	}
	sqm_overflow_unlink(s, o, supply);
}

/**
 * sqm_remove - remove an entry from a bucket
 * @sm: the map
 * @s: the stripe, locked
 * @b: the bucket, its count odd
 * @p: where the entry lies, in the bucket or its chain
 * @supply: takes the overflow bucket that is no longer needed
 * @shape: the map's
 */
static __always_inline void sqm_remove(const struct sqm_map *sm, struct sqm_stripe *s,
				       const struct sqm_bucket b, const struct sqm_place *p,
				       struct sqm_supply *supply, const struct cmap_shape shape)
{
	struct sqm_overflow *o = sqm_chain(b, shape);
	unsigned int donor;

	lockdep_assert_held(&s->lock);
	if (likely(!o)) {
		sqm_slot_empty(sm, b, p->i, shape);
		sqm_tag_set(p->tags, p->i, 0);
		return;
	}
	/* Fill the hole from the first overflow bucket, so that it is the one to go. */
	donor = __fls(o->tags & 0x80808080U) / 8;
	if (p->tags != &o->tags || p->i != donor)
		sqm_slot_fill(p->tags, p->slots, p->i, o->slots + donor * sqm_slot_words(shape),
			      sqm_tag(o->tags, donor), shape);
	sqm_tag_set(&o->tags, donor, 0);
	sqm_overflow_shrink(s, b, o, supply, shape);
}

static __always_inline void sqm_entry_unlink(struct sqm_entry *e, struct sqm_supply *supply)
{
	e->dead = supply->dead_entry;
	supply->dead_entry = e;
}

#endif /* MAPSTAT_SEQLOCK_BUCKET_H */

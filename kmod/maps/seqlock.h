/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buckets under sequence counts: readers write nothing shared, and retry.
 *
 * A bucket is up to four slots in one or two cache lines, and a header word: a sequence
 * count, odd while a writer is inside, and a tag byte per slot.  Headers lie in a dense
 * array of their own, so that a slot line holds nothing but entries.  Each key has a home
 * within its bucket, two slots of four chosen by the tag; a writer moves a guest out of
 * it.  A reader of a map with u64 keys compares the keys at home before it asks the tags:
 * that address depends on the hash alone, so the header and the slots are fetched at the
 * same time, few instructions wait for them, and few branches go the unlikely way.
 *
 * What does not fit a bucket goes to a chain of overflow buckets: the last slot then
 * holds the head of the chain and the tag SQM_TAG_CHAIN.
 *
 * WRITERS.  A stripe is a range of hashes (their top bits) with a raw spinlock; no table
 * has fewer buckets than the map has stripes, so a stripe's lock covers all that a key
 * can touch in any table: its bucket, the chain, and the buckets that those are moved to
 * or from.  The lock is taken with bottom halves off (on PREEMPT_RT, where they are
 * threads, with preemption off), so no reader on this CPU runs while a sequence count
 * is odd, and no writer sleeps with an odd count.  Nothing is allocated or freed under
 * the lock.
 *
 * READERS.  A result counts only where the bucket's sequence count was even before the
 * first read and is the same after the last one; a miss is validated like a hit.  All
 * of a bucket's chain is guarded by that one count.  A count never guards a pointer
 * that is followed: whoever follows one has validated the count after reading it, and
 * is inside an RCU read-side section since before.  So the pointer was linked at an
 * instant of that section, and what it points to is freed a grace period after it was
 * unlinked at the earliest.  An overflow bucket's next pointer never changes once it is
 * linked (links are added and taken off at the head only), so the rest of a chain may
 * be walked without validating each step; an entry outside the bucket never changes at
 * all, so a load may copy from it after validating: the load took effect at that check.
 *
 * An empty slot of a map with u64 keys holds a key that is not at home there, so the
 * comparison at home needs no tag: the key 0, but for the slots that are the home of 0
 * itself (see sqm_empty_key()).
 *
 * RESIZE.  The worker publishes the new table as old->next; buckets move one by one,
 * moved by the worker and by writers; then the worker makes the new table the map's and
 * frees the old one after a grace period.  A bucket moves under its stripe's lock:
 *
 *   1. its entries are added to the new table, each under the odd count of its bucket;
 *   2. its own count becomes odd, for good;
 *   3. its tags become SQM_TAGS_MOVED, with release.
 *
 * No lost key: until 2 the old bucket is complete and stands still, because all writers
 * of its keys need the lock; a reader that validates it takes effect before 2.  A reader
 * that finds it odd goes on to the new table only after it read SQM_TAGS_MOVED with
 * acquire, so it sees what 1 wrote.  Writers come after the mover in the lock's order
 * and write to the new table.  A bucket that has not moved is the only one that counts
 * for its keys; a writer that lacks memory to move it writes to it where it is.  The new
 * table's own next is set only after the old one is no longer the map's; a reader that is
 * late follows next from table to table, all of which RCU keeps for it.
 */
#ifndef MAPSTAT_SEQLOCK_H
#define MAPSTAT_SEQLOCK_H

#include <linux/bottom_half.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include "maps.h"

#define SQM_INLINE_MAX	32	/* bytes of a key or value that lies in a slot */
#define SQM_SLOTS_MAX	4	/* a tag byte each in half a word */
#define SQM_SLOT_WORDS	(2 * SQM_INLINE_MAX / sizeof(u64))

#define SQM_FAR_BYTES	(8UL << 20)	/* a few times a second-level cache */

#define SQM_TAG_CHAIN	0x01U		/* tags of entries have the top bit set */
#define SQM_TAGS_MOVED	0x02020202U

/**
 * struct sqm_header - a bucket's header
 * @seq: sequence count: odd while a writer is inside, and for good once it has moved.  A
 *	reader is fooled if exactly 2^31 writes to the bucket fall between its two looks
 * @tags: a byte per slot, 0 where it is free; or SQM_TAGS_MOVED
 *
 * Written under the stripe's lock, read by anyone.
 */
struct sqm_header {
	u32 seq;
	u32 tags;
};

/**
 * struct sqm_overflow - an overflow bucket
 * @next: the rest of the chain: constant while it is linked
 * @rcu: once it has been unlinked and the lock released
 * @dead: next of those unlinked, until then; owned by who unlinked it
 * @tags: as in struct sqm_header; written under the stripe's lock
 * @slots: as many as a bucket has; written under the stripe's lock
 */
struct sqm_overflow {
	struct sqm_overflow *next;
	union {
		struct rcu_head rcu;
		struct sqm_overflow *dead;
	};
	u32 tags;
	u64 slots[];
};

/**
 * struct sqm_entry - an entry that does not fit a slot
 * @rcu: once it has been unlinked and the lock released
 * @dead: next of those unlinked, until then; owned by who unlinked it
 * @data: key and value, each rounded up to 8 bytes; constant while it is linked
 */
struct sqm_entry {
	union {
		struct rcu_head rcu;
		struct sqm_entry *dead;
	};
	u64 data[];
};

/**
 * struct sqm_table - a table; its slots follow its headers in the same allocation
 * @slots: of all buckets: the pointer is constant
 * @shift: 64 - @bits, constant
 * @bits: 1 << @bits buckets, constant
 * @far: too large for the caches, see sqm_load_home(): constant
 * @next: the table that this one's buckets move to, or NULL; written once, by the worker
 * @bytes: of the allocation, constant
 * @rcu: once the map has another table
 * @headers: one a bucket, eight a cache line
 */
struct sqm_table {
	u64 *slots;
	unsigned int shift;
	u16 bits;
	bool far;
	struct sqm_table __rcu *next;
	u64 bytes;
	struct rcu_head rcu;
	struct sqm_header headers[] ____cacheline_aligned;
};

MAPSTAT_BEGINS_LINE(struct sqm_table, headers);

/**
 * struct sqm_stripe - a range of hashes
 * @lock: for all that lies in the range; leaf
 * @entries: in the range.  Written under @lock, read by anyone
 * @overflows: overflow buckets in the range.  Written under @lock, read by anyone
 * @grow_at: more entries than this: see whether to grow.  Protected by @lock
 * @shrink_at: fewer entries than this: see whether to shrink.  Protected by @lock
 * @arm_at: more entries than this: shrinking may be looked at again.  Protected by @lock
 * @moved: first bucket of the old table, in this range, that may not have moved.
 *	Protected by @lock, of meaning during a resize
 */
struct sqm_stripe {
	raw_spinlock_t lock;
	u64 entries;
	u64 overflows;
	u64 grow_at;
	u64 shrink_at;
	u64 arm_at;
	u64 moved;
} ____cacheline_aligned;

MAPSTAT_WHOLE_LINES(struct sqm_stripe);

/**
 * struct sqm_supply - memory that a writer brings along, and takes away
 * @overflow: unused overflow buckets, linked by next
 * @overflows: number of those
 * @entry: an entry with key and value filled in, or NULL
 * @dead_overflow: unlinked overflow buckets, linked by dead
 * @dead_entry: unlinked entries, linked by dead
 * @kick: the worker has something to do
 *
 * On the stack of its owner; the worker's is in the map.
 */
struct sqm_supply {
	struct sqm_overflow *overflow;
	unsigned int overflows;
	struct sqm_entry *entry;
	struct sqm_overflow *dead_overflow;
	struct sqm_entry *dead_entry;
	bool kick;
};

/**
 * struct sqm_map - the map
 * @cmap: what all designs share
 * @table: the oldest table that has unmoved buckets; written by the worker, read under RCU
 * @empty_key: see sqm_empty_key(); constant
 * @zero_home: the key 0's home; constant
 * @stripe_bits: 1 << @stripe_bits stripes; no table has fewer buckets; constant
 * @stripes: the pointer is constant
 * @bits_min: log2 of the buckets for the capacity asked for; constant
 * @supply: what the worker got when it lacked memory to move a bucket, kept until it has
 *	enough; the worker's
 * @stalled: the worker lacked memory to move a bucket.  Written by it, read by anyone
 */
struct sqm_map {
	struct cmap cmap;
	struct sqm_table __rcu *table;
	u64 empty_key;
	unsigned int zero_home;
	unsigned int stripe_bits;
	struct sqm_stripe *stripes;
	unsigned int bits_min;
	struct sqm_supply supply;
	bool stalled;
};

static inline struct sqm_map *to_sqm_map(struct cmap *m)
{
	return container_of(m, struct sqm_map, cmap);
}

/* Do key and value lie in the slot? Otherwise it holds the u64 key or hash, and a pointer. */
static __always_inline bool sqm_is_inline(const struct cmap_shape shape)
{
	return shape.key_size <= SQM_INLINE_MAX && shape.value_size <= SQM_INLINE_MAX;
}

static __always_inline unsigned int sqm_key_words(const struct cmap_shape shape)
{
	return sqm_is_inline(shape) ? DIV_ROUND_UP(shape.key_size, sizeof(u64)) : 1;
}

static __always_inline unsigned int sqm_value_words(const struct cmap_shape shape)
{
	return sqm_is_inline(shape) ? DIV_ROUND_UP(shape.value_size, sizeof(u64)) : 1;
}

static __always_inline unsigned int sqm_slot_words(const struct cmap_shape shape)
{
	return sqm_key_words(shape) + sqm_value_words(shape);
}

/* As many slots as fit two cache lines, at least 2. */
static __always_inline unsigned int sqm_slots(const struct cmap_shape shape)
{
	unsigned int words = sqm_slot_words(shape);

	return words <= 4 ? SQM_SLOTS_MAX : words == 5 ? 3 : 2;
}

/* Half a cache line's multiple, so that a bucket is never in three. */
static __always_inline unsigned int sqm_bucket_words(const struct cmap_shape shape)
{
	return ALIGN(sqm_slots(shape) * sqm_slot_words(shape), 4);
}

static inline size_t sqm_overflow_bytes(const struct cmap_shape shape)
{
	return sizeof(struct sqm_overflow) +
	       sqm_slots(shape) * sqm_slot_words(shape) * sizeof(u64);
}

/*
 * Slots that a key is at home in: two of four, so that few keys are guests elsewhere.
 */
static __always_inline unsigned int sqm_home_slots(const struct cmap_shape shape)
{
	return sqm_slots(shape) == 4 ? 2 : 1;
}

/* The slot that an entry with this hash (or tag) had best be in; the other is this ^ 1. */
static __always_inline unsigned int sqm_home(u64 hash, const struct cmap_shape shape)
{
	return ((hash & 0x7f) * sqm_slots(shape)) >> 7;
}

/* Are two slots in one home? */
static __always_inline bool sqm_same_home(unsigned int a, unsigned int b,
					  const struct cmap_shape shape)
{
	return a / sqm_home_slots(shape) == b / sqm_home_slots(shape);
}

/*
 * The key in an empty slot, of a map with u64 keys: one that is at home elsewhere.
 * All zeroes of a new table are such keys, but for the home of key 0.
 */
static __always_inline u64 sqm_empty_key(const struct sqm_map *sm, unsigned int slot,
					 const struct cmap_shape shape)
{
	return sqm_same_home(slot, sm->zero_home, shape) ? sm->empty_key : 0;
}

/**
 * struct sqm_key - a key, ready to be looked for
 * @hash: its hash
 * @tag: its tag
 * @key: the key itself
 * @words: what a slot begins with that holds it
 */
struct sqm_key {
	u64 hash;
	u32 tag;
	const void *key;
	u64 words[SQM_INLINE_MAX / sizeof(u64)];
};

static __always_inline void sqm_key_init(struct sqm_key *k, u64 hash, const void *key,
					 const struct cmap_shape shape)
{
	k->hash = hash;
	k->tag = hash_tag(hash);
	k->key = key;
	if (shape.u64_key) {
		k->words[0] = *(const u64 *)key;
	} else if (sqm_is_inline(shape)) {
		k->words[sqm_key_words(shape) - 1] = 0;
		memcpy(k->words, key, shape.key_size);
	} else {
		k->words[0] = k->hash;
	}
}

/* A byte 0x80 for each slot whose tag matches, and maybe one above such a byte. */
static __always_inline u32 sqm_match(u32 tags, u32 tag)
{
	u32 x = tags ^ tag * 0x01010101U;

	return (x - 0x01010101U) & ~x & 0x80808080U;
}

/* Does the slot begin with the key, or its hash? READ_ONCE() pairs with sqm_slot_write(). */
static __always_inline bool sqm_slot_matches(const u64 *slot, const struct sqm_key *k,
					     const struct cmap_shape shape)
{
	unsigned int i;

	for (i = 0; i < sqm_key_words(shape); i++)
		if (READ_ONCE(slot[i]) != k->words[i])
			return false;
	return true;
}

/* Where key and hash are no proof, ask the entry; it is known to be alive. */
static __always_inline bool sqm_entry_matches(const struct sqm_entry *e, const struct sqm_key *k,
					      const struct cmap_shape shape)
{
	return shape.u64_key || !memcmp(e->data, k->key, shape.key_size);
}

static __always_inline const void *sqm_entry_value(const struct sqm_entry *e,
						   const struct cmap_shape shape)
{
	return e->data + DIV_ROUND_UP(shape.key_size, sizeof(u64));
}

/* Words hold pointers; a reader validates the sequence count before it follows one. */
static __always_inline void *sqm_pointer(u64 word)
{
	return (void *)(unsigned long)word;
}

/* Is what was read since @seq was loaded, with acquire, from one instant? */
static __always_inline bool sqm_valid(const struct sqm_header *h, u32 seq)
{
	smp_rmb();	/* reads of the bucket, then its count: pairs with sqm_write_begin() */
	return READ_ONCE(h->seq) == seq;
}

struct sqm_table *sqm_table_alloc(struct sqm_map *sm, unsigned int bits);
unsigned int sqm_bits_for(struct sqm_map *sm, u64 capacity);
void sqm_limits_set(struct sqm_map *sm, unsigned int bits);
bool sqm_help_move(struct sqm_map *sm, struct sqm_stripe *s, struct sqm_table *t,
		   struct sqm_table *next, u64 hash, struct sqm_supply *supply);
bool sqm_supply_overflows(struct sqm_map *sm, struct sqm_supply *supply, unsigned int need,
			  gfp_t gfp);
void sqm_supply_release(struct sqm_supply *supply);
void sqm_work(struct cmap *m);
int sqm_init(struct cmap *m);
void sqm_exit(struct cmap *m);
int sqm_collect(struct cmap *m, struct cmap_page *page);
int sqm_clear(struct cmap *m);
void sqm_memory(struct cmap *m, struct cmap_memory *mem);

#endif /* MAPSTAT_SEQLOCK_H */

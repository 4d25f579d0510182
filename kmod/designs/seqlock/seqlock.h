/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buckets under sequence counts: readers write to no shared memory, and retry.
 *
 * A bucket is two to four slots and nothing else; a bucket of u64s is a cache line.  A slot
 * begins with a word that identifies its entry, the u64 key or the hash of a byte string;
 * then follow key and value, or a pointer to both.  Slots without an entry are marked by words
 * with which no entry of that bucket begins, since the home of these words is another stripe:
 *
 *   empty	the slot is free
 *   more	in the last slot: the bucket is continued elsewhere.  The slot's next word
 *		points to a chain of overflow buckets, or is 0: the bucket has moved
 *
 * With four slots per bucket, an entry is inserted into its home slot, which is selected by the
 * hash bits below those that select the bucket, unless an entry with the same home is there, or
 * the bucket is full: 4 of 5 entries are at home in a table that is half full.  So most lookups
 * succeed with their first read, at an address that depends on the hash alone.
 *
 * Besides the slots, a lookup has to fetch only a sequence count, and one count serves all
 * buckets whose hashes have the same highest bits: the counts, 2 KiB, stay in the cache.
 * Sharing a count among many buckets is affordable because it changes rarely: when an entry
 * leaves its slot, or a value of several words changes.  An insert into a free slot does not
 * change it, nor does the replacement of a value of one word: each becomes visible by one
 * store.
 *
 * WRITERS.  A stripe is a range of hashes (their top bits) with a raw spinlock.  Each table
 * has at least as many buckets as the map has stripes, and there are at least as many counts,
 * so a stripe's lock covers everything that an operation on a key can access in any table: its
 * bucket, the chain, the count, and the buckets that these are moved to or from.  The lock is
 * taken with bottom halves off (on PREEMPT_RT, where they are threads, with preemption off), so
 * no reader runs on this CPU while a change is in progress, and no writer sleeps during one.
 * Nothing is allocated or freed under the lock.
 *
 * READERS.  A result is valid only if every change that began before the last read had ended
 * before the first read.  Then no entry of the bucket or its chain has left its slot in
 * between, so:
 *
 *   a hit	the value was read from a slot that has held the key since the slot's first
 *		word was read.
 *   a miss	entries have only been added since the first read, so the key was absent then.
 *
 * The count never protects the memory behind a pointer: a reader that follows a pointer has
 * validated the count after reading it, and has been inside an RCU read-side section since
 * before.  So the pointer was linked at an instant of that section, and the memory that it
 * points to is freed a grace period after it was unlinked at the earliest.  An overflow
 * bucket's next pointer never changes once the bucket is linked (links are added and removed at
 * the head only), so the rest of a chain may be walked without validating each step; an entry
 * outside the bucket never changes at all, so a load may copy from it after validating.
 *
 * RESIZE.  The worker publishes the new table as old->next; buckets move one by one; then
 * the worker makes the new table the map's and frees the old one after a grace period.  If
 * entries are added faster than the worker moves buckets, writers move buckets, too, two at a
 * time.  A bucket moves under its stripe's lock:
 *
 *   1. its entries are added to the new table;
 *   2. in a counted change, all its slots are marked free, and the last one moved.
 *
 * No key is lost: until 2 the old bucket is complete and does not change, because all writers
 * of its keys need the lock; a reader that validates it takes effect before 2.  A reader
 * that finds it moved, and validates that, sees what 1 wrote: 2 had ended when it began.
 * Writers that take the lock after the move write to the new table.  A bucket that has not
 * moved is the only valid one for its keys; writers write to it in place.  The new table's own
 * next is set only after the old table is no longer the map's; a late reader follows next from
 * table to table, all of which RCU keeps alive for it.
 */
#ifndef MAPSTAT_SEQLOCK_H
#define MAPSTAT_SEQLOCK_H

#include <linux/bottom_half.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include "kmod/designs/design.h"

#define SQM_SLOT_WORDS	8	/* at most: larger entries are stored outside */
#define SQM_SLOTS_MAX	4

#define SQM_COUNT_BITS	8	/* 2 KiB of counts, which stay in the first-level cache */

/**
 * struct sqm_overflow - an overflow bucket
 * @next: the rest of the chain: constant while the bucket is linked
 * @rcu: used once it has been unlinked and the lock released
 * @dead: next unlinked bucket, used until then; owned by the thread that unlinked it
 * @slots: as many as a bucket has; written under the stripe's lock
 */
struct sqm_overflow {
	struct sqm_overflow *next;
	union {
		struct rcu_head rcu;
		struct sqm_overflow *dead;
	};
	u64 slots[];
};

/**
 * struct sqm_entry - an entry that does not fit a slot
 * @rcu: used once it has been unlinked and the lock released
 * @dead: next unlinked entry, used until then; owned by the thread that unlinked it
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
 * struct sqm_table - a table
 * @shift: 64 - @bits, constant
 * @home_shift: @shift - 2: with four slots per bucket, hash >> @home_shift is the index of the
 *	home slot in the table; constant
 * @bits: 1 << @bits buckets, constant
 * @next: the table that this one's buckets move to, or NULL; written once, by the worker
 * @bytes: of the allocation, constant
 * @rcu: used once the map has another table
 * @slots: of all buckets; see above
 */
struct sqm_table {
	u8 shift;
	u8 home_shift;
	u8 bits;
	struct sqm_table __rcu *next;
	u64 bytes;
	struct rcu_head rcu;
	u64 slots[] ____cacheline_aligned;
};

MAPSTAT_BEGINS_LINE(struct sqm_table, slots);
/* sqm_sibling() and sqm_last_of() assume that a bucket of u64s is aligned to its size. */
static_assert(offsetof(struct sqm_table, slots) % (2 * SQM_SLOTS_MAX * sizeof(u64)) == 0);

/**
 * struct sqm_stripe - a range of hashes
 * @lock: protects all buckets, chains and counts of the range; a leaf lock
 * @entries: in the range.  Written under @lock, read by anyone
 * @overflows: overflow buckets in the range.  Written under @lock, read by anyone
 * @grow_at: with more entries than this, ask the worker to grow.  Protected by @lock
 * @shrink_at: with fewer entries than this, ask the worker to shrink.  Protected by @lock
 * @arm_at: with more entries than this, @shrink_at is reset to it.  Protected by @lock
 * @moved: first bucket of the old table, in this range, that may not have moved.
 *	Protected by @lock, valid during a resize
 * @help_at: with more entries than this the worker is late, and writers move buckets, too.
 *	Protected by @lock, valid during a resize
 */
struct sqm_stripe {
	raw_spinlock_t lock;
	u64 entries;
	u64 overflows;
	u64 grow_at;
	u64 shrink_at;
	u64 arm_at;
	u64 moved;
	u64 help_at;
} ____cacheline_aligned;

MAPSTAT_WHOLE_LINES(struct sqm_stripe);

/**
 * struct sqm_supply - memory allocated before, and to be freed after, the lock is held
 * @overflow: unused overflow buckets, linked by next
 * @overflows: number of those
 * @entry: an entry with key and value filled in, or NULL
 * @dead_overflow: unlinked overflow buckets, linked by dead
 * @dead_entry: unlinked entries, linked by dead
 * @kick: the worker must be queued
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
 * struct sqm_count - a sequence count, in two words, so that neither is ever odd
 * @ended: number of changes that have ended
 * @begun: number of changes that have begun: equal to @ended, or one more
 *
 * Written under the stripe's lock, read by anyone.  A reader accepts an invalid result if
 * exactly 2^32 changes happen between its two reads of the count.
 */
struct sqm_count {
	u32 ended;
	u32 begun;
};

/**
 * struct sqm_marks - first words of slots that hold no entry
 * @empty: the slot is free
 * @more: it is a bucket's last slot, and points to where the bucket is continued
 */
struct sqm_marks {
	u64 empty;
	u64 more;
};

/**
 * struct sqm_map - the map
 * @cmap: the part that all designs share
 * @table: the oldest table that has unmoved buckets; written by the worker, read under RCU
 * @zero_hash: hash of the word 0; constant
 * @stripe_bits: 1 << @stripe_bits stripes; no table has fewer buckets; constant
 * @marks: [1]: of the stripe that is the home of the word 0, [0]: of all other stripes; constant
 * @stripes: the pointer is constant
 * @bits_min: log2 of the number of buckets for the initial capacity; constant
 * @supply: overflow buckets that the worker has allocated, but too few to move a bucket; kept
 *	until there are enough; owned by the worker
 * @stalled: the worker lacked memory to move a bucket.  Written by it, read by anyone
 * @counts: by the highest bits of the hash; see struct sqm_count
 */
struct sqm_map {
	struct cmap cmap;
	struct sqm_table __rcu *table;
	u64 zero_hash;
	unsigned int stripe_bits;
	struct sqm_marks marks[2];
	struct sqm_stripe *stripes;
	unsigned int bits_min;
	struct sqm_supply supply;
	bool stalled;
	struct sqm_count counts[1 << SQM_COUNT_BITS] ____cacheline_aligned;
};

MAPSTAT_BEGINS_LINE(struct sqm_map, counts);

static inline struct sqm_map *to_sqm_map(struct cmap *m)
{
	return container_of(m, struct sqm_map, cmap);
}

/* Number of words for the key of a slot that holds its entry: the key, or its hash and the key. */
static __always_inline unsigned int sqm_key_words_inline(const struct cmap_shape shape)
{
	return shape.u64_key ? 1 : 1 + DIV_ROUND_UP(shape.key_size, sizeof(u64));
}

static __always_inline unsigned int sqm_value_words_inline(const struct cmap_shape shape)
{
	return DIV_ROUND_UP(shape.value_size, sizeof(u64));
}

/* Are key and value in the slot?  Otherwise it holds the u64 key or the hash, and a pointer. */
static __always_inline bool sqm_is_inline(const struct cmap_shape shape)
{
	return sqm_key_words_inline(shape) + sqm_value_words_inline(shape) <= SQM_SLOT_WORDS;
}

static __always_inline unsigned int sqm_key_words(const struct cmap_shape shape)
{
	return sqm_is_inline(shape) ? sqm_key_words_inline(shape) : 1;
}

static __always_inline unsigned int sqm_value_words(const struct cmap_shape shape)
{
	return sqm_is_inline(shape) ? sqm_value_words_inline(shape) : 1;
}

static __always_inline unsigned int sqm_slot_words(const struct cmap_shape shape)
{
	return sqm_key_words(shape) + sqm_value_words(shape);
}

/* As many slots as fit in two cache lines, 2 to 4. */
static __always_inline unsigned int sqm_slots(const struct cmap_shape shape)
{
	unsigned int words = sqm_slot_words(shape);

	return words <= 4 ? SQM_SLOTS_MAX : words == 5 ? 3 : 2;
}

/* A multiple of half a cache line, so that no bucket spans three. */
static __always_inline unsigned int sqm_bucket_words(const struct cmap_shape shape)
{
	return ALIGN(sqm_slots(shape) * sqm_slot_words(shape), 4);
}

/* Size of a table of 2^@bits buckets. */
static inline u64 sqm_table_bytes(const struct cmap_shape shape, unsigned int bits)
{
	return sizeof(struct sqm_table) + ((u64)sqm_bucket_words(shape) * sizeof(u64) << bits);
}

static inline size_t sqm_overflow_bytes(const struct cmap_shape shape)
{
	return sizeof(struct sqm_overflow) +
	       sqm_slots(shape) * sqm_slot_words(shape) * sizeof(u64);
}

/* The home slot of a hash; sqm_nth_slot() returns the other slots in which the entry may be. */
static __always_inline unsigned int sqm_home(const struct sqm_table *t, u64 hash,
					     const struct cmap_shape shape)
{
	return sqm_slots(shape) == 4 ? hash >> t->home_shift & 3 : 0;
}

/* The slot to try after @i others. */
static __always_inline unsigned int sqm_nth_slot(unsigned int home, unsigned int i,
						 const struct cmap_shape shape)
{
	return sqm_slots(shape) == 4 ? home ^ i : i;
}

/* sqm_nth_slot() for the address of a home slot in a bucket of u64s, which is a cache line. */
static __always_inline const u64 *sqm_sibling(const u64 *home, unsigned int i)
{
	return (const u64 *)((unsigned long)home ^ i * 2 * sizeof(u64));
}

/*
 * Go from the home slot of a bucket of u64s to the slot that holds the key, in the order of
 * sqm_nth_slot().  Return: false if no slot holds it; *at is then any slot of the bucket.
 */
static __always_inline bool sqm_probe(const u64 **at, u64 key)
{
	/* Unrolled by hand, each step from the previous slot.  Pairs with sqm_slot_fill(). */
	if (likely(READ_ONCE(**at) == key))
		return true;
	*at = sqm_sibling(*at, 1);
	if (READ_ONCE(**at) == key)
		return true;
	*at = sqm_sibling(*at, 1 ^ 2);
	if (READ_ONCE(**at) == key)
		return true;
	*at = sqm_sibling(*at, 2 ^ 3);
	return READ_ONCE(**at) == key;
}

/* The last slot of a bucket of u64s, from the address of any of its slots. */
static __always_inline const u64 *sqm_last_of(const u64 *home)
{
	return (const u64 *)((unsigned long)home | 3 * 2 * sizeof(u64));
}

/**
 * struct sqm_bucket - location of a bucket
 * @count: its sequence count, or the first of several
 * @counts: number of these: more than one for a bucket of a small table
 * @slots: its first slot
 * @marks: of its stripe
 */
struct sqm_bucket {
	struct sqm_count *count;
	unsigned int counts;
	u64 *slots;
	const struct sqm_marks *marks;
};

static __always_inline const struct sqm_marks *sqm_marks(const struct sqm_map *sm, u64 hash)
{
	return &sm->marks[!hash_bucket(hash ^ sm->zero_hash, sm->stripe_bits)];
}

/* The sequence count of a hash. */
static __always_inline const struct sqm_count *sqm_count_of(const struct sqm_map *sm,
							    u64 hash)
{
	return &sm->counts[hash >> (64 - SQM_COUNT_BITS)];
}

static __always_inline u64 *sqm_slots_at(const struct sqm_table *t, u64 hash,
					 const struct cmap_shape shape)
{
	/* The table is const for readers, which never write through this pointer. */
	return (u64 *)t->slots + (hash >> t->shift) * sqm_bucket_words(shape);
}

/* The bucket of a hash. */
static __always_inline struct sqm_bucket sqm_bucket_at(struct sqm_map *sm,
						       const struct sqm_table *t, u64 hash,
						       const struct cmap_shape shape)
{
	const u64 first = hash >> t->shift << t->shift;

	return (struct sqm_bucket){
		.count = &sm->counts[first >> (64 - SQM_COUNT_BITS)],
		.counts = likely(t->bits >= SQM_COUNT_BITS) ? 1 :
			  1U << (SQM_COUNT_BITS - t->bits),
		.slots = sqm_slots_at(t, hash, shape),
		.marks = sqm_marks(sm, hash),
	};
}

/* The lowest hash of bucket @index. */
static __always_inline u64 sqm_hash_at(const struct sqm_table *t, u64 index)
{
	return index << t->shift;
}

/* A bucket's last slot, which holds an entry like the others, or the mark more. */
static __always_inline u64 *sqm_last(u64 *slots, const struct cmap_shape shape)
{
	return slots + (sqm_slots(shape) - 1) * sqm_slot_words(shape);
}

/**
 * struct sqm_key - a key, prepared for a lookup
 * @hash: its hash
 * @key: the key itself
 * @words: the first words of a slot that holds it
 */
struct sqm_key {
	u64 hash;
	const void *key;
	u64 words[SQM_SLOT_WORDS];
};

static __always_inline void sqm_key_init(struct sqm_key *k, u64 hash, const void *key,
					 const struct cmap_shape shape)
{
	k->hash = hash;
	k->key = key;
	if (shape.u64_key) {
		k->words[0] = *(const u64 *)key;
		return;
	}
	k->words[0] = hash;
	if (!sqm_is_inline(shape))
		return;
	k->words[sqm_key_words(shape) - 1] = 0;
	memcpy(k->words + 1, key, shape.key_size);
}

/* Does the slot hold the key, or, for a byte string stored outside, its hash? */
static __always_inline bool sqm_slot_matches(const u64 *slot, const struct sqm_key *k,
					     const struct cmap_shape shape)
{
	unsigned int i;

	cmap_access_load(shape, NULL, slot, sqm_key_words(shape) * sizeof(u64), MAPSTAT_READ);
	/*
	 * Pairs with the release in sqm_slot_fill(): the words read below belong to the first
	 * one, or the count has changed.
	 */
	if (smp_load_acquire(&slot[0]) != k->words[0])
		return false;
	for (i = 1; i < sqm_key_words(shape); i++)
		if (READ_ONCE(slot[i]) != k->words[i])
			return false;
	return true;
}

/* If the slot holds only a hash, compare the key in the entry, which is known to be alive. */
static __always_inline bool sqm_entry_matches(const struct sqm_entry *e, const struct sqm_key *k,
					      const struct cmap_shape shape)
{
	if (shape.u64_key)
		return true;
	cmap_access_load(shape, NULL, e->data, shape.key_size, MAPSTAT_READ);
	return !memcmp(e->data, k->key, shape.key_size);
}

static __always_inline const void *sqm_entry_value(const struct sqm_entry *e,
						   const struct cmap_shape shape)
{
	return e->data + DIV_ROUND_UP(shape.key_size, sizeof(u64));
}

/* Converts a slot's word; a reader validates the sequence count before it follows the pointer. */
static __always_inline void *sqm_pointer(u64 word)
{
	return (void *)(unsigned long)word;
}

/* Begin to read. Return: number of changes that have ended; their writes will be visible. */
static __always_inline u32 sqm_read_begin(const struct sqm_count *count)
{
	return smp_load_acquire(&count->ended);		/* pairs with sqm_write_end() */
}

/* Have no changes begun except the @ended ones? */
static __always_inline bool sqm_valid(const struct sqm_count *count, u32 ended)
{
	smp_rmb();	/* reads of slots, then the count: pairs with sqm_write_begin() */
	return READ_ONCE(count->begun) == ended;
}

#endif /* MAPSTAT_SEQLOCK_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buckets under sequence counts: readers write nothing shared, and retry.
 *
 * A bucket is two to four slots and nothing else; one of u64s is a cache line.  A slot
 * begins with a word that says whose it is, the u64 key or the hash of a byte string;
 * then come key and value, or a pointer to both.  What is not an entry is marked by words
 * that no entry of that bucket begins with, since their home is in another stripe:
 *
 *   empty	the slot is free
 *   more	in the last slot: the bucket is not all there is.  The slot's next word
 *		leads to a chain of overflow buckets, or is 0: the bucket has moved
 *
 * An entry is in its home slot, named by the bits of the hash below those that name the
 * bucket, unless another one is that is at home there too: 4 of 5 are, in a table that is
 * half full.  So the first look finds most, at an address that depends on the hash alone.
 *
 * So there is nothing beside the slots to be fetched but a sequence count, and one count
 * serves all buckets whose hashes have the same highest bits: the counts, 2 KiB, stay in
 * the cache.  That many buckets share one is paid for by changing it seldom.  It changes
 * where an entry leaves its slot, or a value of several words changes.  An insert into a
 * free slot does not change it, nor does the replacement of a value that is one word:
 * each becomes visible by one store.
 *
 * WRITERS.  A stripe is a range of hashes (their top bits) with a raw spinlock; no table
 * has fewer buckets, and there are not fewer counts, than the map has stripes, so a
 * stripe's lock covers all that a key can touch in any table: its bucket, the chain, the
 * count, and the buckets that those are moved to or from.  The lock is taken with bottom
 * halves off (on PREEMPT_RT, where they are threads, with preemption off), so no reader
 * on this CPU runs while a change has begun and not ended, and no writer sleeps there.
 * Nothing is allocated or freed under the lock.
 *
 * READERS.  A result counts only where no change began between the first read and the
 * last one that had not ended before the first.  Then no entry of the bucket or its chain
 * has left its slot in between, so:
 *
 *   a hit	the value was read from a slot that was the key's, from when its first word
 *		was read.
 *   a miss	entries came at the most; so the key was absent at the first read.
 *
 * The count never guards a pointer that is followed: whoever follows one has validated
 * the count after reading it, and is inside an RCU read-side section since before.  So
 * the pointer was linked at an instant of that section, and what it points to is freed a
 * grace period after it was unlinked at the earliest.  An overflow bucket's next pointer
 * never changes once it is linked (links are added and taken off at the head only), so
 * the rest of a chain may be walked without validating each step; an entry outside the
 * bucket never changes at all, so a load may copy from it after validating.
 *
 * RESIZE.  The worker publishes the new table as old->next; buckets move one by one; then
 * the worker makes the new table the map's and frees the old one after a grace period.
 * Where it is late, as entries come faster than it moves them, writes move buckets, too, two
 * at a time.  A bucket moves under its stripe's lock:
 *
 *   1. its entries are added to the new table;
 *   2. as a change that is counted, all its slots are marked free, and the last one moved.
 *
 * No lost key: until 2 the old bucket is complete and stands still, because all writers
 * of its keys need the lock; a reader that validates it takes effect before 2.  A reader
 * that finds it moved, and validates that, sees what 1 wrote: 2 had ended when it began.
 * Writers come after the mover in the lock's order and write to the new table.  A bucket
 * that has not moved is the only one that counts for its keys; writers write to it where
 * it is.  The new table's own next is set only after the old one is no longer the map's; a
 * reader that is late follows next from table to table, all of which RCU keeps for it.
 */
#ifndef MAPSTAT_SEQLOCK_H
#define MAPSTAT_SEQLOCK_H

#include <linux/bottom_half.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include "kmod/designs/design.h"

#define SQM_SLOT_WORDS	8	/* at the most: what is larger lies outside */
#define SQM_SLOTS_MAX	4

#define SQM_COUNT_BITS	8	/* 2 KiB of counts, which stay in a first-level cache */

/**
 * struct sqm_overflow - an overflow bucket
 * @next: the rest of the chain: constant while it is linked
 * @rcu: once it has been unlinked and the lock released
 * @dead: next of those unlinked, until then; owned by who unlinked it
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
 * struct sqm_table - a table
 * @shift: 64 - @bits, constant
 * @home_shift: two less: with four slots a bucket, a hash above it is its home's number;
 *	constant
 * @bits: 1 << @bits buckets, constant
 * @next: the table that this one's buckets move to, or NULL; written once, by the worker
 * @bytes: of the allocation, constant
 * @rcu: once the map has another table
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
/* sqm_sibling() and sqm_last_of() take a bucket of u64s to be aligned to its size. */
static_assert(offsetof(struct sqm_table, slots) % (2 * SQM_SLOTS_MAX * sizeof(u64)) == 0);

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
 * @help_at: more entries than this: the worker is late, writers move buckets, too.
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
	u64 help_at;
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
 * struct sqm_count - a sequence count, in two words, so that none is ever odd
 * @ended: changes that have ended
 * @begun: changes that have begun: as many, or one more
 *
 * Written under the stripe's lock, read by anyone.  A reader is fooled if exactly 2^32
 * changes fall between its two looks.
 */
struct sqm_count {
	u32 ended;
	u32 begun;
};

/**
 * struct sqm_marks - first words of slots that hold no entry
 * @empty: it is free
 * @more: it is a bucket's last, and leads to what there is elsewhere
 */
struct sqm_marks {
	u64 empty;
	u64 more;
};

/**
 * struct sqm_map - the map
 * @cmap: what all designs share
 * @table: the oldest table that has unmoved buckets; written by the worker, read under RCU
 * @zero_hash: of the word 0; constant
 * @stripe_bits: 1 << @stripe_bits stripes; no table has fewer buckets; constant
 * @marks: of all stripes but 0's, and of that one; constant
 * @stripes: the pointer is constant
 * @bits_min: log2 of the buckets for the capacity asked for; constant
 * @supply: what the worker got when it lacked memory to move a bucket, kept until it has
 *	enough; the worker's
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

/* Words that key and value begin with in a slot: the key, or the hash before the key. */
static __always_inline unsigned int sqm_key_words_inline(const struct cmap_shape shape)
{
	return shape.u64_key ? 1 : 1 + DIV_ROUND_UP(shape.key_size, sizeof(u64));
}

static __always_inline unsigned int sqm_value_words_inline(const struct cmap_shape shape)
{
	return DIV_ROUND_UP(shape.value_size, sizeof(u64));
}

/* Do key and value lie in the slot? Otherwise it holds the u64 key or hash, and a pointer. */
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

/* As many slots as fit two cache lines, 2 to 4. */
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

/* Of a table of 2^@bits buckets. */
static inline u64 sqm_table_bytes(const struct cmap_shape shape, unsigned int bits)
{
	return sizeof(struct sqm_table) + ((u64)sqm_bucket_words(shape) * sizeof(u64) << bits);
}

static inline size_t sqm_overflow_bytes(const struct cmap_shape shape)
{
	return sizeof(struct sqm_overflow) +
	       sqm_slots(shape) * sqm_slot_words(shape) * sizeof(u64);
}

/* The home slot of a hash; sqm_nth_slot() says where an entry lies that is not there. */
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

/* The same for the address of a home slot, in a bucket of u64s, which is a cache line. */
static __always_inline const u64 *sqm_sibling(const u64 *home, unsigned int i)
{
	return (const u64 *)((unsigned long)home ^ i * 2 * sizeof(u64));
}

/*
 * Go from the home slot of a bucket of u64s to the one that has the key, in the order of
 * sqm_nth_slot().  Return: false where none has it; *at is any of the bucket then.
 */
static __always_inline bool sqm_probe(const u64 **at, u64 key)
{
	/* Unrolled by hand, each step from where the last one led.  Pairs with sqm_slot_fill(). */
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

/* The last slot of such a bucket. */
static __always_inline const u64 *sqm_last_of(const u64 *home)
{
	return (const u64 *)((unsigned long)home | 3 * 2 * sizeof(u64));
}

/**
 * struct sqm_bucket - where a bucket lies
 * @count: its sequence count, or the first of several
 * @counts: how many those are: of a small table's bucket, more than one
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
	/* A reader has a table to read, and never writes through this. */
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

/* A hash that has the home @index. */
static __always_inline u64 sqm_hash_at(const struct sqm_table *t, u64 index)
{
	return index << t->shift;
}

/* A bucket's last slot, which holds an entry like the others, or leads to more. */
static __always_inline u64 *sqm_last(u64 *slots, const struct cmap_shape shape)
{
	return slots + (sqm_slots(shape) - 1) * sqm_slot_words(shape);
}

/**
 * struct sqm_key - a key, ready to be looked for
 * @hash: its hash
 * @key: the key itself
 * @words: what a slot begins with that holds it
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

/* Does the slot hold the key, or its hash? */
static __always_inline bool sqm_slot_matches(const u64 *slot, const struct sqm_key *k,
					     const struct cmap_shape shape)
{
	unsigned int i;

	cmap_access_load(shape, NULL, slot, sqm_key_words(shape) * sizeof(u64), MAPSTAT_READ);
	/*
	 * Pairs with the release in sqm_slot_fill(): the other words are those that belong to
	 * it, or the count has changed.
	 */
	if (smp_load_acquire(&slot[0]) != k->words[0])
		return false;
	for (i = 1; i < sqm_key_words(shape); i++)
		if (READ_ONCE(slot[i]) != k->words[i])
			return false;
	return true;
}

/* Where key and hash are no proof, ask the entry; it is known to be alive. */
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

/* Words hold pointers; a reader validates the sequence count before it follows one. */
static __always_inline void *sqm_pointer(u64 word)
{
	return (void *)(unsigned long)word;
}

/* Begin to read. Return: the changes that have ended; what they wrote will be seen. */
static __always_inline u32 sqm_read_begin(const struct sqm_count *count)
{
	return smp_load_acquire(&count->ended);		/* pairs with sqm_write_end() */
}

/* Has no other change begun than those that had @ended? */
static __always_inline bool sqm_valid(const struct sqm_count *count, u32 ended)
{
	smp_rmb();	/* reads of slots, then the count: pairs with sqm_write_begin() */
	return READ_ONCE(count->begun) == ended;
}

#endif /* MAPSTAT_SEQLOCK_H */

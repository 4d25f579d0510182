/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The snapshot table: a hash table of pointers that one writer fills before it is
 * published, and that all read without a lock afterwards.  From then on the table never
 * changes; the entries that it points to may.
 *
 * A bucket is one cache line: six tags in one word, so that one compare finds the
 * candidates among all six before any entry is accessed, an overflow bucket, and six
 * pointers.  Buckets are chosen by the top bits of the hash: a walk in the order of the
 * hash meets the keys of tables of any size in the same order.
 *
 * The array is one allocation if the caller may sleep.  For an atomic caller it is divided
 * into chunks, because large atomic allocations fail.
 */
#ifndef MAPSTAT_SNAPSHOT_H
#define MAPSTAT_SNAPSHOT_H

#include <linux/bitops.h>
#include <linux/prefetch.h>
#include <linux/types.h>
#include "kmod/designs/design.h"
#include "kmod/designs/hash.h"
#include "arena.h"

#define SNAP_SLOTS	6
#define SNAP_FILL	3	/* entries per bucket, if memory allows: 1 bucket in 30 overflows */
#define SNAP_BITS_MAX	40

/*
 * log2 of the buckets in a chunk: 32 KiB, the largest order that the page allocator does not
 * consider costly (PAGE_ALLOC_COSTLY_ORDER, with pages of 4 KiB).
 */
#define SNAP_CHUNK_BITS	9

#define SNAP_ONES	0x0101010101010101ULL
#define SNAP_TOPS	0x0000808080808080ULL	/* of the six tags */

/**
 * struct snap_item - beginning of each entry
 * @hash: of its key; constant
 */
struct snap_item {
	u64 hash;
};

/**
 * struct snap_bucket - a cache line; constant once published
 * @tags: slot i's hash_tag() in byte i, 0 if the slot is empty
 * @overflow: more slots, or NULL
 * @slots: the entries, NULL if the slot is empty
 */
struct snap_bucket {
	u64 tags;
	struct snap_bucket *overflow;
	struct snap_item *slots[SNAP_SLOTS];
};

/**
 * struct snap_table - a table; may be copied by value, but only one of the copies owns it
 * @buckets: the array in one piece; NULL: it is in chunks
 * @chunks: its chunks, 1 << SNAP_CHUNK_BITS buckets each; NULL: it is in one piece
 * @bits: log2 of the number of buckets
 * @count: entries
 * @overflow: memory of overflow buckets
 *
 * Written by the only writer before the table is published, constant afterwards.
 */
struct snap_table {
	struct snap_bucket *buckets;
	struct snap_bucket **chunks;
	unsigned int bits;
	u64 count;
	struct arena overflow;
};

/* Called for each entry of a walk; a return value other than 0 ends the walk. */
typedef int (*snap_visit_fn)(void *arg, struct snap_item *item);

unsigned int snap_bits(u64 entries);
int snap_init(struct snap_table *t, u64 entries, gfp_t gfp);
void snap_free(struct snap_table *t);
int snap_add(struct snap_table *t, struct snap_item *item, gfp_t gfp);
void snap_remove(struct snap_table *t, struct snap_item *item);
int snap_grow(struct snap_table *t, gfp_t gfp);
bool snap_make_room(struct snap_table *t, gfp_t gfp);
int snap_walk(const struct snap_table *t, u64 lo, u64 hi, snap_visit_fn visit, void *arg);
u64 snap_bytes(const struct snap_table *t);

static __always_inline struct snap_bucket *snap_bucket(const struct snap_table *t, u64 i)
{
	if (likely(t->buckets))
		return &t->buckets[i];
	return &t->chunks[i >> SNAP_CHUNK_BITS][i & ((1 << SNAP_CHUNK_BITS) - 1)];
}

/* Report snap_bucket()'s read of the chunk's pointer, if there are chunks. */
static __always_inline void snap_report_chunk(const struct snap_table *t, u64 i)
{
	if (!t->buckets)
		cmap_access(NULL, &t->chunks[i >> SNAP_CHUNK_BITS], sizeof(*t->chunks),
			    MAPSTAT_READ);
}

/* The top bit of each byte of @tags that may equal @tag, with false positives but no misses. */
static __always_inline u64 snap_match(u64 tags, u8 tag)
{
	u64 x = tags ^ (SNAP_ONES * tag);

	return (x - SNAP_ONES) & ~x & SNAP_TOPS;
}

static __always_inline bool snap_equal(const struct snap_item *item, u64 hash,
				       const void *key, size_t offset,
				       const struct cmap_shape shape)
{
	const void *item_key = (const void *)item + offset;

	/* A u64 is compared as fast as its hash; for other keys the hash saves a memcmp. */
	if (!shape.u64_key) {
		cmap_access_load(shape, NULL, &item->hash, sizeof(item->hash), MAPSTAT_READ);
		if (item->hash != hash)
			return false;
	}
	cmap_access_load(shape, NULL, item_key, shape.key_size, MAPSTAT_READ);
	return cmap_key_equal(item_key, key, shape);
}

/* Number of entries that the table holds at its intended load. */
static inline u64 snap_room(const struct snap_table *t)
{
	return (u64)SNAP_FILL << t->bits;
}

/* Does the table need snap_grow()? */
static inline bool snap_is_full(const struct snap_table *t)
{
	return t->count >= snap_room(t);
}

/**
 * snap_find - find an entry
 * @t: the table
 * @hash: of the key
 * @key: the key
 * @offset: of the key in an entry
 * @shape: the map's
 *
 * The pointers need no rcu_dereference(): the caller got the table through one, and
 * the entries are older than the table.
 *
 * Context: RCU read lock, or the lock of the table's writer.
 * Return: the entry, or NULL.
 */
static __always_inline struct snap_item *snap_find(const struct snap_table *t, u64 hash,
						   const void *key, size_t offset,
						   const struct cmap_shape shape)
{
	const u64 i = hash_bucket(hash, t->bits);
	const struct snap_bucket *b = snap_bucket(t, i);

	if (cmap_is_reported(shape))
		snap_report_chunk(t, i);
	do {
		u64 match = snap_match(b->tags, hash_tag(hash));

		cmap_access_load(shape, NULL, b, offsetof(struct snap_bucket, slots), MAPSTAT_READ);
		for (; match; match &= match - 1) {
			struct snap_item *const *slot = &b->slots[__ffs64(match) / 8];
			struct snap_item *item = *slot;

			cmap_access_load(shape, NULL, slot, sizeof(*slot), MAPSTAT_READ);
			if (snap_equal(item, hash, key, offset, shape))
				return item;
		}
		b = b->overflow;
	} while (unlikely(b));
	return NULL;
}

/* Prefetch the bucket that snap_find() searches. */
static __always_inline void snap_fetch(const struct snap_table *t, u64 hash)
{
	prefetch(snap_bucket(t, hash_bucket(hash, t->bits)));
}

/* Prefetch the entry that snap_find() compares first. */
static __always_inline void snap_fetch_item(const struct snap_table *t, u64 hash)
{
	const struct snap_bucket *b = snap_bucket(t, hash_bucket(hash, t->bits));
	const u64 match = snap_match(b->tags, hash_tag(hash));

	if (likely(match))
		prefetch(b->slots[__ffs64(match) / 8]);
}

#endif /* MAPSTAT_SNAPSHOT_H */

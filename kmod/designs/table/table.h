/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The 8-slot bucket table.  It has no lock: its user excludes writers from each other
 * and from readers.
 *
 * A bucket holds eight tag bytes (0: the slot is empty, otherwise hash_tag()) in one word,
 * so that one compare finds the candidates among all eight before any key is accessed; a
 * pointer to an overflow bucket; and eight slots.  A slot holds key and value, or, if they
 * are larger than TABLE_INLINE, a pointer to them.  An overflow bucket is the
 * same with three slots, which is one cache line for u64s.
 *
 * Buckets are chosen by the top bits of the hash, so bucket i of a table covers buckets
 * 2i and 2i+1 of one twice its size: a range walks both in the same order.
 *
 * RESIZING.  A worker allocates the new array and publishes it; then each write moves a
 * few buckets of the old array, in order, and so does the worker.
 * An entry is always in exactly one of the two arrays: in the old one only if its
 * bucket there is at or beyond @evacuated, so a lookup tries that one, then the new one.
 * New entries always go to the new array.  Running out of memory only ends a step.
 * A table grows if it has more than TABLE_GROW entries per bucket: to twice its size, or, if the
 * worker is late, until it has at most TABLE_GROW_TO per bucket.  It shrinks if it has less
 * than TABLE_SHRINK per bucket, until it has at most TABLE_SHRINK_TO: the limits are far enough
 * apart that growing does not trigger shrinking, nor shrinking growing.
 */
#ifndef MAPSTAT_TABLE_H
#define MAPSTAT_TABLE_H

#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/prefetch.h>
#include "kmod/designs/hash.h"
#include "kmod/designs/update.h"

#define TABLE_SLOTS		8
#define TABLE_OVERFLOW_SLOTS	3
#define TABLE_INLINE		64	/* bytes of key and value: a cache line's worth */
#define TABLE_FETCH_MAX		192	/* bytes of a bucket to prefetch: three lines, for u64s */
#define TABLE_BITS_MAX		40	/* a range's cursor has this many bits of the hash */
#define TABLE_BITS_STEP		3	/* grow or shrink by at most a factor of 8 at once */
#define TABLE_GROW		6	/* entries per bucket: 3 of 4 slots, few overflows */
#define TABLE_GROW_TO		4	/* more than half of that: twice the size suffices */
#define TABLE_SHRINK		1	/* entries per bucket: an eighth of the slots */
#define TABLE_SHRINK_TO		3

/*
 * Limits for the work of one write.  Growing begins at 6 entries per bucket; at two
 * buckets per write it ends after at most half as many writes as there are old buckets.
 */
#define TABLE_WRITE_BUCKETS	2
#define TABLE_WRITE_ENTRIES	(2 * TABLE_SLOTS)

/* Limits for the work of the worker per lock acquisition. */
#define TABLE_WORK_BUCKETS	32
#define TABLE_WORK_ENTRIES	(32 * TABLE_SLOTS)

#define TABLE_ONES	0x0101010101010101ULL
#define TABLE_TOPS	0x8080808080808080ULL
#define TABLE_OVERFLOW_TOPS	(TABLE_TOPS >> 8 * (TABLE_SLOTS - TABLE_OVERFLOW_SLOTS))

/**
 * struct table_bucket - eight slots; an overflow bucket has three
 * @tags: slot i's tag in byte i; 0 if there is no such slot
 * @next: overflow bucket, or NULL
 * @slots: the slots, table_slot_size() bytes each
 */
struct table_bucket {
	u64 tags;
	struct table_bucket *next;
	u8 slots[];
};

/**
 * struct table_array - an array of buckets
 * @buckets: 1 << @bits of them, or NULL
 * @bits: log2 of their number
 */
struct table_array {
	void *buckets;
	unsigned int bits;
};

/**
 * struct table - a table; fields that are not constant are protected by its user's lock
 * @cur: the array that inserts go to
 * @old: the array being evacuated into @cur; its buckets are NULL if there is no resize
 * @evacuated: buckets of @old below this index are empty for good
 * @entries: in both arrays
 * @bytes: allocated: arrays, overflow buckets and entries
 * @retired: evacuated array, to be freed by the worker
 * @retired_bytes: its size
 * @kicked: the worker has been queued; also read without the lock, as a hint
 * @bits_min: log2 of the minimum number of buckets, from the initial capacity; constant
 * @map: the map that the table belongs to; constant
 * @lock: take the user's lock as a writer, for the worker; constant
 * @unlock: release it; constant
 */
struct table {
	struct table_array cur;
	struct table_array old;
	u64 evacuated;
	u64 entries;
	u64 bytes;
	void *retired;
	u64 retired_bytes;
	bool kicked;
	unsigned int bits_min;
	struct cmap *map;
	void (*lock)(struct table *t);
	void (*unlock)(struct table *t);
};

int table_init(struct table *t, struct cmap *map, u64 capacity);
void table_exit(struct table *t);
int table_insert(struct table *t, u64 hash, const void *key, const void *value);
void table_free_entry(struct table *t, struct table_bucket *b, unsigned int slot);
void table_collect(struct table *t, u64 *cursor, struct cmap_page *page);
void table_clear_step(struct table *t, u64 *cursor);
void table_memory(const struct table *t, struct cmap_memory *mem);
void table_work(struct table *t);
int table_where(const struct table *t, const void *addr, char *buf, size_t size);

/* For the inline functions below. */
unsigned int table_evacuate(struct table *t, unsigned int buckets, unsigned int entries);
void table_ask_resize(struct table *t);
struct table_bucket *table_overflow(struct table *t, struct table_bucket *head);
void table_free_overflow(struct table *t, struct table_bucket *head, struct table_bucket *b);

static __always_inline size_t table_entry_size(const struct cmap_shape shape)
{
	return ALIGN(shape.key_size, 8) + ALIGN(shape.value_size, 8);
}

static __always_inline bool table_is_inline(const struct cmap_shape shape)
{
	return table_entry_size(shape) <= TABLE_INLINE;
}

static __always_inline size_t table_slot_size(const struct cmap_shape shape)
{
	return table_is_inline(shape) ? table_entry_size(shape) : sizeof(void *);
}

static __always_inline size_t table_bucket_size(const struct cmap_shape shape)
{
	return sizeof(struct table_bucket) + TABLE_SLOTS * table_slot_size(shape);
}

static __always_inline size_t table_overflow_size(const struct cmap_shape shape)
{
	return sizeof(struct table_bucket) + TABLE_OVERFLOW_SLOTS * table_slot_size(shape);
}

/* A slot's entry: the key, then the value at offset ALIGN(key_size, 8). */
static __always_inline void *table_entry(struct table_bucket *b, unsigned int slot,
					 const struct cmap_shape shape)
{
	void *at = b->slots + slot * table_slot_size(shape);

	return table_is_inline(shape) ? at : *(void **)at;
}

static __always_inline struct table_bucket *table_head(const struct table_array *a, u64 hash,
						       const struct cmap_shape shape)
{
	return a->buckets + hash_bucket(hash, a->bits) * table_bucket_size(shape);
}

/* Bit 7 of a byte for each slot that holds an entry. */
static __always_inline u64 table_occupied(const struct table_bucket *b)
{
	return b->tags & TABLE_TOPS;
}

/* Slots whose tag may be @tag, as bit 7 of their bytes.  Never an empty slot. */
static __always_inline u64 table_match(u64 tags, u8 tag)
{
	u64 x = tags ^ (TABLE_ONES * tag);

	return (x - TABLE_ONES) & ~x & TABLE_TOPS;
}

/**
 * struct table_pos - where an entry is
 * @head: the first bucket of its chain
 * @b: the bucket
 * @slot: the slot
 */
struct table_pos {
	struct table_bucket *head;
	struct table_bucket *b;
	unsigned int slot;
};

/* Report the accesses of examining one slot of a bucket. */
static __always_inline void table_report_slot(const struct table *t, struct table_bucket *b,
					      unsigned int slot, const struct cmap_shape shape)
{
	if (!table_is_inline(shape))
		cmap_access_load(shape, t->map, b->slots + slot * sizeof(void *), sizeof(void *),
				 MAPSTAT_READ);
	cmap_access_load(shape, t->map, table_entry(b, slot, shape), shape.key_size, MAPSTAT_READ);
}

/* Look a key up in the chain of pos->head. Return: its entry, or NULL. */
static __always_inline void *table_find_in(const struct table *t, struct table_pos *pos,
					   u64 hash, const void *key,
					   const struct cmap_shape shape)
{
	struct table_bucket *b = pos->head;

	do {
		u64 match = table_match(b->tags, hash_tag(hash));

		cmap_access_load(shape, t->map, b, sizeof(*b), MAPSTAT_READ);
		for (; match; match &= match - 1) {
			unsigned int slot = __ffs64(match) / 8;
			void *entry = table_entry(b, slot, shape);

			table_report_slot(t, b, slot, shape);
			if (likely(cmap_key_equal(entry, key, shape))) {
				pos->b = b;
				pos->slot = slot;
				return entry;
			}
		}
		b = b->next;
	} while (unlikely(b));
	return NULL;
}

/**
 * table_find - look a key up
 * @t: the table
 * @hash: the key's
 * @key: the key
 * @pos: where it is (out)
 * @shape: the map's
 *
 * Context: Writers excluded.
 * Return: the entry, or NULL.
 */
static __always_inline void *table_find(const struct table *t, u64 hash, const void *key,
					struct table_pos *pos, const struct cmap_shape shape)
{
	cmap_access_load(shape, t->map, t, offsetof(struct table, entries), MAPSTAT_READ);
	if (unlikely(t->old.buckets) && hash_bucket(hash, t->old.bits) >= t->evacuated) {
		void *entry;

		pos->head = table_head(&t->old, hash, shape);
		entry = table_find_in(t, pos, hash, key, shape);
		if (entry)
			return entry;
	}
	pos->head = table_head(&t->cur, hash, shape);
	return table_find_in(t, pos, hash, key, shape);
}

/**
 * table_load - copy a key's value out
 * @t: the table
 * @hash: the key's
 * @key: the key
 * @value: receives the value
 * @shape: the map's
 *
 * Context: Writers excluded.
 * Return: 0 or -ENOENT.
 */
static __always_inline int table_load(const struct table *t, u64 hash, const void *key,
				      void *value, const struct cmap_shape shape)
{
	struct table_pos pos;
	void *entry = table_find(t, hash, key, &pos, shape);

	if (unlikely(!entry))
		return -ENOENT;
	cmap_access_load(shape, t->map, entry + ALIGN(shape.key_size, 8), shape.value_size,
			 MAPSTAT_READ);
	cmap_value_copy(value, entry + ALIGN(shape.key_size, 8), shape);
	return 0;
}

/**
 * table_fetch - prefetch what table_load() will access
 * @t: the table
 * @hash: the key's
 * @shape: the map's
 *
 * Context: Any.  Without the lock that excludes writers the address may be wrong, which
 * makes the prefetch useless, but not harmful.
 */
static __always_inline void table_fetch(const struct table *t, u64 hash,
					const struct cmap_shape shape)
{
	/* A writer may be changing it: the result is only a hint. */
	const struct table_array cur = data_race(t->cur);
	const void *at = table_head(&cur, hash, shape);
	unsigned int i;

	for (i = 0; i < TABLE_FETCH_MAX && i < table_bucket_size(shape); i += SMP_CACHE_BYTES)
		prefetch(at + i);
}

/**
 * table_check_size - queue the worker if the table has the wrong size
 * @t: the table
 *
 * Context: User's lock held for writing.
 */
static __always_inline void table_check_size(struct table *t)
{
	const unsigned int bits = t->cur.bits;

	if (unlikely(t->entries > (u64)TABLE_GROW << bits) ||
	    (unlikely(t->entries < (u64)TABLE_SHRINK << bits) && bits > t->bits_min))
		table_ask_resize(t);
}

/**
 * table_take_slot - take a slot of the current array for a new entry
 * @t: the table
 * @hash: the entry's
 * @shape: the map's
 *
 * Context: User's lock held for writing.  May allocate with GFP_ATOMIC.
 * Return: the slot, its tag set, to be filled in; or NULL.
 */
static __always_inline void *table_take_slot(struct table *t, u64 hash,
					     const struct cmap_shape shape)
{
	struct table_bucket *b = table_head(&t->cur, hash, shape);
	unsigned int i;

	cmap_access(t->map, b, sizeof(*b), MAPSTAT_READ);
	if (unlikely(table_occupied(b) == TABLE_TOPS)) {
		b = table_overflow(t, b);
		if (!b)
			return NULL;
	}
	i = __ffs64(~b->tags & TABLE_TOPS) / 8;
	b->tags |= (u64)hash_tag(hash) << (8 * i);
	cmap_access(t->map, b->slots + i * table_slot_size(shape), table_slot_size(shape),
		    MAPSTAT_WRITE);
	cmap_access(t->map, &b->tags, sizeof(b->tags), MAPSTAT_WRITE);
	return b->slots + i * table_slot_size(shape);
}

static __always_inline void table_remove(struct table *t, const struct table_pos *pos,
					 const struct cmap_shape shape)
{
	if (!table_is_inline(shape))
		table_free_entry(t, pos->b, pos->slot);
	pos->b->tags &= ~(0xffULL << (8 * pos->slot));
	cmap_access(t->map, &pos->b->tags, sizeof(pos->b->tags), MAPSTAT_WRITE);
	cmap_access(t->map, &t->entries, sizeof(t->entries), MAPSTAT_WRITE);
	if (unlikely(pos->b != pos->head))
		table_free_overflow(t, pos->head, pos->b);
	t->entries--;
	table_check_size(t);
}

/**
 * table_update - carry out a write
 * @t: the table
 * @u: the write
 * @hash: the key's
 * @shape: the map's
 * @act: what was done (out); for update_count()
 *
 * Context: All others excluded; bottom halves off.  May allocate with GFP_ATOMIC.
 * Return: what the operation returns.
 */
static __always_inline int table_update(struct table *t, const struct cmap_update *u, u64 hash,
					const struct cmap_shape shape, enum cmap_action *act)
{
	struct table_pos pos;
	void *entry, *value;
	int ret;

	if (unlikely(t->old.buckets))
		table_evacuate(t, TABLE_WRITE_BUCKETS, TABLE_WRITE_ENTRIES);
	entry = table_find(t, hash, u->key, &pos, shape);
	value = entry ? entry + ALIGN(shape.key_size, 8) : NULL;
	*act = update_decide(t->map, u, value, shape, &ret);
	switch (*act) {
	case CMAP_ACT_NONE:
		break;
	case CMAP_ACT_INSERT:
		ret = table_insert(t, hash, u->key, u->value);
		if (ret)
			*act = CMAP_ACT_NONE;
		break;
	case CMAP_ACT_REPLACE:
		cmap_access(t->map, value, shape.value_size, MAPSTAT_WRITE);
		cmap_value_copy(value, u->value, shape);
		break;
	case CMAP_ACT_REMOVE:
		table_remove(t, &pos, shape);
		break;
	}
	return ret;
}

/**
 * TABLE_MAP_OPS - what a design is that is one table behind one lock
 * @design: its name; design_table(), which returns a map's table, and design_begin() and
 *	design_end(), between which it does not change, are visible
 *
 * Makes design_collect(), _clear() and _work(), and what the design's exit and memory consist
 * of: design_table_exit() and _table_memory().
 */
#define TABLE_MAP_OPS(design)							\
static void design##_table_exit(struct cmap *m)					\
{										\
	table_exit(design##_table(m));						\
}										\
										\
static int design##_collect(struct cmap *m, struct cmap_page *page)		\
{										\
	design##_begin(m);							\
	table_collect(design##_table(m), &page->cursor, page);			\
	design##_end(m);							\
	page->done = page->cursor >> TABLE_BITS_MAX;				\
	return 0;								\
}										\
										\
static int design##_clear(struct cmap *m)					\
{										\
	struct table *t = design##_table(m);					\
	u64 cursor = 0;								\
										\
	while (!(cursor >> TABLE_BITS_MAX)) {					\
		t->lock(t);							\
		table_clear_step(t, &cursor);					\
		t->unlock(t);							\
		cond_resched();							\
	}									\
	return 0;								\
}										\
										\
static void design##_work(struct cmap *m)					\
{										\
	table_work(design##_table(m));						\
}										\
										\
static void design##_table_memory(struct cmap *m, struct cmap_memory *mem)	\
{										\
	design##_begin(m);							\
	table_memory(design##_table(m), mem);					\
	design##_end(m);							\
	mem->bytes += m->ops->size;						\
}

#endif /* MAPSTAT_TABLE_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 8-slot bucket table: inserting and freeing entries, ranges, clearing, and growing and
 * shrinking in steps of a few buckets.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include "kmod/designs/array.h"
#include "table.h"

#define TABLE_GFP	(GFP_ATOMIC | __GFP_NOWARN)	/* under the user's lock */

static struct table_bucket *table_bucket_at(const struct table *t, const struct table_array *a,
					    u64 i)
{
	return a->buckets + i * table_bucket_size(t->map->shape);
}

static u64 table_array_bytes(const struct table *t, unsigned int bits)
{
	return (u64)table_bucket_size(t->map->shape) << bits;
}

/* log2 of the number of buckets for at most @per_bucket entries per bucket, on average. */
static unsigned int table_bits_for(u64 entries, unsigned int per_bucket)
{
	unsigned int bits = 0;

	while (bits < TABLE_BITS_MAX && ((u64)per_bucket << bits) < entries)
		bits++;
	return bits;
}

/**
 * table_init - initialize an empty table
 * @t: zeroed except for @lock and @unlock
 * @map: the map that it belongs to
 * @capacity: entries to make room for at once
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int table_init(struct table *t, struct cmap *map, u64 capacity)
{
	t->map = map;
	t->bits_min = table_bits_for(capacity, TABLE_GROW);
	t->cur.bits = t->bits_min;
	t->bytes = table_array_bytes(t, t->cur.bits);
	map->wanted += t->bytes;
	t->cur.buckets = array_alloc(t->bytes);
	return t->cur.buckets ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(table_init);

/**
 * table_free_entry - free an entry that a slot points to
 * @t: the table
 * @b: a bucket
 * @slot: its slot; does nothing if entries are stored in their slots
 *
 * Context: User's lock held for writing.
 */
void table_free_entry(struct table *t, struct table_bucket *b, unsigned int slot)
{
	if (table_is_inline(t->map->shape))
		return;
	kfree(table_entry(b, slot, t->map->shape));
	t->bytes -= table_entry_size(t->map->shape);
}
EXPORT_SYMBOL_IF_KUNIT(table_free_entry);

/* Free a chain's entries and overflow buckets. Return: number of entries freed. */
static unsigned int table_free_chain(struct table *t, struct table_bucket *head)
{
	struct table_bucket *b, *next;
	unsigned int n = 0;
	u64 left;

	for (b = head; b; b = next) {
		for (left = table_occupied(b); left; left &= left - 1, n++)
			table_free_entry(t, b, __ffs64(left) / 8);
		next = b->next;
		if (b != head) {
			t->bytes -= table_overflow_size(t->map->shape);
			kfree(b);
		}
	}
	head->tags = 0;
	head->next = NULL;
	return n;
}

/**
 * table_exit - free everything
 * @t: of table_init(), which may have failed; no longer used by others
 *
 * Context: Process; sleeps.
 */
void table_exit(struct table *t)
{
	u64 i;

	for (i = 0; t->cur.buckets && i < 1ULL << t->cur.bits; i++) {
		table_free_chain(t, table_bucket_at(t, &t->cur, i));
		cond_resched();
	}
	for (i = t->evacuated; t->old.buckets && i < 1ULL << t->old.bits; i++) {
		table_free_chain(t, table_bucket_at(t, &t->old, i));
		cond_resched();
	}
	kvfree(t->cur.buckets);
	kvfree(t->old.buckets);
	kvfree(t->retired);
}
EXPORT_SYMBOL_IF_KUNIT(table_exit);

/**
 * table_free_overflow - free an overflow bucket that has become empty
 * @t: the table
 * @head: of its chain
 * @b: the bucket; kept if it is the head or holds an entry
 *
 * Context: User's lock held for writing.
 */
void table_free_overflow(struct table *t, struct table_bucket *head, struct table_bucket *b)
{
	struct table_bucket *prev = head;

	if (b == head || table_occupied(b))
		return;
	while (prev->next != b)
		prev = prev->next;
	prev->next = b->next;
	t->bytes -= table_overflow_size(t->map->shape);
	kfree(b);
}
EXPORT_SYMBOL_IF_KUNIT(table_free_overflow);

/**
 * table_overflow - find a bucket of a chain with an empty slot, or add one
 * @t: the table
 * @head: of the chain
 *
 * Context: User's lock held for writing.  May allocate with GFP_ATOMIC.
 * Return: the bucket, or NULL.
 */
struct table_bucket *table_overflow(struct table *t, struct table_bucket *head)
{
	const size_t size = table_overflow_size(t->map->shape);
	struct table_bucket *b = head;
	u64 full = TABLE_TOPS;

	while (table_occupied(b) == full) {
		full = TABLE_OVERFLOW_TOPS;
		if (!b->next) {
			b->next = kzalloc(size, TABLE_GFP);
			if (!b->next)
				return NULL;
			t->bytes += size;
			cmap_count(t->map, CMAP_OVERFLOWS);
			cmap_count_alloc(t->map, size);
			cmap_access(t->map, &b->next, sizeof(b->next), MAPSTAT_WRITE);
			cmap_access(t->map, b->next, size, MAPSTAT_WRITE);
		}
		b = b->next;
		cmap_access(t->map, b, sizeof(*b), MAPSTAT_READ);
	}
	return b;
}

static __always_inline void table_fill_entry(void *entry, const void *key, const void *value,
					     const struct cmap_shape shape)
{
	cmap_key_copy(entry, key, shape);
	cmap_value_copy(entry + ALIGN(shape.key_size, 8), value, shape);
}

/* Insert an allocated entry, with a slot that points to it. Return: false if out of memory. */
static bool table_insert_outside(struct table *t, u64 hash, const void *key, const void *value)
{
	const struct cmap_shape shape = t->map->shape;
	const size_t size = table_entry_size(shape);
	void *entry = kmalloc(size, TABLE_GFP), **slot;

	if (!entry)
		return false;
	slot = table_take_slot(t, hash, shape);
	if (!slot) {
		kfree(entry);
		return false;
	}
	table_fill_entry(entry, key, value, shape);
	cmap_access(t->map, entry, size, MAPSTAT_WRITE);
	*slot = entry;
	t->bytes += size;
	cmap_count_alloc(t->map, size);
	return true;
}

static __always_inline bool table_insert_as(struct table *t, u64 hash, const void *key,
					    const void *value, const struct cmap_shape shape)
{
	void *slot;

	if (!table_is_inline(shape))
		return table_insert_outside(t, hash, key, value);
	slot = table_take_slot(t, hash, shape);
	if (slot)
		table_fill_entry(slot, key, value, shape);
	return slot;
}

/**
 * table_insert - add an entry
 * @t: the table
 * @hash: of the key
 * @key: absent from the table
 * @value: its value
 *
 * Context: User's lock held for writing.  May allocate with GFP_ATOMIC.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int table_insert(struct table *t, u64 hash, const void *key, const void *value)
{
	if (unlikely(!CMAP_BY_SHAPE(t->map, table_insert_as, t, hash, key, value))) {
		cmap_count(t->map, CMAP_ALLOC_FAILURES);
		return -ENOMEM;
	}
	t->entries++;
	cmap_access(t->map, &t->entries, sizeof(t->entries), MAPSTAT_WRITE);
	table_check_size(t);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(table_insert);

/* A region of hash space: one bucket of the smaller array, from the cursor on. */
struct region {
	unsigned int bits;	/* of the smaller array */
	u64 index;		/* bucket of it */
	u64 cursor;		/* entries before it are not part of the region */
	u64 end;		/* cursor of the next region */
};

static struct region table_region_at(const struct table *t, u64 cursor)
{
	struct region r = { .bits = t->cur.bits, .cursor = cursor };

	if (t->old.buckets)
		r.bits = min(r.bits, t->old.bits);
	r.index = cursor >> (TABLE_BITS_MAX - r.bits);
	r.end = (r.index + 1) << (TABLE_BITS_MAX - r.bits);
	return r;
}

/* Is an entry in the region?  The hash decides if the region is only a part of the bucket. */
static bool table_region_has(const struct table *t, const struct region *r, const void *entry)
{
	if (r->cursor == r->index << (TABLE_BITS_MAX - r->bits))
		return true;
	return hash_bucket(cmap_hash(t->map, entry, t->map->shape), TABLE_BITS_MAX) >= r->cursor;
}

static void table_collect_chain(struct table *t, const struct region *r, struct table_bucket *b,
				struct cmap_page *page)
{
	const struct cmap_shape shape = t->map->shape;
	u64 left;

	for (; b; b = b->next) {
		for (left = table_occupied(b); left; left &= left - 1) {
			void *entry = table_entry(b, __ffs64(left) / 8, shape);

			if (table_region_has(t, r, entry))
				cmap_page_add(t->map, page, entry,
					      entry + ALIGN(shape.key_size, 8));
		}
	}
}

static void table_collect_array(struct table *t, const struct region *r,
				const struct table_array *a, u64 from, struct cmap_page *page)
{
	const unsigned int shift = a->bits - r->bits;
	u64 i;

	for (i = max(r->index << shift, from); i < (r->index + 1) << shift; i++)
		table_collect_chain(t, r, table_bucket_at(t, a, i), page);
}

/**
 * table_collect - one step of a range
 * @t: the table
 * @cursor: position, in the top TABLE_BITS_MAX bits of a hash; advanced unless the
 *	page was too small; 1 << TABLE_BITS_MAX if nothing follows
 * @page: entries are added to it
 *
 * Context: Writers excluded.
 */
void table_collect(struct table *t, u64 *cursor, struct cmap_page *page)
{
	const struct region r = table_region_at(t, *cursor);

	table_collect_array(t, &r, &t->cur, 0, page);
	if (t->old.buckets)
		table_collect_array(t, &r, &t->old, t->evacuated, page);
	if (page->count <= page->room)
		*cursor = r.end;
}
EXPORT_SYMBOL_IF_KUNIT(table_collect);

static unsigned int table_clear_array(struct table *t, const struct region *r,
				      const struct table_array *a, u64 from)
{
	const unsigned int shift = a->bits - r->bits;
	unsigned int n = 0;
	u64 i;

	for (i = max(r->index << shift, from); i < (r->index + 1) << shift; i++)
		n += table_free_chain(t, table_bucket_at(t, a, i));
	return n;
}

/**
 * table_clear_step - remove the entries of one region of the table
 * @t: the table
 * @cursor: as in table_collect()
 *
 * Context: User's lock held for writing.  Allocates nothing.
 */
void table_clear_step(struct table *t, u64 *cursor)
{
	const struct region r = table_region_at(t, *cursor);
	unsigned int n = table_clear_array(t, &r, &t->cur, 0);

	if (t->old.buckets)
		n += table_clear_array(t, &r, &t->old, t->evacuated);
	t->entries -= n;
	cmap_entries_add(t->map, -(long)n);
	cmap_count_n(t->map, CMAP_DELETES, n);
	*cursor = r.end;
	table_check_size(t);
}
EXPORT_SYMBOL_IF_KUNIT(table_clear_step);

/**
 * table_memory - memory of a table
 * @t: the table
 * @mem: the table's memory and buckets are added to it
 *
 * Context: Writers excluded.
 */
void table_memory(const struct table *t, struct cmap_memory *mem)
{
	u64 arrays = table_array_bytes(t, t->cur.bits) + t->retired_bytes;

	if (t->old.buckets)
		arrays += table_array_bytes(t, t->old.bits);
	mem->bytes += t->bytes;
	mem->table_bytes += arrays;
	mem->buckets += 1ULL << t->cur.bits;
}
EXPORT_SYMBOL_IF_KUNIT(table_memory);

/* Name the bucket of an array at an address.  Return: length of the text, or 0. */
static int table_array_where(const struct table *t, const struct table_array *a, const void *addr,
			     char *buf, size_t size)
{
	const size_t bytes = table_array_bytes(t, a->bits);
	const size_t offset = addr - a->buckets;

	if (!a->buckets || addr < a->buckets || offset >= bytes)
		return 0;
	return scnprintf(buf, size, "bucket %zu", offset / (bytes >> a->bits));
}

/**
 * table_where - name the part of a table at an address
 * @t: the table, not resized during the call
 * @addr: the address; it is not dereferenced
 * @buf: receives the text
 * @size: of @buf
 *
 * Context: Any.
 * Return: length of the text; 0 if it is not in the table, or in an overflow bucket.
 */
int table_where(const struct table *t, const void *addr, char *buf, size_t size)
{
	if (addr >= (const void *)t && addr < (const void *)(t + 1))
		return scnprintf(buf, size, "table");
	return table_array_where(t, &t->cur, addr, buf, size) ?:
	       table_array_where(t, &t->old, addr, buf, size);
}

/* Size for the number of entries, at most TABLE_BITS_STEP away; the present one if it is right. */
static unsigned int table_wanted_bits(const struct table *t)
{
	const unsigned int bits = t->cur.bits;
	const unsigned int least = bits < TABLE_BITS_STEP ? 0 : bits - TABLE_BITS_STEP;

	if (unlikely(t->entries > (u64)TABLE_GROW << bits))
		return min(table_bits_for(t->entries, TABLE_GROW_TO), bits + TABLE_BITS_STEP);
	if (unlikely(t->entries < (u64)TABLE_SHRINK << bits) && bits > t->bits_min)
		return max3(table_bits_for(t->entries, TABLE_SHRINK_TO), t->bits_min, least);
	return bits;
}

/**
 * table_ask_resize - queue the worker to resize the table
 * @t: the table
 *
 * Context: User's lock held for writing.
 */
void table_ask_resize(struct table *t)
{
	if (t->kicked)
		return;
	WRITE_ONCE(t->kicked, true);	/* pairs with the READ_ONCE() in table_work() */
	cmap_kick(t->map);
}
EXPORT_SYMBOL_IF_KUNIT(table_ask_resize);

/* Move at most *entries entries of one chain. Return: true if the chain is now empty. */
static __always_inline bool table_evacuate_chain(struct table *t, struct table_bucket *head,
						 unsigned int *entries,
						 const struct cmap_shape shape)
{
	struct table_bucket *b = head, *next;

	for (; b; b = next) {
		u64 left = table_occupied(b);

		cmap_access(t->map, b, sizeof(*b), MAPSTAT_READ);
		for (; left; left &= left - 1) {
			unsigned int slot = __ffs64(left) / 8;
			u64 hash = cmap_hash(t->map, table_entry(b, slot, shape), shape);
			void *to;

			table_report_slot(t, b, slot, shape);
			to = *entries ? table_take_slot(t, hash, shape) : NULL;
			if (!to)
				return false;
			memcpy(to, b->slots + slot * table_slot_size(shape),
			       table_slot_size(shape));
			b->tags &= ~(0xffULL << (8 * slot));
			cmap_access(t->map, &b->tags, sizeof(b->tags), MAPSTAT_WRITE);
			--*entries;
		}
		next = b->next;
		if (unlikely(b != head))
			table_free_overflow(t, head, b);
	}
	return true;
}

/**
 * table_evacuate - move some of the old array's buckets to the current one
 * @t: the table
 * @buckets: maximum number of buckets
 * @entries: maximum number of entries
 *
 * Ends early if there is no memory for an overflow bucket; nothing is lost.
 *
 * Context: User's lock held for writing.  May allocate with GFP_ATOMIC.
 * Return: entries and buckets moved; 0: nothing to do, or no memory to do it.
 */
unsigned int table_evacuate(struct table *t, unsigned int buckets, unsigned int entries)
{
	const unsigned int budget = buckets + entries;

	for (; t->old.buckets && buckets; buckets--) {
		struct table_bucket *head = table_bucket_at(t, &t->old, t->evacuated);

		if (!CMAP_BY_SHAPE(t->map, table_evacuate_chain, t, head, &entries))
			break;
		cmap_count(t->map, CMAP_MOVED_BUCKETS);
		if (++t->evacuated < 1ULL << t->old.bits)
			continue;
		t->retired = t->old.buckets;
		t->retired_bytes = table_array_bytes(t, t->old.bits);
		t->old.buckets = NULL;
		WRITE_ONCE(t->kicked, true);	/* pairs with table_work(); it frees */
		cmap_kick(t->map);
	}
	return budget - buckets - entries;
}
EXPORT_SYMBOL_IF_KUNIT(table_evacuate);

/* Allocate an array of the wanted size and publish it. Return: false if none was published. */
static bool table_resize_begin(struct table *t)
{
	u64 start = mapstat_clock_read();
	unsigned int bits, was;
	void *buckets;
	bool begun;
	u64 entries;

	t->lock(t);
	was = t->cur.bits;
	bits = t->old.buckets || t->retired ? was : table_wanted_bits(t);
	t->unlock(t);
	if (bits == was)
		return false;
	buckets = array_alloc(table_array_bytes(t, bits));
	if (!buckets) {
		cmap_count(t->map, CMAP_ALLOC_FAILURES);
		return false;
	}

	t->lock(t);
	/* Only this worker resizes, but the count may have changed while we allocated. */
	begun = table_wanted_bits(t) != was;
	if (begun) {
		t->old = t->cur;
		t->evacuated = 0;
		t->cur.buckets = buckets;
		t->cur.bits = bits;
		t->bytes += table_array_bytes(t, bits);
		cmap_count(t->map, CMAP_RESIZES);
	}
	entries = t->entries;
	t->unlock(t);
	if (!begun)
		kvfree(buckets);
	else
		mapstat_pauses_record(&t->map->pauses, bits > was ? MAPSTAT_PAUSE_GROWTH :
				      MAPSTAT_PAUSE_SHRINK,
				      mapstat_clock_ns(mapstat_clock_read() - start), entries);
	return begun;
}

/* Move the rest of the old array. Return: false if out of memory. */
static bool table_resize_finish(struct table *t)
{
	unsigned int moved;
	bool left;

	do {
		t->lock(t);
		moved = table_evacuate(t, TABLE_WORK_BUCKETS, TABLE_WORK_ENTRIES);
		left = t->old.buckets;
		t->unlock(t);
		cond_resched();
	} while (left && moved);
	return !left;
}

static void table_free_retired(struct table *t)
{
	void *retired;

	t->lock(t);
	retired = t->retired;
	t->retired = NULL;
	t->bytes -= t->retired_bytes;
	t->retired_bytes = 0;
	t->unlock(t);
	kvfree(retired);
}

/**
 * table_work - resize a table until its size is right
 * @t: the table; its lock is not held
 *
 * If there is no memory it gives up until a write finds the size wrong again.
 *
 * Context: Process, never concurrently for the same table; sleeps.
 */
void table_work(struct table *t)
{
	/* Pairs with the WRITE_ONCE()s under the lock: a hint; the work is queued after it. */
	if (!READ_ONCE(t->kicked))
		return;
	t->lock(t);
	WRITE_ONCE(t->kicked, false);	/* from here on, writes queue the work again */
	t->unlock(t);
	do {
		if (!table_resize_finish(t))
			break;
		table_free_retired(t);
	} while (table_resize_begin(t));
}
EXPORT_SYMBOL_IF_KUNIT(table_work);

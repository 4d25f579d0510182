// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 8-slot bucket table: growing and shrinking, a few buckets at a time.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include "kmod/designs/array.h"
#include "table.h"

/* The size that the entries ask for, at most TABLE_BITS_STEP away; or the present one. */
static unsigned int wanted_bits(const struct table *t)
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
 * table_ask_resize - have the worker resize the table, whose size is wrong
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

/* Move at most *entries entries of one chain. Return: true when it is empty. */
static __always_inline bool evacuate_chain(struct table *t, struct table_bucket *head,
					   unsigned int *entries,
					   const struct cmap_shape shape)
{
	struct table_bucket *b = head, *next;

	for (; b; b = next) {
		u64 left = table_occupied(b);

		cmap_touch(t->map, b, sizeof(*b), MAPSTAT_READ);
		for (; left; left &= left - 1) {
			unsigned int slot = __ffs64(left) / 8;
			u64 hash = cmap_hash(t->map, table_entry(b, slot, shape), shape);
			void *to;

			table_touch_slot(t, b, slot, shape);
			to = *entries ? table_take_slot(t, hash, shape) : NULL;
			if (!to)
				return false;
			memcpy(to, b->slots + slot * table_slot_size(shape),
			       table_slot_size(shape));
			b->tags &= ~(0xffULL << (8 * slot));
			cmap_touch(t->map, &b->tags, sizeof(b->tags), MAPSTAT_WRITE);
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
 * @buckets: at most that many
 * @entries: at most that many
 *
 * Ends early where memory for an overflow bucket cannot be had; nothing is lost.
 *
 * Context: User's lock held for writing.  May allocate with GFP_ATOMIC.
 * Return: entries and buckets moved; 0: nothing to do, or no memory to do it.
 */
unsigned int table_evacuate(struct table *t, unsigned int buckets, unsigned int entries)
{
	const unsigned int budget = buckets + entries;

	for (; t->old.buckets && buckets; buckets--) {
		struct table_bucket *head = table_bucket_at(t, &t->old, t->evacuated);

		if (!CMAP_BY_SHAPE(t->map, evacuate_chain, t, head, &entries))
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

/* Allocate an array of the wanted size and publish it. Return: false if none was. */
static bool resize_begin(struct table *t)
{
	u64 start = mapstat_clock_read();
	unsigned int bits, was;
	void *buckets;
	bool begun;
	u64 entries;

	t->lock(t);
	was = t->cur.bits;
	bits = t->old.buckets || t->retired ? was : wanted_bits(t);
	t->unlock(t);
	if (bits == was)
		return false;
	buckets = array_alloc(table_array_bytes(t, bits));
	if (!buckets) {
		cmap_count(t->map, CMAP_ALLOC_FAILURES);
		return false;
	}

	t->lock(t);
	/* Only this worker resizes, but the entries may have changed their mind. */
	begun = wanted_bits(t) != was;
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

/* Move what is left of the old array. Return: false where memory ran out. */
static bool resize_finish(struct table *t)
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

static void free_retired(struct table *t)
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
 * Where memory cannot be had it gives up until a write finds the size wrong again.
 *
 * Context: Process, never twice at a time for a table; sleeps.
 */
void table_work(struct table *t)
{
	/* Pairs with the WRITE_ONCE() under the lock: a hint; the writer kicks after it. */
	if (!READ_ONCE(t->kicked))
		return;
	t->lock(t);
	WRITE_ONCE(t->kicked, false);	/* from here on, writes kick anew */
	t->unlock(t);
	do {
		if (!resize_finish(t))
			break;
		free_retired(t);
	} while (resize_begin(t));
}
EXPORT_SYMBOL_IF_KUNIT(table_work);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The snapshot table: the operations of its writer, and walks in the order of the hash.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include "kmod/designs/array.h"
#include "snapshot.h"

#define CHUNK_BUCKETS	BIT(SNAP_CHUNK_BITS)

/**
 * snap_bits - size of a table
 * @entries: number of entries that it is to hold
 *
 * Context: Any.
 * Return: log2 of the number of buckets.
 */
unsigned int snap_bits(u64 entries)
{
	u64 buckets = entries / SNAP_FILL + 1;

	return min_t(unsigned int, order_base_2(buckets), SNAP_BITS_MAX);
}

static void snap_free_chunks(struct snap_bucket **chunks, u64 n)
{
	while (n--)
		kfree(chunks[n]);
	kfree(chunks);
}

/* Return: the chunks, or NULL. */
static struct snap_bucket **snap_alloc_chunks(u64 n, gfp_t gfp)
{
	struct snap_bucket **chunks = kmalloc_array(n, sizeof(*chunks), gfp);
	u64 i;

	if (!chunks)
		return NULL;
	for (i = 0; i < n; i++) {
		chunks[i] = kcalloc(CHUNK_BUCKETS, sizeof(**chunks), gfp);
		if (!chunks[i]) {
			snap_free_chunks(chunks, i);
			return NULL;
		}
	}
	return chunks;
}

/**
 * snap_init - initialize an empty table
 * @t: the table
 * @entries: number of entries that it is to hold without growing
 * @gfp: for its memory
 *
 * Context: As @gfp requires.
 * Return: 0 or -ENOMEM.
 */
int snap_init(struct snap_table *t, u64 entries, gfp_t gfp)
{
	unsigned int bits = snap_bits(entries);

	BUILD_BUG_ON(sizeof(struct snap_bucket) != 64);
	*t = (struct snap_table){ .bits = bits };
	if (gfpflags_allow_blocking(gfp))
		t->buckets = array_alloc(sizeof(*t->buckets) << bits);
	else if (bits <= SNAP_CHUNK_BITS)
		t->buckets = kcalloc(1U << bits, sizeof(*t->buckets), gfp);
	else
		t->chunks = snap_alloc_chunks(1ULL << (bits - SNAP_CHUNK_BITS), gfp);
	return t->buckets || t->chunks ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(snap_init);

/**
 * snap_free - free a table, not its entries
 * @t: the table; no longer read by others
 *
 * Context: Any if the table was made by an atomic caller, otherwise process.
 */
void snap_free(struct snap_table *t)
{
	if (t->chunks)
		snap_free_chunks(t->chunks, 1ULL << (t->bits - SNAP_CHUNK_BITS));
	else
		kvfree(t->buckets);
	arena_free(&t->overflow);
	*t = (struct snap_table){ };
}
EXPORT_SYMBOL_IF_KUNIT(snap_free);

static void snap_put_slot(struct snap_bucket *b, unsigned int i, struct snap_item *item, u8 tag)
{
	b->slots[i] = item;
	b->tags &= ~(0xffULL << (8 * i));
	b->tags |= (u64)tag << (8 * i);
	cmap_access(NULL, &b->slots[i], sizeof(b->slots[i]), MAPSTAT_WRITE);
	cmap_access(NULL, &b->tags, sizeof(b->tags), MAPSTAT_WRITE);
}

/**
 * snap_add - add an entry
 * @t: the table, not published
 * @item: the entry; there is no other one of the same key
 * @gfp: for an overflow bucket
 *
 * Context: As @gfp requires.
 * Return: 0, or -ENOMEM: nothing changed.
 */
int snap_add(struct snap_table *t, struct snap_item *item, gfp_t gfp)
{
	const u64 at = hash_bucket(item->hash, t->bits);
	struct snap_bucket *b = snap_bucket(t, at);
	unsigned int i;

	cmap_access(NULL, &item->hash, sizeof(item->hash), MAPSTAT_READ);
	snap_report_chunk(t, at);
	for (;; b = b->overflow) {
		cmap_access(NULL, b, sizeof(*b), MAPSTAT_READ);
		for (i = 0; i < SNAP_SLOTS; i++) {
			if (b->slots[i])
				continue;
			snap_put_slot(b, i, item, hash_tag(item->hash));
			t->count++;
			return 0;
		}
		if (!b->overflow)
			b->overflow = arena_alloc(&t->overflow, sizeof(*b), gfp);
		if (!b->overflow)
			return -ENOMEM;
	}
}
EXPORT_SYMBOL_IF_KUNIT(snap_add);

/**
 * snap_remove - remove an entry
 * @t: the table, not published
 * @item: the entry; it is in the table
 *
 * Context: Any.
 */
void snap_remove(struct snap_table *t, struct snap_item *item)
{
	const u64 at = hash_bucket(item->hash, t->bits);
	struct snap_bucket *b = snap_bucket(t, at);
	unsigned int i;

	snap_report_chunk(t, at);
	for (; b; b = b->overflow) {
		cmap_access(NULL, b, sizeof(*b), MAPSTAT_READ);
		for (i = 0; i < SNAP_SLOTS; i++) {
			if (b->slots[i] != item)
				continue;
			snap_put_slot(b, i, NULL, 0);
			t->count--;
			return;
		}
	}
	WARN_ON_ONCE(1);
}

struct grow {
	struct snap_table *to;
	gfp_t gfp;
};

static int snap_grow_visit(void *arg, struct snap_item *item)
{
	struct grow *g = arg;

	if (gfpflags_allow_blocking(g->gfp))
		cond_resched();
	return snap_add(g->to, item, g->gfp);
}

/**
 * snap_grow - double the size
 * @t: the table, not published
 * @gfp: for its memory
 *
 * Adds all entries again, with the cost of that.
 *
 * Context: As @gfp requires.
 * Return: 0, or -ENOMEM: nothing changed.
 */
int snap_grow(struct snap_table *t, gfp_t gfp)
{
	struct snap_table larger;
	struct grow g = { .to = &larger, .gfp = gfp };

	if (t->bits == SNAP_BITS_MAX)
		return 0;
	if (snap_init(&larger, snap_room(t), gfp))
		return -ENOMEM;
	if (snap_walk(t, 0, U64_MAX, snap_grow_visit, &g)) {
		snap_free(&larger);
		return -ENOMEM;
	}
	snap_free(t);
	*t = larger;
	return 0;
}

/**
 * snap_make_room - grow the table if it is full, before an entry is added
 * @t: the table, not published
 * @gfp: for its memory
 *
 * If there is no memory the table continues with overflow buckets; growing is tried again after
 * each further eighth of its size.
 *
 * Context: As @gfp requires.
 * Return: true if it has grown.
 */
bool snap_make_room(struct snap_table *t, gfp_t gfp)
{
	return snap_is_full(t) && !(t->count % max(snap_room(t) / 8, 1ULL)) &&
	       !snap_grow(t, gfp);
}
EXPORT_SYMBOL_IF_KUNIT(snap_make_room);

/**
 * snap_walk - visit the entries whose hash is in a range
 * @t: the table
 * @lo: lowest hash
 * @hi: highest hash
 * @visit: called for each; may free the entry
 * @arg: passed to @visit
 *
 * Context: As @visit requires; the table must not be freed during the walk.
 * Return: 0, or the value with which @visit ended the walk.
 */
int snap_walk(const struct snap_table *t, u64 lo, u64 hi, snap_visit_fn visit, void *arg)
{
	const u64 end = hash_bucket(hi, t->bits);
	const struct snap_bucket *b;
	unsigned int i;
	u64 at;
	int ret;

	for (at = hash_bucket(lo, t->bits); at <= end; at++) {
		snap_report_chunk(t, at);
		for (b = snap_bucket(t, at); b; b = b->overflow) {
			cmap_access(NULL, b, sizeof(*b), MAPSTAT_READ);
			for (i = 0; i < SNAP_SLOTS; i++) {
				struct snap_item *item = b->slots[i];

				if (!item || item->hash < lo || item->hash > hi)
					continue;
				ret = visit(arg, item);
				if (ret)
					return ret;
			}
		}
	}
	return 0;
}

/**
 * snap_bytes - memory of a table, without its entries
 * @t: the table
 *
 * Context: Any.
 * Return: bytes.
 */
u64 snap_bytes(const struct snap_table *t)
{
	u64 bytes = sizeof(struct snap_bucket) << t->bits;

	if (t->chunks)
		bytes += sizeof(*t->chunks) << (t->bits - SNAP_CHUNK_BITS);
	return bytes + READ_ONCE(t->overflow.bytes);	/* pairs with arena_alloc() */
}

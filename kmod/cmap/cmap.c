// SPDX-License-Identifier: GPL-2.0-only
/*
 * The public calls: a direct call into the design each.
 */
#include <linux/bottom_half.h>
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <mapstat/trace.h>
#include "kmod/designs/array.h"
#include "call.h"
#include "front.h"
#include "sample.h"
#include "observe.h"
#include "traced.h"

/* Out of line, so that those without a front have no registers to save. */
static noinline int load_by_front(struct cmap *m, const void *key, void *value)
{
	int ret;

	rcu_read_lock();
	ret = front_load(m, key, value);
	rcu_read_unlock();
	return ret;
}

static __always_inline int do_load(struct cmap *m, const void *key, void *value)
{
	if (trace_cmap_op_enabled())
		return traced_load(m, key, value);
	if (cmap_has_front(m))
		return load_by_front(m, key, value);
	return call_load(m, key, value);
}

static __always_inline unsigned int do_load_many(struct cmap *m, const struct cmap_many *q)
{
	return trace_cmap_op_enabled() ? traced_load_many(m, q) : call_load_many(m, q);
}

/* In an RCU read-side section, so that a front that comes can wait for it. */
static __always_inline int do_update(struct cmap *m, const struct cmap_update *u)
{
	int ret;

	if (trace_cmap_op_enabled())
		return traced_update(m, u);
	rcu_read_lock();
	if (cmap_has_front(m))
		ret = front_update(m, u);
	else
		ret = call_update(m, u);
	rcu_read_unlock();
	return ret;
}

static int timed_update(struct cmap *m, const struct cmap_update *u, enum cmap_hist_kind kind)
{
	bool timed;
	u64 start;
	int ret;

	lockdep_assert_irqs_enabled();
	if (cmap_is_observed(m))
		return observed_update(m, u, NULL);
	timed = sample_due(m);
	start = timed ? mapstat_clock_read() : 0;
	ret = do_update(m, u);
	if (unlikely(timed))
		sample_record(m, kind, start);
	return ret;
}

/* Out of line, so that those that are not timed have no registers to save. */
static noinline int timed_load(struct cmap *m, const void *key, void *value)
{
	const u64 start = mapstat_clock_read();
	const int ret = do_load(m, key, value);

	sample_record(m, CMAP_HIST_LOAD, start);
	return ret;
}

/**
 * cmap_load - look a key up
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @value: value_size bytes, aligned as a u64; written to only where the key is found
 *
 * Context: Process or softirq (guarantee C).  Allocates nothing itself; a call that is timed
 * makes its CPU's histogram, once, as every timed operation does: without waiting, and it
 * does not matter to the load whether that succeeds.
 * Return: 0, or -ENOENT where the key is absent.
 */
int cmap_load(struct cmap *map, const void *key, void *value)
{
	lockdep_assert_irqs_enabled();
	if (cmap_is_observed(map))
		return observed_load(map, key, value, NULL);
	if (unlikely(sample_load(map)))
		return timed_load(map, key, value);
	return do_load(map, key, value);
}
EXPORT_SYMBOL_MAPSTAT(cmap_load);

/**
 * cmap_load_many - look many keys up
 * @map: the map
 * @keys: @n keys, each on key_size rounded up to a multiple of 8 bytes; aligned as a u64
 * @values: room for @n values, each on value_size rounded up to a multiple of 8 bytes;
 *	aligned as a u64; that of a key that is not found is left as it is
 * @found: a bitmap: bit i says whether key i was found.  BITS_TO_LONGS(@n) words, all of
 *	which are written
 * @n: number of keys
 *
 * Faster than as many cmap_load() where the map is larger than the CPU's caches: what the
 * loads will touch is fetched for many keys at a time ("rhashtable" loads one by one).
 * Each key is a load by itself, at an instant of its own; there is no snapshot.
 *
 * Context: Process or softirq (guarantee C).  Allocates as cmap_load() does.
 * Return: the number of keys found.
 */
unsigned int cmap_load_many(struct cmap *map, const void *keys, void *values,
			    unsigned long *found, unsigned int n)
{
	const struct cmap_many q = { .keys = keys, .values = values, .found = found, .n = n };
	unsigned int hits;
	bool timed;
	u64 start;

	lockdep_assert_irqs_enabled();
	if (cmap_is_observed(map))
		return observed_load_many(map, &q, NULL);
	timed = sample_due(map);
	start = timed ? mapstat_clock_read() : 0;
	hits = do_load_many(map, &q);
	if (unlikely(timed))
		sample_record(map, CMAP_HIST_LOAD_MANY, start);
	cmap_count_loads(map, n, hits);
	return hits;
}
EXPORT_SYMBOL_MAPSTAT(cmap_load_many);

/**
 * cmap_store - set a key's value
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @value: value_size bytes, aligned as a u64; like @key it may be read more than once, and
 *	must not change meanwhile
 *
 * Context: Process or softirq (guarantee C).  May allocate with GFP_ATOMIC.
 * Return: 0, or -ENOMEM (guarantee D).
 */
int cmap_store(struct cmap *map, const void *key, const void *value)
{
	const struct cmap_update u = { .op = CMAP_STORE, .key = key, .value = value };

	return timed_update(map, &u, CMAP_HIST_STORE);
}
EXPORT_SYMBOL_MAPSTAT(cmap_store);

/**
 * cmap_load_or_store - the key's value; where there is none, store one
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @value: what to store where the key is absent
 * @actual: receives the value that the key has now; may be NULL
 * @loaded: true: the key was there, @actual is its value; false: @value was stored; may
 *	be NULL
 *
 * Context: Process or softirq (guarantee C).  May allocate with GFP_ATOMIC.
 * Return: 0, or -ENOMEM (guarantee D).
 */
int cmap_load_or_store(struct cmap *map, const void *key, const void *value,
		       void *actual, bool *loaded)
{
	const struct cmap_update u = { .op = CMAP_LOAD_OR_STORE, .key = key, .value = value,
				       .previous = actual, .loaded = loaded };

	return timed_update(map, &u, CMAP_HIST_RMW);
}
EXPORT_SYMBOL_MAPSTAT(cmap_load_or_store);

/**
 * cmap_load_and_delete - remove a key and tell its last value
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @value: receives the value; may be NULL
 *
 * Context: Process or softirq (guarantee C).  Never fails for want of memory.
 * Return: 0, or -ENOENT where the key was absent.
 */
int cmap_load_and_delete(struct cmap *map, const void *key, void *value)
{
	const struct cmap_update u = { .op = CMAP_LOAD_AND_DELETE, .key = key,
				       .previous = value };

	return timed_update(map, &u, CMAP_HIST_RMW);
}
EXPORT_SYMBOL_MAPSTAT(cmap_load_and_delete);

/**
 * cmap_delete - remove a key
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 *
 * Context: Process or softirq (guarantee C).  Never fails for want of memory.
 * Return: 0, or -ENOENT where the key was absent.
 */
int cmap_delete(struct cmap *map, const void *key)
{
	const struct cmap_update u = { .op = CMAP_DELETE, .key = key };

	return timed_update(map, &u, CMAP_HIST_DELETE);
}
EXPORT_SYMBOL_MAPSTAT(cmap_delete);

/**
 * cmap_swap - set a key's value and tell the one before
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @value: the new value
 * @previous: receives the value before, where there was one; may be NULL; not @value
 * @loaded: whether there was one; may be NULL
 *
 * Context: Process or softirq (guarantee C).  May allocate with GFP_ATOMIC.
 * Return: 0, or -ENOMEM (guarantee D).
 */
int cmap_swap(struct cmap *map, const void *key, const void *value,
	      void *previous, bool *loaded)
{
	const struct cmap_update u = { .op = CMAP_SWAP, .key = key, .value = value,
				       .previous = previous, .loaded = loaded };

	return timed_update(map, &u, CMAP_HIST_RMW);
}
EXPORT_SYMBOL_MAPSTAT(cmap_swap);

/**
 * cmap_compare_and_swap - replace a value that is as expected
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @old: the value expected, compared byte by byte
 * @new: the value to put in its place
 *
 * Context: Process or softirq (guarantee C).  May allocate with GFP_ATOMIC.
 * Return: 0, -ENOENT where the key is absent, -EAGAIN where its value is another, or
 * -ENOMEM (guarantee D).
 */
int cmap_compare_and_swap(struct cmap *map, const void *key, const void *old,
			  const void *new)
{
	const struct cmap_update u = { .op = CMAP_COMPARE_AND_SWAP, .key = key,
				       .value = new, .expect = old };

	return timed_update(map, &u, CMAP_HIST_RMW);
}
EXPORT_SYMBOL_MAPSTAT(cmap_compare_and_swap);

/**
 * cmap_compare_and_delete - remove a key whose value is as expected
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @old: the value expected, compared byte by byte
 *
 * Context: Process or softirq (guarantee C).  Never fails for want of memory.
 * Return: 0, -ENOENT where the key is absent, or -EAGAIN where its value is another.
 */
int cmap_compare_and_delete(struct cmap *map, const void *key, const void *old)
{
	const struct cmap_update u = { .op = CMAP_COMPARE_AND_DELETE, .key = key,
				       .expect = old };

	return timed_update(map, &u, CMAP_HIST_RMW);
}
EXPORT_SYMBOL_MAPSTAT(cmap_compare_and_delete);

/* Make room for at least @need entries. */
static int page_grow(struct cmap *m, struct cmap_page *page, unsigned int need)
{
	/* A little more, as others may be adding to what the step is about. */
	const unsigned int more = need / 8 + 64;
	const unsigned int room = need + min(more, UINT_MAX - need);

	/* What it held is of no use: a step that found too little room is done again. */
	kvfree(page->data);
	page->data = array_alloc(array_size(room, cmap_page_stride(m)));
	page->room = page->data ? room : 0;
	return page->data ? 0 : -ENOMEM;
}

/* Call back for what one step collected. Return: false when the caller has enough. */
static bool page_walk(struct cmap *m, const struct cmap_page *page, cmap_range_fn fn, void *arg)
{
	void *at = page->data;
	unsigned int i;

	for (i = 0; i < page->count; i++, at += cmap_page_stride(m))
		if (!fn(at, at + ALIGN(m->shape.key_size, 8), arg))
			return false;
	return true;
}

/**
 * cmap_range - call back for each entry
 * @map: the map
 * @fn: called with a copy of each entry; false ends the range
 * @arg: handed to @fn
 *
 * See guarantee E for what it sees.  Our tables are walked in the order of the hash, so a
 * key's place does not change when the table grows or shrinks beneath the walk;
 * "rhashtable" is walked in one step.
 *
 * Context: Process; sleeps.  Allocates with GFP_KERNEL room for the entries of a step.
 * Return: 0, or -ENOMEM (then some entries may already have been called back for).
 */
int cmap_range(struct cmap *map, cmap_range_fn fn, void *arg)
{
	u64 start = mapstat_clock_read();
	struct cmap_page page = { };
	int ret;

	might_sleep();
	ret = page_grow(map, &page, 0);
	while (!ret && !page.done) {
		page.count = 0;
		ret = cmap_is_observed(map) ? observed_collect(map, &page) :
		      map->ops->collect(map, &page);
		if (ret)
			break;
		if (page.count > page.room) {
			ret = page_grow(map, &page, page.count);
			continue;
		}
		if (!page_walk(map, &page, fn, arg))
			break;
		cond_resched();
	}
	if (map->ops->collect_end)
		map->ops->collect_end(map, &page);
	kvfree(page.data);
	sample_record(map, CMAP_HIST_RANGE, start);
	if (trace_cmap_op_enabled())
		traced_whole(map, "range", start, ret);
	return ret;
}
EXPORT_SYMBOL_MAPSTAT(cmap_range);

/**
 * cmap_clear - remove all entries
 * @map: the map
 *
 * Context: Process; sleeps.  See guarantee F.
 * Return: 0, or -ENOMEM (then the map is as it was).
 */
int cmap_clear(struct cmap *map)
{
	u64 start = mapstat_clock_read();
	int ret;

	might_sleep();
	ret = front_clear(map);
	sample_record(map, CMAP_HIST_RANGE, start);
	if (trace_cmap_op_enabled())
		traced_whole(map, "clear", start, ret);
	return ret;
}
EXPORT_SYMBOL_MAPSTAT(cmap_clear);

/**
 * cmap_stats_reset - forget a map's counters, latencies, pauses and cache misses
 * @m: the map; may be in use.  Its entries and its length stay as they are
 *
 * What was counted or recorded before the call began is gone on return; what comes
 * concurrently is kept or gone, never half of it.
 *
 * Context: Process; sleeps.  See mapstat_each_cpu().
 */
void cmap_stats_reset(struct cmap *m)
{
	struct mapstat_misses *misses = cmap_misses(&m->stats);

	cmap_stats_zero(&m->stats);
	mapstat_pauses_reset(&m->pauses);
	if (misses)
		mapstat_misses_reset(misses);
}
EXPORT_SYMBOL_IF_KUNIT(cmap_stats_reset);

/**
 * cmap_len - number of entries
 * @map: the map
 *
 * Context: Process or softirq (guarantee C).  Cost: one read per possible CPU.
 * Return: the number (guarantee G).
 */
u64 cmap_len(const struct cmap *map)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		/* Pairs with this_cpu_add() in cmap_entries_add(): no ordering needed. */
		sum += READ_ONCE(per_cpu_ptr(map->stats.pcpu, cpu)->entries);
	return max(sum, 0L);
}
EXPORT_SYMBOL_MAPSTAT(cmap_len);

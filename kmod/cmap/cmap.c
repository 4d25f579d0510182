// SPDX-License-Identifier: GPL-2.0-only
/*
 * The public calls: each is a direct call into the design.
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

/* Out of line, so that maps without a front save no registers for it. */
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

/* In an RCU read-side section, so that enabling a front can wait for it. */
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

/* Out of line, so that untimed loads save no registers for it. */
static noinline int timed_load(struct cmap *m, const void *key, void *value)
{
	const u64 start = mapstat_clock_read();
	const int ret = do_load(m, key, value);

	sample_record(m, CMAP_HIST_LOAD, start);
	return ret;
}

/**
 * cmap_load - look up a key
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @value: value_size bytes, aligned as a u64; written only if the key is found
 *
 * Context: Process or softirq (guarantee C).  Allocates nothing itself; like every timed
 * operation, a timed load allocates its CPU's histogram once, without waiting; if that fails,
 * the load does not.
 * Return: 0, or -ENOENT if the key is absent.
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
 * cmap_load_many - look up several keys
 * @map: the map
 * @keys: @n keys, each padded to a multiple of 8 bytes; aligned as a u64
 * @values: room for @n values, each padded to a multiple of 8 bytes; aligned as a u64; not
 *	written for keys that are not found
 * @found: a bitmap: bit i is set if key i was found.  BITS_TO_LONGS(@n) words, all of which
 *	are written
 * @n: number of keys
 *
 * Faster than @n calls of cmap_load() if the map is larger than the CPU's caches: the memory
 * that the loads access is prefetched for several keys at a time ("rhashtable" loads one by
 * one).  Each key is an independent load at its own instant; there is no snapshot.
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
 *	must not change during the call
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
 * cmap_load_or_store - load a key's value; store one if the key is absent
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @value: the value to store if the key is absent
 * @actual: receives the key's value after the call; may be NULL
 * @loaded: receives true if the key was present and @actual is its value, false if @value was
 *	stored; may be NULL
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
 * cmap_load_and_delete - remove a key and return its last value
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @value: receives the value; may be NULL
 *
 * Context: Process or softirq (guarantee C).  Never fails for lack of memory.
 * Return: 0, or -ENOENT if the key was absent.
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
 * Context: Process or softirq (guarantee C).  Never fails for lack of memory.
 * Return: 0, or -ENOENT if the key was absent.
 */
int cmap_delete(struct cmap *map, const void *key)
{
	const struct cmap_update u = { .op = CMAP_DELETE, .key = key };

	return timed_update(map, &u, CMAP_HIST_DELETE);
}
EXPORT_SYMBOL_MAPSTAT(cmap_delete);

/**
 * cmap_swap - set a key's value and return the previous one
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @value: the new value
 * @previous: receives the previous value if there was one; may be NULL; not @value
 * @loaded: receives whether there was one; may be NULL
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
 * cmap_compare_and_swap - replace a key's value if it is as expected
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @old: the expected value, compared byte by byte
 * @new: the new value
 *
 * Context: Process or softirq (guarantee C).  May allocate with GFP_ATOMIC.
 * Return: 0, -ENOENT if the key is absent, -EAGAIN if its value differs from @old, or
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
 * cmap_compare_and_delete - remove a key if its value is as expected
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @old: the expected value, compared byte by byte
 *
 * Context: Process or softirq (guarantee C).  Never fails for lack of memory.
 * Return: 0, -ENOENT if the key is absent, or -EAGAIN if its value differs from @old.
 */
int cmap_compare_and_delete(struct cmap *map, const void *key, const void *old)
{
	const struct cmap_update u = { .op = CMAP_COMPARE_AND_DELETE, .key = key,
				       .expect = old };

	return timed_update(map, &u, CMAP_HIST_RMW);
}
EXPORT_SYMBOL_MAPSTAT(cmap_compare_and_delete);

/* Allocate room for at least @need entries. */
static int page_grow(struct cmap *m, struct cmap_page *page, unsigned int need)
{
	/* Some extra, because entries may be added to the step's part concurrently. */
	const unsigned int more = need / 8 + 64;
	const unsigned int room = need + min(more, UINT_MAX - need);

	/* The contents are useless: a step that lacked room is repeated. */
	kvfree(page->data);
	page->data = array_alloc(array_size(room, cmap_page_stride(m)));
	page->room = page->data ? room : 0;
	return page->data ? 0 : -ENOMEM;
}

/* Call @fn for each entry of a step. Return: false if @fn ended the range. */
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
 * cmap_range - call a function for each entry
 * @map: the map
 * @fn: called with a copy of each entry; returns false to end the range
 * @arg: passed to @fn
 *
 * See guarantee E for which entries it sees.  Our tables are walked in hash order, so that a
 * key's position does not change if the table grows or shrinks during the walk; "rhashtable" is
 * walked in one step.
 *
 * Context: Process; sleeps.  Allocates room for one step's entries with GFP_KERNEL.
 * Return: 0, or -ENOMEM (@fn may already have been called for some entries).
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
 * Return: 0, or -ENOMEM (the map is unchanged).
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
 * cmap_stats_reset - reset a map's counters, latencies, pauses and cache misses
 * @m: the map; may be in use.  Its entries and its length do not change
 *
 * Everything counted or recorded before the call is gone on return; what is recorded
 * concurrently is kept or lost as a whole.
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
		/* Pairs with this_cpu_add() in cmap_entries_add(): no ordering. */
		sum += READ_ONCE(per_cpu_ptr(map->stats.pcpu, cpu)->entries);
	return max(sum, 0L);
}
EXPORT_SYMBOL_MAPSTAT(cmap_len);

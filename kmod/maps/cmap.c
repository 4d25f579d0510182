// SPDX-License-Identifier: GPL-2.0-only
/*
 * The public calls: checking of parameters, and a direct call into the design.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bottom_half.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <mapstat/trace.h>
#include "../table/array.h"
#include "call.h"
#include "front.h"
#include "registry.h"
#include "sample.h"
#include "told.h"
#include "traced.h"

#define CMAP_OPS_ENTRY(d)							\
	[CMAP_DESIGN_##d] = &d##_ops,
const struct cmap_ops *const cmap_designs[CMAP_NR_DESIGNS] = {
	CMAP_DESIGNS(CMAP_OPS_ENTRY)
};
EXPORT_SYMBOL_IF_KUNIT(cmap_designs);

/* Some map has a front; this one, perhaps. */
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
	if (static_branch_unlikely(&front_in_use))
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
	if (static_branch_unlikely(&front_in_use))
		ret = front_update(m, u);
	else
		ret = call_update(m, u);
	rcu_read_unlock();
	return ret;
}

static int timed_update(struct cmap *m, const struct cmap_update *u, enum cmap_hist_kind kind)
{
	u64 start;
	int ret;

	lockdep_assert_irqs_enabled();
	if (static_branch_unlikely(&mapstat_touch_on))
		return told_update(m, u, NULL);
	if (likely(!sample_due(m)))
		return do_update(m, u);
	start = mapstat_clock_read();
	ret = do_update(m, u);
	sample_record(m, kind, start);
	return ret;
}

/**
 * cmap_load - look a key up
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @value: value_size bytes, aligned as a u64; written to only where the key is found
 *
 * Context: Process or softirq (guarantee C).  Allocates nothing.
 * Return: 0, or -ENOENT where the key is absent.
 */
int cmap_load(struct cmap *map, const void *key, void *value)
{
	u64 start;
	int ret;

	lockdep_assert_irqs_enabled();
	if (static_branch_unlikely(&mapstat_touch_on))
		return told_load(map, key, value, NULL);
	if (likely(!sample_due(map)))
		return do_load(map, key, value);
	start = mapstat_clock_read();
	ret = do_load(map, key, value);
	sample_record(map, CMAP_HIST_LOAD, start);
	return ret;
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
 * Context: Process or softirq (guarantee C).  Allocates nothing.
 * Return: the number of keys found.
 */
unsigned int cmap_load_many(struct cmap *map, const void *keys, void *values,
			    unsigned long *found, unsigned int n)
{
	const struct cmap_many q = { .keys = keys, .values = values, .found = found, .n = n };
	unsigned int hits;
	u64 start;

	lockdep_assert_irqs_enabled();
	if (static_branch_unlikely(&mapstat_touch_on))
		return told_load_many(map, &q, NULL);
	if (likely(!sample_due(map)))
		return do_load_many(map, &q);
	start = mapstat_clock_read();
	hits = do_load_many(map, &q);
	sample_record(map, CMAP_HIST_LOAD_MANY, start);
	return hits;
}
EXPORT_SYMBOL_MAPSTAT(cmap_load_many);

/**
 * cmap_store - set a key's value
 * @map: the map
 * @key: key_size bytes; for 8-byte keys aligned as a u64
 * @value: value_size bytes, aligned as a u64
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
		ret = static_branch_unlikely(&mapstat_touch_on) ? told_collect(map, &page) :
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
		sum += READ_ONCE(per_cpu_ptr(map->pcpu, cpu)->entries);
	return max(sum, 0L);
}
EXPORT_SYMBOL_MAPSTAT(cmap_len);

static void cmap_work(struct work_struct *work)
{
	struct cmap *m = container_of(work, struct cmap, work);

	if (m->ops->work)
		m->ops->work(m);
}

static void shared_free(struct cmap *m)
{
	int i;

	for (i = 0; i < CMAP_NR_HISTS; i++)
		mapstat_hist_free(m->hist[i]);
	free_percpu(m->pcpu);
}

static int shared_alloc(struct cmap *m)
{
	int i;

	m->pcpu = alloc_percpu(struct cmap_pcpu);
	if (!m->pcpu)
		return -ENOMEM;
	for (i = 0; i < CMAP_NR_HISTS; i++) {
		m->hist[i] = mapstat_hist_alloc();
		if (!m->hist[i]) {
			shared_free(m);
			return -ENOMEM;
		}
	}
	return 0;
}

static bool name_is_valid(const char *name)
{
	const char *c;

	if (!name || !*name || strlen(name) >= CMAP_NAME_LEN)
		return false;
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (c = name; *c; c++)
		/* The kernel's isalnum() knows letters of Latin-1, too. */
		if (!(isascii(*c) && isalnum(*c)) && !strchr("_-.", *c))
			return false;
	return true;
}

/* One line that names the parameter, the value and the range. */
#define refuse(fmt, ...) (pr_err("map " fmt "\n", ##__VA_ARGS__), -EINVAL)

static int check_params(const struct cmap_params *p)
{
	if (!name_is_valid(p->name))
		return refuse("name=%.40s: 1..%u characters out of [A-Za-z0-9_.-]",
			      p->name ?: "(null)", CMAP_NAME_LEN - 1);
	if (p->key_size < 1 || p->key_size > CMAP_KEY_MAX)
		return refuse("%s: key_size=%u: not in 1..%u", p->name, p->key_size,
			      CMAP_KEY_MAX);
	if (p->value_size < 1 || p->value_size > CMAP_VALUE_MAX)
		return refuse("%s: value_size=%u: not in 1..%u", p->name, p->value_size,
			      CMAP_VALUE_MAX);
	if (p->shards > CMAP_SHARDS_MAX || (p->shards && !is_power_of_2(p->shards)))
		return refuse("%s: shards=%u: not a power of two in 1..%u", p->name, p->shards,
			      CMAP_SHARDS_MAX);
	if (p->capacity > CMAP_CAPACITY_MAX)
		return refuse("%s: capacity=%llu: not in 0..%llu", p->name, p->capacity,
			      CMAP_CAPACITY_MAX);
	if (p->flags & ~(CMAP_GENERIC | CMAP_PACKED | CMAP_COLLIDE))
		return refuse("%s: flags=%#x: unknown", p->name, p->flags);
	return 0;
}

/* Return: the design's number, or -EINVAL with a line. */
static int find_design(const struct cmap_params *p)
{
	const char *design = p->design ?: "(null)";
	const char *mode = p->mode ?: "";
	int i;

	if (!strcmp(design, "readdirty") && !strcmp(mode, "classic"))
		return CMAP_DESIGN_readdirty_classic;
	if (*mode && strcmp(mode, "default") && strcmp(mode, "classic"))
		return refuse("%s: mode=%s: not one of default, classic", p->name, mode);
	for (i = 0; i < CMAP_NR_DESIGNS; i++)
		if (!strcmp(design, cmap_designs[i]->name))
			return i;
	return refuse("%s: design=%s: unknown", p->name, design);
}

static struct cmap *alloc_map(const struct cmap_params *p, const struct cmap_ops *ops,
			      enum cmap_design design)
{
	struct cmap *m = kvzalloc(ops->size, GFP_KERNEL);

	if (!m)
		return NULL;
	m->ops = ops;
	m->design = design;
	m->shape.key_size = p->key_size;
	m->shape.value_size = p->value_size;
	m->shape.u64_key = p->key_size == sizeof(u64) && !(p->flags & CMAP_GENERIC);
	m->shape.u64_pair = m->shape.u64_key && p->value_size == sizeof(u64);
	m->flags = p->flags;
	m->params = *p;
	m->params.name = m->name;
	m->params.design = m->ops->name;
	m->params.mode = NULL;
	strscpy(m->name, p->name, sizeof(m->name));
	hash_key_init(&m->hash, p->flags & CMAP_COLLIDE);
	mapstat_pauses_init(&m->pauses, m);
	INIT_WORK(&m->work, cmap_work);
	init_rwsem(&m->front_lock);
	if (shared_alloc(m)) {
		kvfree(m);
		return NULL;
	}
	return m;
}

static void free_map(struct cmap *m)
{
	mapstat_misses_free(m->misses);
	shared_free(m);
	kvfree(m);
}

static void exit_map(struct cmap *m)
{
	cmap_front_set(m, false);
	cancel_work_sync(&m->work);
	m->ops->exit(m);
	free_map(m);
}

static struct cmap *make_map(const struct cmap_params *p, const struct cmap_ops *ops,
			     enum cmap_design design)
{
	struct cmap *m = alloc_map(p, ops, design);
	int ret;

	if (!m)
		return ERR_PTR(-ENOMEM);
	ret = m->ops->init(m);
	if (ret) {
		free_map(m);
		return ERR_PTR(ret);
	}
	ret = registry_add(m);
	if (ret) {
		exit_map(m);
		return ERR_PTR(ret);
	}
	return m;
}

/**
 * cmap_create - make a map
 * @params: what to make; not kept
 *
 * The map appears under debugfs maps/ at once.  The caller holds a reference to this
 * module by linking to it, so it cannot be unloaded while maps are live.
 *
 * Context: Process; sleeps.  Allocates with GFP_KERNEL.
 * Return: the map; ERR_PTR(-EINVAL) with one line in the log, -EEXIST where a live map
 * has that name, or -ENOMEM.
 */
struct cmap *cmap_create(const struct cmap_params *params)
{
	struct cmap_params p = *params;
	int design, ret;

	might_sleep();
	ret = check_params(&p);
	if (ret)
		return ERR_PTR(ret);
	design = find_design(&p);
	if (design < 0)
		return ERR_PTR(design);
	p.shards = p.shards ?: CMAP_SHARDS_DEFAULT;
	return make_map(&p, cmap_designs[design], design);
}
EXPORT_SYMBOL_MAPSTAT(cmap_create);

/**
 * cmap_create_of - make what has the files and the timed loop of a map, but is none
 * @ops: what it is; stays
 * @params: as of cmap_create(), but for the design; not kept
 *
 * Loads find nothing in it, writes are what @ops makes of them, and it has no front.
 *
 * Context: Process; sleeps.  Allocates with GFP_KERNEL.
 * Return: as cmap_create().
 */
struct cmap *cmap_create_of(const struct cmap_ops *ops, const struct cmap_params *params)
{
	const int ret = check_params(params);

	return ret ? ERR_PTR(ret) : make_map(params, ops, CMAP_NR_DESIGNS);
}

/**
 * cmap_destroy - end a map
 * @map: of cmap_create(); no operation on it may be in flight; NULL or an ERR_PTR is
 *	left alone
 *
 * Context: Process; sleeps, also for a grace period; takes cpus_read_lock() where the map
 * has a front.
 */
void cmap_destroy(struct cmap *map)
{
	if (IS_ERR_OR_NULL(map))
		return;
	might_sleep();
	registry_remove(map);
	exit_map(map);
}
EXPORT_SYMBOL_MAPSTAT(cmap_destroy);

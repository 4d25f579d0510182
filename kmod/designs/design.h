/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Definitions shared by all designs.  A design is one file: a struct that begins with
 * struct cmap, a load, an update, a collect (one step of a range), and its cmap_ops.
 */
#ifndef MAPSTAT_DESIGN_H
#define MAPSTAT_DESIGN_H

#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/rwsem.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "kmod/stats/clock.h"
#include <mapstat/cmap.h>
#include "kmod/cachesim/misses.h"
#include "kmod/cachesim/access.h"
#include "kmod/compat.h"
#include "kmod/stats/counters.h"
#include "kmod/stats/hist.h"
#include "kmod/stats/pauses.h"
#include "designs.h"
#include "hash.h"

struct cmap_many;
struct cmap_update;
struct front;
struct stress_batch;

#define CMAP_ENUM(d) CMAP_DESIGN_##d,
enum cmap_design {
	CMAP_DESIGNS(CMAP_ENUM)
	CMAP_NR_DESIGNS
};

/**
 * struct cmap_shape - sizes of a map's entries
 * @key_size: bytes
 * @value_size: bytes
 * @u64_key: the u64 fast path applies: 8-byte keys, hashed and compared as a u64
 * @u64_pair: @u64_key, and values have 8 bytes, too
 * @unreported: for loads that no observer sees: the code that reports accesses is left out,
 *	except for locks, which saves its calls and the registers that these take
 * @counted: for loads: they count themselves, see cmap_count_load(); otherwise the caller does
 *
 * Passed by value to __always_inline functions: if the caller passes a constant
 * (see CMAP_BY_SHAPE), every copy and compare below becomes a plain load or store.
 */
struct cmap_shape {
	u16 key_size;
	u16 value_size;
	bool u64_key;
	bool u64_pair;
	bool unreported;
	bool counted;
};

#define CMAP_SHAPE_U64_U64	((const struct cmap_shape){ 8, 8, true, true })
#define CMAP_SHAPE_U64(m)	((const struct cmap_shape){ 8, (m)->shape.value_size, true })
#define CMAP_SHAPE_ANY(m)	((const struct cmap_shape){ (m)->shape.key_size, \
							    (m)->shape.value_size, false, false })

static __always_inline struct cmap_shape cmap_reported(const struct cmap_shape shape)
{
	return shape;
}

static __always_inline struct cmap_shape cmap_unreported(struct cmap_shape shape)
{
	shape.unreported = true;
	return shape;
}

static __always_inline struct cmap_shape cmap_counted(struct cmap_shape shape)
{
	shape.counted = true;
	return shape;
}

/*
 * Call fn(..., shape) with the shape as constant as possible: one compiled copy for
 * u64 -> u64, one for u64 keys, one for all other maps.
 */
#define CMAP_BY_SHAPE_AS(as, m, fn, ...)					\
	(likely((m)->shape.u64_pair) ? fn(__VA_ARGS__, as(CMAP_SHAPE_U64_U64)) : \
	 (m)->shape.u64_key ? fn(__VA_ARGS__, as(CMAP_SHAPE_U64(m))) :		\
	 fn(__VA_ARGS__, as(CMAP_SHAPE_ANY(m))))

#define CMAP_BY_SHAPE(m, fn, ...)	CMAP_BY_SHAPE_AS(cmap_reported, m, fn, __VA_ARGS__)
#define CMAP_BY_SHAPE_UNREPORTED(m, fn, ...) CMAP_BY_SHAPE_AS(cmap_unreported, m, fn, __VA_ARGS__)

/* May accesses of operations of this shape have an observer? */
static __always_inline bool cmap_is_reported(const struct cmap_shape shape)
{
	return !shape.unreported && static_branch_unlikely(&mapstat_observing);
}

/**
 * struct cmap - the part of a map that all designs share
 * @ops: constant
 * @stats: see struct cmap_stats
 * @front: per-CPU caches that loads try first, or NULL; see front.c and cmap_has_front().
 *	Written under @front_lock, read under RCU
 * @shape: constant
 * @design: constant; CMAP_NR_DESIGNS for a map of cmap_create_of()
 * @flags: of enum cmap_flags, constant
 * @hash: constant
 * @work: growth, promotion and reclaim of this map: ops->work on mapstat_wq
 * @pauses: own lock
 * @front_lock: held for writing to enable or disable the front, for reading by a clear
 * @node: protected by the registry's mutex
 * @visit: of the registry: held for reading while registry_for_each() visits the map, for
 *	writing while it is removed
 * @params: parameters of its creation, with defaults filled in, without the strings: constant
 * @name: constant
 * @observer_data: owned by the registry's observer
 * @wanted: bytes that ops->init tried to allocate, reported if it fails.  Written by
 *	ops->init only
 */
struct cmap {
	const struct cmap_ops *ops;
	struct cmap_stats stats;
	struct front __rcu *front;
	struct cmap_shape shape;
	enum cmap_design design;
	u16 flags;
	struct cmap_hash_key hash;
	struct work_struct work ____cacheline_aligned;
	struct mapstat_pauses pauses;
	struct rw_semaphore front_lock;
	struct list_head node;
	struct rw_semaphore visit;
	struct cmap_params params;
	char name[CMAP_NAME_LEN];
	void *observer_data;
	u64 wanted;
};

/* Operations read the fields before @work, never @work and those after it. */
MAPSTAT_BEGINS_LINE(struct cmap, work);
/* Fields tested behind a static key for any map lie on lines that operations read anyway. */
MAPSTAT_SHARES_LINE(struct cmap, stats.observed, shape);
MAPSTAT_SHARES_LINE(struct cmap, front, stats.pcpu);
MAPSTAT_SHARES_LINE(struct cmap, shape, stats.pcpu);

/**
 * cmap_is_observed - do operations of a map report their accesses?
 * @m: the map
 *
 * The static key is on while any map is observed; @m->stats.observed is set if this one is, so
 * that the others run as if the key were off.
 *
 * The flag is a hint, and a change may be seen late, in either direction: an operation that is
 * not reported is correct nevertheless, and a report has an effect only while there is an
 * observer (see observer_now(), under RCU).  So the flag needs no ordering against the key: it is
 * set before the key is turned on, and an operation that sees the key on but the flag not yet
 * set does not report.
 *
 * Context: Any.
 * Return: true if they do.
 */
static __always_inline bool cmap_is_observed(const struct cmap *m)
{
	/* Pairs with the WRITE_ONCE()s in mapstat_observe() and mapstat_unobserve(). */
	return static_branch_unlikely(&mapstat_observing) && unlikely(READ_ONCE(m->stats.observed));
}

/* An operation begins.  Reports its reads of the map itself, so that they need no hooks. */
static inline void cmap_op_begin(struct mapstat_op *op, const struct cmap *m,
				 enum mapstat_op_kind kind, struct mapstat_access_log *log)
{
	mapstat_op_begin(op, &m->stats, kind, log);
	mapstat_access(&m->stats, &m->stats.observed,
		       offsetofend(struct cmap, hash) - offsetof(struct cmap, stats.observed),
		       MAPSTAT_READ);
}

/**
 * cmap_access - report that an operation accesses memory
 * @m: the map, or NULL for the map of the operation in progress, if it is not at hand
 * @addr: address; it is not dereferenced
 * @size: bytes
 * @access: read, write or atomic read-modify-write
 *
 * Context: Process or softirq, under any lock.
 */
#define cmap_access(m, addr, size, access)					\
do {										\
	if (static_branch_unlikely(&mapstat_observing) && cmap_may_be_observed(m)) \
		MAPSTAT_ACCESS_AT(cmap_stats_of(m), addr, size, access, #addr);	\
} while (0)

static __always_inline const struct cmap_stats *cmap_stats_of(const struct cmap *m)
{
	return m ? &m->stats : NULL;
}

/* cmap_is_observed() without the static key; for NULL the hook itself determines the map. */
static __always_inline bool cmap_may_be_observed(const struct cmap *m)
{
	return !m || READ_ONCE(m->stats.observed);
}

/**
 * cmap_access_load - cmap_access() for accesses of loads
 * @shape: determines whether accesses are reported
 * @m: the map, or NULL
 * @addr: address
 * @size: bytes
 * @access: as for cmap_access()
 */
#define cmap_access_load(shape, m, addr, size, access)				\
do {										\
	if (!(shape).unreported)							\
		cmap_access(m, addr, size, access);				\
} while (0)

/**
 * struct cmap_page - the entries collected by one step of a range
 * @cursor: position at which the step begins; the design advances it and defines its
 *	meaning; 0 at the start
 * @done: set by the design when no entries follow
 * @count: entries in @data
 * @room: entries that @data has room for
 * @data: key, then value, each rounded up to 8 bytes, back to back
 * @private: used by the design during one range; NULL at the start
 */
struct cmap_page {
	u64 cursor;
	bool done;
	unsigned int count;
	unsigned int room;
	void *data;
	void *private;
};

static inline unsigned int cmap_page_stride(const struct cmap *m)
{
	return ALIGN(m->shape.key_size, 8) + ALIGN(m->shape.value_size, 8);
}

/**
 * cmap_page_add - copy one entry out
 * @m: the map
 * @page: destination; if it is full the entry is only counted
 * @key: the key
 * @value: the value
 *
 * Context: Any.
 */
static inline void cmap_page_add(const struct cmap *m, struct cmap_page *page,
				 const void *key, const void *value)
{
	if (page->count < page->room) {
		void *at = page->data + (size_t)page->count * cmap_page_stride(m);

		memcpy(at, key, m->shape.key_size);
		memcpy(at + ALIGN(m->shape.key_size, 8), value, m->shape.value_size);
	}
	page->count++;
}

/**
 * struct cmap_memory - memory and size of a map
 * @bytes: currently allocated: tables, entries and overflow buckets; no per-CPU memory
 * @table_bytes: part of @bytes: tables
 * @percpu_bytes: the design's per-CPU memory, for all possible CPUs
 * @buckets: of the current table
 * @entries: live entries
 */
struct cmap_memory {
	u64 bytes;
	u64 table_bytes;
	u64 percpu_bytes;
	u64 buckets;
	u64 entries;
};

/**
 * struct cmap_ops - a design
 * @name: as in designs.h
 * @size: of the design's struct, whose first member is the struct cmap
 * @init: initialize the design's own part; the shared part (m->params, m->shape, m->hash,
 *	counters) is ready, the rest is zero.  Frees its allocations if it fails.  May
 *	sleep.  Returns 0 or -errno
 * @exit: free what @init and the operations allocated; no operation is in flight, @work
 *	is neither running nor queued.  Waits for the design's RCU callbacks.  May sleep
 * @collect: one step of a range: add the next entries to the page and advance its
 *	cursor.  If there is not enough room it leaves the cursor unchanged, and sets
 *	page->count to the number of entries that it needs room for.  May sleep
 * @collect_end: optional; end of a range: release page->private
 * @clear: guarantee F.  May sleep
 * @work: optional; growth, promotion, reclaim.  May sleep.  Never runs concurrently with
 *	itself
 * @memory: fill in the bytes (the core fills in entries).  May sleep
 * @run: the timed loop (kmod/designs/loop.h)
 * @update: only for a map of cmap_create_of(), see update.h; the update of a design is called
 *	by its name
 * @where: optional; name the design's own field or bucket at an address.  Returns the length
 *	of the text, 0 if there is none of these.  May sleep
 */
struct cmap_ops {
	const char *name;
	size_t size;
	int (*init)(struct cmap *m);
	void (*exit)(struct cmap *m);
	int (*collect)(struct cmap *m, struct cmap_page *page);
	void (*collect_end)(struct cmap *m, struct cmap_page *page);
	int (*clear)(struct cmap *m);
	void (*work)(struct cmap *m);
	void (*memory)(struct cmap *m, struct cmap_memory *mem);
	void (*run)(struct cmap *m, struct stress_batch *batch);
	int (*update)(struct cmap *m, const struct cmap_update *u);
	int (*where)(struct cmap *m, const void *addr, char *buf, size_t size);
};

/*
 * Called directly (a switch over the design, no indirect call):
 * load: returns 0 and copies the value out, or -ENOENT; counts itself with cmap_count_load().
 * load_observed: the same, and reports its accesses.
 * load_many: see lookup.h; the caller counts, with cmap_count_loads().
 * update: see update.h.
 */
#define CMAP_DECLARE(d)								\
	extern const struct cmap_ops d##_ops;					\
	int d##_load(struct cmap *m, const void *key, void *value);		\
	int d##_load_observed(struct cmap *m, const void *key, void *value);	\
	unsigned int d##_load_many(struct cmap *m, const struct cmap_many *q);	\
	int d##_update(struct cmap *m, const struct cmap_update *u);		\
	void d##_run(struct cmap *m, struct stress_batch *batch);
CMAP_DESIGNS(CMAP_DECLARE)
#undef CMAP_DECLARE

extern const struct cmap_ops *const cmap_designs[CMAP_NR_DESIGNS];
extern struct workqueue_struct *mapstat_wq;

void cmap_stats_reset(struct cmap *m);
int cmap_where(struct cmap *m, const void *addr, char *buf, size_t size);
u64 cmap_percpu_bytes(void);
u64 cmap_percpu_held(struct cmap *m, const struct cmap_memory *mem);
struct cmap *cmap_create_of(const struct cmap_ops *ops, const struct cmap_params *params);

/* Counting: a this_cpu operation each; a no-op if statistics are off. */
static __always_inline void cmap_count_n(struct cmap *m, enum cmap_counter c, unsigned long n)
{
	if (static_branch_likely(&mapstat_stats_on)) {
		this_cpu_add(m->stats.pcpu->count[c], n);
		cmap_access(m, raw_cpu_ptr(&m->stats.pcpu->count[c]), sizeof(long), MAPSTAT_WRITE);
	}
}

static __always_inline void cmap_count(struct cmap *m, enum cmap_counter c)
{
	cmap_count_n(m, c, 1);
}

/*
 * Count a load that ended with @ret; returns @ret.  Hits and misses are two counters that
 * only grow: hits computed as loads minus misses would include loads in flight, and would
 * decrease when one of these misses.
 */
static __always_inline int cmap_count_load(struct cmap *m, int ret, const struct cmap_shape shape)
{
	if (static_branch_likely(&mapstat_stats_on)) {
		if (likely(!ret))
			this_cpu_add(m->stats.pcpu->load_hits, 1);
		else
			this_cpu_add(m->stats.pcpu->load_misses, 1);
		cmap_access_load(shape, m, raw_cpu_ptr(&m->stats.pcpu->load_hits), 2 * sizeof(long),
				 MAPSTAT_WRITE);
	}
	return ret;
}

/* Count the loads of a bulk load, or of a stress thread's batch, at once. */
static __always_inline void cmap_count_loads(struct cmap *m, unsigned int loads,
					     unsigned int hits)
{
	cmap_count_n(m, CMAP_HITS, hits);
	if (unlikely(hits < loads))
		cmap_count_n(m, CMAP_MISSES, loads - hits);
}

/* The length is maintained even if statistics are off. */
static __always_inline void cmap_entries_add(struct cmap *m, long n)
{
	this_cpu_add(m->stats.pcpu->entries, n);
	cmap_access(m, raw_cpu_ptr(&m->stats.pcpu->entries), sizeof(long), MAPSTAT_WRITE);
}

static __always_inline void cmap_count_alloc(struct cmap *m, size_t bytes)
{
	cmap_count(m, CMAP_ALLOCS);
	cmap_count_n(m, CMAP_ALLOC_BYTES, bytes);
}

/* Schedule ops->work.  Any context except NMI. */
static inline void cmap_kick(struct cmap *m)
{
	queue_work(mapstat_wq, &m->work);
}

static __always_inline u64 cmap_hash(const struct cmap *m, const void *key,
				     const struct cmap_shape shape)
{
	if (shape.u64_key)
		return hash_u64(&m->hash, *(const u64 *)key);
	return hash_bytes(&m->hash, key, shape.key_size);
}

static __always_inline bool cmap_key_equal(const void *a, const void *b,
					   const struct cmap_shape shape)
{
	if (shape.key_size == 8)
		return *(const u64 *)a == *(const u64 *)b;
	return !memcmp(a, b, shape.key_size);
}

static __always_inline void cmap_key_copy(void *to, const void *from,
					  const struct cmap_shape shape)
{
	if (shape.key_size == 8)
		*(u64 *)to = *(const u64 *)from;
	else
		memcpy(to, from, shape.key_size);
}

static __always_inline void cmap_value_copy(void *to, const void *from,
					    const struct cmap_shape shape)
{
	if (shape.value_size == 8)
		*(u64 *)to = *(const u64 *)from;
	else
		memcpy(to, from, shape.value_size);
}

static __always_inline bool cmap_value_equal(const void *a, const void *b,
					     const struct cmap_shape shape)
{
	if (shape.value_size == 8)
		return *(const u64 *)a == *(const u64 *)b;
	return !memcmp(a, b, shape.value_size);
}

#endif /* MAPSTAT_DESIGN_H */

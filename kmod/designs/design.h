/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every design is made of.  A design is one file: a struct that begins with
 * struct cmap, a load, an update, a collect (one step of a range), and an ops literal.
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
 * @u64_pair: so it does, and values have 8 bytes as well
 * @unreported: of loads while nobody listens: of what they access, locks apart, there is no code
 *	that would tell, with its calls and the registers that these take
 * @counted: of loads: they count themselves, see cmap_count_load(); else the caller does
 *
 * Passed by value to __always_inline functions: where the caller passes a constant
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
 * Call fn(..., shape) with the shape as constant as it can be: one compiled copy for
 * u64 -> u64, one for u64 keys, one for all.
 */
#define CMAP_BY_SHAPE_AS(as, m, fn, ...)					\
	(likely((m)->shape.u64_pair) ? fn(__VA_ARGS__, as(CMAP_SHAPE_U64_U64)) : \
	 (m)->shape.u64_key ? fn(__VA_ARGS__, as(CMAP_SHAPE_U64(m))) :		\
	 fn(__VA_ARGS__, as(CMAP_SHAPE_ANY(m))))

#define CMAP_BY_SHAPE(m, fn, ...)	CMAP_BY_SHAPE_AS(cmap_reported, m, fn, __VA_ARGS__)
#define CMAP_BY_SHAPE_UNREPORTED(m, fn, ...) CMAP_BY_SHAPE_AS(cmap_unreported, m, fn, __VA_ARGS__)

/* Does somebody listen to the accesses of operations of this shape? */
static __always_inline bool cmap_is_reported(const struct cmap_shape shape)
{
	return !shape.unreported && static_branch_unlikely(&mapstat_observing);
}

/**
 * struct cmap - what all designs share
 * @ops: constant
 * @stats: see struct cmap_stats
 * @front: what loads are answered from, or NULL; see front.c and cmap_has_front().  Written
 *	under @front_lock, read under RCU
 * @shape: constant
 * @design: constant; CMAP_NR_DESIGNS: none of them, see cmap_create_of()
 * @flags: of enum cmap_flags, constant
 * @hash: constant
 * @work: growth, promotion and reclaim of this map: ops->work on mapstat_wq
 * @pauses: own lock
 * @front_lock: the front comes or goes; a clear reads it
 * @node: protected by the registry's mutex
 * @visit: of the registry: held for reading while registry_for_each() is at the map, for
 *	writing while it is removed
 * @params: what it was made with, defaults filled in, strings not kept: constant
 * @name: constant
 * @observer_data: owned by the registry's observer
 * @wanted: bytes that ops->init asked for: what is said where it could not have them.
 *	Written by it alone
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

/* Operations read what comes before, and never what comes after. */
MAPSTAT_BEGINS_LINE(struct cmap, work);
/* What is asked behind a static key, of all maps, costs no line that is not read anyway. */
MAPSTAT_SHARES_LINE(struct cmap, stats.observed, shape);
MAPSTAT_SHARES_LINE(struct cmap, front, stats.pcpu);
MAPSTAT_SHARES_LINE(struct cmap, shape, stats.pcpu);

/**
 * cmap_is_observed - do operations of a map report what they access?
 * @m: the map
 *
 * The key is on while any map is observed; @m->stats.observed says whether it is this one, so that
 * the others go on as without.
 *
 * It is a hint, which may be seen late, in either direction: an operation that is not reported
 * is right all the same, and one that is, counts only as long as there is an observer (see
 * observer_now(), under RCU).  So it needs no order against the key: it is set before the key
 * is turned on, and an operation that sees the key and not the flag does not report yet.
 *
 * Context: Any.
 * Return: whether they do.
 */
static __always_inline bool cmap_is_observed(const struct cmap *m)
{
	/* Pairs with the WRITE_ONCE()s in mapstat_observe() and mapstat_unobserve(). */
	return static_branch_unlikely(&mapstat_observing) && unlikely(READ_ONCE(m->stats.observed));
}

/* An operation begins. What each reads of the map itself is reported here, so that no hook is needed for it. */
static inline void cmap_op_begin(struct mapstat_op *op, const struct cmap *m,
				 enum mapstat_op_kind kind, struct mapstat_access_log *log)
{
	mapstat_op_begin(op, &m->stats, kind, log);
	mapstat_access(&m->stats, &m->stats.observed,
		       offsetofend(struct cmap, hash) - offsetof(struct cmap, stats.observed),
		       MAPSTAT_READ);
}

/**
 * cmap_access - an operation accesses memory
 * @m: the map; NULL, where it is not at hand: that of the operation in progress
 * @addr: what; it is not dereferenced
 * @size: bytes
 * @access: reads, writes or atomically changes it
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

/* As cmap_is_observed(), behind the key; of NULL the hook itself finds out. */
static __always_inline bool cmap_may_be_observed(const struct cmap *m)
{
	return !m || READ_ONCE(m->stats.observed);
}

/**
 * cmap_access_load - as cmap_access(), in what loads consist of
 * @shape: says whether accesses are reported
 * @m: the map, or NULL
 * @addr: what
 * @size: bytes
 * @access: how
 */
#define cmap_access_load(shape, m, addr, size, access)				\
do {										\
	if (!(shape).unreported)							\
		cmap_access(m, addr, size, access);				\
} while (0)

/**
 * struct cmap_page - where one step of a range puts entries
 * @cursor: where the step begins; the design advances it; its meaning is the
 *	design's, 0 at the start
 * @done: set by the design when nothing follows
 * @count: entries in @data
 * @room: entries that @data can take
 * @data: key, then value, each rounded up to 8 bytes, back to back
 * @private: the design's, for the time of one range; NULL at the start
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
 * @page: where to; beyond its room the entry is only counted
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
 * struct cmap_memory - what a map holds
 * @bytes: all that is allocated now, tables, entries and overflow; nothing that is per CPU
 * @table_bytes: of those, tables
 * @percpu_bytes: what the design holds per CPU, of all possible CPUs
 * @buckets: of the current table
 * @entries: live ones
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
 * @init: set up what is the design's own; the shared part (m->params, m->shape, m->hash,
 *	counters) is ready, the rest zero.  Frees what it allocated where it fails.  May
 *	sleep.  Returns 0 or -errno
 * @exit: free what @init and the operations allocated; no operation is in flight, @work
 *	neither runs nor is queued.  Waits for own RCU callbacks.  May sleep
 * @collect: one step of a range: put the next entries into the page and advance its
 *	cursor.  Where the room is too small it leaves the cursor, and sets page->count
 *	to the entries that it needs room for.  May sleep
 * @collect_end: optional; the range ends: release page->private
 * @clear: guarantee F.  May sleep
 * @work: optional; growth, promotion, reclaim.  May sleep.  Never runs twice at a time
 * @memory: fill in the bytes (the core fills in entries).  May sleep
 * @run: the timed loop (kmod/designs/loop.h)
 * @update: of what is no design (cmap_create_of()): see update.h.  A design has its own by
 *	name
 * @where: optional; name what lies at an address, of the design's own: a field, a bucket.
 *	Returns the length of the text, 0 where it knows nothing there.  May sleep
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
 * load: 0 and the value, or -ENOENT; it counts itself, by cmap_count_load().  load_observed: the
 * same, and says what it accesses.  load_many: see
 * many.h; the caller counts, by cmap_count_loads().  update: see update.h.
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

/* Counting; a this_cpu operation each, nothing when statistics are off. */
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
 * A load that cmap_load() asked for has ended with @ret, which is returned.  Hits and misses
 * are two counters that only grow: a difference of loads and misses would count a load in
 * flight as a hit, and fall when it misses.
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

/* So many loads at once have ended, of a bulk load or of a stress thread's batch. */
static __always_inline void cmap_count_loads(struct cmap *m, unsigned int loads,
					     unsigned int hits)
{
	cmap_count_n(m, CMAP_HITS, hits);
	if (unlikely(hits < loads))
		cmap_count_n(m, CMAP_MISSES, loads - hits);
}

/* The length is kept whether statistics are on or off. */
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

/* Have ops->work run soon.  Any context but NMI. */
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

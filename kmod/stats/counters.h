/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of a map, per CPU.  Each CPU adds to its own; readers sum.
 */
#ifndef MAPSTAT_COUNTERS_H
#define MAPSTAT_COUNTERS_H

#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/jump_label.h>
#include <linux/percpu.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include "hist.h"

/**
 * enum cmap_counter - the counters
 * @CMAP_HITS: loads that found the key
 * @CMAP_MISSES: loads that did not
 * @CMAP_INSERTS: writes that added an entry
 * @CMAP_UPDATES: writes that replaced a value
 * @CMAP_DELETES: writes that removed an entry
 * @CMAP_NOCHANGES: writes that changed nothing (key absent or present, value unequal)
 * @CMAP_RETRIES: reads or writes restarted because of a concurrent write
 * @CMAP_LOCK_WAITS: lock acquisitions that found the lock taken
 * @CMAP_DIRTY_LOOKUPS: "readdirty": lookups that the read side could not answer
 * @CMAP_PROMOTIONS: "readdirty": dirty sides that became read sides
 * @CMAP_COPIED: "readdirty": entries copied by promotions and dirty rebuilds
 * @CMAP_TOMBSTONES: tombstones created
 * @CMAP_RESIZES: new tables begun, larger or smaller
 * @CMAP_MOVED_BUCKETS: buckets moved to a new table
 * @CMAP_OVERFLOWS: overflow buckets allocated
 * @CMAP_ALLOCS: allocations made by operations
 * @CMAP_ALLOC_BYTES: bytes of these allocations
 * @CMAP_ALLOC_FAILURES: failed allocations, of operations (which return -ENOMEM) and of tables
 */
enum cmap_counter {
	CMAP_HITS,
	CMAP_MISSES,
	CMAP_INSERTS,
	CMAP_UPDATES,
	CMAP_DELETES,
	CMAP_NOCHANGES,
	CMAP_RETRIES,
	CMAP_LOCK_WAITS,
	CMAP_DIRTY_LOOKUPS,
	CMAP_PROMOTIONS,
	CMAP_COPIED,
	CMAP_TOMBSTONES,
	CMAP_RESIZES,
	CMAP_MOVED_BUCKETS,
	CMAP_OVERFLOWS,
	CMAP_ALLOCS,
	CMAP_ALLOC_BYTES,
	CMAP_ALLOC_FAILURES,
	CMAP_NR_COUNTERS
};

extern const char *const cmap_counter_names[CMAP_NR_COUNTERS];

/**
 * struct cmap_pcpu - a CPU's counters of a map
 * @count: written with this_cpu operations, read by anyone
 * @load_hits: hits of cmap_load(), in addition to those in @count.  Written and read as @count
 * @load_misses: misses of cmap_load(), likewise
 * @entries: inserts minus deletes on this CPU; only the sum over all CPUs is meaningful
 * @sample: counts operations other than cmap_load()
 *
 * Counts only grow until a reset: an operation is counted once, when it has ended, on the CPU
 * on which it ends.
 *
 * Which operations are timed depends on the low bits of @sample or, for cmap_load(), on those
 * of @load_hits + @load_misses.
 */
struct cmap_pcpu {
	unsigned long count[CMAP_NR_COUNTERS];
	unsigned long load_hits;
	unsigned long load_misses;
	long entries;
	unsigned long sample;
} ____cacheline_aligned;

/*
 * Data that one CPU writes while others read something else begins on a cache line of its own.
 * The build fails if a change of fields undoes that.
 */
#define MAPSTAT_BEGINS_LINE(type, member)					\
	static_assert(offsetof(type, member) % SMP_CACHE_BYTES == 0,		\
		      #member " has to begin a cache line")
#define MAPSTAT_SHARES_LINE(type, member, other)				\
	static_assert(offsetof(type, member) / SMP_CACHE_BYTES ==		\
		      offsetof(type, other) / SMP_CACHE_BYTES,			\
		      #member " has to be in the cache line of " #other)
#define MAPSTAT_WHOLE_LINES(type)						\
	static_assert(sizeof(type) % SMP_CACHE_BYTES == 0, #type " has to fill cache lines")

MAPSTAT_WHOLE_LINES(struct cmap_pcpu);

/* If off, the public operations keep no counters and no latencies, at zero cost. */
DECLARE_STATIC_KEY_TRUE(mapstat_stats_on);

/**
 * enum cmap_hist_kind - a map's latency histograms
 *
 * The first six are service times per operation, the others response times from the intended
 * arrival (Poisson arrivals only).
 */
enum cmap_hist_kind {
	CMAP_HIST_LOAD,
	CMAP_HIST_STORE,
	CMAP_HIST_DELETE,
	CMAP_HIST_RMW,		/* load_or_store, swap, load_and_delete, compare_and_* */
	CMAP_HIST_RANGE,	/* range and clear */
	CMAP_HIST_LOAD_MANY,	/* a whole call, for any number of keys */
	CMAP_HIST_LOAD_RESPONSE,
	CMAP_HIST_STORE_RESPONSE,
	CMAP_HIST_DELETE_RESPONSE,
	CMAP_NR_HISTS
};

extern const char *const cmap_hist_names[CMAP_NR_HISTS];

struct mapstat_misses;

/**
 * struct cmap_stats - a map's statistics, and what they need to know about it
 * @misses: NULL until cache misses are first counted, then constant; see cmap_misses()
 * @hist: the pointers are constant; see struct mapstat_hist_cpu
 * @id: unique among all maps, present and past; set when the map is added to the registry
 * @no_window: an open window ends, and no other is opened.  Written once, read by the window;
 *	see mapstat_window_refuse()
 * @observed: its operations report what they access; see cmap_is_observed().  Written by
 *	mapstat_observe() and mapstat_unobserve(), which are never concurrent
 * @pcpu: the pointer is constant; see struct cmap_pcpu
 *
 * What every operation reads is last: it shares a cache line with what follows in struct cmap.
 */
struct cmap_stats {
	struct mapstat_misses *misses;
	struct mapstat_hist_cpu __percpu *hist[CMAP_NR_HISTS];
	u32 id;
	bool no_window;
	bool observed;
	struct cmap_pcpu __percpu *pcpu;
};

u64 cmap_counter_sum(const struct cmap_stats *s, enum cmap_counter c);
u64 cmap_counter_cpu(const struct cmap_stats *s, enum cmap_counter c, int cpu);
void cmap_stats_zero(struct cmap_stats *s);
void mapstat_stats_set(bool on);

#endif /* MAPSTAT_COUNTERS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The front: a per-CPU cache of loads that can be enabled and disabled for any live map while
 * it is in use.  See front.c.
 */
#ifndef MAPSTAT_FRONT_H
#define MAPSTAT_FRONT_H

#include <linux/jump_label.h>
#include <linux/rcupdate.h>
#include "kmod/designs/design.h"

struct cmap_update;
struct front;

/* On while at least one map has a front; else no operation checks for one. */
DECLARE_STATIC_KEY_FALSE(front_in_use);

/**
 * cmap_has_front - does a map have a front?
 * @m: the map
 *
 * The key is on while any map has a front; @m->front shows whether this map has one, so that
 * operations on the others do not change.
 *
 * A load may check outside of an RCU read-side section, and see a change of either late: if it
 * misses the front, it loads from the map, which is never stale; and front_load() checks again.
 * A write checks in its RCU section: the grace period in front_publish(), which begins after the
 * key and the pointer were written, waits for writes that saw either of them off; all later
 * ones count themselves, before any load is answered from the front.  Likewise,
 * front_unpublish() runs before the key is turned off, and stops loads from being answered from
 * the front before it clears the pointer.
 *
 * Context: Any.
 * Return: whether it does.
 */
static __always_inline bool cmap_has_front(const struct cmap *m)
{
	return static_branch_unlikely(&front_in_use) && unlikely(rcu_access_pointer(m->front));
}

/**
 * struct front_stats - statistics of a front, all CPUs
 * @on: whether the front is enabled; the rest is about the current front, 0 without one
 * @entries_per_cpu: room for entries
 * @bytes: memory taken
 * @hits: loads answered from it
 * @misses: loads that looked their key up and were not answered
 * @invalidations: misses on an entry that a write had invalidated
 * @fills: entries added, or updated by a store
 * @bypassed: loads that did not use it: low hit rate, interrupted its user, or no memory
 * @rests: times that a CPU began to bypass its cache for its low hit rate
 * @resting_cpus: CPUs that are bypassing their cache for its low hit rate
 * @writes: writes that counted themselves
 * @write_samples: writes that were timed
 * @write_ns: what the front cost these in total, ns
 */
struct front_stats {
	bool on;
	u64 entries_per_cpu;
	u64 bytes;
	u64 hits;
	u64 misses;
	u64 invalidations;
	u64 fills;
	u64 bypassed;
	u64 rests;
	u64 resting_cpus;
	u64 writes;
	u64 write_samples;
	u64 write_ns;
};

u64 cmap_front_bytes(unsigned int cpus);
int cmap_front_set(struct cmap *m, bool on);
bool cmap_front_is_on(struct cmap *m);
void cmap_front_stats(struct cmap *m, struct front_stats *stats);

/* Under RCU read lock; without a front they do what the design does. */
int front_load(struct cmap *m, const void *key, void *value);
unsigned int front_load_many(struct cmap *m, const struct cmap_many *q);
int front_update(struct cmap *m, const struct cmap_update *u);
void front_run(struct cmap *m, struct stress_batch *b);
int front_clear(struct cmap *m);

#endif /* MAPSTAT_FRONT_H */

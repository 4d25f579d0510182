/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The front: a per-CPU cache of loads that can be put before any live map and taken away,
 * while its callers go on.  front.c explains it.
 */
#ifndef MAPSTAT_FRONT_H
#define MAPSTAT_FRONT_H

#include <linux/jump_label.h>
#include <linux/rcupdate.h>
#include "kmod/designs/design.h"

struct cmap_update;
struct front;

/* Some map has a front; otherwise nobody looks for one. */
DECLARE_STATIC_KEY_FALSE(front_in_use);

/**
 * cmap_has_front - is a map's front to be asked?
 * @m: the map
 *
 * The key is on while any map has a front; @m->front says whether this one has, so that the
 * others go on as without.
 *
 * A load may ask outside of an RCU read-side section, and see either too late: without the
 * front it finds what the map has, which is never old, and front_load() looks again.  A write
 * asks in its section: the grace period in front_publish(), which comes after the key and the
 * pointer were written, waits for those that saw one of them off; all later ones count
 * themselves, before any load is answered by the front.  Likewise front_unpublish(), before the
 * key is turned off, ends that answering before the pointer is cleared.
 *
 * Context: Any.
 * Return: whether it is.
 */
static __always_inline bool cmap_has_front(const struct cmap *m)
{
	return static_branch_unlikely(&front_in_use) && unlikely(rcu_access_pointer(m->front));
}

/**
 * struct front_stats - what a front did, all CPUs
 * @on: whether there is one; the rest is of the present one, 0 without
 * @entries_per_cpu: that it has room for
 * @bytes: that it takes
 * @hits: loads that it answered
 * @misses: loads that it did not have
 * @invalidations: of those, entries that a write had made invalid
 * @fills: entries put in, or renewed by a store
 * @bypassed: loads that passed it by: it was resting, interrupted at work, or had no memory
 * @rests: times that a CPU's cache put itself to rest, as its hits did not pay
 * @resting_cpus: CPUs whose cache is resting
 * @writes: writes that announced themselves
 * @write_samples: of those, timed ones
 * @write_ns: what announcing cost these
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

/* Under RCU read lock; they do what the design does where the map has no front. */
int front_load(struct cmap *m, const void *key, void *value);
unsigned int front_load_many(struct cmap *m, const struct cmap_many *q);
int front_update(struct cmap *m, const struct cmap_update *u);
void front_run(struct cmap *m, struct stress_batch *b);
int front_clear(struct cmap *m);

#endif /* MAPSTAT_FRONT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The front: a per-CPU cache of loads that can be put before any live map and taken away,
 * while its callers go on.  front.c explains it.
 */
#ifndef MAPSTAT_FRONT_H
#define MAPSTAT_FRONT_H

#include <linux/jump_label.h>
#include "maps.h"

struct cmap_update;
struct front;

/* Some map has a front; otherwise nobody looks for one. */
DECLARE_STATIC_KEY_FALSE(front_in_use);

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

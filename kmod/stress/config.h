/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration of a run.  The parameters are stored in one; a run uses its own copy and
 * never sees a later change.
 */
#ifndef MAPSTAT_STRESS_CONFIG_H
#define MAPSTAT_STRESS_CONFIG_H

#include <linux/cpumask.h>
#include <linux/types.h>
#include "kmod/cachesim/misses.h"
#include "kmod/designs/design.h"

#define STRESS_THREADS_MAX	4096

enum stress_dist {
	STRESS_UNIFORM,
	STRESS_ZIPF,
	STRESS_HOTSPOT,
};

enum stress_arrival_kind {
	STRESS_CLOSED,
	STRESS_POISSON,
};

enum stress_layout {
	STRESS_PADDED,
	STRESS_PACKED,
};

enum stress_experiment {
	STRESS_MAPS,
	STRESS_FALSESHARE,
};

enum stress_mode {
	STRESS_MODE_DEFAULT,
	STRESS_MODE_CLASSIC,
};

/**
 * struct stress_maps - the designs, in the order of maps=
 * @count: number of designs
 * @design: of enum cmap_design
 */
struct stress_maps {
	unsigned int count;
	u8 design[CMAP_NR_DESIGNS];
};

/**
 * struct stress_config - a value for each parameter; docs/debugfs.md explains them
 * @maps: designs to run in turn
 * @cpus: CPUs; empty: all online ones
 * @keys: number of keys
 * @seed: seed of all random streams
 * @capacity: entries to allocate for at creation
 * @experiment: of enum stress_experiment; STRESS_FALSESHARE replaces @maps
 * @threads: number of threads; 0: one per CPU of @cpus
 * @read_permille: loads per 1000 operations
 * @delete_permille: deletes per 1000 operations that are not loads
 * @key_size: bytes
 * @value_size: bytes
 * @dist: of enum stress_dist
 * @theta_permille: Zipf exponent in thousandths
 * @arrival: of enum stress_arrival_kind
 * @rate: Poisson arrivals per second and thread
 * @duration_ms: length of a round of one map
 * @rounds: number of rounds
 * @batch: maximum number of consecutive loads in one bulk load; 1: no bulk loads
 * @shards: shards of the sharded map
 * @layout: of enum stress_layout
 * @mode: of enum stress_mode
 * @front: 1: each map starts with a front
 * @sample_shift: latency of 1 in 2^@sample_shift operations is recorded
 * @stats: 0: counters and latency off
 * @cache: of enum mapstat_cache
 * @g: geometry of the cache model; fields that are 0: as on this CPU, pages as mapped
 * @events: 1: memory-access events go to the relay channel
 * @events_shift: 1 access in 2^@events_shift becomes an event
 * @events_kib: size of a sub-buffer of the channel
 * @events_subbufs: sub-buffers per CPU
 * @autostart: start a run when the module is loaded
 *
 * The struct that stores the parameters is protected by params_lock (kmod/stress/params.c);
 * the copy of a run is constant.
 */
struct stress_config {
	struct stress_maps maps;
	struct cpumask cpus;
	u64 keys;
	u64 seed;
	u64 capacity;
	unsigned int experiment;
	unsigned int threads;
	unsigned int read_permille;
	unsigned int delete_permille;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int dist;
	unsigned int theta_permille;
	unsigned int arrival;
	unsigned int rate;
	unsigned int duration_ms;
	unsigned int rounds;
	unsigned int batch;
	unsigned int shards;
	unsigned int layout;
	unsigned int mode;
	unsigned int front;
	unsigned int sample_shift;
	unsigned int stats;
	unsigned int cache;
	struct mapstat_geometry g;
	unsigned int events;
	unsigned int events_shift;
	unsigned int events_kib;
	unsigned int events_subbufs;
	unsigned int autostart;
};

#endif /* MAPSTAT_STRESS_CONFIG_H */

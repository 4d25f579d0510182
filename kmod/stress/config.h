/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run is made of.  The parameters are one of these; a run works on a copy of its
 * own, so that it never sees a change.
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
 * struct stress_maps - the list of designs, in the order of maps=
 * @count: how many
 * @design: which, of enum cmap_design
 */
struct stress_maps {
	unsigned int count;
	u8 design[CMAP_NR_DESIGNS];
};

/**
 * struct stress_config - a value for each parameter; docs/debugfs.md says what each means
 * @maps: designs that take turns
 * @cpus: CPUs; empty: all online ones
 * @keys: number of keys
 * @seed: of all random draws
 * @capacity: entries to make room for at once
 * @experiment: of enum stress_experiment: what takes turns in place of @maps
 * @threads: 0: one per CPU of @cpus
 * @read_permille: share of loads
 * @delete_permille: share of deletes among the rest
 * @key_size: bytes
 * @value_size: bytes
 * @dist: of enum stress_dist
 * @theta_permille: zipf's exponent in thousandths
 * @arrival: of enum stress_arrival_kind
 * @rate: Poisson arrivals per second and thread
 * @duration_ms: of a round of one map
 * @rounds: number of rounds
 * @batch: loads in a row that one bulk load does at most; 1: none
 * @shards: of the sharded map
 * @layout: of enum stress_layout
 * @mode: of enum stress_mode
 * @front: 1: each map begins with a front
 * @sample_shift: latency of 1 in 2^@sample_shift operations is recorded
 * @stats: 0: counters and latency off
 * @cache: of enum mapstat_cache
 * @g: of the model of caches; what is 0 is this CPU's
 * @events: 1: memory-access events go to the relay channel
 * @events_shift: 1 access in 2^@events_shift becomes an event
 * @events_kib: size of a sub-buffer of the channel
 * @events_subbufs: sub-buffers of a CPU
 * @autostart: start a run when the module is loaded
 *
 * The one behind the parameters is protected by their mutex (kmod/stress/params.c); the copy
 * of a run is constant.
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

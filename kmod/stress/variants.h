/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The workloads that a run executes in turn: the designs of maps=, or the variants of an
 * experiment.
 */
#ifndef MAPSTAT_STRESS_VARIANTS_H
#define MAPSTAT_STRESS_VARIANTS_H

#include <linux/types.h>

struct cmap;
struct stress_config;
struct stress_run;
struct stress_thread;
struct stress_variant;

/**
 * struct stress_subject - operations of a kind of workload
 * @create: create the map; returns it or ERR_PTR()
 * @prefill: called by the coordinator before the first phase; returns 0, -errno, or -EINTR
 *	if the coordinator must stop
 * @draw: draw the next operations of a thread into its batch, which the map's timed loop runs
 * @check: check the results of the batch; returns the number of wrong ones
 * @final_check: called by the coordinator after the last phase; adds the number of errors to
 *	stress_run.errors; returns as @prefill
 */
struct stress_subject {
	struct cmap *(*create)(const struct stress_config *c, const struct stress_variant *v);
	int (*prefill)(struct stress_run *run, unsigned int map);
	void (*draw)(struct stress_thread *t, unsigned int n);
	u64 (*check)(struct stress_thread *t);
	int (*final_check)(struct stress_run *run, unsigned int map);
};

/**
 * struct stress_variant - a workload of a run
 * @name: name in its rows, and of its directory under maps/
 * @subject: its operations
 * @design: name of the design, for stress_map_create(); else NULL
 * @flags: of enum cmap_flags
 */
struct stress_variant {
	const char *name;
	const struct stress_subject *subject;
	const char *design;
	unsigned int flags;
};

#define STRESS_FALSESHARE_VARIANTS	4

extern const struct stress_variant stress_falseshare[STRESS_FALSESHARE_VARIANTS];

struct cmap *stress_map_create(const struct stress_config *c, const struct stress_variant *v);
unsigned int stress_variants(const struct stress_config *c);
struct stress_variant stress_variant(const struct stress_config *c, unsigned int i);

#endif /* MAPSTAT_STRESS_VARIANTS_H */

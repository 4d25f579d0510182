/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What takes turns in a run: the designs of maps=, or the variants of an experiment.
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
 * struct stress_subject - how a kind of thing is made, worked on and checked
 * @create: make it; returns it or ERR_PTR()
 * @prefill: the coordinator's, before the first phase; returns 0, -errno, or -EINTR
 *	where the coordinator is to stop
 * @draw: the next operations of a thread, into its batch, which the map's timed loop runs
 * @check: what came of the batch; returns the number of wrong results
 * @final_check: the coordinator's, after the last phase: adds what is wrong to
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
 * struct stress_variant - one that takes turns
 * @name: of its rows, and of its directory under maps/
 * @subject: what it is
 * @design: of a map: its design
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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics of a map over one round: the difference of two snapshots.
 */
#ifndef MAPSTAT_STRESS_MEASURE_H
#define MAPSTAT_STRESS_MEASURE_H

#include "results.h"
#include "run.h"

struct stress_measure;

struct stress_measure *measure_alloc(void);
void measure_free(struct stress_measure *measure);
void measure_begin(struct stress_measure *measure, struct cmap *m);
void measure_end(struct stress_measure *measure, const struct stress_run *run, u64 wall_ns,
		 struct stress_row *row);
void measure_misses_begin(struct stress_measure *measure, const struct stress_run *run);
void measure_misses_end(struct stress_measure *measure, const struct stress_run *run,
			struct stress_row *row);
u64 stress_pause_max(const struct mapstat_pauses *before, const struct mapstat_pauses *after);

#endif /* MAPSTAT_STRESS_MEASURE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cache misses as the CPUs count them: perf counters of the kernel's own, on each CPU.
 *
 * They count all that the kernel does on a CPU between two readings.  Readings are taken
 * around a batch, outside the timed region, and sleep.
 */
#ifndef MAPSTAT_PMU_H
#define MAPSTAT_PMU_H

#include <linux/types.h>

/* In the order of mapstat_pmu_events. */
enum mapstat_pmu_kind {
	MAPSTAT_PMU_L1D,	/* loads that miss the first-level data cache */
	MAPSTAT_PMU_LLC,	/* loads that miss the last-level cache */
	MAPSTAT_PMU_DTLB,	/* loads that miss the data TLB */
	MAPSTAT_NR_PMU
};

#define MAPSTAT_PMU_TEXT	64	/* bytes that any text below fits in */

/**
 * struct mapstat_pmu_event - what a counter counts
 * @name: as perf list has it
 * @type: of struct perf_event_attr
 * @config: of struct perf_event_attr
 */
struct mapstat_pmu_event {
	const char *name;
	u32 type;
	u64 config;
};

/**
 * struct mapstat_pmu_reading - the counters of one CPU at one moment, since they were made
 * @generation: how often they were made: each time the CPU came
 * @count: while the counter was on the PMU
 * @enabled_ns: for how long it wanted to be there
 * @running_ns: for how long it was; less, where events take turns
 * @error: 0, or the -errno for which there is no count
 */
struct mapstat_pmu_reading {
	unsigned int generation;
	struct {
		u64 count;
		u64 enabled_ns;
		u64 running_ns;
		int error;
	} event[MAPSTAT_NR_PMU];
};

/**
 * struct mapstat_pmu_counts - what happened between two readings
 * @count: events; defined where @error is 0
 * @scaled: the counter was there for a part of the time only: @count is extrapolated
 * @error: 0, or the -errno for which there is no count: -EAGAIN where the counter was never
 *	on the PMU in between, -ENODEV where the CPU was gone, -EOVERFLOW where the extrapolated
 *	count is no number of 64 bits
 */
struct mapstat_pmu_counts {
	struct {
		u64 count;
		bool scaled;
		int error;
	} event[MAPSTAT_NR_PMU];
};

struct mapstat_pmu;

extern const struct mapstat_pmu_event mapstat_pmu_events[MAPSTAT_NR_PMU];

struct mapstat_pmu *mapstat_pmu_get(void);
void mapstat_pmu_put(struct mapstat_pmu *pmu);
struct mapstat_pmu *mapstat_pmu_create(const struct mapstat_pmu_event *events);
void mapstat_pmu_destroy(struct mapstat_pmu *pmu);

int mapstat_pmu_error(struct mapstat_pmu *pmu, enum mapstat_pmu_kind kind);
int mapstat_pmu_text(struct mapstat_pmu *pmu, enum mapstat_pmu_kind kind, char *buf,
		     size_t size);

void mapstat_pmu_read(struct mapstat_pmu *pmu, int cpu, struct mapstat_pmu_reading *reading);
void mapstat_pmu_between(const struct mapstat_pmu_reading *before,
			 const struct mapstat_pmu_reading *after,
			 struct mapstat_pmu_counts *counts);

#endif /* MAPSTAT_PMU_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cache misses counted by the hardware: in-kernel perf counters on each CPU.
 *
 * They count everything that the kernel does on a CPU between two readings.  A reading is taken
 * before and after a batch, outside the timed region, and sleeps.
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

#define MAPSTAT_PMU_TEXT	64	/* enough bytes for any text below */

/**
 * struct mapstat_pmu_event - what a counter counts
 * @name: as in perf list
 * @type: of struct perf_event_attr
 * @config: of struct perf_event_attr
 */
struct mapstat_pmu_event {
	const char *name;
	u32 type;
	u64 config;
};

/**
 * struct mapstat_pmu_reading - counters of one CPU at one time, since their creation
 * @generation: how often they were created: each time the CPU came online
 * @event: per kind
 * @event.count: events while the counter was on the PMU
 * @event.enabled_ns: time for which it was enabled
 * @event.running_ns: time for which it was on the PMU; less if events are multiplexed
 * @event.error: 0, or the -errno for which there is no count
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
 * struct mapstat_pmu_counts - difference of two readings
 * @event: per kind
 * @event.count: events; defined if the error is 0
 * @event.scaled: the counter was on the PMU for part of the time only: the count is extrapolated
 * @event.error: 0, or the -errno for which there is no count: -EAGAIN if the counter was never on
 *	the PMU in between, -ENODEV if the CPU was offline, -EOVERFLOW if the extrapolated count
 *	does not fit in 64 bits
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

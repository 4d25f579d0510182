/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pauses: rare, long work of a map (promotion, growth, a grace period), as a histogram and as
 * a list of the last few with their times.
 */
#ifndef MAPSTAT_PAUSES_H
#define MAPSTAT_PAUSES_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <uapi/mapstat.h>

struct cmap;

#define MAPSTAT_PAUSES_KEPT	64	/* a screenful; a power of two */

/**
 * enum mapstat_pause - cause of a pause
 * @MAPSTAT_PAUSE_PROMOTION: dirty side made the read side: time that writers had to wait
 * @MAPSTAT_PAUSE_COPY: classic read/dirty map: dirty side rebuilt inside an operation
 * @MAPSTAT_PAUSE_GROWTH: a larger table allocated, or published under the lock
 * @MAPSTAT_PAUSE_SHRINK: likewise for a smaller one
 * @MAPSTAT_PAUSE_GRACE_PERIOD: waited for readers before memory was reused
 */
enum mapstat_pause {
	MAPSTAT_PAUSE_PROMOTION,
	MAPSTAT_PAUSE_COPY,
	MAPSTAT_PAUSE_GROWTH,
	MAPSTAT_PAUSE_SHRINK,
	MAPSTAT_PAUSE_GRACE_PERIOD,
	MAPSTAT_NR_PAUSES
};

extern const char *const mapstat_pause_names[MAPSTAT_NR_PAUSES];

/**
 * struct mapstat_pause_event - one pause
 * @end_ns: CLOCK_MONOTONIC when it ended
 * @duration_ns: its duration
 * @entries: number of entries (or buckets) concerned
 * @kind: kind of pause
 */
struct mapstat_pause_event {
	u64 end_ns;
	u64 duration_ns;
	u64 entries;
	enum mapstat_pause kind;
};

/**
 * struct mapstat_pauses - a map's pauses
 * @map: their map, for tracepoints; constant; NULL: no trace events
 * @lock: protects all that follows it
 * @total: number per kind, since creation or reset; their sum is the number of events
 * @max_ns: longest pause, per kind
 * @sum_ns: total duration, per kind
 * @bucket: histogram of all kinds
 * @ring: the last MAPSTAT_PAUSES_KEPT events, event i at i % MAPSTAT_PAUSES_KEPT
 * @next: number of events so far
 */
struct mapstat_pauses {
	const struct cmap *map;
	spinlock_t lock;	/* protects all that follows */
	u64 total[MAPSTAT_NR_PAUSES];
	u64 max_ns[MAPSTAT_NR_PAUSES];
	u64 sum_ns[MAPSTAT_NR_PAUSES];
	u64 bucket[MAPSTAT_HIST_BUCKETS];
	struct mapstat_pause_event ring[MAPSTAT_PAUSES_KEPT];
	u64 next;
};

void mapstat_pauses_init(struct mapstat_pauses *p, const struct cmap *map);
void mapstat_pauses_reset(struct mapstat_pauses *p);
void mapstat_pauses_record(struct mapstat_pauses *p, enum mapstat_pause kind,
			   u64 duration_ns, u64 entries);
void mapstat_pauses_snapshot(struct mapstat_pauses *p, struct mapstat_pauses *copy);

#endif /* MAPSTAT_PAUSES_H */

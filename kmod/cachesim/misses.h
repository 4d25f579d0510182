/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cache misses of a map's operations: what is kept, and the sources that it comes from.
 *
 * A source is the CPUs' counters (pmu) or the model.  One is never shown as the other: what
 * is kept names its source, and is of one source only.
 */
#ifndef MAPSTAT_MISSES_H
#define MAPSTAT_MISSES_H

#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include "kmod/stats/counters.h"
#include "kmod/stats/hist.h"
#include "lines.h"
#include "model.h"
#include "access.h"

#define MAPSTAT_SOURCE_TEXT	224	/* bytes that the name of a source fits in */

/* What cache= asks for. */
enum mapstat_cache {
	MAPSTAT_CACHE_AUTO,
	MAPSTAT_CACHE_PMU,
	MAPSTAT_CACHE_MODEL,
	MAPSTAT_CACHE_OFF,
};

/**
 * enum mapstat_miss_hist - the histograms, of misses per operation in thousandths
 * @MAPSTAT_MISS_L1D: of the first-level data cache
 * @MAPSTAT_MISS_LLC: of the last-level cache; pmu only
 * @MAPSTAT_MISS_DTLB: of the data TLB
 * @MAPSTAT_MISS_COHERENCE: those of @MAPSTAT_MISS_L1D that are coherence; model only
 */
enum mapstat_miss_hist {
	MAPSTAT_MISS_L1D,
	MAPSTAT_MISS_LLC,
	MAPSTAT_MISS_DTLB,
	MAPSTAT_MISS_COHERENCE,
	MAPSTAT_NR_MISS_HISTS
};

/**
 * enum mapstat_miss_total - the sums, per kind of operation.  Accesses are of lines
 * @MAPSTAT_TOTAL_OPS: operations
 * @MAPSTAT_TOTAL_READS: accesses that only read; the sums from here on but for the last
 *	three are the model's
 * @MAPSTAT_TOTAL_WRITES: accesses that write
 * @MAPSTAT_TOTAL_ATOMICS: accesses by a locked instruction
 * @MAPSTAT_TOTAL_LINES: distinct lines, of each operation
 * @MAPSTAT_TOTAL_COLD: first-level misses, see enum mapstat_l1
 * @MAPSTAT_TOTAL_CAPACITY: as above
 * @MAPSTAT_TOTAL_CONFLICT: as above
 * @MAPSTAT_TOTAL_COHERENCE: as above
 * @MAPSTAT_TOTAL_INVALIDATED: copies in other CPUs' caches that writes put an end to
 * @MAPSTAT_TOTAL_L1D: first-level misses
 * @MAPSTAT_TOTAL_LLC: last-level misses; pmu only
 * @MAPSTAT_TOTAL_DTLB: TLB misses
 */
enum mapstat_miss_total {
	MAPSTAT_TOTAL_OPS,
	MAPSTAT_TOTAL_READS,
	MAPSTAT_TOTAL_WRITES,
	MAPSTAT_TOTAL_ATOMICS,
	MAPSTAT_TOTAL_LINES,
	MAPSTAT_TOTAL_COLD,
	MAPSTAT_TOTAL_CAPACITY,
	MAPSTAT_TOTAL_CONFLICT,
	MAPSTAT_TOTAL_COHERENCE,
	MAPSTAT_TOTAL_INVALIDATED,
	MAPSTAT_TOTAL_L1D,
	MAPSTAT_TOTAL_LLC,
	MAPSTAT_TOTAL_DTLB,
	MAPSTAT_NR_MISS_TOTALS
};

extern const char *const mapstat_miss_hist_names[MAPSTAT_NR_MISS_HISTS];
extern const char *const mapstat_miss_total_names[MAPSTAT_NR_MISS_TOTALS];
extern const char *const mapstat_op_kind_names[MAPSTAT_NR_OP_KINDS];

/**
 * struct mapstat_miss_cpu - the sums of a CPU
 * @total: written by the CPU itself, bottom halves off; read by anyone
 */
struct mapstat_miss_cpu {
	u64 total[MAPSTAT_NR_OP_KINDS][MAPSTAT_NR_MISS_TOTALS];
} ____cacheline_aligned;

/**
 * struct mapstat_misses - what is kept of a map
 * @lock: protects @kind, @text and @counts
 * @kind: whose figures these are: MAPSTAT_CACHE_PMU, MAPSTAT_CACHE_MODEL, or
 *	MAPSTAT_CACHE_OFF for nobody's
 * @text: the source in words
 * @counts: as in struct mapstat_miss_session
 * @cpu: the pointer is constant
 * @hist: the pointers are constant; see struct mapstat_hist_cpu
 * @lines: those that CPUs take from each other, as the model sees it; the pointer is constant
 */
struct mapstat_misses {
	spinlock_t lock;	/* protects kind, text and counts */
	enum mapstat_cache kind;
	char text[MAPSTAT_SOURCE_TEXT];
	unsigned long counts;
	struct mapstat_miss_cpu __percpu *cpu;
	struct mapstat_hist_cpu __percpu *hist[MAPSTAT_NR_MISS_HISTS];
	struct mapstat_lines *lines;
};

struct cpumask;
struct mapstat_pmu;
struct mapstat_pmu_reading;

/**
 * struct mapstat_miss_session - who counts, during a run or a window
 * @kind: as in struct mapstat_misses
 * @text: the source in words
 * @model: the model, where it counts
 * @pmu: the CPUs' counters, where they count
 * @cpus: those that take part: each has a cache of its own in the model; all others share one
 * @counts: of enum mapstat_miss_total, a bit for each that is counted
 *
 * Constant while the session lasts.
 */
struct mapstat_miss_session {
	enum mapstat_cache kind;
	char text[MAPSTAT_SOURCE_TEXT];
	struct mapstat_model *model;
	struct mapstat_pmu *pmu;
	const struct cpumask *cpus;
	unsigned long counts;
};

/* What is kept of a map, or NULL. */
static inline struct mapstat_misses *cmap_misses(struct cmap_stats *s)
{
	return smp_load_acquire(&s->misses);	/* pairs with misses_of() */
}

bool mapstat_session_takes_model(enum mapstat_cache cache);
int mapstat_session_begin(struct mapstat_miss_session *s, enum mapstat_cache cache,
			  const struct mapstat_geometry *g, const struct cpumask *cpus);
void mapstat_session_end(struct mapstat_miss_session *s);
int mapstat_session_name(const struct mapstat_miss_session *s, struct cmap_stats *m);
int mapstat_session_attach(const struct mapstat_miss_session *s, struct cmap_stats *m);
void mapstat_session_record(const struct mapstat_miss_session *s);
bool mapstat_session_counts(const struct mapstat_miss_session *s, enum mapstat_miss_total total);
void mapstat_session_detach(const struct mapstat_miss_session *s);
void mapstat_pmu_batch(const struct mapstat_miss_session *s, struct cmap_stats *m,
		       const struct mapstat_pmu_reading *before, enum mapstat_op_kind kind,
		       unsigned int ops);
int mapstat_misses_window(struct cmap_stats *m, const struct mapstat_geometry *g, unsigned int ms);
void mapstat_window_refuse(struct cmap_stats *m);
bool mapstat_window_end(void);

void mapstat_misses_ready(struct mapstat_misses *misses, int cpu);
void mapstat_misses_record(struct mapstat_misses *misses, const struct mapstat_op *op, int cpu);
u64 mapstat_misses_total(const struct mapstat_misses *misses, enum mapstat_op_kind kind,
			 enum mapstat_miss_total total, int cpu);
u64 mapstat_misses_sum(const struct mapstat_misses *misses, enum mapstat_miss_total total);
unsigned long mapstat_misses_source(struct cmap_stats *m, char *text, size_t size);
void mapstat_misses_reset(struct mapstat_misses *misses);
u64 mapstat_misses_bytes(unsigned int cpus);
u64 mapstat_misses_held(const struct mapstat_misses *misses);
void mapstat_misses_free(struct mapstat_misses *misses);

#endif /* MAPSTAT_MISSES_H */

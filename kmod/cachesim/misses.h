/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cache misses of a map's operations: what is recorded, and its sources.
 *
 * A source is the CPUs' counters (pmu) or the model.  The figures name their source and are all
 * from the same one; one source is never presented as the other.
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

#define MAPSTAT_SOURCE_TEXT	224	/* enough bytes for the name of any source */

/* Values of the parameter cache. */
enum mapstat_cache {
	MAPSTAT_CACHE_AUTO,
	MAPSTAT_CACHE_PMU,
	MAPSTAT_CACHE_MODEL,
	MAPSTAT_CACHE_OFF,
};

/**
 * enum mapstat_miss_hist - histograms of misses per operation, in thousandths
 * @MAPSTAT_MISS_L1D: misses of the first-level data cache
 * @MAPSTAT_MISS_LLC: misses of the last-level cache; pmu only
 * @MAPSTAT_MISS_DTLB: misses of the data TLB
 * @MAPSTAT_MISS_COHERENCE: coherence misses among @MAPSTAT_MISS_L1D; model only
 */
enum mapstat_miss_hist {
	MAPSTAT_MISS_L1D,
	MAPSTAT_MISS_LLC,
	MAPSTAT_MISS_DTLB,
	MAPSTAT_MISS_COHERENCE,
	MAPSTAT_NR_MISS_HISTS
};

/**
 * enum mapstat_miss_total - sums per kind of operation; accesses are accesses to lines
 * @MAPSTAT_TOTAL_OPS: operations
 * @MAPSTAT_TOTAL_READS: accesses that only read; this and the following sums, except the last
 *	three, are of the model only
 * @MAPSTAT_TOTAL_WRITES: accesses that write
 * @MAPSTAT_TOTAL_ATOMICS: accesses by a locked instruction
 * @MAPSTAT_TOTAL_LINES: distinct lines of each operation
 * @MAPSTAT_TOTAL_COLD: first-level misses, see enum mapstat_l1
 * @MAPSTAT_TOTAL_CAPACITY: likewise
 * @MAPSTAT_TOTAL_CONFLICT: likewise
 * @MAPSTAT_TOTAL_COHERENCE: likewise
 * @MAPSTAT_TOTAL_INVALIDATED: copies that writes invalidated in other CPUs' caches
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
 * struct mapstat_miss_cpu - a CPU's sums
 * @total: written by the CPU itself, bottom halves off; read by anyone
 */
struct mapstat_miss_cpu {
	u64 total[MAPSTAT_NR_OP_KINDS][MAPSTAT_NR_MISS_TOTALS];
} ____cacheline_aligned;

/**
 * struct mapstat_misses - a map's misses
 * @lock: protects @kind, @text and @counts
 * @kind: source of the figures: MAPSTAT_CACHE_PMU, MAPSTAT_CACHE_MODEL, or MAPSTAT_CACHE_OFF
 *	if there is none
 * @text: name of the source
 * @counts: as in struct mapstat_miss_session
 * @cpu: the pointer is constant
 * @hist: the pointers are constant; see struct mapstat_hist_cpu
 * @lines: contended lines, as the model sees them; the pointer is constant
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
 * struct mapstat_miss_session - a source of miss counts, for a run or a window
 * @kind: as in struct mapstat_misses
 * @text: name of the source
 * @model: the model, if it is the source
 * @pmu: the PMU counters, if they are the source
 * @cpus: participating CPUs: each has its own cache in the model; all others share one
 * @counts: bitmap of enum mapstat_miss_total: what is counted
 *
 * Constant for the time of the session.
 */
struct mapstat_miss_session {
	enum mapstat_cache kind;
	char text[MAPSTAT_SOURCE_TEXT];
	struct mapstat_model *model;
	struct mapstat_pmu *pmu;
	const struct cpumask *cpus;
	unsigned long counts;
};

/* Return: a map's misses, or NULL. */
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

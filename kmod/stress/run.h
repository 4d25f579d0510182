/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run in progress, as its coordinator, its threads and the final check see it.
 */
#ifndef MAPSTAT_STRESS_RUN_H
#define MAPSTAT_STRESS_RUN_H

#include <linux/atomic.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include "kmod/designs/loop.h"
#include "arrival.h"
#include "config.h"
#include "keys.h"
#include "mix.h"
#include "sampling.h"
#include "variants.h"

struct stress_run;

/**
 * struct stress_mine - keys that a thread keeps to, out of those that it owns
 * @n: how many; not 0
 * @index: which
 */
struct stress_mine {
	unsigned int n;
	u32 index[];
};

/* What an owner notes of a key of its own: a byte. */
#define STRESS_PRESENT		STRESS_VERSIONS		/* ... and the version below it */

/**
 * struct stress_figures - what a thread did in one phase
 * @ops: operations
 * @ticks: of the clock, in the loops over @ticks_ops
 * @ticks_ops: those of @ops that were in batches which were not timed one by one, or, with
 *	Poisson arrivals, all
 * @max_ticks: longest operation recorded, per enum stress_op
 * @response_max_ns: longest from intended arrival to completion
 * @backlog_max: most arrivals that were due but not served
 * @errors: results that cannot be right
 * @nomem: stores that returned -ENOMEM
 * @away: for a part of it at least, the thread was not on its CPU, which went offline
 */
struct stress_figures {
	u64 ops;
	u64 ticks;
	u64 ticks_ops;
	u64 max_ticks[3];
	u64 response_max_ns;
	u64 backlog_max;
	u64 errors;
	u64 nomem;
	bool away;
};

/**
 * struct stress_thread - one pinned thread
 * @run: constant
 * @task: constant
 * @cpu: that it is pinned to; constant
 * @number: constant; owns the keys whose index modulo the number of threads it is
 * @owned: how many those are; constant
 * @generation: last phase that it saw; its own
 * @random: its own
 * @sampler: draws what is timed and recorded; its own
 * @batch: its own
 * @index: the keys of the batch; its own
 * @version: the versions that the batch stores; its own
 * @arrivals: the stream that is served; its own
 * @ahead: the same stream, run ahead to the present to count the backlog; its own
 * @log: what the batch touched, or NULL where there is no model; its own, and of who feeds
 *	it while all threads meet
 * @figures: its own while a phase runs, the coordinator's after stress_run.over
 * @was_away: @figures.away of the phase before, which the log has; the coordinator's
 * @notes: per map, a byte for each key owned; as @figures
 * @mine: per map, the only keys that it works on, or NULL; constant once the map is filled
 */
struct stress_thread {
	struct stress_run *run;
	struct task_struct *task;
	unsigned int cpu;
	unsigned int number;
	u64 owned;
	unsigned int generation;
	struct stress_random random;
	struct stress_random sampler;
	struct stress_batch *batch;
	u64 index[STRESS_BATCH_MAX];
	u8 version[STRESS_BATCH_MAX];
	struct stress_arrival arrivals;
	struct stress_arrival ahead;
	struct mapstat_access_log *log;
	struct stress_figures figures;
	bool was_away;
	u8 *notes[CMAP_NR_DESIGNS];
	struct stress_mine *mine[CMAP_NR_DESIGNS];
} ____cacheline_aligned;

/**
 * struct stress_phase - what the threads do until they are told to stop
 * @round: from 1
 * @map: index into stress_run.maps
 * @stream: number of the random streams: the same operations come in each map's turn
 * @timed: figures and latencies are kept; otherwise it is a warm-up
 * @counted: cache misses are counted, and nothing is timed: with @timed they are kept,
 *	otherwise it is the warm-up of that
 */
struct stress_phase {
	unsigned int round;
	unsigned int map;
	u64 stream;
	bool timed;
	bool counted;
};

/**
 * struct stress_run - a run
 * @config: resolved; constant
 * @keys: constant
 * @mix: constant
 * @may_delete: some operations delete; constant
 * @batch_ops: operations in a batch; constant
 * @sampling: constant
 * @maps: of stress_variant(); constant
 * @session: who counts cache misses; the coordinator's, constant while a phase runs
 * @threads: constant
 * @cpus: that they are pinned to; constant
 * @coordinator: constant
 * @phase: written by the coordinator while no thread works
 * @generation: number of the phase: stored with release, read with acquire, so that a
 *	thread that sees it sees @phase
 * @deadline_ns: CLOCK_MONOTONIC at which the phase ends by itself; as @phase
 * @stop: the phase is to end before that: read and written without ordering
 * @wake: threads wait here for a phase, or for an arrival within one
 * @active: threads that have not ended the phase; who takes the last away sees the
 *	figures of all
 * @end_ns: CLOCK_MONOTONIC at which the last thread ended; its to write
 * @over: all threads have ended the phase: stored with release by the last one, read
 *	with acquire by the coordinator, who then sees their figures and @end_ns
 * @finish: the coordinator waits here for @over
 * @absent: threads that have yet to do their batch before all of them are fed to the model
 * @meeting: how often all had; stored with release by who fed them, read with acquire
 * @adjourned: the phase has ended meanwhile; as @meeting
 * @met: threads wait here for the next @meeting
 * @errors: per map, of all phases and the final check; the coordinator's
 * @nomem: per map, as @errors
 * @idle: per map, rounds without an operation; the coordinator's
 * @away: CPUs whose threads were away in the last phase; the coordinator's
 */
struct stress_run {
	struct stress_config config;
	struct stress_keys keys;
	struct stress_mix mix;
	bool may_delete;
	unsigned int batch_ops;
	struct stress_sampling sampling;
	struct cmap *maps[CMAP_NR_DESIGNS];
	struct mapstat_miss_session session;
	struct stress_thread *threads;
	struct cpumask cpus;
	struct task_struct *coordinator;

	struct stress_phase phase;
	unsigned int generation;
	u64 deadline_ns;
	bool stop;
	wait_queue_head_t wake;
	atomic_t active;
	u64 end_ns;
	bool over;
	wait_queue_head_t finish;

	atomic_t absent;
	unsigned int meeting;
	bool adjourned;
	wait_queue_head_t met;

	u64 errors[CMAP_NR_DESIGNS];
	u64 nomem[CMAP_NR_DESIGNS];
	u64 idle[CMAP_NR_DESIGNS];
	struct cpumask away;
};

/* Every key is noted by one thread, at one place. */
static inline u8 *stress_note(struct stress_run *run, unsigned int map, u64 index)
{
	unsigned int threads = run->config.threads;
	struct stress_thread *owner = &run->threads[index % threads];

	return &owner->notes[map][index / threads];
}

int stress_threads_create(struct stress_run *run);
void stress_threads_start(struct stress_run *run);
void stress_threads_destroy(struct stress_run *run);

struct stress_batch *stress_batch_alloc(const struct stress_run *run);
void stress_batch_free(struct stress_batch *b);
void stress_batch_draw(struct stress_thread *t, unsigned int n);
void stress_batch_run(struct cmap *m, struct stress_batch *b);
u64 stress_batch_check(struct stress_thread *t);
void stress_unfold_bulk(struct stress_batch *b);
bool stress_phase_ends(const struct stress_run *run);

void stress_run_counted(struct stress_thread *t, struct cmap *m,
			const struct stress_subject *subject);
int stress_count_begin(struct stress_run *run);
void stress_count_end(struct stress_run *run);

int stress_memory_check(const struct stress_config *c, char *why, size_t size);

int stress_prefill(struct stress_run *run, unsigned int map);
int stress_final_check(struct stress_run *run, unsigned int map);

#endif /* MAPSTAT_STRESS_RUN_H */

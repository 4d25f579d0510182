/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State of a run, shared by its coordinator, its threads and the final check.
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
 * struct stress_mine - subset of its own keys that a thread is restricted to
 * @n: number of keys; not 0
 * @index: indexes of the keys
 */
struct stress_mine {
	unsigned int n;
	u32 index[];
};

/* Shadow state of a key, one byte: this bit if it is present, and the version below it. */
#define STRESS_PRESENT		STRESS_VERSIONS

/**
 * struct stress_figures - results of a thread in one phase
 * @ops: operations
 * @ticks: clock ticks spent in the loops over @ticks_ops
 * @ticks_ops: those of @ops in batches whose operations were not timed individually; all of
 *	@ops if every batch is timed, as with Poisson arrivals
 * @max_ticks: longest operation recorded, per enum stress_op
 * @response_max_ns: longest time from intended arrival to completion
 * @backlog_max: maximum number of arrivals that were due but not served
 * @errors: wrong results
 * @nomem: stores that returned -ENOMEM
 * @away: the thread was off its CPU, which went offline, for at least a part of the phase
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
 * @run: the run; constant
 * @task: the thread; constant
 * @cpu: CPU that it is pinned to; constant
 * @number: from 0; it owns the keys with index modulo the number of threads == @number;
 *	constant
 * @owned: number of keys that it owns; constant
 * @generation: last phase that it saw; private
 * @random: draws operations and keys; private
 * @sampler: draws which operations are timed and recorded; private
 * @batch: private
 * @index: keys of the batch; private
 * @version: versions that the batch stores; private
 * @arrivals: stream of arrivals to serve; private
 * @ahead: the same stream, advanced to the current time to count the backlog; private
 * @log: accesses of the batch, or NULL without the model; private, except that the thread
 *	that feeds the model reads it while the others wait in stress_run.met
 * @figures: private while a phase runs, the coordinator's after stress_run.over
 * @was_away: @figures.away in the previous phase, as logged; the coordinator's
 * @notes: per map, the shadow state: a byte for each owned key; access as for @figures
 * @mine: per map, the keys that it is restricted to, or NULL; constant once the map is filled
 *
 * Private fields are accessed by the thread only.
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
 * struct stress_phase - what the threads do until the phase ends
 * @round: counts from 1
 * @map: index into stress_run.maps
 * @stream: number of the first thread's random stream; equal for all maps of a round, so that
 *	they get the same operations
 * @timed: figures and latencies are recorded; otherwise it is a warm-up
 * @counted: cache misses are counted and nothing is timed; with @timed they are recorded,
 *	otherwise it is a warm-up
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
 * @may_delete: some operations are deletes; constant
 * @batch_ops: operations in a batch; constant
 * @sampling: constant
 * @maps: one for each stress_variant(); constant
 * @session: source of cache misses; the coordinator's, constant while a phase runs
 * @threads: constant
 * @cpus: CPUs that the threads are pinned to; constant
 * @coordinator: constant
 * @phase: written by the coordinator while no thread works
 * @generation: number of the phase; stored with release, read with acquire, so that a
 *	thread that reads it sees @phase
 * @deadline_ns: end of the phase, CLOCK_MONOTONIC; written as @phase
 * @stop: ends the phase before @deadline_ns; read and written without ordering
 * @wake: threads wait here for a phase, or for an arrival within one
 * @active: threads that have not ended the phase; the thread that decrements it to 0 sees
 *	the figures of all
 * @end_ns: CLOCK_MONOTONIC at which the last thread ended; written by that thread
 * @over: all threads have ended the phase; stored with release by the last one, read with
 *	acquire by the coordinator, which then sees their figures and @end_ns
 * @finish: the coordinator waits here for @over
 * @absent: threads that have not done their batch since the model was last fed
 * @meeting: number of times that the model was fed; stored with release by the thread that
 *	fed it, read with acquire
 * @adjourned: the phase has ended; written before @meeting is stored, read after it was read
 * @met: threads wait here for the next @meeting
 * @errors: per map, of all phases and the final check; the coordinator's
 * @nomem: per map, stores that returned -ENOMEM in all phases; the coordinator's
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

/* Shadow state of a key, written by its owner only. */
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

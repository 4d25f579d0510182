// SPDX-License-Identifier: GPL-2.0-only
/*
 * Start, stop and reset of a run; and its coordinator, a thread that fills the maps, runs the
 * workloads in turn, round by round, and gives the verdict.
 */
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include "kmod/cmap/front.h"
#include "kmod/cmap/registry.h"
#include "kmod/refusal.h"
#include "measure.h"
#include "params.h"
#include "results.h"
#include "run.h"
#include "stress.h"

/* Warm-up before each timed phase: a tenth of its length, within these limits. */
#define WARMUP_MIN_MS	10
#define WARMUP_MAX_MS	500

/* Misses are counted for 1/COUNT_SHARE of a timed phase; an operation takes much longer. */
#define COUNT_SHARE	4
#define COUNT_MIN_MS	10U

/*
 * Serializes start, stop and reset.  Held while threads end and maps are created and destroyed:
 * only another start, stop or reset waits for it, interruptibly.
 */
static DEFINE_MUTEX(stress_lock);
/* The last run; its maps stay until the next one starts.  Protected by stress_lock. */
static struct stress_run *stress_run;
/*
 * Set and cleared under stress_lock; also cleared by the coordinator after the threads have
 * exited.  Release and acquire: a reader that sees it clear sees what the threads did.
 */
static bool stress_running;

/**
 * stress_busy - is a run in progress?
 *
 * Context: Any.
 * Return: true from before a start reads the parameters until the threads have exited.
 */
bool stress_busy(void)
{
	return smp_load_acquire(&stress_running);	/* pairs with set_busy() */
}

static void set_busy(bool busy)
{
	smp_store_release(&stress_running, busy);	/* pairs with stress_busy() */
}

static const char *map_name(const struct stress_run *run, unsigned int map)
{
	return stress_variant(&run->config, map).name;
}

/* Number of threads that were off their CPU in the last phase. */
static unsigned int threads_away(const struct stress_run *run)
{
	unsigned int i, n = 0;

	for (i = 0; i < run->config.threads; i++)
		n += run->threads[i].figures.away;
	return n;
}

static void collect_errors(struct stress_run *run)
{
	unsigned int i, map = run->phase.map;

	for (i = 0; i < run->config.threads; i++) {
		run->errors[map] += run->threads[i].figures.errors;
		run->nomem[map] += run->threads[i].figures.nomem;
	}
}

/*
 * Find the threads that were off their CPU.  Logged on change only, so that there is at most
 * one line per phase, however many threads are affected and however long a CPU is offline.
 */
static void collect_away(struct stress_run *run)
{
	const struct stress_phase *phase = &run->phase;
	bool changed = false;
	unsigned int i;

	cpumask_clear(&run->away);
	for (i = 0; i < run->config.threads; i++) {
		struct stress_thread *t = &run->threads[i];

		if (t->figures.away)
			cpumask_set_cpu(t->cpu, &run->away);
		changed |= t->figures.away != t->was_away;
		t->was_away = t->figures.away;
	}
	if (!changed)
		return;
	if (cpumask_empty(&run->away))
		pr_info("round %u, map %s: all threads are on their CPUs again\n", phase->round,
			map_name(run, phase->map));
	else
		pr_info("round %u, map %s: %u of %u threads were driven off their CPUs: %*pbl\n",
			phase->round, map_name(run, phase->map), threads_away(run),
			run->config.threads, cpumask_pr_args(&run->away));
}

static bool phase_is_over(const struct stress_run *run)
{
	/* Pairs with the release in end_phase(): makes the threads' figures visible. */
	return smp_load_acquire(&run->over);
}

/*
 * Let all threads work for @ms.  They end by the clock: if many share a CPU, the coordinator
 * may be late to stop them.  Return: duration of the phase, ns.
 */
static u64 run_phase(struct stress_run *run, unsigned int ms)
{
	u64 start = ktime_get_ns();

	run->deadline_ns = start + (u64)ms * NSEC_PER_MSEC;
	run->over = false;
	atomic_set(&run->active, run->config.threads);
	WRITE_ONCE(run->stop, false);		/* pairs with stress_phase_ends() */
	/* Pairs with the acquire in phase_begins(): the threads see the stores above. */
	smp_store_release(&run->generation, run->generation + 1);
	wake_up_all(&run->wake);
	wait_event_idle(run->finish, kthread_should_stop() || phase_is_over(run));
	if (!phase_is_over(run)) {
		WRITE_ONCE(run->stop, true);	/* pairs with stress_phase_ends() */
		wake_up_all(&run->wake);	/* threads that wait for an arrival */
		wait_event_idle(run->finish, phase_is_over(run));
	}
	collect_errors(run);
	collect_away(run);
	return run->end_ns - start;
}

static unsigned int warmup_ms(unsigned int ms)
{
	return clamp_t(unsigned int, ms / 10, WARMUP_MIN_MS, WARMUP_MAX_MS);
}

/* threads_away of a row is the maximum of the phases that it covers. */
static void note_away(const struct stress_run *run, struct stress_row *row)
{
	u64 *col = &row->col[STRESS_COL_threads_away];

	*col = max_t(u64, *col, threads_away(run));
}

/*
 * Run the same operations again, untimed, to count cache misses.  Return: 0, -EINTR if the run
 * must end, or -ENOMEM.
 */
static int count_turn(struct stress_run *run, struct stress_measure *measure, u64 stream,
		      struct stress_row *row)
{
	struct cmap *m = run->maps[row->map];
	unsigned int ms = run->config.duration_ms;
	int ret;

	if (run->session.kind == MAPSTAT_CACHE_OFF)
		return 0;
	ret = mapstat_session_attach(&run->session, &m->stats);
	if (ret)
		return ret;
	run->phase = (struct stress_phase){
		.round = row->round, .map = row->map, .stream = stream, .counted = true,
	};
	run_phase(run, warmup_ms(ms));
	if (!kthread_should_stop()) {
		measure_misses_begin(measure, run);
		mapstat_session_record(&run->session);
		run->phase.stream += STRESS_THREADS_MAX;
		run->phase.timed = true;
		run_phase(run, max(ms / COUNT_SHARE, COUNT_MIN_MS));
		measure_misses_end(measure, run, row);
		note_away(run, row);
	}
	mapstat_session_detach(&run->session);
	return kthread_should_stop() ? -EINTR : 0;
}

/* Run one round of one map.  Return: 0, -EINTR if the run must end, or -ENOMEM. */
static int run_turn(struct stress_run *run, struct stress_measure *measure,
		    unsigned int round, unsigned int map)
{
	u64 errors = run->errors[map], stream = (u64)round * 2 * STRESS_THREADS_MAX;
	struct stress_row row = { .map = map, .round = round };
	unsigned int ms = run->config.duration_ms;
	int ret;

	run->phase = (struct stress_phase){ .round = round, .map = map, .stream = stream };
	run_phase(run, warmup_ms(ms));
	if (kthread_should_stop())
		return -EINTR;

	measure_begin(measure, run->maps[map]);
	run->phase.stream += STRESS_THREADS_MAX;
	run->phase.timed = true;
	measure_end(measure, run, run_phase(run, ms), &row);
	if (kthread_should_stop())
		return -EINTR;		/* cut short: not a round */
	note_away(run, &row);
	run->idle[map] += !row.col[STRESS_COL_ops];
	ret = count_turn(run, measure, stream, &row);
	if (ret)
		return ret;
	row.col[STRESS_COL_errors] = run->errors[map] - errors;
	results_add(&row);
	return 0;
}

static int run_rounds(struct stress_run *run)
{
	struct stress_measure *measure = measure_alloc();
	unsigned int round, map;
	int ret = measure ? stress_count_begin(run) : -ENOMEM;

	for (round = 1; !ret && round <= run->config.rounds; round++) {
		results_round(round);
		for (map = 0; !ret && map < stress_variants(&run->config); map++)
			ret = run_turn(run, measure, round, map);
	}
	if (measure)
		stress_count_end(run);
	measure_free(measure);
	return ret;
}

typedef int (*map_fn)(struct stress_run *, unsigned int);

static int each_map(struct stress_run *run, map_fn fn)
{
	unsigned int map;
	int ret = 0;

	for (map = 0; !ret && map < stress_variants(&run->config); map++)
		ret = fn(run, map);
	return ret;
}

static void destroy_maps(struct stress_run *run)
{
	unsigned int map;

	for (map = 0; map < stress_variants(&run->config); map++) {
		cmap_destroy(run->maps[map]);
		run->maps[map] = NULL;
	}
}

/* Return: the first map with a count in @counts, or -1. */
static int first_map_with(const struct stress_run *run, const u64 *counts)
{
	unsigned int map;

	for (map = 0; map < stress_variants(&run->config); map++)
		if (counts[map])
			return map;
	return -1;
}

/* Wrong values take precedence: they are a failure however the run ended. */
static void conclude(struct stress_run *run, int ret)
{
	int wrong = first_map_with(run, run->errors);
	int nomem = first_map_with(run, run->nomem);
	int idle = first_map_with(run, run->idle);
	int error = ret == -EINTR ? 0 : ret;

	if (wrong >= 0)
		results_end(STRESS_FAILURE, error, "wrong value: map %s: %llu errors",
			    map_name(run, wrong), run->errors[wrong]);
	else if (error)
		results_end(STRESS_FAILURE, error, "%s: the run ended with %d",
			    error == -ENOMEM ? "out of memory" : "error", error);
	else if (nomem >= 0)
		results_end(STRESS_FAILURE, 0, "out of memory: map %s: %llu stores",
			    map_name(run, nomem), run->nomem[nomem]);
	else if (idle >= 0)
		results_end(STRESS_FAILURE, 0,
			    "no operation was done: map %s: in %llu of %u rounds",
			    map_name(run, idle), run->idle[idle], run->config.rounds);
	else if (ret)
		results_end(STRESS_NO_VERDICT, 0, "stopped before the end");
	else
		results_end(STRESS_SUCCESS, 0, "%s", "");
}

static int prefill_map(struct stress_run *run, unsigned int map)
{
	return stress_variant(&run->config, map).subject->prefill(run, map);
}

static int check_map(struct stress_run *run, unsigned int map)
{
	return stress_variant(&run->config, map).subject->final_check(run, map);
}

static int stress_coordinator(void *arg)
{
	struct stress_run *run = arg;
	int ret;

	stress_threads_start(run);
	ret = each_map(run, prefill_map) ?: run_rounds(run) ?: each_map(run, check_map);
	stress_threads_destroy(run);
	if (ret && ret != -EINTR)
		destroy_maps(run);	/* frees memory, which may be short */
	/* Before the verdict, so that its reader can start another run immediately. */
	set_busy(false);
	conclude(run, ret);
	return 0;
}

static int create_map(struct stress_run *run, unsigned int map)
{
	const struct stress_variant v = stress_variant(&run->config, map);
	struct cmap *m = v.subject->create(&run->config, &v);

	if (m == ERR_PTR(-ENOMEM))
		return -ENOMEM;		/* already reported */
	if (IS_ERR(m))
		return mapstat_refuse(PTR_ERR(m), "map %s cannot be made: %ld%s", v.name,
				      PTR_ERR(m), m == ERR_PTR(-EEXIST) ?
				      ": a live map has that name" : "");
	run->maps[map] = m;
	return run->config.front ? cmap_front_set(m, true) : 0;
}

static int create_coordinator(struct stress_run *run)
{
	struct task_struct *task = kthread_create(stress_coordinator, run, "mapstat");

	if (IS_ERR(task))
		return mapstat_refuse(PTR_ERR(task), "start: cannot create the coordinator: %ld",
				      PTR_ERR(task));
	/* It may have exited by the time of kthread_stop(). */
	run->coordinator = get_task_struct(task);
	wake_up_process(task);
	return 0;
}

/* Stop the coordinator, if it is still running, and wait until it has exited. */
static void join_coordinator(struct stress_run *run)
{
	lockdep_assert_held(&stress_lock);
	if (!run || !run->coordinator)
		return;
	kthread_stop(run->coordinator);
	put_task_struct(run->coordinator);
	run->coordinator = NULL;
}

/* End the last run and free everything except its results. */
static void reap_run(void)
{
	struct stress_run *run = stress_run;

	lockdep_assert_held(&stress_lock);
	if (!run)
		return;
	join_coordinator(run);
	stress_threads_destroy(run);	/* if the coordinator never ran */
	destroy_maps(run);
	kvfree(run);
	stress_run = NULL;
}

static void tell_of_run(const struct stress_config *c)
{
	unsigned int cpus = cpumask_weight(&c->cpus);

	if (c->threads > cpus)
		pr_info("%u threads share %u CPUs: latencies include waiting for a CPU\n",
			c->threads, cpus);
	if (c->threads > c->keys)
		pr_info("%u threads, %llu keys: threads that own no key do loads only\n",
			c->threads, c->keys);
}

/* Replaces the last run, even on failure; frees @run in that case. */
static int launch_run(struct stress_run *run)
{
	char why[STRESS_REASON];
	int ret;

	reap_run();
	stress_run = run;
	ret = results_begin(&run->config);
	if (ret) {
		mapstat_refuse_memory(results_bytes(&run->config), "rounds=%u: no memory",
				      run->config.rounds);
		goto fail;
	}
	tell_of_run(&run->config);
	ret = stress_memory_check(&run->config, why, sizeof(why));
	if (ret) {
		mapstat_refuse_quietly(ret, "%s", why);
		results_end(STRESS_FAILURE, ret, "%s", why);
		goto fail;
	}
	ret = each_map(run, create_map) ?: stress_threads_create(run) ?: create_coordinator(run);
	if (!ret)
		return 0;
	results_end(STRESS_FAILURE, ret, "%s: the run cannot begin: %d",
		    ret == -ENOMEM ? "out of memory" : "error", ret);
fail:
	reap_run();
	return ret;
}

static int prepare_run(struct stress_run *run)
{
	struct stress_config *c = &run->config;
	int ret;

	mapstat_params_snapshot(c);
	ret = mapstat_params_resolve(c);
	if (ret)
		return ret;
	stress_keys_init(&run->keys, c);
	stress_mix_init(&run->mix, c->read_permille, c->delete_permille);
	run->may_delete = run->mix.delete > run->mix.load;
	stress_sampling_init(&run->sampling, c);
	init_waitqueue_head(&run->wake);
	init_waitqueue_head(&run->finish);
	return 0;
}

static int start_run(void)
{
	struct stress_run *run = kvzalloc(sizeof(*run), GFP_KERNEL);
	int ret;

	if (!run)
		return mapstat_refuse_memory(sizeof(*run), "start: no memory for a run");
	ret = prepare_run(run);
	if (ret) {
		kvfree(run);
		return ret;
	}
	return launch_run(run);
}

/**
 * stress_start - start a run with the current parameters
 *
 * Destroys the maps of the last run; those of the new run exist when this returns.
 *
 * Context: Process; sleeps.
 * Return: 0; -EBUSY while a run is in progress; -EINVAL, with a line in the log, if the
 * parameters conflict (the last run's maps and results are kept); -ERESTARTSYS for a signal
 * while waiting for another start, stop or reset (nothing was done); -ENOMEM if there is no
 * memory for struct stress_run (the last run is kept); another -errno if the run could not
 * start (control then reads "failed" with that errno, unless the results could not be
 * allocated).
 */
int stress_start(void)
{
	int ret;

	if (mutex_lock_interruptible(&stress_lock))
		return -ERESTARTSYS;
	if (stress_busy()) {
		ret = mapstat_refuse_quietly(-EBUSY, "start: a run is under way");
	} else {
		set_busy(true);
		ret = start_run();
		if (ret)
			set_busy(false);
	}
	mutex_unlock(&stress_lock);
	return ret;
}

/* Return: 0, or -EINVAL if there was neither a run nor a window. */
static int stop_run(void)
{
	const bool ran = stress_busy();

	lockdep_assert_held(&stress_lock);
	if (ran)
		join_coordinator(stress_run);
	if (stress_busy()) {	/* the coordinator was stopped before it ran */
		stress_threads_destroy(stress_run);
		conclude(stress_run, -EINTR);
		set_busy(false);
	}
	return mapstat_window_end() || ran ? 0 : -EINVAL;
}

/**
 * stress_stop - end the run, and a window that is open
 *
 * The rows of complete rounds and the maps are kept.
 *
 * Context: Process; sleeps until the threads have ended.
 * Return: 0; -EINVAL if neither is in progress; -ERESTARTSYS as stress_start().
 */
int stress_stop(void)
{
	int ret;

	if (mutex_lock_interruptible(&stress_lock))
		return -ERESTARTSYS;
	ret = stop_run();
	mutex_unlock(&stress_lock);
	return ret ? mapstat_refuse_quietly(ret, "stop: no run is under way") : 0;
}

/**
 * stress_reset - discard the results, zero the statistics of all live maps
 *
 * Context: Process; sleeps.
 * Return: 0; -EBUSY while a run is in progress; -ERESTARTSYS as stress_start().
 */
int stress_reset(void)
{
	int ret = 0;

	if (mutex_lock_interruptible(&stress_lock))
		return -ERESTARTSYS;
	if (stress_busy()) {
		ret = mapstat_refuse_quietly(-EBUSY, "reset: a run is under way");
	} else {
		join_coordinator(stress_run);	/* it may still be writing the verdict */
		results_reset();
		registry_for_each(cmap_stats_reset);
	}
	mutex_unlock(&stress_lock);
	return ret;
}

/**
 * stress_exit - end the run, free everything
 *
 * Context: Process; sleeps.  No other run can be started any more.
 */
void stress_exit(void)
{
	mutex_lock(&stress_lock);
	stop_run();
	reap_run();
	results_reset();
	mutex_unlock(&stress_lock);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pinned threads: draw a batch, run it in the design's own loop, check it.
 */
#include <linux/bottom_half.h>
#include <linux/cpu.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include "kmod/memory.h"
#include <mapstat/trace.h>
#include "kmod/cmap/front.h"
#include "kmod/cmap/traced.h"
#include "kmod/refusal.h"
#include "run.h"

/*
 * Stop sleeping and spin this long before an arrival: the timer may be late by the thread's
 * slack (50 us), and waking up takes about as long again.
 */
#define SPIN_NS			(100 * NSEC_PER_USEC)
/*
 * Maximum number of arrivals to count ahead per operation served, and at the end of a phase.
 * If there are more, the machine is hopelessly late, and counting must not delay it further:
 * the reported backlog is then too small.
 */
#define AHEAD_MAX		256
#define AHEAD_END_MAX		1000000

static const enum cmap_hist_kind service_hist[] = {
	[STRESS_LOAD]	= CMAP_HIST_LOAD,
	[STRESS_STORE]	= CMAP_HIST_STORE,
	[STRESS_DELETE]	= CMAP_HIST_DELETE,
};

static const enum cmap_hist_kind response_hist[] = {
	[STRESS_LOAD]	= CMAP_HIST_LOAD_RESPONSE,
	[STRESS_STORE]	= CMAP_HIST_STORE_RESPONSE,
	[STRESS_DELETE]	= CMAP_HIST_DELETE_RESPONSE,
};

/* Pairs with the WRITE_ONCE()s in run_phase(): a flag, no ordering. */
bool stress_phase_ends(const struct stress_run *run)
{
	return READ_ONCE(run->stop) || ktime_get_ns() >= run->deadline_ns;
}

/* The index of an owned key close to @index. */
static u64 own_index(const struct stress_thread *t, u64 index)
{
	const struct stress_config *c = &t->run->config;
	u64 own = index - index % c->threads + t->number;

	return own < c->keys ? own : own - c->threads;
}

/* The version after the key's last one, from the shadow state or earlier in this batch. */
static unsigned int next_version(const struct stress_thread *t, unsigned int i)
{
	struct stress_run *run = t->run;
	unsigned int j, last;

	for (j = i; j--;)
		if (t->batch->op[j] == STRESS_STORE && t->index[j] == t->index[i])
			return (t->version[j] + 1) % STRESS_VERSIONS;
	last = *stress_note(run, run->phase.map, t->index[i]);
	return (last + 1) % STRESS_VERSIONS;
}

static void draw_op(struct stress_thread *t, unsigned int i)
{
	const struct stress_run *run = t->run;
	struct stress_batch *b = t->batch;
	void *value = b->values + i * b->value_stride;
	enum stress_op op = stress_mix_draw(&run->mix, &t->random);
	const struct stress_mine *mine = t->mine[run->phase.map];
	u64 index = stress_keys_draw(&run->keys, &t->random);

	if (!t->owned)
		op = STRESS_LOAD;	/* more threads than keys */
	if (mine)
		index = mine->index[index % mine->n];
	else if (op != STRESS_LOAD)
		index = own_index(t, index);
	b->op[i] = op;
	t->index[i] = index;
	stress_key_encode(&run->keys, index, b->keys + i * b->key_stride);
	if (op == STRESS_STORE) {
		t->version[i] = next_version(t, i);
		stress_value_encode(&run->keys, index, t->version[i], value);
	} else {
		/* No version is 255, so a load that copies nothing is detected. */
		memset(value, 0xff, sizeof(u64));
	}
}

/* Group consecutive loads into bulk loads. */
static void plan_bulk(struct stress_batch *b)
{
	unsigned int i, n;

	memset(b->many, 0, sizeof(b->many));
	memset(b->ticks, 0, sizeof(b->ticks));
	for (i = 0; i < b->n; i += n ?: 1) {
		for (n = 0; n < b->bulk && i + n < b->n && b->op[i + n] == STRESS_LOAD; n++)
			;
		b->many[i] = n;
	}
}

/* Set the result of each load of a bulk load, as for single loads. */
void stress_unfold_bulk(struct stress_batch *b)
{
	unsigned int i, j;

	for (i = 0; i < b->n; i++)
		for (j = 0; j < b->many[i]; j++)
			b->ret[i + j] = test_bit(j, &b->found[i]) ? 0 : -ENOENT;
}

/**
 * stress_batch_draw - draw the next operations on a map
 * @t: the thread; its batch is filled in
 * @n: number of operations
 *
 * Context: Stress thread @t.
 */
void stress_batch_draw(struct stress_thread *t, unsigned int n)
{
	unsigned int i;

	t->batch->n = n;
	for (i = 0; i < n; i++)
		draw_op(t, i);
	if (t->batch->bulk > 1)
		plan_bulk(t->batch);
}

/* Count loads that have not counted themselves. */
static void count_loads(struct cmap *m, const struct stress_batch *b)
{
	unsigned int i, loads = 0, hits = 0;

	for (i = 0; i < b->n; i++) {
		if (b->op[i] != STRESS_LOAD)
			continue;
		loads++;
		hits += !b->ret[i];
	}
	cmap_count_loads(m, loads, hits);
}

/**
 * stress_batch_run - run the operations of a batch
 * @m: the map
 * @b: the batch
 *
 * Runs in an RCU read-side section: concurrently enabling or disabling a front relies on it.
 *
 * Context: Process.
 */
void stress_batch_run(struct cmap *m, struct stress_batch *b)
{
	bool counted = b->bulk <= 1;	/* by the single loads of traced_run() and front_run() */

	rcu_read_lock();
	if (trace_cmap_op_enabled()) {
		traced_run(m, b);
	} else if (cmap_front_is_on(m)) {
		front_run(m, b);
	} else {
		m->ops->run(m, b);
		counted = false;
	}
	rcu_read_unlock();
	if (b->bulk > 1)
		stress_unfold_bulk(b);
	if (!counted)
		count_loads(m, b);
}

static void record(struct cmap *m, enum cmap_hist_kind kind, u64 ns)
{
	local_bh_disable();
	mapstat_hist_record(this_cpu_ptr(m->stats.hist[kind]), ns);
	local_bh_enable();
}

/* Account for a batch of a timed phase. */
static void account_batch(struct stress_thread *t, struct cmap *m)
{
	const struct stress_sampling *s = &t->run->sampling;
	const struct stress_batch *b = t->batch;
	struct stress_figures *f = &t->figures;
	unsigned int i;

	f->ops += b->n;
	if (!b->timed || s->batches == STRESS_SHARE_ALL) {
		f->ticks += b->end - b->start;
		f->ticks_ops += b->n;
	}
	if (!b->timed)
		return;
	for (i = s->warm; i < b->n; i++) {
		if (!b->ticks[i] || !stress_sampling_draw(s->keep, &t->sampler))
			continue;
		f->max_ticks[b->op[i]] = max(f->max_ticks[b->op[i]], b->ticks[i]);
		record(m, b->bulk > 1 && b->many[i] ? CMAP_HIST_LOAD_MANY :
		       service_hist[b->op[i]], mapstat_clock_ns(b->ticks[i]));
	}
}

static void run_closed(struct stress_thread *t, struct cmap *m,
		       const struct stress_subject *subject)
{
	struct stress_run *run = t->run;
	struct stress_batch *b = t->batch;

	b->timed = false;
	do {	/* at least once, even if late: every turn does an operation */
		subject->draw(t, run->batch_ops);
		/* Not the first: it is cold, and if it is the only one, ns_per_op needs it. */
		if (t->figures.ops)
			b->timed = stress_sampling_draw(run->sampling.batches, &t->sampler);
		stress_batch_run(m, b);
		if (run->phase.timed)
			account_batch(t, m);
		t->figures.errors += subject->check(t);
		cond_resched();
	} while (!stress_phase_ends(run));
}

/* Sleep for @ns, at most until the end of the phase or a stop. */
static void sleep_ns(struct stress_run *run, u64 ns)
{
	u64 now = ktime_get_ns();

	if (now >= run->deadline_ns)
		return;
	ns = min(ns, run->deadline_ns - now);
	wait_event_interruptible_hrtimeout(run->wake, stress_phase_ends(run), ns_to_ktime(ns));
}

/* Return: true at @due_ns after @start, false if the phase ended before. */
static bool wait_for_arrival(struct stress_run *run, u64 start, u64 due_ns)
{
	u64 now;

	while (!stress_phase_ends(run)) {
		now = mapstat_clock_ns(mapstat_clock_read() - start);
		if (now >= due_ns)
			return true;
		if (due_ns - now > SPIN_NS)
			sleep_ns(run, due_ns - now - SPIN_NS);
		else if (need_resched())
			cond_resched();
		else
			cpu_relax();
	}
	return false;
}

/* Count the arrivals that are due at @now_ns but not served, in at most @max_steps steps. */
static void count_backlog(struct stress_thread *t, u64 now_ns, unsigned int max_steps)
{
	struct stress_figures *f = &t->figures;
	unsigned int i;

	for (i = 0; i < max_steps && stress_arrival_due_ns(&t->ahead) <= now_ns; i++)
		stress_arrival_next(&t->ahead);
	if (t->ahead.count > t->arrivals.count)
		f->backlog_max = max(f->backlog_max, t->ahead.count - t->arrivals.count);
}

/* Account for an operation that was due at @due_ns and ended at @end_ns. */
static void account_arrival(struct stress_thread *t, struct cmap *m, u64 due_ns, u64 end_ns)
{
	struct stress_figures *f = &t->figures;
	u64 response = max(end_ns, due_ns) - due_ns;

	f->response_max_ns = max(f->response_max_ns, response);
	if (t->run->config.stats)
		record(m, response_hist[t->batch->op[0]], response);

	stress_arrival_next(&t->arrivals);
	count_backlog(t, end_ns, AHEAD_MAX);
}

static void run_poisson(struct stress_thread *t, struct cmap *m,
			const struct stress_subject *subject)
{
	struct stress_run *run = t->run;
	struct stress_batch *b = t->batch;
	u64 start = mapstat_clock_read();
	u64 due_ns;

	/* A separate random stream, so that the operations are the same as in a closed loop. */
	stress_arrival_init(&t->arrivals, run->config.rate, ~run->config.seed,
			    run->phase.stream + t->number);
	t->ahead = t->arrivals;
	b->timed = run->config.stats;
	for (;;) {
		subject->draw(t, 1);
		due_ns = stress_arrival_due_ns(&t->arrivals);
		if (!wait_for_arrival(run, start, due_ns))
			break;
		stress_batch_run(m, b);
		account_batch(t, m);
		account_arrival(t, m, due_ns, mapstat_clock_ns(b->end - start));
		t->figures.errors += subject->check(t);
		cond_resched();
	}
	/* Arrivals that are never served have no response time, but are part of the backlog. */
	count_backlog(t, mapstat_clock_ns(mapstat_clock_read() - start), AHEAD_END_MAX);
}

static void work(struct stress_thread *t)
{
	struct stress_run *run = t->run;
	struct cmap *m = run->maps[run->phase.map];
	const struct stress_subject *subject =
		stress_variant(&run->config, run->phase.map).subject;

	memset(&t->figures, 0, sizeof(t->figures));
	stress_random_seed(&t->random, run->config.seed, run->phase.stream + t->number);
	/* A separate random stream: sampling must not change the operations. */
	stress_random_seed(&t->sampler, run->config.seed ^ STRESS_GOLDEN,
			   run->phase.stream + t->number);
	if (run->phase.counted)
		stress_run_counted(t, m, subject);
	else if (run->phase.timed && run->config.arrival == STRESS_POISSON)
		run_poisson(t, m, subject);
	else
		run_closed(t, m, subject);
}

static bool is_pinned(const struct stress_thread *t)
{
	return cpumask_equal(current->cpus_ptr, cpumask_of(t->cpu));
}

/*
 * The scheduler migrates the threads of a CPU that goes offline and lets them run anywhere
 * from then on.  Migrate @t back as soon as its CPU is online again.
 *
 * For a CPU that is going offline, setting the affinity of a kernel thread succeeds but does
 * not migrate the thread: its mask would exclude the CPU on which it runs.  So this is not done
 * during CPU hotplug; a trylock, so that hotplug does not wait: the next phase tries again.
 */
static void stay_pinned(const struct stress_thread *t)
{
	if (likely(is_pinned(t)) || !cpus_read_trylock())
		return;
	set_cpus_allowed_ptr(current, cpumask_of(t->cpu));	/* fails while it is offline */
	cpus_read_unlock();
}

static bool phase_begins(const struct stress_thread *t)
{
	/* Pairs with the release in run_phase(): makes run->phase and its deadline visible. */
	return smp_load_acquire(&t->run->generation) != t->generation;
}

/* The last thread wakes the coordinator. */
static void end_phase(struct stress_run *run)
{
	if (!atomic_dec_and_test(&run->active))
		return;
	run->end_ns = ktime_get_ns();
	/* Pairs with the acquire in phase_is_over(). */
	smp_store_release(&run->over, true);
	wake_up(&run->finish);
}

static int stress_thread(void *arg)
{
	struct stress_thread *t = arg;
	struct stress_run *run = t->run;
	bool away;

	/* Hundreds of threads on a CPU must not starve the task that stops them. */
	if (run->config.threads > cpumask_weight(&run->config.cpus))
		set_user_nice(current, MAX_NICE);
	while (!kthread_should_stop()) {
		wait_event_idle(run->wake, kthread_should_stop() || phase_begins(t));
		if (kthread_should_stop())
			break;
		t->generation++;
		stay_pinned(t);
		away = !is_pinned(t);
		work(t);
		t->figures.away = away || !is_pinned(t);
		end_phase(run);
	}
	return 0;
}

/**
 * stress_batch_free - free a batch
 * @b: the batch, or NULL
 *
 * Context: Process; sleeps.
 */
void stress_batch_free(struct stress_batch *b)
{
	if (!b)
		return;
	kvfree(b->keys);
	kvfree(b->values);
	kfree(b);
}

/**
 * stress_batch_alloc - allocate a batch
 * @run: its config and batch_ops are set
 *
 * Context: Process; sleeps.
 * Return: the batch, with @timed false and no bulk loads; NULL: no memory.
 */
struct stress_batch *stress_batch_alloc(const struct stress_run *run)
{
	struct stress_batch *b = kzalloc(sizeof(*b), MAPSTAT_GFP);

	if (!b)
		return NULL;
	b->key_stride = ALIGN(run->config.key_size, 8);
	b->value_stride = ALIGN(run->config.value_size, 8);
	b->keys = kvcalloc(run->batch_ops, b->key_stride, MAPSTAT_GFP);
	b->values = kvcalloc(run->batch_ops, b->value_stride, MAPSTAT_GFP);
	if (b->keys && b->values)
		return b;
	stress_batch_free(b);
	return NULL;
}

static int create_notes(struct stress_thread *t)
{
	const struct stress_config *c = &t->run->config;
	unsigned int i;

	t->owned = c->keys / c->threads + (t->number < c->keys % c->threads);
	for (i = 0; i < stress_variants(c) && t->owned; i++) {
		t->notes[i] = kvcalloc(t->owned, 1, MAPSTAT_GFP);
		if (!t->notes[i])
			return mapstat_refuse_memory(t->owned * stress_variants(c),
						     "keys=%llu: no memory for shadow state of thread %u",
						     c->keys, t->number);
	}
	return 0;
}

static int create_thread(struct stress_thread *t, int cpu)
{
	struct task_struct *task;
	int ret;

	t->batch = stress_batch_alloc(t->run);
	if (!t->batch)
		return -ENOMEM;
	t->batch->bulk = t->run->config.batch;
	ret = create_notes(t);
	if (ret)
		return ret;
	task = kthread_create_on_node(stress_thread, t, cpu_to_node(cpu), "mapstat/%u",
				      t->number);
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	t->cpu = cpu;
	t->task = task;
	return 0;
}

/**
 * stress_threads_create - create the threads of a run
 * @run: its config, keys and mix are set
 *
 * Context: Process; sleeps.
 * Return: 0 or -errno; stress_threads_destroy() must be called in both cases.
 */
int stress_threads_create(struct stress_run *run)
{
	const struct stress_config *c = &run->config;
	int cpu = cpumask_first(&c->cpus);
	unsigned int i;
	int ret;

	run->batch_ops = stress_batch_ops(c);
	run->threads = kvcalloc(c->threads, sizeof(*run->threads), MAPSTAT_GFP);
	if (!run->threads)
		return -ENOMEM;
	for (i = 0; i < c->threads; i++) {
		struct stress_thread *t = &run->threads[i];

		t->run = run;
		t->number = i;
		ret = create_thread(t, cpu);
		if (ret)
			return ret;
		cpumask_set_cpu(cpu, &run->cpus);
		cpu = cpumask_next(cpu, &c->cpus);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(&c->cpus);
	}
	return 0;
}

/**
 * stress_threads_start - wake the threads, which then wait for their first phase
 * @run: stress_threads_create() succeeded
 *
 * Context: Process.
 */
void stress_threads_start(struct stress_run *run)
{
	unsigned int i;

	for (i = 0; i < run->config.threads; i++)
		wake_up_process(run->threads[i].task);
}

static void destroy_thread(struct stress_thread *t)
{
	unsigned int i;

	if (t->task)
		kthread_stop(t->task);
	for (i = 0; i < CMAP_NR_DESIGNS; i++) {
		kvfree(t->notes[i]);
		kvfree(t->mine[i]);
	}
	stress_batch_free(t->batch);
}

/**
 * stress_threads_destroy - stop and free the threads
 * @run: no phase is running
 *
 * Context: Process; sleeps.
 */
void stress_threads_destroy(struct stress_run *run)
{
	unsigned int i;

	for (i = 0; run->threads && i < run->config.threads; i++)
		destroy_thread(&run->threads[i]);
	kvfree(run->threads);
	run->threads = NULL;
}

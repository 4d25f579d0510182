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
 * How long before an arrival sleeping ends and spinning begins: the timer may be late by
 * the thread's slack (50 us), and waking takes as much again.
 */
#define SPIN_NS			(100 * NSEC_PER_USEC)
/*
 * Arrivals that are counted ahead per operation served, and at the end of a phase.  Where
 * more than that come in the meantime, the machine is hopelessly late, and counting must
 * not make it later: then the backlog is larger than told.
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

/* The coordinator's WRITE_ONCE() is the partner: a flag, nothing is ordered by it. */
bool stress_phase_ends(const struct stress_run *run)
{
	return READ_ONCE(run->stop) || ktime_get_ns() >= run->deadline_ns;
}

/* The key of one's own that is nearest to @index. */
static u64 own_index(const struct stress_thread *t, u64 index)
{
	const struct stress_config *c = &t->run->config;
	u64 own = index - index % c->threads + t->number;

	return own < c->keys ? own : own - c->threads;
}

/* The version after the key's last one, be it noted or stored earlier in this batch. */
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
		/* No version is 255: a load that copies nothing out is found out. */
		memset(value, 0xff, sizeof(u64));
	}
}

/* Which loads stand in a row. */
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

/* What each of them returned, as though it had been by itself. */
void stress_unfold_bulk(struct stress_batch *b)
{
	unsigned int i, j;

	for (i = 0; i < b->n; i++)
		for (j = 0; j < b->many[i]; j++)
			b->ret[i + j] = test_bit(j, &b->found[i]) ? 0 : -ENOENT;
}

/**
 * stress_batch_draw - the next operations on a map
 * @t: the thread; its batch is filled
 * @n: how many
 *
 * Context: The thread.
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

/* Those that have not counted themselves. */
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
 * stress_batch_run - do a batch's operations
 * @m: the map
 * @b: the batch
 *
 * In an RCU read-side section, as a front that comes or goes meanwhile relies on.
 *
 * Context: Process.
 */
void stress_batch_run(struct cmap *m, struct stress_batch *b)
{
	bool counted = b->bulk <= 1;	/* by the public calls' loads, not by bulk ones */

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

/* Keep what the batch showed, where the phase is timed. */
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
	do {	/* at least once, however late: a turn has an operation */
		subject->draw(t, run->batch_ops);
		/* Not the first, which is cold, and for ns_per_op if it stays the only one. */
		if (t->figures.ops)
			b->timed = stress_sampling_draw(run->sampling.batches, &t->sampler);
		stress_batch_run(m, b);
		if (run->phase.timed)
			account_batch(t, m);
		t->figures.errors += subject->check(t);
		cond_resched();
	} while (!stress_phase_ends(run));
}

/* Until then, the end of the phase, or a stop. */
static void sleep_ns(struct stress_run *run, u64 ns)
{
	u64 now = ktime_get_ns();

	if (now >= run->deadline_ns)
		return;
	ns = min(ns, run->deadline_ns - now);
	wait_event_interruptible_hrtimeout(run->wake, stress_phase_ends(run), ns_to_ktime(ns));
}

/* Return: true when @due_ns after @start has come, false where the phase ended before. */
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

/* How many arrivals are due at @now_ns and not served? */
static void count_backlog(struct stress_thread *t, u64 now_ns, unsigned int max_steps)
{
	struct stress_figures *f = &t->figures;
	unsigned int i;

	for (i = 0; i < max_steps && stress_arrival_due_ns(&t->ahead) <= now_ns; i++)
		stress_arrival_next(&t->ahead);
	if (t->ahead.count > t->arrivals.count)
		f->backlog_max = max(f->backlog_max, t->ahead.count - t->arrivals.count);
}

/* What one operation that was due at @due_ns and ended at @end_ns showed. */
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

	/* Not the stream of the operations, so that these are those of a closed loop. */
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
	/* Those that are never served have no response time, but they are not forgotten. */
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
	/* What is timed has no part in what is done. */
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
 * A CPU that is about to go offline accepts the affinity of a kernel thread but not the
 * thread: its mask would exclude the CPU on which it runs.  Hence not during CPU hotplug,
 * and a trylock: hotplug is not made to wait, the next phase tries again.
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
	/* Pairs with the release in run_phase(): run->phase and its deadline are seen. */
	return smp_load_acquire(&t->run->generation) != t->generation;
}

/* The last one tells the coordinator. */
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

	/* Hundreds on a CPU must not shut out who wants to stop them. */
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
 * stress_batch_free - give a batch back
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
 * stress_batch_alloc - room for a batch of a run's operations
 * @run: its config is set up
 *
 * Context: Process; sleeps.
 * Return: the batch, none of whose operations are timed one by one; NULL: no memory.
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
						     "keys=%llu: no memory for notes of thread %u",
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
 * stress_threads_create - make the threads of a run
 * @run: its config, keys and mix are set up
 *
 * Context: Process; sleeps.
 * Return: 0 or -errno; stress_threads_destroy() is due in both cases.
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
 * stress_threads_start - let the threads wait for their first phase
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
 * stress_threads_destroy - end the threads
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rounds in which cache misses are counted and nothing is timed.
 *
 * With the model, each thread logs the accesses of a batch.  Once all threads have done their
 * batch, the logs are fed to the model one operation per thread in turn.  So how often a line
 * moves between CPUs depends on the map and the mix, not on when each thread was scheduled,
 * and is reproducible.  Only if an operation makes more accesses than the log has room for, as
 * the copy of the classic read/dirty map does, the remaining ones are fed immediately.
 *
 * The hardware counters are read before and after each batch, which runs in the design's own
 * loop.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include "kmod/cachesim/pmu.h"
#include "kmod/cmap/observe.h"
#include "kmod/memory.h"
#include "results.h"
#include "run.h"

/* Do operation @i, or the bulk load that starts there.  Return: operations done. */
static unsigned int observe_op(struct cmap *m, struct stress_batch *b, unsigned int i,
			       struct mapstat_access_log *log)
{
	const void *key = b->keys + i * b->key_stride;
	void *value = b->values + i * b->value_stride;
	const struct cmap_many many = { .keys = key, .values = value, .found = &b->found[i],
					.n = b->bulk > 1 ? b->many[i] : 0 };
	struct cmap_update u = { .key = key };

	if (many.n) {
		observed_load_many(m, &many, log);
		return many.n;
	}
	switch (b->op[i]) {
	case STRESS_LOAD:
		b->ret[i] = observed_load(m, key, value, log);
		break;
	case STRESS_STORE:
		u.op = CMAP_STORE;
		u.value = value;
		b->ret[i] = observed_update(m, &u, log);
		break;
	case STRESS_DELETE:
		u.op = CMAP_DELETE;
		b->ret[i] = observed_update(m, &u, log);
		break;
	}
	return 1;
}

static void log_batch(struct stress_thread *t, struct cmap *m)
{
	struct stress_batch *b = t->batch;
	unsigned int i;

	BUILD_BUG_ON(STRESS_BATCH_MAX > MAPSTAT_LOG_OPS);
	t->log->cpu = t->cpu;
	t->log->pid = current->pid;
	t->log->nr_ops = 0;
	t->log->nr = 0;
	for (i = 0; i < b->n;)
		i += observe_op(m, b, i, t->log);
	if (b->bulk > 1)
		stress_unfold_bulk(b);
}

/* The first operation of each thread, then the second of each, and so on. */
static void feed_traces(const struct stress_run *run)
{
	unsigned int thread, i;

	for (i = 0; i < MAPSTAT_LOG_OPS; i++) {
		for (thread = 0; thread < run->config.threads; thread++) {
			if (i < run->threads[thread].log->nr_ops)
				mapstat_replay_op(run->threads[thread].log, i);
			cond_resched();
		}
	}
}

/*
 * Wait until all threads have done their batch; the last one feeds all logs to the model.
 * Return: true if there is another batch.
 */
static bool meet(struct stress_run *run)
{
	/* Cannot change until all have met; marked because of the release store below. */
	const unsigned int meeting = READ_ONCE(run->meeting);

	/* Fully ordered: the last thread sees the logs of all. */
	if (atomic_dec_and_test(&run->absent)) {
		feed_traces(run);
		run->adjourned = stress_phase_ends(run);
		atomic_set(&run->absent, run->config.threads);
		/* Pairs with the acquire below: the waiters see the stores above. */
		smp_store_release(&run->meeting, meeting + 1);
		wake_up_all(&run->met);
	} else {
		/* Pairs with the release above. */
		wait_event_idle(run->met, smp_load_acquire(&run->meeting) != meeting);
	}
	return !run->adjourned;
}

static void count_batch(struct stress_thread *t, struct cmap *m)
{
	const struct mapstat_miss_session *s = &t->run->session;
	struct mapstat_pmu_reading before;

	mapstat_pmu_read(s->pmu, raw_smp_processor_id(), &before);
	stress_batch_run(m, t->batch);
	if (t->run->phase.timed)
		mapstat_pmu_batch(s, &m->stats, &before, MAPSTAT_OP_NONE, t->batch->n);
}

/**
 * stress_run_counted - run a thread's batches of a phase in which misses are counted
 * @t: the thread
 * @m: the map, attached to the run's session
 * @subject: the workload
 *
 * Context: Process; sleeps.
 */
void stress_run_counted(struct stress_thread *t, struct cmap *m,
			const struct stress_subject *subject)
{
	struct stress_run *run = t->run;

	t->batch->timed = false;
	do {
		subject->draw(t, run->batch_ops);
		if (t->log)
			log_batch(t, m);
		else
			count_batch(t, m);
		t->figures.errors += subject->check(t);
		cond_resched();
	} while (t->log ? meet(run) : !stress_phase_ends(run));
}

static void free_traces(struct stress_run *run)
{
	unsigned int i;

	for (i = 0; i < run->config.threads; i++) {
		vfree(run->threads[i].log);
		run->threads[i].log = NULL;
	}
}

static int alloc_traces(struct stress_run *run)
{
	unsigned int i;

	init_waitqueue_head(&run->met);
	atomic_set(&run->absent, run->config.threads);
	for (i = 0; i < run->config.threads; i++) {
		/* vmalloc: no need to search for physically contiguous memory. */
		run->threads[i].log = __vmalloc(sizeof(*run->threads[i].log), MAPSTAT_GFP);
		if (!run->threads[i].log)
			return -ENOMEM;
	}
	return 0;
}

/**
 * stress_count_begin - set up the source of cache misses
 * @run: the run; its maps are created
 *
 * With no source the run goes on without counting; unless cache=off, its maps report why.
 *
 * Context: Process; sleeps until no other session counts.
 * Return: 0 or -ENOMEM; stress_count_end() must be called in both cases.
 */
int stress_count_begin(struct stress_run *run)
{
	struct stress_config *c = &run->config;
	unsigned int map;
	int ret = 0;

	mapstat_session_begin(&run->session, c->cache, &c->g, &run->cpus);
	results_misses(run->session.text);
	if (run->session.model)
		ret = alloc_traces(run);
	/* Sets the name of the source only; the hook stays disabled. */
	for (map = 0; c->cache != MAPSTAT_CACHE_OFF && !ret && map < stress_variants(c); map++)
		ret = mapstat_session_name(&run->session, &run->maps[map]->stats);
	return ret;
}

/**
 * stress_count_end - stop counting cache misses
 * @run: stress_count_begin() was called
 *
 * Context: Process; sleeps.
 */
void stress_count_end(struct stress_run *run)
{
	free_traces(run);
	mapstat_session_end(&run->session);
}

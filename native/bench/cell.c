// SPDX-License-Identifier: GPL-2.0-only
/*
 * The threads of a measurement.  Only the loops inside the maps are timed: a thread draws a
 * batch, runs it, and checks the results.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "native/shim/native.h"
#include "cell.h"
#include "clock.h"

enum phase {
	PHASE_WARM,
	PHASE_TIMED,
	PHASE_OVER,
};

/**
 * struct run - a running measurement
 * @cell: constant
 * @peer: constant
 * @map: constant
 * @phase: of enum phase; written by the main thread, read by the others
 * @ready: of all threads and the main thread
 */
struct run {
	const struct cell *cell;
	const struct bench_peer *peer;
	void *map;
	int phase;
	pthread_barrier_t ready;
};

/**
 * struct thread - a thread of a measurement
 * @run: constant
 * @id: constant
 * @number: constant
 * @cpu: the CPU that it is pinned to; constant
 * @warmed: operations before the timed phase; written by the thread, read by the main thread
 * @ops: operations in the timed phase; likewise
 * @ticks: inside the loops; the thread's own while it runs
 * @wrong: batches with wrong results; likewise
 */
struct thread {
	struct run *run;
	pthread_t id;
	unsigned int number;
	unsigned int cpu;
	uint64_t warmed;
	uint64_t ops;
	uint64_t ticks;
	uint64_t wrong;
} __attribute__((aligned(128)));

double clock_ns_per_tick(void)
{
	static double ns;
	uint64_t wall, ticks;

	if (!ns) {
		wall = clock_wall_ns();
		ticks = clock_ticks();
		while (clock_wall_ns() - wall < 50000000)
			;
		ns = (double)(clock_wall_ns() - wall) / (clock_ticks() - ticks);
	}
	return ns;
}

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		fprintf(stderr, "bench: cannot run on CPU %u\n", cpu);
		exit(2);
	}
}

/* Run a batch.  Return: whether its results are right. */
static bool do_batch(const struct run *r, struct keys_batch *b, struct draws *d, uint64_t *ticks)
{
	const struct cell *c = r->cell;
	uint64_t start;

	keys_draw(c->keys, d, c->mix, c->dist, b);
	start = clock_ticks();
	if (c->mix == MIX_BULK)
		r->peer->bulk(r->map, &b->batch);
	else
		r->peer->run(r->map, &b->batch);
	*ticks = clock_ticks() - start;
	return b->batch.found == b->found && b->batch.sum == b->sum;
}

/* Each key's value is the next key: follow these. */
static bool do_chase(const struct run *r, uint64_t *at, uint64_t *ticks)
{
	const struct keys *keys = r->cell->keys;
	uint64_t key = keys_at(keys, *at), start = clock_ticks();

	key = r->peer->chase(r->map, key, BENCH_BATCH);
	*ticks = clock_ticks() - start;
	*at = keys_after(keys, *at, BENCH_BATCH);
	return key == keys_at(keys, *at);
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;
	struct run *r = t->run;
	struct keys_batch b;
	struct draws d;
	uint64_t ticks, at;
	bool right;
	int phase;

	pin(t->cpu);
	draws_init(&d, r->cell->seed, t->number);
	at = d.state % r->cell->keys->n;
	pthread_barrier_wait(&r->ready);
	if (r->peer->thread_begin)
		r->peer->thread_begin(r->map);
	/* No ordering needed: one batch more or less does not matter. */
	while ((phase = __atomic_load_n(&r->phase, __ATOMIC_RELAXED)) != PHASE_OVER) {
		if (r->cell->mix == MIX_CHASE)
			right = do_chase(r, &at, &ticks);
		else
			right = do_batch(r, &b, &d, &ticks);
		t->wrong += !right;
		if (phase == PHASE_TIMED) {
			/* Pairs with the load in all_have_begun(); orders no data. */
			__atomic_store_n(&t->ops, t->ops + BENCH_BATCH, __ATOMIC_RELAXED);
			t->ticks += ticks;
		} else {
			/* Pairs with the load in wait_warm(); orders no data. */
			__atomic_store_n(&t->warmed, t->warmed + BENCH_BATCH, __ATOMIC_RELAXED);
		}
		if (r->peer->quiescent)
			r->peer->quiescent(r->map);
	}
	if (r->peer->thread_end)
		r->peer->thread_end(r->map);
	return NULL;
}

static void wait_ms(double ms)
{
	const uint64_t ns = ms * 1e6;
	const struct timespec t = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static bool all_have_begun(const struct thread *threads, unsigned int n)
{
	unsigned int i;

	/* Pairs with the store in thread_main(); orders no data. */
	for (i = 0; i < n; i++)
		if (!__atomic_load_n(&threads[i].ops, __ATOMIC_RELAXED))
			return false;
	return true;
}

/* If other processes occupy the CPUs, a short round would measure nothing. */
static void wait_begun(const struct thread *threads, unsigned int n)
{
	const uint64_t deadline = clock_wall_ns() + 5000000000ULL;

	while (!all_have_begun(threads, n) && clock_wall_ns() < deadline)
		wait_ms(1);
}

/* If a fifth of a round is too short to warm up. */
static void wait_warm(const struct thread *threads, const struct cell *c)
{
	const uint64_t deadline = clock_wall_ns() + CELL_WARM_MS * 1000000ULL;
	uint64_t sum;
	unsigned int i;

	do {
		sum = 0;
		/* Pairs with the store in thread_main(); orders no data. */
		for (i = 0; i < c->threads; i++)
			sum += __atomic_load_n(&threads[i].warmed, __ATOMIC_RELAXED);
		if (sum >= c->warm)
			return;
		wait_ms(1);
	} while (clock_wall_ns() < deadline);
}

static void add_up(const struct thread *threads, unsigned int n, struct cell_result *result)
{
	const double tick = clock_ns_per_tick();
	unsigned int i;

	result->min_ops = UINT64_MAX;
	for (i = 0; i < n; i++) {
		const struct thread *t = &threads[i];

		result->ops += t->ops;
		result->ns += t->ticks * tick;
		result->wrong += t->wrong;
		if (t->ops < result->min_ops)
			result->min_ops = t->ops;
		if (t->ops > result->max_ops)
			result->max_ops = t->ops;
		if (t->ticks)
			result->mops += 1e3 * t->ops / (t->ticks * tick);
	}
}

/**
 * cell_supports - can this mix be measured?
 * @peer: the map's peer
 * @mix: the mix
 *
 * Return: whether the peer has the operation.
 */
bool cell_supports(const struct bench_peer *peer, enum bench_mix mix)
{
	return mix != MIX_BULK || peer->bulk;
}

/**
 * cell_run - measure one cell
 * @o: the options
 * @peer: the map's peer
 * @map: filled
 * @cell: what to measure
 * @result: the results (out)
 */
void cell_run(const struct bench_options *o, const struct bench_peer *peer, void *map,
	      const struct cell *cell, struct cell_result *result)
{
	struct run r = { .cell = cell, .peer = peer, .map = map, .phase = PHASE_WARM };
	struct thread *threads;
	unsigned int i;
	uint64_t start;

	clock_ns_per_tick();
	native_oversubscribed(cell->threads > o->nr_cpus);
	threads = aligned_alloc(128, cell->threads * sizeof(*threads));
	if (!threads)
		abort();
	memset(threads, 0, cell->threads * sizeof(*threads));
	*result = (struct cell_result){ };
	pthread_barrier_init(&r.ready, NULL, cell->threads + 1);
	for (i = 0; i < cell->threads; i++) {
		threads[i].run = &r;
		threads[i].number = i;
		threads[i].cpu = o->cpus[i % o->nr_cpus];
		if (pthread_create(&threads[i].id, NULL, thread_main, &threads[i])) {
			fprintf(stderr, "bench: cannot create thread %u\n", i);
			exit(1);
		}
	}
	pthread_barrier_wait(&r.ready);
	wait_ms(cell->ms / 5.0);
	if (cell->threads <= o->nr_cpus)
		wait_warm(threads, cell);
	__atomic_store_n(&r.phase, PHASE_TIMED, __ATOMIC_RELAXED);
	start = clock_wall_ns();
	wait_ms(cell->ms);
	if (cell->threads <= o->nr_cpus)
		wait_begun(threads, cell->threads);
	__atomic_store_n(&r.phase, PHASE_OVER, __ATOMIC_RELAXED);
	result->wall_ns = clock_wall_ns() - start;
	for (i = 0; i < cell->threads; i++)
		pthread_join(threads[i].id, NULL);
	pthread_barrier_destroy(&r.ready);
	add_up(threads, cell->threads, result);
	free(threads);
	native_oversubscribed(false);
}

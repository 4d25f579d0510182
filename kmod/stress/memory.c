// SPDX-License-Identifier: GPL-2.0-only
/*
 * Estimate the memory of a run before it is allocated: a run that can never fit is refused,
 * reporting the wanted and the available amount, before it drives anything else out of memory.
 *
 * Everything that depends on a parameter or on the number of CPUs is counted as it is
 * allocated, to the page.  Of a map's contents only keys and values are counted, the minimum
 * that any design needs: whether the rest fits is found when the maps are filled
 * (kmod/stress/check.c), and array_alloc() refuses a pre-sized table that does not fit.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include "kmod/cmap/front.h"
#include "kmod/memory.h"
#include "results.h"
#include "run.h"

/* Per task, without stack and task_struct: credentials, signal handlers, pid; x86-64: 5 KiB. */
#define TASK_REST_BYTES		SZ_8K

static u64 batch_bytes(const struct stress_config *c)
{
	const u64 ops = stress_batch_ops(c);

	return mapstat_memory_taken(sizeof(struct stress_batch)) +
	       mapstat_memory_taken(ops * ALIGN(c->key_size, 8)) +
	       mapstat_memory_taken(ops * ALIGN(c->value_size, 8));
}

static u64 thread_bytes(const struct stress_config *c, bool model)
{
	u64 bytes = sizeof(struct stress_thread) + batch_bytes(c) + THREAD_SIZE +
		    sizeof(struct task_struct) + TASK_REST_BYTES;

	if (model)
		bytes += PAGE_ALIGN(sizeof(struct mapstat_access_log));
	if (c->experiment == STRESS_FALSESHARE)	/* two counters and their expected values */
		bytes += 4 * SMP_CACHE_BYTES;
	return bytes;
}

/* Does the final check of some map copy all entries at once? */
static bool is_copied_whole(const struct stress_config *c)
{
	unsigned int i;

	for (i = 0; i < stress_variants(c); i++)
		if (c->experiment == STRESS_MAPS &&
		    c->maps.design[i] == CMAP_DESIGN_rhashtable)
			return true;
	return false;
}

static u64 keys_bytes(const struct stress_config *c)
{
	const u64 entry = ALIGN(c->key_size, 8) + ALIGN(c->value_size, 8);
	const u64 owned = DIV_ROUND_UP_ULL(c->keys, c->threads);
	/* The owners' shadow state of all maps. */
	u64 each = mapstat_memory_taken(owned) * stress_variants(c);

	if (c->experiment == STRESS_FALSESHARE)	/* struct stress_mine, of both maps */
		each += 2 * mapstat_memory_taken(struct_size_t(struct stress_mine, index, owned));
	return min_t(u64, c->threads, c->keys) * each + c->keys * stress_variants(c) * entry +
	       mapstat_memory_taken(c->keys / BITS_PER_BYTE) +
	       (is_copied_whole(c) ? c->keys * entry : 0);
}

/* Latency histograms that a CPU writes: load, store, delete, range, bulk loads, responses. */
static unsigned int hists(const struct stress_config *c)
{
	return 4 + (c->batch > 1) + (c->arrival == STRESS_POISSON ? 3 : 0);
}

static u64 cpus_bytes(const struct stress_config *c, bool model)
{
	const unsigned int cpus = min(c->threads, cpumask_weight(&c->cpus));
	u64 map = cmap_percpu_bytes();

	if (c->stats)
		map += (u64)cpus * hists(c) * kmalloc_size_roundup(sizeof(struct mapstat_hist));
	if (c->cache != MAPSTAT_CACHE_OFF)
		map += mapstat_misses_bytes(cpus);
	if (c->front)
		map += cmap_front_bytes(num_online_cpus());
	return stress_variants(c) * map + (model ? mapstat_model_bytes(&c->g, cpus) : 0);
}

static u64 mib(u64 bytes)
{
	return DIV_ROUND_UP_ULL(bytes, SZ_1M);
}

/**
 * stress_memory_check - check that a run fits into memory
 * @c: its parameters, resolved
 * @why: receives one line if it does not fit
 * @size: size of @why; STRESS_REASON is enough
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int stress_memory_check(const struct stress_config *c, char *why, size_t size)
{
	const bool model = mapstat_session_takes_model(c->cache);
	const u64 threads = c->threads * thread_bytes(c, model);
	const u64 keys = keys_bytes(c);
	const u64 cpus = cpus_bytes(c, model);
	const u64 rounds = results_bytes(c);
	const u64 want = threads + keys + cpus + rounds;
	const u64 room = mapstat_memory_room();

	if (want <= room)
		return 0;
	scnprintf(why, size,
		  "out of memory: %llu MiB wanted, %llu available: threads=%u %llu, keys=%llu %llu, CPUs %llu, rounds=%u %llu",
		  mib(want), room / SZ_1M, c->threads, mib(threads), c->keys, mib(keys),
		  mib(cpus), c->rounds, mib(rounds));
	return -ENOMEM;
}

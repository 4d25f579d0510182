// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer: DPDK's rte_hash, with lock-free readers, concurrent writers, its default hash (CRC),
 * and extendable buckets, so that every key fits.  The EAL runs without huge pages of its own and
 * without devices; its memory then gets 2 MiB pages, like all other maps'.
 */
#define _GNU_SOURCE
#include <rte_common.h>
#include <rte_eal.h>
#include <rte_hash.h>
#include <rte_log.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_version.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "peer.h"

#define EAL_MEGABYTES	"1536"
#define LEAST		64	/* entries */

static int eal_state;	/* 0: not started, 1: running, -1: failed */

static int pages_huge(const struct rte_memseg_list *list, void *arg)
{
	madvise(list->base_va, list->len, MADV_HUGEPAGE);
	return 0;
}

/* rte_eal_init() moves the calling thread to another CPU: restore its affinity. */
static bool eal_ready(void)
{
	static const char *const options[] = {
		"bench", "--no-huge", "--no-pci", "--no-telemetry", "--no-shconf",
		"-m", EAL_MEGABYTES, "--log-level=lib.eal:1",
	};
	char *argv[RTE_DIM(options) + 1] = { };
	cpu_set_t cpus;
	size_t i;

	if (eal_state)
		return eal_state > 0;
	/* rte_eal_init() modifies the arguments. */
	for (i = 0; i < RTE_DIM(options); i++)
		argv[i] = strdup(options[i]);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	eal_state = rte_eal_init(RTE_DIM(options), argv) < 0 ? -1 : 1;
	sched_setaffinity(0, sizeof(cpus), &cpus);
	if (eal_state > 0)
		rte_memseg_list_walk(pages_huge, NULL);
	return eal_state > 0;
}

/* It cannot grow, so none is created without a capacity. */
static void *rte_hash_begin(uint64_t capacity)
{
	static unsigned int number;
	struct rte_hash_parameters params = {
		.entries = capacity < LEAST ? LEAST : capacity,
		.key_len = sizeof(uint64_t),
		.socket_id = SOCKET_ID_ANY,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF |
			      RTE_HASH_EXTRA_FLAGS_MULTI_WRITER_ADD |
			      RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};
	char name[RTE_HASH_NAMESIZE];

	if (!capacity || !eal_ready())
		return NULL;
	snprintf(name, sizeof(name), "bench%u", number++);
	params.name = name;
	return rte_hash_create(&params);
}

static void rte_hash_end(void *map)
{
	rte_hash_free(map);
}

/* The registration gives a thread its own cache of free slots for writes. */
static void thread_begin(void *map)
{
	if (rte_lcore_id() == LCORE_ID_ANY)
		rte_thread_register();
}

static void thread_end(void *map)
{
	if (rte_lcore_id() != LCORE_ID_ANY && rte_lcore_id() != rte_get_main_lcore())
		rte_thread_unregister();
}

static inline bool rte_hash_load(void *map, uint64_t key, uint64_t *value)
{
	return rte_hash_lookup_data(map, &key, (void **)value) >= 0;
}

static inline bool rte_hash_store(void *map, uint64_t key, uint64_t value)
{
	return !rte_hash_add_key_data(map, &key, (void *)value);
}

/* No thread reads concurrently: the slot may be reused at once. */
static bool rte_hash_remove(void *map, uint64_t key)
{
	const int32_t slot = rte_hash_del_key(map, &key);

	return slot >= 0 && !rte_hash_free_key_with_position(map, slot);
}

/* All bytes that DPDK has allocated: if there are several maps, those of all. */
static uint64_t rte_hash_bytes(void *map)
{
	struct rte_malloc_socket_stats stats = { };

	rte_malloc_get_socket_stats(0, &stats);
	return stats.heap_allocsz_bytes;
}

static void rte_hash_bulk(void *map, struct bench_batch *b)
{
	const void *keys[BENCH_BULK];
	void *values[BENCH_BULK];
	uint64_t found = 0, sum = 0, hits;
	unsigned int first, i;

	for (first = 0; first < b->n; first += BENCH_BULK) {
		for (i = 0; i < BENCH_BULK; i++)
			keys[i] = &b->keys[first + i];
		rte_hash_lookup_bulk_data(map, keys, BENCH_BULK, &hits, values);
		for (; hits; hits &= hits - 1) {
			found++;
			sum += (uint64_t)values[__builtin_ctzll(hits)];
		}
	}
	b->found = found;
	b->sum = sum;
}

BENCH_DEFINE_LOOPS(rte_hash);

const struct bench_peer rte_hash_peer = {
	.name = "rte_hash",
	.settings = "DPDK rte_hash, lock-free readers, concurrent writers, extendable buckets, CRC; EAL without huge pages, its memory madvised to 2 MiB pages; does not grow",
	.create = rte_hash_begin,
	.destroy = rte_hash_end,
	.thread_begin = thread_begin,
	.thread_end = thread_end,
	.store = rte_hash_store,
	.remove = rte_hash_remove,
	.run = rte_hash_run,
	.chase = rte_hash_chase,
	.bulk = rte_hash_bulk,
	.bytes = rte_hash_bytes,
};

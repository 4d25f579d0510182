// SPDX-License-Identifier: GPL-2.0-only
/*
 * Our designs, each with its u64 path and, as NAME_generic, with its path for byte strings.
 */
#include "kmod/cmap/front.h"
#include "native/shim/ours.h"
#include "map.h"
#include "ours.h"

/* As in debugfs: without the per-CPU counters. */
static uint64_t ours_bytes(void *map)
{
	struct cmap_memory mem = { };
	struct cmap *m = map;

	m->ops->memory(m, &mem);
	return mem.bytes;
}

/*
 * This file and the maps are compiled twice: once with statistics off, once with statistics on.
 * The peers of the latter have another name, and count work.
 */
#if NATIVE_STATS
#define SYMBOL(peer)	peer##_stats_peer
#define NAME(peer)	#peer "_stats"
#define WORK		ours_work

static void ours_work(void *map, struct bench_work *work)
{
	const int cpu = native_cpu_offset / NATIVE_CPU_BYTES;
	const struct native_work *native = native_work_done();
	const struct cmap *m = map;

	work->moved_buckets = cmap_counter_cpu(&m->stats, CMAP_MOVED_BUCKETS, cpu);
	work->copied = cmap_counter_cpu(&m->stats, CMAP_COPIED, cpu);
	work->cleared_bytes = native->bytes_cleared;
	work->allocs_locked = native->allocs_locked;
	work->bytes_locked = native->bytes_locked;
}
#else
#define SYMBOL(peer)	peer##_peer
#define NAME(peer)	#peer
#define WORK		NULL
#endif

#define OURS_PEER(peer, make, from, forgets, text)				\
static void ours_##peer##_run(void *map, struct bench_batch *batch)		\
{										\
	from##_loops.run(map, batch);						\
}										\
										\
static bool ours_##peer##_store(void *map, uint64_t key, uint64_t value)	\
{										\
	return from##_loops.store(map, key, value);				\
}										\
										\
static bool ours_##peer##_remove(void *map, uint64_t key)			\
{										\
	return from##_loops.remove(map, key);					\
}										\
										\
static void ours_##peer##_bulk(void *map, struct bench_batch *batch)		\
{										\
	from##_loops.bulk(map, batch);						\
}										\
										\
static uint64_t ours_##peer##_chase(void *map, uint64_t key, unsigned int n)	\
{										\
	return from##_loops.chase(map, key, n);					\
}										\
										\
const struct bench_peer SYMBOL(peer) = {					\
	.name = NAME(peer),							\
	.settings = text,							\
	.create = make,								\
	OURS_COMMON,								\
	.store = ours_##peer##_store,						\
	.remove = ours_##peer##_remove,						\
	.run = ours_##peer##_run,						\
	.chase = ours_##peer##_chase,						\
	.bulk = ours_##peer##_bulk,						\
	.bytes = ours_bytes,							\
	.work = WORK,								\
	.forget = forgets,							\
}

#define OURS(peer, from, design, mode, flags, text)				\
static void *ours_##peer##_create(uint64_t capacity)				\
{										\
	return ours_create(design, mode, flags, capacity);			\
}										\
OURS_PEER(peer, ours_##peer##_create, from, NULL, text)

#define BOTH(peer, design, mode, text)						\
	OURS(peer, peer, design, mode, 0, text);				\
	OURS(peer##_generic, peer, design, mode, CMAP_GENERIC, text ", keys as byte strings")

/* Drop the front's content and its measured hit rate, which are of the previous cell's keys. */
static bool ours_front_anew(void *map)
{
	return !cmap_front_set(map, false) && !cmap_front_set(map, true);
}

#define FRONT(peer, design, mode, text)						\
static void *ours_##peer##_front_create(uint64_t capacity)			\
{										\
	struct cmap *m = ours_create(design, mode, 0, capacity);		\
										\
	if (m && cmap_front_set(m, true)) {					\
		cmap_destroy(m);						\
		m = NULL;							\
	}									\
	return m;								\
}										\
OURS_PEER(peer##_front, ours_##peer##_front_create, front, ours_front_anew, text ", behind a front")

FRONT(rwlock, "rwlock", NULL, "ours: bucket table behind an rwlock_t");
FRONT(sharded, "sharded", NULL, "ours: 32 bucket tables, a spinlock each");
FRONT(readdirty, "readdirty", NULL, "ours: snapshot and dirty trie under RCU");
FRONT(readdirty_classic, "readdirty", "classic", "ours: the published read/dirty map");
FRONT(seqlock, "seqlock", NULL, "ours: buckets under sequence counts");

BOTH(rwlock, "rwlock", NULL, "ours: bucket table behind an rwlock_t");
BOTH(sharded, "sharded", NULL, "ours: 32 bucket tables, a spinlock each");
BOTH(readdirty, "readdirty", NULL, "ours: snapshot and dirty trie under RCU");
BOTH(readdirty_classic, "readdirty", "classic", "ours: the published read/dirty map");
BOTH(seqlock, "seqlock", NULL, "ours: buckets under sequence counts");

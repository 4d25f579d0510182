// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer: oneTBB's concurrent_hash_map, with buckets for the capacity, lookups under a
 * const_accessor, which holds the entry's lock for reading while the value is read.
 */
#include <tbb/concurrent_hash_map.h>
#include <tbb/version.h>

#include <cstdint>
#include <exception>

#include "hash.h"
#include "peer.h"

struct tbb_hasher {
	std::size_t hash(const uint64_t &key) const
	{
		return bench_hash(key);
	}

	bool equal(const uint64_t &a, const uint64_t &b) const
	{
		return a == b;
	}
};

using tbb_table = tbb::concurrent_hash_map<uint64_t, uint64_t, tbb_hasher>;

static tbb_table *tbb_map(void *map)
{
	return static_cast<tbb_table *>(map);
}

static void *tbb_create(uint64_t capacity)
{
	try {
		return capacity ? new tbb_table(capacity) : new tbb_table;
	} catch (const std::exception &) {
		return nullptr;
	}
}

static void tbb_destroy(void *map)
{
	delete tbb_map(map);
}

static inline bool tbb_load(void *map, uint64_t key, uint64_t *value)
{
	tbb_table::const_accessor entry;

	if (!tbb_map(map)->find(entry, key))
		return false;
	*value = entry->second;
	return true;
}

/* Exceptions must not propagate into C. */
static inline bool tbb_store(void *map, uint64_t key, uint64_t value)
{
	try {
		tbb_table::accessor entry;

		tbb_map(map)->insert(entry, key);
		entry->second = value;
		return true;
	} catch (const std::exception &) {
		return false;
	}
}

static bool tbb_remove(void *map, uint64_t key)
{
	return tbb_map(map)->erase(key);
}

/*
 * Its nodes come from tbbmalloc, which has no statistics: a bucket is a lock and a pointer, a
 * node a lock, a pointer and the pair.  The allocator's overhead is not included.
 */
static uint64_t tbb_bytes(void *map)
{
	return sizeof(tbb_table) + tbb_map(map)->bucket_count() * 2 * sizeof(void *) +
	       tbb_map(map)->size() * (2 * sizeof(void *) + sizeof(tbb_table::value_type));
}

BENCH_DEFINE_LOOPS(tbb);

extern "C" {
extern const struct bench_peer tbb_peer;
const struct bench_peer tbb_peer = {
	.name = "tbb",
	.settings = "oneTBB " TBB_VERSION_STRING
		    ", concurrent_hash_map<u64, u64>, a bucket per entry, const_accessor; "
		    "bytes are computed",
	.create = tbb_create,
	.destroy = tbb_destroy,
	.thread_begin = nullptr,
	.thread_end = nullptr,
	.quiescent = nullptr,
	.store = tbb_store,
	.remove = tbb_remove,
	.run = tbb_run,
	.chase = tbb_chase,
	.bulk = nullptr,
	.bytes = tbb_bytes,
	.settle = nullptr,
};
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer: libcuckoo's cuckoohash_map, used like in its examples: find(), insert_or_assign(), with
 * reserved capacity.  Its documentation requires a hash of good quality in all 64 bits, since
 * both buckets and the tag are derived from it, and an allocator that honours alignment, as
 * std::allocator does since C++17.
 */
#include <libcuckoo/cuckoohash_map.hh>

#include <cstddef>
#include <cstdint>
#include <exception>

#include "hash.h"
#include "peer.h"

struct cuckoo_hasher {
	std::size_t operator()(uint64_t key) const
	{
		return bench_hash(key);
	}
};

using cuckoo = libcuckoo::cuckoohash_map<uint64_t, uint64_t, cuckoo_hasher>;

static cuckoo *libcuckoo_map(void *map)
{
	return static_cast<cuckoo *>(map);
}

static void *libcuckoo_create(uint64_t capacity)
{
	try {
		return new cuckoo(capacity);
	} catch (const std::exception &) {
		return nullptr;
	}
}

static void libcuckoo_destroy(void *map)
{
	delete libcuckoo_map(map);
}

static inline bool libcuckoo_load(void *map, uint64_t key, uint64_t *value)
{
	return libcuckoo_map(map)->find(key, *value);
}

/* Exceptions must not propagate into C. */
static inline bool libcuckoo_store(void *map, uint64_t key, uint64_t value)
{
	try {
		libcuckoo_map(map)->insert_or_assign(key, value);
		return true;
	} catch (const std::exception &) {
		return false;
	}
}

static bool libcuckoo_remove(void *map, uint64_t key)
{
	return libcuckoo_map(map)->erase(key);
}

BENCH_DEFINE_LOOPS(libcuckoo);

extern "C" {
extern const struct bench_peer libcuckoo_peer;
const struct bench_peer libcuckoo_peer = {
	.name = "libcuckoo",
	.settings = "cuckoohash_map<u64, u64>, 4 slots per bucket, capacity reserved at creation",
	.create = libcuckoo_create,
	.destroy = libcuckoo_destroy,
	.thread_begin = nullptr,
	.thread_end = nullptr,
	.quiescent = nullptr,
	.store = libcuckoo_store,
	.remove = libcuckoo_remove,
	.run = libcuckoo_run,
	.chase = libcuckoo_chase,
	.bulk = nullptr,
	.bytes = nullptr,
	.settle = nullptr,
};
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bench's interface to a map, ours or a peer's: u64 keys, u64 values.  One file per peer,
 * which contains the timed loops (BENCH_DEFINE_LOOPS), so that no indirect call per operation
 * is measured.
 */
#ifndef MAPSTAT_BENCH_PEER_H
#define MAPSTAT_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_BATCH	256	/* operations; their keys are 2 KiB, so they stay in the L1 cache */
#define BENCH_BULK	32	/* keys of one bulk lookup; divides BENCH_BATCH */

/**
 * struct bench_batch - operations, drawn before the timed loop, and their results
 * @n: operations
 * @keys: their keys
 * @write: for each, whether it stores bench_value(key); NULL: all are loads
 * @found: loads that found their key (out)
 * @sum: of the values that were found, checked after the loop (out)
 */
struct bench_batch {
	unsigned int n;
	const uint64_t *keys;
	const uint8_t *write;
	uint64_t found;
	uint64_t sum;
};

/**
 * struct bench_work - work that a thread has done on a map so far, in addition to the stores
 * @moved_buckets: buckets moved to a larger or smaller table
 * @copied: entries copied by promotions and dirty rebuilds
 * @cleared_bytes: bytes that allocations set to zero
 * @allocs_locked: allocations while it held a spinlock or rwlock
 * @bytes_locked: bytes of these allocations
 */
struct bench_work {
	uint64_t moved_buckets;
	uint64_t copied;
	uint64_t cleared_bytes;
	uint64_t allocs_locked;
	uint64_t bytes_locked;
};

/**
 * struct bench_peer - a map
 * @name: the design column
 * @settings: one line: version, and the settings that its documentation recommends for this use
 * @create: create an empty map for this many entries; 0: minimum size.  NULL: no memory
 * @destroy: destroy it
 * @thread_begin: optional; each thread calls it before it uses the map
 * @thread_end: optional; each thread calls it after it has used the map
 * @quiescent: optional; called between batches, outside the timed loop
 * @store: set a key's value; false: no memory
 * @remove: remove a key; false: it was absent
 * @run: the timed loop over a batch
 * @chase: @n dependent loads: each value is the next key (keys_after()); returns the last value
 * @bulk: optional; lookups of BENCH_BULK keys at a time
 * @bytes: optional; bytes that the map has allocated; if NULL, the allocator's count is used
 * @settle: optional; returns when background work of stores (growth, promotion) is complete
 * @work: optional; the work done by the calling thread; with it, times are not valid
 * @forget: optional; forget what was learned about the keys in use; false: no memory
 *
 * @create and @forget are called outside of @thread_begin and @thread_end; all others are called
 * between them.
 */
struct bench_peer {
	const char *name;
	const char *settings;
	void *(*create)(uint64_t capacity);
	void (*destroy)(void *map);
	void (*thread_begin)(void *map);
	void (*thread_end)(void *map);
	void (*quiescent)(void *map);
	bool (*store)(void *map, uint64_t key, uint64_t value);
	bool (*remove)(void *map, uint64_t key);
	void (*run)(void *map, struct bench_batch *batch);
	uint64_t (*chase)(void *map, uint64_t key, unsigned int n);
	void (*bulk)(void *map, struct bench_batch *batch);
	uint64_t (*bytes)(void *map);
	void (*settle)(void *map);
	void (*work)(void *map, struct bench_work *work);
	bool (*forget)(void *map);
};

/* The value of a key is always this, so that sums of values can be checked. */
static inline uint64_t bench_value(uint64_t key)
{
	return key ^ 0x9e3779b97f4a7c15ULL;
}

/*
 * The timed loops, which need these inline functions of the peer:
 *	bool NAME_load(void *map, uint64_t key, uint64_t *value)
 *	bool NAME_store(void *map, uint64_t key, uint64_t value)
 */
#define BENCH_DEFINE_LOOPS(name)						\
static void name##_run(void *map, struct bench_batch *b)			\
{										\
	uint64_t found = 0, sum = 0, value;					\
	unsigned int i;								\
										\
	if (!b->write) {							\
		for (i = 0; i < b->n; i++) {					\
			if (name##_load(map, b->keys[i], &value)) {		\
				found++;					\
				sum += value;					\
			}							\
		}								\
	} else {								\
		for (i = 0; i < b->n; i++) {					\
			if (b->write[i]) {					\
				name##_store(map, b->keys[i],			\
					     bench_value(b->keys[i]));		\
			} else if (name##_load(map, b->keys[i], &value)) {	\
				found++;					\
				sum += value;					\
			}							\
		}								\
	}									\
	b->found = found;							\
	b->sum = sum;								\
}										\
										\
static uint64_t name##_chase(void *map, uint64_t key, unsigned int n)		\
{										\
	while (n--)								\
		if (!name##_load(map, key, &key))				\
			return 0;						\
	return key;								\
}										\
struct bench_peer

#ifdef __cplusplus
}
#endif

#endif /* MAPSTAT_BENCH_PEER_H */

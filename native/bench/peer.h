/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the bench asks of a map, ours or a peer's: u64 keys, u64 values.  One file a peer;
 * the timed loops are inside it (BENCH_DEFINE_LOOPS), so that no indirect call per
 * operation is measured.
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
 * struct bench_batch - operations, drawn before the timed loop, and what came of them
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
 * struct bench_work - what a thread has done on a map so far, beside the store itself
 * @moved_buckets: buckets moved to a larger or smaller table
 * @copied: entries copied by promotions and dirty rebuilds
 * @cleared_bytes: bytes that allocations set to zero
 * @allocs_locked: allocations while it held a spinlock or rwlock
 * @bytes_locked: bytes of those
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
 * @create: an empty map with room for so many entries; 0: as small as it comes.  NULL: no memory
 * @destroy: end it
 * @thread_begin: optional; each thread calls it before it uses the map
 * @thread_end: optional; the other end
 * @quiescent: optional; called between batches, outside the timed loop
 * @store: set a key's value; false: no memory
 * @remove: remove a key; false: it was absent
 * @run: the timed loop over a batch
 * @chase: dependent loads: the next key is the last value (keys_after()), @n times; returns
 *	the last
 * @bulk: optional; lookups of BENCH_BULK keys at a time
 * @bytes: optional; what the map holds; where NULL, the allocator is asked
 * @settle: optional; returns when what goes on behind stores (growth, promotion) is done
 * @work: optional; what the calling thread has done; times are not to be trusted then
 * @forget: optional; forget what has been learned of the keys that are asked for; false: no
 *	memory
 *
 * A thread calls @destroy, and all that follows but @forget, between @thread_begin and
 * @thread_end; @create and @forget it calls outside.
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

/* What a key's value is, always, so that a sum of values can be checked. */
static inline uint64_t bench_value(uint64_t key)
{
	return key ^ 0x9e3779b97f4a7c15ULL;
}

/*
 * The loops, given inline functions of the peer:
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

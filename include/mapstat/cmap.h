/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Concurrent maps for read-mostly data in kernel space: one API, several designs.
 *
 * THE CONTRACT.  It holds for every design and mode (except "busted", which is wrong
 * on purpose), and each lettered guarantee has a KUnit test of the same letter.
 *
 * A  Linearizable per key.  Every operation on one key takes effect at one instant
 *    between its call and its return; cmap_load_many() is a load of each of its keys.
 *    Operations on different keys are not ordered with each other, beyond the ordering
 *    that the caller provides.
 * B  Whole values.  A value that is copied out was stored under that very key, as a
 *    whole; it is never torn, never another key's, and never one that had already been
 *    replaced by a store which returned before the load began.
 * C  Contexts.  The operations on one key, cmap_load_many() and cmap_len() may be
 *    called from process and softirq context, also under RCU read lock and under the
 *    caller's spinlocks, with interrupts on: not under a lock taken with _irq or
 *    _irqsave.  On PREEMPT_RT they may be called from threads that may sleep on a
 *    spinlock_t.  Never from hardirq or NMI.  cmap_create(), cmap_destroy(),
 *    cmap_range() and cmap_clear() sleep.
 * D  Out of memory.  An operation that returns -ENOMEM changed nothing, and no other
 *    entry is lost.  Deletes (cmap_delete, cmap_load_and_delete,
 *    cmap_compare_and_delete) and loads never fail because of a lack of memory.
 * E  Range.  cmap_range() terminates regardless of concurrent operations.  It calls back
 *    at most once per key; exactly once for a key that is present during the whole call;
 *    with a value that the key had at some instant during the call.
 * F  Clear.  An entry whose store returned before cmap_clear() began is gone when it
 *    returns, unless it has been stored again since.  Entries stored concurrently may stay.
 * G  Length.  cmap_len() is exact when no operation is in flight; otherwise it is off
 *    by at most the number of operations that are in flight at some time during the call.
 * H  Bounded work.  No operation on one key does work that grows with the number of
 *    entries: growth, shrink, promotion and reclaim are done in steps of bounded size,
 *    or by a worker.  The exceptions: the classic mode of "readdirty", by design;
 *    "rhashtable", whose inserts may allocate a table themselves when its worker is late;
 *    and "hlist", whose table never grows: beyond the capacity it was created with
 *    (0: 16384 entries) its chains grow.
 * I  Keyed hashing.  Each map hashes with its own random keys, so that an attacker cannot
 *    target one bucket.  Keys that collide anyway stay correct, only slower
 *    ("rhashtable" refuses more than about 16 of them: its inserts return -EBUSY).
 * J  Memory.  Inserting and deleting without end keeps memory bounded by the largest
 *    number of entries that were live at once ("readdirty" delays inserts that get ahead
 *    of its worker, by at most 128 us); a map that was emptied shrinks, though never
 *    below the capacity it was created with ("rhashtable": at most 24576 entries of it;
 *    "hlist" frees its entries and keeps its table).
 * K  Lifetime.  Nothing passed out points into a map.  cmap_destroy() waits for all
 *    callbacks of its own; the caller ensures that no operation is in flight.
 *
 * Operations follow Go's sync.Map (1.23).  All return 0 or a negative errno, except
 * cmap_load_many() and cmap_len().  Keys and values are passed in and out through buffers
 * that are aligned as a u64 and do not overlap.
 */
#ifndef MAPSTAT_CMAP_H
#define MAPSTAT_CMAP_H

#include <linux/types.h>

#define CMAP_NAME_LEN		32
#define CMAP_KEY_MAX		256	/* bytes */
#define CMAP_VALUE_MAX		4096	/* bytes */
#define CMAP_SHARDS_MAX		1024
#define CMAP_SHARDS_DEFAULT	32
#define CMAP_CAPACITY_MAX	0x100000000ULL	/* entries */

/**
 * enum cmap_flags - variants of a map
 * @CMAP_GENERIC: treat 8-byte keys as byte strings: no u64 fast path
 * @CMAP_PACKED: "sharded" only: shards share cache lines (to show false sharing)
 * @CMAP_COLLIDE: every key has the same hash; for tests
 */
enum cmap_flags {
	CMAP_GENERIC	= 1 << 0,
	CMAP_PACKED	= 1 << 1,
	CMAP_COLLIDE	= 1 << 2,
};

struct cmap;

/**
 * struct cmap_params - parameters of cmap_create()
 * @name: unique among live maps; the directory under debugfs maps/.  1..31 characters
 *	from [A-Za-z0-9_.-], not "." or ".."
 * @design: "rwlock", "sharded", "readdirty", "seqlock", "rhashtable", "hlist" or
 *	"busted"
 * @mode: "readdirty" only: "classic", or NULL, "" or "default" for the default mode
 * @key_size: bytes, 1..CMAP_KEY_MAX; 8 uses the u64 fast path
 * @value_size: bytes, 1..CMAP_VALUE_MAX
 * @shards: "sharded" only: power of two, 1..CMAP_SHARDS_MAX; 0: CMAP_SHARDS_DEFAULT
 * @flags: of enum cmap_flags
 * @capacity: entries to make room for at creation; 0: start small and grow
 */
struct cmap_params {
	const char	*name;
	const char	*design;
	const char	*mode;
	unsigned int	key_size;
	unsigned int	value_size;
	unsigned int	shards;
	unsigned int	flags;
	u64		capacity;
};

struct cmap *cmap_create(const struct cmap_params *params);
void cmap_destroy(struct cmap *map);

int cmap_load(struct cmap *map, const void *key, void *value);
unsigned int cmap_load_many(struct cmap *map, const void *keys, void *values,
			    unsigned long *found, unsigned int n);
int cmap_store(struct cmap *map, const void *key, const void *value);
int cmap_load_or_store(struct cmap *map, const void *key, const void *value,
		       void *actual, bool *loaded);
int cmap_load_and_delete(struct cmap *map, const void *key, void *value);
int cmap_delete(struct cmap *map, const void *key);
int cmap_swap(struct cmap *map, const void *key, const void *value,
	      void *previous, bool *loaded);
int cmap_compare_and_swap(struct cmap *map, const void *key, const void *old,
			  const void *new);
int cmap_compare_and_delete(struct cmap *map, const void *key, const void *old);

/**
 * typedef cmap_range_fn - called by cmap_range() for each entry
 * @key: a copy of the key, valid during the call
 * @value: a copy of the value, valid during the call
 * @arg: the argument passed to cmap_range()
 *
 * Context: Process context; may sleep, and may call any operation on the same map
 * except cmap_destroy().
 * Return: true to continue, false to end the range.
 */
typedef bool (*cmap_range_fn)(const void *key, const void *value, void *arg);

int cmap_range(struct cmap *map, cmap_range_fn fn, void *arg);
int cmap_clear(struct cmap *map);
u64 cmap_len(const struct cmap *map);

#endif /* MAPSTAT_CMAP_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the operations (readdirty.c) and the worker (work.c) of "readdirty", default
 * mode.  readdirty.c explains the algorithm.
 */
#ifndef MAPSTAT_READDIRTY_H
#define MAPSTAT_READDIRTY_H

#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include "kmod/designs/design.h"
#include "kmod/designs/lock.h"
#include "snapshot.h"
#include "trie.h"

/* A dirty side smaller than this does not justify a pass. */
#define RD_DIRTY_MIN	64
/* Nor does less than 1/RD_BUCKETS_SHARE of the buckets, which a pass walks. */
#define RD_BUCKETS_SHARE	8
/* Entries, dead or not yet in the read side, allowed beyond twice the number of live ones. */
#define RD_BACKLOG	(1 << 16)

/**
 * struct rd_view - the sides; constant while published
 * @read: the read side
 * @fresh: the trie that takes new entries; inserts under the map's @lock
 * @old: NULL, or the previous fresh trie, into which nothing is inserted any more
 */
struct rd_view {
	struct snap_table read;
	struct trie *fresh;
	struct trie *old;
};

/**
 * struct rd_pcpu - per-CPU counters
 * @misses: lookups that went to the dirty side.  Written with this_cpu operations, read
 *	by anyone
 * @deletes: tombstones made, except by a clear.  Written with this_cpu operations
 */
struct rd_pcpu {
	unsigned long misses;
	unsigned long deletes;
} ____cacheline_aligned;

MAPSTAT_WHOLE_LINES(struct rd_pcpu);

/**
 * struct readdirty - a map
 * @cmap: the part that all designs share
 * @view: the current view; written under @lock, read under RCU
 * @pcpu: constant pointer
 * @entry_bytes: size of an entry, as allocated; constant
 * @misses_base: misses already accounted for by earlier passes; written by the worker
 * @views: memory of the views: at most two are in use between grace periods, and the next one
 *	is @view_next; owned by the worker
 * @tries: memory of fresh and old, used in turns
 * @view_next: index of the view to be used next; owned by the worker
 * @graveyard: frozen entries that may still be visible; owned by the worker
 * @table_bytes: size of the snapshot tables, including the one being built; written by
 *	the worker, read by anyone
 * @lock: inserts, and changes of @view
 * @total: number of allocated entries; written under @lock, read by anyone
 * @total_max: with more than this, inserts are ahead of the worker, and are delayed.  As @total
 */
struct readdirty {
	struct cmap cmap;
	struct rd_view __rcu *view;
	struct rd_pcpu __percpu *pcpu;
	size_t entry_bytes;
	unsigned long misses_base;
	struct rd_view views[3];
	struct trie tries[2];
	unsigned int view_next;
	struct rd_entry *graveyard;
	u64 table_bytes;
	spinlock_t lock ____cacheline_aligned;
	u64 total;
	u64 total_max;
};

/* Inserts write @lock and the fields after it; loads read @view, which comes before. */
MAPSTAT_BEGINS_LINE(struct readdirty, lock);

static __always_inline struct readdirty *to_readdirty(struct cmap *m)
{
	return container_of(m, struct readdirty, cmap);
}

/* Take the map's lock, and count a wait if it was taken. */
static inline void rd_lock(struct readdirty *rd) __acquires(&rd->lock)
{
	cmap_lock(&rd->cmap, &rd->lock);
}

static inline void rd_unlock(struct readdirty *rd) __releases(&rd->lock)
{
	cmap_unlock(&rd->cmap, &rd->lock);
}

/* A pass costs time proportional to the buckets of its tables: the minimum that justifies it. */
static inline u64 view_pass_min(const struct rd_view *v)
{
	return (1ULL << v->read.bits) / RD_BUCKETS_SHARE;
}

/* Is the dirty side large enough for a pass? */
static inline bool view_is_large(const struct rd_view *v)
{
	/* Pairs with trie_insert(): an estimate, no ordering. */
	return READ_ONCE(v->fresh->count) >= max3(1ULL * RD_DIRTY_MIN, v->read.count / 4,
						  view_pass_min(v));
}

bool readdirty_pass_is_due(struct readdirty *rd);
void readdirty_work(struct cmap *m);
int readdirty_init(struct cmap *m);
void readdirty_exit(struct cmap *m);
void readdirty_memory(struct cmap *m, struct cmap_memory *mem);

#endif /* MAPSTAT_READDIRTY_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operations (readdirty.c) and the worker (readdirty_work.c) of "readdirty",
 * default mode, share.  How it works is told in readdirty.c.
 */
#ifndef MAPSTAT_READDIRTY_H
#define MAPSTAT_READDIRTY_H

#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include "kmod/designs/design.h"
#include "snapshot.h"
#include "trie.h"

/* A dirty side smaller than this is not worth a pass by itself. */
#define RD_DIRTY_MIN	64
/* Nor is anything that is less than that share of the buckets, which a pass goes over. */
#define RD_BUCKETS_SHARE	8
/* Entries beyond twice the live ones, dead or not yet in the read side, that may pile up. */
#define RD_BACKLOG	(1 << 16)

/**
 * struct rd_view - the sides; constant while published
 * @read: the read side
 * @fresh: the trie that takes new entries; inserts under the map's @lock
 * @old: NULL, or the trie that takes none any more
 */
struct rd_view {
	struct snap_table read;
	struct trie *fresh;
	struct trie *old;
};

/**
 * struct rd_pcpu - what a CPU counts
 * @misses: lookups that went to the dirty side.  Written with this_cpu operations, read
 *	by anyone
 * @deletes: tombstones made, but for those of a clear.  Written with this_cpu operations
 */
struct rd_pcpu {
	unsigned long misses;
	unsigned long deletes;
} ____cacheline_aligned;

MAPSTAT_WHOLE_LINES(struct rd_pcpu);

/**
 * struct readdirty - a map
 * @cmap: what all designs share
 * @view: the current view; written under @lock, read under RCU
 * @pcpu: constant pointer
 * @entry_bytes: of an entry, as allocated; constant
 * @misses_base: misses that earlier passes have answered; written by the worker
 * @views: their memory: at most two are in use between grace periods, and the next one
 *	is @view_next; the worker's
 * @tries: memory of fresh and old, in turns
 * @view_next: index of the view to be used next; the worker's
 * @graveyard: frozen entries that may still be seen; the worker's
 * @table_bytes: of snapshot tables, the one that is being built included; written by
 *	the worker, read by anyone
 * @lock: inserts, and changes of @view
 * @total: entries that are allocated; written under @lock, read by anyone
 * @total_max: more than that: inserts are ahead of the worker, and slow down.  As @total
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

/* Inserts write what follows; loads read the view, which comes before. */
MAPSTAT_BEGINS_LINE(struct readdirty, lock);

static __always_inline struct readdirty *to_readdirty(struct cmap *m)
{
	return container_of(m, struct readdirty, cmap);
}

/* Take the map's lock, and tell whether somebody else had it. */
static inline void rd_lock(struct readdirty *rd) __acquires(&rd->lock)
{
	cmap_access(&rd->cmap, &rd->lock, MAPSTAT_LOCK_BYTES, MAPSTAT_ATOMIC);
	if (likely(spin_trylock_bh(&rd->lock)))
		return;
	cmap_count(&rd->cmap, CMAP_LOCK_WAITS);
	spin_lock_bh(&rd->lock);
}

static inline void rd_unlock(struct readdirty *rd) __releases(&rd->lock)
{
	cmap_access(&rd->cmap, &rd->lock, MAPSTAT_LOCK_BYTES, MAPSTAT_WRITE);
	spin_unlock_bh(&rd->lock);
}

/* A pass costs as much as its tables have buckets: what makes it due has to be worth that. */
static inline u64 view_pass_min(const struct rd_view *v)
{
	return (1ULL << v->read.bits) / RD_BUCKETS_SHARE;
}

/* Is the dirty side large enough for a pass? */
static inline bool view_is_large(const struct rd_view *v)
{
	/* Pairs with trie_insert(): a figure, no ordering. */
	return READ_ONCE(v->fresh->count) >= max3(1ULL * RD_DIRTY_MIN, v->read.count / 4,
						  view_pass_min(v));
}

bool readdirty_pass_is_due(struct readdirty *rd);
void readdirty_work(struct cmap *m);
int readdirty_init(struct cmap *m);
void readdirty_exit(struct cmap *m);
void readdirty_memory(struct cmap *m, struct cmap_memory *mem);

#endif /* MAPSTAT_READDIRTY_H */

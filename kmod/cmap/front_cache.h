/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The front's data structures; see front.c for how they are used.
 */
#ifndef MAPSTAT_FRONT_CACHE_H
#define MAPSTAT_FRONT_CACHE_H

#include <linux/atomic.h>
#include "kmod/designs/update.h"
#include "front.h"

#define FRONT_WAYS		2
#define FRONT_BYTES		(256 << 10)	/* per CPU: part of its L2 cache */
#define FRONT_SETS_MIN		4U
#define FRONT_GROUPS		(1 << 12)	/* their words fit an L1 cache */
#define FRONT_WRITING_BITS	22		/* as many tasks as there can be */
#define FRONT_WRITING		((1ULL << FRONT_WRITING_BITS) - 1)
#define FRONT_EMPTY		U64_MAX		/* no entry is added while a write is in progress */
#define FRONT_ADMITS		16		/* 1 in so many misses displaces an entry */

#define FRONT_WINDOW		(1 << 15)	/* lookups between checks of the hit rate */
#define FRONT_PAYS		3	/* 1 hit in so many loads is enough */
#define FRONT_REST		(31 * FRONT_WINDOW)	/* loads that then bypass it */
#define FRONT_BUSY		(1U << 31)
#define FRONT_WRITE_SAMPLE	64	/* 1 in so many writes is timed */

/**
 * struct front_set - a set of entries on one CPU; only that CPU accesses it
 * @writes: the group's word of each entry; FRONT_EMPTY: empty entry
 * @keys: FRONT_WAYS keys, each rounded up to 8 bytes; then a struct front_ages; then as
 *	many values, rounded up likewise.  With u64 keys and values a set is one cache line
 */
struct front_set {
	u64 writes[FRONT_WAYS];
	u64 keys[];
};

/**
 * struct front_ages - LRU state of a set
 * @used: for each entry, @clock at its last use
 * @clock: number of uses
 */
struct front_ages {
	u32 used[FRONT_WAYS];
	u32 clock;
} __aligned(8);

/**
 * struct front_cpu - a CPU's cache
 * @sets: array with a stride of front_set_bytes(); accessed by its CPU only.  NULL until the
 *	CPU is online, then constant
 * @state: 0: usable; FRONT_BUSY: in use, so that what interrupts the use stays out, or no
 *	@sets; else the number of loads still to bypass it, for a low hit rate.  One word, so
 *	that one check suffices.  Written by its CPU, read by anyone
 * @hits: loads that found their key.  This and the counts below are written by their CPU
 *	only, with preemption off, and read by anyone
 * @misses: loads that looked their key up and did not find a valid entry
 * @invalidations: misses on an entry that a write had invalidated
 * @fills: entries added, or updated by a store
 * @rests: times that its CPU began to bypass it for its low hit rate
 * @window_lookups: @hits + @misses at the last check of the hit rate; only its CPU's
 * @window_misses: @misses then; only its CPU's
 * @bypassed: loads that did not use it, for a low hit rate, because they interrupted its
 *	user, or for lack of @sets.  This and the counts below are written with this_cpu operations
 * @writes: writes that counted themselves
 * @write_samples: writes that were timed
 * @write_ticks: what the front cost these in total, clock ticks
 */
struct front_cpu {
	void *sets;
	u32 state;
	unsigned long hits;
	unsigned long misses;
	unsigned long window_lookups;
	unsigned long window_misses;
	unsigned long invalidations;
	unsigned long fills;
	unsigned long bypassed;
	unsigned long rests;
	unsigned long writes;
	unsigned long write_samples;
	unsigned long write_ticks;
} ____cacheline_aligned;

MAPSTAT_WHOLE_LINES(struct front_cpu);

/**
 * struct front - a map's front
 * @cpu: per-CPU caches; constant pointer
 * @writes: a word for each group: the number of writes begun and, in the FRONT_WRITING_BITS
 *	lowest bits, the number of those in progress; constant pointer
 * @set_mask: number of sets - 1; constant
 * @reading: loads may be answered from it.  Written under front_lock, read under RCU
 * @shape: the map's; constant
 * @node: CPU hotplug instance: CPUs that come online get their sets
 */
struct front {
	struct front_cpu __percpu *cpu;
	atomic64_t *writes;
	unsigned int set_mask;
	bool reading;
	struct cmap_shape shape;
	struct hlist_node node;
} ____cacheline_aligned;

static __always_inline void *front_key(struct front_set *set, unsigned int way,
				       const struct cmap_shape shape)
{
	return (void *)set->keys + way * ALIGN(shape.key_size, 8);
}

static __always_inline struct front_ages *front_ages(struct front_set *set,
						     const struct cmap_shape shape)
{
	return front_key(set, FRONT_WAYS, shape);
}

static __always_inline void *front_value(struct front_set *set, unsigned int way,
					 const struct cmap_shape shape)
{
	return (void *)(front_ages(set, shape) + 1) + way * ALIGN(shape.value_size, 8);
}

static __always_inline unsigned int front_set_bytes(const struct cmap_shape shape)
{
	return ALIGN(sizeof(struct front_set) + sizeof(struct front_ages) + FRONT_WAYS *
		     (ALIGN(shape.key_size, 8) + ALIGN(shape.value_size, 8)), SMP_CACHE_BYTES);
}

static __always_inline struct front_set *front_set(const struct front *f,
						   const struct front_cpu *c, u64 hash,
						   const struct cmap_shape shape)
{
	return c->sets + (size_t)(hash >> 40 & f->set_mask) * front_set_bytes(shape);
}

static __always_inline unsigned int front_group(u64 hash)
{
	return hash % FRONT_GROUPS;
}

void front_fill(struct cmap *m, struct front *f, u64 hash, u64 writes, const void *key,
		const void *value);
void front_renew(struct cmap *m, struct front *f, u64 hash, u64 writes, const void *key,
		 const void *value);

/* For counts of this CPU that others read; pairs with their READ_ONCE(): no ordering. */
#define front_count(field)	WRITE_ONCE(field, (field) + 1)

/* Count a write as begun. Return: the group's new word. */
static __always_inline u64 front_begin(struct front *f, unsigned int group)
{
	cmap_access(NULL, &f->writes[group], sizeof(f->writes[group]), MAPSTAT_ATOMIC);
	/*
	 * One more begun, and in progress.  Counted before the map is written: fully ordered,
	 * pairs with the smp_rmb() in front_to_read().
	 */
	return atomic64_add_return(FRONT_WRITING + 2, &f->writes[group]);
}

/* Count a write as ended. Return: the group's new word. */
static __always_inline u64 front_end(struct front *f, unsigned int group)
{
	cmap_access(NULL, &f->writes[group], sizeof(f->writes[group]), MAPSTAT_ATOMIC);
	/* The map was written before this: fully ordered, pairs with front_load_shape(). */
	return atomic64_dec_return(&f->writes[group]);
}

/**
 * struct front_write - a write that has counted itself as begun
 * @hash: of its key
 * @begun: its group's word right after that
 * @reading: every write that was in progress then, or began later, is counted
 */
struct front_write {
	u64 hash;
	u64 begun;
	bool reading;
};

static __always_inline struct front_write front_write_begin(struct cmap *m, struct front *f,
							    const struct cmap_update *u)
{
	struct front_write w = { .hash = cmap_hash(m, u->key, m->shape) };

	/*
	 * Read before the write begins: if set, every write that does not count itself has ended.
	 * Acquire: pairs with the WRITE_ONCE() in front_publish(), after a grace period.
	 */
	w.reading = smp_load_acquire(&f->reading);
	w.begun = front_begin(f, front_group(w.hash));
	return w;
}

static __always_inline void front_write_end(struct cmap *m, struct front *f,
					    const struct front_write w,
					    const struct cmap_update *u, int ret)
{
	const u64 ended = front_end(f, front_group(w.hash));

	/* A write that began or ended in between changed the word; one in progress is in it. */
	if (u->op == CMAP_STORE && !ret && w.reading && ended == w.begun - 1 &&
	    !(ended & FRONT_WRITING))
		front_renew(m, f, w.hash, ended, u->key, u->value);
}

#endif /* MAPSTAT_FRONT_CACHE_H */

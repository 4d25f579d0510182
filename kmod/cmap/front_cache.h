/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a front is made of; front.c explains how it is used.
 */
#ifndef MAPSTAT_FRONT_CACHE_H
#define MAPSTAT_FRONT_CACHE_H

#include <linux/atomic.h>
#include "kmod/designs/update.h"
#include "front.h"

#define FRONT_WAYS		2
#define FRONT_BYTES		(256 << 10)	/* of a CPU: a part of its second-level cache */
#define FRONT_SETS_MIN		4U
#define FRONT_GROUPS		(1 << 12)	/* their words fit a first-level cache, too */
#define FRONT_WRITING_BITS	22		/* as many as there may be tasks */
#define FRONT_WRITING		((1ULL << FRONT_WRITING_BITS) - 1)
#define FRONT_EMPTY		U64_MAX		/* no entry is kept while somebody writes */
#define FRONT_ADMITS		16		/* 1 in so many keys displaces another one */

#define FRONT_WINDOW		(1 << 15)	/* loads before a CPU looks whether it pays */
#define FRONT_PAYS		3	/* 1 hit in so many loads makes up for the misses */
#define FRONT_REST		(31 * FRONT_WINDOW)	/* loads that pass a resting cache by */
#define FRONT_BUSY		(1U << 31)
#define FRONT_WRITE_SAMPLE	64	/* 1 in so many writes is timed */

/**
 * struct front_set - the entries of some keys on one CPU; all its CPU's own
 * @writes: of each entry, its group's word; FRONT_EMPTY: there is none
 * @keys: FRONT_WAYS keys, each rounded up to 8 bytes; then a struct front_ages; then as
 *	many values, rounded up likewise.  With u64s a set is a line
 */
struct front_set {
	u64 writes[FRONT_WAYS];
	u64 keys[];
};

/**
 * struct front_ages - which entry of a set was used last
 * @clock: uses so far
 * @used: of each entry, @clock at its last use
 */
struct front_ages {
	u32 used[FRONT_WAYS];
	u32 clock;
} __aligned(8);

/**
 * struct front_cpu - a CPU's cache
 * @sets: set_bytes apart; its CPU's own.  NULL until the CPU is online, then constant
 * @state: 0; FRONT_BUSY: it is in use, and what interrupts that use keeps off, or there are
 *	no @sets; or the loads that are yet to pass it by, as it rests.  One word, so
 *	that it is looked at once.  Written by its CPU, read by anyone
 * @hits: loads that found their key in it.  This and the counts below are written by their
 *	CPU alone, with preemption off, and read by anyone
 * @misses: loads that looked and did not find it
 * @window_lookups: @hits + @misses when it last looked whether it pays.  Its CPU's own
 * @window_misses: @misses then.  Its CPU's own
 * @bypassed: loads that passed it by, because it rested or because they interrupted its user;
 *	written with this_cpu operations
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
 * struct front - before one map
 * @cpu: constant pointer
 * @writes: of each group a word: how many writes have begun, and in the FRONT_WRITING_BITS
 *	lowest bits, how many of them have not ended; constant pointer
 * @set_mask: number of sets - 1; constant
 * @reading: loads may be answered.  Written by who turns it on or off, read under RCU
 * @shape: the map's; constant
 * @node: of the hotplug core: CPUs that come online get their sets
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

/* For counts of this CPU that others read: pairs with their READ_ONCE(), no ordering. */
#define front_count(field)	WRITE_ONCE(field, (field) + 1)

/* A write begins. Return: the group's word from then on. */
static __always_inline u64 front_begin(struct front *f, unsigned int group)
{
	cmap_access(NULL, &f->writes[group], sizeof(f->writes[group]), MAPSTAT_ATOMIC);
	/*
	 * One more begun, and not ended.  Counted before anything is written: fully ordered,
	 * pairs with the smp_rmb() in front_to_read().
	 */
	return atomic64_add_return(FRONT_WRITING + 2, &f->writes[group]);
}

/* A write ends. Return: the group's word from then on. */
static __always_inline u64 front_end(struct front *f, unsigned int group)
{
	cmap_access(NULL, &f->writes[group], sizeof(f->writes[group]), MAPSTAT_ATOMIC);
	/* Written before it is counted: fully ordered, pairs with front_load_shape(). */
	return atomic64_dec_return(&f->writes[group]);
}

/**
 * struct front_write - a write that has announced itself
 * @hash: of its key
 * @begun: its group's word since it began
 * @reading: all writes that were in progress when it began, or came later, are counted
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
	 * Before it begins: who does not count himself has ended by then.  Acquire: pairs with
	 * the WRITE_ONCE() in front_publish(), after a grace period.
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

	/* One that began or ended in between has changed it, one that is still at it shows. */
	if (u->op == CMAP_STORE && !ret && w.reading && ended == w.begun - 1 &&
	    !(ended & FRONT_WRITING))
		front_renew(m, f, w.hash, ended, u->key, u->value);
}

#endif /* MAPSTAT_FRONT_CACHE_H */

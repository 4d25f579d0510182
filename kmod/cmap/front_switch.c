// SPDX-License-Identifier: GPL-2.0-only
/*
 * A front comes and goes, and tells what it did.  "ON AND OFF" in front.c says why nobody
 * who uses the map need know.
 */
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include "kmod/designs/array.h"
#include "kmod/memory.h"
#include "kmod/refusal.h"
#include "kmod/stats/clock.h"
#include "front_cache.h"

DEFINE_STATIC_KEY_FALSE(front_in_use);
EXPORT_SYMBOL_IF_KUNIT(front_in_use);

static DEFINE_MUTEX(front_cpus_lock);
/* All fronts are instances of it; it is there while there are any.  Under front_cpus_lock. */
static enum cpuhp_state front_cpus_state;
static unsigned int front_cpus_users;		/* under front_cpus_lock */

/**
 * front_clear - see cmap_clear()
 * @m: the map; it may have a front or none
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int front_clear(struct cmap *m)
{
	struct front *f;
	unsigned int i;
	int ret;

	/* Until it is done no front comes that does not know of it. */
	down_read(&m->front_lock);
	f = rcu_dereference_protected(m->front, lockdep_is_held(&m->front_lock));
	for (i = 0; f && i < FRONT_GROUPS; i++)
		front_begin(f, i);
	ret = m->ops->clear(m);
	for (i = 0; f && i < FRONT_GROUPS; i++)
		front_end(f, i);
	up_read(&m->front_lock);
	return ret;
}

/**
 * cmap_front_bytes - what a front takes
 * @cpus: that are online
 *
 * Context: Any.
 * Return: bytes, at most.
 */
u64 cmap_front_bytes(unsigned int cpus)
{
	return (u64)cpus * FRONT_BYTES + num_possible_cpus() * sizeof(struct front_cpu) +
	       FRONT_GROUPS * sizeof(atomic64_t);
}

static void *front_sets_alloc(const struct front *f, int cpu)
{
	const unsigned int set_bytes = front_set_bytes(f->shape);
	void *sets = kvzalloc_node((size_t)(f->set_mask + 1) * set_bytes, MAPSTAT_GFP,
				   cpu_to_node(cpu));
	unsigned int i;

	for (i = 0; sets && i <= f->set_mask; i++) {
		struct front_set *set = sets + (size_t)i * set_bytes;

		memset64(set->writes, FRONT_EMPTY, FRONT_WAYS);
	}
	return sets;
}

/*
 * A CPU comes online, or is when its front is made: before it uses that.  Always 0: without
 * memory its loads pass by, which is no reason for it to stay offline.
 */
static int front_cpu_comes(unsigned int cpu, struct hlist_node *node)
{
	struct front *f = hlist_entry(node, struct front, node);
	struct front_cpu *c = per_cpu_ptr(f->cpu, cpu);

	if (c->sets)
		return 0;
	/* Pairs with cmap_front_stats(): whether they are there, no ordering. */
	WRITE_ONCE(c->sets, front_sets_alloc(f, cpu));
	if (c->sets)
		WRITE_ONCE(c->state, 0);	/* pairs as front_count() does */
	return 0;
}

/* Have sets on all CPUs that are online, and on those that come. Return: 0 or -errno. */
static int front_follow_cpus(struct front *f)
{
	int ret = 0;

	mutex_lock(&front_cpus_lock);
	if (!front_cpus_users) {
		ret = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN, "mapstat/front:prepare",
					      front_cpu_comes, NULL);
		front_cpus_state = ret;
	}
	if (ret >= 0) {
		front_cpus_users++;
		ret = cpuhp_state_add_instance(front_cpus_state, &f->node);
		if (ret && !--front_cpus_users)
			cpuhp_remove_multi_state(front_cpus_state);
	}
	mutex_unlock(&front_cpus_lock);
	return ret;
}

static void front_leave_cpus(struct front *f)
{
	mutex_lock(&front_cpus_lock);
	cpuhp_state_remove_instance_nocalls(front_cpus_state, &f->node);
	if (!--front_cpus_users)
		cpuhp_remove_multi_state(front_cpus_state);
	mutex_unlock(&front_cpus_lock);
}

/* What is there, where it follows no CPUs any more. */
static void front_release(struct front *f)
{
	int cpu;

	if (f->cpu)
		for_each_possible_cpu(cpu)
			kvfree(per_cpu_ptr(f->cpu, cpu)->sets);
	free_percpu(f->cpu);
	kvfree(f->writes);
	kfree(f);
}

static void front_free(struct front *f)
{
	front_leave_cpus(f);
	front_release(f);
}

static bool front_is_complete(const struct front *f)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (!per_cpu_ptr(f->cpu, cpu)->sets)
			return false;
	return true;
}

static struct front *front_alloc(struct cmap *m)
{
	struct front *f = NULL;
	int cpu;

	if (cmap_front_bytes(num_online_cpus()) <= mapstat_memory_room())
		f = kzalloc(sizeof(*f), MAPSTAT_GFP);
	if (!f)
		return NULL;
	f->shape = m->shape;
	f->set_mask = rounddown_pow_of_two(max(FRONT_BYTES / front_set_bytes(m->shape),
					       FRONT_SETS_MIN)) - 1;
	f->writes = array_alloc(FRONT_GROUPS * sizeof(*f->writes));
	f->cpu = alloc_percpu_gfp(struct front_cpu, MAPSTAT_GFP_PERCPU);
	if (!f->writes || !f->cpu)
		goto fail_release;
	/* A CPU without sets never ends to be busy: its loads pass by, and are counted. */
	for_each_possible_cpu(cpu)
		per_cpu_ptr(f->cpu, cpu)->state = FRONT_BUSY;
	if (front_follow_cpus(f))
		goto fail_release;
	if (front_is_complete(f))
		return f;
	front_leave_cpus(f);

fail_release:
	front_release(f);
	return NULL;
}

static void front_publish(struct cmap *m, struct front *f)
{
	lockdep_assert_held_write(&m->front_lock);
	/* Pairs with rcu_dereference() of loads and writes. */
	rcu_assign_pointer(m->front, f);
	synchronize_rcu();		/* from here on, every write counts itself */
	/* Pairs with front_to_read() and front_write_begin(). */
	WRITE_ONCE(f->reading, true);
}

static void front_unpublish(struct cmap *m, struct front *f)
{
	lockdep_assert_held_write(&m->front_lock);
	WRITE_ONCE(f->reading, false);	/* pairs with front_to_read() */
	synchronize_rcu();		/* from here on, nobody relies on the counts */
	RCU_INIT_POINTER(m->front, NULL);
	synchronize_rcu();		/* nor counts any more */
}

static struct front *front_held(struct cmap *m)
{
	return rcu_dereference_protected(m->front, lockdep_is_held(&m->front_lock));
}

/* Allocates, and changes code, without the lock: who clears the map may be in either's way. */
static int front_on(struct cmap *m)
{
	struct front *f, *spare = NULL;

	if (m->design == CMAP_NR_DESIGNS)
		return -EOPNOTSUPP;
	if (cmap_front_is_on(m))
		return 0;
	f = front_alloc(m);
	if (!f)
		return mapstat_refuse_memory(cmap_front_bytes(num_online_cpus()),
					     "map %s cannot have a front: %d", m->name, -ENOMEM);
	static_branch_inc(&front_in_use);
	down_write(&m->front_lock);
	if (front_held(m))
		spare = f;
	else
		front_publish(m, f);
	up_write(&m->front_lock);
	if (spare) {
		static_branch_dec(&front_in_use);
		front_free(spare);
	}
	return 0;
}

static void front_off(struct cmap *m)
{
	struct front *f;

	down_write(&m->front_lock);
	f = front_held(m);
	if (f)
		front_unpublish(m, f);
	up_write(&m->front_lock);
	if (!f)
		return;
	static_branch_dec(&front_in_use);
	front_free(f);
}

/**
 * cmap_front_set - put a front before a map, or take it away
 * @m: the map; others may use it meanwhile, and need not know
 * @on: which
 *
 * Context: Process; sleeps, also for grace periods, and takes cpus_read_lock().  Allocates
 * with GFP_KERNEL.
 * Return: 0; -ENOMEM with one line in the log: there is none, as before; -EOPNOTSUPP: this is
 * no map.
 */
int cmap_front_set(struct cmap *m, bool on)
{
	if (on)
		return front_on(m);
	front_off(m);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(cmap_front_set);

/**
 * cmap_front_is_on - has a map a front?
 * @m: the map
 *
 * Context: Any.
 * Return: whether it has.
 */
bool cmap_front_is_on(struct cmap *m)
{
	return rcu_access_pointer(m->front);
}
EXPORT_SYMBOL_IF_KUNIT(cmap_front_is_on);

static void front_add_cpu(struct front_stats *stats, const struct front_cpu *c, u64 *ticks)
{
	/* Pair with front_count(), and its like: no ordering. */
	const u64 invalidations = READ_ONCE(c->invalidations);
	const u32 state = READ_ONCE(c->state);

	stats->hits += READ_ONCE(c->hits);
	stats->misses += READ_ONCE(c->misses);
	stats->invalidations += invalidations;
	stats->fills += READ_ONCE(c->fills);
	stats->bypassed += READ_ONCE(c->bypassed);
	stats->rests += READ_ONCE(c->rests);
	stats->resting_cpus += state && state != FRONT_BUSY;
	stats->writes += READ_ONCE(c->writes);
	stats->write_samples += READ_ONCE(c->write_samples);
	*ticks += READ_ONCE(c->write_ticks);
}

/**
 * cmap_front_stats - what a map's front did
 * @m: the map
 * @stats: filled in
 *
 * Context: Process; sleeps.
 */
void cmap_front_stats(struct cmap *m, struct front_stats *stats)
{
	const struct front *f;
	u64 ticks = 0;
	int cpu;

	*stats = (struct front_stats){ };
	down_read(&m->front_lock);
	f = front_held(m);
	if (f) {
		const u64 sets = f->set_mask + 1;

		stats->on = true;
		stats->entries_per_cpu = FRONT_WAYS * sets;
		stats->bytes = sizeof(*f) + FRONT_GROUPS * sizeof(*f->writes);
		for_each_possible_cpu(cpu) {
			const struct front_cpu *c = per_cpu_ptr(f->cpu, cpu);

			stats->bytes += sizeof(*c);
			/* Pairs with front_cpu_comes(): whether they are there, no ordering. */
			if (READ_ONCE(c->sets))
				stats->bytes += sets * front_set_bytes(m->shape);
			front_add_cpu(stats, c, &ticks);
		}
		stats->write_ns = mapstat_clock_ns(ticks);
	}
	up_read(&m->front_lock);
}
EXPORT_SYMBOL_IF_KUNIT(cmap_front_stats);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The front: a per-CPU cache of load results in front of a map.
 *
 * Each CPU has a set-associative cache of keys and values, LRU within a set, which only that
 * CPU reads and writes.  Only the invalidation state is shared: keys are grouped by their hash,
 * and each group has one word with the number of writes begun so far and the number of those
 * still in progress.
 *
 *   A write counts itself as begun, writes to the map, and counts itself as ended.
 *   A load reads the word.  If its key is cached and the word equals the entry's word, it
 *   returns the cached value.  Otherwise it loads from the map and, if the word showed no write
 *   in progress in the group, may cache the value together with that word.
 *
 * WHY NO OLD VALUE IS RETURNED.  An entry's word was read before its value was loaded, when
 * no write was in progress in the group.  If a load that hits reads the same word, no write has
 * begun in the group in between: the entry's value has been the key's value all along, and the
 * load takes effect at the instant at which it reads the word.  If the group was written while
 * a fill loaded its value, the entry is still added, but its word never matches again.  A
 * store that was the only write in its group from its beginning to its end knows both the value
 * and the word that go with it, and updates the entry that its key has on its CPU: as long as
 * the word is unchanged, no write has begun since.  (The count has 42 bits.  It can wrap only
 * after days of nothing but writes to that one group, and a load would then have to read it at
 * exactly the write at which it matches.)
 *
 * WHAT IS CACHED.  Keys whose entry a write has invalidated, and keys whose set has room.  Of
 * all others 1 in FRONT_ADMITS, so that keys that are loaded once do not displace those that
 * are loaded often, and most misses are spared the cost of a fill.
 *
 * ON AND OFF.  Every write is in an RCU read-side section from before it checks for a front
 * until it has written.  To enable: the front is published, but loads do not use it yet; after
 * a grace period every write counts itself, and loads begin to use it.  To disable: loads stop
 * using it; after a grace period no load relies on the counts, and the front is unpublished;
 * after another grace period no write counts itself in it, and it is freed.  A clear excludes
 * both, and counts as a write in every group.
 *
 * If a CPU's cache answers fewer than 1 in FRONT_PAYS loads, the CPU bypasses it for a while.
 */
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include "kmod/designs/array.h"
#include "kmod/designs/loop.h"
#include "kmod/memory.h"
#include "kmod/refusal.h"
#include "kmod/stats/clock.h"
#include "call.h"
#include "front_cache.h"

/* Loads that looked their key up in a cache. */
static __always_inline unsigned long front_lookups(const struct front_cpu *c)
{
	return c->hits + c->misses;
}

/*
 * Check the hit rate, on the first miss at least FRONT_WINDOW lookups after the last check.
 * Return: the cache's next state; FRONT_REST: it is to be bypassed, for a low hit rate.
 */
static u32 front_judge(struct front_cpu *c)
{
	const unsigned long lookups = front_lookups(c) - c->window_lookups;
	const unsigned long misses = c->misses - c->window_misses;

	c->window_lookups = front_lookups(c);
	c->window_misses = c->misses;
	if (misses <= lookups - lookups / FRONT_PAYS)
		return 0;
	front_count(c->rests);
	return FRONT_REST;
}

/* Bypass a cache: for a low hit rate, or because this interrupts its user. */
static __always_inline void front_pass(struct front *f, struct front_cpu *c, u32 state)
{
	/* A this_cpu operation, because a softirq that interrupts this counts too. */
	this_cpu_add(f->cpu->bypassed, 1);
	if (likely(state != FRONT_BUSY))
		WRITE_ONCE(c->state, state - 1);	/* pairs as in front_count() */
}

/*
 * Begin to use this CPU's cache.  @load: this is a load; a bypass is counted.
 * Return: the cache, with preemption off until front_leave(); NULL if it is bypassed for a low
 * hit rate, or if this interrupts its user.
 */
static __always_inline struct front_cpu *front_enter(struct front *f, bool load,
						     const struct cmap_shape shape)
{
	struct front_cpu *c;
	u32 state;

	preempt_disable();
	c = this_cpu_ptr(f->cpu);
	/* Softirqs on this CPU write it too: they restore it, or start or count down a bypass. */
	state = READ_ONCE(c->state);
	/* State and counts: one or two cache lines that only this CPU uses. */
	cmap_access_load(shape, NULL, c, offsetof(struct front_cpu, window_lookups), MAPSTAT_WRITE);
	if (unlikely(state)) {
		if (load)
			front_pass(f, c, state);
		preempt_enable();
		return NULL;
	}
	WRITE_ONCE(c->state, FRONT_BUSY);
	barrier();	/* marked busy before the cache is accessed, idle after */
	return c;
}

static __always_inline void front_leave(struct front_cpu *c, u32 state)
{
	barrier();	/* as in front_enter() */
	WRITE_ONCE(c->state, state);
	preempt_enable();
}

static __always_inline void front_age(struct front_ages *ages, unsigned int way,
				      const struct cmap_shape shape)
{
	cmap_access_load(shape, NULL, ages, sizeof(*ages), MAPSTAT_WRITE);
	ages->used[way] = ++ages->clock;
}

/* Return: the entry's bit if it has the key, else 0. */
static __always_inline unsigned int front_matches(struct front_set *set, unsigned int way,
						  const void *key, const struct cmap_shape shape)
{
	return (unsigned int)cmap_key_equal(front_key(set, way, shape), key, shape) << way;
}

/*
 * Return: a bit for each entry that has the key.  All are compared without a branch, because
 * which one matches cannot be predicted.
 */
static __always_inline unsigned int front_match(struct front_set *set, const void *key,
						const struct cmap_shape shape)
{
	BUILD_BUG_ON(FRONT_WAYS != 2);
	cmap_access_load(shape, NULL, set->keys, FRONT_WAYS * ALIGN(shape.key_size, 8),
			 MAPSTAT_READ);
	return front_matches(set, 0, key, shape) | front_matches(set, 1, key, shape);
}

/* FRONT_ABSENT: not cached, and the set has room; FRONT_FULL: not cached, and it has none */
enum front_answer {
	FRONT_HIT,
	FRONT_ABSENT,
	FRONT_FULL,
	FRONT_INVALID,
};

/* Look up a key whose group's word is @writes; @value is written on a hit only. */
static __always_inline enum front_answer front_find(struct front_set *set, u64 writes,
						    const void *key, void *value,
						    const struct cmap_shape shape)
{
	const unsigned int match = front_match(set, key, shape);
	unsigned int way;

	if (unlikely(!match))	/* the last way is filled last */
		return set->writes[FRONT_WAYS - 1] == FRONT_EMPTY ? FRONT_ABSENT : FRONT_FULL;
	way = __ffs(match);
	cmap_access_load(shape, NULL, &set->writes[way], sizeof(writes), MAPSTAT_READ);
	if (unlikely(set->writes[way] != writes))
		return set->writes[way] == FRONT_EMPTY ? FRONT_ABSENT : FRONT_INVALID;
	cmap_access_load(shape, NULL, front_value(set, way, shape), shape.value_size, MAPSTAT_READ);
	cmap_value_copy(value, front_value(set, way, shape), shape);
	front_age(front_ages(set, shape), way, shape);
	return FRONT_HIT;
}

/* Return: the key's own entry, else an empty one, else the least recently used. */
static unsigned int front_victim(struct front_set *set, const void *key,
				 const struct cmap_shape shape)
{
	const struct front_ages *ages = front_ages(set, shape);
	const unsigned int match = front_match(set, key, shape);
	unsigned int way, victim = 0;
	u32 longest = 0;

	if (match)
		return __ffs(match);
	for (way = 0; way < FRONT_WAYS; way++) {
		if (set->writes[way] == FRONT_EMPTY)
			return way;
		if (ages->clock - ages->used[way] >= longest) {
			longest = ages->clock - ages->used[way];
			victim = way;
		}
	}
	return victim;
}

/* Set an entry's value, which is the key's value as long as the group's word is @writes. */
static void front_put(struct cmap *m, struct front_cpu *c, struct front_set *set,
		      unsigned int way, u64 writes, const void *value)
{
	const struct cmap_shape shape = m->shape;

	set->writes[way] = writes;
	cmap_value_copy(front_value(set, way, shape), value, shape);
	cmap_access(m, &set->writes[way], sizeof(writes), MAPSTAT_WRITE);
	cmap_access(m, front_value(set, way, shape), shape.value_size, MAPSTAT_WRITE);
	front_count(c->fills);
}

/**
 * front_fill - cache what a load found
 * @m: the map
 * @f: its front
 * @hash: of @key
 * @writes: the word of the key's group before the load, with no write in progress
 * @key: the key
 * @value: the value found
 *
 * Context: Process or softirq; RCU read lock.
 */
noinline void front_fill(struct cmap *m, struct front *f, u64 hash, u64 writes,
			 const void *key, const void *value)
{
	const struct cmap_shape shape = m->shape;
	struct front_cpu *c = front_enter(f, false, shape);
	struct front_set *set;
	unsigned int way;

	if (!c)
		return;
	set = front_set(f, c, hash, shape);
	way = front_victim(set, key, shape);
	cmap_key_copy(front_key(set, way, shape), key, shape);
	cmap_access(m, front_key(set, way, shape), shape.key_size, MAPSTAT_WRITE);
	front_put(m, c, set, way, writes, value);
	front_age(front_ages(set, shape), way, shape);
	front_leave(c, 0);
}
EXPORT_SYMBOL_IF_KUNIT(front_fill);

/* A miss whose value is to be cached. */
static noinline int front_load_keep(struct cmap *m, u64 writes, const void *key, void *value)
{
	/* The front that missed: loads used it, so it stays until this RCU section ends. */
	struct front *f = rcu_dereference(m->front);
	const int ret = call_load_any(m, key, value);

	if (!ret && !(writes & FRONT_WRITING))
		front_fill(m, f, cmap_hash(m, key, m->shape), writes, key, value);
	return ret;
}

/* A miss that is due to check the hit rate. */
static noinline int front_load_judge(struct cmap *m, struct front_cpu *c, const void *key,
				     void *value)
{
	front_leave(c, front_judge(c));
	return call_load_any(m, key, value);
}

/*
 * A load that missed.  All its calls are tail calls, so that a hit saves no registers for
 * them.
 */
static __always_inline int front_miss(struct cmap *m, struct front_cpu *c,
				      enum front_answer answer, u64 writes, const void *key,
				      void *value)
{
	bool keep;

	front_count(c->misses);
	if (answer == FRONT_INVALID)
		front_count(c->invalidations);
	keep = answer != FRONT_FULL || !(c->misses % FRONT_ADMITS);
	if (unlikely(front_lookups(c) - c->window_lookups >= FRONT_WINDOW))
		return front_load_judge(m, c, key, value);
	front_leave(c, 0);
	if (keep)
		return front_load_keep(m, writes, key, value);
	return call_load_any(m, key, value);
}

static __always_inline int front_load_shape(struct cmap *m, struct front *f, const void *key,
					    void *value, const struct cmap_shape shape)
{
	struct front_cpu *c = front_enter(f, true, shape);
	enum front_answer answer;
	u64 hash, writes;

	if (unlikely(!c))
		return call_load_any(m, key, value);
	hash = cmap_hash(m, key, shape);
	cmap_access_load(shape, m, &f->writes[front_group(hash)], sizeof(writes), MAPSTAT_READ);
	/*
	 * A hit takes effect here.  Pairs with front_begin(): a thread that has observed a write
	 * sees it counted as begun; and with front_end(): the effects of a write that is counted
	 * as ended are visible.
	 */
	writes = atomic64_read_acquire(&f->writes[front_group(hash)]);
	answer = front_find(front_set(f, c, hash, shape), writes, key, value, shape);
	if (likely(answer == FRONT_HIT)) {
		front_count(c->hits);
		front_leave(c, 0);
		return cmap_count_load(m, 0, shape);
	}
	return front_miss(m, c, answer, writes, key, value);
}

/* Sizes known only at run time; out of line, for fewer registers in the u64 path. */
static noinline int front_load_sized(struct cmap *m, struct front *f, const void *key,
				     void *value)
{
	if (m->shape.u64_key)
		return front_load_shape(m, f, key, value, cmap_unreported(CMAP_SHAPE_U64(m)));
	return front_load_shape(m, f, key, value, cmap_unreported(CMAP_SHAPE_ANY(m)));
}

/* Return: the map's front if loads may be answered from it, else NULL. */
static __always_inline struct front *front_to_read(struct cmap *m)
{
	struct front *f;

	/*
	 * An earlier load may have been answered by the map, with the value of a write that had
	 * begun, and may have cached it: this load's read of the counts must come after that.
	 * Pairs with front_begin().
	 */
	smp_rmb();
	/* Pairs with rcu_assign_pointer() in front_publish(). */
	f = rcu_dereference(m->front);
	/*
	 * Acquire: the counts are read after it.  Pairs with the WRITE_ONCE()s in front_publish()
	 * and front_unpublish(), each a grace period away from the change of m->front.
	 */
	return likely(f && smp_load_acquire(&f->reading)) ? f : NULL;
}

/* Out of line, as all observed loads are; see lookup.h. */
static noinline int front_load_observed(struct cmap *m, const void *key, void *value)
{
	struct front *f = front_to_read(m);

	if (!f)
		return call_load_observed(m, key, value);
	cmap_access(m, f, sizeof(*f), MAPSTAT_READ);
	return CMAP_BY_SHAPE(m, front_load_shape, m, f, key, value);
}

/**
 * front_load - see cmap_load()
 * @m: the map; it may have a front or none
 * @key: the key
 * @value: where the value goes
 *
 * Context: Process or softirq; RCU read lock.
 * Return: 0 or -ENOENT.
 */
int front_load(struct cmap *m, const void *key, void *value)
{
	struct front *f;

	if (cmap_is_observed(m))
		return front_load_observed(m, key, value);
	f = front_to_read(m);
	if (unlikely(!f))
		return call_load(m, key, value);
	if (likely(m->shape.u64_pair))
		return front_load_shape(m, f, key, value, cmap_unreported(CMAP_SHAPE_U64_U64));
	return front_load_sized(m, f, key, value);
}

/**
 * front_load_many - see cmap_load_many(); bypasses the front, which has nothing to prefetch
 * @m: the map
 * @q: what to load
 *
 * Context: Process or softirq.
 * Return: keys found.
 */
unsigned int front_load_many(struct cmap *m, const struct cmap_many *q)
{
	return call_load_many(m, q);
}

/**
 * front_renew - update the entry, if any, that a key has on this CPU after a store
 * @m: the map
 * @f: its front
 * @hash: of @key
 * @writes: the word of the key's group after the store, which was the only write there
 * @key: the key
 * @value: its value
 *
 * Context: Process or softirq; RCU read lock.
 */
noinline void front_renew(struct cmap *m, struct front *f, u64 hash, u64 writes,
			  const void *key, const void *value)
{
	const struct cmap_shape shape = m->shape;
	struct front_cpu *c = front_enter(f, false, shape);
	struct front_set *set;
	unsigned int match, way;

	if (!c)
		return;
	set = front_set(f, c, hash, shape);
	match = front_match(set, key, shape);
	way = match ? __ffs(match) : 0;
	/* An empty entry matches as well if the key is all zeroes. */
	if (match && set->writes[way] != FRONT_EMPTY)
		front_put(m, c, set, way, writes, value);
	front_leave(c, 0);
}
EXPORT_SYMBOL_IF_KUNIT(front_renew);

/* Record what the front cost a write, in clock ticks. */
static noinline void front_record_cost(struct front *f, u64 ticks)
{
	this_cpu_add(f->cpu->write_ticks, ticks);
	this_cpu_add(f->cpu->write_samples, 1);
}

/**
 * front_update - see struct cmap_update
 * @m: the map; it may have a front or none
 * @u: the write
 *
 * Context: Process or softirq; RCU read lock.
 * Return: what the operation returns.
 */
int front_update(struct cmap *m, const struct cmap_update *u)
{
	/* Pairs with rcu_assign_pointer() in front_publish(). */
	struct front *f = rcu_dereference(m->front);
	struct front_write w;
	u64 ticks = 0;
	bool timed;
	int ret;

	if (unlikely(!f))
		return call_update(m, u);
	cmap_access(m, raw_cpu_ptr(&f->cpu->writes), sizeof(long), MAPSTAT_WRITE);
	/* The same code path for timed and untimed writes. */
	timed = !(this_cpu_inc_return(f->cpu->writes) % FRONT_WRITE_SAMPLE);
	if (unlikely(timed))
		ticks -= mapstat_clock_read();
	w = front_write_begin(m, f, u);
	if (unlikely(timed))
		ticks += mapstat_clock_read();
	ret = call_update(m, u);
	if (unlikely(timed))
		ticks -= mapstat_clock_read();
	front_write_end(m, f, w, u, ret);
	if (unlikely(timed))
		front_record_cost(f, ticks + mapstat_clock_read());
	return ret;
}

STRESS_DEFINE_RUN(front, front_load)

DEFINE_STATIC_KEY_FALSE(front_in_use);
EXPORT_SYMBOL_IF_KUNIT(front_in_use);

static DEFINE_MUTEX(front_cpus_lock);
/* All fronts are its instances; registered while there are any.  Under front_cpus_lock. */
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

	/* No front may be enabled before this is done: it would not have counted the clear. */
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
 * cmap_front_bytes - memory that a front takes
 * @cpus: number of online CPUs
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
 * Allocate a CPU's sets before it uses them: when it comes online, or when the front is made.
 * Always returns 0: without memory its loads bypass the front, and it can still come online.
 */
static int front_cpu_comes(unsigned int cpu, struct hlist_node *node)
{
	struct front *f = hlist_entry(node, struct front, node);
	struct front_cpu *c = per_cpu_ptr(f->cpu, cpu);

	if (c->sets)
		return 0;
	/* Pairs with cmap_front_stats(): only whether they exist, no ordering. */
	WRITE_ONCE(c->sets, front_sets_alloc(f, cpu));
	if (c->sets)
		WRITE_ONCE(c->state, 0);	/* pairs as in front_count() */
	return 0;
}

/* Allocate sets for all online CPUs, and for those that come later. Return: 0 or -errno. */
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

/* Free a front, complete or not, that is not (or no longer) a CPU hotplug instance. */
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
	/* A CPU without sets stays busy: its loads bypass the front, and are counted. */
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
	/* Pairs with rcu_dereference() in loads and writes. */
	rcu_assign_pointer(m->front, f);
	synchronize_rcu();		/* from here on, every write counts itself */
	/* Pairs with front_to_read() and front_write_begin(). */
	WRITE_ONCE(f->reading, true);
}

static void front_unpublish(struct cmap *m, struct front *f)
{
	lockdep_assert_held_write(&m->front_lock);
	WRITE_ONCE(f->reading, false);	/* pairs with front_to_read() */
	synchronize_rcu();		/* from here on, no load relies on the counts */
	RCU_INIT_POINTER(m->front, NULL);
	synchronize_rcu();		/* from here on, no write counts itself in it */
}

static struct front *front_held(struct cmap *m)
{
	return rcu_dereference_protected(m->front, lockdep_is_held(&m->front_lock));
}

/*
 * Allocates, and patches the static branch, without front_lock: either may wait for a thread that
 * holds it to clear the map.
 */
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
					     "cannot enable the front of map %s: %d",
					     m->name, -ENOMEM);
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
 * cmap_front_set - enable or disable a map's front
 * @m: the map; may be in use, its users need not know
 * @on: enable
 *
 * Context: Process; sleeps, also for grace periods, and takes cpus_read_lock().  Allocates
 * with GFP_KERNEL.
 * Return: 0; -ENOMEM with one line in the log: the front stays disabled; -EOPNOTSUPP: @m is of
 * cmap_create_of(), not a map.
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
 * cmap_front_is_on - is a map's front enabled?
 * @m: the map
 *
 * Context: Any.
 * Return: whether it is.
 */
bool cmap_front_is_on(struct cmap *m)
{
	return rcu_access_pointer(m->front);
}
EXPORT_SYMBOL_IF_KUNIT(cmap_front_is_on);

static void front_add_cpu(struct front_stats *stats, const struct front_cpu *c, u64 *ticks)
{
	/* Pair with front_count() and the this_cpu operations: no ordering. */
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
 * cmap_front_stats - counts and sizes of a map's front
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
			/* Pairs with front_cpu_comes(): only whether they exist, no ordering. */
			if (READ_ONCE(c->sets))
				stats->bytes += sets * front_set_bytes(m->shape);
			front_add_cpu(stats, c, &ticks);
		}
		stats->write_ns = mapstat_clock_ns(ticks);
	}
	up_read(&m->front_lock);
}
EXPORT_SYMBOL_IF_KUNIT(cmap_front_stats);

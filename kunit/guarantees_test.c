// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guarantees of <mapstat/cmap.h> about how operations observe each other: B, C, F and G.
 * A is tested in history_test.c; E and K, about ranges, in range_test.c; D, H, I and J, about
 * cost and memory, in bounds_test.c.
 */
#include <linux/atomic.h>
#include <linux/debug_locks.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/panic.h>
#include <linux/spinlock.h>
#include "fixture.h"
#include "threads.h"

#define THREADS		4
#define RUN_MS		40
#define TIMER_NS	150000	/* frequent enough to hit operations, but lets them progress */

/**
 * struct shared - state shared by the threads of a test
 * @map: under test
 * @bufs: one per thread, and one for the test itself
 * @keys: number of keys in use
 * @kept: keys below this are never deleted
 * @stored: per key: the last version whose store has returned.  Written with release by the
 *	key's only writer, read with acquire
 * @storing: per key: the last version whose store has begun; accessed likewise
 * @stale: loads that found less than @stored
 * @early: loads that found more than @storing
 * @torn: loads that found a torn value or another key's
 * @gone: loads that did not find a key that is never deleted
 * @stores: stores, successful or not
 * @loads: number of loads
 */
struct shared {
	struct cmap *map;
	struct test_bufs *bufs;
	u32 keys;
	u32 kept;
	u32 stored[256];
	u32 storing[256];
	atomic_t stale;
	atomic_t early;
	atomic_t torn;
	atomic_t gone;
	atomic_t stores;
	atomic_t loads;
};

static struct shared *shared_alloc(struct kunit *test, struct cmap *m, u32 keys)
{
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->map = m;
	s->bufs = test_bufs_alloc(test, TEAM_MAX);
	s->keys = min_t(u32, keys, ARRAY_SIZE(s->stored));
	s->kept = s->keys;
	return s;
}

/* Store the next version of a key, as its only writer. Return: 0 or -errno. */
static int version_store(struct shared *s, struct test_bufs *b, u32 key)
{
	u32 version = s->stored[key] + 1;
	int ret;

	/* Pairs with the acquire in version_load() after its load. */
	smp_store_release(&s->storing[key], version);
	ret = test_store(s->map, b, key, version);
	if (!ret)
		/* Pairs with version_load()'s first acquire: its load must see this store. */
		smp_store_release(&s->stored[key], version);
	atomic_inc(&s->stores);
	return ret == -ENOMEM ? 0 : ret;
}

/* Load a key: the version must lie between those stored before and during the load. */
static void version_load(struct shared *s, struct test_bufs *b, u32 key)
{
	/* Pairs with the second release in version_store(). */
	u32 least = smp_load_acquire(&s->stored[key]);
	u64 version;
	int ret = test_load(s->map, b, key, &version);

	atomic_inc(&s->loads);
	if (ret == -EILSEQ)
		atomic_inc(&s->torn);
	else if (ret)
		atomic_add(least > 0 && key < s->kept, &s->gone);
	else if (version < least)
		atomic_inc(&s->stale);
	/* Pairs with the first release in version_store(). */
	else if (version > smp_load_acquire(&s->storing[key]))
		atomic_inc(&s->early);
}

/* Thread i writes the keys that are i modulo THREADS, and reads all keys. */
static int version_thread(struct team *team, unsigned int id)
{
	struct shared *s = team->arg;
	struct test_bufs *b = &s->bufs[id];
	int ret = 0;

	while (!team_stopped(team) && !ret) {
		u32 key = test_random_below(b, s->keys);

		if (key % THREADS == id && prandom_u32_state(&b->rnd) & 1)
			ret = version_store(s, b, key);
		version_load(s, b, key);
		team_pause(id, b);
	}
	return ret;
}

static bool loads_overlap_stores(void *arg)
{
	struct shared *s = arg;

	return atomic_read(&s->stores) > s->keys && atomic_read(&s->loads) > 1000;
}

/*
 * Fails when: a loaded value is torn, another key's, older than one whose store had returned
 * before the load began, or not found.
 */
static void guarantee_b_whole_values(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct shared *s = shared_alloc(test, test_map(test, param, 0), param->shape->keys);
	struct team team;

	KUNIT_ASSERT_EQ(test, 0, team_run_until(&team, THREADS, version_thread, s,
						test_scaled(RUN_MS), loads_overlap_stores));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s->torn));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s->stale));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s->early));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s->gone));
	KUNIT_EXPECT_TRUE(test, loads_overlap_stores(s));
}

/* The only writer: it also deletes some of the keys, so that their slots are reused. */
static int side_by_side_write(struct shared *s, struct test_bufs *b, u32 key)
{
	int ret;

	if (key < s->kept || prandom_u32_state(&b->rnd) & 1)
		return version_store(s, b, key);
	ret = test_delete(s->map, b, key);
	return ret == -ENOENT ? 0 : ret;
}

/* Thread 1 writes and thread 0 reads, without pauses: each has its own CPU. */
static int side_by_side_thread(struct team *team, unsigned int id)
{
	struct shared *s = team->arg;
	struct test_bufs *b = &s->bufs[id];
	int ret = 0;

	while (!team_stopped(team) && !ret) {
		u32 key = test_random_below(b, s->keys);

		if (id)
			ret = side_by_side_write(s, b, key);
		else
			version_load(s, b, key);
		if (!(prandom_u32_state(&b->rnd) & 63))
			cond_resched();
	}
	return ret;
}

/*
 * Fails when: a reader returns a value that a writer on another CPU is just changing, for lack
 * of the check of the sequence count or the entry's state after the read.
 */
static void guarantee_b_side_by_side(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct shared *s;
	struct team team;
	u32 key;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	s = shared_alloc(test, test_map(test, param, 0), min(param->shape->keys, 8U));
	s->kept = s->keys / 2;
	for (key = 0; key < s->keys; key++)
		KUNIT_ASSERT_EQ(test, 0, version_store(s, &s->bufs[0], key));
	KUNIT_ASSERT_EQ(test, 0, team_run_until(&team, 2, side_by_side_thread, s,
						test_scaled(RUN_MS), loads_overlap_stores));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s->torn));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s->stale));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s->early));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s->gone));
	KUNIT_EXPECT_TRUE(test, loads_overlap_stores(s));
}

/* Load each value right after its store. Return: how many were not found, stale or torn. */
static unsigned int count_lost_writes(struct shared *s, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		u32 key = i % s->keys;

		version_store(s, &s->bufs[0], key);
		version_load(s, &s->bufs[0], key);
		if (!(i % 256))
			cond_resched();
	}
	return atomic_read(&s->stale) + atomic_read(&s->gone) + atomic_read(&s->torn);
}

/* Fails when: the check of B misses one lost or stale value in some 2^14. */
static void busted_is_caught_by_own_writes(struct kunit *test)
{
	struct shared *s = shared_alloc(test, test_map_busted(test), 16);
	unsigned int round, lost = 0;

	for (round = 0; round < 20 && !lost; round++)
		lost = count_lost_writes(s, 1 << 13);
	KUNIT_EXPECT_GT(test, lost, 0);
}

/* Fails when: the check that catches "busted" reports an error for a correct map. */
static void guarantee_b_own_writes(struct kunit *test)
{
	struct shared *s = shared_alloc(test, test_map(test, test->param_value, 0), 16);

	KUNIT_EXPECT_EQ(test, count_lost_writes(s, test_scaled(5000)), 0);
}

/**
 * struct softirq_test - operations from softirq that interrupt others
 * @timer: soft timer
 * @s: the rest; key 0 and buffer 0 are used by the timer only
 * @err: first error; read after the timer was cancelled
 * @fired: number of expirations
 */
struct softirq_test {
	struct hrtimer timer;
	struct shared *s;
	int err;
	atomic_t fired;
};

/* Every operation once, on one key. Return: 0, or -EPROTO if a result is wrong. */
static int every_operation(struct cmap *m, struct test_bufs *b, u32 key)
{
	bool loaded = true;

	test_key(m, b->key, key);
	test_value(m, b->value, key, 1);
	test_value(m, b->expect, key, 2);
	if (cmap_store(m, b->key, b->value) ||
	    cmap_load(m, b->key, b->out) || memcmp(b->out, b->value, m->shape.value_size) ||
	    cmap_compare_and_swap(m, b->key, b->value, b->expect) ||
	    cmap_swap(m, b->key, b->value, b->out, &loaded) || !loaded ||
	    memcmp(b->out, b->expect, m->shape.value_size) ||
	    cmap_compare_and_delete(m, b->key, b->expect) != -EAGAIN ||
	    cmap_compare_and_delete(m, b->key, b->value) ||
	    cmap_load_or_store(m, b->key, b->value, b->out, &loaded) || loaded ||
	    cmap_load_and_delete(m, b->key, b->out) ||
	    memcmp(b->out, b->value, m->shape.value_size) ||
	    cmap_delete(m, b->key) != -ENOENT)
		return -EPROTO;
	cmap_len(m);
	return 0;
}

static enum hrtimer_restart softirq_fire(struct hrtimer *timer)
{
	struct softirq_test *t = container_of(timer, struct softirq_test, timer);
	const u64 start = ktime_get_ns();

	t->err = t->err ?: every_operation(t->s->map, &t->s->bufs[0], 0);
	atomic_inc(&t->fired);
	/* Add twice the time taken, so that the threads progress on a slow machine, too. */
	hrtimer_forward_now(timer, ns_to_ktime(TIMER_NS + 2 * (ktime_get_ns() - start)));
	return HRTIMER_RESTART;
}

/* Keep all locks of the map in use while the timer interrupts. */
static int context_thread(struct team *team, unsigned int id)
{
	struct shared *s = ((struct softirq_test *)team->arg)->s;
	struct test_bufs *b = &s->bufs[id + 1];
	u32 at = 0;
	int ret = 0;

	while (!team_stopped(team) && !ret) {
		ret = every_operation(s->map, b, 1 + id + 2 * (at++ % 64));
		team_pause(id, b);
	}
	return ret;
}

static bool timer_fired(void *arg)
{
	struct softirq_test *t = arg;

	return atomic_read(&t->fired);
}

/* Fails when: an operation is wrong, or a lock unsafe, if softirqs interrupt operations. */
static void guarantee_c_softirq(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct softirq_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	bool locks_were_fine = debug_locks;
	struct team team;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->s = shared_alloc(test, test_map(test, param, 0), param->shape->keys);
	hrtimer_setup(&t->timer, softirq_fire, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	hrtimer_start(&t->timer, ns_to_ktime(TIMER_NS), HRTIMER_MODE_REL_SOFT);
	ret = team_run_until(&team, 2, context_thread, t, test_scaled(RUN_MS / 2), timer_fired);
	hrtimer_cancel(&t->timer);
	KUNIT_EXPECT_EQ(test, 0, ret);
	KUNIT_EXPECT_EQ(test, 0, t->err);
	KUNIT_EXPECT_TRUE(test, timer_fired(t));
	KUNIT_EXPECT_EQ_MSG(test, locks_were_fine, debug_locks, "lockdep complained: see dmesg");
}

/* Fails when: an operation sleeps or releases its caller's lock (needs the debug kernel). */
static void guarantee_c_atomic(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct shared *s = shared_alloc(test, test_map(test, param, 0), param->shape->keys);
	bool locks_were_fine = debug_locks, warned = test_taint(TAINT_WARN);
	spinlock_t lock;	/* protects nothing: stands for a caller's lock */
	unsigned int i;
	int ret = 0;

	if (!IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		kunit_skip(test, "needs CONFIG_DEBUG_ATOMIC_SLEEP");
	spin_lock_init(&lock);
	for (i = 0; i < min(param->shape->keys, 250u) && !ret; i++) {
		rcu_read_lock();
		spin_lock_bh(&lock);
		ret = every_operation(s->map, &s->bufs[0], i) ?:
		      test_store(s->map, &s->bufs[0], i, 1);	/* make the map grow */
		spin_unlock_bh(&lock);
		rcu_read_unlock();
	}
	KUNIT_EXPECT_EQ(test, 0, ret);
	KUNIT_EXPECT_EQ_MSG(test, locks_were_fine, debug_locks, "lockdep complained: see dmesg");
	KUNIT_EXPECT_EQ_MSG(test, warned, test_taint(TAINT_WARN), "a warning: see dmesg");
}

static int clear_churn(struct team *team, unsigned int id)
{
	struct shared *s = team->arg;
	struct test_bufs *b = &s->bufs[id];
	unsigned int stores = 0;
	int ret = 0;

	while (!team_stopped(team) && !ret) {
		u32 key = test_random_below(b, s->keys);

		if (key % 2 == id)
			ret = version_store(s, b, key);
		team_pause(id, b);
		/* Keep the memory waiting for a grace period bounded: values may be large. */
		if (++stores % 32 == 0)
			synchronize_rcu();
	}
	return ret;
}

/*
 * Fails when: an entry is found after a clear although it was not stored again since the clear
 * began, or cmap_len() differs from the number of entries afterwards.
 */
static void guarantee_f_clear(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct shared *s = shared_alloc(test, test_map(test, param, 0), param->shape->keys / 2);
	/* Keys from s->keys on belong to the test: no thread stores them concurrently. */
	const u32 end = min(param->shape->keys, s->keys + 300);
	struct test_bufs *b = &s->bufs[TEAM_MAX - 1];
	u32 *before = kunit_kcalloc(test, s->keys, sizeof(*before), GFP_KERNEL);
	unsigned long until = jiffies + msecs_to_jiffies(test_scaled(2 * RUN_MS));
	unsigned int round = 0, old = 0, idle = 0;
	struct team team;
	u64 id;
	u32 key;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, before);
	KUNIT_ASSERT_EQ(test, 0, team_start(&team, 2, clear_churn, s));
	do {
		/* May run out of memory: then there are fewer entries to clear. */
		test_fill(s->map, b, s->keys, end, round);
		for (key = 0; key < s->keys; key++)
			before[key] = smp_load_acquire(&s->stored[key]); /* version_store() */
		ret = cmap_clear(s->map);
		if (ret)
			break;
		for (key = s->keys; key < end; key++)
			idle += test_load(s->map, b, key, &id) != -ENOENT;
		for (key = 0; key < s->keys; key++)
			old += !test_load(s->map, b, key, &id) && id <= before[key];
		round++;
		usleep_range(500, 1000);
	} while (time_before(jiffies, until) && !old && !idle);
	KUNIT_EXPECT_EQ(test, 0, team_stop(&team));
	KUNIT_EXPECT_TRUE_MSG(test, !ret || ret == -ENOMEM, "clear: %d", ret);
	KUNIT_EXPECT_EQ_MSG(test, 0, idle, "keys that outlived clear %u", round);
	KUNIT_EXPECT_EQ_MSG(test, 0, old, "values that outlived clear %u", round);

	for (key = 0, old = 0; key < end; key++)
		old += !test_load(s->map, b, key, &id);
	KUNIT_EXPECT_EQ(test, old, cmap_len(s->map));
	KUNIT_EXPECT_EQ(test, 0, cmap_clear(s->map));
	KUNIT_EXPECT_EQ(test, 0, cmap_len(s->map));
}

/**
 * struct length_test - a map whose length is read while threads change it
 * @s: the map
 * @begun: stores and deletes that have begun
 * @ended: stores and deletes that have ended
 */
struct length_test {
	struct shared *s;
	atomic_t begun;
	atomic_t ended;
};

/* Each thread alternately stores and deletes a key of its own. */
static int length_thread(struct team *team, unsigned int id)
{
	struct length_test *t = team->arg;
	struct test_bufs *b = &t->s->bufs[id];
	bool there = false;
	int ret = 0;

	while (!ret && (there || !team_stopped(team))) {
		/* Both fully ordered: pair with those in length_once(). */
		atomic_inc_return(&t->begun);
		ret = there ? test_delete(t->s->map, b, t->s->keys + id) :
		      test_store(t->s->map, b, t->s->keys + id, 1);
		atomic_inc_return(&t->ended);
		there = !there;
		team_pause(id, b);
	}
	return ret;
}

/*
 * Read the length once; this thread, or an emulated CPU, may be preempted during the call.
 * Return: by how much it is off, beyond the operations in flight at some time during the call.
 */
static int length_once(struct length_test *t)
{
	/* Both fully ordered: what ended before, or begins later, is not in flight. */
	const int ended = atomic_add_return(0, &t->ended);
	const int len = cmap_len(t->s->map);
	const int in_flight = atomic_add_return(0, &t->begun) - ended;

	/* Up to THREADS keys beyond s->keys are present. */
	return max(len - (int)t->s->keys - THREADS, (int)t->s->keys - len) - in_flight;
}

/* Fails when: the length is off by more than the operations in flight, or inexact when idle. */
static void guarantee_g_length(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct shared *s = shared_alloc(test, test_map(test, param, 0), 100);
	struct length_test t = { .s = s };
	int worst = INT_MIN;
	unsigned long end;
	struct team team;

	KUNIT_ASSERT_EQ(test, 0, test_fill(s->map, &s->bufs[TEAM_MAX - 1], 0, s->keys, 1));
	KUNIT_EXPECT_EQ(test, s->keys, cmap_len(s->map));
	KUNIT_ASSERT_EQ(test, 0, team_start(&team, THREADS, length_thread, &t));
	end = jiffies + msecs_to_jiffies(test_scaled(RUN_MS / 2));
	do {
		worst = max(worst, length_once(&t));
		usleep_range(10, 50);
	} while (time_before(jiffies, end));
	KUNIT_EXPECT_EQ(test, 0, team_stop(&team));
	KUNIT_EXPECT_LE(test, worst, 0);
	KUNIT_EXPECT_EQ(test, s->keys, cmap_len(s->map));
}

static struct kunit_case guarantee_cases[] = {
	KUNIT_CASE_PARAM(guarantee_b_whole_values, every_shape_gen_params),
	KUNIT_CASE_PARAM(guarantee_b_side_by_side, every_shape_gen_params),
	KUNIT_CASE_PARAM(guarantee_b_own_writes, every_design_gen_params),
	KUNIT_CASE(busted_is_caught_by_own_writes),
	KUNIT_CASE_PARAM(guarantee_c_softirq, every_shape_gen_params),
	KUNIT_CASE_PARAM(guarantee_c_atomic, every_shape_gen_params),
	KUNIT_CASE_PARAM(guarantee_f_clear, every_shape_gen_params),
	KUNIT_CASE_PARAM(guarantee_g_length, every_shape_gen_params),
	{}
};

static struct kunit_suite guarantee_suite = {
	.name = "mapstat_guarantees",
	.test_cases = guarantee_cases,
};

kunit_test_suites(&guarantee_suite);

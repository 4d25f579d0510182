// SPDX-License-Identifier: GPL-2.0-only
/*
 * The front: it returns cached values but never a stale one, and can be enabled and disabled at
 * any time.  (Histories with a front: history_test.c.)
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include "kmod/cmap/front_cache.h"
#include "fixture.h"
#include "threads.h"

#define KEY	3
#define RUN_MS	60

/**
 * struct front_test - state of a test
 * @m: a map with a front; KEY has value 1
 * @b: buffers
 */
struct front_test {
	struct cmap *m;
	struct test_bufs *b;
};

static struct front_test front_init(struct kunit *test)
{
	struct front_test t = {
		.m = test_map(test, test->param_value, 0),
		.b = test_bufs_alloc(test, 1),
	};

	KUNIT_ASSERT_EQ(test, 0, test_store(t.m, t.b, KEY, 1));
	KUNIT_ASSERT_EQ(test, 0, cmap_front_set(t.m, true));
	KUNIT_ASSERT_TRUE(test, cmap_front_is_on(t.m));
	return t;
}

static struct front_stats stats_of(struct cmap *m)
{
	struct front_stats s;

	cmap_front_stats(m, &s);
	return s;
}

/* The value's id, 0 if it is absent; loads twice, so that the second load may hit. */
static u64 load_twice(struct kunit *test, struct front_test *t)
{
	u64 first = 0, second = 0;

	migrate_disable();	/* the cache is per CPU */
	test_load(t->m, t->b, KEY, &first);
	test_load(t->m, t->b, KEY, &second);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, first, second);
	return second;
}

/* Fails when: a loaded value is not cached, or a second load is not served from the cache. */
static void second_load_hits(struct kunit *test)
{
	struct front_test t = front_init(test);
	struct front_stats s;

	KUNIT_EXPECT_EQ(test, 1, load_twice(test, &t));
	s = stats_of(t.m);
	KUNIT_EXPECT_TRUE(test, s.on);
	KUNIT_EXPECT_EQ(test, 1, s.hits);
	KUNIT_EXPECT_EQ(test, 1, s.misses);
	KUNIT_EXPECT_EQ(test, 1, s.fills);
	/* Both count as hits of the map. */
	KUNIT_EXPECT_EQ(test, 2, cmap_counter_sum(&t.m->stats, CMAP_HITS));
}

static int write_op(struct front_test *t, enum cmap_update_op op)
{
	test_key(t->m, t->b->key, KEY);
	test_value(t->m, t->b->value, KEY, 2);
	test_value(t->m, t->b->expect, KEY, 1);
	return test_update(t->m, t->b, op);
}

/* Fails when: a write does not invalidate the cached entry. */
static void every_write_invalidates(struct kunit *test)
{
	static const u64 after[] = {
		[CMAP_STORE] = 2, [CMAP_LOAD_OR_STORE] = 1, [CMAP_SWAP] = 2,
		[CMAP_COMPARE_AND_SWAP] = 2, [CMAP_DELETE] = 0, [CMAP_LOAD_AND_DELETE] = 0,
		[CMAP_COMPARE_AND_DELETE] = 0,
	};
	struct front_test t = front_init(test);
	int op;

	for (op = 0; op < ARRAY_SIZE(after); op++) {
		KUNIT_ASSERT_EQ(test, 0, test_store(t.m, t.b, KEY, 1));
		migrate_disable();	/* the loads must use the same per-CPU cache */
		KUNIT_EXPECT_EQ(test, 1, load_twice(test, &t));
		KUNIT_EXPECT_EQ(test, 0, write_op(&t, op));
		KUNIT_EXPECT_EQ_MSG(test, after[op], load_twice(test, &t), "operation %d", op);
		migrate_enable();
	}
	KUNIT_EXPECT_GT(test, stats_of(t.m).hits, 0);
	KUNIT_EXPECT_GT(test, stats_of(t.m).invalidations, 0);
}

/*
 * Fails when: a store, including a timed one, invalidates its own CPU's entry of the key, or
 * inserts a key that was never loaded, such as key 0, which looks like an empty entry.
 */
static void store_updates_own_entry(struct kunit *test)
{
	struct front_test t = front_init(test);
	u64 id = 0;
	u32 i;

	migrate_disable();	/* the cache is per CPU */
	KUNIT_ASSERT_EQ(test, 0, test_store(t.m, t.b, 0, 2));
	KUNIT_ASSERT_EQ(test, 0, test_store(t.m, t.b, KEY, 2));
	KUNIT_EXPECT_EQ(test, 0, stats_of(t.m).fills);
	KUNIT_EXPECT_EQ(test, 2, load_twice(test, &t));
	for (i = 3; i < 3 + FRONT_WRITE_SAMPLE; i++) {
		KUNIT_ASSERT_EQ(test, 0, test_store(t.m, t.b, KEY, i));
		KUNIT_EXPECT_EQ(test, 0, test_load(t.m, t.b, KEY, &id));
		KUNIT_EXPECT_EQ(test, i, id);
	}
	migrate_enable();
	KUNIT_EXPECT_EQ(test, 1 + FRONT_WRITE_SAMPLE, stats_of(t.m).hits);
	KUNIT_EXPECT_EQ(test, 0, stats_of(t.m).invalidations);
	KUNIT_EXPECT_EQ(test, 1 + FRONT_WRITE_SAMPLE, stats_of(t.m).fills);
	KUNIT_EXPECT_GE(test, stats_of(t.m).write_samples, 1);
}

/* What happens during a store; in all but the first case its value may not be the last one. */
enum beside {
	BESIDE_NOTHING,
	BESIDE_ALL_THE_TIME,	/* another write begins before it and ends after it */
	BESIDE_AT_FIRST,	/* another write begins before it and ends during it */
	BESIDE_AT_LAST,		/* another write begins during it and ends after it */
	BESIDE_IN_BETWEEN,	/* another write begins and ends during it */
	BESIDE_UNCOUNTED,	/* some writers may not have seen the front yet */
	BESIDE_ITS_FAILURE,	/* the store fails */
	BESIDE_NR,
};

/* A store as the front sees it, without the map's part, while something else happens. */
static void store_beside(struct cmap *m, const struct cmap_update *u, enum beside what)
{
	const unsigned int group = front_group(cmap_hash(m, u->key, m->shape));
	struct front *f = rcu_dereference(m->front);
	struct front_write w;

	if (what == BESIDE_ALL_THE_TIME || what == BESIDE_AT_FIRST)
		front_begin(f, group);
	WRITE_ONCE(f->reading, what != BESIDE_UNCOUNTED);	/* no concurrent reader */
	w = front_write_begin(m, f, u);
	if (what == BESIDE_AT_LAST || what == BESIDE_IN_BETWEEN)
		front_begin(f, group);
	if (what == BESIDE_AT_FIRST || what == BESIDE_IN_BETWEEN)
		front_end(f, group);
	front_write_end(m, f, w, u, what == BESIDE_ITS_FAILURE ? -ENOMEM : 0);
	if (what == BESIDE_ALL_THE_TIME || what == BESIDE_AT_LAST)
		front_end(f, group);
	WRITE_ONCE(f->reading, true);
}

/*
 * Fails when: a store updates its entry although another write to the group overlapped, so that
 * the group's last value is unknown, or although it failed; or does not update it otherwise.
 */
static void overlapped_store_updates_nothing(struct kunit *test)
{
	struct front_test t = front_init(test);
	const struct cmap_update u = {
		.op = CMAP_STORE, .key = t.b->key, .value = t.b->value,
	};
	enum beside what;

	migrate_disable();	/* the cache is per CPU */
	for (what = 0; what < BESIDE_NR; what++) {
		u64 fills, id = 0;

		KUNIT_EXPECT_EQ(test, 1, load_twice(test, &t));
		fills = stats_of(t.m).fills;
		test_key(t.m, t.b->key, KEY);
		test_value(t.m, t.b->value, KEY, 2);
		rcu_read_lock();
		store_beside(t.m, &u, what);
		rcu_read_unlock();
		KUNIT_EXPECT_EQ_MSG(test, fills + (what == BESIDE_NOTHING), stats_of(t.m).fills,
				    "beside it: %d", what);
		/* The value was not stored in the map: only the front can return it. */
		KUNIT_EXPECT_EQ(test, 0, test_load(t.m, t.b, KEY, &id));
		KUNIT_EXPECT_EQ_MSG(test, what == BESIDE_NOTHING ? 2 : 1, id, "beside it: %d",
				    what);
		KUNIT_ASSERT_EQ(test, 0, test_store(t.m, t.b, KEY, 1));
	}
	migrate_enable();
}

/*
 * Fails when: a loaded value is cached as of a later time than that of the lookup.  A write
 * happens after a load read the write count and before it caches its value.
 */
static void late_fill_is_never_served(struct kunit *test)
{
	struct front_test t = front_init(test);
	struct test_bufs *late = test_bufs_alloc(test, 1);
	struct front *f;
	u64 hash, writes;

	test_key(t.m, late->key, KEY);
	test_value(t.m, late->value, KEY, 1);
	hash = cmap_hash(t.m, late->key, t.m->shape);
	migrate_disable();	/* the cache is per CPU */
	rcu_read_lock();
	f = rcu_dereference(t.m->front);
	writes = atomic64_read(&f->writes[front_group(hash)]);
	KUNIT_EXPECT_EQ(test, 0, test_store(t.m, t.b, KEY, 2));
	front_fill(t.m, f, hash, writes, late->key, late->value);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 1, stats_of(t.m).fills);
	KUNIT_EXPECT_EQ(test, 2, load_twice(test, &t));
	migrate_enable();
	KUNIT_EXPECT_EQ(test, 1, stats_of(t.m).invalidations);
}

/* Fails when: a value found while a write was in progress, old or new, is cached. */
static void no_fill_during_write(struct kunit *test)
{
	struct front_test t = front_init(test);
	unsigned int group;
	struct front *f;

	test_key(t.m, t.b->key, KEY);
	group = front_group(cmap_hash(t.m, t.b->key, t.m->shape));
	rcu_read_lock();
	f = rcu_dereference(t.m->front);
	front_begin(f, group);
	KUNIT_EXPECT_EQ(test, 1, load_twice(test, &t));
	front_end(f, group);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 0, stats_of(t.m).fills);
	KUNIT_EXPECT_EQ(test, 1, load_twice(test, &t));
	KUNIT_EXPECT_EQ(test, 1, stats_of(t.m).fills);
}

/* Fails when: an entry remains in the front after a clear. */
static void clear_invalidates(struct kunit *test)
{
	struct front_test t = front_init(test);

	KUNIT_EXPECT_EQ(test, 1, load_twice(test, &t));
	KUNIT_EXPECT_EQ(test, 0, cmap_clear(t.m));
	KUNIT_EXPECT_EQ(test, 0, load_twice(test, &t));
	KUNIT_ASSERT_EQ(test, 0, test_store(t.m, t.b, KEY, 5));
	KUNIT_EXPECT_EQ(test, 5, load_twice(test, &t));
}

/* Fails when: a disabled front serves loads, or a new one has entries of its predecessor. */
static void enable_disable(struct kunit *test)
{
	struct front_test t = front_init(test);

	KUNIT_EXPECT_EQ(test, 1, load_twice(test, &t));
	KUNIT_EXPECT_EQ(test, 0, cmap_front_set(t.m, true));	/* no change */
	KUNIT_EXPECT_EQ(test, 1, stats_of(t.m).hits);
	KUNIT_EXPECT_EQ(test, 0, cmap_front_set(t.m, false));
	KUNIT_EXPECT_EQ(test, 0, cmap_front_set(t.m, false));
	KUNIT_EXPECT_FALSE(test, cmap_front_is_on(t.m));
	KUNIT_EXPECT_FALSE(test, stats_of(t.m).on);
	KUNIT_ASSERT_EQ(test, 0, test_store(t.m, t.b, KEY, 2));
	KUNIT_EXPECT_EQ(test, 0, cmap_front_set(t.m, true));
	KUNIT_EXPECT_EQ(test, 2, load_twice(test, &t));
	KUNIT_EXPECT_EQ(test, 1, stats_of(t.m).hits);
}

/* Fails when: a cache with a low hit rate is not bypassed, or this is not reported. */
static void disabled_for_low_hit_rate(struct kunit *test)
{
	struct front_test t = front_init(test);
	struct front_stats s;
	u64 id;
	u32 i;

	migrate_disable();
	for (i = 0; i < 50000; i++)	/* absent keys never hit */
		KUNIT_EXPECT_EQ(test, -ENOENT, test_load(t.m, t.b, 100 + i, &id));
	migrate_enable();
	s = stats_of(t.m);
	KUNIT_EXPECT_EQ(test, 1, s.rests);
	KUNIT_EXPECT_EQ(test, 1, s.resting_cpus);
	KUNIT_EXPECT_EQ(test, 50000, s.misses + s.bypassed);
	KUNIT_EXPECT_GT(test, s.bypassed, 10000);
	KUNIT_EXPECT_EQ(test, 0, s.hits);
	/* A store does not count as a bypassed load. */
	KUNIT_EXPECT_EQ(test, 0, test_store(t.m, t.b, KEY, 2));
	KUNIT_EXPECT_EQ(test, s.bypassed, stats_of(t.m).bypassed);
}

/* Fails when: a cache with a high hit rate is bypassed. */
static void stays_enabled_for_high_hit_rate(struct kunit *test)
{
	struct front_test t = front_init(test);
	u64 id;
	u32 i;

	migrate_disable();
	for (i = 0; i < 100000; i++)
		KUNIT_EXPECT_EQ(test, 0, test_load(t.m, t.b, KEY, &id));
	migrate_enable();
	KUNIT_EXPECT_EQ(test, 0, stats_of(t.m).rests);
	KUNIT_EXPECT_EQ(test, 99999, stats_of(t.m).hits);
}

/*
 * Fails when: the most recently used entry is evicted, so that hot keys do not stay; or every
 * new key evicts another, so that none of the keys loaded in turn hits.  All keys map to one
 * set, which has room for a sixth of them.
 */
static void keeps_hot_entries(struct kunit *test)
{
	static const struct test_shape collide = { "collide", 8, 8, CMAP_COLLIDE, 300 };
	const struct test_param param = {
		.design = CMAP_DESIGN_rwlock, .design_name = "rwlock", .shape = &collide,
	};
	struct cmap *m = test_map(test, &param, 0);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	u64 id, before, hot = 0;
	u32 i;

	KUNIT_ASSERT_EQ(test, 0, test_fill(m, b, 0, 13, 1));
	KUNIT_ASSERT_EQ(test, 0, cmap_front_set(m, true));
	migrate_disable();
	for (i = 0; i < 1000; i++) {
		KUNIT_EXPECT_EQ(test, 0, test_load(m, b, i % 12, &id));
		before = stats_of(m).hits;
		KUNIT_EXPECT_EQ(test, 0, test_load(m, b, 12, &id));
		hot += stats_of(m).hits - before;
	}
	migrate_enable();
	/* The hot key hits except the first time; of the others, one at a time may hit. */
	KUNIT_EXPECT_EQ(test, 999, hot);
	KUNIT_EXPECT_GT(test, stats_of(m).hits, 999 + 30);
}

/**
 * struct shared - a map whose only writer publishes the version it stored
 * @m: the map
 * @b: buffers, one per thread
 * @stored: the last version whose store has returned: stored with release, read with acquire
 * @wrong: loads that returned an older version, a torn one or none
 * @loads: number of loads
 * @hits: lower bound of the loads that a front served
 */
struct shared {
	struct cmap *m;
	struct test_bufs *b;
	u32 stored;
	atomic_t wrong;
	atomic_t loads;
	atomic_t hits;
};

static int store_versions(struct team *team, struct shared *s)
{
	u32 version;

	for (version = s->stored + 1; !team_stopped(team); version++) {
		if (test_store(s->m, &s->b[0], KEY, version))
			return -ENOMEM;
		/* Pairs with the acquire in load_versions(). */
		smp_store_release(&s->stored, version);
		team_pause(0, &s->b[0]);
	}
	return 0;
}

static int switch_front(struct team *team, struct shared *s)
{
	int ret = 0;

	while (!ret && !team_stopped(team)) {
		usleep_range(3000, 5000);
		atomic_add(min(stats_of(s->m).hits, 1000ULL), &s->hits);
		ret = cmap_front_set(s->m, false) ?: cmap_front_set(s->m, true);
	}
	return ret;
}

static int load_versions(struct team *team, unsigned int id)
{
	struct shared *s = team->arg;

	if (id == 0)
		return store_versions(team, s);
	if (id == 1)
		return switch_front(team, s);
	while (!team_stopped(team)) {
		/* Pairs with the release in store_versions(). */
		u32 least = smp_load_acquire(&s->stored);
		u64 version = 0;

		if (test_load(s->m, &s->b[id], KEY, &version) || version < least)
			atomic_inc(&s->wrong);
		atomic_inc(&s->loads);
		team_pause(id, &s->b[id]);
	}
	return 0;
}

static bool all_threads_ran(void *arg)
{
	struct shared *s = arg;

	return atomic_read(&s->loads) && atomic_read(&s->hits) && s->stored > 1;
}

/* Fails when: with a front, a load returns a value older than the last completed store. */
static void never_stale(struct kunit *test)
{
	struct front_test t = front_init(test);
	struct shared s = { .m = t.m, .b = test_bufs_alloc(test, 4), .stored = 1 };
	struct team team;

	KUNIT_ASSERT_EQ(test, 0, team_run_until(&team, 4, load_versions, &s, test_scaled(RUN_MS),
						all_threads_ran));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s.wrong));
	KUNIT_EXPECT_TRUE(test, all_threads_ran(&s));
}

static struct kunit_case front_cases[] = {
	KUNIT_CASE_PARAM(second_load_hits, few_shapes_gen_params),
	KUNIT_CASE_PARAM(every_write_invalidates, every_shape_gen_params),
	KUNIT_CASE_PARAM(store_updates_own_entry, every_shape_gen_params),
	KUNIT_CASE_PARAM(overlapped_store_updates_nothing, every_shape_gen_params),
	KUNIT_CASE_PARAM(late_fill_is_never_served, every_shape_gen_params),
	KUNIT_CASE_PARAM(no_fill_during_write, every_design_gen_params),
	KUNIT_CASE_PARAM(clear_invalidates, every_design_gen_params),
	KUNIT_CASE_PARAM(enable_disable, every_design_gen_params),
	KUNIT_CASE_PARAM(disabled_for_low_hit_rate, every_design_gen_params),
	KUNIT_CASE_PARAM(stays_enabled_for_high_hit_rate, every_design_gen_params),
	KUNIT_CASE(keeps_hot_entries),
	KUNIT_CASE_PARAM(never_stale, few_shapes_gen_params),
	{}
};

static struct kunit_suite front_suite = {
	.name = "mapstat_front",
	.test_cases = front_cases,
};

kunit_test_suites(&front_suite);

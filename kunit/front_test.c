// SPDX-License-Identifier: GPL-2.0-only
/*
 * The front: it answers what it has, never what has been written since, and may come and go
 * at any time.  (Histories with a front: history_test.c.)
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
 * struct front_test - what a test works with
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

/* The value's id, 0 where it is absent; two loads, so that the second may be a hit. */
static u64 load_twice(struct kunit *test, struct front_test *t)
{
	u64 first = 0, second = 0;

	migrate_disable();	/* a cache is a CPU's own */
	test_load(t->m, t->b, KEY, &first);
	test_load(t->m, t->b, KEY, &second);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, first, second);
	return second;
}

/* Fails when: what was loaded is not kept, or is not answered from there. */
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
	/* Both are hits of the map. */
	KUNIT_EXPECT_EQ(test, 2, cmap_counter_sum(&t.m->stats, CMAP_HITS));
}

static int write_op(struct front_test *t, enum cmap_update_op op)
{
	test_key(t->m, t->b->key, KEY);
	test_value(t->m, t->b->value, KEY, 2);
	test_value(t->m, t->b->expect, KEY, 1);
	return test_update(t->m, t->b, op);
}

/* Fails when: a write does not make what the front has invalid. */
static void every_write_is_seen(struct kunit *test)
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
		migrate_disable();	/* what was kept is where it is looked for afterwards */
		KUNIT_EXPECT_EQ(test, 1, load_twice(test, &t));
		KUNIT_EXPECT_EQ(test, 0, write_op(&t, op));
		KUNIT_EXPECT_EQ_MSG(test, after[op], load_twice(test, &t), "operation %d", op);
		migrate_enable();
	}
	KUNIT_EXPECT_GT(test, stats_of(t.m).hits, 0);
	KUNIT_EXPECT_GT(test, stats_of(t.m).invalidations, 0);
}

/*
 * Fails when: a store, also one that is timed, makes what its own CPU has of the key invalid,
 * or puts a key in that nobody has loaded, such as that of the zeroes in an empty entry.
 */
static void store_renews_its_entry(struct kunit *test)
{
	struct front_test t = front_init(test);
	u64 id = 0;
	u32 i;

	migrate_disable();	/* a cache is a CPU's own */
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

/* What may happen beside a store; of all but the first it cannot know the value afterwards. */
enum beside {
	BESIDE_NOTHING,
	BESIDE_ALL_THE_TIME,	/* another one began before it, and has not ended after it */
	BESIDE_AT_FIRST,	/* another one began before it, and has ended */
	BESIDE_AT_LAST,		/* another one began after it, and has not ended */
	BESIDE_IN_BETWEEN,	/* another one began, and has ended */
	BESIDE_UNCOUNTED,	/* there may be some that do not know of the front yet */
	BESIDE_ITS_FAILURE,	/* it was not stored */
	BESIDE_NR,
};

/* A store that announces itself, is carried out elsewhere, and ends; something is beside it. */
static void store_beside(struct cmap *m, const struct cmap_update *u, enum beside what)
{
	const unsigned int group = front_group(cmap_hash(m, u->key, m->shape));
	struct front *f = rcu_dereference(m->front);
	struct front_write w;

	if (what == BESIDE_ALL_THE_TIME || what == BESIDE_AT_FIRST)
		front_begin(f, group);
	WRITE_ONCE(f->reading, what != BESIDE_UNCOUNTED);	/* nobody else looks */
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
 * Fails when: a store renews an entry though it was not alone in its group, whose last value
 * it does not know then, or though it failed; or when it does not where it was alone.
 */
static void store_beside_a_write_renews_nothing(struct kunit *test)
{
	struct front_test t = front_init(test);
	const struct cmap_update u = {
		.op = CMAP_STORE, .key = t.b->key, .value = t.b->value,
	};
	enum beside what;

	migrate_disable();	/* a cache is a CPU's own */
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
		/* What was not stored in the map is answered by the front alone. */
		KUNIT_EXPECT_EQ(test, 0, test_load(t.m, t.b, KEY, &id));
		KUNIT_EXPECT_EQ_MSG(test, what == BESIDE_NOTHING ? 2 : 1, id, "beside it: %d",
				    what);
		KUNIT_ASSERT_EQ(test, 0, test_store(t.m, t.b, KEY, 1));
	}
	migrate_enable();
}

/*
 * Fails when: what a load found is kept as of a later time than it was looked for.  A write
 * comes between a load's look at the counts and the moment at which it keeps what it found.
 */
static void what_comes_late_is_not_served(struct kunit *test)
{
	struct front_test t = front_init(test);
	struct test_bufs *late = test_bufs_alloc(test, 1);
	struct front *f;
	u64 hash, writes;

	test_key(t.m, late->key, KEY);
	test_value(t.m, late->value, KEY, 1);
	hash = cmap_hash(t.m, late->key, t.m->shape);
	migrate_disable();	/* a cache is a CPU's own */
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

/* Fails when: what was found while a write was in progress, old or new, is kept. */
static void nothing_is_kept_during_a_write(struct kunit *test)
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

/* Fails when: a clear leaves something in the front. */
static void clear_is_seen(struct kunit *test)
{
	struct front_test t = front_init(test);

	KUNIT_EXPECT_EQ(test, 1, load_twice(test, &t));
	KUNIT_EXPECT_EQ(test, 0, cmap_clear(t.m));
	KUNIT_EXPECT_EQ(test, 0, load_twice(test, &t));
	KUNIT_ASSERT_EQ(test, 0, test_store(t.m, t.b, KEY, 5));
	KUNIT_EXPECT_EQ(test, 5, load_twice(test, &t));
}

/* Fails when: a front that is gone answers, or a new one has what the last one had. */
static void comes_and_goes(struct kunit *test)
{
	struct front_test t = front_init(test);

	KUNIT_EXPECT_EQ(test, 1, load_twice(test, &t));
	KUNIT_EXPECT_EQ(test, 0, cmap_front_set(t.m, true));	/* as it is */
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

/* Fails when: a cache that hardly ever hits goes on costing, or does not say that it rests. */
static void rests_where_it_does_not_pay(struct kunit *test)
{
	struct front_test t = front_init(test);
	struct front_stats s;
	u64 id;
	u32 i;

	migrate_disable();
	for (i = 0; i < 50000; i++)	/* absent: no hit at all */
		KUNIT_EXPECT_EQ(test, -ENOENT, test_load(t.m, t.b, 100 + i, &id));
	migrate_enable();
	s = stats_of(t.m);
	KUNIT_EXPECT_EQ(test, 1, s.rests);
	KUNIT_EXPECT_EQ(test, 1, s.resting_cpus);
	KUNIT_EXPECT_EQ(test, 50000, s.misses + s.bypassed);
	KUNIT_EXPECT_GT(test, s.bypassed, 10000);
	KUNIT_EXPECT_EQ(test, 0, s.hits);
	/* A store is no load that passes by. */
	KUNIT_EXPECT_EQ(test, 0, test_store(t.m, t.b, KEY, 2));
	KUNIT_EXPECT_EQ(test, s.bypassed, stats_of(t.m).bypassed);
}

/* Fails when: a cache that pays puts itself to rest. */
static void goes_on_where_it_pays(struct kunit *test)
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
 * Fails when: the entry that was used last is the one to go, so that hot keys do not stay; or
 * when each key that comes displaces another one: then none of those that come in turns hits.
 * All keys are of one set, six times as many as it has room for.
 */
static void keeps_what_is_used(struct kunit *test)
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
	/* The hot one always but for the first time, one of its rivals at a time. */
	KUNIT_EXPECT_EQ(test, 999, hot);
	KUNIT_EXPECT_GT(test, stats_of(m).hits, 999 + 30);
}

/**
 * struct shared - a map whose one writer tells what it wrote
 * @m: the map
 * @b: buffers for each thread
 * @stored: the version whose store has returned: stored with release, read with acquire
 * @wrong: loads that found an older one, none, or a torn one
 * @loads: loads
 * @hits: of those, some of the ones that a front answered
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

static bool all_had_a_turn(void *arg)
{
	struct shared *s = arg;

	return atomic_read(&s->loads) && atomic_read(&s->hits) && s->stored > 1;
}

/* Fails when: a load by the front returns what a store that had returned before replaced. */
static void never_an_old_value(struct kunit *test)
{
	struct front_test t = front_init(test);
	struct shared s = { .m = t.m, .b = test_bufs_alloc(test, 4), .stored = 1 };
	struct team team;

	KUNIT_ASSERT_EQ(test, 0, team_run_until(&team, 4, load_versions, &s, test_scaled(RUN_MS),
						all_had_a_turn));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s.wrong));
	KUNIT_EXPECT_TRUE(test, all_had_a_turn(&s));
}

static struct kunit_case front_cases[] = {
	KUNIT_CASE_PARAM(second_load_hits, few_shapes_gen_params),
	KUNIT_CASE_PARAM(every_write_is_seen, every_shape_gen_params),
	KUNIT_CASE_PARAM(store_renews_its_entry, every_shape_gen_params),
	KUNIT_CASE_PARAM(store_beside_a_write_renews_nothing, every_shape_gen_params),
	KUNIT_CASE_PARAM(what_comes_late_is_not_served, every_shape_gen_params),
	KUNIT_CASE_PARAM(nothing_is_kept_during_a_write, every_design_gen_params),
	KUNIT_CASE_PARAM(clear_is_seen, every_design_gen_params),
	KUNIT_CASE_PARAM(comes_and_goes, every_design_gen_params),
	KUNIT_CASE_PARAM(rests_where_it_does_not_pay, every_design_gen_params),
	KUNIT_CASE_PARAM(goes_on_where_it_pays, every_design_gen_params),
	KUNIT_CASE(keeps_what_is_used),
	KUNIT_CASE_PARAM(never_an_old_value, few_shapes_gen_params),
	{}
};

static struct kunit_suite front_suite = {
	.name = "mapstat_front",
	.test_cases = front_cases,
};

kunit_test_suites(&front_suite);

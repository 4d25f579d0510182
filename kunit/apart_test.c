// SPDX-License-Identifier: GPL-2.0-only
/*
 * A front or an observer of one map does not affect another map.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/timekeeping.h>
#include "kmod/cachesim/misses.h"
#include "kmod/cachesim/model.h"
#include "kmod/cmap/front.h"
#include "kmod/stats/hist.h"
#include "fixture.h"
#include "threads.h"

#define KEY	3
#define OPS	1024	/* many times the sampling interval of the latency histograms */
#define RUN_MS	60
#define TURNS	16

static const struct mapstat_geometry geometry = {
	.l1d_kib = 32, .l1d_ways = 8, .line_bytes = 64, .dtlb_entries = 64, .dtlb_ways = 4,
	.page_kib = 4,
};

/**
 * struct apart - two maps of one design
 * @special: gets a front, or an observer
 * @other: gets neither
 * @b: buffers, one per thread
 * @observer: observes @special
 */
struct apart {
	struct cmap *special;
	struct cmap *other;
	struct test_bufs *b;
	struct mapstat_observer observer;
};

static void free_model(void *model)
{
	mapstat_model_free(model);
}

static struct apart *apart_init(struct kunit *test)
{
	struct apart *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	a->special = test_map(test, test->param_value, 0);
	a->other = test_map(test, test->param_value, 0);
	a->b = test_bufs_alloc(test, 4);
	KUNIT_ASSERT_EQ(test, 0, test_store(a->special, a->b, KEY, 1));
	KUNIT_ASSERT_EQ(test, 0, test_store(a->other, a->b, KEY, 1));
	a->observer.map = &a->special->stats;
	a->observer.model = mapstat_model_alloc(&geometry, cpumask_bits(cpu_possible_mask),
						nr_cpu_ids);
	KUNIT_ASSERT_NOT_NULL(test, a->observer.model);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_model, a->observer.model));
	return a;
}

static void stop_observing(void *unused)
{
	mapstat_unobserve();
}

static void observe(struct kunit *test, struct apart *a)
{
	mapstat_observe(&a->observer);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_observing, NULL));
}

static bool count_one(const void *key, const void *value, void *arg)
{
	return true;
}

static void use(struct kunit *test, struct cmap *m, struct test_bufs *b)
{
	unsigned int i;
	u64 id;

	migrate_disable();	/* each CPU times one operation in a fixed number */
	for (i = 0; i < OPS; i++) {
		KUNIT_ASSERT_EQ(test, 0, test_load(m, b, KEY, &id));
		KUNIT_ASSERT_EQ(test, 0, test_store(m, b, KEY, i));
	}
	migrate_enable();
	KUNIT_ASSERT_EQ(test, 0, cmap_range(m, count_one, NULL));
}

static u64 timed(struct kunit *test, struct cmap *m, enum cmap_hist_kind kind)
{
	struct mapstat_hist_sum *sum = kunit_kzalloc(test, sizeof(*sum), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sum);
	mapstat_hist_snapshot(sum, m->stats.hist[kind], -1);
	return sum->count;
}

/*
 * Fails when: operations of a map report their accesses, and so are not timed, because another
 * map is observed; or operations of the observed map do not report theirs.
 */
static void only_observed_map_reports(struct kunit *test)
{
	struct apart *a = apart_init(test);

	observe(test, a);
	KUNIT_EXPECT_TRUE(test, cmap_is_observed(a->special));
	KUNIT_EXPECT_FALSE(test, cmap_is_observed(a->other));
	use(test, a->special, a->b);
	use(test, a->other, a->b);
	KUNIT_EXPECT_EQ(test, 0, timed(test, a->special, CMAP_HIST_LOAD));
	KUNIT_EXPECT_EQ(test, 0, timed(test, a->special, CMAP_HIST_STORE));
	KUNIT_EXPECT_GT(test, timed(test, a->other, CMAP_HIST_LOAD), 0);
	KUNIT_EXPECT_GT(test, timed(test, a->other, CMAP_HIST_STORE), 0);
}

/* Fails when: a map stays observed after mapstat_unobserve(), or keeps a removed front. */
static void observer_and_front_end(struct kunit *test)
{
	struct apart *a = apart_init(test);

	observe(test, a);
	kunit_release_action(test, stop_observing, NULL);
	KUNIT_EXPECT_FALSE(test, cmap_is_observed(a->special));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(a->special->stats.observed));
	KUNIT_ASSERT_EQ(test, 0, cmap_front_set(a->special, true));
	KUNIT_EXPECT_TRUE(test, cmap_has_front(a->special));
	KUNIT_EXPECT_FALSE(test, cmap_has_front(a->other));
	KUNIT_ASSERT_EQ(test, 0, cmap_front_set(a->special, false));
	KUNIT_EXPECT_FALSE(test, cmap_has_front(a->special));
	use(test, a->special, a->b);
	KUNIT_EXPECT_GT(test, timed(test, a->special, CMAP_HIST_LOAD), 0);
}

/**
 * struct switching - two maps in use, one of which is repeatedly observed and given a front
 * @a: the maps
 * @stored: the last version whose store to @a->other has returned: stored with release, read
 *	with acquire
 * @wrong: loads that returned a version older than allowed
 * @loads: of @a->other
 * @switches: times that the front was enabled and disabled again
 */
struct switching {
	struct apart *a;
	u32 stored;
	atomic_t wrong;
	atomic_t loads;
	atomic_t switches;
};

static bool all_threads_ran(void *arg)
{
	struct switching *s = arg;

	return atomic_read(&s->switches) > 1 && atomic_read(&s->loads) && s->stored > 1;
}

static int switch_special(struct team *team, struct switching *s)
{
	int ret = 0;

	while (!ret && !team_stopped(team)) {
		ret = cmap_front_set(s->a->special, true);
		mapstat_observe(&s->a->observer);
		usleep_range(500, 2000);
		mapstat_unobserve();
		ret = ret ?: cmap_front_set(s->a->special, false);
		atomic_inc(&s->switches);
	}
	return ret;
}

/* The only writer of @a->special: it must load what it stored last. */
static int use_special(struct team *team, struct switching *s)
{
	struct test_bufs *b = &s->a->b[1];
	u32 version;
	u64 found;

	for (version = 1; !team_stopped(team); version++) {
		if (test_store(s->a->special, b, KEY, version))
			return -ENOMEM;
		if (test_load(s->a->special, b, KEY, &found) || found != version ||
		    test_load(s->a->special, b, KEY, &found) || found != version)
			atomic_inc(&s->wrong);
		team_pause(1, b);
	}
	return 0;
}

static int store_other(struct team *team, struct switching *s)
{
	struct test_bufs *b = &s->a->b[2];
	u32 version;

	for (version = s->stored + 1; !team_stopped(team); version++) {
		if (test_store(s->a->other, b, KEY, version))
			return -ENOMEM;
		/* Pairs with the acquire in load_other(). */
		smp_store_release(&s->stored, version);
		team_pause(2, b);
	}
	return 0;
}

static int load_other(struct team *team, struct switching *s)
{
	struct test_bufs *b = &s->a->b[3];

	while (!team_stopped(team)) {
		/* Pairs with the release in store_other(). */
		u32 least = smp_load_acquire(&s->stored);
		u64 version = 0;

		if (test_load(s->a->other, b, KEY, &version) || version < least ||
		    cmap_front_is_on(s->a->other))
			atomic_inc(&s->wrong);
		atomic_inc(&s->loads);
		team_pause(3, b);
	}
	return 0;
}

static int switch_and_use(struct team *team, unsigned int id)
{
	static int (*const roles[])(struct team *team, struct switching *s) = {
		switch_special, use_special, store_other, load_other,
	};

	return roles[id](team, team->arg);
}

/*
 * Fails when: enabling or disabling a map's front lets a load rely on the write counts while a
 * write that does not count itself is in progress; or another map gets the front.
 */
static void switch_one_use_both(struct kunit *test)
{
	struct switching s = { .a = apart_init(test), .stored = 1 };
	struct team team;

	KUNIT_ASSERT_EQ(test, 0, team_run_until(&team, 4, switch_and_use, &s,
						test_scaled(RUN_MS), all_threads_ran));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s.wrong));
	KUNIT_EXPECT_TRUE(test, all_threads_ran(&s));
}

/* Time of OPS operations in ns, or @least if less: other load on the machine only adds time. */
static u64 least_ns(struct apart *a, bool store, u64 least)
{
	unsigned int i;
	u64 ns;

	migrate_disable();
	ns = ktime_get_ns();
	for (i = 0; i < OPS; i++) {
		if (store)
			cmap_store(a->other, a->b->key, a->b->value);
		else
			cmap_load(a->other, a->b->key, a->b->out);
	}
	ns = ktime_get_ns() - ns;
	migrate_enable();
	return min(least, ns);
}

/* Alternate between alone and beside an observed map, so that disturbances affect both alike. */
static void expect_alike(struct kunit *test, struct apart *a, bool store, unsigned int times)
{
	u64 alone = U64_MAX, beside = U64_MAX;
	unsigned int turn;

	for (turn = 0; turn < TURNS; turn++) {
		alone = least_ns(a, store, alone);
		alone = least_ns(a, store, alone);
		mapstat_observe(&a->observer);
		beside = least_ns(a, store, beside);
		beside = least_ns(a, store, beside);
		mapstat_unobserve();
	}
	kunit_info(test, "%d %s: %llu ns, beside an observed map %llu ns\n", OPS,
		   store ? "stores" : "loads", alone, beside);
	KUNIT_EXPECT_LE(test, beside, alone * times);
}

/*
 * Fails when: while another map is observed, a load of an unobserved map does more than check
 * for an observer, or a store more than check at each access: a reported operation takes ten
 * times as long.  (tests/host/instructions.sh counts the instructions, also beside a front.)
 */
static void unobserved_map_is_fast(struct kunit *test)
{
	struct apart *a = apart_init(test);

	test_key(a->other, a->b->key, KEY);
	test_value(a->other, a->b->value, KEY, 2);
	expect_alike(test, a, false, 2);
	expect_alike(test, a, true, 3);
}

static struct kunit_case apart_cases[] = {
	KUNIT_CASE_PARAM(only_observed_map_reports, every_design_gen_params),
	KUNIT_CASE_PARAM(observer_and_front_end, every_design_gen_params),
	KUNIT_CASE_PARAM(switch_one_use_both, every_design_gen_params),
	KUNIT_CASE_PARAM(unobserved_map_is_fast, every_design_gen_params),
	{}
};

static struct kunit_suite apart_suite = {
	.name = "mapstat_apart",
	.test_cases = apart_cases,
};

kunit_test_suites(&apart_suite);

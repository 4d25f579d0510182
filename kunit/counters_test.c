// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the public operations count, in every design; turning statistics off; resetting them.
 */
#include "kmod/cmap/front.h"
#include "threads.h"

#define RUN_MS	60	/* of concurrent threads, scaled */

static u64 sum(struct cmap *m, enum cmap_counter c)
{
	return cmap_counter_sum(&m->stats, c);
}

/* Fails when: an operation is counted as another one, twice, or not at all. */
static void operations_are_counted(struct kunit *test)
{
	struct cmap *m = test_map(test, test->param_value, 0);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	u64 id;

	test_load(m, b, 1, &id);		/* miss */
	test_store(m, b, 1, 5);			/* insert */
	test_store(m, b, 2, 5);			/* insert */
	test_load(m, b, 1, &id);		/* hit */
	test_load(m, b, 2, &id);		/* hit */
	test_store(m, b, 1, 6);			/* update */
	test_key(m, b->key, 1);
	cmap_swap(m, b->key, b->value, NULL, NULL);			/* update */
	cmap_load_or_store(m, b->key, b->value, NULL, NULL);		/* no change */
	test_value(m, b->expect, 1, 9);
	cmap_compare_and_swap(m, b->key, b->expect, b->value);		/* no change */
	cmap_compare_and_delete(m, b->key, b->expect);			/* no change */
	test_delete(m, b, 1);			/* delete */
	test_delete(m, b, 1);			/* no change */
	KUNIT_EXPECT_EQ(test, 2, sum(m, CMAP_HITS));
	KUNIT_EXPECT_EQ(test, 1, sum(m, CMAP_MISSES));
	KUNIT_EXPECT_EQ(test, 2, sum(m, CMAP_INSERTS));
	KUNIT_EXPECT_EQ(test, 2, sum(m, CMAP_UPDATES));
	KUNIT_EXPECT_EQ(test, 1, sum(m, CMAP_DELETES));
	KUNIT_EXPECT_EQ(test, 4, sum(m, CMAP_NOCHANGES));
	KUNIT_EXPECT_EQ(test, 0, sum(m, CMAP_ALLOC_FAILURES));
}

/* Fails when: growing the table is not counted. */
static void resizes_are_counted(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct cmap *m = test_map(test, param, 0);
	struct test_bufs *b = test_bufs_alloc(test, 1);

	if (param->design == CMAP_DESIGN_rhashtable)
		kunit_skip(test, "rhashtable does not report its resizes");
	if (param->design == CMAP_DESIGN_hlist)
		kunit_skip(test, "its table is never resized");
	KUNIT_ASSERT_EQ(test, 0, test_fill(m, b, 0, 2000, 1));
	test_map_settle(m);
	KUNIT_EXPECT_GT(test, sum(m, CMAP_RESIZES), 0);
	KUNIT_EXPECT_EQ(test, 2000, sum(m, CMAP_INSERTS));
}

/* Fails when: a reset keeps a counter or a latency, or removes entries. */
static void reset_keeps_entries(struct kunit *test)
{
	struct cmap *m = test_map(test, test->param_value, 0);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	struct mapstat_hist_sum *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	u64 id;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, h);
	KUNIT_ASSERT_EQ(test, 0, test_fill(m, b, 0, 300, 1));
	KUNIT_ASSERT_EQ(test, 0, cmap_clear(m));
	KUNIT_ASSERT_EQ(test, 0, test_fill(m, b, 0, 300, 1));
	mapstat_hist_snapshot(h, m->stats.hist[CMAP_HIST_RANGE], -1);
	KUNIT_EXPECT_EQ(test, 1, h->count);
	test_map_settle(m);
	cmap_stats_reset(m);
	for (i = 0; i < CMAP_NR_COUNTERS; i++)
		KUNIT_EXPECT_EQ_MSG(test, 0, sum(m, i), "%s", cmap_counter_names[i]);
	mapstat_hist_snapshot(h, m->stats.hist[CMAP_HIST_RANGE], -1);
	KUNIT_EXPECT_EQ(test, 0, h->count);
	KUNIT_EXPECT_EQ(test, 300, cmap_len(m));
	KUNIT_EXPECT_EQ(test, 0, test_load(m, b, 299, &id));
}

/* Fails when: anything is counted while statistics are off, or cmap_len() is wrong then. */
static void nothing_counted_while_off(struct kunit *test)
{
	struct cmap *m = test_map(test, test->param_value, 0);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	bool was_on = static_key_enabled(&mapstat_stats_on);
	int i;

	mapstat_stats_set(false);
	KUNIT_EXPECT_EQ(test, 0, test_fill(m, b, 0, 100, 1));
	test_map_settle(m);
	for (i = 0; i < CMAP_NR_COUNTERS; i++)
		KUNIT_EXPECT_EQ_MSG(test, 0, sum(m, i), "%s", cmap_counter_names[i]);
	KUNIT_EXPECT_EQ(test, 100, cmap_len(m));
	mapstat_stats_set(true);
	KUNIT_EXPECT_EQ(test, 0, test_fill(m, b, 100, 110, 1));
	KUNIT_EXPECT_EQ(test, 10, sum(m, CMAP_INSERTS));
	KUNIT_EXPECT_EQ(test, 110, cmap_len(m));
	mapstat_stats_set(was_on);
}

/* Fails when: a counter or histogram has no name, or shares one. */
static void names_are_unique(struct kunit *test)
{
	int i, j;

	for (i = 0; i < CMAP_NR_COUNTERS; i++) {
		KUNIT_ASSERT_NOT_NULL(test, cmap_counter_names[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, cmap_counter_names[i], cmap_counter_names[j]);
	}
	for (i = 0; i < CMAP_NR_HISTS; i++) {
		KUNIT_ASSERT_NOT_NULL(test, cmap_hist_names[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, cmap_hist_names[i], cmap_hist_names[j]);
	}
}

/* Fails when: one CPU's counts are added to another's, or the sum omits a CPU. */
static void sum_is_over_all_cpus(struct kunit *test)
{
	struct cmap *m = test_map(test, test->param_value, 0);
	unsigned int cpu, n = 0;

	/* The map is idle, so this CPU may write all CPUs' counters. */
	for_each_possible_cpu(cpu)
		per_cpu_ptr(m->stats.pcpu, cpu)->count[CMAP_RETRIES] = ++n;
	KUNIT_EXPECT_EQ(test, n * (n + 1) / 2, sum(m, CMAP_RETRIES));
	n = 0;
	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_EQ(test, ++n, cmap_counter_cpu(&m->stats, CMAP_RETRIES, cpu));
}

/**
 * struct absent - an empty map, so that every load misses
 * @m: the map
 * @b: one per thread
 * @found: the bitmap of bulk loads; used by the one thread that does them
 * @misses: misses at the last check; used by the one thread that checks
 * @hits: checks that saw a hit, or fewer misses than before
 * @looks: number of checks
 */
struct absent {
	struct cmap *m;
	struct test_bufs *b;
	unsigned long found;
	u64 misses;
	atomic_t hits;
	atomic_t looks;
};

static void check_for_hits(struct absent *a)
{
	const u64 misses = sum(a->m, CMAP_MISSES);
	struct front_stats front;
	u64 hits = sum(a->m, CMAP_HITS);
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		hits += cmap_counter_cpu(&a->m->stats, CMAP_HITS, cpu);
	cmap_front_stats(a->m, &front);
	atomic_add(hits || front.hits || misses < a->misses, &a->hits);
	a->misses = misses;
	atomic_inc(&a->looks);
}

/* Thread 0 checks the counters, 1 loads in bulk, the others load one by one. */
static int load_absent(struct team *team, unsigned int id)
{
	struct absent *a = team->arg;
	struct test_bufs *b = &a->b[id];
	u64 value;

	while (!team_stopped(team)) {
		if (id == 0)
			check_for_hits(a);
		else if (id == 1)
			cmap_load_many(a->m, b->key, b->value, &a->found, CMAP_KEY_MAX / 8);
		else
			test_load(a->m, b, test_random_below(b, 1000), &value);
		cond_resched();
	}
	return 0;
}

static bool checked_during_misses(void *arg)
{
	struct absent *a = arg;

	return atomic_read(&a->looks) > 100 && sum(a->m, CMAP_MISSES);
}

/* Fails when: a load is counted as a hit before it is known to be one. */
static void misses_never_show_as_hits(struct kunit *test)
{
	struct absent a = { .m = test_map(test, test->param_value, 0),
			    .b = test_bufs_alloc(test, 4) };
	struct team team;
	int front;

	for (front = 0; front < 2; front++) {
		atomic_set(&a.looks, 0);
		KUNIT_ASSERT_EQ(test, 0, cmap_front_set(a.m, front));
		KUNIT_ASSERT_EQ(test, 0, team_run_until(&team, 4, load_absent, &a,
							test_scaled(RUN_MS),
							checked_during_misses));
		KUNIT_EXPECT_EQ(test, 0, atomic_read(&a.hits));
		KUNIT_EXPECT_TRUE(test, checked_during_misses(&a));
	}
	KUNIT_EXPECT_EQ(test, 0, cmap_front_set(a.m, false));
}

static struct kunit_case counters_cases[] = {
	KUNIT_CASE_PARAM(operations_are_counted, every_design_gen_params),
	KUNIT_CASE_PARAM(resizes_are_counted, every_design_gen_params),
	KUNIT_CASE_PARAM(reset_keeps_entries, every_design_gen_params),
	KUNIT_CASE_PARAM(nothing_counted_while_off, every_design_gen_params),
	KUNIT_CASE(names_are_unique),
	KUNIT_CASE_PARAM(sum_is_over_all_cpus, every_design_gen_params),
	KUNIT_CASE_PARAM(misses_never_show_as_hits, every_design_gen_params),
	{}
};

static struct kunit_suite counters_suite = {
	.name = "mapstat_counters",
	.test_cases = counters_cases,
};

kunit_test_suites(&counters_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pauses: totals, histogram, and the last few with their times.
 */
#include <kunit/test.h>
#include <linux/timekeeping.h>
#include "kmod/stats/pauses.h"

/**
 * struct pauses_test - state of a test
 * @p: without pauses at first
 * @copy: a snapshot
 */
struct pauses_test {
	struct mapstat_pauses p;
	struct mapstat_pauses copy;
};

static int pauses_init(struct kunit *test)
{
	struct pauses_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	test->priv = t;
	if (!t)
		return -ENOMEM;
	mapstat_pauses_init(&t->p, NULL);
	return 0;
}

/* Fails when: a kind's count, sum or maximum is wrong, or added to another kind. */
static void kinds_are_separate(struct kunit *test)
{
	struct pauses_test *t = test->priv;

	mapstat_pauses_record(&t->p, MAPSTAT_PAUSE_GROWTH, 100, 1);
	mapstat_pauses_record(&t->p, MAPSTAT_PAUSE_GROWTH, 300, 2);
	mapstat_pauses_record(&t->p, MAPSTAT_PAUSE_GROWTH, 200, 3);
	mapstat_pauses_record(&t->p, MAPSTAT_PAUSE_PROMOTION, 7, 4);
	mapstat_pauses_snapshot(&t->p, &t->copy);
	KUNIT_EXPECT_EQ(test, 3, t->copy.total[MAPSTAT_PAUSE_GROWTH]);
	KUNIT_EXPECT_EQ(test, 600, t->copy.sum_ns[MAPSTAT_PAUSE_GROWTH]);
	KUNIT_EXPECT_EQ(test, 300, t->copy.max_ns[MAPSTAT_PAUSE_GROWTH]);
	KUNIT_EXPECT_EQ(test, 1, t->copy.total[MAPSTAT_PAUSE_PROMOTION]);
	KUNIT_EXPECT_EQ(test, 7, t->copy.max_ns[MAPSTAT_PAUSE_PROMOTION]);
	KUNIT_EXPECT_EQ(test, 0, t->copy.total[MAPSTAT_PAUSE_COPY]);
	KUNIT_EXPECT_EQ(test, 1, t->copy.bucket[mapstat_hist_index(7)]);
	KUNIT_EXPECT_EQ(test, 1, t->copy.bucket[mapstat_hist_index(300)]);
}

/* Fails when: the kept events are not the last ones, incomplete, or not oldest first. */
static void last_events_are_kept_in_order(struct kunit *test)
{
	struct pauses_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < 10; i++)
		mapstat_pauses_record(&t->p, MAPSTAT_PAUSE_SHRINK, i, 1000 + i);
	mapstat_pauses_snapshot(&t->p, &t->copy);
	KUNIT_EXPECT_EQ(test, 10, t->copy.next);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, 1000 + i, t->copy.ring[i].entries);

	for (i = 10; i < 2 * MAPSTAT_PAUSES_KEPT + 5; i++)
		mapstat_pauses_record(&t->p, MAPSTAT_PAUSE_SHRINK, i, 1000 + i);
	mapstat_pauses_snapshot(&t->p, &t->copy);
	KUNIT_EXPECT_EQ(test, 2 * MAPSTAT_PAUSES_KEPT + 5, t->copy.next);
	KUNIT_EXPECT_EQ(test, t->copy.next, t->copy.total[MAPSTAT_PAUSE_SHRINK]);
	for (i = 0; i < MAPSTAT_PAUSES_KEPT; i++) {
		const struct mapstat_pause_event *e = &t->copy.ring[i];

		KUNIT_EXPECT_EQ(test, MAPSTAT_PAUSES_KEPT + 5 + i, e->duration_ns);
		KUNIT_EXPECT_EQ(test, 1000 + MAPSTAT_PAUSES_KEPT + 5 + i, e->entries);
		KUNIT_EXPECT_EQ(test, MAPSTAT_PAUSE_SHRINK, e->kind);
		KUNIT_EXPECT_TRUE(test, !i || e[-1].end_ns <= e->end_ns);
	}
}

/* Fails when: an event's time is not CLOCK_MONOTONIC, or not that of its end. */
static void events_have_end_times(struct kunit *test)
{
	struct pauses_test *t = test->priv;
	u64 before = ktime_get_ns();

	mapstat_pauses_record(&t->p, MAPSTAT_PAUSE_COPY, 1, 1);
	mapstat_pauses_snapshot(&t->p, &t->copy);
	KUNIT_EXPECT_GE(test, t->copy.ring[0].end_ns, before);
	KUNIT_EXPECT_LE(test, t->copy.ring[0].end_ns, ktime_get_ns());
}

/* Fails when: a reset leaves something. */
static void reset_clears_all(struct kunit *test)
{
	struct pauses_test *t = test->priv;
	unsigned int i;

	mapstat_pauses_record(&t->p, MAPSTAT_PAUSE_GRACE_PERIOD, 5, 5);
	mapstat_pauses_reset(&t->p);
	mapstat_pauses_snapshot(&t->p, &t->copy);
	KUNIT_EXPECT_EQ(test, 0, t->copy.next);
	KUNIT_EXPECT_EQ(test, 0, t->copy.total[MAPSTAT_PAUSE_GRACE_PERIOD]);
	KUNIT_EXPECT_EQ(test, 0, t->copy.sum_ns[MAPSTAT_PAUSE_GRACE_PERIOD]);
	KUNIT_EXPECT_EQ(test, 0, t->copy.max_ns[MAPSTAT_PAUSE_GRACE_PERIOD]);
	for (i = 0; i < MAPSTAT_HIST_BUCKETS; i++)
		KUNIT_ASSERT_EQ(test, 0, t->copy.bucket[i]);
}

/* Fails when: a kind has no name, or shares one. */
static void kinds_are_named(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < MAPSTAT_NR_PAUSES; i++) {
		KUNIT_ASSERT_NOT_NULL(test, mapstat_pause_names[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, mapstat_pause_names[i], mapstat_pause_names[j]);
	}
}

static struct kunit_case pauses_cases[] = {
	KUNIT_CASE(kinds_are_separate),
	KUNIT_CASE(last_events_are_kept_in_order),
	KUNIT_CASE(events_have_end_times),
	KUNIT_CASE(reset_clears_all),
	KUNIT_CASE(kinds_are_named),
	{}
};

static struct kunit_suite pauses_suite = {
	.name = "mapstat_pauses",
	.init = pauses_init,
	.test_cases = pauses_cases,
};

kunit_test_suites(&pauses_suite);

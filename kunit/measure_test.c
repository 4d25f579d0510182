// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a row is made of: medians, and the longest pause of a round.
 */
#include <kunit/test.h>
#include "../kmod/stress/measure.h"

/**
 * struct measure_test - what a test works with
 * @pauses: of a map
 * @before: a look at them
 * @after: a later one
 */
struct measure_test {
	struct mapstat_pauses pauses;
	struct mapstat_pauses before;
	struct mapstat_pauses after;
};

static int measure_init(struct kunit *test)
{
	struct measure_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	test->priv = t;
	if (!t)
		return -ENOMEM;
	mapstat_pauses_init(&t->pauses, NULL);
	return 0;
}

/* Record @n pauses of that length, and one that is a little longer. */
static void record(struct measure_test *t, unsigned int n, u64 ns)
{
	while (n--)
		mapstat_pauses_record(&t->pauses, MAPSTAT_PAUSE_GROWTH, ns, 1);
	mapstat_pauses_record(&t->pauses, MAPSTAT_PAUSE_GROWTH, ns + 1, 1);
}

static u64 longest_of(struct measure_test *t, unsigned int earlier, unsigned int n)
{
	mapstat_pauses_init(&t->pauses, NULL);
	if (earlier)
		record(t, earlier - 1, 1000000);
	mapstat_pauses_snapshot(&t->pauses, &t->before);
	if (n)
		record(t, n - 1, 100);
	mapstat_pauses_snapshot(&t->pauses, &t->after);
	return stress_pause_max(&t->before, &t->after);
}

/* Fails when: a pause of before the round is taken for the round's, or one is missed. */
static void longest_pause_is_of_the_round(struct kunit *test)
{
	static const unsigned int earlier[] = { 0, 1, 63, 64, 65, 100, 1000 };
	struct measure_test *t = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(earlier); i++) {
		KUNIT_EXPECT_EQ_MSG(test, 0, longest_of(t, earlier[i], 0), "after %u", earlier[i]);
		KUNIT_EXPECT_EQ_MSG(test, 101, longest_of(t, earlier[i], 1), "after %u",
				    earlier[i]);
		KUNIT_EXPECT_EQ_MSG(test, 101, longest_of(t, earlier[i], 64), "after %u",
				    earlier[i]);
	}
}

/* Fails when: more pauses than are kept are not told from the histogram, to its width. */
static void longest_of_more_than_are_kept(struct kunit *test)
{
	struct measure_test *t = test->priv;
	u64 ns = longest_of(t, 10, 200);

	KUNIT_EXPECT_GE(test, ns, 101);
	KUNIT_EXPECT_LE(test, ns, 101 + 101 / 31);
}

/* Fails when: the values are not sorted, or the middle of an even number is not between. */
static void median_is_the_middle(struct kunit *test)
{
	u64 one[] = { 7 }, odd[] = { 9, 1, 5 }, even[] = { 8, 2, 100, 4 };
	u64 large[] = { U64_MAX - 1, U64_MAX - 3 };

	KUNIT_EXPECT_EQ(test, 7, stress_median(one, 1));
	KUNIT_EXPECT_EQ(test, 5, stress_median(odd, 3));
	KUNIT_EXPECT_EQ(test, 6, stress_median(even, 4));
	KUNIT_EXPECT_EQ(test, U64_MAX - 2, stress_median(large, 2));
	KUNIT_EXPECT_EQ(test, STRESS_NONE, stress_median(one, 0));
}

static struct kunit_case measure_cases[] = {
	KUNIT_CASE(longest_pause_is_of_the_round),
	KUNIT_CASE(longest_of_more_than_are_kept),
	KUNIT_CASE(median_is_the_middle),
	{}
};

static struct kunit_suite measure_suite = {
	.name = "mapstat_measure",
	.init = measure_init,
	.test_cases = measure_cases,
};

kunit_test_suites(&measure_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contents of a result row: medians, the longest pause of a round, and sampling.
 */
#include <kunit/test.h>
#include <linux/math64.h>
#include "kmod/stress/measure.h"

/**
 * struct measure_test - state of a test
 * @pauses: of a map
 * @before: a snapshot of them
 * @after: a later snapshot
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

/* Record @n pauses of @ns, and one that is 1 ns longer. */
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

/* Fails when: an earlier pause is attributed to the round, or one of the round is missed. */
static void longest_pause_of_round(struct kunit *test)
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

/* Fails when: pauses beyond those kept are not estimated from the histogram, to its precision. */
static void longest_beyond_kept_pauses(struct kunit *test)
{
	struct measure_test *t = test->priv;
	u64 ns = longest_of(t, 10, 200);

	KUNIT_EXPECT_GE(test, ns, 101);
	KUNIT_EXPECT_LE(test, ns, 101 + 101 / 31);
}

/* Fails when: the values are not sorted, or the median of an even number is not the mean. */
static void median_is_right(struct kunit *test)
{
	u64 one[] = { 7 }, odd[] = { 9, 1, 5 }, even[] = { 8, 2, 100, 4 };
	u64 large[] = { U64_MAX - 1, U64_MAX - 3 };

	KUNIT_EXPECT_EQ(test, 7, stress_median(one, 1));
	KUNIT_EXPECT_EQ(test, 5, stress_median(odd, 3));
	KUNIT_EXPECT_EQ(test, 6, stress_median(even, 4));
	KUNIT_EXPECT_EQ(test, U64_MAX - 2, stress_median(large, 2));
	KUNIT_EXPECT_EQ(test, STRESS_NONE, stress_median(one, 0));
}

/* Fails when: the recorded share, or its published value, does not match sample_shift. */
static void recorded_share_as_configured(struct kunit *test)
{
	static const unsigned int value_sizes[] = { 1, 8, 256, 257, 1000, 4096 };
	struct stress_config *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct stress_sampling s;
	u64 share, wanted, product;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->stats = 1;
	for (i = 0; i < ARRAY_SIZE(value_sizes) * 2; i++) {
		c->value_size = value_sizes[i / 2];
		c->batch = i % 2 ? 1 : 32;
		for (c->sample_shift = 0; c->sample_shift <= 20; c->sample_shift++) {
			const unsigned int ops = stress_batch_ops(c);

			stress_sampling_init(&s, c);
			KUNIT_EXPECT_GE(test, s.batches, STRESS_SHARE_ALL / 32);
			KUNIT_EXPECT_LE(test, s.batches, STRESS_SHARE_ALL / 8 * 7);
			KUNIT_EXPECT_LT(test, s.warm, ops);
			share = div_u64(mul_u64_u64_shr(s.batches, s.keep, STRESS_SHARE_SHIFT) *
					(ops - s.warm), ops);
			wanted = STRESS_SHARE_ALL >> c->sample_shift;
			KUNIT_EXPECT_LE(test, share, wanted);
			if (c->sample_shift)
				KUNIT_EXPECT_GE(test, share, wanted - wanted / 1000 - 2);
			else
				KUNIT_EXPECT_GT(test, share, wanted / 2);
			/* Recorded is one in so many tenths, rounded: the product is ten. */
			product = share * stress_sampled_tenths(c);
			KUNIT_EXPECT_LE(test, product, 10 * STRESS_SHARE_ALL + share / 2 +
						       STRESS_SHARE_ALL / 100);
			KUNIT_EXPECT_GE(test, product, 10 * STRESS_SHARE_ALL - share / 2 -
						       STRESS_SHARE_ALL / 100);
		}
	}
}

/* Fails when: an operation is timed with stats=0, or an arrival is not timed. */
static void all_arrivals_are_timed(struct kunit *test)
{
	struct stress_config *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct stress_sampling s;

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->value_size = 8;
	c->batch = 1;
	c->sample_shift = 20;
	c->arrival = STRESS_POISSON;
	stress_sampling_init(&s, c);
	KUNIT_EXPECT_EQ(test, 0, s.batches);
	c->stats = 1;
	stress_sampling_init(&s, c);
	KUNIT_EXPECT_EQ(test, STRESS_SHARE_ALL, s.batches);
	KUNIT_EXPECT_EQ(test, STRESS_SHARE_ALL, s.keep);
	KUNIT_EXPECT_EQ(test, 0, s.warm);
	KUNIT_EXPECT_EQ(test, 10, stress_sampled_tenths(c));
}

/* Fails when: the share that is drawn is not the configured one. */
static void draws_match_share(struct kunit *test)
{
	struct stress_random r;
	unsigned int i, n = 0;

	stress_random_seed(&r, 1, 2);
	for (i = 0; i < 1 << 16; i++) {
		KUNIT_ASSERT_TRUE(test, stress_sampling_draw(STRESS_SHARE_ALL, &r));
		KUNIT_ASSERT_FALSE(test, stress_sampling_draw(0, &r));
		n += stress_sampling_draw(STRESS_SHARE_ALL / 32, &r);
	}
	/* 2048, plus or minus five standard deviations of 44.5. */
	KUNIT_EXPECT_GT(test, n, 2048 - 223);
	KUNIT_EXPECT_LT(test, n, 2048 + 223);
}

static struct kunit_case measure_cases[] = {
	KUNIT_CASE(longest_pause_of_round),
	KUNIT_CASE(longest_beyond_kept_pauses),
	KUNIT_CASE(median_is_right),
	KUNIT_CASE(recorded_share_as_configured),
	KUNIT_CASE(all_arrivals_are_timed),
	KUNIT_CASE(draws_match_share),
	{}
};

static struct kunit_suite measure_suite = {
	.name = "mapstat_measure",
	.init = measure_init,
	.test_cases = measure_cases,
};

kunit_test_suites(&measure_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Poisson arrivals: the gaps must be exponentially distributed.
 */
#include <kunit/test.h>
#include <linux/math64.h>
#include <linux/time64.h>
#include "kmod/stress/arrival.h"
#include "fixture.h"

#define DRAWS	1000000
#define MEAN	BIT_ULL(18)	/* so that a sum of squares fits */

/* @value in parts per million of @of */
static u64 ppm(u64 value, u64 of)
{
	return mul_u64_u64_div_u64(value, 1000000, of);
}

/* @value is @want ppm of @of, plus or minus @off ppm. */
static void expect_ppm(struct kunit *test, u64 value, u64 of, u64 want, u64 off)
{
	u64 got = ppm(value, of);

	KUNIT_EXPECT_GE(test, got, want - off);
	KUNIT_EXPECT_LE(test, got, want + off);
}

/*
 * Fails when: mean or variance of the gaps are not those of an exponential distribution.
 * The standard errors are 0.1 % of the mean and 0.28 % of the variance.
 */
static void gaps_have_the_right_mean_and_variance(struct kunit *test)
{
	struct stress_random r;
	u64 sum = 0, squares = 0, mean;
	int i;

	stress_random_seed(&r, test_seed(), 0);
	for (i = 0; i < DRAWS; i++) {
		u64 gap = stress_arrival_gap(&r, MEAN);

		sum += gap;
		squares += gap * gap;
		if (!(i % 4096))
			cond_resched();
	}
	mean = sum / DRAWS;
	expect_ppm(test, mean, MEAN, 1000000, 5000);
	expect_ppm(test, squares / DRAWS - mean * mean, MEAN * MEAN, 1000000, 20000);
}

/* Fails when: the mean is right, but there are too few or too many long or short gaps. */
static void gaps_have_the_right_tail(struct kunit *test)
{
	u64 above_half = 0, above_one = 0, above_five = 0, above_ten = 0;
	struct stress_random r;
	int i;

	stress_random_seed(&r, test_seed(), 1);
	for (i = 0; i < DRAWS; i++) {
		u64 gap = stress_arrival_gap(&r, MEAN);

		above_half += gap > MEAN / 2;
		above_one += gap > MEAN;
		above_five += gap > 5 * MEAN;
		above_ten += gap > 10 * MEAN;
		if (!(i % 4096))
			cond_resched();
	}
	/* e^-x in ppm, and six standard errors of it */
	expect_ppm(test, above_half, DRAWS, 606531, 2932);
	expect_ppm(test, above_one, DRAWS, 367879, 2893);
	expect_ppm(test, above_five, DRAWS, 6738, 491);
	expect_ppm(test, above_ten, DRAWS, 45, 40);
}

/* Fails when: the rate differs from the requested one, from one per second to the maximum. */
static void streams_have_requested_rate(struct kunit *test)
{
	static const unsigned int rates[] = { 1, 80, 1000, 999999, 10000000 };
	const unsigned int n = 100000;
	int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		struct stress_arrival a;
		u64 last = 0, back = 0;

		stress_arrival_init(&a, rates[i], test_seed(), 7);
		while (a.count < n) {
			back += a.due < last;
			last = a.due;
			stress_arrival_next(&a);
		}
		KUNIT_EXPECT_EQ(test, 0, back);
		/* n gaps: the standard error is 0.32 % */
		expect_ppm(test, stress_arrival_due_ns(&a),
			   div_u64((u64)n * NSEC_PER_SEC, rates[i]), 1000000, 20000);
	}
}

/* Fails when: a run is not repeatable, or all its threads arrive at the same times. */
static void streams_repeat_and_differ(struct kunit *test)
{
	struct stress_arrival a, again, other, seed;
	unsigned int i, same = 0;

	stress_arrival_init(&a, 1000, 1, 0);
	stress_arrival_init(&again, 1000, 1, 0);
	stress_arrival_init(&other, 1000, 1, 1);
	stress_arrival_init(&seed, 1000, 2, 0);
	for (i = 0; i < 1000; i++) {
		KUNIT_ASSERT_EQ(test, a.due, again.due);
		same += a.due == other.due || a.due == seed.due;
		stress_arrival_next(&a);
		stress_arrival_next(&again);
		stress_arrival_next(&other);
		stress_arrival_next(&seed);
	}
	KUNIT_EXPECT_EQ(test, 0, same);
}

static struct kunit_case arrival_cases[] = {
	KUNIT_CASE(gaps_have_the_right_mean_and_variance),
	KUNIT_CASE(gaps_have_the_right_tail),
	KUNIT_CASE(streams_have_requested_rate),
	KUNIT_CASE(streams_repeat_and_differ),
	{}
};

static struct kunit_suite arrival_suite = {
	.name = "mapstat_arrival",
	.test_cases = arrival_cases,
};

kunit_test_suites(&arrival_suite);

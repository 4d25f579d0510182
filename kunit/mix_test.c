// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operation mix: shares of loads, stores and deletes.
 */
#include <kunit/test.h>
#include "kmod/stress/mix.h"
#include "fixture.h"

#define DRAWS	1000000

/* Count each operation in DRAWS draws. */
static void draw(unsigned int read_permille, unsigned int delete_permille, u64 count[3])
{
	struct stress_random r;
	struct stress_mix mix;
	int i;

	stress_random_seed(&r, test_seed(), read_permille);
	stress_mix_init(&mix, read_permille, delete_permille);
	memset(count, 0, 3 * sizeof(*count));
	for (i = 0; i < DRAWS; i++) {
		count[stress_mix_draw(&mix, &r)]++;
		if (!(i % 4096))
			cond_resched();
	}
}

/* @want within six standard deviations, sqrt(n p (1 - p)) */
static void expect_share(struct kunit *test, u64 got, u64 want)
{
	u64 deviations = 6 * int_sqrt64(div_u64(want * (DRAWS - want), DRAWS)) + 6;

	KUNIT_EXPECT_GE(test, got + deviations, want);
	KUNIT_EXPECT_LE(test, got, want + deviations);
}

/* Fails when: the shares are not the configured ones. */
static void shares_as_configured(struct kunit *test)
{
	u64 count[3];

	draw(973, 100, count);
	expect_share(test, count[STRESS_LOAD], 973000);
	expect_share(test, count[STRESS_STORE], 24300);
	expect_share(test, count[STRESS_DELETE], 2700);
	draw(500, 500, count);
	expect_share(test, count[STRESS_LOAD], 500000);
	expect_share(test, count[STRESS_STORE], 250000);
	expect_share(test, count[STRESS_DELETE], 250000);
}

/* Fails when: an operation with a share of zero is drawn. */
static void none_and_all_are_exact(struct kunit *test)
{
	u64 count[3];

	draw(1000, 500, count);
	KUNIT_EXPECT_EQ(test, DRAWS, count[STRESS_LOAD]);
	draw(0, 0, count);
	KUNIT_EXPECT_EQ(test, DRAWS, count[STRESS_STORE]);
	draw(0, 1000, count);
	KUNIT_EXPECT_EQ(test, DRAWS, count[STRESS_DELETE]);
}

/* Fails when: rounding loses the smallest share. */
static void one_permille_is_kept(struct kunit *test)
{
	u64 count[3];

	draw(999, 1, count);
	expect_share(test, count[STRESS_LOAD], 999000);
	expect_share(test, count[STRESS_STORE], 999);
	expect_share(test, count[STRESS_DELETE], 1);
}

static struct kunit_case mix_cases[] = {
	KUNIT_CASE(shares_as_configured),
	KUNIT_CASE(none_and_all_are_exact),
	KUNIT_CASE(one_permille_is_kept),
	{}
};

static struct kunit_suite mix_suite = {
	.name = "mapstat_mix",
	.test_cases = mix_cases,
};

kunit_test_suites(&mix_suite);

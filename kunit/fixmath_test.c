// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fixed-point logarithm and power, against values from 50-digit decimal arithmetic.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include "kmod/stress/fixmath.h"
#include "fixture.h"

#define LOG_ULPS	8	/* 2^-54 in Q57 */

static u64 distance(u64 a, u64 b)
{
	return a > b ? a - b : b - a;
}

/* Fails when: a logarithm is off by more than 2^-54. */
static void log2_is_accurate(struct kunit *test)
{
	static const u64 known[][2] = {
		{ 3, 228417168884608271ULL }, { 5, 334625104093305944ULL },
		{ 7, 404582482588011318ULL }, { 10, 478740292169161816ULL },
		{ 1000, 1436220876507485448ULL }, { 12288, 1957799425794878735ULL },
		{ 0xdeadbeef, 4582692884694977264ULL },
		{ 1000000000000000000ULL, 8617325259044912687ULL },
		{ (1ULL << 63) + 1, 9079256848778919936ULL },
		{ U64_MAX, 9223372036854775808ULL },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		KUNIT_EXPECT_LE_MSG(test, distance(fix_log2(known[i][0]), known[i][1]), LOG_ULPS,
				    "log2(%llu)", known[i][0]);
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, (u64)i << FIX_LOG_SHIFT, fix_log2(1ULL << i));
}

/* Fails when: a larger number has the smaller logarithm, or log2(ab) is not their sum. */
static void log2_is_monotone_and_additive(struct kunit *test)
{
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, test_seed());
	for (i = 0; i < 20000; i++) {
		u64 a = prandom_u32_state(&rnd) | 1, b = prandom_u32_state(&rnd) | 1;

		KUNIT_ASSERT_LE(test, fix_log2(a), fix_log2(a + 1));
		KUNIT_ASSERT_LE(test, distance(fix_log2(a * b), fix_log2(a) + fix_log2(b)),
				3 * LOG_ULPS);
	}
}

/* Fails when: a natural logarithm is off by more than 2^-54, or that of nearly 1 is not 0. */
static void neg_ln_is_accurate(struct kunit *test)
{
	static const u64 known[][2] = {
		{ 1, 6393154322601327830ULL }, { 1ULL << 32, 3196577161300663915ULL },
		{ 1ULL << 63, 99893036290645747ULL },
		{ 6790000000000000000ULL, 144034042631823327ULL },
		{ U64_MAX, 0 },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		KUNIT_EXPECT_LE_MSG(test, distance(fix_neg_ln(known[i][0]), known[i][1]), LOG_ULPS,
				    "-ln(%llu / 2^64)", known[i][0]);
}

/* Fails when: a power is off by more than 2^-54 of itself. */
static void exp2_is_accurate(struct kunit *test)
{
	/* exponent, 2^-exponent in Q62, 2^exponent rounded down */
	static const u64 known[][3] = {
		{ 0x100000000000000ULL, 3260954456333195553ULL, 1 },
		{ 0x80000000000000ULL, 3877950241171266237ULL, 1 },
		{ 0x33333333333333ULL, 4302855201801774111ULL, 1 },
		{ 0x766666666666666ULL, 354853217355483705ULL, 12 },
		{ 0x143f35ba6e72c6beULL, 4134238984065633ULL, 1115 },
		{ 0x7bfae147ae147ae1ULL, 1, 4579830776212142980ULL },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		u64 e = known[i][0];

		KUNIT_EXPECT_LE(test, distance(fix_exp2_neg(e), known[i][1]),
				(known[i][1] >> 54) + 1);
		KUNIT_EXPECT_LE(test, distance(fix_exp2(e, 0), known[i][2]),
				known[i][2] >> 54);
	}
	KUNIT_EXPECT_EQ(test, FIX_POW_ONE, fix_exp2_neg(0));
	KUNIT_EXPECT_EQ(test, 1, fix_exp2(0, 0));
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, 1ULL << i, fix_exp2((u64)i << FIX_LOG_SHIFT, 0));
}

/* Fails when: a power that does not fit does not saturate. */
static void exp2_saturates(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, U64_MAX, fix_exp2(3ULL << FIX_LOG_SHIFT, 62));
	KUNIT_EXPECT_EQ(test, 0, fix_exp2_neg(63ULL << FIX_LOG_SHIFT));
	KUNIT_EXPECT_EQ(test, 1, fix_exp2_neg(62ULL << FIX_LOG_SHIFT));
}

/* Fails when: power and logarithm are not inverse to each other. */
static void exp2_inverts_log2(struct kunit *test)
{
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, test_seed());
	for (i = 0; i < 20000; i++) {
		u64 x = prandom_u32_state(&rnd) | 1;

		KUNIT_ASSERT_LE(test, distance(fix_exp2(fix_log2(x), 20), x << 20), 2);
	}
}

static struct kunit_case fixmath_cases[] = {
	KUNIT_CASE(log2_is_accurate),
	KUNIT_CASE(log2_is_monotone_and_additive),
	KUNIT_CASE(neg_ln_is_accurate),
	KUNIT_CASE(exp2_is_accurate),
	KUNIT_CASE(exp2_saturates),
	KUNIT_CASE(exp2_inverts_log2),
	{}
};

static struct kunit_suite fixmath_suite = {
	.name = "mapstat_fixmath",
	.test_cases = fixmath_cases,
};

kunit_test_suites(&fixmath_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fixed-point logarithm and power, from series whose terms are all positive.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include "kmod/compat.h"
#include "fixmath.h"

#define FIX_LN2_Q64	0xb17217f7d1cf79acULL

/* ln(2)^k / k!, Q62: 2^f = sum of these times f^k; the next term is below 2^-57. */
static const u64 exp2_terms[] = {
	0x4000000000000000ULL, 0x2c5c85fdf473de6bULL, 0x0f5fdeffc162c754ULL,
	0x038d611ae09417f1ULL, 0x009d955b7dd273b9ULL, 0x0015d87fe78a6731ULL,
	0x0002861225f0d8f1ULL, 0x00003ff97f8b1162ULL, 0x0000058b0088e972ULL,
	0x0000006d494f4e58ULL, 0x00000007933d4563ULL, 0x000000007a32b1cdULL,
	0x00000000070ef594ULL, 0x0000000000605865ULL, 0x000000000004c526ULL,
	0x000000000000386eULL, 0x0000000000000272ULL,
};

/* 2 / ln(2) / (2k + 1), Q62: see fix_log2(); the next term is below 2^-58. */
static const u64 log2_terms[] = {
	0xb8aa3b295c17f0bcULL, 0x3d8e13b87407fae9ULL, 0x24eed8a1df37fcf2ULL,
	0x1a61762a7aded93fULL, 0x1484b13d7c02a8f8ULL, 0x10c9a84994022d28ULL,
	0x0e347ab4698bb00eULL, 0x0c4f9d8b4a67fefbULL, 0x0adcd64dba1f86a2ULL,
	0x09b81e0fa687ff32ULL, 0x08cb27637e4a486aULL, 0x080766bf04010a77ULL,
	0x0762f8205fd7ff64ULL, 0x06d6e5bf29563853ULL, 0x065e2559b3ba3470ULL,
	0x05f4f9a67ed77b61ULL, 0x05988d6ddc00b9b8ULL,
};

/* Horner's rule with @terms in Q62 and @x in Qshift. */
static u64 series(const u64 *terms, unsigned int n, u64 x, unsigned int shift)
{
	u64 sum = terms[--n];

	while (n)
		sum = mul_u64_u64_shr(sum, x, shift) + terms[--n];
	return sum;
}

/**
 * fix_log2 - logarithm to base 2
 * @x: at least 1
 *
 * With x = m * 2^k, 1 <= m < 2 and z = (m - 1) / (m + 1), z <= 1/3:
 * log2(m) = 2 / ln(2) * (z + z^3 / 3 + z^5 / 5 + ...).
 *
 * Context: Any.
 * Return: log2(@x), Q57; the error is at most 2^-54.
 */
u64 fix_log2(u64 x)
{
	unsigned int k = __fls(x);
	u64 m = x << (63 - k);		/* Q63 */
	u64 z = mul_u64_u64_div_u64(m - BIT_ULL(63), BIT_ULL(62), (m >> 1) + BIT_ULL(62));
	u64 sum = series(log2_terms, ARRAY_SIZE(log2_terms), mul_u64_u64_shr(z, z, 63), 63);

	return ((u64)k << FIX_LOG_SHIFT) + mul_u64_u64_shr(sum, z, 62 + 63 - FIX_LOG_SHIFT);
}
EXPORT_SYMBOL_IF_KUNIT(fix_log2);

/* Return: 2^@f, Q62, for a fraction @f in Q57 */
static u64 exp2_fraction(u64 f)
{
	return series(exp2_terms, ARRAY_SIZE(exp2_terms), f, FIX_LOG_SHIFT);
}

/**
 * fix_exp2 - power of 2
 * @e: the exponent, Q57
 * @q: scale of the result, 0..62
 *
 * Context: Any.
 * Return: 2^@e, Q@q, with a relative error of at most 2^-54; U64_MAX if it does not fit.
 */
u64 fix_exp2(u64 e, unsigned int q)
{
	unsigned int up = (e >> FIX_LOG_SHIFT) + q;
	u64 m = exp2_fraction(e & (FIX_LOG_ONE - 1));

	if (up <= FIX_POW_SHIFT)
		return m >> (FIX_POW_SHIFT - up);
	return up == FIX_POW_SHIFT + 1 ? m << 1 : U64_MAX;
}
EXPORT_SYMBOL_IF_KUNIT(fix_exp2);

/**
 * fix_exp2_neg - negative power of 2
 * @e: magnitude of the exponent, Q57
 *
 * Context: Any.
 * Return: 2^-@e, Q62.
 */
u64 fix_exp2_neg(u64 e)
{
	u64 k = (e >> FIX_LOG_SHIFT) + !!(e & (FIX_LOG_ONE - 1));	/* rounded up */

	if (k > FIX_POW_SHIFT)
		return 0;
	return exp2_fraction((k << FIX_LOG_SHIFT) - e) >> k;
}
EXPORT_SYMBOL_IF_KUNIT(fix_exp2_neg);

/**
 * fix_neg_ln - negated natural logarithm of a fraction
 * @u: the fraction times 2^64, at least 1
 *
 * Context: Any.
 * Return: -ln(@u / 2^64), Q57.
 */
u64 fix_neg_ln(u64 u)
{
	return mul_u64_u64_shr((64ULL << FIX_LOG_SHIFT) - fix_log2(u), FIX_LN2_Q64, 64);
}
EXPORT_SYMBOL_IF_KUNIT(fix_neg_ln);

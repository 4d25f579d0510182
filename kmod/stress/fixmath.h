/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fixed-point logarithm and power; Qn is a number times 2^n.  The kernel's intlog2() is only
 * accurate to 2^-13, and the Zipf exponent multiplies the error by up to 1000.
 */
#ifndef MAPSTAT_STRESS_FIXMATH_H
#define MAPSTAT_STRESS_FIXMATH_H

#include <linux/bits.h>
#include <linux/types.h>

#define FIX_LOG_SHIFT	57			/* log2(2^64) still fits */
#define FIX_LOG_ONE	BIT_ULL(FIX_LOG_SHIFT)
#define FIX_POW_SHIFT	62
#define FIX_POW_ONE	BIT_ULL(FIX_POW_SHIFT)

u64 fix_log2(u64 x);
u64 fix_exp2(u64 e, unsigned int q);
u64 fix_exp2_neg(u64 e);
u64 fix_neg_ln(u64 u);

#endif /* MAPSTAT_STRESS_FIXMATH_H */

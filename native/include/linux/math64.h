/* SPDX-License-Identifier: GPL-2.0-only */
/* 64-bit arithmetic. */
#ifndef _NATIVE_LINUX_MATH64_H
#define _NATIVE_LINUX_MATH64_H

#include <linux/types.h>

static inline u64 mul_u64_u32_shr(u64 a, u32 mul, unsigned int shift)
{
	return (u64)(((unsigned __int128)a * mul) >> shift);
}

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

static inline u64 div_u64_rem(u64 dividend, u32 divisor, u32 *rest)
{
	*rest = dividend % divisor;
	return dividend / divisor;
}

#endif /* _NATIVE_LINUX_MATH64_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Powers of two. */
#ifndef _NATIVE_LINUX_LOG2_H
#define _NATIVE_LINUX_LOG2_H

#include <linux/bitops.h>

static __always_inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

/* log2, rounded up; 0 for 0. */
static __always_inline unsigned int order_base_2(unsigned long n)
{
	return n > 1 ? __fls(n - 1) + 1 : 0;
}

static __always_inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return 1UL << order_base_2(n);
}

static __always_inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << __fls(n);
}

#endif /* _NATIVE_LINUX_LOG2_H */

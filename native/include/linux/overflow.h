/* SPDX-License-Identifier: GPL-2.0-only */
/* Saturating sums and products. */
#ifndef _NATIVE_LINUX_OVERFLOW_H
#define _NATIVE_LINUX_OVERFLOW_H

#include <linux/types.h>

static inline size_t size_add(size_t a, size_t b)
{
	size_t sum;

	return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

static inline size_t size_mul(size_t a, size_t b)
{
	size_t product;

	return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

#define array_size(n, size)	size_mul(n, size)
#define struct_size(p, member, n)						\
	size_add(sizeof(*(p)), size_mul(n, sizeof((p)->member[0])))

#endif /* _NATIVE_LINUX_OVERFLOW_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Minimum and maximum. */
#ifndef _NATIVE_LINUX_MINMAX_H
#define _NATIVE_LINUX_MINMAX_H

#define native_pick(a, op, b)						\
({									\
	__auto_type __a = (a);						\
	__auto_type __b = (b);						\
									\
	__a op __b ? __a : __b;						\
})

#define min(a, b)		native_pick(a, <, b)
#define max(a, b)		native_pick(a, >, b)
#define max3(a, b, c)		max(max(a, b), c)
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define clamp_t(type, v, lo, hi) clamp((type)(v), (type)(lo), (type)(hi))

#endif /* _NATIVE_LINUX_MINMAX_H */

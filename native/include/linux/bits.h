/* SPDX-License-Identifier: GPL-2.0-only */
/* Bit masks. */
#ifndef _NATIVE_LINUX_BITS_H
#define _NATIVE_LINUX_BITS_H

#define BIT(n)		(1UL << (n))
#define GENMASK_ULL(h, l)	((~0ULL << (l)) & (~0ULL >> (63 - (h))))

#define BITS_PER_BYTE	8
#define BITS_PER_LONG	64
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)

#endif /* _NATIVE_LINUX_BITS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Square roots. */
#ifndef _NATIVE_LINUX_MATH_H
#define _NATIVE_LINUX_MATH_H

#include <math.h>

/* Rounded down. */
static inline unsigned long int_sqrt(unsigned long x)
{
	return sqrtl(x);
}

#endif /* _NATIVE_LINUX_MATH_H */

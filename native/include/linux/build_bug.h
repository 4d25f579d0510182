/* SPDX-License-Identifier: GPL-2.0-only */
/* Compile-time checks. */
#ifndef _NATIVE_LINUX_BUILD_BUG_H
#define _NATIVE_LINUX_BUILD_BUG_H

#include <assert.h>

#define BUILD_BUG_ON(bad)	static_assert(!(bad), #bad)
#define BUILD_BUG_ON_NOT_POWER_OF_2(n)	BUILD_BUG_ON(!(n) || ((n) & ((n) - 1)))

#endif /* _NATIVE_LINUX_BUILD_BUG_H */

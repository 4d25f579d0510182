/* SPDX-License-Identifier: GPL-2.0-only */
/* The C library needs the system's header of this name, too. */
#ifndef _NATIVE_LINUX_LIMITS_H
#define _NATIVE_LINUX_LIMITS_H

#include_next <linux/limits.h>

#define UINT_MAX	(~0U)
#define U32_MAX		(~0U)
#define U64_MAX		(~0ULL)

#endif /* _NATIVE_LINUX_LIMITS_H */

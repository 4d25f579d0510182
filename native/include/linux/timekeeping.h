/* SPDX-License-Identifier: GPL-2.0-only */
/* Time. */
#ifndef _NATIVE_LINUX_TIMEKEEPING_H
#define _NATIVE_LINUX_TIMEKEEPING_H

#include <linux/types.h>

u64 ktime_get_ns(void);

#define ktime_get_mono_fast_ns()	ktime_get_ns()

#endif /* _NATIVE_LINUX_TIMEKEEPING_H */

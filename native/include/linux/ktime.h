/* SPDX-License-Identifier: GPL-2.0-only */
/* Time. */
#ifndef _NATIVE_LINUX_KTIME_H
#define _NATIVE_LINUX_KTIME_H

#include <linux/timekeeping.h>

#endif /* _NATIVE_LINUX_KTIME_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for a time, busily; where one thread does all, what it waits for does not come. */
#ifndef _NATIVE_LINUX_DELAY_H
#define _NATIVE_LINUX_DELAY_H

#include <linux/ktime.h>
#include <linux/processor.h>
#include <linux/types.h>

extern bool native_is_alone;

static inline void udelay(unsigned long us)
{
	const u64 until = native_is_alone ? 0 : ktime_get_ns() + us * 1000;

	while (until && ktime_get_ns() < until)
		cpu_relax();
}

#endif /* _NATIVE_LINUX_DELAY_H */

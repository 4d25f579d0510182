/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for a time, busily. */
#ifndef _NATIVE_LINUX_DELAY_H
#define _NATIVE_LINUX_DELAY_H

#include <linux/ktime.h>
#include <linux/processor.h>

static inline void udelay(unsigned long us)
{
	const u64 until = ktime_get_ns() + us * 1000;

	while (ktime_get_ns() < until)
		cpu_relax();
}

#endif /* _NATIVE_LINUX_DELAY_H */

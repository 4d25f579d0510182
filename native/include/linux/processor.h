/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Busy waiting.  In a kernel, a CPU spins for another one that is running.  Here the thread
 * waited for may have been preempted, so the waiter yields its CPU regularly.
 */
#ifndef _NATIVE_LINUX_PROCESSOR_H
#define _NATIVE_LINUX_PROCESSOR_H

#include <linux/compiler.h>

void native_relax(void);

#define cpu_relax()	native_relax()

#endif /* _NATIVE_LINUX_PROCESSOR_H */

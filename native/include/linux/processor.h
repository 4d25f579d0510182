/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waiting.  Whoever spins in a kernel waits for a CPU that is at work.  Here it may wait for
 * a thread that is not, so now and then it gives the CPU away.
 */
#ifndef _NATIVE_LINUX_PROCESSOR_H
#define _NATIVE_LINUX_PROCESSOR_H

#include <linux/compiler.h>

void native_relax(void);

#define cpu_relax()	native_relax()

#endif /* _NATIVE_LINUX_PROCESSOR_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* A thread is preempted only by other threads, which are other CPUs. */
#ifndef _NATIVE_LINUX_PREEMPT_H
#define _NATIVE_LINUX_PREEMPT_H

#include <linux/compiler.h>

#define preempt_disable()	barrier()
#define preempt_enable()	barrier()
#define migrate_disable()	barrier()
#define migrate_enable()	barrier()
#define in_serving_softirq()	false

#endif /* _NATIVE_LINUX_PREEMPT_H */

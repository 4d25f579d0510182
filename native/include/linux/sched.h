/* SPDX-License-Identifier: GPL-2.0-only */
/* As in a kernel, giving way is a quiescent state of RCU: nobody does it as a reader. */
#ifndef _NATIVE_LINUX_SCHED_H
#define _NATIVE_LINUX_SCHED_H

#include <linux/kernel.h>
#include <linux/percpu.h>

void native_quiescent(void);
void native_sleep_ms(unsigned int ms);

#define cond_resched()	native_quiescent()

/* Only its address counts, which no other thread has. */
#define current		(&native_cpu_offset)

#define HZ		1000
#define schedule_timeout_uninterruptible(jiffies)	native_sleep_ms(jiffies)

#endif /* _NATIVE_LINUX_SCHED_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* As in a kernel, cond_resched() is a quiescent state: not allowed in a read-side section. */
#ifndef _NATIVE_LINUX_SCHED_H
#define _NATIVE_LINUX_SCHED_H

#include <linux/kernel.h>
#include <linux/percpu.h>

void native_quiescent(void);
void native_sleep_ms(unsigned int ms);

#define cond_resched()	native_quiescent()

struct task_struct {
	pid_t pid;
};

extern __thread struct task_struct native_task;

#define current		(&native_task)

#define HZ		1000
#define schedule_timeout_uninterruptible(jiffies)	native_sleep_ms(jiffies)

#endif /* _NATIVE_LINUX_SCHED_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Work queues: one thread each (shim/work.c). */
#ifndef _NATIVE_LINUX_WORKQUEUE_H
#define _NATIVE_LINUX_WORKQUEUE_H

#include <linux/list.h>

struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

/**
 * struct work_struct - a work item
 * @entry: in the queue; protected by the queue's lock
 * @func: its function; constant
 * @pending: queued; set with an atomic exchange, cleared under the queue's lock
 */
struct work_struct {
	struct list_head entry;
	work_func_t func;
	bool pending;
};

struct workqueue_struct;

#define INIT_WORK(work, fn)							\
do {										\
	struct work_struct *__work = (work);					\
										\
	INIT_LIST_HEAD(&__work->entry);						\
	__work->func = (fn);							\
	__work->pending = false;						\
} while (0)

#define work_pending(work)	READ_ONCE((work)->pending)

bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
bool flush_work(struct work_struct *work);

/* CPUs are threads that run no functions for others: the caller runs it. */
#define work_on_cpu(cpu, fn, arg)	((void)(cpu), (fn)(arg))

#endif /* _NATIVE_LINUX_WORKQUEUE_H */

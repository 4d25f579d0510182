// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only work queue, and its only thread.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/processor.h>
#include <linux/workqueue.h>
#include "internal.h"

/**
 * struct workqueue_struct - a queue
 * @lock: protects the following members, and the work items
 * @changed: signalled when an item was queued or completed
 * @works: queued items
 * @running: the item being run, or NULL
 */
struct workqueue_struct {
	pthread_mutex_t lock;	/* protects the following members */
	pthread_cond_t changed;
	struct list_head works;
	struct work_struct *running;
};

static struct workqueue_struct queue = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
	.works = { &queue.works, &queue.works },
};

struct workqueue_struct *mapstat_wq = &queue;
bool native_is_alone;

/* With the lock held: run the first item, with the lock released. */
static void do_first(struct workqueue_struct *wq)
{
	struct work_struct *work = list_first_entry(&wq->works, struct work_struct, entry);

	list_del(&work->entry);
	/* From here on it can be queued again.  Pairs with the exchange in queue_work(). */
	smp_store_release(&work->pending, false);
	wq->running = work;
	pthread_mutex_unlock(&wq->lock);
	work->func(work);
	pthread_mutex_lock(&wq->lock);
	wq->running = NULL;
	pthread_cond_broadcast(&wq->changed);
}

static void *worker(void *arg)
{
	struct workqueue_struct *wq = arg;

	native_cpu_begin();
	native_offline();
	pthread_mutex_lock(&wq->lock);
	for (;;) {
		while (list_empty(&wq->works))
			pthread_cond_wait(&wq->changed, &wq->lock);
		native_online();
		do_first(wq);
		native_offline();
	}
	return NULL;
}

void work_start(void)
{
	pthread_t thread;

	if (native_is_alone)
		return;
	if (pthread_create(&thread, NULL, worker, &queue)) {
		perror("pthread_create");
		exit(1);
	}
	pthread_detach(thread);
}

/**
 * native_alone - run without other threads: waiting runs the work.  Call before native_start()
 */
void native_alone(void)
{
	native_is_alone = true;
}

/* Used by the worker: like all waiting, not allowed in a read-side section. */
void native_sleep_ms(unsigned int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	native_offline();
	nanosleep(&time, NULL);
	native_online();
}

/* With a single thread there is nothing to wait for. */
void udelay(unsigned long us)
{
	const u64 until = ktime_get_ns() + us * 1000;

	while (!native_is_alone && ktime_get_ns() < until)
		cpu_relax();
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	/* Fully ordered: the work sees everything written before. */
	if (xchg(&work->pending, true))
		return false;
	pthread_mutex_lock(&wq->lock);
	list_add_tail(&work->entry, &wq->works);
	pthread_cond_broadcast(&wq->changed);
	pthread_mutex_unlock(&wq->lock);
	return true;
}

/* Waiting is not allowed in a read-side section. */
static void wait_changed(struct workqueue_struct *wq)
{
	if (native_is_alone) {
		do_first(wq);
		return;
	}
	native_offline();
	pthread_cond_wait(&wq->changed, &wq->lock);
	native_online();
}

bool flush_work(struct work_struct *work)
{
	struct workqueue_struct *wq = mapstat_wq;

	pthread_mutex_lock(&wq->lock);
	while (!list_empty(&work->entry) || wq->running == work)
		wait_changed(wq);
	pthread_mutex_unlock(&wq->lock);
	return true;
}

bool cancel_work_sync(struct work_struct *work)
{
	struct workqueue_struct *wq = mapstat_wq;
	bool was = false;

	pthread_mutex_lock(&wq->lock);
	WRITE_ONCE(work->pending, true);	/* queue_work() does nothing from here on */
	for (;;) {
		if (!list_empty(&work->entry)) {
			list_del(&work->entry);
			was = true;
		} else if (wq->running == work) {
			wait_changed(wq);
		} else {
			break;
		}
	}
	WRITE_ONCE(work->pending, false);	/* no longer in use */
	pthread_mutex_unlock(&wq->lock);
	return was;
}

/**
 * native_settle - wait until no work is queued or running
 */
void native_settle(void)
{
	struct workqueue_struct *wq = mapstat_wq;

	pthread_mutex_lock(&wq->lock);
	while (!list_empty(&wq->works) || wq->running)
		wait_changed(wq);
	pthread_mutex_unlock(&wq->lock);
}

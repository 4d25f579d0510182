// SPDX-License-Identifier: GPL-2.0-only
/*
 * RCU: liburcu's QSBR flavour.  Memory is freed after a grace period by a thread of liburcu that
 * polls every 10 ms, so that writers need not wake it, as in a kernel.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#define URCU_API_MAP
#define URCU_INLINE_SMALL_FUNCTIONS
#include <urcu/urcu-qsbr.h>
#include "internal.h"

#define OFFSETS	16	/* possible offsets of a struct rcu_head in its object, in words */

static struct call_rcu_data *callbacks;
static pthread_once_t callbacks_once = PTHREAD_ONCE_INIT;

/* Represents the ordering of a grace period for ThreadSanitizer. */
static char grace_period;

/* With a single thread: objects to free once it is quiescent, and the offset of their rcu_head. */
static struct {
	struct rcu_head *head;
	size_t offset;
} *waiting;

static size_t nr_waiting, room_waiting;

static void callbacks_create(void)
{
	callbacks = create_call_rcu_data(URCU_CALL_RCU_RT, -1);
	if (!callbacks) {
		fprintf(stderr, "no thread for RCU\n");
		exit(1);
	}
}

void rcu_begin(void)
{
	rcu_register_thread();
	if (native_is_alone)
		return;
	pthread_once(&callbacks_once, callbacks_create);
	set_thread_call_rcu_data(callbacks);
}

void rcu_end(void)
{
	native_quiescent();
	if (!native_is_alone)
		set_thread_call_rcu_data(NULL);
	rcu_unregister_thread();
}

static void waiting_free(void)
{
	while (nr_waiting) {
		nr_waiting--;
		kfree((char *)waiting[nr_waiting].head - waiting[nr_waiting].offset);
	}
}

/**
 * native_quiescent - report that the calling thread holds no pointer into a map
 */
void native_quiescent(void)
{
	if (!cpu_is_begun())
		return;
	if (nr_waiting)
		waiting_free();
	__tsan_release(&grace_period);
	rcu_quiescent_state();
}

/**
 * native_offline - the calling thread is going to wait, and uses no map until native_online()
 */
void native_offline(void)
{
	if (!cpu_is_begun())
		return;
	__tsan_release(&grace_period);
	rcu_thread_offline();
}

/**
 * native_online - undo native_offline()
 */
void native_online(void)
{
	if (cpu_is_begun())
		rcu_thread_online();
}

void native_synchronize_rcu(void)
{
	native_quiescent();
	synchronize_rcu();
	__tsan_acquire(&grace_period);
}

void native_rcu_barrier(void)
{
	if (native_is_alone)
		waiting_free();
	else
		rcu_barrier();
}

/* One callback per offset, because a callback has no other argument. */
#define FREE_AT(n)						\
static void free_at_##n(struct rcu_head *head)			\
{								\
	__tsan_acquire(&grace_period);				\
	__tsan_acquire(head);					\
	kfree((char *)head - (n) * sizeof(long));		\
}

FREE_AT(0) FREE_AT(1) FREE_AT(2) FREE_AT(3) FREE_AT(4) FREE_AT(5) FREE_AT(6) FREE_AT(7)
FREE_AT(8) FREE_AT(9) FREE_AT(10) FREE_AT(11) FREE_AT(12) FREE_AT(13) FREE_AT(14) FREE_AT(15)

static void (*const free_at[OFFSETS])(struct rcu_head *head) = {
	free_at_0, free_at_1, free_at_2, free_at_3, free_at_4, free_at_5, free_at_6, free_at_7,
	free_at_8, free_at_9, free_at_10, free_at_11, free_at_12, free_at_13, free_at_14,
	free_at_15,
};

static void free_alone(struct rcu_head *head, size_t offset)
{
	if (nr_waiting == room_waiting) {
		room_waiting = 2 * room_waiting + 64;
		waiting = realloc(waiting, room_waiting * sizeof(*waiting));
		if (!waiting)
			abort();
	}
	waiting[nr_waiting].head = head;
	waiting[nr_waiting++].offset = offset;
}

void native_free_rcu(struct rcu_head *head, size_t offset)
{
	if (offset / sizeof(long) >= OFFSETS || offset % sizeof(long))
		abort();
	if (native_is_alone) {
		free_alone(head, offset);
		return;
	}
	__tsan_release(head);
	call_rcu(head, free_at[offset / sizeof(long)]);
}

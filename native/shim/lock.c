// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contended paths of the locks.
 *
 * A waiter of a spinlock appends a node of its own to the queue and spins there; the waiter at
 * the head spins on the lock itself, and passes the head on once it owns the lock.  Kernels spin
 * with preemption off, so the owner is running.  Here it may have lost its CPU, like a guest's
 * virtual CPU; so, like in a kernel that is a guest:
 *	waiters behind the head sleep (futex) after a while, until the head wakes its successor;
 *	the head yields its CPU regularly
 *	with more threads than CPUs, a new waiter may take a free lock ahead of the queue, since
 *	the head may not run for long
 */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include "native.h"

#define SPINS_BEFORE_SLEEP	4096	/* some 100 us */
#define SPINS_BEFORE_YIELD	256

#define NODES			4	/* locks that a thread waits for at a time; in fact one */
#define TAIL_SHIFT		8

enum node_state {
	NODE_WAITS,
	NODE_SLEEPS,
	NODE_HEAD,
};

/**
 * struct node - a waiter
 * @next: the waiter behind it
 * @state: of enum node_state; the futex that it sleeps on
 */
struct node {
	struct node *next;
	u32 state;
} __aligned(64);

static struct node nodes[NATIVE_CPUS_MAX][NODES];
static __thread unsigned int nodes_used;

/* Written before threads start, read by all. */
static bool oversubscribed;

/**
 * native_oversubscribed - set whether there are more threads than CPUs
 * @yes: whether there are
 */
void native_oversubscribed(bool yes)
{
	WRITE_ONCE(oversubscribed, yes);	/* a hint to waiters, no ordering */
}

/**
 * native_locks - describe the locks
 *
 * Return: one line.
 */
const char *native_locks(void)
{
	return "spinlock: queued (MCS), fair; waiters sleep (futex) after 4096 spins, the head yields after 256; "
	       "more threads than CPUs: a free lock may be taken ahead of the queue.  "
	       "rwlock: queued, fair, its queue is such a spinlock.";
}

static long futex(u32 *word, int op, u32 value)
{
	return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static inline void pause_cpu(void)
{
#ifdef __x86_64__
	__asm__ __volatile__("pause" : : : "memory");
#else
	barrier();
#endif
}

/* One iteration of a loop that waits for a thread that may not be running. */
static void spin(unsigned int *spins)
{
	pause_cpu();
	if (++*spins % SPINS_BEFORE_YIELD == 0 ||
	    (READ_ONCE(oversubscribed) && *spins % (SPINS_BEFORE_YIELD / 8) == 0))
		sched_yield();
}

static __thread unsigned int relaxed;

/* cpu_relax(), called in loops of the kernel's code. */
void native_relax(void)
{
	spin(&relaxed);
}

static void node_wait(struct node *node)
{
	const unsigned int limit = READ_ONCE(oversubscribed) ? 64 : SPINS_BEFORE_SLEEP;
	unsigned int i;
	u32 was = NODE_WAITS;

	for (i = 0; i < limit; i++) {
		/* Acquire pairs with the exchange in node_make_head(). */
		if (smp_load_acquire(&node->state) == NODE_HEAD)
			return;
		pause_cpu();
	}
	if (!try_cmpxchg(&node->state, &was, (u32)NODE_SLEEPS))
		return;
	/* Acquire as above. */
	while (smp_load_acquire(&node->state) != NODE_HEAD)
		futex(&node->state, FUTEX_WAIT, NODE_SLEEPS);
}

static void node_make_head(struct node *node)
{
	/* Fully ordered; pairs with the acquires in node_wait(). */
	if (xchg(&node->state, (u32)NODE_HEAD) == NODE_SLEEPS)
		futex(&node->state, FUTEX_WAKE, 1);
}

static bool steal(spinlock_t *lock)
{
	u8 was = 0;

	/* Acquire pairs with spin_unlock(). */
	return !READ_ONCE(lock->locked) &&
	       try_cmpxchg_acquire(&lock->locked, &was, (u8)NATIVE_LOCKED);
}

static struct node *node_of(u32 word)
{
	const u32 tail = (word >> TAIL_SHIFT) - 1;

	return &nodes[tail / NODES][tail % NODES];
}

/* At the head: take the lock, and make the next waiter the head. */
static void take(spinlock_t *lock, struct node *node, u32 tail)
{
	unsigned int spins = 0;
	struct node *next;
	u32 was;

	while (!steal(lock))
		spin(&spins);
	/* We own the lock, and are still in the queue: leave it. */
	was = tail | NATIVE_LOCKED;
	/* No waiter may find us as the tail any more: pairs with its try_cmpxchg(). */
	if (try_cmpxchg(&lock->word, &was, NATIVE_LOCKED))
		return;
	/* The next waiter is about to link its node.  Acquire: pairs with its release. */
	while (!(next = smp_load_acquire(&node->next)))
		spin(&spins);
	node_make_head(next);
}

/**
 * native_spin_wait - take a contended spinlock
 * @lock: the lock
 */
void native_spin_wait(spinlock_t *lock)
{
	const unsigned int cpu = native_cpu_offset / NATIVE_CPU_BYTES;
	struct node *node = &nodes[cpu][nodes_used];
	const u32 tail = (cpu * NODES + nodes_used + 1) << TAIL_SHIFT;
	u32 was;

	if (READ_ONCE(oversubscribed) && steal(lock))
		return;
	nodes_used++;
	/*
	 * The try_cmpxchg() below publishes these.  They are atomic for ThreadSanitizer, for which
	 * the owner's store to the lock's byte ends the release sequence of the word.
	 */
	WRITE_ONCE(node->next, NULL);
	WRITE_ONCE(node->state, NODE_WAITS);
	was = READ_ONCE(lock->word);	/* a hint; try_cmpxchg() decides */
	/* Fully ordered: a waiter that finds the tail finds the node initialized. */
	while (!try_cmpxchg(&lock->word, &was, tail | (was & NATIVE_LOCKED_MASK)))
		;
	if (was >> TAIL_SHIFT) {
		/* Pairs with the acquire in take(). */
		smp_store_release(&node_of(was)->next, node);
		node_wait(node);
	}
	take(lock, node, tail);
	nodes_used--;
}

/**
 * native_read_wait - take a lock for reading that a writer owns or waits for
 * @lock: the lock; the reader is counted already
 */
void native_read_wait(rwlock_t *lock)
{
	unsigned int spins = 0;

	__atomic_fetch_sub(&lock->count, NATIVE_READER, __ATOMIC_RELAXED);
	spin_lock(&lock->queue);
	/* A writer that waited was ahead of us in the queue: it owns or has released the lock. */
	__atomic_fetch_add(&lock->count, NATIVE_READER, __ATOMIC_RELAXED);
	/* Acquire pairs with the release in write_unlock(). */
	while (smp_load_acquire(&lock->writer))
		spin(&spins);
	spin_unlock(&lock->queue);
}

/**
 * native_write_wait - take a contended lock for writing
 * @lock: the lock
 */
void native_write_wait(rwlock_t *lock)
{
	unsigned int spins = 0;
	u32 was = 0;

	spin_lock(&lock->queue);
	/* Acquire pairs with the releases of the previous owners. */
	if (try_cmpxchg_acquire(&lock->count, &was, NATIVE_WRITER))
		goto out;
	/* From here on new readers queue behind us. */
	__atomic_fetch_or(&lock->count, NATIVE_WRITER_WAITS, __ATOMIC_RELAXED);
	for (;;) {
		was = NATIVE_WRITER_WAITS;
		/* Acquire as above. */
		if (READ_ONCE(lock->count) == was &&
		    try_cmpxchg_acquire(&lock->count, &was, NATIVE_WRITER))
			break;
		spin(&spins);
	}
out:
	spin_unlock(&lock->queue);
}

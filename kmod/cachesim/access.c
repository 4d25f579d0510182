// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory accesses of operations: from the hook to the observer.
 */
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/rcupdate.h>
#include <linux/stddef.h>
#include "kmod/memory.h"
#include "events.h"
#include "misses.h"
#include "model.h"
#include "access.h"
#include <mapstat/trace.h>
#include "kmod/compat.h"
#include "kmod/stats/counters.h"

DEFINE_STATIC_KEY_FALSE(mapstat_observing);
EXPORT_SYMBOL_IF_KUNIT(mapstat_observing);

/**
 * struct access_cpu - per-CPU data
 * @ops: operations in progress on this CPU, the latest first: accessed by this CPU only, with
 *	interrupts off
 * @last: sequence number of the latest operation; accessed as @ops
 */
struct access_cpu {
	struct list_head ops;
	u64 last;
} ____cacheline_aligned;

static struct access_cpu __percpu *access_cpus;	/* constant while the module is loaded */

/* NULL without an observer.  Written by mapstat_(un)observe(); read under RCU, interrupts off. */
static struct mapstat_observer __rcu *observer;

/**
 * mapstat_access_init - to be called once, before any operation
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int mapstat_access_init(void)
{
	int cpu;

	access_cpus = alloc_percpu_gfp(struct access_cpu, MAPSTAT_GFP_PERCPU);
	if (!access_cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		INIT_LIST_HEAD(&per_cpu_ptr(access_cpus, cpu)->ops);
	return 0;
}

/**
 * mapstat_access_exit - to be called last; no operation is in progress
 *
 * Context: Process; sleeps.
 */
void mapstat_access_exit(void)
{
	free_percpu(access_cpus);
	access_cpus = NULL;
}

/* Identify the caller: a softirq differs from the thread that it has interrupted. */
static unsigned long context_now(void)
{
	return (unsigned long)current + (in_serving_softirq() ? 1 : 0);
}

/* Interrupts are off, which RCU waits for. */
static struct mapstat_observer *observer_now(void)
{
	/* Pairs with rcu_assign_pointer() in mapstat_observe(). */
	return rcu_dereference_sched(observer);
}

/**
 * mapstat_observe - start to observe the accesses of one map
 * @l: the observer; must stay until mapstat_unobserve().  There is no other observer
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 */
void mapstat_observe(struct mapstat_observer *l)
{
	rcu_assign_pointer(observer, l);	/* pairs with observer_now() */
	WRITE_ONCE(l->map->observed, true);	/* pairs with cmap_is_observed() */
	static_branch_enable(&mapstat_observing);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_observe);

/**
 * mapstat_unobserve - stop observing
 *
 * On return the observer passed to mapstat_observe() is not in use.
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 */
void mapstat_unobserve(void)
{
	struct mapstat_observer *l;

	static_branch_disable(&mapstat_observing);
	/* The caller is the one that called mapstat_observe(): no other writer exists. */
	l = rcu_dereference_protected(observer, true);
	WRITE_ONCE(l->map->observed, false);	/* pairs with cmap_is_observed() */
	RCU_INIT_POINTER(observer, NULL);
	synchronize_rcu();
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_unobserve);

/**
 * mapstat_op_begin - begin an operation
 * @op: initialised here; must stay until mapstat_op_end()
 * @m: the map
 * @kind: kind of operation
 * @log: where its accesses are kept; @op is its next operation; NULL: they are fed at once
 *
 * The thread cannot migrate to another CPU until mapstat_op_end().
 *
 * Context: Process or softirq.
 */
void mapstat_op_begin(struct mapstat_op *op, const struct cmap_stats *m, enum mapstat_op_kind kind,
		      struct mapstat_access_log *log)
{
	const struct mapstat_observer *l;
	struct access_cpu *c;
	unsigned long flags;

	*op = (struct mapstat_op){ .map = m, .kind = kind, .count = 1, .log = log,
				   .context = context_now() };
	migrate_disable();
	local_irq_save(flags);
	c = this_cpu_ptr(access_cpus);
	op->number = ++c->last;
	l = observer_now();
	if (l && l->map == m && READ_ONCE(l->record))	/* pairs with mapstat_session_record() */
		op->misses = l->misses;
	list_add(&op->node, &c->ops);
	local_irq_restore(flags);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_op_begin);

static void op_record(const struct mapstat_observer *l, const struct mapstat_op *op, int cpu)
{
	/* Only if the observer is still the same were all accesses observed. */
	if (op->misses && l && l->misses == op->misses)
		mapstat_misses_record(op->misses, op, cpu);
}

/**
 * mapstat_op_end - end an operation
 * @op: of mapstat_op_begin(), by the same thread
 *
 * Context: Process or softirq.
 */
void mapstat_op_end(struct mapstat_op *op)
{
	unsigned long flags;

	/* Allocate while interrupts are on; the operation stays on this CPU until it ends. */
	if (op->misses && !op->log)
		mapstat_misses_ready(op->misses, smp_processor_id());
	local_irq_save(flags);
	list_del(&op->node);
	if (op->log)
		op->log->end[op->log->nr_ops++] = op->log->nr;
	else
		op_record(observer_now(), op, smp_processor_id());
	local_irq_restore(flags);
	migrate_enable();
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_op_end);

/* Return: the operation of the current thread and context, or NULL; interrupts are off. */
static struct mapstat_op *op_now(void)
{
	const unsigned long context = context_now();
	struct mapstat_op *op;

	list_for_each_entry(op, &this_cpu_ptr(access_cpus)->ops, node)
		if (op->context == context)
			return op;
	return NULL;
}

/**
 * mapstat_access_result - report an access to a line, with its outcome
 * @t: the access; goes to the event records, its operation, and the map's lines
 *
 * Context: Interrupts off, no lock held.
 */
void mapstat_access_result(const struct mapstat_access *t)
{
	struct mapstat_op *op = t->op;

	if (static_branch_unlikely(&mapstat_events_on) || trace_mem_access_enabled())
		mapstat_events_make(t);
	if (!op)
		return;
	op->accesses[t->access]++;
	op->l1[t->l1]++;
	op->tlb_misses += t->tlb_miss;
	op->invalidated += t->invalidated;
	if (op->misses)
		mapstat_lines_access(op->misses->lines, t);
}

static void access_lines(struct mapstat_model *model, struct mapstat_access *t, unsigned int size)
{
	const unsigned int line = mapstat_model_line_bytes(model);
	const void *end = t->addr + size;

	for (; t->addr < end; t->addr += t->size) {
		t->size = min_t(unsigned long, end - t->addr,
				line - ((unsigned long)t->addr & (line - 1)));
		mapstat_model_access(model, t);
		mapstat_access_result(t);
	}
}

/* Keep an access for later. Return: false if there is no room. */
static bool log_access(struct mapstat_access_log *log, struct mapstat_access_site *site,
		       const void *addr, unsigned int size, enum mapstat_access_kind access)
{
	const unsigned int i = log->nr;

	if (i == MAPSTAT_LOG_ACCESSES)
		return false;
	log->access[i].site = site;
	log->access[i].addr = addr;
	log->access[i].size = size;
	log->access[i].access = access;
	log->nr++;
	return true;
}

/**
 * mapstat_replay_op - feed a logged operation to the model
 * @log: the log
 * @i: index of the operation
 *
 * As if its thread ran it now, on the CPU of the log.
 *
 * Context: Process.  No operation of that CPU is recorded concurrently.
 */
void mapstat_replay_op(const struct mapstat_access_log *log, unsigned int i)
{
	struct mapstat_op op = log->op[i];
	struct mapstat_access t = {
		.map = op.map, .op = &op, .cpu = log->cpu, .pid = log->pid,
	};
	const struct mapstat_observer *l;
	unsigned int n = i ? log->end[i - 1] : 0;
	unsigned long flags;

	if (op.misses)
		mapstat_misses_ready(op.misses, log->cpu);
	local_irq_save(flags);
	l = observer_now();
	for (; l && n < log->end[i]; n++) {
		t.site = log->access[n].site;
		t.addr = log->access[n].addr;
		t.access = log->access[n].access;
		access_lines(l->model, &t, log->access[n].size);
	}
	op_record(l, &op, log->cpu);
	local_irq_restore(flags);
}

/* Out of line, because most accesses, those of other maps, do not need it. */
static noinline void access_at(struct mapstat_access_site *site, const struct cmap_stats *m,
			       const void *addr, unsigned int size, enum mapstat_access_kind access)
{
	struct mapstat_access t = { .site = site, .addr = addr, .access = access };
	const struct mapstat_observer *l;
	unsigned long flags;

	local_irq_save(flags);
	l = observer_now();
	t.op = op_now();
	t.map = m ?: t.op ? t.op->map : NULL;
	if (l && t.map == l->map &&
	    !(t.op && t.op->log && log_access(t.op->log, site, addr, size, access))) {
		t.cpu = smp_processor_id();
		t.pid = current->pid;
		access_lines(l->model, &t, size);
	}
	local_irq_restore(flags);
}

/**
 * mapstat_access_at - see cmap_access()
 * @site: its place in the source code
 * @m: the map, or NULL
 * @addr: address
 * @size: bytes
 * @access: kind of access
 *
 * Context: Process or softirq, under any lock.
 */
void mapstat_access_at(struct mapstat_access_site *site, const struct cmap_stats *m,
		       const void *addr, unsigned int size, enum mapstat_access_kind access)
{
	/*
	 * An operation that reports stays on its CPU, and in that CPU's list, until it ends.  So
	 * without a map and with an empty list, whichever CPU's it is, there is none to report for.
	 */
	if (m || !list_empty(&raw_cpu_ptr(access_cpus)->ops))
		access_at(site, m, addr, size, access);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_access_at);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What operations touch: from the hook to those who listen.
 */
#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/stddef.h>
#include <mapstat/touch.h>
#include "../maps/maps.h"

DEFINE_STATIC_KEY_FALSE(mapstat_touch_on);
EXPORT_SYMBOL_IF_KUNIT(mapstat_touch_on);

/**
 * struct touch_cpu - a CPU's share
 * @ops: operations in progress here, the last that began first: its CPU's own, with
 *	interrupts off
 */
struct touch_cpu {
	struct list_head ops;
} ____cacheline_aligned;

static struct touch_cpu __percpu *touch_cpus;	/* constant while the module is there */

/**
 * mapstat_touch_init - call once, before any operation
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int mapstat_touch_init(void)
{
	int cpu;

	touch_cpus = alloc_percpu(struct touch_cpu);
	if (!touch_cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		INIT_LIST_HEAD(&per_cpu_ptr(touch_cpus, cpu)->ops);
	return 0;
}

/**
 * mapstat_touch_exit - call last; no operation is in progress
 *
 * Context: Process; sleeps.
 */
void mapstat_touch_exit(void)
{
	free_percpu(touch_cpus);
	touch_cpus = NULL;
}

/* Who is this? A softirq is not the thread that it has interrupted. */
static unsigned long context_now(void)
{
	return (unsigned long)current + (in_serving_softirq() ? 1 : 0);
}

/**
 * mapstat_op_begin - an operation begins
 * @op: describes it; stays until mapstat_op_end()
 * @m: what it operates on
 * @kind: what it is
 *
 * Stays on this CPU until it ends.  What every operation reads of the map itself is told
 * here, so that no hook is needed for it.
 *
 * Context: Process or softirq.
 */
void mapstat_op_begin(struct mapstat_op *op, const struct cmap *m, enum mapstat_op_kind kind)
{
	unsigned long flags;

	*op = (struct mapstat_op){ .map = m, .kind = kind, .context = context_now() };
	migrate_disable();
	local_irq_save(flags);
	list_add(&op->node, &this_cpu_ptr(touch_cpus)->ops);
	local_irq_restore(flags);
	mapstat_touch(m, m, offsetofend(struct cmap, pcpu), MAPSTAT_READ);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_op_begin);

/**
 * mapstat_op_end - an operation ends
 * @op: of mapstat_op_begin(), by the same thread
 *
 * Context: Process or softirq.
 */
void mapstat_op_end(struct mapstat_op *op)
{
	unsigned long flags;

	local_irq_save(flags);
	list_del(&op->node);
	local_irq_restore(flags);
	migrate_enable();
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_op_end);

/* The operation of whoever runs now; interrupts are off. */
static struct mapstat_op *op_now(void)
{
	const unsigned long context = context_now();
	struct mapstat_op *op;

	list_for_each_entry(op, &this_cpu_ptr(touch_cpus)->ops, node)
		if (op->context == context)
			return op;
	return NULL;
}

/**
 * mapstat_touch_result - an access of a line, and what became of it
 * @t: told to all who want to hear of it
 *
 * Context: Interrupts off, no lock held.
 */
void mapstat_touch_result(const struct mapstat_touch *t)
{
	if (t->op)
		t->op->accesses[t->access]++;
}

static void touch_lines(struct mapstat_touch *t, unsigned int size)
{
	const void *end = t->addr + size;

	for (; t->addr < end; t->addr += t->size) {
		t->size = min_t(unsigned long, end - t->addr, SMP_CACHE_BYTES -
				((unsigned long)t->addr & (SMP_CACHE_BYTES - 1)));
		mapstat_touch_result(t);
	}
}

/**
 * mapstat_touch - see cmap_touch()
 * @m: the map, or NULL
 * @addr: what
 * @size: bytes
 * @access: how
 *
 * Context: Process or softirq, under any lock.
 */
void mapstat_touch(const struct cmap *m, const void *addr, unsigned int size,
		   enum mapstat_access access)
{
	struct mapstat_touch t = { .addr = addr, .access = access };
	unsigned long flags;

	local_irq_save(flags);
	t.op = op_now();
	t.map = m ?: t.op ? t.op->map : NULL;
	if (t.map) {
		t.cpu = smp_processor_id();
		touch_lines(&t, size);
	}
	local_irq_restore(flags);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_touch);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cost of the kernel's primitives on this machine.
 *
 * Disabling interrupts takes about a nanosecond on x86-64 hardware; in a virtual machine, in
 * User-Mode Linux or with a debugging configuration it may take a hundred times as long, and so
 * does each map that is built on it.  The costs are published, so that the measured times can be
 * judged.
 */
#include <linux/bottom_half.h>
#include <linux/cache.h>
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include "kmod/compat.h"
#include "clock.h"
#include "primitives.h"

#define BATCHES	31	/* odd, for a median; few enough for the stack */
#define BATCH	128	/* uses; the median ignores a preempted batch */

/* Written at load, by one thread. */
struct mapstat_primitive mapstat_primitives[MAPSTAT_PRIMITIVES] __ro_after_init = {
	{ .name = "irq_save_restore" },
	{ .name = "bh_disable_enable" },
	{ .name = "rcu_read_lock_unlock" },
	{ .name = "this_cpu_add" },
	{ .name = "smp_mb" },
	{ .name = "smp_rmb" },
};
EXPORT_SYMBOL_IF_KUNIT(mapstat_primitives);

static DEFINE_PER_CPU(u64, primitives_counter);

/* Picoseconds per batch of uses, including the loop and one reading of the clock. */
#define TIME_BATCHES(use)							\
({										\
	u64 ps[BATCHES], start;							\
	int i, j;								\
										\
	for (i = 0; i < BATCHES; i++) {						\
		start = mapstat_clock_read();					\
		for (j = 0; j < BATCH; j++) {					\
			use;							\
			barrier();	/* one use at a time */			\
		}								\
		ps[i] = mapstat_clock_ns((mapstat_clock_read() - start) * 1000);\
	}									\
	mapstat_clock_median(ps, BATCHES);					\
})

static noinline u64 __init time_nothing(void)
{
	return TIME_BATCHES();
}

static noinline u64 __init time_irq(void)
{
	unsigned long flags;

	return TIME_BATCHES(local_irq_save(flags); local_irq_restore(flags));
}

static noinline u64 __init time_bh(void)
{
	return TIME_BATCHES(local_bh_disable(); local_bh_enable());
}

static noinline u64 __init time_rcu(void)
{
	return TIME_BATCHES(rcu_read_lock(); rcu_read_unlock());
}

static noinline u64 __init time_this_cpu_add(void)
{
	return TIME_BATCHES(this_cpu_add(primitives_counter, 1));
}

static noinline u64 __init time_mb(void)
{
	/* Measured; pairs with nothing. */
	return TIME_BATCHES(smp_mb());
}

static noinline u64 __init time_rmb(void)
{
	/* Measured; pairs with nothing. */
	return TIME_BATCHES(smp_rmb());
}

/**
 * mapstat_primitives_init - measure the primitives
 *
 * To be called after mapstat_clock_init().
 *
 * Context: Process, at load.
 */
void __init mapstat_primitives_init(void)
{
	static u64 (*const measure[MAPSTAT_PRIMITIVES])(void) __initconst = {
		time_irq, time_bh, time_rcu, time_this_cpu_add, time_mb, time_rmb,
	};
	u64 nothing = time_nothing(), ps;
	int i;

	for (i = 0; i < MAPSTAT_PRIMITIVES; i++) {
		ps = measure[i]();
		ps = ps > nothing ? ps - nothing : 0;
		mapstat_primitives[i].ps = min_t(u64, ps / BATCH, U32_MAX);
	}
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUs, which are threads, never go online or offline as far as the maps know: what is done for a
 * CPU that comes online is done for all possible ones when an instance is added.  All in the
 * header, so static per file: a program may contain the maps more than once.
 */
#ifndef _NATIVE_LINUX_CPUHOTPLUG_H
#define _NATIVE_LINUX_CPUHOTPLUG_H

#include <linux/cpumask.h>
#include <linux/list.h>

enum cpuhp_state {
	CPUHP_BP_PREPARE_DYN,
};

typedef int (*native_cpuhp_fn)(unsigned int cpu, struct hlist_node *node);

static native_cpuhp_fn native_cpuhp_startup;	/* protected by a lock of its callers */

static inline int cpuhp_setup_state_multi(enum cpuhp_state state, const char *name,
					  native_cpuhp_fn startup, native_cpuhp_fn teardown)
{
	(void)name;
	(void)teardown;
	native_cpuhp_startup = startup;
	return state;
}

static inline int cpuhp_state_add_instance(enum cpuhp_state state, struct hlist_node *node)
{
	unsigned int cpu;
	int ret = 0;

	(void)state;
	for (cpu = 0; !ret && cpu < native_nr_cpus; cpu++)
		ret = native_cpuhp_startup(cpu, node);
	return ret;
}

static inline void cpuhp_state_remove_instance_nocalls(enum cpuhp_state state,
						       struct hlist_node *node)
{
	(void)state;
	(void)node;
}

static inline void cpuhp_remove_multi_state(enum cpuhp_state state)
{
	(void)state;
	native_cpuhp_startup = NULL;
}

#endif /* _NATIVE_LINUX_CPUHOTPLUG_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs are threads, see linux/percpu.h. */
#ifndef _NATIVE_LINUX_CPUMASK_H
#define _NATIVE_LINUX_CPUMASK_H

#include <linux/types.h>

extern unsigned int native_nr_cpus;

#define num_possible_cpus()	(native_nr_cpus)
#define nr_cpu_ids		(native_nr_cpus)
#define for_each_possible_cpu(cpu)						\
	for ((cpu) = 0; (cpu) < (int)native_nr_cpus; (cpu)++)
#define cpu_online(cpu)		((void)(cpu), false)
#define num_online_cpus()	num_possible_cpus()
#define for_each_online_cpu(cpu)	for_each_possible_cpu(cpu)

#endif /* _NATIVE_LINUX_CPUMASK_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* NUMA nodes: ignored. */
#ifndef _NATIVE_LINUX_TOPOLOGY_H
#define _NATIVE_LINUX_TOPOLOGY_H

#define NUMA_NO_NODE		(-1)
#define cpu_to_node(cpu)	((void)(cpu), 0)

#endif /* _NATIVE_LINUX_TOPOLOGY_H */

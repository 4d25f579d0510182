/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mem_access.bpf.c and its loader have in common.
 */
#ifndef MEM_ACCESS_H
#define MEM_ACCESS_H

#define MEM_ACCESS_RING_BYTES	(4 << 20)	/* of all CPUs; a power of two */

/* Per CPU, in the map "counts". */
enum mem_access_count {
	MEM_ACCESS_PRODUCED,
	MEM_ACCESS_DROPPED,	/* of those, not in the ring buffer: no room, or unreadable */
	MEM_ACCESS_NR_COUNTS
};

#ifndef __bpf__
/* The program's object file, within the loader. */
extern const char mem_access_object[], mem_access_object_end[];
#endif

#endif /* MEM_ACCESS_H */

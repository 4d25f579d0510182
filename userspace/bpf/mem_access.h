/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Definitions shared by mem_access.bpf.c and its loader.
 */
#ifndef MEM_ACCESS_H
#define MEM_ACCESS_H

#define MEM_ACCESS_RING_BYTES	(4 << 20)	/* shared by all CPUs; a power of two */

/* Per CPU, in the map "counts". */
enum mem_access_count {
	MEM_ACCESS_PRODUCED,
	MEM_ACCESS_DROPPED,	/* of those, lost: ring buffer full, or record unreadable */
	MEM_ACCESS_NR_COUNTS
};

#ifndef __bpf__
/* The BPF object file, embedded in the loader. */
extern const char mem_access_object[], mem_access_object_end[];
#endif

#endif /* MEM_ACCESS_H */

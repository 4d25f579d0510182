/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The interface that user space may rely on.
 *
 * HISTOGRAM BUCKETS.  Log-linear, as in HdrHistogram: each power of two is divided into
 * MAPSTAT_HIST_SUB equal buckets, so that no bucket is wider than 1/32 (3.125 %) of
 * its lower bound.  Buckets are (lo, hi], in ns; bucket 0 is (0, 1] and also counts 0.
 * The last one, MAPSTAT_HIST_OVERFLOW, counts everything above 2^34 ns (17.2 s).
 *
 * MEMORY-ACCESS EVENTS.  A read of events/cpuN returns whole records of struct mapstat_event,
 * back to back; the tracepoint mapstat:mem_access has the same record, after the fields that
 * all trace events have in common.  Byte order is the machine's.
 */
#ifndef _UAPI_MAPSTAT_H
#define _UAPI_MAPSTAT_H

#include <linux/types.h>

#define MAPSTAT_ABI_VERSION	1	/* of the debugfs text; in "version" */

#define MAPSTAT_HIST_SUB_BITS	5
#define MAPSTAT_HIST_SUB	(1 << MAPSTAT_HIST_SUB_BITS)
#define MAPSTAT_HIST_MAX_BITS	34
#define MAPSTAT_HIST_OVERFLOW	\
	((MAPSTAT_HIST_MAX_BITS - MAPSTAT_HIST_SUB_BITS + 1) << MAPSTAT_HIST_SUB_BITS)
#define MAPSTAT_HIST_BUCKETS	(MAPSTAT_HIST_OVERFLOW + 1)

/**
 * mapstat_hist_index - the bucket of a value
 * @ns: the value
 *
 * Return: 0..MAPSTAT_HIST_OVERFLOW.
 */
static inline unsigned int mapstat_hist_index(__u64 ns)
{
	__u64 v = ns ? ns - 1 : 0;	/* (lo, hi] */
	unsigned int msb, shift;

	if (v < MAPSTAT_HIST_SUB)
		return v;
	if (v >> MAPSTAT_HIST_MAX_BITS)
		return MAPSTAT_HIST_OVERFLOW;
	msb = 63 - __builtin_clzll(v);
	shift = msb - MAPSTAT_HIST_SUB_BITS;
	return (shift << MAPSTAT_HIST_SUB_BITS) + (unsigned int)(v >> shift);
}

/**
 * mapstat_hist_lo - a bucket's lower bound, exclusive
 * @index: 0..MAPSTAT_HIST_OVERFLOW
 *
 * Return: ns.
 */
static inline __u64 mapstat_hist_lo(unsigned int index)
{
	unsigned int shift;

	if (index < 2 * MAPSTAT_HIST_SUB)
		return index;
	shift = (index >> MAPSTAT_HIST_SUB_BITS) - 1;
	return (__u64)(index - (shift << MAPSTAT_HIST_SUB_BITS)) << shift;
}

/**
 * mapstat_hist_hi - a bucket's upper bound, inclusive
 * @index: 0..MAPSTAT_HIST_OVERFLOW
 *
 * Return: ns; ~0 for the overflow bucket.
 */
static inline __u64 mapstat_hist_hi(unsigned int index)
{
	return index >= MAPSTAT_HIST_OVERFLOW ? ~(__u64)0 : mapstat_hist_lo(index + 1);
}

#define MAPSTAT_EVENT_VERSION	1
#define MAPSTAT_EVENT_BYTES	64	/* of a record: no record straddles two cache lines */
#define MAPSTAT_EVENT_NO_PFN	(~(__u64)0)
#define MAPSTAT_EVENT_NO_SITE	0

/**
 * enum mapstat_event_type - type of an access; map memory is data, so nothing is executed
 * @MAPSTAT_EVENT_READ: a load
 * @MAPSTAT_EVENT_WRITE: a store, or an atomic read-modify-write
 */
enum mapstat_event_type {
	MAPSTAT_EVENT_READ	= 0,
	MAPSTAT_EVENT_WRITE	= 1,
};

/**
 * enum mapstat_event_flags - more about an access
 * @MAPSTAT_EVENT_ATOMIC: a locked read-modify-write; its type is a write
 * @MAPSTAT_EVENT_L1_MISS: the line was not in the model's first-level cache
 * @MAPSTAT_EVENT_TLB_MISS: the page was not in the model's TLB
 */
enum mapstat_event_flags {
	MAPSTAT_EVENT_ATOMIC	= 1 << 0,
	MAPSTAT_EVENT_L1_MISS	= 1 << 1,
	MAPSTAT_EVENT_TLB_MISS	= 1 << 2,
};

/**
 * enum mapstat_event_l1 - result of an access in the model's first-level cache
 * @MAPSTAT_EVENT_L1_HIT: the line was there
 * @MAPSTAT_EVENT_L1_COLD: a miss: this CPU never had the line
 * @MAPSTAT_EVENT_L1_CAPACITY: a miss also in a fully associative cache of the same size
 * @MAPSTAT_EVENT_L1_CONFLICT: a miss that such a cache would not have
 * @MAPSTAT_EVENT_L1_COHERENCE: a miss because another CPU has written to the line
 */
enum mapstat_event_l1 {
	MAPSTAT_EVENT_L1_HIT		= 0,
	MAPSTAT_EVENT_L1_COLD		= 1,
	MAPSTAT_EVENT_L1_CAPACITY	= 2,
	MAPSTAT_EVENT_L1_CONFLICT	= 3,
	MAPSTAT_EVENT_L1_COHERENCE	= 4,
};

/**
 * enum mapstat_event_op - the operation that an access belongs to
 * @MAPSTAT_EVENT_OP_NONE: none: a map's worker, a clear
 * @MAPSTAT_EVENT_OP_LOAD: cmap_load()
 * @MAPSTAT_EVENT_OP_STORE: cmap_store()
 * @MAPSTAT_EVENT_OP_DELETE: cmap_delete()
 * @MAPSTAT_EVENT_OP_RMW: load_or_store, swap, load_and_delete, compare_and_*
 * @MAPSTAT_EVENT_OP_RANGE: cmap_range()
 * @MAPSTAT_EVENT_OP_LOAD_MANY: cmap_load_many()
 */
enum mapstat_event_op {
	MAPSTAT_EVENT_OP_NONE		= 0,
	MAPSTAT_EVENT_OP_LOAD		= 1,
	MAPSTAT_EVENT_OP_STORE		= 2,
	MAPSTAT_EVENT_OP_DELETE		= 3,
	MAPSTAT_EVENT_OP_RMW		= 4,
	MAPSTAT_EVENT_OP_RANGE		= 5,
	MAPSTAT_EVENT_OP_LOAD_MANY	= 6,
};

/**
 * struct mapstat_event - one access to a map's memory; an access that crosses a cache line
 *	makes a record for each line
 * @time_ns: CLOCK_MONOTONIC, when the model processed the access; the accesses of several
 *	CPUs are interleaved, and processed some time after they were made
 * @seq: number of the record on @seq_cpu, from 0; dropped records are numbered, too, so after a
 *	step of n, n - 1 records are missing
 * @addr: virtual address of the first byte
 * @pfn: page frame of that address; MAPSTAT_EVENT_NO_PFN if unknown
 * @pid: thread
 * @cpu: the CPU that the thread ran on
 * @map: the map's id, as in maps/<name>/stats
 * @size: bytes
 * @site: location in the source, as in events/sites; MAPSTAT_EVENT_NO_SITE if unknown
 * @type: enum mapstat_event_type
 * @flags: enum mapstat_event_flags
 * @l1: enum mapstat_event_l1
 * @op: enum mapstat_event_op
 * @invalidated: copies in other CPUs' model caches that this write invalidated; 255: 255 or more
 * @version: MAPSTAT_EVENT_VERSION
 * @pad: 0
 * @seq_cpu: the CPU that made the record; events/cpuN has the records of CPU N
 * @reserved: 0
 */
struct mapstat_event {
	__u64 time_ns;
	__u64 seq;
	__u64 addr;
	__u64 pfn;
	__u32 pid;
	__u32 cpu;
	__u32 map;
	__u16 size;
	__u16 site;
	__u8 type;
	__u8 flags;
	__u8 l1;
	__u8 op;
	__u8 invalidated;
	__u8 version;
	__u8 pad[2];
	__u32 seq_cpu;
	__u32 reserved;
};

#define MAPSTAT_EVENT_FIELD_AT(field, offset)					\
	_Static_assert(__builtin_offsetof(struct mapstat_event, field) == (offset),	\
		       #field " has moved: bump MAPSTAT_EVENT_VERSION")
_Static_assert(sizeof(struct mapstat_event) == MAPSTAT_EVENT_BYTES,
	       "the size has changed: bump MAPSTAT_EVENT_VERSION");
MAPSTAT_EVENT_FIELD_AT(time_ns, 0);
MAPSTAT_EVENT_FIELD_AT(seq, 8);
MAPSTAT_EVENT_FIELD_AT(addr, 16);
MAPSTAT_EVENT_FIELD_AT(pfn, 24);
MAPSTAT_EVENT_FIELD_AT(pid, 32);
MAPSTAT_EVENT_FIELD_AT(cpu, 36);
MAPSTAT_EVENT_FIELD_AT(map, 40);
MAPSTAT_EVENT_FIELD_AT(size, 44);
MAPSTAT_EVENT_FIELD_AT(site, 46);
MAPSTAT_EVENT_FIELD_AT(type, 48);
MAPSTAT_EVENT_FIELD_AT(flags, 49);
MAPSTAT_EVENT_FIELD_AT(l1, 50);
MAPSTAT_EVENT_FIELD_AT(op, 51);
MAPSTAT_EVENT_FIELD_AT(invalidated, 52);
MAPSTAT_EVENT_FIELD_AT(version, 53);
MAPSTAT_EVENT_FIELD_AT(pad, 54);
MAPSTAT_EVENT_FIELD_AT(seq_cpu, 56);
MAPSTAT_EVENT_FIELD_AT(reserved, 60);

#endif /* _UAPI_MAPSTAT_H */

/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What user space may rely on.
 *
 * HISTOGRAM BUCKETS.  Log-linear, HdrHistogram's rule: each power of two is cut into
 * MAPSTAT_HIST_SUB equal buckets, so that no bucket is wider than 1/32 (3.125 %) of
 * its lower bound.  Buckets are (lo, hi], in ns; bucket 0 is (0, 1] and takes 0 as
 * well.  The last one, MAPSTAT_HIST_OVERFLOW, takes all above 2^34 ns (17.2 s).
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
 * mapstat_hist_index - the bucket that a value falls into
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

#endif /* _UAPI_MAPSTAT_H */

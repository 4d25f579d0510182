/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which operations of a stress thread are timed individually, and which of these are recorded.
 *
 * Reading the clock around an operation costs as much as a fast operation, so ns_per_op is
 * measured on batches without it; and the timing code is slow when it is rarely executed.  So
 * all operations of a batch are timed, or none, and at least 1 batch in 32 is timed: often
 * enough that the code is equally warm for every sample_shift.  The first operations of a timed
 * batch warm the code up and are not recorded; of the others, a share is.
 */
#ifndef MAPSTAT_STRESS_SAMPLING_H
#define MAPSTAT_STRESS_SAMPLING_H

#include <linux/types.h>
#include "random.h"

struct stress_config;

#define STRESS_SHARE_SHIFT	32
#define STRESS_SHARE_ALL	(1ULL << STRESS_SHARE_SHIFT)

/**
 * struct stress_sampling - derived from a run's parameters; constant
 * @batches: share of the batches that are timed, of STRESS_SHARE_ALL; all of them with Poisson
 *	arrivals, none with stats=0
 * @warm: number of operations at the start of a timed batch that are not recorded
 * @keep: share of the other operations that is recorded, of STRESS_SHARE_ALL
 */
struct stress_sampling {
	u64 batches;
	unsigned int warm;
	u64 keep;
};

void stress_sampling_init(struct stress_sampling *s, const struct stress_config *c);
unsigned int stress_batch_ops(const struct stress_config *c);
unsigned int stress_sampled_tenths(const struct stress_config *c);

/* Return: true with probability @share / STRESS_SHARE_ALL. */
static __always_inline bool stress_sampling_draw(u64 share, struct stress_random *r)
{
	return stress_random_u64(r) >> (64 - STRESS_SHARE_SHIFT) < share;
}

#endif /* MAPSTAT_STRESS_SAMPLING_H */

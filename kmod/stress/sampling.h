/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which operations of a stress thread are timed one by one, and which of these are recorded.
 *
 * Reading the clock around an operation costs as much as a fast operation, so ns_per_op is of
 * batches without that; and the code that does it is slow when it is rarely executed.  So whole
 * batches are timed, or not at all, often enough that it does not depend on sample_shift how
 * warm that code is: 1 in 32 of them at least.  The operations that begin a timed batch warm it
 * up, and are not recorded; of the others, some are.
 */
#ifndef MAPSTAT_STRESS_SAMPLING_H
#define MAPSTAT_STRESS_SAMPLING_H

#include <linux/types.h>
#include "random.h"

struct stress_config;

#define STRESS_SHARE_SHIFT	32
#define STRESS_SHARE_ALL	(1ULL << STRESS_SHARE_SHIFT)

/**
 * struct stress_sampling - by a run's parameters; constant
 * @batches: share of the batches that are timed, of STRESS_SHARE_ALL; all of them with Poisson
 *	arrivals, none with stats=0
 * @warm: operations that begin a timed batch and are not recorded
 * @keep: share of the others that is recorded
 */
struct stress_sampling {
	u64 batches;
	unsigned int warm;
	u64 keep;
};

void stress_sampling_init(struct stress_sampling *s, const struct stress_config *c);
unsigned int stress_batch_ops(const struct stress_config *c);
unsigned int stress_sampled_tenths(const struct stress_config *c);

/* Return: true with the probability @share. */
static __always_inline bool stress_sampling_draw(u64 share, struct stress_random *r)
{
	return stress_random_u64(r) >> (64 - STRESS_SHARE_SHIFT) < share;
}

#endif /* MAPSTAT_STRESS_SAMPLING_H */

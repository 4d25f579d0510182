/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Poisson arrivals: when each operation is meant to begin, whatever became of the ones
 * before it.
 */
#ifndef MAPSTAT_STRESS_ARRIVAL_H
#define MAPSTAT_STRESS_ARRIVAL_H

#include <linux/types.h>
#include "random.h"

#define STRESS_ARRIVAL_SHIFT	16	/* times in 2^-16 ns: 2^48 ns are 78 hours */

/**
 * struct stress_arrival - one stream of arrivals
 * @random: draws the gaps
 * @mean: mean gap, Q16 ns
 * @due: the arrival that comes next, Q16 ns since the start
 * @count: arrivals before that one
 *
 * Owned by one thread.
 */
struct stress_arrival {
	struct stress_random random;
	u64 mean;
	u64 due;
	u64 count;
};

void stress_arrival_init(struct stress_arrival *a, unsigned int rate, u64 seed, u64 stream);
u64 stress_arrival_gap(struct stress_random *random, u64 mean);
void stress_arrival_next(struct stress_arrival *a);

/* Return: when the next arrival is due, ns since the start. */
static inline u64 stress_arrival_due_ns(const struct stress_arrival *a)
{
	return a->due >> STRESS_ARRIVAL_SHIFT;
}

#endif /* MAPSTAT_STRESS_ARRIVAL_H */

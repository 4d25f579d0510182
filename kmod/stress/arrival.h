/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Poisson arrivals: the intended start time of each operation, however late earlier
 * operations were.
 */
#ifndef MAPSTAT_STRESS_ARRIVAL_H
#define MAPSTAT_STRESS_ARRIVAL_H

#include <linux/types.h>
#include "random.h"

#define STRESS_ARRIVAL_SHIFT	16	/* times are Q16 ns, up to 2^48 ns or 78 hours */

/**
 * struct stress_arrival - one stream of arrivals
 * @random: draws the gaps
 * @mean: mean gap, Q16 ns
 * @due: next arrival, Q16 ns since the start
 * @count: arrivals before the next one
 *
 * Accessed by one thread only.
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

/* Return: time of the next arrival, ns since the start. */
static inline u64 stress_arrival_due_ns(const struct stress_arrival *a)
{
	return a->due >> STRESS_ARRIVAL_SHIFT;
}

#endif /* MAPSTAT_STRESS_ARRIVAL_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Poisson arrivals: the gaps are exponentially distributed, mean * -ln(u).
 */
#include <linux/math64.h>
#include <linux/time64.h>
#include "kmod/compat.h"
#include "arrival.h"
#include "fixmath.h"

/**
 * stress_arrival_gap - draw the gap between two arrivals
 * @random: random stream
 * @mean: mean gap, Q16 ns
 *
 * Context: Any.
 * Return: the gap, Q16 ns.
 */
u64 stress_arrival_gap(struct stress_random *random, u64 mean)
{
	u64 u = stress_random_u64(random) | 1;	/* 0 has no logarithm */

	return mul_u64_u64_shr(fix_neg_ln(u), mean, FIX_LOG_SHIFT);
}
EXPORT_SYMBOL_IF_KUNIT(stress_arrival_gap);

/**
 * stress_arrival_init - start a stream of arrivals
 * @a: the stream
 * @rate: arrivals per second, at least 1
 * @seed: seed of the run
 * @stream: stream number; the same seed and number give the same arrivals
 *
 * Context: Any.
 */
void stress_arrival_init(struct stress_arrival *a, unsigned int rate, u64 seed, u64 stream)
{
	stress_random_seed(&a->random, seed, stream);
	a->mean = div_u64((u64)NSEC_PER_SEC << STRESS_ARRIVAL_SHIFT, rate);
	a->due = stress_arrival_gap(&a->random, a->mean);
	a->count = 0;
}
EXPORT_SYMBOL_IF_KUNIT(stress_arrival_init);

/**
 * stress_arrival_next - advance to the next arrival
 * @a: the stream
 *
 * Context: Any.
 */
void stress_arrival_next(struct stress_arrival *a)
{
	a->due += stress_arrival_gap(&a->random, a->mean);
	a->count++;
}
EXPORT_SYMBOL_IF_KUNIT(stress_arrival_next);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many batches are timed, and how many of their operations are recorded.
 */
#include <linux/align.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include "kmod/compat.h"
#include "kmod/designs/loop.h"
#include "config.h"
#include "sampling.h"

/* Room for values in a batch: all of a batch stays in the L1 cache beside the map's lines. */
#define BATCH_VALUE_BYTES	SZ_16K

/*
 * Timed batches: at least so many that the clock's code stays warm, for some 2 % of the time;
 * at most so many that enough are left for ns_per_op.
 */
#define BATCHES_MIN		(STRESS_SHARE_ALL / 32)
#define BATCHES_MAX		(STRESS_SHARE_ALL / 8 * 7)
#define WARM_SHARE		4	/* the first quarter of a batch, 16 of 64 operations */

/**
 * stress_batch_ops - operations in a batch
 * @c: the parameters
 *
 * Context: Any.
 * Return: 1..STRESS_BATCH_MAX.
 */
unsigned int stress_batch_ops(const struct stress_config *c)
{
	return clamp(BATCH_VALUE_BYTES / ALIGN(c->value_size, 8), 1U,
		     (unsigned int)STRESS_BATCH_MAX);
}
EXPORT_SYMBOL_IF_KUNIT(stress_batch_ops);

/**
 * stress_sampling_init - by the parameters
 * @s: filled in
 * @c: resolved
 *
 * Context: Any.
 */
void stress_sampling_init(struct stress_sampling *s, const struct stress_config *c)
{
	const unsigned int ops = stress_batch_ops(c);
	u64 enough;

	*s = (struct stress_sampling){ };
	if (!c->stats)
		return;
	s->batches = STRESS_SHARE_ALL;
	s->keep = STRESS_SHARE_ALL;
	if (c->arrival == STRESS_POISSON)
		return;		/* a batch is one operation, whose response is timed anyway */

	/* Of bulk loads a batch may have no other than its first. */
	s->warm = c->batch > 1 ? 0 : ops / WARM_SHARE;
	/* Timed batches that would do, if all but the first operations were recorded. */
	enough = div_u64((STRESS_SHARE_ALL >> c->sample_shift) * ops, ops - s->warm);
	s->batches = clamp(enough, BATCHES_MIN, BATCHES_MAX);
	s->keep = min(mul_u64_u64_div_u64(enough, STRESS_SHARE_ALL, s->batches), STRESS_SHARE_ALL);
}
EXPORT_SYMBOL_IF_KUNIT(stress_sampling_init);

/**
 * stress_sampled_tenths - of how many operations one is recorded
 * @c: resolved; its stats are on
 *
 * Context: Any.
 * Return: in tenths; 10 << sample_shift where that many can be, else more.
 */
unsigned int stress_sampled_tenths(const struct stress_config *c)
{
	const unsigned int ops = stress_batch_ops(c);
	struct stress_sampling s;

	stress_sampling_init(&s, c);
	if (s.batches == STRESS_SHARE_ALL)
		return 10;
	if (s.keep < STRESS_SHARE_ALL)
		return 10 << c->sample_shift;
	return DIV64_U64_ROUND_CLOSEST(10 * ops * STRESS_SHARE_ALL, s.batches * (ops - s.warm));
}
EXPORT_SYMBOL_IF_KUNIT(stress_sampled_tenths);

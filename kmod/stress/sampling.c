// SPDX-License-Identifier: GPL-2.0-only
/*
 * The share of batches that are timed, and of their operations that are recorded.
 */
#include <linux/align.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include "kmod/compat.h"
#include "kmod/designs/loop.h"
#include "config.h"
#include "sampling.h"

/* Limit on the values of a batch, so that it stays in the L1 cache with the map's lines. */
#define BATCH_VALUE_BYTES	SZ_16K

/*
 * Share of timed batches: the minimum keeps the timing code warm and costs about 2 % of the
 * time, the maximum leaves enough untimed batches for ns_per_op.
 */
#define BATCHES_MIN		(STRESS_SHARE_ALL / 32)
#define BATCHES_MAX		(STRESS_SHARE_ALL / 8 * 7)
#define WARM_SHARE		4	/* warm-up: a quarter of a batch, 16 of 64 operations */

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
 * stress_sampling_init - derive the shares from the parameters
 * @s: filled in
 * @c: the parameters, resolved
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

	/* The first bulk load of a batch may be its only one. */
	s->warm = c->batch > 1 ? 0 : ops / WARM_SHARE;
	/* Share of batches to time if all their operations except the warm-up were recorded. */
	enough = div_u64((STRESS_SHARE_ALL >> c->sample_shift) * ops, ops - s->warm);
	s->batches = clamp(enough, BATCHES_MIN, BATCHES_MAX);
	s->keep = min(mul_u64_u64_div_u64(enough, STRESS_SHARE_ALL, s->batches), STRESS_SHARE_ALL);
}
EXPORT_SYMBOL_IF_KUNIT(stress_sampling_init);

/**
 * stress_sampled_tenths - compute N, if 1 in N operations is recorded
 * @c: the parameters, resolved, with stats=1
 *
 * Context: Any.
 * Return: N in tenths; 10 << sample_shift if that many can be recorded, else more.
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

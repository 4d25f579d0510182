// SPDX-License-Identifier: GPL-2.0-only
/*
 * Overhead of the timed loop, measured with a design that does nothing.
 */
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "kmod/designs/design.h"
#include "kmod/designs/loop.h"
#include "results.h"
#include "stress.h"

#define BATCHES		255	/* odd, for a single middle value; few, to load quickly */

static __always_inline int null_load(struct cmap *m, const void *key, void *value)
{
	return 0;
}

static __always_inline unsigned int null_load_many(struct cmap *m, const struct cmap_many *q)
{
	return 0;
}

static __always_inline int null_update(struct cmap *m, const struct cmap_update *u)
{
	return 0;
}

static noinline void null_run(struct cmap *m, struct stress_batch *batch);
STRESS_DEFINE_RUN(null, null_load)

/* Picoseconds per operation of one batch. */
static u64 time_batch(struct stress_batch *b)
{
	null_run(NULL, b);
	return mapstat_clock_ns((b->end - b->start) * 1000) / b->n;
}

/**
 * stress_calibrate - measure the empty loop, set mapstat_clock.loop_ps
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int __init stress_calibrate(void)
{
	struct stress_batch *b = kzalloc(sizeof(*b), GFP_KERNEL);
	u64 *ps = kcalloc(BATCHES, sizeof(*ps), GFP_KERNEL);
	unsigned int i;

	if (!b || !ps) {
		kfree(b);
		kfree(ps);
		return -ENOMEM;
	}
	b->n = STRESS_BATCH_MAX;
	for (i = 0; i < BATCHES; i++)
		ps[i] = time_batch(b);
	mapstat_clock.loop_ps = stress_median(ps, BATCHES);
	kfree(b);
	kfree(ps);
	return 0;
}

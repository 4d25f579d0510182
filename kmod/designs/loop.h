/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timed loop, compiled into each design: STRESS_DEFINE_RUN() at the end of
 * a design's file defines design_run(), in which load and update are direct calls that
 * the compiler may inline.  Operations, keys and values are generated before the loop and
 * checked after it, so that only the map is timed.
 */
#ifndef MAPSTAT_STRESS_LOOP_H
#define MAPSTAT_STRESS_LOOP_H

#include <linux/compiler.h>
#include "kmod/stats/clock.h"
#include "lookup.h"
#include "update.h"

#define STRESS_BATCH_MAX	64	/* operations; a batch of u64s fits in the L1 cache */

enum stress_op {
	STRESS_LOAD,
	STRESS_STORE,
	STRESS_DELETE,
};

/**
 * struct stress_batch - operations to execute, and their results
 * @n: operations, 1..STRESS_BATCH_MAX
 * @timed: time each operation
 * @start: clock at the start of the loop (out)
 * @end: clock at the end of the loop (out)
 * @key_stride: bytes from one key to the next in @keys, a multiple of 8
 * @value_stride: bytes from one value to the next in @values, a multiple of 8
 * @keys: the keys
 * @values: a value for each store; room for the value of each load
 * @bulk: maximum number of consecutive loads in one bulk load; 1: no bulk loads
 * @op: the operations
 * @many: if @bulk > 1: for the first of consecutive loads their number, 0 for all others
 * @found: if @many is not 0: which of these loads found their key (out)
 * @ret: return value (out)
 * @ticks: if @timed: duration in the clock's ticks, at least 1 (out).  The first load of a
 *	bulk load has the duration of all, the others have 0
 *
 * Owned by one stress thread, not shared.
 */
struct stress_batch {
	unsigned int n;
	bool timed;
	u64 start;
	u64 end;
	unsigned int key_stride;
	unsigned int value_stride;
	void *keys;
	void *values;
	unsigned int bulk;
	u8 op[STRESS_BATCH_MAX];
	u8 many[STRESS_BATCH_MAX];
	unsigned long found[STRESS_BATCH_MAX];
	int ret[STRESS_BATCH_MAX];
	u64 ticks[STRESS_BATCH_MAX];
};

#define STRESS_UPDATE(design, m, what, k, v)					\
({										\
	const struct cmap_update __u = { .op = (what), .key = (k),		\
					 .value = (v) };			\
										\
	design##_update(m, &__u);						\
})

#define STRESS_DO_OP(design, load, m, b, i, key, value)			\
do {										\
	switch ((b)->op[i]) {							\
	case STRESS_LOAD:							\
		(b)->ret[i] = load(m, key, value);				\
		break;								\
	case STRESS_STORE:							\
		(b)->ret[i] = STRESS_UPDATE(design, m, CMAP_STORE, key, value);	\
		break;								\
	case STRESS_DELETE:							\
		(b)->ret[i] = STRESS_UPDATE(design, m, CMAP_DELETE, key, NULL);	\
		break;								\
	}									\
} while (0)

/*
 * @timed does not change during a batch, but is read again each time, so that the compiler makes
 * one copy of the operation: a second copy for timed batches would be cold if few are timed.
 */
static __always_inline void stress_op_begin(struct stress_batch *b, unsigned int i)
{
	if (unlikely(READ_ONCE(b->timed)))
		b->ticks[i] = mapstat_clock_read();
}

static __always_inline void stress_op_end(struct stress_batch *b, unsigned int i)
{
	s64 ticks;

	if (likely(!READ_ONCE(b->timed)))
		return;
	/* The clock of another CPU may be slightly behind: at least 1. */
	ticks = mapstat_clock_read() - b->ticks[i];
	b->ticks[i] = ticks > 0 ? ticks : 1;
}

/* One bulk load of the consecutive loads that begin at operation i. */
#define STRESS_DO_MANY(design, m, b, i, key, value)				\
({										\
	const struct cmap_many __q = { .keys = (key), .values = (value),	\
				       .found = &(b)->found[i],			\
				       .n = (b)->many[i] };			\
										\
	design##_load_many(m, &__q);						\
})

/**
 * STRESS_DEFINE_RUN - define the timed loop of a design
 * @design: its name in designs.h; design_update() and design_load_many() are visible
 * @load: its load function: the one that can be inlined, if there is one
 *
 * The loop does not sleep; a batch is short enough to need no cond_resched().
 */
#define STRESS_DEFINE_RUN(design, load)						\
static void design##_run_bulk(struct cmap *m, struct stress_batch *b)		\
{										\
	void *key = b->keys, *value = b->values;				\
	unsigned int i, n;							\
										\
	b->start = mapstat_clock_read();					\
	for (i = 0; i < b->n; i += n) {						\
		stress_op_begin(b, i);						\
		n = b->many[i] ?: 1;						\
		if (b->many[i])							\
			STRESS_DO_MANY(design, m, b, i, key, value);		\
		else								\
			STRESS_DO_OP(design, load, m, b, i, key, value);	\
		stress_op_end(b, i);						\
		key += n * b->key_stride;					\
		value += n * b->value_stride;					\
	}									\
	b->end = mapstat_clock_read();						\
}										\
										\
void design##_run(struct cmap *m, struct stress_batch *b)			\
{										\
	void *key = b->keys, *value = b->values;				\
	unsigned int i;								\
										\
	if (b->bulk > 1) {							\
		design##_run_bulk(m, b);					\
		return;								\
	}									\
	b->start = mapstat_clock_read();					\
	for (i = 0; i < b->n; i++) {						\
		stress_op_begin(b, i);						\
		STRESS_DO_OP(design, load, m, b, i, key, value);		\
		stress_op_end(b, i);						\
		key += b->key_stride;						\
		value += b->value_stride;					\
	}									\
	b->end = mapstat_clock_read();						\
}

#endif /* MAPSTAT_STRESS_LOOP_H */

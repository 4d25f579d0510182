/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timed loop, compiled inside each design: STRESS_DEFINE_RUN() at the end of
 * a design's file makes design_run(), in which load and update are direct calls that
 * the compiler may inline.  Operations, keys and values are drawn before the loop and
 * checked after it, so nothing but the map is timed.
 */
#ifndef MAPSTAT_STRESS_LOOP_H
#define MAPSTAT_STRESS_LOOP_H

#include <mapstat/clock.h>
#include "../maps/many.h"
#include "../maps/update.h"

#define STRESS_BATCH_MAX	64	/* operations; keeps a batch of u64s in the L1 cache */

enum stress_op {
	STRESS_LOAD,
	STRESS_STORE,
	STRESS_DELETE,
};

/**
 * struct stress_batch - operations to do, and what came of them
 * @n: operations, 1..STRESS_BATCH_MAX
 * @sample_mask: operations whose number & @sample_mask is 0 are timed one by one
 * @first: number of the first operation
 * @start: clock at the start of the loop (out)
 * @end: clock at the end of the loop (out)
 * @key_stride: bytes from one key to the next in @keys, a multiple of 8
 * @value_stride: bytes from one value to the next in @values, a multiple of 8
 * @keys: the keys
 * @values: a value for each store; room for what each load finds
 * @bulk: loads in a row that one bulk load does at most; 1: none
 * @op: what to do
 * @many: where @bulk > 1: for the first of loads in a row their number, 0 for all others
 * @found: where @many is not 0: which of them found their key (out)
 * @ret: what it returned (out)
 * @ticks: how long it took, in the clock's ticks, for those that were timed; at least
 *	1 for them and 0 for all others (out).  Of loads in a row the first has all of it
 *
 * Owned by one stress thread; shared with nobody.
 */
struct stress_batch {
	unsigned int n;
	unsigned int sample_mask;
	unsigned int first;
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

/* A clock of another CPU may be a little behind: at least 1, as @ticks wants it. */
static __always_inline u64 stress_ticks_since(u64 start)
{
	const s64 ticks = mapstat_clock_read() - start;

	return ticks > 0 ? ticks : 1;
}

/* Loads in a row, from operation i on, at once. */
#define STRESS_DO_MANY(design, m, b, i, key, value)				\
({										\
	const struct cmap_many __q = { .keys = (key), .values = (value),	\
				       .found = &(b)->found[i],			\
				       .n = (b)->many[i] };			\
										\
	design##_load_many(m, &__q);						\
})

/**
 * STRESS_DEFINE_RUN - make the timed loop of a design
 * @design: its name in designs.h; design_update() and design_load_many() are visible
 * @load: its load: the one that can be inlined, where there is one
 *
 * The loop does not sleep by itself; a batch is short enough to need no resched point.
 */
#define STRESS_DEFINE_RUN(design, load)						\
static void design##_run_bulk(struct cmap *m, struct stress_batch *b)		\
{										\
	void *key = b->keys, *value = b->values;				\
	unsigned int i, n;							\
										\
	b->start = mapstat_clock_read();					\
	for (i = 0; i < b->n; i += n) {						\
		const bool timed = !((b->first + i) & b->sample_mask);		\
		u64 t = timed ? mapstat_clock_read() : 0;			\
										\
		n = b->many[i] ?: 1;						\
		if (b->many[i])							\
			STRESS_DO_MANY(design, m, b, i, key, value);		\
		else								\
			STRESS_DO_OP(design, load, m, b, i, key, value);	\
		b->ticks[i] = timed ? stress_ticks_since(t) : 0;		\
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
		if (unlikely(!((b->first + i) & b->sample_mask))) {		\
			u64 t = mapstat_clock_read();				\
										\
			STRESS_DO_OP(design, load, m, b, i, key, value);	\
			b->ticks[i] = stress_ticks_since(t);			\
		} else {							\
			STRESS_DO_OP(design, load, m, b, i, key, value);	\
			b->ticks[i] = 0;					\
		}								\
		key += b->key_stride;						\
		value += b->value_stride;					\
	}									\
	b->end = mapstat_clock_read();						\
}

#endif /* MAPSTAT_STRESS_LOOP_H */

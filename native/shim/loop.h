/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replaces kmod/designs/loop.h: the bench's timed loops, compiled inside each design, so that
 * load and update are direct calls that the compiler may inline.  Included from the command
 * line, before a design's own file.
 */
#ifndef MAPSTAT_STRESS_LOOP_H
#define MAPSTAT_STRESS_LOOP_H

#include "kmod/designs/lookup.h"
#include "kmod/designs/update.h"
#include "native/bench/peer.h"
#include "ours.h"

#define STRESS_DEFINE_RUN(design, load)						\
static __always_inline bool design##_any_load(void *map, uint64_t key,		\
					      uint64_t *value)			\
{										\
	struct mapstat_op op;							\
	bool found;								\
										\
	if (static_branch_unlikely(&mapstat_observing))				\
		cmap_op_begin(&op, map, MAPSTAT_OP_LOAD, NULL);		\
	found = !(load)(map, &key, value);					\
	if (static_branch_unlikely(&mapstat_observing))				\
		mapstat_op_end(&op);						\
	return found;								\
}										\
										\
static __always_inline bool design##_any_store(void *map, uint64_t key,		\
					       uint64_t value)			\
{										\
	const struct cmap_update u = { .op = CMAP_STORE, .key = &key,		\
				       .value = &value };			\
										\
	return !design##_update(map, &u);					\
}										\
										\
static bool design##_bench_remove(void *map, uint64_t key)			\
{										\
	const struct cmap_update u = { .op = CMAP_DELETE, .key = &key };	\
										\
	return !design##_update(map, &u);					\
}										\
										\
/* A loop for maps of u64s, which does not check the shape each time. */	\
static __always_inline bool design##_u64_load(void *map, uint64_t key,		\
					      uint64_t *value)			\
{										\
	if (!((const struct cmap *)map)->shape.u64_pair)			\
		unreachable();							\
	return design##_any_load(map, key, value);				\
}										\
										\
static __always_inline bool design##_u64_store(void *map, uint64_t key,		\
					       uint64_t value)			\
{										\
	return design##_any_store(map, key, value);				\
}										\
										\
BENCH_DEFINE_LOOPS(design##_u64);						\
BENCH_DEFINE_LOOPS(design##_any);						\
										\
static void design##_bench_run(void *map, struct bench_batch *b)		\
{										\
	if (((const struct cmap *)map)->shape.u64_pair)				\
		design##_u64_run(map, b);					\
	else									\
		design##_any_run(map, b);					\
}										\
										\
static uint64_t design##_bench_chase(void *map, uint64_t key, unsigned int n)	\
{										\
	if (((const struct cmap *)map)->shape.u64_pair)				\
		return design##_u64_chase(map, key, n);				\
	return design##_any_chase(map, key, n);					\
}										\
										\
static void design##_bench_bulk(void *map, struct bench_batch *b)		\
{										\
	uint64_t values[BENCH_BULK], found = 0, sum = 0;			\
	unsigned int first, i;							\
	unsigned long bits;							\
										\
	for (first = 0; first < b->n; first += BENCH_BULK) {			\
		const struct cmap_many q = {					\
			.keys = b->keys + first, .values = values,		\
			.found = &bits, .n = BENCH_BULK,			\
		};								\
										\
		found += design##_load_many(map, &q);				\
		for (i = 0; i < BENCH_BULK; i++)				\
			sum += bits >> i & 1 ? values[i] : 0;			\
	}									\
	b->found = found;							\
	b->sum = sum;								\
}										\
										\
const struct native_loops design##_loops = {					\
	.store = design##_any_store,						\
	.remove = design##_bench_remove,					\
	.run = design##_bench_run,						\
	.chase = design##_bench_chase,						\
	.bulk = design##_bench_bulk,						\
};										\
										\
void design##_run(struct cmap *m, struct stress_batch *batch)			\
{										\
}

#endif /* MAPSTAT_STRESS_LOOP_H */

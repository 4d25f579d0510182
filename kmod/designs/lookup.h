/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads, shared by all designs: of one key, and in bulk.  A bulk load hashes the keys of a
 * group, prefetches the memory that their loads will access, then does the loads.  The
 * cache misses of a group overlap, while single loads would wait for each in turn.
 */
#ifndef MAPSTAT_LOOKUP_H
#define MAPSTAT_LOOKUP_H

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/prefetch.h>
#include <linux/rcupdate.h>
#include "design.h"

/* Keys in a group: a word of the bitmap, and about as many lines as a CPU can have in flight. */
#define MANY_GROUP	BITS_PER_LONG

/**
 * struct cmap_many - a bulk load
 * @keys: the keys, ALIGN(key_size, 8) bytes apart
 * @values: receives the values, ALIGN(value_size, 8) bytes apart
 * @found: bit i is set if key i was found; BITS_TO_LONGS(@n) words
 * @n: number of keys
 */
struct cmap_many {
	const void *keys;
	void *values;
	unsigned long *found;
	unsigned int n;
};

/**
 * struct many_steps - the parts of a design's loads; constants, so that all are inlined
 * @begin: optional; before the first prefetch: enter an RCU read-side section, or take a lock
 * @fetch: optional; prefetch what the load of a key with that hash accesses first
 * @fetch_next: optional; prefetch what it accesses next; called after @fetch of all keys
 * @load: returns 0 or -ENOENT
 * @end: optional; undo @begin
 */
struct many_steps {
	void (*begin)(struct cmap *m);
	void (*fetch)(struct cmap *m, u64 hash, const struct cmap_shape shape);
	void (*fetch_next)(struct cmap *m, u64 hash, const struct cmap_shape shape);
	int (*load)(struct cmap *m, u64 hash, const void *key, void *value,
		    const struct cmap_shape shape);
	void (*end)(struct cmap *m);
};

static __always_inline void many_rcu_begin(struct cmap *m)
	__acquires(RCU)
{
	rcu_read_lock();
}

static __always_inline void many_rcu_end(struct cmap *m)
	__releases(RCU)
{
	rcu_read_unlock();
}

/* At most MANY_GROUP keys. Return: a bit for each key that was found. */
static __always_inline unsigned long many_load_group(struct cmap *m, const void *keys,
						     void *values, unsigned int n,
						     const struct many_steps steps,
						     const struct cmap_shape shape)
{
	const unsigned int key_stride = ALIGN(shape.key_size, 8);
	const unsigned int value_stride = ALIGN(shape.value_size, 8);
	unsigned long found = 0;
	u64 hash[MANY_GROUP];
	unsigned int i;

	for (i = 0; i < n; i++)
		hash[i] = cmap_hash(m, keys + i * key_stride, shape);
	if (steps.begin)
		steps.begin(m);
	for (i = 0; steps.fetch && i < n; i++)
		steps.fetch(m, hash[i], shape);
	for (i = 0; steps.fetch_next && i < n; i++)
		steps.fetch_next(m, hash[i], shape);
	for (i = 0; i < n; i++) {
		unsigned long hit = !steps.load(m, hash[i], keys + i * key_stride,
						values + i * value_stride, shape);

		found |= hit << i;
	}
	if (steps.end)
		steps.end(m);
	return found;
}

static __always_inline unsigned int many_load(struct cmap *m, const struct cmap_many *q,
					      const struct many_steps steps,
					      const struct cmap_shape shape)
{
	const size_t key_stride = ALIGN(shape.key_size, 8);
	const size_t value_stride = ALIGN(shape.value_size, 8);
	unsigned int hits = 0;
	size_t done;

	for (done = 0; done < q->n; done += MANY_GROUP) {
		unsigned long *found = &q->found[done / MANY_GROUP];

		*found = many_load_group(m, q->keys + done * key_stride,
					 q->values + done * value_stride,
					 min_t(unsigned int, q->n - done, MANY_GROUP), steps,
					 shape);
		hits += hweight_long(*found);
	}
	return hits;
}

static __always_inline int many_load_one(struct cmap *m, const void *key, void *value,
					 const struct many_steps steps,
					 const struct cmap_shape shape)
{
	const u64 hash = cmap_hash(m, key, shape);
	int ret;

	if (steps.begin)
		steps.begin(m);
	ret = steps.load(m, hash, key, value, shape);
	if (steps.end)
		steps.end(m);
	return shape.counted ? cmap_count_load(m, ret, shape) : ret;
}

/**
 * CMAP_DEFINE_LOAD - define a design's load
 * @design: its name in designs.h
 * @...: its struct many_steps
 *
 * design_load_inline() inlines only the load of u64 -> u64 maps into a loop.  The other shapes
 * are out of line, so that they do not take registers from it; and so is the observed load as a
 * whole, so that the others contain no rarely made call.
 *
 * The loop counts its loads a batch at a time; design_load() counts each.
 */
#define CMAP_DEFINE_LOAD(design, ...)						\
static __always_inline int design##_load_shape(struct cmap *m, const void *key,	\
					       void *value,			\
					       const struct cmap_shape shape)	\
{										\
	const struct many_steps steps = { __VA_ARGS__ };			\
										\
	return many_load_one(m, key, value, steps, shape);			\
}										\
										\
static noinline int design##_loop_load_observed(struct cmap *m, const void *key,	\
					    void *value)			\
{										\
	return CMAP_BY_SHAPE(m, design##_load_shape, m, key, value);		\
}										\
										\
int design##_load_observed(struct cmap *m, const void *key, void *value)		\
{										\
	return cmap_count_load(m, design##_loop_load_observed(m, key, value), m->shape); \
}										\
										\
static noinline int design##_load_sized(struct cmap *m, const void *key, void *value) \
{										\
	if (m->shape.u64_key)							\
		return design##_load_shape(m, key, value,			\
					   cmap_unreported(CMAP_SHAPE_U64(m)));	\
	return design##_load_shape(m, key, value, cmap_unreported(CMAP_SHAPE_ANY(m))); \
}										\
										\
static noinline int design##_load_sized_counted(struct cmap *m, const void *key, \
						void *value)			\
{										\
	if (m->shape.u64_key)							\
		return design##_load_shape(m, key, value,			\
				cmap_counted(cmap_unreported(CMAP_SHAPE_U64(m))));	\
	return design##_load_shape(m, key, value,				\
				   cmap_counted(cmap_unreported(CMAP_SHAPE_ANY(m)))); \
}										\
										\
static __always_inline int design##_load_inline(struct cmap *m, const void *key, \
						void *value)			\
{										\
	if (cmap_is_observed(m))						\
		return design##_loop_load_observed(m, key, value);			\
	if (likely(m->shape.u64_pair))						\
		return design##_load_shape(m, key, value,			\
					   cmap_unreported(CMAP_SHAPE_U64_U64));	\
	return design##_load_sized(m, key, value);				\
}										\
										\
int design##_load(struct cmap *m, const void *key, void *value)			\
{										\
	if (likely(m->shape.u64_pair))						\
		return design##_load_shape(m, key, value,			\
				cmap_counted(cmap_unreported(CMAP_SHAPE_U64_U64)));	\
	return design##_load_sized_counted(m, key, value);			\
}

/**
 * CMAP_DEFINE_LOAD_MANY - define a design's load_many
 * @design: its name in designs.h
 * @...: its struct many_steps
 */
#define CMAP_DEFINE_LOAD_MANY(design, ...)					\
static __always_inline unsigned int						\
design##_load_many_shape(struct cmap *m, const struct cmap_many *q,		\
			 const struct cmap_shape shape)				\
{										\
	const struct many_steps steps = { __VA_ARGS__ };			\
										\
	return many_load(m, q, steps, shape);					\
}										\
										\
static noinline unsigned int							\
design##_load_many_observed(struct cmap *m, const struct cmap_many *q)		\
{										\
	return CMAP_BY_SHAPE(m, design##_load_many_shape, m, q);		\
}										\
										\
unsigned int design##_load_many(struct cmap *m, const struct cmap_many *q)	\
{										\
	if (cmap_is_observed(m))						\
		return design##_load_many_observed(m, q);				\
	return CMAP_BY_SHAPE_UNREPORTED(m, design##_load_many_shape, m, q);		\
}

/* CMAP_DEFINE_LOAD() and CMAP_DEFINE_LOAD_MANY(). */
#define CMAP_DEFINE_LOADS(design, ...)						\
CMAP_DEFINE_LOAD(design, __VA_ARGS__)						\
CMAP_DEFINE_LOAD_MANY(design, __VA_ARGS__)

/* A load_many without prefetching, for designs that cannot benefit from it. */
static __always_inline unsigned int many_load_each(struct cmap *m, const struct cmap_many *q,
						   int (*load)(struct cmap *m, const void *key,
							       void *value))
{
	const size_t key_stride = ALIGN(m->shape.key_size, 8);
	const size_t value_stride = ALIGN(m->shape.value_size, 8);
	unsigned int i, hits = 0;

	bitmap_zero(q->found, q->n);
	for (i = 0; i < q->n; i++) {
		if (load(m, q->keys + i * key_stride, q->values + i * value_stride))
			continue;
		__set_bit(i, q->found);
		hits++;
	}
	return hits;
}

#endif /* MAPSTAT_LOOKUP_H */

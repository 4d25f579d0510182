/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the suites: the designs and shapes to test, maps that live as long as the test,
 * and keys and values that can be identified.
 */
#ifndef MAPSTAT_KUNIT_FIXTURE_H
#define MAPSTAT_KUNIT_FIXTURE_H

#include <kunit/test.h>
#include <linux/prandom.h>
#include <mapstat/cmap.h>
#include "kmod/compat.h"
#include "kmod/designs/design.h"
#include "kmod/designs/update.h"

/**
 * struct test_shape - sizes and flags of a map under test
 * @name: for the test's description
 * @key_size: bytes
 * @value_size: bytes
 * @flags: of enum cmap_flags
 * @keys: most distinct keys to use: limited by key_size and memory, and small if all of them
 *	collide
 */
struct test_shape {
	const char *name;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int flags;
	unsigned int keys;
};

/**
 * struct test_param - one row of a parameterized test
 * @design: number
 * @design_name: its name
 * @shape: sizes
 */
struct test_param {
	enum cmap_design design;
	const char *design_name;
	const struct test_shape *shape;
};

/**
 * struct test_bufs - one thread's keys and values, aligned as the API requires
 * @key: a key
 * @value: a value to store
 * @expect: a value to compare with
 * @out: a value that was returned
 * @rnd: the thread's random number state
 */
struct test_bufs {
	u64 key[CMAP_KEY_MAX / 8];
	u64 value[CMAP_VALUE_MAX / 8];
	u64 expect[CMAP_VALUE_MAX / 8];
	u64 out[CMAP_VALUE_MAX / 8];
	struct rnd_state rnd;
};

unsigned int test_scaled(unsigned int n);
unsigned int test_seed(void);

/*
 * Generators for KUNIT_CASE_PARAM(): all designs except "busted", which is wrong on purpose,
 * with each shape; with the smallest, the largest and the colliding one; or with u64_u64.
 */
KUNIT_GENERATOR(every_shape);
KUNIT_GENERATOR(few_shapes);
KUNIT_GENERATOR(every_design);

struct cmap *test_map(struct kunit *test, const struct test_param *param, u64 capacity);
struct cmap *test_map_busted(struct kunit *test);
void test_map_destroy(struct kunit *test, struct cmap *m);
void test_map_settle(struct cmap *m);
struct test_bufs *test_bufs_alloc(struct kunit *test, unsigned int n);

void test_key(const struct cmap *m, void *key, u32 i);
u32 test_key_number(const struct cmap *m, const void *key);
void test_value(const struct cmap *m, void *value, u32 key, u64 id);
bool test_value_id(const struct cmap *m, const void *value, u32 key, u64 *id);

int test_store(struct cmap *m, struct test_bufs *b, u32 key, u64 id);
int test_load(struct cmap *m, struct test_bufs *b, u32 key, u64 *id);
int test_delete(struct cmap *m, struct test_bufs *b, u32 key);
int test_update(struct cmap *m, struct test_bufs *b, enum cmap_update_op op);
int test_fill(struct cmap *m, struct test_bufs *b, u32 from, u32 to, u64 id);

static inline u32 test_random_below(struct test_bufs *b, u32 below)
{
	return (u64)prandom_u32_state(&b->rnd) * below >> 32;
}

#endif /* MAPSTAT_KUNIT_FIXTURE_H */

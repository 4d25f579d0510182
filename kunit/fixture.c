// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps that live as long as the test, and keys and values that can be identified.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/rcupdate.h>
#include "fixture.h"

/* A value's first word is its id, with the key in the upper bits. */
#define ID_BITS		40
#define ID_MASK		GENMASK_ULL(ID_BITS - 1, 0)

enum { U64_U64, U64_64, B16_24, B256_4096, B1_8, GENERIC, COLLIDE, NR_SHAPES };

static const struct test_shape shapes[NR_SHAPES] = {
	[U64_U64]	= { "u64_u64", 8, 8, 0, 20000 },
	[U64_64]	= { "u64_64", 8, 64, 0, 5000 },
	[B16_24]	= { "16_24", 16, 24, 0, 5000 },
	[B256_4096]	= { "256_4096", 256, 4096, 0, 500 },
	[B1_8]		= { "1_8", 1, 8, 0, 256 },
	[GENERIC]	= { "generic", 8, 8, CMAP_GENERIC, 5000 },
	[COLLIDE]	= { "collide", 8, 8, CMAP_COLLIDE, 300 },
};

#define DESIGN_NAME(d)								\
	[CMAP_DESIGN_##d] = #d,
static const char *const design_names[CMAP_NR_DESIGNS] = { CMAP_DESIGNS(DESIGN_NAME) };

/* Filled in by the first suite that uses it; then constant.  Suites run one after another. */
static struct test_param params[CMAP_NR_DESIGNS * NR_SHAPES];

static void fill_params(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(params); i++) {
		params[i].design = i / NR_SHAPES;
		params[i].design_name = design_names[i / NR_SHAPES];
		params[i].shape = &shapes[i % NR_SHAPES];
	}
}

/*
 * "busted" is wrong on purpose.  rhashtable refuses inserts into a chain of more than 16
 * entries, as a defence against attacks.
 */
static bool is_left_out(const struct test_param *p)
{
	return p->design == CMAP_DESIGN_busted ||
	       (p->design == CMAP_DESIGN_rhashtable && p->shape->flags & CMAP_COLLIDE);
}

/* The next pair of a design and a shape whose bit is set in @mask. */
static const void *next_param(unsigned int mask, const struct test_param *prev, char *desc)
{
	const struct test_param *p = prev ? prev + 1 : params;

	if (!prev)
		fill_params();
	for (; p < params + ARRAY_SIZE(params); p++) {
		if (is_left_out(p) || !(mask & BIT(p->shape - shapes)))
			continue;
		snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s %s", p->design_name, p->shape->name);
		return p;
	}
	return NULL;
}

KUNIT_GENERATOR(every_shape)
{
	return next_param(~0, prev, desc);
}

KUNIT_GENERATOR(few_shapes)
{
	return next_param(BIT(U64_U64) | BIT(B256_4096) | BIT(COLLIDE), prev, desc);
}

KUNIT_GENERATOR(every_design)
{
	return next_param(BIT(U64_U64), prev, desc);
}

static int map_resource_init(struct kunit_resource *res, void *context)
{
	res->data = cmap_create(context);
	return PTR_ERR_OR_ZERO(res->data);
}

static void map_resource_free(struct kunit_resource *res)
{
	cmap_destroy(res->data);
}

static bool map_resource_match(struct kunit *test, struct kunit_resource *res, void *m)
{
	return res->free == map_resource_free && res->data == m;
}

/**
 * test_map - create a map that is destroyed when the test ends
 * @test: the test; aborted if the map cannot be created
 * @param: design and shape
 * @capacity: see struct cmap_params
 *
 * Context: The test's own thread, while none of its helpers runs.
 * Return: the map.
 */
struct cmap *test_map(struct kunit *test, const struct test_param *param, u64 capacity)
{
	static atomic_t number;
	char name[CMAP_NAME_LEN];
	struct cmap_params p = {
		.name = name,
		.design = param->design_name,
		.key_size = param->shape->key_size,
		.value_size = param->shape->value_size,
		.flags = param->shape->flags,
		.capacity = capacity,
	};
	struct cmap *m;

	snprintf(name, sizeof(name), "kunit.%d", atomic_inc_return(&number));
	m = kunit_alloc_resource(test, map_resource_init, map_resource_free, GFP_KERNEL, &p);
	KUNIT_ASSERT_NOT_NULL_MSG(test, m, "cannot create a map of design %s, shape %s",
				  param->design_name, param->shape->name);
	return m;
}

struct cmap *test_map_busted(struct kunit *test)
{
	static const struct test_param busted = {
		CMAP_DESIGN_busted, "busted", &shapes[U64_U64],
	};

	return test_map(test, &busted, 0);
}

/**
 * test_map_destroy - destroy a map before its test ends
 * @test: the test
 * @m: of test_map(); no operation is in flight
 *
 * Context: The test's own thread.
 */
void test_map_destroy(struct kunit *test, struct cmap *m)
{
	KUNIT_ASSERT_EQ(test, 0, kunit_destroy_resource(test, map_resource_match, m));
}

/**
 * test_map_settle - wait for a map's background work
 * @m: the map
 *
 * The worker may start grace periods whose callbacks start the worker again; two rounds are
 * enough.
 *
 * Context: Process; sleeps.
 */
void test_map_settle(struct cmap *m)
{
	int i;

	for (i = 0; i < 2; i++) {
		flush_work(&m->work);
		rcu_barrier();
	}
}

/**
 * test_bufs_alloc - buffers for several threads, freed when the test ends
 * @test: the test; aborted if out of memory
 * @n: number of threads
 *
 * Context: The test's own thread.
 * Return: an array of @n, each with another seed.
 */
struct test_bufs *test_bufs_alloc(struct kunit *test, unsigned int n)
{
	struct test_bufs *b = kunit_kcalloc(test, n, sizeof(*b), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	for (i = 0; i < n; i++)
		prandom_seed_state(&b[i].rnd, test_seed() * 1000ULL + i);
	return b;
}

/**
 * test_key - make the i-th key
 * @m: the map
 * @key: destination; aligned as a u64
 * @i: below the shape's number of keys
 *
 * Keys differ in their last bytes only, so that a comparison or hash that stops early finds
 * the wrong one.
 *
 * Context: Any.
 */
void test_key(const struct cmap *m, void *key, u32 i)
{
	size_t tail = min_t(size_t, m->shape.key_size, sizeof(i));

	memset(key, 0x5a, m->shape.key_size);
	memcpy(key + m->shape.key_size - tail, &i, tail);
}

/* The i passed to test_key(). */
u32 test_key_number(const struct cmap *m, const void *key)
{
	size_t tail = min_t(size_t, m->shape.key_size, sizeof(u32));
	u32 i = 0;

	memcpy(&i, key + m->shape.key_size - tail, tail);
	return i;
}

static u64 value_word(u64 first, unsigned int i)
{
	return i ? (first + i) * 0x9e3779b97f4a7c15ULL : first;
}

/**
 * test_value - make a value that contains its key and id, and shows if it is torn
 * @m: the map
 * @value: destination; aligned as a u64
 * @key: number of the key
 * @id: below 2^40; short values keep its low bytes only
 *
 * Context: Any.
 */
void test_value(const struct cmap *m, void *value, u32 key, u64 id)
{
	u64 first = (u64)key << ID_BITS | (id & ID_MASK);
	unsigned int i, size = m->shape.value_size;

	for (i = 0; i * 8 < size; i++) {
		u64 word = value_word(first, i);

		memcpy(value + i * 8, &word, min(size - i * 8, 8u));
	}
}

/**
 * test_value_id - read a value made by test_value()
 * @m: the map
 * @value: the value
 * @key: the key under which it was found
 * @id: its id (out)
 *
 * Context: Any.
 * Return: false if it is torn or belongs to another key.
 */
bool test_value_id(const struct cmap *m, const void *value, u32 key, u64 *id)
{
	unsigned int i, size = m->shape.value_size;
	u64 first = 0;

	memcpy(&first, value, min(size, 8u));
	*id = first & ID_MASK;
	if (size >= 8 && first >> ID_BITS != (key & (u32)(~0ULL >> ID_BITS)))
		return false;
	for (i = 1; i * 8 < size; i++) {
		u64 word = value_word(first, i);

		if (memcmp(value + i * 8, &word, min(size - i * 8, 8u)))
			return false;
	}
	return true;
}

int test_store(struct cmap *m, struct test_bufs *b, u32 key, u64 id)
{
	test_key(m, b->key, key);
	test_value(m, b->value, key, id);
	return cmap_store(m, b->key, b->value);
}

/* Return: what cmap_load() returned; -EILSEQ if the value is torn or another key's. */
int test_load(struct cmap *m, struct test_bufs *b, u32 key, u64 *id)
{
	int ret;

	test_key(m, b->key, key);
	ret = cmap_load(m, b->key, b->out);
	if (!ret && !test_value_id(m, b->out, key, id))
		return -EILSEQ;
	return ret;
}

int test_delete(struct cmap *m, struct test_bufs *b, u32 key)
{
	test_key(m, b->key, key);
	return cmap_delete(m, b->key);
}

/* Store keys from..to-1. Return: 0 or the first error. */
int test_fill(struct cmap *m, struct test_bufs *b, u32 from, u32 to, u64 id)
{
	u32 key;
	int ret;

	for (key = from; key < to; key++) {
		ret = test_store(m, b, key, id);
		if (ret)
			return ret;
		if (!(key % 64))
			cond_resched();
	}
	return 0;
}

/**
 * test_update - run any write on one key through its public function
 * @m: the map
 * @b: key, value and expect are passed to it; previous values are returned in out
 * @op: which write
 *
 * Context: That of the function.
 * Return: what it returned.
 */
int test_update(struct cmap *m, struct test_bufs *b, enum cmap_update_op op)
{
	bool loaded;

	switch (op) {
	case CMAP_STORE:
		return cmap_store(m, b->key, b->value);
	case CMAP_LOAD_OR_STORE:
		return cmap_load_or_store(m, b->key, b->value, b->out, &loaded);
	case CMAP_SWAP:
		return cmap_swap(m, b->key, b->value, b->out, &loaded);
	case CMAP_COMPARE_AND_SWAP:
		return cmap_compare_and_swap(m, b->key, b->expect, b->value);
	case CMAP_DELETE:
		return cmap_delete(m, b->key);
	case CMAP_LOAD_AND_DELETE:
		return cmap_load_and_delete(m, b->key, b->out);
	case CMAP_COMPARE_AND_DELETE:
		return cmap_compare_and_delete(m, b->key, b->expect);
	}
	return -EINVAL;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each operation does and returns, one at a time, in every design and shape; and
 * cmap_create()'s capacity.
 */
#include <linux/err.h>
#include "fixture.h"

/**
 * struct ops_test - state of a test
 * @m: an empty map
 * @b: key is key 3; value and expect are two values for it
 */
struct ops_test {
	struct cmap *m;
	struct test_bufs *b;
};

static struct ops_test ops_init(struct kunit *test)
{
	struct ops_test t = {
		.m = test_map(test, test->param_value, 0),
		.b = test_bufs_alloc(test, 1),
	};

	test_key(t.m, t.b->key, 3);
	test_value(t.m, t.b->value, 3, 11);
	test_value(t.m, t.b->expect, 3, 12);
	return t;
}

#define EXPECT_VALUE(test, t, want, got) \
	KUNIT_EXPECT_MEMEQ(test, want, got, (t).m->shape.value_size)

/* The map must have the key with @want or, if that is NULL, not have it. */
static void expect_state(struct kunit *test, struct ops_test *t, const void *want)
{
	u64 untouched[CMAP_VALUE_MAX / 8 / 64];
	int ret;

	memset(t->b->out, 0xa5, sizeof(t->b->out));
	memcpy(untouched, t->b->out, sizeof(untouched));
	ret = cmap_load(t->m, t->b->key, t->b->out);
	KUNIT_EXPECT_EQ(test, want ? 0 : -ENOENT, ret);
	KUNIT_EXPECT_EQ(test, !!want, cmap_len(t->m));
	if (want)
		EXPECT_VALUE(test, *t, want, t->b->out);
	else	/* a load that finds nothing writes nothing */
		KUNIT_EXPECT_MEMEQ(test, untouched, t->b->out, sizeof(untouched));
}

/* Fails when: a load finds an absent key, misses a present one, or writes too much. */
static void load(struct kunit *test)
{
	struct ops_test t = ops_init(test);

	expect_state(test, &t, NULL);
	KUNIT_ASSERT_EQ(test, 0, cmap_store(t.m, t.b->key, t.b->value));
	expect_state(test, &t, t.b->value);
	if (t.m->shape.value_size < CMAP_VALUE_MAX)
		KUNIT_EXPECT_EQ(test, 0xa5, ((u8 *)t.b->out)[t.m->shape.value_size]);
	test_key(t.m, t.b->key, 4);
	KUNIT_EXPECT_EQ(test, -ENOENT, cmap_load(t.m, t.b->key, t.b->out));
}

/* Fails when: a store does not insert, does not replace, or counts an entry twice. */
static void store(struct kunit *test)
{
	struct ops_test t = ops_init(test);

	KUNIT_EXPECT_EQ(test, 0, cmap_store(t.m, t.b->key, t.b->value));
	expect_state(test, &t, t.b->value);
	KUNIT_EXPECT_EQ(test, 0, cmap_store(t.m, t.b->key, t.b->expect));
	expect_state(test, &t, t.b->expect);
	KUNIT_EXPECT_EQ(test, 0, cmap_store(t.m, t.b->key, t.b->expect));
	expect_state(test, &t, t.b->expect);
}

/* Fails when: it replaces a value, or returns the wrong value or @loaded. */
static void load_or_store(struct kunit *test)
{
	struct ops_test t = ops_init(test);
	bool loaded = true;

	KUNIT_EXPECT_EQ(test, 0, cmap_load_or_store(t.m, t.b->key, t.b->value, t.b->out, &loaded));
	KUNIT_EXPECT_FALSE(test, loaded);
	EXPECT_VALUE(test, t, t.b->value, t.b->out);
	KUNIT_EXPECT_EQ(test, 0, cmap_load_or_store(t.m, t.b->key, t.b->expect, t.b->out, &loaded));
	KUNIT_EXPECT_TRUE(test, loaded);
	EXPECT_VALUE(test, t, t.b->value, t.b->out);
	KUNIT_EXPECT_EQ(test, 0, cmap_load_or_store(t.m, t.b->key, t.b->expect, NULL, NULL));
	expect_state(test, &t, t.b->value);
}

/* Fails when: it does not return the replaced value, or returns one for an absent key. */
static void swap_value(struct kunit *test)
{
	struct ops_test t = ops_init(test);
	bool loaded = true;

	KUNIT_EXPECT_EQ(test, 0, cmap_swap(t.m, t.b->key, t.b->value, t.b->out, &loaded));
	KUNIT_EXPECT_FALSE(test, loaded);
	KUNIT_EXPECT_EQ(test, 0, cmap_swap(t.m, t.b->key, t.b->expect, t.b->out, &loaded));
	KUNIT_EXPECT_TRUE(test, loaded);
	EXPECT_VALUE(test, t, t.b->value, t.b->out);
	KUNIT_EXPECT_EQ(test, 0, cmap_swap(t.m, t.b->key, t.b->value, NULL, NULL));
	expect_state(test, &t, t.b->value);
}

/* Fails when: it swaps an unequal value, inserts, or confuses the two errors. */
static void compare_and_swap(struct kunit *test)
{
	struct ops_test t = ops_init(test);
	u8 *last = (u8 *)t.b->expect + t.m->shape.value_size - 1;

	KUNIT_EXPECT_EQ(test, -ENOENT,
			cmap_compare_and_swap(t.m, t.b->key, t.b->value, t.b->expect));
	expect_state(test, &t, NULL);
	KUNIT_ASSERT_EQ(test, 0, cmap_store(t.m, t.b->key, t.b->value));
	/* Differs in the very last byte only. */
	memcpy(t.b->expect, t.b->value, t.m->shape.value_size);
	*last ^= 1;
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			cmap_compare_and_swap(t.m, t.b->key, t.b->expect, t.b->expect));
	expect_state(test, &t, t.b->value);
	KUNIT_EXPECT_EQ(test, 0, cmap_compare_and_swap(t.m, t.b->key, t.b->value, t.b->expect));
	expect_state(test, &t, t.b->expect);
}

/* Fails when: it deletes an unequal value, or confuses the two errors. */
static void compare_and_delete(struct kunit *test)
{
	struct ops_test t = ops_init(test);

	KUNIT_EXPECT_EQ(test, -ENOENT, cmap_compare_and_delete(t.m, t.b->key, t.b->value));
	KUNIT_ASSERT_EQ(test, 0, cmap_store(t.m, t.b->key, t.b->value));
	KUNIT_EXPECT_EQ(test, -EAGAIN, cmap_compare_and_delete(t.m, t.b->key, t.b->expect));
	expect_state(test, &t, t.b->value);
	KUNIT_EXPECT_EQ(test, 0, cmap_compare_and_delete(t.m, t.b->key, t.b->value));
	expect_state(test, &t, NULL);
}

/* Fails when: a deleted key stays, or deleting it again does not fail. */
static void delete_key(struct kunit *test)
{
	struct ops_test t = ops_init(test);

	KUNIT_EXPECT_EQ(test, -ENOENT, cmap_delete(t.m, t.b->key));
	KUNIT_ASSERT_EQ(test, 0, cmap_store(t.m, t.b->key, t.b->value));
	KUNIT_EXPECT_EQ(test, 0, cmap_delete(t.m, t.b->key));
	expect_state(test, &t, NULL);
	KUNIT_EXPECT_EQ(test, -ENOENT, cmap_delete(t.m, t.b->key));
	/* It can be stored again. */
	KUNIT_ASSERT_EQ(test, 0, cmap_store(t.m, t.b->key, t.b->expect));
	expect_state(test, &t, t.b->expect);
}

/* Fails when: the last value is not returned, or is returned but not removed. */
static void load_and_delete(struct kunit *test)
{
	struct ops_test t = ops_init(test);

	KUNIT_EXPECT_EQ(test, -ENOENT, cmap_load_and_delete(t.m, t.b->key, t.b->out));
	KUNIT_ASSERT_EQ(test, 0, cmap_store(t.m, t.b->key, t.b->value));
	KUNIT_EXPECT_EQ(test, 0, cmap_load_and_delete(t.m, t.b->key, t.b->out));
	EXPECT_VALUE(test, t, t.b->value, t.b->out);
	expect_state(test, &t, NULL);
	KUNIT_ASSERT_EQ(test, 0, cmap_store(t.m, t.b->key, t.b->value));
	KUNIT_EXPECT_EQ(test, 0, cmap_load_and_delete(t.m, t.b->key, NULL));
	expect_state(test, &t, NULL);
}

#define MODEL_KEYS	256

/**
 * struct model - the simplest possible map
 * @id: of each key's value, 0 if it is absent
 * @len: number of keys present
 */
struct model {
	u32 id[MODEL_KEYS];
	u32 len;
};

static void model_set(struct model *model, u32 key, u32 id)
{
	model->len += !!id - !!model->id[key];
	model->id[key] = id;
}

/* One random operation on both map and model. Return: whether they agree. */
static bool model_step(struct cmap *m, struct test_bufs *b, struct model *model, u32 id)
{
	u32 key = test_random_below(b, MODEL_KEYS), was = model->id[key];
	/* Right half of the time, if there is a value. */
	u32 guess = prandom_u32_state(&b->rnd) & 1 ? was : was + 1;
	bool loaded = !was;
	u64 out = 0;
	int ret;

	test_key(m, b->key, key);
	test_value(m, b->value, key, id);
	test_value(m, b->expect, key, guess);
	switch (test_random_below(b, 8)) {
	case 0:
		ret = cmap_load(m, b->key, b->out);
		return ret ? !was && ret == -ENOENT :
			     test_value_id(m, b->out, key, &out) && out == was;
	case 1:
		model_set(model, key, id);
		return !cmap_store(m, b->key, b->value);
	case 2:
		model_set(model, key, was ?: id);
		ret = cmap_load_or_store(m, b->key, b->value, b->out, &loaded);
		return !ret && loaded == !!was && test_value_id(m, b->out, key, &out) &&
		       out == (was ?: id);
	case 3:
		model_set(model, key, id);
		ret = cmap_swap(m, b->key, b->value, b->out, &loaded);
		return !ret && loaded == !!was &&
		       (!was || (test_value_id(m, b->out, key, &out) && out == was));
	case 4:
		if (was && guess == was)
			model_set(model, key, id);
		ret = cmap_compare_and_swap(m, b->key, b->expect, b->value);
		return ret == (!was ? -ENOENT : guess == was ? 0 : -EAGAIN);
	case 5:
		if (guess == was)
			model_set(model, key, 0);
		ret = cmap_compare_and_delete(m, b->key, b->expect);
		return ret == (!was ? -ENOENT : guess == was ? 0 : -EAGAIN);
	case 6:
		model_set(model, key, 0);
		return cmap_delete(m, b->key) == (was ? 0 : -ENOENT);
	default:
		model_set(model, key, 0);
		ret = cmap_load_and_delete(m, b->key, b->out);
		return ret ? !was && ret == -ENOENT :
			     test_value_id(m, b->out, key, &out) && out == was;
	}
}

/* Fails when: a sequence of operations makes the map differ from the model. */
static void random_operations(struct kunit *test)
{
	struct cmap *m = test_map(test, test->param_value, 0);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	u32 i, key;

	KUNIT_ASSERT_NOT_NULL(test, model);
	for (i = 1; i <= test_scaled(6000); i++) {
		KUNIT_ASSERT_TRUE_MSG(test, model_step(m, b, model, 2 * i), "operation %u", i);
		if (!(i % 512))
			cond_resched();
	}
	KUNIT_EXPECT_EQ(test, model->len, cmap_len(m));
	for (key = 0; key < MODEL_KEYS; key++) {
		u64 id = 0;
		int ret = test_load(m, b, key, &id);

		KUNIT_EXPECT_EQ(test, model->id[key] ? 0 : -ENOENT, ret);
		KUNIT_EXPECT_EQ(test, model->id[key], id);
	}
}

/* Fails when: keys or values are mixed up with some combination of sizes. */
static void odd_sizes(struct kunit *test)
{
	static const u16 sizes[][2] = {
		{ 1, 1 }, { 2, 3 }, { 3, 7 }, { 4, 4 }, { 5, 9 }, { 7, 1 }, { 8, 1 }, { 8, 12 },
		{ 8, 4096 }, { 9, 8 }, { 12, 20 }, { 31, 33 }, { 63, 65 }, { 255, 4095 },
		{ 256, 1 },
	};
	const struct test_param *param = test->param_value;
	struct test_bufs *b = test_bufs_alloc(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct test_shape shape = { "odd", sizes[i][0], sizes[i][1] };
		const struct test_param p = { param->design, param->design_name, &shape };
		struct cmap *m = test_map(test, &p, 0);
		u32 key, differ = 0;

		for (key = 0; key < 64; key++)
			KUNIT_ASSERT_EQ(test, 0, test_store(m, b, key, 100 + key));
		for (key = 0; key < 64; key++) {
			u64 id = 0;

			differ += test_load(m, b, key, &id) || id != 100 + key;
		}
		KUNIT_EXPECT_EQ_MSG(test, 0, differ, "key size %u, value size %u",
				    shape.key_size, shape.value_size);
		KUNIT_EXPECT_EQ(test, 64, cmap_len(m));
		test_map_destroy(test, m);
	}
}

/* Fails when: a requested capacity is not allocated at creation. */
static void capacity(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct cmap *small = test_map(test, param, 0), *large = test_map(test, param, 20000);
	struct cmap_memory a = { }, b = { };

	small->ops->memory(small, &a);
	large->ops->memory(large, &b);
	KUNIT_EXPECT_GT(test, b.bytes, a.bytes);
	KUNIT_EXPECT_GE(test, b.buckets, a.buckets);
}

/* Fails when: this yardstick is not what is usually written by hand: a table of fixed size. */
static void hlist_never_resizes(struct kunit *test)
{
	static const struct test_shape u64s = { "u64_u64", 8, 8, 0, 5000 };
	const struct test_param param = { CMAP_DESIGN_hlist, "hlist", &u64s };
	struct cmap *m = test_map(test, &param, 1000);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	struct cmap_memory mem = { };
	u64 id;
	u32 i;

	KUNIT_ASSERT_EQ(test, 0, test_fill(m, b, 0, u64s.keys, 1));
	m->ops->memory(m, &mem);
	KUNIT_EXPECT_EQ(test, 1024, mem.buckets);
	for (i = 0; i < u64s.keys; i++)
		KUNIT_EXPECT_EQ(test, 0, test_load(m, b, i, &id));
	KUNIT_EXPECT_EQ(test, 0, cmap_clear(m));
	m->ops->memory(m, &mem);
	KUNIT_EXPECT_EQ(test, 1024, mem.buckets);
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE_PARAM(load, every_shape_gen_params),
	KUNIT_CASE_PARAM(store, every_shape_gen_params),
	KUNIT_CASE_PARAM(load_or_store, every_shape_gen_params),
	KUNIT_CASE_PARAM(swap_value, every_shape_gen_params),
	KUNIT_CASE_PARAM(compare_and_swap, every_shape_gen_params),
	KUNIT_CASE_PARAM(compare_and_delete, every_shape_gen_params),
	KUNIT_CASE_PARAM(delete_key, every_shape_gen_params),
	KUNIT_CASE_PARAM(load_and_delete, every_shape_gen_params),
	KUNIT_CASE_PARAM(random_operations, every_shape_gen_params),
	KUNIT_CASE_PARAM(odd_sizes, every_design_gen_params),
	KUNIT_CASE_PARAM(capacity, every_design_gen_params),
	KUNIT_CASE(hlist_never_resizes),
	{}
};

static struct kunit_suite ops_suite = {
	.name = "mapstat_ops",
	.test_cases = ops_cases,
};

kunit_test_suites(&ops_suite);

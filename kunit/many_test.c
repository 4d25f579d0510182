// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmap_load_many(): the same results as single loads, for any number of keys, also during
 * concurrent writes.
 */
#include <linux/bitmap.h>
#include <linux/slab.h>
#include "fixture.h"
#include "threads.h"

#define MANY_MAX	200	/* keys; several groups and a part of one */
#define UNTOUCHED	0xa5
#define RUN_MS		40

/**
 * struct many_test - arguments of a call
 * @m: the map
 * @b: for single operations
 * @keys: MANY_MAX keys
 * @number: the number of each key
 * @values: room for as many values
 * @found: the resulting bitmap
 * @n: keys in the call
 */
struct many_test {
	struct cmap *m;
	struct test_bufs *b;
	void *keys;
	u32 number[MANY_MAX];
	void *values;
	DECLARE_BITMAP(found, MANY_MAX);
	unsigned int n;
};

static void *key_at(const struct many_test *t, unsigned int i)
{
	return t->keys + (size_t)i * ALIGN(t->m->shape.key_size, 8);
}

static void *value_at(const struct many_test *t, unsigned int i)
{
	return t->values + (size_t)i * ALIGN(t->m->shape.value_size, 8);
}

static struct many_test *many_alloc(struct kunit *test, struct cmap *m)
{
	struct many_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->m = m;
	t->b = test_bufs_alloc(test, 1);
	t->keys = kunit_kcalloc(test, MANY_MAX, ALIGN(m->shape.key_size, 8), GFP_KERNEL);
	t->values = kunit_kcalloc(test, MANY_MAX, ALIGN(m->shape.value_size, 8), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->keys);
	KUNIT_ASSERT_NOT_NULL(test, t->values);
	return t;
}

static unsigned int many_call(struct many_test *t, u32 below, unsigned int n)
{
	unsigned int i;

	t->n = n;
	for (i = 0; i < n; i++) {
		t->number[i] = test_random_below(t->b, below);
		test_key(t->m, key_at(t, i), t->number[i]);
	}
	memset(t->values, UNTOUCHED, (size_t)MANY_MAX * ALIGN(t->m->shape.value_size, 8));
	memset(t->found, UNTOUCHED, sizeof(t->found));
	return cmap_load_many(t->m, t->keys, t->values, t->found, n);
}

/* The call's results must be those of single loads. */
static void expect_as_single(struct kunit *test, struct many_test *t, unsigned int hits)
{
	const unsigned int size = t->m->shape.value_size;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, hits, bitmap_weight(t->found, t->n));
	for (i = 0; i < t->n; i++) {
		int ret = cmap_load(t->m, key_at(t, i), t->b->out);

		KUNIT_EXPECT_EQ(test, !ret, test_bit(i, t->found));
		if (!ret)
			KUNIT_EXPECT_MEMEQ(test, t->b->out, value_at(t, i), size);
		else
			KUNIT_EXPECT_NULL(test, memchr_inv(value_at(t, i), UNTOUCHED, size));
	}
}

/* All words of the bitmap must be written; those after it, and the next value, must not. */
static void expect_in_bounds(struct kunit *test, const struct many_test *t)
{
	const unsigned int words = BITS_TO_LONGS(t->n);
	const size_t stride = ALIGN(t->m->shape.value_size, 8);
	unsigned int i;

	for (i = t->n; i < words * BITS_PER_LONG && i < MANY_MAX; i++)
		KUNIT_EXPECT_FALSE(test, test_bit(i, t->found));
	KUNIT_EXPECT_NULL(test, memchr_inv(t->found + words, UNTOUCHED,
					   sizeof(t->found) - words * sizeof(long)));
	KUNIT_EXPECT_NULL(test, memchr_inv(value_at(t, t->n), UNTOUCHED,
					   (MANY_MAX - t->n) * stride));
}

/*
 * Fails when: a key gets another one's value or bit, for instance at the boundary of two
 * groups, a value is written for an absent key, or something beyond the last one is written.
 */
static void any_number_of_keys(struct kunit *test)
{
	static const unsigned int numbers[] = { 0, 1, 2, 31, 32, 33, 63, 64, 65, 128, 199 };
	const struct test_param *param = test->param_value;
	struct many_test *t = many_alloc(test, test_map(test, param, 0));
	const u32 keys = min(param->shape->keys, 300u);
	unsigned int i;

	/* The second half of the keys is absent. */
	KUNIT_ASSERT_EQ(test, 0, test_fill(t->m, t->b, 0, keys / 2, 7));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		unsigned int hits = many_call(t, keys, numbers[i]);

		expect_as_single(test, t, hits);
		expect_in_bounds(test, t);
	}
}

/* Fails when: a bulk load of n keys is not counted as n loads. */
static void counts_hits_and_misses(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct many_test *t = many_alloc(test, test_map(test, param, 0));
	u64 hits = cmap_counter_sum(&t->m->stats, CMAP_HITS);
	u64 misses = cmap_counter_sum(&t->m->stats, CMAP_MISSES);
	unsigned int found;

	KUNIT_ASSERT_EQ(test, 0, test_fill(t->m, t->b, 0, 50, 7));
	found = many_call(t, 100, 150);
	KUNIT_EXPECT_GT(test, found, 0u);
	KUNIT_EXPECT_LT(test, found, 150u);
	KUNIT_EXPECT_EQ(test, hits + found, cmap_counter_sum(&t->m->stats, CMAP_HITS));
	KUNIT_EXPECT_EQ(test, misses + 150 - found, cmap_counter_sum(&t->m->stats, CMAP_MISSES));
}

/**
 * struct shared - a map that one thread changes while others load
 * @map: the map
 * @param: its shape
 * @many: the call's arguments, one per reader
 * @stored: for each key that is never deleted: the last id whose store has returned.  Written
 *	with release by the only writer, read with acquire
 * @wrong: impossible results
 * @calls: calls that were checked
 */
struct shared {
	struct cmap *map;
	const struct test_param *param;
	struct many_test *many[TEAM_MAX];
	u32 stored[64];
	atomic_t wrong;
	atomic_t calls;
};

/*
 * Keys 0..63 are replaced by increasing versions; all others are stored and deleted, so that
 * the map grows, shrinks, promotes and collides while it is read.
 */
static int change(struct team *team, struct shared *s)
{
	struct many_test *t = s->many[0];
	const u32 keys = s->param->shape->keys, fixed = min(keys, 64u);
	u32 i, version;

	for (version = 2; !team_stopped(team); version++) {
		for (i = 0; i < fixed; i++) {
			if (test_store(s->map, t->b, i, version))
				return -ENOMEM;
			/* Pairs with the acquire in judge(). */
			smp_store_release(&s->stored[i], version);
		}
		for (i = fixed; i < keys && !team_stopped(team); i++)
			test_store(s->map, t->b, i, version);
		for (i = fixed; i < keys && !team_stopped(team); i++)
			test_delete(s->map, t->b, i);
		cond_resched();
	}
	return 0;
}

static void judge(struct shared *s, struct many_test *t, u32 fixed, const u32 *least)
{
	unsigned int i;
	u64 id;

	for (i = 0; i < t->n; i++) {
		if (!test_bit(i, t->found))
			atomic_add(t->number[i] < fixed, &s->wrong);
		else if (!test_value_id(t->m, value_at(t, i), t->number[i], &id))
			atomic_inc(&s->wrong);
		else if (t->number[i] < fixed && id < least[t->number[i]])
			atomic_inc(&s->wrong);
	}
	atomic_inc(&s->calls);
}

static int load_and_judge(struct team *team, unsigned int id)
{
	struct shared *s = team->arg;
	struct many_test *t = s->many[id];
	const u32 keys = s->param->shape->keys, fixed = min(keys, 64u);
	u32 least[64], i;

	if (!id)
		return change(team, s);
	while (!team_stopped(team)) {
		for (i = 0; i < fixed; i++)	/* pairs with the release in change() */
			least[i] = smp_load_acquire(&s->stored[i]);
		many_call(t, keys, 1 + test_random_below(t->b, MANY_MAX));
		judge(s, t, fixed, least);
		team_pause(id, t->b);
	}
	return 0;
}

static bool all_threads_ran(void *arg)
{
	struct shared *s = arg;

	return atomic_read(&s->calls) && s->stored[0] > 1;
}

/*
 * Fails when: a key that is present all the time is not found, or found with a torn value,
 * another key's value or an old one.
 */
static void equivalent_to_loads(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct team team;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->param = param;
	s->map = test_map(test, param, 0);
	for (i = 0; i < 4; i++)
		s->many[i] = many_alloc(test, s->map);
	for (i = 0; i < min(param->shape->keys, 64u); i++) {
		KUNIT_ASSERT_EQ(test, 0, test_store(s->map, s->many[0]->b, i, 1));
		s->stored[i] = 1;
	}
	KUNIT_ASSERT_EQ(test, 0, team_run_until(&team, 4, load_and_judge, s, test_scaled(RUN_MS),
						all_threads_ran));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s->wrong));
	KUNIT_EXPECT_TRUE(test, all_threads_ran(s));
}

static struct kunit_case many_cases[] = {
	KUNIT_CASE_PARAM(any_number_of_keys, every_shape_gen_params),
	KUNIT_CASE_PARAM(counts_hits_and_misses, every_design_gen_params),
	KUNIT_CASE_PARAM(equivalent_to_loads, few_shapes_gen_params),
	{}
};

static struct kunit_suite many_suite = {
	.name = "mapstat_many",
	.test_cases = many_cases,
};

kunit_test_suites(&many_suite);

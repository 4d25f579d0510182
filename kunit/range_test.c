// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guarantees of <mapstat/cmap.h> about ranges and lifetimes: E and K.
 */
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include "fixture.h"
#include "threads.h"

#define RUN_MS		40

/**
 * struct range_test - what a range returned
 * @map: the map
 * @seen: one bit per key
 * @keys: number of bits
 * @stable: keys below this are never deleted
 * @calls: callbacks so far
 * @twice: keys that were returned twice
 * @wrong: keys that were never stored, or have another key's value
 * @stop_after: number of callbacks after which to end the range; 0: never
 */
struct range_test {
	struct cmap *map;
	unsigned long *seen;
	u32 keys;
	u32 stable;
	u32 calls;
	u32 twice;
	u32 wrong;
	u32 stop_after;
};

static bool range_see(const void *key, const void *value, void *arg)
{
	struct range_test *r = arg;
	u32 i = test_key_number(r->map, key);
	u64 id;

	r->calls++;
	if (i >= r->keys || !test_value_id(r->map, value, i, &id))
		r->wrong++;
	else if (__test_and_set_bit(i, r->seen))
		r->twice++;
	/* More calls than there are keys: the range would not end. */
	return r->calls != r->stop_after && r->calls <= 2 * r->keys;
}

static int range_once(struct range_test *r)
{
	bitmap_zero(r->seen, r->keys);
	r->calls = 0;
	return cmap_range(r->map, range_see, r);
}

/* Store and delete the upper keys, so that the table grows and shrinks all the time. */
static int range_churn(struct team *team, unsigned int id)
{
	struct range_test *r = team->arg;
	struct test_bufs *b = kvzalloc(sizeof(*b), GFP_KERNEL);
	u32 key;

	if (!b)
		return -ENOMEM;
	prandom_seed_state(&b->rnd, id);
	while (!team_stopped(team)) {
		for (key = r->stable + id; key < r->keys && !team_stopped(team); key += 2) {
			test_store(r->map, b, key, key);
			team_pause(id, b);
		}
		for (key = r->stable + id; key < r->keys && !team_stopped(team); key += 2) {
			test_delete(r->map, b, key);
			team_pause(id, b);
		}
	}
	kvfree(b);
	return 0;
}

static void range_init(struct kunit *test, struct range_test *r, u32 max_keys)
{
	const struct test_param *param = test->param_value;
	struct test_bufs *b = test_bufs_alloc(test, 1);

	memset(r, 0, sizeof(*r));
	r->map = test_map(test, param, 0);
	r->keys = min(param->shape->keys, max_keys);
	r->stable = r->keys / 8;
	r->seen = kunit_kcalloc(test, BITS_TO_LONGS(r->keys), sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r->seen);
	KUNIT_ASSERT_EQ(test, 0, test_fill(r->map, b, 0, r->stable, 1));
}

/*
 * Fails when: a range during churn and resizing misses a key that is present all the time,
 * returns one twice, returns one that was never stored, or does not end.
 */
static void guarantee_e_range(struct kunit *test)
{
	unsigned long end = jiffies + msecs_to_jiffies(test_scaled(2 * RUN_MS));
	struct range_test r;
	struct team team;
	u32 missed = 0, ranges = 0;
	int ret = 0;

	range_init(test, &r, 2500);
	KUNIT_ASSERT_EQ(test, 0, team_start(&team, 2, range_churn, &r));
	while (time_before(jiffies, end) && !ret && !missed && !r.twice && !r.wrong) {
		ret = range_once(&r);
		missed = r.stable - bitmap_weight(r.seen, r.stable);
		ranges++;
		usleep_range(100, 200);
	}
	KUNIT_EXPECT_EQ(test, 0, team_stop(&team));
	KUNIT_EXPECT_EQ(test, 0, ret);
	KUNIT_EXPECT_EQ_MSG(test, 0, missed, "of %u stable keys, in range %u", r.stable, ranges);
	KUNIT_EXPECT_EQ(test, 0, r.twice);
	KUNIT_EXPECT_EQ(test, 0, r.wrong);
}

static bool range_count(const void *key, const void *value, void *arg)
{
	struct range_test *r = arg;

	r->calls++;
	return true;
}

static int range_insert(struct team *team, unsigned int id)
{
	struct range_test *r = team->arg;
	struct test_bufs *b = kvzalloc(sizeof(*b), GFP_KERNEL);
	int ret = b ? 0 : -ENOMEM;
	u32 key;

	for (key = r->keys; !ret && key < r->keys + (1 << 20) && !team_stopped(team); key++) {
		ret = test_store(r->map, b, key, key);
		if (key % 16 == 0)
			usleep_range(20, 50);
	}
	kvfree(b);
	return ret ?: team_stopped(team) ? 0 : -E2BIG;
}

/* Fails when: a range follows concurrently inserted entries, and does not end. */
static void guarantee_e_range_ends(struct kunit *test)
{
	struct range_test r;
	struct team team;

	range_init(test, &r, 2500);
	KUNIT_ASSERT_EQ(test, 0, team_start(&team, 1, range_insert, &r));
	KUNIT_EXPECT_EQ(test, 0, cmap_range(r.map, range_count, &r));
	/* -E2BIG: the inserts ended before the range. */
	KUNIT_EXPECT_EQ(test, 0, team_stop(&team));
	KUNIT_EXPECT_GE(test, r.calls, r.stable);
}

static bool range_delete(const void *key, const void *value, void *arg)
{
	struct range_test *r = arg;

	r->calls++;
	might_sleep();
	if (cmap_delete(r->map, key))
		r->wrong++;
	return true;
}

/* Fails when: the callback cannot use the map, or returning false does not end the range. */
static void guarantee_e_callback(struct kunit *test)
{
	struct range_test r;

	range_init(test, &r, 2500);
	r.stop_after = 3;
	KUNIT_EXPECT_EQ(test, 0, range_once(&r));
	KUNIT_EXPECT_EQ(test, 3, r.calls);

	r.calls = 0;
	KUNIT_EXPECT_EQ(test, 0, cmap_range(r.map, range_delete, &r));
	KUNIT_EXPECT_EQ(test, r.stable, r.calls);
	KUNIT_EXPECT_EQ(test, 0, r.wrong);
	KUNIT_EXPECT_EQ(test, 0, cmap_len(r.map));
	KUNIT_EXPECT_EQ(test, 0, range_once(&r));
	KUNIT_EXPECT_EQ(test, 0, r.calls);
}

/* Fails when: the map uses the caller's buffers after a call. */
static void guarantee_k_copies(struct kunit *test)
{
	struct cmap *m = test_map(test, test->param_value, 0);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	u64 id;

	KUNIT_ASSERT_EQ(test, 0, test_store(m, b, 7, 42));
	memset(b->key, 0xff, sizeof(b->key));
	memset(b->value, 0xff, sizeof(b->value));
	KUNIT_ASSERT_EQ(test, 0, test_load(m, b, 7, &id));
	KUNIT_EXPECT_EQ(test, 42, id);
	memset(b->out, 0xff, sizeof(b->out));
	KUNIT_ASSERT_EQ(test, 0, test_load(m, b, 7, &id));
	KUNIT_EXPECT_EQ(test, 42, id);
}

/*
 * Destroy maps right after use, with resizes, promotions and callbacks pending.  Use after free,
 * double free and leaks are detected by KASAN, ODEBUG and kmemleak.
 * Fails when: cmap_destroy() hangs or leaves the name taken, or a map cannot be created again
 * (with the debug kernel also: if one of those tools reports an error).
 */
static void guarantee_k_lifetime(struct kunit *test)
{
	unsigned int round;

	for (round = 0; round < 3; round++) {
		struct range_test r;
		struct team team;
		char name[CMAP_NAME_LEN];
		struct cmap_params p;
		struct cmap *again;

		range_init(test, &r, 1000);
		KUNIT_ASSERT_EQ(test, 0, team_run_ms(&team, 2, range_churn, &r, 10));
		p = r.map->params;
		strscpy(name, r.map->name, sizeof(name));
		p.name = name;
		test_map_destroy(test, r.map);
		again = cmap_create(&p);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, again);
		cmap_destroy(again);
	}
}

static struct kunit_case range_cases[] = {
	KUNIT_CASE_PARAM(guarantee_e_range, every_shape_gen_params),
	KUNIT_CASE_PARAM(guarantee_e_range_ends, every_design_gen_params),
	KUNIT_CASE_PARAM(guarantee_e_callback, every_shape_gen_params),
	KUNIT_CASE_PARAM(guarantee_k_copies, every_shape_gen_params),
	KUNIT_CASE_PARAM(guarantee_k_lifetime, every_shape_gen_params),
	{}
};

static struct kunit_suite range_suite = {
	.name = "mapstat_range",
	.test_cases = range_cases,
};

kunit_test_suites(&range_suite);

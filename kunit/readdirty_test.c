// SPDX-License-Identifier: GPL-2.0-only
/*
 * Specific to "readdirty": its worker keeps up, and is not kicked without need.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include "kmod/designs/readdirty/snapshot.h"
#include "fixture.h"
#include "threads.h"

#define KEYS		5000
#define ROUNDS		5
#define CHURN_MS	1500
#define CHURN_THREADS	4

static struct cmap *readdirty_map(struct kunit *test, u64 capacity)
{
	static const struct test_shape u64s = { "u64_u64", 8, 8, 0, 1 << 30 };
	const struct test_param param = {
		.design = CMAP_DESIGN_readdirty, .design_name = "readdirty", .shape = &u64s,
	};

	return test_map(test, &param, capacity);
}

static u64 buckets_of(struct cmap *m)
{
	struct cmap_memory mem = { };

	m->ops->memory(m, &mem);
	return mem.buckets;
}

struct item {
	struct snap_item snap;
	u64 key;
};

/* Fails when: a table with more entries than it was made for degrades into a few long chains. */
static void table_grows_with_its_entries(struct kunit *test)
{
	struct item *items = kunit_kcalloc(test, KEYS, sizeof(*items), GFP_KERNEL);
	struct cmap *m = readdirty_map(test, 0);
	struct snap_table t;
	u64 i;

	KUNIT_ASSERT_NOT_NULL(test, items);
	KUNIT_ASSERT_EQ(test, 0, snap_init(&t, 0, GFP_KERNEL));
	for (i = 0; i < KEYS; i++) {
		items[i].key = i;
		items[i].snap.hash = hash_u64(&m->hash, i);
		snap_make_room(&t, GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, 0, snap_add(&t, &items[i].snap, GFP_KERNEL));
	}
	KUNIT_EXPECT_GE(test, snap_room(&t), (u64)KEYS);
	KUNIT_EXPECT_LE(test, snap_room(&t), 4ULL * KEYS);
	for (i = 0; i < KEYS; i++)
		KUNIT_ASSERT_PTR_EQ(test, &items[i].snap,
				    snap_find(&t, items[i].snap.hash, &i,
					      offsetof(struct item, key), CMAP_SHAPE_U64_U64));
	snap_free(&t);
}

static int fill_again(struct team *team, unsigned int id)
{
	struct test_bufs *b = kvzalloc(sizeof(*b), GFP_KERNEL);
	struct cmap *m = team->arg;
	int ret;

	if (!b)
		return -ENOMEM;
	ret = test_fill(m, b, 0, KEYS, 2);
	kvfree(b);
	return ret;
}

/*
 * Fails when: tombstones that a store revives while the next read side is being built find no
 * room in it, so that it is published with a few long chains, and keeps them.
 */
static void refill_during_a_clear(struct kunit *test)
{
	struct cmap *m = readdirty_map(test, 0);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		struct team team;

		KUNIT_ASSERT_EQ(test, 0, test_fill(m, b, 0, KEYS, 1));
		test_map_settle(m);
		KUNIT_ASSERT_EQ(test, 0, team_start(&team, 1, fill_again, m));
		KUNIT_ASSERT_EQ(test, 0, cmap_clear(m));
		KUNIT_ASSERT_EQ(test, 0, team_join(&team));
		test_map_settle(m);
		KUNIT_EXPECT_GE_MSG(test, (buckets_of(m) + 1) * SNAP_SLOTS, cmap_len(m) * 3 / 4,
				    "time %u", i);
	}
}

/* Every thread stores keys that were never stored before, and deletes each at once. */
static int churn(struct team *team, unsigned int id)
{
	struct test_bufs *b = kvzalloc(sizeof(*b), GFP_KERNEL);
	struct cmap *m = team->arg;
	int ret = b ? 0 : -ENOMEM;
	u32 key;

	for (key = id; !ret && !team_stopped(team); key += CHURN_THREADS) {
		ret = test_store(m, b, key, 1) ?: test_delete(m, b, key);
		cond_resched();
	}
	kvfree(b);
	return ret;
}

/*
 * Fails when: several concurrent writers outrun the worker: memory grows without bound although
 * only a few keys are live.  (The limit is a few times the 2^16 entries that may accumulate, at
 * 64 bytes each, plus the nodes of the dirty side.)
 */
static void memory_under_churn(struct kunit *test)
{
	struct cmap *m = readdirty_map(test, 0);
	unsigned long end = jiffies + msecs_to_jiffies(test_scaled(CHURN_MS));
	u64 most = 0;
	struct team team;

	KUNIT_ASSERT_EQ(test, 0, team_start(&team, CHURN_THREADS, churn, m));
	while (time_before(jiffies, end)) {
		struct cmap_memory mem = { };

		m->ops->memory(m, &mem);
		most = max(most, mem.bytes);
		usleep_range(1000, 2000);
	}
	KUNIT_EXPECT_EQ(test, 0, team_stop(&team));
	KUNIT_EXPECT_LE(test, most, 64ULL << 20);
	test_map_settle(m);
	KUNIT_EXPECT_EQ(test, 0, cmap_len(m));
}

/* Fails when: a few stores into a map with a large capacity make the worker scan all of it. */
static void few_stores_cause_no_pass(struct kunit *test)
{
	struct cmap *m = readdirty_map(test, 200000);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	u32 i;

	for (i = 0; i < 1000; i++) {
		KUNIT_ASSERT_EQ(test, 0, test_store(m, b, i, 1));
		if (i % 64 == 63)
			test_map_settle(m);
	}
	KUNIT_EXPECT_EQ(test, 0, cmap_counter_sum(&m->stats, CMAP_PROMOTIONS));
	KUNIT_ASSERT_EQ(test, 0, test_fill(m, b, 1000, 50000, 1));
	test_map_settle(m);
	KUNIT_EXPECT_GT(test, cmap_counter_sum(&m->stats, CMAP_PROMOTIONS), 0);
}

/* Fails when: a compare-and-swap that finds no key counts as a miss, and so causes a promotion. */
static void classic_failed_swap_is_no_miss(struct kunit *test)
{
	static const struct test_shape u64s = { "u64_u64", 8, 8, 0, 1 << 30 };
	const struct test_param param = {
		.design = CMAP_DESIGN_readdirty_classic, .design_name = "readdirty_classic",
		.shape = &u64s,
	};
	struct cmap *m = test_map(test, &param, 0);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	u32 i;

	KUNIT_ASSERT_EQ(test, 0, test_fill(m, b, 0, 10, 1));
	for (i = 100; i < 150; i++) {
		test_key(m, b->key, i);
		KUNIT_EXPECT_EQ(test, -ENOENT,
				cmap_compare_and_swap(m, b->key, b->expect, b->value));
	}
	KUNIT_EXPECT_EQ(test, 0, cmap_counter_sum(&m->stats, CMAP_PROMOTIONS));
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, -ENOENT, cmap_compare_and_delete(m, b->key, b->expect));
	KUNIT_EXPECT_EQ(test, 1, cmap_counter_sum(&m->stats, CMAP_PROMOTIONS));
}

static struct kunit_case readdirty_cases[] = {
	KUNIT_CASE(table_grows_with_its_entries),
	KUNIT_CASE(refill_during_a_clear),
	KUNIT_CASE(memory_under_churn),
	KUNIT_CASE(few_stores_cause_no_pass),
	KUNIT_CASE(classic_failed_swap_is_no_miss),
	{}
};

static struct kunit_suite readdirty_suite = {
	.name = "mapstat_readdirty",
	.test_cases = readdirty_cases,
};

kunit_test_suites(&readdirty_suite);

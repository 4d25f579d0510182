// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 8-slot bucket table alone: one thread, and a worker that runs only when called.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "kmod/designs/table/table.h"

/**
 * struct table_test - a table with the parts of a map that it needs
 * @map: never registered; its work does nothing
 * @t: the table
 * @locked: the worker's lock is held
 */
struct table_test {
	struct cmap map;
	struct table t;
	bool locked;
};

static void test_lock(struct table *t)
{
	struct table_test *tt = container_of(t, struct table_test, t);

	WARN_ON(tt->locked);
	tt->locked = true;
}

static void test_unlock(struct table *t)
{
	struct table_test *tt = container_of(t, struct table_test, t);

	WARN_ON(!tt->locked);
	tt->locked = false;
}

static void no_work(struct work_struct *work)
{
}

static int table_test_init(struct kunit *test)
{
	struct table_test *tt = kvzalloc(sizeof(*tt), GFP_KERNEL);

	test->priv = tt;
	if (!tt)
		return -ENOMEM;
	tt->map.stats.pcpu = alloc_percpu(struct cmap_pcpu);
	if (!tt->map.stats.pcpu)
		return -ENOMEM;
	INIT_WORK(&tt->map.work, no_work);
	mapstat_pauses_init(&tt->map.pauses, NULL);
	return 0;
}

static void table_test_exit(struct kunit *test)
{
	struct table_test *tt = test->priv;

	if (!tt)
		return;
	if (tt->map.work.func)
		cancel_work_sync(&tt->map.work);
	table_exit(&tt->t);
	free_percpu(tt->map.stats.pcpu);
	kvfree(tt);
}

static struct table_test *make(struct kunit *test, unsigned int key_size, unsigned int value_size,
			       bool collide, u64 capacity)
{
	struct table_test *tt = test->priv;

	tt->map.shape.key_size = key_size;
	tt->map.shape.value_size = value_size;
	tt->map.shape.u64_key = key_size == 8;
	hash_key_init(&tt->map.hash, collide);
	tt->t.lock = test_lock;
	tt->t.unlock = test_unlock;
	KUNIT_ASSERT_EQ(test, 0, table_init(&tt->t, &tt->map, capacity));
	return tt;
}

/* For keys and values of up to 128 bytes. */
static int update(struct table_test *tt, enum cmap_update_op op, u64 key, u64 value)
{
	const struct cmap_shape shape = tt->map.shape;
	u64 k[16] = { [0] = key }, v[16] = { [0] = value, [15] = ~value };
	const struct cmap_update u = { .op = op, .key = k, .value = v, .expect = v };
	enum cmap_action act;
	int ret;

	local_bh_disable();
	ret = table_update(&tt->t, &u, cmap_hash(&tt->map, k, shape), shape, &act);
	update_count(&tt->map, act);
	local_bh_enable();
	return ret;
}

static int store(struct table_test *tt, u64 key, u64 value)
{
	return update(tt, CMAP_STORE, key, value);
}

static int delete(struct table_test *tt, u64 key)
{
	return update(tt, CMAP_DELETE, key, 0);
}

/* Value of a key, U64_MAX if it is absent. */
static u64 get(struct table_test *tt, u64 key)
{
	const struct cmap_shape shape = tt->map.shape;
	u64 k[16] = { [0] = key }, v[16];

	return table_load(&tt->t, cmap_hash(&tt->map, k, shape), k, v, shape) ? U64_MAX : v[0];
}

static void expect_keys(struct kunit *test, struct table_test *tt, u64 from, u64 to, u64 plus)
{
	u64 key;

	for (key = from; key < to; key++)
		KUNIT_ASSERT_EQ_MSG(test, key + plus, get(tt, key), "key %llu", key);
}

/* Run the worker, like the map's own work item if it was kicked. */
static void work(struct table_test *tt)
{
	table_work(&tt->t);
}

static u64 memory(struct table_test *tt)
{
	struct cmap_memory mem = { };

	table_memory(&tt->t, &mem);
	return mem.bytes;
}

/* Fails when: a full bucket loses or mixes up entries, or keeps unneeded overflow buckets. */
static void overflow_chains(struct kunit *test)
{
	struct table_test *tt = make(test, 8, 8, true, 64);
	u64 before = memory(tt), key;

	for (key = 0; key < 20; key++)
		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key));
	/* 8 in the bucket, and 3 in each overflow bucket of one cache line. */
	KUNIT_EXPECT_EQ(test, 4, cmap_counter_sum(&tt->map.stats, CMAP_OVERFLOWS));
	KUNIT_EXPECT_EQ(test, before + 4 * 64, memory(tt));
	expect_keys(test, tt, 0, 20, 0);
	KUNIT_EXPECT_EQ(test, U64_MAX, get(tt, 20));
	/* A free slot in the chain is used before a bucket is added. */
	KUNIT_EXPECT_EQ(test, 0, delete(tt, 3));
	KUNIT_EXPECT_EQ(test, U64_MAX, get(tt, 3));
	KUNIT_EXPECT_EQ(test, 0, store(tt, 3, 3));
	expect_keys(test, tt, 0, 20, 0);
	for (key = 0; key < 20; key++)
		KUNIT_ASSERT_EQ(test, 0, delete(tt, key));
	KUNIT_EXPECT_EQ(test, before, memory(tt));
}

/* Fails when: entries too large for a slot are copied wrongly, leaked, or not accounted for. */
static void entries_out_of_line(struct kunit *test)
{
	struct table_test *tt = make(test, 16, 128, false, 64);
	u64 before = memory(tt), key;

	KUNIT_ASSERT_FALSE(test, table_is_inline(tt->map.shape));
	for (key = 0; key < 50; key++)
		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key));
	expect_keys(test, tt, 0, 50, 0);
	for (key = 0; key < 50; key++)
		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key + 9));
	expect_keys(test, tt, 0, 50, 9);
	KUNIT_EXPECT_GE(test, memory(tt), before + 50 * 144);
	for (key = 0; key < 50; key++)
		KUNIT_ASSERT_EQ(test, 0, delete(tt, key));
	KUNIT_EXPECT_EQ(test, before, memory(tt));
}

/* Insert until a resize is requested. Return: the next key. */
static u64 begin_growth(struct kunit *test, struct table_test *tt, u64 key)
{
	for (; !tt->t.kicked; key++)
		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key));
	return key;
}

/*
 * Fails when: a write moves more buckets than it may, an entry is not found during a resize, or
 * the resize does not end before the next one is due.
 */
static void growth_is_incremental(struct kunit *test)
{
	struct table_test *tt = make(test, 8, 8, false, 500);
	const u64 buckets = 1ULL << tt->t.cur.bits;
	u64 key = begin_growth(test, tt, 0), writes = 0, moved = 0;
	u64 bytes = 2 * buckets * table_bucket_size(tt->map.shape);
	void *array;

	KUNIT_EXPECT_EQ(test, TABLE_GROW * buckets + 1, key);
	/* What the worker does until it would move buckets itself. */
	array = kvzalloc(bytes, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, array);
	tt->t.old = tt->t.cur;
	tt->t.evacuated = 0;
	tt->t.cur.buckets = array;
	tt->t.cur.bits++;
	tt->t.bytes += bytes;
	while (tt->t.old.buckets) {
		u64 was = cmap_counter_sum(&tt->map.stats, CMAP_MOVED_BUCKETS);

		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key));
		key++;
		writes++;
		was = cmap_counter_sum(&tt->map.stats, CMAP_MOVED_BUCKETS) - was;
		KUNIT_ASSERT_LE(test, was, TABLE_WRITE_BUCKETS);
		moved += was;
		expect_keys(test, tt, key - min(key, 50ULL), key, 0);
		KUNIT_ASSERT_LE(test, writes, TABLE_GROW * buckets);
	}
	KUNIT_EXPECT_EQ(test, buckets, moved);
	expect_keys(test, tt, 0, key, 0);
	KUNIT_EXPECT_EQ(test, key, tt->t.entries);
	KUNIT_EXPECT_NOT_NULL(test, tt->t.retired);
	work(tt);
	KUNIT_EXPECT_NULL(test, tt->t.retired);
	KUNIT_EXPECT_EQ(test, tt->t.bytes, memory(tt));
	expect_keys(test, tt, 0, key, 0);
}

/*
 * Fails when: the worker loses entries, or leaves the table too small or at the wrong size; or
 * a resize requested in time more than doubles the table.
 */
static void worker_grows_and_shrinks(struct kunit *test)
{
	struct table_test *tt = make(test, 8, 8, false, 0);
	u64 empty = memory(tt), key;

	for (key = 0; key < 5000; key++) {
		const unsigned int bits = tt->t.cur.bits;

		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key));
		if (!(key % 100))
			work(tt);
		if (bits >= 6)
			KUNIT_ASSERT_LE(test, tt->t.cur.bits, bits + 1);
	}
	work(tt);
	KUNIT_EXPECT_LE(test, tt->t.entries, (u64)TABLE_GROW << tt->t.cur.bits);
	KUNIT_EXPECT_GT(test, tt->t.cur.bits, 8);
	KUNIT_EXPECT_NULL(test, tt->t.old.buckets);
	expect_keys(test, tt, 0, 5000, 0);
	for (key = 0; key < 5000; key++) {
		KUNIT_ASSERT_EQ(test, 0, delete(tt, key));
		if (!(key % 100))
			work(tt);
		if (key == 4000)
			expect_keys(test, tt, 4001, 5000, 0);
	}
	work(tt);
	KUNIT_EXPECT_EQ(test, 0, tt->t.cur.bits);
	KUNIT_EXPECT_EQ(test, empty, memory(tt));
}

/* Fails when: storing and deleting one key at a threshold resizes the table each time. */
static void resizing_has_hysteresis(struct kunit *test)
{
	struct table_test *tt = make(test, 8, 8, false, 0);
	u64 key = 0, resizes;
	int i;

	/* Grow to the threshold, then go back and forth across it. */
	while (tt->t.cur.bits < 5) {
		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key));
		work(tt);
		key++;
	}
	resizes = cmap_counter_sum(&tt->map.stats, CMAP_RESIZES);
	for (i = 0; i < 100; i++) {
		KUNIT_ASSERT_EQ(test, 0, delete(tt, key - 1));
		work(tt);
		KUNIT_ASSERT_EQ(test, 0, store(tt, key - 1, key - 1));
		work(tt);
	}
	KUNIT_EXPECT_EQ(test, resizes, cmap_counter_sum(&tt->map.stats, CMAP_RESIZES));
	/* Delete until it shrinks, then go back and forth across that threshold. */
	while (tt->t.cur.bits >= 5 && key) {
		KUNIT_ASSERT_EQ(test, 0, delete(tt, --key));
		work(tt);
	}
	resizes = cmap_counter_sum(&tt->map.stats, CMAP_RESIZES);
	for (i = 0; i < 100; i++) {
		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key));
		work(tt);
		KUNIT_ASSERT_EQ(test, 0, delete(tt, key));
		work(tt);
	}
	KUNIT_EXPECT_EQ(test, resizes, cmap_counter_sum(&tt->map.stats, CMAP_RESIZES));
}

/* Fails when: a table with a capacity resizes before it is reached, or shrinks below it. */
static void capacity_is_kept(struct kunit *test)
{
	struct table_test *tt = make(test, 8, 8, false, 3000);
	unsigned int bits = tt->t.cur.bits;
	u64 key;

	for (key = 0; key < 3000; key++)
		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key));
	for (key = 0; key < 3000; key++)
		KUNIT_ASSERT_EQ(test, 0, delete(tt, key));
	work(tt);
	KUNIT_EXPECT_EQ(test, bits, tt->t.cur.bits);
	KUNIT_EXPECT_EQ(test, 0, cmap_counter_sum(&tt->map.stats, CMAP_RESIZES));
}

#define COLLECT_KEYS	3000

/**
 * struct collected - what a walk of the table returned
 * @seen: how often each key was returned
 * @page: the entries of one step
 */
struct collected {
	u8 seen[COLLECT_KEYS];
	struct cmap_page page;
};

/* Walk to the end, calling a function between the steps that may resize the table. */
static void collect_all(struct kunit *test, struct table_test *tt, struct collected *c,
			void (*between)(struct table_test *tt, unsigned int step))
{
	u64 cursor = 0, before;
	unsigned int i, step = 0;

	while (!(cursor >> TABLE_BITS_MAX)) {
		before = cursor;
		c->page.count = 0;
		table_collect(&tt->t, &cursor, &c->page);
		if (c->page.count > c->page.room) {
			KUNIT_ASSERT_EQ(test, before, cursor);
			KUNIT_FAIL_AND_ABORT(test, "%u entries in one step", c->page.count);
		}
		KUNIT_ASSERT_GT(test, cursor, before);
		for (i = 0; i < c->page.count; i++) {
			u64 *entry = c->page.data + i * cmap_page_stride(&tt->map);
			u64 at = hash_bucket(hash_u64(&tt->map.hash, entry[0]), TABLE_BITS_MAX);

			KUNIT_ASSERT_LT(test, entry[0], COLLECT_KEYS);
			KUNIT_ASSERT_EQ(test, entry[0], entry[1]);
			KUNIT_ASSERT_TRUE(test, at >= before && at < cursor);
			c->seen[entry[0]]++;
		}
		if (between)
			between(tt, step);
		step++;
	}
}

/* Grow or shrink the table during the walk, with keys that need not be returned. */
static void resize_between_steps(struct table_test *tt, unsigned int step)
{
	u64 key;

	if (step % 8)
		return;
	for (key = COLLECT_KEYS / 10; key < COLLECT_KEYS; key++) {
		if (step & 8)
			delete(tt, key);
		else
			store(tt, key, key);
	}
	work(tt);
}

/* Fails when: a walk is not in hash order, misses an entry, or returns one twice. */
static void collect_in_hash_order(struct kunit *test)
{
	struct table_test *tt = make(test, 8, 8, false, 0);
	struct collected *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	unsigned int pass;
	u64 key;

	KUNIT_ASSERT_NOT_NULL(test, c);
	/* If the table has its minimum size, one step returns many entries. */
	c->page.room = 2 * COLLECT_KEYS;
	c->page.data = kunit_kcalloc(test, c->page.room, 16, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c->page.data);
	for (key = 0; key < COLLECT_KEYS; key++)
		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key));
	for (pass = 0; pass < 4; pass++) {
		memset(c->seen, 0, sizeof(c->seen));
		/* Pass 0: all in one bucket. 1: no change. 2, 3: resized between steps. */
		collect_all(test, tt, c, pass < 2 ? NULL : resize_between_steps);
		for (key = 0; key < COLLECT_KEYS; key++) {
			bool stable = pass < 2 || key < COLLECT_KEYS / 10;

			KUNIT_ASSERT_LE_MSG(test, c->seen[key], 1, "pass %u", pass);
			if (stable)
				KUNIT_ASSERT_EQ_MSG(test, c->seen[key], 1, "pass %u", pass);
		}
		work(tt);
	}
}

/* Fails when: a page that is too small moves the cursor, or does not return the size needed. */
static void collect_without_room(struct kunit *test)
{
	struct table_test *tt = make(test, 8, 8, true, 0);
	u64 entry[4], cursor = 0, key;
	struct cmap_page page = { .room = 2, .data = entry };

	for (key = 0; key < 40; key++)
		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key));
	table_collect(&tt->t, &cursor, &page);
	KUNIT_EXPECT_EQ(test, 0, cursor);
	KUNIT_EXPECT_EQ(test, 40, page.count);
}

/* Fails when: clearing leaves entries or memory, also during a resize. */
static void clear_empties_both_arrays(struct kunit *test)
{
	struct table_test *tt = make(test, 16, 128, false, 0);
	u64 key, cursor = 0, empty = memory(tt);

	for (key = 0; key < 1000; key++) {
		KUNIT_ASSERT_EQ(test, 0, store(tt, key, key));
		if (key == 500)
			work(tt);
	}
	while (!(cursor >> TABLE_BITS_MAX))
		table_clear_step(&tt->t, &cursor);
	KUNIT_EXPECT_EQ(test, 0, tt->t.entries);
	for (key = 0; key < 1000; key++)
		KUNIT_ASSERT_EQ(test, U64_MAX, get(tt, key));
	work(tt);
	KUNIT_EXPECT_EQ(test, empty, memory(tt));
}

static struct kunit_case table_cases[] = {
	KUNIT_CASE(overflow_chains),
	KUNIT_CASE(entries_out_of_line),
	KUNIT_CASE(growth_is_incremental),
	KUNIT_CASE(worker_grows_and_shrinks),
	KUNIT_CASE(resizing_has_hysteresis),
	KUNIT_CASE(capacity_is_kept),
	KUNIT_CASE(collect_in_hash_order),
	KUNIT_CASE(collect_without_room),
	KUNIT_CASE(clear_empties_both_arrays),
	{}
};

static struct kunit_suite table_suite = {
	.name = "mapstat_table",
	.init = table_test_init,
	.exit = table_test_exit,
	.test_cases = table_cases,
};

kunit_test_suites(&table_suite);

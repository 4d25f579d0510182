// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guarantees of <mapstat/cmap.h> about cost and memory: D, H, I and J.
 */
#include <linux/fault-inject.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include "fixture.h"

/*
 * The most that one operation may do, in any design: far fewer than the entries and buckets
 * of the maps here, far more than the designs document.
 */
#define OP_BUCKETS_MAX	16
#define OP_COPIES_MAX	128
#define OP_ALLOCS_MAX	8

/**
 * struct failing - operations whose allocations fail
 * @map: under test
 * @b: the test's buffers
 * @injected: allocations made to fail
 * @refused: operations that returned -ENOMEM
 */
struct failing {
	struct cmap *map;
	struct test_bufs *b;
	unsigned int injected;
	unsigned int refused;
};

#ifdef CONFIG_FAULT_INJECTION
/*
 * Run an operation with the n-th non-sleeping allocation of this task failing.
 * Return: what the operation returned; *hit: whether there was such an allocation.
 */
static int call_failing(struct failing *f, enum cmap_update_op op, unsigned int n, bool *hit)
{
	int ret;

	WRITE_ONCE(current->fail_nth, n);	/* read by should_fail_ex() in this task */
	ret = test_update(f->map, f->b, op);
	*hit = !READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
	f->injected += *hit;
	f->refused += ret == -ENOMEM;
	return ret;
}
#else
static int call_failing(struct failing *f, enum cmap_update_op op, unsigned int n, bool *hit)
{
	*hit = false;
	return test_update(f->map, f->b, op);
}
#endif

/* Id of the key's value, 0 if it is absent. */
static u64 id_of(struct kunit *test, struct failing *f, u32 key)
{
	u64 id = 0;
	int ret = test_load(f->map, f->b, key, &id);

	KUNIT_EXPECT_TRUE_MSG(test, !ret || ret == -ENOENT, "load: %d", ret);
	return ret ? 0 : id;
}

/*
 * Try a write with each of its allocations failing in turn, until it makes no more.  It either
 * returns -ENOMEM and changes nothing, or succeeds.  Return: false if it makes more allocations
 * than were tried.
 */
static bool fail_in_turn(struct kunit *test, struct failing *f, enum cmap_update_op op, u32 key,
			 u64 after)
{
	unsigned int n;
	bool hit = true;

	for (n = 1; hit && n <= 2 * OP_ALLOCS_MAX; n++) {
		u64 before = id_of(test, f, key), len = cmap_len(f->map);
		int ret;

		test_value(f->map, f->b->value, key, after);
		test_value(f->map, f->b->expect, key, before);
		ret = call_failing(f, op, n, &hit);
		KUNIT_ASSERT_TRUE_MSG(test, !ret || (hit && ret == -ENOMEM && after),
				      "operation %d, allocation %u failing: %d", op, n, ret);
		KUNIT_ASSERT_EQ(test, ret ? before : after, id_of(test, f, key));
		KUNIT_ASSERT_EQ(test, ret ? len : len - !!before + !!after, cmap_len(f->map));
		if (ret || !hit)
			continue;
		/* It succeeded despite the failure: restore the state for the next one. */
		if (before)
			test_store(f->map, f->b, key, before);
		else
			test_delete(f->map, f->b, key);
		test_key(f->map, f->b->key, key);
	}
	return !hit;
}

/* Retry: a debugging kernel occasionally refills a pool of its own within an operation. */
static void fail_each(struct kunit *test, struct failing *f, enum cmap_update_op op, u32 key,
		      u64 after)
{
	unsigned int tries = 5;
	bool ended;

	do
		ended = fail_in_turn(test, f, op, key, after);
	while (!ended && --tries);
	KUNIT_ASSERT_TRUE_MSG(test, ended, "operation %d makes more than %u allocations", op,
			      2 * OP_ALLOCS_MAX);
}

/*
 * Fails when: a write that returned -ENOMEM changed something or lost another entry, or a
 * deletion or load failed for lack of memory.
 */
static void guarantee_d_no_memory(struct kunit *test)
{
	static const enum cmap_update_op inserts[] = { CMAP_STORE, CMAP_LOAD_OR_STORE, CMAP_SWAP };
	static const enum cmap_update_op replaces[] = {
		CMAP_STORE, CMAP_SWAP, CMAP_COMPARE_AND_SWAP,
	};
	static const enum cmap_update_op removes[] = {
		CMAP_DELETE, CMAP_LOAD_AND_DELETE, CMAP_COMPARE_AND_DELETE,
	};
	const struct test_param *param = test->param_value;
	u32 key, keys = min(param->shape->keys, 400u);
	struct failing f = { };

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "without CONFIG_FAILSLAB no allocation fails");
	f.map = test_map(test, param, 0);
	f.b = test_bufs_alloc(test, 1);
	for (key = 0; key < keys; key++)
		fail_each(test, &f, inserts[key % 3], key, 1 + key);
	for (key = 0; key < keys; key++)
		KUNIT_ASSERT_EQ(test, 1 + key, id_of(test, &f, key));
	for (key = 0; key < keys; key++)
		fail_each(test, &f, replaces[key % 3], key, 1000 + key);
	for (key = 0; key < keys; key += 2)
		fail_each(test, &f, removes[key % 3], key, 0);
	for (key = 0; key < keys; key++)
		KUNIT_ASSERT_EQ(test, key % 2 ? 1000 + key : 0, id_of(test, &f, key));
	kunit_info(test, "%u allocations failed, %u operations returned -ENOMEM", f.injected,
		   f.refused);
}

/**
 * struct op_cost - the maximum over single operations
 * @count: for each counter
 */
struct op_cost {
	unsigned long count[CMAP_NR_COUNTERS];
};

/*
 * Run an operation and record what it counted.  Preemption is off, so the map's worker cannot
 * count on this CPU concurrently.
 */
static int costed(struct cmap *m, struct test_bufs *b, u32 key, bool delete, struct op_cost *most)
{
	struct cmap_pcpu before, *here;
	int i, ret;

	test_key(m, b->key, key);
	test_value(m, b->value, key, 1);
	preempt_disable();
	here = this_cpu_ptr(m->stats.pcpu);
	before = *here;
	ret = delete ? cmap_delete(m, b->key) : cmap_store(m, b->key, b->value);
	for (i = 0; i < CMAP_NR_COUNTERS; i++)
		most->count[i] = max(most->count[i], here->count[i] - before.count[i]);
	preempt_enable();
	cond_resched();
	return ret;
}

static void expect_bounded(struct kunit *test, const struct op_cost *most)
{
	KUNIT_EXPECT_LE(test, most->count[CMAP_MOVED_BUCKETS], OP_BUCKETS_MAX);
	KUNIT_EXPECT_LE(test, most->count[CMAP_COPIED], OP_COPIES_MAX);
	KUNIT_EXPECT_LE(test, most->count[CMAP_ALLOCS], OP_ALLOCS_MAX);
}

/*
 * Move all keys to the read side of a read/dirty map: enough loads that miss the read side
 * trigger a promotion.
 */
static void promote(struct cmap *m, struct test_bufs *b, u32 keys)
{
	u32 key;
	u64 id;

	for (key = 0; key < 2 * keys; key++)
		test_load(m, b, key % keys, &id);
	test_map_settle(m);
}

/*
 * Fails when: a single write moves or copies more than a few buckets or entries, regardless of
 * the map's size.
 */
static void guarantee_h_bounded_work(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct test_bufs *b = test_bufs_alloc(test, 1);
	u32 key, keys = min(param->shape->keys, 8000u);
	struct op_cost most = { };
	struct cmap *m;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "an operation may sleep on a lock, so the CPU cannot be kept");
	if (param->design == CMAP_DESIGN_readdirty_classic)
		kunit_skip(test, "exempt by design: see guarantee_h_classic_copies_all");
	m = test_map(test, param, 0);
	for (key = 0; key < keys; key++) {
		KUNIT_ASSERT_EQ(test, 0, costed(m, b, key, false, &most));
		if (key == keys / 2)
			promote(m, b, key);
	}
	for (key = 0; key < keys; key++)
		KUNIT_ASSERT_EQ(test, 0, costed(m, b, key, true, &most));
	expect_bounded(test, &most);
	KUNIT_EXPECT_GT(test, cmap_counter_sum(&m->stats, CMAP_INSERTS), 0);
}

/* Fails when: the published algorithm's O(n) copy does not happen, or is not counted. */
static void guarantee_h_classic_copies_all(struct kunit *test)
{
	static const struct test_shape shape = { "u64_u64", 8, 8, 0, 2000 };
	static const struct test_param classic = {
		CMAP_DESIGN_readdirty_classic, "readdirty_classic", &shape,
	};
	struct test_bufs *b = test_bufs_alloc(test, 1);
	struct op_cost most = { };
	struct cmap *m;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "an operation may sleep on a lock, so the CPU cannot be kept");
	m = test_map(test, &classic, 0);
	KUNIT_ASSERT_EQ(test, 0, test_fill(m, b, 0, shape.keys, 1));
	promote(m, b, shape.keys);
	KUNIT_ASSERT_GT(test, cmap_counter_sum(&m->stats, CMAP_PROMOTIONS), 0);
	KUNIT_ASSERT_EQ(test, 0, costed(m, b, shape.keys, false, &most));
	KUNIT_EXPECT_GE(test, most.count[CMAP_COPIED], shape.keys / 10 * 9);
	/* Only the first new key after a promotion copies. */
	most.count[CMAP_COPIED] = 0;
	KUNIT_ASSERT_EQ(test, 0, costed(m, b, shape.keys + 1, false, &most));
	KUNIT_EXPECT_LE(test, most.count[CMAP_COPIED], OP_COPIES_MAX);
}

#define ORDER_KEYS	200

/**
 * struct order - the order in which cmap_range() returned the keys
 * @map: the map
 * @n: number of keys
 * @key: the keys
 */
struct order {
	struct cmap *map;
	unsigned int n;
	u32 key[ORDER_KEYS];
};

static bool order_note(const void *key, const void *value, void *arg)
{
	struct order *o = arg;

	if (o->n < ORDER_KEYS)
		o->key[o->n] = test_key_number(o->map, key);
	return ++o->n <= ORDER_KEYS;
}

/* Fails when: two maps use one hash key, so that one map's chains reveal all other maps'. */
static void guarantee_i_keyed(struct kunit *test)
{
	struct test_bufs *b = test_bufs_alloc(test, 1);
	struct order *o = kunit_kcalloc(test, 2, sizeof(*o), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, o);
	for (i = 0; i < 2; i++) {
		o[i].map = test_map(test, test->param_value, ORDER_KEYS);
		KUNIT_ASSERT_EQ(test, 0, test_fill(o[i].map, b, 0, ORDER_KEYS, 1));
		KUNIT_ASSERT_EQ(test, 0, cmap_range(o[i].map, order_note, &o[i]));
		KUNIT_ASSERT_EQ(test, ORDER_KEYS, o[i].n);
	}
	KUNIT_EXPECT_NE(test, 0, memcmp(o[0].key, o[1].key, sizeof(o[0].key)));
	KUNIT_EXPECT_NE(test, 0, memcmp(&o[0].map->hash, &o[1].map->hash,
					sizeof(o[0].map->hash)));
}

/* Fails when: keys with the same hash are confused with one another, or lost. */
static void guarantee_i_collisions(struct kunit *test)
{
	static const struct test_shape words = { "collide", 8, 8, CMAP_COLLIDE, 300 };
	static const struct test_shape bytes = { "collide", 24, 40, CMAP_COLLIDE, 300 };
	const struct test_param *param = test->param_value;
	struct test_param p = { param->design, param->design_name };
	struct test_bufs *b = test_bufs_alloc(test, 1);
	int i;

	if (param->design == CMAP_DESIGN_rhashtable)
		kunit_skip(test, "rhashtable refuses chains of more than 16 entries (-EBUSY)");
	for (i = 0; i < 2; i++) {
		u32 key, keys = words.keys;
		struct cmap *m;
		u64 id = 0;

		p.shape = i ? &words : &bytes;
		m = test_map(test, &p, 0);
		for (key = 0; key < keys; key++)
			KUNIT_ASSERT_EQ(test, 0, test_store(m, b, key, key));
		for (key = 0; key < keys; key += 3)
			KUNIT_ASSERT_EQ(test, 0, test_delete(m, b, key));
		for (key = 0; key < keys; key++) {
			KUNIT_ASSERT_EQ(test, key % 3 ? 0 : -ENOENT, test_load(m, b, key, &id));
			KUNIT_ASSERT_EQ(test, key % 3 ? key : id, id);
		}
		KUNIT_EXPECT_EQ(test, keys / 3 * 2, cmap_len(m));
	}
}

static u64 bytes_of(struct cmap *m)
{
	struct cmap_memory mem = { };

	test_map_settle(m);
	m->ops->memory(m, &mem);
	return mem.bytes;
}

/* Fails when: deleted entries are not freed, or an emptied map stays large. */
static void guarantee_j_memory(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct cmap *m = test_map(test, param, 0);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	u32 at, live = min(param->shape->keys / 4, 250u);
	/* Always new keys, unless a key is only a byte. */
	u32 wrap = param->shape->key_size == 1 ? param->shape->keys : U32_MAX;
	u64 empty = bytes_of(m), full, bytes;

	KUNIT_ASSERT_EQ(test, 0, test_fill(m, b, 0, live, 1));
	full = bytes_of(m);
	KUNIT_EXPECT_GE(test, full, (u64)live * (m->shape.key_size + m->shape.value_size));
	for (at = live; at < 11 * live; at++) {
		KUNIT_ASSERT_EQ(test, 0, test_store(m, b, at % wrap, 1));
		KUNIT_ASSERT_EQ(test, 0, test_delete(m, b, (at - live) % wrap));
		if (at % (5 * live))
			continue;
		bytes = bytes_of(m);
		KUNIT_ASSERT_LE_MSG(test, bytes, 4 * full, "with %u entries, after %u", live, at);
	}
	for (at = 10 * live; at < 11 * live; at++)
		KUNIT_ASSERT_EQ(test, 0, test_delete(m, b, at % wrap));
	/* Reclaim may need the steps of later writes. */
	for (at = 0; at < 64; at++) {
		KUNIT_ASSERT_EQ(test, 0, test_store(m, b, 0, 1));
		KUNIT_ASSERT_EQ(test, 0, test_delete(m, b, 0));
		if (at % 32 == 31)
			test_map_settle(m);
	}
	bytes = bytes_of(m);
	KUNIT_EXPECT_LE_MSG(test, bytes, empty + (full - empty) / 4,
			    "new %llu, with %u entries %llu, emptied %llu", empty, live, full,
			    bytes);
}

static struct kunit_case bounds_cases[] = {
	KUNIT_CASE_PARAM(guarantee_d_no_memory, every_shape_gen_params),
	KUNIT_CASE_PARAM(guarantee_h_bounded_work, every_design_gen_params),
	KUNIT_CASE(guarantee_h_classic_copies_all),
	KUNIT_CASE_PARAM(guarantee_i_keyed, every_design_gen_params),
	KUNIT_CASE_PARAM(guarantee_i_collisions, every_design_gen_params),
	KUNIT_CASE_PARAM(guarantee_j_memory, few_shapes_gen_params),
	{}
};

static struct kunit_suite bounds_suite = {
	.name = "mapstat_bounds",
	.test_cases = bounds_cases,
};

kunit_test_suites(&bounds_suite);

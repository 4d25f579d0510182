// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guarantee A: histories of concurrent operations, checked key by key.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include "kmod/cmap/front.h"
#include "fixture.h"
#include "linearize.h"
#include "threads.h"

#define HISTORY_KEYS	3	/* few, so that operations conflict */
/*
 * Operations per thread and round.  Odd threads sleep often (team_pause()), so they get fewer,
 * to finish at about the same time; together they still fit LIN_OPS.
 */
#define HISTORY_OPS	400
#define HISTORY_OPS_ODD	100
#define HISTORY_MS	60
#define FRONT_HITS	50	/* hits of a front before it is disabled; of hundreds of loads */
#define CHURN_KEYS	250	/* enough to make a table grow, be promoted, and shrink again */

/**
 * struct history - one round of operations
 * @map: under test
 * @bufs: one per thread, one for the churn
 * @clock: provides the timestamps.  Its fully ordered increments give all threads one order.
 *	They also order the operations' own accesses, so this test finds wrong algorithms, not
 *	missing barriers; B's tests run without them
 * @busy: threads that still run, to end the churn; no ordering
 * @n: operations per thread and key
 * @log: these operations: written by the thread
 * @last: the value that each thread saw last, so that some compare_and_* succeed
 * @initial: each key's value at the start
 * @round: rounds so far; makes the ids of a round's values differ from those of the last one
 * @overlapped: operations during which another one was called or returned
 * @total: all operations so far
 * @switch_front: enable and disable a front concurrently; constant
 * @front_hits: loads that it served; written by the switching thread during a round
 */
struct history {
	struct cmap *map;
	struct test_bufs *bufs;
	atomic64_t clock;
	atomic_t busy;
	unsigned int n[LIN_THREADS][HISTORY_KEYS];
	struct lin_op log[LIN_THREADS][HISTORY_KEYS][HISTORY_OPS];
	u32 last[LIN_THREADS][HISTORY_KEYS];
	u32 initial[HISTORY_KEYS];
	u32 round;
	u64 overlapped;
	u64 total;
	bool switch_front;
	u64 front_hits;
};

/* A value's id; for a torn value, or another key's, an id that no thread stored. */
static u32 history_out(struct history *h, struct test_bufs *b, u32 key)
{
	u64 id;

	return test_value_id(h->map, b->out, key, &id) ? id : U32_MAX;
}

static void history_call(struct history *h, struct test_bufs *b, struct lin_op *op, u32 key)
{
	struct cmap *m = h->map;
	bool loaded = true;
	int ret = -EINVAL;

	switch (op->kind) {
	case LIN_LOAD:
		ret = cmap_load(m, b->key, b->out);
		break;
	case LIN_STORE:
		ret = cmap_store(m, b->key, b->value);
		break;
	case LIN_LOAD_OR_STORE:
		ret = cmap_load_or_store(m, b->key, b->value, b->out, &loaded);
		break;
	case LIN_SWAP:
		ret = cmap_swap(m, b->key, b->value, b->out, &loaded);
		break;
	case LIN_COMPARE_AND_SWAP:
		ret = cmap_compare_and_swap(m, b->key, b->expect, b->value);
		break;
	case LIN_DELETE:
		ret = cmap_delete(m, b->key);
		break;
	case LIN_LOAD_AND_DELETE:
		ret = cmap_load_and_delete(m, b->key, b->out);
		break;
	case LIN_COMPARE_AND_DELETE:
		ret = cmap_compare_and_delete(m, b->key, b->expect);
		break;
	}
	op->ret = atomic64_inc_return(&h->clock);
	op->result = ret;
	if (!ret && loaded && (op->kind == LIN_LOAD || op->kind == LIN_LOAD_OR_STORE ||
			       op->kind == LIN_SWAP || op->kind == LIN_LOAD_AND_DELETE))
		op->out = history_out(h, b, key);
}

static void history_op(struct history *h, unsigned int thread, u32 value)
{
	struct test_bufs *b = &h->bufs[thread];
	u32 key = test_random_below(b, HISTORY_KEYS);
	struct lin_op *op = &h->log[thread][key][h->n[thread][key]];

	*op = (struct lin_op){
		/* Half of the operations or more are loads. */
		.kind = prandom_u32_state(&b->rnd) & 1 ? LIN_LOAD :
			test_random_below(b, LIN_NR_KINDS),
		.value = value,
		.expect = h->last[thread][key],
	};
	test_key(h->map, b->key, key);
	test_value(h->map, b->value, key, value);
	test_value(h->map, b->expect, key, op->expect);
	op->call = atomic64_inc_return(&h->clock);
	history_call(h, b, op, key);
	h->n[thread][key]++;
	if (op->out)
		h->last[thread][key] = op->out;
	else if (op->kind == LIN_STORE && !op->result)
		h->last[thread][key] = value;
}

/* Store and delete keys that are not logged, so that the table changes all the time. */
static int history_churn(struct history *h)
{
	struct test_bufs *b = &h->bufs[LIN_THREADS];
	/* If all keys collide, each of these lengthens the chain of the logged ones. */
	const u32 keys = h->map->flags & CMAP_COLLIDE ? 16 : CHURN_KEYS;
	u32 at = 0;

	while (atomic_read(&h->busy)) {
		u32 key = HISTORY_KEYS + at % keys;
		u64 id;

		if (at / keys & 1)
			test_delete(h->map, b, key);
		else
			test_store(h->map, b, key, at);
		test_load(h->map, b, HISTORY_KEYS + test_random_below(b, keys), &id);
		at++;
		team_pause(LIN_THREADS, b);
	}
	return 0;
}

/* Enable a front, wait until it has served a few loads, disable it; repeat. */
static int history_switch(struct history *h)
{
	struct front_stats stats = { };
	int ret = 0;

	while (!ret && atomic_read(&h->busy)) {
		ret = cmap_front_set(h->map, true);
		do {
			usleep_range(100, 200);
			cmap_front_stats(h->map, &stats);
		} while (atomic_read(&h->busy) && stats.hits < FRONT_HITS);
		h->front_hits += stats.hits;
		/* If the round ends first, the next one begins with a front. */
		if (!ret && atomic_read(&h->busy))
			ret = cmap_front_set(h->map, false);
	}
	return ret;
}

/* Never 0 or one of the initial values. */
static u32 history_id(const struct history *h, unsigned int thread, unsigned int i)
{
	return (thread + 1) << 28 | (h->round * HISTORY_OPS + i) % BIT(28);
}

static int history_thread(struct team *team, unsigned int id)
{
	struct history *h = team->arg;
	unsigned int i;

	if (id == LIN_THREADS)
		return history_churn(h);
	if (id > LIN_THREADS)
		return history_switch(h);
	for (i = 0; i < (id & 1 ? HISTORY_OPS_ODD : HISTORY_OPS); i++) {
		history_op(h, id, history_id(h, id, i));
		team_pause(id, &h->bufs[id]);
	}
	atomic_dec(&h->busy);
	return 0;
}

static void history_count(struct history *h, const struct lin_history *lh)
{
	unsigned int t, i;

	for (t = 0; t < lh->threads; t++)
		for (i = 0; i < lh->n[t]; i++) {
			h->total++;
			h->overlapped += lh->op[t][i].ret != lh->op[t][i].call + 1;
		}
}

/* Run a round. Return: 0 or -errno. */
static int history_round(struct history *h)
{
	struct test_bufs *b = &h->bufs[0];
	struct team team;
	u32 key;
	int ret;

	memset(h->n, 0, sizeof(h->n));
	h->round++;
	for (key = 0; key < HISTORY_KEYS; key++) {
		u64 id = 0;

		ret = test_load(h->map, b, key, &id);
		if (ret && ret != -ENOENT)
			return ret;
		h->initial[key] = id;
	}
	atomic_set(&h->busy, LIN_THREADS);
	ret = team_start(&team, LIN_THREADS + 1 + h->switch_front, history_thread, h);
	return ret ?: team_join(&team);
}

static enum lin_verdict history_check(struct history *h, struct lin_checker *c, u32 key,
				      struct lin_history *lh)
{
	unsigned int t;

	lh->initial = h->initial[key];
	lh->threads = LIN_THREADS;
	for (t = 0; t < LIN_THREADS; t++) {
		lh->n[t] = h->n[t][key];
		lh->op[t] = h->log[t][key];
	}
	history_count(h, lh);
	return lin_check(c, lh);
}

/**
 * struct history_test - state of a test of A
 * @h: the round
 * @checker: of histories
 * @why: explains the verdict
 */
struct history_test {
	struct history h;
	struct lin_checker *checker;
	char why[512];
};

static int history_init(struct kunit *test)
{
	struct history_test *ht = kvzalloc(sizeof(*ht), GFP_KERNEL);

	test->priv = ht;
	if (!ht)
		return -ENOMEM;
	ht->checker = lin_checker_alloc();
	return ht->checker ? 0 : -ENOMEM;
}

static void history_exit(struct kunit *test)
{
	struct history_test *ht = test->priv;

	if (!ht)
		return;
	lin_checker_free(ht->checker);
	kvfree(ht);
}

/* Run a round and check each key. Return: the worst verdict. */
static enum lin_verdict history_judge(struct kunit *test)
{
	struct history_test *ht = test->priv;
	enum lin_verdict worst = LIN_LEGAL;
	struct lin_history lh;
	u32 key;

	KUNIT_ASSERT_EQ(test, 0, history_round(&ht->h));
	for (key = 0; key < HISTORY_KEYS; key++) {
		enum lin_verdict v = history_check(&ht->h, ht->checker, key, &lh);

		if (v == LIN_LEGAL || worst == LIN_ILLEGAL)
			continue;
		lin_explain(ht->checker, &lh, ht->why, sizeof(ht->why));
		worst = v;
	}
	return worst;
}

/*
 * True if the rounds so far prove nothing, because no operations overlapped or the front served
 * no load: on one CPU that takes some luck.  (Colliding keys form one group, so that every
 * write invalidates them all; no hits are required then.)
 */
static bool history_is_vacuous(const struct history *h)
{
	return !h->overlapped || (h->switch_front && !h->front_hits &&
				  !(h->map->flags & CMAP_COLLIDE));
}

/*
 * Fails when: no order of the operations on a key explains their results: a lost or repeated
 * update, a stale load, or a deleted key that reappears while the table grows, shrinks or is
 * promoted.
 */
static void guarantee_a_linearizable(struct kunit *test)
{
	unsigned long end = jiffies + msecs_to_jiffies(test_scaled(HISTORY_MS));
	struct history_test *ht = test->priv;

	ht->h.map = test_map(test, test->param_value, 0);
	ht->h.bufs = test_bufs_alloc(test, LIN_THREADS + 1);
	do {
		enum lin_verdict v = history_judge(test);

		KUNIT_ASSERT_EQ_MSG(test, LIN_LEGAL, v, "%s", ht->why);
	} while (time_before(jiffies, end) || (history_is_vacuous(&ht->h) && ht->h.round < 200));
	if (!ht->h.overlapped && num_online_cpus() == 1)
		kunit_skip(test, "one CPU, and no operation was preempted");
	KUNIT_EXPECT_GT_MSG(test, ht->h.overlapped, 0, "none of %llu operations overlapped",
			    ht->h.total);
	KUNIT_EXPECT_FALSE_MSG(test, history_is_vacuous(&ht->h), "the front served no load");
}

/*
 * Fails when: with a front that is enabled and disabled, no order of the operations on a key
 * explains their results, for instance because the front misses a write.
 */
static void guarantee_a_with_a_front(struct kunit *test)
{
	struct history_test *ht = test->priv;

	ht->h.switch_front = true;
	guarantee_a_linearizable(test);
}

/* Fails when: the histories or their checker do not detect one dropped store in 2^14. */
static void busted_is_caught_by_histories(struct kunit *test)
{
	struct history_test *ht = test->priv;

	ht->h.map = test_map_busted(test);
	ht->h.bufs = test_bufs_alloc(test, LIN_THREADS + 1);
	while (ht->h.total < 400000)
		if (history_judge(test) == LIN_ILLEGAL)
			break;
	KUNIT_EXPECT_LT_MSG(test, ht->h.total, 400000, "no error found in %llu operations",
			    ht->h.total);
	kunit_info(test, "caught after %llu operations: %s", ht->h.total, ht->why);
}

#define FIRST_KEYS	2000

/**
 * struct first_test - all threads compete to be the first to store each key
 * @map: empty at the start
 * @bufs: one per thread
 * @keys: number of keys
 * @actual: the values returned to each thread: written by the thread
 * @won: keys that each thread stored: written by the thread
 */
struct first_test {
	struct cmap *map;
	struct test_bufs *bufs;
	u32 keys;
	u32 actual[LIN_THREADS][FIRST_KEYS];
	u32 won[LIN_THREADS];
};

/* Threads that lag only load, which is faster, so they catch up and compete again. */
static int first_thread(struct team *team, unsigned int id)
{
	struct first_test *f = team->arg;
	struct test_bufs *b = &f->bufs[id];
	u32 key;

	for (key = 0; key < f->keys; key++) {
		bool loaded;
		u64 actual;
		int ret;

		test_key(f->map, b->key, key);
		test_value(f->map, b->value, key, 1 + id);
		do {
			ret = cmap_load_or_store(f->map, b->key, b->value, b->out, &loaded);
			cond_resched();
		} while (ret == -ENOMEM);
		if (ret || !test_value_id(f->map, b->out, key, &actual))
			return -EPROTO;
		f->actual[id][key] = actual;
		f->won[id] += !loaded;
		if (id & 1)
			team_pause(id, b);
	}
	return 0;
}

/* Fails when: two first stores of a key both succeed, or the loser gets another value. */
static void guarantee_a_one_first_store(struct kunit *test)
{
	const struct test_param *param = test->param_value;
	struct first_test *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	u32 key, id, won = 0, differ = 0;
	struct team team;

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->map = test_map(test, param, 0);
	f->bufs = test_bufs_alloc(test, LIN_THREADS);
	f->keys = min_t(u32, param->shape->keys, FIRST_KEYS);
	KUNIT_ASSERT_EQ(test, 0, team_start(&team, LIN_THREADS, first_thread, f));
	KUNIT_ASSERT_EQ(test, 0, team_join(&team));
	for (id = 0; id < LIN_THREADS; id++) {
		won += f->won[id];
		for (key = 0; key < f->keys; key++)
			differ += f->actual[id][key] != f->actual[0][key];
	}
	KUNIT_EXPECT_EQ(test, f->keys, won);
	KUNIT_EXPECT_EQ(test, 0, differ);
	KUNIT_EXPECT_EQ(test, f->keys, cmap_len(f->map));
}

static struct kunit_case history_cases[] = {
	KUNIT_CASE_PARAM(guarantee_a_one_first_store, every_shape_gen_params),
	KUNIT_CASE_PARAM(guarantee_a_linearizable, every_shape_gen_params),
	KUNIT_CASE_PARAM(guarantee_a_with_a_front, few_shapes_gen_params),
	KUNIT_CASE(busted_is_caught_by_histories),
	{}
};

static struct kunit_suite history_suite = {
	.name = "mapstat_guarantee_a",
	.init = history_init,
	.exit = history_exit,
	.test_cases = history_cases,
};

kunit_test_suites(&history_suite);

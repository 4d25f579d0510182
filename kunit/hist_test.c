// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bucket rule of <uapi/mapstat.h>, and histograms against exact arithmetic.
 */
#include <kunit/test.h>
#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/sort.h>
#include "kmod/stats/hist.h"
#include "fixture.h"

#define LAST_BOUND	BIT_ULL(MAPSTAT_HIST_MAX_BITS)

/* Fails when: bounds leave a gap, are out of order, or a bound is in the wrong bucket. */
static void buckets_are_contiguous(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, 0, mapstat_hist_lo(0));
	for (i = 0; i < MAPSTAT_HIST_OVERFLOW; i++) {
		u64 lo = mapstat_hist_lo(i), hi = mapstat_hist_hi(i);

		KUNIT_ASSERT_LT_MSG(test, lo, hi, "bucket %u", i);
		KUNIT_ASSERT_EQ_MSG(test, hi, mapstat_hist_lo(i + 1), "bucket %u", i);
		/* (lo, hi] */
		KUNIT_ASSERT_EQ(test, i, mapstat_hist_index(hi));
		KUNIT_ASSERT_EQ(test, i, mapstat_hist_index(lo + 1));
		KUNIT_ASSERT_EQ(test, i + 1, mapstat_hist_index(hi + 1));
	}
	KUNIT_EXPECT_EQ(test, LAST_BOUND, mapstat_hist_lo(MAPSTAT_HIST_OVERFLOW));
	KUNIT_EXPECT_EQ(test, U64_MAX, mapstat_hist_hi(MAPSTAT_HIST_OVERFLOW));
}

/* Fails when: a bucket is wider than 1/32 of its lower bound (except the 1 ns buckets). */
static void buckets_are_narrow(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < MAPSTAT_HIST_OVERFLOW; i++) {
		u64 lo = mapstat_hist_lo(i), width = mapstat_hist_hi(i) - lo;

		KUNIT_ASSERT_TRUE_MSG(test, width == 1 || width * MAPSTAT_HIST_SUB <= lo,
				      "bucket %u: (%llu, %llu]", i, lo, lo + width);
	}
}

/* Fails when: a value at a boundary is counted in the wrong bucket. */
static void edges(struct kunit *test)
{
	static const struct { u64 ns; unsigned int index; } known[] = {
		{ 0, 0 }, { 1, 0 }, { 2, 1 }, { 3, 2 }, { 32, 31 }, { 33, 32 }, { 64, 63 },
		{ 65, 64 }, { 66, 64 }, { 67, 65 },
		{ LAST_BOUND, MAPSTAT_HIST_OVERFLOW - 1 },
		{ LAST_BOUND + 1, MAPSTAT_HIST_OVERFLOW }, { U64_MAX, MAPSTAT_HIST_OVERFLOW },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		KUNIT_EXPECT_EQ_MSG(test, known[i].index, mapstat_hist_index(known[i].ns),
				    "%llu ns", known[i].ns);
}

/* Fails when: a larger value gets a smaller bucket, or is outside the bucket's bounds. */
static void random_values_are_within_their_bounds(struct kunit *test)
{
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, test_seed());
	for (i = 0; i < 20000; i++) {
		u64 v = ((u64)prandom_u32_state(&rnd) << 32 | prandom_u32_state(&rnd)) >>
			(prandom_u32_state(&rnd) % 64);
		unsigned int at = mapstat_hist_index(v);

		KUNIT_ASSERT_LE(test, v, mapstat_hist_hi(at));
		KUNIT_ASSERT_TRUE(test, v > mapstat_hist_lo(at) || !v);
		KUNIT_ASSERT_LE(test, at, mapstat_hist_index(v + (v >> 3) + 1));
	}
}

#define OBSERVATIONS	5000

/**
 * struct hist_test - state of a test
 * @hist: an empty histogram
 * @sum: a snapshot of it
 * @old: an earlier snapshot
 * @value: the recorded values
 */
struct hist_test {
	struct mapstat_hist_cpu __percpu *hist;
	struct mapstat_hist_sum sum;
	struct mapstat_hist_sum old;
	u64 value[OBSERVATIONS];
};

static int hist_init(struct kunit *test)
{
	struct hist_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	test->priv = t;
	if (!t)
		return -ENOMEM;
	t->hist = mapstat_hist_alloc();
	return t->hist ? 0 : -ENOMEM;
}

static void hist_exit(struct kunit *test)
{
	struct hist_test *t = test->priv;

	if (t)
		mapstat_hist_free(t->hist);
}

static void record(struct hist_test *t, u64 ns)
{
	local_bh_disable();
	mapstat_hist_record(this_cpu_ptr(t->hist), ns);
	local_bh_enable();
}

/* Log-uniform, like latencies. */
static u64 random_ns(struct rnd_state *rnd)
{
	return 1 + (prandom_u32_state(rnd) >> (8 + prandom_u32_state(rnd) % 20));
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void record_random(struct hist_test *t)
{
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, test_seed());
	for (i = 0; i < OBSERVATIONS; i++) {
		t->value[i] = random_ns(&rnd);
		record(t, t->value[i]);
	}
	sort(t->value, OBSERVATIONS, sizeof(u64), compare_u64, NULL);
	mapstat_hist_snapshot(&t->sum, t->hist, -1);
}

/* Fails when: an observation is lost or counted twice, or the maximum or sum is wrong. */
static void count_sum_and_maximum_are_right(struct kunit *test)
{
	struct hist_test *t = test->priv;
	u64 exact = 0, off;
	int i;

	record_random(t);
	for (i = 0; i < OBSERVATIONS; i++)
		exact += t->value[i];
	off = t->sum.sum_ns > exact ? t->sum.sum_ns - exact : exact - t->sum.sum_ns;
	KUNIT_EXPECT_EQ(test, OBSERVATIONS, t->sum.count);
	KUNIT_EXPECT_EQ(test, t->value[OBSERVATIONS - 1], t->sum.max_ns);
	/* Half a bucket: 1/64 of each value, and half a ns for the smallest. */
	KUNIT_EXPECT_LE(test, off, exact / 64 + OBSERVATIONS / 2);
}

/* Fails when: a quantile is not the upper bound of the bucket of the exact one. */
static void quantiles_match_sorted_values(struct kunit *test)
{
	static const u32 per_million[] = {
		1, 10000, 500000, 900000, 990000, 999000, 999900, 1000000,
	};
	struct hist_test *t = test->priv;
	int i;

	record_random(t);
	for (i = 0; i < ARRAY_SIZE(per_million); i++) {
		u64 rank = DIV_ROUND_UP_ULL((u64)OBSERVATIONS * per_million[i], 1000000);
		u64 exact = t->value[rank - 1];

		KUNIT_EXPECT_EQ_MSG(test, min(mapstat_hist_hi(mapstat_hist_index(exact)),
					      t->sum.max_ns),
				    mapstat_hist_quantile(&t->sum, per_million[i]),
				    "quantile %u", per_million[i]);
	}
	KUNIT_EXPECT_EQ(test, mapstat_hist_hi(mapstat_hist_index(t->value[0])),
			mapstat_hist_quantile(&t->sum, 0));
}

/* Fails when: an empty histogram has a nonzero result. */
static void empty_histogram_is_all_zero(struct kunit *test)
{
	struct hist_test *t = test->priv;

	mapstat_hist_snapshot(&t->sum, t->hist, -1);
	KUNIT_EXPECT_EQ(test, 0, t->sum.count);
	KUNIT_EXPECT_EQ(test, 0, t->sum.sum_ns);
	KUNIT_EXPECT_EQ(test, 0, t->sum.max_ns);
	KUNIT_EXPECT_EQ(test, 0, mapstat_hist_quantile(&t->sum, 990000));
}

/* Fails when: a value beyond the last bound is lost, or a quantile invents one. */
static void overflow_keeps_the_maximum(struct kunit *test)
{
	struct hist_test *t = test->priv;

	record(t, 5);
	record(t, LAST_BOUND + 12345);
	mapstat_hist_snapshot(&t->sum, t->hist, -1);
	KUNIT_EXPECT_EQ(test, 2, t->sum.count);
	KUNIT_EXPECT_EQ(test, 1, t->sum.bucket[MAPSTAT_HIST_OVERFLOW]);
	KUNIT_EXPECT_EQ(test, LAST_BOUND + 12345, t->sum.max_ns);
	KUNIT_EXPECT_EQ(test, 5, mapstat_hist_quantile(&t->sum, 500000));
	KUNIT_EXPECT_EQ(test, LAST_BOUND + 12345, mapstat_hist_quantile(&t->sum, 1000000));
}

/* Fails when: a difference includes earlier observations, or lacks later ones. */
static void subtract_leaves_difference(struct kunit *test)
{
	struct hist_test *t = test->priv;

	record(t, 10);
	record(t, 1000);
	mapstat_hist_snapshot(&t->old, t->hist, -1);
	record(t, 10);
	record(t, 70);
	mapstat_hist_snapshot(&t->sum, t->hist, -1);
	mapstat_hist_subtract(&t->sum, &t->old);
	KUNIT_EXPECT_EQ(test, 2, t->sum.count);
	KUNIT_EXPECT_EQ(test, 1, t->sum.bucket[mapstat_hist_index(10)]);
	KUNIT_EXPECT_EQ(test, 1, t->sum.bucket[mapstat_hist_index(70)]);
	KUNIT_EXPECT_EQ(test, 0, t->sum.bucket[mapstat_hist_index(1000)]);
	/* The maximum is older than the difference, so the bucket's bound replaces it. */
	KUNIT_EXPECT_EQ(test, mapstat_hist_hi(mapstat_hist_index(70)), t->sum.max_ns);
}

/* Fails when: CPUs share buckets, or the total does not include every CPU. */
static void cpus_are_separate(struct kunit *test)
{
	struct hist_test *t = test->priv;
	unsigned int cpu, n = 0;

	/* There is no other user of this histogram, so this CPU may record for all. */
	for_each_possible_cpu(cpu)
		mapstat_hist_record(per_cpu_ptr(t->hist, cpu), 100 * ++n);
	mapstat_hist_snapshot(&t->sum, t->hist, -1);
	KUNIT_EXPECT_EQ(test, n, t->sum.count);
	n = 0;
	for_each_possible_cpu(cpu) {
		mapstat_hist_snapshot(&t->sum, t->hist, cpu);
		KUNIT_EXPECT_EQ(test, 1, t->sum.count);
		KUNIT_EXPECT_EQ(test, 100 * ++n, t->sum.max_ns);
	}
}

/* Fails when: a reset leaves an observation. */
static void reset_clears_all(struct kunit *test)
{
	struct hist_test *t = test->priv;

	record_random(t);
	mapstat_hist_reset(t->hist);
	mapstat_hist_snapshot(&t->sum, t->hist, -1);
	KUNIT_EXPECT_EQ(test, 0, t->sum.count);
	KUNIT_EXPECT_EQ(test, 0, t->sum.max_ns);
	record(t, 3);
	mapstat_hist_snapshot(&t->sum, t->hist, -1);
	KUNIT_EXPECT_EQ(test, 1, t->sum.count);
	KUNIT_EXPECT_EQ(test, 3, t->sum.max_ns);
}

/* Fails when: a CPU that recorded nothing has buckets, or one that did has none. */
static void buckets_allocated_on_first_record(struct kunit *test)
{
	struct hist_test *t = test->priv;
	const u64 empty = mapstat_hist_bytes(t->hist);

	KUNIT_EXPECT_EQ(test, empty, 32 * num_possible_cpus());
	record(t, 7);
	KUNIT_EXPECT_EQ(test, mapstat_hist_bytes(t->hist), empty + SZ_8K);
	record(t, 7);
	KUNIT_EXPECT_EQ(test, mapstat_hist_bytes(t->hist), empty + SZ_8K);
	mapstat_hist_reset(t->hist);
	KUNIT_EXPECT_EQ(test, mapstat_hist_bytes(t->hist), empty + SZ_8K);
	KUNIT_EXPECT_EQ(test, mapstat_hist_lost(t->hist), 0);
}

/* Fails when: an observation that found no memory is missing from a snapshot, lost or doubled. */
static void observations_wait_for_memory(struct kunit *test)
{
	struct hist_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < MAPSTAT_HIST_WAITING; i++) {
		local_bh_disable();
		mapstat_hist_wait(this_cpu_ptr(t->hist), 1000 * (i + 1));
		local_bh_enable();
		mapstat_hist_snapshot(&t->sum, t->hist, -1);
		KUNIT_EXPECT_EQ(test, t->sum.count, i + 1);
		KUNIT_EXPECT_EQ(test, t->sum.max_ns, 1000 * (i + 1));
	}
	t->old = t->sum;
	record(t, 5);
	mapstat_hist_snapshot(&t->sum, t->hist, -1);
	mapstat_hist_subtract(&t->sum, &t->old);
	KUNIT_EXPECT_EQ(test, t->sum.count, 1);
	KUNIT_EXPECT_EQ(test, t->sum.max_ns, 5);
	mapstat_hist_snapshot(&t->sum, t->hist, -1);
	KUNIT_EXPECT_EQ(test, t->sum.count, MAPSTAT_HIST_WAITING + 1);
	KUNIT_EXPECT_EQ(test, t->sum.max_ns, 1000 * MAPSTAT_HIST_WAITING);
	KUNIT_EXPECT_EQ(test, mapstat_hist_lost(t->hist), 0);
}

/* Fails when: an excess observation overwrites a waiting one, or is not counted as lost. */
static void lost_observations_are_counted(struct kunit *test)
{
	struct hist_test *t = test->priv;
	unsigned int i;

	local_bh_disable();
	for (i = 0; i < MAPSTAT_HIST_WAITING + 3; i++)
		mapstat_hist_wait(this_cpu_ptr(t->hist), 10 * i + 10);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, mapstat_hist_lost(t->hist), 3);
	record(t, 1);
	mapstat_hist_snapshot(&t->sum, t->hist, -1);
	KUNIT_EXPECT_EQ(test, t->sum.count, MAPSTAT_HIST_WAITING + 1);
	KUNIT_EXPECT_EQ(test, t->sum.max_ns, 10 * MAPSTAT_HIST_WAITING);
	KUNIT_EXPECT_EQ(test, mapstat_hist_lost(t->hist), 3);
	mapstat_hist_reset(t->hist);
	mapstat_hist_snapshot(&t->sum, t->hist, -1);
	KUNIT_EXPECT_EQ(test, t->sum.count, 0);
	KUNIT_EXPECT_EQ(test, mapstat_hist_lost(t->hist), 0);
}

/* Fails when: memory is allocated with interrupts off, or an observation made then is lost. */
static void no_allocation_with_irqs_off(struct kunit *test)
{
	struct hist_test *t = test->priv;
	const u64 empty = mapstat_hist_bytes(t->hist);
	unsigned long flags;
	bool ready;

	local_irq_save(flags);
	mapstat_hist_record(this_cpu_ptr(t->hist), 300);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, mapstat_hist_bytes(t->hist), empty);

	local_bh_disable();
	ready = mapstat_hist_ready(this_cpu_ptr(t->hist));
	local_irq_save(flags);
	mapstat_hist_record(this_cpu_ptr(t->hist), 200);
	local_irq_restore(flags);
	local_bh_enable();
	KUNIT_EXPECT_TRUE(test, ready);
	mapstat_hist_snapshot(&t->sum, t->hist, -1);
	KUNIT_EXPECT_EQ(test, t->sum.count, 2);
	KUNIT_EXPECT_EQ(test, t->sum.max_ns, 300);
}

static struct kunit_case hist_cases[] = {
	KUNIT_CASE(buckets_are_contiguous),
	KUNIT_CASE(buckets_are_narrow),
	KUNIT_CASE(edges),
	KUNIT_CASE(random_values_are_within_their_bounds),
	KUNIT_CASE(count_sum_and_maximum_are_right),
	KUNIT_CASE(quantiles_match_sorted_values),
	KUNIT_CASE(empty_histogram_is_all_zero),
	KUNIT_CASE(overflow_keeps_the_maximum),
	KUNIT_CASE(subtract_leaves_difference),
	KUNIT_CASE(cpus_are_separate),
	KUNIT_CASE(reset_clears_all),
	KUNIT_CASE(buckets_allocated_on_first_record),
	KUNIT_CASE(observations_wait_for_memory),
	KUNIT_CASE(lost_observations_are_counted),
	KUNIT_CASE(no_allocation_with_irqs_off),
	{}
};

static struct kunit_suite hist_suite = {
	.name = "mapstat_hist",
	.init = hist_init,
	.exit = hist_exit,
	.test_cases = hist_cases,
};

kunit_test_suites(&hist_suite);

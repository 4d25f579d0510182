// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of the PMU.  Most machines that run this have none, so the code is tested with
 * perf's clocks, which count nanoseconds and exist on every kernel with perf, and with an event
 * that exists nowhere.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "kmod/cachesim/pmu.h"

/* Not a registered type: perf assigns types from 0 on. */
#define TYPE_OF_NOTHING		0x7fffffff

static const struct mapstat_pmu_event clocks_and_nothing[MAPSTAT_NR_PMU] = {
	{ "cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK },
	{ "nothing", TYPE_OF_NOTHING, 0 },
	{ "cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK },
};

static void destroy(void *pmu)
{
	mapstat_pmu_destroy(pmu);
}

static struct mapstat_pmu *clocks(struct kunit *test)
{
	struct mapstat_pmu *pmu;

	if (!IS_ENABLED(CONFIG_PERF_EVENTS))
		kunit_skip(test, "needs CONFIG_PERF_EVENTS");
	pmu = mapstat_pmu_create(clocks_and_nothing);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pmu);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy, pmu));
	return pmu;
}

/* The difference of two readings, as perf might have returned them. */
static void between(struct mapstat_pmu_counts *counts, u64 count, u64 enabled_ns, u64 running_ns)
{
	/* The earlier values are not round, and all different. */
	struct mapstat_pmu_reading before = { .generation = 7 }, after = { .generation = 7 };
	unsigned int i;

	for (i = 0; i < MAPSTAT_NR_PMU; i++) {
		before.event[i].count = 1003 + i;
		before.event[i].enabled_ns = 50021 + i;
		before.event[i].running_ns = 40009 + i;
		after.event[i].count = before.event[i].count + count;
		after.event[i].enabled_ns = before.event[i].enabled_ns + enabled_ns;
		after.event[i].running_ns = before.event[i].running_ns + running_ns;
	}
	mapstat_pmu_between(&before, &after, counts);
}

static void expect_count(struct kunit *test, u64 count, u64 enabled_ns, u64 running_ns,
			 u64 expected, bool scaled)
{
	struct mapstat_pmu_counts counts;
	unsigned int i;

	between(&counts, count, enabled_ns, running_ns);
	for (i = 0; i < MAPSTAT_NR_PMU; i++) {
		KUNIT_EXPECT_EQ(test, 0, counts.event[i].error);
		KUNIT_EXPECT_EQ(test, expected, counts.event[i].count);
		KUNIT_EXPECT_EQ(test, scaled, counts.event[i].scaled);
	}
}

static void expect_error(struct kunit *test, u64 count, u64 enabled_ns, u64 running_ns,
			 int expected)
{
	struct mapstat_pmu_counts counts;
	unsigned int i;

	between(&counts, count, enabled_ns, running_ns);
	for (i = 0; i < MAPSTAT_NR_PMU; i++)
		KUNIT_EXPECT_EQ(test, expected, counts.event[i].error);
}

/* Fails when: the count of a counter that was never multiplexed is changed. */
static void whole_time_is_not_scaled(struct kunit *test)
{
	expect_count(test, 0, 1000, 1000, 0, false);
	expect_count(test, 12345, 1000, 1000, 12345, false);
	expect_count(test, U64_MAX / 2, 1, 1, U64_MAX / 2, false);
}

/* Fails when: the result is not count * enabled / running, rounded down, or not marked scaled. */
static void multiplexed_time_is_scaled(struct kunit *test)
{
	expect_count(test, 100, 4000, 1000, 400, true);
	expect_count(test, 7, 10, 3, 23, true);		/* 23.3 */
	expect_count(test, 0, 4000, 1000, 0, true);
	/* The product has more than 64 bits: 10^12 * 3*10^9 / 10^9 */
	expect_count(test, 1000000000000ULL, 3000000000ULL, 1000000000ULL, 3000000000000ULL, true);
}

/* Fails when: an unknown count is returned as a number, or causes a trap. */
static void unknown_is_an_error(struct kunit *test)
{
	expect_error(test, 0, 1000, 0, -EAGAIN);
	expect_error(test, 0, 0, 0, -EAGAIN);
	expect_error(test, U64_MAX / 2, 1000, 1, -EOVERFLOW);
	expect_error(test, U64_MAX / 1000, 1000, 1, -EOVERFLOW);
}

/* Fails when: an error is attributed to another event, or one of a single reading is lost. */
static void errors_are_separate(struct kunit *test)
{
	struct mapstat_pmu_reading before = { }, after = { };
	struct mapstat_pmu_counts counts;

	after.event[MAPSTAT_PMU_L1D].running_ns = 10;
	after.event[MAPSTAT_PMU_L1D].enabled_ns = 10;
	before.event[MAPSTAT_PMU_LLC].error = -ENODEV;
	after.event[MAPSTAT_PMU_DTLB].error = -ENOENT;
	mapstat_pmu_between(&before, &after, &counts);
	KUNIT_EXPECT_EQ(test, 0, counts.event[MAPSTAT_PMU_L1D].error);
	KUNIT_EXPECT_EQ(test, -ENODEV, counts.event[MAPSTAT_PMU_LLC].error);
	KUNIT_EXPECT_EQ(test, -ENOENT, counts.event[MAPSTAT_PMU_DTLB].error);

	after.generation++;
	mapstat_pmu_between(&before, &after, &counts);
	KUNIT_EXPECT_EQ(test, -ENODEV, counts.event[MAPSTAT_PMU_L1D].error);
}

/* Fails when: a counter does not count what happens between the readings, on each CPU. */
static void clocks_count(struct kunit *test)
{
	const u64 us = 20000;
	struct mapstat_pmu_reading before, after;
	struct mapstat_pmu *pmu = clocks(test);
	struct mapstat_pmu_counts counts;
	int cpu;

	for_each_online_cpu(cpu) {
		mapstat_pmu_read(pmu, cpu, &before);
		usleep_range(us, us + 100);
		mapstat_pmu_read(pmu, cpu, &after);
		mapstat_pmu_between(&before, &after, &counts);
		KUNIT_EXPECT_EQ(test, 0, counts.event[0].error);
		KUNIT_EXPECT_FALSE(test, counts.event[0].scaled);
		/* An emulated clock may be a little off, and a reading may be late. */
		KUNIT_EXPECT_GE(test, counts.event[0].count, (us - us / 10) * NSEC_PER_USEC);
		KUNIT_EXPECT_LE(test, counts.event[0].count, 100 * us * NSEC_PER_USEC);
	}
}

/* Fails when: a missing event counts as zero, affects the others, or is not named. */
static void failure_is_published(struct kunit *test)
{
	struct mapstat_pmu_reading before, after;
	struct mapstat_pmu *pmu = clocks(test);
	struct mapstat_pmu_counts counts;
	char text[MAPSTAT_PMU_TEXT], expected[MAPSTAT_PMU_TEXT];

	mapstat_pmu_read(pmu, 0, &before);
	mapstat_pmu_read(pmu, 0, &after);
	mapstat_pmu_between(&before, &after, &counts);
	KUNIT_EXPECT_EQ(test, -ENOENT, counts.event[1].error);
	KUNIT_EXPECT_EQ(test, 0, counts.event[2].error);
	KUNIT_EXPECT_EQ(test, -ENOENT, mapstat_pmu_error(pmu, 1));
	KUNIT_EXPECT_EQ(test, 0, mapstat_pmu_error(pmu, 0));

	mapstat_pmu_text(pmu, 0, text, sizeof(text));
	KUNIT_EXPECT_STREQ(test, text, "pmu cpu-clock");
	mapstat_pmu_text(pmu, 1, text, sizeof(text));
	scnprintf(expected, sizeof(expected), "none %pe nothing", ERR_PTR(-ENOENT));
	KUNIT_EXPECT_STREQ(test, text, expected);
}

/* Fails when: a text is truncated. */
static void texts_fit(struct kunit *test)
{
	struct mapstat_pmu *pmu = mapstat_pmu_get();
	char text[2 * MAPSTAT_PMU_TEXT];
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pmu);
	for (i = 0; i < MAPSTAT_NR_PMU; i++) {
		KUNIT_EXPECT_LT(test, mapstat_pmu_text(pmu, i, text, sizeof(text)),
				MAPSTAT_PMU_TEXT);
		KUNIT_EXPECT_NOT_NULL(test, strstr(text, mapstat_pmu_events[i].name));
	}
	mapstat_pmu_put(pmu);
}

/* Fails when: a kernel without perf does not return -EOPNOTSUPP. */
static void no_perf_is_eopnotsupp(struct kunit *test)
{
	struct mapstat_pmu *pmu;
	unsigned int i;

	if (IS_ENABLED(CONFIG_PERF_EVENTS))
		kunit_skip(test, "this kernel has CONFIG_PERF_EVENTS");
	pmu = mapstat_pmu_get();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pmu);
	for (i = 0; i < MAPSTAT_NR_PMU; i++)
		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, mapstat_pmu_error(pmu, i));
	mapstat_pmu_put(pmu);
}

/* Fails when: users do not share the counters, or one user's put affects another. */
static void users_share(struct kunit *test)
{
	struct mapstat_pmu *a = mapstat_pmu_get(), *b = mapstat_pmu_get();
	struct mapstat_pmu_reading reading;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_EXPECT_PTR_EQ(test, a, b);
	mapstat_pmu_put(a);
	mapstat_pmu_read(b, 0, &reading);
	KUNIT_EXPECT_EQ(test, 1, reading.generation);
	mapstat_pmu_put(b);
	mapstat_pmu_put(NULL);
	mapstat_pmu_put(ERR_PTR(-ENOMEM));
}

static int spare_cpu(struct kunit *test)
{
	const int cpu = cpumask_last(cpu_online_mask);

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "needs CONFIG_HOTPLUG_CPU");
	if (!cpu)
		kunit_skip(test, "there is one CPU only");
	return cpu;
}

static int set_online(int cpu, bool online)
{
#ifdef CONFIG_HOTPLUG_CPU
	return online ? add_cpu(cpu) : remove_cpu(cpu);
#else
	return -EOPNOTSUPP;
#endif
}

/* Fails when: an offline CPU has a count, or one that is online again has none. */
static void cpu_hotplug(struct kunit *test)
{
	struct mapstat_pmu_reading before, gone, first, second;
	const int cpu = spare_cpu(test);
	struct mapstat_pmu *pmu = clocks(test);
	struct mapstat_pmu_counts counts;

	mapstat_pmu_read(pmu, cpu, &before);
	KUNIT_ASSERT_EQ(test, 0, set_online(cpu, false));
	mapstat_pmu_read(pmu, cpu, &gone);
	KUNIT_EXPECT_EQ(test, 0, set_online(cpu, true));
	mapstat_pmu_read(pmu, cpu, &first);
	usleep_range(2000, 3000);
	mapstat_pmu_read(pmu, cpu, &second);

	mapstat_pmu_between(&before, &gone, &counts);
	KUNIT_EXPECT_EQ(test, -ENODEV, counts.event[0].error);
	mapstat_pmu_between(&before, &first, &counts);
	KUNIT_EXPECT_EQ(test, -ENODEV, counts.event[0].error);
	mapstat_pmu_between(&first, &second, &counts);
	KUNIT_EXPECT_EQ(test, 0, counts.event[0].error);
	KUNIT_EXPECT_GT(test, counts.event[0].count, NSEC_PER_MSEC);
}

static struct kunit_case pmu_cases[] = {
	KUNIT_CASE(whole_time_is_not_scaled),
	KUNIT_CASE(multiplexed_time_is_scaled),
	KUNIT_CASE(unknown_is_an_error),
	KUNIT_CASE(errors_are_separate),
	KUNIT_CASE(clocks_count),
	KUNIT_CASE(failure_is_published),
	KUNIT_CASE(texts_fit),
	KUNIT_CASE(no_perf_is_eopnotsupp),
	KUNIT_CASE(users_share),
	KUNIT_CASE(cpu_hotplug),
	{}
};

static struct kunit_suite pmu_suite = {
	.name = "mapstat_pmu",
	.test_cases = pmu_cases,
};

kunit_test_suites(&pmu_suite);

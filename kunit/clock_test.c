// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock that measures operations, against the kernel's own.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/timekeeping.h>
#include <mapstat/clock.h>

/* Fails when: the name is not that of the clock which is read. */
static void name_tells_the_clock(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, mapstat_clock.name,
			   static_key_enabled(&mapstat_clock_is_tsc) ? "tsc" : "ktime");
	KUNIT_EXPECT_GT(test, mapstat_clock.mult, 0);
}

/* Fails when: a reading on one CPU is before an earlier one. */
static void readings_do_not_go_back(struct kunit *test)
{
	u64 last, now, back = 0;
	int i;

	preempt_disable();
	last = mapstat_clock_read();
	for (i = 0; i < 100000; i++) {
		now = mapstat_clock_read();
		back += now < last;
		last = now;
	}
	preempt_enable();
	KUNIT_EXPECT_EQ(test, 0, back);
}

/* What both clocks say of one sleep, as parts per million of what ktime says. */
static s64 ppm_off(unsigned int us)
{
	u64 ns = ktime_get_ns(), ticks = mapstat_clock_read(), measured;

	usleep_range(us, us + us / 10);
	ticks = mapstat_clock_read() - ticks;
	ns = ktime_get_ns() - ns;
	measured = mapstat_clock_ns(ticks);
	return div64_s64(((s64)measured - (s64)ns) * 1000000, ns);
}

/* Fails when: the calibration is off by more than 1 in 1000. */
static void agrees_with_ktime(struct kunit *test)
{
	s64 best = S64_MAX;
	int i;

	/* A thread may be preempted between two readings: the best of some. */
	for (i = 0; i < 5; i++)
		best = min_t(s64, best, abs(ppm_off(20000)));
	KUNIT_EXPECT_LE(test, best, 1000);
}

/* Fails when: a difference of up to the last histogram bound overflows on its way to ns. */
static void long_differences_convert(struct kunit *test)
{
	/* 2^34 ns in ticks, by the inverse of what is tested. */
	u64 ticks = mul_u64_u64_div_u64(1ULL << 34, 1ULL << mapstat_clock.shift,
					mapstat_clock.mult);
	u64 ns = mapstat_clock_ns(ticks);

	KUNIT_EXPECT_GT(test, ns, (1ULL << 34) - (1ULL << 20));
	KUNIT_EXPECT_LE(test, ns, 1ULL << 34);
	KUNIT_EXPECT_EQ(test, 0, mapstat_clock_ns(0));
}

/* Fails when: the published cost of a reading was made up. */
static void cost_of_a_reading_is_plausible(struct kunit *test)
{
	enum { N = 4096 };
	u64 best = U64_MAX;
	int i, j;

	for (i = 0; i < 20; i++) {
		u64 start = mapstat_clock_read();

		for (j = 1; j < N; j++)
			mapstat_clock_read();
		best = min(best, mapstat_clock_ns(mapstat_clock_read() - start) * 1000 / N);
	}
	/* The best of now against the median of then; the machine is shared. */
	KUNIT_EXPECT_GT(test, mapstat_clock.read_ps, best / 4);
	KUNIT_EXPECT_LT(test, mapstat_clock.read_ps, best * 20 + 1000);
}

static struct kunit_case clock_cases[] = {
	KUNIT_CASE(name_tells_the_clock),
	KUNIT_CASE(readings_do_not_go_back),
	KUNIT_CASE(agrees_with_ktime),
	KUNIT_CASE(long_differences_convert),
	KUNIT_CASE(cost_of_a_reading_is_plausible),
	{}
};

static struct kunit_suite clock_suite = {
	.name = "mapstat_clock",
	.test_cases = clock_cases,
};

kunit_test_suites(&clock_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock that times operations, compared with the kernel's own.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/timekeeping.h>
#include "kmod/stats/clock.h"
#include "kmod/stats/primitives.h"

/* Fails when: the name is not that of the clock in use. */
static void name_matches_clock(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, mapstat_clock.name,
			   static_key_enabled(&mapstat_clock_is_tsc) ? "tsc" : "ktime");
	KUNIT_EXPECT_GT(test, mapstat_clock.mult, 0);
}

/* Fails when: the clock goes backwards on one CPU. */
static void readings_are_monotonic(struct kunit *test)
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

/**
 * struct instant - a reading, and ktime right before and after it
 * @before: ns
 * @ticks: the reading
 * @after: ns
 */
struct instant {
	u64 before;
	u64 ticks;
	u64 after;
};

/* The tightest of several: the thread, or an emulated CPU, may be preempted in between. */
static struct instant instant_now(void)
{
	struct instant best = { .after = U64_MAX };
	int i;

	for (i = 0; i < 16; i++) {
		struct instant now;

		now.before = ktime_get_ns();
		now.ticks = mapstat_clock_read();
		now.after = ktime_get_ns();
		if (now.after - now.before < best.after - best.before)
			best = now;
	}
	return best;
}

/* Fails when: the calibration is off by more than 1 in 1000. */
static void agrees_with_ktime(struct kunit *test)
{
	const struct instant start = instant_now();
	struct instant end;
	u64 ns;

	usleep_range(20000, 22000);
	end = instant_now();
	ns = mapstat_clock_ns(end.ticks - start.ticks);
	KUNIT_EXPECT_GE(test, ns + ns / 1000, end.before - start.after);
	KUNIT_EXPECT_LE(test, ns - ns / 1000, end.after - start.before);
}

/* Fails when: a difference of up to the last histogram bound overflows in the conversion. */
static void long_differences_convert(struct kunit *test)
{
	/* 2^34 ns in ticks, by the inverse of the tested conversion. */
	u64 ticks = mul_u64_u64_div_u64(1ULL << 34, 1ULL << mapstat_clock.shift,
					mapstat_clock.mult);
	u64 ns = mapstat_clock_ns(ticks);

	KUNIT_EXPECT_GT(test, ns, (1ULL << 34) - (1ULL << 20));
	KUNIT_EXPECT_LE(test, ns, 1ULL << 34);
	KUNIT_EXPECT_EQ(test, 0, mapstat_clock_ns(0));
}

/* Fails when: the published cost of a reading is implausible. */
static void reading_cost_is_plausible(struct kunit *test)
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
	/* The best now against the median at load time; the machine is shared. */
	KUNIT_EXPECT_GT(test, mapstat_clock.read_ps, best / 4);
	KUNIT_EXPECT_LT(test, mapstat_clock.read_ps, best * 20 + 1000);
}

/* Fails when: the published cost of a primitive is implausible, or that of another one. */
static void primitive_costs_are_plausible(struct kunit *test)
{
	enum { N = 4096 };
	u64 best_mb = U64_MAX, best_irq = U64_MAX;
	unsigned long flags;
	int i, j;

	for (i = 0; i < 20; i++) {
		u64 start = mapstat_clock_read();

		for (j = 0; j < N; j++)
			smp_mb();	/* measured; no pairing */
		best_mb = min(best_mb, mapstat_clock_ns(mapstat_clock_read() - start) * 1000 / N);
		start = mapstat_clock_read();
		for (j = 0; j < N; j++) {
			local_irq_save(flags);
			local_irq_restore(flags);
		}
		best_irq = min(best_irq, mapstat_clock_ns(mapstat_clock_read() - start) * 1000 / N);
	}
	/* The best now against the median at load time; the machine is shared. */
	KUNIT_EXPECT_STREQ(test, "irq_save_restore", mapstat_primitives[0].name);
	KUNIT_EXPECT_GT(test, mapstat_primitives[0].ps + 1000, best_irq / 4);
	KUNIT_EXPECT_LT(test, mapstat_primitives[0].ps, best_irq * 20 + 1000);
	KUNIT_EXPECT_STREQ(test, "smp_mb", mapstat_primitives[4].name);
	KUNIT_EXPECT_GT(test, mapstat_primitives[4].ps + 1000, best_mb / 4);
	KUNIT_EXPECT_LT(test, mapstat_primitives[4].ps, best_mb * 20 + 1000);
}

static struct kunit_case clock_cases[] = {
	KUNIT_CASE(name_matches_clock),
	KUNIT_CASE(readings_are_monotonic),
	KUNIT_CASE(agrees_with_ktime),
	KUNIT_CASE(long_differences_convert),
	KUNIT_CASE(reading_cost_is_plausible),
	KUNIT_CASE(primitive_costs_are_plausible),
	{}
};

static struct kunit_suite clock_suite = {
	.name = "mapstat_clock",
	.test_cases = clock_cases,
};

kunit_test_suites(&clock_suite);

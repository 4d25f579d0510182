// SPDX-License-Identifier: GPL-2.0-only
/*
 * Choice and calibration of the clock.
 */
#include <linux/bits.h>
#include <linux/clocksource.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/sort.h>
#include "kmod/compat.h"
#include "clock.h"
#if defined(__x86_64__) && !defined(CONFIG_UML)
#include <asm/cpufeature.h>
#include <asm/tsc.h>
#endif

#define CALIBRATE_WINDOWS	5	/* odd, for a median */
#define CALIBRATE_WINDOW_US	8000	/* a pair of readings is good to about 100 ns: 1e-5 of it */
#define CALIBRATE_TRIES		16	/* pairs per instant; the tightest is used */
#define CALIBRATE_MAX_SEC	20	/* above the last histogram bound */

#define READ_BATCHES		31	/* odd, for a median; few enough for the stack */
#define READ_BATCH		128	/* readings; the median ignores a preempted batch */

struct mapstat_clock mapstat_clock __read_mostly = {
	.name = "ktime",
	.mult = 1,
	.shift = 0,
};
EXPORT_SYMBOL_IF_KUNIT(mapstat_clock);

DEFINE_STATIC_KEY_FALSE(mapstat_clock_is_tsc);
EXPORT_SYMBOL_IF_KUNIT(mapstat_clock_is_tsc);

static int __init compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/**
 * mapstat_clock_median - median of measurements at load
 * @value: the measurements; sorted in place
 * @n: their number, odd
 *
 * Context: Process, at load.
 * Return: the median.
 */
u64 __init mapstat_clock_median(u64 *value, size_t n)
{
	sort(value, n, sizeof(*value), compare_u64, NULL);
	return value[n / 2];
}

#ifdef __x86_64__

#ifdef CONFIG_UML
/*
 * UML's own feature flags do not show it, but CPUID is not privileged.  A hypervisor hides the
 * bit from guests that may be migrated to another machine.
 */
static bool __init tsc_is_invariant(void)
{
	u32 eax = 0x80000000, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a" (eax), "=b" (ebx), "+c" (ecx), "=d" (edx));
	if (eax < 0x80000007)
		return false;
	eax = 0x80000007;
	ecx = 0;
	asm volatile("cpuid" : "+a" (eax), "=b" (ebx), "+c" (ecx), "=d" (edx));
	return edx & BIT(8);
}
#else
/* CPUID 0x80000007 EDX bit 8 sets both flags; the kernel may have found the TSC unstable. */
static bool __init tsc_is_invariant(void)
{
	return boot_cpu_has(X86_FEATURE_CONSTANT_TSC) &&
	       boot_cpu_has(X86_FEATURE_NONSTOP_TSC) && !check_tsc_unstable();
}
#endif

static u64 __init read_tsc(void)
{
	u32 lo, hi;

	/*
	 * Not mapstat_clock_read(), whose static key is still off.  The fences keep the reading
	 * between those of ktime.
	 */
	asm volatile("lfence; rdtsc; lfence" : "=a" (lo), "=d" (hi) : : "memory");
	return (u64)hi << 32 | lo;
}

/* The same instant on both clocks. */
struct instant {
	u64 tsc;
	u64 ns;
};

/* Return: the try in which the two TSC readings were closest. */
static struct instant __init take_instant(void)
{
	struct instant best = { };
	u64 best_width = U64_MAX;
	int i;

	for (i = 0; i < CALIBRATE_TRIES; i++) {
		u64 before = read_tsc();
		u64 ns = ktime_get_raw_ns();
		u64 width = read_tsc() - before;

		if (width < best_width) {
			best_width = width;
			best.tsc = before + width / 2;
			best.ns = ns;
		}
	}
	return best;
}

/* Measure the TSC's frequency over one window. Return: kHz; 0 if it makes no sense. */
static u64 __init measure_khz(void)
{
	struct instant a = take_instant(), b;

	usleep_range(CALIBRATE_WINDOW_US, CALIBRATE_WINDOW_US + CALIBRATE_WINDOW_US / 8);
	b = take_instant();
	if (b.ns <= a.ns || (s64)(b.tsc - a.tsc) <= 0)
		return 0;
	return div64_u64((b.tsc - a.tsc) * NSEC_PER_MSEC, b.ns - a.ns);
}

static void __init use_tsc(void)
{
	u64 khz[CALIBRATE_WINDOWS], m;
	int i;

	if (!tsc_is_invariant())
		return;
	for (i = 0; i < CALIBRATE_WINDOWS; i++)
		khz[i] = measure_khz();
	m = mapstat_clock_median(khz, CALIBRATE_WINDOWS);
	if (!m || m > U32_MAX)
		return;
	/* As for clocksources: the rate is in kHz, hence the range in ms. */
	clocks_calc_mult_shift(&mapstat_clock.mult, &mapstat_clock.shift, m, NSEC_PER_MSEC,
			       CALIBRATE_MAX_SEC * MSEC_PER_SEC);
	mapstat_clock.name = "tsc";
	static_branch_enable(&mapstat_clock_is_tsc);
}

#else /* !__x86_64__ */

static void __init use_tsc(void)
{
}

#endif

/* Return: cost of one reading, ps. */
static u32 __init measure_read_ps(void)
{
	u64 ps[READ_BATCHES], start;
	int i, j;

	for (i = 0; i < READ_BATCHES; i++) {
		start = mapstat_clock_read();
		for (j = 1; j < READ_BATCH; j++)
			mapstat_clock_read();
		ps[i] = mapstat_clock_ns((mapstat_clock_read() - start) * 1000) / READ_BATCH;
	}
	return min_t(u64, mapstat_clock_median(ps, READ_BATCHES), U32_MAX);
}

/**
 * mapstat_clock_init - choose the clock and measure it
 *
 * Until then the clock is ktime.
 *
 * Context: Process, at load; sleeps for about 40 ms if the TSC is calibrated.
 * Return: 0.
 */
int __init mapstat_clock_init(void)
{
	use_tsc();
	mapstat_clock.read_ps = measure_read_ps();
	if (!mapstat_clock.read_ps)
		pr_warn("the clock (%s) is too coarse to measure single operations\n",
			mapstat_clock.name);
	return 0;
}

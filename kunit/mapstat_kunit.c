// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapstat_kunit.ko: the suites run while the module is loaded; the results are in debugfs
 * kunit/<suite>/results and in the kernel log.
 */
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include "kmod/compat.h"
#include "fixture.h"

static unsigned int scale = 100;
module_param(scale, uint, 0444);
MODULE_PARM_DESC(scale, "duration of the timed tests, in percent (default 100)");

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "seed of the random operations; scheduling adds randomness of its own");

/**
 * test_scaled - scale a duration or a count by the module parameter
 * @n: its value at scale=100
 *
 * Context: Any.
 * Return: at least 1.
 */
unsigned int test_scaled(unsigned int n)
{
	return clamp(div_u64((u64)n * scale, 100), 1ULL, (u64)INT_MAX);
}

unsigned int test_seed(void)
{
	return seed;
}

MODULE_DESCRIPTION("KUnit suites of mapstat");
MODULE_LICENSE("GPL");
MAPSTAT_IMPORT_NS(MAPSTAT);
MAPSTAT_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

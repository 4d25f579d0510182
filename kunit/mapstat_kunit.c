// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapstat_kunit.ko: the suites run while the module is being loaded; their results are
 * under debugfs kunit/<suite>/results and in the kernel log.
 */
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include "kmod/compat.h"
#include "fixture.h"

static unsigned int scale = 100;
module_param(scale, uint, 0444);
MODULE_PARM_DESC(scale, "how long the tests that take time go on, in percent (default 100)");

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "of the random operations; the scheduler adds its own chance");

/**
 * test_scaled - a duration or a count, made longer or shorter by the module parameter
 * @n: what it is at scale=100
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

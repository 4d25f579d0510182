// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: smoke [seconds [seed]].  Tests every design, with keys and values of several sizes: a
 * history against a model, and two concurrent threads, for this many seconds in total.
 */
#include <stdio.h>
#include <stdlib.h>
#include <linux/kernel.h>
#include "native/shim/native.h"
#include "smoke.h"

#define HISTORY_OPS	50000
#define BUSTED_OPS	400000	/* one in 16384 of its stores is wrong */

static const struct {
	const char *design;
	const char *mode;
} designs[] = {
	{ "rwlock" }, { "sharded" }, { "readdirty" }, { "readdirty", "classic" }, { "seqlock" },
	{ "hlist" },
};

/* Keys as u64, and as byte strings. */
static const struct {
	unsigned int size;
	unsigned int flags;
} keys[] = {
	{ 8, 0 }, { 8, CMAP_GENERIC }, { 32, 0 },
};

static const unsigned int values[] = { 1, 8, 64 };

#define NR_CASES	(ARRAY_SIZE(designs) * ARRAY_SIZE(keys) * ARRAY_SIZE(values))

static struct smoke_case case_at(unsigned int i)
{
	const unsigned int key = i / ARRAY_SIZE(values) % ARRAY_SIZE(keys);
	const unsigned int design = i / ARRAY_SIZE(values) / ARRAY_SIZE(keys);

	return (struct smoke_case){
		.design = designs[design].design,
		.mode = designs[design].mode,
		.flags = keys[key].flags,
		.key_size = keys[key].size,
		.value_size = values[i % ARRAY_SIZE(values)],
	};
}

/* The check must detect errors: this design is wrong on purpose. */
static bool finds_busted(u64 seed)
{
	const struct smoke_case c = { .design = "busted", .key_size = 8, .value_size = 8 };

	if (!history_run(&c, seed, BUSTED_OPS, false))
		return true;
	smoke_fail(&c, "no error was found");
	return false;
}

int main(int argc, char **argv)
{
	const unsigned int seconds = argc > 1 ? strtoul(argv[1], NULL, 0) : 5;
	const u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	bool right = true;
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	native_start(3);
	native_cpu_begin();
	for (i = 0; i < NR_CASES; i++) {
		const struct smoke_case c = case_at(i);

		right &= history_run(&c, seed, HISTORY_OPS, true);
		right &= history_run(&c, seed + 1, HISTORY_OPS, true);
		right &= pair_run(&c, seed, seconds * 1000 / NR_CASES);
	}
	right &= finds_busted(seed);
	printf("%s: %u maps, seed %llu\n", right ? "ok" : "FAILED", (unsigned int)NR_CASES, seed);
	native_cpu_end();
	return !right;
}

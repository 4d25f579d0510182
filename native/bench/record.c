// SPDX-License-Identifier: GPL-2.0-only
/*
 * record.tsv: the cost of recording one latency in a histogram, without the loop around it.
 */
#include <stdio.h>
#include <stdlib.h>
#include "kmod/stats/hist.h"
#include "clock.h"
#include "keys.h"
#include "modes.h"

#define LATENCIES	1024	/* 8 KiB, so they stay in the L1 cache */
#define TURNS		2048	/* over all of them, per round */

static struct mapstat_hist buckets;
static struct mapstat_hist_cpu hist = { .buckets = &buckets };

/* Mostly 8 to 40 ns, like sampled loads; 1 in 16 is a miss, 1 in 256 is much longer. */
static void draw_latencies(u64 *ns, uint64_t seed)
{
	unsigned int i;

	for (i = 0; i < LATENCIES; i++) {
		const uint64_t r = keys_mix(seed + i);

		ns[i] = 8 + r % 33;
		if (!(r >> 8 & 15))
			ns[i] += 60 + (r >> 16) % 200;
		if (!(r >> 32 & 255))
			ns[i] += 1000 + (r >> 40) % 20000;
	}
}

/* Both loops read a latency into a register; they differ only by the recording. */
static noinline uint64_t ticks_of(const u64 *ns, bool record)
{
	const uint64_t start = clock_ticks();
	unsigned int turn, i;

	for (turn = 0; turn < TURNS; turn++) {
		for (i = 0; i < LATENCIES; i++) {
			u64 value = ns[i];

			OPTIMIZER_HIDE_VAR(value);
			if (record)
				mapstat_hist_record(&hist, value);
		}
	}
	return clock_ticks() - start;
}

static bool all_are_there(unsigned int rounds)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < MAPSTAT_HIST_BUCKETS; i++)
		sum += buckets.bucket[i];
	return sum == (uint64_t)rounds * TURNS * LATENCIES;
}

int record_run(const struct bench_options *o)
{
	const double tick = clock_ns_per_tick() / ((double)TURNS * LATENCIES);
	u64 *ns = aligned_alloc(64, LATENCIES * sizeof(*ns));
	unsigned int round;

	if (!ns)
		exit(1);
	draw_latencies(ns, o->seed);
	fprintf(o->out, "work\tround\tns_per_op\tloop_ns\n");
	comment_machine(o->out, o);
	fprintf(o->out, "# ns_per_op: mapstat_hist_record(), without loop_ns, the same loop with no recording; %u latencies a round\n",
		TURNS * LATENCIES);
	for (round = 1; round <= o->rounds; round++) {
		const double loop = ticks_of(ns, false) * tick;
		const double all = ticks_of(ns, true) * tick;

		if (all > loop)
			fprintf(o->out, "hist_record\t%u\t%.3f\t%.3f\n", round, all - loop, loop);
		else
			fprintf(o->out, "hist_record\t%u\t-\t%.3f\n", round, loop);
	}
	free(ns);
	if (all_are_there(o->rounds))
		return 0;
	fprintf(stderr, "bench: the histogram lost observations\n");
	return 1;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What to run.
 */
#ifndef MAPSTAT_BENCH_OPTIONS_H
#define MAPSTAT_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OPTIONS_LIST	16	/* values of a list */
#define OPTIONS_CPUS	1024

enum bench_mode {
	MODE_MATRIX,		/* native.tsv */
	MODE_GROW,		/* grow.tsv and memory.tsv */
	MODE_OVERSUBSCRIBED,	/* oversubscribed.tsv */
	MODE_COUNT,		/* for cachegrind */
	MODE_RECORD,		/* record.tsv */
	MODE_LIST,
};

/* In the order in which they are run: the last one changes the values. */
enum bench_mix {
	MIX_HIT,
	MIX_MISS,
	MIX_97,
	MIX_BULK,
	MIX_CHASE,
	NR_MIXES
};

enum bench_dist {
	DIST_UNIFORM,
	DIST_ZIPF,
	DIST_HOTSPOT,
	NR_DISTS
};

extern const char *const mix_names[NR_MIXES];
extern const char *const dist_names[NR_DISTS];

/**
 * struct bench_options - the command line
 * @mode: what to do
 * @plan: tell how long it would take, about
 * @designs: names, comma-separated; NULL: all
 * @n: entries
 * @nr_n: of those
 * @threads: threads
 * @nr_threads: of those
 * @mixes: which
 * @dists: which
 * @alone: mixes of which only the first of @threads is measured
 * @rounds: how many
 * @ms: of a round, for each cell and design
 * @seed: of keys and draws
 * @cpus: the threads' CPUs, in turns
 * @nr_cpus: of those
 * @out: where rows go
 * @patience: seconds that filling a map may take (MODE_GROW)
 * @memory: where the rows of memory.tsv go (MODE_GROW)
 * @count: the design of MODE_COUNT
 * @ops: its lookups
 * @external: the program of the peers that are not C
 */
struct bench_options {
	enum bench_mode mode;
	bool plan;
	const char *designs;
	uint64_t n[OPTIONS_LIST];
	unsigned int nr_n;
	uint64_t threads[OPTIONS_LIST];
	unsigned int nr_threads;
	bool mixes[NR_MIXES];
	bool dists[NR_DISTS];
	bool alone[NR_MIXES];
	unsigned int rounds;
	unsigned int ms;
	uint64_t seed;
	unsigned int cpus[OPTIONS_CPUS];
	unsigned int nr_cpus;
	FILE *out;
	unsigned int patience;
	FILE *memory;
	const char *count;
	uint64_t ops;
	const char *external;
};

void options_parse(struct bench_options *options, int argc, char **argv);
unsigned int options_nr_threads(const struct bench_options *options, enum bench_mix mix);
uint64_t options_most_threads(const struct bench_options *options);

#endif /* MAPSTAT_BENCH_OPTIONS_H */

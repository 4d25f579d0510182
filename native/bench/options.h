/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line.
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
 * @plan: only print how long it would take, an estimate
 * @designs: names, comma-separated; NULL: all
 * @n: numbers of entries
 * @nr_n: how many of these
 * @threads: numbers of threads
 * @nr_threads: how many of these
 * @mixes: which to measure
 * @dists: which to measure
 * @alone: mixes to measure with the first of @threads only
 * @rounds: number of rounds
 * @ms: duration of a round, for each cell and design
 * @seed: of keys and draws
 * @cpus: the threads' CPUs, used in turn
 * @nr_cpus: how many of these
 * @out: output file of the rows
 * @patience: seconds that filling a map may take (MODE_GROW)
 * @memory: output file of memory.tsv (MODE_GROW)
 * @count: the design of MODE_COUNT
 * @ops: its number of lookups
 * @external: the program of the peers that are not written in C
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

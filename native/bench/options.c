// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "options.h"

const char *const mix_names[NR_MIXES] = {
	[MIX_HIT] = "hit",
	[MIX_MISS] = "miss",
	[MIX_97] = "97.3",
	[MIX_BULK] = "bulk32",
	[MIX_CHASE] = "chase",
};

const char *const dist_names[NR_DISTS] = {
	[DIST_UNIFORM] = "uniform",
	[DIST_ZIPF] = "zipf",
	[DIST_HOTSPOT] = "hotspot",
};

static const char usage[] =
"usage: bench [OPTION...]\n"
"Measures our maps and others in one run, round by round, and writes a row for each design,\n"
"cell and round, separated by tabs: design n threads mix dist round mops ns_per_op.\n"
"\n"
"  --designs A,B       designs (default: all; --list prints their names)\n"
"  --n N,N             entries (1000,100000,1000000)\n"
"  --threads N,N       threads, pinned (1,2)\n"
"  --mix A,B           hit, miss, 97.3, bulk32, chase (all)\n"
"  --alone A,B         mixes to measure with the first of --threads only (none)\n"
"  --dist A,B          uniform, zipf, hotspot: 90 % on 10 % of the keys (the first two)\n"
"  --rounds N          rounds (5)\n"
"  --ms N              duration of a round, for each cell and design (100)\n"
"  --seed N            seed of keys and draws (1)\n"
"  --cpus LIST         CPUs of the threads, as 0-3,8 (those that it may use)\n"
"  --out FILE          output file (standard output)\n"
"  --external PROGRAM  program of the peers that are not written in C\n"
"  --list              print the designs\n"
"  --plan              print an estimate of the duration, in seconds\n"
"\n"
"  --grow              from empty to --n entries: inserts, the longest store, deletes;\n"
"                      --memory FILE: bytes per entry; --patience S: seconds that filling a\n"
"                      map may take (30), otherwise it is not measured\n"
"  --oversubscribed    --threads on --cpus, compared by the wall clock\n"
"  --count DESIGN --ops N   a map of --n entries, N lookups of one --mix and --dist, and\n"
"                      nothing else\n"
"  --record            the cost of recording once in a latency histogram\n"
"\n"
"Exit status: 0; 1 if a map returned a wrong value; 2 for wrong usage.\n";

static void wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, args);
	fputs("; see --help\n", stderr);
	va_end(args);
	exit(2);
}

static uint64_t number(const char *name, const char *text, char **end, uint64_t least,
		       uint64_t most)
{
	unsigned long long n;

	errno = 0;
	n = strtoull(text, end, 0);
	if (errno || *end == text || n < least || n > most)
		wrong("--%s=%s: not in %llu..%llu", name, text, (unsigned long long)least,
		      (unsigned long long)most);
	return n;
}

static uint64_t one_number(const char *name, const char *text, uint64_t least, uint64_t most)
{
	uint64_t n;
	char *end;

	n = number(name, text, &end, least, most);
	if (*end)
		wrong("--%s=%s: no number", name, text);
	return n;
}

static unsigned int numbers(const char *name, const char *text, uint64_t *to, uint64_t most)
{
	unsigned int n = 0;
	char *end;

	for (;; text = end + 1) {
		if (n == OPTIONS_LIST)
			wrong("--%s: more than %u values", name, OPTIONS_LIST);
		to[n++] = number(name, text, &end, 1, most);
		if (!*end)
			return n;
		if (*end != ',')
			wrong("--%s: not a list of numbers", name);
	}
}

/* Leaves the arguments unchanged: the program may execute itself again with them. */
static void names(const char *option, const char *text, const char *const *known,
		  unsigned int nr, bool *to)
{
	char *copy = strdup(text), *rest = copy, *name;
	unsigned int i;

	memset(to, 0, nr * sizeof(*to));
	while ((name = strsep(&rest, ","))) {
		for (i = 0; i < nr && strcmp(name, known[i]); i++)
			;
		if (i == nr)
			wrong("--%s: %s is unknown", option, name);
		to[i] = true;
	}
	free(copy);
}

static void cpu_list(struct bench_options *o, const char *text)
{
	uint64_t first, last;
	char *end;

	o->nr_cpus = 0;
	for (;; text = end + 1) {
		first = number("cpus", text, &end, 0, OPTIONS_CPUS - 1);
		last = first;
		if (*end == '-')
			last = number("cpus", end + 1, &end, first, OPTIONS_CPUS - 1);
		for (; first <= last && o->nr_cpus < OPTIONS_CPUS; first++)
			o->cpus[o->nr_cpus++] = first;
		if (!*end)
			return;
		if (*end != ',')
			wrong("--cpus: not a list of CPUs");
	}
}

static void cpus_allowed(struct bench_options *o)
{
	unsigned int cpu;
	cpu_set_t set;

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; cpu < OPTIONS_CPUS; cpu++)
		if (CPU_ISSET(cpu, &set))
			o->cpus[o->nr_cpus++] = cpu;
}

static FILE *file(const char *name)
{
	FILE *f = fopen(name, "w");

	if (!f) {
		fprintf(stderr, "bench: %s: %s\n", name, strerror(errno));
		exit(2);
	}
	setvbuf(f, NULL, _IOLBF, 0);
	return f;
}

enum {
	OPT_DESIGNS = 1, OPT_N, OPT_THREADS, OPT_MIX, OPT_DIST, OPT_ROUNDS, OPT_MS, OPT_SEED,
	OPT_CPUS, OPT_OUT, OPT_MEMORY, OPT_EXTERNAL, OPT_LIST, OPT_GROW, OPT_OVERSUBSCRIBED,
	OPT_COUNT, OPT_OPS, OPT_RECORD, OPT_PLAN, OPT_PATIENCE, OPT_ALONE,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "designs", required_argument, NULL, OPT_DESIGNS },
	{ "n", required_argument, NULL, OPT_N },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "mix", required_argument, NULL, OPT_MIX },
	{ "alone", required_argument, NULL, OPT_ALONE },
	{ "dist", required_argument, NULL, OPT_DIST },
	{ "rounds", required_argument, NULL, OPT_ROUNDS },
	{ "ms", required_argument, NULL, OPT_MS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "out", required_argument, NULL, OPT_OUT },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "patience", required_argument, NULL, OPT_PATIENCE },
	{ "external", required_argument, NULL, OPT_EXTERNAL },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "grow", no_argument, NULL, OPT_GROW },
	{ "oversubscribed", no_argument, NULL, OPT_OVERSUBSCRIBED },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "ops", required_argument, NULL, OPT_OPS },
	{ "record", no_argument, NULL, OPT_RECORD },
	{ "plan", no_argument, NULL, OPT_PLAN },
	{ "help", no_argument, NULL, OPT_HELP },
	{ }
};

static void what_to_do(struct bench_options *o, int option)
{
	switch (option) {
	case OPT_LIST:
		o->mode = MODE_LIST;
		break;
	case OPT_GROW:
		o->mode = MODE_GROW;
		break;
	case OPT_OVERSUBSCRIBED:
		o->mode = MODE_OVERSUBSCRIBED;
		break;
	case OPT_COUNT:
		o->mode = MODE_COUNT;
		o->count = optarg;
		break;
	case OPT_RECORD:
		o->mode = MODE_RECORD;
		break;
	case OPT_PLAN:
		o->plan = true;
		break;
	case OPT_HELP:
		fputs(usage, stdout);
		exit(0);
	}
}

static void take(struct bench_options *o, int option)
{
	switch (option) {
	case OPT_DESIGNS:
		o->designs = optarg;
		break;
	case OPT_N:
		o->nr_n = numbers("n", optarg, o->n, 1ULL << 31);
		break;
	case OPT_THREADS:
		o->nr_threads = numbers("threads", optarg, o->threads, 2000);
		break;
	case OPT_MIX:
		names("mix", optarg, mix_names, NR_MIXES, o->mixes);
		break;
	case OPT_ALONE:
		names("alone", optarg, mix_names, NR_MIXES, o->alone);
		break;
	case OPT_DIST:
		names("dist", optarg, dist_names, NR_DISTS, o->dists);
		break;
	case OPT_ROUNDS:
		o->rounds = one_number("rounds", optarg, 1, 1000);
		break;
	case OPT_MS:
		o->ms = one_number("ms", optarg, 1, 600000);
		break;
	case OPT_SEED:
		o->seed = one_number("seed", optarg, 0, UINT64_MAX);
		break;
	case OPT_CPUS:
		cpu_list(o, optarg);
		break;
	case OPT_OUT:
		o->out = file(optarg);
		break;
	case OPT_MEMORY:
		o->memory = file(optarg);
		break;
	case OPT_PATIENCE:
		o->patience = one_number("patience", optarg, 0, 3600);
		break;
	case OPT_EXTERNAL:
		o->external = optarg;
		break;
	case OPT_OPS:
		o->ops = one_number("ops", optarg, 0, UINT64_MAX);
		break;
	default:
		what_to_do(o, option);
	}
}

/**
 * options_parse - read the command line; exits if it is wrong
 * @o: the options (out)
 * @argc: of main()
 * @argv: of main()
 */
void options_parse(struct bench_options *o, int argc, char **argv)
{
	int option;

	*o = (struct bench_options){
		.n = { 1000, 100000, 1000000 }, .nr_n = 3,
		.threads = { 1, 2 }, .nr_threads = 2,
		.mixes = { true, true, true, true, true },
		.dists = { true, true },
		.rounds = 5, .ms = 100, .seed = 1, .ops = 1000000,
		.patience = 30, .out = stdout,
	};
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == '?')
			exit(2);
		take(o, option);
	}
	if (optind < argc)
		wrong("unknown argument: %s", argv[optind]);
	if (!o->nr_cpus)
		cpus_allowed(o);
}

/**
 * options_nr_threads - with how many numbers of threads to measure a mix
 * @o: the options
 * @mix: the mix
 *
 * Return: how many of @o->threads to use, from the first on.
 */
unsigned int options_nr_threads(const struct bench_options *o, enum bench_mix mix)
{
	return o->alone[mix] ? 1 : o->nr_threads;
}

/**
 * options_most_threads - the largest number of threads in any cell
 * @o: the options
 *
 * Return: that number.
 */
uint64_t options_most_threads(const struct bench_options *o)
{
	uint64_t most = 1;
	unsigned int i;

	for (i = 0; i < o->nr_threads; i++)
		if (o->threads[i] > most)
			most = o->threads[i];
	return most;
}

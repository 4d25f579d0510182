// SPDX-License-Identifier: GPL-2.0-only
/*
 * Our maps and others, measured in one run.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "native/shim/native.h"
#include "external.h"
#include "modes.h"

/* Print the first line of a file that begins with @prefix, without it. */
static void line_of(FILE *out, const char *title, const char *name, const char *prefix)
{
	FILE *f = fopen(name, "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, prefix, strlen(prefix)))
			continue;
		line[strcspn(line, "\n")] = '\0';
		fprintf(out, "# %s: %s\n", title,
			line + strlen(prefix) + strspn(line + strlen(prefix), "\t :"));
		break;
	}
	if (f)
		fclose(f);
	else
		fprintf(out, "# %s: - (cannot read %s)\n", title, name);
}

/**
 * comment_machine - describe the machine and the settings of the measurement
 * @out: the output file
 * @o: the options
 */
void comment_machine(FILE *out, const struct bench_options *o)
{
	const char *tunables = getenv("GLIBC_TUNABLES");
	struct utsname name;
	unsigned int i;

	uname(&name);
	line_of(out, "cpu", "/proc/cpuinfo", "model name");
	fprintf(out, "# kernel: %s %s %s\n", name.sysname, name.release, name.machine);
	line_of(out, "transparent huge pages", "/sys/kernel/mm/transparent_hugepage/enabled", "");
	fprintf(out, "# compiler: gcc " __VERSION__ "\n");
	fprintf(out, "# statistics of our maps: compiled out; on if the name ends in _stats, _on or _beside, off if it ends in _off\n");
	fprintf(out, "# ours: RCU: liburcu QSBR; %s\n", native_locks());
	fprintf(out, "# ours: %s\n", native_memory());
	fprintf(out, "# peers' malloc: glibc, %s\n", tunables ?: "its defaults");
	fprintf(out, "# seed %llu, %u rounds, threads on CPUs", (unsigned long long)o->seed,
		o->rounds);
	for (i = 0; i < o->nr_cpus; i++)
		fprintf(out, "%s%u", i ? "," : " ", o->cpus[i]);
	fprintf(out, "\n");
}

/*
 * Our memory is in 2 MiB pages, as in a kernel; so should the peers' be.  The C library reads
 * this variable when a program starts.
 */
static void huge_pages_for_all(char **argv)
{
	if (getenv("GLIBC_TUNABLES"))
		return;
	setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 1);
	execv("/proc/self/exe", argv);
	unsetenv("GLIBC_TUNABLES");
}

static int run(const struct bench_options *o)
{
	struct peers peers;

	if (o->mode == MODE_LIST) {
		peers_list(stdout);
		return 0;
	}
	if (o->mode == MODE_RECORD)
		return record_run(o);
	peers_choose(&peers, o->designs);
	if (o->plan)
		return plan_run(o, &peers);
	/* If it fails, each of its rows has the reason. */
	if (o->external)
		external_start(o->external);
	/* The main thread fills maps while no other threads run. */
	native_start(options_most_threads(o) + 1);
	switch (o->mode) {
	case MODE_GROW:
		return grow_run(o, &peers);
	case MODE_OVERSUBSCRIBED:
		return oversubscribed_run(o, &peers);
	default:
		return matrix_run(o, &peers);
	}
}

int main(int argc, char **argv)
{
	struct bench_options o;
	int status;

	options_parse(&o, argc, argv);
	if (o.mode == MODE_COUNT) {
		native_random_seed(o.seed);
		native_alone();
		native_start(1);
		return count_run(&o);
	}
	if (o.mode != MODE_LIST)
		huge_pages_for_all(argv);
	status = run(&o);
	external_stop();
	return status;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What executed the run's instructions (the accelerator): times measured on an emulated CPU are
 * those of the emulator.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include "mapstat.h"

#define CPUID_1_ECX_HYPERVISOR	(1U << 31)
#define CPUID_HYPERVISOR	0x40000000

static const char *const names[] = {
	[ACCEL_NATIVE] = "native", [ACCEL_KVM] = "kvm", [ACCEL_TCG] = "tcg",
};

const char *accel_name(enum accel accel)
{
	return names[accel];
}

static int parse(const char *where, const char *word, enum accel *accel)
{
	for (*accel = ACCEL_NATIVE; *accel <= ACCEL_TCG; ++*accel)
		if (!strcmp(names[*accel], word))
			return ST_OK;
	return fail(ST_MALFORMED, "one word: kvm, tcg or native",
		    "%s: '%.60s' is not an accelerator", where, word);
}

/* From CPUID.  A hypervisor other than QEMU's emulator and KVM is unknown. */
static enum accel by_cpuid(void)
{
#if defined(__x86_64__)
	unsigned int eax, signature[3], ecx, edx;

	if (!__get_cpuid(1, &eax, &signature[0], &ecx, &edx))
		return ACCEL_UNKNOWN;
	if (!(ecx & CPUID_1_ECX_HYPERVISOR))
		return ACCEL_NATIVE;
	__cpuid(CPUID_HYPERVISOR, eax, signature[0], signature[1], signature[2]);
	if (!memcmp(signature, "TCGTCGTCGTCG", sizeof(signature)))
		return ACCEL_TCG;
	if (!memcmp(signature, "KVMKVMKVM\0\0\0", sizeof(signature)))
		return ACCEL_KVM;
#endif
	return ACCEL_UNKNOWN;
}

/* Does the first "model name" of /proc/cpuinfo contain @text?  Not all architectures have one. */
static bool model_has(const char *text)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char *line = NULL;
	bool found = false;
	size_t room = 0;

	while (f && getline(&line, &room, f) >= 0) {
		if (strncmp(line, "model name", strlen("model name")))
			continue;
		found = strstr(line, text);
		break;
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

static int of_this_machine(enum accel *accel)
{
	const char *word = getenv("MAPSTAT_ACCEL");

	if (word && *word)
		return parse("MAPSTAT_ACCEL", word, accel);
	*accel = by_cpuid();
	/* The second name is also used by a plain CPU model under KVM; CPUID distinguishes them. */
	if (model_has("QEMU TCG CPU version") ||
	    (*accel != ACCEL_KVM && model_has("QEMU Virtual CPU version")))
		*accel = ACCEL_TCG;
	return ST_OK;
}

int accel_read(const struct tree *t, enum accel *accel)
{
	char *word, where[512];
	int ret;

	if (tree_is_live(t))
		return of_this_machine(accel);
	/* A saved copy may come from any machine: only its own file counts. */
	*accel = ACCEL_UNKNOWN;
	if (faccessat(t->fd, "accel", F_OK, 0))
		return ST_OK;
	ret = tree_read_word(t, "accel", &word);
	if (ret)
		return ret;
	snprintf(where, sizeof(where), "%s/accel", t->path);
	ret = parse(where, word, accel);
	free(word);
	return ret;
}

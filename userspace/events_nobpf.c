// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replaces events_bpf.c if clang or libbpf was missing at build time.
 */
#include "events.h"

int bpf_open(struct event_source *s, const struct tree *t, char *why, size_t size)
{
	(void)s;
	(void)t;
	snprintf(why, size, "this mapstat was built without BPF: clang or libbpf was missing");
	return ST_SYSTEM;
}

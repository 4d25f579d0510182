// SPDX-License-Identifier: GPL-2.0-only
/*
 * In the place of events_bpf.c, where clang or libbpf were missing when this was built.
 */
#include "events.h"

int bpf_open(struct event_source *s, const struct tree *t, char *why, size_t size)
{
	(void)s;
	(void)t;
	snprintf(why, size, "this mapstat was built without BPF: clang or libbpf was missing");
	return ST_SYSTEM;
}

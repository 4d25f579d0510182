/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our maps as peers: what all designs have in common.
 */
#ifndef MAPSTAT_BENCH_MAP_H
#define MAPSTAT_BENCH_MAP_H

#include <stdio.h>
#include <linux/err.h>
#include "kmod/designs/design.h"
#include "native/shim/native.h"
#include "peer.h"

/* Live maps must have different names. */
static inline void *ours_create(const char *design, const char *mode, unsigned int flags,
				uint64_t capacity)
{
	static unsigned int number;
	char name[CMAP_NAME_LEN];
	const struct cmap_params params = {
		.name = name,
		.design = design,
		.mode = mode,
		.key_size = sizeof(u64),
		.value_size = sizeof(u64),
		.flags = flags,
		.capacity = capacity,
	};
	struct cmap *m;

	snprintf(name, sizeof(name), "bench%u", number++);
	m = cmap_create(&params);
	return IS_ERR(m) ? NULL : m;
}

static inline void ours_destroy(void *map)
{
	cmap_destroy(map);
}

static inline void ours_begin(void *map)
{
	native_cpu_begin();
}

static inline void ours_end(void *map)
{
	native_cpu_end();
}

static inline void ours_quiescent(void *map)
{
	native_quiescent();
}

static inline void ours_settle(void *map)
{
	native_settle();
}

/* The members of struct bench_peer that all of ours share. */
#define OURS_COMMON								\
	.destroy = ours_destroy,						\
	.thread_begin = ours_begin,						\
	.thread_end = ours_end,							\
	.quiescent = ours_quiescent,						\
	.settle = ours_settle

#endif /* MAPSTAT_BENCH_MAP_H */

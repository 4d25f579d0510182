/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface between the storage of misses (misses.c) and their sources (session.c).
 */
#ifndef MAPSTAT_STATS_MISSES_H
#define MAPSTAT_STATS_MISSES_H

#include "misses.h"

struct mapstat_misses *misses_alloc(void);
void misses_add(struct mapstat_misses *misses, int cpu, enum mapstat_op_kind kind,
		enum mapstat_miss_total total, u64 n);
void misses_add_hist(struct mapstat_misses *misses, int cpu, enum mapstat_miss_hist hist, u64 n,
		     unsigned int ops);

#endif /* MAPSTAT_STATS_MISSES_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sharded map's interface for experiments.
 */
#ifndef MAPSTAT_SHARDED_H
#define MAPSTAT_SHARDED_H

struct cmap;

unsigned int sharded_shard_of(struct cmap *m, const void *key);

#endif /* MAPSTAT_SHARDED_H */

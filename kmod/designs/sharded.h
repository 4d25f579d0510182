/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an experiment has to know of the sharded map.
 */
#ifndef MAPSTAT_SHARDED_H
#define MAPSTAT_SHARDED_H

struct cmap;

unsigned int sharded_shard_of(struct cmap *m, const void *key);

#endif /* MAPSTAT_SHARDED_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The public calls while the tracepoint mapstat:cmap_op is enabled.  Otherwise none of these
 * is called: trace_cmap_op_enabled() is a static branch.
 */
#ifndef MAPSTAT_TRACED_H
#define MAPSTAT_TRACED_H

#include <linux/types.h>

struct cmap;
struct cmap_many;
struct cmap_update;
struct stress_batch;

int traced_load(struct cmap *m, const void *key, void *value);
unsigned int traced_load_many(struct cmap *m, const struct cmap_many *q);
int traced_update(struct cmap *m, const struct cmap_update *u);
void traced_whole(struct cmap *m, const char *op, u64 start, int ret);
void traced_run(struct cmap *m, struct stress_batch *b);

#endif /* MAPSTAT_TRACED_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of a map, as they are made while somebody listens to what operations touch.
 */
#ifndef MAPSTAT_TOLD_H
#define MAPSTAT_TOLD_H

#include "kmod/designs/lookup.h"
#include "kmod/designs/update.h"

int told_load(struct cmap *m, const void *key, void *value, struct mapstat_trace *trace);
unsigned int told_load_many(struct cmap *m, const struct cmap_many *q,
			    struct mapstat_trace *trace);
int told_update(struct cmap *m, const struct cmap_update *u, struct mapstat_trace *trace);
int told_collect(struct cmap *m, struct cmap_page *page);

#endif /* MAPSTAT_TOLD_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A map's operations while the map is observed.
 */
#ifndef MAPSTAT_OBSERVE_H
#define MAPSTAT_OBSERVE_H

#include "kmod/designs/lookup.h"
#include "kmod/designs/update.h"

int observed_load(struct cmap *m, const void *key, void *value, struct mapstat_access_log *log);
unsigned int observed_load_many(struct cmap *m, const struct cmap_many *q,
				struct mapstat_access_log *log);
int observed_update(struct cmap *m, const struct cmap_update *u, struct mapstat_access_log *log);
int observed_collect(struct cmap *m, struct cmap_page *page);

#endif /* MAPSTAT_OBSERVE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls from a map into its design: a switch, which avoids indirect calls.
 */
#ifndef MAPSTAT_CALL_H
#define MAPSTAT_CALL_H

#include "kmod/designs/lookup.h"
#include "kmod/designs/update.h"

#define CMAP_CASE_LOAD(d)							\
	case CMAP_DESIGN_##d: {							\
		return d##_load(m, key, value);					\
	}

static __always_inline int call_load(struct cmap *m, const void *key, void *value)
{
	switch (m->design) {
	CMAP_DESIGNS(CMAP_CASE_LOAD);
	default:
		return -ENOENT;
	}
}

#define CMAP_CASE_LOAD_OBSERVED(d)							\
	case CMAP_DESIGN_##d: {							\
		return d##_load_observed(m, key, value);				\
	}

static __always_inline int call_load_observed(struct cmap *m, const void *key, void *value)
{
	switch (m->design) {
	CMAP_DESIGNS(CMAP_CASE_LOAD_OBSERVED);
	default:
		return -ENOENT;
	}
}

/* If it has not been checked yet whether the map is observed. */
static __always_inline int call_load_any(struct cmap *m, const void *key, void *value)
{
	if (cmap_is_observed(m))
		return call_load_observed(m, key, value);
	return call_load(m, key, value);
}

#define CMAP_CASE_LOAD_MANY(d)							\
	case CMAP_DESIGN_##d: {							\
		return d##_load_many(m, q);					\
	}

static __always_inline unsigned int call_load_many(struct cmap *m, const struct cmap_many *q)
{
	switch (m->design) {
	CMAP_DESIGNS(CMAP_CASE_LOAD_MANY);
	default:
		return 0;
	}
}

#define CMAP_CASE_UPDATE(d)							\
	case CMAP_DESIGN_##d: {							\
		return d##_update(m, u);					\
	}

static __always_inline int call_update(struct cmap *m, const struct cmap_update *u)
{
	switch (m->design) {
	CMAP_DESIGNS(CMAP_CASE_UPDATE);
	default:
		return m->ops->update(m, u);
	}
}

#endif /* MAPSTAT_CALL_H */

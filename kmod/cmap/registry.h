/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live maps, by name, and whoever wants to know of them.
 */
#ifndef MAPSTAT_REGISTRY_H
#define MAPSTAT_REGISTRY_H

struct cmap;

/**
 * struct cmap_observer - told of maps as they come and go (debugfs)
 * @added: the map is ready for use; may set m->observer_data
 * @removed: the map is about to go; no access to it may be left on return
 *
 * Both are called in process context, for several maps at a time, but for one map one after
 * the other.  The map's name is reserved from before the first to after the second.
 */
struct cmap_observer {
	void (*added)(struct cmap *m);
	void (*removed)(struct cmap *m);
};

int registry_add(struct cmap *m);
void registry_remove(struct cmap *m);
void registry_for_each(void (*fn)(struct cmap *m));
void registry_observe(const struct cmap_observer *observer);

#endif /* MAPSTAT_REGISTRY_H */

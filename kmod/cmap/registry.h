/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live maps, by name, and their observer.
 */
#ifndef MAPSTAT_REGISTRY_H
#define MAPSTAT_REGISTRY_H

struct cmap;

/**
 * struct cmap_observer - callbacks for maps that are created and destroyed (debugfs)
 * @added: the map is ready for use; may set m->observer_data
 * @removed: the map is about to be freed; no access to it may remain on return
 *
 * Both are called in process context, concurrently for different maps but one after the other
 * for the same map.  The map's name is reserved from before @added until after @removed.
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

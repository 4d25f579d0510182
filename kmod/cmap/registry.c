// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live maps, by name.
 *
 * The mutex is held only to search or change the list, never while waiting: what one map waits
 * for must not delay the others.  So a name is reserved under the mutex and stays reserved
 * until the map's files are gone; files are created and removed outside of the mutex.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/string.h>
#include "kmod/designs/design.h"
#include "registry.h"

static DEFINE_MUTEX(registry_lock);
static LIST_HEAD(registry);			/* protected by registry_lock */
static u32 registry_last_id;			/* protected by registry_lock */
/*
 * Held for reading while a map is added or removed, including the observer's callbacks; held
 * for writing to change the observer, which happens when this module is loaded or unloaded and
 * no other module has maps.  Readers do not wait for each other.
 */
static DECLARE_RWSEM(observer_lock);
static const struct cmap_observer *registry_observer;	/* protected by observer_lock */

static struct cmap *registry_find(const char *name)
{
	struct cmap *m;

	lockdep_assert_held(&registry_lock);
	list_for_each_entry(m, &registry, node)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

/* Add the map if its name is free, which reserves it. Return: 0 or -EEXIST. */
static int registry_enter(struct cmap *m)
{
	int ret = -EEXIST;

	mutex_lock(&registry_lock);
	if (!registry_find(m->name)) {
		m->stats.id = ++registry_last_id;
		list_add_tail(&m->node, &registry);
		ret = 0;
	}
	mutex_unlock(&registry_lock);
	return ret;
}

/**
 * registry_add - add a map under its name
 * @m: set up and ready for use
 *
 * Context: Process; sleeps.
 * Return: 0, or -EEXIST if a map of that name is live, or its files are being removed.
 */
int registry_add(struct cmap *m)
{
	int ret;

	down_read(&observer_lock);
	ret = registry_enter(m);
	if (!ret && registry_observer)
		registry_observer->added(m);
	up_read(&observer_lock);
	return ret;
}

/**
 * registry_remove - remove a map
 * @m: of registry_add()
 *
 * On return none of the map's files is in use, and its name is free.
 *
 * Context: Process; sleeps, until the operations on this map's files have ended.
 */
void registry_remove(struct cmap *m)
{
	down_read(&observer_lock);
	/* Wait for registry_for_each() to leave the map, and keep it out. */
	down_write(&m->visit);
	if (registry_observer)
		registry_observer->removed(m);
	mutex_lock(&registry_lock);
	list_del(&m->node);
	mutex_unlock(&registry_lock);
	up_write(&m->visit);
	up_read(&observer_lock);
}

/**
 * registry_for_each - call a function for every live map
 * @fn: called without registry_lock; may sleep.  The map stays until it returns
 *
 * A map that is added or removed during the call may be left out.
 *
 * Context: Process; sleeps.
 */
void registry_for_each(void (*fn)(struct cmap *m))
{
	struct cmap *m;

	mutex_lock(&registry_lock);
	list_for_each_entry(m, &registry, node) {
		/* Fails only if registry_remove() holds it or waits for it. */
		if (!down_read_trylock(&m->visit))
			continue;
		mutex_unlock(&registry_lock);
		fn(m);
		mutex_lock(&registry_lock);
		/* It is still in the list: registry_remove() needs @visit to take it out. */
		up_read(&m->visit);
	}
	mutex_unlock(&registry_lock);
}
EXPORT_SYMBOL_IF_KUNIT(registry_for_each);

/**
 * registry_observe - set or remove the only observer
 * @observer: called at once for every live map, then for each map added or removed; NULL: none,
 *	after the present one was called to remove every map
 *
 * Context: Process; sleeps, until no map is being added or removed.
 */
void registry_observe(const struct cmap_observer *observer)
{
	struct cmap *m;

	down_write(&observer_lock);
	/* The list cannot change: that takes observer_lock for reading. */
	if (registry_observer)
		list_for_each_entry(m, &registry, node)
			registry_observer->removed(m);
	registry_observer = observer;
	if (observer)
		list_for_each_entry(m, &registry, node)
			observer->added(m);
	up_write(&observer_lock);
}

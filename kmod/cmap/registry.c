// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live maps, by name.
 *
 * The mutex is held for a look at the list and a change of it, never while anything is waited
 * for: what one map waits for must not hold up the others.  So a name is reserved under the
 * mutex, and stays reserved until the map's files are gone; files are made and removed
 * outside of it.
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
 * Held for reading while a map is added or removed, which includes the calls of the observer,
 * and for writing to change the observer: while this module is loaded or unloaded, when no
 * other module has maps.  Readers do not wait for each other.
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

/* Reserve the name. Return: 0 or -EEXIST. */
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
 * registry_add - make a map known by its name
 * @m: set up and ready for use
 *
 * Context: Process; sleeps.
 * Return: 0, or -EEXIST if a map has that name that is live, or whose files are being removed.
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
 * registry_remove - forget a map
 * @m: was added
 *
 * On return no file of the map is in use, and its name is free.
 *
 * Context: Process; sleeps, until the operations on files of this map have ended.
 */
void registry_remove(struct cmap *m)
{
	down_read(&observer_lock);
	/* registry_for_each() leaves it, and does not come again. */
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
 * registry_for_each - do something to every live map
 * @fn: called without the registry's mutex; may sleep.  The map stays until it returns
 *
 * A map that comes or goes during the call may be left out.
 *
 * Context: Process; sleeps.
 */
void registry_for_each(void (*fn)(struct cmap *m))
{
	struct cmap *m;

	mutex_lock(&registry_lock);
	list_for_each_entry(m, &registry, node) {
		/* Fails only if registry_remove() has it, or waits for it. */
		if (!down_read_trylock(&m->visit))
			continue;
		mutex_unlock(&registry_lock);
		fn(m);
		mutex_lock(&registry_lock);
		/* It is still in the list: registry_remove() takes it out after this. */
		up_read(&m->visit);
	}
	mutex_unlock(&registry_lock);
}
EXPORT_SYMBOL_IF_KUNIT(registry_for_each);

/**
 * registry_observe - set or take away the one observer
 * @observer: informed at once of every live map, and of all that come; NULL: none, after
 *	the present one was informed that all maps go
 *
 * Context: Process; sleeps, until no map is being added or removed.
 */
void registry_observe(const struct cmap_observer *observer)
{
	struct cmap *m;

	down_write(&observer_lock);
	/* The list does not change either: that takes observer_lock for reading. */
	if (registry_observer)
		list_for_each_entry(m, &registry, node)
			registry_observer->removed(m);
	registry_observer = observer;
	if (observer)
		list_for_each_entry(m, &registry, node)
			observer->added(m);
	up_write(&observer_lock);
}

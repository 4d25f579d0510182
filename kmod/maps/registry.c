// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live maps, by name.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include "maps.h"
#include "registry.h"

static DEFINE_MUTEX(registry_lock);
static LIST_HEAD(registry);			/* protected by registry_lock */
static const struct cmap_observer *registry_observer;	/* protected by registry_lock */
static u32 registry_last_id;			/* protected by registry_lock */

static struct cmap *registry_find(const char *name)
{
	struct cmap *m;

	lockdep_assert_held(&registry_lock);
	list_for_each_entry(m, &registry, node)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

/**
 * registry_add - make a map known by its name
 * @m: set up and ready for use
 *
 * Context: Process; sleeps.
 * Return: 0, or -EEXIST where a live map has that name.
 */
int registry_add(struct cmap *m)
{
	int ret = 0;

	mutex_lock(&registry_lock);
	if (registry_find(m->name)) {
		ret = -EEXIST;
	} else {
		m->id = ++registry_last_id;
		list_add_tail(&m->node, &registry);
		if (registry_observer)
			registry_observer->added(m);
	}
	mutex_unlock(&registry_lock);
	return ret;
}

/**
 * registry_remove - forget a map
 * @m: was added
 *
 * The observer is called with the mutex held, so that a map of the same name cannot
 * come before this one's files are gone.
 *
 * Context: Process; sleeps.
 */
void registry_remove(struct cmap *m)
{
	mutex_lock(&registry_lock);
	list_del(&m->node);
	if (registry_observer)
		registry_observer->removed(m);
	mutex_unlock(&registry_lock);
}

/**
 * registry_for_each - do something to every live map
 * @fn: called under the registry's mutex; may sleep
 *
 * Context: Process; sleeps.
 */
void registry_for_each(void (*fn)(struct cmap *m))
{
	struct cmap *m;

	mutex_lock(&registry_lock);
	list_for_each_entry(m, &registry, node)
		fn(m);
	mutex_unlock(&registry_lock);
}

/**
 * registry_observe - set or take away the one observer
 * @observer: told at once of every live map, and of all that come; NULL: nobody, after
 *	the present one was told that all maps go
 *
 * Context: Process; sleeps.
 */
void registry_observe(const struct cmap_observer *observer)
{
	struct cmap *m;

	mutex_lock(&registry_lock);
	if (registry_observer)
		list_for_each_entry(m, &registry, node)
			registry_observer->removed(m);
	registry_observer = observer;
	if (observer)
		list_for_each_entry(m, &registry, node)
			observer->added(m);
	mutex_unlock(&registry_lock);
}

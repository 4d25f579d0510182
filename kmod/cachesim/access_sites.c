// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers for the places in the source code that access memory: an access is recorded with
 * two bytes for its site.
 */
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include "access.h"
#include <uapi/mapstat.h>
#include "kmod/compat.h"

static DEFINE_RAW_SPINLOCK(sites_lock);
/* The site registered last.  Written under sites_lock, with release. */
static struct mapstat_access_site *sites;

/* Assign an id. Return: the id, or MAPSTAT_EVENT_NO_SITE if there are too many. */
static noinline u16 site_learn(struct mapstat_access_site *site)
{
	raw_spin_lock(&sites_lock);
	if (!site->id && (!sites || sites->id < U16_MAX)) {
		site->next = sites;
		/* Pairs with mapstat_access_site_id(): no ordering. */
		WRITE_ONCE(site->id, sites ? sites->id + 1 : MAPSTAT_EVENT_NO_SITE + 1);
		/* Pairs with the acquire in mapstat_access_sites(). */
		smp_store_release(&sites, site);
	}
	raw_spin_unlock(&sites_lock);
	return site->id;
}

/**
 * mapstat_access_site_id - number of an access site
 * @site: the site
 *
 * The number does not change while the module is loaded; from now on the site is in
 * mapstat_access_sites().
 *
 * Context: Any; interrupts are off.
 * Return: the number; MAPSTAT_EVENT_NO_SITE for a site in another module, or if there are too
 * many.
 */
u16 mapstat_access_site_id(struct mapstat_access_site *site)
{
	/* Pairs with the WRITE_ONCE() in site_learn(). */
	u16 id = READ_ONCE(site->id);

	/* A test module's site would go away with the module. */
	if (unlikely(!id) && within_module_core((unsigned long)site, THIS_MODULE))
		return site_learn(site);
	return id;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_access_site_id);

/**
 * mapstat_access_sites - the access sites registered so far
 *
 * Context: Any.
 * Return: the latest site; the others follow by @next; NULL if there is none.
 */
const struct mapstat_access_site *mapstat_access_sites(void)
{
	/* Pairs with the release in site_learn(). */
	return smp_load_acquire(&sites);
}

/**
 * mapstat_access_site_of - the access site with a number
 * @id: of mapstat_access_site_id()
 *
 * Context: Any.
 * Return: the site, or NULL.
 */
const struct mapstat_access_site *mapstat_access_site_of(u16 id)
{
	const struct mapstat_access_site *site = mapstat_access_sites();

	while (site && site->id != id)
		site = site->next;
	return site;
}

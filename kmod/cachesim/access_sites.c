// SPDX-License-Identifier: GPL-2.0-only
/*
 * The places in the source that touch memory, by number: what is recorded of an access has
 * room for two bytes.
 */
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include "access.h"
#include <uapi/mapstat.h>
#include "kmod/compat.h"

static DEFINE_RAW_SPINLOCK(sites_lock);
/* The last one that became known.  Written under sites_lock, with release. */
static struct mapstat_access_site *sites;

/* Give it an id. Return: the id, or none where there are too many. */
static noinline u16 site_learn(struct mapstat_access_site *site)
{
	raw_spin_lock(&sites_lock);
	if (!site->id && (!sites || sites->id < U16_MAX)) {
		site->next = sites;
		/* Pairs with mapstat_access_site_id(): a number, no ordering. */
		WRITE_ONCE(site->id, sites ? sites->id + 1 : MAPSTAT_EVENT_NO_SITE + 1);
		/* Pairs with the acquire in mapstat_access_sites(). */
		smp_store_release(&sites, site);
	}
	raw_spin_unlock(&sites_lock);
	return site->id;
}

/**
 * mapstat_access_site_id - the number of a place in the source
 * @site: the place
 *
 * It stays what it is while the module is there; mapstat_access_sites() knows it from now on.
 *
 * Context: Any; interrupts are off.
 * Return: the number; MAPSTAT_EVENT_NO_SITE for a place of another module, and where there are
 * too many.
 */
u16 mapstat_access_site_id(struct mapstat_access_site *site)
{
	/* Pairs with the WRITE_ONCE() in site_learn(). */
	u16 id = READ_ONCE(site->id);

	/* One of a test module would be gone one day. */
	if (unlikely(!id) && within_module_core((unsigned long)site, THIS_MODULE))
		return site_learn(site);
	return id;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_access_site_id);

/**
 * mapstat_access_sites - the places in the source that are known so far
 *
 * Context: Any.
 * Return: the last one; the others by its @next; NULL where none is known.
 */
const struct mapstat_access_site *mapstat_access_sites(void)
{
	/* Pairs with the release in site_learn(). */
	return smp_load_acquire(&sites);
}

/**
 * mapstat_access_site_of - the place in the source that has a number
 * @id: of mapstat_access_site_id()
 *
 * Context: Any.
 * Return: the place, or NULL.
 */
const struct mapstat_access_site *mapstat_access_site_of(u16 id)
{
	const struct mapstat_access_site *site = mapstat_access_sites();

	while (site && site->id != id)
		site = site->next;
	return site;
}

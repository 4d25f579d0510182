// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stubs of what only the module has: the kernel's rhashtable, which kmod/designs/designs.h lists,
 * the parameters, events, and the file last_error.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include "kmod/cachesim/events.h"
#include "kmod/cachesim/model.h"
#include "kmod/cachesim/access.h"
#include "kmod/cmap/sample.h"
#include "kmod/designs/update.h"
#include "kmod/refusal.h"

/* Time 1 in 64 calls, the default of sample_shift=. */
unsigned int mapstat_sample_mask = 63;

/* Returns the errno only, as for all allocations of these programs. */
int mapstat_refuse_memory(u64 wanted, const char *fmt, ...)
{
	return -ENOMEM;
}

static int absent_init(struct cmap *m)
{
	return -EINVAL;
}

int rhashtable_load(struct cmap *m, const void *key, void *value)
{
	return -EINVAL;
}

int rhashtable_load_observed(struct cmap *m, const void *key, void *value)
{
	return -EINVAL;
}

unsigned int rhashtable_load_many(struct cmap *m, const struct cmap_many *q)
{
	return 0;
}

int rhashtable_update(struct cmap *m, const struct cmap_update *u)
{
	return -EINVAL;
}

const struct cmap_ops rhashtable_ops = {
	.name = "rhashtable",
	.size = sizeof(struct cmap),
	.init = absent_init,
};

/* Pages of 4 KiB: the cache model's page size is set, so it queries no other. */
unsigned int mapstat_page_shift(const void *addr)
{
	return PAGE_SHIFT;
}

/* Sites are numbered for events, which do not exist here. */
u16 mapstat_access_site_id(struct mapstat_access_site *site)
{
	return MAPSTAT_EVENT_NO_SITE;
}

void mapstat_events_make(const struct mapstat_access *t)
{
}

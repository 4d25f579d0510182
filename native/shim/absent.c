// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module has and these programs have not: the kernel's own rhashtable, which is
 * named in kmod/designs/designs.h, the parameters, events, and the file last_error.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include "kmod/cachesim/events.h"
#include "kmod/cachesim/model.h"
#include "kmod/cachesim/access.h"
#include "kmod/cmap/sample.h"
#include "kmod/designs/update.h"
#include "kmod/refusal.h"

/* 1 in 64 calls is timed, the default of sample_shift=. */
unsigned int mapstat_sample_mask = 63;

/* No more than the errno, as for all that these programs allocate. */
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

/* Pages of 4 KiB: the model of caches is told, and asks for no other. */
unsigned int mapstat_page_shift(const void *addr)
{
	return PAGE_SHIFT;
}

/* Events have it, which are not here. */
u16 mapstat_access_site_id(struct mapstat_access_site *site)
{
	return MAPSTAT_EVENT_NO_SITE;
}

void mapstat_events_make(const struct mapstat_access *t)
{
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module has and these programs have not: the kernel's own rhashtable, which is
 * named in kmod/maps/designs.h, the parameters, the table of lines that CPUs take from each
 * other, and events.
 */
#include <linux/mm.h>
#include <mapstat/events.h>
#include <mapstat/lines.h>
#include <mapstat/model.h>
#include "../../kmod/maps/sample.h"
#include "../../kmod/maps/update.h"

/* 1 in 64 calls is timed, the default of sample_shift=. */
unsigned int mapstat_sample_mask = 63;

static int absent_init(struct cmap *m)
{
	return -EINVAL;
}

int rhashtable_load(struct cmap *m, const void *key, void *value)
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

/* Not NULL, which would be a lack of memory. */
struct mapstat_lines *mapstat_lines_alloc(void)
{
	static char lines;

	return (void *)&lines;
}

void mapstat_lines_free(struct mapstat_lines *lines)
{
}

void mapstat_lines_reset_cpu(struct mapstat_lines *lines, int cpu)
{
}

void mapstat_lines_touch(struct mapstat_lines *lines, const struct mapstat_touch *t)
{
}

void mapstat_events_make(const struct mapstat_touch *t)
{
}

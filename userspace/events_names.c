// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names for the numbers in a record: of maps, and of access sites in the source.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "events.h"

#define ID_MAX		(1 << 20)

static void keep(char ***names, size_t *n, uint64_t id, const char *name)
{
	if (id >= *n) {
		*names = xrealloc(*names, id + 1, sizeof(**names));
		memset(*names + *n, 0, (id + 1 - *n) * sizeof(**names));
		*n = id + 1;
	}
	free((*names)[id]);
	(*names)[id] = xstrdup(name);
}

static bool parse_id(const char *text, uint64_t *id)
{
	return text && parse_u64(text, id) && *id < ID_MAX;
}

/* A map may be destroyed concurrently, so missing files are not errors. */
static void read_maps(struct event_names *n)
{
	struct names dirs;
	struct pairs stats;
	char file[300];
	uint64_t id;

	if (faccessat(n->tree->fd, "maps", F_OK, 0) || tree_list(n->tree, "maps", &dirs))
		return;
	for (size_t i = 0; i < dirs.n; i++) {
		snprintf(file, sizeof(file), "maps/%s/stats", dirs.name[i]);
		if (faccessat(n->tree->fd, file, F_OK, 0) || pairs_read(n->tree, file, &stats))
			continue;
		if (parse_id(pairs_get(&stats, "id"), &id))
			keep(&n->map, &n->nmaps, id, dirs.name[i]);
		pairs_free(&stats);
	}
	names_free(&dirs);
}

static void keep_site(struct event_names *n, uint64_t id, const char *func, const char *what)
{
	size_t nwhat = n->nsites;

	keep(&n->what, &nwhat, id, what);
	keep(&n->func, &n->nsites, id, func);
}

static void read_sites(struct event_names *n)
{
	struct lines l;
	uint64_t id;

	if (faccessat(n->tree->fd, "events/sites", F_OK, 0) ||
	    lines_open(&l, n->tree, "events/sites"))
		return;
	while (lines_next(&l) > 0) {
		if (l.nfields == 3 && parse_id(l.field[0], &id))
			keep_site(n, id, l.field[1], l.field[2]);
	}
	lines_close(&l);
}

void names_of_events(struct event_names *n, const struct tree *t)
{
	*n = (struct event_names){ .tree = t };
}

void names_of_events_free(struct event_names *n)
{
	for (size_t i = 0; i < n->nmaps; i++)
		free(n->map[i]);
	for (size_t i = 0; i < n->nsites; i++) {
		free(n->func[i]);
		free(n->what[i]);
	}
	free(n->map);
	free(n->func);
	free(n->what);
}

/*
 * A map and a site are published before their first record, so an unknown number is looked up only
 * once: a map that is not found then has been destroyed.  Ids are not reused.
 */
const char *name_of_map(struct event_names *n, uint32_t id)
{
	if (id >= ID_MAX || !n->tree)
		return "?";
	if (id >= n->nmaps || !n->map[id])
		read_maps(n);
	if (id >= n->nmaps || !n->map[id])
		keep(&n->map, &n->nmaps, id, "?");
	return n->map[id];
}

void name_of_site(struct event_names *n, uint16_t site, const char **func, const char **what)
{
	*func = "?";
	*what = "?";
	if (site == MAPSTAT_EVENT_NO_SITE || !n->tree)
		return;
	if (site >= n->nsites || !n->func[site])
		read_sites(n);
	if (site >= n->nsites || !n->func[site])
		keep_site(n, site, "?", "?");
	*func = n->func[site];
	*what = n->what[site];
}

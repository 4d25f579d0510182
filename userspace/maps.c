// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live maps: their list, stats and pauses.
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

int maps_list(const struct tree *t, struct names *names)
{
	return tree_list(t, "maps", names);
}

int stats_read(const struct tree *t, const char *map, struct pairs *stats)
{
	char file[512];

	snprintf(file, sizeof(file), "maps/%s/stats", map);
	return pairs_read(t, file, stats);
}

/* "# promotion	total=3	…" */
static int parse_kind(struct pauses *p, const struct lines *l)
{
	struct pause_kind *kind;

	if (l->nfields < 2 || !strcmp(l->field[0], "# source") || !strchr(l->field[1], '='))
		return ST_OK;	/* a source or a header */
	p->kind = xrealloc(p->kind, p->nkinds + 1, sizeof(*p->kind));
	kind = &p->kind[p->nkinds++];
	*kind = (struct pause_kind){ .name = xstrdup(l->field[0] + strlen("# ")) };
	for (size_t i = 0; i + 1 < p->nkinds; i++)
		if (!strcmp(p->kind[i].name, kind->name))
			return lines_fail(l, "kind '%s' appears twice", kind->name);
	if (!pairs_of_fields(&kind->summary, l, 1))
		return lines_fail(l, "not name=value");
	return ST_OK;
}

static int parse_hist(struct pauses *p, const struct lines *l)
{
	unsigned int index;
	uint64_t count;

	if (l->nfields != 4)
		return lines_fail(l, "%zu columns, not 4", l->nfields);
	if (!parse_bucket(l->field + 1, &index, &count) || p->bucket[index])
		return lines_fail(l, "not a bucket, or it appears twice");
	p->bucket[index] = count;
	return ST_OK;
}

static int parse_event(struct pauses *p, const struct lines *l)
{
	struct pause_event e;

	if (l->nfields != 5)
		return lines_fail(l, "%zu columns, not 5", l->nfields);
	if (!parse_u64(l->field[1], &e.end_ns) || !parse_u64(l->field[3], &e.duration_ns) ||
	    !parse_u64(l->field[4], &e.entries))
		return lines_fail(l, "not a number");
	e.kind = xstrdup(l->field[2]);
	p->event = xrealloc(p->event, p->nevents + 1, sizeof(*p->event));
	p->event[p->nevents++] = e;
	return ST_OK;
}

static int parse_line(struct pauses *p, const struct lines *l)
{
	if (!strncmp(l->field[0], "# ", 2))
		return parse_kind(p, l);
	if (!strcmp(l->field[0], "hist"))
		return parse_hist(p, l);
	if (!strcmp(l->field[0], "event"))
		return parse_event(p, l);
	return lines_fail(l, "'%s': neither hist nor event", l->field[0]);
}

int pauses_read(const struct tree *t, const char *map, struct pauses *p)
{
	char file[512];
	struct lines l;
	int more, ret;

	memset(p, 0, sizeof(*p));
	snprintf(file, sizeof(file), "maps/%s/pauses", map);
	ret = lines_open(&l, t, file);
	while (!ret && (more = lines_next(&l)) != 0)
		ret = more < 0 ? -more : parse_line(p, &l);
	lines_close(&l);
	if (ret)
		pauses_free(p);
	return ret;
}

void pauses_free(struct pauses *p)
{
	for (size_t i = 0; i < p->nkinds; i++) {
		free(p->kind[i].name);
		pairs_free(&p->kind[i].summary);
	}
	for (size_t i = 0; i < p->nevents; i++)
		free(p->event[i].kind);
	free(p->kind);
	free(p->event);
	memset(p, 0, sizeof(*p));
}

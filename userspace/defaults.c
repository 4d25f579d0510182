// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file parameters: what the module says of each parameter.  Only the defaults are of use
 * here; columns are found by their names.
 */
#include <string.h>
#include "mapstat.h"

struct columns {
	size_t value;	/* the column of defaults; names are in the first */
	size_t n;	/* 0: no header so far */
};

static int parse_header(struct columns *c, const struct lines *l)
{
	bool found = false;

	if (c->n || strcmp(l->field[0], "# name"))
		return lines_fail(l, "one header, which begins with name");
	for (size_t i = 1; i < l->nfields; i++) {
		if (strcmp(l->field[i], "default"))
			continue;
		c->value = i;
		found = true;
	}
	c->n = l->nfields;
	return found ? ST_OK : lines_fail(l, "no column 'default'");
}

static int parse_row(const struct columns *c, struct pairs *defaults, const struct lines *l)
{
	if (l->nfields != c->n)
		return lines_fail(l, "%zu columns, not %zu", l->nfields, c->n);
	if (!*l->field[0] || pairs_get(defaults, l->field[0]))
		return lines_fail(l, "'%.60s' is empty or stands twice", l->field[0]);
	pairs_add(defaults, l->field[0], l->field[c->value]);
	return ST_OK;
}

int params_defaults(const struct tree *t, struct pairs *defaults, bool *found)
{
	struct columns c = { 0 };
	struct lines l;
	int more, ret;

	*defaults = (struct pairs){ 0 };
	*found = tree_has(t, "parameters");
	if (!*found)
		return ST_OK;
	ret = lines_open(&l, t, "parameters");
	while (!ret && (more = lines_next(&l)) != 0) {
		if (more < 0)
			ret = -more;
		else if (*l.field[0] == '#')
			ret = parse_header(&c, &l);
		else
			ret = parse_row(&c, defaults, &l);
	}
	if (!ret && !c.n)
		ret = lines_fail(&l, "truncated: no header");
	lines_close(&l);
	if (ret)
		pairs_free(defaults);
	return ret;
}

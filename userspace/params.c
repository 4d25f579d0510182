// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameters, as the module publishes them: names, kinds, defaults, ranges, help and values.
 * This program has no list of its own.
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

#define COLUMNS_KNOWN	6

/* In the order of struct param. */
static const char *const columns[COLUMNS_KNOWN] = {
	"name", "kind", "default", "range", "help", "value"
};

/* Find the position of each column; columns added by a later module are ignored. */
static int parse_header(const struct lines *l, size_t *at)
{
	for (size_t c = 0; c < COLUMNS_KNOWN; c++) {
		for (at[c] = 0; at[c] < l->nfields; at[c]++) {
			const char *field = l->field[at[c]];

			if (!strncmp(field, "# ", 2))
				field += 2;
			if (!strcmp(field, columns[c]))
				break;
		}
		if (at[c] == l->nfields)
			return lines_fail(l, "there is no column '%s'", columns[c]);
	}
	return ST_OK;
}

static struct param *add(struct params *p)
{
	p->at = xrealloc(p->at, p->n + 1, sizeof(*p->at));
	p->at[p->n] = (struct param){ 0 };
	return &p->at[p->n++];
}

static int parse_row(struct params *p, const struct lines *l, const size_t *at, size_t width)
{
	struct param *param;

	if (l->nfields != width)
		return lines_fail(l, "%zu columns, not %zu", l->nfields, width);
	if (!*l->field[at[0]] || params_find(p, l->field[at[0]]))
		return lines_fail(l, "name '%.60s' is empty or appears twice", l->field[at[0]]);
	param = add(p);
	param->name = xstrdup(l->field[at[0]]);
	param->kind = xstrdup(l->field[at[1]]);
	param->fallback = xstrdup(l->field[at[2]]);
	param->range = xstrdup(l->field[at[3]]);
	param->help = xstrdup(l->field[at[4]]);
	param->value = xstrdup(l->field[at[5]]);
	return ST_OK;
}

static int read_table(const struct tree *t, struct params *p)
{
	size_t at[COLUMNS_KNOWN], width = 0;
	struct lines l;
	int more, ret = lines_open(&l, t, "parameters");

	while (!ret && (more = lines_next(&l)) != 0) {
		if (more < 0) {
			ret = -more;
		} else if (!width) {
			width = l.nfields;
			ret = parse_header(&l, at);
		} else {
			ret = parse_row(p, &l, at, width);
		}
	}
	if (!ret && !p->n)
		ret = lines_fail(&l, "truncated: no parameter");
	lines_close(&l);
	return ret;
}

/* For a module without the file "parameters": only names and values. */
static int read_files(const struct tree *t, struct params *p)
{
	struct names names;
	int ret = tree_list(t, "stress", &names);

	for (size_t i = 0; i < names.n && !ret; i++) {
		struct param *param = add(p);
		char *file = param_file(names.name[i]);

		param->name = xstrdup(names.name[i]);
		ret = tree_read_word(t, file, &param->value);
		free(file);
	}
	names_free(&names);
	return ret;
}

char *param_file(const char *name)
{
	size_t len = strlen("stress/") + strlen(name) + 1;
	char *file = xrealloc(NULL, len, 1);

	snprintf(file, len, "stress/%s", name);
	return file;
}

int params_read(const struct tree *t, struct params *p)
{
	int ret;

	*p = (struct params){ 0 };
	if (!tree_has(t, "parameters"))
		ret = read_files(t, p);
	else
		ret = read_table(t, p);
	if (ret)
		params_free(p);
	return ret;
}

const struct param *params_find(const struct params *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->at[i].name, name))
			return &p->at[i];
	return NULL;
}

void params_free(struct params *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->at[i].name);
		free(p->at[i].kind);
		free(p->at[i].fallback);
		free(p->at[i].range);
		free(p->at[i].help);
		free(p->at[i].value);
	}
	free(p->at);
	*p = (struct params){ 0 };
}

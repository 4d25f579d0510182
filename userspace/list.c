// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat list": one line per live map, or per map and CPU.
 */
#include <stdlib.h>
#include <string.h>
#include "json.h"

struct list_column {
	const char *title;
	const char *key;	/* in stats or percpu; NULL: a name */
};

static const struct list_column of_map[] = {
	{ "map", NULL }, { "design", "design" }, { "entries", "entries" },
	{ "bytes/entry", "bytes_per_entry" }, { "hits", "hits_total" },
	{ "misses", "misses_total" },
};

static const struct list_column of_cpu[] = {
	{ "map", NULL }, { "cpu", NULL }, { "hits", "hits_total" }, { "misses", "misses_total" },
	{ "inserts", "inserts_total" }, { "updates", "updates_total" },
	{ "deletes", "deletes_total" }, { "retries", "retries_total" },
	{ "lock_waits", "lock_waits_total" }, { "allocs", "allocs_total" },
};

#define COLUMNS_OF(columns)	(sizeof(columns) / sizeof(*(columns)))

struct list_table {
	const struct list_column *column;
	size_t ncolumns;
	char **cell;		/* row by row */
	size_t ncells;
};

/* Cells contain no blanks, so that awk can split the columns. */
static void add_cell(struct list_table *l, const char *text)
{
	char *cell = xstrdup(text && *text ? text : "-");

	for (char *c = cell; *c; c++)
		if (*c <= ' ' || *c > '~')
			*c = '?';
	l->cell = xrealloc(l->cell, l->ncells + 1, sizeof(*l->cell));
	l->cell[l->ncells++] = cell;
}

static int add_map(struct list_table *l, const struct tree *t, const char *map)
{
	struct pairs stats;
	int ret = stats_read(t, map, &stats);

	if (ret)
		return ret;
	add_cell(l, map);
	for (size_t i = 1; i < l->ncolumns; i++)
		add_cell(l, pairs_get(&stats, l->column[i].key));
	pairs_free(&stats);
	return ST_OK;
}

/* A row for each CPU that counted anything. */
static int add_cpus(struct list_table *l, const struct tree *t, const char *map)
{
	struct percpu p;
	char cpu[16];
	int ret = percpu_read(t, map, &p);

	if (ret)
		return ret;
	for (size_t at = 0; at < p.ncpus; at++) {
		if (!percpu_counted(&p, at))
			continue;
		snprintf(cpu, sizeof(cpu), "%u", p.cpu[at]);
		add_cell(l, map);
		add_cell(l, cpu);
		for (size_t i = 2; i < l->ncolumns; i++) {
			const struct percpu_counter *c = percpu_find(&p, l->column[i].key);

			add_cell(l, c ? c->value[at] : NULL);
		}
	}
	percpu_free(&p);
	return ST_OK;
}

static void print(const struct list_table *l, FILE *out)
{
	unsigned int width[COLUMNS_OF(of_cpu)];

	for (size_t i = 0; i < l->ncolumns; i++) {
		width[i] = cells(l->column[i].title);
		for (size_t j = i; j < l->ncells; j += l->ncolumns)
			if (cells(l->cell[j]) > width[i])
				width[i] = cells(l->cell[j]);
	}
	for (size_t i = 0; i < l->ncolumns + l->ncells; i++) {
		const size_t column = i % l->ncolumns;
		const bool name = !column || (l->column[column].key &&
					      !strcmp(l->column[column].key, "design"));

		fputs(column ? "  " : "", out);
		put_cell(out, i < l->ncolumns ? l->column[i].title : l->cell[i - l->ncolumns],
			 width[column], name ? LEFT : RIGHT);
		if (column + 1 == l->ncolumns)
			putc('\n', out);
	}
}

static int add_json(struct json_object *to, const struct tree *t, const char *map)
{
	struct pairs stats;
	int ret = stats_read(t, map, &stats);

	if (ret)
		return ret;
	json_add_text(to, "name", map);
	for (size_t i = 1; i < COLUMNS_OF(of_map); i++) {
		const char *value = pairs_get(&stats, of_map[i].key);

		json_add_figure(to, of_map[i].key, value ? value : "-");
	}
	pairs_free(&stats);
	return ST_OK;
}

static int list_json(const struct tree *t, const struct options *opt, const struct names *live,
		     FILE *out)
{
	struct json_object *document = json_object_new_object(), *maps, *o;
	int ret = ST_OK;

	maps = json_add(document, "maps", json_object_new_array());
	for (size_t i = 0; i < live->n && !ret; i++) {
		o = json_add(maps, NULL, json_object_new_object());
		ret = add_json(o, t, live->name[i]);
		if (!ret && opt->per_cpu)
			ret = json_add_percpu(o, t, live->name[i]);
	}
	return json_write(out, document, ret);
}

int list(const struct tree *t, const struct options *opt, FILE *out)
{
	struct list_table l = { .column = of_map, .ncolumns = COLUMNS_OF(of_map) };
	struct names live = { 0 };
	int ret;

	if (opt->per_cpu)
		l = (struct list_table){ .column = of_cpu, .ncolumns = COLUMNS_OF(of_cpu) };
	ret = version_check(t);
	if (ret)
		return ret;
	ret = maps_list(t, &live);
	if (!ret && opt->json) {
		ret = list_json(t, opt, &live, out);
		names_free(&live);
		return ret;
	}
	for (size_t i = 0; i < live.n && !ret; i++)
		ret = opt->per_cpu ? add_cpus(&l, t, live.name[i]) : add_map(&l, t, live.name[i]);
	if (!ret)
		print(&l, out);
	for (size_t i = 0; i < l.ncells; i++)
		free(l.cell[i]);
	free(l.cell);
	names_free(&live);
	return ret;
}

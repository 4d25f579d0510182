// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of "show": one row per map, split into blocks if the terminal is too narrow.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

enum kind { MAP, FIXED, SMALL, NS, COUNT, SPREAD, RATIO };

struct column {
	const char *group;	/* heading above adjacent columns with the same group */
	const char *title;
	enum kind kind;
	const char *name;	/* column of results */
	bool optional;		/* left out if no map has a figure */
};

#define COLUMNS_MAX	32
#define GAP		2

struct grid {
	struct column column[COLUMNS_MAX];
	unsigned int width[COLUMNS_MAX];
	size_t ncolumns;
	const struct ranked **row;	/* the maps shown */
	size_t nrows;
	bool stacked;			/* the map's name is on a line of its own */
	char (*cell)[COLUMNS_MAX][3 * HUMAN_LEN];	/* per row */
	char op_name[5][64];		/* names of the chosen operation's columns */
};

/* The operation in the columns of results that belongs to a value of --op. */
static const char *results_op(const char *op)
{
	if (!op)
		return "load";
	if (strstr(op, "_response"))
		return "response";
	return !strcmp(op, "store") || !strcmp(op, "delete") ? op : "load";
}

static void add(struct grid *g, struct column c)
{
	g->column[g->ncolumns++] = c;
}

/* With batch above 1 the columns of loads hold the time of a whole cmap_load_many(). */
static const char *op_title(const char *op, const struct results *r)
{
	return strcmp(op, "load") || results_batch(r) <= 1 ? op : "load_many";
}

static void add_latency(struct grid *g, const char *op, const struct results *r)
{
	static const char *const titles[] = { "p50", "p99", "p99.9", "max" };
	static const char *const names[] = { "p50", "p99", "p999", "max" };

	for (int i = 0; i < 4; i++) {
		snprintf(g->op_name[i], sizeof(g->op_name[i]), "%s_%s_ns", op, names[i]);
		add(g, (struct column){ op_title(op, r), titles[i], NS, g->op_name[i], false });
	}
}

static void choose_ranking(struct grid *g)
{
	add(g, (struct column){ "", "map", MAP, NULL, false });
	add(g, (struct column){ "", "ns/op", FIXED, "ns_per_op", false });
	add(g, (struct column){ "", "spread", SPREAD, NULL, false });
	add(g, (struct column){ "", "vs best", RATIO, NULL, false });
	add(g, (struct column){ "", "ops/s", COUNT, "ops_per_s", false });
}

static void choose_times(struct grid *g, const char *op, const struct results *r)
{
	const char *other = strcmp(op, "store") ? "store" : "load";

	add_latency(g, op, r);
	snprintf(g->op_name[4], sizeof(g->op_name[4]), "%s_p99_ns", other);
	add(g, (struct column){ op_title(other, r), "p99", NS, g->op_name[4], false });
	if (strcmp(op, "response"))
		add(g, (struct column){ "response", "p99", NS, "response_p99_ns", true });
}

static void choose_details(struct grid *g, const char *op, const struct results *r)
{
	const bool timed = !results_untimed(r);

	add(g, (struct column){ "", "map", MAP, NULL, false });
	if (timed)
		choose_times(g, op, r);
	add(g, (struct column){ "", "backlog", COUNT, "backlog_max_ops", true });
	add(g, (struct column){ "lock", "waits", COUNT, "lock_waits", false });
	add(g, (struct column){ "", "retries", COUNT, "retries", false });
	add(g, (struct column){ "allocs", "/op", SMALL, "allocs_per_op", false });
	add(g, (struct column){ "bytes", "/entry", FIXED, "bytes_per_entry", false });
	add(g, (struct column){ "pauses", "count", COUNT, "pauses", false });
	if (timed)
		add(g, (struct column){ "pauses", "max", NS, "pause_max_ns", true });
	add(g, (struct column){ "lines", "/op", SMALL, "model_lines_per_op", true });
	add(g, (struct column){ "model", "L1D/op", SMALL, "model_l1d_misses_per_op", true });
	add(g, (struct column){ "model", "cohr/op", SMALL, "model_coherence_misses_per_op", true });
	add(g, (struct column){ "model", "TLB/op", SMALL, "model_dtlb_misses_per_op", true });
	add(g, (struct column){ "pmu", "L1D/op", SMALL, "pmu_l1d_misses_per_op", true });
	add(g, (struct column){ "pmu", "LLC/op", SMALL, "pmu_llc_misses_per_op", true });
	add(g, (struct column){ "pmu", "TLB/op", SMALL, "pmu_dtlb_misses_per_op", true });
	add(g, (struct column){ "", "errors", COUNT, "errors", false });
}

static void drop_unmeasured(struct grid *g, const struct results *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->ncolumns; i++) {
		bool measured = !g->column[i].optional;
		double v;

		for (size_t j = 0; !measured && j < g->nrows; j++)
			measured = row_value(r, g->row[j]->row, g->column[i].name, &v);
		if (measured)
			g->column[kept++] = g->column[i];
	}
	g->ncolumns = kept;
}

/* At most four decimals, without trailing zeros; a positive value never becomes 0. */
static void small(char *buf, double v)
{
	size_t len;

	if (v > 0 && v < 0.00005) {
		strcpy(buf, "<0.0001");
		return;
	}
	human_fixed(buf, v, 4);
	len = strlen(buf);
	if (!strchr(buf, '.'))
		return;
	while (buf[len - 1] == '0')
		buf[--len] = '\0';
	if (buf[len - 1] == '.')
		buf[len - 1] = '\0';
}

static void spread(char *buf, size_t size, const struct ranked *m)
{
	char min[HUMAN_LEN], max[HUMAN_LEN];

	if (m->rounds)
		snprintf(buf, size, "%s..%s", human_fixed(min, m->min, 1),
			 human_fixed(max, m->max, 1));
}

static void format(char *buf, size_t size, const struct column *c, const struct results *r,
		   const struct ranked *m, const struct ranked *best, const struct term *term)
{
	char *safe = buf;
	double v;

	strcpy(buf, "-");
	if (c->kind == MAP) {
		snprintf(buf, size, "%s", m->map);
		for (; *safe; safe++)
			if (*safe < ' ' || *safe > '~')
				*safe = '?';
	} else if (c->kind == SPREAD) {
		spread(buf, size, m);
	} else if (c->kind == RATIO) {
		if (best && best->ns > 0 && !m->wrong && !isnan(m->ns)) {
			human_fixed(buf, m->ns / best->ns, 2);
			strcat(buf, term->utf8 ? "×" : "x");
		}
	} else if (row_value(r, m->row, c->name, &v)) {
		if (c->kind == FIXED)
			human_fixed(buf, v, 1);
		else if (c->kind == SMALL)
			small(buf, v);
		else if (c->kind == NS)
			human_ns(buf, term, v);
		else
			human_count(buf, v);
	}
}

/* Is any column too wide to fit beside the map's name? */
static bool is_stacked(const struct grid *g, const struct term *term)
{
	for (size_t i = 1; i < g->ncolumns; i++)
		if (g->width[0] + GAP + g->width[i] > term->width)
			return true;
	return false;
}

static void fill(struct grid *g, const struct results *r, const struct ranking *k,
		 const struct term *term)
{
	const struct ranked *best = ranking_best(k);

	g->cell = xrealloc(NULL, g->nrows, sizeof(*g->cell));
	for (size_t i = 0; i < g->ncolumns; i++) {
		g->width[i] = cells(g->column[i].title);
		for (size_t j = 0; j < g->nrows; j++) {
			char *cell = g->cell[j][i];

			format(cell, sizeof(g->cell[j][i]), &g->column[i], r, g->row[j], best,
			       term);
			if (cells(cell) > g->width[i])
				g->width[i] = cells(cell);
		}
	}
	for (size_t i = 1; i < g->ncolumns; i++)	/* a group of one column must fit it */
		if (cells(g->column[i].group) > g->width[i])
			g->width[i] = cells(g->column[i].group);
	g->stacked = is_stacked(g, term);
}

/* The first column of a block; if stacked, a map's name on its own line and no title. */
static void show_first(const struct grid *g, const char *text, bool name, FILE *out)
{
	if (!g->stacked) {
		put_cell(out, text, g->width[0], LEFT);
	} else if (name) {
		fputs(text, out);
		putc('\n', out);
	}
}

/* "load ─────" above the columns of a group; above a single column, only the name. */
static void show_group(const struct grid *g, size_t from, size_t to, const struct term *term,
		       FILE *out)
{
	const char *name = g->column[from].group;
	unsigned int width = g->width[from];

	if (to == from + 1) {
		put_cell(out, name, width, RIGHT);
		return;
	}
	for (size_t i = from + 1; i < to; i++)
		width += g->width[i] + GAP;
	fprintf(out, "%s ", name);
	for (unsigned int i = cells(name) + 1; i < width; i++)
		fputs(term->utf8 ? "─" : "-", out);
}

static bool same_group(const struct grid *g, size_t a, size_t b)
{
	return *g->column[a].group && !strcmp(g->column[a].group, g->column[b].group);
}

static void show_groups(const struct grid *g, size_t from, size_t to, const struct term *term,
			FILE *out)
{
	size_t last = to;

	while (last > from && !*g->column[last - 1].group)
		last--;
	if (last == from)
		return;
	style_on(out, term, DIM);
	fprintf(out, "%*s", g->stacked ? 0 : (int)g->width[0], "");
	for (size_t i = from, end; i < last; i = end) {
		for (end = i + 1; end < last && same_group(g, i, end); end++)
			;
		fprintf(out, "%*s", GAP, "");
		show_group(g, i, end, term, out);
	}
	style_off(out, term, DIM);
	putc('\n', out);
}

static void show_titles(const struct grid *g, size_t from, size_t to, const struct term *term,
			FILE *out)
{
	style_on(out, term, DIM);
	show_first(g, g->column[0].title, false, out);
	for (size_t i = from; i < to; i++) {
		fprintf(out, "%*s", GAP, "");
		put_cell(out, g->column[i].title, g->width[i], RIGHT);
	}
	style_off(out, term, DIM);
	putc('\n', out);
}

static void show_block(const struct grid *g, const struct ranking *k, size_t from, size_t to,
		       const struct term *term, FILE *out)
{
	show_groups(g, from, to, term, out);
	show_titles(g, from, to, term, out);
	for (size_t j = 0; j < g->nrows; j++) {
		enum style style = g->row[j]->wrong ? BAD :
				   g->row[j] == ranking_best(k) ? BOLD : PLAIN;

		style_on(out, term, style);
		show_first(g, g->cell[j][0], true, out);
		for (size_t i = from; i < to; i++) {
			fprintf(out, "%*s", GAP, "");
			put_cell(out, g->cell[j][i], g->width[i], RIGHT);
		}
		style_off(out, term, style);
		putc('\n', out);
	}
}

/* The end of the block that begins with column @from; groups are not split unless too wide. */
static size_t block_end(const struct grid *g, size_t from, unsigned int width)
{
	unsigned int used = g->stacked ? 0 : g->width[0];
	size_t end = from;

	while (end < g->ncolumns && used + GAP + g->width[end] <= width)
		used += GAP + g->width[end++];
	if (end == from)
		return from + 1;
	if (end < g->ncolumns)
		for (size_t i = end; i > from; i--)
			if (!same_group(g, i, i - 1))
				return i;
	return end;
}

static void grid_show(struct grid *g, const struct results *r, const struct ranking *k,
		      const struct term *term, FILE *out)
{
	size_t from = 1, to;

	g->row = xrealloc(NULL, k->nshown, sizeof(*g->row));
	for (size_t i = 0; i < k->n; i++)
		if (k->at[i].shown)
			g->row[g->nrows++] = &k->at[i];
	drop_unmeasured(g, r);
	fill(g, r, k, term);
	while (from < g->ncolumns) {
		to = block_end(g, from, term->width);
		show_block(g, k, from, to, term, out);
		putc('\n', out);
		from = to;
	}
	free(g->cell);
	free(g->row);
}

void table_ranking(const struct results *r, const struct ranking *k, const struct term *term,
		   FILE *out)
{
	struct grid g = { 0 };

	choose_ranking(&g);
	grid_show(&g, r, k, term, out);
}

void table_details(const struct results *r, const struct ranking *k, const struct options *opt,
		   const struct term *term, FILE *out)
{
	struct grid g = { 0 };

	choose_details(&g, results_op(opt->op), r);
	grid_show(&g, r, k, term, out);
}

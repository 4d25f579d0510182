// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat explain": print two maps side by side, which of their figures differ most, and whether
 * these explain the difference in time.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "explain.h"

#define GAP	2
#define INDENT	"  "

enum { TITLE, FIRST, SECOND, DIFFERENCE, COLUMNS };

struct table_row {
	const char *group;	/* printed on a line of its own before its first row */
	char cell[COLUMNS][3 * HUMAN_LEN];
};

struct table {
	struct table_row row[FIGURES_MAX + 2];	/* 2: names and spread */
	size_t n;
	unsigned int width[COLUMNS];
};

static void safe_name(char *to, size_t size, const char *name)
{
	snprintf(to, size, "%s", name);
	for (; *to; to++)
		if (*to < ' ' || *to > '~')
			*to = '?';
}

/* A figure, with "+" if positive and @sign; a value that would round to 0 is "<0.01". */
static void put_figure(char *to, const struct figure_rule *rule, double v, bool sign,
		       const struct term *term)
{
	const char *mark = v < 0 ? "-" : sign && v > 0 ? "+" : "";
	char text[HUMAN_LEN];
	double least = 1;

	for (unsigned int i = 0; i < rule->decimals; i++)
		least /= 10;
	v = fabs(v);
	if (rule->kind == NANOSECONDS)
		human_ns(text, term, v);
	else
		human_fixed(text, v, rule->decimals);
	if (rule->kind != NANOSECONDS && v > 0 && v < least / 2)
		snprintf(to, 3 * HUMAN_LEN, "<%.*f", (int)rule->decimals, least);
	else
		snprintf(to, 3 * HUMAN_LEN, "%s%s", mark, text);
}

static void add_figure(struct table *t, const struct figure *f, const struct term *term)
{
	struct table_row *row = &t->row[t->n++];

	row->group = f->rule->group;
	snprintf(row->cell[TITLE], sizeof(row->cell[TITLE]), INDENT "%s", f->rule->title);
	for (size_t side = 0; side < 2; side++) {
		strcpy(row->cell[FIRST + side], "-");
		if (f->known[side])
			put_figure(row->cell[FIRST + side], f->rule, f->value[side], false, term);
	}
	if (!isnan(figure_difference(f)))
		put_figure(row->cell[DIFFERENCE], f->rule, figure_difference(f), true, term);
}

static void add_spread(struct table *t, const struct comparison *c)
{
	struct table_row *row = &t->row[t->n++];

	row->group = t->row[t->n - 2].group;
	strcpy(row->cell[TITLE], INDENT "spread");
	for (size_t side = 0; side < 2; side++) {
		const struct ranked *m = c->map[side].ranked;
		char min[HUMAN_LEN], max[HUMAN_LEN];

		strcpy(row->cell[FIRST + side], "-");
		if (m->rounds)
			snprintf(row->cell[FIRST + side], sizeof(row->cell[FIRST]), "%s..%s",
				 human_fixed(min, m->min, 1), human_fixed(max, m->max, 1));
	}
}

static void table_make(struct table *t, const struct comparison *c, const struct term *term)
{
	memset(t, 0, sizeof(*t));
	for (size_t side = 0; side < 2; side++)
		safe_name(t->row[0].cell[FIRST + side], sizeof(t->row[0].cell[FIRST]),
			  c->map[side].ranked->map);
	strcpy(t->row[0].cell[DIFFERENCE], "difference");
	t->n = 1;
	for (size_t i = 0; i < c->nfigures; i++) {
		add_figure(t, &c->figure[i], term);
		if (!i)
			add_spread(t, c);
	}
	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < COLUMNS; j++)
			if (cells(t->row[i].cell[j]) > t->width[j])
				t->width[j] = cells(t->row[i].cell[j]);
}

static unsigned int width_of(const struct table *t, unsigned int columns)
{
	unsigned int width = 0;

	for (size_t j = FIRST; j < columns; j++)
		width += GAP + t->width[j];
	return width;
}

static unsigned int columns_that_fit(const struct table *t, const struct term *term)
{
	return t->width[TITLE] + width_of(t, COLUMNS) <= term->width ? COLUMNS : DIFFERENCE;
}

/* The title is beside the columns, or above them if the terminal is too narrow. */
static void row_show(const struct table *t, const struct table_row *row, unsigned int columns,
		     const struct term *term, FILE *out)
{
	const bool stacked = t->width[TITLE] + width_of(t, columns) > term->width;
	unsigned int gap = 0;

	if (!stacked)
		put_cell(out, row->cell[TITLE], t->width[TITLE], LEFT);
	else if (*row->cell[TITLE])
		fprintf(out, "%s\n", row->cell[TITLE]);
	for (size_t j = FIRST; j < columns; j++) {
		if (!*row->cell[j]) {	/* avoid trailing blanks */
			gap += GAP + t->width[j];
			continue;
		}
		fprintf(out, "%*s", (int)(GAP + gap), "");
		put_cell(out, row->cell[j], t->width[j], RIGHT);
		gap = 0;
	}
	putc('\n', out);
}

static void table_put(const struct table *t, const struct term *term, FILE *out)
{
	const unsigned int columns = columns_that_fit(t, term);
	const char *group = NULL;

	style_on(out, term, BOLD);
	row_show(t, &t->row[0], columns, term, out);
	style_off(out, term, BOLD);
	for (size_t i = 1; i < t->n; i++) {
		if (!group || strcmp(group, t->row[i].group)) {
			group = t->row[i].group;
			style_on(out, term, DIM);
			fputs(group, out);
			style_off(out, term, DIM);
			putc('\n', out);
		}
		row_show(t, &t->row[i], columns, term, out);
	}
	putc('\n', out);
}

/* Print text from a file without control characters. */
static void put_line(const char *text, const struct term *term, FILE *out)
{
	char *safe = xstrdup(text);

	for (char *s = safe; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
	put_wrapped(out, term, safe);
	free(safe);
}

static bool said_before(const struct comparison *c, size_t figure, size_t side, const char *why)
{
	for (size_t i = 0; i < figure; i++) {
		const char *before = figure_missing(c, &c->figure[i], side);

		if (before && !strcmp(before, why))
			return true;
	}
	return false;
}

/*
 * The source of accesses and misses, and why other figures are '-'.  The reason for missing times
 * is in the sentences below.
 */
static void notes_put(const struct comparison *c, const struct term *term, FILE *out)
{
	const char *source = compared_source(&c->map[0]);
	char line[512], *words;
	bool any = false;

	if (!source)
		source = compared_source(&c->map[1]);
	if (source && !c->sources_differ) {
		words = source_in_words(source);
		snprintf(line, sizeof(line), "accesses and misses: %s", words);
		free(words);
		put_line(line, term, out);
		any = true;
	}
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < c->nfigures; i++) {
			const char *why = figure_missing(c, &c->figure[i], side);

			if (!why || why == c->untimed || said_before(c, i, side, why))
				continue;
			words = source_in_words(why);
			snprintf(line, sizeof(line), "- of %s, %s: %s", c->map[side].ranked->map,
				 c->figure[i].rule->group, words);
			free(words);
			put_line(line, term, out);
			any = true;
		}
	if (any)
		putc('\n', out);
}

#define DIFFERS_WIDTH	61	/* columns that differs_put() needs for a row */

static void differs_put(const struct comparison *c, const struct figure *f,
			const struct term *term, FILE *out)
{
	const double price = figure_price(c, f);
	char sign[3 * HUMAN_LEN], ns[HUMAN_LEN], line[8 * HUMAN_LEN];

	put_figure(sign, f->rule, figure_more(c, f), true, term);
	human_fixed(ns, price, 1);
	if (term->width < DIFFERS_WIDTH) {
		snprintf(line, sizeof(line), "%s %s, %s%s%s%s", sign, f->rule->title,
			 figure_source(c, f), isnan(price) ? "" : ", ", isnan(price) ? "" : ns,
			 isnan(price) ? "" : " ns each");
		put_wrapped(out, term, line);
		return;
	}
	fputs(INDENT, out);
	put_cell(out, sign, 9, RIGHT);
	fputs(INDENT, out);
	put_cell(out, f->rule->title, 21, LEFT);
	fprintf(out, isnan(price) ? "%s\n" : "%-8s", figure_source(c, f));
	if (isnan(price))
		return;
	put_cell(out, ns, 9, RIGHT);
	fputs(" ns each\n", out);
}

static void differing_put(const struct comparison *c, const struct term *term, FILE *out)
{
	char line[512];

	if (!c->ndiffering)
		return;
	snprintf(line, sizeof(line), "Differences per operation, the largest first "
		 "(+: %s has more)", c->map[c->slower].ranked->map);
	put_line(line, term, out);
	for (size_t i = 0; i < c->ndiffering; i++)
		differs_put(c, c->differing[i], term, out);
	putc('\n', out);
}

static void title_put(const struct results *r, const struct term *term, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *f;

	if (!r->parameters.n)
		return;
	f = xmemstream(&text, &len);
	mix_describe(r, f);
	fclose(f);
	put_line(text, term, out);
	putc('\n', out);
	free(text);
}

static void comparison_put(const struct comparison *c, const struct results *r,
			   const struct sentences *s, const struct term *term, FILE *out)
{
	struct table t;

	title_put(r, term, out);
	table_make(&t, c, term);
	table_put(&t, term, out);
	notes_put(c, term, out);
	differing_put(c, term, out);
	for (size_t i = 0; i < s->n; i++)
		put_wrapped(out, term, s->text[i]);
}

static int explain_results(const struct tree *t, const struct options *opt,
			   const struct term *term, const struct results *r, FILE *out)
{
	struct sentences s = { 0 };
	struct comparison c;
	int ret;

	ret = comparison_read(&c, t, opt, r);
	if (!ret) {
		explain_words(&c, r, term, &s);
		if (opt->json)
			ret = explain_json(&c, r, &s, out);
		else
			comparison_put(&c, r, &s, term, out);
	}
	for (size_t i = 0; i < s.n; i++)
		free(s.text[i]);
	comparison_free(&c);
	return ret;
}

int explain(const struct tree *t, const struct options *opt, const struct term *term, FILE *out)
{
	struct results r;
	int ret;

	ret = version_check(t);
	if (ret)
		return ret;
	ret = results_read(t, &r);
	if (ret)
		return ret;
	ret = explain_results(t, opt, term, &r, out);
	results_free(&r);
	return ret;
}

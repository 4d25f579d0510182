// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat show --per-cpu": a table per map with a row per CPU: its counters and its latency.
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

#define GAP		2
#define QUANTILES	3

/* A row per CPU that counted anything, a column per counter that is not 0 on all of them. */
struct sheet {
	char **title;
	char **cell;		/* row by row */
	unsigned int *width;
	size_t ncolumns;
	size_t nrows;
};

static void sheet_free(struct sheet *s)
{
	for (size_t i = 0; i < s->ncolumns; i++)
		free(s->title[i]);
	for (size_t i = 0; i < s->ncolumns * s->nrows; i++)
		free(s->cell[i]);
	free(s->title);
	free(s->cell);
	free(s->width);
}

/* Append a column; @cell has one cell per row, which the sheet frees. */
static void add_column(struct sheet *s, const char *title, char *const *cell)
{
	const size_t n = s->ncolumns + 1;
	char **grown = xrealloc(NULL, n * s->nrows, sizeof(*grown));

	s->title = xrealloc(s->title, n, sizeof(*s->title));
	s->width = xrealloc(s->width, n, sizeof(*s->width));
	s->title[n - 1] = xstrdup(title);
	s->width[n - 1] = cells(title);
	for (size_t row = 0; row < s->nrows; row++) {
		for (size_t i = 0; i + 1 < n; i++)
			grown[row * n + i] = s->cell[row * s->ncolumns + i];
		grown[row * n + n - 1] = cell[row];
		if (cells(cell[row]) > s->width[n - 1])
			s->width[n - 1] = cells(cell[row]);
	}
	free(s->cell);
	s->cell = grown;
	s->ncolumns = n;
}

static char *count_text(const char *value)
{
	char buf[HUMAN_LEN];
	uint64_t n;

	return xstrdup(parse_u64(value, &n) ? human_count(buf, (double)n) : "-");
}

static char *cpu_text(unsigned int cpu)
{
	char buf[HUMAN_LEN];

	snprintf(buf, sizeof(buf), "%u", cpu);
	return xstrdup(buf);
}

/* Is the counter not 0 on at least one of the CPUs shown? */
static bool counts(const struct percpu_counter *c, const size_t *row, size_t nrows)
{
	for (size_t i = 0; i < nrows; i++)
		if (strcmp(c->value[row[i]], "0"))
			return true;
	return false;
}

static void add_counters(struct sheet *s, const struct percpu *p, const size_t *row, char **cell)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct percpu_counter *c = &p->counter[i];
		char *title, *tail;

		if (!counts(c, row, s->nrows))
			continue;
		for (size_t j = 0; j < s->nrows; j++)
			cell[j] = count_text(c->value[row[j]]);
		title = xstrdup(c->name);
		tail = strstr(title, "_total");
		if (tail && !tail[strlen("_total")])
			*tail = '\0';
		for (char *at = title; *at; at++)
			if (*at < ' ' || *at > '~')
				*at = '?';
		add_column(s, title, cell);
		free(title);
	}
}

static const struct latency_op *op_of(const struct latency_cpus *lat, unsigned int cpu,
				      const char *op)
{
	for (size_t i = 0; i < lat->n; i++)
		if (lat->at[i].cpu == cpu)
			return latency_choose(&lat->at[i].lat, op);
	return NULL;
}

static char *quantile_text(const struct latency_op *op, const char *key, const struct term *term)
{
	const char *text = op ? pairs_get(&op->summary, key) : NULL;
	char buf[HUMAN_LEN];
	uint64_t ns;

	return xstrdup(text && parse_u64(text, &ns) ? human_ns(buf, term, (double)ns) : "-");
}

static void add_latency(struct sheet *s, const struct percpu *p, const struct latency_cpus *lat,
			const char *op, const size_t *row, char **cell, const struct term *term)
{
	static const char *const titles[QUANTILES] = { "p50", "p99", "max" };
	static const char *const keys[QUANTILES] = { "p50_ns", "p99_ns", "max_ns" };
	char buf[HUMAN_LEN];

	for (size_t j = 0; j < s->nrows; j++) {
		const struct latency_op *found = op_of(lat, p->cpu[row[j]], op);

		cell[j] = xstrdup(found ? human_count(buf, (double)found->count) : "-");
	}
	add_column(s, "timed", cell);
	for (size_t i = 0; i < QUANTILES; i++) {
		for (size_t j = 0; j < s->nrows; j++)
			cell[j] = quantile_text(op_of(lat, p->cpu[row[j]], op), keys[i], term);
		add_column(s, titles[i], cell);
	}
}

static void put_row(const struct sheet *s, char *const *cell, size_t from, size_t to, FILE *out)
{
	put_cell(out, cell[0], s->width[0], RIGHT);
	for (size_t i = from; i < to; i++) {
		fprintf(out, "%*s", GAP, "");
		put_cell(out, cell[i], s->width[i], RIGHT);
	}
	putc('\n', out);
}

/* In blocks if the terminal is too narrow, each with the CPU as its first column. */
static void sheet_show(const struct sheet *s, const struct term *term, FILE *out)
{
	for (size_t from = 1, to; from < s->ncolumns; from = to) {
		unsigned int used = s->width[0];

		for (to = from; to < s->ncolumns; to++) {
			used += GAP + s->width[to];
			if (used > term->width && to > from)
				break;
		}
		if (from > 1)
			putc('\n', out);
		style_on(out, term, DIM);
		put_row(s, s->title, from, to, out);
		style_off(out, term, DIM);
		for (size_t row = 0; row < s->nrows; row++)
			put_row(s, &s->cell[row * s->ncolumns], from, to, out);
	}
}

/* "CPUs 2-7,9: nothing was counted." */
static void put_idle(const struct percpu *p, const struct term *term, FILE *out)
{
	char *text = NULL;
	size_t len, n = 0;
	FILE *f = xmemstream(&text, &len);

	for (size_t i = 0, end; i < p->ncpus; i = end) {
		for (end = i; end < p->ncpus && !percpu_counted(p, end); end++)
			if (end > i && p->cpu[end] != p->cpu[end - 1] + 1)
				break;
		if (end == i) {
			end++;
			continue;
		}
		fprintf(f, "%s%u", n++ ? "," : "CPUs ", p->cpu[i]);
		if (end > i + 1)
			fprintf(f, "-%u", p->cpu[end - 1]);
	}
	fputs(": nothing was counted", f);
	fclose(f);
	if (n)
		put_wrapped(out, term, text);
	free(text);
}

static void show_sheet(const struct percpu *p, const struct latency_cpus *lat, const char *op,
		       const struct term *term, FILE *out)
{
	size_t *row = xrealloc(NULL, p->ncpus, sizeof(*row));
	char **cell = xrealloc(NULL, p->ncpus, sizeof(*cell));
	struct sheet s = { 0 };

	for (size_t i = 0; i < p->ncpus; i++)
		if (percpu_counted(p, i))
			row[s.nrows++] = i;
	for (size_t i = 0; i < s.nrows; i++)
		cell[i] = cpu_text(p->cpu[row[i]]);
	if (s.nrows) {
		add_column(&s, "cpu", cell);
		add_counters(&s, p, row, cell);
		if (lat)
			add_latency(&s, p, lat, op, row, cell, term);
		sheet_show(&s, term, out);
	}
	put_idle(p, term, out);
	sheet_free(&s);
	free(cell);
	free(row);
}

/* All CPUs show the same operation, chosen from the map's totals. */
static const char *op_name(const struct latency *lat, const char *op)
{
	const struct latency_op *found = latency_choose(lat, op);

	return found ? found->name : op ? op : "load";
}

int percpu_show(const struct tree *t, const char *map, const struct options *opt, bool timed,
		const struct term *term, FILE *out)
{
	struct latency_cpus cpus = { 0 };
	struct latency lat = { 0 };
	struct percpu p;
	const char *op;
	char what[96];
	int ret;

	ret = percpu_read(t, map, &p);
	if (!ret && timed)
		ret = latency_read(t, map, &lat);
	if (!ret && timed)
		ret = latency_percpu_read(t, map, &cpus);
	if (!ret) {
		op = op_name(&lat, opt->op);
		snprintf(what, sizeof(what), "each CPU%s%.40s", timed ? "; latency of " : "",
			 timed ? op : "");
		put_heading(out, term, map, p.ncpus ? what : "this module has no file percpu");
		if (p.ncpus)
			show_sheet(&p, timed ? &cpus : NULL, op, term, out);
	}
	latency_free(&lat);
	latency_percpu_free(&cpus);
	percpu_free(&p);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The heat map as SVG, and folded stacks.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "heat.h"

#define COLUMNS		96
#define CELL		8	/* px */
#define CELLS_MAX	(COLUMNS * 64)
#define MARGIN		16
#define TEXT		16
#define BAR_WIDTH	360
#define BARS_MAX	12

static void put_xml(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '&')
			fputs("&amp;", out);
		else if (*s == '<')
			fputs("&lt;", out);
		else if (*s == '>')
			fputs("&gt;", out);
		else if (*s == '"')
			fputs("&quot;", out);
		else
			putc(*s >= ' ' && *s < 0x7f ? *s : '?', out);
	}
}

/* Darker with more accesses, on a logarithmic scale; the hue shows misses and coherence misses. */
static void put_colour(FILE *out, const struct heat_count *n, __u64 max)
{
	double heat = log1p((double)n->accesses) / log1p((double)max);
	double share = (double)heat_misses(n) / (double)n->accesses;
	int hue = n->l1[MAPSTAT_EVENT_L1_COHERENCE] ? 0 : 210 - (int)(170 * share);

	fprintf(out, "hsl(%d,80%%,%d%%)", hue, 92 - (int)(52 * heat));
}

static void add(struct heat_count *sum, const struct heat_count *n)
{
	sum->accesses += n->accesses;
	sum->writes += n->writes;
	sum->tlb_misses += n->tlb_misses;
	sum->invalidated += n->invalidated;
	for (size_t i = 0; i < HEAT_NR_L1; i++)
		sum->l1[i] += n->l1[i];
}

/* Number of lines per cell. */
static size_t each_of(const struct heat_map *m)
{
	return (m->nlines + CELLS_MAX - 1) / CELLS_MAX;
}

static size_t rows_of(const struct heat_map *m)
{
	size_t cells = (m->nlines + each_of(m) - 1) / each_of(m);

	return (cells + COLUMNS - 1) / COLUMNS;
}

static struct heat_count cell_of(const struct heat_map *m, size_t first)
{
	struct heat_count sum = { 0 };

	for (size_t i = first; i < m->nlines && i < first + each_of(m); i++)
		add(&sum, &m->line[i].n);
	return sum;
}

static void put_cells(const struct heat_map *m, size_t y, FILE *out)
{
	__u64 max = 1;

	for (size_t i = 0; i < m->nlines; i += each_of(m)) {
		struct heat_count n = cell_of(m, i);

		max = n.accesses > max ? n.accesses : max;
	}
	for (size_t i = 0, at = 0; i < m->nlines; i += each_of(m), at++) {
		const struct heat_place *p = &m->place[m->line[i].place];
		struct heat_count n = cell_of(m, i);

		fprintf(out, "<rect x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\" fill=\"",
			MARGIN + at % COLUMNS * CELL, y + at / COLUMNS * CELL, CELL - 1,
			CELL - 1);
		put_colour(out, &n, max);
		fprintf(out, "\"><title>%016llx: %llu accesses, %llu"
		" misses, %llu of coherence, %llu copies invalidated; ",
			m->line[i].addr, n.accesses, heat_misses(&n),
			n.l1[MAPSTAT_EVENT_L1_COHERENCE], n.invalidated);
		put_xml(out, p->func);
		fputs(": ", out);
		put_xml(out, p->what);
		fputs("</title></rect>\n", out);
	}
}

static size_t bars_of(const struct heat_map *m)
{
	return m->nplaces < BARS_MAX ? m->nplaces : BARS_MAX;
}

static void put_bar(FILE *out, size_t y, const char *colour, double width)
{
	fprintf(out, "<rect x=\"%d\" y=\"%zu\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
		MARGIN, y, width, TEXT - 3, colour);
}

static void put_bars(const struct heat_map *m, size_t y, FILE *out)
{
	__u64 max = 1;

	for (size_t i = 0; i < bars_of(m); i++)
		max = m->place[i].n.accesses > max ? m->place[i].n.accesses : max;
	for (size_t i = 0; i < bars_of(m); i++, y += TEXT) {
		const struct heat_place *p = &m->place[i];
		double width = BAR_WIDTH * (double)p->n.accesses / (double)max;

		put_bar(out, y, "#cfe0f3", width);
		put_bar(out, y, "#d9822b",
			width * (double)heat_misses(&p->n) / (double)p->n.accesses);
		fprintf(out, "<text x=\"%d\" y=\"%zu\">%llu of %llu miss, ",
			MARGIN + BAR_WIDTH + 8, y + TEXT - 6, heat_misses(&p->n), p->n.accesses);
		put_xml(out, p->op);
		putc(' ', out);
		put_xml(out, p->func);
		fputs(": ", out);
		put_xml(out, p->what);
		fputs("</text>\n", out);
	}
}

static size_t height_of(const struct heat_map *m)
{
	return TEXT + rows_of(m) * CELL + TEXT / 2 + bars_of(m) * TEXT + TEXT;
}

static void put_lacks(size_t y, const char *text, FILE *out)
{
	fprintf(out, "<text x=\"%d\" y=\"%zu\" fill=\"#c00000\">", MARGIN, y + TEXT - 6);
	put_xml(out, text);
	fputs("</text>\n", out);
}

void heat_svg(const struct heat *h, FILE *out)
{
	size_t y = MARGIN, height = 2 * MARGIN;
	size_t len;
	char *lacks = NULL;
	FILE *f = xmemstream(&lacks, &len);
	const bool lacking = heat_lacks(h, f);

	fclose(f);
	height += lacking ? TEXT : 0;
	for (size_t i = 0; i < h->nmaps; i++)
		height += height_of(&h->map[i]);
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" "
		"font-family=\"monospace\" font-size=\"11\">\n",
		2 * MARGIN + COLUMNS * CELL + BAR_WIDTH, height);
	fputs("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n", out);
	if (lacking) {
		put_lacks(y, lacks, out);
		y += TEXT;
	}
	free(lacks);
	for (size_t i = 0; i < h->nmaps; i++) {
		const struct heat_map *m = &h->map[i];

		fprintf(out, "<text x=\"%d\" y=\"%zu\" font-weight=\"bold\">", MARGIN,
			y + TEXT - 6);
		put_xml(out, m->name);
		fprintf(out, ": %llu accesses, %llu misses; a cell is %zu line(s) of %d bytes; "
			"dark: hot, orange: missed, red: lost to another CPU</text>\n",
			m->n.accesses, heat_misses(&m->n), each_of(m), HEAT_LINE);
		put_cells(m, y + TEXT, out);
		put_bars(m, y + TEXT + rows_of(m) * CELL + TEXT / 2, out);
		y += height_of(m);
	}
	fputs("</svg>\n", out);
}

/* A frame, with separators and control characters replaced. */
static void put_frame(FILE *out, const char *s)
{
	for (; *s; s++)
		putc(*s == ';' ? ',' : *s > ' ' && *s < 0x7f ? *s : '_', out);
}

void heat_folded(const struct heat *h, FILE *out)
{
	for (size_t i = 0; i < h->nmaps; i++) {
		const struct heat_map *m = &h->map[i];

		for (size_t j = 0; j < m->nplaces; j++) {
			const struct heat_place *p = &m->place[j];

			if (!heat_misses(&p->n))
				continue;
			put_frame(out, m->name);
			putc(';', out);
			put_frame(out, p->op);
			putc(';', out);
			put_frame(out, p->func);
			putc(';', out);
			put_frame(out, p->what);
			fprintf(out, " %llu\n", heat_misses(&p->n));
		}
	}
}

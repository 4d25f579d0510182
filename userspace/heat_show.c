// SPDX-License-Identifier: GPL-2.0-only
/*
 * The heat map for a terminal: a map's cache lines in address order, darker if accessed more; then
 * the accesses that miss most, and the contended lines.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "heat.h"

#define ROWS_MAX	8
#define LEVEL_MAX	4
#define PLACES_MAX	12
#define LINES_MAX	8

#define PLACE_WIDTH	52	/* columns of a place's figures and the gap after them */
#define LINE_WIDTH	66	/* the same for a line */
#define WHAT_LEAST	14	/* columns left for the name; if fewer, it gets its own line */
#define INDENT		2

struct cell {
	__u64 accesses;
	__u64 misses;
	__u64 coherence;
};

static const char *shade(const struct term *term, unsigned int level)
{
	static const char *const utf8[] = { "·", "░", "▒", "▓", "█" };
	static const char *const ascii[] = { ".", ":", "+", "#", "@" };

	return (term->utf8 ? utf8 : ascii)[level];
}

/* 0..LEVEL_MAX: each step below the hottest is a factor of four. */
static unsigned int level(__u64 n, __u64 max)
{
	unsigned int l = LEVEL_MAX;

	while (l && n < max) {
		n = n > ~0ULL / 4 ? ~0ULL : n * 4;
		l--;
	}
	return l;
}

static double percent(__u64 n, __u64 of)
{
	return of ? 100.0 * (double)n / (double)of : 0;
}

static enum style cell_style(const struct cell *c)
{
	if (c->coherence)
		return BAD;
	return c->misses ? BOLD : DIM;
}

/* put_hanging() for text from a file: non-printable characters become '?'. */
__attribute__((format(printf, 5, 6)))
static void put_text(FILE *out, const struct term *term, unsigned int column,
		     unsigned int indent, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		exit(fail(ST_SYSTEM, NULL, "out of memory"));
	for (char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	put_hanging(out, term, column, indent, text);
	free(text);
}

static void put_legend(size_t each, const struct term *term, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);

	fprintf(f, "a cell is %zu line%s of %d bytes, by address;", each, each == 1 ? "" : "s",
		HEAT_LINE);
	for (unsigned int i = 0; i <= LEVEL_MAX; i++)
		fprintf(f, " %s", shade(term, i));
	fprintf(f, ": few to many accesses%s",
		term->colour ? "; red: lost to another CPU, bold: missed" : "");
	fclose(f);
	put_wrapped(out, term, text);
	free(text);
}

static void put_grid(const struct heat_map *m, const struct term *term, FILE *out)
{
	const size_t room = (size_t)term->width * ROWS_MAX;
	const size_t each = (m->nlines + room - 1) / room;
	const size_t ncells = (m->nlines + each - 1) / each;
	struct cell *cell = xrealloc(NULL, ncells, sizeof(*cell));
	__u64 max = 0;

	memset(cell, 0, ncells * sizeof(*cell));
	for (size_t i = 0; i < m->nlines; i++) {
		struct cell *c = &cell[i / each];

		c->accesses += m->line[i].n.accesses;
		c->misses += heat_misses(&m->line[i].n);
		c->coherence += m->line[i].n.l1[MAPSTAT_EVENT_L1_COHERENCE];
		max = c->accesses > max ? c->accesses : max;
	}
	for (size_t i = 0; i < ncells; i++) {
		style_on(out, term, cell_style(&cell[i]));
		fputs(shade(term, level(cell[i].accesses, max)), out);
		style_off(out, term, cell_style(&cell[i]));
		if (i + 1 == ncells || (i + 1) % term->width == 0)
			putc('\n', out);
	}
	free(cell);
	put_legend(each, term, out);
}

/* A row of the table, or the same as text if the terminal is too narrow. */
static void put_place(const struct heat_map *m, const struct heat_place *p, bool row,
		      const struct term *term, FILE *out)
{
	const struct heat_count *n = &p->n;
	const double miss = percent(heat_misses(n), n->accesses);
	const double share = percent(heat_misses(n), heat_misses(&m->n));
	const double tlb = percent(n->tlb_misses, n->accesses);
	const __u64 coherence = n->l1[MAPSTAT_EVENT_L1_COHERENCE];

	if (row) {
		fprintf(out, "%9llu %6.1f %6.1f %9llu %6.1f %9llu  ", n->accesses, miss, share,
			coherence, tlb, n->writes);
		put_text(out, term, PLACE_WIDTH, PLACE_WIDTH, "%s %s: %s", p->op, p->func,
			 p->what);
		return;
	}
	put_text(out, term, 0, INDENT, "%s %s: %s", p->op, p->func, p->what);
	fprintf(out, "%*s", INDENT, "");
	put_text(out, term, INDENT, INDENT, "accesses %llu, miss %.1f%%, share %.1f%%, "
		 "coherence %llu, tlb %.1f%%, writes %llu", n->accesses, miss, share, coherence,
		 tlb, n->writes);
}

static void put_places(const struct heat_map *m, const struct term *term, FILE *out)
{
	const bool rows = PLACE_WIDTH + WHAT_LEAST <= term->width;
	size_t n = m->nplaces < PLACES_MAX ? m->nplaces : PLACES_MAX;

	putc('\n', out);
	if (rows)
		fprintf(out, "%9s %6s %6s %9s %6s %9s  %s\n", "accesses", "miss%", "share%",
			"coherence", "tlb%", "writes", "what");
	for (size_t i = 0; i < n; i++)
		put_place(m, &m->place[i], rows, term, out);
	if (n < m->nplaces)
		fprintf(out, "and %zu more\n", m->nplaces - n);
}

static int by_fight(const void *a, const void *b)
{
	const struct heat_line *x = *(const struct heat_line *const *)a;
	const struct heat_line *y = *(const struct heat_line *const *)b;
	const __u64 p = x->n.l1[MAPSTAT_EVENT_L1_COHERENCE] + x->n.invalidated;
	const __u64 q = y->n.l1[MAPSTAT_EVENT_L1_COHERENCE] + y->n.invalidated;

	if (p != q)
		return p < q ? 1 : -1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void put_line(const struct heat_map *m, const struct heat_line *l, bool row,
		     const struct term *term, FILE *out)
{
	const struct heat_place *p = &m->place[l->place];
	const __u64 coherence = l->n.l1[MAPSTAT_EVENT_L1_COHERENCE];
	const int writers = __builtin_popcountll(l->writers);
	const int readers = __builtin_popcountll(l->readers);

	if (row) {
		fprintf(out, "%016llx %9llu %9llu %11llu %7d %7d  ", l->addr, l->n.accesses,
			coherence, l->n.invalidated, writers, readers);
		put_text(out, term, LINE_WIDTH, LINE_WIDTH, "%s: %s", p->func, p->what);
		return;
	}
	put_text(out, term, 0, INDENT, "%016llx %s: %s", l->addr, p->func, p->what);
	fprintf(out, "%*s", INDENT, "");
	put_text(out, term, INDENT, INDENT, "accesses %llu, coherence %llu, invalidates %llu, "
		 "writers %d, readers %d", l->n.accesses, coherence, l->n.invalidated, writers,
		 readers);
}

/* The contended lines, as in `perf c2c`. */
static void put_fights(const struct heat_map *m, const struct term *term, FILE *out)
{
	const bool rows = LINE_WIDTH + WHAT_LEAST <= term->width;
	const struct heat_line **line;
	size_t n = 0;

	if (!m->n.l1[MAPSTAT_EVENT_L1_COHERENCE] && !m->n.invalidated)
		return;
	line = xrealloc(NULL, m->nlines, sizeof(*line));
	for (size_t i = 0; i < m->nlines; i++)
		if (m->line[i].n.l1[MAPSTAT_EVENT_L1_COHERENCE] || m->line[i].n.invalidated)
			line[n++] = &m->line[i];
	qsort(line, n, sizeof(*line), by_fight);
	putc('\n', out);
	if (rows)
		fprintf(out, "%-16s %9s %9s %11s %7s %7s  %s\n", "line", "accesses",
			"coherence", "invalidates", "writers", "readers", "accessed by");
	else
		put_text(out, term, 0, 0, "Contended lines, and what accessed them first:");
	for (size_t i = 0; i < n && i < LINES_MAX; i++)
		put_line(m, line[i], rows, term, out);
	if (n > LINES_MAX)
		fprintf(out, "and %zu more\n", n - LINES_MAX);
	free(line);
}

static void put_map(const struct heat_map *m, const struct term *term, FILE *out)
{
	style_on(out, term, BOLD);
	put_safe(out, m->name);
	style_off(out, term, BOLD);
	put_text(out, term, (unsigned int)strlen(m->name), 0,
		 ": %llu accesses, %zu lines; %.1f%% miss the L1 cache (%llu cold, %llu capacity, "
		 "%llu conflict, %llu coherence), %.1f%% the TLB", m->n.accesses, m->nlines,
		 percent(heat_misses(&m->n), m->n.accesses), m->n.l1[MAPSTAT_EVENT_L1_COLD],
		 m->n.l1[MAPSTAT_EVENT_L1_CAPACITY], m->n.l1[MAPSTAT_EVENT_L1_CONFLICT],
		 m->n.l1[MAPSTAT_EVENT_L1_COHERENCE], percent(m->n.tlb_misses, m->n.accesses));
	put_grid(m, term, out);
	put_places(m, term, out);
	put_fights(m, term, out);
}

static void put_lacks(const struct heat *h, const struct term *term, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);
	const bool lacks = heat_lacks(h, f);

	fclose(f);
	if (lacks) {
		style_on(out, term, BAD);
		put_wrapped(out, term, text);
		style_off(out, term, BAD);
		putc('\n', out);
	}
	free(text);
}

void heat_show(const struct heat *h, const struct term *term, FILE *out)
{
	put_lacks(h, term, out);
	for (size_t i = 0; i < h->nmaps; i++) {
		if (i)
			putc('\n', out);
		put_map(&h->map[i], term, out);
	}
}

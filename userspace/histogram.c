// SPDX-License-Identifier: GPL-2.0-only
/*
 * A latency histogram for the terminal.  A row covers adjacent buckets; since buckets are
 * log-linear, rows are on a logarithmic scale.  Up to the 99th percentile (the 90th, if the two
 * are far apart) rows are as fine as fits; the tail, which may span six powers of ten, has
 * coarser rows, so that neither part hides the other.
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

#define CORE_ROWS	14
#define TAIL_ROWS	8
#define BAR_LEAST	2	/* columns; with lo, hi and share at most 29 */

enum { P50, P90, P99, P999, MAX, NMARKS };

struct mark {
	const char *name;
	const char *key;		/* in the summary */
	unsigned int per_mille;		/* 1000: the maximum */
	uint64_t ns;
	unsigned int bucket;
};

static const struct mark marks[NMARKS] = {
	{ "p50", "p50_ns", 500, 0, 0 },
	{ "p90", "p90_ns", 900, 0, 0 },
	{ "p99", "p99_ns", 990, 0, 0 },
	{ "p99.9", "p999_ns", 999, 0, 0 },
	{ "max", "max_ns", 1000, 0, 0 },
};

struct bar {
	unsigned int first, last;	/* buckets */
	uint64_t count;
	char lo[HUMAN_LEN], hi[HUMAN_LEN];
	char count_text[HUMAN_LEN];
	char marks[48];
};

struct plot {
	struct mark mark[NMARKS];
	struct bar bar[CORE_ROWS + TAIL_ROWS + 2];
	size_t n;
	unsigned int lo_width, hi_width, count_width, marks_width;
	unsigned int bar_width;
	bool with_count, with_marks;
	uint64_t tallest;
};

/* The module's own quantiles, or the upper bound of the bucket if it gives none. */
static void find_marks(struct plot *p, const struct latency_op *op)
{
	memcpy(p->mark, marks, sizeof(marks));
	for (int i = 0; i < NMARKS; i++) {
		struct mark *m = &p->mark[i];
		const char *text = pairs_get(&op->summary, m->key);

		m->bucket = latency_quantile(op, m->per_mille);
		if (!text || !parse_u64(text, &m->ns)) {
			m->ns = mapstat_hist_hi(m->bucket);
			if (m->ns > op->max_ns)
				m->ns = op->max_ns;
		}
	}
}

/* The smallest power of two that covers buckets @first..@last in @rows aligned rows. */
static unsigned int step_for(unsigned int first, unsigned int last, unsigned int rows,
			     unsigned int least)
{
	unsigned int step = least;

	while (last / step - first / step + 1 > rows)
		step *= 2;
	return step;
}

static void add_bars(struct plot *p, unsigned int first, unsigned int last, unsigned int step)
{
	for (unsigned int at = first; at <= last; at = (at / step + 1) * step) {
		struct bar *b = &p->bar[p->n++];

		b->first = at;
		b->last = (at / step + 1) * step - 1;
		if (b->last >= MAPSTAT_HIST_BUCKETS)
			b->last = MAPSTAT_HIST_BUCKETS - 1;
	}
}

static void make_bars(struct plot *p, const struct latency_op *op)
{
	unsigned int first = latency_quantile(op, 0), last = p->mark[MAX].bucket;
	unsigned int core = p->mark[P99].bucket, step, begin;

	if (core - p->mark[P90].bucket > MAPSTAT_HIST_SUB)	/* more than twice as long */
		core = p->mark[P90].bucket;
	step = step_for(first, core, CORE_ROWS, 1);
	add_bars(p, first / step * step, core, step);
	begin = p->bar[p->n - 1].last + 1;
	if (begin <= last)
		add_bars(p, begin, last, step_for(begin, last, TAIL_ROWS, step));
}

static void fill_bar(struct plot *p, struct bar *b, const struct latency_op *op,
		     const struct term *term)
{
	for (unsigned int i = b->first; i <= b->last; i++)
		b->count += op->bucket[i];
	human_ns(b->lo, term, (double)mapstat_hist_lo(b->first));
	if (b->last >= MAPSTAT_HIST_OVERFLOW)
		strcpy(b->hi, "more");
	else
		human_ns(b->hi, term, (double)mapstat_hist_hi(b->last));
	snprintf(b->count_text, sizeof(b->count_text), "%llu", (unsigned long long)b->count);
	for (int i = 0; i < NMARKS; i++) {
		if (p->mark[i].bucket < b->first || p->mark[i].bucket > b->last)
			continue;
		if (*b->marks)
			strcat(b->marks, " ");
		strcat(b->marks, p->mark[i].name);
	}
}

static void widen(unsigned int *width, const char *text)
{
	unsigned int n = cells(text);

	if (n > *width)
		*width = n;
}

static void make_plot(struct plot *p, const struct latency_op *op, const struct term *term)
{
	memset(p, 0, sizeof(*p));
	find_marks(p, op);
	make_bars(p, op);
	for (size_t i = 0; i < p->n; i++) {
		struct bar *b = &p->bar[i];

		fill_bar(p, b, op, term);
		widen(&p->lo_width, b->lo);
		widen(&p->hi_width, b->hi);
		widen(&p->count_width, b->count_text);
		widen(&p->marks_width, b->marks);
		if (b->count > p->tallest)
			p->tallest = b->count;
	}
}

/* A bar of @count out of @tallest, padded to @width cells; never empty unless 0. */
static void draw(FILE *out, const struct term *term, uint64_t count, uint64_t tallest,
		 unsigned int width)
{
	static const char *const eighths[] = {
		"", "▏", "▎", "▍", "▌", "▋", "▊", "▉",
	};
	double share = tallest ? (double)count / (double)tallest : 0;
	unsigned int units = (unsigned int)(share * width * 8 + 0.5), used;

	if (count && !units)
		units = 1;
	used = units / 8;
	for (unsigned int i = 0; i < used; i++)
		fputs(term->utf8 ? "█" : "#", out);
	if (units % 8) {
		if (term->utf8)
			fputs(eighths[units % 8], out);
		else
			putc(units % 8 >= 4 ? '#' : '.', out);
		used++;
	}
	fprintf(out, "%*s", (int)(width > used ? width - used : 0), "");
}

static void show_share(FILE *out, uint64_t count, uint64_t total)
{
	double share = 100.0 * (double)count / (double)total;

	if (share < 0.01)
		fputs("  <0.01%", out);
	else
		fprintf(out, "%7.2f%%", share);
}

/* On a narrow terminal the marks are left out first, as the title has them; then the counts. */
static void fit(struct plot *p, const struct term *term)
{
	/* lo, " - ", hi, 2, bar, share of 8; 2, count; 2, marks */
	const unsigned int least = p->lo_width + 3 + p->hi_width + 2 + BAR_LEAST + 8;
	const unsigned int count = 2 + p->count_width, names = 2 + p->marks_width;

	p->with_count = least + count <= term->width;
	p->with_marks = least + count + names <= term->width;
	p->bar_width = term->width - (least - BAR_LEAST) - (p->with_count ? count : 0) -
		       (p->with_marks ? names : 0);
}

static void show_bar(const struct plot *p, const struct bar *b, const struct latency_op *op,
		     const struct term *term, FILE *out)
{
	style_on(out, term, DIM);
	put_cell(out, b->lo, p->lo_width, RIGHT);
	fputs(term->utf8 ? " – " : " - ", out);
	put_cell(out, b->hi, p->hi_width, RIGHT);
	style_off(out, term, DIM);
	if (b->count || p->with_count) {
		fputs("  ", out);
		draw(out, term, b->count, p->tallest, p->bar_width);
	}
	if (p->with_count) {
		fputs("  ", out);
		put_cell(out, b->count_text, p->count_width, RIGHT);
	}
	if (b->count)
		show_share(out, b->count, op->count);
	if (p->with_marks && *b->marks) {
		fputs("  ", out);
		style_on(out, term, BOLD);
		fputs(b->marks, out);
		style_off(out, term, BOLD);
	}
	putc('\n', out);
}

static void show_title(const char *map, const struct latency_op *op, const struct plot *p,
		       const struct term *term, FILE *out)
{
	char line[NMARKS * (HUMAN_LEN + 8)], ns[HUMAN_LEN], what[96];
	size_t used = 0;

	snprintf(what, sizeof(what), "%.40s latency, %llu timed", op->name,
		 (unsigned long long)op->count);
	put_heading(out, term, map, what);
	for (int i = 0; i < NMARKS; i++)
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s %s",
					 i ? ", " : "", p->mark[i].name,
					 human_ns(ns, term, (double)p->mark[i].ns));
	put_wrapped(out, term, line);
}

void histogram_show(const char *map, const struct latency_op *op, const struct term *term,
		    FILE *out)
{
	struct plot p;

	make_plot(&p, op, term);
	fit(&p, term);
	show_title(map, op, &p, term, out);
	for (size_t i = 0; i < p.n; i++)
		show_bar(&p, &p.bar[i], op, term, out);
}

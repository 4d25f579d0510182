// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ranking of the maps, and the sentence that answers the question: which design is
 * fastest under this mix, by how much, and whether the rounds' spread allows to say so.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

#define BASELINE	"rwlock"

bool map_selected(const struct options *opt, const char *map)
{
	for (size_t i = 0; i < opt->nargs; i++)
		if (!strcmp(opt->args[i], map))
			return true;
	return !opt->nargs;
}

static int by_speed(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->wrong != y->wrong)
		return x->wrong - y->wrong;
	if (isnan(x->ns) || isnan(y->ns))
		return isnan(x->ns) - isnan(y->ns);
	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

void ranking_make(struct ranking *k, const struct results *r, const struct options *opt)
{
	*k = (struct ranking){ 0 };
	for (size_t i = 0; i < r->nrows; i++) {
		const struct row *row = &r->row[i];
		struct ranked *m;
		double errors;

		if (!row_is_median(row))
			continue;
		k->at = xrealloc(k->at, k->n + 1, sizeof(*k->at));
		m = &k->at[k->n++];
		*m = (struct ranked){ .row = row, .map = row->cell[0] };
		m->shown = map_selected(opt, m->map);
		k->nshown += m->shown;
		if (!row_value(r, row, "ns_per_op", &m->ns))
			m->ns = NAN;
		m->wrong = results_errors(r, m->map, &errors) && errors > 0;
		m->rounds = results_spread(r, m->map, &m->min, &m->max);
	}
	if (k->n)
		qsort(k->at, k->n, sizeof(*k->at), by_speed);
}

const struct ranked *ranking_best(const struct ranking *k)
{
	return k->n && !k->at[0].wrong && !isnan(k->at[0].ns) ? &k->at[0] : NULL;
}

/* How many were measured and gave right answers; they come first. */
static size_t contenders(const struct ranking *k)
{
	size_t n = 0;

	while (n < k->n && !k->at[n].wrong && !isnan(k->at[n].ns))
		n++;
	return n;
}

static const struct ranked *find(const struct ranking *k, const char *map)
{
	for (size_t i = 0; i < contenders(k); i++)
		if (!strcmp(k->at[i].map, map))
			return &k->at[i];
	return NULL;
}

bool ranked_overlap(const struct ranked *a, const struct ranked *b)
{
	return a->min <= b->max && b->min <= a->max;
}

static void put_parameter(FILE *out, const struct results *r, const char *name,
			  const char *unit)
{
	const char *value = pairs_get(&r->parameters, name);

	if (!value)
		return;
	fputs(", ", out);
	put_safe(out, value);
	fprintf(out, "%s%s", unit, strcmp(value, "1") && *unit ? "s" : "");
}

/* "97.3 % reads (2 threads, 10000 keys, uniform, closed loop)" */
void mix_describe(const struct results *r, FILE *out)
{
	const char *reads = pairs_get(&r->parameters, "read_permille");
	const char *arrival = pairs_get(&r->parameters, "arrival");
	const char *threads = results_threads(r);
	uint64_t permille;

	if (reads && parse_u64(reads, &permille) && permille <= 1000)
		fprintf(out, "%g%% reads", (double)permille / 10);
	else
		fputs("an unknown mix", out);
	fprintf(out, " (%s thread%s", threads, strcmp(threads, "1") ? "s" : "");
	put_parameter(out, r, "keys", " key");
	put_parameter(out, r, "dist", "");
	if (arrival && !strcmp(arrival, "closed"))
		fputs(", closed loop", out);
	else if (arrival && !strcmp(arrival, "poisson"))
		fputs(", Poisson arrivals", out);
	putc(')', out);
}

static void put_range(FILE *out, const struct ranked *m)
{
	fprintf(out, "%.1f..%.1f", m->min, m->max);
}

static void put_name(FILE *out, const struct ranked *m)
{
	put_safe(out, m->map);
}

/* "2.61× as fast as rwlock (55.9, 54.0..57.2)" */
static void put_ratio(FILE *out, const struct ranked *best, const struct ranked *other,
		      const struct term *term)
{
	fprintf(out, "%.2f%s as fast as ", best->ns > 0 ? other->ns / best->ns : NAN,
		term->utf8 ? "×" : "x");
	put_name(out, other);
	fprintf(out, " (%.1f ns, ", other->ns);
	put_range(out, other);
	putc(')', out);
}

/* Maps whose range touches that of the best.  Return: how many, put into @out. */
static size_t put_overlapping(FILE *out, const struct ranking *k)
{
	const struct ranked *best = ranking_best(k);
	size_t n = 0;

	for (size_t i = 1; i < contenders(k); i++) {
		if (!ranked_overlap(best, &k->at[i]))
			continue;
		fputs(n++ ? ", " : "", out);
		put_name(out, &k->at[i]);
		fprintf(out, " (%.1f ns, ", k->at[i].ns);
		put_range(out, &k->at[i]);
		putc(')', out);
	}
	return n;
}

static void say_baseline(FILE *out, const struct ranking *k, const struct term *term)
{
	const struct ranked *best = ranking_best(k), *baseline = find(k, BASELINE);

	if (!baseline) {
		fputs(" " BASELINE " is not among them.", out);
	} else if (baseline != best && !ranked_overlap(best, baseline)) {
		putc(' ', out);
		put_name(out, best);
		fputs(" is ", out);
		put_ratio(out, best, baseline, term);
		putc('.', out);
	}
}

static void say_tie(FILE *out, const struct ranking *k, const char *others, size_t n,
		    const struct term *term)
{
	const struct ranked *best = ranking_best(k);

	fputs("within the spread, no winner. ", out);
	put_name(out, best);
	fprintf(out, " has the lowest median, %.1f ns per operation (", best->ns);
	put_range(out, best);
	fprintf(out, " over %u rounds), but the rounds of %s overlap%s with its own.",
		best->rounds, others, n == 1 ? "" : " each");
	say_baseline(out, k, term);
}

static void say_winner(FILE *out, const struct ranking *k, const struct term *term)
{
	const struct ranked *best = ranking_best(k), *second = &k->at[1];
	const struct ranked *baseline = find(k, BASELINE);

	put_name(out, best);
	fprintf(out, " is fastest: %.1f ns per operation (", best->ns);
	put_range(out, best);
	fprintf(out, " over %u rounds), ", best->rounds);
	put_ratio(out, best, second, term);
	if (baseline && baseline != best && baseline != second) {
		fputs(" and ", out);
		put_ratio(out, best, baseline, term);
	}
	putc('.', out);
	if (!baseline)
		fputs(" " BASELINE " is not among them.", out);
}

static bool spread_known(const struct ranking *k)
{
	for (size_t i = 0; i < contenders(k); i++)
		if (k->at[i].rounds < 2)
			return false;
	return true;
}

static void say_comparison(FILE *out, const struct ranking *k, const struct term *term)
{
	const struct ranked *best = ranking_best(k);
	char *others = NULL;
	size_t len, n;
	FILE *f;

	if (!best) {
		fputs("no map was measured.", out);
		return;
	}
	if (contenders(k) == 1 || !spread_known(k)) {
		put_name(out, best);
		fprintf(out, " took %.1f ns per operation; ", best->ns);
		fputs(contenders(k) == 1 ? "there is no other to compare it with." :
		      "one round has no spread, so no winner is named: run more rounds.", out);
		return;
	}
	f = xmemstream(&others, &len);
	n = put_overlapping(f, k);
	fclose(f);
	if (n)
		say_tie(out, k, others, n, term);
	else
		say_winner(out, k, term);
	free(others);
}

static void say_wrong(FILE *out, const struct ranking *k)
{
	for (size_t i = 0; i < k->n; i++) {
		if (!k->at[i].wrong)
			continue;
		putc(' ', out);
		put_name(out, &k->at[i]);
		fputs(" gave wrong answers and is not ranked.", out);
	}
}

const char *results_undecided(const struct results *r)
{
	if (!strcmp(r->verdict, "NONE") && r->nrows)
		return "The run was stopped before its end: its rounds so far decide nothing.";
	if (!strcmp(r->verdict, "NONE"))
		return "No run yet. Begin one with: mapstat run";
	if (!strcmp(r->verdict, "RUNNING"))
		return "The run is not over, the figures will still change. Wait for it with: "
		       "mapstat wait";
	if (strcmp(r->verdict, "SUCCESS"))
		return "The run failed: its figures decide nothing.";
	return NULL;
}

static void say(FILE *out, const struct results *r, const struct ranking *k,
		const struct term *term)
{
	const char *undecided = results_undecided(r);

	if (undecided) {
		fputs(undecided, out);
	} else {
		fputs("Under ", out);
		mix_describe(r, out);
		fputs(", ", out);
		say_comparison(out, k, term);
	}
	say_wrong(out, k);
}

void answer_show(const struct results *r, const struct ranking *k, const struct term *term,
		 FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);

	say(f, r, k, term);
	fclose(f);
	put_wrapped(out, term, text);
	free(text);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ranking in words: which design is fastest under this mix, and by how much, or why the run
 * does not show it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

#define BASELINE	"rwlock"

static const struct ranked *find(const struct ranking *k, const char *map)
{
	for (size_t i = 0; i < ranking_contenders(k); i++)
		if (!strcmp(k->at[i].map, map))
			return &k->at[i];
	return NULL;
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

/* "97.3% reads (2 threads, 10000 keys, uniform, closed loop)" */
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
	if (results_batch(r) > 1)
		fprintf(out, ", %llu loads in one call", (unsigned long long)results_batch(r));
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

/* "2.61× as fast as rwlock (55.9 ns, 54.0..57.2)" */
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

/* Do the arguments select some, but not all, of the maps to compare with the best? */
static bool others_chosen(const struct ranking *k)
{
	for (size_t i = 1; i < ranking_contenders(k); i++)
		if (k->at[i].shown)
			return k->nshown < k->n;
	return false;
}

/*
 * "2.61× as fast as rwlock (55.9 ns, 54.0..57.2) and …": the beaten maps that the arguments
 * select; by default the second fastest and the baseline.  Return: their number
 */
static size_t put_beaten(FILE *out, const struct ranking *k, const struct term *term)
{
	const struct ranked *baseline = find(k, BASELINE);
	const bool chosen = others_chosen(k);
	size_t n = 0;

	for (size_t i = 1; i < ranking_contenders(k); i++) {
		const struct ranked *other = &k->at[i];

		if (!ranked_beaten(other) ||
		    !(chosen ? other->shown : i == 1 || other == baseline))
			continue;
		if (n++)
			fputs(" and ", out);
		put_ratio(out, ranking_best(k), other, term);
	}
	return n;
}

/* The largest p of the comparisons. */
static double most_p(const struct ranking *k)
{
	double p = 0;

	for (size_t i = 1; i < ranking_contenders(k); i++)
		p = fmax(p, k->at[i].p_holm);
	return p;
}

static void put_median(FILE *out, const struct ranked *best)
{
	fprintf(out, "%.1f ns per operation (", best->ns);
	put_range(out, best);
	fprintf(out, " over %u rounds)", best->rounds);
}

static void say_winner(FILE *out, const struct ranking *k, const struct term *term)
{
	put_name(out, ranking_best(k));
	fputs(" is fastest: ", out);
	put_median(out, ranking_best(k));
	fputs(", ", out);
	put_beaten(out, k, term);
	fprintf(out, "; p = %.2g", most_p(k));
	fputs(ranking_contenders(k) > 2 ? " at most against each other map." : ".", out);
}

static void say_noise(FILE *out, const struct ranking *k, const struct term *term)
{
	const struct ranked *best = ranking_best(k);
	char *beaten = NULL;
	size_t len, n = 0;
	FILE *f;

	fputs("no winner. ", out);
	put_name(out, best);
	fputs(" has the lowest median, ", out);
	put_median(out, best);
	fputs(", within the noise of: ", out);
	for (size_t i = 1; i < ranking_contenders(k); i++) {
		if (ranked_beaten(&k->at[i]))
			continue;
		fputs(n++ ? ", " : "", out);
		put_name(out, &k->at[i]);
		fprintf(out, " (p = %.2g)", k->at[i].p_holm);
	}
	putc('.', out);
	f = xmemstream(&beaten, &len);
	n = put_beaten(f, k, term);
	fclose(f);
	if (n) {
		putc(' ', out);
		put_name(out, best);
		fprintf(out, " is %s.", beaten);
	}
	free(beaten);
}

static void say_comparison(FILE *out, const struct ranking *k, const struct term *term)
{
	const char *undecided = ranking_undecided(k);

	if (!undecided) {
		say_winner(out, k, term);
	} else if (ranking_contenders(k) > 1 && !isnan(k->at[1].p_holm)) {
		say_noise(out, k, term);
	} else {
		fprintf(out, "no winner: %s.", undecided);
		return;
	}
	if (!find(k, BASELINE))
		fputs(" " BASELINE " is not among them.", out);
}

static void say_wrong(FILE *out, const struct ranking *k)
{
	for (size_t i = 0; i < k->n; i++) {
		if (!k->at[i].wrong)
			continue;
		putc(' ', out);
		put_name(out, &k->at[i]);
		fputs(" returned wrong results and is not ranked.", out);
	}
}

static void say(FILE *out, const struct results *r, const struct ranking *k,
		const struct term *term)
{
	const char *undecided = results_undecided(r), *untimed = results_untimed(r);

	if (untimed)
		fprintf(out, "%s%s", untimed, undecided ? " " : "");
	if (undecided)
		fputs(undecided, out);
	if (!undecided && !untimed) {
		fputs("Under ", out);
		mix_describe(r, out);
		fputs(", ", out);
		say_comparison(out, k, term);
	}
	say_wrong(out, k);
}

char *answer_text(const struct results *r, const struct ranking *k, const struct term *term)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);

	say(f, r, k, term);
	if (!results_undecided(r)) {
		putc(' ', f);
		results_disturbed(r, f);
	}
	fclose(f);
	return text;
}

void answer_show(const struct results *r, const struct ranking *k, const struct term *term,
		 FILE *out)
{
	char *text = answer_text(r, k, term);

	put_wrapped(out, term, text);
	free(text);
}

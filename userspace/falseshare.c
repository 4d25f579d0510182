// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat falseshare": what it costs to share a line, why, and which lines they are.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

#define VARIANTS	4
#define LINES_SHOWN	5	/* of each variant */

/* In pairs: packed, then padded. */
static const char *const variants[VARIANTS] = {
	"counters_packed", "counters_padded", "sharded_packed", "sharded_padded"
};

/* What one of them showed; NaN: not measured. */
struct figure {
	double ns, min, max;
	double misses;
	unsigned int rounds;
	struct shared shared;
};

/* A pair that others have published: never ours. */
static const struct {
	const char *what;
	double packed_ns, padded_ns;
} published = { "two counters, 16 cores", 82.3, 12.6 };

static const struct row *median_of(const struct results *r, const char *variant)
{
	for (size_t i = 0; i < r->nrows; i++)
		if (row_is_median(&r->row[i]) && !strcmp(r->row[i].cell[0], variant))
			return &r->row[i];
	return NULL;
}

/* Of all rounds of the model; NaN where it had none. */
static double misses_per_op(const struct shared *s)
{
	const char *misses = pairs_get(&s->summary, "coherence_misses");
	const char *ops = pairs_get(&s->summary, "ops");
	uint64_t m, n;

	if (!misses || !ops || !parse_u64(misses, &m) || !parse_u64(ops, &n) || !n)
		return NAN;
	return (double)m / (double)n;
}

static int read_figure(const struct tree *t, const struct results *r, const char *variant,
		       struct figure *f)
{
	const struct row *median = median_of(r, variant);
	int ret;

	*f = (struct figure){ .ns = NAN, .misses = NAN };
	ret = shared_read(t, variant, &f->shared);
	if (ret)
		return ret;
	f->misses = misses_per_op(&f->shared);
	if (!median)
		return ST_OK;
	if (results_untimed(r) || !row_value(r, median, "ns_per_op", &f->ns))
		f->ns = NAN;
	f->rounds = results_spread(r, variant, &f->min, &f->max);
	return ST_OK;
}

/* A figure, or -, in @width cells. */
static void put_figure(FILE *out, double v, unsigned int decimals, const char *unit,
		       unsigned int width)
{
	char buf[HUMAN_LEN + 8] = "-";

	if (!isnan(v)) {
		human_fixed(buf, v, decimals);
		strcat(buf, unit);
	}
	put_cell(out, buf, width, RIGHT);
}

static void put_spread(FILE *out, const struct figure *f, unsigned int width)
{
	char min[HUMAN_LEN], max[HUMAN_LEN], buf[2 * HUMAN_LEN + 4] = "-";

	if (f->rounds && !isnan(f->ns))
		snprintf(buf, sizeof(buf), "%s..%s", human_fixed(min, f->min, 1),
			 human_fixed(max, f->max, 1));
	put_cell(out, buf, width, RIGHT);
}

static void put_name(FILE *out, const char *variant)
{
	const char *layout = strchr(variant, '_');

	fprintf(out, "%-8.*s  %-6s", (int)(layout - variant), variant, layout + 1);
}

/* How many times the padded one's time; only of measured ones. */
static double ratio(const struct figure *f, const struct figure *padded)
{
	return padded->ns > 0 ? f->ns / padded->ns : NAN;
}

static void table(const struct figure *f, const struct term *term, FILE *out)
{
	const char *times = term->utf8 ? "×" : "x";

	style_on(out, term, DIM);
	fputs("                    ns/op of                   vs     coherence\n"
	      "                    a thread          spread   padded  misses/op\n", out);
	style_off(out, term, DIM);
	for (size_t i = 0; i < VARIANTS; i++) {
		put_name(out, variants[i]);
		put_figure(out, f[i].ns, 1, "", 12);
		put_spread(out, &f[i], 16);
		put_figure(out, ratio(&f[i], &f[i | 1]), 2, times, 9);
		put_figure(out, f[i].misses, 4, "", 11);
		putc('\n', out);
	}
	style_on(out, term, DIM);
	fprintf(out, "\nPublished by others (%s), not measured here:\n", published.what);
	fprintf(out, "counters  packed%12.1f%16s%8.2f%s%11s\n", published.packed_ns, "-",
		published.packed_ns / published.padded_ns, times, "-");
	fprintf(out, "counters  padded%12.1f%16s%8.2f%s%11s\n\n", published.padded_ns, "-", 1.0,
		times, "-");
	style_off(out, term, DIM);
}

/* One sentence on the times of a pair, no stronger than the rounds. */
static void say_time(const char *what, const struct results *r, const struct figure *f,
		     size_t packed, FILE *out)
{
	const size_t padded = packed | 1;
	struct rank_test test;

	if (isnan(f[packed].ns) || isnan(f[padded].ns))
		fprintf(out, "Of %s there is no time. ", what);
	else if (!rounds_compare(r, variants[packed], variants[padded], &test))
		fprintf(out, "Fewer than 5 rounds do not show what packing costs %s. ", what);
	else if (test.p >= P_MOST)
		fprintf(out, "Between packed and padded %s the rounds show no difference "
			"(p = %.2g). ", what, test.p);
	else if (test.lower)
		fprintf(out, "Packed %s take less time than padded ones here (p = %.2g). ", what,
			test.p);
	else
		fprintf(out, "Packed %s take %.1f times as long as padded ones (p = %.2g). ", what,
			f[packed].ns / f[padded].ns, test.p);
}

static void sentence(const char *what, const struct results *r, const struct figure *f,
		     size_t packed, FILE *out)
{
	const double misses = f[packed].misses, of_padded = f[packed | 1].misses;

	if (!results_untimed(r))
		say_time(what, r, f, packed, out);
	if (!isnan(misses) && !isnan(of_padded))
		fprintf(out, "In the model an operation on packed %s has %.4f coherence misses, "
			"on padded ones %.4f. ", what, misses, of_padded);
}

static void answer(const struct results *r, const struct figure *f, const struct term *term,
		   FILE *out)
{
	const char *threads = pairs_get(&r->parameters, "threads");
	char *text = NULL;
	size_t len;
	FILE *words = xmemstream(&text, &len);

	if (threads && !strcmp(threads, "1"))
		fputs("One thread shares its lines with nobody: run two or more, on CPUs of their "
		      "own. ", words);
	if (results_untimed(r))
		fprintf(words, "%s ", results_untimed(r));
	sentence("counters", r, f, 0, words);
	sentence("shards", r, f, 2, words);
	results_disturbed(r, words);
	fclose(words);
	put_wrapped(out, term, text);
	free(text);
}

static void show_line(const struct shared_line *line, const struct term *term, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);

	fprintf(f, "%s: %llu misses, %s sharing, writers ", line->address,
		(unsigned long long)line->misses, line->sharing);
	put_safe(f, line->writers);
	fputs(", readers ", f);
	put_safe(f, line->readers);
	fputs(": ", f);
	put_safe(f, line->what);
	fclose(f);
	put_wrapped(out, term, text);
	free(text);
}

static void suffered(const struct figure *f, const char *variant, const struct term *term,
		     FILE *out)
{
	const struct shared *s = &f->shared;
	const char *misses = pairs_get(&s->summary, "coherence_misses");
	const char *of = pairs_get(&s->summary, "of");

	style_on(out, term, BOLD);
	put_safe(out, variant);
	style_off(out, term, BOLD);
	if (!misses || !of) {
		fputs(": - (", out);
		put_safe(out, s->source);
		fputs(")\n", out);
		return;
	}
	fputs(": ", out);
	put_safe(out, misses);
	fputs(" coherence misses, on lines: ", out);
	put_safe(out, of);
	putc('\n', out);
	for (size_t i = 0; i < s->n && i < LINES_SHOWN; i++)
		show_line(&s->line[i], term, out);
}

static void show_experiment(const struct results *r, const struct figure *f,
			    const struct term *term, FILE *out)
{
	const char *threads = pairs_get(&r->parameters, "threads");
	const char *cpus = pairs_get(&r->parameters, "cpus");

	style_on(out, term, BOLD);
	fputs("False sharing", out);
	style_off(out, term, BOLD);
	fputs(": threads ", out);
	put_safe(out, threads ? threads : "-");
	fputs(", on CPUs ", out);
	put_safe(out, cpus && *cpus ? cpus : "-");
	fprintf(out, ", rounds %u\n\n", f[0].rounds);
	table(f, term, out);
	answer(r, f, term, out);
	fputs("\nThe lines that suffered, in the model (r: read by, w: written by CPUs):\n", out);
	for (size_t i = 0; i < VARIANTS; i++)
		suffered(&f[i], variants[i], term, out);
}

/* Of another run there is nothing to show. */
static int check_experiment(const struct results *r)
{
	const char *experiment = pairs_get(&r->parameters, "experiment");

	if (experiment && !strcmp(experiment, "falseshare") && median_of(r, variants[VARIANTS - 1]))
		return ST_OK;
	return fail(ST_NO_MAP, "mapstat falseshare", "the last run was not this experiment, or "
		    "its first round did not end");
}

static int show_last(const struct tree *t, const struct term *term, FILE *out)
{
	struct figure f[VARIANTS] = { 0 };
	struct results r;
	int ret;

	ret = results_read(t, &r);
	if (ret)
		return ret;
	ret = check_experiment(&r);
	for (size_t i = 0; i < VARIANTS && !ret; i++)
		ret = read_figure(t, &r, variants[i], &f[i]);
	if (!ret)
		show_experiment(&r, f, term, out);
	for (size_t i = 0; i < VARIANTS; i++)
		shared_free(&f[i].shared);
	results_free(&r);
	return ret;
}

int falseshare(const struct tree *t, const struct options *opt, const struct term *term,
	       FILE *out)
{
	static const char *const settings[] = { "experiment=falseshare", "cache=model", NULL };
	int ret, verdict = ST_OK;

	if (opt->last) {
		ret = version_check(t);
		if (ret)
			return ret;
	} else {
		ret = run_with(t, opt, settings, &verdict);
		if (ret || verdict)
			return ret ? ret : verdict;
	}
	return show_last(t, term, out);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat falseshare": the cost of sharing a cache line, its cause, and the lines.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "falseshare.h"

#define LINES_SHOWN	5	/* of each variant */

const char *const variants[VARIANTS] = {
	"counters_packed", "counters_padded", "sharded_packed", "sharded_padded"
};

const struct published published = { "two counters, 16 cores", 82.3, 12.6 };

static const struct row *median_of(const struct results *r, const char *variant)
{
	for (size_t i = 0; i < r->nrows; i++)
		if (row_is_median(&r->row[i]) && !strcmp(r->row[i].cell[0], variant))
			return &r->row[i];
	return NULL;
}

/* Over all rounds of the model; NaN if there were none. */
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
		       struct variant *f)
{
	const struct row *median = median_of(r, variant);
	int ret;

	*f = (struct variant){ .ns = NAN, .misses = NAN };
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

static void put_spread(FILE *out, const struct variant *f, unsigned int width)
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

double variant_ratio(const struct variant *f, const struct variant *padded)
{
	return padded->ns > 0 ? f->ns / padded->ns : NAN;
}

/* Terminal widths from which a column is shown; the text below repeats the figures. */
#define NARROW_SPREAD	64
#define NARROW_MISSES	48
#define NARROW_RATIO	37

static void put_titles(const struct term *term, FILE *out)
{
	static const char *const titles[2][4] = {
		{ "ns/op of", "", "vs", "coherence" },
		{ "a thread", "spread", "padded", "misses/op" },
	};

	style_on(out, term, DIM);
	for (size_t i = 0; i < 2; i++) {
		fprintf(out, "%16s%12s", "", titles[i][0]);
		if (term->width >= NARROW_SPREAD)
			fprintf(out, "%16s", titles[i][1]);
		if (term->width >= NARROW_RATIO)
			fprintf(out, "%9s", titles[i][2]);
		if (term->width >= NARROW_MISSES)
			fprintf(out, "%11s", titles[i][3]);
		putc('\n', out);
	}
	style_off(out, term, DIM);
}

static void put_row(const char *variant, const struct variant *f, const struct variant *padded,
		    const struct term *term, FILE *out)
{
	put_name(out, variant);
	put_figure(out, f->ns, 1, "", 12);
	if (term->width >= NARROW_SPREAD)
		put_spread(out, f, 16);
	if (term->width >= NARROW_RATIO)
		put_figure(out, variant_ratio(f, padded), 2, term->utf8 ? "×" : "x", 9);
	if (term->width >= NARROW_MISSES)
		put_figure(out, f->misses, 4, "", 11);
	putc('\n', out);
}

static void table(const struct variant *f, const struct term *term, FILE *out)
{
	const struct variant packed = { .ns = published.packed_ns, .misses = NAN };
	const struct variant padded = { .ns = published.padded_ns, .misses = NAN };
	char line[128];

	put_titles(term, out);
	for (size_t i = 0; i < VARIANTS; i++)
		put_row(variants[i], &f[i], &f[i | 1], term, out);
	style_on(out, term, DIM);
	snprintf(line, sizeof(line), "Published by others (%s), not measured here:",
		 published.what);
	putc('\n', out);
	put_wrapped(out, term, line);
	put_row(variants[0], &packed, &padded, term, out);
	put_row(variants[1], &padded, &padded, term, out);
	putc('\n', out);
	style_off(out, term, DIM);
}

/* A sentence on the times of a pair, as far as the rounds show a difference. */
static void say_time(const char *what, const struct results *r, const struct variant *f,
		     size_t packed, FILE *out)
{
	const size_t padded = packed | 1;
	struct rank_test test;

	if (isnan(f[packed].ns) || isnan(f[padded].ns))
		fprintf(out, "There is no time for %s. ", what);
	else if (!rounds_compare(r, variants[packed], variants[padded], &test))
		fprintf(out, "Fewer than 5 rounds do not show what packing costs %s. ", what);
	else if (test.p >= P_MOST)
		fprintf(out, "The rounds show no difference between packed and padded %s "
			"(p = %.2g). ", what, test.p);
	else if (test.lower)
		fprintf(out, "Packed %s take less time than padded ones here (p = %.2g). ", what,
			test.p);
	else
		fprintf(out, "Packed %s take %.1f times as long as padded ones (p = %.2g). ", what,
			f[packed].ns / f[padded].ns, test.p);
}

static void sentence(const char *what, const struct results *r, const struct variant *f,
		     size_t packed, FILE *out)
{
	const double misses = f[packed].misses, of_padded = f[packed | 1].misses;

	if (!results_untimed(r))
		say_time(what, r, f, packed, out);
	if (!isnan(misses) && !isnan(of_padded))
		fprintf(out, "In the model, an operation on packed %s has %.4f coherence misses, "
			"on padded ones %.4f. ", what, misses, of_padded);
}

/* The result in words; the caller frees it. */
static char *answer(const struct results *r, const struct variant *f)
{
	const char *threads = pairs_get(&r->parameters, "threads");
	char *text = NULL;
	size_t len;
	FILE *words = xmemstream(&text, &len);

	if (threads && !strcmp(threads, "1"))
		fputs("A single thread shares no lines: run two or more, each on its own CPU. ",
		      words);
	if (results_untimed(r))
		fprintf(words, "%s ", results_untimed(r));
	sentence("counters", r, f, 0, words);
	sentence("shards", r, f, 2, words);
	results_disturbed(r, words);
	fclose(words);
	return text;
}

static void show_line(const struct shared_line *line, const struct term *term, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);
	char *what = NULL;
	size_t size;
	FILE *parts = xmemstream(&what, &size);

	put_shared_parts(parts, line->what);
	fclose(parts);
	fprintf(f, "%s: %llu misses, %s sharing, writers ", line->address,
		(unsigned long long)line->misses, line->sharing);
	put_safe(f, line->writers);
	fputs(", readers ", f);
	put_safe(f, line->readers);
	fputs(": ", f);
	put_safe(f, what);
	fclose(f);
	put_wrapped(out, term, text);
	free(what);
	free(text);
}

/* The number of lines not shown, and of misses on lines that the module did not keep. */
static void show_rest(const struct shared *s, FILE *out)
{
	const char *of = pairs_get(&s->summary, "of"), *lost = pairs_get(&s->summary, "lost");
	uint64_t n;

	if (of && parse_u64(of, &n) && n > LINES_SHOWN)
		fprintf(out, "and %llu more lines\n", (unsigned long long)n - LINES_SHOWN);
	if (lost && parse_u64(lost, &n) && n)
		fprintf(out, "%llu misses on lines not kept\n", (unsigned long long)n);
}

static void suffered(const struct variant *f, const char *variant, const struct term *term,
		     FILE *out)
{
	const struct shared *s = &f->shared;
	const char *misses = pairs_get(&s->summary, "coherence_misses");
	const char *of = pairs_get(&s->summary, "of");
	char *text = NULL;
	size_t len;
	FILE *line = xmemstream(&text, &len);

	style_on(out, term, BOLD);
	put_safe(out, variant);
	style_off(out, term, BOLD);
	if (misses && of) {
		fputs(": ", line);
		put_safe(line, misses);
		fputs(" coherence misses, on lines: ", line);
		put_safe(line, of);
	} else {
		char *source = source_in_words(s->source);

		fputs(": - (", line);
		put_safe(line, source);
		putc(')', line);
		free(source);
	}
	fclose(line);
	put_hanging(out, term, cells(variant), 0, text);
	free(text);
	for (size_t i = 0; i < s->n && i < LINES_SHOWN; i++)
		show_line(&s->line[i], term, out);
	show_rest(s, out);
}

static void show_experiment(const struct results *r, const struct variant *f,
			    const struct term *term, FILE *out)
{
	const char *threads = pairs_get(&r->parameters, "threads");
	const char *cpus = pairs_get(&r->parameters, "cpus");
	static const char title[] = "False sharing";
	char *text = NULL;
	size_t len;
	FILE *line = xmemstream(&text, &len);

	fputs(": threads ", line);
	put_safe(line, threads ? threads : "-");
	fputs(", on CPUs ", line);
	put_safe(line, cpus && *cpus ? cpus : "-");
	fprintf(line, ", rounds %u", f[0].rounds);
	fclose(line);
	style_on(out, term, BOLD);
	fputs(title, out);
	style_off(out, term, BOLD);
	put_hanging(out, term, cells(title), 0, text);
	free(text);
	putc('\n', out);
	table(f, term, out);
	text = answer(r, f);
	put_wrapped(out, term, text);
	free(text);
	putc('\n', out);
	put_wrapped(out, term, "The contended lines, in the model (r: CPUs that read, w: CPUs that "
		    "write):");
	for (size_t i = 0; i < VARIANTS; i++)
		suffered(&f[i], variants[i], term, out);
}

/* Is the last run this experiment? */
static int check_experiment(const struct results *r)
{
	const char *experiment = pairs_get(&r->parameters, "experiment");

	if (experiment && !strcmp(experiment, "falseshare") && median_of(r, variants[VARIANTS - 1]))
		return ST_OK;
	return fail(ST_NO_MAP, "mapstat falseshare", "the last run was not this experiment, or "
		    "did not complete its first round");
}

static int show_last(const struct tree *t, const struct options *opt, const struct term *term,
		     FILE *out)
{
	struct variant f[VARIANTS] = { 0 };
	struct results r;
	char *text;
	int ret;

	ret = results_read(t, &r);
	if (ret)
		return ret;
	ret = check_experiment(&r);
	for (size_t i = 0; i < VARIANTS && !ret; i++)
		ret = read_figure(t, &r, variants[i], &f[i]);
	if (!ret && opt->json) {
		text = answer(&r, f);
		ret = falseshare_json(&r, f, text, out);
		free(text);
	} else if (!ret) {
		show_experiment(&r, f, term, out);
	}
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

	if (opt->last && (opt->nargs || opt->keep))
		return fail(ST_USAGE, "mapstat falseshare --help",
			    "--last runs nothing: it takes no parameters");
	if (opt->last) {
		ret = version_check(t);
		if (ret)
			return ret;
	} else {
		ret = run_with(t, opt, settings, &verdict);
		if (ret || verdict)
			return ret ? ret : verdict;
	}
	return show_last(t, opt, term, out);
}

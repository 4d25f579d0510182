// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of "mapstat explain": it claims no more than the table shows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "explain.h"

/*
 * An upper bound on the cost of an access or a miss: a line from memory, or from another socket.
 * A difference that the model's figures do not reach at this price is not explained by them.
 */
#define MODEL_NS_MOST	100

static FILE *sentence_begin(struct sentences *s, size_t *len)
{
	return xmemstream(&s->text[s->n], len);
}

static void sentence_end(struct sentences *s, FILE *f)
{
	if (fclose(f))
		exit(fail(ST_SYSTEM, NULL, "out of memory"));
	s->n++;
}

double figure_more(const struct comparison *c, const struct figure *f)
{
	return c->slower ? -figure_difference(f) : figure_difference(f);
}

static bool is_slower(const struct comparison *c)
{
	return !c->undecided && !c->noise;
}

double figure_price(const struct comparison *c, const struct figure *f)
{
	const double slower = c->map[c->slower].ranked->ns, faster = c->map[!c->slower].ranked->ns;

	if (!is_slower(c) || figure_more(c, f) <= 0)
		return NAN;
	return (slower - faster) / figure_more(c, f);
}

const char *figure_source(const struct comparison *c, const struct figure *f)
{
	if (f->rule->from != FROM_MISSES)
		return "counted";
	return strncmp(c->map[0].misses.source, "pmu", 3) ? "model" : "pmu";
}

static const char *name_of(const struct comparison *c, size_t side)
{
	return c->map[side].ranked->map;
}

static void put_time(FILE *out, const struct ranked *m, bool rounds)
{
	fprintf(out, "%.1f ns (%.1f..%.1f", m->ns, m->min, m->max);
	fprintf(out, rounds ? " over %u rounds)" : ")", m->rounds);
}

static void put_difference(FILE *out, const struct comparison *c, const struct term *term)
{
	const struct ranked *slower = c->map[c->slower].ranked, *faster = c->map[!c->slower].ranked;

	put_safe(out, slower->map);
	fprintf(out, " takes %.1f ns more per operation than ", slower->ns - faster->ns);
	put_safe(out, faster->map);
	fputs(": ", out);
	put_time(out, slower, true);
	fputs(" against ", out);
	put_time(out, faster, false);
	if (faster->ns > 0)
		fprintf(out, ", %.2f%s", slower->ns / faster->ns, term->utf8 ? "×" : "x");
	fprintf(out, " (p = %.2g).", c->test.p);
}

static void say_time(struct sentences *s, const struct comparison *c, const struct term *term)
{
	size_t len;
	FILE *f = sentence_begin(s, &len);

	if (c->undecided) {
		if (c->untimed && c->undecided != c->untimed)
			fprintf(f, "%s ", c->untimed);
		fputs(c->undecided, f);
	} else if (c->noise) {
		fputs("Within the noise, no difference: per operation ", f);
		put_safe(f, name_of(c, 0));
		fputs(" takes ", f);
		put_time(f, c->map[0].ranked, true);
		fputs(", ", f);
		put_safe(f, name_of(c, 1));
		putc(' ', f);
		put_time(f, c->map[1].ranked, true);
		fprintf(f, "; p = %.2g.", c->test.p);
	} else {
		put_difference(f, c, term);
	}
	sentence_end(s, f);
}

static bool is_model(const struct figure *f)
{
	return f->rule->from == FROM_MISSES;
}

/* The largest difference among the figures of which map @side has more; NULL: none */
static const struct figure *most(const struct comparison *c, size_t side, bool model)
{
	for (size_t i = 0; i < c->ndiffering; i++) {
		const struct figure *f = c->differing[i];

		if (is_model(f) == model && (figure_difference(f) > 0) == !side)
			return f;
	}
	return NULL;
}

static void put_most(FILE *out, const struct comparison *c, size_t side, const struct figure *f)
{
	put_safe(out, name_of(c, side));
	fprintf(out, " has more %s%s: %.4f against %.4f (%s)", f->rule->title,
		strncmp(f->rule->group, "misses", 6) ? "" : " misses", f->value[side],
		f->value[!side], f->rule->means);
}

/* The first missing figure of that kind, and the side that lacks it. */
static const struct figure *missing(const struct comparison *c, bool model, size_t *side)
{
	for (size_t i = 0; i < c->nfigures; i++) {
		const struct figure *f = &c->figure[i];

		if (is_model(f) != model || f->rule->least <= 0)
			continue;
		for (*side = 0; *side < 2; ++*side)
			if (!f->known[*side])
				return f;
	}
	return NULL;
}

static bool known(const struct comparison *c, bool model)
{
	for (size_t i = 0; i < c->nfigures; i++)
		if (is_model(&c->figure[i]) == model && c->figure[i].rule->least > 0 &&
		    c->figure[i].known[0] && c->figure[i].known[1])
			return true;
	return false;
}

static void say_unknown(FILE *f, const struct comparison *c, bool model)
{
	size_t side;
	const struct figure *of = missing(c, model, &side);
	char *words = source_in_words(of ? figure_missing(c, of, side) : "there are none");

	fputs(model ? "Accesses and misses cannot be compared: " :
	      "What was counted cannot be compared: ", f);
	put_safe(f, words);
	putc('.', f);
	free(words);
}

static void say_most(struct sentences *s, const struct comparison *c, bool model)
{
	const char *source = model && known(c, true) ? figure_source(c, &c->figure[1]) : "model";
	size_t len, first = is_slower(c) ? c->slower : 0;
	const struct figure *here = most(c, first, model), *there = most(c, !first, model);
	FILE *f = sentence_begin(s, &len);

	if (!known(c, model)) {
		say_unknown(f, c, model);
		sentence_end(s, f);
		return;
	}
	if (!model)
		fputs("By what was counted, ", f);
	else
		fputs(strcmp(source, "pmu") ? "By the model, " : "By the CPUs' counters, ", f);
	if (here)
		put_most(f, c, first, here);
	if (there) {
		fputs(here ? "; on the other hand, " : "", f);
		put_most(f, c, !first, there);
	}
	if (!here && !there)
		fputs("no figure differs enough to be listed", f);
	putc('.', f);
	sentence_end(s, f);
}

static void put_kind(FILE *out, const struct pause_kind *k, bool timed,
		     const struct term *term)
{
	const char *total = pairs_get(&k->summary, "total");
	const char *sum = pairs_get(&k->summary, "sum_ns");
	const char *longest = pairs_get(&k->summary, "max_ns");
	uint64_t n = 0, ns = 0, max = 0;
	char text[HUMAN_LEN];

	put_safe(out, k->name);
	if (!total || !sum || !longest || !parse_u64(total, &n) || !parse_u64(sum, &ns) ||
	    !parse_u64(longest, &max) || !n)
		return;
	fprintf(out, " %llu time%s", (unsigned long long)n, n == 1 ? "" : "s");
	if (!timed)
		return;
	fprintf(out, ", on average %s, ", human_ns(text, term, (double)ns / (double)n));
	fprintf(out, "at most %s", human_ns(text, term, (double)max));
}

/* A promotion or growth may run beside the operations: pauses are printed, but not ranked. */
static void say_pauses(struct sentences *s, const struct comparison *c, const struct term *term)
{
	size_t len;
	FILE *f;

	if (!c->map[0].pauses.nkinds && !c->map[1].pauses.nkinds)
		return;
	f = sentence_begin(s, &len);
	fputs("Pauses since the maps were created, including filling them: ", f);
	for (size_t side = 0; side < 2; side++) {
		const struct pauses *p = &c->map[side].pauses;

		fputs(side ? "; " : "", f);
		put_safe(f, name_of(c, side));
		fputs(p->nkinds ? ": " : ": none", f);
		for (size_t i = 0; i < p->nkinds; i++) {
			fputs(i ? ", " : "", f);
			put_kind(f, &p->kind[i], !c->untimed, term);
		}
	}
	putc('.', f);
	sentence_end(s, f);
}

/* Upper bound on the time that the model's figures explain, ns.  @counted: others differ, too */
static double model_most_ns(const struct comparison *c, bool *counted)
{
	double sum = 0;

	*counted = false;
	for (size_t i = 0; i < c->ndiffering; i++) {
		if (figure_more(c, c->differing[i]) <= 0)
			continue;
		if (is_model(c->differing[i]))
			sum += figure_more(c, c->differing[i]) * MODEL_NS_MOST;
		else
			*counted = true;
	}
	return sum;
}

static void say_explained(struct sentences *s, const struct comparison *c)
{
	const double ns = c->map[c->slower].ranked->ns - c->map[!c->slower].ranked->ns;
	bool counted;
	const double model = model_most_ns(c, &counted);
	size_t len;
	FILE *f = sentence_begin(s, &len);

	if (!counted && !(model > 0)) {
		fputs("These figures do not explain the difference: ", f);
		put_safe(f, name_of(c, c->slower));
		fputs(" has more of none of them. Instructions, branches and the latency of an "
		      "access are not compared.", f);
	} else if (!counted && model < ns) {
		fprintf(f, "These figures do not explain the difference of %.1f ns: even if each "
			"access and each miss cost %d ns, they would add up to %.1f.", ns,
			MODEL_NS_MOST, model);
	} else {
		fputs("The rows with + may explain the difference. \"ns each\" is the cost of one "
		      "of them if that row alone made the difference; a row that cannot cost as "
		      "much does not explain it.", f);
	}
	sentence_end(s, f);
}

static void say_disturbed(struct sentences *s, const struct results *r)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);
	bool any = results_disturbed(r, f);

	fclose(f);
	if (any)
		s->text[s->n++] = text;
	else
		free(text);
}

void explain_words(const struct comparison *c, const struct results *r, const struct term *term,
		   struct sentences *s)
{
	*s = (struct sentences){ 0 };
	say_time(s, c, term);
	say_most(s, c, true);
	say_most(s, c, false);
	say_pauses(s, c, term);
	if (is_slower(c))
		say_explained(s, c);
	say_disturbed(s, r);
}

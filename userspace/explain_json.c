// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat explain --json".
 */
#include <math.h>
#include "explain.h"

static void put_two(FILE *out, const char *name, double a, double b)
{
	json_key(out, name, false);
	putc('[', out);
	json_double(out, a);
	fputs(", ", out);
	json_double(out, b);
	putc(']', out);
}

static void put_time(const struct comparison *c, FILE *out)
{
	const struct ranked *a = c->map[0].ranked, *b = c->map[1].ranked;

	json_key(out, "maps", false);
	putc('[', out);
	json_text(out, a->map);
	fputs(", ", out);
	json_text(out, b->map);
	putc(']', out);
	put_two(out, "ns_per_op", a->ns, b->ns);
	put_two(out, "ns_per_op_min", a->rounds ? a->min : NAN, b->rounds ? b->min : NAN);
	put_two(out, "ns_per_op_max", a->rounds ? a->max : NAN, b->rounds ? b->max : NAN);
	put_two(out, "rounds", a->rounds, b->rounds);
}

static void put_answer(const struct comparison *c, FILE *out)
{
	json_key(out, "answer", false);
	json_text(out, c->undecided ? "undecided" :
			 c->noise ? "within noise" : "slower");
	json_key(out, "slower", false);
	if (c->undecided || c->noise)
		fputs("null", out);
	else
		json_text(out, c->map[c->slower].ranked->map);
	json_key(out, "reason", false);
	if (c->undecided)
		json_text(out, c->undecided);
	else
		fputs("null", out);
	json_key(out, "p", false);
	json_double(out, c->test.p);
	json_key(out, "method", false);
	json_method(out, &c->test);
}

static void put_sources(const struct comparison *c, FILE *out)
{
	json_key(out, "cache_miss_sources", false);
	for (size_t side = 0; side < 2; side++) {
		fputs(side ? ", " : "[", out);
		if (c->map[side].misses.source)
			json_text(out, c->map[side].misses.source);
		else
			fputs("null", out);
	}
	putc(']', out);
}

static void put_reasons(const struct comparison *c, const struct figure *f, FILE *out)
{
	json_key(out, "missing", false);
	for (size_t side = 0; side < 2; side++) {
		const char *why = figure_missing(c, f, side);

		fputs(side ? ", " : "[", out);
		if (why)
			json_text(out, why);
		else
			fputs("null", out);
	}
	putc(']', out);
}

static void put_figures(const struct comparison *c, FILE *out)
{
	static const char *const files[] = {
		[FROM_RESULTS] = "results", [FROM_ROUNDS] = "results",
		[FROM_MISSES] = "cache_miss", [FROM_STATS] = "stats",
	};

	fputs(",\n\"figures\": [", out);
	for (size_t i = 0; i < c->nfigures; i++) {
		const struct figure *f = &c->figure[i];

		fputs(i ? ",\n {" : "\n {", out);
		json_key(out, "name", true);
		json_text(out, f->rule->name);
		json_key(out, "file", false);
		json_text(out, files[f->rule->from]);
		put_two(out, "values", f->known[0] ? f->value[0] : NAN,
			f->known[1] ? f->value[1] : NAN);
		json_key(out, "difference", false);
		json_double(out, figure_difference(f));
		put_reasons(c, f, out);
		putc('}', out);
	}
	putc(']', out);
}

static void put_differing(const struct comparison *c, FILE *out)
{
	fputs(",\n\"differing\": [", out);
	for (size_t i = 0; i < c->ndiffering; i++) {
		const struct figure *f = c->differing[i];

		fputs(i ? ",\n {" : "\n {", out);
		json_key(out, "name", true);
		json_text(out, f->rule->name);
		json_key(out, "source", false);
		json_text(out, figure_source(c, f));
		json_key(out, "more_in", false);
		json_text(out, c->map[figure_difference(f) > 0 ? 0 : 1].ranked->map);
		json_key(out, "difference", false);
		json_double(out, fabs(figure_difference(f)));
		json_key(out, "ns_each", false);
		json_double(out, figure_price(c, f));
		putc('}', out);
	}
	putc(']', out);
}

static void put_pauses(const struct comparison *c, FILE *out)
{
	fputs(",\n\"pauses\": [", out);
	for (size_t side = 0; side < 2; side++) {
		const struct pauses *p = &c->map[side].pauses;

		fputs(side ? ", {" : "{", out);
		for (size_t i = 0; i < p->nkinds; i++) {
			json_key(out, p->kind[i].name, !i);
			json_pairs(out, &p->kind[i].summary);
		}
		putc('}', out);
	}
	putc(']', out);
}

void explain_json(const struct comparison *c, const struct results *r, const struct sentences *s,
		  FILE *out)
{
	fputs("{\"accel\": ", out);
	json_accel(out, r->accel);
	put_time(c, out);
	put_answer(c, out);
	put_sources(c, out);
	json_key(out, "parameters", false);
	json_pairs(out, &r->parameters);
	put_figures(c, out);
	put_differing(c, out);
	put_pauses(c, out);
	fputs(",\n\"text\": [", out);
	for (size_t i = 0; i < s->n; i++) {
		fputs(i ? ",\n " : "\n ", out);
		json_text(out, s->text[i]);
	}
	fputs("]}\n", out);
}

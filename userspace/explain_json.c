// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat explain --json".
 */
#include <math.h>
#include "explain.h"
#include "json.h"

static void add_two(struct json_object *to, const char *name, double a, double b)
{
	struct json_object *two = json_add(to, name, json_object_new_array());

	json_add_double(two, NULL, a);
	json_add_double(two, NULL, b);
}

static void add_two_texts(struct json_object *to, const char *name, const char *a, const char *b)
{
	struct json_object *two = json_add(to, name, json_object_new_array());

	json_add_text(two, NULL, a);
	json_add_text(two, NULL, b);
}

static void add_time(struct json_object *to, const struct comparison *c)
{
	const struct ranked *a = c->map[0].ranked, *b = c->map[1].ranked;

	add_two_texts(to, "maps", a->map, b->map);
	add_two(to, "ns_per_op", a->ns, b->ns);
	add_two(to, "ns_per_op_min", a->rounds ? a->min : NAN, b->rounds ? b->min : NAN);
	add_two(to, "ns_per_op_max", a->rounds ? a->max : NAN, b->rounds ? b->max : NAN);
	add_two(to, "rounds", a->rounds, b->rounds);
}

static void add_answer(struct json_object *to, const struct comparison *c)
{
	const bool slower = !c->undecided && !c->noise;

	json_add_text(to, "answer", c->undecided ? "undecided" :
			    c->noise ? "within noise" : "slower");
	json_add_text(to, "slower", slower ? c->map[c->slower].ranked->map : NULL);
	json_add_text(to, "reason", c->undecided);
	json_add_double(to, "p", c->test.p);
	json_add_method(to, &c->test);
}

static void add_figures(struct json_object *to, const struct comparison *c)
{
	static const char *const files[] = {
		[FROM_RESULTS] = "results", [FROM_ROUNDS] = "results",
		[FROM_MISSES] = "cache_miss", [FROM_STATS] = "stats",
	};
	struct json_object *figures = json_add(to, "figures", json_object_new_array()), *o;

	for (size_t i = 0; i < c->nfigures; i++) {
		const struct figure *f = &c->figure[i];

		o = json_add(figures, NULL, json_object_new_object());
		json_add_text(o, "name", f->rule->name);
		json_add_text(o, "file", files[f->rule->from]);
		add_two(o, "values", f->known[0] ? f->value[0] : NAN,
			f->known[1] ? f->value[1] : NAN);
		json_add_double(o, "difference", figure_difference(f));
		add_two_texts(o, "missing", figure_missing(c, f, 0), figure_missing(c, f, 1));
	}
}

static void add_differing(struct json_object *to, const struct comparison *c)
{
	struct json_object *differing = json_add(to, "differing", json_object_new_array()), *o;

	for (size_t i = 0; i < c->ndiffering; i++) {
		const struct figure *f = c->differing[i];
		const double difference = figure_difference(f);

		o = json_add(differing, NULL, json_object_new_object());
		json_add_text(o, "name", f->rule->name);
		json_add_text(o, "source", figure_source(c, f));
		json_add_text(o, "more_in", c->map[difference > 0 ? 0 : 1].ranked->map);
		json_add_double(o, "difference", fabs(difference));
		json_add_double(o, "ns_each", figure_price(c, f));
	}
}

static void add_pauses(struct json_object *to, const struct comparison *c)
{
	struct json_object *both = json_add(to, "pauses", json_object_new_array()), *o;

	for (size_t side = 0; side < 2; side++) {
		const struct pauses *p = &c->map[side].pauses;

		o = json_add(both, NULL, json_object_new_object());
		for (size_t i = 0; i < p->nkinds; i++)
			json_add_pairs(o, p->kind[i].name, &p->kind[i].summary);
	}
}

int explain_json(const struct comparison *c, const struct results *r, const struct sentences *s,
		 FILE *out)
{
	struct json_object *document = json_object_new_object(), *text;

	json_add_text(document, "accel", accel_name(r->accel));
	add_time(document, c);
	add_answer(document, c);
	add_two_texts(document, "cache_miss_sources", c->map[0].misses.source,
		      c->map[1].misses.source);
	json_add_pairs(document, "parameters", &r->parameters);
	add_figures(document, c);
	add_differing(document, c);
	add_pauses(document, c);
	text = json_add(document, "text", json_object_new_array());
	for (size_t i = 0; i < s->n; i++)
		json_add_text(text, NULL, s->text[i]);
	return json_write(out, document, ST_OK);
}

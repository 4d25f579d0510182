// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat falseshare --json".
 */
#include <math.h>
#include "falseshare.h"
#include "json.h"

static void add_variant(struct json_object *to, const struct variant *f, size_t at)
{
	const bool timed = f[at].rounds && !isnan(f[at].ns);
	struct json_object *o = json_add(to, NULL, json_object_new_object());

	json_add_text(o, "name", variants[at]);
	json_add_double(o, "ns_per_op", f[at].ns);
	json_add_double(o, "ns_per_op_min", timed ? f[at].min : NAN);
	json_add_double(o, "ns_per_op_max", timed ? f[at].max : NAN);
	json_add_double(o, "rounds", f[at].rounds);
	json_add_double(o, "vs_padded", variant_ratio(&f[at], &f[at | 1]));
	json_add_double(o, "coherence_misses_per_op", f[at].misses);
	json_add_shared(o, &f[at].shared);
}

/* The rank test of a pair. */
static void add_test(struct json_object *to, const struct results *r, size_t packed)
{
	struct json_object *o = json_add(to, NULL, json_object_new_object());
	struct rank_test test = { .p = NAN };

	if (!rounds_compare(r, variants[packed], variants[packed | 1], &test))
		test.p = NAN;
	json_add_text(o, "packed", variants[packed]);
	json_add_text(o, "padded", variants[packed | 1]);
	json_add_double(o, "p", test.p);
	json_add_method(o, &test);
}

int falseshare_json(const struct results *r, const struct variant *f, const char *answer,
		    FILE *out)
{
	struct json_object *document = json_object_new_object(), *o;

	json_add_text(document, "accel", accel_name(r->accel));
	json_add_pairs(document, "parameters", &r->parameters);
	o = json_add(document, "variants", json_object_new_array());
	for (size_t i = 0; i < VARIANTS; i++)
		add_variant(o, f, i);
	o = json_add(document, "tests", json_object_new_array());
	for (size_t i = 0; i < VARIANTS; i += 2)
		add_test(o, r, i);
	o = json_add(document, "published_by_others", json_object_new_object());
	json_add_text(o, "what", published.what);
	json_add_double(o, "packed_ns_per_op", published.packed_ns);
	json_add_double(o, "padded_ns_per_op", published.padded_ns);
	json_add_text(document, "text", answer);
	return json_write(out, document, ST_OK);
}

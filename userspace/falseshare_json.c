// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat falseshare --json".
 */
#include <math.h>
#include "falseshare.h"

static void put_number(FILE *out, const char *name, double v)
{
	json_key(out, name, false);
	json_double(out, v);
}

static void put_variant(const struct variant *f, size_t at, FILE *out)
{
	const bool timed = f[at].rounds && !isnan(f[at].ns);

	fputs(at ? ",\n {\"name\": " : "\n {\"name\": ", out);
	json_text(out, variants[at]);
	put_number(out, "ns_per_op", f[at].ns);
	put_number(out, "ns_per_op_min", timed ? f[at].min : NAN);
	put_number(out, "ns_per_op_max", timed ? f[at].max : NAN);
	fprintf(out, ", \"rounds\": %u", f[at].rounds);
	put_number(out, "vs_padded", variant_ratio(&f[at], &f[at | 1]));
	put_number(out, "coherence_misses_per_op", f[at].misses);
	json_key(out, "shared_lines", false);
	json_shared(out, &f[at].shared);
	putc('}', out);
}

/* The rank test of each pair. */
static void put_test(const struct results *r, size_t packed, FILE *out)
{
	struct rank_test test = { .p = NAN };

	if (!rounds_compare(r, variants[packed], variants[packed | 1], &test))
		test.p = NAN;
	fputs(packed ? ",\n {\"packed\": " : "\n {\"packed\": ", out);
	json_text(out, variants[packed]);
	json_key(out, "padded", false);
	json_text(out, variants[packed | 1]);
	put_number(out, "p", test.p);
	json_key(out, "method", false);
	json_method(out, &test);
	putc('}', out);
}

void falseshare_json(const struct results *r, const struct variant *f, const char *answer,
		     FILE *out)
{
	fputs("{\"accel\": ", out);
	json_accel(out, r->accel);
	json_key(out, "parameters", false);
	json_pairs(out, &r->parameters);
	fputs(",\n\"variants\": [", out);
	for (size_t i = 0; i < VARIANTS; i++)
		put_variant(f, i, out);
	fputs("],\n\"tests\": [", out);
	for (size_t i = 0; i < VARIANTS; i += 2)
		put_test(r, i, out);
	fputs("],\n\"published_by_others\": {\"what\": ", out);
	json_text(out, published.what);
	put_number(out, "packed_ns_per_op", published.packed_ns);
	put_number(out, "padded_ns_per_op", published.padded_ns);
	fputs("},\n\"text\": ", out);
	json_text(out, answer);
	fputs("}\n", out);
}

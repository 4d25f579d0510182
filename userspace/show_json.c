// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat show --json".
 */
#include <stdlib.h>
#include "mapstat.h"

static void put_answer(const struct view *v, const struct term *term, FILE *out)
{
	char *text = answer_text(&v->results, &v->ranking, term);

	fputs(",\n\"answer\": ", out);
	json_text(out, text);
	free(text);
}

static int put_map(const struct tree *t, const char *map, const struct options *opt, FILE *out)
{
	int ret = ST_OK;

	fputs("{\"name\": ", out);
	json_text(out, map);
	if (opt->hist) {
		fputs(",\n  \"latency\": ", out);
		ret = json_latency(t, map, opt->op, out);
	}
	if (opt->per_cpu && !ret) {
		fputs(",\n  \"percpu\": ", out);
		ret = json_percpu(t, map, out);
	}
	if (opt->per_cpu && !ret) {
		fputs(",\n  \"latency_percpu\": ", out);
		ret = json_latency_percpu(t, map, opt->op, out);
	}
	putc('}', out);
	return ret;
}

/* Those that are live, with what was asked for. */
static int put_maps(const struct tree *t, const struct view *v, const struct options *opt,
		    FILE *out)
{
	bool first = true;
	int ret = ST_OK;

	fputs(",\n\"maps\": [", out);
	for (size_t i = 0; i < v->live.n && !ret; i++) {
		if (!map_selected(opt, v->live.name[i]))
			continue;
		fputs(first ? "\n " : ",\n ", out);
		ret = put_map(t, v->live.name[i], opt, out);
		first = false;
	}
	putc(']', out);
	return ret;
}

int show_json(const struct tree *t, const struct view *v, const struct options *opt,
	      const struct term *term, FILE *out)
{
	int ret;

	fputs("{\"version\": ", out);
	json_pairs(out, &v->version);
	ret = json_accel_of(t, out);
	if (ret)
		return ret;
	put_answer(v, term, out);
	json_results(out, &v->results, opt);
	if (!opt->answer)
		ret = put_maps(t, v, opt, out);
	fputs("}\n", out);
	return ret;
}

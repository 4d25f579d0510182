// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat show --json".
 */
#include <stdlib.h>
#include "json.h"

/* The live maps, with the details that the options select. */
static int add_maps(struct json_object *to, const struct tree *t, const struct view *v,
		    const struct options *opt)
{
	struct json_object *maps = json_add(to, "maps", json_object_new_array()), *o;
	int ret = ST_OK;

	for (size_t i = 0; i < v->live.n && !ret; i++) {
		const char *map = v->live.name[i];

		if (!map_selected(opt, map))
			continue;
		o = json_add(maps, NULL, json_object_new_object());
		json_add_text(o, "name", map);
		if (opt->hist)
			ret = json_add_latency(o, t, map, opt->op);
		if (opt->per_cpu && !ret)
			ret = json_add_percpu(o, t, map);
		if (opt->per_cpu && !ret)
			ret = json_add_latency_percpu(o, t, map, opt->op);
	}
	return ret;
}

int show_json(const struct tree *t, const struct view *v, const struct options *opt,
	      const struct term *term, FILE *out)
{
	struct json_object *document = json_object_new_object();
	char *answer;
	int ret;

	json_add_pairs(document, "version", &v->version);
	ret = json_add_accel(document, t);
	if (!ret) {
		answer = answer_text(&v->results, &v->ranking, term);
		json_add_text(document, "answer", answer);
		free(answer);
		json_add_results(document, &v->results, opt);
	}
	if (!ret && !opt->answer)
		ret = add_maps(document, t, v, opt);
	return json_write(out, document, ret);
}

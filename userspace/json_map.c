// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON of the files that "mapstat json" shows beside stats, latency, pauses and cache_miss.
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

/* {"cpus": [0, 1], "counters": {"hits_total": [5, 7], …}} */
int json_percpu(const struct tree *t, const char *map, FILE *out)
{
	struct percpu p;
	int ret = percpu_read(t, map, &p);

	if (ret)
		return ret;
	if (!p.ncpus) {
		fputs("null", out);
		return ST_OK;
	}
	fputs("{\"cpus\": [", out);
	for (size_t i = 0; i < p.ncpus; i++)
		fprintf(out, "%s%u", i ? ", " : "", p.cpu[i]);
	fputs("], \"counters\": {", out);
	for (size_t i = 0; i < p.n; i++) {
		fputs(i ? ",\n   " : "\n   ", out);
		json_key(out, p.counter[i].name, true);
		for (size_t j = 0; j < p.ncpus; j++) {
			fputs(j ? ", " : "[", out);
			json_value(out, p.counter[i].value[j]);
		}
		putc(']', out);
	}
	fputs("}}", out);
	percpu_free(&p);
	return ST_OK;
}

/* {"source": …, "cpus": [{"cpu": 0, "operations": {…}}, …]} */
int json_latency_percpu(const struct tree *t, const char *map, const char *op, FILE *out)
{
	struct latency_cpus cpus;
	int ret = latency_percpu_read(t, map, &cpus);

	if (ret)
		return ret;
	fputs("{\"source\": ", out);
	json_text_or_null(out, cpus.source);
	fputs(", \"cpus\": [", out);
	for (size_t i = 0; i < cpus.n; i++) {
		fprintf(out, "%s{\"cpu\": %u, \"operations\": ", i ? ",\n  " : "\n  ",
			cpus.at[i].cpu);
		json_operations(out, &cpus.at[i].lat, op);
		putc('}', out);
	}
	fputs("]}", out);
	latency_percpu_free(&cpus);
	return ST_OK;
}

static void put_line(const struct shared_line *l, FILE *out)
{
	fputs("{\"line\": ", out);
	json_text(out, l->address);
	fprintf(out, ", \"coherence_misses\": %llu, \"invalidated\": %llu, \"sharing\": ",
		(unsigned long long)l->misses, (unsigned long long)l->invalidated);
	json_text(out, l->sharing);
	fputs(", \"writers\": ", out);
	json_text_or_null(out, strcmp(l->writers, "-") ? l->writers : NULL);
	fputs(", \"readers\": ", out);
	json_text_or_null(out, strcmp(l->readers, "-") ? l->readers : NULL);
	fputs(", \"what\": ", out);
	json_text(out, l->what);
	putc('}', out);
}

void json_shared(FILE *out, const struct shared *s)
{
	fputs("{\"source\": ", out);
	json_text_or_null(out, s->source);
	fputs(", \"summary\": ", out);
	json_pairs(out, &s->summary);
	fputs(", \"lines\": [", out);
	for (size_t i = 0; i < s->n; i++) {
		fputs(i ? ",\n   " : "\n   ", out);
		put_line(&s->line[i], out);
	}
	fputs("]}", out);
}

static int put_shared(const struct tree *t, const char *map, FILE *out)
{
	struct shared s;
	char file[512];
	int ret;

	snprintf(file, sizeof(file), "maps/%s/shared_lines", map);
	if (!tree_has(t, file)) {
		fputs("null", out);
		return ST_OK;
	}
	ret = shared_read(t, map, &s);
	if (ret)
		return ret;
	json_shared(out, &s);
	shared_free(&s);
	return ST_OK;
}

/* A kernel that is locked down does not let the file front be read: its state is in front_stats. */
static int put_front(const struct tree *t, const char *map, FILE *out)
{
	const char *state;
	struct pairs stats;
	char file[512];
	int ret;

	snprintf(file, sizeof(file), "maps/%s/front_stats", map);
	if (!tree_has(t, file)) {
		fputs("null,\n  \"front_stats\": null", out);
		return ST_OK;
	}
	ret = pairs_read(t, file, &stats);
	if (ret)
		return ret;
	state = pairs_get(&stats, "state");
	json_text_or_null(out, !state ? NULL : strcmp(state, "off") ? "on" : "off");
	fputs(",\n  \"front_stats\": ", out);
	json_pairs(out, &stats);
	pairs_free(&stats);
	return ST_OK;
}

int json_map_rest(const struct tree *t, const char *map, FILE *out)
{
	int ret;

	fputs(",\n  \"percpu\": ", out);
	ret = json_percpu(t, map, out);
	if (ret)
		return ret;
	fputs(",\n  \"latency_percpu\": ", out);
	ret = json_latency_percpu(t, map, NULL, out);
	if (ret)
		return ret;
	fputs(",\n  \"shared_lines\": ", out);
	ret = put_shared(t, map, out);
	if (ret)
		return ret;
	fputs(",\n  \"front\": ", out);
	return put_front(t, map, out);
}

/* [{"cpu": 0, …}, …]: a file of rows under one header, whose names are the keys. */
static int put_table(const struct tree *t, const char *file, FILE *out)
{
	char **name = NULL;
	size_t n = 0, rows = 0;
	struct lines l;
	int more, ret;

	ret = lines_open(&l, t, file);
	putc('[', out);
	while (!ret && (more = lines_next(&l)) != 0) {
		if (more < 0) {
			ret = -more;
		} else if (!n && !strncmp(l.field[0], "# ", 2)) {
			name = xrealloc(NULL, l.nfields, sizeof(*name));
			for (; n < l.nfields; n++)
				name[n] = xstrdup(l.field[n] + (n ? 0 : strlen("# ")));
		} else if (l.nfields != n) {
			ret = lines_fail(&l, "%zu columns, not %zu", l.nfields, n);
		} else {
			fputs(rows++ ? ",\n   {" : "\n   {", out);
			for (size_t i = 0; i < n; i++) {
				json_key(out, name[i], !i);
				json_value(out, l.field[i]);
			}
			putc('}', out);
		}
	}
	putc(']', out);
	lines_close(&l);
	while (n)
		free(name[--n]);
	free(name);
	return ret;
}

int json_events(const struct tree *t, FILE *out)
{
	int ret;

	fputs(",\n\"events\": ", out);
	if (!tree_has(t, "events/stats") || !tree_has(t, "events/sites")) {
		fputs("null", out);
		return ST_OK;
	}
	fputs("{\"stats\": ", out);
	ret = put_table(t, "events/stats", out);
	if (ret)
		return ret;
	fputs(",\n \"sites\": ", out);
	ret = put_table(t, "events/sites", out);
	putc('}', out);
	return ret;
}

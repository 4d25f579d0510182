// SPDX-License-Identifier: GPL-2.0-only
/*
 * A live map's files as JSON.
 */
#include <stdlib.h>
#include <string.h>
#include "json.h"

/* {"load": {"summary": {…}, "buckets": […]}, …} */
static void add_operations(struct json_object *to, const struct latency *lat, const char *op)
{
	struct json_object *all = json_add(to, "operations", json_object_new_object()), *one;

	for (size_t i = 0; i < lat->n; i++) {
		if (op && strcmp(op, lat->op[i].name))
			continue;
		one = json_add(all, lat->op[i].name, json_object_new_object());
		json_add_pairs(one, "summary", &lat->op[i].summary);
		json_add_buckets(one, "buckets", lat->op[i].bucket);
	}
}

int json_add_latency(struct json_object *to, const struct tree *t, const char *map, const char *op)
{
	struct json_object *o;
	struct latency lat;
	int ret = latency_read(t, map, &lat);

	if (ret)
		return ret;
	o = json_add(to, "latency", json_object_new_object());
	json_add_figure(o, "source", lat.source ? lat.source : "-");
	add_operations(o, &lat, op);
	latency_free(&lat);
	return ST_OK;
}

/* {"cpus": [0, 1], "counters": {"hits_total": [5, 7], …}} */
int json_add_percpu(struct json_object *to, const struct tree *t, const char *map)
{
	struct json_object *o, *cpus, *counters;
	struct percpu p;
	int ret = percpu_read(t, map, &p);

	if (ret)
		return ret;
	if (!p.ncpus) {
		json_add_text(to, "percpu", NULL);
		return ST_OK;
	}
	o = json_add(to, "percpu", json_object_new_object());
	cpus = json_add(o, "cpus", json_object_new_array());
	for (size_t i = 0; i < p.ncpus; i++)
		json_add(cpus, NULL, json_object_new_int64(p.cpu[i]));
	counters = json_add(o, "counters", json_object_new_object());
	for (size_t i = 0; i < p.n; i++) {
		o = json_add(counters, p.counter[i].name, json_object_new_array());
		for (size_t j = 0; j < p.ncpus; j++)
			json_add_figure(o, NULL, p.counter[i].value[j]);
	}
	percpu_free(&p);
	return ST_OK;
}

/* {"source": …, "cpus": [{"cpu": 0, "operations": {…}}, …]} */
int json_add_latency_percpu(struct json_object *to, const struct tree *t, const char *map,
			    const char *op)
{
	struct json_object *o, *array;
	struct latency_cpus cpus;
	int ret = latency_percpu_read(t, map, &cpus);

	if (ret)
		return ret;
	o = json_add(to, "latency_percpu", json_object_new_object());
	json_add_text(o, "source", cpus.source);
	array = json_add(o, "cpus", json_object_new_array());
	for (size_t i = 0; i < cpus.n; i++) {
		o = json_add(array, NULL, json_object_new_object());
		json_add(o, "cpu", json_object_new_int64(cpus.at[i].cpu));
		add_operations(o, &cpus.at[i].lat, op);
	}
	latency_percpu_free(&cpus);
	return ST_OK;
}

static int add_stats(struct json_object *to, const struct tree *t, const char *map)
{
	struct pairs stats;
	int ret = stats_read(t, map, &stats);

	if (ret)
		return ret;
	json_add_pairs(to, "stats", &stats);
	pairs_free(&stats);
	return ST_OK;
}

static int add_pauses(struct json_object *to, const struct tree *t, const char *map)
{
	struct json_object *o, *kinds, *events;
	struct pauses p;
	int ret = pauses_read(t, map, &p);

	if (ret)
		return ret;
	o = json_add(to, "pauses", json_object_new_object());
	kinds = json_add(o, "kinds", json_object_new_object());
	for (size_t i = 0; i < p.nkinds; i++)
		json_add_pairs(kinds, p.kind[i].name, &p.kind[i].summary);
	json_add_buckets(o, "buckets", p.bucket);
	events = json_add(o, "events", json_object_new_array());
	for (size_t i = 0; i < p.nevents; i++) {
		o = json_add(events, NULL, json_object_new_object());
		json_add(o, "end_ns", json_object_new_uint64(p.event[i].end_ns));
		json_add_text(o, "kind", p.event[i].kind);
		json_add(o, "duration_ns", json_object_new_uint64(p.event[i].duration_ns));
		json_add(o, "entries", json_object_new_uint64(p.event[i].entries));
	}
	pauses_free(&p);
	return ST_OK;
}

/* Buckets and summaries by kind of miss, of the CPU @who or of "all". */
static void add_hists(struct json_object *to, const struct misses *m, const char *who)
{
	struct json_object *buckets, *summaries;

	buckets = json_add(to, "buckets_thousandths", json_object_new_object());
	summaries = json_add(to, "summaries", json_object_new_object());
	for (const struct misses_hist *h = m->hist; h < m->hist + m->nhists; h++) {
		if (strcmp(h->who, who))
			continue;
		json_add_buckets(buckets, h->name, h->bucket);
		json_add_pairs(summaries, h->name, &h->summary);
	}
}

static bool is_first_of(const struct misses *m, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!strcmp(m->hist[i].who, m->hist[at].who))
			return false;
	return true;
}

static int add_misses(struct json_object *to, const struct tree *t, const char *map)
{
	struct json_object *o, *cpus;
	unsigned int cpu;
	struct misses m;
	int ret = misses_read(t, map, &m);

	if (ret)
		return ret;
	o = json_add(to, "cache_miss", json_object_new_object());
	json_add_figure(o, "source", m.source ? m.source : "-");
	json_add_pairs(o, "totals", &m.total);
	add_hists(o, &m, "all");
	cpus = json_add(o, "cpus", json_object_new_array());
	for (size_t i = 0; i < m.nhists; i++) {
		if (!parse_cpu(m.hist[i].who, &cpu) || !is_first_of(&m, i))
			continue;
		o = json_add(cpus, NULL, json_object_new_object());
		json_add(o, "cpu", json_object_new_int64(cpu));
		add_hists(o, &m, m.hist[i].who);
	}
	misses_free(&m);
	return ST_OK;
}

void json_add_shared(struct json_object *to, const struct shared *s)
{
	struct json_object *o = json_add(to, "shared_lines", json_object_new_object()), *lines;

	json_add_text(o, "source", s->source);
	json_add_pairs(o, "summary", &s->summary);
	lines = json_add(o, "lines", json_object_new_array());
	for (const struct shared_line *l = s->line; l < s->line + s->n; l++) {
		o = json_add(lines, NULL, json_object_new_object());
		json_add_text(o, "line", l->address);
		json_add(o, "coherence_misses", json_object_new_uint64(l->misses));
		json_add(o, "invalidated", json_object_new_uint64(l->invalidated));
		json_add_text(o, "sharing", l->sharing);
		json_add_text(o, "writers", strcmp(l->writers, "-") ? l->writers : NULL);
		json_add_text(o, "readers", strcmp(l->readers, "-") ? l->readers : NULL);
		json_add_text(o, "what", l->what);
	}
}

static int add_shared(struct json_object *to, const struct tree *t, const char *map)
{
	struct shared s;
	char file[512];
	int ret;

	snprintf(file, sizeof(file), "maps/%s/shared_lines", map);
	if (!tree_has(t, file)) {
		json_add_text(to, "shared_lines", NULL);
		return ST_OK;
	}
	ret = shared_read(t, map, &s);
	if (ret)
		return ret;
	json_add_shared(to, &s);
	shared_free(&s);
	return ST_OK;
}

/* Under lockdown the file "front" cannot be read, so take the state from front_stats. */
static int add_front(struct json_object *to, const struct tree *t, const char *map)
{
	const char *state;
	struct pairs stats;
	char file[512];
	int ret;

	snprintf(file, sizeof(file), "maps/%s/front_stats", map);
	if (!tree_has(t, file)) {
		json_add_text(to, "front", NULL);
		json_add_text(to, "front_stats", NULL);
		return ST_OK;
	}
	ret = pairs_read(t, file, &stats);
	if (ret)
		return ret;
	state = pairs_get(&stats, "state");
	json_add_text(to, "front", !state ? NULL : strcmp(state, "off") ? "on" : "off");
	json_add_pairs(to, "front_stats", &stats);
	pairs_free(&stats);
	return ST_OK;
}

static int add_map(struct json_object *to, const struct tree *t, const char *map)
{
	int ret;

	json_add_text(to, "name", map);
	ret = add_stats(to, t, map);
	if (!ret)
		ret = json_add_latency(to, t, map, NULL);
	if (!ret)
		ret = add_pauses(to, t, map);
	if (!ret)
		ret = add_misses(to, t, map);
	if (!ret)
		ret = json_add_percpu(to, t, map);
	if (!ret)
		ret = json_add_latency_percpu(to, t, map, NULL);
	if (!ret)
		ret = add_shared(to, t, map);
	return ret ? ret : add_front(to, t, map);
}

int json_add_maps(struct json_object *to, const struct tree *t)
{
	struct json_object *maps;
	struct names live;
	int ret = maps_list(t, &live);

	if (ret)
		return ret;
	maps = json_add(to, "maps", json_object_new_array());
	for (size_t i = 0; i < live.n && !ret; i++)
		ret = add_map(json_add(maps, NULL, json_object_new_object()), t, live.name[i]);
	names_free(&live);
	return ret;
}

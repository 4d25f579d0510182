// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat json": all that the text files say, as one JSON document.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

/* Length of the UTF-8 character at @s, or 0 if it is not one. */
static size_t utf8_length(const unsigned char *s)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;
	unsigned int code;

	if (n < 2)
		return n;
	code = *s & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

void json_text(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', out);
	while (*s) {
		size_t n = utf8_length(s);

		if (!n)
			fputs("\\ufffd", out);
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s < ' ' || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else
			fwrite(s, 1, n, out);
		s += n ? n : 1;
	}
	putc('"', out);
}

void json_key(FILE *out, const char *name, bool first)
{
	fputs(first ? "" : ", ", out);
	json_text(out, name);
	fputs(": ", out);
}

void json_value(FILE *out, const char *value)
{
	if (!strcmp(value, "-"))
		fputs("null", out);
	else if (is_number(value))
		fputs(value, out);
	else
		json_text(out, value);
}

static bool is_text(const char *name)
{
	/* Also one that may look like a number: a list of one CPU is a list. */
	static const char *const names[] = {
		"module", "kernel", "clock", "design", "map", "cpus"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void put_named(FILE *out, const char *name, const char *value)
{
	if (is_text(name) && strcmp(value, "-"))
		json_text(out, value);
	else
		json_value(out, value);
}

void json_pairs(FILE *out, const struct pairs *p)
{
	putc('{', out);
	for (size_t i = 0; i < p->n; i++) {
		json_key(out, p->name[i], !i);
		put_named(out, p->name[i], p->value[i]);
	}
	putc('}', out);
}

void json_double(FILE *out, double v)
{
	if (isfinite(v))
		fprintf(out, "%.15g", v);
	else
		fputs("null", out);
}

void json_text_or_null(FILE *out, const char *text)
{
	if (text)
		json_text(out, text);
	else
		fputs("null", out);
}

void json_accel(FILE *out, enum accel accel)
{
	json_text_or_null(out, accel_name(accel));
}

void json_method(FILE *out, const struct rank_test *test)
{
	json_text_or_null(out, isnan(test->p) ? NULL : test->exact ? "exact" : "normal");
}

static int put_control(const struct tree *t, FILE *out)
{
	static const char *const states[] = { "idle", "running", "failed", "starting" };
	struct control c;
	int ret = control_read(t, &c);

	if (ret)
		return ret;
	fprintf(out, ",\n\"control\": {\"state\": \"%s\", ", states[c.state]);
	if (c.state == CONTROL_RUNNING)
		fprintf(out, "\"round\": %u, \"rounds\": %u, ", c.round, c.rounds);
	else
		fputs("\"round\": null, \"rounds\": null, ", out);
	if (c.state == CONTROL_FAILED)
		fprintf(out, "\"errno\": %d}", -c.error);
	else
		fputs("\"errno\": null}", out);
	return ST_OK;
}

static int put_parameters(const struct tree *t, FILE *out)
{
	struct params p;
	int ret = params_read(t, &p);

	if (ret)
		return ret;
	fputs(",\n\"parameters\": {", out);
	for (size_t i = 0; i < p.n; i++) {
		json_key(out, p.at[i].name, !i);
		put_named(out, p.at[i].name, p.at[i].value);
	}
	putc('}', out);
	params_free(&p);
	return ST_OK;
}

static void put_row(const struct results *r, const struct row *row, bool first, FILE *out)
{
	fputs(first ? "\n  {" : ",\n  {", out);
	for (size_t i = 0; i < r->ncolumns; i++) {
		json_key(out, r->column[i], !i);
		if (!i)
			json_text(out, row->cell[i]);
		else
			json_value(out, row->cell[i]);
	}
	putc('}', out);
}

static void put_rows(const struct results *r, const struct options *opt, bool medians, FILE *out)
{
	bool first = true;

	fprintf(out, " \"%s\": [", medians ? "medians" : "rounds");
	for (size_t i = 0; i < r->nrows; i++) {
		if (row_is_median(&r->row[i]) != medians || !map_selected(opt, r->row[i].cell[0]))
			continue;
		put_row(r, &r->row[i], first, out);
		first = false;
	}
	fputs("],\n", out);
}

static void put_ranked(const struct ranking *k, FILE *out)
{
	const char *undecided = ranking_undecided(k);

	fputs("{\"winner\": ", out);
	json_text_or_null(out, undecided ? NULL : ranking_best(k)->map);
	fputs(", \"maps\": [", out);
	for (size_t i = 0; i < ranking_contenders(k); i++) {
		const struct ranked *m = &k->at[i];

		fputs(i ? ",\n  {\"map\": " : "\n  {\"map\": ", out);
		json_text(out, m->map);
		fputs(", \"ns_per_op\": ", out);
		json_double(out, m->ns);
		fprintf(out, ", \"rounds\": %u, \"p\": ", m->rounds);
		json_double(out, m->test.p);
		fputs(", \"p_holm\": ", out);
		json_double(out, m->p_holm);
		fputs(", \"method\": ", out);
		json_method(out, &m->test);
		putc('}', out);
	}
	fputs("]},\n \"reason\": ", out);
	json_text_or_null(out, undecided);
}

/* The ranking or null, and the reason if there is no winner. */
static void put_ranking(const struct results *r, FILE *out)
{
	static const struct options all;
	const char *undecided = results_undecided(r);
	struct ranking k;

	if (!undecided)
		undecided = results_untimed(r);
	fputs(",\n \"ranking\": ", out);
	if (undecided) {
		fputs("null,\n \"reason\": ", out);
		json_text(out, undecided);
		return;
	}
	ranking_make(&k, r, &all);
	put_ranked(&k, out);
	free(k.at);
}

void json_results(FILE *out, const struct results *r, const struct options *opt)
{
	fputs(",\n\"results\": {\n \"source\": ", out);
	json_value(out, r->source ? r->source : "-");
	fputs(",\n \"misses\": ", out);
	json_value(out, r->misses ? r->misses : "-");
	fputs(",\n \"primitives\": ", out);
	json_value(out, r->primitives ? r->primitives : "-");
	fputs(",\n", out);
	if (!opt->answer) {
		put_rows(r, opt, false, out);
		put_rows(r, opt, true, out);
	}
	fputs(" \"verdict\": {\"state\": ", out);
	json_text(out, r->verdict);
	fputs(", \"reason\": ", out);
	json_text(out, r->reason);
	fputs(", \"parameters\": ", out);
	json_pairs(out, &r->parameters);
	putc('}', out);
	put_ranking(r, out);
	putc('}', out);
}

static int put_results(const struct tree *t, FILE *out)
{
	static const struct options all;
	struct results r;
	int ret = results_read(t, &r);

	if (ret)
		return ret;
	json_results(out, &r, &all);
	results_free(&r);
	return ST_OK;
}

void json_buckets(FILE *out, const uint64_t *bucket)
{
	bool first = true;

	putc('[', out);
	for (unsigned int i = 0; i < MAPSTAT_HIST_BUCKETS; i++) {
		if (!bucket[i])
			continue;
		fprintf(out, "%s[%llu, ", first ? "" : ", ",
			(unsigned long long)mapstat_hist_lo(i));
		if (i < MAPSTAT_HIST_OVERFLOW)
			fprintf(out, "%llu, ", (unsigned long long)mapstat_hist_hi(i));
		else
			fputs("null, ", out);
		fprintf(out, "%llu]", (unsigned long long)bucket[i]);
		first = false;
	}
	putc(']', out);
}

void json_operations(FILE *out, const struct latency *lat, const char *op)
{
	bool first = true;

	putc('{', out);
	for (size_t i = 0; i < lat->n; i++) {
		if (op && strcmp(op, lat->op[i].name))
			continue;
		fputs(first ? "\n   " : ",\n   ", out);
		json_key(out, lat->op[i].name, true);
		fputs("{\"summary\": ", out);
		json_pairs(out, &lat->op[i].summary);
		fputs(", \"buckets\": ", out);
		json_buckets(out, lat->op[i].bucket);
		putc('}', out);
		first = false;
	}
	putc('}', out);
}

int json_latency(const struct tree *t, const char *map, const char *op, FILE *out)
{
	struct latency lat;
	int ret = latency_read(t, map, &lat);

	if (ret)
		return ret;
	fputs("{\"source\": ", out);
	json_value(out, lat.source ? lat.source : "-");
	fputs(", \"operations\": ", out);
	json_operations(out, &lat, op);
	putc('}', out);
	latency_free(&lat);
	return ST_OK;
}

static int put_latency(const struct tree *t, const char *map, FILE *out)
{
	fputs(",\n  \"latency\": ", out);
	return json_latency(t, map, NULL, out);
}

static int put_pauses(const struct tree *t, const char *map, FILE *out)
{
	struct pauses p;
	int ret = pauses_read(t, map, &p);

	if (ret)
		return ret;
	fputs(",\n  \"pauses\": {\"kinds\": {", out);
	for (size_t i = 0; i < p.nkinds; i++) {
		json_key(out, p.kind[i].name, !i);
		json_pairs(out, &p.kind[i].summary);
	}
	fputs("}, \"buckets\": ", out);
	json_buckets(out, p.bucket);
	fputs(", \"events\": [", out);
	for (size_t i = 0; i < p.nevents; i++) {
		fprintf(out, "%s{\"end_ns\": %llu, \"kind\": ", i ? ", " : "",
			(unsigned long long)p.event[i].end_ns);
		json_text(out, p.event[i].kind);
		fprintf(out, ", \"duration_ns\": %llu, \"entries\": %llu}",
			(unsigned long long)p.event[i].duration_ns,
			(unsigned long long)p.event[i].entries);
	}
	fputs("]}", out);
	pauses_free(&p);
	return ST_OK;
}

/* {"l1d": …}: of that CPU, or of all, the buckets or the summaries. */
static void put_hists(const struct misses *m, const char *who, bool summaries, FILE *out)
{
	bool first = true;

	putc('{', out);
	for (size_t i = 0; i < m->nhists; i++) {
		if (strcmp(m->hist[i].who, who))
			continue;
		json_key(out, m->hist[i].name, first);
		if (summaries)
			json_pairs(out, &m->hist[i].summary);
		else
			json_buckets(out, m->hist[i].bucket);
		first = false;
	}
	putc('}', out);
}

static bool is_first_of(const struct misses *m, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!strcmp(m->hist[i].who, m->hist[at].who))
			return false;
	return true;
}

/* [{"cpu": 0, "buckets_thousandths": {…}, "summaries": {…}}, …] */
static void put_misses_percpu(const struct misses *m, FILE *out)
{
	bool first = true;
	unsigned int cpu;

	putc('[', out);
	for (size_t i = 0; i < m->nhists; i++) {
		if (!parse_cpu(m->hist[i].who, &cpu) || !is_first_of(m, i))
			continue;
		fprintf(out, "%s{\"cpu\": %u, \"buckets_thousandths\": ", first ? "" : ",\n   ",
			cpu);
		put_hists(m, m->hist[i].who, false, out);
		fputs(", \"summaries\": ", out);
		put_hists(m, m->hist[i].who, true, out);
		putc('}', out);
		first = false;
	}
	putc(']', out);
}

static int put_misses(const struct tree *t, const char *map, FILE *out)
{
	struct misses m;
	int ret = misses_read(t, map, &m);

	if (ret)
		return ret;
	fputs(",\n  \"cache_miss\": {\"source\": ", out);
	json_value(out, m.source ? m.source : "-");
	fputs(", \"totals\": ", out);
	json_pairs(out, &m.total);
	fputs(", \"buckets_thousandths\": ", out);
	put_hists(&m, "all", false, out);
	fputs(", \"summaries\": ", out);
	put_hists(&m, "all", true, out);
	fputs(", \"cpus\": ", out);
	put_misses_percpu(&m, out);
	putc('}', out);
	misses_free(&m);
	return ST_OK;
}

static int put_map(const struct tree *t, const char *map, FILE *out)
{
	struct pairs stats;
	int ret = stats_read(t, map, &stats);

	if (ret)
		return ret;
	fputs(" {\"name\": ", out);
	json_text(out, map);
	fputs(",\n  \"stats\": ", out);
	json_pairs(out, &stats);
	pairs_free(&stats);
	ret = put_latency(t, map, out);
	if (!ret)
		ret = put_pauses(t, map, out);
	if (!ret)
		ret = put_misses(t, map, out);
	if (!ret)
		ret = json_map_rest(t, map, out);
	putc('}', out);
	return ret;
}

static int put_maps(const struct tree *t, FILE *out)
{
	struct names live;
	int ret = maps_list(t, &live);

	if (ret)
		return ret;
	fputs(",\n\"maps\": [", out);
	for (size_t i = 0; i < live.n && !ret; i++) {
		fputs(i ? ",\n" : "\n", out);
		ret = put_map(t, live.name[i], out);
	}
	fputs("]}\n", out);
	names_free(&live);
	return ret;
}

int json_accel_of(const struct tree *t, FILE *out)
{
	enum accel accel;
	int ret = accel_read(t, &accel);

	if (ret)
		return ret;
	fputs(",\n\"accel\": ", out);
	json_accel(out, accel);
	return ST_OK;
}

int json(const struct tree *t, FILE *out)
{
	struct pairs version;
	int ret = version_read(t, &version);

	if (ret)
		return ret;
	fputs("{\"version\": ", out);
	json_pairs(out, &version);
	pairs_free(&version);
	ret = json_accel_of(t, out);
	if (!ret)
		ret = put_control(t, out);
	if (!ret)
		ret = put_parameters(t, out);
	if (!ret)
		ret = put_results(t, out);
	if (!ret)
		ret = json_events(t, out);
	return ret ? ret : put_maps(t, out);
}

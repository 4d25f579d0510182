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

void json_string(FILE *out, const char *text)
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
	json_string(out, name);
	fputs(": ", out);
}

/* A figure: a number, null where it was not measured, else text. */
static void put_value(FILE *out, const char *value)
{
	if (!strcmp(value, "-"))
		fputs("null", out);
	else if (is_number(value))
		fputs(value, out);
	else
		json_string(out, value);
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
		json_string(out, value);
	else
		put_value(out, value);
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

static void put_text(FILE *out, const char *text)
{
	if (text)
		json_string(out, text);
	else
		fputs("null", out);
}

void json_accel(FILE *out, enum accel accel)
{
	put_text(out, accel_name(accel));
}

void json_method(FILE *out, const struct rank_test *test)
{
	put_text(out, isnan(test->p) ? NULL : test->exact ? "exact" : "normal");
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
			json_string(out, row->cell[i]);
		else
			put_value(out, row->cell[i]);
	}
	putc('}', out);
}

static void put_rows(const struct results *r, bool medians, FILE *out)
{
	bool first = true;

	fprintf(out, " \"%s\": [", medians ? "medians" : "rounds");
	for (size_t i = 0; i < r->nrows; i++) {
		if (row_is_median(&r->row[i]) != medians)
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
	put_text(out, undecided ? NULL : ranking_best(k)->map);
	fputs(", \"maps\": [", out);
	for (size_t i = 0; i < ranking_contenders(k); i++) {
		const struct ranked *m = &k->at[i];

		fputs(i ? ",\n  {\"map\": " : "\n  {\"map\": ", out);
		json_string(out, m->map);
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
	put_text(out, undecided);
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
		json_string(out, undecided);
		return;
	}
	ranking_make(&k, r, &all);
	put_ranked(&k, out);
	free(k.at);
}

static int put_results(const struct tree *t, FILE *out)
{
	struct results r;
	int ret = results_read(t, &r);

	if (ret)
		return ret;
	fputs(",\n\"results\": {\n \"source\": ", out);
	put_value(out, r.source ? r.source : "-");
	fputs(",\n \"misses\": ", out);
	put_value(out, r.misses ? r.misses : "-");
	fputs(",\n \"primitives\": ", out);
	put_value(out, r.primitives ? r.primitives : "-");
	fputs(",\n", out);
	put_rows(&r, false, out);
	put_rows(&r, true, out);
	fputs(" \"verdict\": {\"state\": ", out);
	json_string(out, r.verdict);
	fputs(", \"reason\": ", out);
	json_string(out, r.reason);
	fputs(", \"parameters\": ", out);
	json_pairs(out, &r.parameters);
	putc('}', out);
	put_ranking(&r, out);
	putc('}', out);
	results_free(&r);
	return ST_OK;
}

/* [[lo, hi, count], …] of the occupied buckets; the last one has no hi. */
static void put_buckets(const uint64_t *bucket, FILE *out)
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

static int put_latency(const struct tree *t, const char *map, FILE *out)
{
	struct latency lat;
	int ret = latency_read(t, map, &lat);

	if (ret)
		return ret;
	fputs(",\n  \"latency\": {\"source\": ", out);
	put_value(out, lat.source ? lat.source : "-");
	fputs(", \"operations\": {", out);
	for (size_t i = 0; i < lat.n; i++) {
		fputs(i ? ",\n   " : "\n   ", out);
		json_key(out, lat.op[i].name, true);
		fputs("{\"summary\": ", out);
		json_pairs(out, &lat.op[i].summary);
		fputs(", \"buckets\": ", out);
		put_buckets(lat.op[i].bucket, out);
		putc('}', out);
	}
	fputs("}}", out);
	latency_free(&lat);
	return ST_OK;
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
	put_buckets(p.bucket, out);
	fputs(", \"events\": [", out);
	for (size_t i = 0; i < p.nevents; i++) {
		fprintf(out, "%s{\"end_ns\": %llu, \"kind\": ", i ? ", " : "",
			(unsigned long long)p.event[i].end_ns);
		json_string(out, p.event[i].kind);
		fprintf(out, ", \"duration_ns\": %llu, \"entries\": %llu}",
			(unsigned long long)p.event[i].duration_ns,
			(unsigned long long)p.event[i].entries);
	}
	fputs("]}", out);
	pauses_free(&p);
	return ST_OK;
}

static int put_misses(const struct tree *t, const char *map, FILE *out)
{
	struct misses m;
	int ret = misses_read(t, map, &m);

	if (ret)
		return ret;
	fputs(",\n  \"cache_miss\": {\"source\": ", out);
	put_value(out, m.source ? m.source : "-");
	fputs(", \"totals\": ", out);
	json_pairs(out, &m.total);
	fputs(", \"buckets_thousandths\": {", out);
	for (size_t i = 0; i < m.nhists; i++) {
		json_key(out, m.hist[i].name, !i);
		put_buckets(m.hist[i].bucket, out);
	}
	fputs("}}", out);
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
	json_string(out, map);
	fputs(",\n  \"stats\": ", out);
	json_pairs(out, &stats);
	pairs_free(&stats);
	ret = put_latency(t, map, out);
	if (!ret)
		ret = put_pauses(t, map, out);
	if (!ret)
		ret = put_misses(t, map, out);
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

static int put_accel(const struct tree *t, FILE *out)
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
	ret = put_accel(t, out);
	if (!ret)
		ret = put_control(t, out);
	if (!ret)
		ret = put_parameters(t, out);
	if (!ret)
		ret = put_results(t, out);
	return ret ? ret : put_maps(t, out);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Building JSON values, and "mapstat json": the content of all files as one JSON document.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "json.h"

/* Length of the UTF-8 character at @text, or 0 if it is not one. */
static size_t utf8_length(const char *text)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
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

/* Return: NULL if @text is valid UTF-8, else a copy with invalid bytes as U+FFFD, to free */
static char *utf8_repaired(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const char *s = text;
	char *copy, *end;
	size_t n;

	while (*s && (n = isascii(*s) ? 1 : utf8_length(s)))
		s += n;
	if (!*s)
		return NULL;
	copy = xrealloc(NULL, strlen(text) + 1, strlen(replacement));
	for (end = copy, s = text; *s; s += n ? n : 1) {
		n = utf8_length(s);
		end = mempcpy(end, n ? s : replacement, n ? n : strlen(replacement));
	}
	*end = '\0';
	return copy;
}

static void add(struct json_object *to, const char *name, struct json_object *value)
{
	char *repaired = name ? utf8_repaired(name) : NULL;

	if (!to || (name ? json_object_object_add(to, repaired ? repaired : name, value) :
			   json_object_array_add(to, value)))
		exit(fail(ST_SYSTEM, NULL, "out of memory"));
	free(repaired);
}

struct json_object *json_add(struct json_object *to, const char *name, struct json_object *value)
{
	if (!value)
		exit(fail(ST_SYSTEM, NULL, "out of memory"));
	add(to, name, value);
	return value;
}

struct json_object *json_add_text(struct json_object *to, const char *name, const char *text)
{
	struct json_object *value = NULL;

	if (text) {
		value = json_add(to, name, json_object_new_string(""));
		json_set_text(value, text);
	} else {
		add(to, name, NULL);
	}
	return value;
}

void json_set_text(struct json_object *value, const char *text)
{
	char *repaired = utf8_repaired(text);

	if (!json_object_set_string(value, repaired ? repaired : text))
		exit(fail(ST_SYSTEM, NULL, "out of memory"));
	free(repaired);
}

void json_add_double(struct json_object *to, const char *name, double v)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.15g", v);
	if (isfinite(v))
		json_add(to, name, json_object_new_double_s(v, digits));
	else
		add(to, name, NULL);
}

void json_add_figure(struct json_object *to, const char *name, const char *field)
{
	if (is_number(field))
		json_add(to, name, json_object_new_double_s(strtod(field, NULL), field));
	else
		json_add_text(to, name, strcmp(field, "-") ? field : NULL);
}

int json_write(FILE *out, struct json_object *document, int status)
{
	const int flags = JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text;

	if (!status) {
		text = json_object_to_json_string_ext(document, flags);
		if (!text)
			exit(fail(ST_SYSTEM, NULL, "out of memory"));
		fputs(text, out);
		putc('\n', out);
		status = ferror(out) ? output_failed() : ST_OK;
	}
	json_object_put(document);
	return status;
}

/* A parameter, or a line of a file of names and values: a number if the value looks like one. */
static void add_named(struct json_object *to, const char *name, const char *value)
{
	/* Strings that may look like a number, such as a list of one CPU. */
	static const char *const texts[] = {
		"module", "kernel", "clock", "design", "map", "cpus"
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (!strcmp(texts[i], name) && strcmp(value, "-")) {
			json_add_text(to, name, value);
			return;
		}
	}
	json_add_figure(to, name, value);
}

void json_add_pairs(struct json_object *to, const char *name, const struct pairs *p)
{
	struct json_object *o = json_add(to, name, json_object_new_object());

	for (size_t i = 0; i < p->n; i++)
		add_named(o, p->name[i], p->value[i]);
}

void json_add_method(struct json_object *to, const struct rank_test *test)
{
	json_add_text(to, "method", isnan(test->p) ? NULL : test->exact ? "exact" : "normal");
}

static int add_control(struct json_object *to, const struct tree *t)
{
	static const char *const states[] = { "idle", "running", "failed", "starting" };
	struct json_object *o;
	struct control c;
	int ret = control_read(t, &c);

	if (ret)
		return ret;
	o = json_add(to, "control", json_object_new_object());
	json_add_text(o, "state", states[c.state]);
	json_add_double(o, "round", c.state == CONTROL_RUNNING ? c.round : NAN);
	json_add_double(o, "rounds", c.state == CONTROL_RUNNING ? c.rounds : NAN);
	json_add_double(o, "errno", c.state == CONTROL_FAILED ? -c.error : NAN);
	return ST_OK;
}

static int add_parameters(struct json_object *to, const struct tree *t)
{
	struct json_object *o;
	struct params p;
	int ret = params_read(t, &p);

	if (ret)
		return ret;
	o = json_add(to, "parameters", json_object_new_object());
	for (size_t i = 0; i < p.n; i++)
		add_named(o, p.at[i].name, p.at[i].value);
	params_free(&p);
	return ST_OK;
}

static void add_rows(struct json_object *to, const struct results *r, const struct options *opt,
		     bool medians)
{
	struct json_object *rows = json_add(to, medians ? "medians" : "rounds",
					    json_object_new_array());

	for (const struct row *row = r->row; row < r->row + r->nrows; row++) {
		struct json_object *o;

		if (row_is_median(row) != medians || !map_selected(opt, row->cell[0]))
			continue;
		o = json_add(rows, NULL, json_object_new_object());
		json_add_text(o, r->column[0], row->cell[0]);
		for (size_t i = 1; i < r->ncolumns; i++)
			json_add_figure(o, r->column[i], row->cell[i]);
	}
}

static void add_ranked(struct json_object *to, const struct ranking *k)
{
	const char *undecided = ranking_undecided(k);
	struct json_object *o = json_add(to, "ranking", json_object_new_object()), *maps;

	json_add_text(o, "winner", undecided ? NULL : ranking_best(k)->map);
	maps = json_add(o, "maps", json_object_new_array());
	for (size_t i = 0; i < ranking_contenders(k); i++) {
		const struct ranked *m = &k->at[i];

		o = json_add(maps, NULL, json_object_new_object());
		json_add_text(o, "map", m->map);
		json_add_double(o, "ns_per_op", m->ns);
		json_add_double(o, "rounds", m->rounds);
		json_add_double(o, "p", m->test.p);
		json_add_double(o, "p_holm", m->p_holm);
		json_add_method(o, &m->test);
	}
	json_add_text(to, "reason", undecided);
}

/* The ranking, or null; and the reason if there is no winner. */
static void add_ranking(struct json_object *to, const struct results *r)
{
	static const struct options all;
	const char *undecided = results_undecided(r);
	struct ranking k;

	if (!undecided)
		undecided = results_untimed(r);
	if (undecided) {
		json_add_text(to, "ranking", NULL);
		json_add_text(to, "reason", undecided);
		return;
	}
	ranking_make(&k, r, &all);
	add_ranked(to, &k);
	free(k.at);
}

void json_add_results(struct json_object *to, const struct results *r, const struct options *opt)
{
	struct json_object *o = json_add(to, "results", json_object_new_object()), *verdict;

	json_add_figure(o, "source", r->source ? r->source : "-");
	json_add_figure(o, "misses", r->misses ? r->misses : "-");
	json_add_figure(o, "primitives", r->primitives ? r->primitives : "-");
	if (!opt->answer) {
		add_rows(o, r, opt, false);
		add_rows(o, r, opt, true);
	}
	verdict = json_add(o, "verdict", json_object_new_object());
	json_add_text(verdict, "state", r->verdict);
	json_add_text(verdict, "reason", r->reason);
	json_add_pairs(verdict, "parameters", &r->parameters);
	add_ranking(o, r);
}

static int add_results(struct json_object *to, const struct tree *t)
{
	static const struct options all;
	struct results r;
	int ret = results_read(t, &r);

	if (ret)
		return ret;
	json_add_results(to, &r, &all);
	results_free(&r);
	return ST_OK;
}

void json_add_buckets(struct json_object *to, const char *name, const uint64_t *bucket)
{
	struct json_object *all = json_add(to, name, json_object_new_array()), *one;

	for (unsigned int i = 0; i < MAPSTAT_HIST_BUCKETS; i++) {
		if (!bucket[i])
			continue;
		one = json_add(all, NULL, json_object_new_array_ext(3));
		json_add(one, NULL, json_object_new_uint64(mapstat_hist_lo(i)));
		if (i < MAPSTAT_HIST_OVERFLOW)
			json_add(one, NULL, json_object_new_uint64(mapstat_hist_hi(i)));
		else
			json_add_text(one, NULL, NULL);
		json_add(one, NULL, json_object_new_uint64(bucket[i]));
	}
}

/* [{"cpu": 0, …}, …]: the rows of a file with a header, which has the keys. */
static int add_table(struct json_object *to, const char *key, const struct tree *t,
		     const char *file)
{
	struct json_object *rows = json_add(to, key, json_object_new_array()), *o;
	char **name = NULL;
	size_t n = 0;
	struct lines l;
	int more, ret;

	ret = lines_open(&l, t, file);
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
			o = json_add(rows, NULL, json_object_new_object());
			for (size_t i = 0; i < n; i++)
				json_add_figure(o, name[i], l.field[i]);
		}
	}
	lines_close(&l);
	while (n)
		free(name[--n]);
	free(name);
	return ret;
}

static int add_events(struct json_object *to, const struct tree *t)
{
	struct json_object *o;
	int ret;

	if (!tree_has(t, "events/stats") || !tree_has(t, "events/sites")) {
		json_add_text(to, "events", NULL);
		return ST_OK;
	}
	o = json_add(to, "events", json_object_new_object());
	ret = add_table(o, "stats", t, "events/stats");
	return ret ? ret : add_table(o, "sites", t, "events/sites");
}

int json_add_accel(struct json_object *to, const struct tree *t)
{
	enum accel accel;
	int ret = accel_read(t, &accel);

	if (!ret)
		json_add_text(to, "accel", accel_name(accel));
	return ret;
}

static int add_all(struct json_object *to, const struct tree *t)
{
	static int (*const parts[])(struct json_object *to, const struct tree *t) = {
		json_add_accel, add_control, add_parameters, add_results, add_events,
		json_add_maps,
	};
	struct pairs version;
	int ret = version_read(t, &version);

	if (ret)
		return ret;
	json_add_pairs(to, "version", &version);
	pairs_free(&version);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && !ret; i++)
		ret = parts[i](to, t);
	return ret;
}

int json(const struct tree *t, FILE *out)
{
	struct json_object *document = json_object_new_object();

	return json_write(out, document, add_all(document, t));
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat show".
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

static void view_free(struct view *v)
{
	pairs_free(&v->version);
	results_free(&v->results);
	names_free(&v->live);
	free(v->ranking.at);
}

static int view_read(const struct tree *t, const struct options *opt, struct view *v)
{
	int ret;

	memset(v, 0, sizeof(*v));
	ret = version_read(t, &v->version);
	if (!ret)
		ret = results_read(t, &v->results);
	if (!ret)
		ret = maps_list(t, &v->live);
	if (!ret)
		ranking_make(&v->ranking, &v->results, opt);
	return ret;
}

bool view_has_ranked(const struct view *v, const char *map)
{
	for (size_t i = 0; i < v->ranking.n; i++)
		if (!strcmp(v->ranking.at[i].map, map))
			return true;
	return false;
}

static char *join(const struct names *names)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < names->n; i++) {
		text = xrealloc(text, strlen(text) + strlen(names->name[i]) + 3, 1);
		strcat(text, i ? ", " : "");
		strcat(text, names->name[i]);
	}
	return text;
}

static int check_maps(const struct view *v, const struct options *opt)
{
	char hint[512], *live;

	for (size_t i = 0; i < opt->nargs; i++) {
		if (view_has_ranked(v, opt->args[i]) || names_have(&v->live, opt->args[i]))
			continue;
		live = join(&v->live);
		snprintf(hint, sizeof(hint), "live maps: %s", *live ? live : "none");
		free(live);
		return fail(ST_NO_MAP, hint, "no map is named '%s'", opt->args[i]);
	}
	return ST_OK;
}

/* Print text from a file, wrapped, without control characters; nothing for NULL and "". */
static void show_text(const char *text, const struct term *term, FILE *out)
{
	char *safe;

	if (!text || !*text)
		return;
	safe = xstrdup(text);
	for (char *c = safe; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	put_wrapped(out, term, safe);
	free(safe);
}

static void show_named(const char *name, const char *value, const struct term *term, FILE *out)
{
	char *text;

	if (asprintf(&text, "%s: %s", name, value) < 0)
		exit(fail(ST_SYSTEM, NULL, "out of memory"));
	show_text(text, term, out);
	free(text);
}

/* Where the run was measured, on one line. */
static void show_place(const struct view *v, const struct term *term, FILE *out)
{
	const char *kernel = pairs_get(&v->version, "kernel");
	const char *module = pairs_get(&v->version, "module");
	const char *cpus = pairs_get(&v->results.parameters, "cpus");
	const char *accel = accel_name(v->results.accel);
	char *text;

	if (asprintf(&text, "Linux %s, accel %s, CPUs %s, threads %s, mapstat %s",
		     kernel ? kernel : "-", accel ? accel : "-", cpus && *cpus ? cpus : "-",
		     results_threads(&v->results), module ? module : "-") < 0)
		exit(fail(ST_SYSTEM, NULL, "out of memory"));
	show_text(text, term, out);
	free(text);
}

/* The workload, and the sources of times and misses. */
static void show_sources(const struct view *v, const struct term *term, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);

	if (v->results.parameters.n && v->ranking.nshown) {
		mix_describe(&v->results, f);
		fflush(f);
		show_text(text, term, out);
	}
	fclose(f);
	free(text);
	if (!results_untimed(&v->results))
		show_text(v->results.source, term, out);
	if (v->results.misses && strcmp(v->results.misses, "-")) {
		text = source_in_words(v->results.misses);
		show_named("misses", text, term, out);
		free(text);
	}
	if (v->results.primitives && !results_untimed(&v->results))
		show_named("primitives", v->results.primitives, term, out);
	putc('\n', out);
}

/* All parameters: figures cannot be interpreted without them. */
static void show_parameters(const struct pairs *p, const struct term *term, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *f;

	if (!p->n)
		return;
	f = xmemstream(&text, &len);
	for (size_t i = 0; i < p->n; i++) {
		fprintf(f, "%s%s=", i ? " " : "", p->name[i]);
		put_safe(f, p->value[i]);
	}
	fclose(f);
	style_on(out, term, DIM);
	put_wrapped(out, term, text);
	style_off(out, term, DIM);
	free(text);
}

static void show_verdict(const struct results *r, const struct term *term, FILE *out)
{
	enum style style = !strcmp(r->verdict, "SUCCESS") ? GOOD :
			   !strcmp(r->verdict, "FAILURE") ? BAD : PLAIN;

	style_on(out, term, style);
	fputs(r->verdict, out);
	style_off(out, term, style);
	putc('\n', out);
	show_text(r->reason, term, out);
	show_parameters(&r->parameters, term, out);
}

/* Prints something about a live map below the tables. */
typedef int (*show_map_fn)(const struct tree *t, const char *map, const struct options *opt,
			   const struct term *term, FILE *out);

static int show_latency(const struct tree *t, const char *map, const struct options *opt,
			const struct term *term, FILE *out)
{
	const struct latency_op *op, *many;
	struct latency lat;
	char what[96];
	bool in_bulk;
	int ret;

	ret = latency_read(t, map, &lat);
	if (ret)
		return ret;
	putc('\n', out);
	op = latency_choose(&lat, opt->op);
	if (op && op->count) {
		histogram_show(map, op, term, out);
	} else {
		many = latency_find(&lat, "load_many");
		in_bulk = opt->op && !strcmp(opt->op, "load") && many && many->count;
		snprintf(what, sizeof(what), "no %s latency was recorded%s",
			 opt->op ? opt->op : "load",
			 in_bulk ? "; loads were in bulk: --op load_many" : "");
		put_heading(out, term, map, what);
	}
	latency_free(&lat);
	return ST_OK;
}

static int show_percpu(const struct tree *t, const char *map, const struct options *opt,
		       const struct term *term, FILE *out)
{
	putc('\n', out);
	return percpu_show(t, map, opt, true, term, out);
}

static int show_percpu_untimed(const struct tree *t, const char *map, const struct options *opt,
			       const struct term *term, FILE *out)
{
	putc('\n', out);
	return percpu_show(t, map, opt, false, term, out);
}

/* The maps of the run in the table's order, then those of other modules. */
static int show_each(const struct tree *t, const struct view *v, const struct options *opt,
		     show_map_fn show_map, const struct term *term, FILE *out)
{
	int ret = ST_OK;

	for (size_t i = 0; i < v->ranking.n && !ret; i++)
		if (v->ranking.at[i].shown && names_have(&v->live, v->ranking.at[i].map))
			ret = show_map(t, v->ranking.at[i].map, opt, term, out);
	for (size_t i = 0; i < v->live.n && !ret; i++)
		if (!view_has_ranked(v, v->live.name[i]) && map_selected(opt, v->live.name[i]))
			ret = show_map(t, v->live.name[i], opt, term, out);
	return ret;
}

static int show_histograms(const struct tree *t, const struct view *v,
			   const struct options *opt, const struct term *term, FILE *out)
{
	const char *untimed = results_untimed(&v->results);

	if (untimed) {
		putc('\n', out);
		put_wrapped(out, term, untimed);
		return ST_OK;
	}
	return show_each(t, v, opt, show_latency, term, out);
}

/* The ranking and the answer come first and fit on one screen. */
static int show_view(const struct tree *t, const struct view *v, const struct options *opt,
		     const struct term *term, FILE *out)
{
	bool of_run = v->ranking.nshown || !opt->nargs;	/* else: only maps of other modules */
	int ret = ST_OK;

	if (v->ranking.nshown && !results_untimed(&v->results))
		table_ranking(&v->results, &v->ranking, term, out);
	if (of_run) {
		answer_show(&v->results, &v->ranking, term, out);
		putc('\n', out);
	}
	show_place(v, term, out);
	if (opt->answer)
		return ST_OK;
	if (of_run)
		putc('\n', out);
	if (v->ranking.nshown)
		table_details(&v->results, &v->ranking, opt, term, out);
	if (of_run) {
		show_sources(v, term, out);
		show_verdict(&v->results, term, out);
	}
	if (opt->per_cpu)
		ret = show_each(t, v, opt, results_untimed(&v->results) ? show_percpu_untimed :
				show_percpu, term, out);
	/* Maps of other modules have nothing else to show. */
	if (!ret && (opt->hist || (!of_run && !opt->per_cpu)))
		ret = show_histograms(t, v, opt, term, out);
	return ret;
}

int show(const struct tree *t, const struct options *opt, const struct term *term, FILE *out)
{
	struct view v;
	int ret;

	ret = view_read(t, opt, &v);
	if (!ret)
		ret = check_maps(&v, opt);
	if (!ret && opt->json)
		ret = show_json(t, &v, opt, term, out);
	else if (!ret)
		ret = show_view(t, &v, opt, term, out);
	view_free(&v);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat parameters": each parameter with its value, default, range and purpose.
 */
#include <stdlib.h>
#include <string.h>
#include "json.h"

#define INDENT	4

/* Wrapped to the terminal and indented. */
static void put_indented(FILE *out, const struct term *term, const char *text)
{
	struct term narrow = *term;
	char *lines = NULL;
	size_t len = 0;
	FILE *f;

	if (!text || !*text)
		return;
	f = xmemstream(&lines, &len);
	narrow.width -= narrow.width > 2 * INDENT ? INDENT : 0;
	put_wrapped(f, &narrow, text);
	fclose(f);
	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
		fprintf(out, "%*s", INDENT, "");
		put_safe(out, line);
		putc('\n', out);
	}
	free(lines);
}

static void put_param(FILE *out, const struct term *term, const struct param *p)
{
	const bool changed = p->fallback && strcmp(p->fallback, p->value);

	style_on(out, term, BOLD);
	put_safe(out, p->name);
	putc('=', out);
	put_safe(out, p->value);
	style_off(out, term, BOLD);
	if (p->fallback) {
		fputs(changed ? "  default: " : "  default", out);
		put_safe(out, !changed ? "" : *p->fallback ? p->fallback : "empty");
	}
	putc('\n', out);
	put_indented(out, term, p->range);
	put_indented(out, term, p->help);
}

static void add_value(struct json_object *to, const char *name, const char *text, bool numeric)
{
	if (text && numeric && is_number(text))
		json_add_figure(to, name, text);
	else
		json_add_text(to, name, text);
}

static int put_json(FILE *out, const struct params *params)
{
	struct json_object *document = json_object_new_array(), *o;

	for (const struct param *p = params->at; p < params->at + params->n; p++) {
		const bool numeric = p->kind && (!strcmp(p->kind, "number") ||
						 !strcmp(p->kind, "decimal"));

		o = json_add(document, NULL, json_object_new_object());
		json_add_text(o, "name", p->name);
		json_add_text(o, "kind", p->kind);
		add_value(o, "value", p->value, numeric);
		add_value(o, "default", p->fallback, numeric);
		json_add_text(o, "range", p->range);
		json_add_text(o, "help", p->help);
	}
	return json_write(out, document, ST_OK);
}

int parameters(const struct tree *t, const struct options *opt, const struct term *term,
	       FILE *out)
{
	struct params params;
	int ret = version_check(t);

	if (!ret)
		ret = params_read(t, &params);
	if (ret)
		return ret;
	if (opt->json)
		ret = put_json(out, &params);
	for (size_t i = 0; i < params.n && !opt->json; i++)
		put_param(out, term, &params.at[i]);
	params_free(&params);
	return ret;
}

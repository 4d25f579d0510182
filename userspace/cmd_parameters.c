// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat parameters": each with its value, default and range, and what it is for.
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

#define INDENT	4

/* Below a parameter, as wide as the terminal. */
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

static bool is_numeric(const struct param *p)
{
	return p->kind && (!strcmp(p->kind, "number") || !strcmp(p->kind, "decimal"));
}

static void put_member(FILE *out, const char *key, const char *text, bool numeric)
{
	json_key(out, key, !strcmp(key, "name"));
	if (!text)
		fputs("null", out);
	else if (numeric && is_number(text))
		fputs(text, out);
	else
		json_text(out, text);
}

static void put_json(FILE *out, const struct params *params)
{
	putc('[', out);
	for (size_t i = 0; i < params->n; i++) {
		const struct param *p = &params->at[i];

		fputs(i ? ",\n {" : "\n {", out);
		put_member(out, "name", p->name, false);
		put_member(out, "kind", p->kind, false);
		put_member(out, "value", p->value, is_numeric(p));
		put_member(out, "default", p->fallback, is_numeric(p));
		put_member(out, "range", p->range, false);
		put_member(out, "help", p->help, false);
		putc('}', out);
	}
	fputs("]\n", out);
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
		put_json(out, &params);
	for (size_t i = 0; i < params.n && !opt->json; i++)
		put_param(out, term, &params.at[i]);
	params_free(&params);
	return ST_OK;
}

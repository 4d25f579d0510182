// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parsing: lines of tab-separated fields, numbers, and lists of names and values.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

int lines_open(struct lines *l, const struct tree *t, const char *file)
{
	int ret;

	*l = (struct lines){ .file = file };
	ret = tree_read(t, file, &l->text);
	l->next = l->text.data;
	return ret;
}

void lines_close(struct lines *l)
{
	free(l->field);
	free(l->text.data);
	*l = (struct lines){ 0 };
}

int lines_fail(const struct lines *l, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return fail(ST_MALFORMED, "is this a file of the mapstat module? See docs/debugfs.md",
		    "%s, line %u: %s", l->file, l->number, why);
}

static void add_field(struct lines *l, char *field)
{
	if (l->nfields == l->room) {
		l->room = l->room ? 2 * l->room : 16;
		l->field = xrealloc(l->field, l->room, sizeof(*l->field));
	}
	l->field[l->nfields++] = field;
}

int lines_next(struct lines *l)
{
	char *end, *tab;

	if (!l->next || !*l->next)
		return 0;
	l->number++;
	end = strchr(l->next, '\n');
	if (!end)
		return -lines_fail(l, "truncated: the line does not end");
	*end = '\0';
	l->nfields = 0;
	for (char *field = l->next; field; field = tab) {
		tab = strchr(field, '\t');
		if (tab)
			*tab++ = '\0';
		add_field(l, field);
	}
	l->next = end + 1;
	return 1;
}

/* A number in JSON syntax, without an exponent. */
bool is_number(const char *s)
{
	s += *s == '-';
	if (*s == '0')
		s++;
	else if (isdigit((unsigned char)*s))
		s += strspn(s, "0123456789");
	else
		return false;
	if (*s == '.') {
		s++;
		if (!isdigit((unsigned char)*s))
			return false;
		s += strspn(s, "0123456789");
	}
	return !*s;
}

bool parse_u64(const char *s, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*value = strtoull(s, &end, 10);
	return !errno && !*end;
}

/* The fields lo, hi, count: exactly a bucket of the histogram rule in <uapi/mapstat.h>. */
bool parse_bucket(char **field, unsigned int *index, uint64_t *count)
{
	uint64_t lo, hi;

	if (!parse_u64(field[0], &lo) || !parse_u64(field[2], count))
		return false;
	if (!strcmp(field[1], "inf"))
		hi = ~(uint64_t)0;
	else if (!parse_u64(field[1], &hi))
		return false;
	*index = mapstat_hist_index(hi);
	return mapstat_hist_lo(*index) == lo && mapstat_hist_hi(*index) == hi;
}

void pairs_add(struct pairs *p, const char *name, const char *value)
{
	p->name = xrealloc(p->name, p->n + 1, sizeof(*p->name));
	p->value = xrealloc(p->value, p->n + 1, sizeof(*p->value));
	p->name[p->n] = xstrdup(name);
	p->value[p->n++] = xstrdup(value);
}

const char *pairs_get(const struct pairs *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->name[i], name))
			return p->value[i];
	return NULL;
}

bool pairs_of_fields(struct pairs *p, const struct lines *l, size_t from)
{
	for (size_t i = from; i < l->nfields; i++) {
		char *equals = strchr(l->field[i], '=');

		if (!equals || equals == l->field[i])
			return false;
		*equals = '\0';
		if (pairs_get(p, l->field[i]))
			return false;
		pairs_add(p, l->field[i], equals + 1);
	}
	return true;
}

/* A file of key<TAB>value lines. */
int pairs_read(const struct tree *t, const char *file, struct pairs *p)
{
	struct lines l;
	int more, ret;

	*p = (struct pairs){ 0 };
	ret = lines_open(&l, t, file);
	if (ret)
		return ret;
	while ((more = lines_next(&l)) > 0) {
		if (l.nfields == 2 && *l.field[0] && !pairs_get(p, l.field[0])) {
			pairs_add(p, l.field[0], l.field[1]);
			continue;
		}
		more = -(l.nfields != 2 ?
			 lines_fail(&l, "%zu columns, not 2", l.nfields) :
			 lines_fail(&l, "key '%s' is empty or appears twice", l.field[0]));
		break;
	}
	lines_close(&l);
	if (more < 0)
		pairs_free(p);
	return -more;
}

void pairs_free(struct pairs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->name[i]);
		free(p->value[i]);
	}
	free(p->name);
	free(p->value);
	*p = (struct pairs){ 0 };
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * maps/<name>/shared_lines: the contended cache lines.
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

#define FIELDS	7

static bool is_address(const char *s)
{
	return !strncmp(s, "0x", 2) && s[2] && strlen(s) <= 2 + 16 &&
	       !s[2 + strspn(s + 2, "0123456789abcdef")];
}

/* "# lines	shown=1	of=1	…", "# source	…" or the header */
static int parse_comment(struct shared *s, const struct lines *l)
{
	if (!strcmp(l->field[0], "# source")) {
		if (l->nfields != 2 || s->source)
			return lines_fail(l, "source: one text, once");
		s->source = xstrdup(l->field[1]);
	} else if (!strcmp(l->field[0], "# lines")) {
		if (s->summary.n || !pairs_of_fields(&s->summary, l, 1))
			return lines_fail(l, "lines: name=value, once");
	}
	return ST_OK;
}

static int parse_row(struct shared *s, const struct lines *l)
{
	struct shared_line line;

	if (l->nfields != FIELDS)
		return lines_fail(l, "%zu columns, not %d", l->nfields, FIELDS);
	if (!is_address(l->field[0]))
		return lines_fail(l, "'%s' is not an address", l->field[0]);
	if (!parse_u64(l->field[1], &line.misses) || !parse_u64(l->field[2], &line.invalidated))
		return lines_fail(l, "not a number");
	if (strcmp(l->field[3], "true") && strcmp(l->field[3], "false"))
		return lines_fail(l, "sharing '%s'", l->field[3]);
	line.address = xstrdup(l->field[0]);
	line.sharing = xstrdup(l->field[3]);
	line.writers = xstrdup(l->field[4]);
	line.readers = xstrdup(l->field[5]);
	line.what = xstrdup(l->field[6]);
	s->line = xrealloc(s->line, s->n + 1, sizeof(*s->line));
	s->line[s->n++] = line;
	return ST_OK;
}

static int parse_shared(struct shared *s, struct lines *l)
{
	const char *shown;
	uint64_t n;
	int more, ret = ST_OK;

	while (!ret && (more = lines_next(l)) != 0) {
		if (more < 0)
			ret = -more;
		else if (*l->field[0] == '#')
			ret = parse_comment(s, l);
		else
			ret = parse_row(s, l);
	}
	if (ret)
		return ret;
	if (!s->source)
		return lines_fail(l, "no source");
	shown = pairs_get(&s->summary, "shown");
	if (s->summary.n ? !shown || !parse_u64(shown, &n) || n != s->n : s->n != 0)
		return lines_fail(l, "truncated: %zu lines", s->n);
	return ST_OK;
}

int shared_read(const struct tree *t, const char *map, struct shared *s)
{
	char file[512];
	struct lines l;
	int ret;

	*s = (struct shared){ 0 };
	snprintf(file, sizeof(file), "maps/%s/shared_lines", map);
	ret = lines_open(&l, t, file);
	if (ret)
		return ret;
	ret = parse_shared(s, &l);
	lines_close(&l);
	if (ret)
		shared_free(s);
	return ret;
}

void shared_free(struct shared *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->line[i].address);
		free(s->line[i].sharing);
		free(s->line[i].writers);
		free(s->line[i].readers);
		free(s->line[i].what);
	}
	free(s->line);
	free(s->source);
	pairs_free(&s->summary);
	*s = (struct shared){ 0 };
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file maps/<name>/misses, or cache_miss.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mapstat.h"

#define LABELS	2	/* columns before a bucket: CPU and kind of miss */

/* "ops_total	33344", "llc_misses_total	-" */
static int parse_total(struct misses *m, const struct lines *l)
{
	const size_t len = strlen(l->field[0]), tail = strlen("_total");
	uint64_t n;

	if (len <= tail || strcmp(l->field[0] + len - tail, "_total"))
		return lines_fail(l, "'%.60s' is no total", l->field[0]);
	if (strcmp(l->field[1], "-") && !parse_u64(l->field[1], &n))
		return lines_fail(l, "%.60s is neither a number nor '-'", l->field[0]);
	if (pairs_get(&m->total, l->field[0]))
		return lines_fail(l, "%.60s stands twice", l->field[0]);
	pairs_add(&m->total, l->field[0], l->field[1]);
	return ST_OK;
}

/* The histogram of that name, all CPUs together; made where there is none yet. */
static struct misses_hist *hist_of(struct misses *m, const char *name)
{
	struct misses_hist *h;

	for (size_t i = 0; i < m->nhists; i++)
		if (!strcmp(m->hist[i].name, name))
			return &m->hist[i];
	m->hist = xrealloc(m->hist, m->nhists + 1, sizeof(*m->hist));
	h = &m->hist[m->nhists++];
	*h = (struct misses_hist){ .name = xstrdup(name) };
	return h;
}

/* "all	l1d	0	1	405"; of a single CPU it is only checked */
static int parse_bucket_row(struct misses *m, const struct lines *l)
{
	struct misses_hist *h;
	unsigned int index;
	uint64_t count;

	if (!parse_bucket(l->field + LABELS, &index, &count))
		return lines_fail(l, "not a bucket");
	if (strcmp(l->field[0], "all"))
		return ST_OK;
	h = hist_of(m, l->field[1]);
	if (h->bucket[index])
		return lines_fail(l, "the bucket stands twice");
	h->bucket[index] = count;
	return ST_OK;
}

static int parse_head(struct misses *m, const struct lines *l)
{
	if (strcmp(l->field[0], "# source"))
		return ST_OK;	/* a header or a summary */
	if (l->nfields != 2 || m->source)
		return lines_fail(l, "source: one text, once");
	m->source = xstrdup(l->field[1]);
	return ST_OK;
}

static int parse_line(struct misses *m, const struct lines *l)
{
	if (*l->field[0] == '#')
		return parse_head(m, l);
	if (l->nfields == 2)
		return parse_total(m, l);
	if (l->nfields == LABELS + 3)
		return parse_bucket_row(m, l);
	return lines_fail(l, "%zu columns, neither 2 nor %d", l->nfields, LABELS + 3);
}

/* @m->source stays NULL where the module has no such file. */
int misses_read(const struct tree *t, const char *map, struct misses *m)
{
	char twin[512], written[512];
	const char *file;
	struct lines l;
	int more, ret;

	*m = (struct misses){ 0 };
	snprintf(twin, sizeof(twin), "maps/%s/misses", map);
	snprintf(written, sizeof(written), "maps/%s/cache_miss", map);
	file = tree_twin(t, twin, written);
	if (faccessat(t->fd, file, F_OK, 0) && errno == ENOENT)
		return ST_OK;
	ret = lines_open(&l, t, file);
	while (!ret && (more = lines_next(&l)) != 0)
		ret = more < 0 ? -more : parse_line(m, &l);
	if (!ret && !m->source)
		ret = lines_fail(&l, "truncated: no source");
	lines_close(&l);
	if (ret)
		misses_free(m);
	return ret;
}

void misses_free(struct misses *m)
{
	for (size_t i = 0; i < m->nhists; i++)
		free(m->hist[i].name);
	free(m->hist);
	free(m->source);
	pairs_free(&m->total);
	*m = (struct misses){ 0 };
}

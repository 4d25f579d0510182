// SPDX-License-Identifier: GPL-2.0-only
/*
 * maps/<name>/misses, or cache_miss if the module has no file misses.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

#define LABELS	2	/* columns before a bucket: CPU and kind of miss */

/* "ops_total	33344", "llc_misses_total	-" */
static int parse_total(struct misses *m, const struct lines *l)
{
	const size_t len = strlen(l->field[0]), tail = strlen("_total");
	uint64_t n;

	if (len <= tail || strcmp(l->field[0] + len - tail, "_total"))
		return lines_fail(l, "'%.60s' is not a total", l->field[0]);
	if (strcmp(l->field[1], "-") && !parse_u64(l->field[1], &n))
		return lines_fail(l, "%.60s is neither a number nor '-'", l->field[0]);
	if (pairs_get(&m->total, l->field[0]))
		return lines_fail(l, "%.60s appears twice", l->field[0]);
	pairs_add(&m->total, l->field[0], l->field[1]);
	return ST_OK;
}

/* Find or add the histogram @name of @who, a CPU or "all". */
static struct misses_hist *hist_of(struct misses *m, const char *who, const char *name)
{
	struct misses_hist *h;

	for (size_t i = 0; i < m->nhists; i++)
		if (!strcmp(m->hist[i].who, who) && !strcmp(m->hist[i].name, name))
			return &m->hist[i];
	m->hist = xrealloc(m->hist, m->nhists + 1, sizeof(*m->hist));
	h = &m->hist[m->nhists++];
	*h = (struct misses_hist){ .who = xstrdup(who), .name = xstrdup(name) };
	return h;
}

static bool is_all_or_cpu(const char *who)
{
	unsigned int cpu;

	return !strcmp(who, "all") || parse_cpu(who, &cpu);
}

/* "all	l1d	0	1	405" */
static int parse_bucket_row(struct misses *m, const struct lines *l)
{
	struct misses_hist *h;
	unsigned int index;
	uint64_t count;

	if (!parse_bucket(l->field + LABELS, &index, &count))
		return lines_fail(l, "not a bucket");
	if (!is_all_or_cpu(l->field[0]))
		return lines_fail(l, "'%.60s' is not a CPU", l->field[0]);
	h = hist_of(m, l->field[0], l->field[1]);
	if (h->bucket[index])
		return lines_fail(l, "the bucket appears twice");
	h->bucket[index] = count;
	return ST_OK;
}

/* "# all	l1d	count=12864	…" */
static int parse_summary(struct misses *m, const struct lines *l)
{
	struct misses_hist *h = hist_of(m, l->field[0] + strlen("# "), l->field[1]);

	if (h->summary.n || !pairs_of_fields(&h->summary, l, LABELS))
		return lines_fail(l, "a summary: name=value, once");
	return ST_OK;
}

static int parse_head(struct misses *m, const struct lines *l)
{
	if (!strncmp(l->field[0], "# ", 2) && l->nfields > LABELS &&
	    is_all_or_cpu(l->field[0] + strlen("# ")))
		return parse_summary(m, l);
	if (strcmp(l->field[0], "# source"))
		return ST_OK;	/* a header */
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

/* @m->source stays NULL if the module has no such file. */
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
	if (!tree_has(t, file))
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
	for (size_t i = 0; i < m->nhists; i++) {
		free(m->hist[i].who);
		free(m->hist[i].name);
		pairs_free(&m->hist[i].summary);
	}
	free(m->hist);
	free(m->source);
	pairs_free(&m->total);
	*m = (struct misses){ 0 };
}

/* "-ENOENT", or "-2" from a kernel without errno names.  Return: its length; 0: not an errno */
static size_t parse_errno(const char *s, int *err)
{
	const size_t digits = strspn(s + (*s == '-'), "0123456789");
	const size_t len = strspn(s + (*s == '-'), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	if (*s != '-' || !len)
		return 0;
	*err = atoi(s + 1);
	if (digits == len)
		return 1 + len;
	for (*err = 1; *err < 256; ++*err) {
		const char *name = strerrorname_np(*err);

		if (name && strlen(name) == len && !strncmp(name, s + 1, len))
			return 1 + len;
	}
	return 0;
}

/* These errnos come from perf: an attempt to use the CPU's counters. */
static const char *errno_in_words(int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
		return "there is no such counter here";
	case EOPNOTSUPP:
		return "not supported here";
	default:
		return strerror(err);
	}
}

/* "none -ENODATA (cache=off)" becomes "none (cache=off)"; "none -ENOENT" gets a reason added. */
char *source_in_words(const char *source)
{
	char *text = NULL;
	size_t size, len;
	FILE *f = xmemstream(&text, &size);
	int err;

	for (const char *s = source; *s; s += len ? len : 1) {
		const bool begins = s == source || s[-1] == ' ' || s[-1] == '(';

		len = begins ? parse_errno(s, &err) : 0;
		if (!len)
			putc(*s, f);
		else if (!strncmp(s + len, " (", 2))
			len++;
		else if (s > source && s[-1] == '(')
			fputs(errno_in_words(err), f);
		else
			fprintf(f, "(%s)", errno_in_words(err));
	}
	if (fclose(f))
		exit(fail(ST_SYSTEM, NULL, "out of memory"));
	return text;
}

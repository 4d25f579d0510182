// SPDX-License-Identifier: GPL-2.0-only
/*
 * maps/<name>/percpu: counters, a column per CPU.
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

bool parse_cpu(const char *text, unsigned int *cpu)
{
	uint64_t n;

	if (strncmp(text, "cpu", strlen("cpu")) || !parse_u64(text + strlen("cpu"), &n) ||
	    n > UINT16_MAX)
		return false;
	*cpu = (unsigned int)n;
	return true;
}

static int parse_header(struct percpu *p, const struct lines *l)
{
	if (strcmp(l->field[0], "# counter") || p->ncpus || l->nfields < 2)
		return lines_fail(l, "there must be one header, beginning with counter");
	p->cpu = xrealloc(NULL, l->nfields, sizeof(*p->cpu));
	for (size_t i = 1; i < l->nfields; i++) {
		if (!parse_cpu(l->field[i], &p->cpu[p->ncpus]))
			return lines_fail(l, "'%.60s' is not a CPU", l->field[i]);
		p->ncpus++;
	}
	return ST_OK;
}

static int parse_row(struct percpu *p, const struct lines *l)
{
	struct percpu_counter *c;
	uint64_t n;

	if (!p->ncpus || l->nfields != p->ncpus + 1)
		return lines_fail(l, "%zu columns, not %zu", l->nfields, p->ncpus + 1);
	if (!*l->field[0] || percpu_find(p, l->field[0]))
		return lines_fail(l, "counter '%.60s' is empty or appears twice", l->field[0]);
	for (size_t i = 1; i < l->nfields; i++)
		if (strcmp(l->field[i], "-") && !parse_u64(l->field[i], &n))
			return lines_fail(l, "%.60s: neither a number nor '-'", l->field[0]);
	p->counter = xrealloc(p->counter, p->n + 1, sizeof(*p->counter));
	c = &p->counter[p->n++];
	c->name = xstrdup(l->field[0]);
	c->value = xrealloc(NULL, p->ncpus, sizeof(*c->value));
	for (size_t i = 0; i < p->ncpus; i++)
		c->value[i] = xstrdup(l->field[i + 1]);
	return ST_OK;
}

/* @p->ncpus stays 0 if the module has no such file. */
int percpu_read(const struct tree *t, const char *map, struct percpu *p)
{
	char file[512];
	struct lines l;
	int more, ret;

	*p = (struct percpu){ 0 };
	snprintf(file, sizeof(file), "maps/%s/percpu", map);
	if (!tree_has(t, file))
		return ST_OK;
	ret = lines_open(&l, t, file);
	while (!ret && (more = lines_next(&l)) != 0) {
		if (more < 0)
			ret = -more;
		else if (*l.field[0] == '#')
			ret = parse_header(p, &l);
		else
			ret = parse_row(p, &l);
	}
	if (!ret && !p->ncpus)
		ret = lines_fail(&l, "truncated: no header");
	lines_close(&l);
	if (ret)
		percpu_free(p);
	return ret;
}

void percpu_free(struct percpu *p)
{
	for (size_t i = 0; i < p->n; i++) {
		for (size_t j = 0; j < p->ncpus; j++)
			free(p->counter[i].value[j]);
		free(p->counter[i].value);
		free(p->counter[i].name);
	}
	free(p->counter);
	free(p->cpu);
	*p = (struct percpu){ 0 };
}

const struct percpu_counter *percpu_find(const struct percpu *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->counter[i].name, name))
			return &p->counter[i];
	return NULL;
}

bool percpu_counted(const struct percpu *p, size_t at)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->counter[i].value[at], "0") && strcmp(p->counter[i].value[at], "-"))
			return true;
	return false;
}

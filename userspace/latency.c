// SPDX-License-Identifier: GPL-2.0-only
/*
 * maps/<name>/latency: histograms of a map's operations; latency_percpu: the same per CPU.
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

/* "# load	count=…": a new operation; the summary begins with field @from. */
static int parse_summary(struct latency *lat, const struct lines *l, const char *name, size_t from)
{
	struct latency_op *op;
	const char *count, *max;

	if (latency_find(lat, name))
		return lines_fail(l, "operation '%s' appears twice", name);
	lat->op = xrealloc(lat->op, lat->n + 1, sizeof(*lat->op));
	op = &lat->op[lat->n++];
	memset(op, 0, sizeof(*op));
	op->name = xstrdup(name);
	if (!pairs_of_fields(&op->summary, l, from))
		return lines_fail(l, "not name=value");
	count = pairs_get(&op->summary, "count");
	max = pairs_get(&op->summary, "max_ns");
	if (!count || !parse_u64(count, &op->count) || !max || !parse_u64(max, &op->max_ns))
		return lines_fail(l, "no count and max_ns");
	return ST_OK;
}

/* "load	47	48	500", from field @from on. */
static int parse_bucket_row(struct latency *lat, const struct lines *l, size_t from)
{
	struct latency_op *op = lat && lat->n ? &lat->op[lat->n - 1] : NULL;
	unsigned int index;
	uint64_t count;

	if (l->nfields != from + 4)
		return lines_fail(l, "%zu columns, not %zu", l->nfields, from + 4);
	if (!op || strcmp(op->name, l->field[from]))
		return lines_fail(l, "operation '%s' has no summary before it", l->field[from]);
	if (!parse_bucket(l->field + from + 1, &index, &count) || !count)
		return lines_fail(l, "not an occupied bucket");
	if (op->bucket[index])
		return lines_fail(l, "the bucket appears twice");
	op->bucket[index] = count;
	return ST_OK;
}

static int parse_source(char **source, const struct lines *l)
{
	if (l->nfields != 2 || *source)
		return lines_fail(l, "source: one text, once");
	*source = xstrdup(l->field[1]);
	return ST_OK;
}

static int parse_comment(struct latency *lat, const struct lines *l)
{
	if (!strcmp(l->field[0], "# op"))
		return ST_OK;
	if (!strcmp(l->field[0], "# source"))
		return parse_source(&lat->source, l);
	return parse_summary(lat, l, l->field[0] + strlen("# "), 1);
}

/* The module derives count and buckets from one snapshot: if they differ, the file is truncated. */
static int check_counts(const struct latency *lat, const struct lines *l)
{
	for (size_t i = 0; i < lat->n; i++) {
		uint64_t sum = 0;

		for (size_t j = 0; j < MAPSTAT_HIST_BUCKETS; j++)
			if (__builtin_add_overflow(sum, lat->op[i].bucket[j], &sum))
				return lines_fail(l, "%s: counts too large", lat->op[i].name);
		if (sum != lat->op[i].count)
			return lines_fail(l, "truncated: the buckets of %s hold %llu, not %llu",
					  lat->op[i].name, (unsigned long long)sum,
					  (unsigned long long)lat->op[i].count);
	}
	return ST_OK;
}

static int parse_latency(struct latency *lat, struct lines *l)
{
	int more, ret = ST_OK;

	while (!ret && (more = lines_next(l)) != 0) {
		if (more < 0)
			ret = -more;
		else if (!strncmp(l->field[0], "# ", 2))
			ret = parse_comment(lat, l);
		else
			ret = parse_bucket_row(lat, l, 0);
	}
	return ret ? ret : check_counts(lat, l);
}

int latency_read(const struct tree *t, const char *map, struct latency *lat)
{
	char file[512];
	struct lines l;
	int ret;

	*lat = (struct latency){ 0 };
	snprintf(file, sizeof(file), "maps/%s/latency", map);
	ret = lines_open(&l, t, file);
	if (ret)
		return ret;
	ret = parse_latency(lat, &l);
	lines_close(&l);
	if (ret)
		latency_free(lat);
	return ret;
}

void latency_free(struct latency *lat)
{
	for (size_t i = 0; i < lat->n; i++) {
		free(lat->op[i].name);
		pairs_free(&lat->op[i].summary);
	}
	free(lat->op);
	free(lat->source);
	*lat = (struct latency){ 0 };
}

/* -- per CPU -- */

/* The lines of a CPU are consecutive.  Return: NULL if @cpu appears again after another one */
static struct latency *latency_of_cpu(struct latency_cpus *cpus, unsigned int cpu)
{
	struct latency_cpu *at;

	if (cpus->n && cpus->at[cpus->n - 1].cpu == cpu)
		return &cpus->at[cpus->n - 1].lat;
	for (size_t i = 0; i < cpus->n; i++)
		if (cpus->at[i].cpu == cpu)
			return NULL;
	cpus->at = xrealloc(cpus->at, cpus->n + 1, sizeof(*cpus->at));
	at = &cpus->at[cpus->n++];
	*at = (struct latency_cpu){ .cpu = cpu };
	return &at->lat;
}

/* "# cpu0	load	count=…", "# source	…" or the header */
static int parse_percpu_comment(struct latency_cpus *cpus, const struct lines *l)
{
	struct latency *lat;
	unsigned int cpu;

	if (!strcmp(l->field[0], "# cpu"))
		return ST_OK;
	if (!strcmp(l->field[0], "# source"))
		return parse_source(&cpus->source, l);
	if (!parse_cpu(l->field[0] + strlen("# "), &cpu) || l->nfields < 2)
		return lines_fail(l, "no CPU and operation");
	lat = latency_of_cpu(cpus, cpu);
	if (!lat)
		return lines_fail(l, "CPU %u appears twice", cpu);
	return parse_summary(lat, l, l->field[1], 2);
}

static int parse_percpu_row(struct latency_cpus *cpus, const struct lines *l)
{
	struct latency_cpu *last = cpus->n ? &cpus->at[cpus->n - 1] : NULL;
	unsigned int cpu;

	if (!parse_cpu(l->field[0], &cpu) || !last || last->cpu != cpu)
		return lines_fail(l, "'%.60s' has no summary before it", l->field[0]);
	return parse_bucket_row(&last->lat, l, 1);
}

static int parse_percpu(struct latency_cpus *cpus, struct lines *l)
{
	int more, ret = ST_OK;

	while (!ret && (more = lines_next(l)) != 0) {
		if (more < 0)
			ret = -more;
		else if (!strncmp(l->field[0], "# ", 2))
			ret = parse_percpu_comment(cpus, l);
		else
			ret = parse_percpu_row(cpus, l);
	}
	for (size_t i = 0; i < cpus->n && !ret; i++)
		ret = check_counts(&cpus->at[i].lat, l);
	return ret;
}

/* @cpus is empty if the module has no such file. */
int latency_percpu_read(const struct tree *t, const char *map, struct latency_cpus *cpus)
{
	char file[512];
	struct lines l;
	int ret;

	*cpus = (struct latency_cpus){ 0 };
	snprintf(file, sizeof(file), "maps/%s/latency_percpu", map);
	if (!tree_has(t, file))
		return ST_OK;
	ret = lines_open(&l, t, file);
	if (!ret)
		ret = parse_percpu(cpus, &l);
	lines_close(&l);
	if (ret)
		latency_percpu_free(cpus);
	return ret;
}

void latency_percpu_free(struct latency_cpus *cpus)
{
	for (size_t i = 0; i < cpus->n; i++)
		latency_free(&cpus->at[i].lat);
	free(cpus->at);
	free(cpus->source);
	*cpus = (struct latency_cpus){ 0 };
}

/* -- one operation -- */

static bool was_timed(const struct latency_op *op)
{
	return op && op->count;
}

const struct latency_op *latency_choose(const struct latency *lat, const char *op)
{
	const struct latency_op *load = latency_find(lat, "load");
	const struct latency_op *many = latency_find(lat, "load_many");

	if (op)
		return latency_find(lat, op);
	return was_timed(load) || !was_timed(many) ? load : many;
}

const struct latency_op *latency_find(const struct latency *lat, const char *op)
{
	for (size_t i = 0; i < lat->n; i++)
		if (!strcmp(lat->op[i].name, op))
			return &lat->op[i];
	return NULL;
}

unsigned int latency_quantile(const struct latency_op *op, unsigned int per_mille)
{
	/* ceil(count * per_mille / 1000), without overflow */
	uint64_t rank = op->count / 1000 * per_mille +
			(op->count % 1000 * per_mille + 999) / 1000;
	uint64_t seen = 0;
	unsigned int i;

	for (i = 0; i < MAPSTAT_HIST_BUCKETS - 1; i++) {
		seen += op->bucket[i];
		if (seen >= rank && seen)
			break;
	}
	return i;
}

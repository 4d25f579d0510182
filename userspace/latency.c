// SPDX-License-Identifier: GPL-2.0-only
/*
 * maps/<name>/latency: the histograms of a map's operations.
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

/* "# load	count=…": a new operation. */
static int parse_summary(struct latency *lat, const struct lines *l)
{
	const char *name = l->field[0] + strlen("# ");
	struct latency_op *op;
	const char *count, *max;

	if (latency_find(lat, name))
		return lines_fail(l, "operation '%s' stands twice", name);
	lat->op = xrealloc(lat->op, lat->n + 1, sizeof(*lat->op));
	op = &lat->op[lat->n++];
	memset(op, 0, sizeof(*op));
	op->name = xstrdup(name);
	if (!pairs_of_fields(&op->summary, l, 1))
		return lines_fail(l, "not name=value");
	count = pairs_get(&op->summary, "count");
	max = pairs_get(&op->summary, "max_ns");
	if (!count || !parse_u64(count, &op->count) || !max || !parse_u64(max, &op->max_ns))
		return lines_fail(l, "no count and max_ns");
	return ST_OK;
}

static int parse_bucket_row(struct latency *lat, const struct lines *l)
{
	struct latency_op *op = lat->n ? &lat->op[lat->n - 1] : NULL;
	unsigned int index;
	uint64_t count;

	if (l->nfields != 4)
		return lines_fail(l, "%zu columns, not 4", l->nfields);
	if (!op || strcmp(op->name, l->field[0]))
		return lines_fail(l, "operation '%s' has no summary before it", l->field[0]);
	if (!parse_bucket(l->field + 1, &index, &count) || !count)
		return lines_fail(l, "not an occupied bucket");
	if (op->bucket[index])
		return lines_fail(l, "the bucket stands twice");
	op->bucket[index] = count;
	return ST_OK;
}

static int parse_comment(struct latency *lat, const struct lines *l)
{
	if (!strcmp(l->field[0], "# op"))
		return ST_OK;
	if (strcmp(l->field[0], "# source"))
		return parse_summary(lat, l);
	if (l->nfields != 2 || lat->source)
		return lines_fail(l, "source: one text, once");
	lat->source = xstrdup(l->field[1]);
	return ST_OK;
}

/* Both were derived from one copy of the buckets: a difference is a truncated file. */
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
			ret = parse_bucket_row(lat, l);
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
	/* ceil(count * q) without overflow: split off what 1000 divides */
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

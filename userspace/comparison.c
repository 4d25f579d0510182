// SPDX-License-Identifier: GPL-2.0-only
/*
 * The comparison behind "mapstat explain": figures of two maps of one run, from all files.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "explain.h"

/*
 * A difference below this, per operation, is not listed.  An access or a miss costs at most about
 * 100 ns, so 0.01 of them is at most a nanosecond; an event of the counters may cost more.
 */
#define LEAST_MODEL	0.01
#define LEAST_COUNTED	0.0001

static const struct figure_rule rules[] = {
	{ "time", "ns/op", "ns_per_op", FROM_RESULTS, AS_IT_IS, 1, 0, NULL },
	{ "accesses per operation", "lines accessed", "lines", FROM_MISSES, PER_OP, 4,
	  LEAST_MODEL, "distinct cache lines that an operation accesses" },
	{ "accesses per operation", "reads", "reads", FROM_MISSES, PER_OP, 4, 0, NULL },
	{ "accesses per operation", "writes", "writes", FROM_MISSES, PER_OP, 4,
	  LEAST_MODEL, "accesses that write: they need the line exclusively" },
	{ "accesses per operation", "locked instructions", "atomics", FROM_MISSES, PER_OP, 4,
	  LEAST_MODEL, "atomic accesses: each waits for exclusive ownership of the line" },
	{ "misses per operation", "L1D", "l1d_misses", FROM_MISSES, PER_OP, 4, 0, NULL },
	{ "misses per operation", "L1D cold", "cold_misses", FROM_MISSES, PER_OP, 4,
	  LEAST_MODEL, "lines that this CPU has not accessed before" },
	{ "misses per operation", "L1D capacity", "capacity_misses", FROM_MISSES, PER_OP, 4,
	  LEAST_MODEL, "lines evicted because the cache is too small for all" },
	{ "misses per operation", "L1D conflict", "conflict_misses", FROM_MISSES, PER_OP, 4,
	  LEAST_MODEL, "lines evicted because too many share a set of the cache" },
	{ "misses per operation", "L1D coherence", "coherence_misses", FROM_MISSES, PER_OP, 4,
	  LEAST_MODEL, "lines that another CPU has written since" },
	{ "misses per operation", "last level", "llc_misses", FROM_MISSES, PER_OP_OPTIONAL, 4,
	  LEAST_MODEL, "lines fetched from memory" },
	{ "misses per operation", "data TLB", "dtlb_misses", FROM_MISSES, PER_OP, 4,
	  LEAST_MODEL, "pages whose translation has to be looked up again" },
	{ "counted per operation", "retries", "retries", FROM_ROUNDS, PER_OP, 4,
	  LEAST_COUNTED, "operations restarted because of a concurrent write" },
	{ "counted per operation", "lock waits", "lock_waits", FROM_ROUNDS, PER_OP, 4,
	  LEAST_COUNTED, "locks that an operation had to wait for" },
	{ "counted per operation", "allocations", "allocs_per_op", FROM_RESULTS, AS_IT_IS, 4,
	  LEAST_COUNTED, "allocations by operations" },
	{ "counted per operation", "bytes allocated", "alloc_bytes_per_op", FROM_RESULTS, AS_IT_IS,
	  1, 0, NULL },
	{ "since the map was created", "dirty lookups", "dirty_lookups", FROM_STATS, PER_OP, 4,
	  LEAST_COUNTED, "lookups that the read side could not answer" },
	{ "since the map was created", "promotions", "promotions", FROM_STATS, PER_OP, 4,
	  LEAST_COUNTED, "dirty sides that replaced a read side" },
	{ "since the map was created", "entries copied", "copied", FROM_STATS, PER_OP, 4,
	  LEAST_COUNTED, "entries copied by promotions and rebuilds" },
	{ "pauses in a round", "count", "pauses", FROM_RESULTS, AS_IT_IS, 0, 0, NULL },
	{ "pauses in a round", "longest", "pause_max_ns", FROM_RESULTS, NANOSECONDS, 0, 0, NULL },
};

static_assert(sizeof(rules) / sizeof(*rules) <= FIGURES_MAX, "room for each");

/* -- a figure from one kind of file; false: the file has no such figure -- */

/* Sum over the rounds: the medians of a count and of operations may be of different rounds. */
static bool from_rounds(const struct results *r, const char *map, const char *column, double *value)
{
	double n, ops, sum = 0, all = 0;

	for (size_t i = 0; i < r->nrows; i++) {
		const struct row *row = &r->row[i];

		if (row_is_median(row) || row_is_disturbed(r, row) || strcmp(row->cell[0], map) ||
		    !row_value(r, row, column, &n) || !row_value(r, row, "ops", &ops))
			continue;
		sum += n;
		all += ops;
	}
	*value = sum / all;
	return all > 0;
}

static bool number_of(const struct pairs *p, const char *name, double *value)
{
	char total[64];
	const char *text;
	uint64_t n;

	snprintf(total, sizeof(total), "%s_total", name);
	text = pairs_get(p, total);
	if (!text || !parse_u64(text, &n))
		return false;
	*value = (double)n;
	return true;
}

static bool from_misses(const struct misses *m, const char *name, double *value)
{
	double ops;

	if (!number_of(&m->total, "ops", &ops) || ops <= 0 || !number_of(&m->total, name, value))
		return false;
	*value /= ops;
	return true;
}

static bool operations(const struct pairs *stats, double *ops)
{
	static const char *const counters[] = {
		"hits", "misses", "inserts", "updates", "deletes", "nochanges",
	};
	double n;

	*ops = 0;
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		if (number_of(stats, counters[i], &n))
			*ops += n;
	return *ops > 0;
}

static bool from_stats(const struct pairs *stats, const char *name, double *value)
{
	double ops;

	if (!operations(stats, &ops) || !number_of(stats, name, value))
		return false;
	*value /= ops;
	return true;
}

/* -- all figures -- */

static bool is_time(const struct figure_rule *rule)
{
	return rule->kind == NANOSECONDS || rule == rules;
}

static bool value_of(const struct comparison *c, size_t side, const struct results *r,
		     const struct figure_rule *rule, double *value)
{
	const struct compared *m = &c->map[side];

	if (c->untimed && is_time(rule))
		return false;
	switch (rule->from) {
	case FROM_RESULTS:
		return row_value(r, m->ranked->row, rule->name, value);
	case FROM_ROUNDS:
		return from_rounds(r, m->ranked->map, rule->name, value);
	case FROM_MISSES:
		return !c->sources_differ && from_misses(&m->misses, rule->name, value);
	default:
		return from_stats(&m->stats, rule->name, value);
	}
}

static void compare(struct comparison *c, const struct results *r)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct figure *f = &c->figure[c->nfigures];

		*f = (struct figure){ .rule = &rules[i] };
		for (size_t side = 0; side < 2; side++)
			f->known[side] = value_of(c, side, r, f->rule, &f->value[side]);
		if (rules[i].kind != PER_OP_OPTIONAL || f->known[0] || f->known[1])
			c->nfigures++;
	}
}

/* Why a figure is '-'; NULL: it is known. */
const char *figure_missing(const struct comparison *c, const struct figure *f, size_t side)
{
	const struct compared *m = &c->map[side];
	double ops;

	if (f->known[side])
		return NULL;
	if (c->untimed && is_time(f->rule))
		return c->untimed;
	if (f->rule->from == FROM_RESULTS || f->rule->from == FROM_ROUNDS)
		return c->stats_off ? "nothing was counted in the rounds (stats=0)" :
				      "results has none";
	if (!m->live)
		return "the map no longer exists";
	if (f->rule->from == FROM_STATS)
		return operations(&m->stats, &ops) ? "stats has no such counter" :
						     "no operation was counted";
	if (!m->misses.source)
		return "this module has no cache_miss";
	if (c->sources_differ)
		return "the two maps were counted by different sources";
	if (number_of(&m->misses.total, "ops", &ops) && ops > 0)
		return "this source does not count it";
	return m->misses.total.n ? "no operation was counted" : m->misses.source;
}

static int read_live(const struct tree *t, struct compared *m)
{
	const char *name = m->ranked->map;
	int ret;

	ret = misses_read(t, name, &m->misses);
	if (!ret)
		ret = stats_read(t, name, &m->stats);
	if (!ret)
		ret = pauses_read(t, name, &m->pauses);
	return ret;
}

static int find(struct comparison *c, const char *name, size_t side)
{
	for (size_t i = 0; i < c->ranking.n; i++)
		if (!strcmp(c->ranking.at[i].map, name))
			c->map[side].ranked = &c->ranking.at[i];
	if (c->map[side].ranked)
		return ST_OK;
	return fail(ST_NO_MAP, "the maps of a run are the rows of: mapstat show",
		    "the last run has no map '%s'", name);
}

/* First map's figure minus the second's; NaN: unknown. */
double figure_difference(const struct figure *f)
{
	return f->known[0] && f->known[1] ? f->value[0] - f->value[1] : NAN;
}

static bool differs(const struct figure *f)
{
	const double d = fabs(figure_difference(f));
	const double most = f->value[f->value[0] < f->value[1]];

	return f->rule->least > 0 && d >= f->rule->least && d >= most * LEAST_SHARE;
}

static int by_difference(const void *a, const void *b)
{
	const struct figure *x = *(const struct figure *const *)a;
	const struct figure *y = *(const struct figure *const *)b;
	const double dx = fabs(figure_difference(x)), dy = fabs(figure_difference(y));

	if (dx != dy)
		return dx > dy ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void rank(struct comparison *c)
{
	for (size_t i = 0; i < c->nfigures; i++)
		if (differs(&c->figure[i]))
			c->differing[c->ndiffering++] = &c->figure[i];
	qsort(c->differing, c->ndiffering, sizeof(*c->differing), by_difference);
}

static void judge(struct comparison *c, const struct results *r)
{
	const struct ranked *a = c->map[0].ranked, *b = c->map[1].ranked;

	c->undecided = results_undecided(r);
	if (!c->undecided && (a->wrong || b->wrong))
		c->undecided = "A map returned wrong results: its figures are not conclusive.";
	if (!c->undecided)
		c->undecided = c->untimed;
	if (!c->undecided && (isnan(a->ns) || isnan(b->ns)))
		c->undecided = "The time was not measured.";
	if (c->undecided)
		return;
	c->slower = a->ns >= b->ns ? 0 : 1;
	if (!rounds_compare(r, c->map[!c->slower].ranked->map, c->map[c->slower].ranked->map,
			    &c->test))
		c->undecided = "Fewer than 5 rounds are not conclusive: run more.";
	else
		c->noise = !c->test.lower || c->test.p >= P_MOST;
}

/* The source of a map's misses; NULL: none. */
const char *compared_source(const struct compared *m)
{
	const char *source = m->misses.source;

	return source && strncmp(source, "none", 4) ? source : NULL;
}

static bool sources_differ(const struct comparison *c)
{
	const char *a = compared_source(&c->map[0]), *b = compared_source(&c->map[1]);

	return a && b && strcmp(a, b);
}

int comparison_read(struct comparison *c, const struct tree *t, const struct options *opt,
		    const struct results *r)
{
	const char *stats = pairs_get(&r->parameters, "stats");
	struct names live;
	int ret;

	*c = (struct comparison){
		.stats_off = stats && !strcmp(stats, "0"),
		.untimed = results_untimed(r),
		.test.p = NAN,
	};
	ret = maps_list(t, &live);
	if (ret)
		return ret;
	ranking_make(&c->ranking, r, opt);
	for (size_t side = 0; side < 2 && !ret; side++) {
		ret = find(c, opt->args[side], side);
		c->map[side].live = names_have(&live, opt->args[side]);
		if (!ret && c->map[side].live)
			ret = read_live(t, &c->map[side]);
	}
	names_free(&live);
	if (ret)
		return ret;
	c->sources_differ = sources_differ(c);
	compare(c, r);
	rank(c);
	judge(c, r);
	return ST_OK;
}

void comparison_free(struct comparison *c)
{
	for (size_t side = 0; side < 2; side++) {
		misses_free(&c->map[side].misses);
		pairs_free(&c->map[side].stats);
		pauses_free(&c->map[side].pauses);
	}
	free(c->ranking.at);
}

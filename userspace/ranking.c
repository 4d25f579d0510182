// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rank the maps of a run, and test whether the rounds show that the first is faster than each of
 * the others: a rank test per other map, corrected for their number.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

bool map_selected(const struct options *opt, const char *map)
{
	for (size_t i = 0; i < opt->nargs; i++)
		if (!strcmp(opt->args[i], map))
			return true;
	return !opt->nargs;
}

static int by_speed(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->wrong != y->wrong)
		return x->wrong - y->wrong;
	if (isnan(x->ns) != isnan(y->ns))
		return isnan(x->ns) - isnan(y->ns);
	if (x->ns < y->ns || x->ns > y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* ns_per_op of a map's undisturbed rounds; the caller frees the array. */
static double *rounds_of(const struct results *r, const char *map, size_t *n)
{
	double *ns = xrealloc(NULL, r->nrows, sizeof(*ns));

	*n = 0;
	for (size_t i = 0; i < r->nrows; i++)
		if (!row_is_median(&r->row[i]) && !row_is_disturbed(r, &r->row[i]) &&
		    !strcmp(r->row[i].cell[0], map))
			*n += row_value(r, &r->row[i], "ns_per_op", &ns[*n]);
	return ns;
}

bool rounds_compare(const struct results *r, const char *a, const char *b, struct rank_test *test)
{
	size_t na, nb;
	double *x = rounds_of(r, a, &na), *y = rounds_of(r, b, &nb);
	bool enough = na >= ROUNDS_LEAST && nb >= ROUNDS_LEAST && !results_untimed(r);

	if (enough)
		*test = rank_test(x, na, y, nb);
	free(x);
	free(y);
	return enough;
}

size_t ranking_contenders(const struct ranking *k)
{
	size_t n = 0;

	while (n < k->n && !k->at[n].wrong && !isnan(k->at[n].ns))
		n++;
	return n;
}

static bool rounds_enough(const struct ranking *k)
{
	for (size_t i = 0; i < ranking_contenders(k); i++)
		if (k->at[i].rounds < ROUNDS_LEAST)
			return false;
	return true;
}

static int by_p(const void *a, const void *b)
{
	const struct ranked *x = *(struct ranked *const *)a, *y = *(struct ranked *const *)b;

	if (x->test.p != y->test.p)
		return x->test.p < y->test.p ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Holm: of m comparisons the smallest p is multiplied by m, the next one by m - 1, and so on. */
static void correct(struct ranking *k, size_t m)
{
	struct ranked **other = xrealloc(NULL, m, sizeof(*other));
	double least = 0;

	for (size_t i = 0; i < m; i++)
		other[i] = &k->at[i + 1];
	qsort(other, m, sizeof(*other), by_p);
	for (size_t i = 0; i < m; i++) {
		least = fmax(least, fmin(1, other[i]->test.p * (double)(m - i)));
		other[i]->p_holm = least;
	}
	free(other);
}

/* Test the best against each of the others. */
static void compare(struct ranking *k, const struct results *r)
{
	const size_t n = ranking_contenders(k);

	if (n < 2 || !rounds_enough(k))
		return;
	for (size_t i = 1; i < n; i++)
		rounds_compare(r, k->at[0].map, k->at[i].map, &k->at[i].test);
	correct(k, n - 1);
}

void ranking_make(struct ranking *k, const struct results *r, const struct options *opt)
{
	*k = (struct ranking){ 0 };
	for (size_t i = 0; i < r->nrows; i++) {
		const struct row *row = &r->row[i];
		struct ranked *m;
		double errors;

		if (!row_is_median(row))
			continue;
		k->at = xrealloc(k->at, k->n + 1, sizeof(*k->at));
		m = &k->at[k->n++];
		*m = (struct ranked){ .row = row, .map = row->cell[0], .ns = NAN, .p_holm = NAN };
		m->test.p = NAN;
		m->shown = map_selected(opt, m->map);
		k->nshown += m->shown;
		m->wrong = results_errors(r, m->map, &errors) && errors > 0;
		if (results_untimed(r))
			continue;
		if (!row_value(r, row, "ns_per_op", &m->ns))
			m->ns = NAN;
		m->rounds = results_spread(r, m->map, &m->min, &m->max);
	}
	if (!k->n)
		return;
	qsort(k->at, k->n, sizeof(*k->at), by_speed);
	compare(k, r);
}

const struct ranked *ranking_best(const struct ranking *k)
{
	return ranking_contenders(k) ? &k->at[0] : NULL;
}

bool ranked_beaten(const struct ranked *other)
{
	return other->test.lower && other->p_holm < P_MOST;
}

const char *ranking_undecided(const struct ranking *k)
{
	const size_t n = ranking_contenders(k);

	if (!n)
		return "no map was measured";
	if (n == 1)
		return "there is no other map to compare with";
	if (!rounds_enough(k))
		return "fewer than 5 rounds; run more";
	for (size_t i = 1; i < n; i++)
		if (!ranked_beaten(&k->at[i]))
			return "within the noise";
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rank test.  Ranks are doubled throughout, so that the mean rank of tied values is an integer.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"
#include "rank_test.h"

struct ranked_value {
	double value;
	size_t rank;		/* twice its rank, from 2 */
	bool first;		/* of the first sample */
};

static int by_value(const void *a, const void *b)
{
	const struct ranked_value *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

/* Sort and rank.  Return: the sum of t^3 - t over all groups of t equal values */
static double rank(struct ranked_value *all, size_t n)
{
	double ties = 0, t;
	size_t end;

	qsort(all, n, sizeof(*all), by_value);
	for (size_t i = 0; i < n; i = end) {
		for (end = i; end < n && all[end].value == all[i].value; end++)
			;
		for (size_t j = i; j < end; j++)
			all[j].rank = i + 1 + end;
		t = (double)(end - i);
		ties += t * t * t - t;
	}
	return ties;
}

static size_t distance(size_t a, size_t b)
{
	return a > b ? a - b : b - a;
}

/*
 * Every choice of @k of the @n ranks is equally likely.  ways[j][s] is the number of choices of j
 * ranks with the sum s among the ranks added so far.  Return: the share of the choices of @k ranks
 * whose sum is at least @far from the mean
 */
static double exact_p(const struct ranked_value *all, size_t n, size_t k, size_t far)
{
	const size_t mean = k * (n + 1);
	double *ways, sum = 0, extreme = 0;
	size_t width = 1;

	for (size_t i = n - k; i < n; i++)
		width += all[i].rank;
	ways = xrealloc(NULL, (k + 1) * width, sizeof(*ways));
	memset(ways, 0, (k + 1) * width * sizeof(*ways));
	ways[0] = 1;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i < k ? i + 1 : k; j; j--)
			for (size_t s = all[i].rank; s < width; s++)
				ways[j * width + s] += ways[(j - 1) * width + s - all[i].rank];
	for (size_t s = 0; s < width; s++) {
		sum += ways[k * width + s];
		if (distance(s, mean) >= far)
			extreme += ways[k * width + s];
	}
	free(ways);
	return extreme / sum;
}

/* With continuity correction; @far is in doubled ranks. */
static double normal_p(double nx, double ny, double ties, double far)
{
	const double n = nx + ny;
	const double variance = nx * ny / 12 * (n + 1 - ties / (n * (n - 1)));

	if (variance <= 0)	/* all values are equal */
		return 1;
	return erfc(fmax(far / 2 - 0.5, 0) / sqrt(2 * variance));
}

struct rank_test rank_test(const double *x, size_t nx, const double *y, size_t ny)
{
	const size_t n = nx + ny, mean = nx * (n + 1);
	struct ranked_value *all = xrealloc(NULL, n, sizeof(*all));
	struct rank_test test = { .exact = n <= RANK_TEST_EXACT_MOST };
	size_t sum = 0;
	double ties;

	for (size_t i = 0; i < n; i++) {
		all[i].first = i < nx;
		all[i].value = i < nx ? x[i] : y[i - nx];
	}
	ties = rank(all, n);
	for (size_t i = 0; i < n; i++)
		sum += all[i].first ? all[i].rank : 0;
	test.lower = sum < mean;
	/* Both rank sums are equally far from their means: count for the smaller sample. */
	if (test.exact)
		test.p = exact_p(all, n, nx < ny ? nx : ny, distance(sum, mean));
	else
		test.p = normal_p((double)nx, (double)ny, ties, (double)distance(sum, mean));
	free(all);
	return test;
}

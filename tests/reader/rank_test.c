// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compare the rank test with published values, and with an enumeration of all choices of ranks.
 * Fails if a tie, a tail or the direction is handled wrongly.  Built and run by ranking.sh.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "../../userspace/rank_test.h"

void *xrealloc(void *p, size_t n, size_t size);

/* Tolerance for sums of some hundred terms. */
#define ROUNDING	0.000000000001

static unsigned int failed;

void *xrealloc(void *p, size_t n, size_t size)
{
	void *q = reallocarray(p, n, size);

	if (!q)
		exit(2);
	return q;
}

static void expect(const char *what, double got, double want, double tolerance)
{
	if (fabs(got - want) <= tolerance)
		return;
	printf("# %s: p = %.9g, not %.9g\n", what, got, want);
	failed++;
}

/* Values of R's wilcox.test(exact = TRUE), without ties. */
static void published(void)
{
	static const double one_to_five[] = { 1, 2, 3, 4, 5 }, six_to_ten[] = { 6, 7, 8, 9, 10 };
	/* Hollander and Wolfe, 1973, page 69: permeability of membranes. */
	static const double term[] = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 };
	static const double weeks[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };

	expect("1..5, 6..10", rank_test(one_to_five, 5, six_to_ten, 5).p, 2 / 252.0, ROUNDING);
	expect("1..4, 6..9", rank_test(one_to_five, 4, six_to_ten, 4).p, 2 / 70.0, ROUNDING);
	expect("membranes", rank_test(term, 10, weeks, 5).p, 0.2544, 0.00005);
	if (rank_test(term, 10, weeks, 5).lower || !rank_test(weeks, 5, term, 10).lower) {
		puts("# membranes: the lower sample is not the lower one");
		failed++;
	}
}

/* Distance of twice the rank sum from its mean, from pairs, without sorting or ranks. */
static int separation(const double *all, unsigned int first, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			if ((first >> i & 1) && !(first >> j & 1))
				sum += (all[i] > all[j]) - (all[i] < all[j]);
	return abs(sum);
}

static double enumerated(const double *all, int nx, int n)
{
	const int far = separation(all, (1U << nx) - 1, n);
	unsigned int choices = 0, extreme = 0;

	for (unsigned int first = 0; first < 1U << n; first++) {
		if (__builtin_popcount(first) != nx)
			continue;
		choices++;
		extreme += separation(all, first, n) >= far;
	}
	return (double)extreme / choices;
}

static void each_choice(void)
{
	static const double tied[] = { 1, 2, 3, 4, 5, 2.5, 3, 6, 7, 8 };
	double all[10];
	char what[64];

	expect("ties", rank_test(tied, 5, tied + 5, 5).p, enumerated(tied, 5, 10), ROUNDING);
	srand(1);
	for (int turn = 0; turn < 400; turn++) {
		const int n = 2 + turn % 9, nx = 1 + rand() % (n - 1);

		for (int i = 0; i < n; i++)
			all[i] = rand() % (turn % 2 ? 4 : 1000) / 10.0;
		snprintf(what, sizeof(what), "turn %d, %d of %d", turn, nx, n);
		expect(what, rank_test(all, (size_t)nx, all + nx, (size_t)(n - nx)).p,
		       enumerated(all, nx, n), ROUNDING);
	}
}

/* Above the limit: the value was computed separately, by R's formula. */
static void approximated(void)
{
	double x[RANK_TEST_EXACT_MOST], y[RANK_TEST_EXACT_MOST];
	struct rank_test test;

	for (size_t i = 0; i < RANK_TEST_EXACT_MOST; i++) {
		x[i] = (double)(i % 7);
		y[i] = (double)(i % 8);
	}
	test = rank_test(x, 60, y, 70);
	expect("60 of 0..6, 70 of 0..7", test.p, 0.20763221590805703, ROUNDING);
	failed += test.exact || !test.lower;
	failed += !rank_test(x, 60, y, RANK_TEST_EXACT_MOST - 60).exact;
	for (size_t i = 0; i < RANK_TEST_EXACT_MOST; i++)
		x[i] = 1;
	expect("all equal, counted", rank_test(x, 50, x, 50).p, 1, 0);
	expect("all equal", rank_test(x, 50, x, 60).p, 1, 0);
}

int main(void)
{
	published();
	each_choice();
	approximated();
	return failed != 0;
}

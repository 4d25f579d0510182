/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two-sided rank test of Wilcoxon, Mann and Whitney: the probability that chance alone
 * separates two samples at least as far.
 */
#ifndef MAPSTAT_RANK_TEST_H
#define MAPSTAT_RANK_TEST_H

#include <stdbool.h>
#include <stddef.h>

/* Up to this many values in both samples together p is exact; above, by normal approximation. */
#define RANK_TEST_EXACT_MOST	100

struct rank_test {
	double p;
	bool exact;		/* else the normal approximation, corrected for ties */
	bool lower;		/* the first sample's ranks are below their mean */
};

/*
 * Test @nx values of @x against @ny values of @y.  Neither sample may be empty or contain NaN.
 * Equal values get the mean of their ranks.
 */
struct rank_test rank_test(const double *x, size_t nx, const double *y, size_t ny);

#endif /* MAPSTAT_RANK_TEST_H */

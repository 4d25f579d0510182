/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two-sided rank test of Wilcoxon, and of Mann and Whitney: how often chance alone would
 * separate two samples at least as far.
 */
#ifndef MAPSTAT_RANK_TEST_H
#define MAPSTAT_RANK_TEST_H

#include <stdbool.h>
#include <stddef.h>

/* Up to so many values in both samples the distribution is counted; above, it is the normal. */
#define RANK_TEST_EXACT_MOST	100

struct rank_test {
	double p;
	bool exact;		/* else the normal approximation, corrected for ties */
	bool lower;		/* the first sample's ranks are below their mean */
};

/* Both samples have values, none of them NaN; equal ones share the mean of their ranks. */
struct rank_test rank_test(const double *x, size_t nx, const double *y, size_t ny);

#endif /* MAPSTAT_RANK_TEST_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The experiment of false sharing: falseshare.c shows it, falseshare_json.c writes it for
 * programs.
 */
#ifndef FALSESHARE_H
#define FALSESHARE_H

#include "mapstat.h"

#define VARIANTS	4

/* In pairs: packed, then padded. */
extern const char *const variants[VARIANTS];

/* What one of them showed; NaN: not measured. */
struct variant {
	double ns, min, max;
	double misses;
	unsigned int rounds;
	struct shared shared;
};

/* A pair that others have published: never ours. */
extern const struct published {
	const char *what;
	double packed_ns, padded_ns;
} published;

/* How many times the padded one's time; only of measured ones. */
double variant_ratio(const struct variant *f, const struct variant *padded);
int falseshare_json(const struct results *r, const struct variant *f, const char *answer,
		    FILE *out);

#endif /* FALSESHARE_H */

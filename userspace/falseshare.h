/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The false-sharing experiment: falseshare.c prints it as text, falseshare_json.c as JSON.
 */
#ifndef FALSESHARE_H
#define FALSESHARE_H

#include "mapstat.h"

#define VARIANTS	4

/* In pairs: packed at an even index, its padded variant at the next one. */
extern const char *const variants[VARIANTS];

/* Figures of one variant; NaN: not measured. */
struct variant {
	double ns, min, max;	/* ns per operation: median, range over the rounds */
	double misses;		/* coherence misses per operation, in the model */
	unsigned int rounds;
	struct shared shared;
};

/* A pair of results published by others. */
extern const struct published {
	const char *what;
	double packed_ns, padded_ns;
} published;

/* Time relative to the padded variant; NaN without times. */
double variant_ratio(const struct variant *f, const struct variant *padded);
int falseshare_json(const struct results *r, const struct variant *f, const char *answer,
		    FILE *out);

#endif /* FALSESHARE_H */

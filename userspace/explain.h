/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two maps of a run: comparison.c brings their figures together, explain.c says what they
 * differ in, explain_json.c the same for programs.
 */
#ifndef MAPSTAT_EXPLAIN_H
#define MAPSTAT_EXPLAIN_H

#include <assert.h>
#include "mapstat.h"

#define FIGURES_MAX	24
#define LEAST_SHARE	0.02	/* of the larger; what differs less, does not differ */

enum figure_from { FROM_RESULTS, FROM_ROUNDS, FROM_MISSES, FROM_STATS };

/* AS_IT_IS: as it stands in the file; PER_OP: divided by the operations of that file. */
enum figure_kind { AS_IT_IS, NANOSECONDS, PER_OP, PER_OP_OPTIONAL };

struct figure_rule {
	const char *group;
	const char *title;
	const char *name;	/* in the file, and in JSON */
	enum figure_from from;
	enum figure_kind kind;
	unsigned int decimals;
	double least;		/* difference that is told of; 0: it is only shown */
	const char *means;
};

struct figure {
	const struct figure_rule *rule;
	double value[2];
	bool known[2];
};

struct compared {
	const struct ranked *ranked;
	bool live;		/* has a directory; else the following are empty */
	struct misses misses;
	struct pairs stats;
	struct pauses pauses;
};

struct comparison {
	struct ranking ranking;
	struct compared map[2];	/* in the order in which they were named */
	struct figure figure[FIGURES_MAX];
	size_t nfigures;
	const struct figure *differing[FIGURES_MAX];	/* the largest difference first */
	size_t ndiffering;
	bool stats_off;
	bool sources_differ;	/* of cache misses: then they cannot be compared */
	const char *undecided;	/* why no difference can be told; NULL: it can */
	const char *untimed;	/* why no time can be used; NULL: they can */
	struct rank_test test;	/* the faster against the slower */
	bool noise;		/* the rounds do not show which is slower */
	size_t slower;		/* of the two; by the median */
};

/* Return: an exit status; comparison_free() is due in any case. */
int comparison_read(struct comparison *c, const struct tree *t, const struct options *opt,
		    const struct results *r);
void comparison_free(struct comparison *c);
const char *compared_source(const struct compared *m);
double figure_difference(const struct figure *f);
const char *figure_missing(const struct comparison *c, const struct figure *f, size_t side);

/* How much more of it the slower map has; where no map is slower: the first. */
double figure_more(const struct comparison *c, const struct figure *f);
/* What one of it would cost, ns, if it alone made the difference in time; NaN: it cannot. */
double figure_price(const struct comparison *c, const struct figure *f);
/* "model", "pmu" or "counted" */
const char *figure_source(const struct comparison *c, const struct figure *f);

#define SENTENCES	8

/* What can be said in words. */
struct sentences {
	char *text[SENTENCES];
	size_t n;
};

void explain_words(const struct comparison *c, const struct results *r, const struct term *term,
		   struct sentences *s);
int explain_json(const struct comparison *c, const struct results *r, const struct sentences *s,
		 FILE *out);

#endif /* MAPSTAT_EXPLAIN_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Comparison of two maps of a run: comparison.c collects their figures, explain_text.c puts the
 * result into words, explain.c and explain_json.c print it.
 */
#ifndef MAPSTAT_EXPLAIN_H
#define MAPSTAT_EXPLAIN_H

#include <assert.h>
#include "mapstat.h"

#define FIGURES_MAX	24
#define LEAST_SHARE	0.02	/* of the larger figure; smaller differences are ignored */

enum figure_from { FROM_RESULTS, FROM_ROUNDS, FROM_MISSES, FROM_STATS };

/*
 * AS_IT_IS: the value in the file; NANOSECONDS: the same, printed as a time; PER_OP: divided by the
 * operations of that file; PER_OP_OPTIONAL: the same, left out if neither map has it.
 */
enum figure_kind { AS_IT_IS, NANOSECONDS, PER_OP, PER_OP_OPTIONAL };

struct figure_rule {
	const char *group;
	const char *title;
	const char *name;	/* in the file, and in JSON */
	enum figure_from from;
	enum figure_kind kind;
	unsigned int decimals;
	double least;		/* smallest difference that is listed; 0: never listed */
	const char *means;
};

struct figure {
	const struct figure_rule *rule;
	double value[2];
	bool known[2];
};

struct compared {
	const struct ranked *ranked;
	bool live;		/* has a directory; otherwise the following are empty */
	struct misses misses;
	struct pairs stats;
	struct pauses pauses;
};

struct comparison {
	struct ranking ranking;
	struct compared map[2];	/* in the order of the arguments */
	struct figure figure[FIGURES_MAX];
	size_t nfigures;
	const struct figure *differing[FIGURES_MAX];	/* the largest difference first */
	size_t ndiffering;
	bool stats_off;
	bool sources_differ;	/* of cache misses, which then cannot be compared */
	const char *undecided;	/* why the times cannot be compared; NULL: they can */
	const char *untimed;	/* why the times cannot be used; NULL: they can */
	struct rank_test test;	/* the faster against the slower */
	bool noise;		/* the rounds do not show which is slower */
	size_t slower;		/* index of the map with the larger median */
};

/* Return: an exit status; the caller calls comparison_free() in any case. */
int comparison_read(struct comparison *c, const struct tree *t, const struct options *opt,
		    const struct results *r);
void comparison_free(struct comparison *c);
const char *compared_source(const struct compared *m);
double figure_difference(const struct figure *f);
const char *figure_missing(const struct comparison *c, const struct figure *f, size_t side);

/* How much more the slower map has; if neither is slower: the first map. */
double figure_more(const struct comparison *c, const struct figure *f);
/* Cost of one event, ns, if this figure alone made the difference in time; NaN: it cannot. */
double figure_price(const struct comparison *c, const struct figure *f);
/* "model", "pmu" or "counted" */
const char *figure_source(const struct comparison *c, const struct figure *f);

#define SENTENCES	8

/* The text of the explanation. */
struct sentences {
	char *text[SENTENCES];
	size_t n;
};

void explain_words(const struct comparison *c, const struct results *r, const struct term *term,
		   struct sentences *s);
int explain_json(const struct comparison *c, const struct results *r, const struct sentences *s,
		 FILE *out);

#endif /* MAPSTAT_EXPLAIN_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "mapstat heat": read records (heat.c, heat_json.c), sum them by cache line and by place
 * (heat_sum.c), and print them (heat_show.c, heat_svg.c, heat_write.c).
 */
#ifndef HEAT_H
#define HEAT_H

#include "events.h"

#define HEAT_NR_L1	(MAPSTAT_EVENT_L1_COHERENCE + 1)
#define HEAT_LINE	64	/* bytes per line, whatever the model's line size */

/**
 * struct heat_event - a record with names instead of numbers
 */
struct heat_event {
	const char *map;
	const char *op;
	const char *func;
	const char *what;
	__u64 addr;
	unsigned int cpu;
	bool write;
	unsigned int l1;	/* enum mapstat_event_l1 */
	bool tlb_miss;
	unsigned int invalidated;
};

struct heat_count {
	__u64 accesses;
	__u64 writes;
	__u64 l1[HEAT_NR_L1];
	__u64 tlb_misses;
	__u64 invalidated;
};

/* A cache line; CPUs above 63 count as CPU 63. */
struct heat_line {
	__u64 addr;
	size_t place;		/* index of the place that accessed it first */
	__u64 writers;		/* a bit per CPU */
	__u64 readers;
	struct heat_count n;
};

/* An object accessed in a function, by one kind of operation. */
struct heat_place {
	char *op;
	char *func;
	char *what;
	struct heat_count n;
};

struct heat_map {
	char *name;
	struct heat_count n;
	struct heat_line *line;
	size_t nlines;
	uint32_t *find;		/* hash of the lines: index + 1 */
	size_t room;		/* of @find, a power of two */
	struct heat_place *place;
	size_t nplaces;
};

/* Sequence numbers of one CPU's records: missing ones were dropped, or read by another reader. */
struct heat_numbers {
	__u64 cpu;		/* seq_cpu */
	__u64 last;		/* the largest; the first one is 0 */
	__u64 n;		/* number of records read */
};

struct heat {
	struct heat_map *map;
	size_t nmaps;
	const char *only;	/* this map; NULL: all */
	struct event_count count;	/* of all maps */
	struct heat_numbers *numbers;
	size_t nnumbers;
};

void heat_add(struct heat *h, const struct heat_event *e);
/* Add the records of a JSON file; @head has been read from it.  Return: an exit status */
int heat_json(struct heat *h, FILE *in, const char *name, const char *head, size_t nhead);
void heat_number(struct heat *h, __u64 cpu, __u64 seq);
/*
 * Print why the records are incomplete, beginning with "Partial" if records are known to be
 * missing.  Return: false, with nothing printed, if every access was recorded
 */
bool heat_lacks(const struct heat *h, FILE *out);
/* Sort lines by address, places by misses. */
void heat_sort(struct heat *h);
void heat_free(struct heat *h);
__u64 heat_misses(const struct heat_count *n);

void heat_show(const struct heat *h, const struct term *term, FILE *out);
void heat_svg(const struct heat *h, FILE *out);
void heat_folded(const struct heat *h, FILE *out);
int heat_document(const struct heat *h, FILE *out);	/* JSON */

#endif /* HEAT_H */

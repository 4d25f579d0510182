/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "mapstat heat": sums of records, by line and by place (heat_sum.c), from where they come
 * (heat.c, heat_json.c), and their pictures (heat_show.c, heat_svg.c).
 */
#ifndef HEAT_H
#define HEAT_H

#include "events.h"

#define HEAT_NR_L1	(MAPSTAT_EVENT_L1_COHERENCE + 1)
#define HEAT_LINE	64	/* bytes, as a picture has them */

/**
 * struct heat_event - a record, in words
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

/* A line of memory; CPUs above 63 count as the last. */
struct heat_line {
	__u64 addr;
	size_t place;		/* the one that touched it first */
	__u64 writers;	/* CPUs, a bit each */
	__u64 readers;
	struct heat_count n;
};

/* What is accessed, and where in the source; an operation's accesses of it. */
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

/* The numbers of records of one CPU: what is missing among them was dropped, or read by others. */
struct heat_numbers {
	__u64 cpu;		/* seq_cpu */
	__u64 last;		/* the largest; they begin with 0 */
	__u64 n;		/* how many of them came */
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
/* Add the records of a file of JSON, of which @head was read before.  Return: an exit status. */
int heat_json(struct heat *h, FILE *in, const char *name, const char *head, size_t nhead);
void heat_number(struct heat *h, __u64 cpu, __u64 seq);
/*
 * Say what the picture lacks, and begin with "Partial" if it lacks something for certain.
 * Return: false if it has each access, and then nothing is said.
 */
bool heat_lacks(const struct heat *h, FILE *out);
/* Lines by address, places by misses. */
void heat_sort(struct heat *h);
void heat_free(struct heat *h);
__u64 heat_misses(const struct heat_count *n);

void heat_show(const struct heat *h, const struct term *term, FILE *out);
void heat_svg(const struct heat *h, FILE *out);
void heat_folded(const struct heat *h, FILE *out);
int heat_document(const struct heat *h, FILE *out);	/* JSON */

#endif /* HEAT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory-access events: where they come from (events_relay.c, events_bpf.c), and what is
 * made of them (events.c, events_print.c, heat.c).
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "json.h"

/**
 * struct event_sink - takes records
 * @take: one record; returns an exit status, or EVENTS_ENOUGH to have no more
 */
struct event_sink {
	int (*take)(struct event_sink *sink, const struct mapstat_event *event);
};

#define EVENTS_ENOUGH	(-1)

/**
 * struct event_count - what became of the records
 * @read: handed to the sink
 * @produced: made by the kernel, among them those that have not been read yet; by its own count
 * @dropped: of those, lost for want of room; by its own count
 * @known: @produced and @dropped are known
 * @shift: 1 access in 2^shift became a record
 */
struct event_count {
	__u64 read;
	__u64 produced;
	__u64 dropped;
	bool known;
	unsigned int shift;
};

/**
 * struct event_source - gives records
 * @name: "relay" or "bpf"
 * @tree: mapstat's directory
 * @private: the source's own
 * @poll: wait at most @ms for records, and hand on all that are there; returns what the
 *	sink said, or an exit status
 * @count: fill in what the kernel produced and dropped; returns an exit status
 * @close: undo what opening it did; of @caught, which are blocked, a signal ends the wait
 *	for the end of a run; returns that signal, or 0
 */
struct event_source {
	const char *name;
	const struct tree *tree;
	void *private;
	int (*poll)(struct event_source *s, struct event_sink *sink, int ms, bool *any);
	int (*count)(struct event_source *s, struct event_count *c);
	int (*close)(struct event_source *s, const sigset_t *caught);
};

int relay_open(struct event_source *s, const struct tree *t, const sigset_t *caught);
/* Does the channel hold records that no reader has read, or is reading? */
bool relay_has_records(const struct tree *t);
/* Where it cannot be had, @why says so, and nothing is printed. */
int bpf_open(struct event_source *s, const struct tree *t, char *why, size_t size);

/* -- names of maps and places (events_names.c) -- */

struct event_names {
	const struct tree *tree;
	char **map;		/* by id; NULL: not known */
	size_t nmaps;
	char **func;		/* by site */
	char **what;
	size_t nsites;
};

void names_of_events(struct event_names *n, const struct tree *t);
void names_of_events_free(struct event_names *n);
const char *name_of_map(struct event_names *n, uint32_t id);
void name_of_site(struct event_names *n, uint16_t site, const char **func, const char **what);

/* -- printing (events_print.c) -- */

/* In JSON an address is text: a number there need not hold 64 bits. */
#define ADDRESS_LEN	20
char *address_text(char *buf, uint64_t address);
const char *event_op(const struct mapstat_event *e);
const char *event_l1(const struct mapstat_event *e);
const char *event_type(const struct mapstat_event *e);
void event_header(FILE *out);
void event_text(FILE *out, struct event_names *n, const struct mapstat_event *e);
/*
 * The object of a record and its members, which the next record changes: making them anew takes
 * longer.  All 0 before the first record; @record is to be freed.
 */
struct event_line {
	struct json_object *record;
	struct json_object *member[16];
	size_t n;
};

int event_json(FILE *out, struct event_line *line, struct event_names *n,
	       const struct mapstat_event *e);
int event_summary_json(FILE *out, const char *source, const struct event_count *c);
/* The members of a summary that say how many records there are; null: not known. */
void event_count_json(struct json_object *to, const struct event_count *c);
void event_summary_text(FILE *out, const char *source, const struct event_count *c);
/* Are there records that were not read?  @c is known. */
bool event_count_partial(const struct event_count *c);

/* -- the loop (events.c) -- */

struct event_loop {
	const char *source;	/* "auto", "relay" or "bpf" */
	uint64_t max;		/* records; 0: no limit */
	bool limited;		/* @seconds says how long */
	uint64_t seconds;	/* 0: what is there now */
};

/* Hand records on until there are enough, or a signal comes. */
int events_loop(const struct tree *t, const struct event_loop *loop, struct event_sink *sink,
		const char **source, struct event_count *count);
int event_loop_options(const struct options *opt, struct event_loop *loop);
uint64_t now_ms(void);

#endif /* EVENTS_H */

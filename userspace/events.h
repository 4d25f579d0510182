/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory-access events: their sources (events_relay.c, events_bpf.c) and consumers (events.c,
 * events_print.c, heat.c).
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "json.h"

/**
 * struct event_sink - consumer of records
 * @take: consume one record; returns an exit status, or EVENTS_ENOUGH to stop
 */
struct event_sink {
	int (*take)(struct event_sink *sink, const struct mapstat_event *event);
};

#define EVENTS_ENOUGH	(-1)

/**
 * struct event_count - counts of records
 * @read: records passed to the sink
 * @produced: records the kernel produced, including those not read yet; the kernel's count
 * @dropped: those of @produced that were lost because the buffer was full; the kernel's count
 * @known: @produced and @dropped are valid
 * @shift: 1 access in 2^shift was recorded
 */
struct event_count {
	__u64 read;
	__u64 produced;
	__u64 dropped;
	bool known;
	unsigned int shift;
};

/**
 * struct event_source - source of records
 * @name: "relay" or "bpf"
 * @tree: mapstat's directory
 * @private: data of the source
 * @poll: wait at most @ms for records, pass all available ones to @sink, and set @any if there
 *	were any; returns the sink's return value if it is not 0, or an exit status
 * @count: add what the kernel produced and dropped to @c; returns an exit status
 * @close: undo what opening did, which may wait for the end of a run; a signal of @caught, which
 *	are blocked, ends that wait; returns that signal, or 0
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
/* Are there unread records in the channel, with no other reader? */
bool relay_has_records(const struct tree *t);
/* On failure @why receives the reason, and nothing is printed.  Return: an exit status */
int bpf_open(struct event_source *s, const struct tree *t, char *why, size_t size);

/* -- names of maps and access sites (events_names.c) -- */

struct event_names {
	const struct tree *tree;
	char **map;		/* by id; NULL: not looked up */
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

/* In JSON an address is a string, as JSON numbers may be limited to 53 bits. */
#define ADDRESS_LEN	20
char *address_text(char *buf, uint64_t address);
const char *event_op(const struct mapstat_event *e);
const char *event_l1(const struct mapstat_event *e);
const char *event_type(const struct mapstat_event *e);
void event_header(FILE *out);
void event_text(FILE *out, struct event_names *n, const struct mapstat_event *e);
/*
 * The JSON object of a record and its members, reused for every record because creating them is
 * slower.  All zero before the first record; the caller frees @record.
 */
struct event_line {
	struct json_object *record;
	struct json_object *member[16];
	size_t n;
};

int event_json(FILE *out, struct event_line *line, struct event_names *n,
	       const struct mapstat_event *e);
int event_summary_json(FILE *out, const char *source, const struct event_count *c);
/* Add the counts of records to a summary; null: unknown. */
void event_count_json(struct json_object *to, const struct event_count *c);
void event_summary_text(FILE *out, const char *source, const struct event_count *c);
/* Are there records that were not read?  Requires @c->known. */
bool event_count_partial(const struct event_count *c);

/* -- the loop (events.c) -- */

struct event_loop {
	const char *source;	/* "auto", "relay" or "bpf" */
	uint64_t max;		/* records; 0: no limit */
	bool limited;		/* stop after @seconds */
	uint64_t seconds;	/* 0: only what is available now */
};

/*
 * Pass records to @sink until it or @loop has enough, or a signal arrives.  @source receives the
 * source's name if it could be opened.  Return: an exit status
 */
int events_loop(const struct tree *t, const struct event_loop *loop, struct event_sink *sink,
		const char **source, struct event_count *count);
int event_loop_options(const struct options *opt, struct event_loop *loop);
uint64_t now_ms(void);

#endif /* EVENTS_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat events": print records as they arrive.
 *
 * As in run.c, signals are blocked and checked between two polls of the source, so that whatever
 * ends the command, events are disabled if it enabled them, and the summary is printed.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "events.h"

#define POLL_MS			100
#define EVENTS_SHIFT_MAX	20

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * "auto" uses the source that has records.  A copy has only those of relay; and the records of
 * a run that has ended are only in the relay channel, as BPF sees new records only.
 */
static bool relay_is_better(const struct tree *t)
{
	return !tree_is_live(t) || relay_has_records(t);
}

static int open_source(struct event_source *s, const struct tree *t, const char *wanted,
		       const sigset_t *caught)
{
	const bool automatic = !strcmp(wanted, "auto");
	char why[512];

	if (!strcmp(wanted, "relay") || (automatic && relay_is_better(t)))
		return relay_open(s, t, caught);
	if (!tree_is_live(t))
		return fail(ST_USAGE, "--source relay reads the records of a copy",
			    "BPF reports events of this kernel, but %s is a copy", t->path);
	if (!bpf_open(s, t, why, sizeof(why)))
		return ST_OK;
	if (!automatic)
		return fail(ST_SYSTEM, "--source relay needs no BPF", "BPF: %s", why);
	fprintf(stderr, "mapstat: no BPF: %s\n", why);
	return relay_open(s, t, caught);
}

/* Counts records, and stops at @max. */
struct counting {
	struct event_sink sink;
	struct event_sink *next;
	uint64_t max;
	uint64_t n;
};

static int count_record(struct event_sink *sink, const struct mapstat_event *event)
{
	struct counting *c = (struct counting *)sink;
	int ret = c->next->take(c->next, event);

	c->n++;
	return ret ? ret : c->max && c->n >= c->max ? EVENTS_ENOUGH : ST_OK;
}

static int poll_until(struct event_source *s, const struct event_loop *loop,
		      struct event_sink *sink, const sigset_t *caught)
{
	const uint64_t end = now_ms() + loop->seconds * 1000;
	const struct timespec pause = { 0, POLL_MS * 1000000 / 2 };
	bool last, any;
	int ret;

	do {
		last = loop->limited && now_ms() >= end;
		any = false;
		ret = s->poll(s, sink, last ? 0 : POLL_MS, &any);
		if (any && fflush(stdout) && ret <= ST_OK)	/* a pipe gets them at once */
			ret = output_failed();
		if (!any && !last && !ret)	/* poll() does not block on a plain file */
			nanosleep(&pause, NULL);
	} while (!ret && (!last || any) && !signal_wait(caught, 0));
	return ret == EVENTS_ENOUGH ? ST_OK : ret;
}

/* A module without this parameter records every access. */
static int read_shift(const struct tree *t, unsigned int *shift)
{
	uint64_t n = 0;
	char *word;
	int ret;

	if (faccessat(t->fd, "stress/events_shift", F_OK, 0))
		return ST_OK;
	ret = tree_read_word(t, "stress/events_shift", &word);
	if (!ret && (!parse_u64(word, &n) || n > EVENTS_SHIFT_MAX))
		ret = fail(ST_MALFORMED, NULL, "%s/stress/events_shift is '%s'", t->path, word);
	free(word);
	*shift = (unsigned int)n;
	return ret;
}

/* Return: 128 + the signal that ended the wait in close(), else @ret, else the status of count() */
static int finish(struct event_source *s, struct event_count *count, const sigset_t *caught,
		  int ret)
{
	const int counted = s->count(s, count), sig = s->close(s, caught);

	count->known = !counted;
	if (sig)
		return 128 + sig;
	return ret ? ret : counted;
}

int events_loop(const struct tree *t, const struct event_loop *loop, struct event_sink *sink,
		const char **source, struct event_count *count)
{
	struct counting counting = {
		.sink.take = count_record, .next = sink, .max = loop->max,
	};
	sigset_t caught, before;
	struct event_source s;
	int ret;

	signals_catch(&caught, &before);
	ret = read_shift(t, &count->shift);
	if (!ret)
		ret = open_source(&s, t, loop->source, &caught);
	if (!ret) {
		*source = s.name;
		fprintf(stderr, "mapstat: events from %s\n", s.name);
		ret = poll_until(&s, loop, &counting.sink, &caught);
		count->read = counting.n;
		ret = finish(&s, count, &caught, ret);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret;
}

struct printing {
	struct event_sink sink;
	struct event_names names;
	FILE *out;
	struct event_line line;
	bool json;
	bool begun;
};

static void print_header(struct printing *p)
{
	if (!p->json && !p->begun)
		event_header(p->out);
	p->begun = true;
}

static int print_record(struct event_sink *sink, const struct mapstat_event *event)
{
	struct printing *p = (struct printing *)sink;

	print_header(p);
	if (p->json)
		return event_json(p->out, &p->line, &p->names, event);
	event_text(p->out, &p->names, event);
	return ferror(p->out) ? output_failed() : ST_OK;
}

int event_loop_options(const struct options *opt, struct event_loop *loop)
{
	*loop = (struct event_loop){ .source = opt->source, .limited = opt->seconds };
	if (strcmp(opt->source, "auto") && strcmp(opt->source, "bpf") &&
	    strcmp(opt->source, "relay"))
		return fail(ST_USAGE, "mapstat --help", "there is no source '%s'", opt->source);
	if (opt->count && (!parse_u64(opt->count, &loop->max) || !loop->max))
		return fail(ST_USAGE, "mapstat --help", "--count %s: not a number above 0",
			    opt->count);
	if (opt->seconds && (!parse_u64(opt->seconds, &loop->seconds) ||
			     loop->seconds > UINT32_MAX))
		return fail(ST_USAGE, "mapstat --help", "--seconds %s: not a number of seconds",
			    opt->seconds);
	return ST_OK;
}

int events(const struct tree *t, const struct options *opt, FILE *out)
{
	struct printing p = { .sink.take = print_record, .out = out, .json = opt->json };
	struct event_count count = { 0 };
	const char *source = NULL;
	struct event_loop loop;
	int written = ST_OK;
	int ret;

	ret = event_loop_options(opt, &loop);
	if (ret)
		return ret;
	names_of_events(&p.names, t);
	ret = events_loop(t, &loop, &p.sink, &source, &count);
	names_of_events_free(&p.names);
	json_object_put(p.line.record);
	if (!source)
		return ret;
	print_header(&p);
	if (p.json && !ferror(out))
		written = event_summary_json(out, source, &count);
	ret = ret ? ret : written;
	if ((fflush(out) || ferror(out)) && !ret)
		ret = output_failed();
	event_summary_text(stderr, source, &count);
	return ret;
}

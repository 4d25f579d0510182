// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat heat": read records, live or from a file, which holds JSON (heat_json.c) or the binary
 * records of events/cpuN; and choose the output.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "heat.h"

struct heating {
	struct event_sink sink;
	struct event_names names;
	struct heat heat;
};

static int heat_record(struct event_sink *sink, const struct mapstat_event *event)
{
	struct heating *h = (struct heating *)sink;
	struct heat_event e = {
		.op = event_op(event), .addr = event->addr, .cpu = event->cpu,
		.write = event->type != MAPSTAT_EVENT_READ,
		.l1 = event->l1 < HEAT_NR_L1 ? event->l1 : MAPSTAT_EVENT_L1_COLD,
		.tlb_miss = event->flags & MAPSTAT_EVENT_TLB_MISS,
		.invalidated = event->invalidated,
	};
	char map[32];

	e.map = name_of_map(&h->names, event->map);
	if (!strcmp(e.map, "?")) {
		snprintf(map, sizeof(map), "map-%u", event->map);
		e.map = map;
	}
	name_of_site(&h->names, event->site, &e.func, &e.what);
	heat_add(&h->heat, &e);
	heat_number(&h->heat, event->seq_cpu, event->seq);
	return ST_OK;
}

/* @got bytes of the first record have been read into @event already. */
static int heat_binary(struct heating *h, FILE *in, const char *file,
		       struct mapstat_event *event, size_t got)
{
	while (got == sizeof(*event)) {
		if (event->version != MAPSTAT_EVENT_VERSION)
			return fail(ST_MALFORMED, NULL, "%s: not records of version %u", file,
				    MAPSTAT_EVENT_VERSION);
		heat_record(&h->sink, event);
		h->heat.count.read++;
		got = fread(event, 1, sizeof(*event), in);
	}
	return got ? fail(ST_MALFORMED, NULL, "%s: ends within a record", file) : ST_OK;
}

/* Binary records contain zero bytes, JSON does not. */
static int heat_stream(struct heating *h, FILE *in, const char *file)
{
	struct mapstat_event first;
	const size_t got = fread(&first, 1, sizeof(first), in);

	if (memchr(&first, 0, got))
		return heat_binary(h, in, file, &first, got);
	return heat_json(&h->heat, in, file, (const char *)&first, got);
}

static int heat_file(struct heating *h, const char *file)
{
	FILE *in = strcmp(file, "-") ? fopen(file, "re") : stdin;
	int ret;

	if (!in)
		return fail(errno == EACCES ? ST_PERMISSION : ST_SYSTEM, NULL, "%s: %s", file,
			    strerror(errno));
	ret = heat_stream(h, in, file);
	if (!ret && ferror(in))
		ret = fail(ST_SYSTEM, NULL, "%s: %s", file, strerror(errno));
	if (in != stdin)
		fclose(in);
	return ret;
}

static int heat_live(struct heating *h, const struct tree *t, const struct options *opt)
{
	const char *source = NULL;
	struct event_loop loop;
	int ret = event_loop_options(opt, &loop);

	if (ret)
		return ret;
	ret = events_loop(t, &loop, &h->sink, &source, &h->heat.count);
	if (source)
		event_summary_text(stderr, source, &h->heat.count);
	return ret;
}

static int write_file(const char *file, const struct heat *h,
		      void (*write)(const struct heat *h, FILE *out))
{
	FILE *out = fopen(file, "we");
	bool failed;

	if (!out)
		return fail(ST_OUTPUT, NULL, "%s: %s", file, strerror(errno));
	write(h, out);
	failed = ferror(out);
	if (fclose(out) || failed)
		return fail(ST_OUTPUT, NULL, "%s: %s", file, strerror(errno));
	return ST_OK;
}

static int output(const struct heat *h, const struct options *opt, const struct term *term,
		  FILE *out)
{
	int ret = ST_OK;

	if (!h->nmaps)
		return fail(ST_NO_MAP, "records come with a run: mapstat run -p cache=model",
			    opt->map ? "no record of map %s" : "no record%.0s", opt->map);
	if (opt->folded && heat_lacks(h, stderr))	/* folded stacks cannot hold it */
		putc('\n', stderr);
	if (opt->svg)
		ret = write_file(opt->svg, h, heat_svg);
	if (!ret && opt->folded)
		heat_folded(h, out);
	else if (!ret && opt->json)
		ret = heat_document(h, out);
	else if (!ret && !opt->svg)
		heat_show(h, term, out);
	return ret;
}

int heat(const struct tree *t, const struct options *opt, const struct term *term, FILE *out)
{
	struct heating h = { .sink.take = heat_record, .heat.only = opt->map };
	int ret;

	if (opt->folded && opt->json)
		return fail(ST_USAGE, "mapstat heat --help", "--folded or --json, not both");
	names_of_events(&h.names, t);
	ret = opt->nargs ? heat_file(&h, opt->args[0]) : heat_live(&h, t, opt);
	if (!ret) {
		heat_sort(&h.heat);
		ret = output(&h.heat, opt, term, out);
	}
	names_of_events_free(&h.names);
	heat_free(&h.heat);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat heat": where the records come from.  Live, or a file: JSON lines of "mapstat
 * events --json", or what was read from events/cpuN.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "heat.h"

#define WORD_MAX	256

static const char *const l1_words[HEAT_NR_L1] = {
	[MAPSTAT_EVENT_L1_HIT] = "hit",
	[MAPSTAT_EVENT_L1_COLD] = "cold",
	[MAPSTAT_EVENT_L1_CAPACITY] = "capacity",
	[MAPSTAT_EVENT_L1_CONFLICT] = "conflict",
	[MAPSTAT_EVENT_L1_COHERENCE] = "coherence",
};

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
	return ST_OK;
}

/* The text of @key's value, as "mapstat events" writes it. Return: false where there is none. */
static bool json_field(const char *line, const char *key, char *buf)
{
	char pattern[32];
	const char *at;
	size_t n = 0;
	bool quoted;

	snprintf(pattern, sizeof(pattern), "\"%s\": ", key);
	/* Within a string the quotes would have a backslash before them. */
	at = strstr(line, pattern);
	if (!at)
		return false;
	at += strlen(pattern);
	quoted = *at == '"';
	at += quoted;
	while (*at && n < WORD_MAX - 1 && (quoted ? *at != '"' : !strchr(",}\n", *at))) {
		if (quoted && *at == '\\' && at[1])
			at++;
		buf[n++] = *at++;
	}
	buf[n] = '\0';
	return n && *at;
}

static bool json_number(const char *line, const char *key, __u64 *value)
{
	char buf[WORD_MAX], *end;

	if (!json_field(line, key, buf) || *buf < '0' || *buf > '9')
		return false;
	errno = 0;
	*value = strtoull(buf, &end, 0);
	return !errno && !*end;
}

static bool json_l1(const char *line, unsigned int *l1)
{
	char buf[WORD_MAX];

	if (!json_field(line, "l1", buf))
		return false;
	for (*l1 = 0; *l1 < HEAT_NR_L1; ++*l1)
		if (!strcmp(l1_words[*l1], buf))
			return true;
	return false;
}

static bool heat_json(struct heat *h, const char *line)
{
	char map[WORD_MAX], op[WORD_MAX], access[WORD_MAX], func[WORD_MAX], what[WORD_MAX];
	char tlb[WORD_MAX];
	struct heat_event e = { .map = map, .op = op, .func = func, .what = what };
	__u64 cpu, invalidated;

	if (!json_field(line, "map", map) || !json_field(line, "op", op) ||
	    !json_field(line, "access", access) || !json_field(line, "func", func) ||
	    !json_field(line, "what", what) || !json_field(line, "tlb_miss", tlb) ||
	    !json_number(line, "addr", &e.addr) || !json_number(line, "cpu", &cpu) ||
	    !json_number(line, "invalidated", &invalidated) || !json_l1(line, &e.l1))
		return false;
	e.cpu = cpu < 63 ? (unsigned int)cpu : 63;
	e.invalidated = invalidated < 255 ? (unsigned int)invalidated : 255;
	e.write = strcmp(access, "read");
	e.tlb_miss = !strcmp(tlb, "true");
	heat_add(h, &e);
	return true;
}

static int heat_lines(struct heating *h, FILE *in, const char *file)
{
	size_t room = 0, number = 0;
	int ret = ST_OK;
	char *line = NULL;

	while (!ret && getline(&line, &room, in) > 0) {
		number++;
		if (strncmp(line, "{\"summary\"", 10) && !heat_json(&h->heat, line))
			ret = fail(ST_MALFORMED, "mapstat events --json writes such files",
				   "%s, line %zu: not a record", file, number);
	}
	free(line);
	return ret;
}

static int heat_binary(struct heating *h, FILE *in, const char *file)
{
	struct mapstat_event event;
	size_t got;

	while ((got = fread(&event, 1, sizeof(event), in)) == sizeof(event)) {
		if (event.version != MAPSTAT_EVENT_VERSION)
			return fail(ST_MALFORMED, NULL, "%s: not records of version %u", file,
				    MAPSTAT_EVENT_VERSION);
		heat_record(&h->sink, &event);
	}
	return got ? fail(ST_MALFORMED, NULL, "%s: ends within a record", file) : ST_OK;
}

static int heat_file(struct heating *h, const char *file)
{
	FILE *in = strcmp(file, "-") ? fopen(file, "re") : stdin;
	int ret, first;

	if (!in)
		return fail(errno == EACCES ? ST_PERMISSION : ST_SYSTEM, NULL, "%s: %s", file,
			    strerror(errno));
	first = getc(in);
	ungetc(first, in);
	ret = first == '{' || first == EOF ? heat_lines(h, in, file) :
					     heat_binary(h, in, file);
	if (!ret && ferror(in))
		ret = fail(ST_SYSTEM, NULL, "%s: %s", file, strerror(errno));
	if (in != stdin)
		fclose(in);
	return ret;
}

static int heat_live(struct heating *h, const struct tree *t, const struct options *opt)
{
	struct event_count count = { 0 };
	const char *source = NULL;
	struct event_loop loop;
	int ret = event_loop_options(opt, &loop);

	if (ret)
		return ret;
	ret = events_loop(t, &loop, &h->sink, &source, &count);
	if (source)
		fprintf(stderr, "mapstat: %llu records from %s, %llu dropped\n",
			count.read, source,
			count.dropped);
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
	if (opt->svg)
		ret = write_file(opt->svg, h, heat_svg);
	if (!ret && opt->folded)
		heat_folded(h, out);
	else if (!ret && !opt->svg)
		heat_show(h, term, out);
	return ret;
}

int heat(const struct tree *t, const struct options *opt, const struct term *term, FILE *out)
{
	struct heating h = { .sink.take = heat_record, .heat.only = opt->map };
	int ret;

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

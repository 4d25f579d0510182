// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of commands and options, and what is generated from them: usage, help, and the
 * table for shell completion.
 */
#include <stdlib.h>
#include <string.h>
#include "commands.h"

const struct option_row option_rows[NOPTIONS] = {
	[OPT_PARAMETER] = {
		.name = "parameter", .letter = 'p', .again = true,
		.argument = "NAME=VALUE", .values = "@parameters",
		.help = "set a parameter, a file of stress/; -p is optional",
	},
	[OPT_KEEP] = {
		.name = "keep",
		.help = "keep the values of parameters that are not given",
	},
	[OPT_WAIT_ONLY] = {
		.name = "wait-only",
		.help = "do not print the results",
	},
	[OPT_LAST] = {
		.name = "last",
		.help = "show the last run of this experiment; start no run",
	},
	[OPT_ANSWER] = {
		.name = "answer",
		.help = "only the ranking and the answer: one screen",
	},
	[OPT_OP] = {
		.name = "op", .argument = "OP", .noun = "operation",
		.values = "load store delete rmw range load_many load_response store_response "
			  "delete_response",
		.help = "the operation whose latency is shown: one of\n"
			"load, store, delete, rmw, range, load_many,\n"
			"load_response, store_response, delete_response;\n"
			"default: load, or load_many if batch is above 1",
	},
	[OPT_HIST] = {
		.name = "hist",
		.help = "also show a latency histogram of each map",
	},
	[OPT_PER_CPU] = {
		.name = "per-cpu",
		.help = "the counters and the latency of each CPU",
	},
	[OPT_JSON] = {
		.name = "json",
		.help = "print JSON",
	},
	[OPT_SOURCE] = {
		.name = "source", .argument = "SOURCE", .noun = "source",
		.values = "auto bpf relay",
		.help = "bpf: from the tracepoint; relay: from events/cpuN,\n"
			"with events enabled if they are off; auto (default):\n"
			"relay if it has records, else bpf, else relay",
	},
	[OPT_COUNT] = {
		.name = "count", .argument = "N",
		.help = "stop after N records",
	},
	[OPT_SECONDS] = {
		.name = "seconds", .argument = "S",
		.help = "stop after S seconds; 0: only the records available now",
	},
	[OPT_MAP] = {
		.name = "map", .argument = "MAP", .values = "@maps",
		.help = "only this map",
	},
	[OPT_SVG] = {
		.name = "svg", .argument = "FILE", .values = "@files",
		.help = "write an SVG image to FILE",
	},
	[OPT_FOLDED] = {
		.name = "folded",
		.help = "print stacks for flame graphs:\n"
			"map;operation;function;field misses",
	},
};

static int call_show(const struct call *c)
{
	return show(c->tree, c->opt, c->term, c->out);
}

static int call_explain(const struct call *c)
{
	return explain(c->tree, c->opt, c->term, c->out);
}

static int call_list(const struct call *c)
{
	return list(c->tree, c->opt, c->out);
}

static int call_json(const struct call *c)
{
	return json(c->tree, c->out);
}

static int call_parameters(const struct call *c)
{
	return parameters(c->tree, c->opt, c->term, c->out);
}

static int call_run(const struct call *c)
{
	return run(c->tree, c->opt, c->term, c->out);
}

static int call_stop(const struct call *c)
{
	return stop(c->tree);
}

static int call_reset(const struct call *c)
{
	return reset(c->tree);
}

static int call_falseshare(const struct call *c)
{
	return falseshare(c->tree, c->opt, c->term, c->out);
}

static int call_wait(const struct call *c)
{
	return wait_idle(c->tree);
}

static int call_events(const struct call *c)
{
	return events(c->tree, c->opt, stdout);	/* as they arrive, not at the end */
}

static int call_heat(const struct call *c)
{
	return heat(c->tree, c->opt, c->term, c->out);
}

#define HAS(option)	(1U << OPT_##option)

const struct command commands[] = {
	{
		.name = "show", .call = call_show,
		.options = HAS(ANSWER) | HAS(OP) | HAS(HIST) | HAS(PER_CPU) | HAS(JSON),
		.operands = "[MAP]...", .most = SIZE_MAX, .offers = "@maps",
		.does = "which design was fastest in the last run, and its figures",
		.help =
	"Show the ranking of the last run's maps, and which of them is fastest, or why the run\n"
	"does not show it; then their other figures and the verdict.  With MAP, only the rows of\n"
	"those maps, compared with the fastest of all.\n",
	}, {
		.name = "explain", .call = call_explain,
		.options = HAS(JSON),
		.operands = "MAP MAP", .least = 2, .most = 2, .offers = "@maps",
		.does = "what the difference between two maps comes from",
		.help =
	"Compare two maps of the last run: time, accesses and cache misses, counters, pauses;\n"
	"show which of these differ most, and whether they explain the difference in time.\n",
	}, {
		.name = "list", .call = call_list,
		.options = HAS(PER_CPU) | HAS(JSON),
		.does = "the live maps",
		.help =
	"List the live maps: design, entries, bytes per entry, hits and misses of loads.\n",
	}, {
		.name = "json", .call = call_json,
		.does = "everything, as one JSON document",
		.help =
	"Print version, control, parameters, results, verdict, the counts of events, and all\n"
	"files of each live map as one JSON document.  What was not measured is null.\n",
	}, {
		.name = "parameters", .call = call_parameters,
		.options = HAS(JSON),
		.does = "the parameters: values, defaults, ranges and purpose",
		.help =
	"Print each parameter with its value, default, range and purpose.\n",
	}, {
		.name = "run", .call = call_run,
		.options = HAS(PARAMETER) | HAS(KEEP) | HAS(WAIT_ONLY) | HAS(OP) | HAS(HIST) |
			   HAS(PER_CPU) | HAS(JSON),
		.operands = "[NAME=VALUE]...", .most = SIZE_MAX, .offers = "@parameters",
		.does = "set parameters, run, and show",
		.help =
	"Set parameters, start a run, wait for it to end, and show it.  Ctrl-C stops the run.\n"
	"Parameters that are not given take the module's defaults, except autostart and those\n"
	"of events.  If a value is refused, no run is started and the old values are restored.\n",
	}, {
		.name = "stop", .call = call_stop,
		.does = "stop the run that is under way",
		.help =
	"Stop the run that is under way.  Its rounds so far are kept.\n",
	}, {
		.name = "reset", .call = call_reset,
		.does = "discard the results, zero the statistics",
		.help =
	"Discard the results, and zero the statistics of all live maps, including those of other\n"
	"modules.\n",
	}, {
		.name = "falseshare", .call = call_falseshare,
		.options = HAS(PARAMETER) | HAS(KEEP) | HAS(LAST) | HAS(JSON),
		.operands = "[NAME=VALUE]...", .most = SIZE_MAX, .offers = "@parameters",
		.does = "the cost of sharing a cache line, and the contended lines",
		.help =
	"Run counters and shards, packed against padded, with the cache model; show the cost of\n"
	"sharing lines, the coherence misses behind it, and the contended lines.\n"
	"Parameters are set as by mapstat run.\n",
	}, {
		.name = "wait", .call = call_wait,
		.does = "wait for a run to end",
		.help =
	"Wait until no run is under way.  Exit status 1 if the last one failed.\n",
	}, {
		.name = "events", .call = call_events,
		.options = HAS(SOURCE) | HAS(JSON) | HAS(COUNT) | HAS(SECONDS),
		.does = "accesses to the maps' memory, as they happen",
		.help =
	"Print accesses to the maps' memory as they happen in the rounds of the cache model,\n"
	"until Ctrl-C; then their source, their number, and how many were lost.\n"
	"With --json, a line of JSON for each, and a summary.\n",
	}, {
		.name = "heat", .call = call_heat,
		.options = HAS(MAP) | HAS(SVG) | HAS(FOLDED) | HAS(JSON) | HAS(SOURCE) |
			   HAS(COUNT) | HAS(SECONDS),
		.operands = "[FILE]", .most = 1, .offers = "@files", .file_is_enough = true,
		.does = "which lines and fields are accessed, missed, contended",
		.help =
	"Show which cache lines and which fields a map's operations access, which of them miss,\n"
	"and which lines are contended.  FILE: the output of mapstat events --json, or records\n"
	"read from events/cpuN; -: standard input; without FILE: live records.\n",
	},
};

const size_t ncommands = sizeof(commands) / sizeof(*commands);

/* -- help, and the table for completion -- */

#define USAGE_WIDTH	80
#define HELP_COLUMN	25
#define LIST_COLUMN	30

/* "[-p NAME=VALUE]...", for a usage line. */
static void usage_option(FILE *out, const struct option_row *o)
{
	if (o->letter)
		fprintf(out, "[-%c", o->letter);
	else
		fprintf(out, "[--%s", o->name);
	fprintf(out, "%s%s]%s", o->argument ? " " : "", o->argument ? o->argument : "",
		o->again ? "..." : "");
}

static char *usage_word(const struct command *c, size_t i)
{
	char *word = NULL;
	size_t len;
	FILE *f;

	if (i < NOPTIONS && !(c->options & 1U << i))
		return NULL;
	if (i == NOPTIONS && !c->operands)
		return NULL;
	f = xmemstream(&word, &len);
	if (i < NOPTIONS)
		usage_option(f, &option_rows[i]);
	else
		fputs(c->operands, f);
	fclose(f);
	return word;
}

/* "show [--answer] … [MAP]...", wrapped to @width columns unless that is 0. */
static void put_usage(FILE *out, const struct command *c, unsigned int indent, unsigned int width)
{
	unsigned int column = indent + cells(c->name);

	fputs(c->name, out);
	for (size_t i = 0; i <= NOPTIONS; i++) {
		char *word = usage_word(c, i);

		if (!word)
			continue;
		if (width && column + 1 + cells(word) > width) {
			fprintf(out, "\n%*s", (int)(indent + cells(c->name)), "");
			column = indent + cells(c->name);
		}
		fprintf(out, " %s", word);
		column += 1 + cells(word);
		free(word);
	}
}

static void put_option_help(FILE *out, const struct option_row *o)
{
	const char *line = o->help, *end;
	unsigned int column = 8 + cells(o->name);

	if (o->letter)
		fprintf(out, "  -%c, --%s", o->letter, o->name);
	else
		fprintf(out, "      --%s", o->name);
	if (o->argument)
		column += (unsigned int)fprintf(out, " %s", o->argument);
	if (column + 2 > HELP_COLUMN) {
		putc('\n', out);
		column = 0;
	}
	for (; line; line = *end ? end + 1 : NULL) {
		end = line + strcspn(line, "\n");
		fprintf(out, "%*s%.*s\n", (int)(HELP_COLUMN - column), "", (int)(end - line), line);
		column = 0;
	}
}

void put_help(FILE *out, const struct command *c)
{
	static const char begin[] = "Usage: mapstat ";

	fputs(begin, out);
	put_usage(out, c, sizeof(begin) - 1, USAGE_WIDTH);
	fprintf(out, "\n%s%s", c->help, c->options ? "\n" : "");
	for (size_t i = 0; i < NOPTIONS; i++)
		if (c->options & 1U << i)
			put_option_help(out, &option_rows[i]);
}

void put_help_all(FILE *out)
{
	fputs("Usage: mapstat [-d DIR] COMMAND [ARGUMENT]...\n"
	      "Compare concurrent map designs in the running kernel.\n\n", out);
	for (size_t i = 0; i < ncommands; i++) {
		const struct command *c = &commands[i];
		int used = fprintf(out, "  %s%s%s", c->name, c->operands ? " " : "",
				   c->operands ? c->operands : "");

		fprintf(out, "%*s%s\n", used < LIST_COLUMN ? LIST_COLUMN - used : 1, "", c->does);
	}
	fputs("\n"
	      "  -d, --debugfs DIR           read DIR instead of " DEFAULT_ROOT "\n"
	      "  -h, --help                  this help; after a command, the command's\n"
	      "  -V, --version               the program's version\n\n"
	      "Environment: MAPSTAT_DEBUGFS (as -d), MAPSTAT_ACCEL, NO_COLOR, COLUMNS.\n"
	      "See mapstat(1).\n", out);
}

static const char *or_none(const char *text)
{
	return text ? text : "-";
}

/*
 * The table of commands and options for shell completion and the man page's test: lines of
 * tab-separated fields, "-" for an empty one.
 */
void put_commands(FILE *out)
{
	for (size_t i = 0; i < ncommands; i++) {
		const struct command *c = &commands[i];

		fprintf(out, "command\t%s\t%s\t", c->name, or_none(c->offers));
		put_usage(out, c, 0, 0);
		putc('\n', out);
		for (size_t j = 0; j < NOPTIONS; j++)
			if (c->options & 1U << j)
				fprintf(out, "option\t%s\t--%s\t%s\t%s\n", c->name,
					option_rows[j].name, or_none(option_rows[j].argument),
					or_none(option_rows[j].values));
	}
}

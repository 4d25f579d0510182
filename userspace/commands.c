// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands and their options, one row each, and what is made of the rows: usage, help, and the
 * table that the shell's completion reads.
 */
#include <stdlib.h>
#include <string.h>
#include "commands.h"

const struct option_row option_rows[NOPTIONS] = {
	[OPT_PARAMETER] = {
		.name = "parameter", .letter = 'p', .again = true,
		.argument = "NAME=VALUE", .values = "@parameters",
		.help = "as in stress/NAME; the same as NAME=VALUE alone",
	},
	[OPT_KEEP] = {
		.name = "keep",
		.help = "what is not named stays as it is set now",
	},
	[OPT_WAIT_ONLY] = {
		.name = "wait-only",
		.help = "print nothing at the end",
	},
	[OPT_LAST] = {
		.name = "last",
		.help = "show the last run, which was this; run nothing",
	},
	[OPT_ANSWER] = {
		.name = "answer",
		.help = "the ranking and its answer alone: one screen",
	},
	[OPT_OP] = {
		.name = "op", .argument = "OP", .noun = "operation",
		.values = "load store delete rmw range load_many load_response store_response "
			  "delete_response",
		.help = "whose latency: one of\n"
			"load, store, delete, rmw, range, load_many,\n"
			"load_response, store_response, delete_response;\n"
			"without it load, or load_many where batch is above 1",
	},
	[OPT_HIST] = {
		.name = "hist",
		.help = "a latency histogram of each map, too",
	},
	[OPT_PER_CPU] = {
		.name = "per-cpu",
		.help = "what each CPU counted, and its latency",
	},
	[OPT_JSON] = {
		.name = "json",
		.help = "the same as JSON, for programs",
	},
	[OPT_SOURCE] = {
		.name = "source", .argument = "SOURCE", .noun = "source",
		.values = "auto bpf relay",
		.help = "bpf: from the tracepoint; relay: from events/cpuN,\n"
			"which is turned on where it is off; auto (default):\n"
			"relay if it has records, else bpf, else relay",
	},
	[OPT_COUNT] = {
		.name = "count", .argument = "N",
		.help = "no more than N records",
	},
	[OPT_SECONDS] = {
		.name = "seconds", .argument = "S",
		.help = "for S seconds; 0: those that are there now",
	},
	[OPT_MAP] = {
		.name = "map", .argument = "MAP", .values = "@maps",
		.help = "that map only",
	},
	[OPT_SVG] = {
		.name = "svg", .argument = "FILE", .values = "@files",
		.help = "draw it into FILE",
	},
	[OPT_FOLDED] = {
		.name = "folded",
		.help = "stacks for flame graphs:\n"
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
	return events(c->tree, c->opt, stdout);	/* as they come, not in the end */
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
		.does = "which design was fastest in the last run, and what differs",
		.help =
	"Show the ranking of the last run's maps, and which of them is fastest or why that is\n"
	"not known; then their other figures and the verdict.  With MAP, the rows of those\n"
	"maps only; they are compared with the fastest of all.\n",
	}, {
		.name = "explain", .call = call_explain,
		.options = HAS(JSON),
		.operands = "MAP MAP", .least = 2, .most = 2, .offers = "@maps",
		.does = "where the difference between two maps goes",
		.help =
	"Show where the difference between two maps of the last run goes: time, accesses and\n"
	"cache misses, what was counted, pauses; which of these differ most, and whether they\n"
	"explain the difference in time.\n",
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
	"that there is of each live map as one JSON document.  What was not measured is null.\n",
	}, {
		.name = "parameters", .call = call_parameters,
		.options = HAS(JSON),
		.does = "each with its value, default and range, and what it is for",
		.help =
	"Print each parameter with its value, its default and its range, and what it is for.\n",
	}, {
		.name = "run", .call = call_run,
		.options = HAS(PARAMETER) | HAS(KEEP) | HAS(WAIT_ONLY) | HAS(OP) | HAS(HIST) |
			   HAS(PER_CPU) | HAS(JSON),
		.operands = "[NAME=VALUE]...", .most = SIZE_MAX, .offers = "@parameters",
		.does = "set parameters, run, and show",
		.help =
	"Set parameters, start a run, wait for its end, and show it.  Ctrl-C stops the run.\n"
	"Parameters that are not named take the module's defaults, except autostart and those\n"
	"of events.  A refused value starts nothing and puts back those set before it.\n",
	}, {
		.name = "stop", .call = call_stop,
		.does = "end the run that is under way",
		.help =
	"End the run that is under way.  Its rounds so far are kept.\n",
	}, {
		.name = "reset", .call = call_reset,
		.does = "forget results, zero statistics",
		.help =
	"Forget the results, and zero the statistics of all live maps, those of other modules\n"
	"too.\n",
	}, {
		.name = "falseshare", .call = call_falseshare,
		.options = HAS(PARAMETER) | HAS(KEEP) | HAS(LAST) | HAS(JSON),
		.operands = "[NAME=VALUE]...", .most = SIZE_MAX, .offers = "@parameters",
		.does = "what it costs to share a cache line, and which lines do",
		.help =
	"Run counters and shards, packed against padded, with the model of caches; show what\n"
	"sharing lines costs, the coherence misses behind it, and the lines that suffered.\n"
	"Parameters are set as by mapstat run.\n",
	}, {
		.name = "wait", .call = call_wait,
		.does = "wait for the end of a run",
		.help =
	"Wait until no run is under way.  Exit status 1 if the last one failed.\n",
	}, {
		.name = "events", .call = call_events,
		.options = HAS(SOURCE) | HAS(JSON) | HAS(COUNT) | HAS(SECONDS),
		.does = "accesses of the maps' memory, as they come",
		.help =
	"Print accesses of the maps' memory as they come, in the rounds of the cache model,\n"
	"until Ctrl-C; in the end how many there were, where from, and how many were lost.\n"
	"With --json, a line of JSON for each, and a summary.\n",
	}, {
		.name = "heat", .call = call_heat,
		.options = HAS(MAP) | HAS(SVG) | HAS(FOLDED) | HAS(JSON) | HAS(SOURCE) |
			   HAS(COUNT) | HAS(SECONDS),
		.operands = "[FILE]", .most = 1, .offers = "@files", .file_is_enough = true,
		.does = "which lines and fields they access, miss and fight over",
		.help =
	"Show which lines of memory, and which fields, a map's operations access, which of\n"
	"them miss, and which are taken away by other CPUs.  FILE: what mapstat events --json\n"
	"wrote, or what was read from events/cpuN; -: standard input; none: live.\n",
	},
};

const size_t ncommands = sizeof(commands) / sizeof(*commands);

/* -- help, and the table for programs -- */

#define USAGE_WIDTH	80
#define HELP_COLUMN	25
#define LIST_COLUMN	30

/* "[-p NAME=VALUE]...", as it stands in a usage line. */
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

/* "show [--answer] … [MAP]...": one line where @width is 0. */
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
	      "Compare concurrent map designs in the kernel that runs here.\n\n", out);
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
 * What the shell's completion, and the test of the man page, know of commands: lines of
 * tab-separated fields, "-" where there is nothing.
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

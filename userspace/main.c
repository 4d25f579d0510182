// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapstat(1): options, and the way out.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

enum command {
	SHOW, EXPLAIN, LIST, JSON, PARAMETERS, RUN, FALSESHARE, WAIT, EVENTS, HEAT, NCOMMANDS
};

static const char *const command_names[NCOMMANDS] = {
	"show", "explain", "list", "json", "parameters", "run", "falseshare", "wait", "events",
	"heat",
};

static const char help_all[] =
	"Usage: mapstat [-d DIR] COMMAND [ARGUMENT]...\n"
	"Compare concurrent map designs in the kernel that runs here.\n\n"
	"  show [MAP]...          which design was fastest in the last run, and what differs\n"
	"  explain MAP MAP        where the difference between two maps goes\n"
	"  list                   the live maps\n"
	"  json                   everything, as one JSON document\n"
	"  parameters             each with its value, default and range, and what it is for\n"
	"  run [-p NAME=VALUE]... set parameters, run, and show\n"
	"  falseshare             what it costs to share a cache line, and which lines do\n"
	"  wait                   wait for the end of a run\n"
	"  events                 accesses of the maps' memory, as they come\n"
	"  heat [FILE]            which lines and fields they touch, miss and fight over\n\n"
	"  -d, --debugfs DIR      read DIR instead of " DEFAULT_ROOT "\n"
	"  -h, --help             this help; after a command, the command's\n"
	"  -V, --version          the program's version\n\n"
	"Environment: MAPSTAT_DEBUGFS (as -d), MAPSTAT_ACCEL, NO_COLOR, COLUMNS.\n"
	"See mapstat(1).\n";

static const char *const command_help[NCOMMANDS] = {
	[SHOW] =
	"Usage: mapstat show [--answer] [--op OP] [--hist] [MAP]...\n"
	"Show the ranking of the last run's maps, and which of them is fastest or why that is\n"
	"not known; then their other figures and the verdict.  With MAP, the rows of those\n"
	"maps only; they are compared with the fastest of all.\n\n"
	"      --answer     the ranking and its answer alone: one screen\n"
	"      --op OP      load (default), store, delete, rmw, range, load_response,\n"
	"                   store_response or delete_response\n"
	"      --hist       a latency histogram of each map, too\n",
	[EXPLAIN] =
	"Usage: mapstat explain [--json] MAP MAP\n"
	"Show where the difference between two maps of the last run goes: time, accesses and\n"
	"cache misses, what was counted, pauses; which of these differ most, and whether they\n"
	"explain the difference in time.\n\n"
	"      --json       the same as one JSON document\n",
	[LIST] =
	"Usage: mapstat list\n"
	"List the live maps: design, entries, bytes per entry, hits and misses of loads.\n",
	[JSON] =
	"Usage: mapstat json\n"
	"Print version, control, parameters, results, verdict, and each live map's stats,\n"
	"latency, pauses and cache misses as one JSON document.  What was not measured is null.\n",
	[PARAMETERS] =
	"Usage: mapstat parameters [--json]\n"
	"Print each parameter with its value, its default and its range, and what it is for.\n\n"
	"      --json       the same as one JSON document\n",
	[RUN] =
	"Usage: mapstat run [-p NAME=VALUE]... [--wait-only] [--op OP] [--hist]\n"
	"Set parameters, start a run, wait for its end, and show it.  Ctrl-C stops the run.\n"
	"A refused value starts nothing and puts back those set before it.\n\n"
	"  -p, --parameter NAME=VALUE   as in stress/NAME; may be given many times\n"
	"      --wait-only              print nothing at the end\n"
	"      --op OP, --hist          as in mapstat show\n",
	[FALSESHARE] =
	"Usage: mapstat falseshare [-p NAME=VALUE]... [--last]\n"
	"Run counters and shards, packed against padded, with the model of caches; show what\n"
	"sharing lines costs, the coherence misses behind it, and the lines that suffered.\n\n"
	"  -p, --parameter NAME=VALUE   as in mapstat run\n"
	"      --last                   show the last run, which was this; run nothing\n",
	[WAIT] =
	"Usage: mapstat wait\n"
	"Wait until no run is under way.  Exit status 1 if the last one failed.\n",
	[EVENTS] =
	"Usage: mapstat events [--source auto|bpf|relay] [--json] [--count N] [--seconds S]\n"
	"Print accesses of the maps' memory as they come, in the rounds of the cache model,\n"
	"until Ctrl-C; in the end how many there were, where from, and how many were lost.\n\n"
	"      --source SOURCE   bpf: from the tracepoint; relay: from events/cpuN, which is\n"
	"                        turned on where it is off; auto (default): bpf, else relay\n"
	"      --json            a line of JSON for each, and a summary\n"
	"      --count N         no more than N\n"
	"      --seconds S       for S seconds; 0: those that are there now\n",
	[HEAT] =
	"Usage: mapstat heat [--map MAP] [--svg FILE] [--folded] [FILE]\n"
	"       mapstat heat [--source SOURCE] [--count N] [--seconds S] ...\n"
	"Show which lines of memory, and which fields, a map's operations access, which of\n"
	"them miss, and which are taken away by other CPUs.  FILE: what mapstat events --json\n"
	"wrote, or what was read from events/cpuN; -: standard input; none: live.\n\n"
	"      --map MAP         that map only\n"
	"      --svg FILE        draw it into FILE\n"
	"      --folded          stacks for flame graphs: map;operation;function;field misses\n"
	"      --source, --count, --seconds   as in mapstat events\n",
};

int fail(enum exit_status status, const char *hint, const char *fmt, ...)
{
	va_list ap;

	fputs("mapstat: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	if (hint)
		fprintf(stderr, "  hint: %s\n", hint);
	return status;
}

static int usage(const char *fmt, const char *what)
{
	return fail(ST_USAGE, "mapstat --help", fmt, what);
}

static int put_out(const char *text, size_t len)
{
	if (fwrite(text, 1, len, stdout) == len && !fflush(stdout))
		return ST_OK;
	return fail(ST_OUTPUT, NULL, "cannot write to standard output: %s", strerror(errno));
}

static bool is_op(const char *name)
{
	static const char *const ops[] = {
		"load", "store", "delete", "rmw", "range", "load_many",
		"load_response", "store_response", "delete_response",
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (!strcmp(ops[i], name))
			return true;
	return false;
}

static int call(enum command command, const struct tree *t, const struct options *opt,
		FILE *out)
{
	struct term term;

	term_init(&term);
	switch (command) {
	case SHOW:
		return show(t, opt, &term, out);
	case EXPLAIN:
		return explain(t, opt, &term, out);
	case LIST:
		return list(t, out);
	case JSON:
		return json(t, out);
	case PARAMETERS:
		return parameters(t, opt, &term, out);
	case RUN:
		return run(t, opt, &term, out);
	case EVENTS:
		return events(t, opt, stdout);	/* as they come, not in the end */
	case HEAT:
		return heat(t, opt, &term, out);
	case FALSESHARE:
		return falseshare(t, opt, &term, out);
	default:
		return wait_idle(t);
	}
}

/* A file of events can be looked at anywhere. */
static bool needs_tree(enum command command, const struct options *opt)
{
	return command != HEAT || !opt->nargs;
}

/* Run the command; print its output only where it came to its end. */
static int execute(enum command command, const struct options *opt)
{
	char *text = NULL;
	size_t len = 0;
	struct tree t;
	FILE *out;
	int ret, put;

	ret = needs_tree(command, opt) ? tree_open(&t, opt->root) : ST_OK;
	if (ret)
		return ret;
	out = open_memstream(&text, &len);
	if (!out)
		return fail(ST_SYSTEM, NULL, "out of memory");
	ret = call(command, needs_tree(command, opt) ? &t : NULL, opt, out);
	if (needs_tree(command, opt))
		tree_close(&t);
	if (fclose(out))
		ret = fail(ST_SYSTEM, NULL, "out of memory");
	if (ret <= ST_FAILURE && len) {
		put = put_out(text, len);
		ret = put ? put : ret;
	}
	free(text);
	return ret;
}

static int check_arguments(enum command command, const struct options *opt, int argc,
			   char **argv)
{
	if (!is_op(opt->op))
		return usage("there is no operation '%s'", opt->op);
	if (command == EXPLAIN && (argc - optind != 2 || !strcmp(argv[optind], argv[optind + 1])))
		return usage("%s", "'explain' takes the names of two maps");
	if (command != SHOW && command != EXPLAIN && (command != HEAT || optind + 1 < argc) &&
	    optind < argc)
		return usage("'%s' is one argument too many", argv[optind]);
	return ST_OK;
}

enum {
	OPT_OP = 256, OPT_HIST, OPT_WAIT_ONLY, OPT_SOURCE, OPT_JSON, OPT_COUNT, OPT_SECONDS,
	OPT_MAP, OPT_SVG, OPT_FOLDED, OPT_LAST, OPT_ANSWER,
};

static const struct option long_options[] = {
	{ "debugfs", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "parameter", required_argument, NULL, 'p' },
	{ "op", required_argument, NULL, OPT_OP },
	{ "hist", no_argument, NULL, OPT_HIST },
	{ "answer", no_argument, NULL, OPT_ANSWER },
	{ "wait-only", no_argument, NULL, OPT_WAIT_ONLY },
	{ "source", required_argument, NULL, OPT_SOURCE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "map", required_argument, NULL, OPT_MAP },
	{ "svg", required_argument, NULL, OPT_SVG },
	{ "folded", no_argument, NULL, OPT_FOLDED },
	{ "last", no_argument, NULL, OPT_LAST },
	{ NULL, 0, NULL, 0 },
};

static bool option_fits(enum command command, int option)
{
	switch (option) {
	case 'p':
		return command == RUN || command == FALSESHARE;
	case OPT_WAIT_ONLY:
		return command == RUN;
	case OPT_ANSWER:
		return command == SHOW;
	case OPT_LAST:
		return command == FALSESHARE;
	case OPT_OP:
	case OPT_HIST:
		return command == SHOW || command == RUN;
	case OPT_JSON:
		return command == EVENTS || command == EXPLAIN || command == PARAMETERS;
	case OPT_SOURCE:
	case OPT_COUNT:
	case OPT_SECONDS:
		return command == EVENTS || command == HEAT;
	case OPT_MAP:
	case OPT_SVG:
	case OPT_FOLDED:
		return command == HEAT;
	default:
		return true;
	}
}

static void take_option(struct options *opt, int option)
{
	switch (option) {
	case 'd':
		opt->root = optarg;
		break;
	case 'p':
		opt->args[opt->nargs++] = optarg;
		break;
	case OPT_OP:
		opt->op = optarg;
		break;
	case OPT_HIST:
		opt->hist = true;
		break;
	case OPT_ANSWER:
		opt->answer = true;
		break;
	case OPT_WAIT_ONLY:
		opt->wait_only = true;
		break;
	case OPT_SOURCE:
		opt->source = optarg;
		break;
	case OPT_JSON:
		opt->json = true;
		break;
	case OPT_COUNT:
		opt->count = optarg;
		break;
	case OPT_SECONDS:
		opt->seconds = optarg;
		break;
	case OPT_MAP:
		opt->map = optarg;
		break;
	case OPT_SVG:
		opt->svg = optarg;
		break;
	case OPT_FOLDED:
		opt->folded = true;
		break;
	case OPT_LAST:
		opt->last = true;
		break;
	}
}

static int run_command(enum command command, struct options *opt, int argc, char **argv)
{
	int option, ret;

	opt->args = xrealloc(NULL, (size_t)argc, sizeof(*opt->args));
	optind = 0;
	while ((option = getopt_long(argc, argv, "d:hp:", long_options, NULL)) != -1) {
		if (option == 'h')
			return put_out(command_help[command], strlen(command_help[command]));
		if (option == '?')
			return usage("see what '%s' takes", command_names[command]);
		if (!option_fits(command, option))
			return usage("'%s' takes no such option", command_names[command]);
		take_option(opt, option);
	}
	ret = check_arguments(command, opt, argc, argv);
	if (ret)
		return ret;
	while ((command == SHOW || command == EXPLAIN || command == HEAT) && optind < argc)
		opt->args[opt->nargs++] = argv[optind++];
	return execute(command, opt);
}

static int find_and_run(struct options *opt, int argc, char **argv)
{
	char *name = argv[0];
	int ret;

	for (int i = 0; i < NCOMMANDS; i++) {
		if (strcmp(command_names[i], name))
			continue;
		argv[0] = (char *)"mapstat";	/* what getopt calls us */
		ret = run_command((enum command)i, opt, argc, argv);
		free(opt->args);
		return ret;
	}
	return usage("there is no command '%s'", name);
}

int main(int argc, char **argv)
{
	static const char version[] = "mapstat " MAPSTAT_VERSION "\n";
	struct options opt = { .root = getenv("MAPSTAT_DEBUGFS"), .op = "load", .source = "auto" };
	int option;

	if (!opt.root || !*opt.root)
		opt.root = DEFAULT_ROOT;
	while ((option = getopt_long(argc, argv, "+d:hV", long_options, NULL)) != -1) {
		if (option == 'd')
			opt.root = optarg;
		else if (option == 'h')
			return put_out(help_all, strlen(help_all));
		else if (option == 'V')
			return put_out(version, strlen(version));
		else
			return usage("%s", "no such option before the command");
	}
	if (optind == argc)
		return usage("%s", "no command given");
	return find_and_run(&opt, argc - optind, argv + optind);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapstat(1): parse the arguments, run the command, write its output.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"

static int usage(const char *fmt, const char *what)
{
	return fail(ST_USAGE, "mapstat --help", fmt, what);
}

static int flushed(void)
{
	return fflush(stdout) || ferror(stdout) ? output_failed() : ST_OK;
}

/* A file of events needs no module. */
static bool needs_tree(const struct command *command, const struct options *opt)
{
	return !command->file_is_enough || !opt->nargs;
}

static int call(const struct command *command, const struct tree *t, const struct options *opt,
		FILE *out)
{
	struct term term;

	term_init(&term);
	return command->call(&(struct call){ t, opt, &term, out });
}

/* Run the command; print its output only if it completed. */
static int execute(const struct command *command, const struct options *opt)
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
		fwrite(text, 1, len, stdout);
		put = flushed();
		ret = put ? put : ret;
	}
	free(text);
	return ret;
}

/* If the option has a list of values, @value must be one of them. */
static int check_value(const struct option_row *o, const char *value)
{
	const char *word = o->values;
	const size_t len = strlen(value);

	if (!word || *word == '@')
		return ST_OK;
	for (; *word; word += strcspn(word, " "), word += strspn(word, " "))
		if (strcspn(word, " ") == len && !strncmp(word, value, len))
			return ST_OK;
	return fail(ST_USAGE, "mapstat --help", "there is no %s '%s'", o->noun, value);
}

static void take_option(struct options *opt, enum option_id option, char *value)
{
	switch (option) {
	case OPT_PARAMETER:
		opt->args[opt->nargs++] = value;
		break;
	case OPT_KEEP:
		opt->keep = true;
		break;
	case OPT_WAIT_ONLY:
		opt->wait_only = true;
		break;
	case OPT_LAST:
		opt->last = true;
		break;
	case OPT_ANSWER:
		opt->answer = true;
		break;
	case OPT_OP:
		opt->op = value;
		break;
	case OPT_HIST:
		opt->hist = true;
		break;
	case OPT_PER_CPU:
		opt->per_cpu = true;
		break;
	case OPT_JSON:
		opt->json = true;
		break;
	case OPT_SOURCE:
		opt->source = value;
		break;
	case OPT_COUNT:
		opt->count = value;
		break;
	case OPT_SECONDS:
		opt->seconds = value;
		break;
	case OPT_MAP:
		opt->map = value;
		break;
	case OPT_SVG:
		opt->svg = value;
		break;
	case OPT_FOLDED:
		opt->folded = true;
		break;
	case NOPTIONS:
		break;
	}
}

/* The value getopt_long() returns for option @i: above any character. */
#define OPT_VALUE(i)	(256 + (int)(i))

static void fill_options(struct option *options)
{
	*options++ = (struct option){ "debugfs", required_argument, NULL, 'd' };
	*options++ = (struct option){ "help", no_argument, NULL, 'h' };
	for (size_t i = 0; i < NOPTIONS; i++)
		*options++ = (struct option){
			option_rows[i].name,
			option_rows[i].argument ? required_argument : no_argument, NULL,
			OPT_VALUE(i)
		};
	*options = (struct option){ 0 };
}

/* Map a getopt value, of the long or the short form, to an option_id; -1: none */
static int option_of(int option)
{
	for (int i = 0; i < NOPTIONS; i++) {
		const char letter = option_rows[i].letter;

		if (option == OPT_VALUE(i) || (letter && option == letter))
			return i;
	}
	return -1;
}

static int check_operands(const struct command *command, const struct options *opt)
{
	if (opt->nargs > command->most && command->least < 2)
		return usage("one argument too many: '%s'", opt->args[command->most]);
	/* A command for two maps needs two different names. */
	if (command->least == 2 &&
	    (opt->nargs != 2 || !strcmp(opt->args[0], opt->args[1])))
		return usage("'%s' takes the names of two maps", command->name);
	return ST_OK;
}

/* Options and operands may be mixed; parameters keep their order on the command line. */
static int parse(const struct command *command, struct options *opt, int argc, char **argv,
		 bool *helped)
{
	struct option options[NOPTIONS + 3];
	int option, id, ret;

	fill_options(options);
	optind = 0;
	while ((option = getopt_long(argc, argv, "-d:hp:", options, NULL)) != -1) {
		id = option_of(option);
		if (option == 'h') {
			*helped = true;
			put_help(stdout, command);
			return flushed();
		}
		if (option == '?')
			return usage("invalid option for '%s'", command->name);
		if (id >= 0 && !(command->options & 1U << id))
			return usage("'%s' takes no such option", command->name);
		if (option == 1)
			opt->args[opt->nargs++] = optarg;
		else if (option == 'd')
			opt->root = optarg;
		if (id < 0)
			continue;
		ret = optarg ? check_value(&option_rows[id], optarg) : ST_OK;
		if (ret)
			return ret;
		take_option(opt, (enum option_id)id, optarg);
	}
	while (optind < argc)	/* after "--" */
		opt->args[opt->nargs++] = argv[optind++];
	return check_operands(command, opt);
}

static int run_command(const struct command *command, struct options *opt, int argc, char **argv)
{
	bool helped = false;
	int ret;

	opt->args = xrealloc(NULL, (size_t)argc, sizeof(*opt->args));
	ret = parse(command, opt, argc, argv, &helped);
	if (!ret && !helped)
		ret = execute(command, opt);
	free(opt->args);
	return ret;
}

static int find_and_run(struct options *opt, int argc, char **argv)
{
	char *name = argv[0];

	for (size_t i = 0; i < ncommands; i++) {
		if (strcmp(commands[i].name, name))
			continue;
		argv[0] = (char *)"mapstat";	/* the name getopt prints */
		return run_command(&commands[i], opt, argc, argv);
	}
	return usage("there is no command '%s'", name);
}

static const struct option global_options[] = {
	{ "debugfs", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "commands", no_argument, NULL, 'c' },	/* for completion; not in --help */
	{ NULL, 0, NULL, 0 },
};

int main(int argc, char **argv)
{
	struct options opt = { .root = getenv("MAPSTAT_DEBUGFS"), .source = "auto" };
	int option;

	if (!opt.root || !*opt.root)
		opt.root = DEFAULT_ROOT;
	while ((option = getopt_long(argc, argv, "+d:hV", global_options, NULL)) != -1) {
		if (option == 'd')
			opt.root = optarg;
		else if (option == 'h')
			put_help_all(stdout);
		else if (option == 'V')
			puts("mapstat " MAPSTAT_VERSION);
		else if (option == 'c')
			put_commands(stdout);
		else
			return usage("%s", "no such option before the command");
		if (option != 'd')
			return flushed();
	}
	if (optind == argc)
		return usage("%s", "no command given");
	return find_and_run(&opt, argc - optind, argv + optind);
}

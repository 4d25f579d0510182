/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables of commands and of their options.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "mapstat.h"

enum option_id {
	OPT_PARAMETER, OPT_KEEP, OPT_WAIT_ONLY, OPT_LAST, OPT_ANSWER, OPT_OP, OPT_HIST, OPT_PER_CPU,
	OPT_JSON, OPT_SOURCE, OPT_COUNT, OPT_SECONDS, OPT_MAP, OPT_SVG, OPT_FOLDED, NOPTIONS
};

/*
 * An option.  @values lists the words it accepts, separated by blanks, or is "@maps", "@parameters"
 * or "@files" for completion, with any value accepted; NULL: any value, no completion.
 */
struct option_row {
	const char *name;
	char letter;
	bool again;		/* may be repeated */
	const char *argument;	/* NULL: it takes none */
	const char *noun;	/* what a value is called in an error message */
	const char *values;
	const char *help;	/* may have several lines */
};

extern const struct option_row option_rows[NOPTIONS];

/* The arguments of a command. */
struct call {
	const struct tree *tree;
	const struct options *opt;
	const struct term *term;
	FILE *out;
};

/*
 * A command.  Usage, help, completion and argument checks are generated from it, and a test
 * compares the man page with it.
 */
struct command {
	const char *name;
	unsigned int options;		/* a bit per enum option_id */
	const char *operands;		/* as usage shows them; NULL: none */
	size_t least, most;		/* number of operands */
	const char *offers;		/* what completion offers for operands, as @values above */
	const char *does;		/* in mapstat --help */
	const char *help;
	bool file_is_enough;		/* with an operand it does not need the module */
	int (*call)(const struct call *c);
};

extern const struct command commands[];
extern const size_t ncommands;

void put_help_all(FILE *out);
void put_help(FILE *out, const struct command *command);
void put_commands(FILE *out);

#endif /* COMMANDS_H */

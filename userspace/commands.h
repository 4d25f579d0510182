/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of commands, and that of their options.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "mapstat.h"

enum option_id {
	OPT_PARAMETER, OPT_KEEP, OPT_WAIT_ONLY, OPT_LAST, OPT_ANSWER, OPT_OP, OPT_HIST, OPT_PER_CPU,
	OPT_JSON, OPT_SOURCE, OPT_COUNT, OPT_SECONDS, OPT_MAP, OPT_SVG, OPT_FOLDED, NOPTIONS
};

/*
 * An option of commands.  One that has values takes nothing else, and completion offers them;
 * @maps, @parameters and @files say where it finds others.
 */
struct option_row {
	const char *name;
	char letter;
	bool again;		/* may be given many times */
	const char *argument;	/* NULL: it takes none */
	const char *noun;	/* what the values are */
	const char *values;
	const char *help;	/* line ends go on below it */
};

extern const struct option_row option_rows[NOPTIONS];

/* What a command works with. */
struct call {
	const struct tree *tree;
	const struct options *opt;
	const struct term *term;
	FILE *out;
};

/*
 * All that is known of a command: usage, help, completion and the checks of its arguments come
 * from here, and the man page is compared with it.
 */
struct command {
	const char *name;
	unsigned int options;
	const char *operands;		/* as usage shows them; NULL: none */
	size_t least, most;		/* how many */
	const char *offers;		/* where completion finds them */
	const char *does;		/* in mapstat --help */
	const char *help;
	bool file_is_enough;		/* with an operand it needs no module */
	int (*call)(const struct call *c);
};

extern const struct command commands[];
extern const size_t ncommands;

void put_help_all(FILE *out);
void put_help(FILE *out, const struct command *command);
void put_commands(FILE *out);

#endif /* COMMANDS_H */

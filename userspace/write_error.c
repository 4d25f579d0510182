// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why the kernel refused a write, in its own words.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mapstat.h"

/* "22	parameter keys=0: not in 1..4294967295	4711": of this process, and that error? */
static bool is_ours(char *line, int err, char **why)
{
	char *tab = strchr(line, '\t'), *last = strrchr(line, '\t');
	uint64_t number, pid;

	if (!tab || tab == last)
		return false;
	*tab = '\0';
	*last = '\0';
	*why = tab + 1;
	return parse_u64(line, &number) && parse_u64(last + 1, &pid) &&
	       number == (uint64_t)err && pid == (uint64_t)getpid();
}

/*
 * The file last_error has what was refused to this process last; another's says nothing of
 * this one's write, and is left alone.  Return: the words, or NULL.
 */
static char *own_words(const struct tree *t, int err)
{
	char *line, *why;

	if (faccessat(t->fd, "last_error", F_OK, 0) || tree_read_word(t, "last_error", &line))
		return NULL;
	why = is_ours(line, err, &why) ? xstrdup(why) : NULL;
	free(line);
	return why;
}

/* "parameter keys=0: not in …" where "keys=0" has been said. */
static char *without_name(char *words, const char *what)
{
	static const char parameter[] = "parameter ";
	const size_t skip = strlen(parameter), len = strlen(what);

	if (strncmp(words, parameter, skip) || strncmp(words + skip, what, len) ||
	    strncmp(words + skip + len, ": ", 2))
		return words;
	return words + skip + len + 2;
}

/* A start is refused so for nothing else; a parameter may be for what depends on another. */
static bool run_is_under_way(const struct tree *t, const char *file)
{
	struct control c;

	if (!strcmp(file, "control"))
		return true;
	return !control_read(t, &c) && c.state == CONTROL_RUNNING;
}

int refused_busy(void)
{
	return fail(ST_BUSY, "wait for its end: mapstat wait; or end it: mapstat stop",
		    "a run is under way");
}

int tree_refused(const struct tree *t, const char *file, const char *what, const char *hint,
		 int err)
{
	char *words, *why;
	int ret;

	switch (err) {
	case EACCES:
	case EPERM:
	case ENOENT:
	case EIO:
	case ENODEV:
	case ENXIO:
	case ESTALE:
	case EINTR:
		return tree_fail(t, file, err);
	}
	if (err == EBUSY && run_is_under_way(t, file))
		return refused_busy();
	words = own_words(t, err);
	why = words ? without_name(words, what) : strerror(err);
	ret = fail(ST_PARAMETER, hint ? hint : words ? NULL : "the kernel log says why: dmesg",
		   "the kernel refuses %s: %s; nothing was started", what, why);
	free(words);
	return ret;
}
